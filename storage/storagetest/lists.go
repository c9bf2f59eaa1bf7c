package storagetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// listCases returns the cases about what lists and counts select.
func listCases() []testCase {
	return []testCase{
		{"an empty store has empty lists", emptyLists},
		{"accounts are filtered by status, cause, country and ids, alone and together", filterAccounts},
		{"accounts are filtered by the plans of their subscriptions and by creation", filterAccountsByPlanAndCreation},
		{"subscriptions are filtered by status and cause, including inherited ones", filterSubscriptions},
		{"domains are filtered by status and cause, including inherited ones", filterDomains},
		{"subscriptions are filtered by owner, plan and expiry", filterSubscriptionFields},
		{"a status and a cause in one query must both match", filterStatusAndCause},
		{"a few suspended rows among many are found", filterFew},
		{"accounts are searched by login, name, company, email, phone, city, external id and domain names", searchAccounts},
		{"a search finds what people type: other spellings, numbers, addresses and ids", searchAsTyped},
		{"every word of a search must be found, in whichever text", searchWords},
		{"a search of random words in many scripts finds what the domain says", searchManyScripts},
		{"subscriptions are searched by name, external id and domain names", searchSubscriptions},
		{"domains are searched in both spellings", searchDomains},
		{"a search returns each match once, in full pages", searchFindsOnce},
		{"a search by domain names returns accounts in the order of the query", searchOwnersInOrder},
		{"percent, underscore and backslash are searched literally", searchLiterally},
		{"a search finds only the current texts", searchFollowsChanges},
		{"a count stops at the given maximum", countAtMost},
		{"a page has 50 items by default and at most 500", pageSize},
		{"a filter by ids accepts 1 to 10000 ids and ignores unknown ones", idsFilter},
	}
}

// logins returns the logins of the accounts on all pages of q.
func (f *fixture) logins(q accounts.Query) []string {
	f.t.Helper()
	var logins []string
	for {
		p, err := f.clients.List(f.ctx, q)
		f.NoError(err)
		for _, a := range p.Items {
			logins = append(logins, a.Login)
		}
		if !f.nextPage(&q.After, p.Next) {
			return logins
		}
	}
}

// names returns the names of the subscriptions on all pages of q.
func (f *fixture) names(q subscriptions.Query) []string {
	f.t.Helper()
	var names []string
	for {
		p, err := f.subs.List(f.ctx, q)
		f.NoError(err)
		for _, s := range p.Items {
			names = append(names, s.Name)
		}
		if !f.nextPage(&q.After, p.Next) {
			return names
		}
	}
}

// lists asserts that q selects the accounts with these logins, and that Count agrees.
func (f *fixture) lists(q accounts.Query, want ...string) {
	f.t.Helper()
	f.Equal(want, f.logins(q), "List of %+v", q)
	n, err := f.clients.Count(f.ctx, q, 0)
	f.NoError(err)
	f.Equal(len(want), n, "Count of %+v", q)
}

func (f *fixture) listsSubscriptions(q subscriptions.Query, want ...string) {
	f.t.Helper()
	f.Equal(want, f.names(q), "List of %+v", q)
	n, err := f.subs.Count(f.ctx, q, 0)
	f.NoError(err)
	f.Equal(len(want), n, "Count of %+v", q)
}

func (f *fixture) listsDomains(q subscriptions.DomainQuery, want ...string) {
	f.t.Helper()
	f.Equal(want, domainNames(f.domains(q)), "Domains of %+v", q)
	n, err := f.subs.CountDomains(f.ctx, q, 0)
	f.NoError(err)
	f.Equal(len(want), n, "CountDomains of %+v", q)
}

func emptyLists(f *fixture) {
	for _, sort := range []accounts.Sort{"", accounts.SortCreated, accounts.SortLogin, accounts.SortName} {
		f.lists(accounts.Query{Sort: sort})
		f.lists(accounts.Query{Sort: sort, Desc: true, Search: "mario", Status: accounts.Active})
	}
	f.listsSubscriptions(subscriptions.Query{})
	f.listsDomains(subscriptions.DomainQuery{})
	f.Empty(f.events())
	out, err := f.subs.Expire(f.ctx)
	f.NoError(err)
	f.Empty(out.Changed)
}

func filterAccounts(f *fixture) {
	ids := map[string]accounts.ID{}
	for i, login := range []string{"ada", "bea", "cleo", "dora"} {
		in := newAccount(login)
		in.Contact.Country = []string{"IT", "DE", "IT", ""}[i]
		in.Subscription = &subscriptions.New{Domains: []string{login + ".example"}}
		ids[login] = f.create(in).ID
	}
	f.suspendAccount(ids["ada"], accounts.Hold{Cause: accounts.CauseBilling})
	f.suspendAccount(ids["ada"], accounts.Hold{Cause: accounts.CauseAbuse})
	f.suspendAccount(ids["bea"], accounts.Hold{Cause: accounts.CauseBilling})
	f.suspendSubscription(f.onlySubscription(ids["cleo"]).ID, accounts.Hold{Cause: accounts.CauseBilling})
	f.suspendDomain("dora.example", accounts.Hold{Cause: "own"})

	f.lists(accounts.Query{Status: accounts.Suspended}, "ada", "bea")
	f.lists(accounts.Query{Status: accounts.Active}, "cleo", "dora")
	f.lists(accounts.Query{Cause: accounts.CauseBilling}, "ada", "bea")
	f.lists(accounts.Query{Cause: accounts.CauseAbuse}, "ada")
	f.lists(accounts.Query{Cause: "own"})
	f.lists(accounts.Query{Cause: "unheard-of"})
	f.lists(accounts.Query{Country: "IT"}, "ada", "cleo")
	f.lists(accounts.Query{Country: "it", Status: accounts.Suspended, Cause: accounts.CauseAbuse, Search: "ada"}, "ada")
	f.lists(accounts.Query{Country: "FR"})
	f.lists(accounts.Query{Country: "IT", Status: accounts.Active, IDs: []accounts.ID{ids["dora"], ids["cleo"], ids["bea"]}}, "cleo")
	f.lists(accounts.Query{Status: accounts.Suspended, Sort: accounts.SortLogin, Desc: true, Limit: 1}, "bea", "ada")
	f.activateAccount(ids["ada"])
	f.lists(accounts.Query{Status: accounts.Suspended}, "bea")
	f.lists(accounts.Query{Cause: accounts.CauseAbuse})
}

