package main

import (
	_ "embed"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
)

//go:embed testdata/axe/axe.min.js
var axeScript string

// view is a page in a certain state.
type view struct {
	name string
	open func(b *tab) // makes the tab show it
}

// pageAt returns the view of the page at a path.
func pageAt(path string) view { return view{path, func(b *tab) { b.t.Helper(); b.open(path) }} }

// invalidFormView returns the view of a form that was sent with invalid values.
func invalidFormView(path, button string, fill func(b *tab)) view {
	return view{path + ", invalid", func(b *tab) { b.t.Helper(); b.open(path); fill(b); b.press(button) }}
}

// signedOutViews, operatorViews and customerViews return all pages of the panel, by the kind of user.
func (s *env) signedOutViews() []view {
	return []view{
		pageAt("/signin?said=ended"), pageAt("/operator"), pageAt("/forgot"), pageAt("/reset/forged"),
		invalidFormView("/signin", "Sign in", func(b *tab) {
			b.fill("login", "nobody")
			b.fill("password", "nothing")
		}),
		{"a link for a new password", func(b *tab) {
			token, err := s.app.clients.ResetToken(s.t.Context(), s.id("mario"), time.Hour)
			require.NoError(s.t, err)
			b.open("/reset/" + token)
		}},
		{"suspended", func(b *tab) { b.signIn("chloe", s.app.demoPassword) }},
	}
}

func (s *env) operatorViews() []view {
	mario, luca, domain := s.id("mario"), s.id("luca"), s.domain("menu.mario.localhost")
	customer, subscription, site := fmt.Sprintf("/customers/%d", mario), fmt.Sprintf("/subscriptions/%d", domain.SubscriptionID), fmt.Sprintf("/domains/%d", domain.ID)
	return []view{
		pageAt("/customers"), pageAt("/customers?q=nobody-at-all"), pageAt("/customers?country=DE&select=all"), pageAt("/customers/new"),
		invalidFormView("/customers/new", "Add customer", func(b *tab) {
			b.fill("contact.name", "Paola")
			b.fill("login", "root")
			b.fill("password", "short")
			b.fill("subscription.domains[0]", "-")
		}),
		pageAt(customer), pageAt(fmt.Sprintf("/customers/%d", luca)), pageAt(customer + "/edit"), pageAt(customer + "/password"), pageAt(customer + "/history"),
		{"a lost update", func(b *tab) {
			b.open(customer + "/edit")
			info := "Changed concurrently."
			_, err := s.app.clients.Update(s.t.Context(), mario, accounts.Changes{AdditionalInfo: &info})
			require.NoError(s.t, err)
			b.press("Save")
		}},
		{"a link to copy", func(b *tab) {
			b.open(customer)
			b.press("Create a password link")
		}},
		pageAt(fmt.Sprintf("/customers/suspend?id=%d&id=%d", mario, luca)), pageAt(fmt.Sprintf("/customers/activate?id=%d", luca)),
		pageAt(fmt.Sprintf("/customers/remove?id=%d", mario)),
		pageAt("/subscriptions?unassigned=1"), pageAt("/subscriptions?q=nothing-at-all"), pageAt("/subscriptions/new"),
		pageAt(fmt.Sprintf("/subscriptions/new?customer=%d", mario)), pageAt(subscription), pageAt(subscription + "/edit"),
		pageAt(fmt.Sprintf("/subscriptions/assign?id=%d", domain.SubscriptionID)), pageAt(fmt.Sprintf("/subscriptions/suspend?id=%d", domain.SubscriptionID)),
		pageAt(fmt.Sprintf("/subscriptions/activate?id=%d", domain.SubscriptionID)), pageAt(fmt.Sprintf("/subscriptions/remove?id=%d", domain.SubscriptionID)),
		pageAt(site), pageAt(site + "/move"), pageAt(fmt.Sprintf("/domains/suspend?id=%d", domain.ID)),
		pageAt(fmt.Sprintf("/domains/activate?id=%d", domain.ID)), pageAt(fmt.Sprintf("/domains/remove?id=%d", domain.ID)),
		pageAt("/nowhere"),
		{"signed in as a customer", func(b *tab) {
			b.open(fmt.Sprintf("/customers/%d", luca))
			b.press("Sign in as this customer")
		}},
	}
}

func (s *env) customerViews() []view {
	return []view{
		pageAt("/account"), pageAt("/account?q=nothing-at-all"), pageAt("/account/contact"), pageAt("/account/password"),
		invalidFormView("/account/contact", "Save", func(b *tab) { b.fill("contact.email", "another@example.com") }),
		invalidFormView("/account/password", "Change password", func(b *tab) {
			b.fill("old", "not it")
			b.fill("password", "one password")
			b.fill("password2", "another password")
		}),
	}
}

