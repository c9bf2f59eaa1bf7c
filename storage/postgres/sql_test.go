package postgres_test

import (
	"errors"
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/sqltest"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

var updateSQL = flag.Bool("update-sql", false, "write the files in testdata/sql instead of comparing them")

// The files in testdata/sql have every statement that the store sends: those of each method, and those of lists by order, filter
// and search. Write them anew after a change, and read the difference:
//
//	go test ./storage/postgres -run TestSQL -update-sql
func TestSQL(t *testing.T) {
	var r recorder
	dsn := pgtest.Shared(t).Database(t)
	db := pgtest.Open(t, dsn, 1, r.trace)
	_, err := db.ExecContext(t.Context(), "CREATE EXTENSION pg_trgm")
	require.NoError(t, err)
	require.NoError(t, postgres.Migrate(t.Context(), db, nil))
	store := must(postgres.New(t.Context(), db, nil))(t)

	files := map[string]string{}
	record := func(name string, run func(*postgres.Store) error, stores ...*postgres.Store) {
		t.Helper()
		require.Empty(t, files[name], name)
		var texts []string
		for _, store := range stores {
			r.take()
			require.NoError(t, run(store), name)
			for _, s := range r.take() {
				text := strings.ReplaceAll(strings.TrimSpace(s.text), "\n    LIMIT 0\n", "\n    LIMIT 10001\n") // of the small number
				if !slices.Contains(texts, text) && s.verb() != "--" {
					texts = append(texts, text)
				}
			}
		}
		files[name] = strings.Join(texts, ";\n\n") + ";\n"
	}
	// In empty tables, a list walks, counts and finds the rows of its first condition; where no number of rows is small, it walks
	// on and intersects all conditions.
	for name, list := range sqltest.Lists(t.Context()) {
		record(name, func(s *postgres.Store) error { return list(s) }, store, store.WithListSteps(200, 10_000, -1))
	}
	parts := dumpOf(t, storeWithEverything(t))
	parts[0].Head = &accounts.DumpHead{Rows: parts[0].Head.Rows} // rolled back, but what happens to sequences stays
	rolledBack := errors.New("rolled back")
	record("Restore", func(s *postgres.Store) error {
		err := s.Restore(t.Context(), func(write func(accounts.DumpPart) error) error {
			return errors.Join(writeAll(parts)(write), rolledBack)
		})
		if err.Error() != rolledBack.Error() {
			return err
		}
		return nil
	}, store)
	m, c := manager(store), populate(t, store, 3)
	for _, command := range commands() {
		_, err := m.Head(t.Context()) // numbers the events of the command before
		require.NoError(t, err)
		record(strings.ReplaceAll(command.name, " ", "-"), func(*postgres.Store) error { return command.run(t, m, c) }, store)
	}

	record("Dump", func(s *postgres.Store) error {
		return s.Dump(t.Context(), func(accounts.DumpPart) error { return nil })
	}, store)

	sqltest.CompareFiles(t, "testdata/sql", files, *updateSQL)
}
