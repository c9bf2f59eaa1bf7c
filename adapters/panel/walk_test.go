package panel

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/clientele-go/clientele/subscriptions"
)

// document answers a page as a browser reads it.
func document(t *testing.T, a answer) *html.Node {
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

// address is where a page leads to, by one of its elements.
type address struct {
	to   string
	read bool // following it changes nothing
}

// addresses answers everything on a page that names an address.
func addresses(root *html.Node) []address {
	var all []address
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, name := range []string{"href", "src", "action", "formaction", "hx-get"} {
			if to := attribute(n, name); to != "" {
				all = append(all, address{to, name != "action" || attribute(n, "method") == "get"})
			}
		}
	}
	return all
}

// shape answers an address without the values in its query: lists have pages enough as it is.
func shape(to *url.URL) string {
	query := to.Query()
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	return to.Path + "?" + strings.Join(names, "&")
}

// walk follows every link of a page, and those of the pages behind them, and lets look see each page once.
func (b *browser) walk(from string, look func(at string, got answer, root *html.Node)) {
	b.t.Helper()
	seen := map[string]bool{}
	for next := []string{from}; len(next) > 0; next = next[1:] {
		got := b.get(next[0])
		for got.StatusCode == http.StatusSeeOther {
			got = b.get(got.to())
		}
		if !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
			continue
		}
		root := document(b.t, got)
		look(next[0], got, root)
		for _, link := range addresses(root) {
			to, err := url.Parse(link.to)
			require.NoError(b.t, err, link.to)
			if !link.read || to.IsAbs() || to.Path == "" || seen[shape(to)] {
				continue
			}
			seen[shape(to)] = true
			next = append(next, to.RequestURI())
		}
	}
	require.Greater(b.t, len(seen), 3, "nothing was found to follow from %s", from)
}

// Under a prefix, every address on every page begins with it, and leads somewhere.
func TestEveryAddressIsUnderThePath(t *testing.T) {
	o := open(t, func(opts *Options) { opts.Path = "/over/here" })
	pages := 0
	look := func(at string, got answer, root *html.Node) {
		pages++
		assert.Equal(t, http.StatusOK, got.StatusCode, at)
		for _, link := range addresses(root) {
			outside := strings.HasPrefix(link.to, "https://pay.example/") || strings.HasPrefix(link.to, "mailto:") || strings.HasPrefix(link.to, "#")
			assert.True(t, outside || strings.HasPrefix(link.to, "/over/here/"), "%s leads to %s", at, link.to)
		}
		assert.Contains(t, got.body, "/over/here/assets/", at)
	}
	operator := o.operator()
	operator.walk("/over/here/", look)
	assert.Greater(t, pages, 20)
	o.customer("mario").walk("/over/here/account", look)
	o.browser().walk("/over/here/", look)
	for _, path := range []string{"/", "/over", "/over/hereafter", "/customers", "/over/here/nowhere"} {
		assert.Equal(t, http.StatusNotFound, operator.get(path).StatusCode, path)
	}
	assert.Equal(t, "/over/here/", o.browser().get("/over/here").to())
}

// A refused form is shown under an address that only takes forms; whoever goes on from there, by its links or by changing
// the language, gets to the page that it was sent from.
func TestRefusedFormsLeadBack(t *testing.T) {
	o := open(t, nil)
	s, domains := o.below(o.mario.ID)
	var more []string
	for i := range perPage {
		more = append(more, fmt.Sprintf("more%d.example", i))
	}
	for _, name := range more {
		_, err := o.clients.Subscriptions().AddDomain(t.Context(), s.ID, name)
		require.NoError(t, err)
	}
	b := o.operator()
	for _, form := range []struct{ action, page string }{
		{"/subscriptions/" + text(s.ID) + "/domains", "/subscriptions/" + text(s.ID)},
		{"/domains/" + text(domains[0].ID) + "/name", "/domains/" + text(domains[0].ID)},
	} {
		got := b.post(form.action, "name", "not a domain")
		require.Equal(t, http.StatusUnprocessableEntity, got.StatusCode)
		assert.Equal(t, form.page, carried(t, got, "/language").Get("back"))
		for _, link := range addresses(document(t, got)) {
			if to, err := url.Parse(link.to); err == nil && link.read && to.Path != "" && !to.IsAbs() {
				assert.Less(t, b.get(to.RequestURI()).StatusCode, http.StatusBadRequest, link.to)
			}
		}
	}
}

// A name with other letters than those of ASCII is shown as people write it, wherever it is not the stored form that counts.
func TestNamesAsPeopleWriteThem(t *testing.T) {
	o := open(t, nil)
	s, err := o.clients.Subscriptions().Create(t.Context(), subscriptions.New{AccountID: o.mario.ID, Domains: []string{"perché.example"}})
	require.NoError(t, err)
	id, owner := text(s.ID), text(o.mario.ID)
	operator := o.operator()
	for _, page := range []string{
		"/subscriptions", "/subscriptions/" + id, "/subscriptions.csv", "/customers/" + owner, "/subscriptions/suspend?id=" + id,
		"/subscriptions/remove?id=" + id, "/customers/remove?id=" + owner,
	} {
		body := operator.get(page).body
		assert.Contains(t, body, "perché.example", page)
		assert.NotContains(t, body, ">xn--", page)
	}
	assert.NotContains(t, o.customer("mario").get("/account").body, ">xn--")
}
