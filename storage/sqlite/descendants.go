package sqlite

import (
	"context"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// selectDescendants selects all descendants of some accounts in one statement, and so in one snapshot.
const selectDescendants = `
SELECT 0 AS level, a.id, 0 AS account_id, 0 AS parent, a.login AS name, a.external_id
FROM clientele_accounts AS a
WHERE a.id IN (SELECT value FROM json_each(?1))
UNION ALL
SELECT 1, s.id, s.account_id, 0, '', s.external_id
FROM clientele_subscriptions AS s
WHERE s.account_id IN (SELECT value FROM json_each(?1))
UNION ALL
SELECT 2, d.id, d.account_id, d.subscription_id, d.name, ''
FROM clientele_domains AS d
WHERE d.account_id IN (SELECT value FROM json_each(?1))
ORDER BY 1, 2`

// descendantRow is a row of selectDescendants.
type descendantRow struct {
	level            int
	id, owner        int64
	parent           subscriptions.ID
	name, externalID string
}

func (r *descendantRow) fields() []any {
	return []any{&r.level, &r.id, &r.owner, &r.parent, &r.name, &r.externalID}
}

// Descendants implements accounts.Store.
func (s *Store) Descendants(ctx context.Context, ids []accounts.ID) (accounts.Descendants, error) {
	rows, e := read(ctx, s, (*descendantRow).fields, selectDescendants, jsonArray(ids))
	if e != nil {
		return accounts.Descendants{}, e
	}
	return descendants(rows), nil
}

// Descendants implements accounts.Tx.
func (t *transaction) Descendants(ids []accounts.ID) (accounts.Descendants, error) {
	rows, err := queryIn(t, (*descendantRow).fields, selectDescendants, jsonArray(ids))
	if err != nil {
		return accounts.Descendants{}, err
	}
	return descendants(rows), nil
}

func descendants(rows []descendantRow) accounts.Descendants {
	var all accounts.Descendants
	for _, r := range rows {
		owner := accounts.ID(r.owner)
		switch r.level {
		case levelAccount:
			all.Accounts = append(all.Accounts, accounts.Account{ID: accounts.ID(r.id), Login: r.name, ExternalID: r.externalID})
		case levelSubscription:
			all.Subscriptions = append(all.Subscriptions, subscriptions.Subscription{
				ID: subscriptions.ID(r.id), AccountID: owner, ExternalID: r.externalID,
			})
		default:
			all.Domains = append(all.Domains, subscriptions.Domain{
				ID: subscriptions.DomainID(r.id), SubscriptionID: r.parent, AccountID: owner, Name: r.name,
			})
		}
	}
	return all
}
