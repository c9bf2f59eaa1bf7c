package faults_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// levels are those that a server, a database or a role may have for a default.
var levels = []string{"read uncommitted", "read committed", "repeatable read", "serializable"}

// everyLevel runs a test on one database, whose transactions begin at another level each time.
func everyLevel(t *testing.T, test func(t *testing.T, dsn, level string)) {
	t.Helper()
	dsn := migrated(t, pgtest.Shared(t))
	db, err := pool(dsn, "setting", 1, nil)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	var name string
	require.NoError(t, db.NewRaw("SELECT current_database()").Scan(t.Context(), &name))
	for _, level := range levels {
		_, err = db.ExecContext(t.Context(), "ALTER DATABASE ? SET default_transaction_isolation = ?", bun.Ident(name), level)
		require.NoError(t, err)
		t.Run(level, func(t *testing.T) { test(t, dsn, level) })
	}
}

// estate is what overlapping batches are about.
type estate struct {
	*host
	accounts      []accounts.ID
	subscriptions []subscriptions.ID
	domains       []subscriptions.DomainID // besides the main ones
}

func newEstate(t *testing.T, h *host) *estate {
	t.Helper()
	e := &estate{host: h}
	for range 4 {
		login := randomName("estate")
		in := customer(login)
		in.Subscription = nil
		a, err := h.Create(t.Context(), in)
		require.NoError(t, err)
		e.accounts = append(e.accounts, a.ID)
		s, err := h.Subscriptions().Create(t.Context(), subscriptions.New{AccountID: a.ID, Domains: []string{login + ".example.net"}})
		require.NoError(t, err)
		e.subscriptions = append(e.subscriptions, s.ID)
		d, err := h.Subscriptions().AddDomain(t.Context(), s.ID, login+".example.edu")
		require.NoError(t, err)
		e.domains = append(e.domains, d.ID)
	}
	return e
}

// turned answers ids the other way round, every second time.
func turned[K any](ids []K, n int) []K {
	ids = slices.Clone(ids)
	if n%2 == 1 {
		slices.Reverse(ids)
	}
	return ids
}

// act gives the nth of the commands that are in each other's way. Each of them may always be given.
func (e *estate) act(ctx context.Context, n int) error {
	all, subs, domains := turned(e.accounts, n), turned(e.subscriptions, n), turned(e.domains, n)
	var err error
	switch n % 9 {
	case 0:
		_, err = e.Suspend(ctx, all, accounts.Hold{Cause: accounts.CauseAbuse})
	case 1:
		_, err = e.Activate(ctx, all)
	case 2:
		_, err = e.Subscriptions().Assign(ctx, subs, all[0])
	case 3:
		_, err = e.Subscriptions().Suspend(ctx, subs, subscriptions.Hold{})
	case 4:
		_, err = e.Subscriptions().MoveDomains(ctx, domains, subs[0])
	case 5:
		_, err = e.Subscriptions().SuspendDomains(ctx, domains, subscriptions.Hold{})
	case 6:
		_, err = e.Subscriptions().ActivateDomains(ctx, domains)
	case 7:
		text := "updated by " + strconv.Itoa(n)
		_, err = e.Update(ctx, all[0], accounts.Changes{AdditionalInfo: &text})
	case 8:
		_, err = e.Events(ctx, accounts.EventQuery{})
	}
	if err != nil {
		return fmt.Errorf("command %d: %w", n%9, err)
	}
	return nil
}

// Commands on the same rows, named in opposite orders, wait for each other and never fail, whatever level the
// server's transactions have by default.
func TestOverlappingBatchesNeverFail(t *testing.T) {
	everyLevel(t, func(t *testing.T, dsn, _ string) {
		g := &gate{}
		e := newEstate(t, openHost(t, dsn, 8, g))
		var callers sync.WaitGroup
		failed := make(chan error, 8)
		for i := range 8 {
			callers.Go(func() {
				for n := range 18 {
					if err := e.act(t.Context(), n+i); err != nil {
						failed <- err
						return
					}
				}
			})
		}
		callers.Wait()
		close(failed)
		require.NoError(t, <-failed)
		require.Zero(t, g.deadlocks.Load(), "everybody locks in one order")
	})
}

