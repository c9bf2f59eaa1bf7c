package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// versionCases returns the cases about versions, and about how Update changes fields.
func versionCases() []testCase {
	return []testCase{
		{"an update with another version is refused, and the error has the current one", staleVersion},
		{"version 0 updates any version", anyVersion},
		{"each update raises the version by one and sets UpdatedAt", updateRaises},
		{"holds, passwords and domains do not change Version and UpdatedAt", versionUntouched},
		{"of concurrent updates with one version exactly one succeeds", raceVersion},
		{"every field of an account can be changed alone, and the event has its name but, except for the login, not its value", accountFields},
		{"every field of a subscription can be changed alone, and the event has its name but, except for the login, not its value", subscriptionFields},
		{"attributes are merged, and an empty value deletes the key", attributesMerge},
		{"an update that would lead to too many attributes is invalid", attributesLimit},
		{"an empty name of a subscription stands for that of its main domain", emptiedName},
		{"all taken fields of an update are reported at once", updateTaken},
		{"an update cannot set a reserved login, but an account keeps one that it has", reservedLogins},
		{"LoginPolicy is called for new logins, outside of transactions", loginPolicy},
	}
}

func staleVersion(f *fixture) {
	mario := f.account("mario", "mario.example")
	s := f.onlySubscription(mario.ID)
	for want := int64(2); want < 4; want++ {
		_, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Version: want - 1, Description: ptr(fmt.Sprint(want))})
		f.NoError(err)
		_, err = f.subs.Update(f.ctx, s.ID, subscriptions.Changes{Version: want - 1, Description: ptr(fmt.Sprint(want))})
		f.NoError(err)
		for _, stale := range []int64{want - 1, want + 1, 1 << 62} {
			f.conflict(want, func() error {
				_, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Version: stale, Description: ptr("lost")})
				return err
			})
			f.conflict(want, func() error {
				_, err := f.subs.Update(f.ctx, s.ID, subscriptions.Changes{Version: stale, Description: ptr("lost")})
				return err
			})
			f.conflict(want, func() error {
				_, err := f.clients.Owner(mario.ID).SetContact(f.ctx, stale, accounts.Contact{Name: "lost"}, "")
				return err
			})
		}
	}
	_, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Version: -1})
	f.invalid(err, "version")
	_, err = f.subs.Update(f.ctx, s.ID, subscriptions.Changes{Version: -1})
	f.invalid(err, "version")
}

// conflict asserts that a command is refused with a *ConflictError that has the current version.
func (f *fixture) conflict(current int64, command func() error) {
	f.t.Helper()
	var conflict *accounts.ConflictError
	f.ErrorAs(f.refused(accounts.ErrConflict, command), &conflict)
	f.Equal(current, conflict.Current)
}

func anyVersion(f *fixture) {
	mario := f.account("mario", "mario.example")
	for i := range int64(3) {
		a, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Description: ptr(fmt.Sprint(i))})
		f.NoError(err)
		f.Equal(i+2, a.Version)
		s, err := f.subs.Update(f.ctx, f.onlySubscription(mario.ID).ID, subscriptions.Changes{Description: ptr(fmt.Sprint(i))})
		f.NoError(err)
		f.Equal(i+2, s.Version)
	}
}

func updateRaises(f *fixture) {
	mario := f.account("mario", "mario.example")
	s := f.onlySubscription(mario.ID)
	f.clock.advance(time.Hour)
	a, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Locale: ptr("it-ch")})
	f.NoError(err)
	mario.Locale, mario.Version, mario.UpdatedAt = "it-CH", 2, f.clock.storedNow()
	f.Equal(mario, a)
	f.Equal(mario, f.getAccount(mario.ID))
	f.clock.advance(time.Hour)
	updated, err := f.subs.Update(f.ctx, s.ID, subscriptions.Changes{Plan: ptr("gold")})
	f.NoError(err)
	s.Plan, s.Version, s.UpdatedAt = "gold", 2, f.clock.storedNow()
	f.Equal(s, updated)
	f.Equal(s, f.getSubscription(s.ID))
	f.Equal(mario, f.getAccount(mario.ID))
}

