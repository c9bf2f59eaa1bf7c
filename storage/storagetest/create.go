package storagetest

import (
	"fmt"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// createCases returns the cases about creations, unique values and look-ups.
func createCases() []testCase {
	return []testCase{
		{"an account is created together with its first subscription and domains", createWithSubscription},
		{"a refused creation stores nothing", createRefused},
		{"every field of an account is stored as given", accountRoundTrip},
		{"every field of a subscription is stored as given", subscriptionRoundTrip},
		{"an account with only the required fields gets defaults", accountDefaults},
		{"a subscription with only the required fields gets defaults", subscriptionDefaults},
		{"text is trimmed and normalized before it is stored", textIsNormalized},
		{"characters that show nothing are removed from every text of one line", invisibleIsRemoved},
		{"characters that show nothing do not matter to look-ups, searches and filters", invisibleInLookUps},
		{"characters that show nothing do not make a second login, external id or domain name", invisibleIsTaken},
		{"names, companies, addresses, cities and states keep joiners between letters", joinersInNames},
		{"text of several lines keeps what shows nothing, but does not change its direction", invisibleInLines},
		{"all taken fields are reported at once, with their values as given", takenFieldsAtOnce},
		{"a name that is taken hides no conflict of another name of the same call", takenNamesAtOnce},
		{"a domain name is taken in both spellings and for every owner", takenDomain},
		{"a login is taken in upper and lower case", takenLogin},
		{"an external id is unique among accounts and among subscriptions, not between them", takenExternalID},
		{"subscriptions may share a name", sharedName},
		{"an account is found by id, login and external id", findAccount},
		{"a subscription is found by id and external id", findSubscription},
		{"look-ups and commands report a missing row by kind and id or name", findMissing},
		{"a look-up by text that cannot be stored finds nothing", findUnstorable},
		{"a subscription cannot be created for an unknown account", subscribeUnknownAccount},
		{"the first subscription of an account cannot belong to another one", firstSubscriptionOwner},
		{"ids are not reused after a removal", idsStayUnique},
	}
}

func createWithSubscription(f *fixture) {
	in := newAccount("mario")
	in.ExternalID = "crm-1"
	in.Subscription = &subscriptions.New{Plan: "basic", ExternalID: "shop-1", Domains: []string{"mario.example", "en.mario.example"}}
	var mario accounts.Account
	events := f.eventsOf(func() { mario = f.create(in) })

	s := f.onlySubscription(mario.ID)
	f.Equal("mario.example", s.Name)
	main, second := f.getDomain("mario.example"), f.getDomain("en.mario.example")
	f.True(main.Main, "the first domain must be the main one")
	f.False(second.Main, "the second domain must not be the main one")
	f.Less(main.ID, second.ID, "the first domain must have the lowest id")
	for _, d := range []subscriptions.Domain{main, second} {
		f.Equal(s.ID, d.SubscriptionID)
		f.Equal(mario.ID, d.AccountID)
		f.Equal(f.clock.storedNow(), d.CreatedAt)
	}
	created := accounts.Event{At: f.clock.storedNow(), Actor: actor, AccountID: mario.ID}
	account, subscription, one, two := created, created, created, created
	account.Type, account.Details = subscriptions.AccountCreated, map[string]string{"login": "mario", "externalID": "crm-1"}
	subscription.Type, subscription.SubscriptionID = subscriptions.SubscriptionCreated, s.ID
	subscription.Details = map[string]string{"externalID": "shop-1"}
	one.Type, one.SubscriptionID, one.DomainID, one.Domain = subscriptions.DomainAdded, s.ID, main.ID, main.Name
	two.Type, two.SubscriptionID, two.DomainID, two.Domain = subscriptions.DomainAdded, s.ID, second.ID, second.Name
	f.Equal([]accounts.Event{account, subscription, one, two}, withoutCursors(events))
}

func createRefused(f *fixture) {
	f.account("luigi", "luigi.example")
	in := newAccount("mario")
	in.Subscription = &subscriptions.New{Domains: []string{"mario.example", "luigi.example", "third.example"}}
	err := f.refused(accounts.ErrTaken, func() error {
		_, err := f.clients.Create(f.ctx, in)
		return err
	})
	f.taken(err, accounts.Taken{Field: "subscription.domains[1]", Value: "luigi.example"})
	in.Subscription.Domains = []string{"mario.example", "third.example"}
	f.create(in)
}

func accountRoundTrip(f *fixture) {
	in := accounts.New{
		Login: "mario.rossi+web@example.com", Password: password,
		Contact: accounts.Contact{
			Name: "Mario Rossi", Company: "Rossi & Figli s.r.l.", Email: "mario@example.com", Phone: "+39 06 1234567",
			Address: "Via del Corso 1, scala B", City: "Roma", State: "RM", PostalCode: "00187", Country: "IT",
		},
		AdditionalInfo: "Your contact is Anna.\n\tCall her.", Description: "Pays late, è simpatico 😀",
		ExternalID: "CRM/42 ü", Locale: "it-IT", Attributes: map[string]string{"vat": "IT123", "fax-number": "line 1\nline 2"},
		CreatedAt: time.Date(1999, 12, 31, 23, 59, 59, 999999999, time.FixedZone("", -7200)),
	}
	a := f.create(in)
	f.Equal(accounts.Account{
		ID: a.ID, Login: in.Login, Contact: in.Contact, AdditionalInfo: in.AdditionalInfo, Description: in.Description,
		ExternalID: in.ExternalID, Locale: in.Locale, Attributes: in.Attributes, SessionEpoch: a.SessionEpoch, Version: 1,
		CreatedAt: time.Date(2000, 1, 1, 1, 59, 59, 999999000, time.UTC), UpdatedAt: f.clock.storedNow(),
	}, a)
	f.Equal(a, f.getAccount(a.ID))
	p, err := f.clients.List(f.ctx, accounts.Query{})
	f.NoError(err)
	f.Equal([]accounts.Summary{{Account: a}}, p.Items)
}

func subscriptionRoundTrip(f *fixture) {
	mario := f.account("mario")
	in := subscriptions.New{
		AccountID: mario.ID, Name: "Hosting für Mario", Plan: "Basic 10 GB", Description: "since 1999\n\tcheap",
		ExternalID: "order/7", Attributes: map[string]string{"node": "web-3"},
		ExpiresAt: time.Date(2030, 1, 2, 3, 4, 5, 678901234, time.FixedZone("", 3600)), CreatedAt: time.Date(1999, 1, 1, 0, 0, 0, 1999, time.UTC),
		Domains: []string{"mario.example"},
	}
	s := f.subscribe(in)
	f.Equal(subscriptions.Subscription{
		ID: s.ID, AccountID: mario.ID, Name: in.Name, Plan: in.Plan, Description: in.Description, ExternalID: in.ExternalID,
		Attributes: in.Attributes, ExpiresAt: time.Date(2030, 1, 2, 2, 4, 5, 678901000, time.UTC), Version: 1,
		CreatedAt: time.Date(1999, 1, 1, 0, 0, 0, 1000, time.UTC), UpdatedAt: f.clock.storedNow(),
	}, s)
	f.Equal(s, f.getSubscription(s.ID))
	f.Equal(s, f.onlySubscription(mario.ID))
	site, err := f.subs.Resolve(f.ctx, "mario.example")
	f.NoError(err)
	f.Equal(in.Plan, site.Plan)
}

func accountDefaults(f *fixture) {
	a := f.account("mario")
	f.Positive(a.ID)
	f.EqualValues(1, a.Version)
	f.Equal(f.clock.storedNow(), a.CreatedAt)
	f.Equal(f.clock.storedNow(), a.UpdatedAt)
	f.Empty(a.Attributes)
	f.Empty(a.Holds)
	f.Equal(accounts.Active, a.Status())
	f.Nil(a.SuspendedBy())
	f.Equal(a, f.getAccount(a.ID))
}

func subscriptionDefaults(f *fixture) {
	s := f.subscribe(subscriptions.New{Name: "empty"})
	f.Equal(subscriptions.Provider, s.AccountID)
	f.True(s.ExpiresAt.IsZero(), "ExpiresAt must be zero: %v", s.ExpiresAt)
	f.Equal(f.clock.storedNow(), s.CreatedAt)
	f.Equal(s, f.getSubscription(s.ID))
	f.Empty(f.domains(subscriptions.DomainQuery{SubscriptionID: s.ID}))

	named := f.subscribe(subscriptions.New{Domains: []string{"BÜCHER.example"}})
	f.Equal("xn--bcher-kva.example", named.Name)
	_, err := f.subs.Create(f.ctx, subscriptions.New{Plan: "basic"})
	f.invalid(err, "name")
}

func textIsNormalized(f *fixture) {
	in := newAccount("  MaRio ")
	in.Contact.Name, in.Contact.City = "  Zoe\u0308 \t", "\u00a0Orléans\u2003"
	in.Description, in.ExternalID = "one\r\ntwo\rthree \n", " e\u0301-1 "
	in.Attributes = map[string]string{"kept": " va\u0301lue ", "empty": "", "blank": "  "}
	a := f.create(in)
	f.Equal("mario", a.Login)
	f.Equal("Zoë", a.Contact.Name)
	f.Equal("Orléans", a.Contact.City)
	f.Equal("one\ntwo\nthree", a.Description)
	f.Equal("é-1", a.ExternalID)
	f.Equal(map[string]string{"kept": "válue"}, a.Attributes)
	f.Equal(a, f.getAccount(a.ID))
	found, err := f.clients.GetByExternalID(f.ctx, "e\u0301-1")
	f.NoError(err)
	f.Equal(a, found)
}

func takenFieldsAtOnce(f *fixture) {
	in := newAccount("mario")
	in.ExternalID = "crm-1"
	in.Subscription = &subscriptions.New{ExternalID: "shop-1", Domains: []string{"a.example", "b.example", "c.example"}}
	f.create(in)

	in.Login, in.ExternalID, in.Subscription.ExternalID = "MARIO", " crm-1", "shop-1 "
	in.Subscription.Domains = []string{"C.Example.", "new.example", "a.example"}
	err := f.refused(accounts.ErrTaken, func() error {
		_, err := f.clients.Create(f.ctx, in)
		return err
	})
	f.taken(err,
		accounts.Taken{Field: "login", Value: "MARIO"}, accounts.Taken{Field: "externalID", Value: " crm-1"},
		accounts.Taken{Field: "subscription.externalID", Value: "shop-1 "},
		accounts.Taken{Field: "subscription.domains[0]", Value: "C.Example."},
		accounts.Taken{Field: "subscription.domains[2]", Value: "a.example"},
	)
	err = f.refused(accounts.ErrTaken, func() error {
		_, err := f.subs.Create(f.ctx, *in.Subscription)
		return err
	})
	f.taken(err,
		accounts.Taken{Field: "externalID", Value: "shop-1 "}, accounts.Taken{Field: "domains[0]", Value: "C.Example."},
		accounts.Taken{Field: "domains[2]", Value: "a.example"},
	)
	in.Locale = "no such language"
	err = f.refused(accounts.ErrInvalid, func() error {
		_, err := f.clients.Create(f.ctx, in)
		return err
	})
	f.invalid(err, "locale")
}

func takenNamesAtOnce(f *fixture) {
	f.account("mario", "example.com", "a.deep.example", "mine.peach.example")
	peach := f.account("peach", "peach.example.org")
	f.subscription(subscriptions.Provider, "spare.example")
	names := []string{
		"example.com", "shop.example.com", "b.shop.example.com", // the first is taken, and the others are below it
		"deep.example", "x.a.deep.example", "a.deep.example", // the last is taken, and the others are above and below it
		"free.example", "www.free.example", // of the same call
		"spare.example", "www.spare.example", // below a taken name of the provider
		"peach.example.org", "www.peach.example.org", // below a taken name, Peach's own
	}
	in := newAccount("toad")
	in.Subscription = &subscriptions.New{Domains: names}
	err := f.refused(accounts.ErrTaken, func() error {
		_, err := f.clients.Create(f.ctx, in)
		return err
	})
	var want []accounts.Taken
	for i, name := range names {
		if i < 6 || i == 8 || i >= 10 {
			want = append(want, accounts.Taken{Field: fmt.Sprintf("subscription.domains[%d]", i), Value: name})
		}
	}
	f.taken(err, want...)
	err = f.refused(accounts.ErrTaken, func() error {
		_, err := f.subs.Create(f.ctx, subscriptions.New{AccountID: peach.ID, Domains: names})
		return err
	})
	want = nil
	for i, name := range names {
		if i < 6 || i == 8 || i == 10 {
			want = append(want, accounts.Taken{Field: fmt.Sprintf("domains[%d]", i), Value: name})
		}
	}
	f.taken(err, want...)
	err = f.refused(accounts.ErrTaken, func() error {
		_, err := f.subs.Create(f.ctx, subscriptions.New{Domains: names})
		return err
	})
	f.taken(err,
		accounts.Taken{Field: "domains[0]", Value: names[0]}, accounts.Taken{Field: "domains[5]", Value: names[5]},
		accounts.Taken{Field: "domains[8]", Value: names[8]}, accounts.Taken{Field: "domains[10]", Value: names[10]},
	)
}

func takenDomain(f *fixture) {
	data := f.seed()
	f.addDomain(data.spare.ID, "bücher.example")
	for _, to := range []subscriptions.ID{data.blog.ID, data.game.ID, data.spare.ID} {
		for _, name := range []string{"xn--bcher-kva.example", "BÜCHER.EXAMPLE", "bu\u0308cher.example.", "game.example", "blog.example", "en.spare.example"} {
			err := f.refused(accounts.ErrTaken, func() error {
				_, err := f.subs.AddDomain(f.ctx, to, name)
				return err
			})
			f.taken(err, accounts.Taken{Field: "name", Value: name})
		}
	}
}

func takenLogin(f *fixture) {
	f.account("mario")
	luigi := f.account("luigi")
	for _, login := range []string{"mario", "MARIO", " Mario "} {
		err := f.refused(accounts.ErrTaken, func() error {
			_, err := f.clients.Create(f.ctx, newAccount(login))
			return err
		})
		f.taken(err, accounts.Taken{Field: "login", Value: login})
		err = f.refused(accounts.ErrTaken, func() error {
			_, err := f.clients.Update(f.ctx, luigi.ID, accounts.Changes{Login: &login})
			return err
		})
		f.taken(err, accounts.Taken{Field: "login", Value: login})
	}
}

func takenExternalID(f *fixture) {
	in := newAccount("mario")
	in.ExternalID = "x-1"
	in.Subscription = &subscriptions.New{Name: "shop", ExternalID: "x-1"}
	f.create(in)
	luigi := f.account("luigi")
	other := f.subscription(luigi.ID, "luigi.example")
	err := f.refused(accounts.ErrTaken, func() error {
		_, err := f.clients.Update(f.ctx, luigi.ID, accounts.Changes{ExternalID: ptr("x-1")})
		return err
	})
	f.taken(err, accounts.Taken{Field: "externalID", Value: "x-1"})
	err = f.refused(accounts.ErrTaken, func() error {
		_, err := f.subs.Update(f.ctx, other.ID, subscriptions.Changes{ExternalID: ptr(" x-1 ")})
		return err
	})
	f.taken(err, accounts.Taken{Field: "externalID", Value: " x-1 "})
	_, err = f.clients.Update(f.ctx, luigi.ID, accounts.Changes{ExternalID: ptr("X-1")})
	f.NoError(err, "external ids are case-sensitive")
	f.account("peach") // several accounts may have no external id
}

func sharedName(f *fixture) {
	mario := f.account("mario")
	f.NotEqual(f.subscription(mario.ID).ID, f.subscription(mario.ID).ID, "subscriptions with the same name must have different ids")
	f.subscription(subscriptions.Provider)
}

func findAccount(f *fixture) {
	in := newAccount("mario")
	in.ExternalID = "crm-1"
	mario := f.create(in)
	f.account("luigi")
	for _, login := range []string{"mario", "MARIO", "  Mario "} {
		a, err := f.clients.GetByLogin(f.ctx, login)
		f.NoError(err)
		f.Equal(mario, a)
	}
	a, err := f.clients.GetByExternalID(f.ctx, " crm-1 ")
	f.NoError(err)
	f.Equal(mario, a)
}

func findSubscription(f *fixture) {
	s := f.subscribe(subscriptions.New{Name: "shop", ExternalID: "x-1"})
	f.subscription(subscriptions.Provider)
	found, err := f.subs.GetByExternalID(f.ctx, " x-1 ")
	f.NoError(err)
	f.Equal(s, found)
}

func findMissing(f *fixture) {
	mario := f.account("mario", "mario.example")
	_, err := f.clients.Get(f.ctx, unusedID)
	f.notFound(err, accounts.LevelAccount, unusedID)
	_, err = f.subs.Get(f.ctx, unusedID)
	f.notFound(err, accounts.LevelSubscription, unusedID)
	for _, id := range []int64{0, -1} {
		_, err = f.clients.Get(f.ctx, accounts.ID(id))
		f.notFound(err, accounts.LevelAccount, id)
		_, err = f.subs.Get(f.ctx, subscriptions.ID(id))
		f.notFound(err, accounts.LevelSubscription, id)
	}
	_, err = f.clients.Update(f.ctx, unusedID, accounts.Changes{})
	f.notFound(err, accounts.LevelAccount, unusedID)
	_, err = f.subs.Update(f.ctx, unusedID, subscriptions.Changes{})
	f.notFound(err, accounts.LevelSubscription, unusedID)
	f.notFound(f.clients.SetPassword(f.ctx, unusedID, password), accounts.LevelAccount, unusedID)
	f.notFound(f.subs.SetMainDomain(f.ctx, unusedID), accounts.LevelDomain, unusedID)
	_, err = f.subs.RenameDomain(f.ctx, unusedID, "new.example")
	f.notFound(err, accounts.LevelDomain, unusedID)
	_, err = f.subs.AddDomain(f.ctx, unusedID, "new.example")
	f.notFound(err, accounts.LevelSubscription, unusedID)

	f.unknownName(accounts.LevelAccount, "luigi", func(name string) error {
		_, err := f.clients.GetByLogin(f.ctx, name)
		return err
	})
	f.unknownName(accounts.LevelAccount, "crm-1", func(name string) error {
		_, err := f.clients.GetByExternalID(f.ctx, name)
		return err
	})
	f.unknownName(accounts.LevelSubscription, "x-1", func(name string) error {
		_, err := f.subs.GetByExternalID(f.ctx, name)
		return err
	})
	f.unknownName(accounts.LevelDomain, "luigi.example", func(name string) error {
		_, err := f.subs.Domain(f.ctx, name)
		return err
	})
	f.unknownName(accounts.LevelDomain, "en.mario.example", func(name string) error {
		_, err := f.subs.Resolve(f.ctx, name)
		return err
	})
	f.getAccount(mario.ID)
}

// unknownName asserts that find fails with a *NotFoundError of this kind and name.
func (f *fixture) unknownName(kind accounts.Level, name string, find func(string) error) {
	f.t.Helper()
	var unknown *accounts.NotFoundError
	f.ErrorAs(find(name), &unknown)
	f.Equal(&accounts.NotFoundError{Kind: string(kind), Name: name}, unknown)
}

// unstorable returns texts that no field of one line accepts.
func unstorable() []string {
	return []string{"", "\xff", "a\x00b", "a\xc3", "a\u2028b", "line\nline"}
}

func findUnstorable(f *fixture) {
	f.account("mario", "mario.example")
	for _, text := range unstorable() {
		_, err := f.clients.GetByLogin(f.ctx, text)
		f.ErrorIs(err, accounts.ErrNotFound, "login %q", text)
		_, err = f.clients.GetByExternalID(f.ctx, text)
		f.ErrorIs(err, accounts.ErrNotFound, "external id %q", text)
		_, err = f.subs.GetByExternalID(f.ctx, text)
		f.ErrorIs(err, accounts.ErrNotFound, "external id %q", text)
		_, err = f.subs.Domain(f.ctx, text)
		f.ErrorIs(err, accounts.ErrNotFound, "domain %q", text)
		_, err = f.subs.Resolve(f.ctx, text)
		f.ErrorIs(err, accounts.ErrNotFound, "host %q", text)
		_, err = f.clients.Authenticate(f.ctx, text, password)
		f.ErrorIs(err, accounts.ErrInvalidCredentials, "login %q", text)
	}
}

func subscribeUnknownAccount(f *fixture) {
	err := f.refused(accounts.ErrNotFound, func() error {
		_, err := f.subs.Create(f.ctx, subscriptions.New{AccountID: unusedID, Domains: []string{"mario.example"}})
		return err
	})
	f.notFound(err, accounts.LevelAccount, unusedID)
	err = f.refused(accounts.ErrInvalid, func() error {
		_, err := f.subs.Create(f.ctx, subscriptions.New{AccountID: -1, Name: "shop"})
		return err
	})
	f.invalid(err, "accountID")
}

func firstSubscriptionOwner(f *fixture) {
	luigi := f.account("luigi")
	in := newAccount("mario")
	in.Subscription = &subscriptions.New{AccountID: luigi.ID, Name: "shop"}
	err := f.refused(accounts.ErrInvalid, func() error {
		_, err := f.clients.Create(f.ctx, in)
		return err
	})
	f.invalid(err, "subscription.accountID")
}

func idsStayUnique(f *fixture) {
	first := f.account("mario", "mario.example")
	s, d := f.onlySubscription(first.ID), f.getDomain("mario.example")
	f.remove(first.ID)
	second := f.account("mario", "mario.example")
	f.Greater(second.ID, first.ID)
	f.Greater(f.onlySubscription(second.ID).ID, s.ID)
	f.Greater(f.getDomain("mario.example").ID, d.ID)
}

// withoutCursors returns events without their cursors, which no case can predict.
func withoutCursors(events []accounts.Event) []accounts.Event {
	var plain []accounts.Event
	for _, e := range events {
		e.Cursor = ""
		plain = append(plain, e)
	}
	return plain
}