// axeRules are the tags of the rules that every page must follow: WCAG 2.2 at level AA, and the best practices of axe.
const axeRules = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`

// axe finds no violations on any page, in light and dark, and no page is wider than a phone's screen.
func TestPagesAreAccessible(t *testing.T) {
	for _, conf := range []setup{{name: "wide"}, {name: "on a phone in Italian", phone: true, italian: true}} {
		for user, check := range map[string]func(s *env){
			"signed out": func(s *env) { s.tab().checkAccessibility(s.signedOutViews()) },
			"operators":  func(s *env) { s.operator().checkAccessibility(s.operatorViews()) },
			"customers":  func(s *env) { s.customer("mario").checkAccessibility(s.customerViews()) },
		} {
			t.Run(user+", "+conf.name, func(t *testing.T) {
				t.Parallel()
				check(newEnv(t, conf))
			})
		}
	}
}

func (b *tab) checkAccessibility(views []view) {
	b.t.Helper()
	schemes := []string{"light", "dark"}
	if b.phone {
		schemes = schemes[:1] // colours do not depend on the width
	}
	for _, v := range views {
		v.open(b)
		evaluate[any](b, axeScript+"; undefined")
		for _, scheme := range schemes {
			b.setColourScheme(scheme)
			violations := evaluate[[]string](b, `axe.run({runOnly: `+axeRules+`, resultTypes: ["violations"]}).then(found => {
				if (found.passes.length < 10) throw new Error("axe checked nothing");
				return found.violations.flatMap(v => v.nodes.map(n => v.impact + " " + v.id + ": " + v.help + "\n" + n.html + "\n" + n.failureSummary));
			})`)
			assert.Empty(b.t, strings.Join(violations, "\n\n"), "%s, %s", v.name, scheme)
		}
		b.setColourScheme("light")
	}
}

// The views include every route of the panel that shows a page.
func TestViewsIncludeEveryPage(t *testing.T) {
	s := newEnv(t, setup{})
	var paths []string
	for _, v := range slices.Concat(s.signedOutViews(), s.operatorViews(), s.customerViews()) {
		path, _, _ := strings.Cut(v.name, "?")
		paths = append(paths, path)
	}
	var source []byte
	for _, name := range []string{"routes.go", "level.go", "holds.go", "removal.go", "assign.go"} {
		file, err := os.ReadFile("../../adapters/panel/" + name)
		require.NoError(t, err)
		source = append(source, file...)
	}
	var pages []string
	for _, found := range regexp.MustCompile(`http\.MethodGet, "(/[^"]+)"`).FindAllSubmatch(source, -1) {
		pages = append(pages, string(found[1]))
	}
	// The actions on a selection, of which every level has three.
	levels := regexp.MustCompile(`= level\[.*\n\tname: "([a-z]+)"`).FindAllSubmatch(source, -1)
	actions := regexp.MustCompile(`name: "([a-z]+)", changed:`).FindAllSubmatch(source, -1)
	require.Len(t, levels, 3)
	require.Len(t, actions, 4)
	for _, action := range actions {
		for _, level := range levels {
			if string(action[1]) != "assign" || string(level[1]) == "subscriptions" {
				pages = append(pages, "/"+string(level[1])+"/"+string(action[1]))
			}
		}
	}
	require.Greater(t, len(pages), 30)
	for _, page := range pages {
		if page == "/{$}" || strings.HasSuffix(page, ".csv") {
			continue // a redirect, or not a page
		}
		route := regexp.MustCompile("^" + strings.NewReplacer("{id}", `\d+`, "{token}", `\w+`).Replace(page) + "$")
		assert.True(t, slices.ContainsFunc(paths, route.MatchString), page)
	}
}

// loadStats counts what the browser loaded for a page.
type loadStats struct {
	Bytes           int // transferred, including headers
	Styles, Scripts int
	StaticBytes     int // transferred for styles and scripts
}

func (b *tab) loadStats() loadStats {
	b.t.Helper()
	return evaluate[loadStats](b, `(() => {
		const all = performance.getEntriesByType("resource"), withSuffix = s => all.filter(e => new URL(e.name).pathname.endsWith(s));
		const sum = entries => entries.reduce((n, e) => n + e.transferSize, 0);
		return {
			bytes: sum(all) + sum(performance.getEntriesByType("navigation")), styles: withSuffix(".css").length, scripts: withSuffix(".js").length,
			staticBytes: sum(withSuffix(".css")) + sum(withSuffix(".js")),
		};
	})()`)
}

// A page with its resources is smaller than 100 kB, with one request for styles and one for scripts, which are cached for
// other pages.
func TestPagesAreSmall(t *testing.T) {
	s := newEnv(t, setup{})
	operator := s.operator()
	for _, path := range []string{"/customers", "/customers/new", "/subscriptions", fmt.Sprintf("/customers/%d", s.id("mario"))} {
		command(operator, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
		operator.open(path)
		first := operator.loadStats()
		t.Logf("%s: %d bytes", path, first.Bytes)
		assert.Less(t, first.Bytes, 100_000, path)
		assert.Greater(t, first.StaticBytes, 20_000, "otherwise nothing was counted")
		assert.Equal(t, 1, first.Styles, path)
		assert.LessOrEqual(t, first.Scripts, 1, path)

		command(operator, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: false})
		operator.open(path)
		operator.open(path)
		assert.Zero(t, operator.loadStats().StaticBytes, path)
	}
}
