package storagetest

import (
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// removalCases are those of rule 6.
func removalCases() []testCase {
	return []testCase{
		{"removing accounts takes everything below and names it all", removeNames},
		{"every removed thing has an event of its own", removeTells},
		{"a preview names what would go and takes nothing", previewNames},
		{"what was previewed is removed when it is still exactly that", removePreviewed},
		{"what was previewed is not removed when there is more or less by then", removePreviewedChanged},
		{"subscriptions are removed as previewed, or not at all", removeSubscriptionsPreviewed},
		{"logins, external ids and names are free again", removedIsFree},
		{"a suspended account is removed without being activated", removeSuspended},
		{"a subscription is removed with its domains, and its account stays", removeSubscription},
		{"a domain is removed, and its subscription stays", removeDomain},
		{"a main domain is removed only with all of its subscription's", removeMain},
		{"texts go from the events of what is removed, and from no others", removeRedacts},
		{"texts of what changed hands go with it and not with who had it", redactionFollows},
		{"what is removed is gone from every list and look-up", removedIsGone},
	}
}

func removeNames(f *fixture) {
	e := f.estate()
	f.addDomain(e.shop.ID, "zz.example")
	f.addDomain(e.blog.ID, "0.example")
	f.Equal(accounts.Removal{
		Accounts: []accounts.ID{e.mario.ID, e.luigi.ID}, Subscriptions: []subscriptions.ID{e.blog.ID, e.shop.ID, e.game.ID},
		Domains: []string{
			"0.example", "blog.example", "en.blog.example", "en.game.example", "en.shop.example", "game.example",
			"shop.example", "zz.example",
		},
	}, f.remove(e.luigi.ID, e.mario.ID))
	left := f.dump()
	f.Empty(left.Accounts)
	f.Len(left.Subscriptions, 1)
	f.Len(left.Domains, 2)
}

func removeTells(f *fixture) {
	in := newAccount("mario")
	in.ExternalID = "crm-1"
	in.Subscription = &subscriptions.New{ExternalID: "order-1", Domains: []string{"mario.example", "en.mario.example"}}
	mario := f.create(in)
	s, one, two := f.only(mario.ID), f.getDomain("mario.example"), f.getDomain("en.mario.example")
	f.clock.advance(1e9)
	events := withoutCursors(f.recorded(func() { f.remove(mario.ID) }))

	e := accounts.Event{At: f.clock.stored(), Actor: actor, AccountID: mario.ID}
	account, subscription, first, second := e, e, e, e
	account.Type, account.Details = subscriptions.AccountRemoved, map[string]string{"externalID": "crm-1"}
	subscription.Type, subscription.SubscriptionID = subscriptions.SubscriptionRemoved, s.ID
	subscription.Details = map[string]string{"externalID": "order-1"}
	first.Type, first.SubscriptionID, first.DomainID, first.Domain = subscriptions.DomainRemoved, s.ID, one.ID, one.Name
	second.Type, second.SubscriptionID, second.DomainID, second.Domain = subscriptions.DomainRemoved, s.ID, two.ID, two.Name
	f.ElementsMatch([]accounts.Event{account, subscription, first, second}, events)
}

func previewNames(f *fixture) {
	e := f.estate()
	ids := []accounts.ID{e.luigi.ID, e.mario.ID, e.luigi.ID}
	var preview accounts.Removal
	f.unchanged(func() {
		var err error
		preview, err = f.clients.PreviewRemoval(f.ctx, ids)
		f.NoError(err)
	})
	removed, err := f.clients.Remove(f.ctx, ids)
	f.NoError(err)
	f.Equal(removed, preview)
}

func removePreviewed(f *fixture) {
	e := f.estate()
	preview, err := f.clients.PreviewRemoval(f.ctx, []accounts.ID{e.mario.ID, e.luigi.ID})
	f.NoError(err)
	shuffled := accounts.Removal{
		Accounts: slices.Clone(preview.Accounts), Subscriptions: slices.Clone(preview.Subscriptions), Domains: slices.Clone(preview.Domains),
	}
	slices.Reverse(shuffled.Accounts)
	slices.Reverse(shuffled.Subscriptions)
	slices.Reverse(shuffled.Domains)
	removed, err := f.clients.RemoveExactly(f.ctx, shuffled)
	f.NoError(err)
	f.Equal(preview, removed)
	f.Empty(f.dump().Accounts)
	_, err = f.clients.RemoveExactly(f.ctx, preview)
	f.ErrorIs(err, accounts.ErrNotFound)
}

func removePreviewedChanged(f *fixture) {
	e := f.estate()
	third := f.addDomain(e.shop.ID, "third.example")
	ids := []accounts.ID{e.mario.ID}
	preview, err := f.clients.PreviewRemoval(f.ctx, ids)
	f.NoError(err)
	conflicts := func(why string, r accounts.Removal) {
		f.t.Helper()
		err := f.refused(accounts.ErrConflict, func() error {
			removed, err := f.clients.RemoveExactly(f.ctx, r)
			f.Zero(removed, why)
			return err
		})
		var conflict *accounts.ConflictError
		f.ErrorAs(err, &conflict, why)
		f.Zero(conflict.Current, why)
	}
	more := f.addDomain(e.blog.ID, "fourth.example")
	conflicts("one domain more", preview)
	_, err = f.subs.RemoveDomains(f.ctx, []subscriptions.DomainID{more.ID, third.ID})
	f.NoError(err)
	conflicts("one domain less", preview)
	f.addDomain(e.shop.ID, third.Name)
	empty := f.subscription(e.mario.ID)
	conflicts("one subscription more", preview)
	_, err = f.subs.Remove(f.ctx, []subscriptions.ID{empty.ID})
	f.NoError(err)

	conflicts("not a word of the domains", accounts.Removal{Accounts: ids, Subscriptions: preview.Subscriptions})
	conflicts("not a word of the subscriptions", accounts.Removal{Accounts: ids, Domains: preview.Domains})
	_, err = f.clients.RemoveExactly(f.ctx, accounts.Removal{})
	f.ErrorIs(err, accounts.ErrInvalid, "no accounts")
	both, err := f.clients.PreviewRemoval(f.ctx, []accounts.ID{e.mario.ID, e.luigi.ID})
	f.NoError(err)
	f.remove(e.luigi.ID)
	conflicts("one account less", both)
	removed, err := f.clients.RemoveExactly(f.ctx, preview)
	f.NoError(err)
	f.Equal(preview, removed)
	conflicts("nothing is left of it", preview)
}

func removeSubscriptionsPreviewed(f *fixture) {
	e := f.estate()
	ids := []subscriptions.ID{e.shop.ID, e.spare.ID, e.blog.ID}
	var preview subscriptions.Removal
	f.unchanged(func() {
		var err error
		preview, err = f.subs.PreviewRemoval(f.ctx, ids)
		f.NoError(err)
	})
	f.Equal(subscriptions.Removal{
		Subscriptions: []subscriptions.ID{e.blog.ID, e.shop.ID, e.spare.ID},
		Domains:       []string{"blog.example", "en.blog.example", "en.shop.example", "en.spare.example", "shop.example", "spare.example"},
	}, preview)
	changed := func(why string, r subscriptions.Removal) {
		f.t.Helper()
		err := f.refused(accounts.ErrConflict, func() error {
			removed, err := f.subs.RemoveExactly(f.ctx, r)
			f.Zero(removed, why)
			return err
		})
		var conflict *subscriptions.ConflictError
		f.ErrorAs(err, &conflict, why)
	}
	more := f.addDomain(e.blog.ID, "more.example")
	changed("one domain more", preview)
	_, err := f.subs.RemoveDomains(f.ctx, []subscriptions.DomainID{more.ID})
	f.NoError(err)
	changed("not a word of the domains", subscriptions.Removal{Subscriptions: preview.Subscriptions})
	changed("an account, which no subscription takes along", subscriptions.Removal{
		Accounts: []accounts.ID{e.mario.ID}, Subscriptions: preview.Subscriptions, Domains: preview.Domains,
	})
	_, err = f.subs.RemoveExactly(f.ctx, subscriptions.Removal{Domains: preview.Domains})
	f.ErrorIs(err, accounts.ErrInvalid, "no subscriptions")
	removed, err := f.subs.RemoveExactly(f.ctx, preview)
	f.NoError(err)
	f.Equal(preview, removed)
	_, err = f.subs.RemoveExactly(f.ctx, preview)
	f.ErrorIs(err, accounts.ErrConflict)
	f.ErrorIs(err, accounts.ErrNotFound)
	f.refused(accounts.ErrNotFound, func() error {
		_, err := f.subs.PreviewRemoval(f.ctx, ids)
		return err
	})
}

func removedIsFree(f *fixture) {
	in := newAccount("mario")
	in.ExternalID = "crm-1"
	in.Subscription = &subscriptions.New{ExternalID: "order-1", Domains: []string{"mario.example"}}
	f.remove(f.create(in).ID)
	second := f.create(in)
	f.EqualValues(1, second.Version)
	f.NotEqual(f.remove(second.ID).Subscriptions, f.only(f.create(in).ID).ID)
	luigi := f.account("luigi")
	f.refused(accounts.ErrTaken, func() error { // a neighbour's name is there again as well
		_, err := f.subs.Create(f.ctx, subscriptions.New{AccountID: luigi.ID, Domains: []string{"sub.mario.example"}})
		return err
	})
}

func removeSuspended(f *fixture) {
	e := f.estate()
	f.suspendAccount(e.mario.ID, accounts.Hold{Cause: accounts.CauseAbuse})
	f.suspendSubscription(e.blog.ID, accounts.Hold{})
	f.suspendDomain("blog.example", accounts.Hold{})
	events := f.recorded(func() { f.remove(e.mario.ID) })
	f.Len(events, 7)
	for _, event := range events {
		f.Contains([]accounts.EventType{subscriptions.AccountRemoved, subscriptions.SubscriptionRemoved, subscriptions.DomainRemoved}, event.Type)
	}
}

func removeSubscription(f *fixture) {
	e := f.estate()
	gone, err := f.subs.Remove(f.ctx, []subscriptions.ID{e.spare.ID, e.blog.ID})
	f.NoError(err)
	f.Equal(subscriptions.Removal{
		Subscriptions: []subscriptions.ID{e.blog.ID, e.spare.ID},
		Domains:       []string{"blog.example", "en.blog.example", "en.spare.example", "spare.example"},
	}, subscriptions.Removal{Accounts: as[accounts.ID](gone.Accounts), Subscriptions: gone.Subscriptions, Domains: gone.Domains})
	f.Equal(e.shop.ID, f.only(e.mario.ID).ID)
}

func removeDomain(f *fixture) {
	e := f.estate()
	ids := []subscriptions.DomainID{f.getDomain("en.shop.example").ID, f.getDomain("en.blog.example").ID}
	gone, err := f.subs.RemoveDomains(f.ctx, ids)
	f.NoError(err)
	f.Empty(gone.Accounts)
	f.Empty(gone.Subscriptions)
	f.Equal([]string{"en.blog.example", "en.shop.example"}, gone.Domains)
	f.Equal(e.blog, f.getSubscription(e.blog.ID), "domains touch neither version nor UpdatedAt")
	f.True(f.getDomain("blog.example").Main)
}

func removeMain(f *fixture) {
	e := f.estate()
	main, second := f.getDomain("blog.example").ID, f.getDomain("en.blog.example").ID
	err := f.refused(accounts.ErrInvalid, func() error {
		_, err := f.subs.RemoveDomains(f.ctx, []subscriptions.DomainID{main})
		return err
	})
	f.invalid(err, "ids")
	f.NoError(f.subs.SetMainDomain(f.ctx, second))
	_, err = f.subs.RemoveDomains(f.ctx, []subscriptions.DomainID{main})
	f.NoError(err)
	_, err = f.subs.RemoveDomains(f.ctx, []subscriptions.DomainID{second})
	f.NoError(err, "the main domain is all that there is")
	f.getSubscription(e.blog.ID)
	third := f.addDomain(e.blog.ID, "third.example")
	f.True(third.Main)
}

func removeRedacts(f *fixture) {
	e := f.heldEstate()
	f.suspendAccount(e.mario.ID, accounts.Hold{Cause: "late", Note: "secret"})
	id := []subscriptions.DomainID{f.getDomain("en.blog.example").ID}
	_, err := f.subs.RemoveDomains(f.ctx, id)
	f.NoError(err)
	f.redacted(func(event accounts.Event) bool { return event.DomainID == id[0] })
	_, err = f.subs.Remove(f.ctx, []subscriptions.ID{e.blog.ID})
	f.NoError(err)
	f.redacted(func(event accounts.Event) bool { return event.SubscriptionID == e.blog.ID })
	f.remove(e.mario.ID)
	f.redacted(func(event accounts.Event) bool { return event.AccountID == e.mario.ID })
}

// redacted asserts that of all suspensions those that are gone have lost their texts and no others, and that
// everything else in them is still there.
func (f *fixture) redacted(gone func(accounts.Event) bool) {
	f.t.Helper()
	seen := 0
	for _, e := range f.events() {
		if e.Details["cause"] == "" {
			continue
		}
		texts := e.Details["note"] + e.Details["message"] + e.Details["public"]
		if gone(e) {
			seen++
			f.Empty(texts, "texts of %+v", e)
			continue
		}
		f.NotEmpty(texts, "texts of %+v", e)
	}
	f.Positive(seen)
}

func redactionFollows(f *fixture) {
	e := f.estate()
	roaming := f.addDomain(e.blog.ID, "roaming.example")
	h := accounts.Hold{Cause: accounts.CauseAbuse, Note: "note", Message: "message", Public: "public"}
	f.suspendDomain(roaming.Name, h)
	f.suspendSubscription(e.shop.ID, h)
	f.suspendAccount(e.mario.ID, h)
	_, err := f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{roaming.ID}, e.game.ID)
	f.NoError(err)
	f.assign(e.luigi.ID, e.shop.ID)
	f.remove(e.mario.ID)
	f.redacted(func(event accounts.Event) bool { return event.SubscriptionID == 0 && event.AccountID == e.mario.ID })
	f.remove(e.luigi.ID)
	f.redacted(func(accounts.Event) bool { return true })
}

