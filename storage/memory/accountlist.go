package memory

import (
	"context"
	"iter"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// Accounts answers the next l.Limit accounts behind l.From, in the order of l.Sort, with how much they have.
func (s *Store) Accounts(ctx context.Context, l accounts.ListParams) ([]accounts.Summary, error) {
	r, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := r.accountList(ctx, l, accountFrom(l)).page(ctx, l.Limit)
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

// CountAccounts counts what l selects and stops at atMost (0: no bound).
func (s *Store) CountAccounts(ctx context.Context, l accounts.ListParams, atMost int) (int, error) {
	r, err := s.read(ctx)
	if err != nil {
		return 0, err
	}
	return r.accountList(ctx, l, nil).count(ctx, atMost)
}

// accountFrom answers a row at the position behind which the page begins; nil for the first page.
func accountFrom(l accounts.ListParams) *account {
	if l.From == (subscriptions.Position{}) {
		return nil
	}
	from := &account{sortName: l.From.Key}
	from.ID, from.Login, from.CreatedAt = accounts.ID(l.From.ID), l.From.Key, l.From.At
	return from
}

func (r *root) accountList(ctx context.Context, l accounts.ListParams, from *account) list[account] {
	out := list[account]{from: from, compare: accountOrder(l.Sort), keep: r.accountFilter(ctx, l)}
	if l.Desc {
		out.compare = reversed(out.compare)
	}
	isHeld := l.Status == subscriptions.Suspended || l.Cause != ""
	switch {
	case l.IDs != nil:
		out.rows = lookUp(r.accounts.byID.read, l.IDs)
	case isHeld && rare(r.holds.accounts.read.Len(), r.accounts.byID.read.Len()):
		out.rows = r.heldAccounts(l.Cause)
	case l.Term.Text != "" && l.Sort != accounts.SortCreated:
		out.rows = all(r.accounts.byID.read)
	default:
		out.rows, out.ordered = r.accounts.walk(l, from), true
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

// walk answers the rows in the order of the list, from a row on.
func (t *accountTrees) walk(l accounts.ListParams, from *account) iter.Seq[*account] {
	switch l.Sort {
	case accounts.SortLogin:
		return t.walkLogins(from, l.Desc)
	case accounts.SortName:
		return walk(t.bySortName.read, from, l.Desc)
	default:
		return walk(t.byCreation.read, from, l.Desc)
	}
}

func (t *accountTrees) walkLogins(from *account, desc bool) iter.Seq[*account] {
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

// accountFilter answers what keeps a row in the list.
func (r *root) accountFilter(ctx context.Context, l accounts.ListParams) func(*account) bool {
	matches := r.accountSearch(ctx, l)
	return func(a *account) bool {
		if l.Country != "" && a.Contact.Country != l.Country {
			return false
		}
		if l.Status == "" && l.Cause == "" {
			return matches(a)
		}
		return fits(l.Status, l.Cause, r.holds.of(subscriptions.LevelAccount, int64(a.ID))) && matches(a)
	}
}

// accountSearch answers whether an account matches. All domains are gone through at once, unless the list names the
// accounts.
func (r *root) accountSearch(ctx context.Context, l accounts.ListParams) func(*account) bool {
	n := needleOf(l.Term)
	switch {
	case n == "":
		return func(*account) bool { return true }
	case l.IDs != nil:
		return func(a *account) bool { return n.in(a.texts) || r.accountNames(a, n) }
	default:
		naming := r.accountsNaming(n, &pace{ctx: ctx})
		return func(a *account) bool { return n.in(a.texts) || naming.has(int64(a.ID)) }
	}
}
