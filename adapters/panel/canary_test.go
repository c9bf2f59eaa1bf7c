package panel

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"log"
	"log/slog"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/panel/internal/sessions"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/subscriptions"
)

// brokenStore is a store whose n-th call fails, counted from arm.
type brokenStore struct {
	accounts.Store
	mu     sync.Mutex
	calls  int
	at     int // 0: none
	panics bool
	fired  bool
	met    map[string]bool // the methods that failed
}

// arm makes the n-th call from now on fail, or panic; 0 is none.
func (s *brokenStore) arm(n int, panics bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.at, s.panics, s.fired = 0, n, panics, false
}

// hasFired reports whether a call has failed since arm.
func (s *brokenStore) hasFired() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fired
}

// call counts a call of a method. A panic quotes the arguments, as a driver's may.
func (s *brokenStore) call(method string, args ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.at == 0 || s.calls != s.at {
		return nil
	}
	s.fired, s.met[method] = true, true
	if s.panics {
		panic(fmt.Sprintf("%s is broken: %+v", method, args))
	}
	if s.calls%2 == 0 {
		return errors.New(method + " is broken")
	}
	return fmt.Errorf("%w: %s is broken", accounts.ErrUnavailable, method)
}

func (s *brokenStore) Account(ctx context.Context, k accounts.AccountKey) (accounts.Record, error) {
	if err := s.call("Account", k); err != nil {
		return accounts.Record{}, err
	}
	return s.Store.Account(ctx, k)
}

func (s *brokenStore) Accounts(ctx context.Context, p accounts.ListParams) ([]accounts.Summary, error) {
	if err := s.call("Accounts", p); err != nil {
		return nil, err
	}
	return s.Store.Accounts(ctx, p)
}

func (s *brokenStore) CountAccounts(ctx context.Context, p accounts.ListParams, atMost int) (int, error) {
	if err := s.call("CountAccounts", p); err != nil {
		return 0, err
	}
	return s.Store.CountAccounts(ctx, p, atMost)
}

func (s *brokenStore) Descendants(ctx context.Context, ids []accounts.ID) (accounts.Descendants, error) {
	if err := s.call("Descendants", ids); err != nil {
		return accounts.Descendants{}, err
	}
	return s.Store.Descendants(ctx, ids)
}

func (s *brokenStore) Events(ctx context.Context, q accounts.EventParams) (accounts.EventResult, error) {
	if err := s.call("Events", q); err != nil {
		return accounts.EventResult{}, err
	}
	return s.Store.Events(ctx, q)
}

func (s *brokenStore) Subscription(ctx context.Context, k subscriptions.SubscriptionKey) (subscriptions.Subscription, error) {
	if err := s.call("Subscription", k); err != nil {
		return subscriptions.Subscription{}, err
	}
	return s.Store.Subscription(ctx, k)
}

func (s *brokenStore) Subscriptions(ctx context.Context, p subscriptions.ListParams) ([]subscriptions.Subscription, error) {
	if err := s.call("Subscriptions", p); err != nil {
		return nil, err
	}
	return s.Store.Subscriptions(ctx, p)
}

func (s *brokenStore) CountSubscriptions(ctx context.Context, p subscriptions.ListParams, atMost int) (int, error) {
	if err := s.call("CountSubscriptions", p); err != nil {
		return 0, err
	}
	return s.Store.CountSubscriptions(ctx, p, atMost)
}

func (s *brokenStore) Domains(ctx context.Context, p subscriptions.DomainListParams) ([]subscriptions.Domain, error) {
	if err := s.call("Domains", p); err != nil {
		return nil, err
	}
	return s.Store.Domains(ctx, p)
}

func (s *brokenStore) CountDomains(ctx context.Context, p subscriptions.DomainListParams, atMost int) (int, error) {
	if err := s.call("CountDomains", p); err != nil {
		return 0, err
	}
	return s.Store.CountDomains(ctx, p, atMost)
}

