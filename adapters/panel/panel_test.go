package panel

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/subscriptions"
)

// fakeHasher is a fast PasswordHasher that counts verifications.
type fakeHasher struct {
	mu            sync.Mutex
	verifications int
}

func (q *fakeHasher) Hash(_ context.Context, password string) (string, error) {
	return "quick " + password, nil
}

func (q *fakeHasher) Verify(_ context.Context, hash, password string) (ok, outdated bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.verifications++
	return hash == "quick "+password, false, nil
}

// clock is a clock that tests advance.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// env is a running panel with two customers.
type env struct {
	t       *testing.T
	clients *accounts.Manager
	panel   *Panel
	server  *httptest.Server
	clock   *clock
	hasher  *fakeHasher
	mario   accounts.Account
	luigi   accounts.Account
}

const (
	operatorName     = "anna"
	operatorPassword = "the operator's secret"
	marioPassword    = "mario's own secret"
)

// newEnv starts a panel with two customers, Mario and Luigi, who have a subscription with two domains each. change, which may
// be nil, changes its options.
func newEnv(t *testing.T, change func(*Options)) *env {
	t.Helper()
	e := &env{t: t, clock: &clock{at: time.Date(2026, 7, 3, 10, 0, 0, 0, time.UTC)}, hasher: &fakeHasher{}}
	e.clients = accounts.NewManager(memory.New(), &accounts.Options{
		Now: e.clock.now, Hasher: e.hasher, Secret: []byte(strings.Repeat("s", 32)), ReservedDomains: []string{"panel.example"},
	})
	opts := Options{
		AuthenticateOperator: func(_ context.Context, name, password string) (bool, error) {
			return name == operatorName && password == operatorPassword, nil
		},
		Plans: []string{"Basic", "Pro"}, Now: e.clock.now, Causes: []accounts.Cause{"migration"}, PayURL: "https://pay.example/",
	}
	if change != nil {
		change(&opts)
	}
	var err error
	e.panel, err = New(e.clients, &opts)
	require.NoError(t, err)
	e.server = httptest.NewServer(e.panel)
	t.Cleanup(e.server.Close)
	e.mario = e.addCustomer("mario", "Mario Rossi", "mario.example", "pizza.example")
	e.luigi = e.addCustomer("luigi", "Luigi Verdi", "luigi.example", "green.example")
	return e
}

func (e *env) addCustomer(login, name string, domains ...string) accounts.Account {
	e.t.Helper()
	a, err := e.clients.Create(e.t.Context(), accounts.New{
		Login: login, Password: login + "'s own secret", Contact: accounts.Contact{Name: name},
		Subscription: &subscriptions.New{Plan: "Basic", Domains: domains},
	})
	require.NoError(e.t, err)
	return a
}

// firstSubscription returns the first subscription of a customer and its domains, the main domain first.
func (e *env) firstSubscription(id accounts.ID) (subscriptions.Subscription, []subscriptions.Domain) {
	e.t.Helper()
	subs, err := e.clients.Subscriptions().List(e.t.Context(), subscriptions.Query{AccountID: &id})
	require.NoError(e.t, err)
	domains, err := e.clients.Subscriptions().Domains(e.t.Context(), subscriptions.DomainQuery{AccountID: &id})
	require.NoError(e.t, err)
	all := groupDomains(subs.Items, domains.Items)
	return all[0].Subscription, all[0].Domains
}

// countEvents returns the number of events.
func (e *env) countEvents() int {
	e.t.Helper()
	page, err := e.clients.Events(e.t.Context(), accounts.EventQuery{Limit: 500})
	require.NoError(e.t, err)
	return len(page.Items)
}

// browser is an HTTP client with cookies. It does not follow redirects.
type browser struct {
	*env
	client *http.Client
	header http.Header // of every request
}

// tlsJar keeps secure cookies for a server without TLS, as if a proxy with TLS were in front of it.
type tlsJar struct{ http.CookieJar }

func overTLS(u *url.URL) *url.URL {
	secure := *u
	secure.Scheme = "https"
	return &secure
}

func (j tlsJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	j.CookieJar.SetCookies(overTLS(u), cookies)
}

func (j tlsJar) Cookies(u *url.URL) []*http.Cookie { return j.CookieJar.Cookies(overTLS(u)) }

// serverURL returns the URL of the server.
func (e *env) serverURL() *url.URL {
	e.t.Helper()
	at, err := url.Parse(e.server.URL)
	require.NoError(e.t, err)
	return at
}

func (e *env) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(e.t, err)
	client := e.server.Client()
	return &browser{e, &http.Client{
		Transport: client.Transport, Jar: tlsJar{jar}, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, http.Header{}}
}

// response is a response whose body has been read.
type response struct {
	*http.Response
	body string
}

// location returns the target of a redirect.
func (a response) location() string { return a.Header.Get("Location") }

func (b *browser) send(method, path string, form url.Values) response {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.server.URL+path, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, values := range b.header {
		r.Header[name] = values
	}
	got, err := b.client.Do(r)
	require.NoError(b.t, err)
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	require.NoError(b.t, err)
	return response{got, string(body)}
}

func (b *browser) get(path string) response { b.t.Helper(); return b.send(http.MethodGet, path, nil) }

func (b *browser) post(path string, pairs ...string) response {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.send(http.MethodPost, path, form)
}

// signInOperator returns a browser that is signed in as an operator.
func (e *env) signInOperator() *browser {
	e.t.Helper()
	b := e.browser()
	got := b.post(e.panel.url("/operator"), "login", operatorName, "password", operatorPassword)
	require.Equal(e.t, e.panel.url("/customers"), got.location(), got.body)
	return b
}

// signInCustomer returns a browser that is signed in as a customer.
func (e *env) signInCustomer(login string) *browser {
	e.t.Helper()
	b := e.browser()
	got := b.post(e.panel.url("/signin"), "login", login, "password", login+"'s own secret")
	require.Equal(e.t, e.panel.url("/account"), got.location(), got.body)
	return b
}
