package postgres_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// A command that waits for a lock decides by what was committed while it waited: everything that one round trip locks and reads is
// read after the lock.
func TestCommandsSeeWhatWasCommittedWhileTheyWaited(t *testing.T) {
	s := newStorePool(t, pgtest.Shared(t).Database(t), 4)
	hold := accounts.Hold{Cause: accounts.CauseBilling}
	type rows struct {
		account, other accounts.ID
		subscription   subscriptions.ID
		domain         subscriptions.DomainID
	}
	customer := func(login string) accounts.New {
		return accounts.New{Login: login, Password: "correct horse battery", Contact: accounts.Contact{Name: "Luigi"}, ExternalID: "ext-" + login}
	}
	with := func(in accounts.New, externalID string, domains ...string) accounts.New {
		in.Subscription = &subscriptions.New{Name: "s", ExternalID: externalID, Domains: domains}
		return in
	}
	create := func(in accounts.New) func(context.Context, *accounts.Manager, rows) error {
		return func(ctx context.Context, m *accounts.Manager, _ rows) error { _, err := m.Create(ctx, in); return err }
	}
	suspendAccount := func(ctx context.Context, m *accounts.Manager, r rows) error {
		_, err := m.Suspend(ctx, []accounts.ID{r.account}, hold)
		return err
	}
	taken := func(field string, in accounts.New) func(context.Context, *testing.T, *accounts.Manager, rows) {
		return func(ctx context.Context, t *testing.T, m *accounts.Manager, _ rows) {
			_, err := m.Create(ctx, in)
			var refused *accounts.TakenError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, field, refused.Field)
		}
	}
	for name, c := range map[string]struct {
		first  func(context.Context, *accounts.Manager, rows) error                 // in a transaction that the second waits for
		second func(ctx context.Context, t *testing.T, m *accounts.Manager, r rows) // with the result that only the committed rows explain
	}{
		"holds of an account": {suspendAccount, func(ctx context.Context, t *testing.T, m *accounts.Manager, r rows) {
			out, err := m.Lift(ctx, []accounts.ID{r.account}, []accounts.Cause{hold.Cause})
			require.NoError(t, err)
			require.Equal(t, []accounts.ID{r.account}, out.Changed)
		}},
		"an account": {func(ctx context.Context, m *accounts.Manager, r rows) error {
			_, err := m.Update(ctx, r.account, accounts.Changes{Version: 1, Description: pointerTo("first")})
			return err
		}, func(ctx context.Context, t *testing.T, m *accounts.Manager, r rows) {
			_, err := m.Update(ctx, r.account, accounts.Changes{Version: 1, Description: pointerTo("second")})
			require.ErrorIs(t, err, accounts.ErrConflict)
		}},
		"an account with its holds": {suspendAccount, func(ctx context.Context, t *testing.T, m *accounts.Manager, r rows) {
			a, err := m.Update(ctx, r.account, accounts.Changes{Description: pointerTo("second")})
			require.NoError(t, err)
			require.Len(t, a.Holds, 1)
		}},
		"what an account owns": {func(ctx context.Context, m *accounts.Manager, r rows) error {
			_, err := m.Subscriptions().AddDomain(ctx, r.subscription, "added.example.com")
			return err
		}, func(ctx context.Context, t *testing.T, m *accounts.Manager, r rows) {
			removed, err := m.Remove(ctx, []accounts.ID{r.account})
			require.NoError(t, err)
			require.Contains(t, removed.Domains, "added.example.com")
		}},
		"holds of an owner": {suspendAccount, func(ctx context.Context, t *testing.T, m *accounts.Manager, r rows) {
			out, err := m.Subscriptions().Activate(ctx, []subscriptions.ID{r.subscription})
			require.NoError(t, err)
			require.Equal(t, []subscriptions.ID{r.subscription}, out.StillSuspended)
		}},
		"the owner": {func(ctx context.Context, m *accounts.Manager, r rows) error {
			_, err := m.Subscriptions().Assign(ctx, []subscriptions.ID{r.subscription}, r.other)
			return err
		}, func(ctx context.Context, t *testing.T, m *accounts.Manager, r rows) {
			d, err := m.Subscriptions().AddDomain(ctx, r.subscription, "added.example.com")
			require.NoError(t, err)
			require.Equal(t, r.other, d.AccountID)
		}},
		"a subscription": {func(ctx context.Context, m *accounts.Manager, r rows) error {
			_, err := m.Subscriptions().Update(ctx, r.subscription, subscriptions.Changes{Version: 1, Plan: pointerTo("first")})
			return err
		}, func(ctx context.Context, t *testing.T, m *accounts.Manager, r rows) {
			_, err := m.Subscriptions().Update(ctx, r.subscription, subscriptions.Changes{Version: 1, Plan: pointerTo("second")})
			require.ErrorIs(t, err, accounts.ErrConflict)
		}},
		"holds of a subscription": {func(ctx context.Context, m *accounts.Manager, r rows) error {
			_, err := m.Subscriptions().Suspend(ctx, []subscriptions.ID{r.subscription}, hold)
			return err
		}, func(ctx context.Context, t *testing.T, m *accounts.Manager, r rows) {
			out, err := m.Subscriptions().Lift(ctx, []subscriptions.ID{r.subscription}, []accounts.Cause{hold.Cause})
			require.NoError(t, err)
			require.Equal(t, []subscriptions.ID{r.subscription}, out.Changed)
		}},
		"a domain": {func(ctx context.Context, m *accounts.Manager, r rows) error {
			_, err := m.Subscriptions().UpdateDomain(ctx, r.domain, subscriptions.DomainChanges{Attributes: map[string]string{"first": "x"}})
			return err
		}, func(ctx context.Context, t *testing.T, m *accounts.Manager, r rows) {
			d, err := m.Subscriptions().UpdateDomain(ctx, r.domain, subscriptions.DomainChanges{Attributes: map[string]string{"second": "x"}})
			require.NoError(t, err)
			require.Len(t, d.Attributes, 2)
		}},
		"holds of a domain": {func(ctx context.Context, m *accounts.Manager, r rows) error {
			_, err := m.Subscriptions().SuspendDomains(ctx, []subscriptions.DomainID{r.domain}, hold)
			return err
		}, func(ctx context.Context, t *testing.T, m *accounts.Manager, r rows) {
			out, err := m.Subscriptions().LiftDomains(ctx, []subscriptions.DomainID{r.domain}, []accounts.Cause{hold.Cause})
			require.NoError(t, err)
			require.Equal(t, []subscriptions.DomainID{r.domain}, out.Changed)
		}},
		"domains of a subscription": {func(ctx context.Context, m *accounts.Manager, r rows) error {
			_, err := m.Subscriptions().AddDomain(ctx, r.subscription, "added.example.com")
			return err
		}, func(ctx context.Context, t *testing.T, m *accounts.Manager, r rows) {
			removed, err := m.Subscriptions().Remove(ctx, []subscriptions.ID{r.subscription})
			require.NoError(t, err)
			require.Contains(t, removed.Domains, "added.example.com")
		}},
		"a login": {create(customer("luigi")), taken("login", customer("luigi"))},
		"an account's external id": {create(customer("luigi")), taken("externalID", func() accounts.New {
			in := customer("wario")
			in.ExternalID = "ext-luigi"
			return in
		}())},
		"a subscription's external id": {create(with(customer("luigi"), "order")), taken("subscription.externalID", with(customer("wario"), "order"))},
		"a domain's name":              {create(with(customer("luigi"), "", "pizza.example.com")), taken("subscription.domains[0]", with(customer("wario"), "", "pizza.example.com"))},
		"a name above":                 {create(with(customer("luigi"), "", "pizza.example.com")), taken("subscription.domains[0]", with(customer("wario"), "", "www.pizza.example.com"))},
		"a name below":                 {create(with(customer("luigi"), "", "www.pizza.example.com")), taken("subscription.domains[0]", with(customer("wario"), "", "pizza.example.com"))},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			store := s.openStore(t)
			m := manager(store)
			a, err := m.Create(ctx, alice())
			require.NoError(t, err)
			b, err := m.Create(ctx, customer("bowser"))
			require.NoError(t, err)
			page, err := m.Subscriptions().Domains(ctx, subscriptions.DomainQuery{AccountID: &a.ID})
			require.NoError(t, err)
			r := rows{account: a.ID, other: b.ID, subscription: page.Items[0].SubscriptionID, domain: page.Items[0].ID}

			tx := begin(t, s.db, sql.LevelReadCommitted)
			require.NoError(t, c.first(ctx, m.WithStore(store.WithTx(tx)), r))
			done := make(chan struct{})
			go func() {
				defer close(done)
				c.second(ctx, t, m, r)
			}()
			waitForLock(t, s)
			require.NoError(t, tx.Commit())
			<-done
		})
	}
}

// waitForLock waits until a command waits for a lock.
func waitForLock(t *testing.T, s storePool) {
	t.Helper()
	require.Eventually(t, func() bool {
		waits, err := s.db.NewSelect().TableExpr("pg_stat_activity").
			Where("datname = current_database() AND wait_event_type = 'Lock'").Exists(t.Context())
		return err == nil && waits
	}, 10*time.Second, 2*time.Millisecond)
}
