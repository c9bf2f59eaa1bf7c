package storagetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// pagingCases returns the cases about the order of lists and their cursors.
func pagingCases() []testCase {
	return []testCase{
		{"accounts are sorted by creation, login or name, ascending and descending, in byte order of the folded text", sortedAccounts},
		{"subscriptions are sorted by creation, ascending and descending, and domains by name", sortedRest},
		{"pages of any size add up to the whole list", pagesAddUp},
		{"paging while accounts change repeats none and skips none that stay", pagingAccounts},
		{"paging while subscriptions change repeats none and skips none that stay", pagingSubscriptions},
		{"paging while domains change repeats none and skips none that stay", pagingDomains},
		{"a cursor stays valid after its row was removed", cursorOfRemoved},
		{"a cursor is valid only for the list, sort and filters that it came from", foreignCursor},
		{"a forged or truncated cursor is invalid", forgedCursor},
	}
}

// orders returns a query for every order of accounts.
func orders() []accounts.Query {
	var all []accounts.Query
	for _, sort := range []accounts.Sort{accounts.SortCreated, accounts.SortLogin, accounts.SortName} {
		all = append(all, accounts.Query{Sort: sort}, accounts.Query{Sort: sort, Desc: true})
	}
	return all
}

// compareAccounts compares two accounts in the order of q.
func compareAccounts(q accounts.Query, a, b accounts.Account) int {
	var order int
	switch q.Sort {
	case accounts.SortLogin:
		order = strings.Compare(a.Login, b.Login)
	case accounts.SortName:
		order = strings.Compare(input.Fold(a.Contact.Name), input.Fold(b.Contact.Name))
	default:
		order = a.CreatedAt.Compare(b.CreatedAt)
	}
	if order == 0 {
		order = int(a.ID - b.ID)
	}
	if q.Desc {
		return -order
	}
	return order
}

// accountsToSort creates accounts that are easily sorted wrongly: with equal times and names, punctuation and accents.
func (f *fixture) accountsToSort() []accounts.Account {
	f.t.Helper()
	var all []accounts.Account
	for i, c := range []struct{ login, name string }{
		{"zoe", "zebra"},
		{"ab", "Äpfel"},
		{"a-b", "Zebra"},
		{"a_b", "apfel"},
		{"a.b", "ZEBRA"},
		{"a1", "Straße"},
		{"aa", "STRASSE"},
		{"a@b", "straw"},
		{"b+c", "étoile"},
		{"b", "E\u0301toile"},
		{"x9", "_underscore"},
		{"x10", "-dash"},
		{"x", "Яна"},
		{"x-", "яков"},
		{"y", "10"},
		{"yy", "9"},
	} {
		in := newAccount(c.login)
		in.Contact.Name = c.name
		in.CreatedAt = f.clock.now().Add(time.Duration(i*7%5) * time.Microsecond)
		all = append(all, f.create(in))
	}
	return all
}

func sortedAccounts(f *fixture) {
	all := f.accountsToSort()
	for _, q := range append(orders(), accounts.Query{}, accounts.Query{Desc: true}) {
		slices.SortFunc(all, func(a, b accounts.Account) int { return compareAccounts(q, a, b) })
		var want []string
		for _, a := range all {
			want = append(want, a.Login)
		}
		for _, limit := range []int{0, 1, 5} {
			q.Limit = limit
			f.Equal(want, f.logins(q), "sort %q, descending %v, limit %d", q.Sort, q.Desc, limit)
		}
		q.Limit, q.Search = 3, "a"
		var found []string
		for _, a := range all {
			if strings.HasPrefix(a.Login, "a") || strings.HasPrefix(a.Contact.Name, "a") {
				found = append(found, a.Login)
			}
		}
		f.Equal(found, f.logins(q), "searched; sort %q, descending %v", q.Sort, q.Desc)
	}
	_, err := f.clients.List(f.ctx, accounts.Query{Sort: "phone"})
	f.invalid(err, "sort")
}