// A host's transaction that has another level by default is refused, not only one that asks for it.
func TestAHostsTransactionOfTheDefaultLevelIsChecked(t *testing.T) {
	everyLevel(t, func(t *testing.T, dsn, level string) {
		h := openHost(t, dsn, 2, nil)
		before := tables(t, h.db)
		tx, err := h.db.BeginTx(t.Context(), &sql.TxOptions{})
		require.NoError(t, err)
		_, err = h.WithStore(h.store.WithTx(tx)).Create(t.Context(), customer("alice"))
		require.NoError(t, tx.Commit())
		if level == "read committed" {
			require.NoError(t, err)
			return
		}
		require.ErrorIs(t, err, accounts.ErrInvalid)
		require.Equal(t, before, tables(t, h.db))
	})
}

// cross makes a deadlock between a transaction of a host's, which has the second account and wants the first, and a
// command of the library's own, which has the first and wants the second. It answers what both were told. Whoever has
// the shorter patience is the victim, if the deadlock is there before it ends.
func cross(t *testing.T, hosts, library time.Duration) (host, own error) {
	t.Helper()
	dsn := migrated(t, pgtest.Shared(t))
	patient := func(d time.Duration) string { return fmt.Sprintf("%s deadlock_timeout=%dms", dsn, d.Milliseconds()) }
	g := &gate{}
	h, o := openHost(t, patient(hosts), 2, nil), openHost(t, patient(library), 1, g)
	e := newEstate(t, h)
	first, second := e.accounts[:1], e.accounts[1:2]
	tx, err := h.db.BeginTx(t.Context(), &sql.TxOptions{})
	require.NoError(t, err)
	joined := h.WithStore(h.store.WithTx(tx))
	_, err = joined.Suspend(t.Context(), second, accounts.Hold{Cause: "host"})
	require.NoError(t, err)
	told := make(chan error, 1)
	go func() {
		_, err := o.Suspend(t.Context(), e.accounts[:2], accounts.Hold{Cause: "library"})
		told <- err
	}()
	o.waitForLock(t, h)
	_, host = joined.Suspend(t.Context(), first, accounts.Hold{Cause: "host"})
	if host == nil {
		require.NoError(t, tx.Commit())
	} else {
		require.NoError(t, tx.Rollback())
	}
	own = <-told
	require.Equal(t, host == nil, g.deadlocks.Load() > 0, "one of them is the victim")
	for _, id := range e.accounts[:2] {
		a, err := h.Get(t.Context(), id)
		require.NoError(t, err)
		_, byHost := a.Holds.Get("host")
		_, byLibrary := a.Holds.Get("library")
		require.Equal(t, []bool{host == nil, own == nil}, []bool{byHost, byLibrary})
	}
	return host, own
}

// A deadlock is a host's to repeat only if its transaction is the victim. A command of the library's own is repeated in
// silence.
func TestADeadlockNeverReachesTheCallerOfACommand(t *testing.T) {
	t.Run("of the host", func(t *testing.T) {
		host, own := cross(t, 10*time.Millisecond, time.Minute)
		require.ErrorIs(t, host, accounts.ErrUnavailable)
		require.NoError(t, own)
	})
	t.Run("of the library", func(t *testing.T) {
		for patience := 200 * time.Millisecond; ; patience *= 3 { // a busy machine takes longer to get there
			require.Less(t, patience, 10*time.Second, "the host was the victim again and again")
			host, own := cross(t, 10*patience, patience)
			require.NoError(t, own)
			if host == nil {
				return
			}
			require.ErrorIs(t, host, accounts.ErrUnavailable)
		}
	})
}

