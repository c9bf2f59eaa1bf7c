package sqlite

import (
	"context"
	"time"

	"github.com/clientele-go/clientele/storage/internal/lists"
	"github.com/clientele-go/clientele/subscriptions"
)

// The statements that select a subscription.
const (
	selectSubscription       = "\nSELECT " + subscriptionColumns + "\nFROM clientele_subscriptions AS s\nWHERE "
	subscriptionByID         = selectSubscription + "s.id = ?1"
	subscriptionByExternalID = selectSubscription + "s.external_id = ?1 AND s.external_id <> ''"
)

// Subscription implements subscriptions.Reader.
func (s *Store) Subscription(ctx context.Context, k subscriptions.SubscriptionKey) (subscriptions.Subscription, error) {
	statement, key := subscriptionByID, any(int64(k.ID))
	missing := &subscriptions.NotFoundError{Kind: string(subscriptions.LevelSubscription)}
	if k.ExternalID != "" {
		statement, key, missing.Name = subscriptionByExternalID, k.ExternalID, k.ExternalID
	} else {
		missing.IDs = []int64{int64(k.ID)}
	}
	rows, e := read(ctx, s, (*subscriptionRow).fields, statement, key)
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
		l.Arguments["at"], l.Arguments["after"] = micros(p.From.At), p.From.ID
		l.After = []string{":at", ":after"}
	}
	rows, err := page(ctx, s, l, subscriptionColumns, "",
		(*subscriptionRow).fields, (*subscriptionRow).fieldsWithMore, p.Limit)
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
	subscriptionHasTerm = `(instr(s.search, :term) > 0 OR ` + subscriptionHasDomain + `)`
	// Only the name, which is the first line.
	subscriptionHasTermInName = `(instr(substr(s.search, 1, instr(s.search || char(10), char(10)) - 1), :term) > 0 OR ` + subscriptionHasDomain + `)`
	subscriptionHasDomain     = `(
        SELECT 1 FROM clientele_domains AS d WHERE d.subscription_id = s.id AND instr(d.search, :term) > 0
        LIMIT 1)`
	// The id is NULL for rows that only the index has found.
	subscriptionsWithTerm = `
SELECT CASE r.row & 3
    WHEN 1 THEN (SELECT s.id FROM clientele_subscriptions AS s WHERE s.id = r.row >> 2 AND instr(s.search, :term) > 0)
    ELSE (SELECT d.subscription_id FROM clientele_domains AS d WHERE d.id = r.row >> 2 AND instr(d.search, :term) > 0)
    END AS id
FROM ` + rowsWithTerm + ` AS r
WHERE r.row & 3 <> 0`
	subscriptionsWithTermInName = `
SELECT s.id FROM clientele_subscriptions AS s WHERE ` + subscriptionHasTermInName

	subscriptionHasHold   = `(SELECT 1 FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id%s LIMIT 1)`
	subscriptionInherits  = `(SELECT 1 FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id%s LIMIT 1)`
	subscriptionsWithHold = `
SELECT h.row_id AS id FROM clientele_holds AS h WHERE h.level = 1%s
UNION ALL
SELECT s.id FROM clientele_holds AS h CROSS JOIN clientele_subscriptions AS s
WHERE h.level = 0 AND s.account_id = h.row_id%s`

	// With +, an account's list is read by the account's index.
	subscriptionHasPlan   = `+s.plan = :plan`
	subscriptionsWithPlan = `
SELECT s.id FROM clientele_subscriptions AS s WHERE s.plan = :plan`

	subscriptionExpires  = `+s.expires_at < :expires`
	subscriptionsExpired = `
SELECT s.id FROM clientele_subscriptions AS s WHERE s.expires_at < :expires`
)

func subscriptionList(p subscriptions.ListParams) list {
	l := newList("clientele_subscriptions", "s", "s.created_at", "s.ordinal")
	l.Desc = p.Desc
	whereID(&l, p.IDs)
	if p.HideExternalID {
		l.search(p.Terms, subscriptionHasTermInName, subscriptionsWithTermInName) // an owner's list, which is read whole
	} else {
		l.search(p.Terms, subscriptionHasTerm, subscriptionsWithTerm)
	}
	l.AddHeld(p.Status, p.Cause, []string{subscriptionHasHold, subscriptionInherits}, subscriptionsWithHold)
	if !p.ExpiresBefore.IsZero() {
		l.Arguments["expires"] = micros(p.ExpiresBefore)
		l.Add(lists.Condition{Test: subscriptionExpires, Find: subscriptionsExpired})
	}
	if p.Plan != "" {
		l.Arguments["plan"] = p.Plan
		l.Add(lists.Condition{Test: subscriptionHasPlan, Find: subscriptionsWithPlan})
	}
	switch {
	case p.AccountID == nil:
	case *p.AccountID == subscriptions.Provider:
		l.Within = []string{"s.account_id IS NULL"} // the index has them in the order of the list
	default:
		l.Arguments["account"] = int64(*p.AccountID)
		l.Within, l.Whole = []string{"s.account_id = :account"}, true
	}
	return l
}

const dueSubscriptions = `
SELECT s.id FROM clientele_subscriptions AS s
WHERE s.due_at <= ?1
ORDER BY s.due_at, s.id
LIMIT ?2`

// DueSubscriptions implements subscriptions.Reader.
func (s *Store) DueSubscriptions(ctx context.Context, at time.Time, limit int) ([]subscriptions.ID, error) {
	rows, e := read(ctx, s, (*idRow).fields, dueSubscriptions, micros(at), limit)
	if e != nil {
		return nil, e
	}
	return convertAll(rows, func(r idRow) subscriptions.ID { return subscriptions.ID(r.ID) }), nil
}
