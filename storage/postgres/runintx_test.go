package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// shop is an application that keeps invoices beside the library's tables.
type shop struct {
	db      *bun.DB
	store   *postgres.Store
	clients *accounts.Manager
}

// openShop returns a shop in an empty database, with the given number of connections.
func openShop(t *testing.T, dsn string, connections int, hooks ...bun.QueryHook) shop {
	t.Helper()
	s := newStorePool(t, dsn, connections)
	for _, hook := range hooks {
		s = s.withDB(s.db.WithQueryHook(hook))
	}
	_, err := s.db.ExecContext(t.Context(), "CREATE TABLE invoices (account bigint, cents bigint)")
	require.NoError(t, err)
	store := s.openStore(t)
	return shop{s.db, store, manager(store)}
}

// customer creates an account outside of any transaction.
func (s shop) customer(t *testing.T, login string) accounts.ID {
	t.Helper()
	a, err := s.clients.Create(t.Context(), accounts.New{Login: login, Password: "correct horse battery", Contact: accounts.Contact{Name: login}})
	require.NoError(t, err)
	return a.ID
}

// sell creates alice and her invoice.
func (s shop) sell(ctx context.Context, tx bun.Tx, in *postgres.Store) error {
	a, err := s.clients.WithStore(in).Create(ctx, alice())
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO invoices VALUES (?, 900)", a.ID)
	return err
}

// requireSales checks that there are n accounts and n invoices.
func (s shop) requireSales(t *testing.T, n int) {
	t.Helper()
	customers, err := s.clients.Count(t.Context(), accounts.Query{}, 0)
	require.NoError(t, err)
	var invoices int
	require.NoError(t, s.db.NewRaw("SELECT count(*) FROM invoices").Scan(t.Context(), &invoices))
	require.Equal(t, []int{n, n}, []int{customers, invoices}, "accounts and invoices")
}

func requireTransactionError(t *testing.T, err error) {
	t.Helper()
	var invalid *accounts.InvalidError
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, "transaction", invalid.Fields[0].Path)
}

var errDeclined = errors.New("the card was declined")

func TestRunInTxCommitsOrRollsBack(t *testing.T) {
	ctx := t.Context()
	s := openShop(t, pgtest.Shared(t).Database(t), 4)

	err := s.store.RunInTx(ctx, func(ctx context.Context, tx bun.Tx, in *postgres.Store) error {
		if err := s.sell(ctx, tx, in); err != nil {
			return err
		}
		return errDeclined
	})
	require.Equal(t, errDeclined, err, "the error of the function, as it is")
	s.requireSales(t, 0)

	require.NoError(t, s.store.RunInTx(ctx, func(ctx context.Context, tx bun.Tx, in *postgres.Store) error {
		if err := s.sell(ctx, tx, in); err != nil {
			return err
		}
		_, err := s.clients.WithStore(in).GetByLogin(ctx, "alice")
		require.NoError(t, err, "visible inside the transaction")
		_, err = s.clients.GetByLogin(ctx, "alice")
		require.ErrorIs(t, err, accounts.ErrNotFound, "not visible outside")
		return nil
	}))
	s.requireSales(t, 1)
	page, err := s.clients.Events(ctx, accounts.EventQuery{})
	require.NoError(t, err)
	require.Len(t, page.Items, 4)

	err = s.store.RunInTx(ctx, s.sell)
	require.ErrorIs(t, err, accounts.ErrTaken)
	s.requireSales(t, 1)
}

// A panic releases the only connection of the pool, and leaves no rows.
func TestRunInTxPanic(t *testing.T) {
	s := openShop(t, pgtest.Shared(t).Database(t), 1)
	require.PanicsWithValue(t, "a bug", func() {
		_ = s.store.RunInTx(t.Context(), func(ctx context.Context, tx bun.Tx, in *postgres.Store) error {
			require.NoError(t, s.sell(ctx, tx, in))
			panic("a bug")
		})
	})
	s.requireSales(t, 0)
	require.NoError(t, s.store.RunInTx(t.Context(), s.sell))
	s.requireSales(t, 1)
}

