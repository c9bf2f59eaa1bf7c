package panel_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

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
	pages, err := panel.New(clients, &panel.Options{
		Path: "/panel",
		OperatorFromRequest: func(r *http.Request) (name string, ok bool) { // from the application's session
			name = r.Header.Get("X-Operator")
			return name, name != ""
		},
		OperatorSignInURL: "/signin",
		Plans:             []string{"Basic", "Pro"},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/panel/", pages)

	for _, operator := range []string{"anna", ""} {
		r := httptest.NewRequest(http.MethodGet, "/panel/customers", nil)
		r.Header.Set("X-Operator", operator)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
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
