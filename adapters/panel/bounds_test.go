package panel

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/adapters/panel/internal/sessions"
)

// longBytes is the length of a value that net/http still accepts by default.
const longBytes = 900_000

// long returns text repeated up to longBytes.
func long(text string) string { return strings.Repeat(text, longBytes/len(text)) }

// cost is what serving a request takes.
type cost struct {
	took      time.Duration
	allocated uint64 // bytes
	status    int
}

// maxCost is several times what the slowest request takes, and a small part of what an unlimited one did.
var maxCost = cost{took: 50 * time.Millisecond, allocated: 3 << 20}

// costOf serves a request and, if it costs too much because the machine is busy, others. It returns the least cost. The clock
// advances, so that no attempt is rate limited.
func (e *env) costOf(newRequest func() *http.Request) cost {
	best := cost{took: time.Hour, allocated: 1 << 62}
	for tries := 0; tries < 5 && (best.took > maxCost.took || best.allocated > maxCost.allocated); tries++ {
		e.clock.advance(10 * time.Minute)
		r, w := newRequest(), httptest.NewRecorder()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		e.panel.ServeHTTP(w, r)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		best = cost{min(best.took, took), min(best.allocated, after.TotalAlloc-before.TotalAlloc), w.Code}
	}
	return best
}

// No header, cookie, path, query or form of a megabyte costs much, whoever sends it. Only operators may send long forms.
func TestLongValuesCostLittle(t *testing.T) {
	e := newEnv(t, func(opts *Options) { opts.ClientAddr = TrustProxies(prefixes("192.0.2.0/24")...) })
	customer := func(r *http.Request) *http.Request {
		a, err := e.clients.Get(t.Context(), e.mario.ID)
		require.NoError(t, err)
		r.AddCookie(&http.Cookie{Name: "clientele-customer", Value: e.panel.customerSessions.Create(sessions.Session{Account: a.ID, Epoch: a.SessionEpoch})})
		r.AddCookie(&http.Cookie{Name: "clientele-operator", Value: e.panel.operatorSessions.Create(sessions.Session{Operator: operatorName})})
		return r
	}
	get := func(path string) *http.Request { return customer(httptest.NewRequest(http.MethodGet, path, nil)) }
	post := func(path, body string) *http.Request {
		r := customer(httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	requests := map[string]func() *http.Request{}
	for header, values := range map[string][]string{
		"Accept-Language": {"fr,", "*;q=0.1,", "en-US,", "a-", "x", ","}, "Accept-Encoding": {"x,", "gzip;q=0.1,"}, "Origin": {"https://a", "%41"},
		"Referer": {"https://a", "%41"}, "Sec-Fetch-Site": {"x"}, "X-Forwarded-For": {"192.0.2.1,", ","}, "Forwarded": {"for=1,"}, "X-Forwarded-Proto": {"https,"},
		"Cookie":       {"a=b; ", "clientele-customer=a; ", "clientele-customer=", "clientele-operator=", "clientele-device=", "clientele-language=", "="},
		"Content-Type": {"a/b; a=b;", "x"}, "User-Agent": {"x"}, "Authorization": {"x"},
	} {
		for _, value := range values {
			text := long(value)
			if strings.HasSuffix(value, "=") {
				text = value + long("A.")
			}
			set := func(r *http.Request) *http.Request {
				r.Header.Set(header, text)
				r.RemoteAddr = "192.0.2.1:1"
				return r
			}
			requests[header+" "+value+" on a page"] = func() *http.Request { return set(httptest.NewRequest(http.MethodGet, "/signin", nil)) }
			requests[header+" "+value+" on an asset"] = func() *http.Request {
				return set(httptest.NewRequest(http.MethodGet, "/assets/"+e.panel.assets.style, nil))
			}
			requests[header+" "+value+" on a form"] = func() *http.Request { return set(post("/signin", "login=mario&password=x")) }
			if header != "Cookie" {
				requests[header+" "+value+" signed in"] = func() *http.Request { return set(get("/account")) }
			}
		}
		requests[header+" in many lines"] = func() *http.Request {
			r := httptest.NewRequest(http.MethodGet, "/signin", nil)
			r.Header[header] = strings.Split(long("fr,192.0.2.1\n"), "\n")
			return r
		}
	}
	var distinct strings.Builder
	for i := 0; distinct.Len() < longBytes; i++ {
		fmt.Fprintf(&distinct, "%x=&", i)
	}
	bodies := []string{long("a&"), long("a=b&"), long("%41"), long(";"), distinct.String()}
	for _, field := range []string{"login", "password", "password2", "old", "back", "language", "contact.name", "contact.email", "version", "domain", "q", "find", "after", "said", "x"} {
		for _, text := range []string{"x", "é", "\u0345\u0327", " "} {
			bodies = append(bodies, "version=1&contact.name=x&"+field+"="+url.QueryEscape(strings.Repeat(text, longBytes/len(url.QueryEscape(text)))))
		}
	}
	for _, body := range bodies {
		name := body[:min(len(body), 50)]
		for _, path := range []string{"/signin", "/customers", "/account", "/customers/suspend", "/subscriptions", "/nowhere", "/reset/x", "/customers.csv"} {
			requests["GET "+path+"?"+name] = func() *http.Request { return get(path + "?" + body) }
		}
		for _, path := range []string{"/signin", "/operator", "/forgot", "/language", "/reset/x", "/account/contact", "/account/password", "/account/switch", "/account/signout", "/nowhere"} {
			requests["POST "+path+" "+name] = func() *http.Request { return post(path, body) }
		}
		requests["POST /customers/new "+name+" by a stranger"] = func() *http.Request {
			r := post("/customers/new", body)
			r.Header.Del("Cookie")
			return r
		}
	}
	for _, path := range []string{"/" + long("a"), long("/a"), "/" + long("%2F"), "/reset/" + long("A"), "/customers/" + long("1"), "/assets/" + long("a"), long("/.."), long("//")} {
		requests["GET "+path[:10]] = func() *http.Request { return get(path) }
		requests["POST "+path[:10]] = func() *http.Request { return post(path, "x=y") }
	}
	for name, newRequest := range requests {
		got := e.costOf(newRequest)
		assert.LessOrEqual(t, got.allocated, maxCost.allocated, "bytes for %s: %d", name, got.status)
		assert.LessOrEqual(t, got.took, maxCost.took, "%s: %d", name, got.status)
		assert.Less(t, got.status, 500, name)
	}
}

// The limits do not refuse what pages send.
func TestBoundsLeaveRoom(t *testing.T) {
	e := newEnv(t, nil)
	operator, mario := e.signInOperator(), e.signInCustomer("mario")
	text := strings.Repeat("\U0001F600", 255) // 4 bytes, 12 in a URL
	trail := url.Values{"q": {text}, "trail": {}}
	for range maxTrail {
		trail.Add("trail", strings.Repeat("x", 100))
	}
	back := url.Values{"back": {"/customers?" + trail.Encode()}}
	assert.Equal(t, http.StatusOK, operator.get("/customers?"+trail.Encode()).StatusCode)
	assert.Equal(t, http.StatusOK, operator.get("/customers/suspend?id=1&"+back.Encode()).StatusCode)
	form := url.Values{"version": {"1"}}
	for _, name := range contactNames {
		form.Set(name, text)
	}
	got := mario.send(http.MethodPost, "/account/contact", form)
	assert.Equal(t, http.StatusUnprocessableEntity, got.StatusCode, "too long for the fields, but not for a form")

	assert.Equal(t, http.StatusRequestURITooLong, operator.get("/customers?q="+strings.Repeat("x", maxURL)).StatusCode)
	got = mario.send(http.MethodPost, "/account/contact", url.Values{"contact.name": {strings.Repeat("x", maxOwnBody)}})
	assert.Equal(t, http.StatusRequestEntityTooLarge, got.StatusCode)
	assert.Contains(t, got.body, "Request too large")
	got = operator.send(http.MethodPost, "/customers/new", url.Values{"description": {strings.Repeat("x", maxOwnBody)}})
	assert.Equal(t, http.StatusUnprocessableEntity, got.StatusCode, "operators send more")
}
