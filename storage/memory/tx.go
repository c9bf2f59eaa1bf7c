package memory

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// tx is the Tx of one command. Because commands run one at a time, every row that it reads is locked, and every value that
// it finds unused is claimed.
type tx struct {
	ctx  context.Context //nolint:containedctx // every method of a Tx obeys the ctx of Update
	root *root           // a fork of the committed root; nil after the command
	ids  *ids
}

// ids are the last allocated ids. They are not part of a root, so that the ids of a failed command are not reused. They are
// advanced by the running command, and read by Dump.
type ids struct {
	account, subscription, domain, entryVersion atomic.Int64
}

// allocate returns n new ids and advances last.
func allocate[ID ~int64](last *atomic.Int64, n int) []ID {
	ids := make([]ID, n)
	first := last.Add(int64(n)) - int64(n) + 1
	for i := range ids {
		ids[i] = ID(first + int64(i))
	}
	return ids
}

// Lock returns the rows, the subscriptions of the domains, and the accounts of the subscriptions.
func (t *tx) Lock(rows subscriptions.LockSet) (subscriptions.LockedRows, error) {
	if t.ctx.Err() != nil {
		return subscriptions.LockedRows{}, unavailable(t.ctx)
	}
	var locked subscriptions.LockedRows
	subs := slices.Clone(rows.Subscriptions)
	for _, id := range sortedUnique(rows.Domains) {
		if row, found := t.root.domains.byID.read.Get(id); found {
			d, _ := t.root.domain(row)
			locked.Domains = append(locked.Domains, d)
			subs = append(subs, d.SubscriptionID)
		}
	}
	owners := slices.Clone(rows.Accounts)
	for _, id := range sortedUnique(subs) {
		if row, found := t.root.subscriptions.byID.read.Get(id); found {
			locked.Subscriptions = append(locked.Subscriptions, t.root.subscription(row))
			owners = append(owners, row.AccountID)
		}
	}
	locked.Accounts = t.root.owners(owners)
	return locked, nil
}

// owners returns the accounts with the given ids that exist, with their holds, sorted by id.
func (r *root) owners(ids []accounts.ID) []subscriptions.Owner {
	var all []subscriptions.Owner
	for _, id := range sortedUnique(ids) {
		if _, found := r.accounts.byID.read.Get(id); found {
			holds := slices.Clone(r.holds.get(subscriptions.LevelAccount, int64(id)))
			all = append(all, subscriptions.Owner{ID: id, Holds: holds})
		}
	}
	return all
}

// LockAccounts returns the accounts with the given ids that exist, sorted by id.
func (t *tx) LockAccounts(ids []accounts.ID) ([]accounts.Record, error) {
	if t.ctx.Err() != nil {
		return nil, unavailable(t.ctx)
	}
	var locked []accounts.Record
	for _, id := range sortedUnique(ids) {
		if row, found := t.root.accounts.byID.read.Get(id); found {
			locked = append(locked, t.root.account(row))
		}
	}
	return locked, nil
}

// LockHolds returns the holds of the accounts with the given ids that exist, sorted by id.
func (t *tx) LockHolds(ids []accounts.ID) ([]subscriptions.Owner, error) {
	if t.ctx.Err() != nil {
		return nil, unavailable(t.ctx)
	}
	return t.root.owners(ids), nil
}

// DomainsOf returns all domains of the subscriptions, sorted by id.
func (t *tx) DomainsOf(ids []subscriptions.ID) ([]subscriptions.Domain, error) {
	if t.ctx.Err() != nil {
		return nil, unavailable(t.ctx)
	}
	var all []subscriptions.Domain
	for _, id := range sortedUnique(ids) {
		for row := range t.root.domainsOf(id, "") {
			d, _ := t.root.domain(row)
			all = append(all, d)
		}
	}
	slices.SortFunc(all, byDomainID)
	return all, nil
}

// Descendants returns the accounts that exist, and all their subscriptions and domains.
func (t *tx) Descendants(ids []accounts.ID) (accounts.Descendants, error) {
	if t.ctx.Err() != nil {
		return accounts.Descendants{}, unavailable(t.ctx)
	}
	return t.root.descendants(ids), nil
}

// Claim returns the values of c that are taken, and allocates the new ids.
func (t *tx) Claim(c accounts.Claim) (accounts.Claimed, error) {
	if t.ctx.Err() != nil {
		return accounts.Claimed{}, unavailable(t.ctx)
	}
	claimed := t.root.checkClaim(c)
	claimed.AccountIDs = allocate[accounts.ID](&t.ids.account, c.NewAccounts)
	claimed.SubscriptionIDs = allocate[subscriptions.ID](&t.ids.subscription, c.NewSubscriptions)
	claimed.DomainIDs = allocate[subscriptions.DomainID](&t.ids.domain, c.NewDomains)
	return claimed, nil
}

// Save applies w to the root of the command.
func (t *tx) Save(w accounts.Writes) error {
	if t.ctx.Err() != nil {
		return unavailable(t.ctx)
	}
	t.root.save(w)
	return nil
}
