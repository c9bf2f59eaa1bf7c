package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
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
	head, err := m.Events(t.Context(), accounts.EventQuery{})
	require.NoError(t, err)
	_, err = m.Suspend(t.Context(), []accounts.ID{a.ID}, accounts.Hold{Note: "secret"})
	require.NoError(t, err)
	tx := begin(t, s.db, sql.LevelDefault)
	_, err = m.WithStore(store.WithTx(tx)).Remove(t.Context(), []accounts.ID{a.ID})
	require.NoError(t, err)
	create(t, m, "unrelated")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	page, err := m.Events(ctx, accounts.EventQuery{After: head.Next})
	require.NoError(t, err)
	require.Len(t, page.Items, 1, "an event that is being redacted comes later")
	require.Equal(t, "unrelated", page.Items[0].Details["externalID"])
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

func TestFollowSurvivesAServerRestart(t *testing.T) {
	server := pgtest.Start(t, "")
	db := pgtest.Open(t, server.DSN(), 4)
	require.NoError(t, postgres.Migrate(t.Context(), db, nil))
	m := manager(must(postgres.New(t.Context(), db, nil))(t))
	create(t, m, "before")

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	seen, result := make(chan string, 10), make(chan error, 1)
	go func() {
		result <- m.Follow(ctx, "", nil, func(_ context.Context, batch []accounts.Event, _ accounts.Cursor) error {
			for _, e := range batch {
				seen <- e.Details["externalID"]
			}
			return nil
		})
	}()
	require.Equal(t, "before", <-seen)
	server.Stop(t, "immediate")
	time.Sleep(300 * time.Millisecond) // Follow polls while the server is stopped
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
		t.Fatalf("Follow ended: %v", err)
	}
	cancel()
	require.ErrorIs(t, <-result, context.Canceled)
}

// PruneEvents and another transaction lock the same events in different orders. The server aborts PruneEvents, and the library
// repeats it. A transaction looks for a deadlock once in each wait, deadlock_timeout after it began to wait: PruneEvents soon, and
// the other one only after a minute. PruneEvents waits at a gate first, so that it begins to wait for the other transaction only
// while that waits for it already.
func TestPruningSurvivesADeadlock(t *testing.T) {
	ctx := t.Context()
	s := newStorePool(t, pgtest.Shared(t).Database(t)+" deadlock_timeout=10ms", 5)
	store := s.openStore(t)
	m := manager(store)
	_, err := m.Create(ctx, alice())
	require.NoError(t, err)
	page, err := m.Events(ctx, accounts.EventQuery{})
	require.NoError(t, err)
	last := len(page.Items)
	require.Greater(t, last, 2)

	redact := func(tx bun.Tx, number int) error {
		_, err := tx.ExecContext(ctx, "UPDATE ?.events SET texts = NULL WHERE number = ?", bun.Ident(s.schemaOf(store)), number)
		return err
	}
	waitForLocks := func(want int) {
		require.Eventually(t, func() bool {
			var waiting int
			err := s.db.NewRaw("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()").Scan(ctx, &waiting)
			return err == nil && waiting == want
		}, 30*time.Second, 5*time.Millisecond)
	}
	gate, other := begin(t, s.db, sql.LevelDefault), begin(t, s.db, sql.LevelDefault)
	_, err = other.ExecContext(ctx, "SET LOCAL deadlock_timeout = '1min'")
	require.NoError(t, err)
	require.NoError(t, redact(gate, 2))
	require.NoError(t, redact(other, last))
	pruned, redacted := make(chan error, 1), make(chan error, 1)
	go func() {
		n, err := m.PruneEvents(ctx, time.Now().Add(time.Hour))
		if err == nil && n != last {
			err = fmt.Errorf("%d were pruned", n)
		}
		pruned <- err
	}()
	waitForLocks(1)
	go func() { redacted <- redact(other, 1) }()
	waitForLocks(2)
	require.NoError(t, gate.Rollback())
	require.NoError(t, <-redacted)
	require.NoError(t, other.Commit())
	require.NoError(t, <-pruned)
}

// With a statement_timeout of 2 seconds, the events of a bulk suspension are read immediately, also while the statistics know of no event
// without a number. The test logs how long each takes.
func TestABulkSuspensionIsReadUnderOldStatistics(t *testing.T) {
	for _, c := range []struct{ name, before, after string }{
		{"all events numbered", seedNumberedEvents + "; ANALYZE", ""},
		{"empty tables", "ANALYZE", ""},
		{"fresh", seedNumberedEvents, "ANALYZE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, reader, ids := bulkAccounts(t, c.before, 10_000)
			begin := time.Now()
			_, err := manager(must(postgres.New(t.Context(), db, nil))(t)).Suspend(t.Context(), ids, accounts.Hold{Cause: accounts.CauseBilling})
			require.NoError(t, err)
			suspension := time.Since(begin)
			_, err = db.ExecContext(t.Context(), c.after)
			require.NoError(t, err)
			begin = time.Now()
			head, err := reader.Events(t.Context(), accounts.EventQuery{Desc: true, Limit: 1})
			require.NoError(t, err)
			t.Logf("suspension %v, first read of events %v", suspension, time.Since(begin))
			require.Equal(t, ids[len(ids)-1], head.Items[0].AccountID)
		})
	}
}