func filterAccountsByPlanAndCreation(f *fixture) {
	created := f.clock.now().Truncate(time.Second)
	for i, login := range []string{"ada", "bea", "cleo", "dora"} {
		in := newAccount(login)
		in.CreatedAt = created.Add(time.Duration(i) * time.Minute)
		id := f.create(in).ID
		for _, plan := range [][]string{{"basic", "pro"}, {"pro", "pro"}, {""}, {}}[i] {
			f.subscribe(subscriptions.New{AccountID: id, Name: login, Plan: plan})
		}
	}
	f.subscribe(subscriptions.New{Name: "spare", Plan: "basic"})
	minute := func(n int) time.Time { return created.Add(time.Duration(n) * time.Minute) }

	f.lists(accounts.Query{Plan: "pro"}, "ada", "bea")
	f.lists(accounts.Query{Plan: "pro", Desc: true, Limit: 1, Sort: accounts.SortLogin}, "bea", "ada")
	f.lists(accounts.Query{Plan: " basic "}, "ada")
	f.lists(accounts.Query{Plan: "Basic"})
	f.lists(accounts.Query{Plan: "pro", Search: "be"}, "bea")
	for _, q := range orders() {
		want := []string{"bea", "cleo"}
		if q.Desc {
			slices.Reverse(want)
		}
		q.CreatedFrom, q.CreatedBefore, q.Limit = minute(1), minute(3), 1
		f.lists(q, want...)
	}
	f.lists(accounts.Query{CreatedFrom: minute(3)}, "dora")
	f.lists(accounts.Query{CreatedFrom: minute(3).Add(time.Microsecond)})
	f.lists(accounts.Query{CreatedBefore: minute(1)}, "ada")
	f.lists(accounts.Query{CreatedBefore: minute(1).Add(time.Microsecond).In(time.FixedZone("", 3600))}, "ada", "bea")
	f.lists(accounts.Query{CreatedFrom: minute(1), CreatedBefore: minute(1)})
	f.lists(accounts.Query{CreatedFrom: minute(2), Plan: "pro"})
	f.lists(accounts.Query{CreatedBefore: minute(2), Plan: "pro", Search: "be", Status: accounts.Active}, "bea")

	_, err := f.clients.List(f.ctx, accounts.Query{
		Plan: strings.Repeat("p", 101), CreatedFrom: time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), CreatedBefore: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
	})
	f.invalid(err, "plan", "createdFrom", "createdBefore")
	for i, q := range []accounts.Query{{Plan: "pro"}, {CreatedFrom: minute(0)}, {CreatedBefore: minute(9)}} {
		q.Limit = 1
		p, err := f.clients.List(f.ctx, q)
		f.NoError(err)
		_, err = f.clients.List(f.ctx, accounts.Query{Limit: 1, After: p.Next, Country: []string{"", "IT", ""}[i]})
		f.invalid(err, "after")
	}
}

func filterSubscriptions(f *fixture) {
	data := f.seed()
	f.suspendAccount(data.mario.ID, accounts.Hold{Cause: accounts.CauseAbuse})
	f.suspendSubscription(data.shop.ID, accounts.Hold{Cause: accounts.CauseBilling})
	f.suspendSubscription(data.spare.ID, accounts.Hold{Cause: accounts.CauseBilling})
	f.suspendDomain("game.example", accounts.Hold{Cause: "own"})

	f.listsSubscriptions(subscriptions.Query{Status: accounts.Suspended}, "blog", "shop", "spare")
	f.listsSubscriptions(subscriptions.Query{Status: accounts.Active}, "game")
	f.listsSubscriptions(subscriptions.Query{Cause: accounts.CauseAbuse}, "blog", "shop")
	f.listsSubscriptions(subscriptions.Query{Cause: accounts.CauseBilling}, "shop", "spare")
	f.listsSubscriptions(subscriptions.Query{Cause: "own"})
	f.listsSubscriptions(subscriptions.Query{Status: accounts.Suspended, Desc: true, Limit: 1}, "spare", "shop", "blog")
	f.activateAccount(data.mario.ID)
	f.listsSubscriptions(subscriptions.Query{Status: accounts.Active}, "blog", "game")
}