func sortedRest(f *fixture) {
	owner := f.account("mario").ID
	var want []subscriptions.Subscription
	for i := range 9 {
		want = append(want, f.subscribe(subscriptions.New{
			AccountID: owner, Name: fmt.Sprint(i), Plan: "basic", CreatedAt: f.clock.now().Add(time.Duration(i*7%4) * time.Microsecond), Domains: []string{fmt.Sprintf("%c%c.example", 'z'-i, 'a'+i)},
		}))
	}
	slices.SortFunc(want, func(a, b subscriptions.Subscription) int {
		if order := a.CreatedAt.Compare(b.CreatedAt); order != 0 {
			return order
		}
		return int(a.ID - b.ID)
	})
	var names []string
	for _, s := range want {
		names = append(names, s.Name)
	}
	for _, q := range []subscriptions.Query{{}, {AccountID: &owner}, {Plan: "basic"}, {Status: accounts.Active}, {Search: "example"}} {
		for _, q.Limit = range []int{0, 1, 2, 3} {
			q.Desc = false
			f.Equal(names, f.names(q), "%+v", q)
			q.Desc = true
			descending := slices.Clone(names)
			slices.Reverse(descending)
			f.Equal(descending, f.names(q), "%+v", q)
		}
	}

	f.addDomain(want[0].ID, "a-z.example")
	f.addDomain(want[0].ID, "a.z.example")
	f.addDomain(want[0].ID, "a0.example")
	domains := domainNames(f.domains(subscriptions.DomainQuery{Limit: 2}))
	f.Len(domains, 12)
	f.True(slices.IsSorted(domains), "byte order: %v", domains)
}

func pagesAddUp(f *fixture) {
	all := f.accountsToSort()
	for limit := 1; limit <= len(all)+1; limit++ {
		pages := 0
		for q := (accounts.Query{Sort: accounts.SortName, Limit: limit}); ; pages++ {
			p, err := f.clients.List(f.ctx, q)
			f.NoError(err)
			f.NotEmpty(p.Items, "limit %d: no page may be empty", limit)
			f.LessOrEqual(len(p.Items), limit)
			if !f.nextPage(&q.After, p.Next) {
				break
			}
			f.Len(p.Items, limit, "only the last page may be short")
		}
		f.Equal((len(all)-1)/limit, pages)
	}
}

// pageWhileChanging reads all pages and calls change after each. It asserts that every key in kept was seen and none was
// seen twice.
func (f *fixture) pageWhileChanging(kept []string, page func(after accounts.Cursor) ([]string, accounts.Cursor), change func(i int)) {
	f.t.Helper()
	var seen []string
	var after accounts.Cursor
	for i := 0; ; i++ {
		keys, next := page(after)
		seen = append(seen, keys...)
		if !f.nextPage(&after, next) {
			break
		}
		f.Less(i, 1000, "the list never ends")
		change(i)
	}
	slices.Sort(seen)
	f.Equal(slices.Compact(slices.Clone(seen)), seen, "no row may be listed twice")
	for _, key := range kept {
		f.Contains(seen, key, "a row that was not removed must be listed")
	}
}

func pagingAccounts(f *fixture) {
	for round, q := range orders() {
		var kept []string
		var leaving []accounts.ID
		for i := range 24 {
			in := newAccount(fmt.Sprintf("%c%d.round%d", 'a'+i*7%24, i, round))
			in.Contact.Name = fmt.Sprintf("%c %d", 'a'+i*5%24/3, round)
			in.CreatedAt = f.clock.now().Add(time.Duration(i/3) * time.Microsecond)
			a := f.create(in)
			if i%3 == 0 {
				leaving = append(leaving, a.ID)
				continue
			}
			kept = append(kept, a.Login)
		}
		q.Limit = 4
		f.pageWhileChanging(kept, func(after accounts.Cursor) (logins []string, _ accounts.Cursor) {
			q.After = after
			p, err := f.clients.List(f.ctx, q)
			f.NoError(err)
			for _, a := range p.Items {
				logins = append(logins, a.Login)
			}
			return logins, p.Next
		}, func(i int) {
			if i < len(leaving) {
				f.remove(leaving[i])
				in := newAccount(fmt.Sprintf("%cnew%d.round%d", 'a'+i*11%24, i, round))
				in.Contact.Name, in.CreatedAt = fmt.Sprintf("%c new", 'a'+i*11%24), f.clock.now().Add(time.Duration(i)*time.Microsecond)
				f.create(in)
			}
		})
		var all []accounts.ID
		for _, a := range f.dump().Accounts {
			all = append(all, a.ID)
		}
		f.remove(all...)
	}
}