func versionUntouched(f *fixture) {
	mario := f.account("mario", "mario.example", "en.mario.example")
	s := f.onlySubscription(mario.ID)
	f.clock.advance(time.Hour)
	f.suspendAccount(mario.ID, accounts.Hold{})
	f.suspendSubscription(s.ID, accounts.Hold{})
	f.suspendDomain("mario.example", accounts.Hold{})
	f.NoError(f.clients.SetPassword(f.ctx, mario.ID, "another password"))
	f.activateAccount(mario.ID)
	_, err := f.subs.Activate(f.ctx, []subscriptions.ID{s.ID})
	f.NoError(err)
	f.addDomain(s.ID, "added.example")
	_, err = f.subs.RenameDomain(f.ctx, f.getDomain("added.example").ID, "renamed.example")
	f.NoError(err)
	_, err = f.subs.RemoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("renamed.example").ID})
	f.NoError(err)
	_, err = f.clients.SignInAs(f.ctx, mario.ID)
	f.NoError(err)

	mario.SessionEpoch += 2 // the password and the last hold
	f.Equal(mario, f.getAccount(mario.ID))
	f.Equal(s, f.getSubscription(s.ID))
}

func raceVersion(f *fixture) {
	mario := f.account("mario")
	errs := concurrently(6, func(i int) error {
		_, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Version: 1, Description: ptr(fmt.Sprint(i))})
		return err
	})
	winner := f.oneSuccess(errs, accounts.ErrConflict)
	a := f.getAccount(mario.ID)
	f.EqualValues(2, a.Version)
	f.Equal(fmt.Sprint(winner), a.Description)
}

func accountFields(f *fixture) {
	mario := f.account("mario")
	contact := mario.Contact
	text := func(s string) *string { return &s }
	for _, c := range []struct {
		field  string
		change func(value string) accounts.Changes
		set    func(a *accounts.Account, value string)
	}{
		{"login", func(v string) accounts.Changes { return accounts.Changes{Login: text(v)} }, func(a *accounts.Account, v string) { a.Login = v }},
		{"additionalInfo", func(v string) accounts.Changes { return accounts.Changes{AdditionalInfo: text(v)} }, func(a *accounts.Account, v string) { a.AdditionalInfo = v }},
		{"description", func(v string) accounts.Changes { return accounts.Changes{Description: text(v)} }, func(a *accounts.Account, v string) { a.Description = v }},
		{"externalID", func(v string) accounts.Changes { return accounts.Changes{ExternalID: text(v)} }, func(a *accounts.Account, v string) { a.ExternalID = v }},
		{"attributes", func(v string) accounts.Changes { return accounts.Changes{Attributes: map[string]string{"key": v}} }, func(a *accounts.Account, v string) { a.Attributes = map[string]string{"key": v} }},
		{"contact.name", contactChange(&contact, &contact.Name), func(a *accounts.Account, v string) { a.Contact.Name = v }},
		{"contact.company", contactChange(&contact, &contact.Company), func(a *accounts.Account, v string) { a.Contact.Company = v }},
		{"contact.phone", contactChange(&contact, &contact.Phone), func(a *accounts.Account, v string) { a.Contact.Phone = v }},
		{"contact.address", contactChange(&contact, &contact.Address), func(a *accounts.Account, v string) { a.Contact.Address = v }},
		{"contact.city", contactChange(&contact, &contact.City), func(a *accounts.Account, v string) { a.Contact.City = v }},
		{"contact.state", contactChange(&contact, &contact.State), func(a *accounts.Account, v string) { a.Contact.State = v }},
		{"contact.postalCode", contactChange(&contact, &contact.PostalCode), func(a *accounts.Account, v string) { a.Contact.PostalCode = v }},
	} {
		const value = "new-value"
		events := f.eventsOf(func() {
			_, err := f.clients.Update(f.ctx, mario.ID, c.change(value))
			f.NoError(err, c.field)
		})
		c.set(&mario, value)
		mario.Version++
		f.Equal(mario, f.getAccount(mario.ID), c.field)
		details := map[string]string{"fields": c.field}
		if c.field == "login" { // the only field whose values are named
			details["from"], details["to"] = "mario", value
		}
		f.Equal([]accounts.Event{{
			At: f.clock.storedNow(), Type: subscriptions.AccountUpdated, Actor: actor, AccountID: mario.ID, Details: details,
		}}, withoutCursors(events))
	}
	contact.Email, contact.Country = "mario@example.com", "it"
	_, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Locale: ptr("")})
	f.NoError(err, "removing a locale that is not set must succeed")
	a, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Contact: &contact, Locale: ptr("it")})
	f.NoError(err)
	f.Equal("IT", a.Contact.Country)
	f.Equal("mario@example.com", a.Contact.Email)
	f.Equal("contact.email,contact.country,locale", f.events()[len(f.events())-1].Details["fields"])
	contact.Email, contact.Country = "", ""
	a, err = f.clients.Update(f.ctx, mario.ID, accounts.Changes{Contact: &contact, Locale: ptr("")})
	f.NoError(err)
	f.Empty(a.Contact.Email + a.Contact.Country + a.Locale)
}