func TestRunInTxInsideATransactionIsInvalid(t *testing.T) {
	s := openShop(t, pgtest.Shared(t).Database(t), 4)
	never := func(context.Context, bun.Tx, *postgres.Store) error {
		t.Error("the function was called")
		return nil
	}
	tx := begin(t, s.db, sql.LevelReadCommitted)
	requireTransactionError(t, s.store.WithTx(tx).RunInTx(t.Context(), never))
	requireTransactionError(t, s.store.WithSQLTx(tx.Tx).RunInTx(t.Context(), never))
	require.NoError(t, s.store.RunInTx(t.Context(), func(ctx context.Context, tx bun.Tx, in *postgres.Store) error {
		requireTransactionError(t, in.RunInTx(ctx, never))
		return s.sell(ctx, tx, in)
	}))
	s.requireSales(t, 1)
}

// RunInTx begins READ COMMITTED, whatever the default is. If the function changes the level, commands are refused.
func TestRunInTxIsolation(t *testing.T) {
	s := openShop(t, pgtest.Shared(t).Database(t)+" default_transaction_isolation=serializable", 2)
	err := s.store.RunInTx(t.Context(), func(ctx context.Context, tx bun.Tx, in *postgres.Store) error {
		if _, err := tx.ExecContext(ctx, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"); err != nil {
			return err
		}
		return s.sell(ctx, tx, in)
	})
	requireTransactionError(t, err)
	require.NoError(t, s.store.RunInTx(t.Context(), s.sell))
	s.requireSales(t, 1)
}

// Two transactions lock two rows in opposite orders. The server aborts one of them, which is repeated, and both succeed.
func TestRunInTxRepeatsDeadlocks(t *testing.T) {
	type lockFunc func(ctx context.Context, s shop, tx bun.Tx, in *postgres.Store, id accounts.ID) error
	suspend := func(ctx context.Context, s shop, _ bun.Tx, in *postgres.Store, id accounts.ID) error {
		_, err := s.clients.WithStore(in).Suspend(ctx, []accounts.ID{id}, accounts.Hold{Cause: accounts.CauseBilling})
		return err
	}
	const ofApplication = "in statements of the application"
	for name, lock := range map[string]lockFunc{
		"in commands": suspend,
		"in commands, with a wrapped error": func(ctx context.Context, s shop, tx bun.Tx, in *postgres.Store, id accounts.ID) error {
			if err := suspend(ctx, s, tx, in, id); err != nil {
				return fmt.Errorf("suspending %d: %w", id, err)
			}
			return nil
		},
		"in commands, with another ErrUnavailable": func(ctx context.Context, s shop, tx bun.Tx, in *postgres.Store, id accounts.ID) error {
			if suspend(ctx, s, tx, in, id) != nil {
				return accounts.ErrUnavailable
			}
			return nil
		},
		"in commands, with an ignored error": func(ctx context.Context, s shop, tx bun.Tx, in *postgres.Store, id accounts.ID) error {
			_ = suspend(ctx, s, tx, in, id)
			return nil
		},
		ofApplication: func(ctx context.Context, _ shop, tx bun.Tx, _ *postgres.Store, id accounts.ID) error {
			_, err := tx.ExecContext(ctx, "UPDATE invoices SET cents = cents + 1 WHERE account = ?", id)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t, pgtest.Shared(t).Database(t)+" deadlock_timeout=20ms", 4)
			ids := []accounts.ID{s.customer(t, "anna"), s.customer(t, "bruno")}
			for _, id := range ids {
				_, err := s.db.ExecContext(t.Context(), "INSERT INTO invoices VALUES (?, 0)", id)
				require.NoError(t, err)
			}
			var bothLocked, all sync.WaitGroup
			bothLocked.Add(2)
			var attempts [2]int
			var errs [2]error
			for i := range errs {
				all.Go(func() {
					errs[i] = s.store.RunInTx(t.Context(), func(ctx context.Context, tx bun.Tx, in *postgres.Store) error {
						attempts[i]++
						if err := lock(ctx, s, tx, in, ids[i]); err != nil {
							return err
						}
						if attempts[i] == 1 {
							bothLocked.Done()
							bothLocked.Wait()
						}
						return lock(ctx, s, tx, in, ids[1-i])
					})
				})
			}
			all.Wait()
			require.NoError(t, errors.Join(errs[:]...))
			require.Greater(t, attempts[0]+attempts[1], 2, "one transaction is repeated")
			if name == ofApplication {
				var cents []int
				require.NoError(t, s.db.NewRaw("SELECT cents FROM invoices").Scan(t.Context(), &cents))
				require.Equal(t, []int{2, 2}, cents)
				return
			}
			for _, id := range ids {
				a, err := s.clients.Get(t.Context(), id)
				require.NoError(t, err)
				require.Equal(t, accounts.Suspended, a.Status())
			}
		})
	}
}

