package storagetest

import (
	"context"
	"errors"
	"sync"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// domainOwnershipCases returns the cases about which names an account may get: no subdomain or parent domain of another
// account's domain, and no name that Options.AllowDomain refuses.
func domainOwnershipCases() []testCase {
	return []testCase{
		{"no command gives an account a subdomain or parent domain of another account's domain", conflictsRefused},
		{"an account may have subdomains of its domains in any of its subscriptions", ownSubdomains},
		{"domains of the provider conflict with no other domain", providerDomains},
		{"a domain and its subdomains can be transferred in one command", transferredTogether},
		{"a name can be added after the conflicting domain was renamed or removed", conflictGone},
		{"names below different registrable domains do not conflict", noConflict},
		{"conflicts are found across public suffixes", conflictAcrossSuffix},
		{"AllowDomain is called for every name that an account newly gets and for no other", allowDomainCalls},
		{"an error of AllowDomain is returned and nothing changes", allowDomainRefuses},
		{"AllowDomain is never called inside a transaction", allowDomainOutside},
		{"AllowDomain is called again if names or owners change while it runs", allowDomainAgain},
	}
}

func conflictsRefused(f *fixture) {
	mario := f.account("mario", "mario.example", "deep.sub.mario.example")
	luigi := f.account("luigi", "luigi.example")
	to := f.onlySubscription(luigi.ID)
	f.account("peach", "shop.peach.example")
	for _, name := range []string{
		"sub.mario.example", "a.b.c.mario.example", "very.deep.sub.mario.example", "peach.example", "x.shop.peach.example",
	} {
		f.unchanged(func() {
			in := newAccount("toad")
			in.Subscription = &subscriptions.New{Domains: []string{"toad.example", name}}
			_, err := f.clients.Create(f.ctx, in)
			f.taken(err, accounts.Taken{Field: "subscription.domains[1]", Value: name})
			_, err = f.subs.Create(f.ctx, subscriptions.New{AccountID: luigi.ID, Domains: []string{name}})
			f.taken(err, accounts.Taken{Field: "domains[0]", Value: name})
			_, err = f.subs.AddDomain(f.ctx, to.ID, name)
			f.taken(err, accounts.Taken{Field: "name", Value: name})
			_, err = f.subs.RenameDomain(f.ctx, f.getDomain("luigi.example").ID, name)
			f.taken(err, accounts.Taken{Field: "name", Value: name})
		})
		spare := f.subscription(subscriptions.Provider, "main.example", name)
		f.unchanged(func() {
			_, err := f.subs.Assign(f.ctx, []subscriptions.ID{spare.ID}, luigi.ID)
			f.taken(err, accounts.Taken{Field: "ids", Value: name})
			_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain(name).ID}, to.ID)
			f.taken(err, accounts.Taken{Field: "ids", Value: name})
		})
		_, err := f.subs.Remove(f.ctx, []subscriptions.ID{spare.ID})
		f.NoError(err)
	}
	part := []subscriptions.DomainID{f.getDomain("deep.sub.mario.example").ID}
	f.unchanged(func() {
		_, err := f.subs.MoveDomains(f.ctx, part, to.ID)
		f.taken(err, accounts.Taken{Field: "ids", Value: "deep.sub.mario.example"})
	})
	f.Equal(mario.ID, f.getDomain("deep.sub.mario.example").AccountID)
}

func ownSubdomains(f *fixture) {
	mario := f.account("mario", "b.a.mario.example", "mario.example", "a.mario.example")
	s := f.subscription(mario.ID, "c.b.a.mario.example")
	f.addDomain(s.ID, "z.mario.example")
	_, err := f.subs.RenameDomain(f.ctx, f.getDomain("z.mario.example").ID, "y.a.mario.example")
	f.NoError(err)
	_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("a.mario.example").ID}, s.ID)
	f.NoError(err)
}

func providerDomains(f *fixture) {
	spare := f.subscription(subscriptions.Provider, "provider.example")
	mario := f.account("mario", "mario.provider.example")
	f.account("luigi", "luigi.provider.example")
	f.addDomain(spare.ID, "x.mario.provider.example")
	_, err := f.subs.RenameDomain(f.ctx, f.getDomain("x.mario.provider.example").ID, "y.luigi.provider.example")
	f.NoError(err)
	f.assign(subscriptions.Provider, f.onlySubscription(mario.ID).ID)
	f.refused(accounts.ErrTaken, func() error {
		_, err := f.subs.Assign(f.ctx, []subscriptions.ID{spare.ID}, mario.ID)
		return err
	})
}

