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

// book is a Resolver that says what it is told to, and remembers what it was asked.
type book struct {
	mu    sync.Mutex
	sites map[string]subscriptions.Site
	fails error         // instead of an answer
	hangs bool          // until ctx ends
	takes time.Duration // for every answer
	asked []string
}

func (b *book) Resolve(ctx context.Context, host string) (subscriptions.Site, error) {
	b.mu.Lock()
	b.asked = append(b.asked, host)
	site, known := b.sites[host]
	fails, hangs, takes := b.fails, b.hangs, b.takes
	b.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return subscriptions.Site{}, fmt.Errorf("%w: %w", subscriptions.ErrUnavailable, ctx.Err())
	}
	if takes > 0 {
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return subscriptions.Site{}, ctx.Err()
		}
	}
	if fails != nil {
		return subscriptions.Site{}, fails
	}
	if !known {
		return subscriptions.Site{}, &subscriptions.NotFoundError{Kind: "domain", Name: host}
	}
	return site, nil
}

func (b *book) set(change func(*book)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

func (b *book) questions() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.asked...)
}

func newBook(sites ...subscriptions.Site) *book {
	b := &book{sites: map[string]subscriptions.Site{}}
	for _, s := range sites {
		b.sites[s.Domain.Name] = s
	}
	return b
}

func active(name string) subscriptions.Site {
	return subscriptions.Site{Domain: subscriptions.Domain{ID: 1, Name: name}, Plan: "gold"}
}

func suspended(name string, holds ...subscriptions.Hold) subscriptions.Site {
	s := active(name)
	s.Domain.Holds = holds
	return s
}

// website is the host's own server: it says which site it serves.
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

func TestAnActiveSiteIsServedWithItsSiteInTheContext(t *testing.T) {
	g := gateway.New(newBook(active("mario.example")), website, nil)
	w := get(g, "mario.example")
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Equal(t, "site mario.example, plan gold", w.Body.String())
	assert.Empty(t, w.Header().Get("Cache-Control"), "the gateway adds nothing to what a site answers")
}

