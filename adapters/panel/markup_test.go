package panel

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// markup is a value that adds an element to a page if it is not escaped. It is short enough for every field.
const markup = `'"><evil on=1>`

// assertNoMarkup asserts that a page, parsed like in a browser, has no elements or attributes from values.
func assertNoMarkup(t *testing.T, at string, root *html.Node) {
	t.Helper()
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		assert.NotEqual(t, "evil", n.Data, at)
		if n.Data == "script" {
			assert.NotEmpty(t, attribute(n, "src"), at)
			assert.Nil(t, n.FirstChild, at)
		}
		assert.NotContains(t, []string{"style", "iframe", "object", "embed", "base"}, n.Data, at)
		for _, a := range n.Attr {
			assert.False(t, strings.HasPrefix(a.Key, "on"), "%s: %s", at, a.Key)
			assert.NotEqual(t, "style", a.Key, at)
			switch a.Key {
			case "href", "src", "action", "formaction":
				assert.NotContains(t, strings.ToLower(strings.ReplaceAll(a.Val, " ", "")), "javascript:", at)
			}
		}
	}
}

// textOf returns all text of a page and the values of its inputs.
func textOf(root *html.Node) string {
	var all strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode {
			all.WriteString(n.Data + "\n")
		}
		if n.Type == html.ElementNode {
			all.WriteString(attribute(n, "value") + "\n")
		}
	}
	return all.String()
}

// newMarkupEnv returns an environment in which every stored text is markup after a distinct letter.
func newMarkupEnv(t *testing.T) *env {
	t.Helper()
	e := newEnv(t, func(opts *Options) {
		opts.Brand, opts.Plans = "Brand"+markup, []string{"Basic", "P" + markup}
		opts.Footer = func(string) string { return "Foot" + markup }
	})
	ctx := accounts.WithActor(t.Context(), "Actor"+markup)
	set := func(s string) *string { return &s }
	_, err := e.clients.Update(ctx, e.mario.ID, accounts.Changes{
		Contact: &accounts.Contact{
			Name: "A" + markup, Company: "B" + markup, Phone: "C" + markup, Address: "D" + markup, City: "E" + markup, State: "F" + markup,
			PostalCode: "G" + markup, Country: "IT", Email: "mario@mail.example",
		},
		AdditionalInfo: set("H" + markup), Description: set("I" + markup), ExternalID: set("J" + markup),
		Attributes: map[string]string{"vat": "K" + markup},
	})
	require.NoError(t, err)
	subs := e.clients.Subscriptions()
	s, domains := e.firstSubscription(e.mario.ID)
	_, err = subs.Update(ctx, s.ID, subscriptions.Changes{
		Name: set("L" + markup), Plan: set("M" + markup), Description: set("N" + markup), ExternalID: set("O" + markup),
		Attributes: map[string]string{"node": "Q" + markup},
	})
	require.NoError(t, err)
	_, err = subs.Create(ctx, subscriptions.New{Name: "R" + markup, ExpiresAt: e.clock.now().Add(24 * time.Hour)})
	require.NoError(t, err)
	_, err = subs.Suspend(ctx, []subscriptions.ID{s.ID}, accounts.Hold{Note: "S" + markup, Message: "T" + markup, Public: "U" + markup})
	require.NoError(t, err)
	_, err = subs.SuspendDomains(ctx, []subscriptions.DomainID{domains[1].ID}, accounts.Hold{Note: "V" + markup, Message: "W" + markup, Public: "X" + markup})
	require.NoError(t, err)
	return e
}

