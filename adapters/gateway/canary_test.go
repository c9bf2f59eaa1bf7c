package gateway_test

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/adapters/gateway"
	"github.com/clientele-go/clientele/subscriptions"
)

const canary = "Kanarienvogel"

// quotingResolver panics and quotes the site, as a driver may.
type quotingResolver struct{ site subscriptions.Site }

func (q quotingResolver) Resolve(context.Context, string) (subscriptions.Site, error) {
	panic(fmt.Sprintf("cannot read %+v", q.site))
}

// Neither what only the provider or the owner may read nor what a visitor sends is in an error or on a page, whatever fails.
func TestNothingSecretIsReported(t *testing.T) {
	secret := suspended("mario.example", subscriptions.Hold{
		Cause: subscriptions.CauseAbuse, By: canary, Note: canary, Message: canary, Public: "Back soon",
	})
	secret.Plan = canary
	secret.Domain.Inherited = []subscriptions.EffectiveHold{{Level: subscriptions.LevelAccount, Hold: secret.Domain.Holds[0]}}
	secret.Domain.Attributes = map[string]string{"node": canary}
	failing := newFakeResolver()
	failing.err = errDown
	broken := template.Must(template.New("page").Funcs(template.FuncMap{"panics": func(p gateway.Page) string { panic(fmt.Sprint(p)) }}).
		Parse(`{{.Title}}{{panics .}}`))
	resolvers := map[string]gateway.Resolver{"a site": newFakeResolver(secret), "none": newFakeResolver(), "an error": failing, "a panic": quotingResolver{secret}}
	for name, sites := range resolvers {
		for _, page := range []*template.Template{nil, broken, template.New("not parsed")} {
			for _, hostHeader := range []string{"", "X-Forwarded-Host", "Forwarded"} {
				var reported []string
				g := gateway.New(sites, http.NotFoundHandler(), &gateway.Options{
					TTL: -1, Template: page, HostHeader: hostHeader,
					OnError: func(_ context.Context, err error) {
						reported = append(reported, fmt.Sprintf("%v %+v %#v", err, err, err))
					},
				})
				for _, handler := range []http.Handler{g, gateway.AskHandler(g)} {
					r := httptest.NewRequest(http.MethodPost, "/"+canary+"?domain=mario.example&token="+canary, strings.NewReader("password="+canary))
					if handler != http.Handler(g) {
						r.Method = http.MethodGet
					}
					r.Host = "mario.example"
					r.SetBasicAuth("mario", canary)
					for _, header := range []string{"Cookie", "X-Api-Key", "Referer", "User-Agent", "X-Csrf-Token", "Accept-Language"} {
						r.Header.Set(header, "x="+canary)
					}
					w := serve(handler, r)
					assert.NotContains(t, fmt.Sprint(w.Header(), w.Body), canary, name)
					require.NotContains(t, strings.Join(reported, "\n"), canary, name)
				}
				if name == "a panic" || name == "an error" {
					assert.NotEmpty(t, reported, name)
				}
			}
		}
	}
}