// serializationError is an error as drivers return it.
type serializationError struct{}

func (serializationError) Error() string    { return "could not serialize access" }
func (serializationError) SQLState() string { return "40001" }

func TestRunInTxGivesUpAfter16Attempts(t *testing.T) {
	s := openShop(t, pgtest.Shared(t).Database(t), 1)
	attempts := 0
	err := s.store.RunInTx(t.Context(), func(ctx context.Context, tx bun.Tx, in *postgres.Store) error {
		attempts++
		require.NoError(t, s.sell(ctx, tx, in))
		return serializationError{}
	})
	require.Equal(t, serializationError{}, err, "the error of the function, as it is")
	require.Equal(t, 16, attempts)
	s.requireSales(t, 0)
}

// If ctx ends before COMMIT, nothing is committed, whatever the function returns.
func TestRunInTxContext(t *testing.T) {
	s := openShop(t, pgtest.Shared(t).Database(t), 2)
	for name, run := range map[string]func(ctx context.Context, tx bun.Tx, in *postgres.Store) error{
		"nil":                       func(context.Context, bun.Tx, *postgres.Store) error { return nil },
		"the error of ctx":          func(ctx context.Context, _ bun.Tx, _ *postgres.Store) error { return ctx.Err() },
		"the error of ctx, wrapped": func(ctx context.Context, _ bun.Tx, _ *postgres.Store) error { return fmt.Errorf("x: %w", ctx.Err()) },
		"the error of a command":    s.sell,
		"the error of a statement": func(ctx context.Context, tx bun.Tx, _ *postgres.Store) error {
			_, err := tx.ExecContext(ctx, "SELECT 1")
			return err
		},
		"nil after a failed query": func(ctx context.Context, _ bun.Tx, in *postgres.Store) error {
			_, err := in.CountAccounts(ctx, accounts.ListParams{}, 0)
			require.Error(t, err)
			return nil
		},
		"a serialization failure": func(context.Context, bun.Tx, *postgres.Store) error { return serializationError{} },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		attempts := 0
		err := s.store.RunInTx(ctx, func(ctx context.Context, tx bun.Tx, in *postgres.Store) error {
			attempts++
			if err := s.sell(ctx, tx, in); err != nil {
				return err
			}
			cancel()
			return run(ctx, tx, in)
		})
		require.ErrorIs(t, err, accounts.ErrUnavailable, name)
		require.ErrorIs(t, err, context.Canceled, name)
		require.NotErrorIs(t, err, accounts.ErrCommitUnknown, name)
		require.Equal(t, 1, attempts, name)
	}
	s.requireSales(t, 0)

	ctx, cancel := context.WithCancel(t.Context())
	err := s.store.RunInTx(ctx, func(context.Context, bun.Tx, *postgres.Store) error {
		cancel()
		return errDeclined
	})
	require.Equal(t, errDeclined, err, "an error that ctx has not caused")
	err = s.store.RunInTx(ctx, func(context.Context, bun.Tx, *postgres.Store) error { return errDeclined })
	require.ErrorIs(t, err, accounts.ErrUnavailable, "ctx has ended before BEGIN")
	require.ErrorIs(t, err, context.Canceled)
}

// A transaction in which a statement of the library has failed is never committed.
func TestRunInTxWithAnIgnoredError(t *testing.T) {
	s := openShop(t, pgtest.Shared(t).Database(t), 4)
	id := s.customer(t, "anna")
	locker := begin(t, s.db, sql.LevelDefault)
	_, err := s.clients.WithStore(s.store.WithTx(locker)).Suspend(t.Context(), []accounts.ID{id}, accounts.Hold{})
	require.NoError(t, err)
	err = s.store.RunInTx(t.Context(), func(ctx context.Context, tx bun.Tx, in *postgres.Store) error {
		if _, err := tx.ExecContext(ctx, "SET LOCAL lock_timeout = '10ms'"); err != nil {
			return err
		}
		_, _ = s.clients.WithStore(in).Suspend(ctx, []accounts.ID{id}, accounts.Hold{})
		return nil
	})
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	require.NotErrorIs(t, err, accounts.ErrCommitUnknown)
	require.NoError(t, locker.Rollback())

	require.NoError(t, s.store.RunInTx(t.Context(), func(ctx context.Context, _ bun.Tx, in *postgres.Store) error {
		_, err := s.clients.WithStore(in).Get(ctx, 4711)
		assert.ErrorIs(t, err, accounts.ErrNotFound, "not a failed statement")
		return nil
	}))
}

