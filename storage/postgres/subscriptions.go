package postgres

import (
	"context"
	"time"

	"github.com/clientele-go/clientele/subscriptions"
)

// Subscription implements subscriptions.Reader.
func (s *Store) Subscription(ctx context.Context, k subscriptions.SubscriptionKey) (subscriptions.Subscription, error) {
	const one = "\nSELECT " + subscriptionColumns + ", " + accountHolds + "\nFROM clientele.subscriptions AS s\nWHERE "
	var rows []subscriptionRow
	var f *failure
	missing := &subscriptions.NotFoundError{Kind: "subscription"}
	if k.ExternalID != "" {
		missing.Name = k.ExternalID
		f = s.query(ctx, &rows, one+"s.external_id = $1", k.ExternalID)
	} else {
		missing.IDs = []int64{int64(k.ID)}
		f = s.query(ctx, &rows, one+"s.id = $1", int64(k.ID))
	}
	if f != nil {
		return subscriptions.Subscription{}, f
	}
	if len(rows) == 0 {
		return subscriptions.Subscription{}, missing
	}
	return rows[0].subscription(), nil
}

// Subscriptions implements subscriptions.Reader.
func (s *Store) Subscriptions(ctx context.Context, q subscriptions.ListParams) ([]subscriptions.Subscription, error) {
	l := subscriptionList(q)
	if q.From != (subscriptions.Position{}) {
		l.position = []string{l.argument(instant(q.From.At), "timestamptz"), l.argument(q.From.ID, "bigint")}
	}
	var rows []subscriptionRow
	statement := l.page(subscriptionColumns+", "+accountHolds, "", q.Limit)
	if f := s.query(ctx, &rows, statement, l.arguments...); f != nil {
		return nil, f
	}
	return each(rows, subscriptionRow.subscription), nil
}

// CountSubscriptions implements subscriptions.Reader.
func (s *Store) CountSubscriptions(ctx context.Context, q subscriptions.ListParams, atMost int) (int, error) {
	l := subscriptionList(q)
	return s.countList(ctx, &l, atMost)
}

func subscriptionList(q subscriptions.ListParams) list {
	l := list{table: "clientele.subscriptions AS s", id: "s.id", key: []string{"s.created_at", "s.id"}, desc: q.Desc}
	if q.IDs != nil {
		l.filter("s.id = ANY(" + l.argument(numberArray(q.IDs), "bigint[]") + ")")
	}
	if q.AccountID != nil {
		l.filter(owned("s.account_id", *q.AccountID, &l))
	}
	if q.Plan != "" {
		l.filter("s.plan = " + l.argument(q.Plan, "text"))
	}
	// One account's subscriptions are few enough to look at each of them.
	drives := q.IDs == nil && (q.AccountID == nil || *q.AccountID == subscriptions.Provider)
	l.searchSubscriptions(q.Term, q.HideExternalID, drives)
	l.holdSubscriptions(q.Status, q.Cause, drives)
	if !q.ExpiresBefore.IsZero() {
		early := "s.expires_at < " + l.argument(instant(q.ExpiresBefore), "timestamptz")
		l.filter(early)
		if drives {
			l.drive(hits{by: []string{early}})
		}
	}
	return l
}

// searchSubscriptions looks in the subscription's own texts and in those of its domains. The name is the first of its
// own, and all that an owner's search may look at.
func (l *list) searchSubscriptions(p subscriptions.SearchTerm, own, drives bool) {
	if p == (subscriptions.SearchTerm{}) {
		return
	}
	like := "LIKE " + l.argument(pattern(p), "text")
	column := "s.search"
	if own {
		column = "chr(10) || split_part(s.search, chr(10), 2)"
	}
	l.filter(`(` + column + ` ` + like + ` OR (
        SELECT true FROM clientele.domains AS d WHERE d.subscription_id = s.id AND d.search ` + like + ` LIMIT 1))`)
	if drives && !own {
		l.drive(hits{below: `
    SELECT d.subscription_id FROM clientele.domains AS d WHERE d.search ` + like, by: []string{
			"s.search " + like,
			"s.id = ANY" + idsBelow,
		}, ahead: l.own()})
	}
}

// holdSubscriptions keeps the subscriptions that are held by themselves or from above, by a cause, or not at all.
func (l *list) holdSubscriptions(status subscriptions.Status, cause subscriptions.Cause, drives bool) {
	l.held(status, cause, []string{
		"(SELECT true FROM clientele.subscription_holds AS h WHERE h.subscription_id = s.id%s LIMIT 1)",
		"(SELECT true FROM clientele.account_holds AS h WHERE h.account_id = s.account_id%s LIMIT 1)",
	}, `
    SELECT h.subscription_id FROM clientele.subscription_holds AS h WHERE true%s
    UNION ALL
    SELECT s.id FROM clientele.account_holds AS h
    CROSS JOIN LATERAL (SELECT s.id FROM clientele.subscriptions AS s WHERE s.account_id = h.account_id OFFSET 0) AS s
    WHERE true%s`, drives)
}

const dueSubscriptions = `
SELECT s.id FROM clientele.subscriptions AS s
WHERE s.due_at <= $1::timestamptz
ORDER BY s.due_at, s.id
LIMIT $2::bigint`

// DueSubscriptions implements subscriptions.Reader.
func (s *Store) DueSubscriptions(ctx context.Context, at time.Time, limit int) ([]subscriptions.ID, error) {
	var rows []idRow
	if f := s.query(ctx, &rows, dueSubscriptions, instant(at), limit); f != nil {
		return nil, f
	}
	return each(rows, func(r idRow) subscriptions.ID { return subscriptions.ID(r.ID) }), nil
}
