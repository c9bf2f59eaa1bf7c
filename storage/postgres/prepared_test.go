package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"golang.org/x/sync/errgroup"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// A migration that changes the type of a column is not noticed, although every connection has prepared its statements.
func TestPreparedStatementsSurviveMigrations(t *testing.T) {
	ctx, dsn := t.Context(), pgtest.Shared(t).Database(t)
	pool := newStorePool(t, dsn, 3)
	store := pool.openStore(t)
	clients := manager(store)
	created, err := clients.Create(ctx, accounts.New{
		Login: "mario", Password: "a long password", Contact: accounts.Contact{Name: "Mario"},
		Subscription: &subscriptions.New{Domains: []string{"mario.example"}},
	})
	require.NoError(t, err)
	lookUp := func() {
		t.Helper()
		_, err := clients.Get(ctx, created.ID)
		require.NoError(t, err)
		_, err = clients.GetByLogin(ctx, "mario")
		require.NoError(t, err)
		_, err = clients.List(ctx, accounts.Query{Search: "mario"})
		require.NoError(t, err)
		_, err = clients.Subscriptions().Get(ctx, 1)
		require.NoError(t, err)
	}
	command := func() {
		t.Helper()
		_, err := clients.Update(ctx, created.ID, accounts.Changes{Description: pointerTo(time.Now().String())})
		require.NoError(t, err)
		_, err = clients.Subscriptions().Suspend(ctx, []subscriptions.ID{1}, accounts.Hold{})
		require.NoError(t, err)
		_, err = clients.Subscriptions().Activate(ctx, []subscriptions.ID{1})
		require.NoError(t, err)
	}
	ownTransaction := func() {
		t.Helper()
		require.NoError(t, clients.Transaction(ctx, func(ctx context.Context, tx *accounts.Manager) error {
			_, err := tx.Get(ctx, created.ID)
			return err
		}))
	}
	for i, use := range []func(){lookUp, command, ownTransaction} {
		for range 20 {
			use()
		}
		for _, table := range []string{"accounts", "subscriptions"} {
			pool.execute(t, "ALTER TABLE ?.? ALTER description TYPE varchar(?)", bun.Ident(pool.schemaOf(store)), bun.Ident(table), 5000+i)
			pool.execute(t, "ALTER TABLE ?.? ADD COLUMN more? bigint", bun.Ident(pool.schemaOf(store)), bun.Ident(table), i)
		}
		for range 20 {
			use()
		}
	}
}

// An error of a prepared statement that PgBouncer has lost says what to set.
func TestLostPreparedStatementsSayWhatToSet(t *testing.T) {
	ctx, server := t.Context(), pgtest.Shared(t)
	dsn := server.Database(t)
	newStorePool(t, dsn, 1).open(t) // creates the tables
	bounced := pgtest.WithSetting(t, server.PgBouncer(t, dsn), "default_query_exec_mode", "cache_statement")
	store := newStorePool(t, dsn, 1).withDB(pgtest.Open(t, bounced, 8)).openStore(t)
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			for range 50 {
				if _, err := store.Account(ctx, accounts.AccountKey{ID: 1}); !errors.Is(err, accounts.ErrNotFound) {
					return err
				}
			}
			return nil
		})
	}
	err := group.Wait()
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	require.ErrorContains(t, err, "default_query_exec_mode=exec")
}
