package storagetest

import (
	"context"
	"fmt"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// ownerCases are about what the owner of an account may see and do.
func ownerCases() []testCase {
	return []testCase{
		{"an owner sees their profile and no more", ownerProfile},
		{"an owner sees their own subscriptions and domains, without what is the provider's", ownerLists},
		{"an owner's search does not reveal external ids", ownerSearch},
		{"an owner's filters do not reach beyond what is theirs", ownerFilters},
		{"an owner switches own domains off and on, and lifts nothing else", ownerSwitches},
		{"what is not an owner's is not found, decided inside the transaction", ownerStranger},
		{"an owner changes the contact of the version that was read", ownerContact},
		{"an owner changes the password by knowing the old one", ownerPassword},
		{"the actor is the context's, else the owner", ownerActor},
		{"an owner whose account is removed finds nothing", ownerGone},
		{"the provider's own things belong to no owner", ownerNobody},
		{"a manager of one owner's things gives and takes nothing of others", ownersManager},
	}
}

// secretEstate answers an estate with a secret in every text that only the provider sees.
func (f *fixture) secretEstate() estate {
	f.t.Helper()
	f.ctx = accounts.WithActor(f.ctx, "secret@provider")
	e := f.heldEstate()
	h := accounts.Hold{Cause: accounts.CauseBilling, Note: "secret note", Message: "Please pay", Public: "Back soon"}
	f.suspendAccount(e.mario.ID, h)
	f.suspendSubscription(e.blog.ID, h)
	f.suspendDomain("blog.example", h)
	_, err := f.clients.Update(f.ctx, e.mario.ID, accounts.Changes{
		Description: point("secret"), ExternalID: point("secret-1"), Attributes: map[string]string{"secret": "secret"}, AdditionalInfo: point("info"),
	})
	f.NoError(err)
	_, err = f.subs.Update(f.ctx, e.blog.ID, subscriptions.Changes{
		Description: point("secret"), ExternalID: point("secret-1"), Attributes: map[string]string{"secret": "secret"},
	})
	f.NoError(err)
	return e
}

func ownerProfile(f *fixture) {
	e := f.secretEstate()
	p, err := f.clients.Owner(e.mario.ID).Profile(f.ctx)
	f.NoError(err)
	a := f.getAccount(e.mario.ID)
	f.Equal(accounts.Profile{
		ID: a.ID, Login: "mario", Contact: a.Contact, AdditionalInfo: "info", Status: accounts.Suspended, Version: a.Version, CreatedAt: a.CreatedAt,
		Messages: []accounts.Message{
			{Cause: accounts.CauseAbuse, Text: "message", At: f.clock.stored()},
			{Cause: accounts.CauseBilling, Text: "Please pay", At: f.clock.stored()},
			{Cause: accounts.CauseCustomer, Text: "message", At: f.clock.stored()},
		},
	}, p)
	f.NotContains(fmt.Sprintf("%+v", p), "secret")
}

func ownerLists(f *fixture) {
	e := f.secretEstate()
	owner := f.clients.Owner(e.mario.ID)
	f.unchanged(func() {
		bought, err := owner.Subscriptions(f.ctx, subscriptions.Query{})
		f.NoError(err)
		f.Len(bought.Items, 2)
		f.NotContains(fmt.Sprintf("%+v", bought), "secret")
		f.NotContains(fmt.Sprintf("%+v", bought), "note")
		s, want := bought.Items[0], f.getSubscription(e.blog.ID)
		f.Len(s.SuspendedBy(), 6)
		for i, held := range s.SuspendedBy() {
			f.Empty(held.Note)
			f.Empty(held.By)
			f.Equal(want.SuspendedBy()[i].Message, held.Message)
			f.Equal(want.SuspendedBy()[i].Public, held.Public)
		}
		f.Equal(want.Name, s.Name)
		f.Equal(want.Plan, s.Plan)
		sites, err := owner.Domains(f.ctx, subscriptions.DomainQuery{Search: "blog"})
		f.NoError(err)
		f.Equal([]string{"blog.example", "en.blog.example"}, domainNames(sites.Items))
		f.Len(sites.Items[0].SuspendedBy(), 9)
		f.NotContains(fmt.Sprintf("%+v", sites), "secret")
		f.NotContains(fmt.Sprintf("%+v", sites), "note")
	})
}

func ownerSearch(f *fixture) {
	e := f.secretEstate()
	owner := f.clients.Owner(e.mario.ID)
	for search, found := range map[string]int{"secret": 0, "secret-1": 0, "se": 0, "blo": 1, "en.blog": 1, "bl": 1, "ret-1": 0, "shop.ex": 1, "game": 0} {
		p, err := owner.Subscriptions(f.ctx, subscriptions.Query{Search: search})
		f.NoError(err)
		f.Len(p.Items, found, search)
	}
	n, err := f.subs.Count(f.ctx, subscriptions.Query{Search: "secret-1"}, 0)
	f.NoError(err)
	f.Equal(1, n, "the provider finds it")
}

func ownerFilters(f *fixture) {
	e := f.secretEstate()
	owner := f.clients.Owner(e.mario.ID)
	for _, other := range []accounts.ID{e.luigi.ID, subscriptions.Provider, nobody} {
		bought, err := owner.Subscriptions(f.ctx, subscriptions.Query{AccountID: &other})
		f.NoError(err)
		f.Empty(bought.Items)
		sites, err := owner.Domains(f.ctx, subscriptions.DomainQuery{AccountID: &other})
		f.NoError(err)
		f.Empty(sites.Items)
	}
	bought, err := owner.Subscriptions(f.ctx, subscriptions.Query{IDs: []subscriptions.ID{e.game.ID, e.spare.ID, e.shop.ID}, AccountID: &e.mario.ID})
	f.NoError(err)
	f.Len(bought.Items, 1)
	sites, err := owner.Domains(f.ctx, subscriptions.DomainQuery{SubscriptionID: e.game.ID})
	f.NoError(err)
	f.Empty(sites.Items)
	for _, limit := range []int{1, 3} {
		var names []string
		q := subscriptions.DomainQuery{Limit: limit}
		for {
			p, err := owner.Domains(f.ctx, q)
			f.NoError(err)
			names = append(names, domainNames(p.Items)...)
			if !f.goesOn(&q.After, p.Next) {
				break
			}
		}
		f.Equal([]string{"blog.example", "en.blog.example", "en.shop.example", "shop.example"}, names)
	}
}

func ownerSwitches(f *fixture) {
	e := f.estate()
	owner := f.clients.Owner(e.mario.ID)
	blog, shop := f.getDomain("blog.example").ID, f.getDomain("shop.example").ID
	f.suspendDomain("blog.example", accounts.Hold{Cause: accounts.CauseAbuse})
	out, err := owner.DisableDomains(f.ctx, []subscriptions.DomainID{shop, blog, shop})
	f.NoError(err)
	f.Equal([]subscriptions.DomainID{blog, shop}, out.Changed)
	f.sites(accounts.Suspended, "blog.example", "shop.example")
	hold, found := f.getDomain("shop.example").Holds.Get(accounts.CauseCustomer)
	f.True(found)
	f.Equal(accounts.Hold{Cause: accounts.CauseCustomer, By: actor, At: f.clock.stored()}, hold)

	out, err = owner.EnableDomains(f.ctx, []subscriptions.DomainID{blog, shop})
	f.NoError(err)
	f.Equal([]subscriptions.DomainID{blog, shop}, out.Changed)
	f.Equal([]subscriptions.DomainID{blog}, out.StillSuspended)
	f.sites(accounts.Active, "shop.example")
	f.Equal(accounts.CauseAbuse, f.getDomain("blog.example").Holds[0].Cause)
	f.suspendAccount(e.mario.ID, accounts.Hold{})
	_, err = owner.DisableDomains(f.ctx, []subscriptions.DomainID{shop})
	f.NoError(err, "it does not ask whether the account is suspended")
}

func ownerStranger(f *fixture) {
	e := f.heldEstate()
	owner := f.clients.Owner(e.mario.ID)
	own, luigis, spare := f.getDomain("blog.example").ID, f.getDomain("game.example").ID, f.getDomain("spare.example").ID
	for _, c := range []struct{ ids, unknown []subscriptions.DomainID }{
		{[]subscriptions.DomainID{luigis}, []subscriptions.DomainID{luigis}},
		{[]subscriptions.DomainID{spare, own, luigis, nobody}, []subscriptions.DomainID{luigis, spare, nobody}},
	} {
		for _, command := range []func(context.Context, []subscriptions.DomainID) (subscriptions.Outcome[subscriptions.DomainID], error){owner.DisableDomains, owner.EnableDomains} {
			err := f.refused(accounts.ErrNotFound, func() error {
				_, err := command(f.ctx, c.ids)
				return err
			})
			f.notFound(err, accounts.LevelDomain, as[int64](c.unknown)...)
		}
	}
	// The subscription changes hands after the owner asked and before the transaction looks.
	spy := &spy{Store: f.store}
	asked := f.managerOf(spy, nil).Owner(e.mario.ID)
	f.assign(e.luigi.ID, e.blog.ID)
	_, err := asked.EnableDomains(f.ctx, []subscriptions.DomainID{own})
	f.notFound(err, accounts.LevelDomain, int64(own))
	f.EqualValues(1, spy.commands.Load())
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
		_, err := owner.SetContact(f.ctx, 2, accounts.Contact{Phone: long(31)})
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
	signIn, err := owner.ChangePassword(f.ctx, password, "another password")
	f.NoError(err)
	f.Equal(mario.SessionEpoch+1, signIn)
	a, err := f.clients.Authenticate(f.ctx, "mario", "another password")
	f.NoError(err)
	f.Equal(signIn, a.SessionEpoch)
}

func ownerActor(f *fixture) {
	e := f.estate()
	owner, ids := f.clients.Owner(e.mario.ID), []subscriptions.DomainID{f.getDomain("blog.example").ID}
	nobodyNamed := accounts.WithActor(f.ctx, "")
	for _, c := range []struct {
		want string
		ctx  context.Context
	}{{actor, f.ctx}, {"owner", f.t.Context()}, {"owner", accounts.WithActor(f.ctx, " \u00a0")}} {
		want, ctx := c.want, c.ctx
		events := f.recorded(func() {
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
	events := f.recorded(func() { f.NoError(f.clients.SetPassword(nobodyNamed, e.mario.ID, password)) })
	f.Empty(events[0].Actor)
}

func ownerNobody(f *fixture) {
	f.estate()
	spare := []subscriptions.DomainID{f.getDomain("spare.example").ID}
	for _, id := range []accounts.ID{subscriptions.Provider, -1, nobody} {
		owner := f.clients.Owner(id)
		_, err := owner.Profile(f.ctx)
		f.ErrorIs(err, accounts.ErrNotFound)
		bought, err := owner.Subscriptions(f.ctx, subscriptions.Query{})
		f.NoError(err)
		f.Empty(bought.Items)
		sites, err := owner.Domains(f.ctx, subscriptions.DomainQuery{IDs: spare})
		f.NoError(err)
		f.Empty(sites.Items)
		f.refused(accounts.ErrNotFound, func() error {
			_, err := owner.DisableDomains(f.ctx, spare)
			return err
		})
	}
}

func ownersManager(f *fixture) {
	e := f.estate()
	marios := f.subs.ForAccount(e.mario.ID)
	for _, to := range []accounts.ID{e.luigi.ID, subscriptions.Provider, nobody} {
		f.refused(accounts.ErrNotFound, func() error {
			_, err := marios.Create(f.ctx, subscriptions.New{AccountID: to, Name: "gift"})
			return err
		})
		f.refused(accounts.ErrNotFound, func() error {
			_, err := marios.Assign(f.ctx, []subscriptions.ID{e.blog.ID}, to)
			return err
		})
	}
	s, err := marios.Create(f.ctx, subscriptions.New{AccountID: e.mario.ID, Name: "another"})
	f.NoError(err)
	f.Equal(s, f.getSubscription(s.ID))
}

func ownerGone(f *fixture) {
	e := f.estate()
	owner, id := f.clients.Owner(e.mario.ID), f.getDomain("blog.example").ID
	f.remove(e.mario.ID)
	_, err := owner.Profile(f.ctx)
	f.ErrorIs(err, accounts.ErrNotFound)
	_, err = owner.SetContact(f.ctx, 0, accounts.Contact{Name: "Mario"})
	f.ErrorIs(err, accounts.ErrNotFound)
	_, err = owner.ChangePassword(f.ctx, password, "another password")
	f.ErrorIs(err, accounts.ErrNotFound)
	_, err = owner.EnableDomains(f.ctx, []subscriptions.DomainID{id})
	f.ErrorIs(err, accounts.ErrNotFound)
	bought, err := owner.Subscriptions(f.ctx, subscriptions.Query{})
	f.NoError(err)
	f.Empty(bought.Items)
}
