package panel

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
)

func TestSignInDoesNotRevealLogins(t *testing.T) {
	e := newEnv(t, nil)
	b := e.browser()
	unknown := b.post("/signin", "login", "nobody", "password", "whatever it is")
	wrong := b.post("/signin", "login", "mario", "password", "whatever it is")
	assert.Equal(t, http.StatusUnauthorized, unknown.StatusCode)
	assert.Equal(t, wrong.StatusCode, unknown.StatusCode)
	assert.Equal(t, strings.ReplaceAll(wrong.body, "mario", "nobody"), unknown.body)
	assert.NotContains(t, wrong.body, "whatever it is")

	_, err := e.clients.Suspend(t.Context(), []accounts.ID{e.mario.ID}, accounts.Hold{Message: "Please pay", Note: "Hidden"})
	require.NoError(t, err)
	assert.Equal(t, wrong.body, b.post("/signin", "login", "mario", "password", "whatever it is").body, "the message needs the right password")
	got := b.post("/signin", "login", "mario", "password", marioPassword)
	assert.Equal(t, http.StatusForbidden, got.StatusCode)
	assert.Contains(t, got.body, "Please pay")
	assert.Contains(t, got.body, "https://pay.example/")
	assert.NotContains(t, got.body, "Hidden")
	assert.False(t, b.isSignedIn())
}

// Too many attempts are refused before a password is hashed, for a limited time, and never for the owner's browser.
func TestAttemptsAreLimited(t *testing.T) {
	e := newEnv(t, addrFromHeader)
	owner := e.signInCustomer("mario")
	attacker := e.from("192.0.2.1")
	for range perLoginAndNetwork.Burst {
		assert.Equal(t, http.StatusUnauthorized, attacker.post("/signin", "login", "mario", "password", "guess").StatusCode)
	}
	before := e.hasher.verifications
	got := attacker.post("/signin", "login", " MARIO", "password", marioPassword)
	assert.Equal(t, http.StatusTooManyRequests, got.StatusCode, "even with the right password, in another spelling")
	assert.Equal(t, "1800", got.Header.Get("Retry-After"))
	assert.Contains(t, got.body, "Please try again in 30 minutes.")
	assert.Equal(t, before, e.hasher.verifications, "nothing was hashed")

	owner.post("/account/signout")
	assert.Equal(t, "/account", owner.post("/signin", "login", "mario", "password", marioPassword).location(), "the owner's browser")
	assert.Equal(t, "/account", e.from("198.51.100.1").post("/signin", "login", "mario", "password", marioPassword).location(), "another network")
	assert.Equal(t, "/account", attacker.post("/signin", "login", "luigi", "password", "luigi's own secret").location(), "another login")

	e.clock.advance(perLoginAndNetwork.Every - time.Minute)
	got = attacker.post("/signin", "login", "mario", "password", "guess")
	assert.Equal(t, "60", got.Header.Get("Retry-After"))
	assert.Contains(t, got.body, "Please try again in 60 seconds.")
	e.clock.advance(time.Minute)
	assert.Equal(t, http.StatusUnauthorized, attacker.post("/signin", "login", "mario", "password", "guess").StatusCode, "one more after a while")

	for i := range perNetwork[0].Burst {
		attacker.post("/signin", "login", "victim"+strconv.Itoa(i), "password", "guess")
	}
	assert.Equal(t, http.StatusTooManyRequests, e.from("192.0.2.1").post("/signin", "login", "fresh", "password", "x").StatusCode, "one address, many logins")
	assert.Equal(t, http.StatusTooManyRequests, e.from("192.0.2.1").post("/operator", "login", "fresh", "password", "x").StatusCode, "operators too")
	owner.header.Set(addrHeader, "192.0.2.1")
	owner.post("/account/signout")
	assert.Equal(t, "/account", owner.post("/signin", "login", "mario", "password", marioPassword).location(), "the owner's browser is not affected")
}

