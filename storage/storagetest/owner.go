package storagetest

import (
	"context"
	"fmt"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// ownerCases returns the cases about what the owner of an account may see and do.
func ownerCases() []testCase {
	return []testCase{
		{"a profile has only what the owner may see", ownerProfile},
		{"an owner lists their subscriptions and domains without what only the provider may see", ownerLists},
		{"an owner's search does not reveal external ids", ownerSearch},
		{"an owner's filters select nothing of other accounts", ownerFilters},
		{"an owner disables and enables their domains and lifts no other hold", ownerDisables},
		{"domains of others are not found, which is decided inside the transaction", ownerForeignDomains},
		{"an owner's change of the contact is refused if its version is stale", ownerContact},
		{"an owner changes the password only with the old one", ownerPassword},
		{"the actor of an owner's commands is the context's or else owner", ownerActor},
		{"the owner of a removed account finds nothing", ownerRemoved},
		{"no owner sees subscriptions and domains of the provider", ownerWithoutAccount},
		{"ForAccount returns a manager that cannot assign to or create for others", managerForAccount},
	}
}

// seedSecrets is like seedSuspended and puts a secret into every text that only the provider may see.
func (f *fixture) seedSecrets() fixtureData {
	f.t.Helper()
	f.ctx = accounts.WithActor(f.ctx, "secret@provider")
	data := f.seedSuspended()
	h := accounts.Hold{Cause: accounts.CauseBilling, Note: "secret note", Message: "Please pay", Public: "Back soon"}
	f.suspendAccount(data.mario.ID, h)
	f.suspendSubscription(data.blog.ID, h)
	f.suspendDomain("blog.example", h)
	_, err := f.clients.Update(f.ctx, data.mario.ID, accounts.Changes{
		Description: ptr("secret"), ExternalID: ptr("secret-1"), Attributes: map[string]string{"secret": "secret"}, AdditionalInfo: ptr("info"),
	})
	f.NoError(err)
	_, err = f.subs.Update(f.ctx, data.blog.ID, subscriptions.Changes{
		Description: ptr("secret"), ExternalID: ptr("secret-1"), Attributes: map[string]string{"secret": "secret"},
	})
	f.NoError(err)
	return data
}

func ownerProfile(f *fixture) {
	data := f.seedSecrets()
	p, err := f.clients.Owner(data.mario.ID).Profile(f.ctx)
	f.NoError(err)
	a := f.getAccount(data.mario.ID)
	f.Equal(accounts.Profile{
		ID: a.ID, Login: "mario", Contact: a.Contact, AdditionalInfo: "info", Status: accounts.Suspended, Version: a.Version, CreatedAt: a.CreatedAt,
		Messages: []accounts.Message{
			{Cause: accounts.CauseAbuse, Text: "message", At: f.clock.storedNow()},
			{Cause: accounts.CauseBilling, Text: "Please pay", At: f.clock.storedNow()},
			{Cause: accounts.CauseCustomer, Text: "message", At: f.clock.storedNow()},
		},
	}, p)
	f.NotContains(fmt.Sprintf("%+v", p), "secret")
}

func ownerLists(f *fixture) {
	data := f.seedSecrets()
	owner := f.clients.Owner(data.mario.ID)
	f.unchanged(func() {
		subs, err := owner.Subscriptions(f.ctx, subscriptions.Query{})
		f.NoError(err)
		f.Len(subs.Items, 2)
		f.NotContains(fmt.Sprintf("%+v", subs), "secret")
		f.NotContains(fmt.Sprintf("%+v", subs), "note")
		s, want := subs.Items[0], f.getSubscription(data.blog.ID)
		f.Len(s.SuspendedBy(), 6)
		for i, held := range s.SuspendedBy() {
			f.Empty(held.Note)
			f.Empty(held.By)
			f.Equal(want.SuspendedBy()[i].Message, held.Message)
			f.Equal(want.SuspendedBy()[i].Public, held.Public)
		}
		f.Equal(want.Name, s.Name)
		f.Equal(want.Plan, s.Plan)
		domains, err := owner.Domains(f.ctx, subscriptions.DomainQuery{Search: "blog"})
		f.NoError(err)
		f.Equal([]string{"blog.example", "en.blog.example"}, domainNames(domains.Items))
		f.Len(domains.Items[0].SuspendedBy(), 9)
		f.NotContains(fmt.Sprintf("%+v", domains), "secret")
		f.NotContains(fmt.Sprintf("%+v", domains), "note")
	})
}

func ownerSearch(f *fixture) {
	data := f.seedSecrets()
	owner := f.clients.Owner(data.mario.ID)
	for search, found := range map[string]int{"secret": 0, "secret-1": 0, "se": 0, "blo": 1, "en.blog": 1, "bl": 1, "ret-1": 0, "shop.ex": 1, "game": 0} {
		p, err := owner.Subscriptions(f.ctx, subscriptions.Query{Search: search})
		f.NoError(err)
		f.Len(p.Items, found, search)
	}
	n, err := f.subs.Count(f.ctx, subscriptions.Query{Search: "secret-1"}, 0)
	f.NoError(err)
	f.Equal(1, n, "the provider must find it")
}

func ownerFilters(f *fixture) {
	data := f.seedSecrets()
	owner := f.clients.Owner(data.mario.ID)
	for _, other := range []accounts.ID{data.luigi.ID, subscriptions.Provider, unusedID} {
		subs, err := owner.Subscriptions(f.ctx, subscriptions.Query{AccountID: &other})
		f.NoError(err)
		f.Empty(subs.Items)
		domains, err := owner.Domains(f.ctx, subscriptions.DomainQuery{AccountID: &other})
		f.NoError(err)
		f.Empty(domains.Items)
	}
	subs, err := owner.Subscriptions(f.ctx, subscriptions.Query{IDs: []subscriptions.ID{data.game.ID, data.spare.ID, data.shop.ID}, AccountID: &data.mario.ID})
	f.NoError(err)
	f.Len(subs.Items, 1)
	domains, err := owner.Domains(f.ctx, subscriptions.DomainQuery{SubscriptionID: data.game.ID})
	f.NoError(err)
	f.Empty(domains.Items)
	for _, limit := range []int{1, 3} {
		var names []string
		q := subscriptions.DomainQuery{Limit: limit}
		for {
			p, err := owner.Domains(f.ctx, q)
			f.NoError(err)
			names = append(names, domainNames(p.Items)...)
			if !f.nextPage(&q.After, p.Next) {
				break
			}
		}
		f.Equal([]string{"blog.example", "en.blog.example", "en.shop.example", "shop.example"}, names)
	}
}

func ownerDisables(f *fixture) {
	data := f.seed()
	owner := f.clients.Owner(data.mario.ID)
	blog, shop := f.getDomain("blog.example").ID, f.getDomain("shop.example").ID
	f.suspendDomain("blog.example", accounts.Hold{Cause: accounts.CauseAbuse})
	out, err := owner.DisableDomains(f.ctx, []subscriptions.DomainID{shop, blog, shop})
	f.NoError(err)
	f.Equal([]subscriptions.DomainID{blog, shop}, out.Changed)
	f.hasStatus(accounts.Suspended, "blog.example", "shop.example")
	hold, found := f.getDomain("shop.example").Holds.Get(accounts.CauseCustomer)
	f.True(found, "shop.example must have a hold with the cause customer")
	f.Equal(accounts.Hold{Cause: accounts.CauseCustomer, By: actor, At: f.clock.storedNow()}, hold)

	out, err = owner.EnableDomains(f.ctx, []subscriptions.DomainID{blog, shop})
	f.NoError(err)
	f.Equal([]subscriptions.DomainID{blog, shop}, out.Changed)
	f.Equal([]subscriptions.DomainID{blog}, out.StillSuspended)
	f.hasStatus(accounts.Active, "shop.example")
	f.Equal(accounts.CauseAbuse, f.getDomain("blog.example").Holds[0].Cause)
	f.suspendAccount(data.mario.ID, accounts.Hold{})
	_, err = owner.DisableDomains(f.ctx, []subscriptions.DomainID{shop})
	f.NoError(err, "an owner must be able to disable domains while the account is suspended")
}

func ownerForeignDomains(f *fixture) {
	data := f.seedSuspended()
	owner := f.clients.Owner(data.mario.ID)
	own, luigis, spare := f.getDomain("blog.example").ID, f.getDomain("game.example").ID, f.getDomain("spare.example").ID
	for _, c := range []struct{ ids, unknown []subscriptions.DomainID }{
		{[]subscriptions.DomainID{luigis}, []subscriptions.DomainID{luigis}},
		{[]subscriptions.DomainID{spare, own, luigis, unusedID}, []subscriptions.DomainID{luigis, spare, unusedID}},
	} {
		for _, command := range []func(context.Context, []subscriptions.DomainID) (subscriptions.Outcome[subscriptions.DomainID], error){owner.DisableDomains, owner.EnableDomains} {
			err := f.refused(accounts.ErrNotFound, func() error {
				_, err := command(f.ctx, c.ids)
				return err
			})
			f.notFound(err, accounts.LevelDomain, as[int64](c.unknown)...)
		}
	}
	// The subscription is assigned to another account before the owner's transaction begins.
	recorder := &recordingStore{Store: f.store}
	foreign := f.managerFor(recorder, nil).Owner(data.mario.ID)
	f.assign(data.luigi.ID, data.blog.ID)
	_, err := foreign.EnableDomains(f.ctx, []subscriptions.DomainID{own})
	f.notFound(err, accounts.LevelDomain, int64(own))
	f.EqualValues(1, recorder.commands.Load())
}

func ownerContact(f *fixture) {
	mario := f.account("mario")
	owner := f.clients.Owner(mario.ID)
	f.clock.advance(time.Hour)
	p, err := owner.SetContact(f.ctx, 1, accounts.Contact{Name: " Mario ", Country: "it"})
	f.NoError(err)
	f.Equal(accounts.Contact{Name: "Mario", Country: "IT"}, p.Contact)
	f.EqualValues(2, p.Version)
	again, err := owner.Profile(f.ctx)
	f.NoError(err)
	f.Equal(again, p)
	f.conflict(2, func() error {
		_, err := owner.SetContact(f.ctx, 1, accounts.Contact{Name: "lost"})
		return err
	})
	err = f.refused(accounts.ErrInvalid, func() error {
		_, err := owner.SetContact(f.ctx, 2, accounts.Contact{Phone: longText(31)})
		return err
	})
	f.invalid(err, "contact.name", "contact.phone")
}

func ownerPassword(f *fixture) {
	mario := f.account("mario")
	owner := f.clients.Owner(mario.ID)
	f.refused(accounts.ErrInvalidCredentials, func() error {
		_, err := owner.ChangePassword(f.ctx, "wrong password", "another password")
		return err
	})
	err := f.refused(accounts.ErrInvalid, func() error {
		_, err := owner.ChangePassword(f.ctx, password, "short")
		return err
	})
	f.invalid(err, "password")
	epoch, err := owner.ChangePassword(f.ctx, password, "another password")
	f.NoError(err)
	f.Equal(mario.SessionEpoch+1, epoch)
	a, err := f.clients.Authenticate(f.ctx, "mario", "another password")
	f.NoError(err)
	f.Equal(epoch, a.SessionEpoch)
}

func ownerActor(f *fixture) {
	data := f.seed()
	owner, ids := f.clients.Owner(data.mario.ID), []subscriptions.DomainID{f.getDomain("blog.example").ID}
	noActor := accounts.WithActor(f.ctx, "")
	for _, c := range []struct {
		want string
		ctx  context.Context
	}{{actor, f.ctx}, {"owner", f.t.Context()}, {"owner", accounts.WithActor(f.ctx, " \u00a0")}} {
		want, ctx := c.want, c.ctx
		events := f.eventsOf(func() {
			_, err := owner.DisableDomains(ctx, ids)
			f.NoError(err)
			_, err = owner.EnableDomains(ctx, ids)
			f.NoError(err)
			_, err = owner.SetContact(ctx, 0, accounts.Contact{Name: want})
			f.NoError(err)
			_, err = owner.ChangePassword(ctx, password, password)
			f.NoError(err)
		})
		f.Len(events, 4)
		for _, e := range events {
			f.Equal(want, e.Actor, "%v", e)
		}
	}
	events := f.eventsOf(func() { f.NoError(f.clients.SetPassword(noActor, data.mario.ID, password)) })
	f.Empty(events[0].Actor)
}

func ownerWithoutAccount(f *fixture) {
	f.seed()
	spare := []subscriptions.DomainID{f.getDomain("spare.example").ID}
	for _, id := range []accounts.ID{subscriptions.Provider, -1, unusedID} {
		owner := f.clients.Owner(id)
		_, err := owner.Profile(f.ctx)
		f.ErrorIs(err, accounts.ErrNotFound)
		subs, err := owner.Subscriptions(f.ctx, subscriptions.Query{})
		f.NoError(err)
		f.Empty(subs.Items)
		domains, err := owner.Domains(f.ctx, subscriptions.DomainQuery{IDs: spare})
		f.NoError(err)
		f.Empty(domains.Items)
		f.refused(accounts.ErrNotFound, func() error {
			_, err := owner.DisableDomains(f.ctx, spare)
			return err
		})
	}
}

func managerForAccount(f *fixture) {
	data := f.seed()
	marios := f.subs.ForAccount(data.mario.ID)
	for _, to := range []accounts.ID{data.luigi.ID, subscriptions.Provider, unusedID} {
		f.refused(accounts.ErrNotFound, func() error {
			_, err := marios.Create(f.ctx, subscriptions.New{AccountID: to, Name: "gift"})
			return err
		})
		f.refused(accounts.ErrNotFound, func() error {
			_, err := marios.Assign(f.ctx, []subscriptions.ID{data.blog.ID}, to)
			return err
		})
	}
	s, err := marios.Create(f.ctx, subscriptions.New{AccountID: data.mario.ID, Name: "another"})
	f.NoError(err)
	f.Equal(s, f.getSubscription(s.ID))
}

func ownerRemoved(f *fixture) {
	data := f.seed()
	owner, id := f.clients.Owner(data.mario.ID), f.getDomain("blog.example").ID
	f.remove(data.mario.ID)
	_, err := owner.Profile(f.ctx)
	f.ErrorIs(err, accounts.ErrNotFound)
	_, err = owner.SetContact(f.ctx, 0, accounts.Contact{Name: "Mario"})
	f.ErrorIs(err, accounts.ErrNotFound)
	_, err = owner.ChangePassword(f.ctx, password, "another password")
	f.ErrorIs(err, accounts.ErrNotFound)
	_, err = owner.EnableDomains(f.ctx, []subscriptions.DomainID{id})
	f.ErrorIs(err, accounts.ErrNotFound)
	subs, err := owner.Subscriptions(f.ctx, subscriptions.Query{})
	f.NoError(err)
	f.Empty(subs.Items)
}
