package storagetest

import (
	"fmt"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// nameCases returns the cases about domain names: spellings, resolving, renaming, main domains and reserved names.
func nameCases() []testCase {
	return []testCase{
		{"both spellings of an IDN are one name, stored in lower case and without a trailing dot", nameSpellings},
		{"a name that mixes scripts is displayed as it is stored", mixedScripts},
		{"www.NAME resolves to NAME unless it was added itself", resolveWWW},
		{"a host name resolves only exactly, in either spelling", resolveExactly},
		{"renaming a domain keeps its id, holds and subscription", renameKeeps},
		{"renaming frees the old name, and renaming to the same name changes nothing", renameFrees},
		{"another domain can be made the main one", setMain},
		{"UpdateDomain merges attributes and keeps everything else", updateDomain},
		{"UpdateDomain refuses invalid attributes and more than 32", updateDomainInvalid},
		{"a domain's plan is that of its subscription, wherever it is read", planOfDomain},
		{"only the provider may have a bare public suffix", bareSuffix},
		{"Options.PublicSuffixes decides which names are public suffixes", newerSuffixes},
		{"only the provider may have reserved names and their subdomains", reservedDomains},
		{"a creation accepts 1000 domains and refuses 1001", thousandDomains},
	}
}

func nameSpellings(f *fixture) {
	s := f.subscription(subscriptions.Provider)
	for given, stored := range map[string]string{
		"BÜCHER.Example":         "xn--bcher-kva.example",
		"faß.example":            "xn--fa-hia.example",
		"Shop.EXAMPLE.":          "shop.example",
		"例え.テスト":                 "xn--r8jz45g.xn--zckzah",
		"ｗｉｄｅ.example":           "wide.example",
		"ideographic。example":    "ideographic.example",
		"\u212aelvin.example":    "kelvin.example",
		"xn--mnchen-3ya.example": "xn--mnchen-3ya.example",
		"XN--4GBWDL.XN--WGBH1C":  "xn--4gbwdl.xn--wgbh1c",
		"sub.1and1.example":      "sub.1and1.example",
		"123.456.example":        "123.456.example",
	} {
		d, err := f.subs.AddDomain(f.ctx, s.ID, given)
		f.NoError(err, given)
		f.Equal(stored, d.Name)
		for _, spelling := range []string{given, stored, strings.ToUpper(stored), stored + ".", d.DisplayName()} {
			f.Equal(d, f.getDomain(spelling), spelling)
			_, err := f.subs.AddDomain(f.ctx, s.ID, spelling)
			f.taken(err, accounts.Taken{Field: "name", Value: spelling})
		}
	}
	f.Equal("bücher.example", f.getDomain("bücher.example").DisplayName())
}

func mixedScripts(f *fixture) {
	s := f.subscription(subscriptions.Provider)
	for given, shown := range map[string]string{
		"pаypal.example": "xn--pypal-4ve.example", // the second letter is Cyrillic
		"яндекс.example": "яндекс.example",
		"例えtest.example": "例えtest.example",
		"plain.example":  "plain.example",
	} {
		f.Equal(shown, f.addDomain(s.ID, given).DisplayName())
	}
}

func resolveWWW(f *fixture) {
	data := f.seed()
	site, err := f.subs.Resolve(f.ctx, "WWW.Blog.example.")
	f.NoError(err)
	f.Equal(subscriptions.Site{Domain: f.getDomain("blog.example"), Plan: "basic"}, site)
	www := f.addDomain(data.shop.ID, "www.blog.example")
	f.suspendDomain("www.blog.example", accounts.Hold{Public: "moved"})
	site, err = f.subs.Resolve(f.ctx, "www.blog.example")
	f.NoError(err)
	f.Equal(www.ID, site.Domain.ID)
	f.Equal(accounts.Suspended, site.Domain.Status())
	f.hasStatus(accounts.Active, "blog.example")
	for _, host := range []string{"www.www.game.example", "www.example", "web.blog.example"} {
		_, err = f.subs.Resolve(f.ctx, host)
		f.ErrorIs(err, accounts.ErrNotFound, host)
	}
	_, err = f.subs.Domain(f.ctx, "www.game.example")
	f.ErrorIs(err, accounts.ErrNotFound, "Domain must find exact names only")
	f.addDomain(data.spare.ID, "www.only.example")
	_, err = f.subs.Resolve(f.ctx, "only.example")
	f.ErrorIs(err, accounts.ErrNotFound)
}

func resolveExactly(f *fixture) {
	data := f.seed()
	f.addDomain(data.spare.ID, "bücher.example")
	for _, host := range []string{"bücher.example", "BÜCHER.example.", "www.bücher.example", "xn--bcher-kva.example"} {
		site, err := f.subs.Resolve(f.ctx, host)
		f.NoError(err, host)
		f.Equal("xn--bcher-kva.example", site.Domain.Name)
	}
	for _, host := range []string{"example", "og.example", "blog.exampl", "blog.example..", "*.blog.example", "127.0.0.1", "[::1]", "blog.example:80", "blo%", "blog_example"} {
		_, err := f.subs.Resolve(f.ctx, host)
		f.ErrorIs(err, accounts.ErrNotFound, host)
	}
}

func renameKeeps(f *fixture) {
	f.seed()
	f.suspendDomain("blog.example", accounts.Hold{Cause: accounts.CauseAbuse, Note: "n"})
	want := f.getDomain("blog.example")
	want.Name = "xn--bcher-kva.example"
	before := f.dump().Subscriptions
	renamed, err := f.subs.RenameDomain(f.ctx, want.ID, "Bücher.example")
	f.NoError(err)
	f.Equal(want, renamed)
	f.Equal(want, f.getDomain("bücher.example"))
	f.True(want.Main, "blog.example was the main domain")
	f.Equal(before, f.dump().Subscriptions, "renaming a domain must not change Version or UpdatedAt of its subscription")
	f.Equal([]string{
		"en.blog.example", "en.game.example", "en.shop.example", "en.spare.example", "game.example", "shop.example", "spare.example",
		"xn--bcher-kva.example",
	}, domainNames(f.domains(subscriptions.DomainQuery{Limit: 3})))
}

func domainNames(domains []subscriptions.Domain) []string {
	var names []string
	for _, d := range domains {
		names = append(names, d.Name)
	}
	return names
}

func renameFrees(f *fixture) {
	data := f.seed()
	id := f.getDomain("blog.example").ID
	f.unchanged(func() {
		d, err := f.subs.RenameDomain(f.ctx, id, "BLOG.example.")
		f.NoError(err)
		f.Equal("blog.example", d.Name)
	})
	err := f.refused(accounts.ErrTaken, func() error {
		_, err := f.subs.RenameDomain(f.ctx, id, "Game.example")
		return err
	})
	f.taken(err, accounts.Taken{Field: "name", Value: "Game.example"})
	_, err = f.subs.RenameDomain(f.ctx, id, "journal.example")
	f.NoError(err)
	_, err = f.subs.Resolve(f.ctx, "blog.example")
	f.ErrorIs(err, accounts.ErrNotFound)
	f.addDomain(data.shop.ID, "blog.example")
}

func setMain(f *fixture) {
	data := f.seed()
	f.clock.advance(1e9)
	f.NoError(f.subs.SetMainDomain(f.ctx, f.getDomain("en.blog.example").ID))
	f.False(f.getDomain("blog.example").Main, "blog.example must not be the main domain")
	f.True(f.getDomain("en.blog.example").Main, "en.blog.example must be the main domain")
	f.True(f.getDomain("shop.example").Main, "shop.example must be the main domain")
	s := f.getSubscription(data.blog.ID)
	f.EqualValues(2, s.Version)
	f.Equal(f.clock.storedNow(), s.UpdatedAt)
	for _, d := range f.domains(subscriptions.DomainQuery{SubscriptionID: data.blog.ID}) {
		f.Equal(d.Name == "en.blog.example", d.Main)
	}
}

func updateDomain(f *fixture) {
	data := f.seed()
	before := f.getDomain("en.blog.example")
	f.suspendDomain(before.Name, accounts.Hold{Cause: accounts.CauseAbuse})
	before = f.getDomain("en.blog.example")
	changed, err := f.subs.UpdateDomain(f.ctx, before.ID, subscriptions.DomainChanges{Attributes: map[string]string{"php": " 8.4 ", "root": "/www", "none": ""}})
	f.NoError(err)
	before.Attributes = map[string]string{"php": "8.4", "root": "/www"}
	f.Equal(before, changed)
	f.Equal(before, f.getDomain("en.blog.example"))
	f.Equal(before, f.domains(subscriptions.DomainQuery{IDs: []subscriptions.DomainID{before.ID}})[0])

	changed, err = f.subs.UpdateDomain(f.ctx, before.ID, subscriptions.DomainChanges{Attributes: map[string]string{"php": "", "tls": "yes"}})
	f.NoError(err)
	f.Equal(map[string]string{"root": "/www", "tls": "yes"}, changed.Attributes)
	f.Equal(changed, f.getDomain("en.blog.example"))
	f.Empty(f.getDomain("blog.example").Attributes, "other domains must not change")

	moved, err := f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{before.ID}, data.spare.ID)
	f.NoError(err)
	f.Equal([]subscriptions.DomainID{before.ID}, moved.Changed)
	_, err = f.subs.RenameDomain(f.ctx, before.ID, "renamed.example")
	f.NoError(err)
	f.Equal(changed.Attributes, f.getDomain("renamed.example").Attributes, "attributes must move with the domain")

	_, err = f.subs.UpdateDomain(f.ctx, before.ID, subscriptions.DomainChanges{Attributes: map[string]string{"root": "", "tls": ""}})
	f.NoError(err)
	f.Nil(f.getDomain("renamed.example").Attributes)
	f.refused(accounts.ErrNotFound, func() error {
		_, err := f.subs.UpdateDomain(f.ctx, unusedID, subscriptions.DomainChanges{})
		return err
	})
	f.refused(accounts.ErrNotFound, func() error {
		_, err := f.subs.ForAccount(data.mario.ID).UpdateDomain(f.ctx, before.ID, subscriptions.DomainChanges{Attributes: map[string]string{"x": "y"}})
		return err
	})
}

