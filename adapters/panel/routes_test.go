package panel

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// addresses answers a route's addresses with the ids of Luigi, whom Mario must never reach.
func (o *office) address(rt route) string {
	s, domains := o.below(o.luigi.ID)
	id := map[string]string{"customers": text(o.luigi.ID), "subscriptions": text(s.ID), "domains": text(domains[1].ID)}
	path := strings.ReplaceAll(rt.path, "{$}", "")
	noun, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	path = strings.NewReplacer("{id}", id[noun], "{token}", "forged").Replace(path)
	return path + "?id=" + id[noun]
}

// everything is a form with all that any page could read, about Luigi.
func (o *office) everything() url.Values {
	s, domains := o.below(o.luigi.ID)
	return url.Values{
		"id": {text(o.luigi.ID)}, "all": {"1"}, "customer": {text(o.luigi.ID)}, "account": {text(o.luigi.ID)}, "login": {"taken.over"},
		"password": {"a password of mine"}, "password2": {"a password of mine"}, "old": {"luigi's own secret"}, "version": {"1"},
		"contact.name": {"Somebody"}, "cause": {"provider"}, "lift": {"provider"}, "number": {"2"}, "to": {"off"},
		"domain": {text(domains[1].ID)}, "name": {"other.example"}, "subscription": {text(s.ID)}, "language": {"it"},
	}
}

// refused tells whether an answer is one of those that let nobody in.
func refused(a answer) bool {
	return a.StatusCode == http.StatusForbidden || a.StatusCode == http.StatusNotFound ||
		a.StatusCode == http.StatusSeeOther && (strings.HasPrefix(a.to(), "/signin") || strings.HasPrefix(a.to(), "/operator"))
}

// Every route is walked by everybody. Who is not meant to be there is refused, by whatever method, and nothing happens.
func TestEveryRouteWithEveryRole(t *testing.T) {
	// Everybody signs in anew for each route, for some routes end a session.
	roles := map[string]struct {
		make func(o *office) *browser
		may  func(a audience) bool
	}{
		"nobody":   {(*office).browser, func(a audience) bool { return a == anyone }},
		"customer": {func(o *office) *browser { return o.customer("mario") }, func(a audience) bool { return a != operators }},
		"operator": {(*office).operator, func(a audience) bool { return a == anyone || a == operators }},
		"operator as customer": {func(o *office) *browser {
			b := o.operator()
			require.Equal(o.t, "/account", b.post("/customers/"+text(o.mario.ID)+"/signin").to())
			return b
		}, func(a audience) bool { return a != owners }},
		"suspended customer": {func(o *office) *browser {
			_, err := o.clients.Activate(o.t.Context(), []accounts.ID{o.mario.ID})
			require.NoError(o.t, err)
			b := o.customer("mario")
			_, err = o.clients.Suspend(o.t.Context(), []accounts.ID{o.mario.ID}, accounts.Hold{})
			require.NoError(o.t, err)
			return b
		}, func(a audience) bool { return a == anyone }},
		"removed customer": {func(o *office) *browser {
			passing := o.add("passing", "Passing By", "passing.example", "by.example")
			b := o.customer("passing")
			_, err := o.clients.Remove(o.t.Context(), []accounts.ID{passing.ID})
			require.NoError(o.t, err)
			return b
		}, func(a audience) bool { return a == anyone }},
		"forger": {func(o *office) *browser {
			b, thief := o.customer("mario"), o.browser()
			at, err := url.Parse(o.server.URL)
			require.NoError(o.t, err)
			for _, c := range b.client.Jar.Cookies(at) { // a customer's token as an operator's, and the other way round
				name := map[string]string{"clientele-customer": "clientele-operator", "clientele-operator": "clientele-customer"}[c.Name]
				thief.client.Jar.SetCookies(at, []*http.Cookie{{Name: name, Value: c.Value, Path: "/"}, {Name: c.Name, Value: c.Value + "A", Path: "/"}})
			}
			return thief
		}, func(a audience) bool { return a == anyone }},
	}
	for name, role := range roles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t, nil)
			for _, rt := range routes {
				o.clock.pass(time.Minute) // so that nobody is slowed down
				b := role.make(o)
				before := o.events()
				var form url.Values
				if rt.method == http.MethodPost {
					form = o.everything()
				}
				got := b.send(rt.method, o.address(rt), form)
				what := rt.method + " " + rt.path + " by " + name + ": " + got.Status + " " + got.to()
				if role.may(rt.who) {
					if rt.who != anyone {
						assert.False(t, refused(got) && got.StatusCode != http.StatusNotFound && !strings.HasSuffix(rt.path, "/signout"), what)
					}
					assert.Less(t, got.StatusCode, 500, what)
					if rt.path == "/account/password" && rt.method == http.MethodPost && role.may(owners) {
						require.NoError(t, o.clients.SetPassword(t.Context(), o.mario.ID, marioPassword))
					}
					continue
				}
				assert.True(t, refused(got), what)
				assert.Equal(t, before, o.events(), "%s did something", what)
				assert.NotContains(t, got.body, "Luigi", what)
			}
		})
	}
}