func (s *brokenStore) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	if err := s.call("Update"); err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx accounts.Tx) error { return fn(brokenTx{tx, s}) })
}

type brokenTx struct {
	accounts.Tx
	store *brokenStore
}

func (t brokenTx) Lock(l subscriptions.LockSet) (subscriptions.LockedRows, error) {
	if err := t.store.call("Tx.Lock", l); err != nil {
		return subscriptions.LockedRows{}, err
	}
	return t.Tx.Lock(l)
}

func (t brokenTx) DomainsOf(ids []subscriptions.ID) ([]subscriptions.Domain, error) {
	if err := t.store.call("Tx.DomainsOf", ids); err != nil {
		return nil, err
	}
	return t.Tx.DomainsOf(ids)
}

func (t brokenTx) LockAccounts(ids []accounts.ID) ([]accounts.Record, error) {
	if err := t.store.call("Tx.LockAccounts", ids); err != nil {
		return nil, err
	}
	return t.Tx.LockAccounts(ids)
}

func (t brokenTx) LockHolds(ids []accounts.ID) ([]subscriptions.Owner, error) {
	if err := t.store.call("Tx.LockHolds", ids); err != nil {
		return nil, err
	}
	return t.Tx.LockHolds(ids)
}

func (t brokenTx) Descendants(ids []accounts.ID) (accounts.Descendants, error) {
	if err := t.store.call("Tx.Descendants", ids); err != nil {
		return accounts.Descendants{}, err
	}
	return t.Tx.Descendants(ids)
}

func (t brokenTx) Claim(c accounts.Claim) (accounts.Claimed, error) {
	if err := t.store.call("Tx.Claim", c); err != nil {
		return accounts.Claimed{}, err
	}
	return t.Tx.Claim(c)
}

func (t brokenTx) Save(w accounts.Writes) error {
	if err := t.store.call("Tx.Save", w); err != nil {
		return err
	}
	return t.Tx.Save(w)
}

// unusedMethods are the methods of a store that the panel never calls.
var unusedMethods = []string{"DueSubscriptions", "Site", "PruneEvents", "Snapshot", "Transaction", "Entry", "Dump", "Restore", "Entries", "LockEntries"}

// storeMethods returns the methods of a store and of its transactions that the panel may call.
func storeMethods() []string {
	var all []string
	for prefix, of := range map[string]reflect.Type{"": reflect.TypeFor[accounts.Store](), "Tx.": reflect.TypeFor[accounts.Tx]()} {
		for i := range of.NumMethod() {
			if name := of.Method(i).Name; !slices.Contains(unusedMethods, name) {
				all = append(all, prefix+name)
			}
		}
	}
	slices.Sort(all)
	return all
}

// canaryEnv is an env in which everything that is secret is a distinct text, and everything that is written is kept.
type canaryEnv struct {
	*env
	store *brokenStore

	mu        sync.Mutex
	canaries  []string // secrets that must be written nowhere
	written   bytes.Buffer
	customers int
}

func (c *canaryEnv) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.written.Write(p)
}

// secret registers a secret and returns it.
func (c *canaryEnv) secret(text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if text != "" && !slices.Contains(c.canaries, text) {
		c.canaries = append(c.canaries, text)
	}
	return text
}

// link registers the token of a link for a new password.
func (c *canaryEnv) link(link string) string {
	_, token, _ := strings.Cut(link, "/reset/")
	c.secret(token)
	return link
}

const (
	canaryPassword    = "canary+password % new"
	canaryGuess       = "canary+password % guessed"
	canaryForged      = "canary-forged-token"
	canaryHeader      = "canary-authorization"
	canaryOtherHeader = "canary-csrf-header"
	canaryCookie      = "canary-foreign-cookie"
	canaryQuery       = "canary-query-token"
	canaryField       = "canary-csrf-field"
	canaryLogin       = "canary-typed-as-login"
)

