package postgres

import (
	"context"

	"github.com/clientele-go/clientele/subscriptions"
)

// The columns of a domain that come from its subscription and account, and the join with the subscription.
const (
	domainsAbove = `, s.account_id, s.plan, s.main_domain_id IS NOT DISTINCT FROM d.id AS main,
    ` + subscriptionHolds + `,
    ` + accountHolds

	joinAbove = "\nJOIN clientele.subscriptions AS s ON s.id = d.subscription_id"

	// The same for a page, with one look-up for each row: for a long page the planner would read all subscriptions.
	joinAboveEach = `
CROSS JOIN LATERAL (SELECT s.* FROM clientele.subscriptions AS s WHERE s.id = d.subscription_id OFFSET 0) AS s`

	// Both names are looked up by one index; the first one is preferred.
	siteByName = `
SELECT ` + domainColumns + domainsAbove + `
FROM clientele.domains AS d` + joinAbove + `
WHERE d.name = ANY(ARRAY[$1::text, $2::text])
ORDER BY d.name = $1::text DESC
LIMIT 1`
)

// Site implements subscriptions.Reader.
func (s *Store) Site(ctx context.Context, name, fallback string) (subscriptions.Site, error) {
	var rows []domainRow
	if e := s.queryPrepared(ctx, s.prepared.site, &rows, name, fallback); e != nil {
		return subscriptions.Site{}, e
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
		l.position = []string{l.bind(q.From.Key, "text")}
	}
	var rows []domainRow
	statement := l.page(domainColumns+domainsAbove, joinAboveEach, q.Limit)
	if e := s.query(ctx, &rows, statement, l.arguments...); e != nil {
		return nil, e
	}
	return convertAll(rows, domainRow.domain), nil
}

// CountDomains implements subscriptions.Reader.
func (s *Store) CountDomains(ctx context.Context, q subscriptions.DomainListParams, atMost int) (int, error) {
	l := domainList(q)
	return s.countList(ctx, &l, atMost)
}

func domainList(q subscriptions.DomainListParams) listQuery {
	l := listQuery{table: "clientele.domains AS d", id: "d.id", key: []string{"d.name"}}
	if q.IDs != nil {
		l.filter("d.id = ANY(" + l.bind(numberArray(q.IDs), "bigint[]") + ")")
	}
	if q.SubscriptionID != 0 {
		l.filter("d.subscription_id = " + l.bind(int64(q.SubscriptionID), "bigint"))
	}
	prefilter := q.IDs == nil && q.SubscriptionID == 0
	if q.AccountID != nil {
		l.filterDomainOwner(*q.AccountID, prefilter)
	}
	l.searchDomains(q.Term, prefilter)
	l.filterDomainHolds(q.Status, q.Cause, prefilter)
	return l
}

// filterDomainOwner keeps the domains of one account, or the provider's.
func (l *listQuery) filterDomainOwner(owner subscriptions.AccountID, prefilter bool) {
	owned := ownedBy("s.account_id", owner, l)
	l.filter("(SELECT true FROM clientele.subscriptions AS s WHERE s.id = d.subscription_id AND " + owned + " LIMIT 1)")
	if prefilter {
		l.prefilter(candidates{conditions: []string{"d.id = ANY" + idsToLookUp}, idQuery: `
    SELECT d.id FROM clientele.subscriptions AS s
    CROSS JOIN LATERAL (SELECT d.id FROM clientele.domains AS d WHERE d.subscription_id = s.id OFFSET 0) AS d
    WHERE ` + owned})
	}
}

func (l *listQuery) searchDomains(t subscriptions.SearchTerm, prefilter bool) {
	if t == (subscriptions.SearchTerm{}) {
		return
	}
	like := "d.search LIKE " + l.bind(likePattern(t), "text")
	l.filter(like)
	if prefilter {
		l.prefilter(candidates{conditions: []string{like}})
	}
}

// filterDomainHolds keeps the domains that have or inherit a hold, one with the cause, or none.
func (l *listQuery) filterDomainHolds(status subscriptions.Status, cause subscriptions.Cause, prefilter bool) {
	l.filterHolds(status, cause, []string{
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
    WHERE true%s`, prefilter)
}
