package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// crowd is what was made for one size.
type crowd struct {
	accounts      []accounts.ID
	subscriptions []subscriptions.ID
	domains       []subscriptions.DomainID
}

// Every command takes as many statements for one thing as for a hundred, whether they are named or lie below.
func TestStatementsDoNotDependOnSize(t *testing.T) {
	commands := []struct {
		name string
		run  func(t *testing.T, m *accounts.Manager, c crowd) error
	}{
		{"suspend accounts", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Suspend(t.Context(), c.accounts, accounts.Hold{Cause: accounts.CauseBilling, Message: "unpaid"})
			return err
		}},
		{"suspend accounts again", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Suspend(t.Context(), c.accounts, accounts.Hold{Cause: accounts.CauseBilling, Message: "still unpaid"})
			return err
		}},
		{"lift from accounts", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Lift(t.Context(), c.accounts, []accounts.Cause{accounts.CauseBilling})
			return err
		}},
		{"suspend subscriptions", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Suspend(t.Context(), c.subscriptions, accounts.Hold{})
			return err
		}},
		{"activate subscriptions", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Activate(t.Context(), c.subscriptions)
			return err
		}},
		{"suspend domains", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().SuspendDomains(t.Context(), c.domains, accounts.Hold{})
			return err
		}},
		{"activate domains", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().ActivateDomains(t.Context(), c.domains)
			return err
		}},
		{"move domains", func(t *testing.T, m *accounts.Manager, c crowd) error {
			to, err := m.Subscriptions().Create(t.Context(), subscriptions.New{AccountID: c.accounts[0], Name: "target"})
			if err != nil {
				return err
			}
			_, err = m.Subscriptions().MoveDomains(t.Context(), c.domains, to.ID)
			return err
		}},
		{"assign subscriptions to the provider", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Assign(t.Context(), c.subscriptions, subscriptions.Provider)
			return err
		}},
		{"assign subscriptions to an account", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Assign(t.Context(), c.subscriptions, c.accounts[0])
			return err
		}},
		{"read below accounts", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.PreviewRemoval(t.Context(), c.accounts)
			return err
		}},
		{"list accounts", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.List(t.Context(), accounts.Query{IDs: c.accounts, Limit: 500})
			return err
		}},
		{"list domains", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Domains(t.Context(), subscriptions.DomainQuery{Limit: 500})
			return err
		}},
		{"remove domains", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().RemoveDomains(t.Context(), c.domains)
			return err
		}},
		{"remove subscriptions", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Remove(t.Context(), c.subscriptions)
			return err
		}},
		{"remove accounts", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Remove(t.Context(), c.accounts)
			return err
		}},
		{"create with domains", func(t *testing.T, m *accounts.Manager, c crowd) error {
			in := accounts.New{
				Login: fmt.Sprintf("new%d", len(c.domains)), Password: "correct horse battery",
				Contact: accounts.Contact{Name: "New"}, Subscription: &subscriptions.New{},
			}
			for i := range c.domains {
				in.Subscription.Domains = append(in.Subscription.Domains, fmt.Sprintf("new%d.example.org", i))
			}
			_, err := m.Create(t.Context(), in)
			return err
		}},
		{"read events", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Events(t.Context(), accounts.EventQuery{})
			return err
		}},
	}

	counts := map[string][2]int{}
	for i, n := range []int{1, 100} {
		var r recorder
		dsn := pgtest.Shared(t).Database(t)
		s := newStores(t, dsn, 2).through(pgtest.Open(t, dsn, 2, r.trace))
		m := manager(s.openStore(t))
		c := populate(t, m, n)
		for _, command := range commands {
			r.take()
			require.NoError(t, command.run(t, m, c), command.name)
			both := counts[command.name]
			both[i] = len(r.take())
			counts[command.name] = both
		}
	}
	for name, both := range counts {
		t.Logf("%-40s %d", name, both[0])
		require.Equal(t, both[0], both[1], "statements of %s for 1 and for 100", name)
	}
}

// populate makes n accounts with two subscriptions each, and a subscription with n domains besides.
func populate(t *testing.T, m *accounts.Manager, n int) crowd {
	t.Helper()
	var c crowd
	for i := range n {
		a, err := m.Create(t.Context(), accounts.New{
			Login: fmt.Sprintf("user%d", i), Password: "correct horse battery", Contact: accounts.Contact{Name: "User"},
		})
		require.NoError(t, err)
		c.accounts = append(c.accounts, a.ID)
		own, err := m.Subscriptions().Create(t.Context(), subscriptions.New{AccountID: a.ID, Domains: []string{fmt.Sprintf("user%d.com", i)}})
		require.NoError(t, err)
		c.subscriptions = append(c.subscriptions, own.ID)
		_, err = m.Subscriptions().Create(t.Context(), subscriptions.New{AccountID: a.ID, Domains: []string{fmt.Sprintf("user%d.org", i)}})
		require.NoError(t, err)
	}
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("site%d.example.net", i))
	}
	big, err := m.Subscriptions().Create(t.Context(), subscriptions.New{
		AccountID: c.accounts[0], Domains: names, ExpiresAt: time.Now().Add(time.Hour),
	})
	require.NoError(t, err)
	page, err := m.Subscriptions().Domains(t.Context(), subscriptions.DomainQuery{SubscriptionID: big.ID, Limit: 500})
	require.NoError(t, err)
	require.Len(t, page.Items, n)
	for _, d := range page.Items {
		c.domains = append(c.domains, d.ID)
	}
	return c
}
