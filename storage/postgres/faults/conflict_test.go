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

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// levels are the isolation levels that a server, a database or a role may have as its default.
var levels = []string{"read uncommitted", "read committed", "repeatable read", "serializable"}

// forEachLevel runs a test on one database with each isolation level as its default.
func forEachLevel(t *testing.T, test func(t *testing.T, dsn, level string)) {
	t.Helper()
	dsn := newDatabase(t, pgtest.Shared(t))
	db, err := openPool(dsn, "setting", 1, nil)
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

// fixture has the rows that overlapping batches change.
type fixture struct {
	*app
	accounts      []accounts.ID
	subscriptions []subscriptions.ID
	domains       []subscriptions.DomainID // besides the main ones
}

func newFixture(t *testing.T, app *app) *fixture {
	t.Helper()
	e := &fixture{app: app}
	for range 4 {
		login := randomName("fixture")
		in := customer(login)
		in.Subscription = nil
		a, err := app.Create(t.Context(), in)
		require.NoError(t, err)
		e.accounts = append(e.accounts, a.ID)
		s, err := app.Subscriptions().Create(t.Context(), subscriptions.New{AccountID: a.ID, Domains: []string{login + ".example.net"}})
		require.NoError(t, err)
		e.subscriptions = append(e.subscriptions, s.ID)
		d, err := app.Subscriptions().AddDomain(t.Context(), s.ID, login+".example.edu")
		require.NoError(t, err)
		e.domains = append(e.domains, d.ID)
	}
	return e
}

// alternateOrder returns ids, in reverse order if n is odd.
func alternateOrder[K any](ids []K, n int) []K {
	ids = slices.Clone(ids)
	if n%2 == 1 {
		slices.Reverse(ids)
	}
	return ids
}

// runCommand runs the nth of several commands that lock the same rows. All of them are valid at any time.
func (e *fixture) runCommand(ctx context.Context, n int) error {
	all, subs, domains := alternateOrder(e.accounts, n), alternateOrder(e.subscriptions, n), alternateOrder(e.domains, n)
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

// Commands on the same rows, named in opposite orders, wait for each other and never fail, whatever the default isolation level
// is.
func TestOverlappingBatchesNeverFail(t *testing.T) {
	forEachLevel(t, func(t *testing.T, dsn, _ string) {
		hook := &statementHook{}
		e := newFixture(t, openApp(t, dsn, 8, hook))
		var callers sync.WaitGroup
		failed := make(chan error, 8)
		for i := range 8 {
			callers.Go(func() {
				for n := range 18 {
					if err := e.runCommand(t.Context(), n+i); err != nil {
						failed <- err
						return
					}
				}
			})
		}
		callers.Wait()
		close(failed)
		require.NoError(t, <-failed)
		require.Zero(t, hook.deadlocks.Load(), "all commands lock in the same order")
	})
}

// A transaction at another isolation level is refused, even if that is only the default.
func TestDefaultIsolationLevelIsChecked(t *testing.T) {
	forEachLevel(t, func(t *testing.T, dsn, level string) {
		app := openApp(t, dsn, 2, nil)
		before := tableSums(t, app.db)
		tx, err := app.db.BeginTx(t.Context(), &sql.TxOptions{})
		require.NoError(t, err)
		_, err = app.WithStore(app.store.WithTx(tx)).Create(t.Context(), customer("alice"))
		require.NoError(t, tx.Commit())
		if level == "read committed" {
			require.NoError(t, err)
			return
		}
		require.ErrorIs(t, err, accounts.ErrInvalid)
		require.Equal(t, before, tableSums(t, app.db))
	})
}

// deadlock provokes a deadlock between a transaction of the application, which has locked the second account and waits for the
// first, and a command of the library, which has locked the first and waits for the second. It returns the errors of both. The
// one with the shorter deadlock_timeout is the victim, if the deadlock occurs before that has passed.
func deadlock(t *testing.T, appTimeout, libraryTimeout time.Duration) (appErr, libraryErr error) {
	t.Helper()
	dsn := newDatabase(t, pgtest.Shared(t))
	withTimeout := func(d time.Duration) string { return fmt.Sprintf("%s deadlock_timeout=%dms", dsn, d.Milliseconds()) }
	hook := &statementHook{}
	app, other := openApp(t, withTimeout(appTimeout), 2, nil), openApp(t, withTimeout(libraryTimeout), 1, hook)
	e := newFixture(t, app)
	first, second := e.accounts[:1], e.accounts[1:2]
	tx, err := app.db.BeginTx(t.Context(), &sql.TxOptions{})
	require.NoError(t, err)
	inTx := app.WithStore(app.store.WithTx(tx))
	_, err = inTx.Suspend(t.Context(), second, accounts.Hold{Cause: "app"})
	require.NoError(t, err)
	result := make(chan error, 1)
	go func() {
		_, err := other.Suspend(t.Context(), e.accounts[:2], accounts.Hold{Cause: "library"})
		result <- err
	}()
	other.waitForLock(t, app)
	_, appErr = inTx.Suspend(t.Context(), first, accounts.Hold{Cause: "app"})
	if appErr == nil {
		require.NoError(t, tx.Commit())
	} else {
		require.NoError(t, tx.Rollback())
	}
	libraryErr = <-result
	require.Equal(t, appErr == nil, hook.deadlocks.Load() > 0, "one of them is the victim")
	for _, id := range e.accounts[:2] {
		a, err := app.Get(t.Context(), id)
		require.NoError(t, err)
		_, byApp := a.Holds.Get("app")
		_, byLibrary := a.Holds.Get("library")
		require.Equal(t, []bool{appErr == nil, libraryErr == nil}, []bool{byApp, byLibrary})
	}
	return appErr, libraryErr
}

// The application sees a deadlock only if its own transaction is the victim. The library repeats its commands.
func TestDeadlocksWithTheApplication(t *testing.T) {
	t.Run("the application is the victim", func(t *testing.T) {
		appErr, libraryErr := deadlock(t, 10*time.Millisecond, time.Minute)
		require.ErrorIs(t, appErr, accounts.ErrUnavailable)
		require.NoError(t, libraryErr)
	})
	t.Run("the library is the victim", func(t *testing.T) {
		for timeout := 200 * time.Millisecond; ; timeout *= 3 { // on a busy machine the deadlock takes longer to occur
			require.Less(t, timeout, 10*time.Second, "the application was the victim each time")
			appErr, libraryErr := deadlock(t, 10*timeout, timeout)
			require.NoError(t, libraryErr)
			if appErr == nil {
				return
			}
			require.ErrorIs(t, appErr, accounts.ErrUnavailable)
		}
	})
}

// failInserts makes the next inserts of events, as many as times says, fail with an SQLSTATE: immediately, or at COMMIT.
func failInserts(t *testing.T, db *bun.DB, state string, times int, atCommit bool) {
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

// A transaction that fails because of concurrent ones is repeated from the start, also if COMMIT fails. A transaction that fails
// for another reason is not. No transaction takes effect in part.
func TestServerErrors(t *testing.T) {
	const always = 1_000_000
	app := openApp(t, newDatabase(t, pgtest.Shared(t)), 2, nil)
	n := 0
	for _, s := range scenarios() {
		for _, c := range []struct {
			state    string
			times    int
			atCommit bool
			want     error
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
			failInserts(t, app.db, c.state, 0, false)
			r := s.begin(t, app, n)
			failInserts(t, app.db, c.state, c.times, c.atCommit)
			err := r.runWith(t.Context(), app)
			if c.want == nil {
				require.NoError(t, err, "%s %+v", s.name, c)
			} else {
				require.ErrorIs(t, err, c.want, "%s %+v", s.name, c)
			}
			r.check(t, err)
			failInserts(t, app.db, c.state, 0, false)
			r.checkAndRepeat(t, err)
		}
	}
}

// A command does not see an account that is created after it has begun to lock rows and before it reads them: that account is not
// locked.
func TestRowsInsertedAfterTheLocksAreOmitted(t *testing.T) {
	ctx, dsn := t.Context(), newDatabase(t, pgtest.Shared(t))
	app, other := openApp(t, dsn, 2, nil), openApp(t, dsn, 2, nil)
	spare, err := other.Subscriptions().Create(ctx, subscriptions.New{Name: "spare"})
	require.NoError(t, err)
	first, err := other.Create(ctx, customer(randomName("first")))
	require.NoError(t, err)
	last := first
	for name, command := range map[string]func(id accounts.ID) error{
		"Remove": func(id accounts.ID) error { _, err := app.Remove(ctx, []accounts.ID{first.ID, id}); return err },
		"Suspend": func(id accounts.ID) error {
			_, err := app.Suspend(ctx, []accounts.ID{first.ID, id}, accounts.Hold{})
			return err
		},
		"Update": func(id accounts.ID) error { // the one account is omitted
			return app.store.Update(ctx, func(tx accounts.Tx) error {
				locked, err := tx.LockAccounts([]accounts.ID{first.ID, id})
				if err == nil && len(locked) == 1 {
					return accounts.ErrNotFound
				}
				return err
			})
		},
		"Assign": func(id accounts.ID) error {
			_, err := app.Subscriptions().Assign(ctx, []subscriptions.ID{spare.ID}, id)
			return err
		},
	} {
		tx, err := other.db.BeginTx(ctx, nil)
		require.NoError(t, err)
		for _, table := range []string{"accounts", "subscriptions"} {
			_, err = tx.ExecContext(ctx, "SELECT id FROM clientele."+table+" FOR UPDATE")
			require.NoError(t, err)
		}
		result := make(chan error, 1)
		go func() { result <- command(last.ID + 1) }()
		app.waitForLock(t, other)
		created, err := other.Create(ctx, customer(randomName("late")))
		require.NoError(t, err, name)
		require.Equal(t, last.ID+1, created.ID, name)
		require.NoError(t, tx.Commit())
		require.ErrorIs(t, <-result, accounts.ErrNotFound, name)
		stored, err := other.Get(ctx, created.ID)
		require.NoError(t, err, name)
		require.Equal(t, accounts.Active, stored.Status(), name)
		last = created
	}
}