func TestRefusals(t *testing.T) {
	down := newBook()
	down.fails = errDown
	held := newBook(suspended("mario.example", subscriptions.Hold{Cause: subscriptions.CauseBilling}))
	for _, c := range []struct {
		name       string
		sites      *book
		code       int
		retryAfter string
		says       string
	}{
		{"unknown", newBook(), http.StatusNotFound, "", "There is no website here"},
		{"suspended", held, http.StatusServiceUnavailable, "3600", "This website is currently unavailable"},
		{"failing store, nothing known", down, http.StatusServiceUnavailable, "60", "This website cannot be reached"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := get(gateway.New(c.sites, website, nil), "mario.example")
			assert.Equal(t, c.code, w.Code)
			assert.Contains(t, w.Body.String(), c.says)
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
	sites := newBook(active("mario.example"), active("xn--bcher-kva.example"), active("www.mario.example"))
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
		{" mario.example", 404},
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

func TestGarbageIsUnknownEvenWhileTheStoreFails(t *testing.T) {
	sites := newBook()
	sites.fails = errDown
	assert.Equal(t, http.StatusNotFound, get(gateway.New(sites, website, nil), "[::1]:80").Code)
	assert.Empty(t, sites.questions())
}

func TestForwardedHostCountsOnlyIfTold(t *testing.T) {
	sites := newBook(active("mario.example"), active("proxy.example"))
	for _, c := range []struct {
		name, trusted string
		headers       http.Header
		serves        string // "": no site
	}{
		{"nobody said so", "", http.Header{"X-Forwarded-Host": {"mario.example"}, "Forwarded": {"host=mario.example"}}, "proxy.example"},
		{"the header", "X-Forwarded-Host", http.Header{"X-Forwarded-Host": {"mario.example"}}, "mario.example"},
		{"only that header", "X-Forwarded-Host", http.Header{"Forwarded": {"host=mario.example"}}, "proxy.example"},
		{"in small letters", "x-forwarded-host", http.Header{"X-Forwarded-Host": {"mario.example"}}, "mario.example"},
		{"with a port", "X-Forwarded-Host", http.Header{"X-Forwarded-Host": {"Mario.example:443"}}, "mario.example"},
		{"the nearest proxy's", "X-Forwarded-Host", http.Header{"X-Forwarded-Host": {"evil.example, mario.example"}}, "mario.example"},
		{"the nearest proxy's line", "X-Forwarded-Host", http.Header{"X-Forwarded-Host": {"evil.example", "mario.example"}}, "mario.example"},
		{"absent", "X-Forwarded-Host", nil, "proxy.example"},
		{"empty", "X-Forwarded-Host", http.Header{"X-Forwarded-Host": {" "}}, "proxy.example"},
		{"garbage", "X-Forwarded-Host", http.Header{"X-Forwarded-Host": {"[::1]"}}, ""},
		{"RFC 7239", "Forwarded", http.Header{"Forwarded": {"for=192.0.2.43; Host=mario.example;proto=https"}}, "mario.example"},
		{"RFC 7239, quoted", "Forwarded", http.Header{"Forwarded": {`for="[2001:db8::1]:4711";host="mario.example:443"`}}, "mario.example"},
		{"RFC 7239, the nearest proxy's", "forwarded", http.Header{"Forwarded": {`for="a,b;\",";host=evil.example, host=mario.example`}}, "mario.example"},
		{"RFC 7239, a comma in quotes", "Forwarded", http.Header{"Forwarded": {`host=mario.example;for="a,host=evil.example"`}}, "mario.example"},
		{"RFC 7239, the nearest proxy said none", "Forwarded", http.Header{"Forwarded": {"host=evil.example, for=192.0.2.1"}}, "proxy.example"},
		{"RFC 7239, a megabyte", "Forwarded", http.Header{"Forwarded": {strings.Repeat(",;", 500_000) + "host=mario.example"}}, "mario.example"},
		{"RFC 7239, several in one element", "Forwarded", http.Header{"Forwarded": {"host=mario.example;host=evil.example"}}, "mario.example"},
		{"RFC 7239, in several lines", "Forwarded", http.Header{"Forwarded": {"host=evil.example", "host=mario.example"}}, "mario.example"},
		{"RFC 7239, garbage", "Forwarded", http.Header{"Forwarded": {`host="mario.example`}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := gateway.New(sites, website, &gateway.Options{HostHeader: c.trusted})
			r := request(http.MethodGet, "proxy.example")
			r.Header = c.headers
			w := serve(g, r)
			if c.serves == "" {
				assert.Equal(t, http.StatusNotFound, w.Code)
				return
			}
			assert.Equal(t, "site "+c.serves+", plan gold", w.Body.String())
		})
	}
}

func TestVisitorsSeePublicTextsAndNothingElse(t *testing.T) {
	site := active("mario.example")
	secret := subscriptions.Hold{Note: "NOTE", Message: "MESSAGE", By: "ACTOR"}
	hold := func(c subscriptions.Cause, public string) subscriptions.Hold {
		h := secret
		h.Cause, h.Public = c, public
		return h
	}
	site.Domain.Inherited = subscriptions.Inherited(
		subscriptions.Holds{hold("abuse", "Closed for <b>now</b> & ever.\nSorry."), hold("billing", "Said twice.")},
		subscriptions.Holds{hold("expired", " Said twice. "), hold("provider", " \n ")},
	)
	site.Domain.Holds = subscriptions.Holds{hold("customer", "Last.")}

	var template gateway.Page
	seen := gateway.New(newBook(site), website, &gateway.Options{Template: probe(t, &template)})
	get(seen, "mario.example")
	assert.Equal(t, gateway.Page{
		Status: 503, Language: "en", Title: "This website is currently unavailable",
		Paragraphs: []string{"Closed for <b>now</b> & ever.\nSorry.", "Said twice.", "Last."},
	}, template)

	w := get(gateway.New(newBook(site), website, nil), "mario.example")
	body := w.Body.String()
	assert.Contains(t, body, "Closed for &lt;b&gt;now&lt;/b&gt; &amp; ever.\nSorry.")
	assert.Equal(t, 1, strings.Count(body, "Said twice."))
	assert.NotContains(t, body, "Please try again", "texts stand instead of the neutral sentence")
	shown := strings.ToLower(body + fmt.Sprint(w.Header()))
	for _, never := range []string{"note", "message", "actor", "abuse", "billing", "expired", "customer", "gold", "mario.example"} {
		assert.NotContains(t, shown, never)
	}
}

// probe is a template that hands its data over.
func probe(t *testing.T, to *gateway.Page) *template.Template {
	t.Helper()
	made, err := template.New("probe").Funcs(template.FuncMap{"take": func(p gateway.Page) string {
		*to = p
		return "taken"
	}}).Parse(`{{take .}}`)
	require.NoError(t, err)
	return made
}

func TestATemplateReplacesThePage(t *testing.T) {
	own := template.Must(template.New("own").Parse(`<p lang="{{.Language}}">{{.Status}} {{.Title}}: {{range .Paragraphs}}{{.}}{{end}}</p>`))
	w := get(gateway.New(newBook(), website, &gateway.Options{Template: own}), "mario.example")
	assert.Equal(t, `<p lang="en">404 There is no website here: No website has this address. Please check the spelling.</p>`, w.Body.String())
	assert.NotContains(t, w.Header(), "Content-Security-Policy", "only the host knows what its page loads")
}

func TestATemplateThatFailsLeavesPlainText(t *testing.T) {
	var told []string
	own := template.Must(template.New("own").Parse(`half a page {{.Missing}}`))
	g := gateway.New(newBook(), website, &gateway.Options{
		Template: own,
		OnError:   func(_ context.Context, err error) { told = append(told, err.Error()) },
	})
	w := get(g, "mario.example")
	assert.Equal(t, http.StatusNotFound, w.Code)
	assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
	assert.Equal(t, "There is no website here\n\nNo website has this address. Please check the spelling.\n", w.Body.String())
	require.Len(t, told, 1)
	assert.Contains(t, told[0], "Missing")
}

// Whatever a host's template does, visitors get a whole page.
func TestATemplateThatPanicsLeavesPlainText(t *testing.T) {
	panicking := template.FuncMap{"panics": func() string { panic("a bug") }}
	for name, own := range map[string]*template.Template{
		"a function of its own": template.Must(template.New("own").Funcs(panicking).Parse(`half a page {{panics}}`)),
		"never parsed":          {},
		"without a text":        template.New("own"),
	} {
		t.Run(name, func(t *testing.T) {
			told := 0
			g := gateway.New(newBook(), website, &gateway.Options{Template: own, OnError: func(context.Context, error) {
				told++
				panic("a bug in the host's log")
			}})
			w := get(g, "mario.example")
			assert.Equal(t, http.StatusNotFound, w.Code)
			assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
			assert.True(t, strings.HasPrefix(w.Body.String(), "There is no website here\n\n"), w.Body.String())
			assert.Equal(t, 1, told)
		})
	}
}

func TestLanguages(t *testing.T) {
	g := gateway.New(newBook(suspended("mario.example", subscriptions.Hold{Cause: "abuse"})), website, nil)
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
			says := map[string]string{"en": "Please try again later.", "it": "Riprova più tardi."}
			assert.Contains(t, w.Body.String(), says[want])
		})
	}
}

