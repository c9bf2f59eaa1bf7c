package accounts_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/subscriptions"
)

// newClients returns a manager with one customer, mario, who has a blog and a shop in two subscriptions.
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
		log.Fatal(err)
	}
	second, err := clients.Subscriptions().Create(ctx, subscriptions.New{
		AccountID: a.ID, Plan: "business", Domains: []string{"shop.example"},
	})
	if err != nil {
		log.Fatal(err)
	}
	return clients, a.ID, 1, second.ID
}

// One call creates an account with its first subscription and domains.
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
		Description:    "Pays by bank transfer.",
		Locale:         "it",
		Subscription:   &subscriptions.New{Plan: "basic", Domains: []string{"rossi.example", "www.bücher.example"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(mario.ID, mario.Login, mario.Status())
	// Output: 1 mario active
}

// All violations are returned at once, each with its path. Their messages can be translated.
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
	// login | login | Nome utente: prima una lettera o una cifra, poi lettere dalla a alla z, cifre e . _ @ + ' - (senza punti consecutivi né finali)
	// contact.name | required | Nome del contatto: campo obbligatorio
	// contact.country | country | Paese: inserisci un codice paese di due lettere
	// password | minLength | Password: minimo 8 caratteri
	// subscription.domains[0] | domain | Dominio: inserisci un nome di dominio, ad es. example.com
}

// All values that are already taken are returned at once.
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

