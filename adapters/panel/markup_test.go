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

// markup is what somebody types who wants to put an element into a page. It is short enough for every field.
const markup = `'"><evil on=1>`

// harmlessPage looks at a page as a browser reads it, for anything that came from what was typed.
func harmlessPage(t *testing.T, at string, root *html.Node) {
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

// says answers all text of a page, and the values of its inputs.
func says(root *html.Node) string {
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

// hostile is an office in which every text that is stored is markup, told apart by a letter.
func hostile(t *testing.T) *office {
	t.Helper()
	o := open(t, func(opts *Options) {
		opts.Brand, opts.Plans = "Brand"+markup, []string{"Basic", "P" + markup}
		opts.Footer = func(string) string { return "Foot" + markup }
	})
	ctx := accounts.WithActor(t.Context(), "Actor"+markup)
	set := func(s string) *string { return &s }
	_, err := o.clients.Update(ctx, o.mario.ID, accounts.Changes{
		Contact: &accounts.Contact{
			Name: "A" + markup, Company: "B" + markup, Phone: "C" + markup, Address: "D" + markup, City: "E" + markup, State: "F" + markup,
			PostalCode: "G" + markup, Country: "IT", Email: "mario@mail.example",
		},
		AdditionalInfo: set("H" + markup), Description: set("I" + markup), ExternalID: set("J" + markup),
		Attributes: map[string]string{"vat": "K" + markup},
	})
	require.NoError(t, err)
	subs := o.clients.Subscriptions()
	s, domains := o.below(o.mario.ID)
	_, err = subs.Update(ctx, s.ID, subscriptions.Changes{
		Name: set("L" + markup), Plan: set("M" + markup), Description: set("N" + markup), ExternalID: set("O" + markup),
		Attributes: map[string]string{"node": "Q" + markup},
	})
	require.NoError(t, err)
	_, err = subs.Create(ctx, subscriptions.New{Name: "R" + markup, ExpiresAt: o.clock.now().Add(24 * time.Hour)})
	require.NoError(t, err)
	_, err = subs.Suspend(ctx, []subscriptions.ID{s.ID}, accounts.Hold{Note: "S" + markup, Message: "T" + markup, Public: "U" + markup})
	require.NoError(t, err)
	_, err = subs.SuspendDomains(ctx, []subscriptions.DomainID{domains[1].ID}, accounts.Hold{Note: "V" + markup, Message: "W" + markup, Public: "X" + markup})
	require.NoError(t, err)
	return o
}

// What is stored is shown as text on every page, in both languages.
func TestStoredMarkupIsText(t *testing.T) {
	o := hostile(t)
	for _, language := range []string{"en", "it"} {
		shown := strings.Builder{}
		look := func(at string, got answer, root *html.Node) {
			harmlessPage(t, at, root)
			assert.Equal(t, language, got.Header.Get("Content-Language"), at)
			shown.WriteString(says(root))
		}
		operator, mario := o.operator(), o.customer("mario")
		for _, b := range []*browser{operator, mario} {
			b.post("/language", "language", language)
		}
		operator.walk("/customers", look)
		operator.walk("/subscriptions?unassigned=1", look)
		for _, text := range []string{"Actor", "Brand", "Foot", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X"} {
			assert.Contains(t, shown.String(), text+markup, "an operator's pages, in %s", language)
		}
		shown.Reset()
		mario.walk("/account", look)
		for _, text := range []string{"A", "B", "C", "D", "E", "F", "G", "H", "L", "M", "T", "W"} {
			assert.Contains(t, shown.String(), text+markup, "an owner's pages, in %s", language)
		}
		for _, text := range []string{"Actor", "I", "J", "K", "N", "O", "Q", "S", "V"} {
			assert.NotContains(t, shown.String(), text+markup, "an owner's pages, in %s", language)
		}
		assert.Equal(t, "/customers/"+text(o.mario.ID), func() string {
			operator.post("/customers/" + text(o.mario.ID) + "/signin")
			operator.walk("/account", look)
			return operator.post("/account/signout").to()
		}())
	}
	_, err := o.clients.Suspend(t.Context(), []accounts.ID{o.mario.ID}, accounts.Hold{Message: "Y" + markup, Note: "Z" + markup})
	require.NoError(t, err)
	told := o.browser().post("/signin", "login", "mario", "password", marioPassword)
	root := document(t, told)
	harmlessPage(t, "/signin", root)
	assert.Contains(t, says(root), "Y"+markup)
	assert.NotContains(t, says(root), "Z"+markup)
}

// inputs are the names of everything that a form or an address can carry.
var inputs = []string{
	"q", "status", "cause", "country", "sort", "dir", "after", "trail", "select", "back", "plan", "expires", "unassigned", "find", "said", "customer",
	"login", "password", "password2", "old", "externalID", "locale", "additionalInfo", "description", "name", "hold", "note", "message", "public",
	"lift", "number", "to", "domain", "version", "language", "subscription.plan", "subscription.domains[0]", "expiresAt", "digest", "going", "with",
	"contact.name", "contact.company", "contact.email", "contact.phone", "contact.address", "contact.city", "contact.state", "contact.postalCode",
	"contact.country",
}

// What is refused comes back as text, from every route, whatever carried it; and what comes after it leads nowhere else.
func TestRefusedMarkupIsText(t *testing.T) {
	for _, typed := range []string{markup, "javascript:alert(1)//" + markup, "\r\nSet-Cookie: evil=1"} {
		o := open(t, nil)
		form := url.Values{"id": {text(o.luigi.ID)}}
		for _, name := range inputs {
			form.Set(name, typed)
		}
		for _, rt := range routes {
			for _, b := range []*browser{o.operator(), o.customer("mario"), o.browser()} {
				o.clock.pass(time.Minute) // so that nobody is slowed down
				var got answer
				if rt.method == http.MethodGet {
					got = b.get(o.address(rt) + "&" + form.Encode())
				} else {
					got = b.send(rt.method, o.address(rt), form)
				}
				at := rt.method + " " + rt.path
				assert.Less(t, got.StatusCode, 500, at)
				assert.NotContains(t, got.Header.Values("Set-Cookie"), "evil=1", at)
				if to := got.to(); to != "" {
					assert.True(t, strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.Contains(to, "evil"), "%s leads to %s", at, to)
				}
				if strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
					harmlessPage(t, at, document(t, got))
				}
			}
		}
		got := o.operator().get("/" + url.PathEscape(typed))
		assert.Equal(t, http.StatusNotFound, got.StatusCode)
		harmlessPage(t, "a path", document(t, got))
	}
}

// A spreadsheet takes nothing in the list for a formula.
func TestExportIsHarmless(t *testing.T) {
	o := open(t, nil)
	for i, name := range []string{"=1+1", "+1", "-1", "@SUM(1)", `"quoted", and more`} {
		_, err := o.clients.Create(t.Context(), accounts.New{
			Login: "cell" + text(accounts.ID(i)), Password: "a long password", Contact: accounts.Contact{Name: name, Country: "FR"},
		})
		require.NoError(t, err)
	}
	got := o.operator().get("/customers.csv?country=FR&sort=login&dir=asc")
	assert.Equal(t, http.StatusOK, got.StatusCode)
	lines := strings.Split(strings.TrimSpace(got.body), "\n")
	require.Len(t, lines, 6, "the list in view, below its head")
	for i, want := range []string{",'=1+1,", ",'+1,", ",'-1,", ",'@SUM(1),", `,"""quoted"", and more",`} {
		assert.Contains(t, lines[i+1], want)
	}

	_, err := o.clients.Subscriptions().Create(t.Context(), subscriptions.New{Name: "=2", Plan: "Pro", ExpiresAt: o.clock.now().Add(time.Hour)})
	require.NoError(t, err)
	got = o.operator().get("/subscriptions.csv?unassigned=1")
	lines = strings.Split(strings.TrimSpace(got.body), "\n")
	require.Len(t, lines, 2)
	assert.Equal(t, "3,'=2,,,Pro,Active,,2026-07-03,,2026-07-03", lines[1])
	got = o.operator().get("/subscriptions.csv?plan=Basic&dir=asc")
	assert.Contains(t, got.body, ",Mario Rossi,mario,Basic,")
	assert.NotContains(t, got.body, "'=2")
}