// Operators are limited before AuthenticateOperator is called, which may hash.
func TestOperatorAttemptsAreLimited(t *testing.T) {
	calls := 0
	e := newEnv(t, func(opts *Options) {
		addrFromHeader(opts)
		opts.AuthenticateOperator = func(_ context.Context, _, password string) (bool, error) {
			calls++
			return password == operatorPassword, nil
		}
	})
	b := e.signInOperator()
	calls = 0
	for i := range perLogin.Burst {
		e.from("192.0."+strconv.Itoa(i)+".1").post("/operator", "login", operatorName, "password", "guess")
	}
	assert.Equal(t, perLogin.Burst, calls)
	got := e.from("198.51.100.1").post("/operator", "login", operatorName, "password", operatorPassword)
	assert.Equal(t, http.StatusTooManyRequests, got.StatusCode)
	assert.Equal(t, "1200", got.Header.Get("Retry-After"))
	assert.Equal(t, perLogin.Burst, calls)
	assert.Equal(t, http.StatusUnauthorized, e.from("198.51.100.1").post("/operator", "password", operatorPassword).StatusCode, "an operator has a name")
	b.post("/operator/signout")
	assert.Equal(t, "/customers", b.post("/operator", "login", operatorName, "password", operatorPassword).location(), "the operator's browser")
}

// A browser is limited as well at a login for which it has a token, and customers when they change their password.
func TestOwnersAreLimited(t *testing.T) {
	e := newEnv(t, nil)
	b, other := e.signInCustomer("mario"), e.signInCustomer("mario")
	for range perOwner.Burst {
		require.Equal(t, http.StatusUnauthorized, b.post("/signin", "login", "mario", "password", "guess").StatusCode)
	}
	assert.Equal(t, "1080", b.post("/signin", "login", "mario", "password", marioPassword).Header.Get("Retry-After"))

	change := []string{"old", "guess", "password", "another secret", "password2", "another secret"}
	for range perOwner.Burst {
		require.Equal(t, http.StatusUnprocessableEntity, other.post("/account/password", change...).StatusCode)
	}
	got := b.post("/account/password", change...)
	assert.Equal(t, http.StatusTooManyRequests, got.StatusCode)
	assert.Equal(t, "1080", got.Header.Get("Retry-After"))
	assert.Contains(t, got.body, "Please try again in 18 minutes.")
	assert.Equal(t, "/account", other.post("/signin", "login", "mario", "password", marioPassword).location(), "the other browser")
}

// A right password sets the device cookie for a suspended account too, so that attackers cannot block its owner.
func TestSuspendedOwnersGetADeviceCookie(t *testing.T) {
	e := newEnv(t, nil)
	_, err := e.clients.Suspend(t.Context(), []accounts.ID{e.mario.ID}, accounts.Hold{})
	require.NoError(t, err)
	b := e.browser()
	assert.Equal(t, http.StatusUnauthorized, b.post("/signin", "login", "mario", "password", "guess").StatusCode)
	assert.Empty(t, b.token("clientele-device"))
	assert.Equal(t, http.StatusForbidden, b.post("/signin", "login", "mario", "password", marioPassword).StatusCode)
	assert.NotEmpty(t, b.token("clientele-device"))
}

// A browser that was used for several logins is known for each of them.
func TestBrowsersHaveTokensForSeveralLogins(t *testing.T) {
	e := newEnv(t, nil)
	b := e.signInCustomer("mario")
	require.Equal(t, "/customers", b.post("/operator", "login", operatorName, "password", operatorPassword).location())
	require.Equal(t, "/account", b.post("/signin", "login", "luigi", "password", "luigi's own secret").location())
	cookie := b.token("clientele-device")
	for _, login := range []string{"mario", "luigi", "Mario "} {
		assert.NotEmpty(t, e.panel.deviceKey.verify(cookie, customerCookie, login, e.clock.now()), login)
	}
	assert.NotEmpty(t, e.panel.deviceKey.verify(cookie, operatorCookie, operatorName, e.clock.now()))
	assert.Empty(t, e.panel.deviceKey.verify(cookie, customerCookie, operatorName, e.clock.now()))
	for range 2 {
		b.post("/signin", "login", "mario", "password", marioPassword)
	}
	cookie = b.token("clientele-device")
	assert.Len(t, strings.Split(cookie, tokenSeparator), 3, "one for each login")
	assert.NotEmpty(t, e.panel.deviceKey.verify(cookie, customerCookie, "luigi", e.clock.now()))

	for i := range maxDeviceTokens {
		login := "customer" + strconv.Itoa(i)
		e.addCustomer(login, "Customer", login+".example")
		b.post("/signin", "login", login, "password", login+"'s own secret")
	}
	cookie = b.token("clientele-device")
	assert.Len(t, strings.Split(cookie, tokenSeparator), maxDeviceTokens)
	assert.Empty(t, e.panel.deviceKey.verify(cookie, customerCookie, "mario", e.clock.now()), "the oldest was dropped")
	assert.NotEmpty(t, e.panel.deviceKey.verify(cookie, customerCookie, "customer0", e.clock.now()))
}