// Causes are independent: the unpaid shop stays suspended when the account is activated.
func ExampleManager_Suspend() {
	ctx := context.Background()
	clients, mario, _, shop := newClients()
	subs := clients.Subscriptions()
	show := func(event string) {
		fmt.Println(event)
		for _, name := range []string{"blog.example", "shop.example"} {
			site, err := subs.Resolve(ctx, name)
			if err != nil {
				log.Fatal(err)
			}
			fmt.Print("  ", name, " ", site.Domain.Status())
			for _, hold := range site.Domain.SuspendedBy() {
				fmt.Print(" ", hold.Level, ":", hold.Cause)
			}
			fmt.Println()
		}
	}

	if _, err := subs.Suspend(ctx, []subscriptions.ID{shop}, accounts.Hold{Cause: accounts.CauseBilling}); err != nil {
		log.Fatal(err)
	}
	show("the shop is not paid")
	if _, err := clients.Suspend(ctx, []accounts.ID{mario}, accounts.Hold{Cause: accounts.CauseAbuse}); err != nil {
		log.Fatal(err)
	}
	show("the account sends spam")
	if _, err := clients.Activate(ctx, []accounts.ID{mario}); err != nil {
		log.Fatal(err)
	}
	show("the account is activated")
	if _, err := subs.Lift(ctx, []subscriptions.ID{shop}, []accounts.Cause{accounts.CauseBilling}); err != nil {
		log.Fatal(err)
	}
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

// A command on several accounts is all or nothing: if one id is unknown, nothing changes.
func ExampleManager_Activate() {
	ctx := context.Background()
	clients, mario, _, _ := newClients()
	if _, err := clients.Suspend(ctx, []accounts.ID{mario}, accounts.Hold{}); err != nil {
		log.Fatal(err)
	}
	_, err := clients.Activate(ctx, []accounts.ID{99, mario, 77})
	fmt.Println(err)
	out, err := clients.Activate(ctx, []accounts.ID{mario})
	fmt.Println(out.Changed, out.Unchanged, out.StillSuspended, err)
	// Output:
	// clientele: account not found: 77, 99
	// [1] [] [] <nil>
}

// A session is valid until the password is changed or the account is suspended or removed.
func ExampleManager_CheckSession() {
	ctx := context.Background()
	clients, _, _, _ := newClients()
	a, err := clients.Authenticate(ctx, "mario", "correct horse")
	fmt.Println(a.ID, err)
	session := struct {
		id    accounts.ID
		epoch int64
	}{a.ID, a.SessionEpoch}

	_, err = clients.CheckSession(ctx, session.id, session.epoch)
	fmt.Println(err)
	if err := clients.SetPassword(ctx, a.ID, "battery staple"); err != nil {
		log.Fatal(err)
	}
	_, err = clients.CheckSession(ctx, session.id, session.epoch)
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// <nil>
	// clientele: the session has ended
}

// Only a caller with the correct password learns why the account is suspended.
func ExampleSuspendedError() {
	ctx := context.Background()
	clients, mario, _, _ := newClients()
	if _, err := clients.Suspend(ctx, []accounts.ID{mario}, accounts.Hold{
		Cause: accounts.CauseBilling, Note: "third time this year", Message: "Invoice 2026-17 is open.",
	}); err != nil {
		log.Fatal(err)
	}
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

// A reset token works once.
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

// A change carries the version that was read, so that it does not overwrite a concurrent change.
func ExampleManager_Update() {
	ctx := context.Background()
	clients, mario, _, _ := newClients()
	read, err := clients.Get(ctx, mario)
	if err != nil {
		log.Fatal(err)
	}

	withPhone := read.Contact
	withPhone.Phone = "+39 011 555 0100"
	_, err = clients.Update(ctx, mario, accounts.Changes{Version: read.Version, Contact: &withPhone})
	fmt.Println(err)

	withCity := read.Contact
	withCity.City = "Torino"
	_, err = clients.Update(ctx, mario, accounts.Changes{Version: read.Version, Contact: &withCity})
	var conflict *accounts.ConflictError
	fmt.Println(errors.As(err, &conflict), conflict.Current)
	// Output:
	// <nil>
	// true 2
}

// Lists are read page by page with an opaque cursor. A page takes the same time at the start and after a million rows.
func ExampleManager_List() {
	ctx := context.Background()
	clients, _, _, _ := newClients()
	for _, login := range []string{"zoe", "anna", "bruno"} {
		if _, err := clients.Create(ctx, accounts.New{
			Login: login, Password: "correct horse", Contact: accounts.Contact{Name: strings.ToUpper(login)},
		}); err != nil {
			log.Fatal(err)
		}
	}
	q := accounts.Query{Sort: accounts.SortLogin, Limit: 3}
	for {
		page, err := clients.List(ctx, q)
		if err != nil {
			log.Fatal(err)
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

// RemoveExactly removes what the preview showed, or nothing.
func ExampleManager_RemoveExactly() {
	ctx := context.Background()
	clients, mario, blog, _ := newClients()
	preview, err := clients.PreviewRemoval(ctx, []accounts.ID{mario})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(preview.Accounts, preview.Subscriptions, preview.Domains)

	if _, err := clients.Subscriptions().AddDomain(ctx, blog, "new.example"); err != nil {
		log.Fatal(err)
	}
	_, err = clients.RemoveExactly(ctx, preview)
	fmt.Println(errors.Is(err, accounts.ErrConflict))

	preview, err = clients.PreviewRemoval(ctx, []accounts.ID{mario})
	if err != nil {
		log.Fatal(err)
	}
	removed, err := clients.RemoveExactly(ctx, preview)
	fmt.Println(removed.Domains, err)
	// Output:
	// [1] [1 2] [blog.example shop.example]
	// true
	// [blog.example new.example shop.example] <nil>
}

// An owner sees and changes only the subscriptions and domains of their account. Others are not found.
func ExampleOwner() {
	ctx := context.Background()
	clients, mario, _, _ := newClients()
	owner := clients.Owner(mario)
	page, err := owner.Domains(ctx, subscriptions.DomainQuery{})
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range page.Items {
		fmt.Println(d.Name, d.Status())
	}
	_, err = owner.DisableDomains(ctx, []subscriptions.DomainID{page.Items[0].ID})
	fmt.Println(err)
	_, err = owner.DisableDomains(ctx, []subscriptions.DomainID{4711})
	fmt.Println(err)
	// Output:
	// blog.example active
	// shop.example active
	// <nil>
	// clientele: domain not found: 4711
}

// A gateway keeps a map of the active sites. It starts from a snapshot and applies the events after it. An event about an account
// or a subscription says nothing about the domains below, so that the program looks these up again.
func ExampleManager_Follow() {
	ctx := context.Background()
	clients, mario, _, shop := newClients()
	subs := clients.Subscriptions()

	active := map[string]bool{}
	cursor, err := clients.Snapshot(ctx, func(b accounts.Batch) error {
		for _, d := range b.Domains {
			active[d.Name] = d.Status() == accounts.Active
		}
		return nil
	})
	fmt.Println(active, err)

	if _, err := clients.Suspend(ctx, []accounts.ID{mario}, accounts.Hold{Cause: accounts.CauseBilling}); err != nil {
		log.Fatal(err)
	}
	if _, err := clients.Activate(ctx, []accounts.ID{mario}); err != nil {
		log.Fatal(err)
	}
	if _, err := subs.Suspend(ctx, []subscriptions.ID{shop}, accounts.Hold{Cause: accounts.CauseAbuse}); err != nil {
		log.Fatal(err)
	}
	if _, err := subs.AddDomain(ctx, shop, "shop.test"); err != nil {
		log.Fatal(err)
	}
	blog, err := subs.Domain(ctx, "blog.example")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := subs.RenameDomain(ctx, blog.ID, "diary.example"); err != nil {
		log.Fatal(err)
	}

	refresh := func(q subscriptions.DomainQuery) error {
		for {
			page, err := subs.Domains(ctx, q)
			if err != nil {
				return err
			}
			for _, d := range page.Items {
				active[d.Name] = d.Status() == accounts.Active
			}
			if q.After = page.Next; q.After == "" {
				return nil
			}
		}
	}
	errStop := errors.New("stop")
	err = clients.Follow(ctx, cursor, nil, func(_ context.Context, batch []accounts.Event, next accounts.Cursor) error {
		for _, e := range batch {
			switch {
			case e.Type == accounts.DomainRemoved:
				delete(active, e.Domain)
				continue
			case e.Type == accounts.DomainRenamed:
				delete(active, e.Details["from"])
			}
			q := subscriptions.DomainQuery{AccountID: &e.AccountID}
			switch {
			case e.DomainID != 0:
				q = subscriptions.DomainQuery{IDs: []subscriptions.DomainID{e.DomainID}}
			case e.SubscriptionID != 0:
				q = subscriptions.DomainQuery{SubscriptionID: e.SubscriptionID}
			}
			if err := refresh(q); err != nil {
				return err
			}
		}
		cursor = next // a real program stores it together with what it has done
		return errStop
	})
	fmt.Println(active, err)
	// Output:
	// map[blog.example:true shop.example:true] <nil>
	// map[diary.example:true shop.example:false shop.test:false] stop
}

func ExampleManager_OnLevel() {
	ctx := context.Background()
	clients := accounts.NewManager(memory.New(), nil)
	mario, err := clients.Create(ctx, accounts.New{
		Login: "mario", Password: "correct horse", Contact: accounts.Contact{Name: "Mario Rossi"},
		Subscription: &subscriptions.New{Domains: []string{"mario.example"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	site, err := clients.Subscriptions().Resolve(ctx, "mario.example")
	if err != nil {
		log.Fatal(err)
	}
	for _, on := range []struct {
		level accounts.Level
		id    int64
	}{{accounts.LevelAccount, int64(mario.ID)}, {accounts.LevelDomain, int64(site.Domain.ID)}} {
		out, err := clients.OnLevel(on.level).Suspend(ctx, []int64{on.id}, accounts.Hold{Cause: accounts.CauseAbuse})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(on.level, len(out.Changed))
	}
	site, err = clients.Subscriptions().Resolve(ctx, "mario.example")
	if err != nil {
		log.Fatal(err)
	}
	for _, hold := range site.Domain.SuspendedBy() {
		fmt.Println("suspended at the level of the", hold.Level)
	}
	// Output:
	// account 1
	// domain 1
	// suspended at the level of the account
	// suspended at the level of the domain
}

// A web application keeps the account's id and SessionEpoch in its session, and checks them with every request.
func ExampleManager_Authenticate() {
	ctx := context.Background()
	clients, mario, _, _ := newClients()
	type session struct {
		account accounts.ID
		epoch   int64
	}
	signIn := func(login, password string) (session, error) {
		a, err := clients.Authenticate(ctx, login, password)
		if err != nil {
			return session{}, err // ErrInvalidCredentials, or ErrSuspended with the messages for the owner
		}
		return session{a.ID, a.SessionEpoch}, nil
	}
	page := func(s session) string {
		a, err := clients.CheckSession(ctx, s.account, s.epoch)
		switch {
		case errors.Is(err, accounts.ErrSessionEnded), errors.Is(err, accounts.ErrSuspended), errors.Is(err, accounts.ErrNotFound):
			return "redirect to /signin"
		case err != nil:
			return "try again later"
		}
		return "welcome, " + a.Contact.Name
	}

	_, err := signIn("mario", "guess")
	fmt.Println(err)
	s, err := signIn("Mario", "correct horse")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(page(s))
	if _, err := clients.Suspend(ctx, []accounts.ID{mario}, accounts.Hold{}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(page(s))
	if _, err := clients.Activate(ctx, []accounts.ID{mario}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(page(s), "- sessions from before a suspension do not come back")
	// Output:
	// clientele: wrong login or password
	// welcome, Mario Rossi
	// redirect to /signin
	// redirect to /signin - sessions from before a suspension do not come back
}

// A billing system lifts only its own cause when an invoice is paid. It knows customers by their external ids or ids, some of which
// may no longer exist.
func ExampleManager_Lift() {
	ctx := accounts.WithActor(context.Background(), "biller")
	clients, mario, _, _ := newClients()
	for _, cause := range []accounts.Cause{accounts.CauseBilling, accounts.CauseAbuse} {
		if _, err := clients.Suspend(ctx, []accounts.ID{mario}, accounts.Hold{Cause: cause}); err != nil {
			log.Fatal(err)
		}
	}
	paid := []accounts.ID{mario, 4711}
	out, unknown, err := accounts.SkipUnknown(paid, func(ids []accounts.ID) (accounts.Outcome, error) {
		return clients.Lift(ctx, ids, []accounts.Cause{accounts.CauseBilling})
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("lifted:", out.Changed, "still suspended:", out.StillSuspended, "unknown:", unknown)
	// Output: lifted: [1] still suspended: [1] unknown: [4711]
}

// The history of a customer, the newest events first, two on a page.
func ExampleManager_Events() {
	ctx := accounts.WithActor(context.Background(), "anna")
	clients, mario, _, _ := newClients()
	if _, err := clients.Suspend(ctx, []accounts.ID{mario}, accounts.Hold{Cause: accounts.CauseBilling}); err != nil {
		log.Fatal(err)
	}
	if _, err := clients.Activate(ctx, []accounts.ID{mario}); err != nil {
		log.Fatal(err)
	}
	q := accounts.EventQuery{AccountID: &mario, Desc: true, Limit: 2}
	for range 2 { // all pages, while page.Next is not empty
		page, err := clients.Events(ctx, q)
		if err != nil {
			log.Fatal(err)
		}
		for _, e := range page.Items {
			fmt.Println(e.Actor, e.Type, cmp.Or(e.Domain, "-"))
		}
		fmt.Println("-")
		q.After = page.Next
	}
	// Output:
	// anna account.activated -
	// anna account.suspended -
	// -
	//  domain.added shop.example
	//  subscription.created -
	// -
}
