package panel

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
)

// token returns the value of a cookie, or "".
func (b *browser) token(name string) string {
	at, err := url.Parse(b.server.URL)
	require.NoError(b.t, err)
	for _, c := range b.client.Jar.Cookies(at) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (b *browser) isSignedIn() bool { return b.get("/account").StatusCode == http.StatusOK }

func TestSessionEndsWithTime(t *testing.T) {
	e := newEnv(t, nil)
	b := e.signInCustomer("mario")
	for range 11 {
		e.clock.advance(59 * time.Minute)
		require.True(t, b.isSignedIn(), "in use")
	}
	e.clock.advance(time.Hour)
	assert.False(t, b.isSignedIn(), "unused for an hour")

	b = e.signInCustomer("mario")
	for range 13 {
		e.clock.advance(50 * time.Minute)
		b.isSignedIn()
	}
	e.clock.advance(50 * time.Minute)
	b.isSignedIn()
	e.clock.advance(20 * time.Minute)
	assert.False(t, b.isSignedIn(), "older than 12 hours")
}

func TestSessionEndsWithAChange(t *testing.T) {
	end := map[string]func(e *env, b *browser){
		"signing out": func(_ *env, b *browser) { b.post("/account/signout") },
		"a password set by an operator": func(e *env, _ *browser) {
			require.NoError(e.t, e.clients.SetPassword(e.t.Context(), e.mario.ID, "another secret"))
		},
		"a password changed elsewhere": func(e *env, _ *browser) {
			e.signInCustomer("mario").post("/account/password", "old", marioPassword, "password", "another secret", "password2", "another secret")
		},
		"a suspension": func(e *env, _ *browser) {
			_, err := e.clients.Suspend(e.t.Context(), []accounts.ID{e.mario.ID}, accounts.Hold{})
			require.NoError(e.t, err)
		},
		"a suspension that is over again": func(e *env, _ *browser) {
			_, err := e.clients.Suspend(e.t.Context(), []accounts.ID{e.mario.ID}, accounts.Hold{})
			require.NoError(e.t, err)
			_, err = e.clients.Activate(e.t.Context(), []accounts.ID{e.mario.ID})
			require.NoError(e.t, err)
		},
		"a removal": func(e *env, _ *browser) {
			_, err := e.clients.Remove(e.t.Context(), []accounts.ID{e.mario.ID})
			require.NoError(e.t, err)
		},
	}
	for name, change := range end {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t, nil)
			b := e.signInCustomer("mario")
			stolen := b.token("clientele-customer")
			require.True(t, b.isSignedIn())
			change(e, b)
			got := b.get("/account")
			assert.Contains(t, []string{"/signin", "/signin?said=ended"}, got.location(), got.body)
			_, found := e.panel.customerSessions.Get(stolen)
			assert.False(t, found)
			thief := e.browser()
			thief.header.Set("Cookie", "clientele-customer="+stolen)
			assert.False(t, thief.isSignedIn(), "the token is no longer valid")
		})
	}
}

// Signing in and changing the password create a new token, which prevents session fixation.
func TestTokenIsNewAtSignIn(t *testing.T) {
	e := newEnv(t, nil)
	b := e.signInCustomer("mario")
	first := b.token("clientele-customer")
	b.post("/signin", "login", "mario", "password", marioPassword)
	second := b.token("clientele-customer")
	assert.NotEqual(t, first, second)
	_, old := e.panel.customerSessions.Get(first)
	assert.False(t, old, "the previous session has ended")

	got := b.post("/account/password", "old", marioPassword, "password", "another secret", "password2", "another secret")
	require.Equal(t, "/account", got.location(), got.body)
	assert.NotEqual(t, second, b.token("clientele-customer"))
	assert.Contains(t, b.get("/account").body, "Your password was changed")
}

// The same holds for operators, and signing out ends the session.
func TestOperatorsTokens(t *testing.T) {
	e := newEnv(t, nil)
	b := e.signInOperator()
	first := b.token("clientele-operator")
	b.post("/operator", "login", operatorName, "password", operatorPassword)
	second := b.token("clientele-operator")
	require.NotEqual(t, first, second)
	_, found := e.panel.operatorSessions.Get(first)
	assert.False(t, found)
	b.post("/operator/signout")
	_, found = e.panel.operatorSessions.Get(second)
	assert.False(t, found)
}

