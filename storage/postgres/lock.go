package postgres

import (
	"maps"
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// Commands on subscriptions and domains lock the account in share mode, so that they can run concurrently. Commands on
// accounts lock them exclusively. Neither lock conflicts with foreign keys that refer to the account. The functions find their
// rows first, sort them, and then lock them in that order. Domains need no locks: a command on a domain has locked its
// subscription, or the account exclusively.
const (
	lockHolds = `
SELECT * FROM clientele.lock_holds_1($1::bigint[])`

	lockAccounts = `
SELECT ` + accountFields + `, a.password_hash, l.holds
FROM clientele.lock_accounts_1($1::bigint[]) AS l
CROSS JOIN LATERAL (SELECT (l.account).*) AS a`

	lockRows = `
SELECT * FROM clientele.lock_1($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean)`

	domainsOfLocked = `
SELECT ` + domainColumns + `
FROM clientele.domains AS d
WHERE d.subscription_id = ANY($1::bigint[])
ORDER BY d.id`
)

// lockedRow is an account of which only the id and the holds are set, a subscription, or a domain.
type lockedRow struct {
	Level    subscriptions.Level
	ParentID int64 // the account of a subscription, or the subscription of a domain
	subscriptionRow
}

func (r lockedRow) domain() domainRow {
	return domainRow{
		ID: subscriptions.DomainID(r.ID), SubscriptionID: subscriptions.ID(r.ParentID),
		Name: r.Name, Attributes: r.Attributes, CreatedAt: r.CreatedAt, Holds: r.Holds,
	}
}

// idRow is a row of which only the id was selected.
type idRow struct{ ID int64 }

// Lock implements subscriptions.Tx. The owners of what a command changes are locked together with other commands on their
// descendants, unless more commands may follow in the transaction. If one of those were a command on the account, two
// transactions would wait for each other.
func (t *transaction) Lock(r subscriptions.LockSet) (subscriptions.LockedRows, error) {
	var rows []lockedRow
	if err := t.query(&rows, lockRows, numberArray(r.Accounts), numberArray(r.Subscriptions), numberArray(r.Domains), t.several); err != nil {
		return subscriptions.LockedRows{}, err
	}
	held := map[subscriptions.AccountID][]holdRow{}
	t.subscriptions = map[subscriptions.ID]subscriptionRow{}
	var domains []domainRow
	for _, row := range rows { // accounts come first
		switch row.Level {
		case subscriptions.LevelAccount:
			held[subscriptions.AccountID(row.ID)] = row.Holds
		case subscriptions.LevelSubscription:
			row.AccountID = subscriptions.AccountID(row.ParentID)
			row.AccountHolds = held[row.AccountID]
			t.subscriptions[row.ID] = row.subscriptionRow
		default:
			domains = append(domains, row.domain())
		}
	}
	if t.ownerChanged(held, domains) {
		return subscriptions.LockedRows{}, t.fail(unavailable(t.ctx, errOwnerChanged))
	}
	return t.lockedRows(r, domains, held), nil
}

// ownerChanged reports whether a subscription or a domain belongs to an owner that was not locked, because the owner changed
// before the lock was taken.
func (t *transaction) ownerChanged(locked map[subscriptions.AccountID][]holdRow, domains []domainRow) bool {
	for _, d := range domains {
		if _, found := t.subscriptions[d.SubscriptionID]; !found {
			return true
		}
	}
	for _, s := range t.subscriptions {
		if _, found := locked[s.AccountID]; !found && s.AccountID != subscriptions.Provider {
			return true
		}
	}
	return false
}

// lockedRows returns the requested rows, their subscriptions and their owners. More rows may be locked: previous owners and
// subscriptions.
func (t *transaction) lockedRows(
	r subscriptions.LockSet, domains []domainRow, held map[subscriptions.AccountID][]holdRow,
) subscriptions.LockedRows {
	l := subscriptions.LockedRows{Domains: make([]subscriptions.Domain, len(domains))}
	requested, owners := map[subscriptions.ID]bool{}, slices.Clone(r.Accounts)
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
		owners = append(owners, row.AccountID)
	}
	slices.Sort(owners)
	for _, id := range slices.Compact(owners) {
		if rows, locked := held[id]; locked {
			l.Accounts = append(l.Accounts, subscriptions.Owner{ID: id, Holds: holds(rows)})
		}
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
	rows := make([]accountRow, 0, len(ids))
	if err := t.query(&rows, lockAccounts, numberArray(ids)); err != nil {
		return nil, err
	}
	return convertAll(rows, accountRow.record), nil
}

// LockHolds implements accounts.Tx.
func (t *transaction) LockHolds(ids []accounts.ID) ([]subscriptions.Owner, error) {
	rows := make([]holdRow, 0, len(ids))
	if err := t.query(&rows, lockHolds, numberArray(ids)); err != nil {
		return nil, err
	}
	owners := make([]subscriptions.Owner, 0, len(rows))
	for _, r := range rows {
		if n := len(owners); n == 0 || owners[n-1].ID != r.AccountID {
			owners = append(owners, subscriptions.Owner{ID: r.AccountID})
		}
		if r.Cause != "" {
			last := &owners[len(owners)-1]
			last.Holds = append(last.Holds, r.hold())
		}
	}
	return owners, nil
}

// Descendants implements accounts.Tx.
func (t *transaction) Descendants(ids []accounts.ID) (accounts.Descendants, error) {
	found, e := t.runner.descendants(t.ctx, ids)
	return found, t.fail(e)
}
