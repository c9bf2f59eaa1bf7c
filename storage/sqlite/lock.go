package sqlite

import (
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// Commands run one at a time, so that every row that one reads is locked.
const (
	lockedOwners = `
SELECT a.id, ` + accountHolds + `
FROM clientele_accounts AS a
WHERE a.id IN (SELECT value FROM json_each(?))
ORDER BY a.id`

	lockedAccounts = `
SELECT ` + accountColumns + `, a.password_hash
FROM clientele_accounts AS a
WHERE a.id IN (SELECT value FROM json_each(?))
ORDER BY a.id`

	lockedSubscriptions = `
SELECT ` + subscriptionColumns + `
FROM clientele_subscriptions AS s
WHERE s.id IN (SELECT value FROM json_each(?))
ORDER BY s.id`

	lockedDomains = `
SELECT ` + domainColumns + `
FROM clientele_domains AS d` + joinSubscription + `
WHERE d.id IN (SELECT value FROM json_each(?))
ORDER BY d.id`

	domainsOfLocked = `
SELECT ` + domainColumns + `
FROM clientele_domains AS d` + joinSubscription + `
WHERE d.subscription_id IN (SELECT value FROM json_each(?))
ORDER BY d.id`
)

// ownerRow is a row of lockedOwners.
type ownerRow struct {
	id    accounts.ID
	holds holds
}

func (r *ownerRow) fields() []any { return []any{&r.id, &r.holds} }

func (r ownerRow) owner() subscriptions.Owner {
	return subscriptions.Owner{ID: r.id, Holds: subscriptions.Holds(r.holds)}
}

// Lock implements subscriptions.Tx.
func (t *transaction) Lock(r subscriptions.LockSet) (subscriptions.LockedRows, error) {
	var l subscriptions.LockedRows
	owners, parents := slices.Clone(r.Accounts), slices.Clone(r.Subscriptions)
	if len(r.Domains) > 0 {
		rows, err := queryIn(t, (*domainRow).fields, lockedDomains, jsonArray(r.Domains))
		if err != nil {
			return subscriptions.LockedRows{}, err
		}
		l.Domains = convertAll(rows, domainRow.domain)
		for _, d := range rows {
			parents = append(parents, d.SubscriptionID)
		}
	}
	if len(parents) > 0 {
		rows, err := queryIn(t, (*subscriptionRow).fields, lockedSubscriptions, jsonArray(parents))
		if err != nil {
			return subscriptions.LockedRows{}, err
		}
		l.Subscriptions = convertAll(rows, subscriptionRow.record)
		for _, s := range l.Subscriptions {
			owners = append(owners, s.AccountID)
		}
	}
	var err error
	l.Accounts, err = t.LockHolds(owners)
	return l, err
}

// DomainsOf implements subscriptions.Tx.
func (t *transaction) DomainsOf(ids []subscriptions.ID) ([]subscriptions.Domain, error) {
	rows, err := queryIn(t, (*domainRow).fields, domainsOfLocked, jsonArray(ids))
	if err != nil {
		return nil, err
	}
	return convertAll(rows, domainRow.domain), nil
}

// LockAccounts implements accounts.Tx.
func (t *transaction) LockAccounts(ids []accounts.ID) ([]accounts.Record, error) {
	rows, err := queryIn(t, (*accountRow).fieldsWithHash, lockedAccounts, jsonArray(ids))
	if err != nil {
		return nil, err
	}
	return convertAll(rows, accountRow.record), nil
}

// LockHolds implements accounts.Tx.
func (t *transaction) LockHolds(ids []accounts.ID) ([]subscriptions.Owner, error) {
	rows, err := queryIn(t, (*ownerRow).fields, lockedOwners, jsonArray(ids))
	if err != nil {
		return nil, err
	}
	return convertAll(rows, ownerRow.owner), nil
}
