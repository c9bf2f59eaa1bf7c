package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/adapters/gateway"
	"github.com/clientele-go/clientele/subscriptions"
)

// fakeResolver is a Resolver with a fixed set of sites that records its calls.
type fakeResolver struct {
	mu    sync.Mutex
	sites map[string]subscriptions.Site
	err   error         // returned instead of a site, if not nil
	hang  bool          // block until ctx is done
	delay time.Duration // before every result
	calls []string
}

func (f *fakeResolver) Resolve(ctx context.Context, host string) (subscriptions.Site, error) {
	f.mu.Lock()
	f.calls = append(f.calls, host)
	site, known := f.sites[host]
	err, hang, delay := f.err, f.hang, f.delay
	f.mu.Unlock()
	if hang {
		<-ctx.Done()
		return subscriptions.Site{}, fmt.Errorf("%w: %w", subscriptions.ErrUnavailable, ctx.Err())
	}
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return subscriptions.Site{}, ctx.Err()
		}
	}
	if err != nil {
		return subscriptions.Site{}, err
	}
	if !known {
		return subscriptions.Site{}, &subscriptions.NotFoundError{Kind: "domain", Name: host}
	}
	return site, nil
}

func (f *fakeResolver) update(change func(*fakeResolver)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *fakeResolver) recordedCalls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.calls...)
}

func newFakeResolver(sites ...subscriptions.Site) *fakeResolver {
	f := &fakeResolver{sites: map[string]subscriptions.Site{}}
	for _, s := range sites {
		f.sites[s.Domain.Name] = s
	}
	return f
}

func active(name string) subscriptions.Site {
	return subscriptions.Site{Domain: subscriptions.Domain{ID: 1, Name: name}, Plan: "gold"}
}

func suspended(name string, holds ...subscriptions.Hold) subscriptions.Site {
	s := active(name)
	s.Domain.Holds = holds
	return s
}

// website is the application's handler. It writes the name and plan of the site.
var website = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	site, ok := gateway.SiteFrom(r.Context())
	if !ok {
		http.Error(w, "no site in the context", http.StatusInternalServerError)
		return
	}
	_, _ = io.WriteString(w, "site "+site.Domain.Name+", plan "+site.Plan)
})

func get(h http.Handler, host string) *httptest.ResponseRecorder {
	return serve(h, request(http.MethodGet, host))
}

func request(method, host string) *http.Request {
	r := httptest.NewRequest(method, "/a/page?q=1", nil)
	r.Host = host
	return r
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var errDown = errors.New("connection refused")

func TestAnActiveSiteIsServedWithTheSiteInTheContext(t *testing.T) {
	g := gateway.New(newFakeResolver(active("mario.example")), website, nil)
	w := get(g, "mario.example")
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Equal(t, "site mario.example, plan gold", w.Body.String())
	assert.Empty(t, w.Header().Get("Cache-Control"), "the gateway adds no headers to a site's response")
}

func TestRefusals(t *testing.T) {
	down := newFakeResolver()
	down.err = errDown
	onHold := newFakeResolver(suspended("mario.example", subscriptions.Hold{Cause: subscriptions.CauseBilling}))
	for _, c := range []struct {
		name       string
		sites      *fakeResolver
		code       int
		retryAfter string
		text       string
	}{
		{"unknown", newFakeResolver(), http.StatusNotFound, "", "There is no website here"},
		{"suspended", onHold, http.StatusServiceUnavailable, "3600", "This website is currently unavailable"},
		{"lookup failed, nothing cached", down, http.StatusServiceUnavailable, "60", "This website cannot be reached"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := get(gateway.New(c.sites, website, nil), "mario.example")
			assert.Equal(t, c.code, w.Code)
			assert.Contains(t, w.Body.String(), c.text)
			h := w.Header()
			assert.Equal(t, c.retryAfter, h.Get("Retry-After"))
			assert.Equal(t, "no-store", h.Get("Cache-Control"))
			assert.Equal(t, "en", h.Get("Content-Language"))
			assert.Equal(t, "Accept-Language", h.Get("Vary"))
			assert.Equal(t, "text/html; charset=utf-8", h.Get("Content-Type"))
			assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
			assert.Equal(t, fmt.Sprint(w.Body.Len()), h.Get("Content-Length"))
		})
	}
}