func TestHEADAnswersTheHeadersOfGET(t *testing.T) {
	for _, sites := range []*book{newBook(), newBook(suspended("mario.example", subscriptions.Hold{Cause: "abuse"}))} {
		g := gateway.New(sites, website, nil)
		full := get(g, "mario.example")
		head := serve(g, request(http.MethodHead, "mario.example"))
		assert.Equal(t, full.Code, head.Code)
		assert.Equal(t, full.Header(), head.Header())
		assert.NotZero(t, full.Body.Len())
		assert.Zero(t, head.Body.Len())
	}
}

// unread is a request body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func (u unread) Close() error { return nil }

func TestASuspendedSiteTakesNoRequestOfAnyKind(t *testing.T) {
	g := gateway.New(newBook(suspended("mario.example", subscriptions.Hold{Cause: "abuse"})), website, nil)
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"} {
		t.Run(method, func(t *testing.T) {
			r := request(method, "mario.example")
			r.Body, r.ContentLength = unread{t}, 1<<30
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

func TestThePagesPolicyAllowsItsOwnStyleAndNothingElse(t *testing.T) {
	w := get(gateway.New(newBook(), website, nil), "mario.example")
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

func TestSiteFromAnswersACopy(t *testing.T) {
	site := active("mario.example")
	site.Domain.Attributes = map[string]string{"root": "/srv"}
	spoil := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, ok := gateway.SiteFrom(r.Context())
		assert.True(t, ok)
		assert.Equal(t, map[string]string{"root": "/srv"}, s.Domain.Attributes)
		s.Domain.Attributes["root"] = "/etc"
	})
	g := gateway.New(newBook(site), spoil, nil)
	get(g, "mario.example")
	get(g, "mario.example")

	_, ok := gateway.SiteFrom(context.Background())
	assert.False(t, ok)
}

func TestResolveAnswersACopyWithoutSecrets(t *testing.T) {
	site := suspended("mario.example", subscriptions.Hold{Cause: "abuse", Note: "n", Message: "m", Public: "p", By: "b", At: time.Unix(1, 0)})
	site.Domain.Inherited = subscriptions.Holds{{Cause: "billing", Note: "n", Message: "m", Public: "p", By: "b"}}.Effective(subscriptions.LevelAccount)
	g := gateway.New(newBook(site), website, nil)
	for range 2 {
		got, err := g.Resolve(t.Context(), "mario.example")
		require.NoError(t, err)
		assert.Equal(t, subscriptions.Holds{{Cause: "abuse", Public: "p", At: time.Unix(1, 0)}}, got.Domain.Holds)
		assert.Equal(t, subscriptions.Holds{{Cause: "billing", Public: "p"}}.Effective(subscriptions.LevelAccount), got.Domain.Inherited)
		got.Domain.Holds[0].Public, got.Domain.Inherited[0].Public = "spoilt", "spoilt"
	}
	_, err := g.Resolve(t.Context(), "luigi.example")
	var notFound *subscriptions.NotFoundError
	require.ErrorAs(t, err, &notFound)
	assert.Equal(t, "luigi.example", notFound.Name)
}

func TestAnswersAreRememberedForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newBook(active("mario.example"))
		g := gateway.New(sites, website, nil)
		for range 5 {
			assert.Equal(t, 200, get(g, "mario.example").Code)
			assert.Equal(t, 200, get(g, "MARIO.example.:80").Code)
			assert.Equal(t, 404, get(g, "luigi.example").Code)
		}
		assert.Equal(t, []string{"mario.example", "luigi.example"}, sites.questions())

		sites.set(func(b *book) {
			b.sites["mario.example"] = suspended("mario.example", subscriptions.Hold{Cause: "abuse"})
			b.sites["luigi.example"] = active("luigi.example")
		})
		time.Sleep(time.Second - 1)
		assert.Equal(t, 200, get(g, "mario.example").Code)
		assert.Equal(t, 404, get(g, "luigi.example").Code)
		time.Sleep(time.Nanosecond)
		assert.Equal(t, 503, get(g, "mario.example").Code)
		assert.Equal(t, 200, get(g, "luigi.example").Code)

		sites.set(func(b *book) { delete(b.sites, "mario.example") })
		time.Sleep(time.Second)
		assert.Equal(t, 404, get(g, "mario.example").Code)
	})
}

