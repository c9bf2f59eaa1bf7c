package storagetest

import (
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// nameCases are those of rule 9 about names themselves.
func nameCases() []testCase {
	return []testCase{
		{"both spellings of an IDN are one name, in lower case and without a trailing dot", nameSpellings},
		{"a name that mixes scripts is shown as it is stored", mixedScripts},
		{"www.NAME resolves as NAME unless it was added itself", resolveWWW},
		{"a host name resolves exactly, in any spelling", resolveExactly},
		{"renaming keeps id, holds and place", renameKeeps},
		{"a renamed name is free again, and renaming to the same name changes nothing", renameFrees},
		{"another domain can be made the main one", setMain},
		{"a bare suffix is the provider's only", bareSuffix},
		{"reserved names and all below are the provider's only", reservedDomains},
		{"a thousand domains come in one call, one more does not", thousandDomains},
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
	e := f.estate()
	site, err := f.subs.Resolve(f.ctx, "WWW.Blog.example.")
	f.NoError(err)
	f.Equal(subscriptions.Site{Domain: f.getDomain("blog.example"), Plan: "basic"}, site)
	own := f.addDomain(e.shop.ID, "www.blog.example")
	f.suspendDomain("www.blog.example", accounts.Hold{Public: "moved"})
	site, err = f.subs.Resolve(f.ctx, "www.blog.example")
	f.NoError(err)
	f.Equal(own.ID, site.Domain.ID)
	f.Equal(accounts.Suspended, site.Domain.Status())
	f.sites(accounts.Active, "blog.example")
	for _, host := range []string{"www.www.game.example", "www.example", "web.blog.example"} {
		_, err = f.subs.Resolve(f.ctx, host)
		f.ErrorIs(err, accounts.ErrNotFound, host)
	}
	_, err = f.subs.Domain(f.ctx, "www.game.example")
	f.ErrorIs(err, accounts.ErrNotFound, "Domain answers exact names only")
	f.addDomain(e.spare.ID, "www.only.example")
	_, err = f.subs.Resolve(f.ctx, "only.example")
	f.ErrorIs(err, accounts.ErrNotFound)
}

func resolveExactly(f *fixture) {
	e := f.estate()
	f.addDomain(e.spare.ID, "bücher.example")
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
	f.estate()
	f.suspendDomain("blog.example", accounts.Hold{Cause: accounts.CauseAbuse, Note: "n"})
	want := f.getDomain("blog.example")
	want.Name = "xn--bcher-kva.example"
	before := f.dump().Subscriptions
	renamed, err := f.subs.RenameDomain(f.ctx, want.ID, "Bücher.example")
	f.NoError(err)
	f.Equal(want, renamed)
	f.Equal(want, f.getDomain("bücher.example"))
	f.True(want.Main)
	f.Equal(before, f.dump().Subscriptions, "domains touch neither version nor UpdatedAt")
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
	e := f.estate()
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
	f.addDomain(e.shop.ID, "blog.example")
}

func setMain(f *fixture) {
	e := f.estate()
	f.clock.advance(1e9)
	f.NoError(f.subs.SetMainDomain(f.ctx, f.getDomain("en.blog.example").ID))
	f.False(f.getDomain("blog.example").Main)
	f.True(f.getDomain("en.blog.example").Main)
	f.True(f.getDomain("shop.example").Main)
	s := f.getSubscription(e.blog.ID)
	f.EqualValues(2, s.Version)
	f.Equal(f.clock.stored(), s.UpdatedAt)
	for _, d := range f.domains(subscriptions.DomainQuery{SubscriptionID: e.blog.ID}) {
		f.Equal(d.Name == "en.blog.example", d.Main)
	}
}

func bareSuffix(f *fixture) {
	e := f.estate()
	in := newAccount("peach")
	in.Subscription = &subscriptions.New{Domains: []string{"peach.example", "co.uk"}}
	f.unchanged(func() {
		_, err := f.clients.Create(f.ctx, in)
		f.invalid(err, "subscription.domains[1]")
		_, err = f.subs.Create(f.ctx, subscriptions.New{AccountID: e.mario.ID, Domains: []string{"CO.UK."}})
		f.invalid(err, "domains[0]")
		_, err = f.subs.AddDomain(f.ctx, e.blog.ID, "co.uk")
		f.invalid(err, "name")
		_, err = f.subs.RenameDomain(f.ctx, f.getDomain("blog.example").ID, "co.uk")
		f.invalid(err, "name")
		// A suffix of the list's private section, and one by a wildcard rule.
		for _, suffix := range []string{"github.io", "anything.ck"} {
			_, err = f.subs.AddDomain(f.ctx, e.blog.ID, suffix)
			f.invalid(err, "name")
		}
	})
	f.addDomain(e.spare.ID, "co.uk")
	f.unchanged(func() {
		_, err := f.subs.Assign(f.ctx, []subscriptions.ID{e.spare.ID}, e.mario.ID)
		f.invalid(err, "ids")
		_, err = f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("co.uk").ID}, e.blog.ID)
		f.invalid(err, "ids")
	})
	f.addDomain(e.blog.ID, "mario.co.uk")
	f.addDomain(e.game.ID, "luigi.co.uk")
}

func reservedDomains(f *fixture) {
	f.use(f.manager(func(o *accounts.Options) {
		o.ReservedDomains = []string{"Panel.example.", "bücher.example", "internal"}
	}))
	e := f.estate()
	f.unchanged(func() {
		for _, name := range []string{"panel.example", "sub.panel.example", "xn--bcher-kva.example", "a.b.bücher.example", "host.internal"} {
			_, err := f.subs.AddDomain(f.ctx, e.blog.ID, name)
			f.invalid(err, "name")
		}
	})
	f.addDomain(e.blog.ID, "otherpanel.example")
	f.addDomain(e.spare.ID, "sub.panel.example")
	f.unchanged(func() {
		_, err := f.subs.Assign(f.ctx, []subscriptions.ID{e.spare.ID}, e.mario.ID)
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
	gone, err := f.subs.Remove(f.ctx, []subscriptions.ID{s.ID})
	f.NoError(err)
	f.Len(gone.Domains, 1000)
}
