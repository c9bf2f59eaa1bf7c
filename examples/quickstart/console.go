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

// console runs commands as the operator.
type console struct {
	*app
	screen
}

// commandFunc runs a command.
type commandFunc func(c *console, ctx context.Context, args arguments) error

// command is a command of the console.
type command struct {
	name, usage, help string
	minWords          int // required words after the name
	run               commandFunc
}

// commands returns all commands in the order of help. An empty command stands for a blank line.
func commands() []command {
	account, subscription, site := (*console).account, (*console).subscription, (*console).site
	return []command{
		{"list", "", "list everything", 0, (*console).list},
		{"visit", "DOMAIN…", "request sites as a visitor", 1, (*console).visit},
		{"sign-in", "LOGIN PASSWORD", "can the owner sign in?", 2, (*console).signIn},
		{},
		{"create", "LOGIN [DOMAIN…] [OPTIONS]", "create a customer with sites", 1, (*console).create},
		{"subscribe", "LOGIN DOMAIN… [OPTIONS]", "add a subscription", 2, (*console).subscribe},
		{"remove", "LOGIN", "remove a customer", 1, (*console).remove},
		{},
		{"suspend", "LOGIN [CAUSE] [TEXTS]", "suspend a customer", 1, suspend(account)},
		{"activate", "LOGIN", "lift all of its holds", 1, activate(account)},
		{"lift", "LOGIN CAUSE…", "lift holds by cause", 2, lift(account)},
		{},
		{"suspend-subscription", "DOMAIN [CAUSE] [TEXTS]", "suspend a subscription", 1, suspend(subscription)},
		{"activate-subscription", "DOMAIN", "lift all of its holds", 1, activate(subscription)},
		{"lift-subscription", "DOMAIN CAUSE…", "lift holds by cause", 2, lift(subscription)},
		{},
		{"suspend-site", "DOMAIN [CAUSE] [TEXTS]", "suspend a site", 1, suspend(site)},
		{"activate-site", "DOMAIN", "lift all of its holds", 1, activate(site)},
		{"lift-site", "DOMAIN CAUSE…", "lift holds by cause", 2, lift(site)},
		{},
		{"help", "", "this list", 0, (*console).help},
		{"quit", "", "stop serving", 0, (*console).quit},
	}
}

// helpText is printed by help after the commands.
const helpText = `
CAUSE    billing, abuse or any other word; by default provider. Causes are
         independent: lifting one leaves the others in force.
TEXTS    public="shown to visitors" message="shown to the owner"
         note="shown to operators only"
OPTIONS  plan=NAME password=SECRET
…        one or more; [ ] optional; "quote text with spaces"

A customer has subscriptions, and a subscription has sites. To name a
subscription, give one of its domains. Suspending a customer or a
subscription suspends all of its sites. For example:

suspend mario billing public="Back soon." message="Please pay invoice 42."
suspend-site mario.localhost abuse
lift mario billing
list
visit mario.localhost pizza.localhost`

// errQuit is returned by the command quit.
var errQuit = errors.New("quit")

// run runs one line. It ignores empty lines and lines that begin with #.
func (c *console) run(ctx context.Context, line string) error {
	name, args, err := parse(line)
	if err != nil || name == "" || strings.HasPrefix(name, "#") {
		return err
	}
	for _, cmd := range commands() {
		if cmd.name != name {
			continue
		}
		if len(args.words) < cmd.minWords {
			return fmt.Errorf("usage: %s %s", cmd.name, cmd.usage)
		}
		return cmd.run(c, accounts.WithActor(ctx, "operator"), args)
	}
	return fmt.Errorf("unknown command %q (see help)", name)
}

func (c *console) help(context.Context, arguments) error {
	for _, cmd := range commands() {
		c.printResult("%-45s %s", cmd.name+" "+cmd.usage, cmd.help)
	}
	for line := range strings.Lines(helpText) {
		c.printResult("%s", strings.TrimSuffix(line, "\n"))
	}
	return nil
}

func (c *console) quit(context.Context, arguments) error { return errQuit }

