package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// dumpOf returns all parts of a dump.
func dumpOf(t *testing.T, store accounts.Store) []accounts.DumpPart {
	t.Helper()
	var parts []accounts.DumpPart
	require.NoError(t, store.Dump(t.Context(), func(p accounts.DumpPart) error {
		parts = append(parts, p)
		return nil
	}))
	return parts
}

func writeAll(parts []accounts.DumpPart) func(func(accounts.DumpPart) error) error {
	return func(write func(accounts.DumpPart) error) error {
		for _, p := range parts {
			if err := write(p); err != nil {
				return err
			}
		}
		return nil
	}
}

// storeWithAlice returns a store in memory with one customer.
func storeWithAlice(t *testing.T) accounts.Store {
	t.Helper()
	store := memory.New()
	_, err := manager(store).Create(t.Context(), alice())
	require.NoError(t, err)
	return store
}

// storeWithEverything returns a store in memory with two rows of each kind: one row would have another statement.
func storeWithEverything(t *testing.T) accounts.Store {
	t.Helper()
	store := memory.New()
	m := manager(store)
	for _, login := range []string{"alice", "bob"} {
		in := alice()
		in.Login, in.ExternalID, in.Subscription.Domains = login, login, []string{login + ".example.com"}
		customer, err := m.Create(t.Context(), in)
		require.NoError(t, err)
		_, err = m.Bucket("b").Put(t.Context(), accounts.Entry{Key: login}, accounts.Any)
		require.NoError(t, err)
		id := int64(customer.ID)
		_, err = m.Suspend(t.Context(), []accounts.ID{customer.ID}, accounts.Hold{})
		require.NoError(t, err)
		_, err = m.Subscriptions().Suspend(t.Context(), []subscriptions.ID{subscriptions.ID(id)}, accounts.Hold{})
		require.NoError(t, err)
		_, err = m.Subscriptions().SuspendDomains(t.Context(), []subscriptions.DomainID{subscriptions.DomainID(id)}, accounts.Hold{})
		require.NoError(t, err)
	}
	return store
}

// Events that a running removal keeps from being numbered get the next numbers in the dump, after those that have one.
func TestDumpNumbersTheEventsThatAreHeldBack(t *testing.T) {
	s := newStorePool(t, pgtest.Shared(t).Database(t), 4)
	store := s.openStore(t)
	customer, err := manager(store).Create(t.Context(), alice())
	require.NoError(t, err)
	inside, release, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- store.Update(t.Context(), func(tx accounts.Tx) error {
			if _, err := tx.LockHolds([]accounts.ID{customer.ID}); err != nil {
				return err
			}
			below, err := tx.Descendants([]accounts.ID{customer.ID})
			if err != nil {
				return err
			}
			w := accounts.Writes{RemoveAccounts: []accounts.ID{customer.ID}}
			for _, sub := range below.Subscriptions {
				w.RemoveSubscriptions = append(w.RemoveSubscriptions, sub.ID)
			}
			for _, d := range below.Domains {
				w.RemoveDomains = append(w.RemoveDomains, d.ID)
			}
			w.Events = []accounts.Event{{At: customer.CreatedAt, Type: subscriptions.AccountRemoved, AccountID: customer.ID}}
			if err := tx.Save(w); err != nil {
				return err
			}
			close(inside)
			<-release
			return nil
		})
	}()
	<-inside
	bob, err := manager(store).Create(t.Context(), accounts.New{
		Login: "bob", Password: "correct horse battery", Contact: accounts.Contact{Name: "Bob"},
	})
	require.NoError(t, err)
	parts := dumpOf(t, store)
	close(release)
	require.NoError(t, <-done)

	copied := memory.New()
	require.NoError(t, copied.Restore(t.Context(), writeAll(parts)))
	got, err := manager(copied).Get(t.Context(), customer.ID)
	require.NoError(t, err)
	require.Equal(t, customer, got)
	page, err := manager(copied).Events(t.Context(), accounts.EventQuery{})
	require.NoError(t, err)
	require.Equal(t, bob.ID, page.Items[0].AccountID, "the only event that could be numbered is first")
	require.Equal(t, "alice", page.Items[1].Details["login"])
	head, err := manager(copied).Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, page.Items[len(page.Items)-1].Cursor, head)
}

// A server that may not be written, such as a standby, can be copied, together with events that have no number.
func TestDumpOfAReadOnlyServer(t *testing.T) {
	dsn := pgtest.Shared(t).Database(t)
	s := newStorePool(t, dsn, 2)
	store, empty := s.openStore(t), s.openStore(t)
	create(t, manager(store), "not numbered")
	db := pgtest.Open(t, dsn, 1, func(c *pgx.ConnConfig) { c.RuntimeParams["default_transaction_read_only"] = "on" })
	readOnly := func(store *postgres.Store) accounts.Store {
		opened, err := postgres.New(t.Context(), db, &postgres.Options{Schema: s.schemaOf(store)})
		require.NoError(t, err)
		return opened
	}
	parts := dumpOf(t, readOnly(store))
	require.Equal(t, dumpOf(t, store), parts)
	require.ErrorIs(t, readOnly(empty).Restore(t.Context(), writeAll(parts)), accounts.ErrUnavailable)
	require.NoError(t, empty.Restore(t.Context(), writeAll(parts)))
}

