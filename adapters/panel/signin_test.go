package panel

import (
	"context"
	"net/http"
	"net/netip"
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
func TestAttemptsAreRateLimited(t *testing.T) {
	e := newEnv(t, nil)
	owner := e.signInCustomer("mario")
	attacker := e.browser()
	for range loginBurst {
		attacker.post("/signin", "login", "mario", "password", "guess")
	}
	before := e.hasher.verifications
	got := attacker.post("/signin", "login", " MARIO", "password", marioPassword)
	assert.Equal(t, http.StatusTooManyRequests, got.StatusCode, "even with the right password, in another spelling")
	seconds, err := strconv.Atoi(got.Header.Get("Retry-After"))
	require.NoError(t, err)
	assert.InDelta(t, 10, seconds, 10)
	assert.Equal(t, before, e.hasher.verifications, "nothing was hashed")

	owner.post("/account/signout")
	assert.Equal(t, "/account", owner.post("/signin", "login", "mario", "password", marioPassword).location(), "the owner's browser")
	assert.Equal(t, "/account", attacker.post("/signin", "login", "luigi", "password", "luigi's own secret").location(), "another login")

	e.clock.advance(loginEvery)
	assert.Equal(t, http.StatusUnauthorized, attacker.post("/signin", "login", "mario", "password", "guess").StatusCode, "one more after a while")

	for i := range addressBurst {
		attacker.post("/signin", "login", "victim"+strconv.Itoa(i), "password", "guess")
	}
	assert.Equal(t, http.StatusTooManyRequests, e.browser().post("/signin", "login", "fresh", "password", "x").StatusCode, "one address, many logins")
	assert.Equal(t, http.StatusTooManyRequests, e.browser().post("/operator", "login", "fresh", "password", "x").StatusCode, "operators too")
	owner.post("/account/signout")
	assert.Equal(t, "/account", owner.post("/signin", "login", "mario", "password", marioPassword).location(), "the owner's browser is not affected")
}

// Operators are rate limited before AuthenticateOperator is called, which may hash.
func TestOperatorAttemptsAreRateLimited(t *testing.T) {
	calls := 0
	e := newEnv(t, func(opts *Options) {
		opts.AuthenticateOperator = func(_ context.Context, _, password string) (bool, error) {
			calls++
			return password == operatorPassword, nil
		}
	})
	b := e.browser()
	for range loginBurst {
		assert.Equal(t, http.StatusUnauthorized, b.post("/operator", "login", operatorName, "password", "guess").StatusCode)
	}
	assert.Equal(t, http.StatusTooManyRequests, b.post("/operator", "login", operatorName, "password", operatorPassword).StatusCode)
	assert.Equal(t, loginBurst, calls)
	assert.Equal(t, http.StatusUnauthorized, b.post("/operator", "password", operatorPassword).StatusCode, "an operator has a name")
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

func TestLoginLimiter(t *testing.T) {
	at := &clock{at: time.Unix(0, 0)}
	a := newLoginLimiter(at.now)
	addr := netip.MustParseAddr
	for range loginBurst {
		require.Zero(t, a.take("customer", "mario", "", addr("192.0.2.1")))
	}
	assert.Equal(t, loginEvery, a.take("customer", "mario", "", addr("192.0.2.200")), "the same network")
	assert.Equal(t, loginEvery, a.take("customer", " \u202aMa\u200brio\u202c", "", addr("192.0.2.1")), "the same login, pasted")
	assert.Zero(t, a.take("customer", "mario", "", addr("198.51.100.1")), "another network")
	assert.Zero(t, a.take("customer", "mario", "device", addr("192.0.2.1")), "a known device")
	assert.Zero(t, a.take("operator", "mario", "", addr("192.0.2.1")), "another kind")
	assert.NotZero(t, a.take("customer", "mario", "", addr("::ffff:192.0.2.7")), "the same network, IPv4-mapped")
	for range loginBurst {
		require.Zero(t, a.take("customer", "luigi", "", addr("2001:db8::1")))
	}
	assert.NotZero(t, a.take("customer", "luigi", "", addr("2001:db8::2")))
	for i := range addressBurst {
		a.take("customer", "victim"+strconv.Itoa(i), "", addr("2001:db8:0:1::"+strconv.Itoa(i)))
	}
	assert.NotZero(t, a.take("customer", "somebody", "", addr("2001:db8:0:1::ffff")), "the whole IPv6 network has one limit")
	assert.NotPanics(t, func() { a.take("customer", "x", "", netip.Addr{}) })

	for i := range maxBuckets + 100 {
		a.take("customer", strings.Repeat("x", 10_000)+strconv.Itoa(i), "", netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	assert.LessOrEqual(t, a.logins.Len(), maxBuckets)
	assert.LessOrEqual(t, a.addresses.Len(), maxBuckets)
	for _, key := range a.logins.Keys() {
		require.Less(t, len(key), 400, "the size of keys is bounded")
	}
}

func TestDeviceTokens(t *testing.T) {
	var d, other deviceKey
	other[0] = 1
	token := d.newToken("customer", "Mario")
	assert.NotEmpty(t, d.verify(token, "customer", "mario"))
	assert.Empty(t, d.verify(token, "customer", "luigi"))
	assert.Empty(t, d.verify(token, "operator", "mario"))
	assert.Empty(t, other.verify(token, "customer", "mario"))
	assert.Empty(t, d.verify("x"+token, "customer", "mario"))
	assert.Empty(t, d.verify("", "customer", "mario"))
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
