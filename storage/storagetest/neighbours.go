package storagetest

import (
	"context"
	"errors"
	"sync"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// neighbourCases are those of rule 9 about names above and below, and about the host's say in who gets a name.
func neighbourCases() []testCase {
	return []testCase{
		{"no account gets a name below or above another's, whichever way it is given", neighboursRefused},
		{"an account's own names may lie below each other", ownNeighbours},
		{"the provider's names count on neither side", providersNames},
		{"names that come along in the same command do not stand in the way", neighboursTogether},
		{"a neighbour may come when the other has gone", neighbourGone},
		{"names of another registrable domain are no neighbours", noNeighbours},
		{"neighbours are found across public suffixes", neighboursAcrossSuffix},
		{"the host is asked about every name that an account newly gets, and about no other", hostIsAsked},
		{"the host's refusal comes back and nothing changes", hostRefuses},
		{"the host is never asked inside a transaction", hostIsAskedOutside},
		{"a name that arrives while the host is asked is asked about too", hostIsAskedAgain},
	}
}

func neighboursRefused(f *fixture) {
	mario := f.account("mario", "mario.example", "deep.sub.mario.example")
	luigi := f.account("luigi", "luigi.example")
	to := f.only(luigi.ID)
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

func ownNeighbours(f *fixture) {
	mario := f.account("mario", "b.a.mario.example", "mario.example", "a.mario.example")
	s := f.subscription(mario.ID, "c.b.a.mario.example")
	f.addDomain(s.ID, "z.mario.example")
	_, err := f.subs.RenameDomain(f.ctx, f.getDomain("z.mario.example").ID, "y.a.mario.example")
	f.NoError(err)
	_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("a.mario.example").ID}, s.ID)
	f.NoError(err)
}

func providersNames(f *fixture) {
	spare := f.subscription(subscriptions.Provider, "provider.example")
	mario := f.account("mario", "mario.provider.example")
	f.account("luigi", "luigi.provider.example")
	f.addDomain(spare.ID, "x.mario.provider.example")
	_, err := f.subs.RenameDomain(f.ctx, f.getDomain("x.mario.provider.example").ID, "y.luigi.provider.example")
	f.NoError(err)
	f.assign(subscriptions.Provider, f.only(mario.ID).ID)
	f.refused(accounts.ErrTaken, func() error {
		_, err := f.subs.Assign(f.ctx, []subscriptions.ID{spare.ID}, mario.ID)
		return err
	})
}

func neighboursTogether(f *fixture) {
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
		_, err := f.subs.MoveDomains(f.ctx, ids, f.only(peach.ID).ID)
		return err
	})
	ids = append(ids, f.getDomain("mario.example").ID)
	_, err := f.subs.MoveDomains(f.ctx, ids, f.only(peach.ID).ID)
	f.NoError(err)
}

func neighbourGone(f *fixture) {
	mario := f.account("mario", "mario.example", "shop.mario.example")
	luigi := f.account("luigi", "luigi.example")
	to := f.only(luigi.ID)
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

func noNeighbours(f *fixture) {
	f.account("mario", "mario.example", "a.co.uk", "mario.github.io")
	f.account("luigi", "notmario.example", "mario.example.org", "b.co.uk", "luigi.github.io", "ario.example")
}

func neighboursAcrossSuffix(f *fixture) {
	// The suffix list has s3.amazonaws.com, and amazonaws.com can be registered.
	f.account("mario", "a.s3.amazonaws.com")
	luigi := f.account("luigi", "luigi.example")
	f.refused(accounts.ErrTaken, func() error {
		_, err := f.subs.AddDomain(f.ctx, f.only(luigi.ID).ID, "amazonaws.com")
		return err
	})
}

// allower is a host's AllowDomain that remembers what it was asked.
type allower struct {
	mu    sync.Mutex
	names map[accounts.ID][]string
	meet  func(name string) error
}

func (a *allower) allow(_ context.Context, owner accounts.ID, name string) error {
	a.mu.Lock()
	if a.names == nil {
		a.names = map[accounts.ID][]string{}
	}
	a.names[owner] = append(a.names[owner], name)
	a.mu.Unlock()
	if a.meet == nil {
		return nil
	}
	return a.meet(name)
}

// take answers what was asked since the last time.
func (a *allower) take() map[accounts.ID][]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	names := a.names
	a.names = nil
	return names
}

