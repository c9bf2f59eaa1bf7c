package sqlite_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/sqlite"
)

// nextMigrations returns the migrations of a version after this one.
func nextMigrations(t *testing.T, next string) fstest.MapFS {
	t.Helper()
	first, err := os.ReadFile("migrations/0001_tables.sql")
	require.NoError(t, err)
	return fstest.MapFS{"migrations/0001_tables.sql": {Data: first}, "migrations/0002_more.sql": {Data: []byte(next)}}
}

func TestMigrateConcurrently(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clientele.db")
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		db := open(t, path, 1)
		all.Go(func() { errs[i] = sqlite.Migrate(t.Context(), db, nil) })
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	_, err := accounts.NewManager(openStore(t, path, 1), nil).Create(t.Context(), withHash(1))
	require.NoError(t, err)
}

func TestMigrateAddsWhatIsMissing(t *testing.T) {
	path := filled(t)
	db := open(t, path, 1)
	next := nextMigrations(t, "-- oldest code: 1\nCREATE TABLE clientele_more (id INTEGER);\nINSERT INTO clientele_more VALUES (1);")
	for range 2 {
		require.NoError(t, sqlite.MigrateTo(t.Context(), db, next))
	}
	n := 0
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM clientele_more").Scan(&n))
	require.Equal(t, 1, n, "the step must be applied once")

	// This version of the library may use the tables of the next one.
	require.NoError(t, sqlite.Migrate(t.Context(), db, nil))
	n, err := accounts.NewManager(newStore(t, db), nil).Count(t.Context(), accounts.Query{}, 0)
	require.NoError(t, err)
	require.Equal(t, 500, n)
}

// A migration that fails leaves the file as it was, and none begins in a file that is damaged.
func TestMigrateChangesAllOrNothing(t *testing.T) {
	path := filled(t)
	db := open(t, path, 1)
	err := sqlite.MigrateTo(t.Context(), db, nextMigrations(t, "-- oldest code: 2\nCREATE TABLE clientele_more (id INTEGER);\nSELECT no_such_function();"))
	requireUnavailable(t, err)
	n := 0
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM sqlite_schema WHERE name = 'clientele_more'").Scan(&n))
	require.Zero(t, n)
	newStore(t, db)
	require.NoError(t, db.Close())

	corrupt(t, path)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	err = sqlite.MigrateTo(t.Context(), open(t, path, 1), nextMigrations(t, "-- oldest code: 2\nCREATE TABLE clientele_more (id INTEGER);"))
	requireUnavailable(t, err)
	require.ErrorContains(t, err, "restore it from a backup")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after, "the file must not change")
}

func TestMigrateRefusesOtherHistories(t *testing.T) {
	for change, want := range map[string]string{
		"UPDATE clientele_migrations SET checksum = 'another'": "migration 0001_tables.sql differs",
		"UPDATE clientele_migrations SET version = 2":          "migration 1 is missing",
	} {
		db := open(t, newFile(t), 1)
		_, err := db.ExecContext(t.Context(), change)
		require.NoError(t, err)
		require.ErrorContains(t, sqlite.Migrate(t.Context(), db, nil), want)
		_, err = sqlite.New(t.Context(), db, nil)
		require.ErrorContains(t, err, want)
	}
}
