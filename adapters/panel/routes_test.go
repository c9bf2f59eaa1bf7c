package panel

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// routeURL returns a URL of the route with ids of Luigi, which Mario must not be able to use.
func (e *env) routeURL(rt route) string {
	s, domains := e.firstSubscription(e.luigi.ID)
	id := map[string]string{"customers": formatID(e.luigi.ID), "subscriptions": formatID(s.ID), "domains": formatID(domains[1].ID)}
	path := strings.ReplaceAll(rt.path, "{$}", "")
	noun, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	path = strings.NewReplacer("{id}", id[noun], "{token}", "forged").Replace(path)
	return path + "?id=" + id[noun]
}

// fullForm returns a form with every field that a route could read, with ids of Luigi.
func (e *env) fullForm() url.Values {
	s, domains := e.firstSubscription(e.luigi.ID)
	return url.Values{
		"id": {formatID(e.luigi.ID)}, "all": {"1"}, "customer": {formatID(e.luigi.ID)}, "account": {formatID(e.luigi.ID)}, "login": {"taken.over"},
		"password": {"a password of mine"}, "password2": {"a password of mine"}, "old": {"luigi's own secret"}, "version": {"1"},
		"contact.name": {"Somebody"}, "cause": {"provider"}, "lift": {"provider"}, "number": {"2"}, "to": {"off"},
		"domain": {formatID(domains[1].ID)}, "name": {"other.example"}, "subscription": {formatID(s.ID)}, "language": {"it"},
	}
}

// isRefused reports whether the response denies access.
func isRefused(a response) bool {
	return a.StatusCode == http.StatusForbidden || a.StatusCode == http.StatusNotFound ||
		a.StatusCode == http.StatusSeeOther && (strings.HasPrefix(a.location(), "/signin") || strings.HasPrefix(a.location(), "/operator"))
}

// Every route is requested in every role. A role outside its audience is refused, and nothing changes.
func TestEveryRouteWithEveryRole(t *testing.T) {
	// Each route gets a new browser, because some routes end a session.
	roles := map[string]struct {
		make func(e *env) *browser
		may  func(a audience) bool
	}{
		"anonymous": {(*env).browser, func(a audience) bool { return a == anyone }},
		"customer":  {func(e *env) *browser { return e.signInCustomer("mario") }, func(a audience) bool { return a != operators }},
		"operator":  {(*env).signInOperator, func(a audience) bool { return a == anyone || a == operators }},
		"operator as customer": {func(e *env) *browser {
			b := e.signInOperator()
			require.Equal(e.t, "/account", b.post("/customers/"+formatID(e.mario.ID)+"/signin").location())
			return b
		}, func(a audience) bool { return a != owners }},
		"suspended customer": {func(e *env) *browser {
			_, err := e.clients.Activate(e.t.Context(), []accounts.ID{e.mario.ID})
			require.NoError(e.t, err)
			b := e.signInCustomer("mario")
			_, err = e.clients.Suspend(e.t.Context(), []accounts.ID{e.mario.ID}, accounts.Hold{})
			require.NoError(e.t, err)
			return b
		}, func(a audience) bool { return a == anyone }},
		"removed customer": {func(e *env) *browser {
			passing := e.addCustomer("passing", "Passing By", "passing.example", "by.example")
			b := e.signInCustomer("passing")
			_, err := e.clients.Remove(e.t.Context(), []accounts.ID{passing.ID})
			require.NoError(e.t, err)
			return b
		}, func(a audience) bool { return a == anyone }},
		"forger": {func(e *env) *browser {
			b, thief := e.signInCustomer("mario"), e.browser()
			at, err := url.Parse(e.server.URL)
			require.NoError(e.t, err)
			for _, c := range b.client.Jar.Cookies(at) { // swaps the tokens of customers and operators
				name := map[string]string{"clientele-customer": "clientele-operator", "clientele-operator": "clientele-customer"}[c.Name]
				thief.client.Jar.SetCookies(at, []*http.Cookie{{Name: name, Value: c.Value, Path: "/"}, {Name: c.Name, Value: c.Value + "A", Path: "/"}})
			}
			return thief
		}, func(a audience) bool { return a == anyone }},
	}
	for name, role := range roles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, nil)
			for _, rt := range routes {
				e.clock.advance(perLoginAndNetwork.Every) // so that no attempt is refused
				b := role.make(e)
				before := e.countEvents()
				var form url.Values
				if rt.method == http.MethodPost {
					form = e.fullForm()
				}
				got := b.send(rt.method, e.routeURL(rt), form)
				what := rt.method + " " + rt.path + " by " + name + ": " + got.Status + " " + got.location()
				if role.may(rt.audience) {
					if rt.audience != anyone {
						assert.False(t, isRefused(got) && got.StatusCode != http.StatusNotFound && !strings.HasSuffix(rt.path, "/signout"), what)
					}
					assert.Less(t, got.StatusCode, 500, what)
					if rt.path == "/account/password" && rt.method == http.MethodPost && role.may(owners) {
						require.NoError(t, e.clients.SetPassword(t.Context(), e.mario.ID, marioPassword))
					}
					continue
				}
				assert.True(t, isRefused(got), what)
				assert.Equal(t, before, e.countEvents(), "%s changed something", what)
				assert.NotContains(t, got.body, "Luigi", what)
			}
		})
	}
}