// newCanaryEnv returns an env whose log, errors of the server and errors of managers are all written to it.
func newCanaryEnv(t *testing.T, change func(c *canaryEnv, opts *Options, hasher *accounts.PasswordHasher)) *canaryEnv {
	t.Helper()
	c := &canaryEnv{
		store: &brokenStore{Store: memory.New(), met: map[string]bool{}},
		canaries: []string{
			marioPassword, "luigi's own secret", operatorPassword, canaryPassword, canaryGuess, canaryForged, canaryHeader, canaryOtherHeader, canaryCookie,
			canaryQuery, canaryField, canaryLogin,
		},
	}
	e := &env{t: t, clock: &clock{at: time.Date(2026, 7, 3, 10, 0, 0, 0, time.UTC)}, hasher: &fakeHasher{}}
	c.env = e
	var hasher accounts.PasswordHasher = e.hasher
	opts := Options{
		AuthenticateOperator: func(_ context.Context, name, password string) (bool, error) {
			return name == operatorName && password == operatorPassword, nil
		},
		OperatorActive: StaticOperatorActive(map[string]string{operatorName: ""}),
		Notify:         func(context.Context, NotificationKind, accounts.Account, accounts.Account) {},
		Plans:          []string{"Basic"}, Now: e.clock.now, Origin: "http://panel.example",
		Logger: slog.New(slog.NewJSONHandler(c, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true})),
		SendReset: func(_ context.Context, _ accounts.Account, link string) error {
			return fmt.Errorf("554 rejected: %q", c.link(link))
		},
	}
	if change != nil {
		change(c, &opts, &hasher)
	}
	e.clients = accounts.NewManager(c.store, &accounts.Options{
		Now: e.clock.now, Hasher: hasher, Secret: []byte(strings.Repeat("s", 32)),
		OnCommand: func(ctx context.Context, command string) (context.Context, func(error)) {
			return ctx, func(err error) {
				if err != nil && change == nil { // errors of an application's own functions are returned as they are
					fmt.Fprintln(c, command, err)
				}
			}
		},
	})
	var err error
	e.panel, err = New(e.clients, &opts)
	require.NoError(t, err)
	e.server = httptest.NewUnstartedServer(e.panel)
	e.server.Config.ErrorLog = log.New(c, "", 0)
	e.server.Start()
	t.Cleanup(e.server.Close)
	e.luigi = e.addCustomer("luigi", "Luigi Verdi", "luigi.example", "green.example")
	c.nextCustomer()
	return c
}

// withHeaders adds secrets to the headers of all requests of a browser, and registers its cookies.
func (c *canaryEnv) withHeaders(b *browser) *browser {
	b.header = http.Header{
		"Authorization": {"Bearer " + canaryHeader}, "X-Csrf-Token": {canaryOtherHeader}, "Cookie": {"foreign=" + canaryCookie},
		"Referer": {c.server.URL + "/reset/" + canaryForged},
	}
	c.registerCookies(b)
	return b
}

func (c *canaryEnv) registerCookies(b *browser) {
	at, err := url.Parse(c.server.URL)
	require.NoError(c.t, err)
	for _, cookie := range b.client.Jar.Cookies(at) {
		if cookie.Name != "clientele-language" {
			c.secret(cookie.Value)
		}
	}
}

// assertSecret asserts that no secret was written and, if something failed, that the log says where.
func (c *canaryEnv) assertSecret(what string) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	text := c.written.String()
	for _, canary := range c.canaries {
		for _, form := range []string{canary, url.QueryEscape(canary), url.PathEscape(canary), base64.StdEncoding.EncodeToString([]byte(canary))} {
			if strings.Contains(text, form) {
				require.Fail(c.t, "a secret was written", "%s: %q is in\n%s", what, canary, text)
			}
		}
	}
	c.written.Reset()
}

