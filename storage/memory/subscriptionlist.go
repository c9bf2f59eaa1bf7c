package memory

import (
	"context"
	"iter"

	"github.com/clientele-go/clientele/subscriptions"
)

// Subscriptions answers the next l.Limit subscriptions behind l.From, by creation.
func (s *Store) Subscriptions(ctx context.Context, l subscriptions.ListParams) ([]subscriptions.Subscription, error) {
	r, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := r.subscriptionList(ctx, l, subscriptionFrom(l)).page(ctx, l.Limit)
	if err != nil {
		return nil, err
	}
	page := make([]subscriptions.Subscription, len(rows))
	for i, row := range rows {
		page[i] = r.subscription(row).Subscription
	}
	return page, nil
}

// CountSubscriptions counts what l selects and stops at atMost (0: no bound).
func (s *Store) CountSubscriptions(ctx context.Context, l subscriptions.ListParams, atMost int) (int, error) {
	r, err := s.read(ctx)
	if err != nil {
		return 0, err
	}
	return r.subscriptionList(ctx, l, nil).count(ctx, atMost)
}

// subscriptionFrom answers a row at the position behind which the page begins; nil for the first page.
func subscriptionFrom(l subscriptions.ListParams) *subscription {
	if l.From == (subscriptions.Position{}) {
		return nil
	}
	from := &subscription{}
	from.ID, from.CreatedAt = subscriptions.ID(l.From.ID), l.From.At
	return from
}

func (r *root) subscriptionList(ctx context.Context, l subscriptions.ListParams, from *subscription) list[subscription] {
	out := list[subscription]{from: from, compare: subscriptionsByCreation, keep: r.subscriptionFilter(ctx, l)}
	if l.Desc {
		out.compare = reversed(out.compare)
	}
	isHeld := l.Status == subscriptions.Suspended || l.Cause != ""
	held := r.holds.accounts.read.Len() + r.holds.subscriptions.read.Len()
	switch {
	case l.IDs != nil:
		out.rows = lookUp(r.subscriptions.byID.read, l.IDs)
	case l.AccountID != nil:
		out.rows, out.ordered = r.subscriptions.walkAccount(*l.AccountID, from, l.Desc), true
	case isHeld && rare(held, r.subscriptions.byID.read.Len()):
		out.rows = r.heldSubscriptions(l.Cause)
	default:
		out.rows, out.ordered = walk(r.subscriptions.byCreation.read, from, l.Desc), true
	}
	return out
}

// walkAccount answers the rows of an account by creation, from a row on.
func (t *subscriptionTrees) walkAccount(
	id subscriptions.AccountID, from *subscription, desc bool,
) iter.Seq[*subscription] {
	start := &subscription{}
	start.AccountID = id
	switch {
	case from != nil:
		start.CreatedAt, start.ID = from.CreatedAt, from.ID
	case desc:
		start.AccountID++ // behind all rows of the account, and before those of the next
	}
	return func(yield func(*subscription) bool) {
		for row := range walk(t.byAccount.read, start, desc) {
			if row.AccountID != id || !yield(row) {
				return
			}
		}
	}
}

// subscriptionFilter answers what keeps a row in the list.
func (r *root) subscriptionFilter(ctx context.Context, l subscriptions.ListParams) func(*subscription) bool {
	matches := r.subscriptionSearch(ctx, l)
	return func(s *subscription) bool {
		switch {
		case l.AccountID != nil && s.AccountID != *l.AccountID,
			l.Plan != "" && s.Plan != l.Plan,
			!l.ExpiresBefore.IsZero() && (s.ExpiresAt.IsZero() || !s.ExpiresAt.Before(l.ExpiresBefore)):
			return false
		case l.Status == "" && l.Cause == "":
			return matches(s)
		}
		return fits(l.Status, l.Cause,
			r.holds.of(subscriptions.LevelAccount, int64(s.AccountID)),
			r.holds.of(subscriptions.LevelSubscription, int64(s.ID)),
		) && matches(s)
	}
}

// subscriptionSearch answers whether a subscription matches. All domains are gone through at once, unless the list names
// the subscriptions or their owner.
func (r *root) subscriptionSearch(ctx context.Context, l subscriptions.ListParams) func(*subscription) bool {
	n := needleOf(l.Term)
	if n == "" {
		return func(*subscription) bool { return true }
	}
	naming := func(id subscriptions.ID) bool { return r.names(id, n) }
	if l.IDs == nil && l.AccountID == nil {
		found := r.subscriptionsNaming(n, &pace{ctx: ctx})
		naming = func(id subscriptions.ID) bool { return found.has(int64(id)) }
	}
	return func(s *subscription) bool {
		texts := s.texts
		if l.HideExternalID {
			texts = firstOf(texts)
		}
		return n.in(texts) || naming(s.ID)
	}
}
