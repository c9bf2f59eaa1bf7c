package postgres

import (
	"context"

	"github.com/clientele-go/clientele/subscriptions"
)

// What a domain has from above, and the subscription joined for it.
const (
	domainsAbove = `, s.account_id, s.plan, s.main_domain_id IS NOT DISTINCT FROM d.id AS main,
    ` + subscriptionHolds + `,
    ` + accountHolds

	joinAbove = "\nJOIN clientele.subscriptions AS s ON s.id = d.subscription_id"

	// The same for a page, one look-up for each row: the planner takes a long page for a reason to read all subscriptions.
	joinAboveEach = `
CROSS JOIN LATERAL (SELECT s.* FROM clientele.subscriptions AS s WHERE s.id = d.subscription_id OFFSET 0) AS s`

	// One look-up by the names' index for both; the name itself goes first.
	siteByName = `
SELECT ` + domainColumns + domainsAbove + `
FROM clientele.domains AS d` + joinAbove + `
WHERE d.name = ANY(ARRAY[$1::text, $2::text])
ORDER BY d.name = $1::text DESC
LIMIT 1`
)

// Site implements subscriptions.Reader.
func (s *Store) Site(ctx context.Context, name, otherwise string) (subscriptions.Site, error) {
	var rows []domainRow
	if f := s.hotly(ctx, s.hot.site, &rows, name, otherwise); f != nil {
		return subscriptions.Site{}, f
	}
	if len(rows) == 0 {
		return subscriptions.Site{}, &subscriptions.NotFoundError{Kind: "domain", Name: name}
	}
	return subscriptions.Site{Domain: rows[0].domain(), Plan: rows[0].Plan}, nil
}

// Domains implements subscriptions.Reader.
func (s *Store) Domains(ctx context.Context, q subscriptions.DomainListParams) ([]subscriptions.Domain, error) {
	l := domainList(q)
	if q.From != (subscriptions.Position{}) {
		l.position = []string{l.argument(q.From.Key, "text")}
	}
	var rows []domainRow
	statement := l.page(domainColumns+domainsAbove, joinAboveEach, q.Limit)
	if f := s.query(ctx, &rows, statement, l.arguments...); f != nil {
		return nil, f
	}
	return each(rows, domainRow.domain), nil
}

// CountDomains implements subscriptions.Reader.
func (s *Store) CountDomains(ctx context.Context, q subscriptions.DomainListParams, atMost int) (int, error) {
	l := domainList(q)
	return s.countList(ctx, &l, atMost)
}

func domainList(q subscriptions.DomainListParams) list {
	l := list{table: "clientele.domains AS d", id: "d.id", key: []string{"d.name"}}
	if q.IDs != nil {
		l.filter("d.id = ANY(" + l.argument(numberArray(q.IDs), "bigint[]") + ")")
	}
	if q.SubscriptionID != 0 {
		l.filter("d.subscription_id = " + l.argument(int64(q.SubscriptionID), "bigint"))
	}
	drives := q.IDs == nil && q.SubscriptionID == 0
	if q.AccountID != nil {
		l.ownDomains(*q.AccountID, drives)
	}
	l.searchDomains(q.Term, drives)
	l.holdDomains(q.Status, q.Cause, drives)
	return l
}

// ownDomains keeps the domains of one account, or the provider's.
func (l *list) ownDomains(by subscriptions.AccountID, drives bool) {
	own := owned("s.account_id", by, l)
	l.filter("(SELECT true FROM clientele.subscriptions AS s WHERE s.id = d.subscription_id AND " + own + " LIMIT 1)")
	if drives {
		l.drive(hits{by: []string{"d.id = ANY" + idsBelow}, below: `
    SELECT d.id FROM clientele.subscriptions AS s
    CROSS JOIN LATERAL (SELECT d.id FROM clientele.domains AS d WHERE d.subscription_id = s.id OFFSET 0) AS d
    WHERE ` + own})
	}
}

func (l *list) searchDomains(p subscriptions.SearchTerm, drives bool) {
	if p == (subscriptions.SearchTerm{}) {
		return
	}
	like := "d.search LIKE " + l.argument(pattern(p), "text")
	l.filter(like)
	if drives {
		l.drive(hits{by: []string{like}})
	}
}

// holdDomains keeps the domains that are held by themselves or from above, by a cause, or not at all.
func (l *list) holdDomains(status subscriptions.Status, cause subscriptions.Cause, drives bool) {
	l.held(status, cause, []string{
		"(SELECT true FROM clientele.domain_holds AS h WHERE h.domain_id = d.id%s LIMIT 1)",
		"(SELECT true FROM clientele.subscription_holds AS h WHERE h.subscription_id = d.subscription_id%s LIMIT 1)",
		`(SELECT true FROM clientele.subscriptions AS s JOIN clientele.account_holds AS h ON h.account_id = s.account_id
        WHERE s.id = d.subscription_id%s LIMIT 1)`,
	}, `
    SELECT h.domain_id FROM clientele.domain_holds AS h WHERE true%s
    UNION ALL
    SELECT d.id FROM clientele.subscription_holds AS h
    CROSS JOIN LATERAL (SELECT d.id FROM clientele.domains AS d WHERE d.subscription_id = h.subscription_id OFFSET 0) AS d
    WHERE true%s
    UNION ALL
    SELECT d.id FROM clientele.account_holds AS h
    CROSS JOIN LATERAL (SELECT s.id FROM clientele.subscriptions AS s WHERE s.account_id = h.account_id OFFSET 0) AS s
    CROSS JOIN LATERAL (SELECT d.id FROM clientele.domains AS d WHERE d.subscription_id = s.id OFFSET 0) AS d
    WHERE true%s`, drives)
}