const seedNumberedEvents = `INSERT INTO clientele.events (number, at, type, actor, account_id, domain)
SELECT g, now(), 'account.created', 'seed', g, '' FROM generate_series(1, 10000) AS g; UPDATE clientele.event_log SET last = 10000`

// bulkAccounts returns the ids of n accounts in a database whose statistics are those after the statements of prepare. The reader's
// statements may not take longer than 2 seconds.
func bulkAccounts(t *testing.T, prepare string, n int) (db *bun.DB, reader *accounts.Manager, ids []accounts.ID) {
	t.Helper()
	dsn := pgtest.Shared(t).Database(t)
	db = pgtest.Open(t, dsn, 2)
	require.NoError(t, postgres.Migrate(t.Context(), db, nil))
	for _, statement := range []string{
		"ALTER TABLE clientele.events SET (autovacuum_enabled = off)", prepare,
		fmt.Sprintf(`INSERT INTO clientele.accounts SELECT g, 'user' || g, '', 'Customer', '', '', '', '', '', '', '', '', '', '', NULL, '',
			NULL, 1, 1, now(), now(), 'customer', '' FROM generate_series(1, %d) AS g`, n),
	} {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	ids = make([]accounts.ID, n)
	for i := range ids {
		ids[i] = accounts.ID(i + 1)
	}
	limited := pgtest.Open(t, dsn, 2, func(c *pgx.ConnConfig) { c.RuntimeParams["statement_timeout"] = "2s" })
	return db, manager(must(postgres.New(t.Context(), limited, nil))(t)), ids
}

// On a server that is so slow that numbering a few events takes longer than statement_timeout allows, readers get all events.
func TestNumberingAdvancesUnderAShortStatementTimeout(t *testing.T) {
	db, reader, ids := bulkAccounts(t, `
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END';
CREATE TRIGGER slow BEFORE UPDATE ON clientele.events FOR EACH ROW EXECUTE FUNCTION slow()`, 400)
	_, err := manager(must(postgres.New(t.Context(), db, nil))(t)).Suspend(t.Context(), ids, accounts.Hold{Cause: accounts.CauseBilling})
	require.NoError(t, err)
	page, err := reader.Events(t.Context(), accounts.EventQuery{Limit: 500})
	require.NoError(t, err)
	require.Len(t, page.Items, len(ids))
}

// A role that may not read the events gets an error that repeating cannot cure, and so Follow returns.
func TestFollowEndsWithoutRights(t *testing.T) {
	dsn := pgtest.Shared(t).Database(t)
	db := pgtest.Open(t, dsn, 2)
	require.NoError(t, postgres.Migrate(t.Context(), db, nil))
	role := fmt.Sprintf("reader_%d", time.Now().UnixNano())
	for _, statement := range []string{
		"CREATE ROLE " + role, "GRANT USAGE ON SCHEMA clientele TO " + role, "GRANT SELECT ON ALL TABLES IN SCHEMA clientele TO " + role,
	} {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	t.Cleanup(func() {
		_, err := db.ExecContext(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role)
		require.NoError(t, err)
	})
	reader := pgtest.Open(t, dsn, 2, func(c *pgx.ConnConfig) { c.RuntimeParams["role"] = role })
	m := manager(must(postgres.New(t.Context(), reader, nil))(t))
	create(t, manager(must(postgres.New(t.Context(), db, nil))(t)), "not numbered")

	// With rights to read alone, nothing is numbered.
	head, err := m.Head(t.Context())
	require.NoError(t, err)
	rows := 0
	cursor, err := m.Snapshot(t.Context(), func(b accounts.Batch) error { rows += len(b.Subscriptions); return nil })
	require.NoError(t, err)
	require.Equal(t, 1, rows)
	require.Equal(t, head, cursor)

	_, err = db.ExecContext(t.Context(), "REVOKE SELECT ON clientele.events FROM "+role)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err = m.Follow(ctx, "", &accounts.FollowOptions{OnError: func(err error) { t.Errorf("a mistake is no outage: %v", err) }},
		func(context.Context, []accounts.Event, accounts.Cursor) error { return nil })
	require.ErrorContains(t, err, "permission denied")
	require.NotErrorIs(t, err, accounts.ErrUnavailable)
}