func removedIsGone(f *fixture) {
	in := newAccount("mario")
	in.ExternalID = "crm-1"
	in.Subscription = &subscriptions.New{ExternalID: "order-1", Domains: []string{"mario.example"}, ExpiresAt: f.clock.now().Add(1e9)}
	mario := f.create(in)
	s := f.only(mario.ID)
	f.suspendAccount(mario.ID, accounts.Hold{})
	f.remove(mario.ID)
	for what, err := range map[string]error{
		"Get":                func() error { _, err := f.clients.Get(f.ctx, mario.ID); return err }(),
		"GetByLogin":         func() error { _, err := f.clients.GetByLogin(f.ctx, "mario"); return err }(),
		"GetByExternalID":    func() error { _, err := f.clients.GetByExternalID(f.ctx, "crm-1"); return err }(),
		"CheckSession":       func() error { _, err := f.clients.CheckSession(f.ctx, mario.ID, mario.SessionEpoch); return err }(),
		"Subscriptions.Get":  func() error { _, err := f.subs.Get(f.ctx, s.ID); return err }(),
		"by its external id": func() error { _, err := f.subs.GetByExternalID(f.ctx, "order-1"); return err }(),
		"Domain":             func() error { _, err := f.subs.Domain(f.ctx, "mario.example"); return err }(),
		"Resolve":            func() error { _, err := f.subs.Resolve(f.ctx, "www.mario.example"); return err }(),
		"Suspend":            func() error { _, err := f.clients.Suspend(f.ctx, []accounts.ID{mario.ID}, accounts.Hold{}); return err }(),
		"Owner.Profile":      func() error { _, err := f.clients.Owner(mario.ID).Profile(f.ctx); return err }(),
	} {
		f.ErrorIs(err, accounts.ErrNotFound, what)
	}
	_, err := f.clients.Authenticate(f.ctx, "mario", password)
	f.ErrorIs(err, accounts.ErrInvalidCredentials)
	f.clock.advance(1e10)
	out, err := f.subs.Expire(f.ctx)
	f.NoError(err)
	f.Empty(out.Changed)
	for _, search := range []string{"mar", "crm-1", "mario.example", "order"} {
		p, err := f.clients.List(f.ctx, accounts.Query{Search: search})
		f.NoError(err)
		f.Empty(p.Items)
		bought, err := f.subs.List(f.ctx, subscriptions.Query{Search: search})
		f.NoError(err)
		f.Empty(bought.Items)
		f.Empty(f.domains(subscriptions.DomainQuery{Search: search}))
	}
	n, err := f.clients.Count(f.ctx, accounts.Query{Status: accounts.Suspended}, 0)
	f.NoError(err)
	f.Zero(n)
}