// Commands wait while a store is restored, and then see all of it. Look-ups find nothing until then.
func TestCommandsWaitForARestoration(t *testing.T) {
	s := newStorePool(t, pgtest.Shared(t).Database(t), 8)
	store := s.openStore(t)
	m := manager(store)
	parts := dumpOf(t, storeWithAlice(t))
	done := make(chan error, 3)
	waiting := func(name string, command func() error) {
		go func() { done <- command() }()
		require.Eventually(t, func() bool {
			n, err := s.db.NewSelect().TableExpr("pg_stat_activity").Where("wait_event_type = 'Lock'").Count(t.Context())
			return err == nil && n > 0
		}, 10*time.Second, time.Millisecond, name)
	}
	require.NoError(t, store.Restore(t.Context(), func(write func(accounts.DumpPart) error) error {
		if err := writeAll(parts)(write); err != nil {
			return err
		}
		_, err := m.GetByLogin(t.Context(), "alice")
		require.ErrorIs(t, err, accounts.ErrNotFound)
		page, err := m.Events(t.Context(), accounts.EventQuery{})
		require.NoError(t, err)
		require.Empty(t, page.Items)
		waiting("a command that claims", func() error {
			_, err := m.Create(t.Context(), alice())
			if errors.Is(err, accounts.ErrTaken) {
				return nil
			}
			return fmt.Errorf("want ErrTaken, got %w", err)
		})
		waiting("a command that locks", func() error {
			_, err := m.Suspend(t.Context(), []accounts.ID{1}, accounts.Hold{})
			return err
		})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err = m.Suspend(ctx, []accounts.ID{1}, accounts.Hold{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		return nil
	}))
	require.NoError(t, <-done)
	require.NoError(t, <-done)
}

// A restoration waits for the commands that run, and finds what they have written.
func TestARestorationWaitsForCommands(t *testing.T) {
	s := newStorePool(t, pgtest.Shared(t).Database(t), 4)
	store := s.openStore(t)
	inside, restored := make(chan struct{}), make(chan error)
	go func() {
		<-inside
		restored <- store.Restore(t.Context(), func(func(accounts.DumpPart) error) error { return errors.New("the store is not empty") })
	}()
	require.NoError(t, store.Update(t.Context(), func(tx accounts.Tx) error {
		claimed, err := tx.Claim(accounts.Claim{Logins: []string{"alice"}, NewAccounts: 1})
		if err != nil {
			return err
		}
		close(inside)
		require.Eventually(t, func() bool {
			n, err := s.db.NewSelect().TableExpr("pg_stat_activity").Where("wait_event_type = 'Lock'").Count(t.Context())
			return err == nil && n > 0
		}, 10*time.Second, time.Millisecond)
		record := accounts.Record{Account: accounts.Account{ID: claimed.AccountIDs[0], Login: "alice", Version: 1}}
		return tx.Save(accounts.Writes{AddAccounts: []accounts.Record{record}})
	}))
	require.ErrorIs(t, <-restored, accounts.ErrInvalid)
}

// A role that may use the sequences, but not set them, is told so, and nothing is written. One that may not read them cannot copy.
func TestRightsForDumpAndRestore(t *testing.T) {
	dsn := pgtest.Shared(t).Database(t)
	db := pgtest.Open(t, dsn, 2)
	require.NoError(t, postgres.Migrate(t.Context(), db, nil))
	role := fmt.Sprintf("app_%d", time.Now().UnixNano())
	for _, statement := range []string{
		"CREATE ROLE " + role, "GRANT USAGE ON SCHEMA clientele TO " + role,
		"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA clientele TO " + role,
	} {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	t.Cleanup(func() {
		_, err := db.ExecContext(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role)
		require.NoError(t, err)
	})
	limited, err := postgres.New(t.Context(), pgtest.Open(t, dsn, 2, func(c *pgx.ConnConfig) { c.RuntimeParams["role"] = role }), nil)
	require.NoError(t, err)
	err = limited.Dump(t.Context(), func(accounts.DumpPart) error { return errors.New("called") })
	require.ErrorContains(t, err, "permission denied for sequence account_ids")
	_, err = db.ExecContext(t.Context(), "GRANT USAGE ON ALL SEQUENCES IN SCHEMA clientele TO "+role)
	require.NoError(t, err)
	dumpOf(t, limited)
	err = limited.Restore(t.Context(), writeAll(dumpOf(t, storeWithAlice(t))))
	require.ErrorContains(t, err, "clientele: the role may not set the sequences, use the one that owns the tables")
	require.NotErrorIs(t, err, accounts.ErrUnavailable)
	owner, err := postgres.New(t.Context(), db, nil)
	require.NoError(t, err)
	require.Len(t, dumpOf(t, owner), 1)
	require.NoError(t, owner.Restore(t.Context(), writeAll(dumpOf(t, storeWithAlice(t)))))
}

// A dump with two rows that exclude each other is not restored, and no value of them is in the error.
func TestRestorationOfAnImpossibleDump(t *testing.T) {
	s := newStorePool(t, pgtest.Shared(t).Database(t), 2)
	store := s.openStore(t)
	parts := dumpOf(t, storeWithAlice(t))
	err := store.Restore(t.Context(), writeAll(append(parts, parts[1])))
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	require.NotContains(t, err.Error(), "alice")
	require.Zero(t, dumpOf(t, store)[0].Head.Rows)
}