// contactChange returns a function that changes one field of contact and returns the Changes. Later changes build on it.
func contactChange(contact *accounts.Contact, field *string) func(string) accounts.Changes {
	return func(value string) accounts.Changes {
		*field = value
		changed := *contact
		return accounts.Changes{Contact: &changed}
	}
}

func subscriptionFields(f *fixture) {
	s := f.subscription(subscriptions.Provider, "mario.example")
	for _, c := range []struct {
		field  string
		change subscriptions.Changes
		set    func(s *subscriptions.Subscription)
	}{
		{"name", subscriptions.Changes{Name: ptr("new-value")}, func(s *subscriptions.Subscription) { s.Name = "new-value" }},
		{"plan", subscriptions.Changes{Plan: ptr("new-value")}, func(s *subscriptions.Subscription) { s.Plan = "new-value" }},
		{"description", subscriptions.Changes{Description: ptr("new-value")}, func(s *subscriptions.Subscription) { s.Description = "new-value" }},
		{"externalID", subscriptions.Changes{ExternalID: ptr("new-value")}, func(s *subscriptions.Subscription) { s.ExternalID = "new-value" }},
		{"attributes", subscriptions.Changes{Attributes: map[string]string{"key": "new-value"}}, func(s *subscriptions.Subscription) { s.Attributes = map[string]string{"key": "new-value"} }},
		{"expiresAt", subscriptions.Changes{ExpiresAt: ptr(f.clock.now().Add(time.Hour))}, func(s *subscriptions.Subscription) { s.ExpiresAt = suite.StoredTime(f.clock.now().Add(time.Hour)) }},
	} {
		events := f.eventsOf(func() {
			_, err := f.subs.Update(f.ctx, s.ID, c.change)
			f.NoError(err, c.field)
		})
		c.set(&s)
		s.Version++
		f.Equal(s, f.getSubscription(s.ID), c.field)
		f.Equal([]accounts.Event{{
			At: f.clock.storedNow(), Type: subscriptions.SubscriptionUpdated, Actor: actor, SubscriptionID: s.ID, Details: map[string]string{"fields": c.field},
		}}, withoutCursors(events))
	}
}

func attributesMerge(f *fixture) {
	in := newAccount("mario")
	in.Attributes = map[string]string{"one": "1", "two": "2", "three": "3"}
	in.Subscription = &subscriptions.New{Name: "shop", Attributes: in.Attributes}
	mario := f.create(in)
	s := f.onlySubscription(mario.ID)
	changes := map[string]string{"two": "zwei", "three": "", "four": "4", "five": " "}
	want := map[string]string{"one": "1", "two": "zwei", "four": "4"}
	a, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Attributes: changes})
	f.NoError(err)
	f.Equal(want, a.Attributes)
	f.Equal(want, f.getAccount(mario.ID).Attributes)
	updated, err := f.subs.Update(f.ctx, s.ID, subscriptions.Changes{Attributes: changes})
	f.NoError(err)
	f.Equal(want, updated.Attributes)
	f.Equal(want, f.getSubscription(s.ID).Attributes)
	_, err = f.clients.Update(f.ctx, mario.ID, accounts.Changes{Attributes: map[string]string{"one": "", "two": "", "four": ""}})
	f.NoError(err)
	f.Empty(f.getAccount(mario.ID).Attributes)
}