// Other methods than those of a path are refused.
func TestOtherMethods(t *testing.T) {
	e := newEnv(t, nil)
	b := e.signInOperator()
	before := e.countEvents()
	known := map[string]bool{}
	for _, rt := range routes {
		known[rt.method+" "+rt.path] = true
	}
	for _, rt := range routes {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if known[method+" "+rt.path] {
				continue
			}
			got := b.send(method, e.routeURL(rt), e.fullForm())
			assert.Contains(t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, got.StatusCode, method+" "+rt.path)
		}
	}
	assert.Equal(t, before, e.countEvents())
}

// Other ids in URLs and forms do not give a customer access to another customer's data.
func TestCustomersReachOnlyTheirOwn(t *testing.T) {
	e := newEnv(t, nil)
	b := e.signInCustomer("mario")
	_, luigis := e.firstSubscription(e.luigi.ID)
	before := e.countEvents()

	got := b.post("/account/switch", "domain", formatID(luigis[0].ID), "to", "off")
	assert.Equal(t, http.StatusNotFound, got.StatusCode)
	for _, path := range []string{"/account?id=2", "/account?account=2&customer=2", "/account?q=luigi", "/account/contact?id=2"} {
		got := b.get(path)
		assert.Equal(t, http.StatusOK, got.StatusCode, path)
		assert.NotContains(t, got.body, "Luigi", path)
		assert.NotContains(t, got.body, "luigi.example", path)
	}
	assert.Equal(t, before, e.countEvents())

	form := e.fullForm()
	form.Set("contact.name", "Mario Bianchi")
	b.send(http.MethodPost, "/account/contact", form)
	luigi, err := e.clients.Get(t.Context(), e.luigi.ID)
	require.NoError(t, err)
	assert.Equal(t, "Luigi Verdi", luigi.Contact.Name)
	mario, err := e.clients.Get(t.Context(), e.mario.ID)
	require.NoError(t, err)
	assert.Equal(t, "Mario Bianchi", mario.Contact.Name)
}

// No page for customers shows what only the provider may see.
func TestCustomersSeeNoSecrets(t *testing.T) {
	e := newEnv(t, nil)
	secret := "for the provider only"
	_, err := e.clients.Update(t.Context(), e.mario.ID, accounts.Changes{Description: &secret, ExternalID: &secret, Attributes: map[string]string{"x": secret}})
	require.NoError(t, err)
	_, domains := e.firstSubscription(e.mario.ID)
	_, err = e.clients.Subscriptions().SuspendDomains(accounts.WithActor(t.Context(), secret), []subscriptions.DomainID{domains[0].ID}, accounts.Hold{Note: secret, Message: "for Mario"})
	require.NoError(t, err)
	b := e.signInCustomer("mario")
	for _, rt := range routes {
		if rt.method != http.MethodGet || rt.audience != customers && rt.audience != owners {
			continue
		}
		assert.NotContains(t, b.get(rt.path).body, secret, rt.path)
	}
	assert.Contains(t, b.get("/account").body, "for Mario")
}

// Forms that another site sends are refused in every role.
func TestOtherSitesAreRefused(t *testing.T) {
	e := newEnv(t, nil)
	operator, mario := e.signInOperator(), e.signInCustomer("mario")
	before := e.countEvents()
	for _, rt := range routes {
		if rt.method != http.MethodPost {
			continue
		}
		for _, b := range []*browser{operator, mario} {
			for _, header := range []http.Header{
				{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"https://evil.example"}}, {"Origin": {"null"}},
			} {
				b.header = header
				got := b.send(rt.method, e.routeURL(rt), e.fullForm())
				assert.Equal(t, http.StatusForbidden, got.StatusCode, rt.path)
			}
			b.header = http.Header{}
		}
	}
	assert.Equal(t, before, e.countEvents())
	operator.header = http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {e.server.URL}}
	assert.Equal(t, http.StatusSeeOther, operator.post("/language", "language", "it").StatusCode)
}

// Every response restricts the browser to what pages need and is not cached.
func TestHeaders(t *testing.T) {
	e := newEnv(t, nil)
	b := e.signInOperator()
	paths := []string{"/customers", "/customers/999", "/nowhere", "/signin", "/customers.csv", "/"}
	for _, path := range paths {
		h := b.get(path).Header
		csp := h.Get("Content-Security-Policy")
		assert.Contains(t, csp, "default-src 'none'", path)
		assert.Contains(t, csp, "frame-ancestors 'none'", path)
		assert.NotContains(t, csp, "unsafe", path)
		assert.Equal(t, "DENY", h.Get("X-Frame-Options"), path)
		assert.Equal(t, "same-origin", h.Get("Referrer-Policy"), path)
		assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		assert.Equal(t, "no-store", h.Get("Cache-Control"), path)
	}
	got := b.send(http.MethodPost, "/customers/new", url.Values{"description": {strings.Repeat("x", maxBody)}})
	assert.Equal(t, http.StatusRequestEntityTooLarge, got.StatusCode)
}

func TestLocalPath(t *testing.T) {
	for _, foreign := range []string{
		"", "https://evil.example", "//evil.example", "///evil.example", "/%zz", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "customers",
		"/a\nb", "/ a", "http:/evil.example", "/\t/evil.example",
	} {
		assert.Equal(t, "/home", localPath(foreign, "/home"), foreign)
	}
	for _, local := range []string{"/", "/customers?q=%C3%A9&sort=name", "/customers/5"} {
		assert.Equal(t, local, localPath(local, "/home"))
	}
}
