package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/subscriptions"
)

// invoice is a row of the application's own table, in a schema of its own, which the library does not know.
type invoice struct {
	bun.BaseModel `bun:"table:hosttx_shop.invoices,alias:i"`

	Number  int64       `bun:",pk,autoincrement"`
	Account accounts.ID `bun:",notnull"`
	Text    string      `bun:",notnull"`
	Cents   int64       `bun:",notnull"`
}

func (i invoice) String() string {
	return fmt.Sprintf("%s, %d.%02d", i.Text, i.Cents/100, i.Cents%100)
}

// shop is the application.
type shop struct {
	db      *bun.DB
	store   *postgres.Store
	clients *accounts.Manager
	out     io.Writer
}

func (s *shop) printLine(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// errCardDeclined is the error of the second sale, after both rows were written.
var errCardDeclined = errors.New("the card was declined")

// sellTwice makes one sale that is committed and one that is rolled back, and prints the rows before and after each.
func (s *shop) sellTwice(ctx context.Context) error {
	s.printLine("A shop that stores its invoices next to the library's customers.")
	if err := s.show(ctx); err != nil {
		return err
	}
	s.printLine("\n1. mario buys. His account and his invoice are written in one transaction of the shop.")
	if err := s.sell(ctx, "mario", func() error { return nil }); err != nil {
		return err
	}
	if err := s.show(ctx); err != nil {
		return err
	}
	s.printLine("\n2. luigi buys. After both are written, his card is declined.")
	if err := s.sell(ctx, "luigi", func() error { return errCardDeclined }); !errors.Is(err, errCardDeclined) {
		return fmt.Errorf("unexpected result of luigi's sale: %w", err)
	}
	return s.show(ctx)
}

// sell writes the customer and the invoice, charges the card, and commits. If a step fails, it changes nothing. After a
// deadlock, RunInTx repeats everything: a real charge needs an idempotency key, so that the customer pays once.
func (s *shop) sell(ctx context.Context, login string, charge func() error) error {
	err := s.store.RunInTx(ctx, func(ctx context.Context, tx bun.Tx, in *postgres.Store) error {
		s.printLine("   > BEGIN")
		return s.write(ctx, tx, in, login, charge)
	})
	if err != nil {
		s.printLine("   > ROLLBACK: %v", err)
		return err
	}
	s.printLine("   > COMMIT")
	return nil
}

// write writes the rows of a sale and charges the card. WithStore makes the library use the transaction.
func (s *shop) write(ctx context.Context, tx bun.Tx, in *postgres.Store, login string, charge func() error) error {
	clients := s.clients.WithStore(in)
	customer, err := clients.Create(ctx, accounts.New{
		Login: login, Password: "a password of " + login, Contact: accounts.Contact{Name: login},
		Subscription: &subscriptions.New{Plan: "gold", Domains: []string{login + ".example.com"}},
	})
	if err != nil {
		return err
	}
	bill := invoice{Account: customer.ID, Text: "gold for " + login, Cents: 2900}
	if _, err := tx.NewInsert().Model(&bill).Exec(ctx); err != nil {
		return err
	}
	if err := s.compare(ctx, clients, tx, login); err != nil {
		return err
	}
	return charge()
}

// compare shows that the new rows are visible inside the transaction only.
func (s *shop) compare(ctx context.Context, inTx *accounts.Manager, tx bun.Tx, login string) error {
	for _, view := range []struct {
		name    string
		clients *accounts.Manager
		db      bun.IDB
	}{
		{"inside", inTx, tx},
		{"outside", s.clients, s.db},
	} {
		_, err := view.clients.GetByLogin(ctx, login)
		if err != nil && !errors.Is(err, accounts.ErrNotFound) {
			return err
		}
		invoices, countErr := view.db.NewSelect().Model((*invoice)(nil)).Where("text LIKE ?", "%"+login).Count(ctx)
		if countErr != nil {
			return countErr
		}
		s.printLine("     visible %-8s account %-6s invoice %s", view.name+":", yesNo(err == nil)+",", yesNo(invoices == 1))
	}
	return nil
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// orderTwice gets one order twice, because its sender saw no response to the first one, and prints the rows after both.
func (s *shop) orderTwice(ctx context.Context) error {
	s.printLine("\n3. peach orders through an API, and sends the order twice. No row of the shop is written, so the transaction is one of the library.")
	for range 2 {
		response, err := s.order(ctx, "order-4711", "peach")
		if err != nil {
			return err
		}
		s.printLine("   > response: %s", response)
	}
	return s.show(ctx)
}

// order creates a customer, unless a request with this key has done so, and returns the response to the first request. It would run
// on every store. Nothing is hashed while the transaction is open, so the password is hashed before.
func (s *shop) order(ctx context.Context, idempotencyKey, login string) (response string, err error) {
	in := accounts.New{
		Login: login, Password: "a password of " + login, Contact: accounts.Contact{Name: login},
		Subscription: &subscriptions.New{Plan: "silver", Domains: []string{login + ".example.com"}},
	}
	hash, err := s.clients.HashPassword(ctx, in)
	if err != nil {
		return "", err
	}
	in.Password, in.PasswordHash = "", hash
	err = s.clients.Transaction(ctx, func(ctx context.Context, tx *accounts.Manager) error {
		requests := tx.Bucket("idempotency-keys")
		earlier, err := requests.Get(ctx, idempotencyKey) // locks the key: a concurrent request waits here
		switch {
		case err == nil:
			response = string(earlier.Value)
			return nil
		case !errors.Is(err, accounts.ErrNotFound):
			return err
		}
		customer, err := tx.Create(ctx, in)
		if err != nil {
			return err
		}
		response = fmt.Sprintf("%s is customer %d", customer.Login, customer.ID)
		_, err = requests.Put(ctx, accounts.Entry{
			Key: idempotencyKey, Value: []byte(response), ExpiresAt: time.Now().Add(24 * time.Hour),
		}, accounts.Absent)
		return err
	})
	return response, err
}

// show prints all rows.
func (s *shop) show(ctx context.Context) error {
	var invoices []invoice
	if err := s.db.NewSelect().Model(&invoices).Order("number").Scan(ctx); err != nil {
		return err
	}
	customers, err := s.clients.List(ctx, accounts.Query{})
	if err != nil {
		return err
	}
	events, err := s.clients.Events(ctx, accounts.EventQuery{})
	if err != nil {
		return err
	}
	s.printLine("\n   the database now:")
	list(s, "invoices", invoices, invoice.String)
	list(s, "customers", customers.Items, func(c accounts.Summary) string {
		return fmt.Sprintf("%s, %s, with %d domain", c.Login, c.Status(), c.Domains)
	})
	list(s, "events", events.Items, func(e accounts.Event) string { return string(e.Type) })
	return nil
}

// list prints the rows under a label, one on each line.
func list[R any](s *shop, label string, rows []R, text func(R) string) {
	if len(rows) == 0 {
		s.printLine("     %-11snone", label)
	}
	for _, row := range rows {
		s.printLine("     %-11s%s", label, text(row))
		label = ""
	}
}
