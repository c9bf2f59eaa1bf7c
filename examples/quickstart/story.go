package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/clientele-go/clientele/accounts"
)

// customers are the commands that create the customers.
var customers = []string{
	`create mario mario.localhost plan=gold password=wonderful-mushrooms`,
	`subscribe mario pizza.localhost plan=basic`,
	`create luigi luigi.localhost plan=basic password=haunted-mansions`,
}

// story is a series of commands: holds with two independent causes, and a removal.
var story = []struct {
	title    string
	commands []string
}{
	{
		"Two new customers: mario with two subscriptions, luigi with one.",
		customers,
	},
	{
		"The subscription of pizza.localhost is unpaid.",
		[]string{`suspend-subscription pizza.localhost billing public="The pizzeria is closed for a few days." message="Please pay invoice 42." note="third reminder was on Monday"`},
	},
	{
		"Mario's sites send spam. All of them are suspended, and he cannot sign in.",
		[]string{`suspend mario abuse public="This site was taken offline by its provider." message="Your sites send spam. Please call us." note="reported by three networks"`},
	},
	{
		"The spam has stopped. pizza.localhost is still unpaid and stays suspended.",
		[]string{`activate mario`, `list`},
	},
	{
		"The invoice is paid.",
		[]string{`lift-subscription pizza.localhost billing`},
	},
	{
		"Mario leaves. His subscriptions and domains are removed with his account.",
		[]string{`remove mario`},
	},
}

// secrets are parts of the notes and messages in the story, which visitors must not see.
var secrets = []string{"invoice 42", "reminder", "reported", "spam", "call us"}

// runStory runs the story. After each command it requests every site.
func runStory(ctx context.Context, a *app, s screen) error {
	r := &storyRunner{console: console{app: a, screen: s}}
	if err := r.removeCustomers(ctx); err != nil {
		return err
	}
	r.print("Two customers with three sites, on a web server at http://%s.", a.addr)
	r.print("After each command: the response of each site, and whether mario can sign in.")
	for i, chapter := range story {
		r.print("\n%s", r.paint(bold, fmt.Sprintf("%d. %s", i+1, chapter.title)))
		for _, line := range chapter.commands {
			if err := r.step(ctx, line); err != nil {
				return err
			}
		}
	}
	r.print("\nNone of these %d responses contained a note or a message: visitors see only the", r.responses)
	r.print("public texts. To enter commands yourself: go run ./examples/quickstart -serve")
	return nil
}

// storyRunner is a console that requests every site after each command.
type storyRunner struct {
	console
	responses int // number of responses so far
}

// removeCustomers removes the customers of an earlier run from a persistent store.
func (r *storyRunner) removeCustomers(ctx context.Context) error {
	for _, login := range []string{"mario", "luigi"} {
		account, err := r.clients.GetByLogin(ctx, login)
		if errors.Is(err, accounts.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if _, err := r.clients.Remove(ctx, []accounts.ID{account.ID}); err != nil {
			return err
		}
	}
	return nil
}

// step runs a command. It then prints the response of every site and whether mario can sign in, except after list, which
// changes nothing.
func (r *storyRunner) step(ctx context.Context, line string) error {
	r.echo(line)
	if err := r.run(ctx, line); err != nil || line == "list" {
		return err
	}
	r.print("")
	for _, site := range []string{"mario.localhost", "pizza.localhost", "luigi.localhost"} {
		resp, err := r.printVisit(ctx, site)
		if err != nil {
			return err
		}
		r.responses++
		for _, secret := range secrets {
			if strings.Contains(resp.body, secret) {
				return fmt.Errorf("the page of %s contains %q", site, secret)
			}
		}
	}
	return r.signIn(ctx, arguments{words: []string{"mario", "wonderful-mushrooms"}})
}

// echo prints a command as if it had been entered. It breaks a long command before each text.
func (c *console) echo(line string) {
	if len(line) > 80 {
		line = strings.NewReplacer(" public=", "\n       public=", " message=", "\n       message=", " note=", "\n       note=").Replace(line)
	}
	c.print("\n   %s", c.paint(bold, "> "+line))
}