func (c *console) visit(ctx context.Context, args arguments) error {
	for _, site := range args.words {
		if _, err := c.printVisit(ctx, site); err != nil {
			return err
		}
	}
	return nil
}

// printVisit requests a site and prints the response.
func (c *console) printVisit(ctx context.Context, site string) (response, error) {
	resp, err := c.get(ctx, site)
	if err != nil {
		return response{}, err
	}
	lines := resp.lines()
	c.printResult("%-16s  %s  %s", site, c.paint(resp.colour(), strconv.Itoa(resp.status)), lines[0])
	for _, line := range lines[1:] {
		c.printResult("%-16s       %s", "", line)
	}
	return resp, nil
}

func (c *console) signIn(ctx context.Context, args arguments) error {
	login, allowed, reason := args.words[0], c.paint(green, "yes"), ""
	_, err := c.clients.Authenticate(ctx, login, args.words[1])
	var suspended *accounts.SuspendedError
	switch {
	case errors.As(err, &suspended):
		allowed, reason = c.paint(red, "no "), "suspended."
		for _, m := range suspended.Messages {
			reason += " " + m.Text
		}
	case errors.Is(err, accounts.ErrInvalidCredentials):
		allowed, reason = c.paint(red, "no "), "wrong login or password"
	case err != nil:
		return err
	}
	c.printResult("%-16s  %s  %s", login+" signs in", allowed, reason)
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
	c.printResult("%s has %s", created.Login, strings.Join(domains, ", "))
	if args.options["password"] == "" {
		c.printResult("password: %s", password)
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
	c.printResult("%s also has %s", owner.Login, strings.Join(args.words[1:], ", "))
	return nil
}

func (c *console) remove(ctx context.Context, args arguments) error {
	owner, err := c.clients.GetByLogin(ctx, args.words[0])
	if err != nil {
		return err
	}
	removal, err := c.clients.Remove(ctx, []accounts.ID{owner.ID})
	if err != nil {
		return err
	}
	c.printResult("%s was removed, with %s", owner.Login, strings.Join(removal.Domains, ", "))
	return nil
}

// list prints all accounts with their subscriptions and domains.
func (c *console) list(ctx context.Context, _ arguments) error {
	for q := (accounts.Query{}); ; {
		page, err := c.clients.List(ctx, q)
		if err != nil {
			return err
		}
		for _, a := range page.Items {
			c.printResult("%-28s %s", a.Login, c.state(a.SuspendedBy()))
			if err := c.listSubscriptions(ctx, a.ID); err != nil {
				return err
			}
		}
		if q.After = page.Next; q.After == "" {
			return nil
		}
	}
}

func (c *console) listSubscriptions(ctx context.Context, owner accounts.ID) error {
	for q := (subscriptions.Query{AccountID: &owner}); ; {
		page, err := c.clients.Subscriptions().List(ctx, q)
		if err != nil {
			return err
		}
		for _, s := range page.Items {
			c.printResult("  %-26s %s", strings.TrimSpace("subscription "+s.Plan), c.state(s.SuspendedBy()))
			if err := c.listDomains(ctx, s.ID); err != nil {
				return err
			}
		}
		if q.After = page.Next; q.After == "" {
			return nil
		}
	}
}

func (c *console) listDomains(ctx context.Context, id subscriptions.ID) error {
	for q := (subscriptions.DomainQuery{SubscriptionID: id}); ; {
		page, err := c.clients.Subscriptions().Domains(ctx, q)
		if err != nil {
			return err
		}
		for _, d := range page.Items {
			c.printResult("    %-24s %s", d.DisplayName(), c.state(d.SuspendedBy()))
		}
		if q.After = page.Next; q.After == "" {
			return nil
		}
	}
}

// state returns "active", or "suspended" with the causes and levels of the holds.
func (s screen) state(holds []subscriptions.EffectiveHold) string {
	if len(holds) == 0 {
		return s.paint(green, "active")
	}
	causes := make([]string, len(holds))
	for i, h := range holds {
		causes[i] = fmt.Sprintf("%s (%s)", h.Cause, h.Level)
	}
	return s.paint(yellow, "suspended: "+strings.Join(causes, ", "))
}
