package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// walk is the story: holds with independent causes on three levels, and a removal.
type walk struct {
	clients   *accounts.Manager
	subs      *subscriptions.Manager
	server    *server
	out       io.Writer
	responses int
}

var sites = []string{"mario.localhost", "pizza.localhost", "bücher.localhost"}

// The holds of the story. Visitors see only the public texts.
var (
	unpaid = accounts.Hold{
		Cause: accounts.CauseBilling, Public: "The pizzeria is closed for a few days.",
		Message: "Please pay invoice 42.", Note: "third reminder was on Monday",
	}
	spam = accounts.Hold{
		Cause: accounts.CauseAbuse, Public: "This site was taken offline by its provider.",
		Message: "Your sites send spam. Please call us.", Note: "reported by three networks",
	}
	moving = accounts.Hold{
		Cause: "migration", Public: "We are moving. Back at noon.",
		Message: "Your site moves to a new server.", Note: "rack 7 is full",
	}
)

// secrets are parts of the notes and messages, which visitors must not see.
var secrets = []string{"invoice 42", "reminder", "reported", "spam", "call us", "new server", "rack 7"}

func (w *walk) run(ctx context.Context) error {
	w.print("Two customers with three sites on a web server. After each step: the status and")
	w.print("the response of every site, and whether mario can sign in.")
	ctx = accounts.WithActor(ctx, "operator")
	var mario accounts.Account
	var pizza subscriptions.Subscription
	var site subscriptions.Domain
	for i, step := range []struct {
		title string
		hold  accounts.Hold
		do    func() error
	}{
		{"Two new customers: mario with two subscriptions, luigi with one.", accounts.Hold{}, func() (err error) {
			if mario, err = w.create(ctx, "mario", "mario.localhost"); err != nil {
				return err
			}
			pizza, err = w.subs.Create(ctx, subscriptions.New{AccountID: mario.ID, Plan: "basic", Domains: []string{"pizza.localhost"}})
			if err != nil {
				return err
			}
			_, err = w.create(ctx, "luigi", "bücher.localhost")
			return err
		}},
		{"The subscription of pizza.localhost is unpaid.", unpaid, func() error {
			_, err := w.subs.Suspend(ctx, []subscriptions.ID{pizza.ID}, unpaid)
			return err
		}},
		{"Mario's sites send spam. All of them are suspended, and he cannot sign in.", spam, func() error {
			_, err := w.clients.Suspend(ctx, []accounts.ID{mario.ID}, spam)
			return err
		}},
		{"The spam has stopped. pizza.localhost is still unpaid and stays suspended.", accounts.Hold{}, func() error {
			_, err := w.clients.Activate(ctx, []accounts.ID{mario.ID})
			return err
		}},
		{"mario.localhost, one site alone, moves to another server.", moving, func() (err error) {
			if site, err = w.subs.Domain(ctx, "mario.localhost"); err != nil {
				return err
			}
			_, err = w.subs.SuspendDomains(ctx, []subscriptions.DomainID{site.ID}, moving)
			return err
		}},
		{"The invoice is paid. Only this cause is lifted.", accounts.Hold{}, func() error {
			_, err := w.subs.Lift(ctx, []subscriptions.ID{pizza.ID}, []accounts.Cause{accounts.CauseBilling})
			return err
		}},
		{"Mario leaves. His subscriptions and domains are removed with his account.", accounts.Hold{}, func() error {
			removed, err := w.clients.Remove(ctx, []accounts.ID{mario.ID})
			w.print("  removed: %s\n", strings.Join(removed.Domains, ", "))
			return err
		}},
	} {
		w.print("\n%d. %s\n", i+1, step.title)
		w.printHold(step.hold)
		if err := step.do(); err != nil {
			return err
		}
		if err := w.look(ctx); err != nil {
			return err
		}
	}
	w.print("\nNone of these %d responses contained a note or a message: visitors see only the\npublic texts.", w.responses)
	return nil
}

// create creates a customer with a subscription that has one domain.
func (w *walk) create(ctx context.Context, login, domain string) (accounts.Account, error) {
	return w.clients.Create(ctx, accounts.New{
		Login: login, Password: "secret of " + login, Contact: accounts.Contact{Name: login},
		Subscription: &subscriptions.New{Plan: "gold", Domains: []string{domain}},
	})
}

// look prints what every site is and how it responds, and whether mario can sign in.
func (w *walk) look(ctx context.Context) error {
	for _, name := range sites {
		site, err := w.subs.Domain(ctx, name)
		status := string(site.Status())
		switch {
		case errors.Is(err, accounts.ErrNotFound):
			status = "no such site"
		case err != nil:
			return err
		}
		var holds []string
		for _, hold := range site.SuspendedBy() {
			holds = append(holds, fmt.Sprintf("%s (%s)", hold.Cause, hold.Level))
		}
		w.print("  %-18s%-10s %s", name, status, strings.Join(holds, ", "))
		code, body, lines, err := w.server.get(ctx, name)
		if err != nil {
			return err
		}
		for _, secret := range secrets {
			if strings.Contains(body, secret) {
				return fmt.Errorf("the page of %s contains %q", name, secret)
			}
		}
		w.responses++
		w.print("  %-18s%d  %s", "", code, strings.Join(lines, "\n"+strings.Repeat(" ", 25)))
	}
	answer := "yes"
	_, err := w.clients.Authenticate(ctx, "mario", "secret of mario")
	var suspended *accounts.SuspendedError
	switch {
	case errors.As(err, &suspended):
		answer = "no, suspended:"
		for _, m := range suspended.Messages {
			answer += " " + m.Text
		}
	case errors.Is(err, accounts.ErrInvalidCredentials):
		answer = "no, wrong login or password"
	case err != nil:
		return err
	}
	w.print("  %-18s%s", "mario signs in?", answer)
	return nil
}

// printHold prints a hold, if there is one.
func (w *walk) printHold(h accounts.Hold) {
	if h.Cause != "" {
		w.print("  > cause    %s\n  > public   %s", h.Cause, h.Public)
		w.print("  > message  %s\n  > note     %s\n", h.Message, h.Note)
	}
}

// print prints a line.
func (w *walk) print(format string, args ...any) {
	_, _ = fmt.Fprintln(w.out, strings.TrimRight(fmt.Sprintf(format, args...), " "))
}
