package postgres_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/storage/storagetest"
)

// A directory stands for a database of its own: its DSN is in a file there, which child processes read. The case about a full
// disk is skipped, because the data is not in the directory.
func TestDurable(t *testing.T) {
	storagetest.RunDurable(t, func(t *testing.T, dir string) (accounts.Store, io.Closer) {
		file := filepath.Join(dir, "dsn")
		dsn, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			dsn = []byte(pgtest.Shared(t).Database(t))
			err = os.WriteFile(file, dsn, 0o600)
		}
		require.NoError(t, err)
		db := pgtest.Open(t, string(dsn), 8)
		require.NoError(t, postgres.Migrate(t.Context(), db, nil))
		store, err := postgres.New(t.Context(), db, nil)
		require.NoError(t, err)
		return store, db
	})
}