func attributesLimit(f *fixture) {
	in := newAccount("mario")
	in.Attributes = attributes(32)
	in.Subscription = &subscriptions.New{Name: "shop", Attributes: in.Attributes}
	mario := f.create(in)
	s := f.onlySubscription(mario.ID)
	f.unchanged(func() {
		_, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Attributes: map[string]string{"one-more": "x"}})
		f.invalid(err, "attributes")
		_, err = f.subs.Update(f.ctx, s.ID, subscriptions.Changes{Attributes: map[string]string{"one-more": "x"}})
		f.invalid(err, "attributes")
	})
	_, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Attributes: map[string]string{"one-more": "x", "key0": ""}})
	f.NoError(err)
	others := map[string]string{}
	for key := range f.getAccount(mario.ID).Attributes {
		others[key], others["other-"+key] = "", "value"
	}
	a, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Attributes: others})
	f.NoError(err, "32 attributes must be replaceable by 32 others in one call")
	f.Len(a.Attributes, 32)
}

// attributes returns n attributes.
func attributes(n int) map[string]string {
	all := map[string]string{}
	for i := range n {
		all[fmt.Sprint("key", i)] = "value"
	}
	return all
}

func emptiedName(f *fixture) {
	data := f.seed()
	f.NoError(f.subs.SetMainDomain(f.ctx, f.getDomain("en.blog.example").ID))
	s, err := f.subs.Update(f.ctx, data.blog.ID, subscriptions.Changes{Name: ptr(" ")})
	f.NoError(err)
	f.Equal("en.blog.example", s.Name)
	f.Equal(s, f.getSubscription(s.ID))
	empty := f.subscription(subscriptions.Provider)
	err = f.refused(accounts.ErrInvalid, func() error {
		_, err := f.subs.Update(f.ctx, empty.ID, subscriptions.Changes{Name: ptr("")})
		return err
	})
	f.invalid(err, "name")
}

func updateTaken(f *fixture) {
	in := newAccount("mario")
	in.ExternalID = "crm-1"
	f.create(in)
	luigi := f.account("luigi")
	err := f.refused(accounts.ErrTaken, func() error {
		_, err := f.clients.Update(f.ctx, luigi.ID, accounts.Changes{Login: ptr("Mario"), ExternalID: ptr("crm-1"), Description: ptr("x")})
		return err
	})
	f.taken(err, accounts.Taken{Field: "login", Value: "Mario"}, accounts.Taken{Field: "externalID", Value: "crm-1"})
	err = f.refused(accounts.ErrInvalid, func() error {
		_, err := f.clients.Update(f.ctx, luigi.ID, accounts.Changes{Login: ptr("Mario"), Description: ptr(strings.Repeat("x", 4097))})
		return err
	})
	f.invalid(err, "description")
}

