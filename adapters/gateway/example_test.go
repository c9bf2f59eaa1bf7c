package gateway_test

import (
	"context"
	"fmt"
	"log"
	"html/template"
	"net/http"
	"net/http/httptest"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/gateway"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/subscriptions"
)

// The web server behind the gateway serves a site until its customer is suspended.
func Example() {
	ctx := accounts.WithActor(context.Background(), "billing-bot")
	clients := accounts.NewManager(memory.New(), nil)
	mario, err := clients.Create(ctx, accounts.New{
		Login: "mario", Password: "wonderful-mushrooms", Contact: accounts.Contact{Name: "Mario"},
		Subscription: &subscriptions.New{Domains: []string{"mario.example"}},
	})
	if err != nil {
		log.Fatal(err)
	}

	websites := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site, _ := gateway.SiteFrom(r.Context())
		fmt.Fprint(w, "Welcome to ", site.Domain.Name)
	})
	// A negative TTL disables the cache, so that the suspension takes effect immediately.
	server := gateway.New(clients.Subscriptions(), websites, &gateway.Options{TTL: -1})
	get := func() {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://mario.example/", nil))
		fmt.Println(w.Code, http.StatusText(w.Code))
	}

	get()
	hold := accounts.Hold{Cause: accounts.CauseBilling, Public: "Back soon.", Note: "Invoice 42 is not paid."}
	if _, err := clients.Suspend(ctx, []accounts.ID{mario.ID}, hold); err != nil {
		fmt.Println(err)
	}
	get()
	// Output:
	// 200 OK
	// 503 Service Unavailable
}

// A custom template is executed with a Page, which has nothing that visitors must not see.
func ExampleOptions() {
	page := template.Must(template.New("page").Parse(
		`<html lang="{{.Language}}"><h1>{{.Title}}</h1>{{range .Paragraphs}}<p>{{.}}</p>{{end}}</html>`))
	site := suspended("mario.example", subscriptions.Hold{Cause: "billing", Public: "Chiuso per lavori.", Note: "Non paga."})
	server := gateway.New(newFakeResolver(site), nil, &gateway.Options{Template: page})

	r := httptest.NewRequest(http.MethodGet, "http://mario.example/", nil)
	r.Header.Set("Accept-Language", "it-IT, en;q=0.5")
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	fmt.Println(w.Body)
	// Output:
	// <html lang="it"><h1>Questo sito al momento non è disponibile</h1><p>Chiuso per lavori.</p></html>
}

// Caddy calls the handler before it obtains a certificate for a new name.
func ExampleAskHandler() {
	ask := gateway.AskHandler(newFakeResolver(active("mario.example")))
	for _, name := range []string{"mario.example", "unknown.example"} {
		w := httptest.NewRecorder()
		ask.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?domain="+name, nil))
		fmt.Println(name, w.Code)
	}
	// Output:
	// mario.example 200
	// unknown.example 404
}
