package storagetest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// createManyCases returns the cases about the creation of many accounts in one command.
func createManyCases() []testCase {
	return []testCase{
		{"CreateMany creates accounts as Create does, in the order of the input", createManySame},
		{"CreateMany accepts 1 to 1000 accounts with 10000 domains at most", createManySizes},
		{"CreateMany reports every violation of every account", createManyInvalid},
		{"CreateMany reports everything that is taken, and creates none", createManyTaken},
		{"CreateMany refuses what two of its accounts share", createManyShared},
		{"CreateMany calls AllowDomain, LoginPolicy and PasswordPolicy for each account", createManyPolicies},
		{"of concurrent CreateMany with one login in common exactly one succeeds", raceCreateMany},
		{"CreateMany whose context ends while it hashes creates none", createManyCancelled},
	}
}

// many returns input for n accounts, each with a subscription and a domain.
func many(prefix string, n int) []accounts.New {
	all := make([]accounts.New, n)
	for i := range all {
		login := fmt.Sprintf("%s%d", prefix, i)
		all[i] = suite.WithHash(newAccount(login))
		all[i].ExternalID = "crm-" + login
		all[i].Subscription = &subscriptions.New{Plan: "basic", ExternalID: "order-" + login, Domains: []string{login + ".example"}}
	}
	return all
}

func createManySame(f *fixture) {
	in := many("b", 4)
	in[1].Subscription = nil
	in[1].ExternalID = ""
	in[2].Password, in[2].PasswordHash = password, ""
	in[2].Subscription.Domains = []string{"two.example", "en.two.example", "it.two.example"}
	in[2].Attributes = map[string]string{"vat": "IT1"}
	in[3].Subscription = &subscriptions.New{Name: "expired", ExpiresAt: f.clock.now(), CreatedAt: f.clock.now().Add(-time.Hour)}
	in[3].Login, in[3].CreatedAt = " A3 ", f.clock.now().Add(-48*time.Hour)
	var created []accounts.Account
	var err error
	events := f.eventsOf(func() { created, err = f.clients.CreateMany(f.ctx, in) })
	f.NoError(err)
	f.Len(created, len(in))
	got := f.dump()

	one := newFixture(f.t, f.open)
	for i, n := range in {
		a := one.create(n)
		f.Equal(a.Login, created[i].Login)
		f.Equal(created[i], f.getAccount(created[i].ID))
		if i > 0 {
			f.Greater(created[i].ID, created[i-1].ID)
		}
	}
	want := one.dump()
	f.Len(events, len(want.Events))
	for i := range want.Events { // ids and cursors may differ
		f.Equal(want.Events[i].Type, got.Events[i].Type)
		f.Equal(want.Events[i].Details, got.Events[i].Details)
		f.Equal(want.Events[i].Domain, got.Events[i].Domain)
		f.Equal(want.Events[i].At, got.Events[i].At)
	}
	f.Len(got.Domains, len(want.Domains))
	for i := range want.Accounts {
		a, b := want.Accounts[i], got.Accounts[i]
		f.Equal(want.Hashes[a.ID], got.Hashes[b.ID])
		a.ID, b.ID = 0, 0
		f.Equal(a, b)
	}
	for i := range want.Subscriptions {
		a, b := want.Subscriptions[i], got.Subscriptions[i]
		a.ID, b.ID, a.AccountID, b.AccountID = 0, 0, 0, 0
		f.Equal(a, b)
	}
	for i := range want.Domains {
		f.Equal(want.Domains[i].Name, got.Domains[i].Name)
		f.Equal(want.Domains[i].Main, got.Domains[i].Main)
	}
}

func createManySizes(f *fixture) {
	_, err := f.clients.CreateMany(f.ctx, nil)
	f.invalid(err, "accounts")
	_, err = f.clients.CreateMany(f.ctx, many("m", 1001))
	f.invalid(err, "accounts")
	in := many("m", 11)
	for i := range in {
		for n := range 999 {
			in[i].Subscription.Domains = append(in[i].Subscription.Domains, fmt.Sprintf("d%d-%d.example", i, n))
		}
	}
	_, err = f.clients.CreateMany(f.ctx, in)
	f.invalid(err, "domains")
	created, err := f.clients.CreateMany(f.ctx, many("m", 1000))
	f.NoError(err)
	f.Len(created, 1000)
	n, err := f.subs.CountDomains(f.ctx, subscriptions.DomainQuery{}, 0)
	f.NoError(err)
	f.Equal(1000, n)
}

func createManyInvalid(f *fixture) {
	in := many("m", 4)
	in[0].Login = ""
	in[1].Contact.Name, in[1].Password = "", "short"
	in[3].Subscription.AccountID = 7
	in[3].Subscription.Domains = []string{"good.example", "not a name", "co.uk"}
	in[3].PasswordHash, in[3].Password = "", "root"
	err := f.refused(accounts.ErrInvalid, func() error { _, err := f.clients.CreateMany(f.ctx, in); return err })
	f.invalid(err, "[0].login", "[1].contact.name", "[1].password", "[3].password", "[3].subscription.accountID", "[3].subscription.domains[1]", "[3].subscription.domains[2]")
	var invalid *accounts.InvalidError
	f.ErrorAs(err, &invalid)
	f.Equal("Username is required", invalid.Fields[0].Message)
	f.Equal("Nome utente: campo obbligatorio", invalid.Translate("it")[0].Message)
}