// nextCustomer replaces Mario by a new customer, whose things no request has changed yet.
func (c *canaryEnv) nextCustomer() {
	c.t.Helper()
	c.customers++
	login := fmt.Sprintf("mario%d", c.customers)
	c.secret(login + "'s own secret")
	c.mario = c.addCustomer(login, "Mario Rossi", login+".example", "shop-"+login+".example")
	contact := accounts.Contact{Name: "Mario Rossi", Email: "mario@example.com"}
	var err error
	c.mario, err = c.clients.Update(c.t.Context(), c.mario.ID, accounts.Changes{Contact: &contact})
	require.NoError(c.t, err)
	c.clock.advance(time.Minute) // so that no attempt is rate limited
}

// canaryForm returns a form for a route with all secrets that is valid, except that it has no right password to sign in with.
func (c *canaryEnv) canaryForm(rt route) url.Values {
	s, domains := c.firstSubscription(c.mario.ID)
	form := url.Values{
		"csrf": {canaryField}, "token": {canaryField}, "password": {canaryPassword}, "password2": {canaryPassword}, "old": {c.mario.Login + "'s own secret"},
		"version": {formatID(accounts.ID(c.mario.Version))}, "contact.name": {"Mario Bianchi"}, "contact.email": {"mario.bianchi@example.com"},
		"login": {c.mario.Login}, "hold": {"provider"}, "lift": {"provider"}, "to": {"provider"}, "domain": {formatID(domains[1].ID)},
		"name": {"new-" + c.mario.Login + ".example"}, "back": {"/customers?token=" + canaryQuery},
	}
	selected := func(id int64, number string, going string) {
		form.Set("id", formatID(accounts.ID(id)))
		form.Set("digest", digest([]int64{id}))
		form.Set("number", number)
		form.Set("going", going)
	}
	names := []string{domains[0].Name, domains[1].Name}
	switch {
	case strings.HasPrefix(rt.path, "/customers/"):
		selected(int64(c.mario.ID), "2", digest([]accounts.ID{c.mario.ID}, []subscriptions.ID{s.ID}, names))
	case strings.HasPrefix(rt.path, "/subscriptions/"):
		form.Set("version", "1")
		selected(int64(s.ID), "2", digest([]accounts.ID(nil), []subscriptions.ID{s.ID}, names))
	case strings.HasPrefix(rt.path, "/domains/"):
		selected(int64(domains[1].ID), "1", digest([]accounts.ID(nil), []subscriptions.ID(nil), names[1:]))
	}
	switch rt.path {
	case "/signin":
		form.Set("password", canaryGuess)
	case "/operator":
		form.Set("login", operatorName)
		form.Set("password", canaryGuess)
	case "/customers/new":
		form.Set("login", "new-"+c.mario.Login)
	case "/domains/{id}/move":
		form.Set("to", formatID(s.ID))
	}
	return form
}

// canaryURL returns a URL of the route with ids of Mario, a token and secrets in the query.
func (c *canaryEnv) canaryURL(rt route) string {
	s, domains := c.firstSubscription(c.mario.ID)
	id := map[string]string{"customers": formatID(c.mario.ID), "subscriptions": formatID(s.ID), "domains": formatID(domains[1].ID)}
	path := strings.ReplaceAll(rt.path, "{$}", "")
	noun, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	token, err := c.clients.ResetToken(c.t.Context(), c.mario.ID, time.Hour)
	require.NoError(c.t, err)
	c.secret(token)
	path = strings.NewReplacer("{id}", id[noun], "{token}", token).Replace(path)
	return path + "?id=" + id[noun] + "&token=" + canaryQuery + "&password=" + canaryQuery
}

// mayUse reports whether a kind of user is in the audience of a route.
func mayUse(user string, a audience) bool {
	switch user {
	case "anonymous":
		return a == anyone
	case "operator":
		return a == operators
	case "customer":
		return a == customers || a == owners
	default:
		return a == customers
	}
}