func updateDomainInvalid(f *fixture) {
	d := f.addDomain(f.subscription(subscriptions.Provider).ID, "shop.example")
	update := func(attributes map[string]string) error {
		return f.refused(accounts.ErrInvalid, func() error {
			_, err := f.subs.UpdateDomain(f.ctx, d.ID, subscriptions.DomainChanges{Attributes: attributes})
			return err
		})
	}
	f.invalid(update(map[string]string{"No slug": "x"}), "attributes")
	f.invalid(update(map[string]string{"long": strings.Repeat("x", 1025)}), "attributes[long]")
	f.invalid(update(map[string]string{"nul": "a\x00b"}), "attributes[nul]")
	many := map[string]string{}
	for i := range 32 {
		many[fmt.Sprintf("key-%d", i)] = "x"
	}
	_, err := f.subs.UpdateDomain(f.ctx, d.ID, subscriptions.DomainChanges{Attributes: many})
	f.NoError(err)
	f.invalid(update(map[string]string{"one-more": "x"}), "attributes")
}

func planOfDomain(f *fixture) {
	data := f.seed()
	check := func(name, plan string) {
		f.t.Helper()
		f.Equal(plan, f.getDomain(name).Plan, name)
		site, err := f.subs.Resolve(f.ctx, name)
		f.NoError(err)
		f.Equal(plan, site.Domain.Plan, name)
		f.Equal(plan, site.Plan, name)
		f.Equal(plan, f.domains(subscriptions.DomainQuery{Search: name})[0].Plan, name)
	}
	check("blog.example", "basic")
	_, err := f.subs.Update(f.ctx, data.blog.ID, subscriptions.Changes{Plan: ptr("gold")})
	f.NoError(err)
	check("blog.example", "gold")
	check("shop.example", "basic")
	_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("en.blog.example").ID}, data.shop.ID)
	f.NoError(err)
	check("en.blog.example", "basic")
	f.Equal("gold", f.addDomain(data.blog.ID, "added.example").Plan, "AddDomain returns the domain as it is stored")
	renamed, err := f.subs.RenameDomain(f.ctx, f.getDomain("added.example").ID, "renamed.example")
	f.NoError(err)
	f.Equal("gold", renamed.Plan)
}

