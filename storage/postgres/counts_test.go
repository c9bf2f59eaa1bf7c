package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// fixture has the rows that were created for one size.
type fixture struct {
	accounts      []accounts.ID
	subscriptions []subscriptions.ID
	domains       []subscriptions.DomainID // of one subscription
	main          subscriptions.DomainID   // of the same subscription

	spare []accounts.ID      // further accounts, which are only removed
	due   []subscriptions.ID // expired subscriptions of the provider, which are only removed
}

// command calls a method that uses the database.
type command struct {
	name string // the package and the method, and the variant
	run  func(t *testing.T, m *accounts.Manager, c fixture) error
}

// commands returns calls of every method of both managers, in an order in which each finds the rows that it needs. Their
// statements are counted for 1 and for 100 rows, and explained on big tables.
func commands() []command {
	return []command{
		{"accounts.Suspend", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Suspend(t.Context(), c.accounts, accounts.Hold{Cause: accounts.CauseBilling, Message: "unpaid"})
			return err
		}},
		{"accounts.Suspend again", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Suspend(t.Context(), c.accounts, accounts.Hold{Cause: accounts.CauseBilling, Message: "still unpaid"})
			return err
		}},
		{"accounts.UpdateHolds", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.UpdateHolds(t.Context(), c.accounts, accounts.CauseBilling, accounts.HoldTexts{Note: pointerTo("called twice")})
			return err
		}},
		{"accounts.Lift", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Lift(t.Context(), c.accounts, []accounts.Cause{accounts.CauseBilling})
			return err
		}},
		{"accounts.Activate", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Activate(t.Context(), c.accounts)
			return err
		}},
		{"accounts.Get", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Get(t.Context(), c.accounts[0])
			return err
		}},
		{"accounts.GetByLogin", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.GetByLogin(t.Context(), "batch0")
			return err
		}},
		{"accounts.GetByExternalID", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.GetByExternalID(t.Context(), "of-batch0")
			return err
		}},
		{"accounts.Count", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Count(t.Context(), accounts.Query{IDs: c.accounts}, 0)
			return err
		}},
		{"accounts.Update", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Update(t.Context(), c.accounts[0], accounts.Changes{Login: pointerTo("batch-renamed"), ExternalID: pointerTo("batch-renamed")})
			return err
		}},
		{"accounts.SetPassword", func(t *testing.T, m *accounts.Manager, c fixture) error {
			return m.SetPassword(t.Context(), c.accounts[0], "another horse battery")
		}},
		{"accounts.Authenticate", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Authenticate(t.Context(), "batch-renamed", "another horse battery")
			return err
		}},
		{"accounts.CheckSession", func(t *testing.T, m *accounts.Manager, c fixture) error {
			a, err := m.Get(t.Context(), c.accounts[0])
			if err != nil {
				return err
			}
			_, err = m.CheckSession(t.Context(), a.ID, a.SessionEpoch)
			return err
		}},
		{"accounts.SetPasswordHash", func(t *testing.T, m *accounts.Manager, c fixture) error {
			return m.SetPasswordHash(t.Context(), c.accounts[0], "another horse battery")
		}},
		{"accounts.HashPassword", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.HashPassword(t.Context(), accounts.New{Login: "batch", Password: "another horse battery"})
			return err
		}},
		{"accounts.Bucket.Get", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Bucket("batch").Get(t.Context(), "prefix/0")
			return err
		}},
		{"accounts.Bucket.List", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Bucket("batch").List(t.Context(), "prefix/", "prefix/0", 500)
			return err
		}},
		{"accounts.Bucket.Put", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Bucket("batch").Put(t.Context(), accounts.Entry{Key: "prefix/0", Value: []byte("v")}, accounts.Any)
			return err
		}},
		{"accounts.Bucket.Put for an account", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Bucket("batch").Put(t.Context(), accounts.Entry{Key: fmt.Sprintf("account/%d/x", c.accounts[0])}, accounts.Any)
			return err
		}},
		{"accounts.Bucket.Delete", func(t *testing.T, m *accounts.Manager, c fixture) error {
			return m.Bucket("batch").Delete(t.Context(), fmt.Sprintf("account/%d/x", c.accounts[0]))
		}},
		{"accounts.Bucket.DeletePrefix", func(t *testing.T, m *accounts.Manager, c fixture) error {
			n, err := m.Bucket("batch").DeletePrefix(t.Context(), "prefix/")
			require.Equal(t, len(c.accounts), n)
			return err
		}},
		{"accounts.Bucket.DeleteExpired", func(t *testing.T, m *accounts.Manager, c fixture) error {
			n, err := m.Bucket("batch").DeleteExpired(t.Context())
			require.Equal(t, len(c.accounts), n)
			return err
		}},
		{"accounts.Transaction", func(t *testing.T, m *accounts.Manager, c fixture) error {
			return m.Transaction(t.Context(), func(ctx context.Context, tx *accounts.Manager) error {
				if _, err := tx.Suspend(ctx, c.accounts, accounts.Hold{Cause: "transaction"}); err != nil {
					return err
				}
				if _, err := tx.Subscriptions().Suspend(ctx, c.subscriptions, accounts.Hold{Cause: "transaction"}); err != nil {
					return err
				}
				_, err := tx.Bucket("batch").Get(ctx, "transaction")
				require.ErrorIs(t, err, accounts.ErrNotFound)
				_, err = tx.Lift(ctx, c.accounts, []accounts.Cause{"transaction"})
				return err
			})
		}},
		{"accounts.CreateMany", func(t *testing.T, m *accounts.Manager, c fixture) error {
			in := make([]accounts.New, len(c.accounts))
			for i := range in {
				login := fmt.Sprintf("many%d-%d", len(in), i)
				in[i] = accounts.New{
					Login: login, PasswordHash: "correct horse battery", Contact: accounts.Contact{Name: login}, ExternalID: login,
					Subscription: &subscriptions.New{ExternalID: login, Domains: []string{login + ".example.org"}},
				}
			}
			_, err := m.CreateMany(t.Context(), in)
			return err
		}},
		{"accounts.SignInAs", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.SignInAs(t.Context(), c.accounts[0])
			return err
		}},
		{"accounts.AddNote", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.AddNote(t.Context(), c.accounts[0], "pays on Friday")
			return err
		}},
		{"accounts.Notes", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Notes(t.Context(), c.accounts[0], accounts.NoteQuery{})
			return err
		}},
		{"accounts.RemoveNote", func(t *testing.T, m *accounts.Manager, c fixture) error {
			p, err := m.Notes(t.Context(), c.accounts[0], accounts.NoteQuery{})
			if err != nil {
				return err
			}
			return m.RemoveNote(t.Context(), c.accounts[0], p.Items[0].ID)
		}},
		{"accounts.ResetToken", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.ResetToken(t.Context(), c.accounts[0], time.Hour)
			return err
		}},
		{"accounts.CheckResetToken", func(t *testing.T, m *accounts.Manager, c fixture) error {
			token, err := m.ResetToken(t.Context(), c.accounts[0], time.Hour)
			if err != nil {
				return err
			}
			_, err = m.CheckResetToken(t.Context(), token)
			return err
		}},
		{"accounts.ResetPassword", func(t *testing.T, m *accounts.Manager, c fixture) error {
			token, err := m.ResetToken(t.Context(), c.accounts[0], time.Hour)
			if err != nil {
				return err
			}
			_, err = m.ResetPassword(t.Context(), token, "a third horse battery")
			return err
		}},
		{"subscriptions.Lift", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().Lift(t.Context(), c.subscriptions, []accounts.Cause{accounts.CauseBilling})
			return err
		}},
		{"subscriptions.LiftDomains", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().LiftDomains(t.Context(), c.domains, []accounts.Cause{accounts.CauseBilling})
			return err
		}},
		{"subscriptions.Create with domains", func(t *testing.T, m *accounts.Manager, c fixture) error {
			in := subscriptions.New{AccountID: c.accounts[0], ExternalID: "batch-created"}
			for i := range c.domains {
				in.Domains = append(in.Domains, fmt.Sprintf("created%d.example.org", i))
			}
			_, err := m.Subscriptions().Create(t.Context(), in)
			return err
		}},
		{"subscriptions.Get", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().Get(t.Context(), c.subscriptions[0])
			return err
		}},
		{"subscriptions.GetByExternalID", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().GetByExternalID(t.Context(), "batch-created")
			return err
		}},
		{"subscriptions.List", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().List(t.Context(), subscriptions.Query{IDs: c.subscriptions, Limit: 500})
			return err
		}},
		{"subscriptions.Count", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().Count(t.Context(), subscriptions.Query{IDs: c.subscriptions}, 0)
			return err
		}},
		{"subscriptions.CountDomains", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().CountDomains(t.Context(), subscriptions.DomainQuery{IDs: c.domains}, 0)
			return err
		}},
		{"subscriptions.Update", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().Update(t.Context(), c.subscriptions[0], subscriptions.Changes{ExternalID: pointerTo("batch-changed"), ExpiresAt: pointerTo(time.Now().Add(-time.Hour))})
			return err
		}},
		{"subscriptions.Expire", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().Expire(t.Context())
			return err
		}},
		{"subscriptions.ExpireAll", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().ExpireAll(t.Context())
			return err
		}},
		{"subscriptions.AddDomain", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().AddDomain(t.Context(), c.subscriptions[0], "batch-added.example.org")
			return err
		}},
		{"subscriptions.Domain", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().Domain(t.Context(), "batch-added.example.org")
			return err
		}},
		{"subscriptions.Resolve", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().Resolve(t.Context(), "www.batch-added.example.org")
			return err
		}},
		{"subscriptions.RenameDomain", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().RenameDomain(t.Context(), c.domains[0], "batch-renamed.example.org")
			return err
		}},
		{"subscriptions.UpdateDomain", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().UpdateDomain(t.Context(), c.domains[0], subscriptions.DomainChanges{Attributes: map[string]string{"php": "8.4"}})
			return err
		}},
		{"subscriptions.SetMainDomain", func(t *testing.T, m *accounts.Manager, c fixture) error {
			return m.Subscriptions().SetMainDomain(t.Context(), c.domains[len(c.domains)-1])
		}},
		{"subscriptions.SetMainDomain back", func(t *testing.T, m *accounts.Manager, c fixture) error {
			return m.Subscriptions().SetMainDomain(t.Context(), c.main)
		}},
		{"subscriptions.PreviewRemoval", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().PreviewRemoval(t.Context(), c.subscriptions)
			return err
		}},
		{"subscriptions.Suspend", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().Suspend(t.Context(), c.subscriptions, accounts.Hold{})
			return err
		}},
		{"subscriptions.UpdateHolds", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().UpdateHolds(t.Context(), c.subscriptions, accounts.CauseProvider, accounts.HoldTexts{Note: pointerTo("seen")})
			return err
		}},
		{"subscriptions.Activate", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().Activate(t.Context(), c.subscriptions)
			return err
		}},
		{"subscriptions.SuspendDomains", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().SuspendDomains(t.Context(), c.domains, accounts.Hold{})
			return err
		}},
		{"subscriptions.UpdateDomainHolds", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().UpdateDomainHolds(t.Context(), c.domains, accounts.CauseProvider, accounts.HoldTexts{Note: pointerTo("seen")})
			return err
		}},
		{"subscriptions.ActivateDomains", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().ActivateDomains(t.Context(), c.domains)
			return err
		}},
		{"subscriptions.MoveDomains", func(t *testing.T, m *accounts.Manager, c fixture) error {
			to, err := m.Subscriptions().Create(t.Context(), subscriptions.New{AccountID: c.accounts[0], Name: "target"})
			if err != nil {
				return err
			}
			_, err = m.Subscriptions().MoveDomains(t.Context(), c.domains, to.ID)
			return err
		}},
		{"subscriptions.Assign to the provider", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().Assign(t.Context(), c.subscriptions, subscriptions.Provider)
			return err
		}},
		{"subscriptions.Assign to an account", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().Assign(t.Context(), c.subscriptions, c.accounts[0])
			return err
		}},
		{"accounts.PreviewRemoval", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.PreviewRemoval(t.Context(), c.accounts)
			return err
		}},
		{"accounts.List", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.List(t.Context(), accounts.Query{IDs: c.accounts, Limit: 500})
			return err
		}},
		{"subscriptions.Domains", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().Domains(t.Context(), subscriptions.DomainQuery{Limit: 500})
			return err
		}},
		{"subscriptions.RemoveDomains", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().RemoveDomains(t.Context(), c.domains)
			return err
		}},
		{"subscriptions.Remove", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Subscriptions().Remove(t.Context(), c.subscriptions)
			return err
		}},
		{"accounts.Remove", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Remove(t.Context(), c.accounts)
			return err
		}},
		{"subscriptions.RemoveExactly", func(t *testing.T, m *accounts.Manager, c fixture) error {
			r, err := m.Subscriptions().PreviewRemoval(t.Context(), c.due)
			if err != nil {
				return err
			}
			_, err = m.Subscriptions().RemoveExactly(t.Context(), r)
			return err
		}},
		{"accounts.Create with domains", func(t *testing.T, m *accounts.Manager, c fixture) error {
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
		{"accounts.Events", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Events(t.Context(), accounts.EventQuery{})
			return err
		}},
		{"accounts.Head", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.Head(t.Context())
			return err
		}},
		{"accounts.Snapshot", func(t *testing.T, m *accounts.Manager, c fixture) error {
			end := errors.New("two batches are enough")
			n := 0
			_, err := m.Snapshot(t.Context(), func(b accounts.Batch) error {
				if n++; n > 2 && len(b.Accounts) > 0 { // big tables have many
					return end
				}
				return nil
			})
			if errors.Is(err, end) {
				return nil
			}
			return err
		}},
		{"accounts.RemoveExactly", func(t *testing.T, m *accounts.Manager, c fixture) error {
			r, err := m.PreviewRemoval(t.Context(), c.spare)
			if err != nil {
				return err
			}
			_, err = m.RemoveExactly(t.Context(), r)
			return err
		}},
		{"accounts.PruneEvents", func(t *testing.T, m *accounts.Manager, c fixture) error {
			_, err := m.PruneEvents(t.Context(), time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)) // one day of the big log, and no event of another log
			return err
		}},
	}
}