// Methods that a route does not have are refused to everybody.
func TestOtherMethods(t *testing.T) {
	o := open(t, nil)
	b := o.operator()
	before := o.events()
	known := map[string]bool{}
	for _, rt := range routes {
		known[rt.method+" "+rt.path] = true
	}
	for _, rt := range routes {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if known[method+" "+rt.path] {
				continue
			}
			got := b.send(method, o.address(rt), o.everything())
			assert.Contains(t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, got.StatusCode, method+" "+rt.path)
		}
	}
	assert.Equal(t, before, o.events())
}

// A customer who changes ids in addresses and forms reaches nothing of another's.
func TestCustomersReachOnlyTheirOwn(t *testing.T) {
	o := open(t, nil)
	b := o.customer("mario")
	_, luigis := o.below(o.luigi.ID)
	before := o.events()

	got := b.post("/account/switch", "domain", text(luigis[0].ID), "to", "off")
	assert.Equal(t, http.StatusNotFound, got.StatusCode)
	for _, path := range []string{"/account?id=2", "/account?account=2&customer=2", "/account?q=luigi", "/account/contact?id=2"} {
		got := b.get(path)
		assert.Equal(t, http.StatusOK, got.StatusCode, path)
		assert.NotContains(t, got.body, "Luigi", path)
		assert.NotContains(t, got.body, "luigi.example", path)
	}
	assert.Equal(t, before, o.events())

	form := o.everything()
	form.Set("contact.name", "Mario Bianchi")
	b.send(http.MethodPost, "/account/contact", form)
	luigi, err := o.clients.Get(t.Context(), o.luigi.ID)
	require.NoError(t, err)
	assert.Equal(t, "Luigi Verdi", luigi.Contact.Name)
	mario, err := o.clients.Get(t.Context(), o.mario.ID)
	require.NoError(t, err)
	assert.Equal(t, "Mario Bianchi", mario.Contact.Name)
}

// What only the provider may know is on no page of a customer's.
func TestCustomersSeeNoSecrets(t *testing.T) {
	o := open(t, nil)
	secret := "for the provider only"
	_, err := o.clients.Update(t.Context(), o.mario.ID, accounts.Changes{Description: &secret, ExternalID: &secret, Attributes: map[string]string{"x": secret}})
	require.NoError(t, err)
	_, domains := o.below(o.mario.ID)
	_, err = o.clients.Subscriptions().SuspendDomains(accounts.WithActor(t.Context(), secret), []subscriptions.DomainID{domains[0].ID}, accounts.Hold{Note: secret, Message: "for Mario"})
	require.NoError(t, err)
	b := o.customer("mario")
	for _, rt := range routes {
		if rt.method != http.MethodGet || rt.who != customers && rt.who != owners {
			continue
		}
		assert.NotContains(t, b.get(rt.path).body, secret, rt.path)
	}
	assert.Contains(t, b.get("/account").body, "for Mario")
}

// Requests from other sites do nothing, whoever's browser sends them.
func TestOtherSitesAreRefused(t *testing.T) {
	o := open(t, nil)
	operator, mario := o.operator(), o.customer("mario")
	before := o.events()
	for _, rt := range routes {
		if rt.method != http.MethodPost {
			continue
		}
		for _, b := range []*browser{operator, mario} {
			for _, header := range []http.Header{
				{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"https://evil.example"}}, {"Origin": {"null"}},
			} {
				b.header = header
				got := b.send(rt.method, o.address(rt), o.everything())
				assert.Equal(t, http.StatusForbidden, got.StatusCode, rt.path)
			}
			b.header = http.Header{}
		}
	}
	assert.Equal(t, before, o.events())
	operator.header = http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {o.server.URL}}
	assert.Equal(t, http.StatusSeeOther, operator.post("/language", "language", "it").StatusCode)
}

// Every answer keeps the browser from doing what pages do not need, and nobody stores one.
func TestHeaders(t *testing.T) {
	o := open(t, nil)
	b := o.operator()
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
	got := b.send(http.MethodPost, "/customers/new", url.Values{"description": {strings.Repeat("x", mostBody)}})
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
