package postgres

import (
	"context"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/lists"
	"github.com/clientele-go/clientele/subscriptions"
)

// accountBy returns the statement that selects the account that fulfils a condition on its argument.
func accountBy(condition string) string {
	return "\nSELECT " + accountColumns + ", a.password_hash\nFROM clientele.accounts AS a\nWHERE " + condition
}

// Account implements accounts.Store.
func (s *Store) Account(ctx context.Context, k accounts.AccountKey) (accounts.Record, error) {
	var rows []accountRow
	var e *dbError
	missing := &accounts.NotFoundError{Kind: "account"}
	switch {
	case k.Login != "":
		missing.Name = k.Login
		e = s.query(ctx, &rows, accountBy("a.login = $1"), k.Login)
	case k.ExternalID != "":
		missing.Name = k.ExternalID
		e = s.query(ctx, &rows, accountBy("a.external_id = $1"), k.ExternalID)
	default:
		missing.IDs = []int64{int64(k.ID)}
		e = s.query(ctx, &rows, accountBy("a.id = $1"), int64(k.ID))
	}
	if e != nil {
		return accounts.Record{}, e
	}
	if len(rows) == 0 {
		return accounts.Record{}, missing
	}
	return rows[0].record(), nil
}

// accountCounts are the columns of a page that count the subscriptions and domains of each account.
const accountCounts = `,
    (SELECT count(*) FROM clientele.subscriptions AS s WHERE s.account_id = a.id) AS subscriptions,
    (SELECT count(*) FROM clientele.subscriptions AS s JOIN clientele.domains AS d ON d.subscription_id = s.id
     WHERE s.account_id = a.id) AS domains`

// Accounts implements accounts.Store.
func (s *Store) Accounts(ctx context.Context, p accounts.ListParams) ([]accounts.Summary, error) {
	l := accountList(p)
	if p.From != (subscriptions.Position{}) {
		l.startAfter(p)
	}
	rows, err := page[accountRow](ctx, s, l, accountColumns+accountCounts, "", p.Limit)
	if err != nil {
		return nil, err
	}
	return convertAll(rows, func(r accountRow) accounts.Summary {
		return accounts.Summary{Account: r.account(), Subscriptions: r.Subscriptions, Domains: r.Domains}
	}), nil
}

// CountAccounts implements accounts.Store.
func (s *Store) CountAccounts(ctx context.Context, p accounts.ListParams, atMost int) (int, error) {
	return s.countList(ctx, accountList(p), atMost)
}

// The conditions of a list of accounts, each as a test of one account and as a query for the ids of all.
const (
	accountHasTerm = `(a.search LIKE :term::text OR (
        SELECT true FROM clientele.subscriptions AS s JOIN clientele.domains AS d ON d.subscription_id = s.id
        WHERE s.account_id = a.id AND d.search LIKE :term::text
        LIMIT 1))`
	accountsWithTerm = `
SELECT a.id FROM clientele.accounts AS a WHERE a.search LIKE :term::text
UNION ALL
SELECT s.account_id FROM clientele.domains AS d
CROSS JOIN LATERAL (SELECT s.account_id FROM clientele.subscriptions AS s WHERE s.id = d.subscription_id OFFSET 0) AS s
WHERE d.search LIKE :term::text AND s.account_id IS NOT NULL`

	accountHasHold   = `(SELECT true FROM clientele.account_holds AS h WHERE h.account_id = a.id%s LIMIT 1)`
	accountsWithHold = `
SELECT h.account_id FROM clientele.account_holds AS h WHERE true%s`

	// Behind OFFSET 0, the planner cannot look for the account among all subscriptions of the plan.
	accountHasPlan = `(
        SELECT true FROM (SELECT s.plan FROM clientele.subscriptions AS s WHERE s.account_id = a.id OFFSET 0) AS s
        WHERE s.plan = :plan::text
        LIMIT 1)`
	accountsWithPlan = `
SELECT s.account_id FROM clientele.subscriptions AS s WHERE s.plan = :plan::text AND s.account_id IS NOT NULL`

	accountHasCountry   = `a.country = :country::text`
	accountsWithCountry = `
SELECT a.id FROM clientele.accounts AS a WHERE a.country = :country::text`

	createdFrom   = `a.created_at >= :from::timestamptz`
	createdBefore = `a.created_at < :before::timestamptz`
)

func accountList(p accounts.ListParams) list {
	l := newList("clientele.accounts", "a")
	l.Desc = p.Desc
	switch p.Sort {
	case accounts.SortLogin:
		l.Key = []string{"a.login"}
	case accounts.SortName:
		l.Key = []string{"a.sort_name", "a.id"}
	default:
		l.Key = []string{"a.created_at", "a.id"}
	}
	whereID(&l, p.IDs)
	l.search(p.Terms, accountHasTerm, accountsWithTerm)
	l.AddHeld(p.Status, p.Cause, []string{accountHasHold}, accountsWithHold)
	if p.Plan != "" {
		l.Arguments["plan"] = p.Plan
		l.Add(lists.Condition{Test: accountHasPlan, Find: accountsWithPlan})
	}
	if p.Country != "" {
		l.Arguments["country"] = p.Country
		l.Add(lists.Condition{Test: accountHasCountry, Find: accountsWithCountry})
	}
	l.whereCreated(p)
	return l
}

// whereCreated adds the condition on the time of creation, which the index of the order serves if that is the order.
func (l *list) whereCreated(p accounts.ListParams) {
	var bounds []string
	if !p.CreatedFrom.IsZero() {
		l.Arguments["from"] = formatTime(p.CreatedFrom)
		bounds = append(bounds, createdFrom)
	}
	if !p.CreatedBefore.IsZero() {
		l.Arguments["before"] = formatTime(p.CreatedBefore)
		bounds = append(bounds, createdBefore)
	}
	switch {
	case bounds == nil:
	case l.Key[0] == "a.created_at":
		l.Within = bounds
	default:
		l.Add(lists.Condition{
			Test: strings.Join(bounds, " AND "),
			Find: "\nSELECT a.id FROM clientele.accounts AS a" + lists.Where(bounds),
		})
	}
}

// startAfter begins the page after p.From.
func (l *list) startAfter(p accounts.ListParams) {
	l.Arguments["at"], l.Arguments["key"], l.Arguments["id"] = formatTime(p.From.At), p.From.Key, p.From.ID
	switch p.Sort {
	case accounts.SortLogin:
		l.After = []string{":key::text"}
	case accounts.SortName:
		l.After = []string{":key::text", ":id::bigint"}
	default:
		l.After = []string{":at::timestamptz", ":id::bigint"}
	}
}
