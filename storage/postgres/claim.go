package postgres

import (
	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	// The rows of unnest come in the order of the array, so that everybody locks ascending.
	lockClaim = `SELECT pg_advisory_xact_lock($1::integer, key) FROM unnest($2::integer[]) AS key`

	// What the claim asks for was perhaps committed while its locks were waited for: this is a statement of its own.
	// Each name above or below a claimed one is sought by an index; the search ends at the first that is in the way.
	readClaim = `
SELECT
    ARRAY(SELECT nextval('clientele.account_ids') FROM generate_series(1, $1::integer)) AS account_ids,
    ARRAY(SELECT nextval('clientele.subscription_ids') FROM generate_series(1, $2::integer)) AS subscription_ids,
    ARRAY(SELECT nextval('clientele.domain_ids') FROM generate_series(1, $3::integer)) AS domain_ids,
    EXISTS (SELECT FROM clientele.accounts WHERE login = $4::text) AS login,
    EXISTS (SELECT FROM clientele.accounts WHERE external_id = $5::text) AS account_external_id,
    EXISTS (SELECT FROM clientele.subscriptions WHERE external_id = $6::text) AS external_id,
    ARRAY(SELECT d.name FROM clientele.domains AS d WHERE d.name = ANY($7::text[])) AS names,
    ARRAY(
        SELECT c.name
        FROM unnest($8::text[], $9::text[]) AS c (name, above)
        CROSS JOIN LATERAL (
            SELECT FROM clientele.domains AS d
            JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
            WHERE d.name = c.above AND s.account_id <> $11::bigint
                AND d.name NOT IN (SELECT unnest($7::text[]))
            LIMIT 1) AS blocking
        UNION
        SELECT c.name
        FROM unnest($7::text[], $10::text[]) AS c (name, below)
        CROSS JOIN LATERAL (
            SELECT FROM clientele.domains AS d
            JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
            WHERE d.reversed >= c.below || '.' AND d.reversed < c.below || '/' AND s.account_id <> $11::bigint
                AND d.name NOT IN (SELECT unnest($7::text[]))
            LIMIT 1) AS blocking) AS blocked`
)

// claimRow is the answer to readClaim.
type claimRow struct {
	AccountIDs        []accounts.ID            `bun:"account_ids,array"`
	SubscriptionIDs   []subscriptions.ID       `bun:"subscription_ids,array"`
	DomainIDs         []subscriptions.DomainID `bun:"domain_ids,array"`
	Login             bool
	AccountExternalID bool
	ExternalID        bool
	Names             []string `bun:"names,array"`
	Blocked           []string `bun:"blocked,array"`
}

func (r claimRow) claimed() accounts.Claimed {
	return accounts.Claimed{
		AccountIDs: someOrNil(r.AccountIDs), Login: r.Login, AccountExternalID: r.AccountExternalID,
		Claimed: subscriptions.Claimed{
			SubscriptionIDs: someOrNil(r.SubscriptionIDs), DomainIDs: someOrNil(r.DomainIDs),
			ExternalID: r.ExternalID, Names: someOrNil(r.Names), Blocked: someOrNil(r.Blocked),
		},
	}
}

// someOrNil answers nil for no elements, for which arrays are scanned into empty slices.
func someOrNil[V any](values []V) []V {
	if len(values) == 0 {
		return nil
	}
	return values
}

// Claim implements accounts.Tx.
func (t *transaction) Claim(c accounts.Claim) (accounts.Claimed, error) {
	if keys := c.Keys(); len(keys) > 0 {
		if err := t.exec(anyNumber, lockClaim, t.schema.lockClass(), numberArray(keys)); err != nil {
			return accounts.Claimed{}, err
		}
	}
	var names, above, below []string // names, repeated for each name above them
	if c.For != subscriptions.Provider {
		for _, name := range c.Names {
			for _, ancestor := range subscriptions.Ancestors(name) {
				names, above = append(names, name), append(above, ancestor)
			}
			below = append(below, reversed(name))
		}
	}
	var row claimRow
	if err := t.query(&row, readClaim, c.NewAccounts, c.NewSubscriptions, c.NewDomains,
		c.Login, c.AccountExternalID, c.ExternalID, textArray(c.Names),
		textArray(names), textArray(above), textArray(below), int64(c.For)); err != nil {
		return accounts.Claimed{}, err
	}
	return row.claimed(), nil
}
