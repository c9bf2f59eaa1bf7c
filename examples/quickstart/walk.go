package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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
var story = []struct{ title, command string }{
	{
		"The subscription of pizza.localhost is not paid.",
		`suspend-subscription pizza.localhost billing public="The pizzeria is closed for a few days." message="Please pay invoice 42." note="third reminder was on Monday"`,
	},
	{
		"Mario is found to send spam: all that he has goes down, and he cannot sign in.",
		`suspend mario abuse public="This site was taken offline by its provider." message="Your sites send spam. Please call us." note="reported by three networks"`,
	},
	{
		"That is settled, and his account is active again. The invoice is not: pizza.localhost stays down.",
		`activate mario`,
	},
	{
		"The invoice is paid.",
		`lift-subscription pizza.localhost billing`,
	},
	{
		"Mario leaves, with everything below him.",
		`remove mario`,
	},
}

// secrets are the notes and messages of the story, which no visitor may see.
var secrets = []string{"invoice 42", "reminder", "reported", "spam", "call us"}

// walk tells the story, and visits every site after each command.
func walk(ctx context.Context, h *host, out io.Writer) error {
	w := &walker{console: console{host: h, out: out}}
	if err := w.forget(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "Three sites of two customers, at http://%s\n", h.addr)
	fmt.Fprint(out, "\n1. Two customers: mario has two subscriptions, luigi has one.\n")
	for _, line := range customers {
		if err := w.step(ctx, line); err != nil {
			return err
		}
	}
	for i, part := range story {
		fmt.Fprintf(out, "\n%d. %s\n", i+2, part.title)
		if err := w.step(ctx, part.command); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "\nNone of these %d pages had a note or a message in it: visitors see public texts only.\n", w.pages)
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

// step carries out a command, and shows what every site answers and whether mario may sign in after it.
func (w *walker) step(ctx context.Context, line string) error {
	fmt.Fprintf(w.out, "\n   > %s\n", folded(line))
	if err := w.run(ctx, line); err != nil {
		return err
	}
	fmt.Fprintln(w.out)
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

// folded puts each text of a long command on a line of its own, for the eye.
func folded(line string) string {
	if len(line) <= 80 {
		return line
	}
	return strings.NewReplacer(" public=", "\n       public=", " message=", "\n       message=", " note=", "\n       note=").Replace(line)
}
