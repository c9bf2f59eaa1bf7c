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
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/subscriptions"
)

// quick hashes nothing, so that tests need not wait. It counts how often it is asked.
type quick struct {
	mu    sync.Mutex
	asked int
}

func (q *quick) Hash(_ context.Context, password string) (string, error) {
	return "quick " + password, nil
}

func (q *quick) Verify(_ context.Context, hash, password string) (ok, outdated bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.asked++
	return hash == "quick "+password, false, nil
}

// clock is the time of a test.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// office is a panel that is up, with a few customers.
type office struct {
	t       *testing.T
	clients *accounts.Manager
	panel   *Panel
	server  *httptest.Server
	clock   *clock
	hasher  *quick
	mario   accounts.Account
	luigi   accounts.Account
}

const (
	operatorName     = "anna"
	operatorPassword = "the operator's secret"
	marioPassword    = "mario's own secret"
)

// open answers a panel with two customers, Mario and Luigi, each with a subscription of two domains.
func open(t *testing.T, change func(*Options)) *office {
	t.Helper()
	o := &office{t: t, clock: &clock{at: time.Date(2026, 7, 3, 10, 0, 0, 0, time.UTC)}, hasher: &quick{}}
	o.clients = accounts.NewManager(memory.New(), &accounts.Options{
		Now: o.clock.now, Hasher: o.hasher, Secret: []byte(strings.Repeat("s", 32)), ReservedDomains: []string{"panel.example"},
	})
	opts := Options{
		AuthenticateOperator: func(_ context.Context, name, password string) (bool, error) {
			return name == operatorName && password == operatorPassword, nil
		},
		Plans: []string{"Basic", "Pro"}, Now: o.clock.now, Causes: []accounts.Cause{"migration"}, PayURL: "https://pay.example/",
	}
	if change != nil {
		change(&opts)
	}
	var err error
	o.panel, err = New(o.clients, &opts)
	require.NoError(t, err)
	o.server = httptest.NewServer(o.panel)
	t.Cleanup(o.server.Close)
	o.mario = o.add("mario", "Mario Rossi", "mario.example", "pizza.example")
	o.luigi = o.add("luigi", "Luigi Verdi", "luigi.example", "green.example")
	return o
}

func (o *office) add(login, name string, domains ...string) accounts.Account {
	o.t.Helper()
	a, err := o.clients.Create(o.t.Context(), accounts.New{
		Login: login, Password: login + "'s own secret", Contact: accounts.Contact{Name: name},
		Subscription: &subscriptions.New{Plan: "Basic", Domains: domains},
	})
	require.NoError(o.t, err)
	return a
}

// subscription answers the first subscription of a customer, and its domains, the main one first.
func (o *office) below(id accounts.ID) (subscriptions.Subscription, []subscriptions.Domain) {
	o.t.Helper()
	subs, err := o.clients.Subscriptions().List(o.t.Context(), subscriptions.Query{AccountID: &id})
	require.NoError(o.t, err)
	domains, err := o.clients.Subscriptions().Domains(o.t.Context(), subscriptions.DomainQuery{AccountID: &id})
	require.NoError(o.t, err)
	all := together(subs.Items, domains.Items)
	return all[0].Subscription, all[0].Domains
}

// events counts what has happened.
func (o *office) events() int {
	o.t.Helper()
	page, err := o.clients.Events(o.t.Context(), accounts.EventQuery{Limit: 500})
	require.NoError(o.t, err)
	return len(page.Items)
}

// browser is somebody in front of the panel. It follows no redirects.
type browser struct {
	*office
	client *http.Client
	header http.Header // sent along with every request
}

func (o *office) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(o.t, err)
	client := o.server.Client()
	return &browser{o, &http.Client{
		Transport: client.Transport, Jar: jar, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, http.Header{}}
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

// to answers where it leads.
func (a answer) to() string { return a.Header.Get("Location") }

func (b *browser) send(method, path string, form url.Values) answer {
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
	return answer{got, string(body)}
}

func (b *browser) get(path string) answer { b.t.Helper(); return b.send(http.MethodGet, path, nil) }

func (b *browser) post(path string, pairs ...string) answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.send(http.MethodPost, path, form)
}

// operator answers somebody who is signed in as an operator.
func (o *office) operator() *browser {
	o.t.Helper()
	b := o.browser()
	got := b.post(o.panel.url("/operator"), "login", operatorName, "password", operatorPassword)
	require.Equal(o.t, o.panel.url("/customers"), got.to(), got.body)
	return b
}

// customer answers somebody who is signed in as a customer.
func (o *office) customer(login string) *browser {
	o.t.Helper()
	b := o.browser()
	got := b.post(o.panel.url("/signin"), "login", login, "password", login+"'s own secret")
	require.Equal(o.t, o.panel.url("/account"), got.to(), got.body)
	return b
}

func TestOptionsThatWillNotDo(t *testing.T) {
	send := func(context.Context, accounts.Account, string) error { return nil }
	for _, c := range []struct {
		opts Options
		says string
	}{
		{Options{Path: "panel"}, "Path"},
		{Options{Path: "/a//b"}, "Path"},
		{Options{Path: "/a b"}, "Path"},
		{Options{SendReset: send}, "Origin"},
		{Options{SendReset: send, Origin: "panel.example"}, "Origin"},
		{Options{PayURL: "/pay"}, "PayURL"},
		{Options{PayURL: "javascript:alert(1)"}, "PayURL"},
		{Options{PayURL: "ftp://pay.example"}, "PayURL"},
		{Options{Variables: map[string]string{"color": "red"}}, "Variables"},
		{Options{Variables: map[string]string{"--x": "red}body{display:none"}}, "Variables"},
		{Options{Templates: fstest.MapFS{"signin.html": {Data: []byte("{{")}}}, "signin.html"},
	} {
		_, err := New(accounts.NewManager(memory.New(), nil), &c.opts)
		require.ErrorContains(t, err, c.says)
	}
}
