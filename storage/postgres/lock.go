package postgres

import (
	"maps"
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// Commands on subscriptions and domains lock the account in share mode, so that they can run concurrently. Commands on
// accounts lock them exclusively. Neither lock conflicts with foreign keys that refer to the account. Every statement finds
// its rows first, sorts them, and then locks them in that order. ANY(ARRAY(SELECT …)) makes the planner use the index of the
// outer table.
//
// Domains need no locks: a command on a domain has locked its subscription, or the account exclusively.
const (
	lockOwners = `
SELECT a.id FROM clientele.accounts AS a
WHERE a.id = ANY(ARRAY(
    SELECT unnest($1::bigint[])
    UNION ALL
    SELECT s.account_id FROM clientele.subscriptions AS s WHERE s.id = ANY($2::bigint[])
    UNION ALL
    SELECT s.account_id FROM clientele.domains AS d JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
    WHERE d.id = ANY($3::bigint[])))
ORDER BY a.id
`

	lockSubscriptions = `
SELECT s.id FROM clientele.subscriptions AS s
WHERE s.id = ANY(ARRAY(
    SELECT unnest($1::bigint[])
    UNION ALL
    SELECT d.subscription_id FROM clientele.domains AS d WHERE d.id = ANY($2::bigint[])))
ORDER BY s.id
FOR NO KEY UPDATE`

	lockAccounts = `
SELECT a.id FROM clientele.accounts AS a
WHERE a.id = ANY($1::bigint[])
ORDER BY a.id
`

	share       = "FOR SHARE"
	exclusively = "FOR NO KEY UPDATE"

	lockedOwners = `
SELECT a.id, (SELECT ` + holdsAsJSON + ` FROM clientele.account_holds AS h WHERE h.account_id = a.id) AS holds
FROM clientele.accounts AS a
WHERE a.id = ANY($1::bigint[])`

	lockedAccounts = `
SELECT ` + accountColumns + `, a.password_hash
FROM clientele.accounts AS a
WHERE a.id = ANY($1::bigint[])
ORDER BY a.id`

	lockedHolds = `
SELECT h.account_id, h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at
FROM clientele.account_holds AS h
WHERE h.account_id = ANY($1::bigint[])
ORDER BY h.account_id, h.cause`

	lockedSubscriptions = `
SELECT ` + subscriptionColumns + `, ` + accountHolds + `
FROM clientele.subscriptions AS s
WHERE s.id = ANY($1::bigint[])
ORDER BY s.id`

	lockedDomains = `
SELECT ` + domainColumns + `
FROM clientele.domains AS d
WHERE d.id = ANY($1::bigint[])
ORDER BY d.id`

	domainsOfLocked = `
SELECT ` + domainColumns + `
FROM clientele.domains AS d
WHERE d.subscription_id = ANY($1::bigint[])
ORDER BY d.id`
)

// idRow is a row of which only the id was selected.
type idRow struct{ ID int64 }

func (r idRow) id() int64 { return r.ID }

// ownerLock returns how the owners of what a command changes are locked: together with other commands on their descendants,
// unless more commands may follow in the transaction. If one of those were a command on the account, two transactions would wait
// for each other.
func (t *transaction) ownerLock() string {
	if t.several {
		return exclusively
	}
	return share
}

// Lock implements subscriptions.Tx.
func (t *transaction) Lock(r subscriptions.LockSet) (subscriptions.LockedRows, error) {
	var owners, parents []idRow
	if err := t.query(&owners, lockOwners+t.ownerLock(), numberArray(r.Accounts), numberArray(r.Subscriptions), numberArray(r.Domains)); err != nil {
		return subscriptions.LockedRows{}, err
	}
	if len(r.Subscriptions)+len(r.Domains) > 0 {
		if err := t.query(&parents, lockSubscriptions, numberArray(r.Subscriptions), numberArray(r.Domains)); err != nil {
			return subscriptions.LockedRows{}, err
		}
	}
	domains, err := t.loadDomains(r.Domains)
	if err != nil {
		return subscriptions.LockedRows{}, err
	}
	if err := t.loadSubscriptions(convertAll(parents, idRow.id)); err != nil {
		return subscriptions.LockedRows{}, err
	}
	held, err := t.loadHolds(r.Accounts, owners)
	if err != nil {
		return subscriptions.LockedRows{}, err
	}
	if t.ownerChanged(owners, domains) {
		return subscriptions.LockedRows{}, t.fail(unavailable(t.ctx, errOwnerChanged))
	}
	return t.lockedRows(r, domains, held), nil
}

func (t *transaction) loadDomains(ids []subscriptions.DomainID) ([]domainRow, error) {
	var rows []domainRow
	if len(ids) == 0 {
		return nil, nil
	}
	return rows, t.query(&rows, lockedDomains, numberArray(ids))
}

func (t *transaction) loadSubscriptions(ids []int64) error {
	t.subscriptions = map[subscriptions.ID]subscriptionRow{}
	if len(ids) == 0 {
		return nil
	}
	var rows []subscriptionRow
	if err := t.query(&rows, lockedSubscriptions, numberArray(ids)); err != nil {
		return err
	}
	for _, row := range rows {
		t.subscriptions[row.ID] = row
	}
	return nil
}

// loadHolds returns the holds of the accounts among ids that are locked. An account that was created after the locks were
// taken is omitted.
func (t *transaction) loadHolds(ids []subscriptions.AccountID, locked []idRow) (map[subscriptions.AccountID]subscriptions.Holds, error) {
	held := map[subscriptions.AccountID]subscriptions.Holds{}
	ids = slices.DeleteFunc(slices.Clone(ids), func(id subscriptions.AccountID) bool { return !slices.Contains(locked, idRow{int64(id)}) })
	if len(ids) == 0 {
		return held, nil
	}
	var rows []accountRow
	if err := t.query(&rows, lockedOwners, numberArray(ids)); err != nil {
		return nil, err
	}
	for _, row := range rows {
		held[row.ID] = holds(row.Holds)
	}
	return held, nil
}

// ownerChanged reports whether a subscription or a domain belongs to an owner that was not locked, because the owner changed
// before the lock was taken.
func (t *transaction) ownerChanged(owners []idRow, domains []domainRow) bool {
	for _, d := range domains {
		if _, locked := t.subscriptions[d.SubscriptionID]; !locked {
			return true
		}
	}
	for _, s := range t.subscriptions {
		if s.AccountID != subscriptions.Provider && !slices.Contains(owners, idRow{int64(s.AccountID)}) {
			return true
		}
	}
	return false
}

// lockedRows returns the requested rows, their subscriptions and their owners. More rows may be locked: previous owners and
// subscriptions.
func (t *transaction) lockedRows(
	r subscriptions.LockSet, domains []domainRow, held map[subscriptions.AccountID]subscriptions.Holds,
) subscriptions.LockedRows {
	l := subscriptions.LockedRows{Domains: make([]subscriptions.Domain, len(domains))}
	requested := map[subscriptions.ID]bool{}
	for _, id := range r.Subscriptions {
		requested[id] = true
	}
	for i, d := range domains {
		requested[d.SubscriptionID] = true
		l.Domains[i] = d.inSubscription(t.subscriptions[d.SubscriptionID])
	}
	for _, id := range slices.Sorted(maps.Keys(t.subscriptions)) {
		if !requested[id] {
			continue
		}
		row := t.subscriptions[id]
		l.Subscriptions = append(l.Subscriptions, row.record())
		if row.AccountID != subscriptions.Provider {
			held[row.AccountID] = holds(row.AccountHolds)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(held)) {
		l.Accounts = append(l.Accounts, subscriptions.Owner{ID: id, Holds: held[id]})
	}
	return l
}

// DomainsOf implements subscriptions.Tx.
func (t *transaction) DomainsOf(ids []subscriptions.ID) ([]subscriptions.Domain, error) {
	var rows []domainRow
	if err := t.query(&rows, domainsOfLocked, numberArray(ids)); err != nil {
		return nil, err
	}
	return convertAll(rows, func(d domainRow) subscriptions.Domain { return d.inSubscription(t.subscriptions[d.SubscriptionID]) }), nil
}

// LockAccounts implements accounts.Tx.
func (t *transaction) LockAccounts(ids []accounts.ID) ([]accounts.Record, error) {
	locked := make([]idRow, 0, len(ids))
	if err := t.query(&locked, lockAccounts+exclusively, numberArray(ids)); err != nil {
		return nil, err
	}
	rows := make([]accountRow, 0, len(locked))
	if err := t.query(&rows, lockedAccounts, numberArray(convertAll(locked, idRow.id))); err != nil {
		return nil, err
	}
	return convertAll(rows, accountRow.record), nil
}

// LockHolds implements accounts.Tx.
func (t *transaction) LockHolds(ids []accounts.ID) ([]subscriptions.Owner, error) {
	locked := make([]idRow, 0, len(ids))
	if err := t.query(&locked, lockAccounts+exclusively, numberArray(ids)); err != nil {
		return nil, err
	}
	var rows []holdRow
	if err := t.query(&rows, lockedHolds, numberArray(convertAll(locked, idRow.id))); err != nil {
		return nil, err
	}
	held := map[accounts.ID]accounts.Holds{}
	for _, r := range rows {
		held[r.AccountID] = append(held[r.AccountID], r.hold())
	}
	return convertAll(locked, func(r idRow) subscriptions.Owner {
		return subscriptions.Owner{ID: accounts.ID(r.ID), Holds: held[accounts.ID(r.ID)]}
	}), nil
}

// Descendants implements accounts.Tx.
func (t *transaction) Descendants(ids []accounts.ID) (accounts.Descendants, error) {
	found, e := t.runner.descendants(t.ctx, ids)
	return found, t.fail(e)
}
