package sqlite_test

import (
	"database/sql"
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/sqlite"
	"github.com/clientele-go/clientele/storage/storagetest"
)

func TestDurable(t *testing.T) {
	storagetest.RunDurable(t, func(t *testing.T, dir string) (accounts.Store, io.Closer) {
		pool, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "clientele.db"))
		require.NoError(t, err)
		pool.SetMaxOpenConns(8)
		db := bun.NewDB(pool, sqlitedialect.New())
		require.NoError(t, sqlite.Migrate(t.Context(), db, nil))
		store, err := sqlite.New(t.Context(), db, nil)
		require.NoError(t, err)
		return store, db
	})
}
