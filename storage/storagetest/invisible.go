package storagetest

import (
	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// hide returns s with characters around and inside of it that show nothing, as people paste them: embeddings, isolates and marks
// of direction, a zero-width space, a word joiner, a soft hyphen, a variation selector, a filler and a byte order mark.
func hide(s string) string {
	return "\u202a \u200e" + s[:1] + "\u00ad\u2060\ufe0f\u034f" + s[1:] + "\u200b\u3164\u202c \u2069\ufeff"
}

func invisibleIsRemoved(f *fixture) {
	plain := accounts.Contact{
		Name: "Mario Rossi", Company: "Rossi", Email: "mario@example.com", Phone: "+39 06 1234567", Address: "Via Roma 1", City: "Roma",
		State: "RM", PostalCode: "00187", Country: "IT",
	}
	hidden := accounts.Contact{
		Name: hide(plain.Name), Company: hide(plain.Company), Email: hide(plain.Email), Phone: hide(plain.Phone), Address: hide(plain.Address),
		City: hide(plain.City), State: hide(plain.State), PostalCode: hide(plain.PostalCode), Country: hide("it"),
	}
	f.ctx = accounts.WithActor(f.ctx, hide("bert"))
	mario := f.create(accounts.New{
		Login: hide("Mario"), Password: password, Contact: hidden, ExternalID: hide("crm-1"), Locale: hide("it-CH"),
		Subscription: &subscriptions.New{Name: hide("Shop"), Plan: hide("basic"), ExternalID: hide("order-1"), Domains: []string{hide("mario.example")}},
	})
	f.Equal("mario", mario.Login)
	f.Equal(plain, mario.Contact)
	f.Equal("crm-1", mario.ExternalID)
	f.Equal("it-CH", mario.Locale)
	f.Equal(mario, f.getAccount(mario.ID))
	s := f.onlySubscription(mario.ID)
	f.Equal([]string{"Shop", "basic", "order-1"}, []string{s.Name, s.Plan, s.ExternalID})
	f.Equal("bert", f.events()[0].Actor)

	luigi := f.account("luigi")
	luigi, err := f.clients.Update(f.ctx, luigi.ID, accounts.Changes{
		Login: ptr(hide("Peach")), Contact: &hidden, ExternalID: ptr(hide("crm-2")), Locale: ptr(hide("de")),
	})
	f.NoError(err)
	f.Equal("peach", luigi.Login)
	f.Equal(plain, luigi.Contact)
	f.Equal([]string{"crm-2", "de"}, []string{luigi.ExternalID, luigi.Locale})
	s, err = f.subs.Update(f.ctx, s.ID, subscriptions.Changes{Name: ptr(hide("Blog")), Plan: ptr(hide("gold")), ExternalID: ptr(hide("order-2"))})
	f.NoError(err)
	f.Equal([]string{"Blog", "gold", "order-2"}, []string{s.Name, s.Plan, s.ExternalID})

	// What shows nothing is no text at all.
	luigi, err = f.clients.Update(f.ctx, luigi.ID, accounts.Changes{
		Contact: &accounts.Contact{Name: "Luigi", Company: "\u3164", Phone: "\u2066\u2069", Country: "\u200b"}, ExternalID: ptr("\uffa0"), Locale: ptr("\u200b"),
	})
	f.NoError(err)
	f.Equal(accounts.Contact{Name: "Luigi"}, luigi.Contact)
	f.Equal([]string{"", ""}, []string{luigi.ExternalID, luigi.Locale})
	s, err = f.subs.Update(f.ctx, s.ID, subscriptions.Changes{Name: ptr("\u115f\u1160"), Plan: ptr("\u034f")})
	f.NoError(err)
	f.Equal([]string{"mario.example", ""}, []string{s.Name, s.Plan}, "an empty name becomes that of the main domain")
}

func invisibleInLookUps(f *fixture) {
	in := newAccount("mario")
	in.ExternalID, in.Contact.Country = "crm-1", "IT"
	in.Subscription = &subscriptions.New{Plan: "basic", ExternalID: "order-1", Domains: []string{"mario.example"}}
	mario := f.create(in)
	f.account("luigi", "luigi.example")
	found, err := f.clients.GetByLogin(f.ctx, hide("Mario"))
	f.NoError(err)
	f.Equal(mario, found)
	found, err = f.clients.Authenticate(f.ctx, hide("mario"), password)
	f.NoError(err)
	f.Equal(mario, found)
	found, err = f.clients.GetByExternalID(f.ctx, hide("crm-1"))
	f.NoError(err)
	f.Equal(mario, found)
	s, err := f.subs.GetByExternalID(f.ctx, hide("order-1"))
	f.NoError(err)
	f.Equal(f.onlySubscription(mario.ID), s)
	f.Equal(f.getDomain("mario.example"), f.getDomain(hide("MARIO.example.")))
	f.Equal(f.getDomain("mario.example"), f.getDomain("\t mario.example \n"))
	site, err := f.subs.Resolve(f.ctx, hide("www.mario.example"))
	f.NoError(err)
	f.Equal("mario.example", site.Domain.Name)

	f.Equal([]string{"mario"}, f.logins(accounts.Query{Search: hide("MARIO")}))
	f.Equal([]string{"mario"}, f.logins(accounts.Query{Country: hide("it")}))
	f.Equal([]string{"mario.example"}, f.names(subscriptions.Query{Search: hide("order"), Plan: hide("basic")}))
	f.Equal([]string{"mario.example"}, domainNames(f.domains(subscriptions.DomainQuery{Search: hide("mario.ex")})))
	f.Len(f.logins(accounts.Query{Search: "\u3164"}), 2, "a search for what shows nothing is none")
}

func invisibleIsTaken(f *fixture) {
	in := newAccount("mario")
	in.ExternalID = "crm-1"
	in.Subscription = &subscriptions.New{ExternalID: "order-1", Domains: []string{"mario.example"}}
	f.create(in)
	in.Login, in.ExternalID = hide("Mario"), hide("crm-1")
	in.Subscription = &subscriptions.New{ExternalID: hide("order-1"), Domains: []string{"new.example", hide("Mario.example")}}
	err := f.refused(accounts.ErrTaken, func() error {
		_, err := f.clients.Create(f.ctx, in)
		return err
	})
	f.taken(err,
		accounts.Taken{Field: "login", Value: in.Login}, accounts.Taken{Field: "externalID", Value: in.ExternalID},
		accounts.Taken{Field: "subscription.externalID", Value: in.Subscription.ExternalID},
		accounts.Taken{Field: "subscription.domains[1]", Value: in.Subscription.Domains[1]},
	)
	f.unchanged(func() {
		_, err := f.subs.Create(f.ctx, subscriptions.New{Domains: []string{"a.example", hide("a.example")}})
		f.invalid(err, "domains[1]")
	})
	f.useManager(f.manager(func(o *accounts.Options) {
		o.ReservedLogins, o.ReservedDomains = []string{hide("Staff")}, []string{hide("Panel.example")}
	}))
	in = newAccount("st\u00adaff")
	in.Subscription = &subscriptions.New{Domains: []string{"a.panel.exam\u200bple"}}
	err = f.refused(accounts.ErrInvalid, func() error {
		_, err := f.clients.Create(f.ctx, in)
		return err
	})
	f.invalid(err, "login", "subscription.domains[0]")
}

func joinersInNames(f *fixture) {
	const given, stored, plain = "\u200cعلی\u200cرضا\u200c \u200dश\u094d\u200dर\u200d 👩\u200d👧", "علی\u200cرضا श\u094d\u200dर 👩👧", "علیرضا श\u094dर 👩👧"
	in := newAccount("mario")
	in.Contact = accounts.Contact{
		Name: given, Company: given, Address: given, City: given, State: given, Phone: "1\u200d2", PostalCode: "AB\u200cC", Email: "a\u200db@example.com",
	}
	in.ExternalID = given
	in.Subscription = &subscriptions.New{Name: given, Plan: given, ExternalID: given}
	a := f.create(in)
	f.Equal(accounts.Contact{
		Name: stored, Company: stored, Address: stored, City: stored, State: stored, Phone: "12", PostalCode: "ABC", Email: "ab@example.com",
	}, a.Contact)
	f.Equal(plain, a.ExternalID)
	s := f.onlySubscription(a.ID)
	f.Equal([]string{stored, plain, plain}, []string{s.Name, s.Plan, s.ExternalID})
	for _, search := range []string{given, stored, plain, "علی\u200cر", "علیر", "\u0936\u094d\u0930"} {
		f.Equal([]string{"mario"}, f.logins(accounts.Query{Search: search}), "search for %+q", search)
		f.Equal([]string{stored}, f.names(subscriptions.Query{Search: search}), "search for %+q", search)
	}
	// In a domain name such a joiner makes another name, where IDNA allows it.
	f.addDomain(s.ID, "نامهای.example")
	f.Equal("xn--mgba3gch31f060k.example", f.addDomain(s.ID, "نامه\u200cای.example").Name)
	f.Equal("xn--mgba3gch31f060k.example", f.getDomain("نامه\u200cای.example").Name)
}

func invisibleInLines(f *fixture) {
	const given, stored = "\u2067call \u202a+39 06\u202c\u2069\r\n👩\u200d👧 soft\u00adhyphen\u200f", "call +39 06\n👩\u200d👧 soft\u00adhyphen"
	in := newAccount("mario")
	in.AdditionalInfo, in.Description, in.Attributes = given, given, map[string]string{"key": given}
	in.Subscription = &subscriptions.New{Description: given, Domains: []string{"mario.example"}}
	a := f.create(in)
	f.Equal([]string{stored, stored, stored}, []string{a.AdditionalInfo, a.Description, a.Attributes["key"]})
	f.Equal(stored, f.onlySubscription(a.ID).Description)
	f.suspendAccount(a.ID, accounts.Hold{Note: given, Message: given, Public: "\u200e"})
	h := f.getAccount(a.ID).Holds[0]
	f.Equal([]string{stored, stored, ""}, []string{h.Note, h.Message, h.Public})
}
