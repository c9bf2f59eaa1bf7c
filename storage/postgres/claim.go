package postgres

import (
	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/stored"
	"github.com/clientele-go/clientele/subscriptions"
)

// claim locks the keys of a claim, allocates ids and looks up what is claimed.
const claim = `
SELECT * FROM clientele.claim_1($1::integer, $2::integer[], $3::integer, $4::integer, $5::integer,
    $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint, $13::boolean)`

// claimRow is the result of claim.
type claimRow struct {
	AccountIDs         []accounts.ID            `bun:"account_ids,array"`
	SubscriptionIDs    []subscriptions.ID       `bun:"subscription_ids,array"`
	DomainIDs          []subscriptions.DomainID `bun:"domain_ids,array"`
	Logins             []string                 `bun:"logins,array"`
	AccountExternalIDs []string                 `bun:"account_external_ids,array"`
	ExternalIDs        []string                 `bun:"external_ids,array"`
	Existing           []string                 `bun:"existing,array"`          // claimed names that exist, and names above them that other accounts have
	ConflictingBelow   []string                 `bun:"conflicting_below,array"` // claimed names below which other accounts have names
	Others             []string                 `bun:"others,array"`            // claimed names that other accounts have, which conflict with claimed names below them
}

func (r claimRow) claimed(names []string) accounts.Claimed {
	taken, conflicting := stored.Names{Existing: r.Existing, Others: r.Others, Below: r.ConflictingBelow}.Split(names)
	return accounts.Claimed{
		AccountIDs: nilIfEmpty(r.AccountIDs), Logins: nilIfEmpty(r.Logins), AccountExternalIDs: nilIfEmpty(r.AccountExternalIDs),
		Claimed: subscriptions.Claimed{
			SubscriptionIDs: nilIfEmpty(r.SubscriptionIDs), DomainIDs: nilIfEmpty(r.DomainIDs),
			ExternalIDs: nilIfEmpty(r.ExternalIDs), Names: taken, Conflicting: conflicting,
		},
	}
}

// nilIfEmpty returns nil for an empty slice: Bun scans an empty array into one.
func nilIfEmpty[V any](values []V) []V {
	if len(values) == 0 {
		return nil
	}
	return values
}

// Claim implements accounts.Tx.
func (t *transaction) Claim(c accounts.Claim) (accounts.Claimed, error) {
	keys := c.Keys()
	if len(keys)+c.NewAccounts+c.NewSubscriptions+c.NewDomains == 0 {
		return accounts.Claimed{}, nil
	}
	candidates, ranges := c.Names, []string(nil)
	if c.Owner != subscriptions.Provider {
		candidates, ranges = stored.NameLookups(c.Names)
	}
	var row claimRow
	if err := t.query(&row, claim, t.schema.lockClass(), numberArray(keys), c.NewAccounts, c.NewSubscriptions, c.NewDomains,
		textArray(c.Logins), textArray(c.AccountExternalIDs), textArray(c.ExternalIDs),
		textArray(c.Names), textArray(candidates), textArray(ranges), int64(c.Owner), c.Transfer); err != nil {
		return accounts.Claimed{}, err
	}
	return row.claimed(c.Names), nil
}
