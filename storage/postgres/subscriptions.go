package postgres

import (
	"context"
	"time"

	"github.com/clientele-go/clientele/storage/internal/lists"
	"github.com/clientele-go/clientele/subscriptions"
)

// Subscription implements subscriptions.Reader.
func (s *Store) Subscription(ctx context.Context, k subscriptions.SubscriptionKey) (subscriptions.Subscription, error) {
	const selectOne = "\nSELECT " + subscriptionColumns + ", " + accountHolds + "\nFROM clientele.subscriptions AS s\nWHERE "
	var rows []subscriptionRow
	var e *dbError
	missing := &subscriptions.NotFoundError{Kind: "subscription"}
	if k.ExternalID != "" {
		missing.Name = k.ExternalID
		e = s.query(ctx, &rows, selectOne+"s.external_id = $1", k.ExternalID)
	} else {
		missing.IDs = []int64{int64(k.ID)}
		e = s.query(ctx, &rows, selectOne+"s.id = $1", int64(k.ID))
	}
	if e != nil {
		return subscriptions.Subscription{}, e
	}
	if len(rows) == 0 {
		return subscriptions.Subscription{}, missing
	}
	return rows[0].subscription(), nil
}

// Subscriptions implements subscriptions.Reader.
func (s *Store) Subscriptions(ctx context.Context, p subscriptions.ListParams) ([]subscriptions.Subscription, error) {
	l := subscriptionList(p)
	if p.From != (subscriptions.Position{}) {
		l.Arguments["at"], l.Arguments["id"] = formatTime(p.From.At), p.From.ID
		l.After = []string{":at::timestamptz", ":id::bigint"}
	}
	rows, err := page[subscriptionRow](ctx, s, l, subscriptionColumns+", "+accountHolds, "", p.Limit)
	if err != nil {
		return nil, err
	}
	return convertAll(rows, subscriptionRow.subscription), nil
}

// CountSubscriptions implements subscriptions.Reader.
func (s *Store) CountSubscriptions(ctx context.Context, p subscriptions.ListParams, atMost int) (int, error) {
	return s.countList(ctx, subscriptionList(p), atMost)
}

// The conditions of a list of subscriptions, each as a test of one subscription and as a query for the ids of all.
const (
	subscriptionHasTerm = `(s.search LIKE :term::text OR ` + subscriptionHasDomain + `)`
	// Only the name, which is the first line.
	subscriptionHasTermInName = `(split_part(s.search, chr(10), 1) LIKE :term::text OR ` + subscriptionHasDomain + `)`
	subscriptionHasDomain     = `(
        SELECT true FROM clientele.domains AS d WHERE d.subscription_id = s.id AND d.search LIKE :term::text
        LIMIT 1)`
	subscriptionsWithTerm = `
SELECT s.id FROM clientele.subscriptions AS s WHERE s.search LIKE :term::text
UNION ALL
SELECT d.subscription_id FROM clientele.domains AS d WHERE d.search LIKE :term::text`

	subscriptionHasHold   = `(SELECT true FROM clientele.subscription_holds AS h WHERE h.subscription_id = s.id%s LIMIT 1)`
	subscriptionInherits  = `(SELECT true FROM clientele.account_holds AS h WHERE h.account_id = s.account_id%s LIMIT 1)`
	subscriptionsWithHold = `
SELECT h.subscription_id FROM clientele.subscription_holds AS h WHERE true%s
UNION ALL
SELECT s.id FROM clientele.account_holds AS h
CROSS JOIN LATERAL (SELECT s.id FROM clientele.subscriptions AS s WHERE s.account_id = h.account_id OFFSET 0) AS s
WHERE true%s`

	subscriptionHasPlan   = `s.plan = :plan::text`
	subscriptionsWithPlan = `
SELECT s.id FROM clientele.subscriptions AS s WHERE s.plan = :plan::text`

	subscriptionExpires  = `s.expires_at < :expires::timestamptz`
	subscriptionsExpired = `
SELECT s.id FROM clientele.subscriptions AS s WHERE s.expires_at < :expires::timestamptz`

	subscriptionOfProvider  = `s.account_id IS NULL`
	subscriptionsOfProvider = `
SELECT s.id FROM clientele.subscriptions AS s WHERE s.account_id IS NULL`
)

func subscriptionList(p subscriptions.ListParams) list {
	l := newList("clientele.subscriptions", "s", "s.created_at", "s.id")
	l.Desc = p.Desc
	whereID(&l, p.IDs)
	if p.HideExternalID {
		l.search(p.Terms, subscriptionHasTermInName, subscriptionsWithTerm) // finds more, but an owner's list is read whole
	} else {
		l.search(p.Terms, subscriptionHasTerm, subscriptionsWithTerm)
	}
	l.AddHeld(p.Status, p.Cause, []string{subscriptionHasHold, subscriptionInherits}, subscriptionsWithHold)
	if !p.ExpiresBefore.IsZero() {
		l.Arguments["expires"] = formatTime(p.ExpiresBefore)
		l.Add(lists.Condition{Test: subscriptionExpires, Find: subscriptionsExpired})
	}
	if p.Plan != "" {
		l.Arguments["plan"] = p.Plan
		l.Add(lists.Condition{Test: subscriptionHasPlan, Find: subscriptionsWithPlan})
	}
	switch {
	case p.AccountID == nil:
	case *p.AccountID == subscriptions.Provider:
		l.Add(lists.Condition{Test: subscriptionOfProvider, Find: subscriptionsOfProvider})
	default:
		l.Arguments["account"] = int64(*p.AccountID)
		l.Within, l.Whole = []string{"s.account_id = :account::bigint"}, true
	}
	return l
}

const dueSubscriptions = `
SELECT s.id FROM clientele.subscriptions AS s
WHERE s.due_at <= $1::timestamptz
ORDER BY s.due_at, s.id
LIMIT $2::bigint`

// DueSubscriptions implements subscriptions.Reader.
func (s *Store) DueSubscriptions(ctx context.Context, at time.Time, limit int) ([]subscriptions.ID, error) {
	var rows []idRow
	if e := s.query(ctx, &rows, dueSubscriptions, formatTime(at), limit); e != nil {
		return nil, e
	}
	return convertAll(rows, func(r idRow) subscriptions.ID { return subscriptions.ID(r.ID) }), nil
}