// Nothing secret is written anywhere while each call of the store fails, once, in every route and for every kind of user.
func TestNothingSecretIsWritten(t *testing.T) {
	for _, panics := range []bool{false, true} {
		t.Run(map[bool]string{false: "the store fails", true: "the store panics"}[panics], func(t *testing.T) {
			t.Parallel()
			c := newCanaryEnv(t, nil)
			for _, rt := range routes {
				for _, user := range []string{"anonymous", "operator", "customer", "operator as customer"} {
					if mayUse(user, rt.audience) {
						c.breakRoute(rt, user, panics)
					}
				}
			}
			for _, method := range storeMethods() {
				assert.True(t, c.store.met[method], "%s did not fail: let brokenStore do it, or name it in unusedMethods", method)
			}
			events, err := c.clients.Events(t.Context(), accounts.EventQuery{Limit: 500, Desc: true})
			require.NoError(t, err)
			fmt.Fprintf(c, "%+v", events)
			c.assertSecret("the events")
		})
	}
}

// breakRoute requests a route once for each call of the store that it makes, and lets that call fail.
func (c *canaryEnv) breakRoute(rt route, user string, panics bool) {
	c.t.Helper()
	for n := 1; ; n++ {
		c.nextCustomer()
		b := c.userBrowser(user)
		address, form := c.canaryURL(rt), url.Values(nil)
		if rt.method == http.MethodPost {
			form = c.canaryForm(rt)
		}
		what := fmt.Sprintf("%s %s by %s, call %d", rt.method, rt.path, user, n)
		require.NoError(c.t, c.panel.Shutdown(c.t.Context()))
		c.assertSecret("preparing " + what)
		c.store.arm(n, panics)
		got := c.send(b, rt.method, address, form)
		require.NoError(c.t, c.panel.Shutdown(c.t.Context())) // waits for what runs in the background
		failed := c.store.hasFired()
		c.store.arm(0, false)
		c.registerCookies(b)
		if failed && rt.path != "/forgot" {
			before, _, _ := strings.Cut(strings.TrimSuffix(rt.path, "{$}"), "{id}")
			assert.Contains(c.t, c.written.String(), `"path":"`+before, "%s is not in the log", what)
			if !strings.HasSuffix(rt.path, "/link") {
				assert.Contains(c.t, []int{http.StatusInternalServerError, http.StatusServiceUnavailable}, got.StatusCode, what)
			}
		}
		c.assertSecret(what)
		if !failed {
			return
		}
		require.Less(c.t, n, 100, what)
	}
}

// send sends a request that may end without a response.
func (c *canaryEnv) send(b *browser, method, path string, form url.Values) response {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.server.URL+path, strings.NewReader(form.Encode()))
	require.NoError(c.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, values := range b.header {
		r.Header[name] = values
	}
	got, err := b.client.Do(r)
	if err != nil {
		return response{&http.Response{Header: http.Header{}}, ""}
	}
	defer got.Body.Close()
	var body bytes.Buffer
	_, _ = body.ReadFrom(got.Body)
	return response{got, body.String()}
}

// brokenTemplates are templates that fail, all of them or only the error page.
func brokenTemplates(all bool) fstest.MapFS {
	broken := &fstest.MapFile{Data: []byte(`{{define "content"}}{{.Broken}}{{end}}`)}
	files := fstest.MapFS{"problem.html": broken}
	if all {
		files = fstest.MapFS{"layout.html": {Data: []byte(`{{.ReturnPath}}{{.Flashes}}{{.Broken}}`)}}
	}
	return files
}