func filterDomains(f *fixture) {
	data := f.seed()
	f.suspendAccount(data.mario.ID, accounts.Hold{Cause: accounts.CauseAbuse})
	f.suspendSubscription(data.spare.ID, accounts.Hold{Cause: accounts.CauseBilling})
	f.suspendDomain("game.example", accounts.Hold{Cause: "own"})
	f.suspendDomain("shop.example", accounts.Hold{Cause: "own"})

	f.listsDomains(subscriptions.DomainQuery{Status: accounts.Active}, "en.game.example")
	f.listsDomains(subscriptions.DomainQuery{Status: accounts.Suspended, Limit: 2},
		"blog.example", "en.blog.example", "en.shop.example", "en.spare.example", "game.example", "shop.example", "spare.example")
	f.listsDomains(subscriptions.DomainQuery{Cause: accounts.CauseAbuse, Limit: 1}, "blog.example", "en.blog.example", "en.shop.example", "shop.example")
	f.listsDomains(subscriptions.DomainQuery{Cause: accounts.CauseBilling}, "en.spare.example", "spare.example")
	f.listsDomains(subscriptions.DomainQuery{Cause: "own"}, "game.example", "shop.example")
	f.listsDomains(subscriptions.DomainQuery{Cause: "own", AccountID: &data.luigi.ID}, "game.example")
	f.listsDomains(subscriptions.DomainQuery{SubscriptionID: data.shop.ID}, "en.shop.example", "shop.example")
	f.listsDomains(subscriptions.DomainQuery{SubscriptionID: data.shop.ID, AccountID: &data.luigi.ID})
	f.listsDomains(subscriptions.DomainQuery{AccountID: ptr(subscriptions.Provider)}, "en.spare.example", "spare.example")
	f.listsDomains(subscriptions.DomainQuery{AccountID: ptr(accounts.ID(unusedID))})
}

func filterSubscriptionFields(f *fixture) {
	data := f.seed()
	now := f.clock.now()
	for i, id := range []subscriptions.ID{data.blog.ID, data.shop.ID, data.game.ID} {
		_, err := f.subs.Update(f.ctx, id, subscriptions.Changes{ExpiresAt: ptr(now.Add(time.Duration(i+1) * time.Hour))})
		f.NoError(err)
	}
	_, err := f.subs.Update(f.ctx, data.shop.ID, subscriptions.Changes{Plan: ptr("Basic")})
	f.NoError(err)
	f.listsSubscriptions(subscriptions.Query{AccountID: &data.mario.ID}, "blog", "shop")
	f.listsSubscriptions(subscriptions.Query{AccountID: ptr(subscriptions.Provider)}, "spare")
	f.listsSubscriptions(subscriptions.Query{AccountID: ptr(accounts.ID(unusedID))})
	f.listsSubscriptions(subscriptions.Query{Plan: "basic"}, "blog", "game", "spare")
	f.listsSubscriptions(subscriptions.Query{Plan: "Basic"}, "shop")
	f.listsSubscriptions(subscriptions.Query{Plan: "bas"})
	f.listsSubscriptions(subscriptions.Query{ExpiresBefore: now.Add(time.Hour)})
	f.listsSubscriptions(subscriptions.Query{ExpiresBefore: now.Add(time.Hour + time.Microsecond)}, "blog")
	f.listsSubscriptions(subscriptions.Query{ExpiresBefore: now.Add(24 * time.Hour)}, "blog", "shop", "game")
	f.listsSubscriptions(subscriptions.Query{ExpiresBefore: now.Add(24 * time.Hour), AccountID: &data.mario.ID, Plan: "basic", Search: "blo"}, "blog")
	f.listsSubscriptions(subscriptions.Query{IDs: []subscriptions.ID{data.game.ID, unusedID, data.blog.ID, data.blog.ID}}, "blog", "game")
}

func filterStatusAndCause(f *fixture) {
	data := f.seed()
	f.suspendAccount(data.mario.ID, accounts.Hold{Cause: accounts.CauseAbuse})
	f.lists(accounts.Query{Status: accounts.Active, Cause: accounts.CauseAbuse})
	f.lists(accounts.Query{Status: accounts.Suspended, Cause: accounts.CauseBilling})
	f.listsSubscriptions(subscriptions.Query{Status: accounts.Active, Cause: accounts.CauseAbuse})
	f.listsSubscriptions(subscriptions.Query{Status: accounts.Suspended, Cause: accounts.CauseAbuse}, "blog", "shop")
	f.listsDomains(subscriptions.DomainQuery{Status: accounts.Active, Cause: accounts.CauseAbuse})
}