func bareSuffix(f *fixture) {
	data := f.seed()
	in := newAccount("peach")
	in.Subscription = &subscriptions.New{Domains: []string{"peach.example", "co.uk"}}
	f.unchanged(func() {
		_, err := f.clients.Create(f.ctx, in)
		f.invalid(err, "subscription.domains[1]")
		_, err = f.subs.Create(f.ctx, subscriptions.New{AccountID: data.mario.ID, Domains: []string{"CO.UK."}})
		f.invalid(err, "domains[0]")
		_, err = f.subs.AddDomain(f.ctx, data.blog.ID, "co.uk")
		f.invalid(err, "name")
		_, err = f.subs.RenameDomain(f.ctx, f.getDomain("blog.example").ID, "co.uk")
		f.invalid(err, "name")
		// A suffix of the list's private section, and one by a wildcard rule.
		for _, suffix := range []string{"github.io", "anything.ck"} {
			_, err = f.subs.AddDomain(f.ctx, data.blog.ID, suffix)
			f.invalid(err, "name")
		}
	})
	f.addDomain(data.spare.ID, "co.uk")
	f.unchanged(func() {
		_, err := f.subs.Assign(f.ctx, []subscriptions.ID{data.spare.ID}, data.mario.ID)
		f.invalid(err, "ids")
		_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("co.uk").ID}, data.blog.ID)
		f.invalid(err, "ids")
	})
	f.addDomain(data.blog.ID, "mario.co.uk")
	f.addDomain(data.game.ID, "luigi.co.uk")
}

