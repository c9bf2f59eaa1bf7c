package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// console carries out commands that are typed, as the operator of the host.
type console struct {
	*host
	screen
}

// action carries out a command.
type action func(c *console, ctx context.Context, args arguments) error

// command is one thing that can be typed.
type command struct {
	name, usage, help string
	words             int // that it needs, at least
	do                action
}

// commands answers all that there are, in the order of help. A command without a name parts them there.
func commands() []command {
	account, subscription, site := (*console).account, (*console).subscription, (*console).site
	return []command{
		{"list", "", "all, and what holds it down", 0, (*console).list},
		{"visit", "DOMAIN…", "what a visitor gets", 1, (*console).visits},
		{"sign-in", "LOGIN PASSWORD", "may the owner sign in?", 2, (*console).signIn},
		{},
		{"create", "LOGIN [DOMAIN…] [OPTIONS]", "a customer, with sites", 1, (*console).create},
		{"subscribe", "LOGIN DOMAIN… [OPTIONS]", "one more subscription", 2, (*console).subscribe},
		{"remove", "LOGIN", "a customer and all below", 1, (*console).remove},
		{},
		{"suspend", "LOGIN [CAUSE] [TEXTS]", "a customer, so all below", 1, suspend(account)},
		{"activate", "LOGIN", "lift every cause of its own", 1, activate(account)},
		{"lift", "LOGIN CAUSE…", "lift these causes only", 2, lift(account)},
		{},
		{"suspend-subscription", "DOMAIN [CAUSE] [TEXTS]", "the one with this domain", 1, suspend(subscription)},
		{"activate-subscription", "DOMAIN", "lift every cause of its own", 1, activate(subscription)},
		{"lift-subscription", "DOMAIN CAUSE…", "lift these causes only", 2, lift(subscription)},
		{},
		{"suspend-site", "DOMAIN [CAUSE] [TEXTS]", "one site", 1, suspend(site)},
		{"activate-site", "DOMAIN", "lift every cause of its own", 1, activate(site)},
		{"lift-site", "DOMAIN CAUSE…", "lift these causes only", 2, lift(site)},
		{},
		{"help", "", "this list", 0, (*console).help},
		{"quit", "", "stop", 0, (*console).quit},
	}
}

// explanation is what help says below the commands.
const explanation = `
CAUSE    why: billing, abuse, or a word of your own; without one, provider.
         Causes know nothing of each other: lifting one leaves the others.
TEXTS    public="visitors see it" message="the owner sees it"
         note="only the provider sees it"
OPTIONS  plan=NAME password=SECRET
…        one or more; [ ] may be left out; "quote what has spaces"

A customer has subscriptions, and a subscription has sites. Suspending one
thing takes all that is below it down. For example:

suspend mario billing public="Back soon." message="Please pay invoice 42."
suspend-site mario.localhost abuse
lift mario billing
list
visit mario.localhost pizza.localhost`

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

func (c *console) help(context.Context, arguments) error {
	for _, known := range commands() {
		c.say("%-45s %s", known.name+" "+known.usage, known.help)
	}
	for line := range strings.Lines(explanation) {
		c.say("%s", strings.TrimSuffix(line, "\n"))
	}
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
	c.say("%-16s  %s  %s", site, c.paint(page.colour(), strconv.Itoa(page.status)), lines[0])
	for _, line := range lines[1:] {
		c.say("%-16s       %s", "", line)
	}
	return page, nil
}

func (c *console) signIn(ctx context.Context, args arguments) error {
	login, may, why := args.words[0], c.paint(green, "yes"), ""
	_, err := c.clients.Authenticate(ctx, login, args.words[1])
	var held *accounts.SuspendedError
	switch {
	case errors.As(err, &held):
		may, why = c.paint(red, "no "), "suspended."
		for _, m := range held.Messages {
			why += " " + m.Text
		}
	case errors.Is(err, accounts.ErrInvalidCredentials):
		may, why = c.paint(red, "no "), "wrong login or password"
	case err != nil:
		return err
	}
	c.say("%-16s  %s  %s", login+" signs in", may, why)
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
			c.say("%-28s %s", a.Login, c.state(a.SuspendedBy()))
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
			c.say("  %-26s %s", strings.TrimSpace("subscription "+s.Plan), c.state(s.SuspendedBy()))
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
			c.say("    %-24s %s", d.DisplayName(), c.state(d.SuspendedBy()))
		}
		if q.After = page.Next; q.After == "" {
			return nil
		}
	}
}

// state says whether something is up, and what holds it down otherwise.
func (s screen) state(held []subscriptions.EffectiveHold) string {
	if len(held) == 0 {
		return s.paint(green, "active")
	}
	causes := make([]string, len(held))
	for i, h := range held {
		causes[i] = fmt.Sprintf("%s (%s)", h.Cause, h.Level)
	}
	return s.paint(yellow, "suspended: "+strings.Join(causes, ", "))
}
