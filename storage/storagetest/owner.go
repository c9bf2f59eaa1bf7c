package storagetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/recording"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
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
		{"an owner changes the e-mail address only with the password", ownerEmail},
		{"an e-mail address or a password that changes while the password is verified is not overwritten", ownerEmailRaces},
		{"a program that has confirmed the owner changes the e-mail address without the password", ownerConfirmed},
		{"a new e-mail address ends all sessions and reset tokens of the account", ownerEmailEndsSessions},
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
			f.notFound(err, accounts.LevelDomain, suite.As[int64](c.unknown)...)
		}
	}
	// The subscription is assigned to another account before the owner's transaction begins.
	recorder := &recording.Store{Store: f.store}
	foreign := f.managerFor(recorder, nil).Owner(data.mario.ID)
	f.assign(data.luigi.ID, data.blog.ID)
	_, err := foreign.EnableDomains(f.ctx, []subscriptions.DomainID{own})
	f.notFound(err, accounts.LevelDomain, int64(own))
	f.EqualValues(1, recorder.Commands.Load())
}

func ownerContact(f *fixture) {
	mario := f.account("mario")
	owner := f.clients.Owner(mario.ID)
	f.clock.advance(time.Hour)
	p, err := owner.SetContact(f.ctx, 1, accounts.Contact{Name: " Mario ", Country: "it"}, "")
	f.NoError(err)
	f.Equal(accounts.Contact{Name: "Mario", Country: "IT"}, p.Contact)
	f.EqualValues(2, p.Version)
	again, err := owner.Profile(f.ctx)
	f.NoError(err)
	f.Equal(again, p)
	f.conflict(2, func() error {
		_, err := owner.SetContact(f.ctx, 1, accounts.Contact{Name: "lost"}, "")
		return err
	})
	err = f.refused(accounts.ErrInvalid, func() error {
		_, err := owner.SetContact(f.ctx, 2, accounts.Contact{Phone: longText(31), Email: "new@example.com"}, "wrong")
		return err
	})
	f.invalid(err, "contact.name", "contact.phone")
}

// countingHasher is a plainHasher that counts its verifications.
type countingHasher struct {
	plainHasher
	verified *int
}

func (h countingHasher) Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error) {
	*h.verified++
	return h.plainHasher.Verify(ctx, hash, password)
}

func ownerEmail(f *fixture) {
	verified := 0
	f.useManager(f.manager(func(o *accounts.Options) { o.Hasher = countingHasher{verified: &verified} }))
	mario := f.account("mario")
	owner, contact := f.clients.Owner(mario.ID), mario.Contact
	for _, step := range []struct {
		what, email string
		needed      bool
	}{
		{"the first address", "mario@example.com", true},
		{"the same address, as it is stored", " mario@example.com\u00a0", false},
		{"another spelling", "Mario@example.com", true},
		{"no address", "", true},
		{"no address again", " ", false},
	} {
		contact.Email, contact.City = step.email, step.what
		for _, wrong := range []string{"", "wrong", "another password"} {
			if !step.needed {
				break
			}
			before := verified
			f.refused(accounts.ErrInvalidCredentials, func() error {
				_, err := owner.SetContact(f.ctx, 0, contact, wrong)
				return err
			})
			f.Equal(before+1, verified, "%s, with the password %q: a refusal must take a hash", step.what, wrong)
		}
		before, given := verified, ""
		if step.needed {
			given = password
		}
		events := f.eventsOf(func() {
			p, err := owner.SetContact(f.ctx, 0, contact, given)
			f.NoError(err, step.what)
			f.Equal(strings.TrimSpace(step.email), p.Contact.Email)
			f.Equal(p.Contact, f.getAccount(mario.ID).Contact)
		})
		f.Equal(step.needed, verified > before, step.what)
		f.Len(events, 1)
		f.Equal(step.needed, strings.Contains(events[0].Details["fields"], "contact.email"), step.what)
	}
	stale := int64(1)
	f.conflict(f.getAccount(mario.ID).Version, func() error {
		_, err := owner.SetContact(f.ctx, stale, accounts.Contact{Name: "Mario", Email: "new@example.com"}, "wrong")
		return err
	})
}

