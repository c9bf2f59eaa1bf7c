package postgres

import (
	"context"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// accountBy answers the statement that reads the account for which a condition on its argument holds.
func accountBy(condition string) string {
	return "\nSELECT " + accountColumns + ", a.password_hash\nFROM clientele.accounts AS a\nWHERE " + condition
}

// Account implements accounts.Store.
func (s *Store) Account(ctx context.Context, k accounts.AccountKey) (accounts.Record, error) {
	var rows []accountRow
	var f *failure
	missing := &accounts.NotFoundError{Kind: "account"}
	switch {
	case k.Login != "":
		missing.Name = k.Login
		f = s.hotly(ctx, s.hot.accountByLogin, &rows, k.Login)
	case k.ExternalID != "":
		missing.Name = k.ExternalID
		f = s.query(ctx, &rows, accountBy("a.external_id = $1"), k.ExternalID)
	default:
		missing.IDs = []int64{int64(k.ID)}
		f = s.hotly(ctx, s.hot.accountByID, &rows, int64(k.ID))
	}
	if f != nil {
		return accounts.Record{}, f
	}
	if len(rows) == 0 {
		return accounts.Record{}, missing
	}
	return rows[0].record(), nil
}

// What a page shows of its accounts besides themselves: how much is below each of them.
const accountCounts = `,
    (SELECT count(*) FROM clientele.subscriptions AS s WHERE s.account_id = a.id) AS subscriptions,
    (SELECT count(*) FROM clientele.subscriptions AS s JOIN clientele.domains AS d ON d.subscription_id = s.id
     WHERE s.account_id = a.id) AS domains`

// Accounts implements accounts.Store.
func (s *Store) Accounts(ctx context.Context, q accounts.ListParams) ([]accounts.Summary, error) {
	l := accountList(q)
	if q.From != (subscriptions.Position{}) {
		l.position = accountPosition(q, &l)
	}
	var rows []accountRow
	statement := l.page(accountColumns+accountCounts, "", q.Limit)
	if f := s.query(ctx, &rows, statement, l.arguments...); f != nil {
		return nil, f
	}
	return each(rows, func(r accountRow) accounts.Summary {
		return accounts.Summary{Account: r.account(), Subscriptions: r.Subscriptions, Domains: r.Domains}
	}), nil
}

// CountAccounts implements accounts.Store.
func (s *Store) CountAccounts(ctx context.Context, q accounts.ListParams, atMost int) (int, error) {
	l := accountList(q)
	return s.countList(ctx, &l, atMost)
}

func (s *Store) countList(ctx context.Context, l *list, atMost int) (int, error) {
	var row countRow
	statement := l.count(atMost)
	if f := s.query(ctx, &row, statement, l.arguments...); f != nil {
		return 0, f
	}
	return row.Count, nil
}

// accountPosition answers the values of the order's columns behind which the page begins.
func accountPosition(q accounts.ListParams, l *list) []string {
	switch q.Sort {
	case accounts.SortLogin:
		return []string{l.argument(q.From.Key, "text")}
	case accounts.SortName:
		return []string{l.argument(q.From.Key, "text"), l.argument(q.From.ID, "bigint")}
	default:
		return []string{l.argument(instant(q.From.At), "timestamptz"), l.argument(q.From.ID, "bigint")}
	}
}

func accountList(q accounts.ListParams) list {
	l := list{table: "clientele.accounts AS a", id: "a.id", desc: q.Desc}
	switch q.Sort {
	case accounts.SortLogin:
		l.key = []string{"a.login"}
	case accounts.SortName:
		l.key = []string{"a.sort_name", "a.id"}
	default:
		l.key = []string{"a.created_at", "a.id"}
	}
	if q.IDs != nil {
		l.filter("a.id = ANY(" + l.argument(numberArray(q.IDs), "bigint[]") + ")")
	}
	if q.Country != "" {
		l.filter("a.country = " + l.argument(q.Country, "text"))
	}
	l.searchAccounts(q.Term, q.IDs == nil)
	l.holdAccounts(q.Status, q.Cause, q.IDs == nil)
	return l
}

// searchAccounts looks in the account's own texts and in those of its domains.
func (l *list) searchAccounts(p subscriptions.SearchTerm, drives bool) {
	if p == (subscriptions.SearchTerm{}) {
		return
	}
	like := "LIKE " + l.argument(pattern(p), "text")
	l.filter(`(a.search ` + like + ` OR (
        SELECT true FROM clientele.subscriptions AS s JOIN clientele.domains AS d ON d.subscription_id = s.id
        WHERE s.account_id = a.id AND d.search ` + like + ` LIMIT 1))`)
	if drives {
		l.drive(hits{below: `
    SELECT d.subscription_id FROM clientele.domains AS d WHERE d.search ` + like, by: []string{
			"a.search " + like,
			"a.id = ANY(ARRAY(SELECT s.account_id FROM clientele.subscriptions AS s WHERE s.id = ANY" + idsBelow + "))",
		}, ahead: l.owners()})
	}
}

// owners answers the shortcut to the accounts that own the subscriptions below. In the order of creation an index of
// these has both; in that of names the owners are looked up first.
func (l *list) owners() shortcut {
	if l.key[0] == "a.created_at" {
		return shortcut{
			table: "clientele.subscriptions AS s", key: []string{"s.account_created_at", "s.account_id"}, id: "s.id", among: idBelow,
			where: []string{"s.account_id IS NOT NULL"},
		}
	}
	along := l.own()
	along.among = "SELECT s.account_id FROM clientele.subscriptions AS s WHERE s.id = ANY(ARRAY(" + idBelow + "))"
	return along
}

// holdAccounts keeps the accounts that have a hold, one of a cause, or none.
func (l *list) holdAccounts(status accounts.Status, cause accounts.Cause, drives bool) {
	l.held(status, cause, []string{
		"(SELECT true FROM clientele.account_holds AS h WHERE h.account_id = a.id%s LIMIT 1)",
	}, `
    SELECT h.account_id FROM clientele.account_holds AS h WHERE true%s`, drives)
}