func TestHostNames(t *testing.T) {
	sites := newFakeResolver(active("mario.example"), active("xn--bcher-kva.example"), active("www.mario.example"))
	for _, c := range []struct {
		host string
		code int
	}{
		{"mario.example", 200},
		{"mario.example:8080", 200},
		{"mario.example:", 200},
		{"MARIO.Example", 200},
		{"mario.example.", 200},
		{"Mario.Example.:443", 200},
		{"www.mario.example", 200},
		{"bücher.example", 200},
		{"BÜCHER.example:80", 200},
		{"xn--bcher-kva.example", 200},
		{"XN--BCHER-KVA.example", 200},
		{"luigi.example", 404},
		{"", 404},
		{".", 404},
		{":", 404},
		{":80", 404},
		{"mario", 404},
		{"mario.example..", 404},
		{"mario..example", 404},
		{".mario.example", 404},
		{"mario.example:80:80", 404},
		{"mario.example:http", 404},
		{"mario.example:٨٠", 404},
		{"user@mario.example", 404},
		{"mario.example/../x", 404},
		{" mario.example", 200},
		{"mario.example:80 ", 404},
		{"mario%2eexample", 404},
		{"mario.example%00", 404},
		{"[fe80::1%25eth0]:80", 404},
		{"[::ffff:127.0.0.1]", 404},
		{"[", 404},
		{"]:80", 404},
		{"mario.example\x00", 404},
		{"mario_.example", 404},
		{"*.example", 404},
		{"127.0.0.1", 404},
		{"127.0.0.1:80", 404},
		{"0x7f.1", 404},
		{"[::1]", 404},
		{"[::1]:80", 404},
		{"::1", 404},
		{"[mario.example]", 404},
		{"\xff\xfe.example", 404},
		{"xn--\u00fc.example", 404},
		{strings.Repeat("a", 64) + ".example", 404},
		{strings.Repeat("a.", 500_000) + "example", 404},
		{"\u212aario.example", 404},
	} {
		t.Run(fmt.Sprintf("%.40q", c.host), func(t *testing.T) {
			assert.Equal(t, c.code, get(gateway.New(sites, website, nil), c.host).Code)
		})
	}
}

func TestInvalidNamesAreNotFoundWithoutALookup(t *testing.T) {
	sites := newFakeResolver()
	sites.err = errDown
	assert.Equal(t, http.StatusNotFound, get(gateway.New(sites, website, nil), "[::1]:80").Code)
	assert.Empty(t, sites.recordedCalls())
}

func TestForwardedHostIsUsedOnlyIfConfigured(t *testing.T) {
	sites := newFakeResolver(active("mario.example"), active("proxy.example"))
	for _, c := range []struct {
		name, header string
		headers      http.Header
		site         string // "": none
	}{
		{"not configured", "", http.Header{"X-Forwarded-Host": {"mario.example"}, "Forwarded": {"host=mario.example"}}, "proxy.example"},
		{"configured", "X-Forwarded-Host", http.Header{"X-Forwarded-Host": {"mario.example"}}, "mario.example"},
		{"another header", "X-Forwarded-Host", http.Header{"Forwarded": {"host=mario.example"}}, "proxy.example"},
		{"in small letters", "x-forwarded-host", http.Header{"X-Forwarded-Host": {"mario.example"}}, "mario.example"},
		{"with a port", "X-Forwarded-Host", http.Header{"X-Forwarded-Host": {"Mario.example:443"}}, "mario.example"},
		{"the nearest proxy's", "X-Forwarded-Host", http.Header{"X-Forwarded-Host": {"evil.example, mario.example"}}, "mario.example"},
		{"the nearest proxy's line", "X-Forwarded-Host", http.Header{"X-Forwarded-Host": {"evil.example", "mario.example"}}, "mario.example"},
		{"absent", "X-Forwarded-Host", nil, "proxy.example"},
		{"empty", "X-Forwarded-Host", http.Header{"X-Forwarded-Host": {" "}}, "proxy.example"},
		{"no domain name", "X-Forwarded-Host", http.Header{"X-Forwarded-Host": {"[::1]"}}, ""},
		{"RFC 7239", "Forwarded", http.Header{"Forwarded": {"for=192.0.2.43; Host=mario.example;proto=https"}}, "mario.example"},
		{"RFC 7239, quoted", "Forwarded", http.Header{"Forwarded": {`for="[2001:db8::1]:4711";host="mario.example:443"`}}, "mario.example"},
		{"RFC 7239, the nearest proxy's", "forwarded", http.Header{"Forwarded": {`for="a,b;\",";host=evil.example, host=mario.example`}}, "mario.example"},
		{"RFC 7239, a comma in quotes", "Forwarded", http.Header{"Forwarded": {`host=mario.example;for="a,host=evil.example"`}}, "mario.example"},
		{"RFC 7239, none from the nearest proxy", "Forwarded", http.Header{"Forwarded": {"host=evil.example, for=192.0.2.1"}}, "proxy.example"},
		{"RFC 7239, a megabyte", "Forwarded", http.Header{"Forwarded": {strings.Repeat(",;", 500_000) + "host=mario.example"}}, "mario.example"},
		{"RFC 7239, several in one element", "Forwarded", http.Header{"Forwarded": {"host=mario.example;host=evil.example"}}, "mario.example"},
		{"RFC 7239, in several lines", "Forwarded", http.Header{"Forwarded": {"host=evil.example", "host=mario.example"}}, "mario.example"},
		{"RFC 7239, unterminated quote", "Forwarded", http.Header{"Forwarded": {`host="mario.example`}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := gateway.New(sites, website, &gateway.Options{HostHeader: c.header})
			r := request(http.MethodGet, "proxy.example")
			r.Header = c.headers
			w := serve(g, r)
			if c.site == "" {
				assert.Equal(t, http.StatusNotFound, w.Code)
				return
			}
			assert.Equal(t, "site "+c.site+", plan gold", w.Body.String())
		})
	}
}

