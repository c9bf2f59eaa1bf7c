package bench

import (
	"fmt"
	"testing"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// benchSearches measures lists with filters, which must be bounded by an index, and counts. Searches of accounts are compared with
// hand-written SQL that unites the results of both indexes.
func (s *suite) benchSearches(b *testing.B) {
	list := func(q accounts.Query) func(int) error {
		return func(int) error {
			_, err := s.impl.clients.List(s.ctx, q)
			return err
		}
	}
	for _, filter := range []struct {
		name string
		q    accounts.Query
	}{
		{"List with a country that 1 of 10 has", accounts.Query{Country: "ES"}},
		{"List of suspended accounts", accounts.Query{Status: accounts.Suspended}},
		{"List of active accounts", accounts.Query{Status: accounts.Active}},
		{"List with a cause that 1 of 200 has", accounts.Query{Cause: accounts.CauseAbuse, Sort: accounts.SortName}},
		{"List with a cause that no account has", accounts.Query{Cause: "nobody"}},
	} {
		s.compare(b, comparison{name: filter.name, nameA: library, target: "bounded", minRounds: 30, a: list(filter.q)})
	}
	const largeTerm = "48.it" // nearly the maximum number of matches that are looked up
	for _, term := range []string{
		s.account(b, s.accounts/2).Login,
		"4821",      // in logins, telephone numbers and domains
		"trattoria", // only in companies
		"osteria",   // only in domains, far apart
		"sport12",   // only in domains, next to each other
		largeTerm,   // only in domains, far apart, and with trigrams that many other domains have
		"nobody-has-this",
	} {
		q := accounts.Query{Search: term}
		count, err := s.impl.clients.Count(s.ctx, q, 0)
		if err != nil {
			b.Fatal(err)
		}
		target := "≤ 15 ms"
		if count > 1000 {
			target = "≤ 100 ms"
		}
		s.compare(b, comparison{
			name: fmt.Sprintf("Search for %q with %d matches", term, count), nameA: library, nameB: handWritten, target: target, minRounds: 30,
			a: list(q),
			b: func(int) error {
				_, err := s.impl.handwritten.search(s.ctx, term, 51)
				return err
			},
		})
	}
	for _, search := range []comparison{
		{name: "descending", a: list(accounts.Query{Search: largeTerm, Desc: true})},
		{name: "by name", a: list(accounts.Query{Search: largeTerm, Sort: accounts.SortName})},
		{name: "of subscriptions", a: func(int) error {
			_, err := s.impl.subs.List(s.ctx, subscriptions.Query{Search: largeTerm})
			return err
		}},
		{name: "of domains", a: func(int) error {
			_, err := s.impl.subs.Domains(s.ctx, subscriptions.DomainQuery{Search: largeTerm})
			return err
		}},
	} {
		search.name, search.nameA, search.target, search.minRounds = fmt.Sprintf("Search for %q, %s", largeTerm, search.name), library, "≤ 100 ms (by name 150)", 30
		s.compare(b, search)
	}
	for _, count := range []struct {
		name string
		q    accounts.Query
	}{
		{"Count of all accounts, at most 1,000", accounts.Query{}},
		{"Count of active accounts, at most 1,000", accounts.Query{Status: accounts.Active}},
		{"Count for a term that all accounts have, at most 1,000", accounts.Query{Search: "azienda"}},
	} {
		s.compare(b, comparison{name: count.name, nameA: library, target: "bounded", minRounds: 30, a: func(int) error {
			n, err := s.impl.clients.Count(s.ctx, count.q, 1000)
			if err == nil && n != 1000 {
				return fmt.Errorf("count = %d, want 1000", n)
			}
			return err
		}})
	}
}
