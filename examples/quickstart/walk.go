package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/clientele-go/clientele/accounts"
)

// customers are the commands that create them: mario has two subscriptions, luigi one.
var customers = []string{
	`create mario mario.localhost plan=gold password=wonderful-mushrooms`,
	`subscribe mario pizza.localhost plan=basic`,
	`create luigi luigi.localhost plan=basic password=haunted-mansions`,
}

// story is the worked case: two causes that know nothing of each other, and a removal.
var story = []struct {
	title    string
	commands []string
}{
	{
		"Two customers: mario has two subscriptions, luigi has one.",
		customers,
	},
	{
		"The subscription of pizza.localhost is not paid.",
		[]string{`suspend-subscription pizza.localhost billing public="The pizzeria is closed for a few days." message="Please pay invoice 42." note="third reminder was on Monday"`},
	},
	{
		"Mario's sites send spam. All that he has goes down; he cannot sign in.",
		[]string{`suspend mario abuse public="This site was taken offline by its provider." message="Your sites send spam. Please call us." note="reported by three networks"`},
	},
	{
		"The spam has ended. The invoice is still unpaid: pizza.localhost stays down.",
		[]string{`activate mario`, `list`},
	},
	{
		"The invoice is paid.",
		[]string{`lift-subscription pizza.localhost billing`},
	},
	{
		"Mario leaves, with everything below him.",
		[]string{`remove mario`},
	},
}

// secrets are the notes and messages of the story, which no visitor may see.
var secrets = []string{"invoice 42", "reminder", "reported", "spam", "call us"}

// walk tells the story, and visits every site after each command.
func walk(ctx context.Context, h *host, s screen) error {
	w := &walker{console: console{host: h, screen: s}}
	if err := w.forget(ctx); err != nil {
		return err
	}
	w.print("Three sites of two customers, on a web server at http://%s.", h.addr)
	w.print("Below each command: what a visitor of each site gets, and if mario may sign in.")
	for i, part := range story {
		w.print("\n%s", w.paint(bold, fmt.Sprintf("%d. %s", i+1, part.title)))
		for _, line := range part.commands {
			if err := w.step(ctx, line); err != nil {
				return err
			}
		}
	}
	w.print("\nNone of these %d pages had a note or a message in it: visitors see public texts", w.pages)
	w.print("only. To type commands yourself: go run ./examples/quickstart -serve")
	return nil
}

// walker is a console that looks around after each command.
type walker struct {
	console
	pages int // that were seen
}

// forget removes the customers of an earlier walk, which a store that keeps things still has.
func (w *walker) forget(ctx context.Context) error {
	for _, login := range []string{"mario", "luigi"} {
		left, err := w.clients.GetByLogin(ctx, login)
		if errors.Is(err, accounts.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if _, err := w.clients.Remove(ctx, []accounts.ID{left.ID}); err != nil {
			return err
		}
	}
	return nil
}

// step carries out a command, and shows what every site answers and whether mario may sign in after it. A command that
// only looks changes none of that.
func (w *walker) step(ctx context.Context, line string) error {
	w.echo(line)
	if err := w.run(ctx, line); err != nil || line == "list" {
		return err
	}
	w.print("")
	for _, site := range []string{"mario.localhost", "pizza.localhost", "luigi.localhost"} {
		page, err := w.look(ctx, site)
		if err != nil {
			return err
		}
		w.pages++
		for _, secret := range secrets {
			if strings.Contains(page.body, secret) {
				return fmt.Errorf("visitors of %s see %q", site, secret)
			}
		}
	}
	return w.signIn(ctx, arguments{words: []string{"mario", "wonderful-mushrooms"}})
}

// echo prints a command as if it had been typed, each text of a long one on a line of its own, for the eye.
func (c *console) echo(line string) {
	if len(line) > 80 {
		line = strings.NewReplacer(" public=", "\n       public=", " message=", "\n       message=", " note=", "\n       note=").Replace(line)
	}
	c.print("\n   %s", c.paint(bold, "> "+line))
}
