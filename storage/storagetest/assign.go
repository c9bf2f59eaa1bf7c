package storagetest

import (
	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// assignCases are about what changes hands.
func assignCases() []testCase {
	return []testCase{
		{"a subscription goes to an account with its domains and holds", assignGives},
		{"the provider takes a subscription back", assignTakesBack},
		{"an assignment raises the version by one", assignRaisesVersion},
		{"a moved domain keeps its id and holds and is not the main one", moveKeeps},
		{"the first domain moved into an empty subscription becomes its main one", moveIntoEmpty},
		{"a main domain moves only with all of its subscription's domains", moveMain},
		{"lists count what an account has after each change of hands", countsFollow},
	}
}

func assignGives(f *fixture) {
	e := f.estate()
	f.suspendSubscription(e.spare.ID, accounts.Hold{Cause: accounts.CauseBilling, Note: "n"})
	f.suspendDomain("spare.example", accounts.Hold{Cause: accounts.CauseAbuse, Note: "n"})
	before := f.getSubscription(e.spare.ID)
	f.clock.advance(1e9)
	out, err := f.subs.Assign(f.ctx, []subscriptions.ID{e.spare.ID, e.blog.ID}, e.mario.ID)
	f.NoError(err)
	f.Equal(subscriptions.Outcome[subscriptions.ID]{Changed: []subscriptions.ID{e.spare.ID}, Unchanged: []subscriptions.ID{e.blog.ID}}, out)

	before.AccountID, before.Version, before.UpdatedAt = e.mario.ID, before.Version+1, f.clock.stored()
	f.Equal(before, f.getSubscription(e.spare.ID))
	d := f.getDomain("spare.example")
	f.Equal(e.mario.ID, d.AccountID)
	f.Len(d.Holds, 1)
	f.Len(d.SuspendedBy(), 2)
	f.Equal(e.mario.ID, f.getDomain("en.spare.example").AccountID)
	f.Len(f.domains(subscriptions.DomainQuery{AccountID: &e.mario.ID}), 6)
	f.Empty(f.domains(subscriptions.DomainQuery{AccountID: point(subscriptions.Provider)}))
}

func assignTakesBack(f *fixture) {
	e := f.estate()
	f.assign(subscriptions.Provider, e.blog.ID, e.game.ID)
	f.Equal(subscriptions.Provider, f.getSubscription(e.blog.ID).AccountID)
	f.Equal(subscriptions.Provider, f.getDomain("blog.example").AccountID)
	gone := f.remove(e.mario.ID, e.luigi.ID)
	f.Equal([]subscriptions.ID{e.shop.ID}, gone.Subscriptions)
	f.sites(accounts.Active, "blog.example", "en.blog.example", "game.example")
}

func assignRaisesVersion(f *fixture) {
	e := f.estate()
	f.assign(e.luigi.ID, e.blog.ID, e.game.ID)
	f.EqualValues(2, f.getSubscription(e.blog.ID).Version)
	f.EqualValues(1, f.getSubscription(e.game.ID).Version, "it was Luigi's already")
	f.assign(subscriptions.Provider, e.blog.ID)
	f.EqualValues(3, f.getSubscription(e.blog.ID).Version)
}

func moveKeeps(f *fixture) {
	e := f.estate()
	f.suspendDomain("en.blog.example", accounts.Hold{Cause: accounts.CauseAbuse, Note: "n"})
	before := f.getDomain("en.blog.example")
	subscriptionsBefore := f.dump().Subscriptions
	out, err := f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{before.ID}, e.shop.ID)
	f.NoError(err)
	f.Equal([]subscriptions.DomainID{before.ID}, out.Changed)
	before.SubscriptionID = e.shop.ID
	f.Equal(before, f.getDomain("en.blog.example"))
	f.False(before.Main)
	f.Equal(subscriptionsBefore, f.dump().Subscriptions, "domains touch neither version nor UpdatedAt")
}

func moveIntoEmpty(f *fixture) {
	e := f.estate()
	empty := f.subscription(e.mario.ID)
	ids := []subscriptions.DomainID{f.getDomain("en.shop.example").ID, f.getDomain("en.blog.example").ID}
	_, err := f.subs.MoveDomains(f.ctx, ids, empty.ID)
	f.NoError(err)
	f.True(f.getDomain("en.blog.example").Main, "the one with the lowest id")
	f.False(f.getDomain("en.shop.example").Main)
	f.True(f.getDomain("blog.example").Main)
}

func moveMain(f *fixture) {
	e := f.estate()
	main, second := f.getDomain("blog.example").ID, f.getDomain("en.blog.example").ID
	err := f.refused(accounts.ErrInvalid, func() error {
		_, err := f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{main}, e.shop.ID)
		return err
	})
	f.invalid(err, "ids")
	_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{second, main}, e.shop.ID)
	f.NoError(err)
	f.False(f.getDomain("blog.example").Main)
	f.True(f.getDomain("shop.example").Main)
	f.Empty(f.domains(subscriptions.DomainQuery{SubscriptionID: e.blog.ID}))
	f.True(f.addDomain(e.blog.ID, "again.example").Main, "the first domain of an emptied subscription")
}

func countsFollow(f *fixture) {
	e := f.estate()
	f.counts(e, 2, 4, 1, 2)
	f.assign(e.luigi.ID, e.spare.ID, e.blog.ID)
	f.counts(e, 1, 2, 3, 6)
	f.addDomain(e.shop.ID, "third.example")
	f.counts(e, 1, 3, 3, 6)
	_, err := f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("third.example").ID}, e.game.ID)
	f.NoError(err)
	f.counts(e, 1, 2, 3, 7)
	_, err = f.subs.RemoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("en.game.example").ID, f.getDomain("en.shop.example").ID})
	f.NoError(err)
	f.counts(e, 1, 1, 3, 6)
	_, err = f.subs.Remove(f.ctx, []subscriptions.ID{e.game.ID})
	f.NoError(err)
	f.counts(e, 1, 1, 2, 4)
	f.assign(subscriptions.Provider, e.blog.ID, e.shop.ID)
	f.counts(e, 0, 0, 1, 2)
	f.clock.advance(1e9)
	_, err = f.clients.Update(f.ctx, e.luigi.ID, accounts.Changes{Login: point("luigi-two")})
	f.NoError(err)
	f.counts(e, 0, 0, 1, 2)
}

// counts asserts what the list says of Mario's and Luigi's subscriptions and domains.
func (f *fixture) counts(e estate, want ...int) {
	f.t.Helper()
	p, err := f.clients.List(f.ctx, accounts.Query{IDs: []accounts.ID{e.mario.ID, e.luigi.ID}})
	f.NoError(err)
	f.Len(p.Items, 2)
	m, l := p.Items[0], p.Items[1]
	f.Equal(want, []int{m.Subscriptions, m.Domains, l.Subscriptions, l.Domains})
}
