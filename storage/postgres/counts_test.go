package postgres_test

import (
	"context"
	"fmt"
	"path"
	"reflect"
	"strings"
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
	domains       []subscriptions.DomainID // of one subscription
	main          subscriptions.DomainID   // of the same

	spare []accounts.ID      // further accounts, which only go
	due   []subscriptions.ID // the provider's own that ran out; they go too
}

// command is a way into the library that reaches the database.
type command struct {
	name string // its package and method, and what is special
	run  func(t *testing.T, m *accounts.Manager, c crowd) error
}

// commands answers every method of both managers, in an order in which each finds what it needs. What they do is counted
// for one thing and for a hundred, and every statement is explained on big tables.
func commands() []command {
	return []command{
		{"accounts.Suspend", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Suspend(t.Context(), c.accounts, accounts.Hold{Cause: accounts.CauseBilling, Message: "unpaid"})
			return err
		}},
		{"accounts.Suspend again", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Suspend(t.Context(), c.accounts, accounts.Hold{Cause: accounts.CauseBilling, Message: "still unpaid"})
			return err
		}},
		{"accounts.Lift", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Lift(t.Context(), c.accounts, []accounts.Cause{accounts.CauseBilling})
			return err
		}},
		{"accounts.Activate", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Activate(t.Context(), c.accounts)
			return err
		}},
		{"accounts.Get", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Get(t.Context(), c.accounts[0])
			return err
		}},
		{"accounts.GetByLogin", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.GetByLogin(t.Context(), "crowd0")
			return err
		}},
		{"accounts.GetByExternalID", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.GetByExternalID(t.Context(), "of-crowd0")
			return err
		}},
		{"accounts.Count", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Count(t.Context(), accounts.Query{IDs: c.accounts}, 0)
			return err
		}},
		{"accounts.Update", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Update(t.Context(), c.accounts[0], accounts.Changes{Login: point("crowd-renamed"), ExternalID: point("crowd-renamed")})
			return err
		}},
		{"accounts.SetPassword", func(t *testing.T, m *accounts.Manager, c crowd) error {
			return m.SetPassword(t.Context(), c.accounts[0], "another horse battery")
		}},
		{"accounts.Authenticate", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Authenticate(t.Context(), "crowd-renamed", "another horse battery")
			return err
		}},
		{"accounts.CheckSession", func(t *testing.T, m *accounts.Manager, c crowd) error {
			a, err := m.Get(t.Context(), c.accounts[0])
			if err != nil {
				return err
			}
			_, err = m.CheckSession(t.Context(), a.ID, a.SessionEpoch)
			return err
		}},
		{"accounts.SignInAs", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.SignInAs(t.Context(), c.accounts[0])
			return err
		}},
		{"accounts.ResetToken", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.ResetToken(t.Context(), c.accounts[0], time.Hour)
			return err
		}},
		{"accounts.ResetPassword", func(t *testing.T, m *accounts.Manager, c crowd) error {
			token, err := m.ResetToken(t.Context(), c.accounts[0], time.Hour)
			if err != nil {
				return err
			}
			_, err = m.ResetPassword(t.Context(), token, "a third horse battery")
			return err
		}},
		{"subscriptions.Lift", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Lift(t.Context(), c.subscriptions, []accounts.Cause{accounts.CauseBilling})
			return err
		}},
		{"subscriptions.LiftDomains", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().LiftDomains(t.Context(), c.domains, []accounts.Cause{accounts.CauseBilling})
			return err
		}},
		{"subscriptions.Create with domains", func(t *testing.T, m *accounts.Manager, c crowd) error {
			in := subscriptions.New{AccountID: c.accounts[0], ExternalID: "crowd-created"}
			for i := range c.domains {
				in.Domains = append(in.Domains, fmt.Sprintf("created%d.example.org", i))
			}
			_, err := m.Subscriptions().Create(t.Context(), in)
			return err
		}},
		{"subscriptions.Get", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Get(t.Context(), c.subscriptions[0])
			return err
		}},
		{"subscriptions.GetByExternalID", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().GetByExternalID(t.Context(), "crowd-created")
			return err
		}},
		{"subscriptions.List", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().List(t.Context(), subscriptions.Query{IDs: c.subscriptions, Limit: 500})
			return err
		}},
		{"subscriptions.Count", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Count(t.Context(), subscriptions.Query{IDs: c.subscriptions}, 0)
			return err
		}},
		{"subscriptions.CountDomains", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().CountDomains(t.Context(), subscriptions.DomainQuery{IDs: c.domains}, 0)
			return err
		}},
		{"subscriptions.Update", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Update(t.Context(), c.subscriptions[0], subscriptions.Changes{ExternalID: point("crowd-changed"), ExpiresAt: point(time.Now().Add(-time.Hour))})
			return err
		}},
		{"subscriptions.Expire", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Expire(t.Context())
			return err
		}},
		{"subscriptions.AddDomain", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().AddDomain(t.Context(), c.subscriptions[0], "crowd-added.example.org")
			return err
		}},
		{"subscriptions.Domain", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Domain(t.Context(), "crowd-added.example.org")
			return err
		}},
		{"subscriptions.Resolve", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Resolve(t.Context(), "www.crowd-added.example.org")
			return err
		}},
		{"subscriptions.RenameDomain", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().RenameDomain(t.Context(), c.domains[0], "crowd-renamed.example.org")
			return err
		}},
		{"subscriptions.SetMainDomain", func(t *testing.T, m *accounts.Manager, c crowd) error {
			return m.Subscriptions().SetMainDomain(t.Context(), c.domains[len(c.domains)-1])
		}},
		{"subscriptions.SetMainDomain back", func(t *testing.T, m *accounts.Manager, c crowd) error {
			return m.Subscriptions().SetMainDomain(t.Context(), c.main)
		}},
		{"subscriptions.PreviewRemoval", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().PreviewRemoval(t.Context(), c.subscriptions)
			return err
		}},
		{"subscriptions.Suspend", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Suspend(t.Context(), c.subscriptions, accounts.Hold{})
			return err
		}},
		{"subscriptions.Activate", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Activate(t.Context(), c.subscriptions)
			return err
		}},
		{"subscriptions.SuspendDomains", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().SuspendDomains(t.Context(), c.domains, accounts.Hold{})
			return err
		}},
		{"subscriptions.ActivateDomains", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().ActivateDomains(t.Context(), c.domains)
			return err
		}},
		{"subscriptions.MoveDomains", func(t *testing.T, m *accounts.Manager, c crowd) error {
			to, err := m.Subscriptions().Create(t.Context(), subscriptions.New{AccountID: c.accounts[0], Name: "target"})
			if err != nil {
				return err
			}
			_, err = m.Subscriptions().MoveDomains(t.Context(), c.domains, to.ID)
			return err
		}},
		{"subscriptions.Assign to the provider", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Assign(t.Context(), c.subscriptions, subscriptions.Provider)
			return err
		}},
		{"subscriptions.Assign to an account", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Assign(t.Context(), c.subscriptions, c.accounts[0])
			return err
		}},
		{"accounts.PreviewRemoval", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.PreviewRemoval(t.Context(), c.accounts)
			return err
		}},
		{"accounts.List", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.List(t.Context(), accounts.Query{IDs: c.accounts, Limit: 500})
			return err
		}},
		{"subscriptions.Domains", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Domains(t.Context(), subscriptions.DomainQuery{Limit: 500})
			return err
		}},
		{"subscriptions.RemoveDomains", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().RemoveDomains(t.Context(), c.domains)
			return err
		}},
		{"subscriptions.Remove", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Subscriptions().Remove(t.Context(), c.subscriptions)
			return err
		}},
		{"accounts.Remove", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Remove(t.Context(), c.accounts)
			return err
		}},
		{"subscriptions.RemoveExactly", func(t *testing.T, m *accounts.Manager, c crowd) error {
			r, err := m.Subscriptions().PreviewRemoval(t.Context(), c.due)
			if err != nil {
				return err
			}
			_, err = m.Subscriptions().RemoveExactly(t.Context(), r)
			return err
		}},
		{"accounts.Create with domains", func(t *testing.T, m *accounts.Manager, c crowd) error {
			in := accounts.New{
				Login: fmt.Sprintf("new%d", len(c.domains)), Password: "correct horse battery",
				Contact: accounts.Contact{Name: "New"}, Subscription: &subscriptions.New{},
			}
			for i := range c.domains {
				in.Subscription.Domains = append(in.Subscription.Domains, fmt.Sprintf("new%d-%d.example.org", len(c.domains), i))
			}
			_, err := m.Create(t.Context(), in)
			return err
		}},
		{"accounts.Events", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.Events(t.Context(), accounts.EventQuery{})
			return err
		}},
		{"accounts.RemoveExactly", func(t *testing.T, m *accounts.Manager, c crowd) error {
			r, err := m.PreviewRemoval(t.Context(), c.spare)
			if err != nil {
				return err
			}
			_, err = m.RemoveExactly(t.Context(), r)
			return err
		}},
		{"accounts.PruneEvents", func(t *testing.T, m *accounts.Manager, c crowd) error {
			_, err := m.PruneEvents(t.Context(), time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)) // a day of the big log, nothing of another
			return err
		}},
	}
}