func filterFew(f *fixture) {
	var suspended []accounts.Account
	for i := range 48 {
		name := fmt.Sprintf("c%02d", i*29%48)
		in := newAccount(name)
		in.Contact.Name = name
		in.Subscription = &subscriptions.New{Name: name, Domains: []string{name + "-b.example", name + "-a.example"}}
		if a := f.create(in); i == 7 || i == 30 {
			suspended = append(suspended, a) // c11 and c06
		}
	}
	names := func(a accounts.Account) []string {
		return []string{a.Login + "-a.example", a.Login + "-b.example"}
	}
	first, second := suspended[0], suspended[1]
	f.suspendAccount(first.ID, accounts.Hold{Cause: accounts.CauseAbuse})
	for _, q := range []accounts.Query{{Status: accounts.Suspended}, {Cause: accounts.CauseAbuse}} {
		f.lists(q, first.Login)
	}
	f.suspendAccount(second.ID, accounts.Hold{Cause: accounts.CauseBilling})
	for _, q := range orders() {
		want := []string{first.Login, second.Login}
		if q.Desc != (q.Sort != accounts.SortCreated) {
			slices.Reverse(want)
		}
		q.Status, q.Limit = accounts.Suspended, 1
		f.lists(q, want...)
		q.Cause = accounts.CauseBilling
		f.lists(q, second.Login)
	}
	f.listsSubscriptions(subscriptions.Query{Status: accounts.Suspended, Limit: 1}, first.Login, second.Login)
	f.listsSubscriptions(subscriptions.Query{Cause: accounts.CauseBilling, Desc: true}, second.Login)
	f.listsDomains(subscriptions.DomainQuery{Status: accounts.Suspended, Limit: 3}, slices.Concat(names(second), names(first))...)
	f.activateAccount(first.ID)
	f.suspendSubscription(f.onlySubscription(first.ID).ID, accounts.Hold{Cause: accounts.CauseBilling})
	f.suspendDomain("c00-b.example", accounts.Hold{Cause: accounts.CauseBilling})
	f.lists(accounts.Query{Cause: accounts.CauseBilling}, second.Login)
	f.listsSubscriptions(subscriptions.Query{Cause: accounts.CauseBilling, Limit: 1, Desc: true}, second.Login, first.Login)
	f.listsDomains(subscriptions.DomainQuery{Cause: accounts.CauseBilling, Limit: 2}, slices.Concat([]string{"c00-b.example"}, names(second), names(first))...)
	f.listsDomains(subscriptions.DomainQuery{Cause: accounts.CauseBilling, Search: "-b.ex"}, "c00-b.example", names(second)[1], names(first)[1])
}

func searchAccounts(f *fixture) {
	in := newAccount("mario.rossi")
	in.Contact = accounts.Contact{
		Name: "Zoë Straße", Company: "ÄÖÜ Verlag", Email: "Office@Firma.example", Phone: "+39 06 555", Address: "Nowhere 1", City: "Roma",
	}
	in.ExternalID, in.Description, in.AdditionalInfo = "CRM/42", "described", "informed"
	in.Subscription = &subscriptions.New{Name: "Subscribed", Domains: []string{"bücher.example", "second-name.example"}}
	f.create(in)
	f.account("luigi", "game.example")

	for _, search := range []string{
		"mario", "RIO.RO", "ma", "m", "zoë", "ZOE\u0308", "strasse", "STRASSE", "straße", "äöü", "verlag", "office@firma", "@firma.ex",
		"06 555", "06", "crm/4", "/42", "42", "bücher", "BÜCHER.ex", "xn--bch", "ond-name", "bü", "xn", "+", "+3", " mario ", "se",
		"zoe", "roma", "ro", "verlag zoë 06", "mario.r",
	} {
		f.lists(accounts.Query{Search: search}, "mario.rossi")
	}
	for _, search := range []string{
		"ar", "io", "6", "oe", "nowhere", "described", "informed", "subscribed", "mariorossi", "üc", "n--bcher-kva.exampleX", "mario luigi",
	} {
		f.lists(accounts.Query{Search: search})
	}
	f.lists(accounts.Query{Search: ".example"}, "mario.rossi", "luigi")
	f.lists(accounts.Query{Search: "customer l"}, "luigi")
	f.lists(accounts.Query{Search: "ame.ex", Sort: accounts.SortName, Desc: true, Limit: 1}, "mario.rossi", "luigi")
}

func searchAsTyped(f *fixture) {
	in := newAccount("mario")
	in.Contact = accounts.Contact{Name: "Nicolò D'Angelo Muñoz", Company: "İbrahim & Łukasz", Phone: "+39 081 555 0142", City: "Forlì"}
	in.ExternalID = "INV-2026-11-27"
	in.Subscription = &subscriptions.New{Name: "Café–Bar", ExternalID: "order 10.000-77", Domains: []string{"mario.localhost", "müller-söhne.example"}}
	a := f.create(in)
	stranger := f.account("luigi", "game.example")
	for _, search := range []string{
		"munoz", "nicolo", "NICOLO", "d'angelo", "d’angelo", "dangelo", "ibrahim", "lukasz", "munoz nicolo", "forli",
		"0815550142", "+39 081 555 0142", "0039-081/5550142", "(081) 555.0142", "2026-11", "2026/11/27", "mario nicolo 081 555 0142",
		"http://mario.localhost/", "www.mario.localhost", "mario.localhost:8080", "https://müller-söhne.example/?a=b", "muller-sohne",
		f.domains(subscriptions.DomainQuery{AccountID: &a.ID})[1].Name, fmt.Sprintf("#%d", a.ID),
	} {
		f.lists(accounts.Query{Search: search}, "mario")
	}
	sub := f.onlySubscription(a.ID)
	for _, search := range []string{"cafe-bar", "bar cafe", "10000", "10.000-77", "1000077", fmt.Sprintf("#%d", sub.ID), "http://mario.localhost"} {
		f.listsSubscriptions(subscriptions.Query{Search: search}, "Café–Bar")
	}
	domain := f.getDomain("game.example")
	f.listsDomains(subscriptions.DomainQuery{Search: fmt.Sprint(domain.ID)}, "game.example")
	f.listsDomains(subscriptions.DomainQuery{Search: fmt.Sprintf("#%d", domain.ID), AccountID: &a.ID})
	f.lists(accounts.Query{Search: fmt.Sprintf("#%d", stranger.ID), Sort: accounts.SortName}, "luigi")
	f.lists(accounts.Query{Search: fmt.Sprintf("#%d mario", stranger.ID)})
	f.lists(accounts.Query{Search: fmt.Sprintf("#%d", unusedID)})
}

