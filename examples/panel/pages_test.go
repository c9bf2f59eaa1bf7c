package main

import (
	_ "embed"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
)

//go:embed testdata/axe/axe.min.js
var axe string

// sight is a page, or a state of one, and how somebody gets to see it.
type sight struct {
	name string
	see  func(b *tab)
}

// at answers the sight of a page by its path.
func at(path string) sight { return sight{path, func(b *tab) { b.t.Helper(); b.open(path) }} }

// refused answers the sight of a form that was sent with faults.
func refused(path, button string, fill func(b *tab)) sight {
	return sight{path + ", refused", func(b *tab) { b.t.Helper(); b.open(path); fill(b); b.press(button) }}
}

// strangers, operators and customers answer all pages of the panel, by who sees them.
func (s *scene) strangers() []sight {
	return []sight{
		at("/signin?said=ended"), at("/operator"), at("/forgot"), at("/reset/forged"),
		refused("/signin", "Sign in", func(b *tab) {
			b.fill("login", "nobody")
			b.fill("password", "nothing")
		}),
		{"suspended", func(b *tab) { b.signIn("chloe", s.host.demo) }},
	}
}

func (s *scene) operators() []sight {
	mario, luca, domain := s.id("mario"), s.id("luca"), s.domain("menu.mario.localhost")
	customer, subscription, site := fmt.Sprintf("/customers/%d", mario), fmt.Sprintf("/subscriptions/%d", domain.SubscriptionID), fmt.Sprintf("/domains/%d", domain.ID)
	return []sight{
		at("/customers"), at("/customers?q=nobody-at-all"), at("/customers?country=DE&select=all"), at("/customers/new"),
		refused("/customers/new", "Add customer", func(b *tab) {
			b.fill("contact.name", "Paola")
			b.fill("login", "root")
			b.fill("password", "short")
			b.fill("subscription.domains[0]", "-")
		}),
		at(customer), at(fmt.Sprintf("/customers/%d", luca)), at(customer + "/edit"), at(customer + "/password"), at(customer + "/history"),
		{"a lost update", func(b *tab) {
			b.open(customer + "/edit")
			info := "Changed in the middle of it."
			_, err := s.host.clients.Update(s.t.Context(), mario, accounts.Changes{AdditionalInfo: &info})
			require.NoError(s.t, err)
			b.press("Save")
		}},
		{"a link to copy", func(b *tab) {
			b.open(customer)
			b.press("Create a password link")
		}},
		at(fmt.Sprintf("/customers/suspend?id=%d&id=%d", mario, luca)), at(fmt.Sprintf("/customers/activate?id=%d", luca)),
		at(fmt.Sprintf("/customers/remove?id=%d", mario)),
		at("/subscriptions?unassigned=1"), at("/subscriptions?q=nothing-at-all"), at("/subscriptions/new"),
		at(fmt.Sprintf("/subscriptions/new?customer=%d", mario)), at(subscription), at(subscription + "/edit"),
		at(fmt.Sprintf("/subscriptions/assign?id=%d", domain.SubscriptionID)), at(fmt.Sprintf("/subscriptions/suspend?id=%d", domain.SubscriptionID)),
		at(fmt.Sprintf("/subscriptions/activate?id=%d", domain.SubscriptionID)), at(fmt.Sprintf("/subscriptions/remove?id=%d", domain.SubscriptionID)),
		at(site), at(site + "/move"), at(fmt.Sprintf("/domains/suspend?id=%d", domain.ID)),
		at(fmt.Sprintf("/domains/activate?id=%d", domain.ID)), at(fmt.Sprintf("/domains/remove?id=%d", domain.ID)),
		at("/nowhere"),
		{"signed in as a customer", func(b *tab) {
			b.open(fmt.Sprintf("/customers/%d", luca))
			b.press("Sign in as this customer")
		}},
	}
}

func (s *scene) customers() []sight {
	return []sight{
		at("/account"), at("/account?q=nothing-at-all"), at("/account/contact"), at("/account/password"),
		refused("/account/password", "Change password", func(b *tab) {
			b.fill("old", "not it")
			b.fill("password", "one password")
			b.fill("password2", "another password")
		}),
	}
}