// requestAll requests every route with secrets, with the right audience and from another site, and paths that are no routes.
func (c *canaryEnv) requestAll() {
	c.t.Helper()
	for _, rt := range routes {
		for _, user := range []string{"anonymous", "operator", "customer", "operator as customer"} {
			if user != "anonymous" && !mayUse(user, rt.audience) {
				continue
			}
			c.nextCustomer()
			b := c.userBrowser(user)
			address, form := c.canaryURL(rt), url.Values(nil)
			if rt.method == http.MethodPost {
				form = c.canaryForm(rt)
			}
			c.send(b, rt.method, address, form)
			b.header.Set("Origin", "https://evil.example")
			c.send(b, rt.method, address, form)
			c.registerCookies(b)
			require.NoError(c.t, c.panel.Shutdown(c.t.Context()))
			c.assertSecret(rt.method + " " + rt.path + " by " + user)
		}
	}
	token, err := c.clients.ResetToken(c.t.Context(), c.mario.ID, time.Hour)
	require.NoError(c.t, err)
	c.secret(token)
	b := c.withHeaders(c.browser())
	for _, path := range []string{
		"/reset/" + token + "/", "/reset//" + token, "/RESET/" + token, "/reset/" + token + "/x", "/reset/reset", "/" + token, "/customers/" + token,
		"/reset/%2F" + token, "/assets/" + token, "/reset/" + token + "?%zz=" + canaryQuery + ";" + canaryQuery,
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
			c.send(b, method, path, url.Values{"password": {canaryPassword}})
		}
	}
	c.send(c.withHeaders(c.browser()), http.MethodPost, "/signin", url.Values{"login": {canaryLogin}, "password": {canaryGuess}})
	c.send(c.withHeaders(c.browser()), http.MethodPost, "/forgot", url.Values{"login": {canaryLogin}})
	require.NoError(c.t, c.panel.Shutdown(c.t.Context()))
	c.assertSecret("other paths")
}

// userBrowser returns a browser of a kind of user with secrets in its headers. It is signed in without the pages, which may
// fail.
func (c *canaryEnv) userBrowser(user string) *browser {
	b := c.browser()
	at, err := url.Parse(c.server.URL)
	require.NoError(c.t, err)
	set := func(kind, token string) {
		b.client.Jar.SetCookies(at, []*http.Cookie{{Name: "clientele-" + kind, Value: token, Path: "/"}})
	}
	s := sessions.Session{Account: c.mario.ID, Epoch: c.mario.SessionEpoch}
	switch user {
	case "operator":
		set(operatorCookie, c.panel.operatorSessions.Create(sessions.Session{Operator: operatorName}))
	case "operator as customer":
		set(operatorCookie, c.panel.operatorSessions.Create(sessions.Session{Operator: operatorName}))
		s.Operator = operatorName
		set(customerCookie, c.panel.customerSessions.Create(s))
	case "customer":
		set(customerCookie, c.panel.customerSessions.Create(s))
		set(deviceCookie, c.panel.deviceKey.newToken(customerCookie, c.mario.Login, accountEpoch(c.mario), c.panel.opts.Now()))
	}
	return c.withHeaders(b)
}

