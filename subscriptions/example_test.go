package subscriptions_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/subscriptions"
)

// A subscription may belong to no account yet, and be assigned later.
func ExampleManager_Assign() {
	ctx := context.Background()
	clients := accounts.NewManager(memory.New(), nil)
	subs := clients.Subscriptions()
	s, err := subs.Create(ctx, subscriptions.New{Plan: "basic", Domains: []string{"rossi.example"}})
	if err != nil {
		log.Fatal(err)
	}
	mario, err := clients.Create(ctx, accounts.New{
		Login: "mario", Password: "correct horse", Contact: accounts.Contact{Name: "Mario Rossi"},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := clients.Suspend(ctx, []accounts.ID{mario.ID}, accounts.Hold{Cause: accounts.CauseBilling}); err != nil {
		log.Fatal(err)
	}

	fmt.Println(s.Name, s.AccountID, s.Status())
	out, err := subs.Assign(ctx, []subscriptions.ID{s.ID}, mario.ID)
	fmt.Println(out.Changed, err)
	s, err = subs.Get(ctx, s.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.Name, s.AccountID, s.Status())
	// Output:
	// rossi.example 0 active
	// [1] <nil>
	// rossi.example 1 suspended
}

// A web server resolves the host name of every request.
func ExampleManager_Resolve() {
	ctx := context.Background()
	subs := accounts.NewManager(memory.New(), nil).Subscriptions()
	if _, err := subs.Create(ctx, subscriptions.New{Plan: "basic", Domains: []string{"bücher.example"}}); err != nil {
		log.Fatal(err)
	}
	for _, host := range []string{"bücher.example", "XN--BCHER-KVA.example.", "www.bücher.example", "shop.bücher.example"} {
		site, err := subs.Resolve(ctx, host)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(site.Domain.Name, site.Domain.DisplayName(), site.Domain.Status(), site.Plan)
	}
	// Output:
	// xn--bcher-kva.example bücher.example active basic
	// xn--bcher-kva.example bücher.example active basic
	// xn--bcher-kva.example bücher.example active basic
	// clientele: domain not found: "shop.xn--bcher-kva.example"
}

// A main domain cannot leave other domains of its subscription. A domain keeps its holds when it is moved.
func ExampleManager_MoveDomains() {
	ctx := context.Background()
	subs := accounts.NewManager(memory.New(), nil).Subscriptions()
	from, err := subs.Create(ctx, subscriptions.New{Domains: []string{"main.example", "blog.example"}})
	if err != nil {
		log.Fatal(err)
	}
	to, err := subs.Create(ctx, subscriptions.New{Name: "empty"})
	if err != nil {
		log.Fatal(err)
	}
	blog, err := subs.Domain(ctx, "blog.example")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := subs.SuspendDomains(ctx, []subscriptions.DomainID{blog.ID}, subscriptions.Hold{Cause: subscriptions.CauseAbuse}); err != nil {
		log.Fatal(err)
	}

	mainDomain, err := subs.Domain(ctx, "main.example")
	if err != nil {
		log.Fatal(err)
	}
	_, err = subs.MoveDomains(ctx, []subscriptions.DomainID{mainDomain.ID}, to.ID)
	fmt.Println(err)
	_, err = subs.MoveDomains(ctx, []subscriptions.DomainID{blog.ID}, to.ID)
	fmt.Println(err)
	moved, err := subs.Domain(ctx, "blog.example")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(from.ID, moved.SubscriptionID, moved.Main, moved.Status())
	// Output:
	// clientele: invalid input: ids: Selection: main.example is the main domain of its subscription; make another domain the main one first
	// <nil>
	// 1 2 true suspended
}

// An application calls Expire from a ticker.
func ExampleManager_Expire() {
	ctx := context.Background()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	clients := accounts.NewManager(memory.New(), &accounts.Options{Now: func() time.Time { return now }})
	subs := clients.Subscriptions()
	s, err := subs.Create(ctx, subscriptions.New{Name: "trial", ExpiresAt: now.AddDate(0, 0, 14)})
	if err != nil {
		log.Fatal(err)
	}

	now = now.AddDate(0, 0, 15)
	out, err := subs.Expire(ctx)
	fmt.Println(out.Changed, err)

	later := now.AddDate(1, 0, 0)
	s, err = subs.Update(ctx, s.ID, subscriptions.Changes{ExpiresAt: &later})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.Status())
	// Output:
	// [1] <nil>
	// active
}