func searchWords(f *fixture) {
	in := newAccount("zoe")
	in.Contact.Name, in.Contact.Company = "Mario Rossi", "Pizza Napoli"
	in.Subscription = &subscriptions.New{Domains: []string{"forno.example", "legna.example"}}
	f.create(in)
	in = newAccount("ada")
	in.Contact.Name = "Rosa Mari"
	in.Subscription = &subscriptions.New{Domains: []string{"forno2.example"}}
	f.create(in)
	for search, want := range map[string][]string{
		"rossi mario": {"zoe"}, "mario rossi": {"zoe"}, "mar ros": {"zoe", "ada"}, "r m": {"zoe", "ada"}, "forno legna": {"zoe"},
		"pizza forno mario zoe": {"zoe"}, "pizza ada": {}, "forno 2": {}, "forno mari": {"zoe", "ada"}, "ari oss": {"zoe"}, "a r m f": {"ada"},
		"mario mario mario": {"zoe"}, "p n m r z f l e": {"zoe"},
	} {
		for _, q := range orders() {
			want := slices.Clone(want)
			if q.Desc != (q.Sort == accounts.SortLogin) {
				slices.Reverse(want)
			}
			q.Search, q.Limit = search, 1
			f.lists(q, append([]string(nil), want...)...)
		}
	}
	f.listsSubscriptions(subscriptions.Query{Search: "legna forno"}, "forno.example")
	f.listsDomains(subscriptions.DomainQuery{Search: "example forno"}, "forno.example", "forno2.example")
	for _, search := range []string{"a b c d e f g h i", strings.Repeat("a", 256)} {
		_, err := f.clients.List(f.ctx, accounts.Query{Search: search})
		f.invalid(err, "search")
		_, err = f.clients.Count(f.ctx, accounts.Query{Search: search}, 0)
		f.invalid(err, "search")
		_, err = f.subs.List(f.ctx, subscriptions.Query{Search: search})
		f.invalid(err, "search")
		_, err = f.subs.Domains(f.ctx, subscriptions.DomainQuery{Search: search})
		f.invalid(err, "search")
	}
}

