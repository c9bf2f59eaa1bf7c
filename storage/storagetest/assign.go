package storagetest

import (
	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// assignCases returns the cases about the assignment of subscriptions and moves of domains.
func assignCases() []testCase {
	return []testCase{
		{"a subscription is assigned to an account with its domains and holds", assignToAccount},
		{"a subscription is assigned back to the provider", assignToProvider},
		{"an assignment raises the version by one", assignRaisesVersion},
		{"a moved domain keeps its id and holds and is not the main one", moveKeeps},
		{"of the domains moved to an empty subscription the one with the lowest id becomes its main domain", moveIntoEmpty},
		{"a main domain can only be moved together with all domains of its subscription", moveMain},
		{"the counts in lists follow every change of owner", countsFollow},
	}
}

func assignToAccount(f *fixture) {
	data := f.seed()
	f.suspendSubscription(data.spare.ID, accounts.Hold{Cause: accounts.CauseBilling, Note: "n"})
	f.suspendDomain("spare.example", accounts.Hold{Cause: accounts.CauseAbuse, Note: "n"})
	before := f.getSubscription(data.spare.ID)
	f.clock.advance(1e9)
	out, err := f.subs.Assign(f.ctx, []subscriptions.ID{data.spare.ID, data.blog.ID}, data.mario.ID)
	f.NoError(err)
	f.Equal(subscriptions.Outcome[subscriptions.ID]{Changed: []subscriptions.ID{data.spare.ID}, Unchanged: []subscriptions.ID{data.blog.ID}}, out)

	before.AccountID, before.Version, before.UpdatedAt = data.mario.ID, before.Version+1, f.clock.storedNow()
	f.Equal(before, f.getSubscription(data.spare.ID))
	d := f.getDomain("spare.example")
	f.Equal(data.mario.ID, d.AccountID)
	f.Len(d.Holds, 1)
	f.Len(d.SuspendedBy(), 2)
	f.Equal(data.mario.ID, f.getDomain("en.spare.example").AccountID)
	f.Len(f.domains(subscriptions.DomainQuery{AccountID: &data.mario.ID}), 6)
	f.Empty(f.domains(subscriptions.DomainQuery{AccountID: ptr(subscriptions.Provider)}))
}

func assignToProvider(f *fixture) {
	data := f.seed()
	f.assign(subscriptions.Provider, data.blog.ID, data.game.ID)
	f.Equal(subscriptions.Provider, f.getSubscription(data.blog.ID).AccountID)
	f.Equal(subscriptions.Provider, f.getDomain("blog.example").AccountID)
	removed := f.remove(data.mario.ID, data.luigi.ID)
	f.Equal([]subscriptions.ID{data.shop.ID}, removed.Subscriptions)
	f.hasStatus(accounts.Active, "blog.example", "en.blog.example", "game.example")
}

func assignRaisesVersion(f *fixture) {
	data := f.seed()
	f.assign(data.luigi.ID, data.blog.ID, data.game.ID)
	f.EqualValues(2, f.getSubscription(data.blog.ID).Version)
	f.EqualValues(1, f.getSubscription(data.game.ID).Version, "already assigned to Luigi, so unchanged")
	f.assign(subscriptions.Provider, data.blog.ID)
	f.EqualValues(3, f.getSubscription(data.blog.ID).Version)
}

func moveKeeps(f *fixture) {
	data := f.seed()
	f.suspendDomain("en.blog.example", accounts.Hold{Cause: accounts.CauseAbuse, Note: "n"})
	before := f.getDomain("en.blog.example")
	subscriptionsBefore := f.dump().Subscriptions
	out, err := f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{before.ID}, data.shop.ID)
	f.NoError(err)
	f.Equal([]subscriptions.DomainID{before.ID}, out.Changed)
	before.SubscriptionID = data.shop.ID
	f.Equal(before, f.getDomain("en.blog.example"))
	f.False(before.Main, "en.blog.example was never the main domain")
	f.Equal(subscriptionsBefore, f.dump().Subscriptions, "moving a domain must not change Version or UpdatedAt of its subscriptions")
}

func moveIntoEmpty(f *fixture) {
	data := f.seed()
	empty := f.subscription(data.mario.ID)
	ids := []subscriptions.DomainID{f.getDomain("en.shop.example").ID, f.getDomain("en.blog.example").ID}
	_, err := f.subs.MoveDomains(f.ctx, ids, empty.ID)
	f.NoError(err)
	f.True(f.getDomain("en.blog.example").Main, "the domain with the lowest id must become the main one")
	f.False(f.getDomain("en.shop.example").Main, "en.shop.example must not be the main domain")
	f.True(f.getDomain("blog.example").Main, "blog.example must be the main domain")
}

func moveMain(f *fixture) {
	data := f.seed()
	main, second := f.getDomain("blog.example").ID, f.getDomain("en.blog.example").ID
	err := f.refused(accounts.ErrInvalid, func() error {
		_, err := f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{main}, data.shop.ID)
		return err
	})
	f.invalid(err, "ids")
	_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{second, main}, data.shop.ID)
	f.NoError(err)
	f.False(f.getDomain("blog.example").Main, "blog.example must not be the main domain")
	f.True(f.getDomain("shop.example").Main, "shop.example must be the main domain")
	f.Empty(f.domains(subscriptions.DomainQuery{SubscriptionID: data.blog.ID}))
	f.True(f.addDomain(data.blog.ID, "again.example").Main, "the first domain added to an emptied subscription must be its main one")
}

func countsFollow(f *fixture) {
	data := f.seed()
	f.hasCounts(data, 2, 4, 1, 2)
	f.assign(data.luigi.ID, data.spare.ID, data.blog.ID)
	f.hasCounts(data, 1, 2, 3, 6)
	f.addDomain(data.shop.ID, "third.example")
	f.hasCounts(data, 1, 3, 3, 6)
	_, err := f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("third.example").ID}, data.game.ID)
	f.NoError(err)
	f.hasCounts(data, 1, 2, 3, 7)
	_, err = f.subs.RemoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("en.game.example").ID, f.getDomain("en.shop.example").ID})
	f.NoError(err)
	f.hasCounts(data, 1, 1, 3, 6)
	_, err = f.subs.Remove(f.ctx, []subscriptions.ID{data.game.ID})
	f.NoError(err)
	f.hasCounts(data, 1, 1, 2, 4)
	f.assign(subscriptions.Provider, data.blog.ID, data.shop.ID)
	f.hasCounts(data, 0, 0, 1, 2)
	f.clock.advance(1e9)
	_, err = f.clients.Update(f.ctx, data.luigi.ID, accounts.Changes{Login: ptr("luigi-two")})
	f.NoError(err)
	f.hasCounts(data, 0, 0, 1, 2)
}

// hasCounts asserts the numbers of subscriptions and domains that List returns, first Mario's and then Luigi's.
func (f *fixture) hasCounts(data fixtureData, want ...int) {
	f.t.Helper()
	p, err := f.clients.List(f.ctx, accounts.Query{IDs: []accounts.ID{data.mario.ID, data.luigi.ID}})
	f.NoError(err)
	f.Len(p.Items, 2)
	m, l := p.Items[0], p.Items[1]
	f.Equal(want, []int{m.Subscriptions, m.Domains, l.Subscriptions, l.Domains})
}
