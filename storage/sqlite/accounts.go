package sqlite

import (
	"context"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/lists"
	"github.com/clientele-go/clientele/subscriptions"
)

// The statements that select an account with its hash.
const (
	selectAccount       = "\nSELECT " + accountColumns + ", a.password_hash\nFROM clientele_accounts AS a\nWHERE "
	accountByID         = selectAccount + "a.id = ?1"
	accountByLogin      = selectAccount + "a.login = ?1"
	accountByExternalID = selectAccount + "a.external_id = ?1 AND a.external_id <> ''"
)

// Account implements accounts.Store.
func (s *Store) Account(ctx context.Context, k accounts.AccountKey) (accounts.Record, error) {
	var statement string
	var key any
	missing := &accounts.NotFoundError{Kind: string(subscriptions.LevelAccount)}
	switch {
	case k.Login != "":
		statement, key, missing.Name = accountByLogin, k.Login, k.Login
	case k.ExternalID != "":
		statement, key, missing.Name = accountByExternalID, k.ExternalID, k.ExternalID
	default:
		statement, key, missing.IDs = accountByID, int64(k.ID), []int64{int64(k.ID)}
	}
	rows, e := read(ctx, s, (*accountRow).fieldsWithHash, statement, key)
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
    (SELECT count(*) FROM clientele_subscriptions AS s WHERE s.account_id = a.id),
    (SELECT count(*) FROM clientele_domains AS d WHERE d.account_id = a.id)`

// Accounts implements accounts.Store.
func (s *Store) Accounts(ctx context.Context, p accounts.ListParams) ([]accounts.Summary, error) {
	l := accountList(p)
	if p.From != (subscriptions.Position{}) {
		l.startAfter(p)
	}
	rows, err := page(ctx, s, l, accountColumns+accountCounts, "",
		(*accountRow).fieldsWithCounts, (*accountRow).fieldsWithMore, p.Limit)
	if err != nil {
		return nil, err
	}
	return convertAll(rows, accountRow.summary), nil
}

// CountAccounts implements accounts.Store.
func (s *Store) CountAccounts(ctx context.Context, p accounts.ListParams, atMost int) (int, error) {
	return s.countList(ctx, accountList(p), atMost)
}

// The conditions of a list of accounts, each as a test of one account and as a query for the ids of all.
const (
	accountHasTerm = `(instr(a.search, :term) > 0 OR (
        SELECT 1 FROM clientele_domains AS d WHERE d.account_id = a.id AND instr(d.search, :term) > 0
        LIMIT 1))`
	// The id is NULL for rows that only the index has found, and for domains of the provider.
	accountsWithTerm = `
SELECT CASE r.row & 3
    WHEN 0 THEN (SELECT a.id FROM clientele_accounts AS a WHERE a.id = r.row >> 2 AND instr(a.search, :term) > 0)
    ELSE (SELECT d.account_id FROM clientele_domains AS d WHERE d.id = r.row >> 2 AND instr(d.search, :term) > 0)
    END AS id
FROM ` + rowsWithTerm + ` AS r
WHERE r.row & 3 <> 1`

	accountHasHold   = `(SELECT 1 FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = a.id%s LIMIT 1)`
	accountsWithHold = `
SELECT h.row_id AS id FROM clientele_holds AS h WHERE h.level = 0%s`

	accountHasPlan = `(
        SELECT 1 FROM clientele_subscriptions AS s WHERE s.account_id = a.id AND +s.plan = :plan
        LIMIT 1)`
	accountsWithPlan = `
SELECT s.account_id AS id FROM clientele_subscriptions AS s WHERE s.plan = :plan AND s.account_id IS NOT NULL`

	accountHasCountry   = `a.country = :country`
	accountsWithCountry = `
SELECT a.id FROM clientele_accounts AS a WHERE a.country = :country`

	createdFrom   = `a.created_at >= :from`
	createdBefore = `a.created_at < :before`
)

func accountList(p accounts.ListParams) list {
	l := newList("clientele_accounts", "a")
	l.Desc = p.Desc
	switch p.Sort {
	case accounts.SortLogin:
		l.Key = []string{"a.login"}
	case accounts.SortName:
		l.Key = []string{"a.sort_name", "a.ordinal"}
	default:
		l.Key = []string{"a.created_at", "a.ordinal"}
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
		l.Arguments["from"] = micros(p.CreatedFrom)
		bounds = append(bounds, createdFrom)
	}
	if !p.CreatedBefore.IsZero() {
		l.Arguments["before"] = micros(p.CreatedBefore)
		bounds = append(bounds, createdBefore)
	}
	switch {
	case bounds == nil:
	case l.Key[0] == "a.created_at":
		l.Within = bounds
	default:
		l.Add(lists.Condition{
			Test: strings.Join(bounds, " AND "),
			Find: "\nSELECT a.id FROM clientele_accounts AS a" + lists.Where(bounds),
		})
	}
}

// startAfter begins the page after p.From.
func (l *list) startAfter(p accounts.ListParams) {
	switch p.Sort {
	case accounts.SortLogin:
		l.Arguments["key"] = p.From.Key
		l.After = []string{":key"}
	case accounts.SortName:
		l.Arguments["key"], l.Arguments["after"] = p.From.Key, p.From.ID
		l.After = []string{":key", ":after"}
	default:
		l.Arguments["at"], l.Arguments["after"] = micros(p.From.At), p.From.ID
		l.After = []string{":at", ":after"}
	}
}
