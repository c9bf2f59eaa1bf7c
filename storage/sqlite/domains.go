package sqlite

import (
	"context"

	"github.com/clientele-go/clientele/storage/internal/lists"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	joinSubscription = "\nCROSS JOIN clientele_subscriptions AS s ON s.id = d.subscription_id"

	// Both names are looked up by one index; the first one is preferred.
	siteByName = `
SELECT ` + domainColumns + `
FROM clientele_domains AS d` + joinSubscription + `
WHERE d.name IN (?1, ?2)
ORDER BY d.name = ?1 DESC
LIMIT 1`
)

// Site implements subscriptions.Reader.
func (s *Store) Site(ctx context.Context, name, fallback string) (subscriptions.Site, error) {
	rows, e := read(ctx, s, (*domainRow).fields, siteByName, name, fallback)
	if e != nil {
		return subscriptions.Site{}, e
	}
	if len(rows) == 0 {
		return subscriptions.Site{}, &subscriptions.NotFoundError{Kind: string(subscriptions.LevelDomain), Name: name}
	}
	return subscriptions.Site{Domain: rows[0].domain(), Plan: rows[0].Plan}, nil
}

// Domains implements subscriptions.Reader.
func (s *Store) Domains(ctx context.Context, p subscriptions.DomainListParams) ([]subscriptions.Domain, error) {
	l := domainList(p)
	if p.From.Key != "" {
		l.Arguments["key"], l.After = p.From.Key, []string{":key"}
	}
	rows, err := page(ctx, s, l, domainColumns, joinSubscription, (*domainRow).fields, (*domainRow).fieldsWithMore, p.Limit)
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
	domainHasTerm   = `instr(d.search, :term) > 0`
	domainsWithTerm = `
SELECT d.id FROM ` + rowsWithTerm + ` AS r CROSS JOIN clientele_domains AS d
WHERE r.row & 3 = 2 AND d.id = r.row >> 2 AND instr(d.search, :term) > 0`

	domainHasHold             = `(SELECT 1 FROM clientele_holds AS h WHERE h.level = 2 AND h.row_id = d.id%s LIMIT 1)`
	domainInherits            = `(SELECT 1 FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = d.subscription_id%s LIMIT 1)`
	domainInheritsFromAccount = `(SELECT 1 FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = d.account_id%s LIMIT 1)`
	domainsWithHold           = `
SELECT h.row_id AS id FROM clientele_holds AS h WHERE h.level = 2%s
UNION ALL
SELECT d.id FROM clientele_holds AS h CROSS JOIN clientele_domains AS d
WHERE h.level = 1 AND d.subscription_id = h.row_id%s
UNION ALL
SELECT d.id FROM clientele_holds AS h CROSS JOIN clientele_domains AS d
WHERE h.level = 0 AND d.account_id = h.row_id%s`

	domainHasOwner = `d.account_id IS :account`
)

func domainList(p subscriptions.DomainListParams) list {
	l := newList("clientele_domains", "d", "d.name")
	whereID(&l, p.IDs)
	l.search(p.Terms, domainHasTerm, domainsWithTerm)
	l.AddHeld(p.Status, p.Cause, []string{domainHasHold, domainInherits, domainInheritsFromAccount}, domainsWithHold)
	if p.SubscriptionID != 0 {
		l.Arguments["subscription"] = int64(p.SubscriptionID)
		l.Within, l.Whole = []string{"d.subscription_id = :subscription"}, true
	}
	if p.AccountID == nil {
		return l
	}
	l.Arguments["account"] = nullIfZero(int64(*p.AccountID))
	if l.Whole {
		l.Add(lists.Condition{Test: "+" + domainHasOwner}) // the index is that of the subscription
		return l
	}
	l.Within, l.Whole = []string{domainHasOwner}, *p.AccountID != subscriptions.Provider
	return l
}
