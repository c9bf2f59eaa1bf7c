package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// console carries out commands that are typed, as the operator of the host.
type console struct {
	*host
	out io.Writer
}

// action carries out a command.
type action func(c *console, ctx context.Context, args arguments) error

// command is one thing that can be typed.
type command struct {
	name, usage, help string
	words             int // that it needs, at least
	do                action
}

// commands answers all that there are, in the order of help.
func commands() []command {
	account, subscription, site := (*console).account, (*console).subscription, (*console).site
	return []command{
		{"list", "", "everything, and what it is suspended by", 0, (*console).list},
		{"visit", "DOMAIN…", "what a visitor sees", 1, (*console).visits},
		{"sign-in", "LOGIN PASSWORD", "whether the owner may sign in", 2, (*console).signIn},
		{"create", "LOGIN [DOMAIN…] [plan=] [password=]", "a customer with a subscription", 1, (*console).create},
		{"subscribe", "LOGIN DOMAIN… [plan=]", "one more subscription for a customer", 2, (*console).subscribe},
		{"remove", "LOGIN", "a customer with all that is below", 1, (*console).remove},
		{"suspend", "LOGIN [CAUSE] [TEXTS]", "a customer, and so all that is below", 1, suspend(account)},
		{"activate", "LOGIN", "lift every hold of the customer's own", 1, activate(account)},
		{"lift", "LOGIN CAUSE…", "lift these causes only", 2, lift(account)},
		{"suspend-subscription", "DOMAIN [CAUSE] [TEXTS]", "the subscription that has this domain", 1, suspend(subscription)},
		{"activate-subscription", "DOMAIN", "lift every hold of its own", 1, activate(subscription)},
		{"lift-subscription", "DOMAIN CAUSE…", "lift these causes only", 2, lift(subscription)},
		{"suspend-site", "DOMAIN [CAUSE] [TEXTS]", "one site", 1, suspend(site)},
		{"activate-site", "DOMAIN", "lift every hold of its own", 1, activate(site)},
		{"lift-site", "DOMAIN CAUSE…", "lift these causes only", 2, lift(site)},
		{"help", "", "this list", 0, (*console).help},
		{"quit", "", "stop", 0, (*console).quit},
	}
}

// errQuit is what the command quit answers.
var errQuit = errors.New("quit")

// run carries out one line. An empty one, and one that begins with #, does nothing.
func (c *console) run(ctx context.Context, line string) error {
	name, args, err := parse(line)
	if err != nil || name == "" || strings.HasPrefix(name, "#") {
		return err
	}
	for _, known := range commands() {
		if known.name != name {
			continue
		}
		if len(args.words) < known.words {
			return fmt.Errorf("usage: %s %s", known.name, known.usage)
		}
		return known.do(c, accounts.WithActor(ctx, "operator"), args)
	}
	return fmt.Errorf("there is no command %q; try help", name)
}

// say prints a line of what a command did.
func (c *console) say(format string, args ...any) {
	fmt.Fprintln(c.out, strings.TrimRight("     "+fmt.Sprintf(format, args...), " "))
}

func (c *console) help(context.Context, arguments) error {
	for _, known := range commands() {
		c.say("%-46s  %s", known.name+" "+known.usage, known.help)
	}
	c.say("")
	c.say("A CAUSE is billing, abuse or any slug; provider if none is given.")
	c.say(`TEXTS are public="for visitors" message="for the owner" note="for the provider".`)
	return nil
}

func (c *console) quit(context.Context, arguments) error { return errQuit }

func (c *console) visits(ctx context.Context, args arguments) error {
	for _, site := range args.words {
		if _, err := c.look(ctx, site); err != nil {
			return err
		}
	}
	return nil
}

// look visits a site and prints what its visitor sees.
func (c *console) look(ctx context.Context, site string) (answer, error) {
	page, err := c.visit(ctx, site)
	if err != nil {
		return answer{}, err
	}
	lines := page.lines()
	c.say("%-16s  %d  %s", site, page.status, lines[0])
	for _, line := range lines[1:] {
		c.say("%-16s       %s", "", line)
	}
	return page, nil
}

