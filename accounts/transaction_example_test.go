package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/subscriptions"
)

// A site is sold: it gets another owner, and the old one is suspended, both or neither.
func ExampleManager_Transaction() {
	ctx := context.Background()
	clients, mario, blog, _ := newClients()
	hash, err := clients.HashPassword(ctx, accounts.New{Login: "luigi", Password: "battery staple"}) // nothing is hashed inside
	if err != nil {
		log.Fatal(err)
	}
	errNotPaid := errors.New("the price was not paid")
	sell := func(paid bool) error {
		return clients.Transaction(ctx, func(ctx context.Context, tx *accounts.Manager) error {
			luigi, err := tx.Create(ctx, accounts.New{Login: "luigi", PasswordHash: hash, Contact: accounts.Contact{Name: "Luigi Verdi"}})
			if err != nil {
				return err
			}
			if _, err := tx.Subscriptions().Assign(ctx, []subscriptions.ID{blog}, luigi.ID); err != nil {
				return err
			}
			if _, err := tx.Suspend(ctx, []accounts.ID{mario}, accounts.Hold{Message: "You have sold your site."}); err != nil {
				return err
			}
			if !paid {
				return errNotPaid
			}
			return nil
		})
	}
	for _, paid := range []bool{false, true} {
		fmt.Println("sold:", sell(paid))
		site, err := clients.Subscriptions().Resolve(ctx, "blog.example")
		if err != nil {
			log.Fatal(err)
		}
		owner, err := clients.Get(ctx, site.Domain.AccountID)
		fmt.Println("  blog.example belongs to", owner.Login, err)
	}
	// Output:
	// sold: the price was not paid
	//   blog.example belongs to mario <nil>
	// sold: <nil>
	//   blog.example belongs to luigi <nil>
}

// A client repeats a request, because it got no response. It sends the same idempotency key, so the account is created once, and
// the second request gets the response to the first one, also if both arrive at the same time.
func ExampleBucket() {
	ctx := context.Background()
	clients := accounts.NewManager(memory.New(), nil)
	create := func(idempotencyKey string, in accounts.New) (response string, err error) {
		err = clients.Transaction(ctx, func(ctx context.Context, tx *accounts.Manager) error {
			requests := tx.Bucket("idempotency-keys")
			earlier, err := requests.Get(ctx, idempotencyKey) // locks the key until the transaction ends
			if err == nil {
				response = string(earlier.Value)
				return nil
			}
			if !errors.Is(err, accounts.ErrNotFound) {
				return err
			}
			a, err := tx.Create(ctx, in)
			if err != nil {
				return err
			}
			response = fmt.Sprintf("created account %d", a.ID)
			_, err = requests.Put(ctx, accounts.Entry{
				Key: idempotencyKey, Value: []byte(response), ExpiresAt: time.Now().Add(24 * time.Hour),
			}, accounts.Absent)
			return err
		})
		return response, err
	}
	hash, err := clients.HashPassword(ctx, accounts.New{Login: "mario", Password: "correct horse"})
	if err != nil {
		log.Fatal(err)
	}
	in := accounts.New{Login: "mario", PasswordHash: hash, Contact: accounts.Contact{Name: "Mario Rossi"}}
	for range 2 {
		fmt.Println(create("req-4711", in))
	}
	in.Login = "luigi"
	fmt.Println(create("req-4712", in))
	// Output:
	// created account 1 <nil>
	// created account 1 <nil>
	// created account 2 <nil>
}

// Entries whose key begins with an account's prefix are removed with the account.
func ExampleBucket_Put() {
	ctx := context.Background()
	clients, mario, _, _ := newClients()
	keys := clients.Bucket("api-keys")
	key := fmt.Sprintf("account/%d/backup", mario)
	first, err := keys.Put(ctx, accounts.Entry{Key: key, Value: []byte("read")}, accounts.Absent)
	fmt.Println(err)
	_, err = keys.Put(ctx, accounts.Entry{Key: key, Value: []byte("write")}, accounts.AtVersion(first.Version))
	fmt.Println(err)
	_, err = keys.Put(ctx, accounts.Entry{Key: key, Value: []byte("lost update")}, accounts.AtVersion(first.Version))
	fmt.Println(errors.Is(err, accounts.ErrConflict))
	if _, err := clients.Remove(ctx, []accounts.ID{mario}); err != nil {
		log.Fatal(err)
	}
	_, err = keys.Get(ctx, key)
	fmt.Println(errors.Is(err, accounts.ErrNotFound))
	// Output:
	// <nil>
	// <nil>
	// true
	// true
}

// An import creates accounts by hundreds, all of a batch or none. Everything that is wrong with it is reported at once.
func ExampleManager_CreateMany() {
	ctx := context.Background()
	clients, _, _, _ := newClients()
	const hash = "$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW" // of the old system
	batch := []accounts.New{
		{Login: "anna", PasswordHash: hash, Contact: accounts.Contact{Name: "Anna Bianchi"}},
		{Login: "mario", PasswordHash: hash, Contact: accounts.Contact{Name: "Another Mario"}},
		{Login: "bruno", PasswordHash: hash, Subscription: &subscriptions.New{Domains: []string{"bruno.example", "not a name"}}},
	}
	_, err := clients.CreateMany(ctx, batch)
	fmt.Println(err)
	batch[2].Contact.Name, batch[2].Subscription.Domains = "Bruno Neri", []string{"bruno.example"}
	_, err = clients.CreateMany(ctx, batch)
	fmt.Println(err)
	batch[1].Login = "mario2"
	created, err := clients.CreateMany(ctx, batch)
	fmt.Println(len(created), err)
	// Output:
	// clientele: invalid input: [2].contact.name: Contact name is required; [2].subscription.domains[1]: Domain must be a domain name, such as example.com
	// clientele: [1].login "mario" is already taken
	// 3 <nil>
}
