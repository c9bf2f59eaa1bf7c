package postgres_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// private stands in every text that must not reach a log.
const private = "Geheim"

// secretive is a customer all of whose texts are private.
func secretive(login string) accounts.New {
	return accounts.New{
		Login: login, Password: private + " horse battery", ExternalID: private + login,
		Contact: accounts.Contact{
			Name: private, Company: private, Email: "x@" + private + ".example", Phone: private, Address: private,
			City: private, State: private, PostalCode: private, Country: "IT",
		},
		AdditionalInfo: private, Description: private, Attributes: map[string]string{"vat": private},
		Subscription: &subscriptions.New{
			Name: private, Plan: private, Description: private, ExternalID: private + "s", Domains: []string{"geheim.example.com"},
		},
	}
}

// After every refusal and every error of a statement, the server's log and the errors tell nothing about anybody. The
// server logs as it does by default: failing statements with their text.
func TestTheServersLogAndErrorsTellNothingPrivate(t *testing.T) {
	ctx := accounts.WithActor(t.Context(), private)
	server := pgtest.Start(t, "")
	db := pgtest.Open(t, server.DSN(), 4)
	require.NoError(t, postgres.Migrate(ctx, db, nil))
	store := must(postgres.New(ctx, db, nil))(t)
	m := manager(store)
	a, err := m.Create(ctx, secretive("geheim1"))
	require.NoError(t, err)
	hold := accounts.Hold{Note: private, Message: private, Public: private}

	var errs []error
	note := func(err error) {
		t.Helper()
		require.Error(t, err)
		if !strings.Contains(err.Error(), accounts.ErrTaken.Error()) { // which names what the caller gave
			errs = append(errs, err)
		}
	}
	refusals(ctx, m, a, hold, note)

	// Statements fail in the middle: they wait for a lock too long, and the backend is terminated.
	locker := begin(t, db, sql.LevelDefault)
	_, err = locker.ExecContext(ctx, "LOCK clientele.accounts, clientele.subscriptions, clientele.domains, clientele.events IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	impatient := manager(must(postgres.New(ctx, pgtest.Open(t, server.DSN()+" lock_timeout=10ms", 2), nil))(t))
	everyStatement(ctx, impatient, a, hold, note)
	impatient = manager(must(postgres.New(ctx, pgtest.Open(t, server.DSN()+" statement_timeout=20ms", 2), nil))(t))
	everyStatement(ctx, impatient, a, hold, note)
	waiting := make(chan error, 1)
	go func() {
		_, err := m.Create(ctx, secretive("geheim3"))
		waiting <- err
	}()
	require.Eventually(t, func() bool {
		var ended bool
		_ = db.DB.QueryRowContext(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE wait_event_type = 'Lock' AND pid <> pg_backend_pid()`).Scan(&ended)
		return ended
	}, 10*time.Second, 10*time.Millisecond)
	err = <-waiting
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	note(err)
	require.NoError(t, locker.Rollback())

	neighbour := secretive("geheim5")
	neighbour.Subscription = nil
	note(deadlock(ctx, t, db, store, a.ID, must(m.Create(ctx, neighbour))(t).ID, hold))

	// What the domain would never let through fails in the database.
	long := accounts.Record{Account: accounts.Account{Login: strings.Repeat(private, 100), ID: 99}, Hash: private}
	note(store.Update(ctx, func(tx accounts.Tx) error {
		return tx.Save(accounts.Writes{AddAccounts: []accounts.Record{long}})
	}))
	again := accounts.Record{Account: accounts.Account{Login: "geheim1", ID: 98}, Hash: private}
	note(store.Update(ctx, func(tx accounts.Tx) error {
		return tx.Save(accounts.Writes{AddAccounts: []accounts.Record{again}})
	}))
	_, err = db.ExecContext(ctx, "DROP TABLE clientele.account_holds CASCADE")
	require.NoError(t, err)
	everyStatement(ctx, m, a, hold, note)

	log := server.Log(t)
	for _, state := range []string{
		"canceling statement due to lock timeout", "canceling statement due to statement timeout",
		"terminating connection", "deadlock detected", "value too long", "does not exist",
	} {
		require.Contains(t, log, state, "the test provokes it")
	}
	require.NotContains(t, strings.ToLower(log), "geheim")
	for _, err := range errs {
		require.NotContains(t, strings.ToLower(err.Error()), "geheim")
	}
}

// deadlock has two transactions of hosts suspend two accounts in opposite orders, and answers the error of the one that
// the server gives up.
func deadlock(ctx context.Context, t *testing.T, db *bun.DB, store *postgres.Store, a, b accounts.ID, hold accounts.Hold) error {
	t.Helper()
	outcomes := make(chan error, 2)
	suspend := func(tx bun.Tx, id accounts.ID) error {
		_, err := manager(store.WithTx(tx)).Suspend(ctx, []accounts.ID{id}, hold)
		return err
	}
	one, other := begin(t, db, sql.LevelDefault), begin(t, db, sql.LevelDefault)
	require.NoError(t, suspend(one, a))
	require.NoError(t, suspend(other, b))
	go func() { outcomes <- suspend(one, b) }()
	go func() { outcomes <- suspend(other, a) }()
	givenUp, goesOn := <-outcomes, <-outcomes
	if givenUp == nil {
		givenUp, goesOn = goesOn, givenUp
	}
	require.ErrorIs(t, givenUp, accounts.ErrUnavailable)
	require.NoError(t, goesOn)
	require.NoError(t, one.Rollback())
	require.NoError(t, other.Rollback())
	return givenUp
}

// refusals provokes every refusal that data can meet.
func refusals(ctx context.Context, m *accounts.Manager, a accounts.Account, hold accounts.Hold, note func(error)) {
	s := m.Subscriptions()
	_, err := m.Create(ctx, secretive("geheim1"))
	note(err)
	_, err = m.Update(ctx, a.ID, accounts.Changes{Version: 99, Description: point(private)})
	note(err)
	_, err = m.Suspend(ctx, []accounts.ID{a.ID, 4711}, hold)
	note(err)
	_, err = s.AddDomain(ctx, 1, "geheim.example.com")
	note(err)
	_, err = s.AddDomain(ctx, 4711, "geheim.example.org")
	note(err)
	_, err = m.Authenticate(ctx, "geheim1", "wrong "+private)
	note(err)
}

// everyStatement runs commands and look-ups, each of which is to fail.
func everyStatement(ctx context.Context, m *accounts.Manager, a accounts.Account, hold accounts.Hold, note func(error)) {
	s := m.Subscriptions()
	_, err := m.Create(ctx, secretive("geheim2"))
	note(err)
	_, err = m.Update(ctx, a.ID, accounts.Changes{Description: point(private), Login: point("geheim9")})
	note(err)
	_, err = m.Suspend(ctx, []accounts.ID{a.ID}, hold)
	note(err)
	_, err = m.GetByLogin(ctx, "geheim1")
	note(err)
	_, err = m.GetByExternalID(ctx, private)
	note(err)
	_, err = m.List(ctx, accounts.Query{Search: private})
	note(err)
	_, err = s.List(ctx, subscriptions.Query{Search: private, Plan: private})
	note(err)
	_, err = s.Resolve(ctx, "geheim.example.com")
	note(err)
	_, err = s.AddDomain(ctx, 1, "geheim2.example.com")
	note(err)
}
