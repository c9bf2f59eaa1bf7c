package bench

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
)

// pages are lists of accounts with their counts: beside SQL by hand, and far in beside the first page.
func (a *arena) pages(b *testing.B) {
	page := func(q accounts.Query) error {
		p, err := a.exec.clients.List(a.ctx, q)
		if err == nil && len(p.Items) != 50 {
			return fmt.Errorf("a page of %d accounts", len(p.Items))
		}
		return err
	}
	behind := func(n int) accounts.Account { return a.account(b, int(a.some(n))*9/10+1) }
	deep := make([]accounts.Account, 64)
	for i := range deep {
		deep[i] = behind(i)
	}
	a.fight(b, duel{
		name: "List 50 with counts", of: library, by: byHand, wanted: "≤ 1.3", rounds: 100,
		one: func(n int) error { return page(accounts.Query{After: after("", false, deep[n%len(deep)])}) },
		other: func(n int) error { // one more, as the library, to know whether there is a next page
			_, err := a.exec.hand.page(a.ctx, deep[n%len(deep)], 51)
			return err
		},
	})
	for _, sort := range []accounts.Sort{accounts.SortCreated, accounts.SortLogin, accounts.SortName} {
		for _, desc := range []bool{false, true} {
			name, way := fmt.Sprintf("List by %s", sort), ""
			if desc {
				way = " descending"
			}
			last := a.nearEnd(b, sort, desc)
			a.fight(b, duel{
				name: name + way, of: "a million rows in", by: "first page", wanted: "≤ 1.2", rounds: 100,
				one:   func(int) error { return page(accounts.Query{Sort: sort, Desc: desc, After: after(sort, desc, last)}) },
				other: func(int) error { return page(accounts.Query{Sort: sort, Desc: desc}) },
			})
		}
	}
}

// account answers a seeded account.
func (a *arena) account(b *testing.B, id int) accounts.Account {
	b.Helper()
	account, err := a.exec.clients.Get(a.ctx, accounts.ID(id))
	require.NoError(b, err)
	return account
}

// nearEnd answers the account behind which an order has 200 more.
func (a *arena) nearEnd(b *testing.B, sort accounts.Sort, desc bool) accounts.Account {
	b.Helper()
	p, err := a.exec.clients.List(a.ctx, accounts.Query{Sort: sort, Desc: !desc, Limit: 200})
	require.NoError(b, err)
	return p.Items[199].Account
}
