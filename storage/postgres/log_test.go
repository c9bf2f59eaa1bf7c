package postgres_test

import (
	"context"
	"database/sql"
	"errors"
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

// private is part of every text that must not appear in a log.
const private = "Geheim"

// privateCustomer returns a customer with private in every text.
func privateCustomer(login string) accounts.New {
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

// Neither the server's log nor the errors contain data of customers after refused commands and failed statements. The server
// logs as by default: failing statements with their text.
func TestLogAndErrorsContainNoPrivateData(t *testing.T) {
	ctx := accounts.WithActor(t.Context(), private)
	server := pgtest.Start(t, "")
	db := pgtest.Open(t, server.DSN(), 4)
	require.NoError(t, postgres.Migrate(ctx, db, nil))
	store := must(postgres.New(ctx, db, nil))(t)
	m := manager(store)
	a, err := m.Create(ctx, privateCustomer("geheim1"))
	require.NoError(t, err)
	hold := accounts.Hold{Note: private, Message: private, Public: private}

	var errs []error
	record := func(err error) {
		t.Helper()
		require.Error(t, err)
		if !errors.Is(err, accounts.ErrTaken) { // which contains the values that the caller passed
			errs = append(errs, err)
		}
	}
	provokeRefusals(ctx, m, a, hold, record)

	// Statements fail while they run: they wait too long for a lock, or their backend is terminated.
	locker := begin(t, db, sql.LevelDefault)
	_, err = locker.ExecContext(ctx, "LOCK clientele.accounts, clientele.subscriptions, clientele.domains, clientele.events IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	impatient := manager(must(postgres.New(ctx, pgtest.Open(t, server.DSN()+" lock_timeout=10ms", 2), nil))(t))
	failEveryCall(ctx, impatient, a, hold, record)
	impatient = manager(must(postgres.New(ctx, pgtest.Open(t, server.DSN()+" statement_timeout=20ms", 2), nil))(t))
	failEveryCall(ctx, impatient, a, hold, record)
	waiting := make(chan error, 1)
	go func() {
		_, err := m.Create(ctx, privateCustomer("geheim3"))
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
	record(err)
	require.NoError(t, locker.Rollback())

	other := privateCustomer("geheim5")
	other.Subscription = nil
	record(deadlock(ctx, t, db, store, a.ID, must(m.Create(ctx, other))(t).ID, hold))

	// Rows that the managers would refuse fail in the database.
	long := accounts.Record{Account: accounts.Account{Login: strings.Repeat(private, 100), ID: 99}, Hash: private}
	record(store.Update(ctx, func(tx accounts.Tx) error {
		return tx.Save(accounts.Writes{AddAccounts: []accounts.Record{long}})
	}))
	again := accounts.Record{Account: accounts.Account{Login: "geheim1", ID: 98}, Hash: private}
	record(store.Update(ctx, func(tx accounts.Tx) error {
		return tx.Save(accounts.Writes{AddAccounts: []accounts.Record{again}})
	}))
	_, err = db.ExecContext(ctx, "DROP TABLE clientele.account_holds CASCADE")
	require.NoError(t, err)
	failEveryCall(ctx, m, a, hold, record)

	log := server.Log(t)
	for _, state := range []string{
		"canceling statement due to lock timeout", "canceling statement due to statement timeout",
		"terminating connection", "deadlock detected", "value too long", "does not exist",
	} {
		require.Contains(t, log, state, "the test has provoked it")
	}
	require.NotContains(t, strings.ToLower(log), "geheim")
	for _, err := range errs {
		require.NotContains(t, strings.ToLower(err.Error()), "geheim")
	}
}

// deadlock suspends two accounts in opposite orders in two transactions, and returns the error of the one that the server
// aborts.
func deadlock(ctx context.Context, t *testing.T, db *bun.DB, store *postgres.Store, a, b accounts.ID, hold accounts.Hold) error {
	t.Helper()
	results := make(chan error, 2)
	suspend := func(tx bun.Tx, id accounts.ID) error {
		_, err := manager(store.WithTx(tx)).Suspend(ctx, []accounts.ID{id}, hold)
		return err
	}
	first, second := begin(t, db, sql.LevelDefault), begin(t, db, sql.LevelDefault)
	require.NoError(t, suspend(first, a))
	require.NoError(t, suspend(second, b))
	go func() { results <- suspend(first, b) }()
	go func() { results <- suspend(second, a) }()
	victim, survivor := <-results, <-results
	if victim == nil {
		victim, survivor = survivor, victim
	}
	require.ErrorIs(t, victim, accounts.ErrUnavailable)
	require.NoError(t, survivor)
	require.NoError(t, first.Rollback())
	require.NoError(t, second.Rollback())
	return victim
}

// provokeRefusals runs commands that are refused because of stored data.
func provokeRefusals(ctx context.Context, m *accounts.Manager, a accounts.Account, hold accounts.Hold, record func(error)) {
	s := m.Subscriptions()
	_, err := m.Create(ctx, privateCustomer("geheim1"))
	record(err)
	_, err = m.Update(ctx, a.ID, accounts.Changes{Version: 99, Description: pointerTo(private)})
	record(err)
	_, err = m.Suspend(ctx, []accounts.ID{a.ID, 4711}, hold)
	record(err)
	_, err = s.AddDomain(ctx, 1, "geheim.example.com")
	record(err)
	_, err = s.AddDomain(ctx, 4711, "geheim.example.org")
	record(err)
	_, err = m.Authenticate(ctx, "geheim1", "wrong "+private)
	record(err)
}

// failEveryCall runs commands and look-ups that must all fail.
func failEveryCall(ctx context.Context, m *accounts.Manager, a accounts.Account, hold accounts.Hold, record func(error)) {
	s := m.Subscriptions()
	_, err := m.Create(ctx, privateCustomer("geheim2"))
	record(err)
	_, err = m.Update(ctx, a.ID, accounts.Changes{Description: pointerTo(private), Login: pointerTo("geheim9")})
	record(err)
	_, err = m.Suspend(ctx, []accounts.ID{a.ID}, hold)
	record(err)
	_, err = m.GetByLogin(ctx, "geheim1")
	record(err)
	_, err = m.GetByExternalID(ctx, private)
	record(err)
	_, err = m.List(ctx, accounts.Query{Search: private})
	record(err)
	_, err = s.List(ctx, subscriptions.Query{Search: private, Plan: private})
	record(err)
	_, err = s.Resolve(ctx, "geheim.example.com")
	record(err)
	_, err = s.AddDomain(ctx, 1, "geheim2.example.com")
	record(err)
}
