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
	case l.Term.Text != "" && l.Sort != accounts.SortCreated:
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
	matchesSearch := r.accountSearch(ctx, l)
	return func(a *account) bool {
		if l.Country != "" && a.Contact.Country != l.Country {
			return false
		}
		if l.Status == "" && l.Cause == "" {
			return matchesSearch(a)
		}
		return matchesFilter(l.Status, l.Cause, r.holds.get(subscriptions.LevelAccount, int64(a.ID))) && matchesSearch(a)
	}
}

// accountSearch returns a function that reports whether an account matches the search term. It searches all domains in
// advance, unless the list is limited to IDs.
func (r *root) accountSearch(ctx context.Context, l accounts.ListParams) func(*account) bool {
	term := newSearchTerm(l.Term)
	switch {
	case term == "":
		return func(*account) bool { return true }
	case l.IDs != nil:
		return func(a *account) bool { return term.matches(a.texts) || r.accountHasDomain(a, term) }
	default:
		withDomain := r.accountsWithDomain(term, &ctxChecker{ctx: ctx})
		return func(a *account) bool { return term.matches(a.texts) || withDomain.has(int64(a.ID)) }
	}
}
