package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/clientele-go/clientele/subscriptions"
)

// AskHandler answers the question that Caddy asks before it gets a certificate for a name on demand (its option
// on_demand_tls { ask … }): GET with ?domain=NAME. It is 200 for every name that a site has, suspended ones too, whose
// visitors see a page and no broken certificate; 404 for every other, and for a question that names none or several; and
// 503 where the store fails, which Caddy takes for a no that does not last. Each look-up takes 2 seconds at most.
//
// It tells anybody which names are there, so it belongs on a loopback listener of its own. Ask(g) of a Gateway goes on
// with what that one knows while the store fails.
func AskHandler(sites Resolver) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "ask with GET", http.StatusMethodNotAllowed)
			return
		}
		name, ok := askedFor(r)
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
			http.Error(w, "nobody knows at the moment", http.StatusServiceUnavailable)
		default:
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = io.WriteString(w, "a site has this name\n")
		}
	})
}

// askedFor answers the one name that is asked about.
func askedFor(r *http.Request) (name string, ok bool) {
	domains := r.URL.Query()["domain"]
	if len(domains) != 1 {
		return "", false
	}
	return subscriptions.CanonicalName(domains[0])
}
