package memory

import (
	"context"
	"iter"

	"github.com/clientele-go/clientele/subscriptions"
)

// Subscriptions returns the first l.Limit subscriptions after l.From that l selects, by (CreatedAt, ID).
func (s *Store) Subscriptions(ctx context.Context, l subscriptions.ListParams) ([]subscriptions.Subscription, error) {
	r, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := r.subscriptionList(ctx, l, subscriptionPosition(l)).page(ctx, l.Limit)
	if err != nil {
		return nil, err
	}
	page := make([]subscriptions.Subscription, len(rows))
	for i, row := range rows {
		page[i] = r.subscription(row).Subscription
	}
	return page, nil
}

// CountSubscriptions returns the number of subscriptions that l selects, but not more than atMost; 0 means no bound.
func (s *Store) CountSubscriptions(ctx context.Context, l subscriptions.ListParams, atMost int) (int, error) {
	r, err := s.read(ctx)
	if err != nil {
		return 0, err
	}
	return r.subscriptionList(ctx, l, nil).count(ctx, atMost)
}

// subscriptionPosition returns a row at the position l.From, to compare other rows with, or nil for the start of the list.
func subscriptionPosition(l subscriptions.ListParams) *subscription {
	if l.From == (subscriptions.Position{}) {
		return nil
	}
	pos := &subscription{}
	pos.ID, pos.CreatedAt = subscriptions.ID(l.From.ID), l.From.At
	return pos
}

func (r *root) subscriptionList(ctx context.Context, l subscriptions.ListParams, after *subscription) list[subscription] {
	out := list[subscription]{after: after, compare: subscriptionsByCreation, keep: r.subscriptionFilter(ctx, l)}
	if l.Desc {
		out.compare = reverse(out.compare)
	}
	isHeld := l.Status == subscriptions.Suspended || l.Cause != ""
	held := r.holds.accounts.read.Len() + r.holds.subscriptions.read.Len()
	switch {
	case l.IDs != nil:
		out.rows = lookUp(r.subscriptions.byID.read, l.IDs)
	case l.AccountID != nil:
		out.rows, out.ordered = r.subscriptions.iterateAccount(*l.AccountID, after, l.Desc), true
	case isHeld && worthIndexing(held, r.subscriptions.byID.read.Len()):
		out.rows = r.heldSubscriptions(l.Cause)
	default:
		out.rows, out.ordered = iterate(r.subscriptions.byCreation.read, after, l.Desc), true
	}
	return out
}

// iterateAccount returns the subscriptions of an account by creation, beginning with from. A nil from means all of them.
func (t *subscriptionTrees) iterateAccount(
	id subscriptions.AccountID, from *subscription, desc bool,
) iter.Seq[*subscription] {
	start := &subscription{}
	start.AccountID = id
	switch {
	case from != nil:
		start.CreatedAt, start.ID = from.CreatedAt, from.ID
	case desc:
		start.AccountID++ // after all rows of the account, and before those of the next one
	}
	return func(yield func(*subscription) bool) {
		for row := range iterate(t.byAccount.read, start, desc) {
			if row.AccountID != id || !yield(row) {
				return
			}
		}
	}
}

// subscriptionFilter returns a function that reports whether l selects a subscription, apart from its IDs.
func (r *root) subscriptionFilter(ctx context.Context, l subscriptions.ListParams) func(*subscription) bool {
	search := r.subscriptionSearch(ctx, l)
	return func(s *subscription) bool {
		switch {
		case l.AccountID != nil && s.AccountID != *l.AccountID,
			l.Plan != "" && s.Plan != l.Plan,
			!l.ExpiresBefore.IsZero() && (s.ExpiresAt.IsZero() || !s.ExpiresAt.Before(l.ExpiresBefore)),
			(l.Status != "" || l.Cause != "") && !matchesFilter(l.Status, l.Cause,
				r.holds.get(subscriptions.LevelAccount, int64(s.AccountID)), r.holds.get(subscriptions.LevelSubscription, int64(s.ID))):
			return false
		}
		return search.finds(int64(s.ID), l.Searched(s.searchText))
	}
}

// subscriptionSearch returns the search of l. All domains are searched in advance, unless the list is limited to IDs or to an
// account.
func (r *root) subscriptionSearch(ctx context.Context, l subscriptions.ListParams) search {
	if l.IDs != nil || l.AccountID != nil {
		return search{l.Terms, func(id int64, term int) bool { return r.subscriptionHasDomain(subscriptions.ID(id), l.Terms[term]) }}
	}
	found := r.subscriptionsWithDomain(l.Terms, &ctxChecker{ctx: ctx})
	return search{l.Terms, func(id int64, term int) bool { return found[term].has(id) }}
}