func pagingSubscriptions(f *fixture) {
	for _, q := range []subscriptions.Query{{Limit: 3}, {Limit: 3, Desc: true}} {
		var kept []string
		var leaving []subscriptions.ID
		for i := range 18 {
			s := f.subscribe(subscriptions.New{Name: fmt.Sprint(q.Desc, i), CreatedAt: f.clock.now().Add(time.Duration(i/3) * time.Microsecond)})
			if i%3 == 1 {
				leaving = append(leaving, s.ID)
				continue
			}
			kept = append(kept, s.Name)
		}
		f.pageWhileChanging(kept, func(after accounts.Cursor) (names []string, _ accounts.Cursor) {
			q.After = after
			p, err := f.subs.List(f.ctx, q)
			f.NoError(err)
			for _, s := range p.Items {
				names = append(names, s.Name)
			}
			return names, p.Next
		}, func(i int) {
			if i < len(leaving) {
				_, err := f.subs.Remove(f.ctx, leaving[i:i+1])
				f.NoError(err)
				f.subscribe(subscriptions.New{Name: fmt.Sprint(q.Desc, "new", i), CreatedAt: f.clock.now().Add(time.Duration(i) * time.Microsecond)})
			}
		})
	}
}

func pagingDomains(f *fixture) {
	s := f.subscription(subscriptions.Provider, "main.example")
	kept := []string{"main.example"}
	var leaving []subscriptions.DomainID
	for i := range 18 {
		d := f.addDomain(s.ID, fmt.Sprintf("%c%d.example", 'a'+i*7%18, i))
		if i%3 == 1 {
			leaving = append(leaving, d.ID)
			continue
		}
		kept = append(kept, d.Name)
	}
	q := subscriptions.DomainQuery{Limit: 3}
	f.pageWhileChanging(kept, func(after accounts.Cursor) ([]string, accounts.Cursor) {
		q.After = after
		p, err := f.subs.Domains(f.ctx, q)
		f.NoError(err)
		return domainNames(p.Items), p.Next
	}, func(i int) {
		if i < len(leaving) {
			_, err := f.subs.RemoveDomains(f.ctx, leaving[i:i+1])
			f.NoError(err)
			f.addDomain(s.ID, fmt.Sprintf("%cnew%d.example", 'a'+i*5%18, i))
		}
	})
}

func cursorOfRemoved(f *fixture) {
	f.accountsToSort()
	for _, q := range orders() {
		want := f.logins(q)
		q.Limit = 4
		p, err := f.clients.List(f.ctx, q)
		f.NoError(err)
		f.remove(p.Items[3].ID)
		q.After = p.Next
		f.Equal(want[4:], f.logins(q), "sort %q, descending %v", q.Sort, q.Desc)
	}
}

