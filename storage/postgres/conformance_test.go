package postgres_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/storage/storagetest"
)

// The whole suite passes in every way in which an application may use the store.
func TestStore(t *testing.T) {
	server := pgtest.Shared(t)
	dsn := server.Database(t)
	pool := newStorePool(t, dsn, 8)
	var stores atomic.Int64
	t.Run("with a pool", func(t *testing.T) {
		storagetest.Run(t, pool.open)
	})
	// Its lists take every step that those of a big database take.
	t.Run("with one connection", func(t *testing.T) {
		single := pool.withDB(pgtest.Open(t, withoutPreparing(t, dsn), 1))
		storagetest.Run(t, func(t *testing.T) accounts.Store {
			steps := [][3]int{{1, 2, 1}, {2, 6, 3}, {1, 1, 0}}
			n := steps[stores.Add(1)%int64(len(steps))]
			return single.openStore(t).WithListSteps(n[0], n[1], n[2])
		})
	})
	t.Run("in transactions of the application", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) accounts.Store { return txStore{pool.db, new(atomic.Int64), pool.openStore(t)} })
	})
	t.Run("in transactions of the library", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) accounts.Store { return inTransactions{pool.openStore(t)} })
	})
	t.Run("through PgBouncer", func(t *testing.T) {
		bounced := pool.withDB(pgtest.Open(t, server.PgBouncer(t, dsn), 8))
		storagetest.Run(t, bounced.open)
	})
	t.Run("with two pools alternately", func(t *testing.T) {
		other := pgtest.Open(t, withoutPreparing(t, dsn), 4)
		storagetest.Run(t, func(t *testing.T) accounts.Store {
			first := pool.openStore(t)
			second, err := postgres.New(t.Context(), other, &postgres.Options{Schema: pool.schemaOf(first)})
			require.NoError(t, err)
			return &alternatingStore{stores: [2]accounts.Store{first, second}}
		})
	})
}

// withoutPreparing returns the DSN with which the driver prepares no statements.
func withoutPreparing(t *testing.T, dsn string) string {
	t.Helper()
	return pgtest.WithSetting(t, dsn, "default_query_exec_mode", "exec")
}