// refusing makes the server refuse inserts of events with an SQLSTATE so many times, at once or at COMMIT.
func refusing(t *testing.T, db *bun.DB, state string, times int, atCommit bool) {
	t.Helper()
	timing := "AFTER INSERT ON clientele.events"
	if atCommit {
		timing += " DEFERRABLE INITIALLY DEFERRED"
	}
	_, err := db.ExecContext(t.Context(), `
DROP TRIGGER IF EXISTS refuse ON clientele.events;
DROP SEQUENCE IF EXISTS public.refusals;
CREATE SEQUENCE public.refusals;
CREATE OR REPLACE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('public.refusals') <= `+strconv.Itoa(times)+` THEN
        RAISE EXCEPTION 'provoked' USING ERRCODE = '`+state+`';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER refuse `+timing+` FOR EACH ROW EXECUTE FUNCTION public.refuse()`)
	require.NoError(t, err)
}

// What the server refuses because of others is repeated, from the start, whenever it comes, the answer to COMMIT
// included. What it refuses for another reason is not, and neither is done by half.
func TestRefusalsOfTheServer(t *testing.T) {
	const always = 1_000_000
	h := openHost(t, migrated(t, pgtest.Shared(t)), 2, nil)
	n := 0
	for _, s := range scenes() {
		for _, c := range []struct {
			state    string
			times    int
			atCommit bool
			told     error
		}{
			{"40001", 3, false, nil},
			{"40001", 3, true, nil},
			{"40P01", 3, true, nil},
			{"40001", always, true, accounts.ErrUnavailable},
			{"23514", always, false, accounts.ErrUnavailable},
			{"23514", always, true, accounts.ErrUnavailable},
			{"53100", always, true, accounts.ErrUnavailable}, // the disk is full
		} {
			n++
			refusing(t, h.db, c.state, 0, false)
			r := s.begin(t, h, n)
			refusing(t, h.db, c.state, c.times, c.atCommit)
			told := r.give(t.Context(), h)
			if c.told == nil {
				require.NoError(t, told, "%s %+v", s.name, c)
			} else {
				require.ErrorIs(t, told, c.told, "%s %+v", s.name, c)
			}
			r.check(t, told)
			refusing(t, h.db, c.state, 0, false)
			r.settle(t, told)
		}
	}
}

// An account that is created between a command's locks and its look at what it has locked is not there for it: nothing
// would keep others from it.
func TestWhatComesBehindTheLocksIsNotThere(t *testing.T) {
	dsn := migrated(t, pgtest.Shared(t))
	g := &gate{}
	h, other := openHost(t, dsn, 2, g), openHost(t, dsn, 2, &gate{})
	spare, err := other.Subscriptions().Create(t.Context(), subscriptions.New{Name: "spare"})
	require.NoError(t, err)
	last, err := other.Create(t.Context(), customer(randomName("behind")))
	require.NoError(t, err)
	for name, command := range map[string]func(id accounts.ID) error{
		"Remove": func(id accounts.ID) error { _, err := h.Remove(t.Context(), []accounts.ID{id}); return err },
		"Suspend": func(id accounts.ID) error {
			_, err := h.Suspend(t.Context(), []accounts.ID{id}, accounts.Hold{})
			return err
		},
		"Assign": func(id accounts.ID) error {
			_, err := h.Subscriptions().Assign(t.Context(), []subscriptions.ID{spare.ID}, id)
			return err
		},
	} {
		var came accounts.Account
		g.before(3, func(*pgx.Conn, string) { // behind BEGIN and the lock of the accounts
			came, err = other.Create(t.Context(), customer(randomName("behind")))
		})
		refused := command(last.ID + 1)
		require.True(t, g.reached(), name)
		require.NoError(t, err, name)
		require.Equal(t, last.ID+1, came.ID, name)
		require.ErrorIs(t, refused, accounts.ErrNotFound, name)
		there, err := other.Get(t.Context(), came.ID)
		require.NoError(t, err, name)
		require.Equal(t, accounts.Active, there.Status(), name)
		last = came
	}
}