// accessible are the rules that every page obeys: WCAG 2.2 at AA, and what axe calls best practice.
const accessible = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`

// Every page is for everybody, in light and dark: nothing that axe knows is wrong, and nothing reaches beyond a phone's
// screen.
func TestPagesAreAccessible(t *testing.T) {
	for _, in := range []world{{name: "wide"}, {name: "on a phone in Italian", phone: true, italian: true}} {
		for who, look := range map[string]func(s *scene){
			"strangers": func(s *scene) { s.tab().accessible(s.strangers()) },
			"operators": func(s *scene) { s.operator().accessible(s.operators()) },
			"customers": func(s *scene) { s.customer("mario").accessible(s.customers()) },
		} {
			t.Run(who+", "+in.name, func(t *testing.T) {
				t.Parallel()
				look(newScene(t, in))
			})
		}
	}
}

func (b *tab) accessible(sights []sight) {
	b.t.Helper()
	schemes := []string{"light", "dark"}
	if b.phone {
		schemes = schemes[:1] // colours do not depend on the width
	}
	for _, it := range sights {
		it.see(b)
		evaluate[any](b, axe+"; undefined")
		for _, scheme := range schemes {
			b.wear(scheme)
			wrong := evaluate[[]string](b, `axe.run({runOnly: `+accessible+`, resultTypes: ["violations"]}).then(found => {
				if (found.passes.length < 10) throw new Error("axe looked at nothing");
				return found.violations.flatMap(v => v.nodes.map(n => v.impact + " " + v.id + ": " + v.help + "\n" + n.html + "\n" + n.failureSummary));
			})`)
			assert.Empty(b.t, strings.Join(wrong, "\n\n"), "%s, %s", it.name, scheme)
		}
		b.wear("light")
	}
}

// The pages that are looked at are all that there are: each route of the panel that shows one.
func TestEveryPageIsLookedAt(t *testing.T) {
	s := newScene(t, world{})
	var seen []string
	for _, it := range slices.Concat(s.strangers(), s.operators(), s.customers()) {
		path, _, _ := strings.Cut(it.name, "?")
		seen = append(seen, path)
	}
	source, err := os.ReadFile("../../adapters/panel/routes.go")
	require.NoError(t, err)
	pages := regexp.MustCompile(`http\.MethodGet, "(/[^"]+)"`).FindAllStringSubmatch(string(source), -1)
	require.Greater(t, len(pages), 30)
	for _, page := range pages {
		if page[1] == "/{$}" || strings.HasSuffix(page[1], ".csv") {
			continue // one leads elsewhere, and one is no page
		}
		route := regexp.MustCompile("^" + strings.NewReplacer("{id}", `\d+`, "{token}", `\w+`).Replace(page[1]) + "$")
		assert.True(t, slices.ContainsFunc(seen, route.MatchString), page[1])
	}
}

// weight is what a page made the browser load.
type weight struct {
	Bytes           int // as transferred, heads included
	Styles, Scripts int
	Again           int // of style and scripts: bytes that were transferred
}

func (b *tab) weight() weight {
	b.t.Helper()
	return evaluate[weight](b, `(() => {
		const all = performance.getEntriesByType("resource"), kind = end => all.filter(e => new URL(e.name).pathname.endsWith(end));
		const sum = some => some.reduce((n, e) => n + e.transferSize, 0);
		return {
			bytes: sum(all) + sum(performance.getEntriesByType("navigation")), styles: kind(".css").length, scripts: kind(".js").length,
			again: sum(kind(".css")) + sum(kind(".js")),
		};
	})()`)
}

// A page is less than 100 kB with all that belongs to it, in one request for style and one for scripts, which later pages
// do not transfer again.
func TestPagesAreLight(t *testing.T) {
	s := newScene(t, world{})
	operator := s.operator()
	for _, path := range []string{"/customers", "/customers/new", "/subscriptions", fmt.Sprintf("/customers/%d", s.id("mario"))} {
		command(operator, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
		operator.open(path)
		first := operator.weight()
		t.Logf("%s: %d bytes", path, first.Bytes)
		assert.Less(t, first.Bytes, 100_000, path)
		assert.Greater(t, first.Again, 20_000, "or nothing was counted")
		assert.Equal(t, 1, first.Styles, path)
		assert.LessOrEqual(t, first.Scripts, 1, path)

		command(operator, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: false})
		operator.open(path)
		operator.open(path)
		assert.Zero(t, operator.weight().Again, path)
	}
}