// Nothing secret is written while the application's own functions and templates fail or panic, and quote what they got.
func TestFailingFunctionsWriteNothingSecret(t *testing.T) {
	quoted := func(text string) error {
		return &url.Error{Op: "Get", URL: "https://api.example/?q=" + url.QueryEscape(text), Err: errors.New(text)}
	}
	printable := func(text string) string {
		var out bytes.Buffer
		w := quotedprintable.NewWriter(&out)
		_, _ = w.Write([]byte(strings.Repeat("x", 30) + text + "\n"))
		_ = w.Close()
		return out.String()
	}
	for name, change := range map[string]func(c *canaryEnv, opts *Options, hasher *accounts.PasswordHasher){
		"all templates":  func(_ *canaryEnv, opts *Options, _ *accounts.PasswordHasher) { opts.Templates = brokenTemplates(true) },
		"the error page": func(_ *canaryEnv, opts *Options, _ *accounts.PasswordHasher) { opts.Templates = brokenTemplates(false) },
		"SendReset, encoded": func(c *canaryEnv, opts *Options, _ *accounts.PasswordHasher) {
			opts.SendReset = func(_ context.Context, _ accounts.Account, link string) error {
				c.link(link)
				for rest := printable(link); rest != ""; { // parts of the token are secret as well
					part, more, _ := strings.Cut(rest, "=\r\n")
					if rest = more; len(part) >= 20 && !strings.Contains(part, "http") {
						c.secret(strings.TrimSpace(part))
					}
				}
				return fmt.Errorf("the server rejected: %s %w", printable(link), quoted(base64.StdEncoding.EncodeToString([]byte(link))))
			}
		},
		"SendReset panics": func(c *canaryEnv, opts *Options, _ *accounts.PasswordHasher) {
			opts.SendReset = func(_ context.Context, _ accounts.Account, link string) error { panic("cannot send " + c.link(link)) }
		},
		"AuthenticateOperator": func(_ *canaryEnv, opts *Options, _ *accounts.PasswordHasher) {
			opts.AuthenticateOperator = func(_ context.Context, _, password string) (bool, error) {
				return false, fmt.Errorf("bind with %q: %w", password, quoted(password))
			}
		},
		"AuthenticateOperator panics": func(_ *canaryEnv, opts *Options, _ *accounts.PasswordHasher) {
			opts.AuthenticateOperator = func(_ context.Context, _, password string) (bool, error) { panic(password) }
		},
		"OperatorActive": func(_ *canaryEnv, opts *Options, _ *accounts.PasswordHasher) {
			opts.OperatorActive = func(_ context.Context, name string) (bool, error) { return false, quoted(name) }
		},
		"Notify panics": func(_ *canaryEnv, opts *Options, _ *accounts.PasswordHasher) {
			opts.Notify = func(_ context.Context, _ NotificationKind, before, after accounts.Account) {
				panic(fmt.Sprintf("%+v %+v", before, after))
			}
		},
		"OperatorFromRequest panics": func(_ *canaryEnv, opts *Options, _ *accounts.PasswordHasher) {
			opts.OperatorFromRequest = func(r *http.Request) (string, bool) { panic(fmt.Sprint(r.Header, r.URL, r.PostForm)) }
		},
		"ClientAddr panics": func(_ *canaryEnv, opts *Options, _ *accounts.PasswordHasher) {
			opts.ClientAddr = func(r *http.Request) netip.Addr { panic(errors.New(fmt.Sprint(r.Header, r.URL, r.PostForm))) }
		},
		"Footer panics": func(c *canaryEnv, opts *Options, _ *accounts.PasswordHasher) {
			opts.Footer = func(language string) string { panic("no text in " + language) }
		},
		"the hasher": func(_ *canaryEnv, _ *Options, hasher *accounts.PasswordHasher) {
			*hasher = &brokenHasher{quote: quoted}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCanaryEnv(t, change)
			c.requestAll()
		})
	}
}

