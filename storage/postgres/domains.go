package postgres

import (
	"context"

	"github.com/clientele-go/clientele/storage/internal/lists"
	"github.com/clientele-go/clientele/subscriptions"
)

// The columns of a domain that come from its subscription and account, and the join with the subscription.
const (
	domainsAbove = `,
    s.account_id, s.plan, s.main_domain_id IS NOT DISTINCT FROM d.id AS main,
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
	if e := s.query(ctx, &rows, siteByName, name, fallback); e != nil {
		return subscriptions.Site{}, e
	}
	if len(rows) == 0 {
		return subscriptions.Site{}, &subscriptions.NotFoundError{Kind: "domain", Name: name}
	}
	return subscriptions.Site{Domain: rows[0].domain(), Plan: rows[0].Plan}, nil
}

// Domains implements subscriptions.Reader.
func (s *Store) Domains(ctx context.Context, p subscriptions.DomainListParams) ([]subscriptions.Domain, error) {
	l := domainList(p)
	if p.From != (subscriptions.Position{}) {
		l.Arguments["key"] = p.From.Key
		l.After = []string{":key::text"}
	}
	rows, err := page[domainRow](ctx, s, l, domainColumns+domainsAbove, joinAboveEach, p.Limit)
	if err != nil {
		return nil, err
	}
	return convertAll(rows, domainRow.domain), nil
}

// CountDomains implements subscriptions.Reader.
func (s *Store) CountDomains(ctx context.Context, p subscriptions.DomainListParams, atMost int) (int, error) {
	return s.countList(ctx, domainList(p), atMost)
}

// The conditions of a list of domains, each as a test of one domain and as a query for the ids of all.
const (
	domainHasTerm   = `d.search LIKE :term::text`
	domainsWithTerm = `
SELECT d.id FROM clientele.domains AS d WHERE d.search LIKE :term::text`

	domainHasHold             = `(SELECT true FROM clientele.domain_holds AS h WHERE h.domain_id = d.id%s LIMIT 1)`
	domainInherits            = `(SELECT true FROM clientele.subscription_holds AS h WHERE h.subscription_id = d.subscription_id%s LIMIT 1)`
	domainInheritsFromAccount = `(
        SELECT true FROM clientele.subscriptions AS s JOIN clientele.account_holds AS h ON h.account_id = s.account_id
        WHERE s.id = d.subscription_id%s
        LIMIT 1)`
	domainsWithHold = `
SELECT h.domain_id FROM clientele.domain_holds AS h WHERE true%s
UNION ALL
SELECT d.id FROM clientele.subscription_holds AS h
CROSS JOIN LATERAL (SELECT d.id FROM clientele.domains AS d WHERE d.subscription_id = h.subscription_id OFFSET 0) AS d
WHERE true%s
UNION ALL
SELECT d.id FROM clientele.account_holds AS h
CROSS JOIN LATERAL (SELECT s.id FROM clientele.subscriptions AS s WHERE s.account_id = h.account_id OFFSET 0) AS s
CROSS JOIN LATERAL (SELECT d.id FROM clientele.domains AS d WHERE d.subscription_id = s.id OFFSET 0) AS d
WHERE true%s`

	domainOfAccount = `(
        SELECT true FROM clientele.subscriptions AS s WHERE s.id = d.subscription_id AND s.account_id = :account::bigint
        LIMIT 1)`
	domainOfProvider = `(
        SELECT true FROM clientele.subscriptions AS s WHERE s.id = d.subscription_id AND s.account_id IS NULL
        LIMIT 1)`
	domainsOfProvider = `
SELECT d.id FROM clientele.subscriptions AS s
CROSS JOIN LATERAL (SELECT d.id FROM clientele.domains AS d WHERE d.subscription_id = s.id OFFSET 0) AS d
WHERE s.account_id IS NULL`
)

func domainList(p subscriptions.DomainListParams) list {
	l := newList("clientele.domains", "d", "d.name")
	whereID(&l, p.IDs)
	l.search(p.Terms, domainHasTerm, domainsWithTerm)
	l.AddHeld(p.Status, p.Cause, []string{domainHasHold, domainInherits, domainInheritsFromAccount}, domainsWithHold)
	if p.SubscriptionID != 0 {
		l.Arguments["subscription"] = int64(p.SubscriptionID)
		l.Within, l.Whole = []string{"d.subscription_id = :subscription::bigint"}, true
	}
	switch {
	case p.AccountID == nil:
	case *p.AccountID == subscriptions.Provider:
		l.Add(lists.Condition{Test: domainOfProvider, Find: domainsOfProvider})
	case l.Whole:
		l.Arguments["account"] = int64(*p.AccountID)
		l.Add(lists.Condition{Test: domainOfAccount})
	default:
		// Each of the account's subscriptions has its domains in the order of the list.
		l.Arguments["account"] = int64(*p.AccountID)
		l.per = &per{"clientele.subscriptions AS s", "s.account_id = :account::bigint"}
		l.Within, l.Whole = []string{"d.subscription_id = s.id"}, true
	}
	return l
}
