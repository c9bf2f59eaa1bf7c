package panel_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/panel"
	"github.com/clientele-go/clientele/storage/memory"
)

// The panel is mounted in an application that has other pages and signs operators in itself.
func ExampleNew() {
	clients := accounts.NewManager(memory.New(), &accounts.Options{ReservedDomains: []string{"my.provider.example"}})
	if _, err := clients.Create(context.Background(), accounts.New{
		Login: "mario", Password: "correct horse", Contact: accounts.Contact{Name: "Mario Rossi"},
	}); err != nil {
		log.Fatal(err)
	}
	// The sessions of the application's own sign-in page: the names of operators by the random tokens in their cookies. A
	// header such as X-Operator would not do, because every client can send it.
	annasToken := rand.Text()
	sessions := map[string]string{annasToken: "anna"}
	pages, err := panel.New(clients, &panel.Options{
		Path: "/panel",
		OperatorFromRequest: func(r *http.Request) (name string, ok bool) {
			cookie, err := r.Cookie("__Host-session")
			if err != nil {
				return "", false
			}
			name, ok = sessions[cookie.Value]
			return name, ok
		},
		OperatorSignInURL: "/signin",
		Plans:             []string{"Basic", "Pro"},
		Origin:            "https://my.provider.example",
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/panel/", pages)
	server := &http.Server{ // without timeouts, a client that sends half a header occupies a connection forever
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}

	for _, token := range []string{annasToken, "anna"} {
		r := httptest.NewRequest(http.MethodGet, "https://my.provider.example/panel/customers", nil)
		r.AddCookie(&http.Cookie{Name: "__Host-session", Value: token})
		w := httptest.NewRecorder()
		server.Handler.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Header().Get("Location"), strings.Contains(w.Body.String(), "Mario Rossi"))
	}
	// Output:
	// 200  true
	// 303 /signin false
}

// Operators sign in on the panel's page, with passwords from a fixed list.
func ExampleStaticOperators() {
	hash, err := accounts.Argon2id{}.Hash(context.Background(), "a long sentence")
	if err != nil {
		log.Fatal(err)
	}
	check := panel.StaticOperators(map[string]string{"anna": hash}) // for Options.AuthenticateOperator
	fmt.Println(check(context.Background(), "anna", "a long sentence"))
	fmt.Println(check(context.Background(), "nobody", "a long sentence"))
	// Output:
	// true <nil>
	// false <nil>
}

// Behind a proxy on the same machine, the client's address is the last one in X-Forwarded-For that the proxy did not get from
// another proxy.
func ExampleTrustProxies() {
	clientAddr := panel.TrustProxies(netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")) // for Options.ClientAddr
	for _, peer := range []string{"127.0.0.1:40000", "203.0.113.5:40000"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", "192.0.2.66, 198.51.100.7") // the client sent the first one itself
		fmt.Println(clientAddr(r))
	}
	// Output:
	// 198.51.100.7
	// 203.0.113.5
}
