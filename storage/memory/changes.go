package memory

import (
	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// putAccount stores a row and replaces the one with its id, if there is one.
func (r *root) putAccount(row *account) {
	t := &r.accounts
	if old, found := t.byID.read.Get(row.ID); found {
		t.unlink(old)
	}
	t.byID.write().Set(row.ID, row)
	t.byLogin.write().Set(row.Login, row)
	if row.ExternalID != "" {
		t.byExternalID.write().Set(row.ExternalID, row)
	}
	t.byCreation.write().Set(row)
	t.bySortName.write().Set(row)
}

func (r *root) removeAccount(id accounts.ID) {
	t := &r.accounts
	row, found := t.byID.read.Get(id)
	if !found {
		return
	}
	t.unlink(row)
	t.byID.write().Delete(id)
	t.counts.write().Delete(id)
	r.holds.delete(subscriptions.LevelAccount, int64(id))
	r.entries.removeOwner(id)
}

// unlink removes a row from the indexes whose keys an update can change.
func (t *accountTrees) unlink(row *account) {
	t.byLogin.write().Delete(row.Login)
	if row.ExternalID != "" {
		t.byExternalID.write().Delete(row.ExternalID)
	}
	t.byCreation.write().Delete(row)
	t.bySortName.write().Delete(row)
}

// addCount adds subs and domains to the counts of an account. There are no counts for Provider.
func (t *accountTrees) addCount(id accounts.ID, subs, domains int32) {
	if id == subscriptions.Provider {
		return
	}
	c, _ := t.counts.read.Get(id)
	c.subscriptions += subs
	c.domains += domains
	t.counts.write().Set(id, c)
}

// putSubscription stores a row and replaces the one with its id, if there is one. If the owner changes, the counts of the
// subscription and its domains move to the new owner.
func (r *root) putSubscription(row *subscription) {
	t := &r.subscriptions
	old, found := t.byID.read.Get(row.ID)
	if found {
		t.unlink(old)
	}
	t.byID.write().Set(row.ID, row)
	if row.ExternalID != "" {
		t.byExternalID.write().Set(row.ExternalID, row)
	}
	t.byCreation.write().Set(row)
	t.byAccount.write().Set(row)
	r.updateExpiryIndex(row)
	if found && old.AccountID == row.AccountID {
		return
	}
	if found {
		r.addToCounts(old, -1)
	}
	r.addToCounts(row, 1)
}

func (r *root) removeSubscription(id subscriptions.ID) {
	t := &r.subscriptions
	row, found := t.byID.read.Get(id)
	if !found {
		return
	}
	t.unlink(row)
	r.addToCounts(row, -1)
	t.byID.write().Delete(id)
	r.holds.delete(subscriptions.LevelSubscription, int64(id))
}

func (t *subscriptionTrees) unlink(row *subscription) {
	if row.ExternalID != "" {
		t.byExternalID.write().Delete(row.ExternalID)
	}
	t.byCreation.write().Delete(row)
	t.byAccount.write().Delete(row)
	if !row.ExpiresAt.IsZero() {
		t.byExpiry.write().Delete(row)
	}
}

// addToCounts adds delta, 1 or -1, to the counts of the owner for the subscription and for each of its domains.
func (r *root) addToCounts(row *subscription, delta int32) {
	domains := int32(0)
	for d := range r.domainsOf(row.ID, "") {
		r.domains.addDescendant(d.Name, row.AccountID, int(delta))
		domains += delta
	}
	r.accounts.addCount(row.AccountID, delta, domains)
}

// updateExpiryIndex adds a subscription to the expiry index, or removes it if it has a hold of CauseExpired.
func (r *root) updateExpiryIndex(row *subscription) {
	if row.ExpiresAt.IsZero() {
		return
	}
	_, expired := r.holds.get(subscriptions.LevelSubscription, int64(row.ID)).Get(subscriptions.CauseExpired)
	if expired {
		r.subscriptions.byExpiry.write().Delete(row)
		return
	}
	r.subscriptions.byExpiry.write().Set(row)
}

// putDomain stores a row and replaces the one with its id, if there is one.
func (r *root) putDomain(row *domain) {
	t := &r.domains
	if old, found := t.byID.read.Get(row.ID); found {
		r.unlinkDomain(old)
	}
	t.byID.write().Set(row.ID, row)
	t.byName.write().Set(row.Name, row)
	t.bySubscription.write().Set(row)
	owner := r.ownerOf(row)
	t.addDescendant(row.Name, owner, 1)
	r.accounts.addCount(owner, 0, 1)
}

func (r *root) removeDomain(id subscriptions.DomainID) {
	row, found := r.domains.byID.read.Get(id)
	if !found {
		return
	}
	r.unlinkDomain(row)
	r.domains.byID.write().Delete(id)
	r.holds.delete(subscriptions.LevelDomain, int64(id))
}

func (r *root) unlinkDomain(row *domain) {
	t := &r.domains
	t.byName.write().Delete(row.Name)
	t.bySubscription.write().Delete(row)
	owner := r.ownerOf(row)
	t.addDescendant(row.Name, owner, -1)
	r.accounts.addCount(owner, 0, -1)
}

// addDescendant adds delta to the descendant count of every ancestor of name, for the owner of the domain.
func (t *domainTrees) addDescendant(name string, owner accounts.ID, delta int) {
	for _, ancestor := range subscriptions.Ancestors(name) {
		c, _ := t.descendantCounts.read.Get(descendantCount{name: ancestor, account: owner})
		c = descendantCount{name: ancestor, account: owner, domains: c.domains + delta}
		if c.domains == 0 {
			t.descendantCounts.write().Delete(c)
			continue
		}
		t.descendantCounts.write().Set(c)
	}
}