func TestVisitorsSeeOnlyPublicTexts(t *testing.T) {
	site := active("mario.example")
	hold := func(cause subscriptions.Cause, public string) subscriptions.Hold {
		return subscriptions.Hold{Cause: cause, Public: public, Note: "NOTE", Message: "MESSAGE", By: "ACTOR"}
	}
	account := subscriptions.Holds{hold("abuse", "Closed for <b>now</b> & ever.\nSorry."), hold("billing", "Appears twice.")}
	site.Domain.Inherited = account.Inherited(subscriptions.Holds{hold("expired", " Appears twice. "), hold("provider", " \n ")})
	site.Domain.Holds = subscriptions.Holds{hold("customer", "Last.")}

	var page gateway.Page
	get(gateway.New(newFakeResolver(site), website, &gateway.Options{Template: capturePage(t, &page)}), "mario.example")
	assert.Equal(t, gateway.Page{
		Status: 503, Language: "en", Title: "This website is currently unavailable",
		Paragraphs: []string{"Closed for <b>now</b> & ever.\nSorry.", "Appears twice.", "Last."},
	}, page)

	w := get(gateway.New(newFakeResolver(site), website, nil), "mario.example")
	body := w.Body.String()
	assert.Contains(t, body, "Closed for &lt;b&gt;now&lt;/b&gt; &amp; ever.\nSorry.")
	assert.Equal(t, 1, strings.Count(body, "Appears twice."))
	assert.NotContains(t, body, "Please try again", "public texts replace the neutral sentence")
	sent := strings.ToLower(body + fmt.Sprint(w.Header()))
	for _, secret := range []string{"note", "message", "actor", "abuse", "billing", "expired", "customer", "gold", "mario.example"} {
		assert.NotContains(t, sent, secret)
	}
}

// capturePage returns a template that stores its data in to.
func capturePage(t *testing.T, to *gateway.Page) *template.Template {
	t.Helper()
	tmpl, err := template.New("capture").Funcs(template.FuncMap{"capture": func(p gateway.Page) string {
		*to = p
		return ""
	}}).Parse(`{{capture .}}`)
	require.NoError(t, err)
	return tmpl
}

func TestTemplateReplacesThePage(t *testing.T) {
	custom := template.Must(template.New("custom").Parse(`<p lang="{{.Language}}">{{.Status}} {{.Title}}: {{range .Paragraphs}}{{.}}{{end}}</p>`))
	w := get(gateway.New(newFakeResolver(), website, &gateway.Options{Template: custom}), "mario.example")
	assert.Equal(t, `<p lang="en">404 There is no website here: No website has this address. Please check the spelling.</p>`, w.Body.String())
	assert.NotContains(t, w.Header(), "Content-Security-Policy", "a custom page may load anything")
}

func TestAFailingTemplateIsReplacedByPlainText(t *testing.T) {
	var reported []string
	custom := template.Must(template.New("custom").Parse(`half a page {{.Missing}}`))
	g := gateway.New(newFakeResolver(), website, &gateway.Options{
		Template: custom,
		OnError:  func(_ context.Context, err error) { reported = append(reported, err.Error()) },
	})
	w := get(g, "mario.example")
	assert.Equal(t, http.StatusNotFound, w.Code)
	assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
	assert.Equal(t, "There is no website here\n\nNo website has this address. Please check the spelling.\n", w.Body.String())
	require.Len(t, reported, 1)
	assert.Contains(t, reported[0], "Missing")
}

// Visitors get a complete page even if the template panics or was never parsed.
func TestAPanickingTemplateIsReplacedByPlainText(t *testing.T) {
	panicking := template.FuncMap{"panics": func() string { panic("a bug") }}
	for name, custom := range map[string]*template.Template{
		"panicking function": template.Must(template.New("custom").Funcs(panicking).Parse(`half a page {{panics}}`)),
		"zero template":      {},
		"never parsed":       template.New("custom"),
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			g := gateway.New(newFakeResolver(), website, &gateway.Options{Template: custom, OnError: func(context.Context, error) {
				calls++
				panic("a bug in OnError")
			}})
			w := get(g, "mario.example")
			assert.Equal(t, http.StatusNotFound, w.Code)
			assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
			assert.True(t, strings.HasPrefix(w.Body.String(), "There is no website here\n\n"), w.Body.String())
			assert.Equal(t, 1, calls)
		})
	}
}

