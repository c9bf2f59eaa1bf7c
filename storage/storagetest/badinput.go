package storagetest

import (
	"regexp"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// badInputCases returns the cases about the validation of input: what is refused, at which path, and that none of it is
// stored.
func badInputCases() []testCase {
	return []testCase{
		{"every text of an account has a maximum length in characters", accountTexts},
		{"every text of a subscription has a maximum length in characters", subscriptionTexts},
		{"every text of a hold has a maximum length in characters", holdTexts},
		{"invalid logins are refused", badLogins},
		{"invalid email addresses, countries and locales are refused", badContacts},
		{"invalid attributes are refused", badAttributes},
		{"invalid causes are refused", badCauses},
		{"invalid domain names are refused", badNames},
		{"domain names at the limits are accepted", edgeNames},
		{"every accepted domain name is stored in its canonical form", canonicalNames},
		{"invalid queries are refused", badQueries},
		{"all field errors are returned at once, each with its path", allFieldErrors},
		{"field errors are translated into Italian", translatedFieldErrors},
		{"a domain given twice in one call is refused", duplicateDomains},
	}
}

// longText returns a text of n characters of two bytes each.
func longText(n int) string { return strings.Repeat("ä", n) }

// field is a text field of an input.
type field[T any] struct {
	path       string
	maxLength  int  // maximum length in characters
	singleLine bool // whether it is limited to one line
	set        func(in *T, text string)
}

// badTexts returns texts that every field refuses, and for a field of one line also those that only such fields refuse.
func badTexts(singleLine bool) []string {
	bad := []string{"invalid \xff", "cut \xc3", "nul \x00 inside", "bell \a", "separator \u2028 inside", "delete \x7f", "c1 \u0085 inside", "\u2800", "\u2800 \U0001d159"}
	if singleLine {
		return append(bad, "two\nlines", "tab\tinside", "carriage\rreturn")
	}
	return append(bad, "\u200b", "\u3164 \ufe0f") // in one line nothing of these is left
}

// checkField asserts which texts a field accepts. It sets the field in the input that in returns and passes that to call.
func checkField[T any](f *fixture, c field[T], in func() T, call func(T) error) {
	f.t.Helper()
	with := func(text string) error {
		changed := in()
		c.set(&changed, text)
		return call(changed)
	}
	f.unchanged(func() {
		for _, text := range append(badTexts(c.singleLine), longText(c.maxLength+1), strings.Repeat("a", c.maxLength+1), strings.Repeat("m", 1<<20)) {
			err := with(text)
			f.ErrorIs(err, accounts.ErrInvalid, "%s = %.40q", c.path, text)
			f.invalid(err, c.path)
			f.Less(len(err.Error()), 1000, "an error must not repeat a huge input")
		}
	})
	f.NoError(with(longText(c.maxLength)), "%s at its maximum length", c.path)
	f.NoError(with("  "+strings.Repeat("a", c.maxLength)+" "), "%s at its maximum length after trimming", c.path)
	f.NoError(with("\u202azero\u200bwidth\u202c"), "%s with invisible characters", c.path)
}

func accountTexts(f *fixture) {
	n := 0
	fields := []field[accounts.New]{
		{"contact.name", 120, true, func(in *accounts.New, s string) { in.Contact.Name = s }},
		{"contact.company", 255, true, func(in *accounts.New, s string) { in.Contact.Company = s }},
		{"contact.phone", 30, true, func(in *accounts.New, s string) { in.Contact.Phone = s }},
		{"contact.address", 255, true, func(in *accounts.New, s string) { in.Contact.Address = s }},
		{"contact.city", 120, true, func(in *accounts.New, s string) { in.Contact.City = s }},
		{"contact.state", 120, true, func(in *accounts.New, s string) { in.Contact.State = s }},
		{"contact.postalCode", 20, true, func(in *accounts.New, s string) { in.Contact.PostalCode = s }},
		{"externalID", 255, true, func(in *accounts.New, s string) { in.ExternalID = s }},
		{"additionalInfo", 4096, false, func(in *accounts.New, s string) { in.AdditionalInfo = s }},
		{"description", 4096, false, func(in *accounts.New, s string) { in.Description = s }},
	}
	next := func() accounts.New {
		n++
		return newAccount("customer" + string(rune('a'+n/26%26)) + string(rune('a'+n%26)) + string(rune('a'+n/676)))
	}
	for _, c := range fields {
		checkField(f, c, next, func(in accounts.New) error {
			_, err := f.clients.Create(f.ctx, in)
			return err
		})
	}
	mario := f.account("mario")
	for _, c := range fields {
		in := newAccount("mario")
		c.set(&in, longText(c.maxLength+1))
		ch := accounts.Changes{Contact: &in.Contact, ExternalID: &in.ExternalID, AdditionalInfo: &in.AdditionalInfo, Description: &in.Description}
		_, err := f.clients.Update(f.ctx, mario.ID, ch)
		f.invalid(err, c.path)
	}
	f.Equal(mario, f.getAccount(mario.ID))
	for _, name := range []string{"", " ", "\u00a0\t", "\u3164", "\u115f\u1160", "\uffa0", "\u034f\ufe0f", "\u200b\u200c\u200d", "\u2066\u2069", "\u2800", "\u2800 \u2800"} {
		in := newAccount("luigi")
		in.Contact.Name = name
		_, err := f.clients.Create(f.ctx, in)
		f.invalid(err, "contact.name")
	}
}

func subscriptionTexts(f *fixture) {
	fields := []field[subscriptions.New]{
		{"name", 255, true, func(in *subscriptions.New, s string) { in.Name = s }},
		{"plan", 100, true, func(in *subscriptions.New, s string) { in.Plan = s }},
		{"externalID", 255, true, func(in *subscriptions.New, s string) { in.ExternalID = s }},
		{"description", 4096, false, func(in *subscriptions.New, s string) { in.Description = s }},
	}
	for _, c := range fields {
		checkField(f, c, func() subscriptions.New { return subscriptions.New{Name: "shop"} }, func(in subscriptions.New) error {
			_, err := f.subs.Create(f.ctx, in)
			return err
		})
	}
	s := f.subscription(subscriptions.Provider)
	f.unchanged(func() {
		for _, c := range fields {
			in := subscriptions.New{Name: "shop"}
			c.set(&in, longText(c.maxLength+1))
			_, err := f.subs.Update(f.ctx, s.ID, subscriptions.Changes{Name: &in.Name, Plan: &in.Plan, Description: &in.Description, ExternalID: &in.ExternalID})
			f.invalid(err, c.path)
			first := newAccount("mario")
			first.Subscription = &in
			_, err = f.clients.Create(f.ctx, first)
			f.invalid(err, "subscription."+c.path)
		}
	})
}

func holdTexts(f *fixture) {
	ops := f.levels()
	for i, c := range []field[accounts.Hold]{
		{"note", 4096, false, func(h *accounts.Hold, s string) { h.Note = s }},
		{"message", 4096, false, func(h *accounts.Hold, s string) { h.Message = s }},
		{"public", 4096, false, func(h *accounts.Hold, s string) { h.Public = s }},
	} {
		checkField(f, c, func() accounts.Hold { return accounts.Hold{} }, func(h accounts.Hold) error {
			_, err := ops[i].Suspend(f.ctx, ops[i].ids, h)
			return err
		})
	}
}

func badLogins(f *fixture) {
	mario := f.account("mario")
	f.unchanged(func() {
		for _, login := range []string{
			"", " ", strings.Repeat("a", 61), ".a", "-a", "_a", "@a", "+1", "'a", "a..b", "1..2", "a.", "1.", "a b", "a\tb", "a/b", `a\b`, "a%b", "a:b", "a\"b", "a;b",
			"a`b", "o\u2019brien", "ä", "jürgen", "\u0661a", "\uff11a",
			"\u212aelvin", "mario\u212a", "\u017fam", "ﬁle", "ｍario2", "аdmin", "mario\u0307", "a\x00b", "a\nb", "\u200b", "\u3164", "\u2800", "\u200broot",
			"\xff", "a\xc3", strings.Repeat("a", 1<<20), "root", "Root", "ADMIN", "postgres",
			"operator", "provider", "www-data",
		} {
			in := newAccount(login)
			in.Contact.Name = "Customer"
			_, err := f.clients.Create(f.ctx, in)
			f.ErrorIs(err, accounts.ErrInvalid, "login %.40q", login)
			f.invalid(err, "login")
			_, err = f.clients.Update(f.ctx, mario.ID, accounts.Changes{Login: &login})
			f.ErrorIs(err, accounts.ErrInvalid, "login %.40q", login)
			f.invalid(err, "login")
			_, err = f.clients.GetByLogin(f.ctx, login)
			f.ErrorIs(err, accounts.ErrNotFound, "login %.40q", login)
		}
	})
	for login, want := range map[string]string{
		"a": "a", "Z": "z", strings.Repeat("b", 60): strings.Repeat("b", 60), "c.d_e@f+g-h": "c.d_e@f+g-h", " d9 ": "d9", "e--": "e--", "f@": "f@", "root2": "root2",
		"3DPrint": "3dprint", "12345": "12345", "0": "0", "123456789@qq.com": "123456789@qq.com", "O'Brien@Example.ie": "o'brien@example.ie", "g'": "g'",
		"h''--": "h''--", "info": "info", "Support": "support", "webmaster": "webmaster",
	} {
		in := newAccount(login)
		in.Contact.Name = "Customer"
		created := f.create(in)
		f.Equal(want, created.Login)
		for _, spelling := range []string{login, want, strings.ToUpper(want)} {
			found, err := f.clients.GetByLogin(f.ctx, spelling)
			f.NoError(err, spelling)
			f.Equal(created, found)
			found, err = f.clients.Authenticate(f.ctx, spelling, password)
			f.NoError(err, spelling)
			f.Equal(created, found)
		}
		page, err := f.clients.List(f.ctx, accounts.Query{Search: want, Limit: 500})
		f.NoError(err)
		f.True(slices.ContainsFunc(page.Items, func(s accounts.Summary) bool { return s.ID == created.ID }), "a search for %q", want)
	}
}

func badContacts(f *fixture) {
	with := func(change func(*accounts.New)) error {
		in := newAccount("mario")
		change(&in)
		_, err := f.clients.Create(f.ctx, in)
		return err
	}
	// A local part of 64 characters, the @ and a host name of 190.
	longest := strings.Repeat("l", 64) + "@" + strings.Repeat(strings.Repeat("h", 59)+".", 3) + "ho.example"
	f.Len(longest, 255)
	tooLong := longest + "s"
	f.unchanged(func() {
		for _, email := range []string{"a", "a@", "@b.example", "a b@c.example", "a@b c.example", "a@b\n.example", "a@b.example\x00", "\xff@b.example", "a@@b.example", tooLong, longText(1 << 19)} {
			err := with(func(in *accounts.New) { in.Contact.Email = email })
			f.ErrorIs(err, accounts.ErrInvalid, "email %.40q", email)
			f.invalid(err, "contact.email")
		}
		for _, country := range []string{"XX", "I", "ITA", "Italy", "1T", "ÏT", "\u0131t", "\u017fe", "\xff\xff", "I\x00"} { // the upper case of U+0131 and U+017F is I and S
			err := with(func(in *accounts.New) { in.Contact.Country = country })
			f.ErrorIs(err, accounts.ErrInvalid, "country %q", country)
			f.invalid(err, "contact.country")
			_, err = f.clients.List(f.ctx, accounts.Query{Country: country})
			f.invalid(err, "country")
		}
		for _, locale := range []string{"x", "italian language", "1", "it-", "\xff", "it\x00", "toolongsubtag123", strings.Repeat("it-", 1<<18), "en" + strings.Repeat("-!", 1<<19), "en" + strings.Repeat("-1abc", 1<<17)} {
			err := with(func(in *accounts.New) { in.Locale = locale })
			f.ErrorIs(err, accounts.ErrInvalid, "locale %.40q", locale)
			f.invalid(err, "locale")
		}
	})
	f.NoError(with(func(in *accounts.New) {
		in.Contact.Email, in.Contact.Country, in.Locale = longest, "ch", "de-CH-1996"
	}))
}

func badAttributes(f *fixture) {
	mario := f.account("mario", "mario.example")
	s := f.onlySubscription(mario.ID)
	try := func(all map[string]string) []error {
		in := newAccount("luigi")
		in.Attributes = all
		_, create := f.clients.Create(f.ctx, in)
		_, update := f.clients.Update(f.ctx, mario.ID, accounts.Changes{Attributes: all})
		_, subscribe := f.subs.Create(f.ctx, subscriptions.New{Name: "shop", Attributes: all})
		_, change := f.subs.Update(f.ctx, s.ID, subscriptions.Changes{Attributes: all})
		return []error{create, update, subscribe, change}
	}
	f.unchanged(func() {
		for _, key := range []string{"", "K", "1k", "-k", "k_k", "k k", "ä", "k.k", "\xff", "k\x00", strings.Repeat("k", 65), strings.Repeat("k", 1<<20)} {
			for _, value := range []string{"value", ""} {
				for _, err := range try(map[string]string{key: value}) {
					f.ErrorIs(err, accounts.ErrInvalid, "key %.40q", key)
				}
			}
		}
		for _, value := range append(badTexts(false), longText(1025), strings.Repeat("v", 1<<20)) {
			for _, err := range try(map[string]string{"key": value}) {
				f.ErrorIs(err, accounts.ErrInvalid, "value %.40q", value)
				f.invalid(err, "attributes[key]")
			}
		}
		for _, err := range try(attributes(33)) {
			f.invalid(err, "attributes")
		}
	})
	full := attributes(31)
	full[strings.Repeat("k", 64)] = longText(1024)
	for _, err := range try(full) {
		f.NoError(err)
	}
	f.Equal(full, f.getAccount(mario.ID).Attributes)
	f.Equal(full, f.getSubscription(s.ID).Attributes)
}

func badCauses(f *fixture) {
	for _, ops := range f.levels() {
		f.unchanged(func() {
			for _, cause := range []accounts.Cause{"A", "Billing", "1a", "-a", "a_b", "a b", "ä", "a.b", "\xff", "a\x00", "a\n", accounts.Cause(strings.Repeat("a", 33)), accounts.Cause(strings.Repeat("a", 1<<20))} {
				_, err := ops.Suspend(f.ctx, ops.ids, accounts.Hold{Cause: cause})
				f.ErrorIs(err, accounts.ErrInvalid, "cause %.40q", cause)
				f.invalid(err, "cause")
				_, err = ops.Lift(f.ctx, ops.ids, []accounts.Cause{cause})
				f.ErrorIs(err, accounts.ErrInvalid, "cause %.40q", cause)
				f.invalid(err, "causes[0]")
			}
		})
		for _, cause := range []accounts.Cause{"a", "a-", "z9", accounts.Cause(strings.Repeat("a", 32))} {
			_, err := ops.Suspend(f.ctx, ops.ids, accounts.Hold{Cause: cause})
			f.NoError(err, "cause %q", cause)
		}
		_, err := ops.Activate(f.ctx, ops.ids)
		f.NoError(err)
	}
}

func badNames(f *fixture) {
	data := f.seed()
	domain := f.getDomain("blog.example").ID
	f.unchanged(func() {
		for _, name := range []string{
			"", " ", ".", "..", "example", "localhost", "com", "a..example", ".shop.example", "shop.example..", "shop..example.",
			"1.2.3.4", "1.2.3.4.", "127.1", "2130706433", "0x7f.0.0.1", "0x7f000001", "0177.0.0.1", "0x7F.1", "１.２.３.４", "1。2。3。4", "1.2.3.0x4", "::1", "[::1]",
			"::ffff:1.2.3.4", "2001:db8::1", "shop.123", "shop.0x1f", "shop.0X", "shop.example.0",
			"*.example", "*", "shop.*.example", "*.shop.example", "-a.example", "a-.example", "a.-example", "under_score.example", "ex ample.example", "tab\t.example", "a\n.example",
			"a\x00.example", "\xff.example", "a\xc3.example", "user@shop.example", "http://shop.example", "shop.example:80", "shop.example/", "shop.example/path", "%61.example", `a\.example`,
			"xn--.example", "xn--a.example", "xn--zzzzzzzz99999999.example", "xn--\u00e4.example", "xn--bcher-kva\u00e4.example", "xn--abc-.example", "xn--a-0.example", "shop.xn--",
			"\u200b", "\u3164.example", "\u05d0a.example", "a\u05d0.example", "\u0301shop.example", "a\u2024b.example", "a\u2488b.example", "shop\u0000.example",
			strings.Repeat("a", 64) + ".example", strings.Repeat("ä", 60) + ".example", strings.Repeat(strings.Repeat("a", 49)+".", 5) + "aaaa", strings.Repeat("a", 1<<20),
			strings.Repeat("a.", 1<<19) + "example", strings.Repeat("ä", 1<<19) + ".example", strings.Repeat("xn--", 1<<18),
		} {
			_, err := f.subs.AddDomain(f.ctx, data.blog.ID, name)
			f.ErrorIs(err, accounts.ErrInvalid, "name %.60q", name)
			f.invalid(err, "name")
			_, err = f.subs.RenameDomain(f.ctx, domain, name)
			f.ErrorIs(err, accounts.ErrInvalid, "name %.60q", name)
			f.invalid(err, "name")
			_, err = f.subs.Create(f.ctx, subscriptions.New{Name: "x", Domains: []string{"fine.example", name}})
			f.ErrorIs(err, accounts.ErrInvalid, "name %.60q", name)
			f.invalid(err, "domains[1]")
			_, err = f.subs.Resolve(f.ctx, name)
			f.ErrorIs(err, accounts.ErrNotFound, "name %.60q", name)
			f.Less(len(err.Error()), 3<<20)
		}
	})
}

func edgeNames(f *fixture) {
	s := f.subscription(subscriptions.Provider)
	label := strings.Repeat("a", 63)
	for _, name := range []string{
		"a.b", "1.example", "123.example", "1.2.3.4.example", "0x7f.example", "shop.0xg", "shop.a1", "shop.1a", label + ".example", strings.Repeat(label[:49]+".", 5) + "aaa",
		"a-b.example", "a--b.example", "xn--bcher-kva.example", "co.uk", "com.br",
	} {
		d, err := f.subs.AddDomain(f.ctx, s.ID, name)
		f.NoError(err, name)
		f.Equal(name, d.Name)
	}
}

func canonicalNames(f *fixture) {
	canonical := regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	s := f.subscription(subscriptions.Provider, "main.example")
	for _, name := range []string{
		"zero\u200bwidth.example", "join\u200der.example", "non\u200cjoiner.example", "soft\u00adhyphen.example", "\ufeffbom.example", "word\u2060joiner.example",
		"\u212aelvin.example", "\u017fharp.example", "ﬁ.example", "ⅷ.example", "㎏.example", "①.example", "𝒶.example", "ǅ.example", "ß.example", "ẞ.example", "ς.example", "İ.example", "ı.example",
		"شبكة.example", "עברית.example", "ไทย.example", "हिन्दी.example", "中文.example", "日本語.example", "한국어.example", "გეორგია.example", "ελληνικά.example", "русский.example",
		"p\u0430ypal.example", "a\u0300.example", "e\u0301\u0301.example", "☃.example", "😀.example", "👨‍👩‍👧.example", "٠١٢.example", "1.example", "٣.example", "a。b．c｡example",
		"xn--p1ai.example", "xn--ls8h.example", "xn--4gbwdl.example", "XN--NXASMQ6B.example", "xn--nxasmm1c.example", "xn--zca.example", "xn--ss-.example", "xn--sharp-.example",
		"a--b.example", "ab--cd.example", "0.example", "0x0.example",
	} {
		d, err := f.subs.AddDomain(f.ctx, s.ID, name)
		if err != nil {
			f.ErrorIs(err, accounts.ErrInvalid, "name %q", name)
			continue
		}
		f.Regexp(canonical, d.Name, "name %q", name)
		f.Equal(d, f.getDomain(name), "name %q", name)
		f.Equal(d, f.getDomain(d.Name), "name %q", name)
		f.Equal(d, f.getDomain(d.DisplayName()), "name %q", name)
		_, err = f.subs.AddDomain(f.ctx, s.ID, d.Name)
		f.ErrorIs(err, accounts.ErrTaken, "%q is stored as %s, which must be taken", name, d.Name)
		_, err = f.subs.RemoveDomains(f.ctx, []subscriptions.DomainID{d.ID})
		f.NoError(err)
	}
}

func badQueries(f *fixture) {
	f.seed()
	f.unchanged(func() {
		for _, search := range append(unstorable()[1:], strings.Repeat("x", 1<<20), "\u2800", "x\x00") {
			_, err := f.clients.List(f.ctx, accounts.Query{Search: search})
			f.invalid(err, "search")
			_, err = f.clients.Count(f.ctx, accounts.Query{Search: search}, 1)
			f.invalid(err, "search")
			_, err = f.subs.List(f.ctx, subscriptions.Query{Search: search})
			f.invalid(err, "search")
			_, err = f.subs.Domains(f.ctx, subscriptions.DomainQuery{Search: search})
			f.invalid(err, "search")
			_, err = f.subs.List(f.ctx, subscriptions.Query{Plan: search})
			f.invalid(err, "plan")
		}
		_, err := f.clients.List(f.ctx, accounts.Query{Status: "ACTIVE", Cause: "Ä", Country: "XX", Sort: "login ", Limit: -1, After: "x", IDs: []accounts.ID{}})
		f.invalid(err, "status", "cause", "country", "sort", "limit", "after", "ids")
		_, err = f.subs.List(f.ctx, subscriptions.Query{Status: "x", Cause: "\xff", Limit: 501, After: "x"})
		f.invalid(err, "status", "cause", "limit", "after")
		_, err = f.subs.Domains(f.ctx, subscriptions.DomainQuery{Status: "x", Cause: "-", Limit: -9, After: "\x00"})
		f.invalid(err, "status", "cause", "limit", "after")
		_, err = f.clients.Events(f.ctx, accounts.EventQuery{Limit: 501, After: "x"})
		f.invalid(err, "limit", "after")
	})
}

func allFieldErrors(f *fixture) {
	in := accounts.New{
		Login: "-", Password: "short", Contact: accounts.Contact{Email: "x", Phone: longText(31), Country: "XX", PostalCode: "a\nb"}, Locale: "?", ExternalID: longText(256),
		Description: "\x00", Attributes: map[string]string{"key": longText(1025)},
		Subscription: &subscriptions.New{AccountID: 1, Plan: longText(101), Name: "a\nb", Domains: []string{"fine.example", "1.2.3.4", "co.uk"}},
	}
	err := f.refused(accounts.ErrInvalid, func() error {
		_, err := f.clients.Create(f.ctx, in)
		return err
	})
	f.invalid(err, "login", "password", "contact.name", "contact.email", "contact.phone", "contact.country", "contact.postalCode", "locale", "externalID", "description",
		"attributes[key]", "subscription.accountID", "subscription.plan", "subscription.name", "subscription.domains[1]", "subscription.domains[2]")
	_, err = f.clients.Suspend(f.ctx, nil, accounts.Hold{Cause: "X", Note: longText(4097), Message: "\x00", Public: "\xff"})
	f.invalid(err, "ids", "cause", "note", "message", "public")
	_, err = f.subs.LiftDomains(accounts.WithActor(f.ctx, "a\nb"), nil, []accounts.Cause{"X", "billing", "expired"})
	f.invalid(err, "ids", "causes[0]", "causes[2]", "actor")
}

func translatedFieldErrors(f *fixture) {
	in := newAccount("mario")
	in.Contact.PostalCode, in.Contact.Name = longText(21), ""
	_, err := f.clients.Create(f.ctx, in)
	var invalid *accounts.InvalidError
	f.ErrorAs(err, &invalid)
	english := map[string]string{}
	for _, fieldErr := range invalid.Fields {
		english[fieldErr.Path] = fieldErr.Message
	}
	for locale, translated := range map[string]bool{"it": true, "it-CH": true, "en": false, "en-GB": false, "de": false, "": false, "\xff": false} {
		for _, fieldErr := range invalid.Translate(locale) {
			f.Equal(translated, english[fieldErr.Path] != fieldErr.Message, "%s in %q", fieldErr.Message, locale)
			if fieldErr.Path == "contact.postalCode" {
				f.Contains(fieldErr.Message, "20")
			}
		}
	}
}

func duplicateDomains(f *fixture) {
	f.unchanged(func() {
		_, err := f.subs.Create(f.ctx, subscriptions.New{Domains: []string{"bücher.example", "a.example", "XN--BCHER-KVA.example.", "A.example"}})
		f.invalid(err, "domains[2]", "domains[3]")
	})
}
