package postgres

import (
	"context"
	"time"

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
func (s *Store) Subscriptions(ctx context.Context, q subscriptions.ListParams) ([]subscriptions.Subscription, error) {
	l := subscriptionList(q)
	if q.From != (subscriptions.Position{}) {
		l.position = []string{l.bind(formatTime(q.From.At), "timestamptz"), l.bind(q.From.ID, "bigint")}
	}
	var rows []subscriptionRow
	statement := l.page(subscriptionColumns+", "+accountHolds, "", q.Limit)
	if e := s.query(ctx, &rows, statement, l.arguments...); e != nil {
		return nil, e
	}
	return convertAll(rows, subscriptionRow.subscription), nil
}

// CountSubscriptions implements subscriptions.Reader.
func (s *Store) CountSubscriptions(ctx context.Context, q subscriptions.ListParams, atMost int) (int, error) {
	l := subscriptionList(q)
	return s.countList(ctx, &l, atMost)
}

func subscriptionList(q subscriptions.ListParams) listQuery {
	l := listQuery{table: "clientele.subscriptions AS s", id: "s.id", key: []string{"s.created_at", "s.id"}, desc: q.Desc}
	if q.IDs != nil {
		l.filter("s.id = ANY(" + l.bind(numberArray(q.IDs), "bigint[]") + ")")
	}
	if q.AccountID != nil {
		l.filter(ownedBy("s.account_id", *q.AccountID, &l))
	}
	if q.Plan != "" {
		l.filter("s.plan = " + l.bind(q.Plan, "text"))
	}
	// An account has few enough subscriptions to check each of them.
	prefilter := q.IDs == nil && (q.AccountID == nil || *q.AccountID == subscriptions.Provider)
	l.searchSubscriptions(q.Term, q.HideExternalID, prefilter)
	l.filterSubscriptionHolds(q.Status, q.Cause, prefilter)
	if !q.ExpiresBefore.IsZero() {
		expires := "s.expires_at < " + l.bind(formatTime(q.ExpiresBefore), "timestamptz")
		l.filter(expires)
		if prefilter {
			l.prefilter(candidates{conditions: []string{expires}})
		}
	}
	return l
}

// searchSubscriptions keeps the subscriptions with the term in their own texts or in those of their domains. The name is the
// first of a subscription's own texts; with nameOnly, it is the only one that is searched.
func (l *listQuery) searchSubscriptions(t subscriptions.SearchTerm, nameOnly, prefilter bool) {
	if t == (subscriptions.SearchTerm{}) {
		return
	}
	like := "LIKE " + l.bind(likePattern(t), "text")
	column := "s.search"
	if nameOnly {
		column = "chr(10) || split_part(s.search, chr(10), 2)"
	}
	l.filter(`(` + column + ` ` + like + ` OR (
        SELECT true FROM clientele.domains AS d WHERE d.subscription_id = s.id AND d.search ` + like + ` LIMIT 1))`)
	if prefilter && !nameOnly {
		l.prefilter(candidates{idQuery: `
    SELECT d.subscription_id FROM clientele.domains AS d WHERE d.search ` + like, conditions: []string{
			"s.search " + like,
			"s.id = ANY" + idsToLookUp,
		}, fastPath: l.fastPathByOrder()})
	}
}

// filterSubscriptionHolds keeps the subscriptions that have or inherit a hold, one with the cause, or none.
func (l *listQuery) filterSubscriptionHolds(status subscriptions.Status, cause subscriptions.Cause, prefilter bool) {
	l.filterHolds(status, cause, []string{
		"(SELECT true FROM clientele.subscription_holds AS h WHERE h.subscription_id = s.id%s LIMIT 1)",
		"(SELECT true FROM clientele.account_holds AS h WHERE h.account_id = s.account_id%s LIMIT 1)",
	}, `
    SELECT h.subscription_id FROM clientele.subscription_holds AS h WHERE true%s
    UNION ALL
    SELECT s.id FROM clientele.account_holds AS h
    CROSS JOIN LATERAL (SELECT s.id FROM clientele.subscriptions AS s WHERE s.account_id = h.account_id OFFSET 0) AS s
    WHERE true%s`, prefilter)
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