// RunInTx cannot know what has become of a transaction that the function has ended.
func TestRunInTxEndedByTheFunction(t *testing.T) {
	s := openShop(t, pgtest.Shared(t).Database(t), 2)
	err := s.store.RunInTx(t.Context(), func(ctx context.Context, tx bun.Tx, in *postgres.Store) error {
		if err := s.sell(ctx, tx, in); err != nil {
			return err
		}
		return tx.Commit()
	})
	require.ErrorIs(t, err, accounts.ErrCommitUnknown)
	s.requireSales(t, 1)
}

// operations is a hook of Bun that records the operations.
type operations []string

func (o *operations) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	*o = append(*o, e.Operation())
	return ctx
}

func (o *operations) AfterQuery(context.Context, *bun.QueryEvent) {}

// The hooks of Bun see the transaction and the statements of the application.
func TestRunInTxCallsQueryHooks(t *testing.T) {
	var seen operations
	s := openShop(t, pgtest.Shared(t).Database(t), 2, &seen)
	seen = nil
	require.NoError(t, s.store.RunInTx(t.Context(), s.sell))
	require.Equal(t, operations{"BEGIN", "INSERT", "COMMIT"}, seen)
	seen = nil
	require.ErrorIs(t, s.store.RunInTx(t.Context(), s.sell), accounts.ErrTaken)
	require.Equal(t, operations{"BEGIN", "ROLLBACK"}, seen)
}

// The application uses database/sql without Bun.
func TestWithSQLTx(t *testing.T) {
	ctx := t.Context()
	s := openShop(t, pgtest.Shared(t).Database(t), 4)
	pool := s.db.DB
	sell := func(level sql.IsolationLevel) (*sql.Tx, error) {
		tx, err := pool.BeginTx(ctx, &sql.TxOptions{Isolation: level})
		require.NoError(t, err)
		t.Cleanup(func() { _ = tx.Rollback() })
		a, err := s.clients.WithStore(s.store.WithSQLTx(tx)).Create(ctx, alice())
		if err != nil {
			return tx, err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO invoices VALUES ($1, 900)", int64(a.ID))
		return tx, err
	}

	tx, err := sell(sql.LevelReadCommitted)
	require.NoError(t, err)
	in := s.clients.WithStore(s.store.WithSQLTx(tx))
	_, err = in.GetByLogin(ctx, "alice")
	require.NoError(t, err, "visible inside the transaction")
	_, err = in.Events(ctx, accounts.EventQuery{})
	requireTransactionError(t, err)
	s.requireSales(t, 0)
	require.NoError(t, tx.Rollback())
	s.requireSales(t, 0)

	tx, err = sell(sql.LevelDefault)
	require.NoError(t, err)
	page, err := s.clients.Events(ctx, accounts.EventQuery{})
	require.NoError(t, err)
	require.Empty(t, page.Items, "events are not visible before COMMIT")
	require.NoError(t, tx.Commit())
	s.requireSales(t, 1)
	page, err = s.clients.Events(ctx, accounts.EventQuery{})
	require.NoError(t, err)
	require.Len(t, page.Items, 4)

	for _, level := range []sql.IsolationLevel{sql.LevelRepeatableRead, sql.LevelSerializable} {
		tx, err = sell(level)
		requireTransactionError(t, err)
		require.NoError(t, tx.Rollback())
	}
	s.requireSales(t, 1)
}

func TestWithTxDoesNoIO(t *testing.T) {
	dsn := pgtest.Shared(t).Database(t)
	var r recorder
	db := pgtest.Open(t, dsn, 2, r.trace)
	store := newStorePool(t, dsn, 2).withDB(db).openStore(t)
	tx := begin(t, db, sql.LevelDefault)
	r.take()
	_ = store.WithTx(tx)
	_ = store.WithSQLTx(tx.Tx)
	require.Empty(t, r.take())
}