// storeWithHook calls before ahead of every transaction.
type storeWithHook struct {
	accounts.Store
	before func()
}

func (s storeWithHook) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	s.before()
	return s.Store.Update(ctx, fn)
}

func ownerEmailRaces(f *fixture) {
	mario := f.account("mario")
	contact := func(email string) accounts.Contact { return accounts.Contact{Name: "Mario", Email: email} }
	changeEmail := func(to string) func() {
		return func() {
			changed := contact(to)
			_, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Contact: &changed})
			f.NoError(err)
		}
	}
	// setContact runs change between what SetContact reads and its transaction, at most the given number of times.
	setContact := func(version int64, email, given string, change func(), times int) error {
		store := storeWithHook{Store: f.store, before: func() {
			if times > 0 {
				times--
				change()
			}
		}}
		_, err := f.managerFor(store, nil).Owner(mario.ID).SetContact(f.ctx, version, contact(email), given)
		return err
	}

	err := setContact(0, "a@example.com", password, changeEmail("b@example.com"), 1)
	f.NoError(err)
	f.Equal("a@example.com", f.getAccount(mario.ID).Contact.Email)
	err = setContact(0, "a@example.com", "", changeEmail("c@example.com"), 1)
	f.ErrorIs(err, accounts.ErrInvalidCredentials, "the address was the same when it was read, but no longer is")
	f.Equal("c@example.com", f.getAccount(mario.ID).Contact.Email)
	version := f.getAccount(mario.ID).Version
	err = setContact(version, "d@example.com", password, changeEmail("e@example.com"), 1)
	f.ErrorIs(err, accounts.ErrConflict)
	f.Equal("e@example.com", f.getAccount(mario.ID).Contact.Email)

	swapped := false
	swap := func() {
		swapped = !swapped
		changeEmail(map[bool]string{true: "f@example.com", false: "g@example.com"}[swapped])()
	}
	err = setContact(0, "h@example.com", password, swap, 1_000)
	f.ErrorIs(err, accounts.ErrConflict, "changed again and again")
	f.NotEqual("h@example.com", f.getAccount(mario.ID).Contact.Email)

	err = setContact(0, "i@example.com", password, func() { f.NoError(f.clients.SetPassword(f.ctx, mario.ID, "a newer password")) }, 1)
	f.ErrorIs(err, accounts.ErrInvalidCredentials)
	f.NotEqual("i@example.com", f.getAccount(mario.ID).Contact.Email)
	rehash := func() {
		f.NoError(f.store.Update(f.ctx, func(tx accounts.Tx) error {
			records, err := tx.LockAccounts([]accounts.ID{mario.ID})
			if err != nil {
				return err
			}
			records[0].Hash = "$old" + records[0].Hash
			return tx.Save(accounts.Writes{UpdateAccounts: records})
		}))
	}
	clients := f.manager(func(o *accounts.Options) { o.Hasher = hookedHasher{outdated: true} })
	once := sync.OnceFunc(rehash)
	_, err = clients.WithStore(storeWithHook{Store: f.store, before: once}).Owner(mario.ID).SetContact(f.ctx, 0, contact("i@example.com"), "a newer password")
	f.NoError(err, "another hash of the same password")
	f.Equal("i@example.com", f.getAccount(mario.ID).Contact.Email)
}

func ownerConfirmed(f *fixture) {
	verified := 0
	f.useManager(f.manager(func(o *accounts.Options) { o.Hasher = countingHasher{verified: &verified} }))
	mario := f.account("mario")
	owner := f.clients.Owner(mario.ID)
	confirmed := owner.Confirmed()
	p, err := confirmed.SetContact(f.ctx, 1, accounts.Contact{Name: "Mario", Email: "mario@example.com"}, "")
	f.NoError(err)
	f.Equal("mario@example.com", p.Contact.Email)
	f.Equal(mario.SessionEpoch+1, p.NewSessionEpoch)
	f.conflict(2, func() error {
		_, err := confirmed.SetContact(f.ctx, 1, accounts.Contact{Name: "lost", Email: "lost@example.com"}, "")
		return err
	})
	f.refused(accounts.ErrInvalidCredentials, func() error {
		_, err := owner.SetContact(f.ctx, 0, accounts.Contact{Name: "Mario", Email: "another@example.com"}, "")
		return err
	})
	f.Equal(1, verified, "Confirmed returns a copy, which verifies nothing")
}

