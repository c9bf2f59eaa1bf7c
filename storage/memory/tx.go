package memory

import (
	"context"
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// tx is the Tx of one command. Because commands run one at a time, what it reads is locked and what it finds free is
// claimed.
type tx struct {
	ctx  context.Context
	root *root // a fork of the committed root, nobody else's
	ids  *ids
}

// ids are the last ids given out. They are no part of a root: those of a command that failed are not given again.
type ids struct {
	account      accounts.ID
	subscription subscriptions.ID
	domain       subscriptions.DomainID
}

// next answers n new ids behind the last one.
func next[ID ~int64](last *ID, n int) []ID {
	given := make([]ID, n)
	for i := range given {
		*last++
		given[i] = *last
	}
	return given
}

// Lock answers the rows and those above them.
func (t *tx) Lock(rows subscriptions.LockSet) (subscriptions.LockedRows, error) {
	if t.ctx.Err() != nil {
		return subscriptions.LockedRows{}, unavailable(t.ctx)
	}
	var locked subscriptions.LockedRows
	under := slices.Clone(rows.Subscriptions)
	for _, id := range ascending(rows.Domains) {
		if row, found := t.root.domains.byID.read.Get(id); found {
			d, _ := t.root.domain(row)
			locked.Domains = append(locked.Domains, d)
			under = append(under, d.SubscriptionID)
		}
	}
	owners := slices.Clone(rows.Accounts)
	for _, id := range ascending(under) {
		if row, found := t.root.subscriptions.byID.read.Get(id); found {
			locked.Subscriptions = append(locked.Subscriptions, t.root.subscription(row))
			owners = append(owners, row.AccountID)
		}
	}
	locked.Accounts = t.root.owners(owners)
	return locked, nil
}

// owners answers the accounts with these ids and their holds, by id.
func (r *root) owners(ids []accounts.ID) []subscriptions.Owner {
	var all []subscriptions.Owner
	for _, id := range ascending(ids) {
		if _, found := r.accounts.byID.read.Get(id); found {
			holds := slices.Clone(r.holds.of(subscriptions.LevelAccount, int64(id)))
			all = append(all, subscriptions.Owner{ID: id, Holds: holds})
		}
	}
	return all
}

// LockAccounts answers the accounts.
func (t *tx) LockAccounts(ids []accounts.ID) ([]accounts.Record, error) {
	if t.ctx.Err() != nil {
		return nil, unavailable(t.ctx)
	}
	var locked []accounts.Record
	for _, id := range ascending(ids) {
		if row, found := t.root.accounts.byID.read.Get(id); found {
			locked = append(locked, t.root.account(row))
		}
	}
	return locked, nil
}

// LockHolds answers the accounts' holds.
func (t *tx) LockHolds(ids []accounts.ID) ([]subscriptions.Owner, error) {
	if t.ctx.Err() != nil {
		return nil, unavailable(t.ctx)
	}
	return t.root.owners(ids), nil
}

// DomainsOf answers all domains of the subscriptions, by id.
func (t *tx) DomainsOf(ids []subscriptions.ID) ([]subscriptions.Domain, error) {
	if t.ctx.Err() != nil {
		return nil, unavailable(t.ctx)
	}
	var all []subscriptions.Domain
	for _, id := range ascending(ids) {
		for row := range t.root.domainsOf(id, "") {
			d, _ := t.root.domain(row)
			all = append(all, d)
		}
	}
	slices.SortFunc(all, byDomainID)
	return all, nil
}

// Descendants answers everything below the accounts.
func (t *tx) Descendants(ids []accounts.ID) (accounts.Descendants, error) {
	if t.ctx.Err() != nil {
		return accounts.Descendants{}, unavailable(t.ctx)
	}
	return t.root.below(ids), nil
}

// Claim answers what of c is taken, and gives out new ids.
func (t *tx) Claim(c accounts.Claim) (accounts.Claimed, error) {
	if t.ctx.Err() != nil {
		return accounts.Claimed{}, unavailable(t.ctx)
	}
	claimed := t.root.claimed(c)
	claimed.AccountIDs = next(&t.ids.account, c.NewAccounts)
	claimed.SubscriptionIDs = next(&t.ids.subscription, c.NewSubscriptions)
	claimed.DomainIDs = next(&t.ids.domain, c.NewDomains)
	return claimed, nil
}

// Save writes all of w to the command's root.
func (t *tx) Save(w accounts.Writes) error {
	if t.ctx.Err() != nil {
		return unavailable(t.ctx)
	}
	t.root.save(w)
	return nil
}