func hostIsAsked(f *fixture) {
	host := &allower{}
	f.use(f.manager(func(o *accounts.Options) { o.AllowDomain = host.allow }))
	mario := f.account("mario", "mario.example", "BÜCHER.example")
	f.Equal(map[accounts.ID][]string{0: {"mario.example", "xn--bcher-kva.example"}}, host.take(), "of a new account")
	second := f.subscription(mario.ID, "second.example")
	f.Equal(map[accounts.ID][]string{mario.ID: {"second.example"}}, host.take())
	d := f.addDomain(second.ID, "third.example")
	f.Equal(map[accounts.ID][]string{mario.ID: {"third.example"}}, host.take())
	_, err := f.subs.RenameDomain(f.ctx, d.ID, "fourth.example")
	f.NoError(err)
	f.Equal(map[accounts.ID][]string{mario.ID: {"fourth.example"}}, host.take())

	spare := f.subscription(subscriptions.Provider, "spare.example", "en.spare.example")
	f.addDomain(spare.ID, "it.spare.example")
	_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{d.ID}, f.getDomain("mario.example").SubscriptionID)
	f.NoError(err)
	f.assign(mario.ID, second.ID)
	_, err = f.subs.RenameDomain(f.ctx, d.ID, "fourth.example")
	f.NoError(err)
	f.Empty(host.take(), "neither the provider's names nor those that an account has already")

	_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("it.spare.example").ID}, second.ID)
	f.NoError(err)
	f.Equal(map[accounts.ID][]string{mario.ID: {"it.spare.example"}}, host.take())
	f.assign(mario.ID, spare.ID, second.ID)
	f.Equal(map[accounts.ID][]string{mario.ID: {"spare.example", "en.spare.example"}}, host.take())
}

func hostRefuses(f *fixture) {
	no := errors.New("not this one")
	host := &allower{meet: func(name string) error {
		if name == "bad.example" {
			return no
		}
		return nil
	}}
	f.use(f.manager(func(o *accounts.Options) { o.AllowDomain = host.allow }))
	e := f.estate()
	bad := f.subscription(subscriptions.Provider, "good.example", "bad.example")
	in := newAccount("peach")
	in.Subscription = &subscriptions.New{Domains: []string{"peach.example", "bad.example"}}
	f.unchanged(func() {
		_, err := f.clients.Create(f.ctx, in)
		f.ErrorIs(err, no)
		_, err = f.subs.Create(f.ctx, subscriptions.New{AccountID: e.mario.ID, Domains: []string{"bad.example"}})
		f.ErrorIs(err, no)
		_, err = f.subs.Assign(f.ctx, []subscriptions.ID{e.spare.ID, bad.ID}, e.mario.ID)
		f.ErrorIs(err, no)
		_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("bad.example").ID}, e.blog.ID)
		f.ErrorIs(err, no)
	})
	_, err := f.subs.Remove(f.ctx, []subscriptions.ID{bad.ID})
	f.NoError(err)
	f.unchanged(func() {
		_, err := f.subs.AddDomain(f.ctx, e.blog.ID, "bad.example")
		f.ErrorIs(err, no)
		_, err = f.subs.RenameDomain(f.ctx, f.getDomain("blog.example").ID, "bad.example")
		f.ErrorIs(err, no)
	})
}

func hostIsAskedOutside(f *fixture) {
	e := f.estate()
	plain := f.clients
	host := &allower{meet: func(name string) error { // a command of its own, which would wait for ever inside of one
		_, err := plain.Suspend(f.ctx, []accounts.ID{e.mario.ID}, accounts.Hold{Note: name})
		return err
	}}
	f.use(f.manager(func(o *accounts.Options) { o.AllowDomain = host.allow }))
	f.account("peach", "peach.example")
	f.subscription(e.mario.ID, "new.example")
	f.addDomain(e.blog.ID, "added.example")
	_, err := f.subs.RenameDomain(f.ctx, f.getDomain("blog.example").ID, "renamed.example")
	f.NoError(err)
	f.assign(e.mario.ID, e.spare.ID)
	_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("added.example").ID}, e.game.ID)
	f.NoError(err)
	f.Len(host.take(), 3)
}

func hostIsAskedAgain(f *fixture) {
	e := f.estate()
	plain := f.subs
	late := sync.OnceValue(func() error {
		_, err := plain.AddDomain(f.ctx, e.spare.ID, "late.example")
		return err
	})
	host := &allower{meet: func(string) error { return late() }}
	f.use(f.manager(func(o *accounts.Options) { o.AllowDomain = host.allow }))
	f.assign(e.luigi.ID, e.spare.ID)
	f.Equal(e.luigi.ID, f.getDomain("late.example").AccountID)
	f.Contains(host.take()[e.luigi.ID], "late.example")

	owners := sync.OnceValue(func() error {
		_, err := plain.Assign(f.ctx, []subscriptions.ID{e.blog.ID}, e.luigi.ID)
		return err
	})
	host.meet = func(string) error { return owners() }
	d := f.addDomain(e.blog.ID, "contested.example")
	f.Equal(e.luigi.ID, d.AccountID)
	f.Contains(host.take()[e.luigi.ID], "contested.example", "the owner is another than the one who was asked about")
}