func reservedLogins(f *fixture) {
	existing := f.account("sales")
	mario := f.account("mario")
	reserving := func(logins []string) *accounts.Manager {
		return f.manager(func(o *accounts.Options) { o.ReservedLogins = logins })
	}
	refuses := func(m *accounts.Manager, login string) {
		_, err := m.Create(f.ctx, newAccount(login))
		f.invalid(err, "login")
		_, err = m.Update(f.ctx, mario.ID, accounts.Changes{Login: &login})
		f.invalid(err, "login")
	}
	ours := []string{"Sales", "team"}
	f.useManager(reserving(append(accounts.DefaultReservedLogins(), ours...)))
	f.unchanged(func() {
		for _, login := range []string{"root", "ADMIN", "postgres", "sales", "Team"} {
			refuses(f.clients, login)
		}
	})
	err := f.refused(accounts.ErrInvalid, func() error {
		_, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Login: ptr("root"), Contact: &accounts.Contact{Name: "Mario", Email: "x"}})
		return err
	})
	f.invalid(err, "login", "contact.email")
	_, err = f.clients.Update(f.ctx, existing.ID, accounts.Changes{Login: ptr("SALES"), Description: ptr("since 1999")})
	f.NoError(err)

	replaced := reserving(ours)
	f.unchanged(func() {
		builtin := accounts.DefaultReservedLogins()
		for i := range builtin {
			refuses(reserving(nil), builtin[i])
			builtin[i] = "changed"
		}
		refuses(reserving(nil), "root")
		refuses(replaced, "team")
	})
	for m, login := range map[*accounts.Manager]string{replaced: "root", reserving([]string{}): "admin"} {
		_, err = m.Create(f.ctx, newAccount(login))
		f.NoError(err, "the list replaces the built-in one")
	}
}

// The policy is called for logins that are set or changed, and never inside a transaction of the library: it runs a
// command itself, which would wait for that transaction.
func loginPolicy(f *fixture) {
	plain, offline := f.clients, errors.New("the directory is offline")
	other := f.account("other")
	var asked []string
	f.useManager(f.manager(func(o *accounts.Options) {
		o.LoginPolicy = func(ctx context.Context, login string) error {
			asked = append(asked, login)
			_, err := plain.Suspend(ctx, []accounts.ID{other.ID}, accounts.Hold{Message: strings.Repeat("x", len(asked))})
			f.NoError(err)
			switch {
			case strings.HasPrefix(login, "offline"):
				return offline
			case strings.HasPrefix(login, "no-"):
				return &accounts.InvalidError{Fields: []accounts.FieldError{{Rule: "prefix", Message: login + " begins with no-"}}}
			}
			return nil
		}
	}))
	mario := f.account("Mario")
	f.Equal([]string{"mario"}, asked)
	rename := func(login string, c accounts.Changes) error {
		c.Login = &login
		_, err := f.clients.Update(f.ctx, mario.ID, c)
		return err
	}
	f.NoError(rename("MARIO", accounts.Changes{Description: ptr("x")}))
	f.Equal([]string{"mario"}, asked, "the login is what it was")

	refused := func(err error, paths ...string) {
		f.invalid(err, paths...)
		var invalid *accounts.InvalidError
		f.ErrorAs(err, &invalid)
		f.True(slices.ContainsFunc(invalid.Fields, func(e accounts.FieldError) bool {
			return e.Path == "login" && e.Rule == "prefix" && e.Message == "no-mario begins with no-"
		}), err)
	}
	before := f.getAccount(mario.ID)
	in := newAccount("No-Mario")
	_, err := f.clients.Create(f.ctx, in)
	refused(err, "login")
	in.Locale = "no such language"
	_, err = f.clients.Create(f.ctx, in)
	refused(err, "login", "locale")
	refused(rename("No-Mario", accounts.Changes{}), "login")
	refused(rename("No-Mario", accounts.Changes{Locale: &in.Locale}), "login", "locale")
	f.ErrorIs(rename("offline1", accounts.Changes{}), offline)
	f.ErrorIs(rename("offline2", accounts.Changes{Locale: &in.Locale}), offline)
	_, err = f.clients.Create(f.ctx, newAccount("offline3"))
	f.ErrorIs(err, offline)
	f.Equal(before, f.getAccount(mario.ID))

	asked = nil
	f.invalid(rename("root", accounts.Changes{}), "login")
	f.invalid(rename("-", accounts.Changes{}), "login")
	f.ErrorIs(rename("peach", accounts.Changes{Version: 77}), accounts.ErrConflict)
	f.Empty(asked, "what is refused anyway needs no question")
	f.NoError(rename("peach", accounts.Changes{Version: before.Version}))
	f.Equal([]string{"peach"}, asked)
	f.Equal("peach", f.getAccount(mario.ID).Login)
}