func TestCookies(t *testing.T) {
	e := newEnv(t, func(opts *Options) { opts.Path = "/my/panel" })
	form := url.Values{"login": {"mario"}, "password": {marioPassword}}.Encode()
	send := func(secure bool) []*http.Cookie {
		r := httptest.NewRequest(http.MethodPost, "/my/panel/signin", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if secure {
			r.TLS = &tls.ConnectionState{}
		}
		w := httptest.NewRecorder()
		e.panel.ServeHTTP(w, r)
		require.Equal(t, http.StatusSeeOther, w.Code)
		return w.Result().Cookies()
	}
	for _, c := range send(true) {
		assert.True(t, strings.HasPrefix(c.Name, "__Host-clientele.my.panel-"), c.Name)
		assert.Equal(t, "/", c.Path)
		assert.Empty(t, c.Domain)
		assert.True(t, c.Secure && c.HttpOnly && c.SameSite == http.SameSiteLaxMode, c.Name)
	}
	for _, c := range send(false) {
		assert.True(t, strings.HasPrefix(c.Name, "clientele.my.panel-"), c.Name)
		assert.Equal(t, "/my/panel/", c.Path)
		assert.True(t, !c.Secure && c.HttpOnly && c.SameSite == http.SameSiteLaxMode, c.Name)
	}
}

// With Options.Secure, cookies are secure although requests come without TLS.
func TestCookiesBehindAProxy(t *testing.T) {
	e := newEnv(t, func(opts *Options) { opts.Secure = true })
	got := e.browser().post("/signin", "login", "mario", "password", marioPassword)
	require.NotEmpty(t, got.Cookies())
	for _, c := range got.Cookies() {
		assert.True(t, strings.HasPrefix(c.Name, "__Host-") && c.Secure && c.Path == "/", c)
	}
}

// An operator who is signed in as a customer remains an operator, cannot change the password, and is signed out as the
// customer with their own session.
func TestSignInAs(t *testing.T) {
	e := newEnv(t, nil)
	_, err := e.clients.Suspend(t.Context(), []accounts.ID{e.mario.ID}, accounts.Hold{})
	require.NoError(t, err)
	b := e.signInOperator()
	path := "/customers/" + formatID(e.mario.ID)
	require.Equal(t, "/account", b.post(path+"/signin").location())
	page := b.get("/account")
	assert.Contains(t, page.body, "anna, you are signed in as Mario Rossi.")
	assert.NotContains(t, page.body, "/account/password")
	assert.Equal(t, http.StatusForbidden, b.get("/account/password").StatusCode)
	assert.Contains(t, b.get(path).body, "Operator signed in as the customer")
	_, domains := e.firstSubscription(e.mario.ID)
	require.Equal(t, "/account", b.post("/account/switch", "domain", formatID(domains[0].ID), "to", "off").location())
	done, err := e.clients.Events(t.Context(), accounts.EventQuery{AccountID: &e.mario.ID, Desc: true, Limit: 1})
	require.NoError(t, err)
	last := done.Items[0]
	assert.Equal(t, "domain.suspended "+operatorName, string(last.Type)+" "+last.Actor)

	assert.Equal(t, path, b.post("/account/signout").location(), "back to the customer")
	assert.False(t, b.isSignedIn())

	b.post(path + "/signin")
	require.True(t, b.isSignedIn())
	as := b.token("clientele-customer")
	b.post("/operator/signout")
	assert.False(t, b.isSignedIn(), "the operator has signed out")
	_, found := e.panel.customerSessions.Get(as)
	assert.False(t, found, "the session does not continue with the next sign-in")
}

func TestOperatorFromRequest(t *testing.T) {
	e := newEnv(t, func(opts *Options) {
		opts.AuthenticateOperator = nil
		opts.OperatorFromRequest = func(r *http.Request) (string, bool) { return "Host's <b>Hugo</b>", r.Header.Get("X-Hugo") != "" }
		opts.OperatorSignInURL = "/host/signin"
	})
	b := e.browser()
	assert.Equal(t, "/host/signin", b.get("/customers").location())
	assert.Equal(t, http.StatusNotFound, b.get("/operator").StatusCode)
	assert.Equal(t, http.StatusNotFound, b.post("/operator", "login", "x", "password", "x").StatusCode)
	b.header.Set("X-Hugo", "yes")
	got := b.get("/customers")
	assert.Equal(t, http.StatusOK, got.StatusCode)
	assert.Contains(t, got.body, "Host&#39;s &lt;b&gt;Hugo&lt;/b&gt;")
	assert.NotContains(t, got.body, "/operator/signout")
	require.Equal(t, http.StatusSeeOther, b.post("/customers/"+formatID(e.mario.ID)+"/password", "password", "another secret").StatusCode)
	assert.Contains(t, b.get("/customers/"+formatID(e.mario.ID)).body, "The new password has been set")
	page, err := e.clients.Events(t.Context(), accounts.EventQuery{AccountID: &e.mario.ID, Desc: true})
	require.NoError(t, err)
	assert.Equal(t, "Host's <b>Hugo</b>", page.Items[0].Actor)
}

// Flash messages for one operator are not shown to another one in the same browser.
func TestFlashesWithOperatorFromRequest(t *testing.T) {
	e := newEnv(t, func(opts *Options) {
		opts.AuthenticateOperator = nil
		opts.OperatorFromRequest = func(r *http.Request) (string, bool) { name := r.Header.Get("X-Name"); return name, name != "" }
	})
	b := e.browser()
	as := func(name string) { b.header.Set("X-Name", name) }
	page := "/customers/" + formatID(e.mario.ID)
	as("Hugo")
	b.post(page + "/link")
	as("Ida")
	assert.NotContains(t, b.get(page).body, "/reset/")
	b.post(page+"/password", "password", "another secret")
	as("Hugo")
	assert.NotContains(t, b.get(page).body, "The new password has been set")
	as("Ida")
	b.post(page+"/password", "password", "another secret")
	assert.Contains(t, b.get(page).body, "The new password has been set")
}