func TestWithoutACacheTheStoreIsAskedAtEveryRequest(t *testing.T) {
	sites := newBook(active("mario.example"))
	g := gateway.New(sites, website, &gateway.Options{TTL: -1})
	for range 3 {
		assert.Equal(t, 200, get(g, "mario.example").Code)
	}
	assert.Len(t, sites.questions(), 3)
	sites.set(func(b *book) { b.fails = errDown })
	assert.Equal(t, 200, get(g, "mario.example").Code, "the last known answer goes on all the same")
}

func TestAClockSetBackKeepsNothingAlive(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	sites := newBook(active("mario.example"))
	g := gateway.New(sites, website, &gateway.Options{Now: func() time.Time { return now }})
	get(g, "mario.example")
	now = now.Add(-time.Hour)
	get(g, "mario.example")
	assert.Len(t, sites.questions(), 2)
}

func TestWhileTheStoreFailsTheLastKnownAnswerGoesOnForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []error
		sites := newBook(active("mario.example"), suspended("luigi.example", subscriptions.Hold{Cause: "abuse", Public: "Closed."}))
		g := gateway.New(sites, website, &gateway.Options{OnError: func(_ context.Context, err error) { told = append(told, err) }})
		get(g, "mario.example")
		get(g, "luigi.example")
		get(g, "unknown.example")
		sites.set(func(b *book) { b.fails = errDown })

		for range 59 {
			time.Sleep(time.Minute)
			assert.Equal(t, 200, get(g, "mario.example").Code)
			w := get(g, "luigi.example")
			assert.Equal(t, 503, w.Code)
			assert.Contains(t, w.Body.String(), "Closed.")
			assert.Equal(t, 503, get(g, "unknown.example").Code, "that it was unknown is not known any more")
			assert.Equal(t, 503, get(g, "new.example").Code)
		}
		require.NotEmpty(t, told)
		require.ErrorIs(t, told[0], errDown)
		assert.ErrorContains(t, told[0], "mario.example")

		time.Sleep(time.Minute)
		assert.Equal(t, 503, get(g, "mario.example").Code)
		w := get(g, "luigi.example")
		assert.Equal(t, "60", w.Header().Get("Retry-After"))
		assert.NotContains(t, w.Body.String(), "Closed.")

		sites.set(func(b *book) { b.fails = nil })
		time.Sleep(time.Second)
		assert.Equal(t, 200, get(g, "mario.example").Code)
		assert.Equal(t, 404, get(g, "unknown.example").Code)
	})
}

func TestAFailingStoreIsLeftInPeaceForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newBook(active("mario.example"))
		g := gateway.New(sites, website, nil)
		get(g, "mario.example")
		sites.set(func(b *book) { b.fails, b.takes, b.asked = errDown, time.Millisecond, nil })
		time.Sleep(time.Second)
		for range 10 {
			assert.Equal(t, 200, get(g, "mario.example").Code)
			assert.Equal(t, 503, get(g, "luigi.example").Code)
		}
		assert.Equal(t, []string{"mario.example", "luigi.example"}, sites.questions())
		time.Sleep(time.Second)
		get(g, "mario.example")
		assert.Len(t, sites.questions(), 3)
	})
}

func TestARemovedSiteDoesNotComeBackWhileTheStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newBook(active("mario.example"))
		g := gateway.New(sites, website, nil)
		assert.Equal(t, 200, get(g, "mario.example").Code)
		sites.set(func(b *book) { delete(b.sites, "mario.example") })
		time.Sleep(time.Second)
		assert.Equal(t, 404, get(g, "mario.example").Code)
		sites.set(func(b *book) { b.fails = errDown })
		time.Sleep(time.Second)
		assert.Equal(t, 503, get(g, "mario.example").Code)
	})
}

func TestStaleForBelowZeroGivesNoOldAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newBook(active("mario.example"))
		g := gateway.New(sites, website, &gateway.Options{MaxStale: -1})
		assert.Equal(t, 200, get(g, "mario.example").Code)
		sites.set(func(b *book) { b.fails = errDown })
		time.Sleep(time.Second)
		assert.Equal(t, 503, get(g, "mario.example").Code)
	})
}

func TestAStoreThatHangsHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newBook(active("mario.example"))
		g := gateway.New(sites, website, nil)
		get(g, "mario.example")
		sites.set(func(b *book) { b.hangs = true })
		time.Sleep(time.Second)
		timed := func(host string, code int) time.Duration {
			start := time.Now()
			assert.Equal(t, code, get(g, host).Code)
			return time.Since(start)
		}
		assert.Equal(t, 2*time.Second, timed("unknown.example", 503))
		assert.Equal(t, 2*time.Second, timed("mario.example", 200), "the first one finds out")
		assert.Zero(t, timed("mario.example", 200))
		time.Sleep(time.Second)
		assert.Equal(t, 100*time.Millisecond, timed("mario.example", 200), "later ones look whether it is over")
		assert.Zero(t, timed("mario.example", 200))

		sites.set(func(b *book) {
			b.hangs = false
			b.sites["mario.example"] = suspended("mario.example", subscriptions.Hold{Cause: "abuse"})
		})
		time.Sleep(3 * time.Second) // the look-up that hangs has its own end
		assert.Zero(t, timed("mario.example", 503))
	})
}

