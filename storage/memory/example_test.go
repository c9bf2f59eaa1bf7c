package memory_test

import (
	"context"
	"fmt"
	"log"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
)

// A test of an application needs no database and nothing to mock: each test has a store of its own.
func Example() {
	ctx := context.Background()
	clients := accounts.NewManager(memory.New(), nil)
	mario, err := clients.Create(ctx, accounts.New{
		Login: "mario", Password: "correct horse battery", Contact: accounts.Contact{Name: "Mario Rossi"},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := clients.Suspend(ctx, []accounts.ID{mario.ID}, accounts.Hold{Cause: accounts.CauseBilling}); err != nil {
		log.Fatal(err)
	}
	page, err := clients.List(ctx, accounts.Query{Cause: accounts.CauseBilling})
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range page.Items {
		fmt.Println(a.Login, a.Status())
	}
	// Output: mario suspended
}