func TestLanguages(t *testing.T) {
	g := gateway.New(newFakeResolver(suspended("mario.example", subscriptions.Hold{Cause: "abuse"})), website, nil)
	for accept, want := range map[string]string{
		"":                   "en",
		"en":                 "en",
		"it":                 "it",
		"it-CH":              "it",
		"IT-it, en;q=0.8":    "it",
		"en-GB, it;q=0.9":    "en",
		"en;q=0.2, it;q=0.8": "it",
		"de, it;q=0.5":       "it",
		"de":                 "en",
		"xx, it;q=0.3":       "it",
		"?, it":              "it",
		"it" + strings.Repeat(",en;q=0.1", 100_000): "it",
		strings.Repeat("de;q=0.1,", 100_000) + "it": "en",
		"*":                           "en",
		"it;q=0":                      "en",
		";;;,,,q=":                    "en",
		strings.Repeat("it-", 10_000): "en",
	} {
		t.Run(fmt.Sprintf("%.30q", accept), func(t *testing.T) {
			r := request(http.MethodGet, "mario.example")
			if accept != "" {
				r.Header.Set("Accept-Language", accept)
			}
			w := serve(g, r)
			assert.Equal(t, want, w.Header().Get("Content-Language"))
			assert.Contains(t, w.Body.String(), `<html lang="`+want+`">`)
			sentence := map[string]string{"en": "Please try again later.", "it": "Riprova più tardi."}
			assert.Contains(t, w.Body.String(), sentence[want])
		})
	}
}

func TestHEADHasTheHeadersOfGET(t *testing.T) {
	for _, sites := range []*fakeResolver{newFakeResolver(), newFakeResolver(suspended("mario.example", subscriptions.Hold{Cause: "abuse"}))} {
		g := gateway.New(sites, website, nil)
		full := get(g, "mario.example")
		head := serve(g, request(http.MethodHead, "mario.example"))
		assert.Equal(t, full.Code, head.Code)
		assert.Equal(t, full.Header(), head.Header())
		assert.NotZero(t, full.Body.Len())
		assert.Zero(t, head.Body.Len())
	}
}

// unreadableBody is a request body that fails the test when it is read.
type unreadableBody struct{ t *testing.T }

func (b unreadableBody) Read([]byte) (int, error) {
	b.t.Error("the body was read")
	return 0, io.EOF
}

func (b unreadableBody) Close() error { return nil }

func TestASuspendedSiteGetsNoRequestsOfAnyMethod(t *testing.T) {
	g := gateway.New(newFakeResolver(suspended("mario.example", subscriptions.Hold{Cause: "abuse"})), website, nil)
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"} {
		t.Run(method, func(t *testing.T) {
			r := request(method, "mario.example")
			r.Body, r.ContentLength = unreadableBody{t}, 1<<30
			assert.Equal(t, http.StatusServiceUnavailable, serve(g, r).Code)
		})
	}
	t.Run("upgrade", func(t *testing.T) {
		r := request(http.MethodGet, "mario.example")
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "websocket")
		assert.Equal(t, http.StatusServiceUnavailable, serve(g, r).Code)
	})
}

func TestTheContentSecurityPolicyAllowsOnlyTheInlineStyle(t *testing.T) {
	w := get(gateway.New(newFakeResolver(), website, nil), "mario.example")
	body := w.Body.String()
	_, rest, _ := strings.Cut(body, "<style>")
	style, _, closed := strings.Cut(rest, "</style>")
	require.True(t, closed)
	policy := w.Header().Get("Content-Security-Policy")
	assert.Contains(t, policy, "default-src 'none'; style-src 'sha256-"+digest(style)+"'")
	assert.Contains(t, policy, "frame-ancestors 'none'")
	for _, external := range []string{"src=", "href=", "url(", "@import", "style=", "<script", "http:", "https:"} {
		assert.NotContains(t, body, external)
	}
}

func TestSiteFromReturnsACopy(t *testing.T) {
	site := active("mario.example")
	site.Domain.Attributes = map[string]string{"root": "/srv"}
	modify := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, ok := gateway.SiteFrom(r.Context())
		assert.True(t, ok)
		assert.Equal(t, map[string]string{"root": "/srv"}, s.Domain.Attributes)
		s.Domain.Attributes["root"] = "/etc"
	})
	g := gateway.New(newFakeResolver(site), modify, nil)
	get(g, "mario.example")
	get(g, "mario.example")

	_, ok := gateway.SiteFrom(context.Background())
	assert.False(t, ok)
}

