package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// reader reads events as a subscriber does: all that it keeps is its cursor.
type reader struct {
	m      *accounts.Manager
	cursor accounts.Cursor
}

// next returns the external ids in the events since the last call.
func (r *reader) next(t *testing.T) []string {
	t.Helper()
	var seen []string
	for {
		page, err := r.m.Events(t.Context(), accounts.EventQuery{After: r.cursor, Limit: 2})
		require.NoError(t, err)
		r.cursor = page.Next
		if len(page.Items) == 0 {
			return seen
		}
		for _, e := range page.Items {
			seen = append(seen, e.Details["externalID"])
		}
	}
}

// create creates one subscription, and so one event, with the given external id.
func create(t *testing.T, m *accounts.Manager, externalID string) {
	t.Helper()
	_, err := m.Subscriptions().Create(t.Context(), subscriptions.New{Name: "s", ExternalID: externalID})
	require.NoError(t, err)
}

// Events of a transaction that appends early and commits late are read late, and not missed.
func TestEventsOfALongTransactionAreNotMissed(t *testing.T) {
	s := newStorePool(t, pgtest.Shared(t).Database(t), 8)
	store := s.openStore(t)
	m := manager(store)
	r := reader{m: m}
	create(t, m, "first")
	slow := begin(t, s.db, sql.LevelDefault)
	create(t, m.WithStore(store.WithTx(slow)), "slow 1")
	create(t, m, "between")
	slower := begin(t, s.db, sql.LevelDefault)
	create(t, m.WithStore(store.WithTx(slower)), "slower")
	create(t, m.WithStore(store.WithTx(slow)), "slow 2")
	create(t, m, "last")
	require.Equal(t, []string{"first", "between", "last"}, r.next(t))
	require.NoError(t, slow.Commit())
	create(t, m, "after")
	require.Equal(t, []string{"slow 1", "slow 2", "after"}, r.next(t))
	require.NoError(t, slower.Commit())
	require.Equal(t, []string{"slower"}, r.next(t))
	require.Empty(t, r.next(t))
	again := reader{m: m}
	require.Equal(t, []string{"first", "between", "last", "slow 1", "slow 2", "after", "slower"}, again.next(t), "the order is stable")
}

// Neither a long transaction in another database of the server nor an old snapshot in this one delays events.
func TestEventsDoNotWaitForOtherTransactions(t *testing.T) {
	server := pgtest.Shared(t)
	s := newStorePool(t, server.Database(t), 8)
	m := manager(s.openStore(t))
	other := pgtest.Open(t, server.Database(t), 1)
	long := begin(t, other, sql.LevelRepeatableRead)
	_, err := long.ExecContext(t.Context(), "CREATE TABLE something (id int)") // takes a transaction id
	require.NoError(t, err)
	snapshot := begin(t, s.db, sql.LevelRepeatableRead)
	_, err = snapshot.ExecContext(t.Context(), "CREATE TABLE something (id int)")
	require.NoError(t, err)
	r := reader{m: m}
	create(t, m, "seen immediately")
	require.Equal(t, []string{"seen immediately"}, r.next(t))
}

// A removal that redacts events does not block readers.
func TestReadersDoNotWaitForARemovalInATransaction(t *testing.T) {
	s := newStorePool(t, pgtest.Shared(t).Database(t), 8)
	store := s.openStore(t)
	m := manager(store)
	a, err := m.Create(t.Context(), alice())
	require.NoError(t, err)
	_, err = m.Suspend(t.Context(), []accounts.ID{a.ID}, accounts.Hold{Note: "secret"})
	require.NoError(t, err)
	tx := begin(t, s.db, sql.LevelDefault)
	_, err = m.WithStore(store.WithTx(tx)).Remove(t.Context(), []accounts.ID{a.ID})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	page, err := m.Events(ctx, accounts.EventQuery{})
	require.NoError(t, err)
	require.Len(t, page.Items, 4, "an event that is being redacted comes later")
	require.NoError(t, tx.Commit())
	page, err = m.Events(ctx, accounts.EventQuery{After: page.Next})
	require.NoError(t, err)
	require.Equal(t, accounts.EventType("account.suspended"), page.Items[0].Type)
	require.NotContains(t, page.Items[0].Details, "note")
}