func TestAThousandRequestsForOneNameAreOneLookUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newBook(active("mario.example"))
		sites.takes = 500 * time.Millisecond
		g := gateway.New(sites, website, &gateway.Options{TTL: -1})
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() { assert.Equal(t, 200, get(g, "mario.example").Code) })
		}
		all.Wait()
		assert.Len(t, sites.questions(), 1)
	})
}

func TestAStampedeIsOneLookUpWhateverTheStoreSays(t *testing.T) {
	for name, c := range map[string]struct {
		host string
		then func(*book) // after the site is known, and its answer has run out
		wait time.Duration
		code int
	}{
		"nobody has the name":        {"luigi.example", func(*book) {}, time.Second, 404},
		"the store fails":            {"mario.example", func(b *book) { b.fails = errDown }, time.Second, 200},
		"it fails, nothing is known": {"luigi.example", func(b *book) { b.fails = errDown }, time.Second, 503},
		"it fails for too long":      {"mario.example", func(b *book) { b.fails = errDown }, time.Hour, 503},
		"it does not answer":         {"mario.example", func(b *book) { b.hangs = true }, time.Second, 200},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sites := newBook(active("mario.example"))
				g := gateway.New(sites, website, nil)
				get(g, "mario.example")
				time.Sleep(c.wait)
				sites.set(func(b *book) { b.takes, b.asked = 500*time.Millisecond, nil; c.then(b) })
				var all sync.WaitGroup
				for range 1000 {
					all.Go(func() { assert.Equal(t, c.code, get(g, c.host).Code) })
				}
				all.Wait()
				assert.Len(t, sites.questions(), 1)
			})
		})
	}
}

func TestALookUpThatBeganTooEarlyIsNotEnough(t *testing.T) {
	for name, c := range map[string]struct {
		cacheFor time.Duration
		code     int
	}{
		"asked at every request": {-1, 503},
		"good for 10 ms":         {10 * time.Millisecond, 503},
		"good for just so long":  {100*time.Millisecond + 1, 200},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sites := newBook(active("mario.example"))
				sites.takes = 500 * time.Millisecond
				g := gateway.New(sites, website, &gateway.Options{TTL: c.cacheFor})
				var early sync.WaitGroup
				early.Go(func() { assert.Equal(t, 200, get(g, "mario.example").Code) })
				time.Sleep(50 * time.Millisecond)
				sites.set(func(b *book) {
					b.sites["mario.example"] = suspended("mario.example", subscriptions.Hold{Cause: "abuse"})
				})
				time.Sleep(50 * time.Millisecond)
				assert.Equal(t, c.code, get(g, "mario.example").Code)
				early.Wait()
			})
		})
	}
}

func TestAClockSetBackMeanwhileAsksNotMoreThanTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newBook(active("mario.example"))
		sites.takes = time.Millisecond
		now := time.Now()
		g := gateway.New(sites, website, &gateway.Options{TTL: -1, Now: func() time.Time {
			now = now.Add(-time.Minute)
			return now
		}})
		assert.Equal(t, 200, get(g, "mario.example").Code)
		assert.Len(t, sites.questions(), 2)
	})
}

func TestAVisitorWhoGoesSpoilsNothingForTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newBook(active("mario.example"))
		sites.takes = time.Second
		g := gateway.New(sites, website, nil)
		ctx, leave := context.WithCancel(t.Context())
		var gone error
		go func() { _, gone = g.Resolve(ctx, "mario.example") }()
		synctest.Wait()
		code := 0
		go func() { code = get(g, "mario.example").Code }()
		synctest.Wait()
		leave()
		synctest.Wait()
		require.ErrorIs(t, gone, context.Canceled)
		require.ErrorIs(t, gone, subscriptions.ErrUnavailable)
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, 200, code)
		assert.Len(t, sites.questions(), 1)
	})
}

func TestInventedNamesDriveNoSiteOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newBook(active("mario.example"))
		g := gateway.New(sites, website, &gateway.Options{CacheSize: 100})
		get(g, "mario.example")
		for i := range 1000 {
			assert.Equal(t, 404, get(g, fmt.Sprintf("invented-%d.example", i)).Code)
		}
		sites.set(func(b *book) { b.fails = errDown })
		for i := range 1000 {
			assert.Equal(t, 503, get(g, fmt.Sprintf("more-%d.example", i)).Code)
		}
		time.Sleep(time.Second)
		assert.Equal(t, 200, get(g, "mario.example").Code)
	})
}

func TestTheCacheIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newBook(active("a.example"), active("b.example"), active("c.example"))
		g := gateway.New(sites, website, &gateway.Options{CacheSize: 2})
		for _, name := range []string{"a.example", "b.example", "a.example", "c.example"} {
			get(g, name)
		}
		get(g, "one.invented.example")
		get(g, "two.invented.example")
		get(g, "one.invented.example")
		assert.Len(t, sites.questions(), 6, "of unknown names a tenth as many, one at least")

		sites.set(func(b *book) { b.fails = errDown })
		time.Sleep(time.Second)
		assert.Equal(t, 200, get(g, "a.example").Code)
		assert.Equal(t, 200, get(g, "c.example").Code)
		assert.Equal(t, 503, get(g, "b.example").Code, "asked for longest ago")
	})
}

// A name that was cut out of a longer text, as net/http and the headers give it, must not keep that text in memory.
func TestTheCacheKeepsNamesAndNotTheirHeaders(t *testing.T) {
	const hosts, length = 32, 1 << 20
	sites := newBook()
	g := gateway.New(sites, website, &gateway.Options{TTL: time.Hour, HostHeader: "Forwarded"})
	before := liveHeap()
	for i := range hosts {
		name := fmt.Sprintf("invented-%d.example", i)
		get(g, name+":"+strings.Repeat("0", length))
		r := request(http.MethodGet, "proxy.example")
		r.Header.Set("Forwarded", "host=www."+name+";for="+strings.Repeat("0", length))
		serve(g, r)
	}
	sites.set(func(b *book) {
		assert.Len(t, b.asked, 2*hosts)
		b.asked = nil
	})
	assert.Less(t, liveHeap()-before, int64(hosts*length/2))
	assert.Equal(t, 404, get(g, "invented-0.example").Code)
	assert.Empty(t, sites.questions(), "it is still remembered")
}

func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // no heap of a test is that large
}

type panics struct{}

func (panics) Resolve(context.Context, string) (subscriptions.Site, error) { panic("a bug") }

func TestAPanicOfTheStoreIsAFailure(t *testing.T) {
	told := make(chan error, 1)
	g := gateway.New(panics{}, website, &gateway.Options{OnError: func(_ context.Context, err error) { told <- err }})
	assert.Equal(t, 503, get(g, "mario.example").Code)
	assert.ErrorContains(t, <-told, "a bug")
}

func TestAPanicOfTheHostsLogGoesNoFurther(t *testing.T) {
	sites := newBook(active("mario.example"))
	g := gateway.New(sites, website, &gateway.Options{TTL: -1, OnError: func(context.Context, error) { panic("a bug") }})
	get(g, "mario.example")
	sites.set(func(b *book) { b.fails = errDown })
	assert.Equal(t, 200, get(g, "mario.example").Code)
	assert.Equal(t, 503, get(g, "luigi.example").Code)
}

func TestAsk(t *testing.T) {
	sites := newBook(active("mario.example"), active("xn--bcher-kva.example"), suspended("luigi.example", subscriptions.Hold{Cause: "abuse"}))
	down := newBook()
	down.fails = errDown
	for _, c := range []struct {
		sites  *book
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

func TestAskTakesOneNameInOneSpellingOfTheQuestion(t *testing.T) {
	ask := gateway.AskHandler(newBook(active("mario.example"), active("luigi.example")))
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

func TestAskWaitsTwoSecondsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sites := newBook()
		sites.hangs = true
		start := time.Now()
		assert.Equal(t, 503, serve(gateway.AskHandler(sites), httptest.NewRequest("GET", "/?domain=mario.example", nil)).Code)
		assert.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestAskOfAGatewayGoesOnWhileTheStoreFails(t *testing.T) {
	sites := newBook(active("mario.example"))
	g := gateway.New(sites, website, &gateway.Options{TTL: -1})
	ask := gateway.AskHandler(g)
	question := func(name string) int {
		return serve(ask, httptest.NewRequest("GET", "/?domain="+name, nil)).Code
	}
	assert.Equal(t, 200, question("mario.example"))
	sites.set(func(b *book) { b.fails = errDown })
	assert.Equal(t, 200, question("mario.example"))
	assert.Equal(t, 503, question("luigi.example"))
}