func transferredTogether(f *fixture) {
	mario := f.account("mario", "mario.example")
	second := f.subscription(mario.ID, "shop.mario.example", "eu.shop.mario.example")
	luigi := f.account("luigi", "luigi.example")
	first := f.getDomain("mario.example").SubscriptionID
	for _, part := range []subscriptions.ID{first, second.ID} {
		f.refused(accounts.ErrTaken, func() error {
			_, err := f.subs.Assign(f.ctx, []subscriptions.ID{part}, luigi.ID)
			return err
		})
	}
	f.assign(luigi.ID, first, second.ID)
	f.Equal(luigi.ID, f.getDomain("eu.shop.mario.example").AccountID)

	peach := f.account("peach", "peach.example")
	ids := []subscriptions.DomainID{f.getDomain("shop.mario.example").ID, f.getDomain("eu.shop.mario.example").ID}
	f.refused(accounts.ErrTaken, func() error {
		_, err := f.subs.MoveDomains(f.ctx, ids, f.onlySubscription(peach.ID).ID)
		return err
	})
	ids = append(ids, f.getDomain("mario.example").ID)
	_, err := f.subs.MoveDomains(f.ctx, ids, f.onlySubscription(peach.ID).ID)
	f.NoError(err)
}

func conflictGone(f *fixture) {
	mario := f.account("mario", "mario.example", "shop.mario.example")
	luigi := f.account("luigi", "luigi.example")
	to := f.onlySubscription(luigi.ID)
	_, err := f.subs.RenameDomain(f.ctx, f.getDomain("mario.example").ID, "other.example")
	f.NoError(err)
	f.addDomain(to.ID, "blog.mario.example")
	f.addDomain(to.ID, "sister-of-shop.mario.example")
	f.refused(accounts.ErrTaken, func() error {
		_, err := f.subs.AddDomain(f.ctx, to.ID, "mario.example")
		return err
	})
	f.remove(mario.ID)
	f.addDomain(to.ID, "mario.example")
}

func noConflict(f *fixture) {
	f.account("mario", "mario.example", "a.co.uk", "mario.github.io")
	f.account("luigi", "notmario.example", "mario.example.org", "b.co.uk", "luigi.github.io", "ario.example")
	// The other way round: names that begin or end like one that is added later.
	f.account("peach", "toad-shop.example", "www.toad-shop.example", "toad0.example", "www.toadz.example", "not-toad.example", "nottoad.example")
	f.account("toad", "toad.example")
}

func conflictAcrossSuffix(f *fixture) {
	// The public suffix list has s3.amazonaws.com, while amazonaws.com itself can be registered.
	f.account("mario", "a.s3.amazonaws.com")
	luigi := f.account("luigi", "luigi.example")
	f.refused(accounts.ErrTaken, func() error {
		_, err := f.subs.AddDomain(f.ctx, f.onlySubscription(luigi.ID).ID, "amazonaws.com")
		return err
	})
}

// allowRecorder implements Options.AllowDomain and records its calls.
type allowRecorder struct {
	mu     sync.Mutex
	names  map[accounts.ID][]string
	result func(name string) error // returns the result of a call; nil: every name is allowed
}

func (a *allowRecorder) allow(_ context.Context, owner accounts.ID, name string) error {
	a.mu.Lock()
	if a.names == nil {
		a.names = map[accounts.ID][]string{}
	}
	a.names[owner] = append(a.names[owner], name)
	a.mu.Unlock()
	if a.result == nil {
		return nil
	}
	return a.result(name)
}

// take returns the names of all calls since the last take, by account.
func (a *allowRecorder) take() map[accounts.ID][]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	names := a.names
	a.names = nil
	return names
}

func allowDomainCalls(f *fixture) {
	recorder := &allowRecorder{}
	f.useManager(f.manager(func(o *accounts.Options) { o.AllowDomain = recorder.allow }))
	mario := f.account("mario", "mario.example", "BÜCHER.example")
	f.Equal(map[accounts.ID][]string{0: {"mario.example", "xn--bcher-kva.example"}}, recorder.take(), "the account id is 0 while the account is created")
	second := f.subscription(mario.ID, "second.example")
	f.Equal(map[accounts.ID][]string{mario.ID: {"second.example"}}, recorder.take())
	d := f.addDomain(second.ID, "third.example")
	f.Equal(map[accounts.ID][]string{mario.ID: {"third.example"}}, recorder.take())
	_, err := f.subs.RenameDomain(f.ctx, d.ID, "fourth.example")
	f.NoError(err)
	f.Equal(map[accounts.ID][]string{mario.ID: {"fourth.example"}}, recorder.take())

	spare := f.subscription(subscriptions.Provider, "spare.example", "en.spare.example")
	f.addDomain(spare.ID, "it.spare.example")
	_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{d.ID}, f.getDomain("mario.example").SubscriptionID)
	f.NoError(err)
	f.assign(mario.ID, second.ID)
	_, err = f.subs.RenameDomain(f.ctx, d.ID, "fourth.example")
	f.NoError(err)
	f.Empty(recorder.take(), "AllowDomain must not be called for names of the provider or names that the account already has")

	_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("it.spare.example").ID}, second.ID)
	f.NoError(err)
	f.Equal(map[accounts.ID][]string{mario.ID: {"it.spare.example"}}, recorder.take())
	f.assign(mario.ID, spare.ID, second.ID)
	f.Equal(map[accounts.ID][]string{mario.ID: {"spare.example", "en.spare.example"}}, recorder.take())
}

