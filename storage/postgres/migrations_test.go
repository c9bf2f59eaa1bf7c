package postgres_test

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// otherDialect is the dialect of another database system.
type otherDialect struct{ *pgdialect.Dialect }

func (otherDialect) Name() dialect.Name { return dialect.SQLite }

func TestMigrateConcurrently(t *testing.T) {
	for _, level := range []string{"read committed", "repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) { migrateConcurrently(t, level) })
	}
}

// migrateConcurrently calls Migrate in several processes while level is the database's default for transactions.
func migrateConcurrently(t *testing.T, level string) {
	dsn := pgtest.Shared(t).Database(t) + " default_transaction_isolation='" + level + "'"
	var all sync.WaitGroup
	errs := make([]error, 10)
	for i := range errs {
		db := pgtest.Open(t, dsn, 1)
		all.Go(func() { errs[i] = postgres.Migrate(t.Context(), db, nil) })
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	db := pgtest.Open(t, dsn, 2)
	require.NoError(t, postgres.Migrate(t.Context(), db, nil), "again")
	store, err := postgres.New(t.Context(), db, nil)
	require.NoError(t, err)
	_, err = manager(store).Create(t.Context(), alice())
	require.NoError(t, err)
}

func TestNewReturnsHelpfulErrors(t *testing.T) {
	ctx := t.Context()
	dsn := pgtest.Shared(t).Database(t)
	db := pgtest.Open(t, dsn, 2)
	_, err := postgres.New(ctx, db, nil)
	require.ErrorContains(t, err, "call postgres.Migrate first", "no schema")
	require.NoError(t, postgres.Migrate(ctx, db, nil))
	_, err = postgres.New(ctx, db, &postgres.Options{Schema: "another"})
	require.ErrorContains(t, err, `schema "another" is at version 0`)

	for setting, message := range map[[2]string]string{
		{"standard_conforming_strings", "off"}: "unsupported setting standard_conforming_strings = off: must be on",
		{"datestyle", "SQL, DMY"}:              "unsupported setting DateStyle = SQL: must be ISO",
		{"client_encoding", "LATIN1"}:          "unsupported setting client_encoding = LATIN1: must be UTF8",
		{"array_nulls", "off"}:                 "unsupported setting array_nulls = off: must be on",
	} {
		db := pgtest.Open(t, pgtest.WithSetting(t, dsn, setting[0], setting[1]), 1)
		_, err = postgres.New(ctx, db, nil)
		require.ErrorContains(t, err, message)
		require.ErrorContains(t, postgres.Migrate(ctx, db, nil), message)
	}

	_, err = postgres.New(ctx, bun.NewDB(db.DB, otherDialect{pgdialect.New()}), nil)
	require.ErrorContains(t, err, "pgdialect")
	for _, name := range []string{"pg_mine", "information_schema", `a"b`, "a'b", "a.b", "a b", "1a", "ä", strings.Repeat("a", 64)} {
		_, err = postgres.New(ctx, db, &postgres.Options{Schema: name})
		require.ErrorContains(t, err, "invalid schema name")
	}

	_, err = db.ExecContext(ctx, "DELETE FROM clientele.migrations WHERE version > 1")
	require.NoError(t, err)
	_, err = postgres.New(ctx, db, nil)
	require.ErrorContains(t, err, "is at version 1, but the library needs 4")
}

// A database whose encoding cannot store every text is refused before anything is created in it.
func TestOtherEncodingsAreUnsupported(t *testing.T) {
	server := pgtest.Shared(t)
	admin := pgtest.Open(t, server.DSN(), 1)
	for _, encoding := range []string{"SQL_ASCII", "LATIN1"} {
		name := "test_" + strings.ToLower(encoding+rand.Text()[:12])
		_, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name+" ENCODING '"+encoding+"' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
		require.NoError(t, err)
		db := pgtest.Open(t, pgtest.WithDatabase(t, server.DSN(), name), 1)
		message := "unsupported database encoding " + encoding
		require.ErrorContains(t, postgres.Migrate(t.Context(), db, nil), message)
		_, err = postgres.New(t.Context(), db, nil)
		require.ErrorContains(t, err, message)
		require.NoError(t, db.Close())
		_, err = admin.ExecContext(t.Context(), "DROP DATABASE "+name)
		require.NoError(t, err)
	}
}

func TestAChangedMigrationIsRefused(t *testing.T) {
	ctx := t.Context()
	db := pgtest.Open(t, pgtest.Shared(t).Database(t), 2)
	require.NoError(t, postgres.Migrate(ctx, db, nil))
	_, err := db.ExecContext(ctx, "UPDATE clientele.migrations SET checksum = 'another' WHERE version = 2")
	require.NoError(t, err)
	require.ErrorContains(t, postgres.Migrate(ctx, db, nil), "migration 0002_views.sql differs from the one that was applied")
	_, err = postgres.New(ctx, db, nil)
	require.ErrorContains(t, err, "migration 0002_views.sql differs from the one that was applied")
}

// A schema that a newer version of the library has migrated records the oldest version that may use it.
func TestOlderCodeWithANewerSchema(t *testing.T) {
	ctx := t.Context()
	db := pgtest.Open(t, pgtest.Shared(t).Database(t), 2)
	require.NoError(t, postgres.Migrate(ctx, db, nil))
	newer := func(oldest int) {
		_, err := db.ExecContext(ctx, "DELETE FROM clientele.migrations WHERE version = 5")
		require.NoError(t, err)
		_, err = db.ExecContext(ctx, "INSERT INTO clientele.migrations VALUES (5, '0005_more.sql', 'sum', ?)", oldest)
		require.NoError(t, err)
	}
	newer(4)
	require.NoError(t, postgres.Migrate(ctx, db, nil))
	store, err := postgres.New(ctx, db, nil)
	require.NoError(t, err)
	_, err = manager(store).Create(ctx, alice())
	require.NoError(t, err)
	newer(5)
	_, err = postgres.New(ctx, db, nil)
	require.ErrorContains(t, err, "upgrade the library")
	require.ErrorContains(t, postgres.Migrate(ctx, db, nil), "upgrade the library")
}

// The privileges in the README are sufficient, and a role that may only read can read.
func TestPrivileges(t *testing.T) {
	ctx := t.Context()
	dsn := pgtest.Shared(t).Database(t)
	db := pgtest.Open(t, dsn, 2)
	require.NoError(t, postgres.Migrate(ctx, db, nil))
	run := func(statements string) {
		_, err := db.ExecContext(context.WithoutCancel(ctx), statements)
		require.NoError(t, err)
	}
	run(`
CREATE ROLE clientele_app;
GRANT USAGE ON SCHEMA clientele TO clientele_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA clientele TO clientele_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA clientele TO clientele_app;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA clientele FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA clientele TO clientele_app;
CREATE ROLE clientele_report;
GRANT USAGE ON SCHEMA clientele TO clientele_report;
GRANT SELECT ON ALL TABLES IN SCHEMA clientele TO clientele_report`)
	t.Cleanup(func() {
		run("DROP OWNED BY clientele_app, clientele_report; DROP ROLE clientele_app, clientele_report")
	})

	app := pgtest.Open(t, pgtest.WithSetting(t, dsn, "role", "clientele_app"), 2)
	require.NoError(t, postgres.Migrate(ctx, app, nil), "nothing to migrate")
	run("CREATE EXTENSION pg_trgm")
	require.NoError(t, postgres.Migrate(ctx, app, nil), "leaves the search indexes to the owner")
	store, err := postgres.New(ctx, app, nil)
	require.NoError(t, err)
	a, err := manager(store).Create(ctx, alice())
	require.NoError(t, err)
	_, err = manager(store).Suspend(ctx, []accounts.ID{a.ID}, accounts.Hold{})
	require.NoError(t, err)

	require.NoError(t, postgres.Migrate(ctx, db, nil))
	var indexes int
	require.NoError(t, db.NewRaw("SELECT count(*) FROM pg_indexes WHERE schemaname = 'clientele' AND indexname LIKE '%\\_search'").Scan(ctx, &indexes))
	require.Equal(t, 3, indexes)

	report := pgtest.Open(t, pgtest.WithSetting(t, dsn, "role", "clientele_report"), 2)
	store, err = postgres.New(ctx, report, nil)
	require.NoError(t, err)
	page, err := manager(store).Events(ctx, accounts.EventQuery{})
	require.NoError(t, err)
	require.Empty(t, page.Items, "unnumbered events stay so")
	_, err = manager(store).Create(ctx, accounts.New{Login: "bob", Password: "correct horse battery", Contact: accounts.Contact{Name: "Bob"}})
	require.ErrorIs(t, err, accounts.ErrUnavailable)

	page, err = manager(must(postgres.New(ctx, app, nil))(t)).Events(ctx, accounts.EventQuery{})
	require.NoError(t, err)
	require.NotEmpty(t, page.Items)
	page, err = manager(store).Events(ctx, accounts.EventQuery{})
	require.NoError(t, err)
	require.NotEmpty(t, page.Items, "numbered events are read")
}

// must returns a function that returns v, or fails the test because of err.
func must[V any](v V, err error) func(*testing.T) V {
	return func(t *testing.T) V {
		t.Helper()
		require.NoError(t, err)
		return v
	}
}