func TestCommandsCoverEveryMethod(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range commands() {
		method, _, _ := strings.Cut(c.name, " ")
		covered[method] = true
	}
	for manager, prefix := range map[reflect.Type]string{
		reflect.TypeFor[*accounts.Manager]():      "accounts.",
		reflect.TypeFor[*accounts.Bucket]():       "accounts.Bucket.",
		reflect.TypeFor[*subscriptions.Manager](): "subscriptions.",
	} {
		for i := range manager.NumMethod() {
			method := manager.Method(i)
			if method.Type.NumIn() < 2 || method.Type.In(1) != reflect.TypeFor[context.Context]() {
				continue // does not use the database
			}
			name := prefix + method.Name
			require.True(t, covered[name] || name == "accounts.Follow", "%s is missing in commands", name) // Follow reads as Events does
		}
	}
}

// Every command runs the same number of statements for 1 and for 100 rows, whether these are named or are descendants.
func TestStatementsDoNotDependOnSize(t *testing.T) {
	counts := map[string][2]int{}
	for i, n := range []int{1, 100} {
		var r recorder
		dsn := pgtest.Shared(t).Database(t)
		s := newStorePool(t, dsn, 2).withDB(pgtest.Open(t, dsn, 2, r.trace))
		store := s.openStore(t)
		m, c := manager(store), populate(t, store, n)
		for _, command := range commands() {
			_, err := m.Head(t.Context()) // numbers events, in a transaction for each thousand
			require.NoError(t, err)
			r.take()
			require.NoError(t, command.run(t, m, c), command.name)
			pair := counts[command.name]
			pair[i] = len(r.take())
			counts[command.name] = pair
		}
	}
	for name, pair := range counts {
		t.Logf("%-40s %d", name, pair[0])
		require.Equal(t, pair[0], pair[1], "statements of %s for 1 and for 100 rows", name)
	}
}