// Functions that are given a password may quote it in any form, also in the one in which the Manager hashes it. Of their errors,
// only the types are logged.
func TestErrorsOfFunctionsWithPasswords(t *testing.T) {
	const password = "p\u00e4ss\"<word>&\u2764\ufe0fe\u0301 canary" // as a telephone types it
	for name, quote := range map[string]func(string) string{
		"as it is": func(s string) string { return s },
		"JSON":     func(s string) string { text, _ := json.Marshal(s); return string(text) },
		"Base64":   func(s string) string { return base64.StdEncoding.EncodeToString([]byte("anna:" + s)) },
		"bytes":    func(s string) string { return fmt.Sprint([]byte(s)) },
		"HTML":     html.EscapeString,
		"a part":   func(s string) string { return s[1:10] },
	} {
		quoted := ""
		fail := func(given string) error {
			if !strings.Contains(given, "canary") {
				return nil
			}
			quoted = quote(given)
			return fmt.Errorf("request failed: %w", &url.Error{Op: "Post", URL: "https://api.example/", Err: errors.New(quoted)})
		}
		for function, change := range map[string]func(opts *accounts.Options){
			"AuthenticateOperator": func(*accounts.Options) {},
			"password policy": func(o *accounts.Options) {
				o.PasswordPolicy = func(_ context.Context, _, p string) error { return fail(p) }
			},
			"password hasher": func(o *accounts.Options) { o.Hasher = &brokenHasher{quote: fail} },
		} {
			var log bytes.Buffer
			opts := accounts.Options{Hasher: &fakeHasher{}, Secret: []byte(strings.Repeat("s", 32))}
			change(&opts)
			clients := accounts.NewManager(memory.New(), &opts)
			pages, err := New(clients, &Options{
				AuthenticateOperator: func(_ context.Context, _, password string) (bool, error) { return false, fail(password) },
				Logger:               slog.New(slog.NewTextHandler(&log, nil)),
			})
			require.NoError(t, err)
			mario, err := clients.Create(t.Context(), accounts.New{Login: "mario", Password: marioPassword, Contact: accounts.Contact{Name: "Mario"}})
			require.NoError(t, err)
			path := "/operator"
			if function != "AuthenticateOperator" {
				token, err := clients.ResetToken(t.Context(), mario.ID, time.Hour)
				require.NoError(t, err)
				path = "/reset/" + token
			}
			form := url.Values{"login": {operatorName}, "password": {password}, "password2": {password}}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			quoted = ""
			pages.ServeHTTP(w, r)
			assert.Equal(t, http.StatusInternalServerError, w.Code)
			require.NotEmpty(t, quoted, function)
			text := log.String()
			if _, attribute, found := strings.Cut(strings.TrimSpace(text), "error="); found {
				if unquoted, err := strconv.Unquote(attribute); err == nil {
					text += unquoted
				}
			}
			assert.NotContains(t, text, quoted, "%s, %s", function, name)
			assert.Contains(t, text, function)
			assert.Contains(t, text, "*url.Error")
		}
	}
}

// brokenHasher is a fakeHasher that fails for the passwords of requests and quotes them.
type brokenHasher struct {
	fakeHasher
	quote func(text string) error
}

func (h *brokenHasher) Hash(ctx context.Context, password string) (string, error) {
	if strings.Contains(password, "canary") {
		return "", h.quote(password)
	}
	return h.fakeHasher.Hash(ctx, password)
}

func (h *brokenHasher) Verify(ctx context.Context, hash, password string) (ok, outdated bool, err error) {
	if strings.Contains(password, "canary") {
		return false, false, h.quote(password + hash)
	}
	return h.fakeHasher.Verify(ctx, hash, password)
}

// Only log.go writes to the log, so that everything that is logged is redacted there.
func TestOneFileWritesTheLog(t *testing.T) {
	sources, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") || name == "log.go" || name == "options.go" {
			continue
		}
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.NotContains(t, string(source), "Logger", name)
		assert.NotContains(t, string(source), "slog.", name)
		assert.NotContains(t, string(source), "log.", name)
	}
}

// An export whose later rows cannot be read is a failed download, and neither a complete file nor one with an error page in it.
func TestFailingExportsAreAborted(t *testing.T) {
	for _, panics := range []bool{false, true} {
		c := newCanaryEnv(t, nil)
		for i := range maxListLimit {
			_, err := c.clients.Create(t.Context(), accounts.New{Login: fmt.Sprintf("many%d", i), Password: "a long password", Contact: accounts.Contact{Name: "Many"}})
			require.NoError(t, err)
		}
		b := c.userBrowser("operator")
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.server.URL+"/customers.csv", nil)
		require.NoError(t, err)
		c.store.arm(2, panics) // the second page
		got, err := b.client.Do(request)
		var body bytes.Buffer
		if err == nil { // the beginning may have been sent before
			_, err = body.ReadFrom(got.Body)
			_ = got.Body.Close()
		}
		require.Error(t, err)
		assert.True(t, c.store.hasFired())
		assert.NotContains(t, body.String(), "Something went wrong")
		assert.Contains(t, c.written.String(), `"path":"/customers.csv"`)
		c.assertSecret("an export")
	}
}
