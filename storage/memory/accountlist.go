package memory

import (
	"context"
	"iter"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// Accounts returns the first l.Limit accounts after l.From that l selects, in the order of l.Sort, with the numbers of
// their subscriptions and domains.
func (s *Store) Accounts(ctx context.Context, l accounts.ListParams) ([]accounts.Summary, error) {
	r, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := r.accountList(ctx, l, accountPosition(l)).page(ctx, l.Limit)
	if err != nil {
		return nil, err
	}
	page := make([]accounts.Summary, len(rows))
	for i, row := range rows {
		n, _ := r.accounts.counts.read.Get(row.ID)
		page[i] = accounts.Summary{
			Account: r.account(row).Account, Subscriptions: int(n.subscriptions), Domains: int(n.domains),
		}
	}
	return page, nil
}

// CountAccounts returns the number of accounts that l selects, but not more than atMost; 0 means no bound.
func (s *Store) CountAccounts(ctx context.Context, l accounts.ListParams, atMost int) (int, error) {
	r, err := s.read(ctx)
	if err != nil {
		return 0, err
	}
	return r.accountList(ctx, l, nil).count(ctx, atMost)
}

// accountPosition returns a row at the position l.From, to compare other rows with, or nil for the start of the list.
func accountPosition(l accounts.ListParams) *account {
	if l.From == (subscriptions.Position{}) {
		return nil
	}
	pos := &account{sortName: l.From.Key}
	pos.ID, pos.Login, pos.CreatedAt = accounts.ID(l.From.ID), l.From.Key, l.From.At
	return pos
}

func (r *root) accountList(ctx context.Context, l accounts.ListParams, after *account) list[account] {
	out := list[account]{after: after, compare: accountOrder(l.Sort), keep: r.accountFilter(ctx, l)}
	if l.Desc {
		out.compare = reverse(out.compare)
	}
	isHeld := l.Status == subscriptions.Suspended || l.Cause != ""
	switch {
	case l.IDs != nil:
		out.rows = lookUp(r.accounts.byID.read, l.IDs)
	case isHeld && worthIndexing(r.holds.accounts.read.Len(), r.accounts.byID.read.Len()):
		out.rows = r.heldAccounts(l.Cause)
	case l.Terms != nil && l.Sort != accounts.SortCreated:
		out.rows = all(r.accounts.byID.read)
	default:
		out.rows, out.ordered = r.accounts.iterate(l, after), true
	}
	return out
}

func accountOrder(s accounts.Sort) func(a, b *account) int {
	switch s {
	case accounts.SortLogin:
		return byLogin
	case accounts.SortName:
		return bySortName
	default:
		return byCreation
	}
}

// iterate returns the accounts in the order of l, beginning with from. A nil from means all accounts.
func (t *accountTrees) iterate(l accounts.ListParams, from *account) iter.Seq[*account] {
	switch l.Sort {
	case accounts.SortLogin:
		return t.iterateLogins(from, l.Desc)
	case accounts.SortName:
		return iterate(t.bySortName.read, from, l.Desc)
	default:
		return iterate(t.byCreation.read, from, l.Desc)
	}
}

func (t *accountTrees) iterateLogins(from *account, desc bool) iter.Seq[*account] {
	return func(yield func(*account) bool) {
		step := func(_ string, row *account) bool { return yield(row) }
		switch {
		case from == nil && desc:
			t.byLogin.read.Reverse(step)
		case from == nil:
			t.byLogin.read.Scan(step)
		case desc:
			t.byLogin.read.Descend(from.Login, step)
		default:
			t.byLogin.read.Ascend(from.Login, step)
		}
	}
}

// accountFilter returns a function that reports whether l selects an account, apart from its IDs.
func (r *root) accountFilter(ctx context.Context, l accounts.ListParams) func(*account) bool {
	search := r.accountSearch(ctx, l)
	return func(a *account) bool {
		switch {
		case l.Country != "" && a.Contact.Country != l.Country,
			a.CreatedAt.Before(l.CreatedFrom),
			!l.CreatedBefore.IsZero() && !a.CreatedAt.Before(l.CreatedBefore),
			(l.Status != "" || l.Cause != "") && !matchesFilter(l.Status, l.Cause, r.holds.get(subscriptions.LevelAccount, int64(a.ID))),
			l.Plan != "" && !r.accountHasPlan(a.ID, l.Plan):
			return false
		}
		return search.finds(int64(a.ID), a.searchText)
	}
}

// accountHasPlan reports whether one of the account's subscriptions has the plan.
func (r *root) accountHasPlan(id accounts.ID, plan string) bool {
	for s := range r.subscriptionsOf(id) {
		if s.Plan == plan {
			return true
		}
	}
	return false
}

// accountSearch returns the search of l. All domains are searched in advance, unless the list is limited to IDs.
func (r *root) accountSearch(ctx context.Context, l accounts.ListParams) search {
	if l.IDs != nil {
		return search{l.Terms, func(id int64, term int) bool { return r.accountHasDomain(accounts.ID(id), l.Terms[term]) }}
	}
	found := r.accountsWithDomain(l.Terms, &ctxChecker{ctx: ctx})
	return search{l.Terms, func(id int64, term int) bool { return found[term].has(id) }}
}
