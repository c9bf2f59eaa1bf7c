package postgres

import (
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	// The rows of unnest come in the order of the array, so that everybody locks ascending.
	lockClaim = `SELECT pg_advisory_xact_lock($1::integer, key) FROM unnest($2::integer[]) AS key`

	// What the claim asks for was perhaps committed while its locks were waited for: this is a statement of its own.
	// What is above names is named, and sought with them by one index; what is below one is a range, in which the search ends
	// at the first that is in the way. Owners are looked up one by one, because a join would take the server longer to plan.
	// IS NOT TRUE, unlike <> ALL, leaves the claimed names a hash table.
	readClaim = `
SELECT
    ARRAY(SELECT nextval('clientele.account_ids') FROM generate_series(1, $1::integer)) AS account_ids,
    ARRAY(SELECT nextval('clientele.subscription_ids') FROM generate_series(1, $2::integer)) AS subscription_ids,
    ARRAY(SELECT nextval('clientele.domain_ids') FROM generate_series(1, $3::integer)) AS domain_ids,
    EXISTS (SELECT FROM clientele.accounts WHERE login = $4::text) AS login,
    EXISTS (SELECT FROM clientele.accounts WHERE external_id = $5::text) AS account_external_id,
    EXISTS (SELECT FROM clientele.subscriptions WHERE external_id = $6::text) AS external_id,
    ARRAY(
        SELECT d.name FROM clientele.domains AS d
        WHERE d.name = ANY($8::text[]) AND (d.name = ANY($7::text[])
            OR (SELECT s.account_id FROM clientele.subscriptions AS s WHERE s.id = d.subscription_id) <> $10::bigint)) AS there,
    ARRAY(
        SELECT c.name FROM unnest($7::text[], $9::text[]) AS c (name, below)
        WHERE (
            SELECT true FROM clientele.domains AS d
            WHERE d.reversed >= c.below || '.' AND d.reversed < c.below || '/' AND (d.name = ANY($7::text[])) IS NOT TRUE
                AND (SELECT s.account_id FROM clientele.subscriptions AS s WHERE s.id = d.subscription_id) <> $10::bigint
            LIMIT 1)) AS blocked_below`
)

// claimRow is the answer to readClaim.
type claimRow struct {
	AccountIDs        []accounts.ID            `bun:"account_ids,array"`
	SubscriptionIDs   []subscriptions.ID       `bun:"subscription_ids,array"`
	DomainIDs         []subscriptions.DomainID `bun:"domain_ids,array"`
	Login             bool
	AccountExternalID bool
	ExternalID        bool
	There             []string `bun:"there,array"` // of the names and those above them: what others have, or anybody
	BlockedBelow      []string `bun:"blocked_below,array"`
}

func (r claimRow) claimed(names []string) accounts.Claimed {
	taken, blocked := r.taken(names)
	return accounts.Claimed{
		AccountIDs: someOrNil(r.AccountIDs), Login: r.Login, AccountExternalID: r.AccountExternalID,
		Claimed: subscriptions.Claimed{
			SubscriptionIDs: someOrNil(r.SubscriptionIDs), DomainIDs: someOrNil(r.DomainIDs),
			ExternalID: r.ExternalID, Names: taken, Blocked: blocked,
		},
	}
}

// taken parts what is there into claimed names and what stands above others.
func (r claimRow) taken(names []string) (taken, blocked []string) {
	there, below := set(r.There), set(r.BlockedBelow)
	for _, name := range names {
		if there[name] {
			taken = append(taken, name)
			delete(there, name)
		}
	}
	above := func(name string) bool { return there[name] }
	for _, name := range names {
		if below[name] || slices.ContainsFunc(subscriptions.Ancestors(name), above) {
			blocked = append(blocked, name)
		}
	}
	return taken, blocked
}

func set(names []string) map[string]bool {
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[name] = true
	}
	return all
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
	sought, below := slices.Clone(c.Names), []string(nil)
	if c.For != subscriptions.Provider {
		for _, name := range c.Names {
			sought = append(sought, subscriptions.Ancestors(name)...)
			below = append(below, reversed(name))
		}
	}
	var row claimRow
	if err := t.query(&row, readClaim, c.NewAccounts, c.NewSubscriptions, c.NewDomains,
		c.Login, c.AccountExternalID, c.ExternalID, textArray(c.Names), textArray(sought), textArray(below), int64(c.For)); err != nil {
		return accounts.Claimed{}, err
	}
	return row.claimed(c.Names), nil
}