func TestTrustBrowser(t *testing.T) {
	e := newEnv(t, func(opts *Options) { opts.Path = "/panel" })
	r, w := httptest.NewRequest(http.MethodGet, "/anywhere", nil), httptest.NewRecorder()
	require.NoError(t, e.panel.TrustBrowser(w, r, " Anna"))
	cookies := w.Result().Cookies()
	require.Len(t, cookies, 1)
	assert.Equal(t, "clientele.panel-device", cookies[0].Name)
	assert.NotEmpty(t, e.panel.deviceKey.verify(cookies[0].Value, operatorCookie, operatorName, e.clock.now()))
	assert.Empty(t, e.panel.deviceKey.verify(cookies[0].Value, customerCookie, operatorName, e.clock.now()))
}

// All spellings of a login share a limit, and long texts are cut before they are folded.
func TestFoldLogin(t *testing.T) {
	for text, want := range map[string]string{
		"Mario": "mario", " mario\n": "mario", " \u202aMa\u200brio\u202c": "mario", "ÀNNA": "ànna", "A\u0300nna": "ànna", "": "",
		strings.Repeat("X", 1<<20): strings.Repeat("x", maxFoldedLogin),
	} {
		assert.Equal(t, want, foldLogin(text), "%.20q", text)
	}
}

func TestDeviceTokens(t *testing.T) {
	var d, other deviceKey
	other[0] = 1
	now := time.Date(2026, 7, 3, 10, 0, 0, 0, time.UTC)
	token := d.newToken("customer", "Mario", "1", now)
	assert.NotEmpty(t, d.verify(token, "customer", "mario", now))
	assert.NotEmpty(t, d.verify("x~"+token, "customer", "mario", now.Add(deviceMaxAge-time.Second)))
	assert.Empty(t, d.verify(token, "customer", "mario", now.Add(deviceMaxAge)), "expired")
	assert.Empty(t, d.verify(token, "customer", "luigi", now))
	assert.Empty(t, d.verify(token, "operator", "mario", now))
	assert.Empty(t, other.verify(token, "customer", "mario", now))
	id, rest, _ := strings.Cut(token, ".")
	for _, forged := range []string{
		"", ".", "..", "~", id, "x" + token, token + "x", id + ".9" + rest, strings.Repeat("~", maxDeviceTokens) + token,
		"." + d.mac("", "customer", "mario"), "id." + d.mac("id", "customer", "mario"),
	} {
		assert.Empty(t, d.verify(forged, "customer", "mario", now), forged)
	}
}

func TestStaticOperators(t *testing.T) {
	hash, err := accounts.Argon2id{}.Hash(t.Context(), "right")
	require.NoError(t, err)
	check := StaticOperators(map[string]string{"anna": hash})
	for _, c := range []struct {
		name, password string
		ok             bool
	}{{"anna", "right", true}, {"anna", "wrong", false}, {"nobody", dummyPassword, false}, {"", "", false}} {
		ok, err := check(t.Context(), c.name, c.password)
		require.NoError(t, err)
		assert.Equal(t, c.ok, ok, c.name)
	}
}
