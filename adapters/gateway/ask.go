package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/clientele-go/clientele/subscriptions"
)

// AskHandler returns a handler for Caddy's on_demand_tls ask endpoint, which Caddy calls before it obtains a certificate
// for a name: GET with ?domain=NAME. The path of the request does not matter. The handler replies
//
//   - 200 if a site has the name, even a suspended one, so that its visitors see the page and no certificate error,
//   - 404 if no site has the name, or if the query has no domain parameter or several,
//   - 405 if the method is not GET or HEAD,
//   - 503 if the lookup failed or took more than 2 seconds. Caddy then obtains no certificate for the time being.
//
// Anyone who can reach the handler can find out which names exist, so serve it on a loopback address, on a port of its
// own. With a Gateway as sites it uses the Gateway's cache while lookups fail.
func AskHandler(sites Resolver) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "use GET or HEAD", http.StatusMethodNotAllowed)
			return
		}
		name, ok := domainParam(r)
		if !ok {
			http.Error(w, "no site has this name", http.StatusNotFound)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		switch _, err := sites.Resolve(ctx, name); {
		case errors.Is(err, subscriptions.ErrNotFound):
			http.Error(w, "no site has this name", http.StatusNotFound)
		case err != nil:
			http.Error(w, "lookup failed, try again", http.StatusServiceUnavailable)
		default:
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = io.WriteString(w, "a site has this name\n")
		}
	})
}

// domainParam returns the canonical form of the domain parameter. It reports false if there is not exactly one, or if it is
// no domain name.
func domainParam(r *http.Request) (name string, ok bool) {
	domains := r.URL.Query()["domain"]
	if len(domains) != 1 {
		return "", false
	}
	return subscriptions.CanonicalName(domains[0])
}
