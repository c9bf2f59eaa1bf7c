package bench

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
)

// benchPages measures pages of accounts with their counts: the library and hand-written SQL, and late pages and the first one.
func (s *suite) benchPages(b *testing.B) {
	page := func(q accounts.Query) error {
		p, err := s.impl.clients.List(s.ctx, q)
		if err == nil && len(p.Items) != 50 {
			return fmt.Errorf("a page of %d accounts", len(p.Items))
		}
		return err
	}
	last := make([]accounts.Account, 64) // of the previous pages
	for i := range last {
		last[i] = s.account(b, int(s.pick(i))*9/10+1)
	}
	s.compare(b, comparison{
		name: "List 50 with counts", nameA: library, nameB: handWritten, target: "≤ 1.3", minRounds: 100,
		a: func(n int) error { return page(accounts.Query{After: after("", false, last[n%len(last)])}) },
		b: func(n int) error { // one more row, as the library, to know whether there is a next page
			_, err := s.impl.handwritten.page(s.ctx, last[n%len(last)], 51)
			return err
		},
	})
	for _, sort := range []accounts.Sort{accounts.SortCreated, accounts.SortLogin, accounts.SortName} {
		for _, desc := range []bool{false, true} {
			name := fmt.Sprintf("List by %s", sort)
			if desc {
				name += " descending"
			}
			last := s.nearEnd(b, sort, desc)
			s.compare(b, comparison{
				name: name, nameA: "after a million rows", nameB: "first page", target: "≤ 1.2", minRounds: 100,
				a: func(int) error { return page(accounts.Query{Sort: sort, Desc: desc, After: after(sort, desc, last)}) },
				b: func(int) error { return page(accounts.Query{Sort: sort, Desc: desc}) },
			})
		}
	}
}

// account returns a seeded account.
func (s *suite) account(b *testing.B, id int) accounts.Account {
	b.Helper()
	account, err := s.impl.clients.Get(s.ctx, accounts.ID(id))
	require.NoError(b, err)
	return account
}

// nearEnd returns the account that is 200 before the end of the order.
func (s *suite) nearEnd(b *testing.B, sort accounts.Sort, desc bool) accounts.Account {
	b.Helper()
	p, err := s.impl.clients.List(s.ctx, accounts.Query{Sort: sort, Desc: !desc, Limit: 200})
	require.NoError(b, err)
	return p.Items[199].Account
}