func ownerEmailEndsSessions(f *fixture) {
	mario := f.account("mario")
	epoch := mario.SessionEpoch
	changes := map[string]func(c accounts.Contact) int64{
		"Owner.SetContact": func(c accounts.Contact) int64 {
			p, err := f.clients.Owner(mario.ID).SetContact(f.ctx, 0, c, password)
			f.NoError(err)
			return p.NewSessionEpoch
		},
		"Update": func(c accounts.Contact) int64 {
			a, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Contact: &c})
			f.NoError(err)
			return a.SessionEpoch
		},
	}
	for name, change := range changes {
		token, err := f.clients.ResetToken(f.ctx, mario.ID, time.Hour)
		f.NoError(err)
		c := f.getAccount(mario.ID).Contact
		c.City += "x"
		changed := change(c)
		f.NoError(f.checkSession(mario.ID, epoch), "%s: another field ends no session", name)
		f.Contains([]int64{0, epoch}, changed, "%s returns no new epoch", name)
		_, err = f.clients.CheckResetToken(f.ctx, token)
		f.NoError(err)

		c.Email = strings.ToLower(strings.TrimPrefix(name, "Owner.")) + "@example.com"
		changed = change(c)
		f.Equal(epoch+1, changed, name)
		f.Equal(epoch+1, f.getAccount(mario.ID).SessionEpoch, name)
		f.ErrorIs(f.checkSession(mario.ID, epoch), accounts.ErrSessionEnded, name)
		f.NoError(f.checkSession(mario.ID, changed), name)
		_, err = f.clients.CheckResetToken(f.ctx, token)
		f.ErrorIs(err, accounts.ErrInvalidCredentials, name)
		_, err = f.clients.ResetPassword(f.ctx, token, "another password")
		f.ErrorIs(err, accounts.ErrInvalidCredentials, "%s: the link was sent to the old address", name)
		epoch = changed
	}
	p, err := f.clients.Owner(mario.ID).Profile(f.ctx)
	f.NoError(err)
	f.Zero(p.NewSessionEpoch)
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
	for i, c := range []struct {
		want string
		ctx  context.Context
	}{{actor, f.ctx}, {"owner", f.t.Context()}, {"owner", accounts.WithActor(f.ctx, " \u00a0")}} {
		want, ctx := c.want, c.ctx
		events := f.eventsOf(func() {
			_, err := owner.DisableDomains(ctx, ids)
			f.NoError(err)
			_, err = owner.EnableDomains(ctx, ids)
			f.NoError(err)
			_, err = owner.SetContact(ctx, 0, accounts.Contact{Name: want, Email: fmt.Sprintf("mario%d@example.com", i)}, password)
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
	_, err = owner.SetContact(f.ctx, 0, accounts.Contact{Name: "Mario", Email: "mario@example.com"}, password)
	f.ErrorIs(err, accounts.ErrNotFound)
	_, err = owner.Confirmed().SetContact(f.ctx, 0, accounts.Contact{Name: "Mario"}, "")
	f.ErrorIs(err, accounts.ErrNotFound)
	_, err = owner.ChangePassword(f.ctx, password, "another password")
	f.ErrorIs(err, accounts.ErrNotFound)
	_, err = owner.EnableDomains(f.ctx, []subscriptions.DomainID{id})
	f.ErrorIs(err, accounts.ErrNotFound)
	subs, err := owner.Subscriptions(f.ctx, subscriptions.Query{})
	f.NoError(err)
	f.Empty(subs.Items)
}
