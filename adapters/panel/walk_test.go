package panel

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/clientele-go/clientele/subscriptions"
)

// parseHTML parses a page like a browser.
func parseHTML(t *testing.T, a response) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(a.body))
	require.NoError(t, err)
	return root
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttribute(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// link is a URL in an attribute of a page.
type link struct {
	url  string
	safe bool // requested with GET
}

// links returns all URLs in the attributes of a page.
func links(root *html.Node) []link {
	var all []link
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, name := range []string{"href", "src", "action", "formaction", "hx-get"} {
			if to := attribute(n, name); to != "" {
				all = append(all, link{to, name != "action" || attribute(n, "method") == "get"})
			}
		}
	}
	return all
}

// withoutValues returns a URL without the values in its query, so that crawl visits few pages of each list.
func withoutValues(to *url.URL) string {
	query := to.Query()
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	return to.Path + "?" + strings.Join(names, "&")
}

// crawl requests a page and, recursively, all pages that it links to. It calls look once for each.
func (b *browser) crawl(from string, look func(at string, got response, root *html.Node)) {
	b.t.Helper()
	seen := map[string]bool{}
	for next := []string{from}; len(next) > 0; next = next[1:] {
		got := b.get(next[0])
		for got.StatusCode == http.StatusSeeOther {
			got = b.get(got.location())
		}
		if !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
			continue
		}
		root := parseHTML(b.t, got)
		look(next[0], got, root)
		for _, link := range links(root) {
			to, err := url.Parse(link.url)
			require.NoError(b.t, err, link.url)
			if !link.safe || to.IsAbs() || to.Path == "" || seen[withoutValues(to)] {
				continue
			}
			seen[withoutValues(to)] = true
			next = append(next, to.RequestURI())
		}
	}
	require.Greater(b.t, len(seen), 3, "%s has too few links", from)
}

// With Options.Path, all URLs on all pages begin with it, and all links work.
func TestPathPrefix(t *testing.T) {
	e := newEnv(t, func(opts *Options) { opts.Path = "/over/here" })
	pages := 0
	look := func(at string, got response, root *html.Node) {
		pages++
		assert.Equal(t, http.StatusOK, got.StatusCode, at)
		for _, link := range links(root) {
			outside := strings.HasPrefix(link.url, "https://pay.example/") || strings.HasPrefix(link.url, "mailto:") || strings.HasPrefix(link.url, "#")
			assert.True(t, outside || strings.HasPrefix(link.url, "/over/here/"), "%s leads to %s", at, link.url)
		}
		assert.Contains(t, got.body, "/over/here/assets/", at)
	}
	operator := e.signInOperator()
	operator.crawl("/over/here/", look)
	assert.Greater(t, pages, 20)
	e.signInCustomer("mario").crawl("/over/here/account", look)
	e.browser().crawl("/over/here/", look)
	for _, path := range []string{"/", "/over", "/over/hereafter", "/customers", "/over/here/nowhere"} {
		assert.Equal(t, http.StatusNotFound, operator.get(path).StatusCode, path)
	}
	assert.Equal(t, "/over/here/", e.browser().get("/over/here").location())
}

// A refused form is shown at a path that may have no page. Its links and the language form lead to the page that it was sent
// from.
func TestRefusedFormsLeadBack(t *testing.T) {
	e := newEnv(t, nil)
	s, domains := e.firstSubscription(e.mario.ID)
	var more []string
	for i := range pageSize {
		more = append(more, fmt.Sprintf("more%d.example", i))
	}
	for _, name := range more {
		_, err := e.clients.Subscriptions().AddDomain(t.Context(), s.ID, name)
		require.NoError(t, err)
	}
	b := e.signInOperator()
	for _, form := range []struct{ action, page string }{
		{"/subscriptions/" + formatID(s.ID) + "/domains", "/subscriptions/" + formatID(s.ID)},
		{"/domains/" + formatID(domains[0].ID) + "/name", "/domains/" + formatID(domains[0].ID)},
	} {
		got := b.post(form.action, "name", "not a domain")
		require.Equal(t, http.StatusUnprocessableEntity, got.StatusCode)
		assert.Equal(t, form.page, hiddenFields(t, got, "/language").Get("back"))
		for _, link := range links(parseHTML(t, got)) {
			if to, err := url.Parse(link.url); err == nil && link.safe && to.Path != "" && !to.IsAbs() {
				assert.Less(t, b.get(to.RequestURI()).StatusCode, http.StatusBadRequest, link.url)
			}
		}
	}
}

// Internationalized domain names are shown in Unicode.
func TestInternationalizedNames(t *testing.T) {
	e := newEnv(t, nil)
	s, err := e.clients.Subscriptions().Create(t.Context(), subscriptions.New{AccountID: e.mario.ID, Domains: []string{"perché.example"}})
	require.NoError(t, err)
	id, owner := formatID(s.ID), formatID(e.mario.ID)
	operator := e.signInOperator()
	for _, page := range []string{
		"/subscriptions", "/subscriptions/" + id, "/subscriptions.csv", "/customers/" + owner, "/subscriptions/suspend?id=" + id,
		"/subscriptions/remove?id=" + id, "/customers/remove?id=" + owner,
	} {
		body := operator.get(page).body
		assert.Contains(t, body, "perché.example", page)
		assert.NotContains(t, body, ">xn--", page)
	}
	assert.NotContains(t, e.signInCustomer("mario").get("/account").body, ">xn--")
}

// A login may be a number, an e-mail address, or hold an apostrophe. Every page, link and export has it as it is.
func TestLoginsOfEveryForm(t *testing.T) {
	e := newEnv(t, nil)
	operator := e.signInOperator()
	for i, login := range []string{"12345", "3dprint", "123456789@qq.com", "o'brien@example.ie"} {
		name := "Customer No " + strconv.Itoa(i)
		got := operator.post("/customers/new", "contact.name", name, "login", strings.ToUpper(login), "password", login+"'s own secret")
		require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
		customer := got.location()
		shown := html.EscapeString(login)
		for _, page := range []string{
			customer, "/customers", "/customers?q=" + url.QueryEscape(login), customer + "/password",
			"/customers/suspend?id=" + strings.TrimPrefix(customer, "/customers/"), "/customers/remove?id=" + strings.TrimPrefix(customer, "/customers/"),
		} {
			got := operator.get(page)
			assert.Equal(t, http.StatusOK, got.StatusCode, page)
			assert.Contains(t, got.body, shown, page)
		}
		assert.Equal(t, login, attribute(findInput(t, operator.get(customer+"/edit"), "login"), "value"))
		assert.Contains(t, operator.get("/customers.csv?q="+url.QueryEscape(login)).body, `"`+name+`","","`+login+`","","`)

		owner := e.signInCustomer(login)
		assert.Contains(t, owner.get("/account").body, shown)
		owner.post("/account/signout")
		assert.Equal(t, "/account", owner.post("/signin", "login", login, "password", login+"'s own secret").location(), "the browser is known")
	}
}