// newerList is a list of public suffixes that is newer than the one that is compiled in. A company has begun to let others
// register names below shops.example, and another has ended doing so below github.io.
func newerList(domain string) (suffix string, icann bool) {
	switch {
	case strings.HasSuffix("."+domain, ".shops.example"):
		return "shops.example", false
	case strings.HasSuffix("."+domain, ".github.io"):
		return "io", true
	}
	return publicsuffix.PublicSuffix(domain)
}

func newerSuffixes(f *fixture) {
	data := f.seed()
	f.useManager(f.manager(func(o *accounts.Options) { o.PublicSuffixes = newerList }))
	in := newAccount("peach")
	in.Subscription = &subscriptions.New{Domains: []string{"Shops.example."}}
	moving := f.addDomain(data.spare.ID, "shops.example")
	f.unchanged(func() {
		_, err := f.clients.Create(f.ctx, in)
		f.invalid(err, "subscription.domains[0]")
		_, err = f.subs.Create(f.ctx, subscriptions.New{AccountID: data.mario.ID, Domains: []string{"shops.example"}})
		f.invalid(err, "domains[0]")
		_, err = f.subs.AddDomain(f.ctx, data.blog.ID, "shops.example")
		f.invalid(err, "name")
		_, err = f.subs.RenameDomain(f.ctx, f.getDomain("blog.example").ID, "shops.example")
		f.invalid(err, "name")
		_, err = f.subs.Assign(f.ctx, []subscriptions.ID{data.spare.ID}, data.mario.ID)
		f.invalid(err, "ids")
		_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{moving.ID}, data.blog.ID)
		f.invalid(err, "ids")
		_, err = f.subs.AddDomain(f.ctx, data.blog.ID, "co.uk")
		f.invalid(err, "name")
	})
	f.addDomain(data.blog.ID, "mario.shops.example")
	f.addDomain(data.game.ID, "luigi.shops.example")

	f.addDomain(data.blog.ID, "github.io")
	err := f.refused(accounts.ErrTaken, func() error {
		_, err := f.subs.AddDomain(f.ctx, data.game.ID, "luigi.github.io")
		return err
	})
	f.taken(err, accounts.Taken{Field: "name", Value: "luigi.github.io"})

	for _, garbage := range []string{"", "UK", "other.example", "\xff", "."} { // which counts for nothing
		f.useManager(f.manager(func(o *accounts.Options) {
			o.PublicSuffixes = func(string) (string, bool) { return garbage, true }
		}))
		f.unchanged(func() {
			_, err := f.subs.AddDomain(f.ctx, data.blog.ID, "co.uk")
			f.invalid(err, "name")
		})
	}
	f.addDomain(data.blog.ID, "mario.co.uk")
}

func reservedDomains(f *fixture) {
	f.useManager(f.manager(func(o *accounts.Options) {
		o.ReservedDomains = []string{"Panel.example.", "bücher.example", "internal"}
	}))
	data := f.seed()
	f.unchanged(func() {
		for _, name := range []string{"panel.example", "sub.panel.example", "xn--bcher-kva.example", "a.b.bücher.example", "host.internal"} {
			_, err := f.subs.AddDomain(f.ctx, data.blog.ID, name)
			f.invalid(err, "name")
		}
	})
	f.addDomain(data.blog.ID, "otherpanel.example")
	f.addDomain(data.spare.ID, "sub.panel.example")
	f.unchanged(func() {
		_, err := f.subs.Assign(f.ctx, []subscriptions.ID{data.spare.ID}, data.mario.ID)
		f.invalid(err, "ids")
	})
}

func thousandDomains(f *fixture) {
	names := make([]string, 1001)
	for i := range names {
		names[i] = "d" + strings.Repeat("x", i%50) + string(rune('a'+i/50)) + "." + "many.example"
	}
	f.unchanged(func() {
		_, err := f.subs.Create(f.ctx, subscriptions.New{Domains: names})
		f.invalid(err, "domains")
		in := newAccount("mario")
		in.Subscription = &subscriptions.New{Domains: names}
		_, err = f.clients.Create(f.ctx, in)
		f.invalid(err, "subscription.domains")
	})
	s := f.subscribe(subscriptions.New{Domains: names[:1000]})
	n, err := f.subs.CountDomains(f.ctx, subscriptions.DomainQuery{SubscriptionID: s.ID}, 0)
	f.NoError(err)
	f.Equal(1000, n)
	removed, err := f.subs.Remove(f.ctx, []subscriptions.ID{s.ID})
	f.NoError(err)
	f.Len(removed.Domains, 1000)
}
