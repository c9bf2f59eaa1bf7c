package panel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
)

// operatorDirectory is a directory of operators that tests change.
type operatorDirectory struct {
	removed  bool
	err      error
	asked    []string
	password string
}

func (d *operatorDirectory) authenticate(_ context.Context, name, password string) (bool, error) {
	return name == operatorName && password == d.password, d.err
}

func (d *operatorDirectory) epoch(context.Context, string) (string, error) { return d.password, d.err }

func (d *operatorDirectory) active(_ context.Context, name string) (bool, error) {
	d.asked = append(d.asked, name)
	return !d.removed, d.err
}

// A removed operator's session ends with the next request, whatever that is, and does not come back.
func TestRemovedOperators(t *testing.T) {
	for name, request := range map[string]func(e *env, b *browser) response{
		"a page":    func(_ *env, b *browser) response { return b.get("/customers") },
		"an export": func(_ *env, b *browser) response { return b.get("/customers.csv") },
		"a command": func(e *env, b *browser) response {
			return b.post("/customers/"+formatID(e.mario.ID)+"/password", "password", "another secret")
		},
		"a link":         func(e *env, b *browser) response { return b.post("/customers/" + formatID(e.mario.ID) + "/link") },
		"as a customer":  func(e *env, b *browser) response { return b.post("/customers/" + formatID(e.mario.ID) + "/signin") },
		"a page for all": func(_ *env, b *browser) response { return b.get("/") },
	} {
		t.Run(name, func(t *testing.T) {
			d := &operatorDirectory{}
			e := newEnv(t, func(opts *Options) { opts.OperatorActive = d.active })
			b := e.signInOperator()
			token := b.token("clientele-operator")
			require.Equal(t, http.StatusOK, b.get("/customers").StatusCode)
			before := e.countEvents()
			d.removed = true
			got := request(e, b)
			assert.Contains(t, []string{"/operator?said=ended", "/account"}, got.location(), got.body)
			assert.Equal(t, before, e.countEvents())
			d.removed = false
			assert.Equal(t, "/operator", b.get("/customers").location(), "the session has ended")
			_, found := e.panel.operatorSessions.Get(token)
			assert.False(t, found)
		})
	}
}

// So does the session in which the operator is signed in as a customer.
func TestRemovedOperatorsAsCustomers(t *testing.T) {
	d := &operatorDirectory{}
	e := newEnv(t, func(opts *Options) { opts.OperatorActive = d.active })
	b := e.signInOperator()
	b.post("/customers/" + formatID(e.mario.ID) + "/signin")
	token := b.token("clientele-customer")
	require.True(t, b.isSignedIn())
	_, domains := e.firstSubscription(e.mario.ID)
	before := e.countEvents()
	d.removed = true
	assert.Equal(t, "/signin?said=ended", b.post("/account/switch", "domain", formatID(domains[0].ID), "to", "off").location())
	assert.Equal(t, before, e.countEvents())
	_, found := e.panel.customerSessions.Get(token)
	assert.False(t, found)
	assert.True(t, e.signInCustomer("mario").isSignedIn(), "the customer is not affected")
}

// While the directory fails, nothing is shown or done, and no session ends.
func TestOperatorActiveFails(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
	}{{errors.New("the directory is down"), http.StatusInternalServerError}, {fmt.Errorf("%w: directory", accounts.ErrUnavailable), http.StatusServiceUnavailable}} {
		d := &operatorDirectory{}
		e := newEnv(t, func(opts *Options) { opts.OperatorActive = d.active })
		b, as := e.signInOperator(), e.signInOperator()
		as.post("/customers/" + formatID(e.mario.ID) + "/signin")
		before := e.countEvents()
		d.err = c.err
		for _, removed := range []bool{false, true} {
			d.removed = removed
			assert.Equal(t, c.code, b.get("/customers").StatusCode)
			assert.NotContains(t, b.get("/customers").body, "Mario")
			assert.Equal(t, c.code, b.post("/customers/"+formatID(e.mario.ID)+"/password", "password", "another secret").StatusCode)
			assert.Equal(t, c.code, as.get("/account").StatusCode)
			assert.Equal(t, http.StatusOK, e.browser().get("/signin").StatusCode, "others are not affected")
		}
		assert.Equal(t, before, e.countEvents())
		d.err, d.removed = nil, false
		assert.Equal(t, http.StatusOK, b.get("/customers").StatusCode)
		assert.True(t, as.isSignedIn())
	}
}

// Without the epoch of the operator, nobody signs in, nothing is shown or done, and no session ends.
func TestOperatorEpochFails(t *testing.T) {
	d := &operatorDirectory{password: operatorPassword}
	e := newEnv(t, func(opts *Options) { opts.OperatorEpoch = d.epoch })
	b := e.signInOperator()
	d.err = fmt.Errorf("%w: directory", accounts.ErrUnavailable)
	assert.Equal(t, http.StatusServiceUnavailable, b.get("/customers").StatusCode)
	for _, other := range []*browser{b, e.browser()} {
		got := other.post("/operator", "login", operatorName, "password", operatorPassword)
		assert.Equal(t, http.StatusServiceUnavailable, got.StatusCode)
	}
	w := httptest.NewRecorder()
	require.ErrorIs(t, e.panel.TrustBrowser(w, httptest.NewRequest(http.MethodGet, "/", nil), operatorName), accounts.ErrUnavailable)
	assert.Empty(t, w.Result().Cookies())
	d.err = nil
	assert.Equal(t, http.StatusOK, b.get("/customers").StatusCode)
}

func TestStaticOperatorEpoch(t *testing.T) {
	epoch := StaticOperatorEpoch(map[string]string{"anna": "a hash"})
	another := StaticOperatorEpoch(map[string]string{"anna": "another hash"})
	got, err := epoch(t.Context(), "anna")
	require.NoError(t, err)
	assert.NotContains(t, got, "a hash")
	for name, f := range map[string]func(context.Context, string) (string, error){"bert": epoch, "anna": another} {
		other, err := f(t.Context(), name)
		require.NoError(t, err)
		assert.NotEqual(t, got, other)
	}
}

func TestOperatorActiveIsAskedOncePerRequest(t *testing.T) {
	d := &operatorDirectory{}
	e := newEnv(t, func(opts *Options) { opts.OperatorActive = d.active })
	b, mario := e.signInOperator(), e.signInCustomer("mario")
	b.post("/customers/" + formatID(e.mario.ID) + "/signin")
	for _, path := range []string{"/customers", "/customers/" + formatID(e.mario.ID), "/account", "/signin"} {
		d.asked = nil
		b.get(path)
		assert.Equal(t, []string{operatorName}, d.asked, path)
	}
	d.asked = nil
	mario.get("/account")
	e.browser().get("/customers")
	assert.Empty(t, d.asked, "only about operators")

	e = newEnv(t, func(opts *Options) {
		opts.OperatorActive = d.active
		opts.OperatorFromRequest = func(*http.Request) (string, bool) { return "hugo", true }
	})
	assert.Equal(t, http.StatusOK, e.browser().get("/customers").StatusCode)
	assert.Empty(t, d.asked, "the application decides with OperatorFromRequest")
}

func TestStaticOperatorActive(t *testing.T) {
	hashes := map[string]string{"anna": "hash"}
	active := StaticOperatorActive(hashes)
	delete(hashes, "anna")
	for name, want := range map[string]bool{"anna": true, "bert": false, "": false, "Anna": false} {
		got, err := active(t.Context(), name)
		require.NoError(t, err)
		assert.Equal(t, want, got, name)
	}
}
