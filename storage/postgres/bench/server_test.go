package bench

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// accountsEnv is the variable with the number of accounts.
const accountsEnv = "CLIENTELE_BENCH_ACCOUNTS"

// settings are PostgreSQL's defaults where package pgtest has others, and the memory of a small dedicated server.
const settings = `
fsync = on
full_page_writes = on
jit = on
shared_buffers = 2GB
work_mem = 16MB
maintenance_work_mem = 1GB
effective_cache_size = 6GB
random_page_cost = 1.1
max_wal_size = 16GB
`

// accountCount returns the number of accounts to seed.
func accountCount(t testing.TB) int {
	t.Helper()
	value := os.Getenv(accountsEnv)
	if value == "" {
		return 1_000_000
	}
	n, err := strconv.Atoi(value)
	require.NoError(t, err)
	require.Zero(t, n%100, "%s must be a multiple of 100", accountsEnv)
	return n
}

// serve starts a server with the given number of accounts and returns its DSN. Its data are a copy of those that the first run
// created, so that every run begins with the same.
func serve(t testing.TB, accounts int) (dsn string) {
	t.Helper()
	server := pgtest.Start(t, settings)
	require.NoError(t, postgres.Migrate(t.Context(), pgtest.Open(t, server.DSN(), 1), nil))
	kept := filepath.Join(os.TempDir(), "clientele-bench-"+fingerprint(t.Context(), t, server.DSN(), accounts))
	data := filepath.Join(server.Dir(), "data")
	if _, err := os.Lstat(kept); err != nil {
		begin := time.Now()
		seed(t.Context(), t, server.DSN(), accounts, false)
		fmt.Printf("seeded %d accounts in %v\n", accounts, time.Since(begin).Round(time.Second))
		server.Stop(t, "fast")
		server.Run(t, fmt.Sprintf("cp -R %[1]s %[2]s.$$ && mv %[2]s.$$ %[2]s", data, kept))
		server.Start(t)
		return server.DSN()
	}
	server.Stop(t, "fast")
	// -O: the directory belongs to the user that runs the server.
	server.Run(t, fmt.Sprintf("[ -O %[2]s ] && mv %[1]s %[1]s.fresh && cp -R %[2]s %[1]s && cp %[1]s.fresh/postgresql.conf %[1]s/ && rm -rf %[1]s.fresh",
		data, kept))
	server.Start(t)
	return server.DSN()
}

// fingerprint returns a name for the data, which differs for every version of the server, the schema and the seed.
func fingerprint(ctx context.Context, t testing.TB, dsn string, accounts int) string {
	t.Helper()
	conn, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	var migrations string
	require.NoError(t, conn.QueryRow(ctx, `
SELECT current_setting('server_version') || string_agg(checksum, '' ORDER BY version) FROM clientele.migrations`).Scan(&migrations))
	sum := sha256.Sum256([]byte(migrations + seedFunctions + seedAccounts + seedDomains + seedEvents))
	return fmt.Sprintf("%d-%x", accounts, sum[:6])
}