// addEntries puts n entries that have expired and n with a prefix.
func addEntries(t *testing.T, m *accounts.Manager, n int) {
	t.Helper()
	require.NoError(t, m.Transaction(t.Context(), func(ctx context.Context, tx *accounts.Manager) error {
		for i := range n {
			for _, e := range []accounts.Entry{{Key: fmt.Sprintf("prefix/%d", i)}, {Key: fmt.Sprintf("expired/%d", i), ExpiresAt: time.Now()}} {
				if _, err := tx.Bucket("batch").Put(ctx, e, accounts.Any); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// populate creates n accounts with two subscriptions each, a subscription with n domains besides its main one, and n of each
// kind of row that is only removed.
func populate(t *testing.T, store accounts.Store, n int) fixture {
	t.Helper()
	ctx, m := t.Context(), manager(store)
	yesterday := time.Now().Add(-24 * time.Hour)
	early := accounts.NewManager(store, &accounts.Options{Hasher: plain{}, Now: func() time.Time { return yesterday }})
	customer := func(login string) accounts.ID {
		a, err := m.Create(ctx, accounts.New{
			Login: login, Password: "correct horse battery", Contact: accounts.Contact{Name: "Customer"}, ExternalID: "of-" + login,
		})
		require.NoError(t, err)
		return a.ID
	}
	subscription := func(m *accounts.Manager, in subscriptions.New) subscriptions.ID {
		made, err := m.Subscriptions().Create(ctx, in)
		require.NoError(t, err)
		return made.ID
	}
	addEntries(t, m, n)
	var c fixture
	names := []string{"batch.example.net"}
	for i := range n {
		id := customer(fmt.Sprintf("batch%d", i))
		c.accounts = append(c.accounts, id)
		c.subscriptions = append(c.subscriptions, subscription(m, subscriptions.New{AccountID: id, Domains: []string{fmt.Sprintf("batch%d.com", i)}}))
		subscription(m, subscriptions.New{AccountID: id, Domains: []string{fmt.Sprintf("batch%d.org", i)}})
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