func createManyTaken(f *fixture) {
	_, err := f.clients.CreateMany(f.ctx, many("m", 2))
	f.NoError(err)
	in := many("n", 4)
	in[1].Login, in[1].ExternalID = "M0", "crm-m1"
	in[2].Subscription.ExternalID = "order-m0"
	in[3].Subscription.Domains = []string{"n3.example", "www.m1.example", "M0.example"}
	err = f.refused(accounts.ErrTaken, func() error { _, err := f.clients.CreateMany(f.ctx, in); return err })
	f.taken(err,
		accounts.Taken{Field: "[1].login", Value: "M0"}, accounts.Taken{Field: "[1].externalID", Value: "crm-m1"},
		accounts.Taken{Field: "[2].subscription.externalID", Value: "order-m0"},
		accounts.Taken{Field: "[3].subscription.domains[1]", Value: "www.m1.example"}, accounts.Taken{Field: "[3].subscription.domains[2]", Value: "M0.example"})
}

func createManyShared(f *fixture) {
	in := many("m", 5)
	in[1].Login = "M0"
	in[2].ExternalID = "crm-m0"
	in[3].Subscription.ExternalID = "order-m0"
	in[3].Subscription.Domains = []string{"m3.example", "m0.example", "deep.a.m1.example", "own.m3.example"}
	in[4].Subscription.Domains = []string{"m4.example", "a.m1.example"}
	err := f.refused(accounts.ErrInvalid, func() error { _, err := f.clients.CreateMany(f.ctx, in); return err })
	f.invalid(err,
		"[1].login", "[2].externalID", "[3].subscription.externalID", "[3].subscription.domains[1]",
		"[3].subscription.domains[2]", // below m1.example
		"[4].subscription.domains[1]", // below m1.example
		"[4].subscription.domains[1]", // above deep.a.m1.example
	)
	in = many("m", 2)
	in[0].Subscription.ExternalID, in[1].Subscription.ExternalID = "same", ""
	in[0].ExternalID, in[1].ExternalID = "same", ""
	_, err = f.clients.CreateMany(f.ctx, in)
	f.NoError(err, "an account and a subscription may have the same external id, and several none")
}

func createManyPolicies(f *fixture) {
	var asked []string
	f.useManager(f.manager(func(o *accounts.Options) {
		o.LoginPolicy = func(_ context.Context, login string) error { asked = append(asked, login); return nil }
		o.PasswordPolicy = func(_ context.Context, login, _ string) error {
			asked = append(asked, "password of "+login)
			return nil
		}
		o.AllowDomain = func(_ context.Context, owner accounts.ID, name string) error {
			asked = append(asked, fmt.Sprint(owner, " ", name))
			if strings.HasPrefix(name, "denied") {
				return errRefused
			}
			return nil
		}
	}))
	in := many("m", 3)
	in[1].Password, in[1].PasswordHash = password, ""
	in[2].Subscription.Domains = append(in[2].Subscription.Domains, "denied.example")
	f.refused(errRefused, func() error { _, err := f.clients.CreateMany(f.ctx, in); return err })
	f.ElementsMatch([]string{"m0", "m1", "m2", "password of m1", "0 m0.example", "0 m1.example", "0 m2.example", "0 denied.example"}, asked)
}

func raceCreateMany(f *fixture) {
	for round := range 3 {
		errs := concurrently(4, func(i int) error {
			in := many(fmt.Sprintf("r%d-%d-", round, i), 5)
			in[(i*2)%5].Login = fmt.Sprint("common", round)
			_, err := f.clients.CreateMany(f.ctx, in)
			return err
		})
		winner := f.oneSuccess(errs, accounts.ErrTaken)
		loser := (winner + 1) % 4
		f.taken(errs[loser], accounts.Taken{Field: fmt.Sprintf("[%d].login", (loser*2)%5), Value: fmt.Sprint("common", round)})
	}
	n, err := f.clients.Count(f.ctx, accounts.Query{}, 0)
	f.NoError(err)
	f.Equal(15, n)
}

// cancellingHasher is a plainHasher whose third hash calls cancel.
type cancellingHasher struct {
	plainHasher
	hashes chan struct{}
	cancel func()
}

func (h cancellingHasher) Hash(ctx context.Context, password string) (string, error) {
	select {
	case h.hashes <- struct{}{}:
	default:
		h.cancel()
	}
	return h.plainHasher.Hash(ctx, password)
}

func createManyCancelled(f *fixture) {
	ctx, cancel := context.WithCancel(f.ctx)
	f.useManager(f.manager(func(o *accounts.Options) {
		o.Hasher = cancellingHasher{hashes: make(chan struct{}, 2), cancel: cancel}
	}))
	in := many("m", 50)
	for i := range in {
		in[i].Password, in[i].PasswordHash = password, ""
	}
	err := f.refused(accounts.ErrUnavailable, func() error { _, err := f.clients.CreateMany(ctx, in); return err })
	f.ErrorIs(err, context.Canceled)
	cancel()
}
