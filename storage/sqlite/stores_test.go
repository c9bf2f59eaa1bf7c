package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite"

	"github.com/clientele-go/clientele/storage/sqlite"
)

// template returns the contents of a file that was migrated. It is made once.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "clientele-sqlite")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "template.db")
	pool, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return nil, err
	}
	db := bun.NewDB(pool, sqlitedialect.New())
	if err := sqlite.Migrate(context.Background(), db, nil); err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil { // moves the WAL into the file
		return nil, err
	}
	return os.ReadFile(path)
})

// newFile returns the path of a new file with empty tables.
func newFile(t testing.TB) string {
	t.Helper()
	return newFileIn(t, t.TempDir())
}

// newFileInMemory returns the path of a new file with empty tables, in memory where that is possible: most of the time of a
// suite is spent on syncing.
func newFileInMemory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "clientele-sqlite") //nolint:usetesting // t.TempDir may be on a disk
	if err != nil {
		return newFile(t)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return newFileIn(t, dir)
}

func newFileIn(t testing.TB, dir string) string {
	t.Helper()
	contents, err := template()
	require.NoError(t, err)
	path := filepath.Join(dir, "clientele.db")
	require.NoError(t, os.WriteFile(path, contents, 0o600))
	return path
}

// open opens a file with a number of connections.
func open(t testing.TB, path string, connections int) *bun.DB {
	t.Helper()
	return openDSN(t, "file:"+path, connections)
}

func openDSN(t testing.TB, dsn string, connections int) *bun.DB {
	t.Helper()
	pool, err := sql.Open("sqlite", dsn)
	require.NoError(t, err)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	return bun.NewDB(pool, sqlitedialect.New())
}

func newStore(t testing.TB, db *bun.DB) *sqlite.Store {
	t.Helper()
	store, err := sqlite.New(t.Context(), db, nil)
	require.NoError(t, err)
	return store
}

func openStore(t testing.TB, path string, connections int) *sqlite.Store {
	t.Helper()
	return newStore(t, open(t, path, connections))
}