func TestResolveReturnsARedactedCopy(t *testing.T) {
	site := suspended("mario.example", subscriptions.Hold{Cause: "abuse", Note: "n", Message: "m", Public: "p", By: "b", At: time.Unix(1, 0)})
	site.Domain.Inherited = subscriptions.Holds{{Cause: "billing", Note: "n", Message: "m", Public: "p", By: "b"}}.Effective(subscriptions.LevelAccount)
	g := gateway.New(newFakeResolver(site), website, nil)
	for range 2 {
		got, err := g.Resolve(t.Context(), "mario.example")
		require.NoError(t, err)
		assert.Equal(t, subscriptions.Holds{{Cause: "abuse", Public: "p", At: time.Unix(1, 0)}}, got.Domain.Holds)
		assert.Equal(t, subscriptions.Holds{{Cause: "billing", Public: "p"}}.Effective(subscriptions.LevelAccount), got.Domain.Inherited)
		got.Domain.Holds[0].Public, got.Domain.Inherited[0].Public = "changed", "changed"
	}
	_, err := g.Resolve(t.Context(), "luigi.example")
	var notFound *subscriptions.NotFoundError
	require.ErrorAs(t, err, &notFound)
	assert.Equal(t, "luigi.example", notFound.Name)
}

func TestResultsAreCachedForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newFakeResolver(active("mario.example"))
		g := gateway.New(sites, website, nil)
		for range 5 {
			assert.Equal(t, 200, get(g, "mario.example").Code)
			assert.Equal(t, 200, get(g, "MARIO.example.:80").Code)
			assert.Equal(t, 404, get(g, "luigi.example").Code)
		}
		assert.Equal(t, []string{"mario.example", "luigi.example"}, sites.recordedCalls())

		sites.update(func(f *fakeResolver) {
			f.sites["mario.example"] = suspended("mario.example", subscriptions.Hold{Cause: "abuse"})
			f.sites["luigi.example"] = active("luigi.example")
		})
		time.Sleep(time.Second - 1)
		assert.Equal(t, 200, get(g, "mario.example").Code)
		assert.Equal(t, 404, get(g, "luigi.example").Code)
		time.Sleep(time.Nanosecond)
		assert.Equal(t, 503, get(g, "mario.example").Code)
		assert.Equal(t, 200, get(g, "luigi.example").Code)

		sites.update(func(f *fakeResolver) { delete(f.sites, "mario.example") })
		time.Sleep(time.Second)
		assert.Equal(t, 404, get(g, "mario.example").Code)
	})
}

func TestNegativeTTLLooksUpEveryRequest(t *testing.T) {
	sites := newFakeResolver(active("mario.example"))
	g := gateway.New(sites, website, &gateway.Options{TTL: -1})
	for range 3 {
		assert.Equal(t, 200, get(g, "mario.example").Code)
	}
	assert.Len(t, sites.recordedCalls(), 3)
	sites.update(func(f *fakeResolver) { f.err = errDown })
	assert.Equal(t, 200, get(g, "mario.example").Code, "the last known result is still used")
}

func TestAClockSetBackDoesNotExtendTheTTL(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	sites := newFakeResolver(active("mario.example"))
	g := gateway.New(sites, website, &gateway.Options{Now: func() time.Time { return now }})
	get(g, "mario.example")
	now = now.Add(-time.Hour)
	get(g, "mario.example")
	assert.Len(t, sites.recordedCalls(), 2)
}

func TestStaleResultsAreUsedForAnHourWhileLookupsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reported []error
		sites := newFakeResolver(active("mario.example"), suspended("luigi.example", subscriptions.Hold{Cause: "abuse", Public: "Closed."}))
		g := gateway.New(sites, website, &gateway.Options{OnError: func(_ context.Context, err error) { reported = append(reported, err) }})
		get(g, "mario.example")
		get(g, "luigi.example")
		get(g, "unknown.example")
		sites.update(func(f *fakeResolver) { f.err = errDown })

		for range 59 {
			time.Sleep(time.Minute)
			assert.Equal(t, 200, get(g, "mario.example").Code)
			w := get(g, "luigi.example")
			assert.Equal(t, 503, w.Code)
			assert.Contains(t, w.Body.String(), "Closed.")
			assert.Equal(t, 503, get(g, "unknown.example").Code, "unknown names are forgotten")
			assert.Equal(t, 503, get(g, "new.example").Code)
		}
		require.NotEmpty(t, reported)
		require.ErrorIs(t, reported[0], errDown)
		assert.ErrorContains(t, reported[0], "mario.example")

		time.Sleep(time.Minute)
		assert.Equal(t, 503, get(g, "mario.example").Code)
		w := get(g, "luigi.example")
		assert.Equal(t, "60", w.Header().Get("Retry-After"))
		assert.NotContains(t, w.Body.String(), "Closed.")

		sites.update(func(f *fakeResolver) { f.err = nil })
		time.Sleep(time.Second)
		assert.Equal(t, 200, get(g, "mario.example").Code)
		assert.Equal(t, 404, get(g, "unknown.example").Code)
	})
}

func TestFailedLookupsAreNotRepeatedForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newFakeResolver(active("mario.example"))
		g := gateway.New(sites, website, nil)
		get(g, "mario.example")
		sites.update(func(f *fakeResolver) { f.err, f.delay, f.calls = errDown, time.Millisecond, nil })
		time.Sleep(time.Second)
		for range 10 {
			assert.Equal(t, 200, get(g, "mario.example").Code)
			assert.Equal(t, 503, get(g, "luigi.example").Code)
		}
		assert.Equal(t, []string{"mario.example", "luigi.example"}, sites.recordedCalls())
		time.Sleep(time.Second)
		get(g, "mario.example")
		assert.Len(t, sites.recordedCalls(), 3)
	})
}

func TestARemovedSiteDoesNotComeBackWhileLookupsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newFakeResolver(active("mario.example"))
		g := gateway.New(sites, website, nil)
		assert.Equal(t, 200, get(g, "mario.example").Code)
		sites.update(func(f *fakeResolver) { delete(f.sites, "mario.example") })
		time.Sleep(time.Second)
		assert.Equal(t, 404, get(g, "mario.example").Code)
		sites.update(func(f *fakeResolver) { f.err = errDown })
		time.Sleep(time.Second)
		assert.Equal(t, 503, get(g, "mario.example").Code)
	})
}

func TestNegativeMaxStaleServesNothingStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newFakeResolver(active("mario.example"))
		g := gateway.New(sites, website, &gateway.Options{MaxStale: -1})
		assert.Equal(t, 200, get(g, "mario.example").Code)
		sites.update(func(f *fakeResolver) { f.err = errDown })
		time.Sleep(time.Second)
		assert.Equal(t, 503, get(g, "mario.example").Code)
	})
}

func TestHangingLookupsDelayRequestsBriefly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newFakeResolver(active("mario.example"))
		g := gateway.New(sites, website, nil)
		get(g, "mario.example")
		sites.update(func(f *fakeResolver) { f.hang = true })
		time.Sleep(time.Second)
		timeGet := func(host string, code int) time.Duration {
			start := time.Now()
			assert.Equal(t, code, get(g, host).Code)
			return time.Since(start)
		}
		assert.Equal(t, 2*time.Second, timeGet("unknown.example", 503))
		assert.Equal(t, 2*time.Second, timeGet("mario.example", 200), "the first one waits for the timeout")
		assert.Zero(t, timeGet("mario.example", 200))
		time.Sleep(time.Second)
		assert.Equal(t, 100*time.Millisecond, timeGet("mario.example", 200), "later ones wait for a twentieth of it")
		assert.Zero(t, timeGet("mario.example", 200))

		sites.update(func(f *fakeResolver) {
			f.hang = false
			f.sites["mario.example"] = suspended("mario.example", subscriptions.Hold{Cause: "abuse"})
		})
		time.Sleep(3 * time.Second) // until the hanging lookup has timed out
		assert.Zero(t, timeGet("mario.example", 503))
	})
}

func TestConcurrentRequestsForOneNameShareALookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newFakeResolver(active("mario.example"))
		sites.delay = 500 * time.Millisecond
		g := gateway.New(sites, website, &gateway.Options{TTL: -1})
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() { assert.Equal(t, 200, get(g, "mario.example").Code) })
		}
		wg.Wait()
		assert.Len(t, sites.recordedCalls(), 1)
	})
}

func TestConcurrentRequestsShareALookupWhateverItsResult(t *testing.T) {
	for name, c := range map[string]struct {
		host string
		then func(*fakeResolver) // called once the cached result has expired
		wait time.Duration
		code int
	}{
		"unknown name":          {"luigi.example", func(*fakeResolver) {}, time.Second, 404},
		"lookup fails":          {"mario.example", func(f *fakeResolver) { f.err = errDown }, time.Second, 200},
		"fails, nothing cached": {"luigi.example", func(f *fakeResolver) { f.err = errDown }, time.Second, 503},
		"fails beyond MaxStale": {"mario.example", func(f *fakeResolver) { f.err = errDown }, time.Hour, 503},
		"lookup hangs":          {"mario.example", func(f *fakeResolver) { f.hang = true }, time.Second, 200},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sites := newFakeResolver(active("mario.example"))
				g := gateway.New(sites, website, nil)
				get(g, "mario.example")
				time.Sleep(c.wait)
				sites.update(func(f *fakeResolver) { f.delay, f.calls = 500*time.Millisecond, nil; c.then(f) })
				var wg sync.WaitGroup
				for range 1000 {
					wg.Go(func() { assert.Equal(t, c.code, get(g, c.host).Code) })
				}
				wg.Wait()
				assert.Len(t, sites.recordedCalls(), 1)
			})
		})
	}
}

