package faults_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// plain is a hasher that costs nothing.
type plain struct{}

func (plain) Hash(_ context.Context, password string) (string, error) {
	return "plain:" + password, nil
}

func (plain) Verify(_ context.Context, hash, password string) (ok, outdated bool, err error) {
	return hash == "plain:"+password, false, nil
}

// host is a product in small: a pool, a store on it, and a manager.
type host struct {
	*accounts.Manager
	db    *bun.DB
	store *postgres.Store
	name  string // of its connections, in pg_stat_activity
}

// pool answers a pool as a host sets it up. Every statement passes the gate, if there is one.
func pool(dsn, name string, connections int, g *gate) (*bun.DB, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.RuntimeParams["application_name"] = name
	if g != nil {
		config.Tracer = g
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return bun.NewDB(db, pgdialect.New()), nil
}

func newHost(ctx context.Context, dsn, name string, connections int, g *gate) (*host, error) {
	db, err := pool(dsn, name, connections, g)
	if err != nil {
		return nil, err
	}
	store, err := postgres.New(ctx, db, nil)
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return &host{Manager: accounts.NewManager(store, &accounts.Options{Hasher: plain{}}), db: db, store: store, name: name}, nil
}

func randomName(kind string) string { return kind + "-" + strings.ToLower(rand.Text()[:12]) }

// openHost answers a host whose pool is closed when the test ends. By then it must have nothing under way, and soon
// afterwards the server must have no connection of it any more.
func openHost(t *testing.T, dsn string, connections int, g *gate) *host {
	t.Helper()
	h, err := newHost(t.Context(), dsn, randomName("host"), connections, g)
	require.NoError(t, err)
	t.Cleanup(func() {
		watcher, err := pool(dsn, "watcher", 1, nil)
		require.NoError(t, err)
		defer func() { _ = watcher.Close() }()
		waitForConnections(t, watcher, h.name, "state <> 'idle'")
		require.NoError(t, h.db.Close())
		waitForConnections(t, watcher, h.name, "true")
	})
	return h
}

// waitForConnections waits until the server has no connection of that name of which the condition is true.
func waitForConnections(t *testing.T, db *bun.DB, name, condition string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second) // the test's own may have ended
	defer cancel()
	for {
		var left []string
		require.NoError(t, db.NewSelect().TableExpr("pg_stat_activity").ColumnExpr("state || ': ' || query").
			Where("application_name = ?", name).Where(condition).Scan(ctx, &left), "connections are left: %q", left)
		if len(left) == 0 {
			return
		}
		pause(5 * time.Millisecond)
	}
}

// pause waits for what happens in other processes, which cannot tell when it has.
func pause(d time.Duration) { <-time.After(d) }

// waitFor waits until something is so.
func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); pause(5 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "waited in vain: %s", what)
	}
}

// migrated answers a database with the tables in it.
func migrated(t *testing.T, s *pgtest.Server) string {
	t.Helper()
	dsn := s.Database(t)
	migrate(t, dsn)
	return dsn
}

func migrate(t *testing.T, dsn string) {
	t.Helper()
	db, err := pool(dsn, "migration", 1, nil)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	require.NoError(t, postgres.Migrate(t.Context(), db, nil))
}

// tables answers what every table holds, as a sum, by its name.
func tables(t *testing.T, db *bun.DB) map[string]any {
	t.Helper()
	sums := map[string]any{}
	query := db.NewSelect()
	for _, table := range []string{
		"accounts", "account_holds", "subscriptions", "subscription_holds", "domains", "domain_holds", "events", "event_log",
	} {
		query.ColumnExpr("(SELECT count(*) || ' rows ' || coalesce(md5(string_agg(t::text, chr(10) ORDER BY t::text)), '') "+
			"FROM clientele.? AS t) AS ?0", bun.Ident(table))
	}
	require.NoError(t, query.Scan(t.Context(), &sums))
	return sums
}

// countEvents answers how many events there are, numbered or not.
func countEvents(t *testing.T, db *bun.DB) int64 {
	t.Helper()
	n, err := db.NewSelect().TableExpr("clientele.events").Count(t.Context())
	require.NoError(t, err)
	return n
}
