package bench

import (
	"fmt"
	"testing"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// searches are lists that an index of their own must bound, and counts. Each tells its time; searches of accounts stand
// beside SQL by hand that unites what both indexes find.
func (a *arena) searches(b *testing.B) {
	list := func(q accounts.Query) func(int) error {
		return func(int) error {
			_, err := a.exec.clients.List(a.ctx, q)
			return err
		}
	}
	for _, filter := range []struct {
		name string
		q    accounts.Query
	}{
		{"List with a country that 1 of 10 has", accounts.Query{Country: "ES"}},
		{"List of the suspended", accounts.Query{Status: accounts.Suspended}},
		{"List of the active", accounts.Query{Status: accounts.Active}},
		{"List with a cause that 1 of 200 has", accounts.Query{Cause: accounts.CauseAbuse, Sort: accounts.SortName}},
		{"List with a cause that nobody has", accounts.Query{Cause: "nobody"}},
	} {
		a.fight(b, duel{name: filter.name, of: library, wanted: "bounded", rounds: 30, one: list(filter.q)})
	}
	const edge = "48.it" // nearly as many matches as are looked up
	for _, piece := range []string{
		a.account(b, a.accounts/2).Login,
		"4821",      // in logins, telephone numbers and domains
		"trattoria", // in the company alone
		"osteria",   // in domains alone, far apart
		"sport12",   // in domains alone, side by side
		edge,        // in domains alone, far apart, and of letters that many other domains have
		"nobody has this",
	} {
		q := accounts.Query{Search: piece}
		many, err := a.exec.clients.Count(a.ctx, q, 0)
		if err != nil {
			b.Fatal(err)
		}
		a.fight(b, duel{
			name: fmt.Sprintf("Search of %q with %d matches", piece, many), of: library, by: byHand, wanted: "≤ 30 ms", rounds: 30,
			one: list(q),
			other: func(int) error {
				_, err := a.exec.hand.search(a.ctx, piece, 51)
				return err
			},
		})
	}
	for _, search := range []duel{
		{name: "descending", one: list(accounts.Query{Search: edge, Desc: true})},
		{name: "by name", one: list(accounts.Query{Search: edge, Sort: accounts.SortName})},
		{name: "of subscriptions", one: func(int) error {
			_, err := a.exec.subs.List(a.ctx, subscriptions.Query{Search: edge})
			return err
		}},
		{name: "of domains", one: func(int) error {
			_, err := a.exec.subs.Domains(a.ctx, subscriptions.DomainQuery{Search: edge})
			return err
		}},
	} {
		search.name, search.of, search.wanted, search.rounds = fmt.Sprintf("Search of %q, %s", edge, search.name), library, "≤ 30 ms", 30
		a.fight(b, search)
	}
	for _, count := range []struct {
		name string
		q    accounts.Query
	}{
		{"Count of all, at most 1,000", accounts.Query{}},
		{"Count of the active, at most 1,000", accounts.Query{Status: accounts.Active}},
		{"Count of a piece that all have, at most 1,000", accounts.Query{Search: "azienda"}},
	} {
		a.fight(b, duel{name: count.name, of: library, wanted: "bounded", rounds: 30, one: func(int) error {
			n, err := a.exec.clients.Count(a.ctx, count.q, 1000)
			if err == nil && n != 1000 {
				return fmt.Errorf("%d were counted", n)
			}
			return err
		}})
	}
}
