package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/subscriptions"
)

// invoice is a row of the host's own. The library knows nothing of it.
type invoice struct {
	bun.BaseModel `bun:"table:clientele_hosttx.invoices,alias:i"`

	Number  int64       `bun:",pk,autoincrement"`
	Account accounts.ID `bun:",notnull"`
	Text    string      `bun:",notnull"`
	Cents   int64       `bun:",notnull"`
}

func (i invoice) String() string {
	return fmt.Sprintf("%s, %d.%02d", i.Text, i.Cents/100, i.Cents%100)
}

// shop is the host.
type shop struct {
	db      *bun.DB
	store   *postgres.Store
	clients *accounts.Manager
	out     io.Writer
}

func (s *shop) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// errCard is why the second sale fails, when both rows are written already.
var errCard = errors.New("the card was refused")

// day is what happens in the shop.
func (s *shop) day(ctx context.Context) error {
	s.say("A host with invoices of its own, and customers beside them.")
	if err := s.show(ctx); err != nil {
		return err
	}
	s.say("\n1. mario buys: his account and his invoice come in one transaction of the host's.")
	if err := s.sell(ctx, "mario", func() error { return nil }); err != nil {
		return err
	}
	if err := s.show(ctx); err != nil {
		return err
	}
	s.say("\n2. luigi buys. When both are written, his card is refused.")
	if err := s.sell(ctx, "luigi", func() error { return errCard }); !errors.Is(err, errCard) {
		return fmt.Errorf("luigi was sold something: %w", err)
	}
	return s.show(ctx)
}

// sell writes the customer and the invoice, charges, and commits; or none of it.
func (s *shop) sell(ctx context.Context, login string, charge func() error) error {
	err := transaction(ctx, s.db, func(ctx context.Context, tx bun.Tx) error {
		s.say("   > BEGIN")
		return s.write(ctx, tx, login, charge)
	})
	if err != nil {
		s.say("   > ROLLBACK, because %v", err)
		return err
	}
	s.say("   > COMMIT")
	return nil
}

// write does the work of a sale in a transaction. The library becomes a part of it by With and In.
func (s *shop) write(ctx context.Context, tx bun.Tx, login string, charge func() error) error {
	clients := s.clients.WithStore(s.store.WithTx(tx))
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

// compare shows that the transaction sees what it has done, and nobody else does.
func (s *shop) compare(ctx context.Context, within *accounts.Manager, tx bun.Tx, login string) error {
	for _, view := range []struct {
		name    string
		clients *accounts.Manager
		db      bun.IDB
	}{
		{"inside", within, tx},
		{"outside", s.clients, s.db},
	} {
		_, err := view.clients.GetByLogin(ctx, login)
		if err != nil && !errors.Is(err, accounts.ErrNotFound) {
			return err
		}
		invoices, failed := view.db.NewSelect().Model((*invoice)(nil)).Where("text LIKE ?", "%"+login).Count(ctx)
		if failed != nil {
			return failed
		}
		s.say("     seen from %-8s account %-6s invoice %s", view.name+":", yes(err == nil)+",", yes(invoices == 1))
	}
	return nil
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

// show prints all that is there.
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
	s.say("\n   what is there:")
	list(s, "invoices", invoices, invoice.String)
	list(s, "customers", customers.Items, func(c accounts.Summary) string {
		return fmt.Sprintf("%s, %s, with %d domain", c.Login, c.Status(), c.Domains)
	})
	list(s, "events", events.Items, func(e accounts.Event) string { return string(e.Type) })
	return nil
}

// list prints rows below each other.
func list[R any](s *shop, what string, rows []R, text func(R) string) {
	if len(rows) == 0 {
		s.say("     %-11snone", what)
	}
	for _, row := range rows {
		s.say("     %-11s%s", what, text(row))
		what = ""
	}
}