func allowDomainRefuses(f *fixture) {
	errNotAllowed := errors.New("domain not allowed")
	recorder := &allowRecorder{result: func(name string) error {
		if name == "bad.example" {
			return errNotAllowed
		}
		return nil
	}}
	f.useManager(f.manager(func(o *accounts.Options) { o.AllowDomain = recorder.allow }))
	data := f.seed()
	bad := f.subscription(subscriptions.Provider, "good.example", "bad.example")
	in := newAccount("peach")
	in.Subscription = &subscriptions.New{Domains: []string{"peach.example", "bad.example"}}
	f.unchanged(func() {
		_, err := f.clients.Create(f.ctx, in)
		f.ErrorIs(err, errNotAllowed)
		_, err = f.subs.Create(f.ctx, subscriptions.New{AccountID: data.mario.ID, Domains: []string{"bad.example"}})
		f.ErrorIs(err, errNotAllowed)
		_, err = f.subs.Assign(f.ctx, []subscriptions.ID{data.spare.ID, bad.ID}, data.mario.ID)
		f.ErrorIs(err, errNotAllowed)
		_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("bad.example").ID}, data.blog.ID)
		f.ErrorIs(err, errNotAllowed)
	})
	_, err := f.subs.Remove(f.ctx, []subscriptions.ID{bad.ID})
	f.NoError(err)
	f.unchanged(func() {
		_, err := f.subs.AddDomain(f.ctx, data.blog.ID, "bad.example")
		f.ErrorIs(err, errNotAllowed)
		_, err = f.subs.RenameDomain(f.ctx, f.getDomain("blog.example").ID, "bad.example")
		f.ErrorIs(err, errNotAllowed)
	})
}

func allowDomainOutside(f *fixture) {
	data := f.seed()
	clients := f.clients
	// AllowDomain runs a command, which would wait forever if AllowDomain were called inside a transaction.
	recorder := &allowRecorder{result: func(name string) error {
		_, err := clients.Suspend(f.ctx, []accounts.ID{data.mario.ID}, accounts.Hold{Note: name})
		return err
	}}
	f.useManager(f.manager(func(o *accounts.Options) { o.AllowDomain = recorder.allow }))
	f.account("peach", "peach.example")
	f.subscription(data.mario.ID, "new.example")
	f.addDomain(data.blog.ID, "added.example")
	_, err := f.subs.RenameDomain(f.ctx, f.getDomain("blog.example").ID, "renamed.example")
	f.NoError(err)
	f.assign(data.mario.ID, data.spare.ID)
	_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("added.example").ID}, data.game.ID)
	f.NoError(err)
	f.Len(recorder.take(), 3)
}

func allowDomainAgain(f *fixture) {
	data := f.seed()
	subs := f.subs
	addLate := sync.OnceValue(func() error {
		_, err := subs.AddDomain(f.ctx, data.spare.ID, "late.example")
		return err
	})
	recorder := &allowRecorder{result: func(string) error { return addLate() }}
	f.useManager(f.manager(func(o *accounts.Options) { o.AllowDomain = recorder.allow }))
	f.assign(data.luigi.ID, data.spare.ID)
	f.Equal(data.luigi.ID, f.getDomain("late.example").AccountID)
	f.Contains(recorder.take()[data.luigi.ID], "late.example")

	reassign := sync.OnceValue(func() error {
		_, err := subs.Assign(f.ctx, []subscriptions.ID{data.blog.ID}, data.luigi.ID)
		return err
	})
	recorder.result = func(string) error { return reassign() }
	d := f.addDomain(data.blog.ID, "contested.example")
	f.Equal(data.luigi.ID, d.AccountID)
	f.Contains(recorder.take()[data.luigi.ID], "contested.example", "the owner changed during the first call, so AllowDomain must be called for the new owner")
}