// searchManyScripts compares searches with what SearchText and SearchTerm say about each row.
func searchManyScripts(f *fixture) {
	random := rand.New(rand.NewPCG(14, 14))
	alphabets := []string{`aàbcdeéiìoòuüñçßłøđæþðə'’- .@_%\`, "абвгдеёжзийкъы -", "αάβγδεέηήςσ’", "אבגדשׁשׂבּ", "اأإآبتثمُحَمَّد", "かがきぎはばぱ゛ー", "कखगक़्षाि", "한국어글", "漢字日本", "0123456789 +()./-", "🍕👩é"}
	word := func() string {
		alphabet := []rune(alphabets[random.IntN(len(alphabets))])
		text := make([]rune, 1+random.IntN(9))
		for i := range text {
			text[i] = alphabet[random.IntN(len(alphabet))]
		}
		return "x" + string(text) // begins with something visible
	}
	type searched struct {
		name  string
		id    int64
		texts []string // its own first
	}
	var customers, subs, domains []searched
	var typed []string
	for i := range 40 {
		login := fmt.Sprintf("customer%02d", i)
		in := newAccount(login)
		in.Contact = accounts.Contact{Name: word() + " " + word(), Company: word(), City: word(), Phone: fmt.Sprintf("+39 0%d %d", random.IntN(100), 100000+random.IntN(9)*random.IntN(9999))}
		in.ExternalID = login + word()
		in.Subscription = &subscriptions.New{Name: login + word(), ExternalID: login + word()}
		for n := range random.IntN(3) {
			in.Subscription.Domains = append(in.Subscription.Domains, fmt.Sprintf("%s%d%d.example", []string{"shop", "müller", "пример", "日本"}[random.IntN(4)], i, n))
		}
		a := f.create(in)
		s := f.onlySubscription(a.ID)
		texts := []string{}
		for _, d := range f.domains(subscriptions.DomainQuery{SubscriptionID: s.ID}) {
			domains = append(domains, searched{d.Name, int64(d.ID), []string{d.SearchText()}})
			texts = append(texts, d.SearchText())
		}
		customers = append(customers, searched{login, int64(a.ID), append([]string{a.SearchText()}, texts...)})
		subs = append(subs, searched{s.Name, int64(s.ID), append([]string{s.SearchText()}, texts...)})
		typed = append(typed, a.Contact.Name, a.Contact.Company, a.Contact.City, a.Contact.Phone, a.ExternalID, s.Name)
		typed = append(typed, in.Subscription.Domains...)
	}
	slices.SortFunc(domains, func(a, b searched) int { return strings.Compare(a.name, b.name) })
	found := func(all []searched, search string) []string {
		var v input.Violations
		terms := input.SearchWords[subscriptions.SearchTerm](&v, search)
		f.NoError(v.Err())
		var names []string
		for _, row := range all {
			if !slices.ContainsFunc(terms, func(t subscriptions.SearchTerm) bool { return !t.Finds(row.id, row.texts...) }) {
				names = append(names, row.name)
			}
		}
		return names
	}
	for range 150 {
		var parts []string
		for range 1 + random.IntN(2) {
			text := []rune(typed[random.IntN(len(typed))])
			from := random.IntN(len(text))
			parts = append(parts, string(text[from:min(len(text), from+1+random.IntN(6))]))
		}
		search := strings.Join(parts, " ")
		if len(strings.Fields(search)) > 4 {
			continue
		}
		f.Equal(found(customers, search), f.logins(accounts.Query{Search: search}), "accounts: %q", search)
		f.Equal(found(subs, search), f.names(subscriptions.Query{Search: search}), "subscriptions: %q", search)
		f.Equal(found(domains, search), domainNames(f.domains(subscriptions.DomainQuery{Search: search})), "domains: %q", search)
	}
}

func searchSubscriptions(f *fixture) {
	f.subscribe(subscriptions.New{Name: "Größe XL", ExternalID: "Order-77", Plan: "gold", Description: "described", Domains: []string{"bücher.example"}})
	f.subscribe(subscriptions.New{Name: "other", Domains: []string{"game.example"}})
	for _, search := range []string{"größe", "GRÖSSE", "grosse", "grö", "gr", "xl", "xl gro", "order-7", "ER-77", "or", "77", "büch", "xn--bcher", "kva"} {
		f.listsSubscriptions(subscriptions.Query{Search: search}, "Größe XL")
	}
	for _, search := range []string{"rö", "7 8", "gold", "described"} {
		f.listsSubscriptions(subscriptions.Query{Search: search})
	}
	f.listsSubscriptions(subscriptions.Query{Search: "example", Desc: true, Limit: 1}, "other", "Größe XL")
}

func searchDomains(f *fixture) {
	f.subscription(subscriptions.Provider, "bücher.example", "buch.example", "x.buch.example")
	f.listsDomains(subscriptions.DomainQuery{Search: "BÜCHER"}, "xn--bcher-kva.example")
	f.listsDomains(subscriptions.DomainQuery{Search: "bu\u0308ch"}, "buch.example", "x.buch.example", "xn--bcher-kva.example")
	f.listsDomains(subscriptions.DomainQuery{Search: "buecher"})
	f.listsDomains(subscriptions.DomainQuery{Search: "bcher-k"}, "xn--bcher-kva.example")
	f.listsDomains(subscriptions.DomainQuery{Search: "xn"}, "xn--bcher-kva.example")
	f.listsDomains(subscriptions.DomainQuery{Search: "bü"}, "buch.example", "x.buch.example", "xn--bcher-kva.example")
	f.listsDomains(subscriptions.DomainQuery{Search: "buch.example x"}, "x.buch.example")
	f.listsDomains(subscriptions.DomainQuery{Search: "https://www.bücher.example/path"}, "xn--bcher-kva.example")
	f.listsDomains(subscriptions.DomainQuery{Search: "h.e"}, "buch.example", "x.buch.example")
	f.listsDomains(subscriptions.DomainQuery{Search: "ch"})
	f.listsDomains(subscriptions.DomainQuery{Search: "example", Limit: 1}, "buch.example", "x.buch.example", "xn--bcher-kva.example")
}

func searchFindsOnce(f *fixture) {
	all := []string{"shop1", "shop2", "shop3"}
	var last accounts.ID
	for i, login := range all {
		in := newAccount(login)
		in.Contact.Company, in.Contact.Country, in.ExternalID = "Shop", []string{"IT", "IT", "DE"}[i], login
		in.Subscription = &subscriptions.New{Name: login, ExternalID: login, Domains: []string{login + ".example", "my-" + login + ".example"}}
		last = f.create(in).ID
	}
	f.suspendAccount(last, accounts.Hold{Cause: accounts.CauseBilling})
	for limit := range 4 {
		for _, sort := range []accounts.Sort{accounts.SortCreated, accounts.SortLogin, accounts.SortName} {
			f.lists(accounts.Query{Search: "shop", Sort: sort, Limit: limit}, all...)
		}
		f.lists(accounts.Query{Search: "shop", Country: "DE", Limit: limit}, "shop3")
		f.lists(accounts.Query{Search: "shop", Status: accounts.Suspended, Limit: limit}, "shop3")
		f.listsSubscriptions(subscriptions.Query{Search: "shop", Limit: limit}, all...)
		f.listsSubscriptions(subscriptions.Query{Search: "shop", Cause: accounts.CauseBilling, Limit: limit}, "shop3")
		f.listsDomains(subscriptions.DomainQuery{Search: "shop3", AccountID: &last, Limit: limit}, "my-shop3.example", "shop3.example")
	}
}

// searchOwnersInOrder creates accounts whose times of creation are in the opposite order of their ids, and whose
// subscriptions were created in yet another order.
func searchOwnersInOrder(f *fixture) {
	var owners []accounts.ID
	for i := range 30 {
		login := fmt.Sprintf("owner%02d", i)
		owners = append(owners, f.account(login, login+".example").ID)
		f.clock.advance(-time.Minute)
	}
	f.clock.advance(time.Hour)
	add := func(owner accounts.ID, domains ...string) subscriptions.ID {
		return f.subscription(owner, domains...).ID
	}
	add(owners[29], "rare-29.example")
	add(owners[28], "rare-28.example")
	f.assign(owners[20], add(owners[12], "pizza-20.example"))
	f.assign(owners[25], add(subscriptions.Provider, "pizza-25.example"))
	f.assign(subscriptions.Provider, add(owners[15], "pizza-15.example"))
	for i := range 3 {
		add(owners[7], fmt.Sprintf("pizza-%d.example", i), fmt.Sprintf("more-pizza-%d.example", i))
	}
	add(owners[3], "pizza-3.example")
	add(owners[28], "pizza-28.example")
	in := newAccount("owner99")
	in.Contact.Company = "Pizza to go"
	f.create(in)
	add(owners[0], "rare-0.example")

	for search, found := range map[string][]string{
		"pizza": {"owner28", "owner25", "owner20", "owner07", "owner03", "owner99"},
		"rare":  {"owner29", "owner28", "owner00"},
	} {
		byLogin := slices.Sorted(slices.Values(found))
		for _, desc := range []bool{false, true} {
			if desc {
				slices.Reverse(found)
				slices.Reverse(byLogin)
			}
			for _, limit := range []int{1, 2, 3, 50} {
				f.lists(accounts.Query{Search: search, Limit: limit, Desc: desc}, found...)
				f.lists(accounts.Query{Search: search, Limit: limit, Desc: desc, Sort: accounts.SortLogin}, byLogin...)
				f.lists(accounts.Query{Search: search, Limit: limit, Desc: desc, Sort: accounts.SortName}, byLogin...)
			}
		}
	}
}

func searchLiterally(f *fixture) {
	for login, name := range map[string]string{
		"percent": `100% sure`, "underscore": `snake_case`, "backslash": `C:\dir`, "star": `a*b?c[d]`, "quote": `O'Neil "x"`, "plain": `100 snake-case C:dir`,
	} {
		in := newAccount(login)
		in.Contact.Name = name
		a := f.create(in)
		f.subscribe(subscriptions.New{AccountID: a.ID, Name: name})
	}
	for search, want := range map[string]string{
		`100%`: "percent", `00% s`: "percent", `e_c`: "underscore", `snake_`: "underscore", `:\d`: "backslash", `C:\`: "backslash",
		`a*b`: "star", `b?c`: "star", `[d]`: "star", `o'n`: "quote", `"x"`: "quote", `a*`: "star", `e-c`: "plain",
	} {
		f.lists(accounts.Query{Search: search}, want)
		p, err := f.subs.List(f.ctx, subscriptions.Query{Search: search})
		f.NoError(err)
		f.Len(p.Items, 1, search)
	}
	for _, search := range []string{`%`, `_`, `\`, `%%%`, `___`, `\\\`, `*`, `.*.`, `a_b`, `1__`, `10%`, `\%`, `\_`, `100\%`, `'`, `';-`} {
		f.lists(accounts.Query{Search: search})
		f.listsSubscriptions(subscriptions.Query{Search: search})
		f.listsDomains(subscriptions.DomainQuery{Search: search})
	}
}

func searchFollowsChanges(f *fixture) {
	mario := f.account("mario", "mario.example")
	luigi := f.account("luigi")
	s := f.onlySubscription(mario.ID)
	contact := accounts.Contact{Name: "Renamed"}
	_, err := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Login: ptr("maria"), Contact: &contact, ExternalID: ptr("crm-1")})
	f.NoError(err)
	_, err = f.subs.Update(f.ctx, s.ID, subscriptions.Changes{Name: ptr("purchase"), ExternalID: ptr("order-1")})
	f.NoError(err)
	_, err = f.subs.RenameDomain(f.ctx, f.getDomain("mario.example").ID, "peach.example")
	f.NoError(err)
	f.lists(accounts.Query{Search: "mario"})
	f.lists(accounts.Query{Search: "customer"}, "luigi")
	for _, search := range []string{"maria", "renamed", "crm", "peach"} {
		f.lists(accounts.Query{Search: search}, "maria")
	}
	f.lists(accounts.Query{Sort: accounts.SortName}, "luigi", "maria")
	f.lists(accounts.Query{Sort: accounts.SortLogin}, "luigi", "maria")
	f.listsSubscriptions(subscriptions.Query{Search: "mario"})
	for _, search := range []string{"purchase", "order", "peach"} {
		f.listsSubscriptions(subscriptions.Query{Search: search}, "purchase")
	}
	_, err = f.clients.GetByLogin(f.ctx, "mario")
	f.ErrorIs(err, accounts.ErrNotFound)

	f.assign(luigi.ID, s.ID)
	f.lists(accounts.Query{Search: "peach"}, "luigi")
	f.assign(subscriptions.Provider, s.ID)
	f.lists(accounts.Query{Search: "peach"})
	_, err = f.clients.Update(f.ctx, mario.ID, accounts.Changes{ExternalID: ptr("")})
	f.NoError(err)
	_, err = f.clients.GetByExternalID(f.ctx, "crm-1")
	f.ErrorIs(err, accounts.ErrNotFound)
	f.lists(accounts.Query{Search: "crm"})
}

func countAtMost(f *fixture) {
	f.seed()
	for atMost, want := range map[int][3]int{0: {2, 4, 8}, 1: {1, 1, 1}, 2: {2, 2, 2}, 3: {2, 3, 3}, 4: {2, 4, 4}, 8: {2, 4, 8}, 1 << 40: {2, 4, 8}} {
		a, err := f.clients.Count(f.ctx, accounts.Query{Limit: 1}, atMost)
		f.NoError(err)
		s, err := f.subs.Count(f.ctx, subscriptions.Query{Limit: 1}, atMost)
		f.NoError(err)
		d, err := f.subs.CountDomains(f.ctx, subscriptions.DomainQuery{Limit: 1}, atMost)
		f.NoError(err)
		f.Equal(want, [3]int{a, s, d}, "at most %d", atMost)
	}
	for _, search := range []string{"", "example"} {
		a, err := f.clients.Count(f.ctx, accounts.Query{Search: search}, math.MaxInt)
		f.NoError(err)
		s, err := f.subs.Count(f.ctx, subscriptions.Query{Search: search}, math.MaxInt)
		f.NoError(err)
		d, err := f.subs.CountDomains(f.ctx, subscriptions.DomainQuery{Search: search}, math.MaxInt)
		f.NoError(err)
		f.Equal([3]int{2, 4, 8}, [3]int{a, s, d}, "without a maximum, search %q", search)
	}
	_, err := f.clients.Count(f.ctx, accounts.Query{}, -1)
	f.invalid(err, "atMost")
	_, err = f.subs.Count(f.ctx, subscriptions.Query{}, -1)
	f.invalid(err, "atMost")
	_, err = f.subs.CountDomains(f.ctx, subscriptions.DomainQuery{}, -1)
	f.invalid(err, "atMost")
}

func pageSize(f *fixture) {
	var names []string
	for i := range 501 {
		names = append(names, "d"+strings.Repeat("0", i/100)+string(rune('a'+i%100/10))+string(rune('a'+i%10))+".example")
	}
	f.subscribe(subscriptions.New{Domains: names})
	for i := range 51 {
		in := newAccount("customer" + string(rune('a'+i/26)) + string(rune('a'+i%26)))
		in.Subscription = &subscriptions.New{Name: in.Login}
		f.create(in)
	}
	for limit, want := range map[int]int{0: 50, 1: 1, 51: 51, 52: 51, 500: 51} {
		p, err := f.clients.List(f.ctx, accounts.Query{Limit: limit})
		f.NoError(err)
		f.Len(p.Items, want)
		f.Equal(limit >= 51, p.Next == "", "Next must be empty on the last page, also if that is full")
		s, err := f.subs.List(f.ctx, subscriptions.Query{Limit: limit, AccountID: nil, Search: "customer"})
		f.NoError(err)
		f.Len(s.Items, want)
		f.Equal(limit >= 51, s.Next == "")
	}
	for limit, want := range map[int]int{0: 50, 499: 499, 500: 500} {
		p, err := f.subs.Domains(f.ctx, subscriptions.DomainQuery{Limit: limit})
		f.NoError(err)
		f.Len(p.Items, want)
		f.NotEmpty(p.Next)
	}
	for _, limit := range []int{-1, 501, -1 << 62, 1 << 62} {
		_, err := f.clients.List(f.ctx, accounts.Query{Limit: limit})
		f.invalid(err, "limit")
		_, err = f.subs.List(f.ctx, subscriptions.Query{Limit: limit})
		f.invalid(err, "limit")
		_, err = f.subs.Domains(f.ctx, subscriptions.DomainQuery{Limit: limit})
		f.invalid(err, "limit")
		_, err = f.clients.Events(f.ctx, accounts.EventQuery{Limit: limit})
		f.invalid(err, "limit")
	}
	events, err := f.clients.Events(f.ctx, accounts.EventQuery{})
	f.NoError(err)
	f.Len(events.Items, 50)
}

func idsFilter(f *fixture) {
	data := f.seed()
	f.lists(accounts.Query{IDs: []accounts.ID{unusedID, data.luigi.ID, -1, 0, data.luigi.ID}}, "luigi")
	f.lists(accounts.Query{IDs: []accounts.ID{unusedID}})
	f.listsDomains(subscriptions.DomainQuery{IDs: []subscriptions.DomainID{unusedID, f.getDomain("shop.example").ID, f.getDomain("blog.example").ID}}, "blog.example", "shop.example")
	ids := make([]int64, 10_001)
	for i := range ids {
		ids[i] = unusedID + int64(i)
	}
	f.lists(accounts.Query{IDs: suite.As[accounts.ID](ids[:10_000])})
	f.listsSubscriptions(subscriptions.Query{IDs: suite.As[subscriptions.ID](ids[:10_000])})
	f.listsDomains(subscriptions.DomainQuery{IDs: suite.As[subscriptions.DomainID](ids[:10_000])})
	for _, ids := range [][]int64{{}, ids} {
		_, err := f.clients.List(f.ctx, accounts.Query{IDs: append([]accounts.ID{}, suite.As[accounts.ID](ids)...)})
		f.invalid(err, "ids")
		_, err = f.clients.Count(f.ctx, accounts.Query{IDs: append([]accounts.ID{}, suite.As[accounts.ID](ids)...)}, 0)
		f.invalid(err, "ids")
		_, err = f.subs.List(f.ctx, subscriptions.Query{IDs: append([]subscriptions.ID{}, suite.As[subscriptions.ID](ids)...)})
		f.invalid(err, "ids")
		_, err = f.subs.Domains(f.ctx, subscriptions.DomainQuery{IDs: append([]subscriptions.DomainID{}, suite.As[subscriptions.DomainID](ids)...)})
		f.invalid(err, "ids")
	}
}