func foreignCursor(f *fixture) {
	data := f.seed()
	f.account("peach")
	first := func(q accounts.Query) accounts.Cursor {
		q.Limit = 1
		p, err := f.clients.List(f.ctx, q)
		f.NoError(err)
		f.NotEmpty(p.Next)
		return p.Next
	}
	queries := append(orders(),
		accounts.Query{Search: "cus"}, accounts.Query{Search: "customer"}, accounts.Query{Status: accounts.Active},
		accounts.Query{IDs: []accounts.ID{data.mario.ID, data.luigi.ID}})
	for i, from := range queries {
		cursor := first(from)
		for j, to := range queries {
			to.After = cursor
			_, err := f.clients.List(f.ctx, to)
			if i == j {
				f.NoError(err)
				continue
			}
			f.invalid(err, "after")
		}
	}
	to := accounts.Query{After: first(accounts.Query{}), Limit: 2}
	_, err := f.clients.List(f.ctx, to)
	f.NoError(err, "a cursor must be valid with another limit")
	to.Cause = accounts.CauseBilling
	_, err = f.clients.List(f.ctx, to)
	f.invalid(err, "after")

	subs, err := f.subs.List(f.ctx, subscriptions.Query{Limit: 1})
	f.NoError(err)
	domains, err := f.subs.Domains(f.ctx, subscriptions.DomainQuery{Limit: 1})
	f.NoError(err)
	events, err := f.clients.Events(f.ctx, accounts.EventQuery{Limit: 1})
	f.NoError(err)
	cursors := []accounts.Cursor{to.After, subs.Next, domains.Next, events.Next, events.Items[0].Cursor}
	for i, after := range cursors {
		_, err := f.clients.List(f.ctx, accounts.Query{After: after})
		f.checkCursor(i == 0, err)
		_, err = f.subs.List(f.ctx, subscriptions.Query{After: after})
		f.checkCursor(i == 1, err)
		_, err = f.subs.Domains(f.ctx, subscriptions.DomainQuery{After: after})
		f.checkCursor(i == 2, err)
		_, err = f.clients.Events(f.ctx, accounts.EventQuery{After: after})
		f.checkCursor(i >= 3, err)
		_, err = f.clients.Owner(data.mario.ID).Subscriptions(f.ctx, subscriptions.Query{After: after})
		f.checkCursor(false, err)
	}
	for _, q := range []subscriptions.Query{{Desc: true}, {AccountID: &data.mario.ID}, {Plan: "basic"}, {ExpiresBefore: f.clock.now()}, {Cause: "own"}} {
		q.After = subs.Next
		_, err := f.subs.List(f.ctx, q)
		f.invalid(err, "after")
	}
	for _, q := range []subscriptions.DomainQuery{{SubscriptionID: data.blog.ID}, {AccountID: &data.mario.ID}, {Search: "ex"}, {Status: accounts.Active}} {
		q.After = domains.Next
		_, err := f.subs.Domains(f.ctx, q)
		f.invalid(err, "after")
	}
}

// checkCursor asserts that err is nil if the cursor is valid for a list, and the error for an invalid cursor otherwise.
func (f *fixture) checkCursor(valid bool, err error) {
	f.t.Helper()
	if valid {
		f.NoError(err)
		return
	}
	f.invalid(err, "after")
}

func forgedCursor(f *fixture) {
	f.seed()
	p, err := f.clients.List(f.ctx, accounts.Query{Limit: 1})
	f.NoError(err)
	subs, err := f.subs.List(f.ctx, subscriptions.Query{Limit: 1})
	f.NoError(err)
	domains, err := f.subs.Domains(f.ctx, subscriptions.DomainQuery{Limit: 1})
	f.NoError(err)
	events, err := f.clients.Events(f.ctx, accounts.EventQuery{Limit: 1})
	f.NoError(err)
	for _, good := range []accounts.Cursor{p.Next, subs.Next, domains.Next, events.Next} {
		forged := []accounts.Cursor{
			"x", "0", "-1", "AAAA", good + "A", good + "=", good + "\n", " " + good, "\xff\x00", accounts.Cursor(strings.Repeat("A", 1<<20)),
		}
		for i := range good {
			changed := []byte(good)
			changed[i] ^= 1
			forged = append(forged, good[:i], accounts.Cursor(changed))
		}
		for _, after := range forged {
			if after == "" {
				continue
			}
			_, err := f.clients.List(f.ctx, accounts.Query{After: after})
			f.invalid(err, "after")
			_, err = f.subs.List(f.ctx, subscriptions.Query{After: after})
			f.invalid(err, "after")
			_, err = f.subs.Domains(f.ctx, subscriptions.DomainQuery{After: after})
			f.invalid(err, "after")
			_, err = f.clients.Events(f.ctx, accounts.EventQuery{After: after})
			f.invalid(err, "after")
			f.invalid(f.clients.Follow(f.ctx, after, nil, func(context.Context, []accounts.Event, accounts.Cursor) error { return nil }), "after")
		}
	}
}