// No method can be forgotten in the table.
func TestEveryMethodIsAmongTheCommands(t *testing.T) {
	among := map[string]bool{}
	for _, c := range commands() {
		method, _, _ := strings.Cut(c.name, " ")
		among[method] = true
	}
	for _, manager := range []reflect.Type{reflect.TypeFor[*accounts.Manager](), reflect.TypeFor[*subscriptions.Manager]()} {
		for i := range manager.NumMethod() {
			method := manager.Method(i)
			if method.Type.NumIn() < 2 || method.Type.In(1) != reflect.TypeFor[context.Context]() {
				continue // it reaches no database
			}
			name := path.Base(manager.Elem().PkgPath()) + "." + method.Name
			require.True(t, among[name] || name == "accounts.Watch", "%s is not among the commands", name) // Watch calls Events
		}
	}
}

// Every command takes as many statements for one thing as for a hundred, whether they are named or lie below.
func TestStatementsDoNotDependOnSize(t *testing.T) {
	counts := map[string][2]int{}
	for i, n := range []int{1, 100} {
		var r recorder
		dsn := pgtest.Shared(t).Database(t)
		s := newStores(t, dsn, 2).through(pgtest.Open(t, dsn, 2, r.trace))
		store := s.openStore(t)
		m, c := manager(store), populate(t, store, n)
		for _, command := range commands() {
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

// populate makes n accounts with two subscriptions each, a subscription with n domains besides its main one, and n of
// what only goes.
func populate(t *testing.T, store accounts.Store, n int) crowd {
	t.Helper()
	ctx, m := t.Context(), manager(store)
	yesterday := time.Now().Add(-24 * time.Hour)
	early := accounts.NewManager(store, &accounts.Options{Hasher: plain{}, Now: func() time.Time { return yesterday }})
	customer := func(login string) accounts.ID {
		a, err := m.Create(ctx, accounts.New{
			Login: login, Password: "correct horse battery", Contact: accounts.Contact{Name: "Crowd"}, ExternalID: "of-" + login,
		})
		require.NoError(t, err)
		return a.ID
	}
	subscription := func(m *accounts.Manager, in subscriptions.New) subscriptions.ID {
		made, err := m.Subscriptions().Create(ctx, in)
		require.NoError(t, err)
		return made.ID
	}
	var c crowd
	names := []string{"crowd.example.net"}
	for i := range n {
		id := customer(fmt.Sprintf("crowd%d", i))
		c.accounts = append(c.accounts, id)
		c.subscriptions = append(c.subscriptions, subscription(m, subscriptions.New{AccountID: id, Domains: []string{fmt.Sprintf("crowd%d.com", i)}}))
		subscription(m, subscriptions.New{AccountID: id, Domains: []string{fmt.Sprintf("crowd%d.org", i)}})
		c.spare = append(c.spare, customer(fmt.Sprintf("spare%d", i)))
		c.due = append(c.due, subscription(early, subscriptions.New{Name: "due", ExpiresAt: yesterday.Add(time.Hour)}))
		names = append(names, fmt.Sprintf("site%d.example.net", i))
	}
	big := subscription(m, subscriptions.New{AccountID: c.accounts[0], Domains: names, ExpiresAt: time.Now().Add(time.Hour)})
	page, err := m.Subscriptions().Domains(ctx, subscriptions.DomainQuery{SubscriptionID: big, Limit: 500})
	require.NoError(t, err)
	require.Len(t, page.Items, n+1)
	for _, d := range page.Items {
		if d.Main {
			c.main = d.ID
			continue
		}
		c.domains = append(c.domains, d.ID)
	}
	return c
}