func (c *console) signIn(ctx context.Context, args arguments) error {
	login, may, why := args.words[0], "yes", ""
	_, err := c.clients.Authenticate(ctx, login, args.words[1])
	var held *accounts.SuspendedError
	switch {
	case errors.As(err, &held):
		may, why = "no", "suspended."
		for _, m := range held.Messages {
			why += " " + m.Text
		}
	case errors.Is(err, accounts.ErrCredentials):
		may, why = "no", "wrong login or password"
	case err != nil:
		return err
	}
	c.say("%-16s  %-3s  %s", login+" signs in", may, why)
	return nil
}

func (c *console) create(ctx context.Context, args arguments) error {
	login, domains, password := args.words[0], args.words[1:], args.options["password"]
	if len(domains) == 0 {
		domains = []string{login + ".localhost"}
	}
	if password == "" {
		password = rand.Text()
	}
	created, err := c.clients.Create(ctx, accounts.New{
		Login: login, Password: password, Contact: accounts.Contact{Name: login},
		Subscription: &subscriptions.New{Plan: args.options["plan"], Domains: domains},
	})
	if err != nil {
		return err
	}
	c.say("%s has %s", created.Login, strings.Join(domains, ", "))
	if args.options["password"] == "" {
		c.say("the password is %s", password)
	}
	return nil
}

func (c *console) subscribe(ctx context.Context, args arguments) error {
	owner, err := c.clients.GetByLogin(ctx, args.words[0])
	if err != nil {
		return err
	}
	_, err = c.clients.Subscriptions().Create(ctx, subscriptions.New{
		AccountID: owner.ID, Plan: args.options["plan"], Domains: args.words[1:],
	})
	if err != nil {
		return err
	}
	c.say("%s has %s too", owner.Login, strings.Join(args.words[1:], ", "))
	return nil
}

func (c *console) remove(ctx context.Context, args arguments) error {
	owner, err := c.clients.GetByLogin(ctx, args.words[0])
	if err != nil {
		return err
	}
	gone, err := c.clients.Remove(ctx, []accounts.ID{owner.ID})
	if err != nil {
		return err
	}
	c.say("%s is gone, with %s", owner.Login, strings.Join(gone.Domains, ", "))
	return nil
}

// list prints every account with what is below it.
func (c *console) list(ctx context.Context, _ arguments) error {
	for q := (accounts.Query{}); ; {
		page, err := c.clients.List(ctx, q)
		if err != nil {
			return err
		}
		for _, a := range page.Items {
			c.say("%-28s %s", a.Login, state(a.SuspendedBy()))
			if err := c.listBelow(ctx, a.ID); err != nil {
				return err
			}
		}
		if q.After = page.Next; q.After == "" {
			return nil
		}
	}
}

func (c *console) listBelow(ctx context.Context, owner accounts.ID) error {
	for q := (subscriptions.Query{AccountID: &owner}); ; {
		page, err := c.clients.Subscriptions().List(ctx, q)
		if err != nil {
			return err
		}
		for _, s := range page.Items {
			c.say("  %-26s %s", strings.TrimSpace("subscription "+s.Plan), state(s.SuspendedBy()))
			if err := c.listDomains(ctx, s.ID); err != nil {
				return err
			}
		}
		if q.After = page.Next; q.After == "" {
			return nil
		}
	}
}

func (c *console) listDomains(ctx context.Context, of subscriptions.ID) error {
	for q := (subscriptions.DomainQuery{SubscriptionID: of}); ; {
		page, err := c.clients.Subscriptions().Domains(ctx, q)
		if err != nil {
			return err
		}
		for _, d := range page.Items {
			c.say("    %-24s %s", d.Unicode(), state(d.SuspendedBy()))
		}
		if q.After = page.Next; q.After == "" {
			return nil
		}
	}
}

// state says whether something is up, and what holds it down otherwise.
func state(held []subscriptions.Held) string {
	if len(held) == 0 {
		return "active"
	}
	causes := make([]string, len(held))
	for i, h := range held {
		causes[i] = fmt.Sprintf("%s (on the %s)", h.Cause, h.Level)
	}
	return "suspended: " + strings.Join(causes, ", ")
}
