package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// Calls on one thing take these round trips to the server, BEGIN and COMMIT included, on a connection that has prepared their
// statements. The README lists them.
func TestRoundTrips(t *testing.T) {
	ctx := t.Context()
	network := pgtest.NewNetwork(t, pgtest.Shared(t).Database(t), 0)
	db := pgtest.Open(t, network.DSN(), 1)
	require.NoError(t, postgres.Migrate(ctx, db, nil))
	m := manager(must(postgres.New(ctx, db, nil))(t))
	subs := m.Subscriptions()
	hold := accounts.Hold{Cause: accounts.CauseBilling, Message: "unpaid"}
	_, err := m.Create(ctx, accounts.New{Login: "taken", Password: "correct horse battery", Contact: accounts.Contact{Name: "Luigi"}})
	require.NoError(t, err)
	var account accounts.ID
	var subscription subscriptions.ID
	var domain subscriptions.DomainID
	calls := []struct {
		name  string
		trips int
		run   func(name string) error
	}{
		{"Create with a subscription and a domain", 4, func(name string) error {
			a, err := m.Create(ctx, accounts.New{
				Login: name, Password: "correct horse battery", Contact: accounts.Contact{Name: "Mario"}, ExternalID: name,
				Subscription: &subscriptions.New{Domains: []string{name + ".example.com"}},
			})
			account = a.ID
			return err
		}},
		{"Create, taken", 3, func(string) error {
			_, err := m.Create(ctx, accounts.New{Login: "taken", Password: "correct horse battery", Contact: accounts.Contact{Name: "Mario"}})
			require.ErrorIs(t, err, accounts.ErrTaken)
			return nil
		}},
		{"Get", 1, func(string) error { _, err := m.Get(ctx, account); return err }},
		{"GetByLogin", 1, func(name string) error { _, err := m.GetByLogin(ctx, name); return err }},
		{"CheckSession", 1, func(string) error { _, err := m.CheckSession(ctx, account, 1); return err }},
		{"Subscriptions.List of an account", 1, func(string) error {
			page, err := subs.List(ctx, subscriptions.Query{AccountID: &account})
			require.Len(t, page.Items, 1)
			subscription = page.Items[0].ID
			return err
		}},
		{"Subscriptions.Get", 1, func(string) error { _, err := subs.Get(ctx, subscription); return err }},
		{"Resolve", 1, func(name string) error {
			site, err := subs.Resolve(ctx, "www."+name+".example.com")
			domain = site.Domain.ID
			return err
		}},
		{"Update", 4, func(name string) error {
			_, err := m.Update(ctx, account, accounts.Changes{Description: pointerTo(name)})
			return err
		}},
		{"Update of the login", 5, func(name string) error {
			_, err := m.Update(ctx, account, accounts.Changes{Login: pointerTo("renamed-" + name)})
			return err
		}},
		{"SetPassword", 5, func(string) error { return m.SetPassword(ctx, account, "another horse battery") }},
		{"SignInAs", 4, func(string) error { _, err := m.SignInAs(ctx, account); return err }},
		{"Suspend", 4, func(string) error { _, err := m.Suspend(ctx, []accounts.ID{account}, hold); return err }},
		{"Suspend again", 3, func(string) error { _, err := m.Suspend(ctx, []accounts.ID{account}, hold); return err }},
		{"Activate", 4, func(string) error { _, err := m.Activate(ctx, []accounts.ID{account}); return err }},
		{"Activate again", 3, func(string) error { _, err := m.Activate(ctx, []accounts.ID{account}); return err }},
		{"Subscriptions.Create with a domain", 5, func(name string) error {
			s, err := subs.Create(ctx, subscriptions.New{AccountID: account, Domains: []string{"second." + name + ".example.com"}})
			subscription = s.ID
			return err
		}},
		{"AddDomain", 5, func(name string) error {
			d, err := subs.AddDomain(ctx, subscription, "third."+name+".example.com")
			domain = d.ID
			return err
		}},
		{"RenameDomain", 5, func(name string) error {
			_, err := subs.RenameDomain(ctx, domain, "fourth."+name+".example.com")
			return err
		}},
		{"SetMainDomain", 4, func(string) error { return subs.SetMainDomain(ctx, domain) }},
		{"Subscriptions.Update", 4, func(string) error {
			_, err := subs.Update(ctx, subscription, subscriptions.Changes{Plan: pointerTo("large")})
			return err
		}},
		{"Subscriptions.Suspend", 4, func(string) error { _, err := subs.Suspend(ctx, []subscriptions.ID{subscription}, hold); return err }},
		{"Subscriptions.Activate", 4, func(string) error { _, err := subs.Activate(ctx, []subscriptions.ID{subscription}); return err }},
		{"SuspendDomains", 4, func(string) error {
			_, err := subs.SuspendDomains(ctx, []subscriptions.DomainID{domain}, hold)
			return err
		}},
		{"ActivateDomains", 4, func(string) error { _, err := subs.ActivateDomains(ctx, []subscriptions.DomainID{domain}); return err }},
		{"Assign", 4, func(string) error {
			_, err := subs.Assign(ctx, []subscriptions.ID{subscription}, subscriptions.Provider)
			return err
		}},
		{"Subscriptions.Remove", 5, func(string) error { _, err := subs.Remove(ctx, []subscriptions.ID{subscription}); return err }},
		{"Remove", 5, func(string) error { _, err := m.Remove(ctx, []accounts.ID{account}); return err }},
	}
	fewest := map[string]int{} // the driver pings a connection that was idle for a second
	for i, login := range []string{"first", "second", "third", "fourth"} {
		for _, call := range calls {
			network.RoundTrips()
			require.NoError(t, call.run(login), call.name)
			trips := network.RoundTrips()
			switch last, counted := fewest[call.name]; {
			case i == 0: // prepares the statements
			case !counted:
				fewest[call.name] = trips
			default:
				fewest[call.name] = min(last, trips)
			}
		}
	}
	for _, call := range calls {
		assert.Equal(t, call.trips, fewest[call.name], call.name)
	}
}
