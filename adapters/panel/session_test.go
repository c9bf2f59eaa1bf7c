package panel

import (
	"context"
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

// token answers the value of a cookie that a browser has.
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

func (b *browser) isIn() bool { return b.get("/account").StatusCode == http.StatusOK }

func TestSessionEndsWithTime(t *testing.T) {
	o := open(t, nil)
	b := o.customer("mario")
	for range 11 {
		o.clock.pass(59 * time.Minute)
		require.True(t, b.isIn(), "in use")
	}
	o.clock.pass(time.Hour)
	assert.False(t, b.isIn(), "unused for an hour")

	b = o.customer("mario")
	for range 13 {
		o.clock.pass(50 * time.Minute)
		b.isIn()
	}
	o.clock.pass(50 * time.Minute)
	b.isIn()
	o.clock.pass(20 * time.Minute)
	assert.False(t, b.isIn(), "older than 12 hours")
}

func TestSessionEndsWithWhatHappens(t *testing.T) {
	end := map[string]func(o *office, b *browser){
		"signing out": func(_ *office, b *browser) { b.post("/account/signout") },
		"a password set by an operator": func(o *office, _ *browser) {
			require.NoError(o.t, o.clients.SetPassword(o.t.Context(), o.mario.ID, "another secret"))
		},
		"a password changed elsewhere": func(o *office, _ *browser) {
			o.customer("mario").post("/account/password", "old", marioPassword, "password", "another secret", "password2", "another secret")
		},
		"a suspension": func(o *office, _ *browser) {
			_, err := o.clients.Suspend(o.t.Context(), []accounts.ID{o.mario.ID}, accounts.Hold{})
			require.NoError(o.t, err)
		},
		"a suspension that is over again": func(o *office, _ *browser) {
			_, err := o.clients.Suspend(o.t.Context(), []accounts.ID{o.mario.ID}, accounts.Hold{})
			require.NoError(o.t, err)
			_, err = o.clients.Activate(o.t.Context(), []accounts.ID{o.mario.ID})
			require.NoError(o.t, err)
		},
		"a removal": func(o *office, _ *browser) {
			_, err := o.clients.Remove(o.t.Context(), []accounts.ID{o.mario.ID})
			require.NoError(o.t, err)
		},
	}
	for name, happen := range end {
		t.Run(name, func(t *testing.T) {
			o := open(t, nil)
			b := o.customer("mario")
			stolen := b.token("clientele-customer")
			require.True(t, b.isIn())
			happen(o, b)
			got := b.get("/account")
			assert.Contains(t, []string{"/signin", "/signin?said=ended"}, got.to(), got.body)
			_, kept := o.panel.customers.find(stolen)
			assert.False(t, kept)
			thief := o.browser()
			thief.header.Set("Cookie", "clientele-customer="+stolen)
			assert.False(t, thief.isIn(), "the token is worth nothing any more")
		})
	}
}

// A new token at sign-in and at a new password: nobody can plant one that will be signed in later.
func TestTokenIsNewAtSignIn(t *testing.T) {
	o := open(t, nil)
	b := o.customer("mario")
	first := b.token("clientele-customer")
	b.post("/signin", "login", "mario", "password", marioPassword)
	second := b.token("clientele-customer")
	assert.NotEqual(t, first, second)
	_, old := o.panel.customers.find(first)
	assert.False(t, old, "the one before has ended")

	got := b.post("/account/password", "old", marioPassword, "password", "another secret", "password2", "another secret")
	require.Equal(t, "/account", got.to(), got.body)
	assert.NotEqual(t, second, b.token("clientele-customer"))
	assert.Contains(t, b.get("/account").body, "Your password was changed")
}

// The same for operators, whose sessions end for good, too.
func TestOperatorsTokens(t *testing.T) {
	o := open(t, nil)
	b := o.operator()
	first := b.token("clientele-operator")
	b.post("/operator", "login", operatorName, "password", operatorPassword)
	second := b.token("clientele-operator")
	require.NotEqual(t, first, second)
	_, found := o.panel.operators.find(first)
	assert.False(t, found)
	b.post("/operator/signout")
	_, found = o.panel.operators.find(second)
	assert.False(t, found)
}

func TestCookies(t *testing.T) {
	o := open(t, func(opts *Options) { opts.Path = "/my/panel" })
	form := url.Values{"login": {"mario"}, "password": {marioPassword}}.Encode()
	send := func(secure bool) []*http.Cookie {
		r := httptest.NewRequest(http.MethodPost, "/my/panel/signin", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if secure {
			r.TLS = &tls.ConnectionState{}
		}
		w := httptest.NewRecorder()
		o.panel.ServeHTTP(w, r)
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

// A proxy that ends HTTPS hides it from the panel: Options.Secure says so.
func TestCookiesBehindAProxy(t *testing.T) {
	o := open(t, func(opts *Options) { opts.Secure = true })
	got := o.browser().post("/signin", "login", "mario", "password", marioPassword)
	require.NotEmpty(t, got.Cookies())
	for _, c := range got.Cookies() {
		assert.True(t, strings.HasPrefix(c.Name, "__Host-") && c.Secure && c.Path == "/", c)
	}
}

func TestSessionsAreBounded(t *testing.T) {
	at := &clock{at: time.Unix(0, 0)}
	s := newSessions(at.now, time.Hour, 2*time.Hour)
	first := s.begin(session{account: 1})
	for range mostOfOne {
		s.begin(session{account: 1})
	}
	_, found := s.find(first)
	assert.False(t, found, "the oldest of too many of one person")
	assert.Equal(t, mostOfOne, s.byKey.Len())

	token := s.begin(session{account: 2})
	for range 100 {
		s.say(token, notice{Kind: "done"})
	}
	assert.Len(t, s.heard(token), mostNotices)
	assert.Empty(t, s.heard(token), "said once")

	at.pass(time.Hour)
	s.begin(session{account: 3})
	assert.Equal(t, 1, s.byKey.Len(), "what is over takes no room")
	assert.Len(t, s.ofOne, 1)
}

// An operator who is signed in as a customer stays an operator, cannot touch the password, and is in no longer than they
// are an operator.
func TestSignInAs(t *testing.T) {
	o := open(t, nil)
	_, err := o.clients.Suspend(t.Context(), []accounts.ID{o.mario.ID}, accounts.Hold{})
	require.NoError(t, err)
	b := o.operator()
	path := "/customers/" + text(o.mario.ID)
	require.Equal(t, "/account", b.post(path+"/signin").to())
	page := b.get("/account")
	assert.Contains(t, page.body, "anna, you are signed in as Mario Rossi.")
	assert.NotContains(t, page.body, "/account/password")
	assert.Equal(t, http.StatusForbidden, b.get("/account/password").StatusCode)
	assert.Contains(t, b.get(path).body, "Operator signed in as the customer")
	_, domains := o.below(o.mario.ID)
	require.Equal(t, "/account", b.post("/account/switch", "domain", text(domains[0].ID), "to", "off").to())
	done, err := o.clients.Events(t.Context(), accounts.EventQuery{AccountID: &o.mario.ID, Desc: true, Limit: 1})
	require.NoError(t, err)
	last := done.Items[0]
	assert.Equal(t, "domain.suspended "+operatorName, string(last.Type)+" "+last.Actor)

	assert.Equal(t, path, b.post("/account/signout").to(), "the way back")
	assert.False(t, b.isIn())

	b.post(path + "/signin")
	require.True(t, b.isIn())
	as := b.token("clientele-customer")
	b.post("/operator/signout")
	assert.False(t, b.isIn(), "no operator any more")
	_, kept := o.panel.customers.find(as)
	assert.False(t, kept, "nor again with the next sign-in")
}

func TestHostsOwnOperators(t *testing.T) {
	o := open(t, func(opts *Options) {
		opts.AuthenticateOperator = func(context.Context, string, string) (bool, error) { return true, nil } // goes unasked
		opts.OperatorFromRequest = func(r *http.Request) (string, bool) { return "Host's <b>Hugo</b>", r.Header.Get("X-Hugo") != "" }
		opts.OperatorSignInURL = "/host/signin"
	})
	b := o.browser()
	assert.Equal(t, "/host/signin", b.get("/customers").to())
	assert.Equal(t, http.StatusNotFound, b.get("/operator").StatusCode)
	assert.Equal(t, http.StatusNotFound, b.post("/operator", "login", "x", "password", "x").StatusCode)
	b.header.Set("X-Hugo", "yes")
	got := b.get("/customers")
	assert.Equal(t, http.StatusOK, got.StatusCode)
	assert.Contains(t, got.body, "Host&#39;s &lt;b&gt;Hugo&lt;/b&gt;")
	assert.NotContains(t, got.body, "/operator/signout")
	require.Equal(t, http.StatusSeeOther, b.post("/customers/"+text(o.mario.ID)+"/password", "password", "another secret").StatusCode)
	assert.Contains(t, b.get("/customers/"+text(o.mario.ID)).body, "The new password has been set")
	page, err := o.clients.Events(t.Context(), accounts.EventQuery{AccountID: &o.mario.ID, Desc: true})
	require.NoError(t, err)
	assert.Equal(t, "Host's <b>Hugo</b>", page.Items[0].Actor)
}

// What was said to one of the host's operators is not told to another one in the same browser.
func TestNoticesOfTheHostsOperators(t *testing.T) {
	o := open(t, func(opts *Options) {
		opts.OperatorFromRequest = func(r *http.Request) (string, bool) { name := r.Header.Get("X-Name"); return name, name != "" }
	})
	b := o.browser()
	as := func(name string) { b.header.Set("X-Name", name) }
	page := "/customers/" + text(o.mario.ID)
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
