package postgres

import (
	"context"

	"github.com/clientele-go/clientele/accounts"
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
		e = s.queryPrepared(ctx, s.prepared.accountByLogin, &rows, k.Login)
	case k.ExternalID != "":
		missing.Name = k.ExternalID
		e = s.query(ctx, &rows, accountBy("a.external_id = $1"), k.ExternalID)
	default:
		missing.IDs = []int64{int64(k.ID)}
		e = s.queryPrepared(ctx, s.prepared.accountByID, &rows, int64(k.ID))
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
func (s *Store) Accounts(ctx context.Context, q accounts.ListParams) ([]accounts.Summary, error) {
	l := accountList(q)
	if q.From != (subscriptions.Position{}) {
		l.position = accountPosition(q, &l)
	}
	var rows []accountRow
	statement := l.page(accountColumns+accountCounts, "", q.Limit)
	if e := s.query(ctx, &rows, statement, l.arguments...); e != nil {
		return nil, e
	}
	return convertAll(rows, func(r accountRow) accounts.Summary {
		return accounts.Summary{Account: r.account(), Subscriptions: r.Subscriptions, Domains: r.Domains}
	}), nil
}

// CountAccounts implements accounts.Store.
func (s *Store) CountAccounts(ctx context.Context, q accounts.ListParams, atMost int) (int, error) {
	l := accountList(q)
	return s.countList(ctx, &l, atMost)
}

func (s *Store) countList(ctx context.Context, l *listQuery, atMost int) (int, error) {
	var row countRow
	statement := l.count(atMost)
	if e := s.query(ctx, &row, statement, l.arguments...); e != nil {
		return 0, e
	}
	return row.Count, nil
}

// accountPosition returns the values of the order's columns after which the page begins.
func accountPosition(q accounts.ListParams, l *listQuery) []string {
	switch q.Sort {
	case accounts.SortLogin:
		return []string{l.bind(q.From.Key, "text")}
	case accounts.SortName:
		return []string{l.bind(q.From.Key, "text"), l.bind(q.From.ID, "bigint")}
	default:
		return []string{l.bind(formatTime(q.From.At), "timestamptz"), l.bind(q.From.ID, "bigint")}
	}
}

func accountList(q accounts.ListParams) listQuery {
	l := listQuery{table: "clientele.accounts AS a", id: "a.id", desc: q.Desc}
	switch q.Sort {
	case accounts.SortLogin:
		l.key = []string{"a.login"}
	case accounts.SortName:
		l.key = []string{"a.sort_name", "a.id"}
	default:
		l.key = []string{"a.created_at", "a.id"}
	}
	if q.IDs != nil {
		l.filter("a.id = ANY(" + l.bind(numberArray(q.IDs), "bigint[]") + ")")
	}
	if q.Country != "" {
		l.filter("a.country = " + l.bind(q.Country, "text"))
	}
	l.searchAccounts(q.Term, q.IDs == nil)
	l.filterAccountHolds(q.Status, q.Cause, q.IDs == nil)
	return l
}

// searchAccounts keeps the accounts with the term in their own texts or in those of their domains.
func (l *listQuery) searchAccounts(t subscriptions.SearchTerm, prefilter bool) {
	if t == (subscriptions.SearchTerm{}) {
		return
	}
	like := "LIKE " + l.bind(likePattern(t), "text")
	l.filter(`(a.search ` + like + ` OR (
        SELECT true FROM clientele.subscriptions AS s JOIN clientele.domains AS d ON d.subscription_id = s.id
        WHERE s.account_id = a.id AND d.search ` + like + ` LIMIT 1))`)
	if prefilter {
		l.prefilter(candidates{idQuery: `
    SELECT d.subscription_id FROM clientele.domains AS d WHERE d.search ` + like, conditions: []string{
			"a.search " + like,
			"a.id = ANY(ARRAY(SELECT s.account_id FROM clientele.subscriptions AS s WHERE s.id = ANY" + idsToLookUp + "))",
		}, fastPath: l.fastPathByOwner()})
	}
}

// fastPathByOwner returns the fast path to the accounts that own the subscriptions with the ids. For the order of creation, an
// index of subscriptions has both; for the order of names, the owners are looked up first.
func (l *listQuery) fastPathByOwner() fastPath {
	if l.key[0] == "a.created_at" {
		return fastPath{
			table: "clientele.subscriptions AS s", key: []string{"s.account_created_at", "s.account_id"}, id: "s.id", ids: selectIDs,
			where: []string{"s.account_id IS NOT NULL"},
		}
	}
	path := l.fastPathByOrder()
	path.ids = "SELECT s.account_id FROM clientele.subscriptions AS s WHERE s.id = ANY(ARRAY(" + selectIDs + "))"
	return path
}

// filterAccountHolds keeps the accounts that have a hold, one with the cause, or none.
func (l *listQuery) filterAccountHolds(status accounts.Status, cause accounts.Cause, prefilter bool) {
	l.filterHolds(status, cause, []string{
		"(SELECT true FROM clientele.account_holds AS h WHERE h.account_id = a.id%s LIMIT 1)",
	}, `
    SELECT h.account_id FROM clientele.account_holds AS h WHERE true%s`, prefilter)
}
