package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/clientele-go/clientele/adapters/gateway"
)

// No header, path or query of a megabyte, which net/http accepts, costs much.
func TestLongValuesCostLittle(t *testing.T) {
	const (
		maxTook      = 100 * time.Millisecond
		maxAllocated = 1 << 20
	)
	long := func(text string) string { return strings.Repeat(text, 900_000/len(text)) }
	check := func(what string, h http.Handler, r *http.Request) {
		t.Helper()
		took, allocated := time.Hour, uint64(1<<62)
		for tries := 0; tries < 5 && (took > maxTook || allocated > maxAllocated); tries++ { // the machine may be busy
			var before, after runtime.MemStats
			w := httptest.NewRecorder()
			runtime.ReadMemStats(&before)
			start := time.Now()
			h.ServeHTTP(w, r)
			took = min(took, time.Since(start))
			runtime.ReadMemStats(&after)
			allocated = min(allocated, after.TotalAlloc-before.TotalAlloc)
		}
		assert.LessOrEqual(t, took, maxTook, what)
		assert.LessOrEqual(t, allocated, uint64(maxAllocated), "bytes for %s", what)
	}
	sites := newFakeResolver(active("mario.example"))
	for _, text := range []string{"a", "a.", "é", "\u0345\u0327", "xn--a.", "1.", ":", "中.", ",", ";", "\"", "host=a;", "host=a,"} {
		for _, header := range []string{"", "X-Forwarded-Host", "Forwarded"} {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Host = long(text)
			if header != "" {
				r.Host = "mario.example"
				r.Header.Set(header, "host="+long(text))
			}
			check(header+" "+text, gateway.New(sites, website, &gateway.Options{TTL: -1, HostHeader: header}), r)
		}
		query := "/?domain=" + url.QueryEscape(strings.Repeat(text, 900_000/len(url.QueryEscape(text))))
		check("domain="+text, gateway.AskHandler(sites), httptest.NewRequest(http.MethodGet, query, nil))
	}
	for _, header := range []string{"Accept-Language", "Cookie", "User-Agent", "Referer", "Accept-Encoding"} {
		for _, text := range []string{"fr,", "*;q=0.1,", "a-", "a=b; "} {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set(header, long(text))
			check(header+" "+text, gateway.New(sites, website, nil), r)
			r.Header[header] = strings.Split(long(text+"\n"), "\n")
			check(header+" in many lines", gateway.New(sites, website, nil), r)
		}
	}
	for _, query := range []string{"%41", "domain=x&", ";", "a&"} {
		check("gateway "+query, gateway.New(sites, website, nil), httptest.NewRequest(http.MethodGet, "/?"+long(query), nil))
		check("ask "+query, gateway.AskHandler(sites), httptest.NewRequest(http.MethodGet, "/?"+long(query), nil))
	}
}