func TestALookupThatStartedTooEarlyIsRepeated(t *testing.T) {
	for name, c := range map[string]struct {
		ttl  time.Duration
		code int
	}{
		"no cache":             {-1, 503},
		"TTL of 10 ms":         {10 * time.Millisecond, 503},
		"TTL just long enough": {100*time.Millisecond + 1, 200},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sites := newFakeResolver(active("mario.example"))
				sites.delay = 500 * time.Millisecond
				g := gateway.New(sites, website, &gateway.Options{TTL: c.ttl})
				var early sync.WaitGroup
				early.Go(func() { assert.Equal(t, 200, get(g, "mario.example").Code) })
				time.Sleep(50 * time.Millisecond)
				sites.update(func(f *fakeResolver) {
					f.sites["mario.example"] = suspended("mario.example", subscriptions.Hold{Cause: "abuse"})
				})
				time.Sleep(50 * time.Millisecond)
				assert.Equal(t, c.code, get(g, "mario.example").Code)
				early.Wait()
			})
		})
	}
}

func TestAClockSetBackDuringALookupRepeatsItOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newFakeResolver(active("mario.example"))
		sites.delay = time.Millisecond
		now := time.Now()
		g := gateway.New(sites, website, &gateway.Options{TTL: -1, Now: func() time.Time {
			now = now.Add(-time.Minute)
			return now
		}})
		assert.Equal(t, 200, get(g, "mario.example").Code)
		assert.Len(t, sites.recordedCalls(), 2)
	})
}

func TestACanceledRequestDoesNotCancelTheLookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newFakeResolver(active("mario.example"))
		sites.delay = time.Second
		g := gateway.New(sites, website, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var err error
		go func() { _, err = g.Resolve(ctx, "mario.example") }()
		synctest.Wait()
		code := 0
		go func() { code = get(g, "mario.example").Code }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, subscriptions.ErrUnavailable)
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, 200, code)
		assert.Len(t, sites.recordedCalls(), 1)
	})
}

func TestMadeUpNamesDoNotEvictSites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newFakeResolver(active("mario.example"))
		g := gateway.New(sites, website, &gateway.Options{CacheSize: 100})
		get(g, "mario.example")
		for i := range 1000 {
			assert.Equal(t, 404, get(g, fmt.Sprintf("made-up-%d.example", i)).Code)
		}
		sites.update(func(f *fakeResolver) { f.err = errDown })
		for i := range 1000 {
			assert.Equal(t, 503, get(g, fmt.Sprintf("more-%d.example", i)).Code)
		}
		time.Sleep(time.Second)
		assert.Equal(t, 200, get(g, "mario.example").Code)
	})
}

func TestTheCacheIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newFakeResolver(active("a.example"), active("b.example"), active("c.example"))
		g := gateway.New(sites, website, &gateway.Options{CacheSize: 2})
		for _, name := range []string{"a.example", "b.example", "a.example", "c.example"} {
			get(g, name)
		}
		get(g, "one.made-up.example")
		get(g, "two.made-up.example")
		get(g, "one.made-up.example")
		assert.Len(t, sites.recordedCalls(), 6, "the cache of unknown names is a tenth of the size, at least 1")

		sites.update(func(f *fakeResolver) { f.err = errDown })
		time.Sleep(time.Second)
		assert.Equal(t, 200, get(g, "a.example").Code)
		assert.Equal(t, 200, get(g, "c.example").Code)
		assert.Equal(t, 503, get(g, "b.example").Code, "the least recently used site was evicted")
	})
}

// net/http returns substrings of the headers. Caching one must not keep the whole header in memory.
func TestTheCacheDoesNotRetainHeaders(t *testing.T) {
	const hosts, length = 32, 1 << 20
	sites := newFakeResolver()
	g := gateway.New(sites, website, &gateway.Options{TTL: time.Hour, HostHeader: "Forwarded"})
	before := liveHeap()
	for i := range hosts {
		name := fmt.Sprintf("made-up-%d.example", i)
		get(g, name+":"+strings.Repeat("0", length))
		r := request(http.MethodGet, "proxy.example")
		r.Header.Set("Forwarded", "host=www."+name+";for="+strings.Repeat("0", length))
		serve(g, r)
	}
	sites.update(func(f *fakeResolver) {
		assert.Len(t, f.calls, 2*hosts)
		f.calls = nil
	})
	assert.Less(t, liveHeap()-before, int64(hosts*length/2))
	assert.Equal(t, 404, get(g, "made-up-0.example").Code)
	assert.Empty(t, sites.recordedCalls(), "the name is still cached")
}

func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) // the heap of a test is smaller than 8 EiB
}

