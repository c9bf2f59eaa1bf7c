package postgres

import (
	"context"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// below is everything below some accounts in one statement, and so in one snapshot: a row of each kind has the columns
// of its own, the rest is NULL.
const below = `
SELECT '1 account' AS kind, a.id, NULL::bigint AS subscription_id, NULL::bigint AS account_id, NULL::text AS name,
    NULL::text AS plan, NULL::text AS description, NULL::text AS external_id, NULL::jsonb AS attributes,
    NULL::timestamptz AS expires_at, NULL::bigint AS main_domain_id, NULL::bigint AS version,
    NULL::timestamptz AS created_at, NULL::timestamptz AS updated_at,
    (SELECT ` + holdsAsJSON + ` FROM clientele.account_holds AS h WHERE h.account_id = a.id) AS h) AS holds
FROM clientele.accounts AS a WHERE a.id = ANY($1::bigint[])
UNION ALL
SELECT '2 subscription', s.id, NULL, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes,
    s.expires_at, s.main_domain_id, s.version, s.created_at, s.updated_at,
    (SELECT ` + holdsAsJSON + ` FROM clientele.subscription_holds AS h WHERE h.subscription_id = s.id) AS h)
FROM clientele.subscriptions AS s WHERE s.account_id = ANY($1::bigint[])
UNION ALL
SELECT '3 domain', d.id, d.subscription_id, NULL, d.name, NULL, NULL, NULL, d.attributes,
    NULL, NULL, NULL, d.created_at, NULL,
    (SELECT ` + holdsAsJSON + ` FROM clientele.domain_holds AS h WHERE h.domain_id = d.id) AS h)
FROM clientele.domains AS d
WHERE d.subscription_id = ANY(ARRAY(
    SELECT s.id FROM clientele.subscriptions AS s WHERE s.account_id = ANY($1::bigint[])))
ORDER BY kind, id`

// belowRow is a row of any kind.
type belowRow struct {
	Kind                                string
	ID, SubscriptionID                  int64
	AccountID                           subscriptions.AccountID
	Name, Plan, Description, ExternalID string
	Attributes                          map[string]string
	ExpiresAt                           time.Time
	MainDomainID                        subscriptions.DomainID
	Version                             int64
	CreatedAt, UpdatedAt                time.Time
	Holds                               subscriptions.Holds
}

// Below implements accounts.Store.
func (s *Store) Below(ctx context.Context, ids []accounts.ID) (accounts.Contents, error) {
	contents, f := s.below(ctx, ids)
	if f != nil {
		return accounts.Contents{}, f
	}
	return contents, nil
}

func (r runner) below(ctx context.Context, ids []accounts.ID) (accounts.Contents, *failure) {
	var rows []belowRow
	if f := r.query(ctx, &rows, below, numberArray(ids)); f != nil {
		return accounts.Contents{}, f
	}
	var contents accounts.Contents
	holds := map[accounts.ID]accounts.Holds{}
	above := map[subscriptions.ID]subscriptionRow{}
	for _, row := range rows { // accounts come first, then subscriptions, then domains
		switch row.Kind {
		case "1 account":
			contents.Accounts = append(contents.Accounts, accounts.ID(row.ID))
			holds[accounts.ID(row.ID)] = row.Holds
		case "2 subscription":
			s := row.subscription(holds)
			above[s.ID] = s
			contents.Subscriptions = append(contents.Subscriptions, s.subscription())
		default:
			d := row.domain()
			contents.Domains = append(contents.Domains, d.under(above[d.SubscriptionID]))
		}
	}
	return contents, nil
}

func (r belowRow) subscription(holds map[accounts.ID]accounts.Holds) subscriptionRow {
	return subscriptionRow{
		ID: subscriptions.ID(r.ID), AccountID: r.AccountID,
		Name: r.Name, Plan: r.Plan, Description: r.Description, ExternalID: r.ExternalID, Attributes: r.Attributes,
		ExpiresAt: r.ExpiresAt, MainDomainID: r.MainDomainID, Version: r.Version,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Holds: r.Holds, AccountHolds: holds[r.AccountID],
	}
}

func (r belowRow) domain() domainRow {
	return domainRow{
		ID: subscriptions.DomainID(r.ID), SubscriptionID: subscriptions.ID(r.SubscriptionID), Name: r.Name,
		Attributes: r.Attributes, CreatedAt: r.CreatedAt, Holds: r.Holds,
	}
}
