package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/clientele-go/clientele/adapters/gateway"
	"github.com/clientele-go/clientele/subscriptions"
)

// discardWriter is a ResponseWriter that does nothing, so that only the gateway is measured.
type discardWriter struct{ header http.Header }

func (w discardWriter) Header() http.Header         { return w.header }
func (w discardWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w discardWriter) WriteHeader(int)             {}

func BenchmarkGateway(b *testing.B) {
	sites := newFakeResolver(active("mario.example"), suspended("luigi.example", subscriptions.Hold{Cause: "abuse", Public: "Closed."}))
	empty := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for _, c := range []struct {
		name, host string
		opts       gateway.Options
	}{
		{"active", "mario.example", gateway.Options{}},
		{"active, not cached", "mario.example", gateway.Options{TTL: -1}},
		{"suspended", "luigi.example", gateway.Options{}},
		{"unknown", "peach.example", gateway.Options{}},
		{"invalid name", "[::1]:80", gateway.Options{}},
	} {
		b.Run(c.name, func(b *testing.B) {
			g := gateway.New(sites, empty, &c.opts)
			r := request(http.MethodGet, c.host)
			w := discardWriter{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				g.ServeHTTP(w, r)
				sites.calls = sites.calls[:0]
			}
		})
	}
	b.Run("10,000 sites in parallel", func(b *testing.B) {
		many := newFakeResolver()
		requests := make([]*http.Request, 10_000)
		for i := range requests {
			name := fmt.Sprintf("site-%d.example", i)
			many.sites[name] = active(name)
			requests[i] = request(http.MethodGet, name)
		}
		g := gateway.New(many, empty, &gateway.Options{TTL: time.Hour})
		for _, r := range requests {
			g.ServeHTTP(httptest.NewRecorder(), r)
		}
		b.ResetTimer()
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			w := httptest.NewRecorder()
			for i := 0; pb.Next(); i++ {
				g.ServeHTTP(w, requests[i%len(requests)])
			}
		})
	})
}