type panickingResolver struct{}

func (panickingResolver) Resolve(context.Context, string) (subscriptions.Site, error) { panic("a bug") }

func TestAPanicInTheResolverIsAFailedLookup(t *testing.T) {
	reported := make(chan error, 1)
	g := gateway.New(panickingResolver{}, website, &gateway.Options{OnError: func(_ context.Context, err error) { reported <- err }})
	assert.Equal(t, 503, get(g, "mario.example").Code)
	err := <-reported
	require.ErrorContains(t, err, "panickingResolver", "the stack")
	assert.NotContains(t, err.Error(), "a bug", "a value may quote a secret")
}

func TestAPanicInOnErrorIsRecovered(t *testing.T) {
	sites := newFakeResolver(active("mario.example"))
	g := gateway.New(sites, website, &gateway.Options{TTL: -1, OnError: func(context.Context, error) { panic("a bug") }})
	get(g, "mario.example")
	sites.update(func(f *fakeResolver) { f.err = errDown })
	assert.Equal(t, 200, get(g, "mario.example").Code)
	assert.Equal(t, 503, get(g, "luigi.example").Code)
}

func TestAskHandler(t *testing.T) {
	sites := newFakeResolver(active("mario.example"), active("xn--bcher-kva.example"), suspended("luigi.example", subscriptions.Hold{Cause: "abuse"}))
	down := newFakeResolver()
	down.err = errDown
	for _, c := range []struct {
		sites  *fakeResolver
		method string
		domain string
		code   int
	}{
		{sites, "GET", "mario.example", 200},
		{sites, "HEAD", "mario.example", 200},
		{sites, "GET", "Mario.Example.", 200},
		{sites, "GET", "bücher.example", 200},
		{sites, "GET", "luigi.example", 200},
		{sites, "GET", "peach.example", 404},
		{sites, "GET", "", 404},
		{sites, "GET", "127.0.0.1", 404},
		{sites, "GET", "mario.example:80", 404},
		{sites, "GET", "\x00\xff", 404},
		{sites, "POST", "mario.example", 405},
		{down, "GET", "mario.example", 503},
		{down, "GET", "127.0.0.1", 404},
	} {
		t.Run(c.method+" "+fmt.Sprintf("%q", c.domain), func(t *testing.T) {
			r := httptest.NewRequest(c.method, "/?domain="+url.QueryEscape(c.domain), nil)
			w := serve(gateway.AskHandler(c.sites), r)
			assert.Equal(t, c.code, w.Code)
			assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		})
	}
}

func TestAskHandlerRequiresExactlyOneDomainParameter(t *testing.T) {
	ask := gateway.AskHandler(newFakeResolver(active("mario.example"), active("luigi.example")))
	for query, code := range map[string]int{
		"":                             404,
		"name=mario.example":           404,
		"Domain=mario.example":         404,
		"domain":                       404,
		"domain=&domain=mario.example": 404,
		"domain=mario.example&domain=": 404,
		"domain=mario.example&x=1":     200,
		"domain=mario.example&domain=luigi.example":           404,
		"domain=mario.example;domain=luigi.example":           404,
		"domain=mario.example%":                               404,
		"domain=mario%2Eexample":                              200,
		"domain=*.mario.example":                              404,
		"domain=[::1]":                                        404,
		"domain=" + strings.Repeat("a.", 500_000) + "example": 404,
		"domain=" + strings.Repeat("a", 64) + ".example":      404,
	} {
		t.Run(fmt.Sprintf("%.60q", query), func(t *testing.T) {
			assert.Equal(t, code, serve(ask, httptest.NewRequest("GET", "/any/path?"+query, nil)).Code)
		})
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE"} {
		w := serve(ask, httptest.NewRequest(method, "http://127.0.0.1/?domain=mario.example", nil))
		assert.Equal(t, 405, w.Code, method)
		assert.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
	}
}

func TestAskHandlerWaitsAtMostTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newFakeResolver()
		sites.hang = true
		start := time.Now()
		assert.Equal(t, 503, serve(gateway.AskHandler(sites), httptest.NewRequest("GET", "/?domain=mario.example", nil)).Code)
		assert.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestAskHandlerOfAGatewayUsesItsCache(t *testing.T) {
	sites := newFakeResolver(active("mario.example"))
	g := gateway.New(sites, website, &gateway.Options{TTL: -1})
	ask := gateway.AskHandler(g)
	askFor := func(name string) int {
		return serve(ask, httptest.NewRequest("GET", "/?domain="+name, nil)).Code
	}
	assert.Equal(t, 200, askFor("mario.example"))
	sites.update(func(f *fakeResolver) { f.err = errDown })
	assert.Equal(t, 200, askFor("mario.example"))
	assert.Equal(t, 503, askFor("luigi.example"))
}
