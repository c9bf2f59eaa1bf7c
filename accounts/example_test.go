package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/subscriptions"
)

// newClients is a small provider with one customer, mario, who has a blog and a shop in two subscriptions.
func newClients() (clients *accounts.Manager, mario accounts.ID, blog, shop subscriptions.ID) {
	ctx := context.Background()
	clients = accounts.NewManager(memory.New(), &accounts.Options{
		Now:    func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) },
		Secret: []byte("a secret that is known to this example only"),
	})
	a, err := clients.Create(ctx, accounts.New{
		Login: "mario", Password: "correct horse", Contact: accounts.Contact{Name: "Mario Rossi"},
		Subscription: &subscriptions.New{Plan: "basic", Domains: []string{"blog.example"}},
	})
	if err != nil {
		panic(err)
	}
	second, err := clients.Subscriptions().Create(ctx, subscriptions.New{
		AccountID: a.ID, Plan: "business", Domains: []string{"shop.example"},
	})
	if err != nil {
		panic(err)
	}
	return clients, a.ID, 1, second.ID
}

// A customer with contact, login, notes and a first subscription, in one call.
func ExampleManager_Create() {
	ctx := accounts.WithActor(context.Background(), "anna")
	clients := accounts.NewManager(memory.New(), nil)
	mario, err := clients.Create(ctx, accounts.New{
		Login:    "Mario",
		Password: "correct horse",
		Contact: accounts.Contact{
			Name: "Mario Rossi", Company: "Rossi srl", Email: "mario@rossi.example", City: "Torino", Country: "IT",
		},
		AdditionalInfo: "Your contact person is Anna.",
		Description:    "Pays late, stays forever.",
		Locale:         "it",
		Subscription:   &subscriptions.New{Plan: "basic", Domains: []string{"rossi.example", "www.bücher.example"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(mario.ID, mario.Login, mario.Status())
	// Output: 1 mario active
}

// All faults of an input come back at once, each with its path, and in the reader's language.
func ExampleManager_Create_invalid() {
	clients := accounts.NewManager(memory.New(), nil)
	_, err := clients.Create(context.Background(), accounts.New{
		Login: "mario!", Password: "short", Contact: accounts.Contact{Country: "Italy"},
		Subscription: &subscriptions.New{Domains: []string{"192.168.0.1"}},
	})
	var invalid *accounts.InvalidError
	if errors.As(err, &invalid) {
		for _, v := range invalid.Translate("it") {
			fmt.Println(v.Path, "|", v.Rule, "|", v.Message)
		}
	}
	// Output:
	// login | login | Nome utente: deve iniziare con una lettera o una cifra e può avere lettere dalla a alla z, cifre e . _ @ + ' - (non due punti insieme, nessun punto alla fine)
	// contact.name | required | Nome del contatto è obbligatorio
	// contact.country | country | Paese deve essere un codice di paese di due lettere
	// password | minLength | Password deve avere almeno 8 caratteri
	// subscription.domains[0] | domain | Dominio deve essere un nome di dominio, come example.com
}

// Everything that somebody else has is told at once.
func ExampleManager_Create_taken() {
	clients, _, _, _ := newClients()
	_, err := clients.Create(context.Background(), accounts.New{
		Login: "MARIO", Password: "battery staple", Contact: accounts.Contact{Name: "Another Mario"},
		Subscription: &subscriptions.New{Domains: []string{"cart.shop.example"}},
	})
	var taken *accounts.TakenError
	if errors.As(err, &taken) {
		fmt.Println(taken.Field, taken.Value, taken.Others)
	}
	// Output: login MARIO [{subscription.domains[0] cart.shop.example}]
}

// Causes are independent: activating the account does not bring the unpaid shop back.
func ExampleManager_Suspend() {
	ctx := context.Background()
	clients, mario, _, shop := newClients()
	subs := clients.Subscriptions()
	show := func(done string) {
		fmt.Println(done)
		for _, name := range []string{"blog.example", "shop.example"} {
			site, _ := subs.Resolve(ctx, name)
			fmt.Print("  ", name, " ", site.Domain.Status())
			for _, held := range site.Domain.SuspendedBy() {
				fmt.Print(" ", held.Level, ":", held.Cause)
			}
			fmt.Println()
		}
	}

	_, _ = subs.Suspend(ctx, []subscriptions.ID{shop}, accounts.Hold{Cause: accounts.CauseBilling})
	show("the shop is not paid")
	_, _ = clients.Suspend(ctx, []accounts.ID{mario}, accounts.Hold{Cause: accounts.CauseAbuse})
	show("the account sends spam")
	_, _ = clients.Activate(ctx, []accounts.ID{mario})
	show("the account is activated")
	_, _ = subs.Lift(ctx, []subscriptions.ID{shop}, []accounts.Cause{accounts.CauseBilling})
	show("the shop is paid")
	// Output:
	// the shop is not paid
	//   blog.example active
	//   shop.example suspended subscription:billing
	// the account sends spam
	//   blog.example suspended account:abuse
	//   shop.example suspended account:abuse subscription:billing
	// the account is activated
	//   blog.example active
	//   shop.example suspended subscription:billing
	// the shop is paid
	//   blog.example active
	//   shop.example active
}

// A command on many is one command: an unknown id refuses all of it.
func ExampleManager_Activate() {
	ctx := context.Background()
	clients, mario, _, _ := newClients()
	_, _ = clients.Suspend(ctx, []accounts.ID{mario}, accounts.Hold{})
	_, err := clients.Activate(ctx, []accounts.ID{99, mario, 77})
	fmt.Println(err)
	out, err := clients.Activate(ctx, []accounts.ID{mario})
	fmt.Println(out.Changed, out.Unchanged, out.StillSuspended, err)
	// Output:
	// clientele: account not found: 77, 99
	// [1] [] [] <nil>
}

// A session goes on until the password changes, the account is suspended, or it is removed.
func ExampleManager_CheckSession() {
	ctx := context.Background()
	clients, _, _, _ := newClients()
	a, err := clients.Authenticate(ctx, "mario", "correct horse")
	fmt.Println(a.ID, err)
	session := struct {
		id     accounts.ID
		signIn int64
	}{a.ID, a.SessionEpoch}

	_, err = clients.CheckSession(ctx, session.id, session.signIn)
	fmt.Println(err)
	_ = clients.SetPassword(ctx, a.ID, "battery staple")
	_, err = clients.CheckSession(ctx, session.id, session.signIn)
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// <nil>
	// clientele: the session has ended
}

// Only who knows the password learns why the account is suspended.
func ExampleSuspendedError() {
	ctx := context.Background()
	clients, mario, _, _ := newClients()
	_, _ = clients.Suspend(ctx, []accounts.ID{mario}, accounts.Hold{
		Cause: accounts.CauseBilling, Note: "third time this year", Message: "Invoice 2026-17 is open.",
	})
	_, err := clients.Authenticate(ctx, "mario", "wrong horse")
	fmt.Println(err)
	_, err = clients.Authenticate(ctx, "mario", "correct horse")
	var suspended *accounts.SuspendedError
	if errors.As(err, &suspended) {
		fmt.Println(err, "-", suspended.Messages[0].Text)
	}
	// Output:
	// clientele: wrong login or password
	// clientele: the account is suspended - Invoice 2026-17 is open.
}

// A link for a new password works once.
func ExampleManager_ResetPassword() {
	ctx := context.Background()
	clients, mario, _, _ := newClients()
	token, err := clients.ResetToken(ctx, mario, time.Hour)
	fmt.Println(len(token) > 0, err)
	_, err = clients.ResetPassword(ctx, token, "battery staple")
	fmt.Println(err)
	_, err = clients.ResetPassword(ctx, token, "another one")
	fmt.Println(err)
	// Output:
	// true <nil>
	// <nil>
	// clientele: wrong login or password
}

// A change carries the version that it read, so that nobody overwrites what they have not seen.
func ExampleManager_Update() {
	ctx := context.Background()
	clients, mario, _, _ := newClients()
	read, _ := clients.Get(ctx, mario)

	phone := read.Contact
	phone.Phone = "+39 011 555 0100"
	_, err := clients.Update(ctx, mario, accounts.Changes{Version: read.Version, Contact: &phone})
	fmt.Println(err)

	city := read.Contact
	city.City = "Torino"
	_, err = clients.Update(ctx, mario, accounts.Changes{Version: read.Version, Contact: &city})
	var conflict *accounts.ConflictError
	fmt.Println(errors.As(err, &conflict), conflict.Current)
	// Output:
	// <nil>
	// true 2
}

// Lists page with an opaque cursor. A page costs the same at the start and a million rows in.
func ExampleManager_List() {
	ctx := context.Background()
	clients, _, _, _ := newClients()
	for _, login := range []string{"zoe", "anna", "bruno"} {
		_, _ = clients.Create(ctx, accounts.New{
			Login: login, Password: "correct horse", Contact: accounts.Contact{Name: strings.ToUpper(login)},
		})
	}
	q := accounts.Query{Sort: accounts.SortLogin, Limit: 3}
	for {
		page, err := clients.List(ctx, q)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, a := range page.Items {
			fmt.Println(a.Login, a.Subscriptions, a.Domains)
		}
		fmt.Println("-")
		if page.Next == "" {
			return
		}
		q.After = page.Next
	}
	// Output:
	// anna 0 0
	// bruno 0 0
	// mario 2 2
	// -
	// zoe 0 0
	// -
}

// What an operator was shown is what goes, or nothing does.
func ExampleManager_RemoveExactly() {
	ctx := context.Background()
	clients, mario, blog, _ := newClients()
	shown, _ := clients.PreviewRemoval(ctx, []accounts.ID{mario})
	fmt.Println(shown.Accounts, shown.Subscriptions, shown.Domains)

	_, _ = clients.Subscriptions().AddDomain(ctx, blog, "new.example")
	_, err := clients.RemoveExactly(ctx, shown)
	fmt.Println(errors.Is(err, accounts.ErrConflict))

	shown, _ = clients.PreviewRemoval(ctx, []accounts.ID{mario})
	gone, err := clients.RemoveExactly(ctx, shown)
	fmt.Println(gone.Domains, err)
	// Output:
	// [1] [1 2] [blog.example shop.example]
	// true
	// [blog.example new.example shop.example] <nil>
}

// The owner sees and does what is theirs, and nothing else exists for them.
func ExampleOwner() {
	ctx := context.Background()
	clients, mario, _, _ := newClients()
	owner := clients.Owner(mario)
	page, _ := owner.Domains(ctx, subscriptions.DomainQuery{})
	for _, d := range page.Items {
		fmt.Println(d.Name, d.Status())
	}
	_, err := owner.DisableDomains(ctx, []subscriptions.DomainID{page.Items[0].ID})
	fmt.Println(err)
	_, err = owner.DisableDomains(ctx, []subscriptions.DomainID{4711})
	fmt.Println(err)
	// Output:
	// blog.example active
	// shop.example active
	// <nil>
	// clientele: domain not found: 4711
}

// A host provisions what the events say, and remembers the cursor of the last one that it has done.
func ExampleManager_Watch() {
	ctx := context.Background()
	clients, mario, _, _ := newClients()
	_, _ = clients.Suspend(accounts.WithActor(ctx, "biller"), []accounts.ID{mario}, accounts.Hold{Cause: accounts.CauseBilling})

	errEnough := errors.New("enough")
	err := clients.Watch(ctx, "", func(e accounts.Event) error {
		fmt.Println(strings.TrimSpace(fmt.Sprintln(e.Type, e.AccountID, e.Domain, e.Actor, e.Details["cause"])))
		if e.Type == subscriptions.AccountSuspended {
			return errEnough
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// account.created 1
	// subscription.created 1
	// domain.added 1 blog.example
	// subscription.created 1
	// domain.added 1 shop.example
	// account.suspended 1  biller billing
	// enough
}