// Events after one that is being redacted are held back if they are about the same subject, or about a subject of another
// held event. All others are read.
func TestNoEventOvertakesAnotherAboutTheSameSubject(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // a reader that waited for the removal would never return
	defer cancel()
	s := newStorePool(t, pgtest.Shared(t).Database(t), 8)
	store := s.openStore(t)
	m := manager(store)
	a, err := m.Create(ctx, alice())
	require.NoError(t, err)
	b, err := m.Create(ctx, accounts.New{Login: "bob", Password: "correct horse battery", Contact: accounts.Contact{Name: "Bob"}})
	require.NoError(t, err)
	moved, err := m.Subscriptions().Create(ctx, subscriptions.New{Name: "moved", AccountID: a.ID})
	require.NoError(t, err)
	page, err := m.Events(ctx, accounts.EventQuery{})
	require.NoError(t, err)
	next := func() (seen []string) {
		page, err = m.Events(ctx, accounts.EventQuery{After: page.Next})
		require.NoError(t, err)
		for _, e := range page.Items {
			seen = append(seen, fmt.Sprintf("%s of %d", e.Type, e.AccountID))
		}
		return seen
	}

	_, err = m.Suspend(ctx, []accounts.ID{a.ID}, accounts.Hold{Note: "secret"})
	require.NoError(t, err)
	_, err = m.Subscriptions().Assign(ctx, []subscriptions.ID{moved.ID}, b.ID)
	require.NoError(t, err)
	_, err = m.Subscriptions().Suspend(ctx, []subscriptions.ID{moved.ID}, accounts.Hold{})
	require.NoError(t, err)
	_, err = m.Activate(ctx, []accounts.ID{a.ID})
	require.NoError(t, err)
	removing := begin(t, s.db, sql.LevelDefault)
	_, err = m.WithStore(store.WithTx(removing)).Remove(ctx, []accounts.ID{a.ID})
	require.NoError(t, err)
	_, err = m.Create(ctx, accounts.New{Login: "carol", Password: "correct horse battery", Contact: accounts.Contact{Name: "Carol"}})
	require.NoError(t, err)
	require.Equal(t, []string{"account.created of 3"}, next())
	require.Empty(t, next())
	require.NoError(t, removing.Rollback())
	require.Equal(t, []string{
		"account.suspended of 1", "subscription.unassigned of 1", "subscription.assigned of 2", "subscription.suspended of 2",
		"account.activated of 1",
	}, next())
}

// A cursor remains valid in a new cluster, where transaction ids start again, after a dump and restore.
func TestCursorsSurviveDumpAndRestore(t *testing.T) {
	old, fresh := pgtest.Start(t, ""), pgtest.Start(t, "")
	db := pgtest.Open(t, old.DSN(), 2)
	require.NoError(t, postgres.Migrate(t.Context(), db, nil))
	before := manager(must(postgres.New(t.Context(), db, nil))(t))
	for i := range 50 {
		create(t, before, fmt.Sprint(i))
	}
	r := reader{m: before}
	require.Len(t, r.next(t), 50)
	create(t, before, "not read before the dump")
	require.NoError(t, db.Close())
	old.Run(t, fmt.Sprintf("'%[1]s/pg_dump' -h '%[2]s' -U postgres postgres | '%[1]s/psql' -v ON_ERROR_STOP=1 -qX -h '%[3]s' -U postgres postgres",
		old.Binaries(), old.Dir(), fresh.Dir()))

	after := manager(must(postgres.New(t.Context(), pgtest.Open(t, fresh.DSN(), 2), nil))(t))
	create(t, after, "created after the restore")
	r.m = after
	require.Equal(t, []string{"not read before the dump", "created after the restore"}, r.next(t))
}

func TestWatchSurvivesAServerRestart(t *testing.T) {
	server := pgtest.Start(t, "")
	db := pgtest.Open(t, server.DSN(), 4)
	require.NoError(t, postgres.Migrate(t.Context(), db, nil))
	m := manager(must(postgres.New(t.Context(), db, nil))(t))
	create(t, m, "before")

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	seen, result := make(chan string, 10), make(chan error, 1)
	go func() {
		result <- m.Watch(ctx, "", func(e accounts.Event) error {
			seen <- e.Details["externalID"]
			return nil
		})
	}()
	require.Equal(t, "before", <-seen)
	server.Stop(t, "immediate")
	time.Sleep(300 * time.Millisecond) // Watch polls while the server is stopped
	server.Start(t)
	for {
		_, err := m.Subscriptions().Create(ctx, subscriptions.New{Name: "s", ExternalID: "after"})
		if err == nil {
			break
		}
		require.ErrorIs(t, err, accounts.ErrUnavailable)
	}
	select {
	case id := <-seen:
		require.Equal(t, "after", id)
	case err := <-result:
		t.Fatalf("Watch ended: %v", err)
	}
	cancel()
	require.True(t, errors.Is(<-result, context.Canceled))
}

// PruneEvents and another transaction lock the same events in different orders. If the server aborts PruneEvents, the library
// repeats it.
func TestPruningSurvivesADeadlock(t *testing.T) {
	ctx := t.Context()
	s := newStorePool(t, pgtest.Shared(t).Database(t), 4)
	store := s.openStore(t)
	m := manager(store)
	_, err := m.Create(ctx, alice())
	require.NoError(t, err)
	page, err := m.Events(ctx, accounts.EventQuery{})
	require.NoError(t, err)
	last := len(page.Items)
	require.Greater(t, last, 1)

	redact := func(tx bun.Tx, number int) error {
		_, err := tx.ExecContext(ctx, "UPDATE ?.events SET texts = NULL WHERE number = ?", bun.Ident(s.schemaOf(store)), number)
		return err
	}
	other := begin(t, s.db, sql.LevelDefault)
	require.NoError(t, redact(other, last))
	pruned := make(chan error, 1)
	go func() {
		n, err := m.PruneEvents(ctx, time.Now().Add(time.Hour))
		if err == nil && n != last {
			err = fmt.Errorf("%d were pruned", n)
		}
		pruned <- err
	}()
	require.Eventually(t, func() bool {
		var waits bool
		err := s.db.NewRaw("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()").Scan(ctx, &waits)
		return err == nil && waits
	}, 10*time.Second, 5*time.Millisecond)
	require.NoError(t, redact(other, 1), "the one that has waited longer is the victim")
	require.NoError(t, other.Commit())
	require.NoError(t, <-pruned)
}
