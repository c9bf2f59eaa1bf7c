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

// app is a small application: a pool, a store that uses it, and a manager.
type app struct {
	*accounts.Manager
	db    *bun.DB
	store *postgres.Store
	name  string // of its connections, in pg_stat_activity
}

// openPool returns a pool with the recommended settings. The hook, if there is one, sees every statement.
func openPool(dsn, name string, connections int, hook *statementHook) (*bun.DB, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["application_name"] = name
	if hook != nil {
		config.Tracer = hook
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return bun.NewDB(db, pgdialect.New()), nil
}

func newApp(ctx context.Context, dsn, name string, connections int, hook *statementHook) (*app, error) {
	db, err := openPool(dsn, name, connections, hook)
	if err != nil {
		return nil, err
	}
	store, err := postgres.New(ctx, db, nil)
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return &app{Manager: accounts.NewManager(store, &accounts.Options{Hasher: plain{}}), db: db, store: store, name: name}, nil
}

func randomName(kind string) string { return kind + "-" + strings.ToLower(rand.Text()[:12]) }

// openApp returns an app whose pool is closed at the end of the test. At that time it must run no statement, and soon after
// that the server must have no connection of it.
func openApp(t *testing.T, dsn string, connections int, hook *statementHook) *app {
	t.Helper()
	app, err := newApp(t.Context(), dsn, randomName("app"), connections, hook)
	require.NoError(t, err)
	t.Cleanup(func() {
		observer, err := openPool(dsn, "observer", 1, nil)
		require.NoError(t, err)
		defer func() { _ = observer.Close() }()
		waitForConnections(t, observer, app.name, "state <> 'idle'")
		require.NoError(t, app.db.Close())
		waitForConnections(t, observer, app.name, "true")
	})
	return app
}

// waitForConnections waits until the server has no connection with that name that fulfils the condition.
func waitForConnections(t *testing.T, db *bun.DB, name, condition string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second) // t.Context() may be done
	defer cancel()
	for {
		var left []string
		require.NoError(t, db.NewSelect().TableExpr("pg_stat_activity").ColumnExpr("state || ': ' || query").
			Where("application_name = ?", name).Where(condition).Scan(ctx, &left), "remaining connections: %q", left)
		if len(left) == 0 {
			return
		}
		pause(5 * time.Millisecond)
	}
}

// pause waits for other processes, which cannot notify the test.
func pause(d time.Duration) { <-time.After(d) }

// waitFor waits until condition returns true.
func waitFor(t *testing.T, description string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !condition(); pause(5 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "timed out waiting for %s", description)
	}
}

// newDatabase creates a database with the tables and returns its DSN.
func newDatabase(t *testing.T, s *pgtest.Server) string {
	t.Helper()
	dsn := s.Database(t)
	migrate(t, dsn)
	return dsn
}

func migrate(t *testing.T, dsn string) {
	t.Helper()
	db, err := openPool(dsn, "migration", 1, nil)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	require.NoError(t, postgres.Migrate(t.Context(), db, nil))
}

// tableSums returns a checksum of every table, by its name.
func tableSums(t *testing.T, db *bun.DB) map[string]any {
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

// countEvents returns the number of events, with or without numbers.
func countEvents(t *testing.T, db *bun.DB) int64 {
	t.Helper()
	n, err := db.NewSelect().TableExpr("clientele.events").Count(t.Context())
	require.NoError(t, err)
	return n
}
