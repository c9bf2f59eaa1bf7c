package postgres

import (
	"context"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// below is what names everything below some accounts in one statement, and so in one snapshot.
const below = `
SELECT '1 account' AS kind, a.id, NULL::bigint AS parent, a.external_id AS name
FROM clientele.accounts AS a WHERE a.id = ANY($1::bigint[])
UNION ALL
SELECT '2 subscription', s.id, s.account_id, s.external_id
FROM clientele.subscriptions AS s WHERE s.account_id = ANY($1::bigint[])
UNION ALL
SELECT '3 domain', d.id, d.subscription_id, d.name
FROM clientele.domains AS d
WHERE d.subscription_id = ANY(ARRAY(
    SELECT s.id FROM clientele.subscriptions AS s WHERE s.account_id = ANY($1::bigint[])))
ORDER BY kind, id`

// belowRow is a row of any kind: Name is the external id of an account or a subscription, and the name of a domain.
type belowRow struct {
	Kind       string
	ID, Parent int64
	Name       string
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
	var c accounts.Contents
	owners := map[subscriptions.ID]accounts.ID{}
	for _, row := range rows { // accounts come first, then subscriptions, then domains
		switch row.Kind {
		case "1 account":
			c.Accounts = append(c.Accounts, accounts.Account{ID: accounts.ID(row.ID), ExternalID: row.Name})
		case "2 subscription":
			s := subscriptions.Subscription{ID: subscriptions.ID(row.ID), AccountID: accounts.ID(row.Parent), ExternalID: row.Name}
			owners[s.ID] = s.AccountID
			c.Subscriptions = append(c.Subscriptions, s)
		default:
			parent := subscriptions.ID(row.Parent)
			c.Domains = append(c.Domains, subscriptions.Domain{
				ID: subscriptions.DomainID(row.ID), SubscriptionID: parent, AccountID: owners[parent], Name: row.Name,
			})
		}
	}
	return c, nil
}
