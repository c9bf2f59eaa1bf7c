package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/storage/storagetest"
)

// The suite passes whole in every way in which a host may run the store.
func TestStore(t *testing.T) {
	server := pgtest.Shared(t)
	dsn := server.Database(t)
	pool := newStores(t, dsn, 8)
	t.Run("on a pool", func(t *testing.T) {
		storagetest.Run(t, pool.open)
	})
	t.Run("on one connection", func(t *testing.T) {
		one := pool.through(pgtest.Open(t, dsn, 1))
		storagetest.Run(t, one.open)
	})
	t.Run("in transactions of a host", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) accounts.Store { return hosted{pool.db, pool.openStore(t)} })
	})
	t.Run("through PgBouncer", func(t *testing.T) {
		bounced := pool.through(pgtest.Open(t, server.PgBouncer(t, dsn), 8))
		storagetest.Run(t, bounced.open)
	})
	t.Run("on two pools in turns", func(t *testing.T) {
		other := pgtest.Open(t, dsn, 4)
		storagetest.Run(t, func(t *testing.T) accounts.Store {
			first := pool.openStore(t)
			second, err := postgres.New(t.Context(), other, &postgres.Options{Schema: pool.schemaOf(first), Prepared: true})
			require.NoError(t, err)
			return &turns{stores: [2]accounts.Store{first, second}}
		})
	})
}