// Every page shows stored markup as text, in both languages.
func TestStoredMarkupIsText(t *testing.T) {
	e := newMarkupEnv(t)
	for _, language := range []string{"en", "it"} {
		var seen strings.Builder
		look := func(at string, got response, root *html.Node) {
			assertNoMarkup(t, at, root)
			assert.Equal(t, language, got.Header.Get("Content-Language"), at)
			seen.WriteString(textOf(root))
		}
		operator, mario := e.signInOperator(), e.signInCustomer("mario")
		for _, b := range []*browser{operator, mario} {
			b.post("/language", "language", language)
		}
		operator.crawl("/customers", look)
		operator.crawl("/subscriptions?unassigned=1", look)
		for _, text := range []string{"Actor", "Brand", "Foot", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X"} {
			assert.Contains(t, seen.String(), text+markup, "an operator's pages, in %s", language)
		}
		seen.Reset()
		mario.crawl("/account", look)
		for _, text := range []string{"A", "B", "C", "D", "E", "F", "G", "H", "L", "M", "T", "W"} {
			assert.Contains(t, seen.String(), text+markup, "an owner's pages, in %s", language)
		}
		for _, text := range []string{"Actor", "I", "J", "K", "N", "O", "Q", "S", "V"} {
			assert.NotContains(t, seen.String(), text+markup, "an owner's pages, in %s", language)
		}
		assert.Equal(t, "/customers/"+formatID(e.mario.ID), func() string {
			operator.post("/customers/" + formatID(e.mario.ID) + "/signin")
			operator.crawl("/account", look)
			return operator.post("/account/signout").location()
		}())
	}
	_, err := e.clients.Suspend(t.Context(), []accounts.ID{e.mario.ID}, accounts.Hold{Message: "Y" + markup, Note: "Z" + markup})
	require.NoError(t, err)
	got := e.browser().post("/signin", "login", "mario", "password", marioPassword)
	root := parseHTML(t, got)
	assertNoMarkup(t, "/signin", root)
	assert.Contains(t, textOf(root), "Y"+markup)
	assert.NotContains(t, textOf(root), "Z"+markup)
}

// inputNames are the names of all form fields and query parameters.
var inputNames = []string{
	"q", "status", "cause", "country", "sort", "dir", "after", "trail", "select", "back", "plan", "expires", "unassigned", "find", "said", "customer",
	"login", "password", "password2", "old", "externalID", "locale", "additionalInfo", "description", "name", "hold", "note", "message", "public",
	"lift", "number", "to", "domain", "version", "language", "subscription.plan", "subscription.domains[0]", "expiresAt", "digest", "going", "with",
	"contact.name", "contact.company", "contact.email", "contact.phone", "contact.address", "contact.city", "contact.state", "contact.postalCode",
	"contact.country",
}

// Every route shows refused markup as text, from any parameter, and redirects only to paths in the panel.
func TestRefusedMarkupIsText(t *testing.T) {
	for _, value := range []string{markup, "javascript:alert(1)//" + markup, "\r\nSet-Cookie: evil=1"} {
		e := newEnv(t, nil)
		form := url.Values{"id": {formatID(e.luigi.ID)}}
		for _, name := range inputNames {
			form.Set(name, value)
		}
		for _, rt := range routes {
			for _, b := range []*browser{e.signInOperator(), e.signInCustomer("mario"), e.browser()} {
				e.clock.advance(time.Minute) // so that no attempt is rate limited
				var got response
				if rt.method == http.MethodGet {
					got = b.get(e.routeURL(rt) + "&" + form.Encode())
				} else {
					got = b.send(rt.method, e.routeURL(rt), form)
				}
				at := rt.method + " " + rt.path
				assert.Less(t, got.StatusCode, 500, at)
				assert.NotContains(t, got.Header.Values("Set-Cookie"), "evil=1", at)
				if to := got.location(); to != "" {
					assert.True(t, strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.Contains(to, "evil"), "%s leads to %s", at, to)
				}
				if strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
					assertNoMarkup(t, at, parseHTML(t, got))
				}
			}
		}
		got := e.signInOperator().get("/" + url.PathEscape(value))
		assert.Equal(t, http.StatusNotFound, got.StatusCode)
		assertNoMarkup(t, "a path", parseHTML(t, got))
	}
}
