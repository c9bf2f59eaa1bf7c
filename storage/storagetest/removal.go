package storagetest

import (
	"fmt"
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// removalCases returns the cases about removals, their previews and the redaction of events.
func removalCases() []testCase {
	return []testCase{
		{"removing accounts removes and reports everything that belongs to them", removeReports},
		{"a removal records an event for every removed row", removeRecords},
		{"a preview reports what would be removed and removes nothing", previewReports},
		{"RemoveExactly removes what was previewed if that is unchanged", removePreviewed},
		{"RemoveExactly removes nothing if more or less than previewed would be removed", removePreviewedChanged},
		{"RemoveExactly removes subscriptions as previewed or not at all", removeSubscriptionsPreviewed},
		{"removed logins, external ids and names can be used again", removedIsReusable},
		{"a suspended account is removed without being activated", removeSuspended},
		{"a subscription is removed with its domains, and its account stays", removeSubscription},
		{"a domain is removed, and its subscription stays", removeDomain},
		{"a main domain can only be removed together with all domains of its subscription", removeMain},
		{"a removal redacts the events of removed rows and no others", removeRedacts},
		{"a removal takes the login out of every event but account.removed", removeRedactsLogins},
		{"the removal of a former owner does not redact the events of what was reassigned", redactionOfReassigned},
		{"removed rows are in no list and found by no look-up", removedIsMissing},
	}
}

func removeReports(f *fixture) {
	data := f.seed()
	f.addDomain(data.shop.ID, "zz.example")
	f.addDomain(data.blog.ID, "0.example")
	f.Equal(accounts.Removal{
		Accounts: []accounts.ID{data.mario.ID, data.luigi.ID}, Subscriptions: []subscriptions.ID{data.blog.ID, data.shop.ID, data.game.ID},
		Domains: []string{
			"0.example", "blog.example", "en.blog.example", "en.game.example", "en.shop.example", "game.example",
			"shop.example", "zz.example",
		},
		Logins: []string{"luigi", "mario"},
	}, f.remove(data.luigi.ID, data.mario.ID))
	left := f.dump()
	f.Empty(left.Accounts)
	f.Len(left.Subscriptions, 1)
	f.Len(left.Domains, 2)
}

func removeRecords(f *fixture) {
	in := newAccount("mario")
	in.ExternalID = "crm-1"
	in.Subscription = &subscriptions.New{ExternalID: "order-1", Domains: []string{"mario.example", "en.mario.example"}}
	mario := f.create(in)
	s, one, two := f.onlySubscription(mario.ID), f.getDomain("mario.example"), f.getDomain("en.mario.example")
	f.clock.advance(1e9)
	events := withoutCursors(f.eventsOf(func() { f.remove(mario.ID) }))

	e := accounts.Event{At: f.clock.storedNow(), Actor: actor, AccountID: mario.ID}
	account, subscription, first, second := e, e, e, e
	account.Type, account.Details = subscriptions.AccountRemoved, map[string]string{"login": "mario", "externalID": "crm-1"}
	subscription.Type, subscription.SubscriptionID = subscriptions.SubscriptionRemoved, s.ID
	subscription.Details = map[string]string{"externalID": "order-1"}
	first.Type, first.SubscriptionID, first.DomainID, first.Domain = subscriptions.DomainRemoved, s.ID, one.ID, one.Name
	second.Type, second.SubscriptionID, second.DomainID, second.Domain = subscriptions.DomainRemoved, s.ID, two.ID, two.Name
	f.ElementsMatch([]accounts.Event{account, subscription, first, second}, events)
}

func previewReports(f *fixture) {
	data := f.seed()
	ids := []accounts.ID{data.luigi.ID, data.mario.ID, data.luigi.ID}
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
	data := f.seed()
	preview, err := f.clients.PreviewRemoval(f.ctx, []accounts.ID{data.mario.ID, data.luigi.ID})
	f.NoError(err)
	reversed := accounts.Removal{
		Accounts: slices.Clone(preview.Accounts), Subscriptions: slices.Clone(preview.Subscriptions), Domains: slices.Clone(preview.Domains),
	}
	slices.Reverse(reversed.Accounts)
	slices.Reverse(reversed.Subscriptions)
	slices.Reverse(reversed.Domains)
	removed, err := f.clients.RemoveExactly(f.ctx, reversed)
	f.NoError(err)
	f.Equal(preview, removed)
	f.Empty(f.dump().Accounts)
	_, err = f.clients.RemoveExactly(f.ctx, preview)
	f.ErrorIs(err, accounts.ErrNotFound)
}

func removePreviewedChanged(f *fixture) {
	data := f.seed()
	third := f.addDomain(data.shop.ID, "third.example")
	ids := []accounts.ID{data.mario.ID}
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
	more := f.addDomain(data.blog.ID, "fourth.example")
	conflicts("one domain more", preview)
	_, err = f.subs.RemoveDomains(f.ctx, []subscriptions.DomainID{more.ID, third.ID})
	f.NoError(err)
	conflicts("one domain less", preview)
	f.addDomain(data.shop.ID, third.Name)
	empty := f.subscription(data.mario.ID)
	conflicts("one subscription more", preview)
	_, err = f.subs.Remove(f.ctx, []subscriptions.ID{empty.ID})
	f.NoError(err)

	conflicts("no domains", accounts.Removal{Accounts: ids, Subscriptions: preview.Subscriptions})
	conflicts("no subscriptions", accounts.Removal{Accounts: ids, Domains: preview.Domains})
	_, err = f.clients.RemoveExactly(f.ctx, accounts.Removal{})
	f.ErrorIs(err, accounts.ErrInvalid, "no accounts")
	both, err := f.clients.PreviewRemoval(f.ctx, []accounts.ID{data.mario.ID, data.luigi.ID})
	f.NoError(err)
	f.remove(data.luigi.ID)
	conflicts("one account less", both)
	removed, err := f.clients.RemoveExactly(f.ctx, preview)
	f.NoError(err)
	f.Equal(preview, removed)
	conflicts("removed already", preview)
}

func removeSubscriptionsPreviewed(f *fixture) {
	data := f.seed()
	ids := []subscriptions.ID{data.shop.ID, data.spare.ID, data.blog.ID}
	var preview subscriptions.Removal
	f.unchanged(func() {
		var err error
		preview, err = f.subs.PreviewRemoval(f.ctx, ids)
		f.NoError(err)
	})
	f.Equal(subscriptions.Removal{
		Subscriptions: []subscriptions.ID{data.blog.ID, data.shop.ID, data.spare.ID},
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
	more := f.addDomain(data.blog.ID, "more.example")
	changed("one domain more", preview)
	_, err := f.subs.RemoveDomains(f.ctx, []subscriptions.DomainID{more.ID})
	f.NoError(err)
	changed("no domains", subscriptions.Removal{Subscriptions: preview.Subscriptions})
	changed("an account, which the removal of subscriptions cannot remove", subscriptions.Removal{
		Accounts: []accounts.ID{data.mario.ID}, Subscriptions: preview.Subscriptions, Domains: preview.Domains,
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

func removedIsReusable(f *fixture) {
	in := newAccount("mario")
	in.ExternalID = "crm-1"
	in.Subscription = &subscriptions.New{ExternalID: "order-1", Domains: []string{"mario.example"}}
	f.remove(f.create(in).ID)
	second := f.create(in)
	f.EqualValues(1, second.Version)
	f.NotContains(f.remove(second.ID).Subscriptions, f.onlySubscription(f.create(in).ID).ID, "ids must not be reused")
	luigi := f.account("luigi")
	f.refused(accounts.ErrTaken, func() error { // conflicts with subdomains are found again, too
		_, err := f.subs.Create(f.ctx, subscriptions.New{AccountID: luigi.ID, Domains: []string{"sub.mario.example"}})
		return err
	})
}

func removeSuspended(f *fixture) {
	data := f.seed()
	f.suspendAccount(data.mario.ID, accounts.Hold{Cause: accounts.CauseAbuse})
	f.suspendSubscription(data.blog.ID, accounts.Hold{})
	f.suspendDomain("blog.example", accounts.Hold{})
	events := f.eventsOf(func() { f.remove(data.mario.ID) })
	f.Len(events, 7)
	for _, event := range events {
		f.Contains([]accounts.EventType{subscriptions.AccountRemoved, subscriptions.SubscriptionRemoved, subscriptions.DomainRemoved}, event.Type)
	}
}

func removeSubscription(f *fixture) {
	data := f.seed()
	removed, err := f.subs.Remove(f.ctx, []subscriptions.ID{data.spare.ID, data.blog.ID})
	f.NoError(err)
	f.Equal(subscriptions.Removal{
		Subscriptions: []subscriptions.ID{data.blog.ID, data.spare.ID},
		Domains:       []string{"blog.example", "en.blog.example", "en.spare.example", "spare.example"},
	}, subscriptions.Removal{Accounts: suite.As[accounts.ID](removed.Accounts), Subscriptions: removed.Subscriptions, Domains: removed.Domains})
	f.Equal(data.shop.ID, f.onlySubscription(data.mario.ID).ID)
}

func removeDomain(f *fixture) {
	data := f.seed()
	ids := []subscriptions.DomainID{f.getDomain("en.shop.example").ID, f.getDomain("en.blog.example").ID}
	removed, err := f.subs.RemoveDomains(f.ctx, ids)
	f.NoError(err)
	f.Empty(removed.Accounts)
	f.Empty(removed.Subscriptions)
	f.Equal([]string{"en.blog.example", "en.shop.example"}, removed.Domains)
	f.Equal(data.blog, f.getSubscription(data.blog.ID), "removing a domain must not change Version or UpdatedAt of its subscription")
	f.True(f.getDomain("blog.example").Main, "blog.example must be the main domain")
}

func removeMain(f *fixture) {
	data := f.seed()
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
	f.NoError(err, "the main domain is the last one, so it can be removed")
	f.getSubscription(data.blog.ID)
	third := f.addDomain(data.blog.ID, "third.example")
	f.True(third.Main, "the first domain added to an emptied subscription must be its main one")
}

func removeRedacts(f *fixture) {
	data := f.seedSuspended()
	f.suspendAccount(data.mario.ID, accounts.Hold{Cause: "late", Note: "secret"})
	id := []subscriptions.DomainID{f.getDomain("en.blog.example").ID}
	_, err := f.subs.RemoveDomains(f.ctx, id)
	f.NoError(err)
	f.redacted(func(event accounts.Event) bool { return event.DomainID == id[0] })
	_, err = f.subs.Remove(f.ctx, []subscriptions.ID{data.blog.ID})
	f.NoError(err)
	f.redacted(func(event accounts.Event) bool { return event.SubscriptionID == data.blog.ID })
	f.remove(data.mario.ID)
	f.redacted(func(event accounts.Event) bool { return event.AccountID == data.mario.ID })
}

// redacted asserts that of all events with a cause exactly the selected ones have lost their texts.
func (f *fixture) redacted(selected func(accounts.Event) bool) {
	f.t.Helper()
	seen := 0
	for _, e := range f.events() {
		if e.Details["cause"] == "" {
			continue
		}
		texts := e.Details["note"] + e.Details["message"] + e.Details["public"]
		if selected(e) {
			seen++
			f.Empty(texts, "the texts of this event must be redacted: %+v", e)
			continue
		}
		f.NotEmpty(texts, "the texts of this event must be kept: %+v", e)
	}
	f.Positive(seen, "number of redacted events")
}

func removeRedactsLogins(f *fixture) {
	logins := func(id accounts.ID) []string {
		var all []string
		for _, e := range f.readPages(accounts.EventQuery{AccountID: &id, Limit: 100}) {
			for _, key := range []string{"login", "from", "to"} {
				if login := e.Details[key]; login != "" && e.SubscriptionID == 0 {
					all = append(all, fmt.Sprintf("%s %s=%s", e.Type, key, login))
				}
			}
		}
		return all
	}
	mario, luigi := f.account("mario", "mario.example"), f.account("luigi")
	for _, login := range []string{"super", "wario"} {
		_, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Login: &login})
		f.NoError(err)
	}
	moved := f.subscribe(subscriptions.New{AccountID: luigi.ID, Name: "moved"})
	f.assign(mario.ID, moved.ID)
	f.Equal([]string{
		"account.created login=mario", "account.updated from=mario", "account.updated to=super", "account.updated from=super",
		"account.updated to=wario",
	}, logins(mario.ID))

	removed := f.remove(mario.ID)
	f.Equal([]string{"wario"}, removed.Logins)
	f.Equal([]string{"account.removed login=wario"}, logins(mario.ID))
	f.Equal([]string{"account.created login=luigi"}, logins(luigi.ID), "events of other accounts keep their logins")
	for _, e := range f.readPages(accounts.EventQuery{AccountID: &mario.ID, Limit: 100}) {
		if e.Type == subscriptions.SubscriptionAssigned {
			f.Equal(map[string]string{"from": fmt.Sprint(luigi.ID), "to": fmt.Sprint(mario.ID)}, e.Details, "ids are no personal data")
		}
	}
}

func redactionOfReassigned(f *fixture) {
	data := f.seed()
	roaming := f.addDomain(data.blog.ID, "roaming.example")
	h := accounts.Hold{Cause: accounts.CauseAbuse, Note: "note", Message: "message", Public: "public"}
	f.suspendDomain(roaming.Name, h)
	f.suspendSubscription(data.shop.ID, h)
	f.suspendAccount(data.mario.ID, h)
	_, err := f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{roaming.ID}, data.game.ID)
	f.NoError(err)
	f.assign(data.luigi.ID, data.shop.ID)
	f.remove(data.mario.ID)
	f.redacted(func(event accounts.Event) bool { return event.SubscriptionID == 0 && event.AccountID == data.mario.ID })
	f.remove(data.luigi.ID)
	f.redacted(func(accounts.Event) bool { return true })
}

func removedIsMissing(f *fixture) {
	in := newAccount("mario")
	in.ExternalID = "crm-1"
	in.Subscription = &subscriptions.New{ExternalID: "order-1", Domains: []string{"mario.example"}, ExpiresAt: f.clock.now().Add(1e9)}
	mario := f.create(in)
	s := f.onlySubscription(mario.ID)
	f.suspendAccount(mario.ID, accounts.Hold{})
	f.remove(mario.ID)
	for method, err := range map[string]error{
		"Get":                           func() error { _, err := f.clients.Get(f.ctx, mario.ID); return err }(),
		"GetByLogin":                    func() error { _, err := f.clients.GetByLogin(f.ctx, "mario"); return err }(),
		"GetByExternalID":               func() error { _, err := f.clients.GetByExternalID(f.ctx, "crm-1"); return err }(),
		"CheckSession":                  func() error { _, err := f.clients.CheckSession(f.ctx, mario.ID, mario.SessionEpoch); return err }(),
		"Subscriptions.Get":             func() error { _, err := f.subs.Get(f.ctx, s.ID); return err }(),
		"Subscriptions.GetByExternalID": func() error { _, err := f.subs.GetByExternalID(f.ctx, "order-1"); return err }(),
		"Domain":                        func() error { _, err := f.subs.Domain(f.ctx, "mario.example"); return err }(),
		"Resolve":                       func() error { _, err := f.subs.Resolve(f.ctx, "www.mario.example"); return err }(),
		"Suspend":                       func() error { _, err := f.clients.Suspend(f.ctx, []accounts.ID{mario.ID}, accounts.Hold{}); return err }(),
		"Owner.Profile":                 func() error { _, err := f.clients.Owner(mario.ID).Profile(f.ctx); return err }(),
	} {
		f.ErrorIs(err, accounts.ErrNotFound, method)
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
		subs, err := f.subs.List(f.ctx, subscriptions.Query{Search: search})
		f.NoError(err)
		f.Empty(subs.Items)
		f.Empty(f.domains(subscriptions.DomainQuery{Search: search}))
	}
	n, err := f.clients.Count(f.ctx, accounts.Query{Status: accounts.Suspended}, 0)
	f.NoError(err)
	f.Zero(n)
}
