package memory

import (
	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// putAccount stores a row, in place of the one with its id.
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
	r.holds.drop(subscriptions.LevelAccount, int64(id))
}

// unlink takes a row out of the indexes that changes of its fields move it in.
func (t *accountTrees) unlink(row *account) {
	t.byLogin.write().Delete(row.Login)
	if row.ExternalID != "" {
		t.byExternalID.write().Delete(row.ExternalID)
	}
	t.byCreation.write().Delete(row)
	t.bySortName.write().Delete(row)
}

// tally changes how much an account has. The provider's own is not counted.
func (t *accountTrees) tally(id accounts.ID, subscribed, domains int32) {
	if id == subscriptions.Provider {
		return
	}
	n, _ := t.counts.read.Get(id)
	n.subscriptions += subscribed
	n.domains += domains
	t.counts.write().Set(id, n)
}

// putSubscription stores a row, in place of the one with its id. Its domains go with it when its owner is another.
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
	r.judgeDue(row)
	if found && old.AccountID == row.AccountID {
		return
	}
	if found {
		r.reckon(old, -1)
	}
	r.reckon(row, 1)
}

func (r *root) removeSubscription(id subscriptions.ID) {
	t := &r.subscriptions
	row, found := t.byID.read.Get(id)
	if !found {
		return
	}
	t.unlink(row)
	r.reckon(row, -1)
	t.byID.write().Delete(id)
	r.holds.drop(subscriptions.LevelSubscription, int64(id))
}

func (t *subscriptionTrees) unlink(row *subscription) {
	if row.ExternalID != "" {
		t.byExternalID.write().Delete(row.ExternalID)
	}
	t.byCreation.write().Delete(row)
	t.byAccount.write().Delete(row)
	if !row.ExpiresAt.IsZero() {
		t.due.write().Delete(row)
	}
}

// reckon counts a subscription and its domains for its owner, or with -1 no longer.
func (r *root) reckon(row *subscription, by int32) {
	domains := int32(0)
	for d := range r.domainsOf(row.ID, "") {
		r.domains.shade(d.Name, row.AccountID, int(by))
		domains += by
	}
	r.accounts.tally(row.AccountID, by, domains)
}

// judgeDue puts a subscription among those that will run out, or takes it out.
func (r *root) judgeDue(row *subscription) {
	if row.ExpiresAt.IsZero() {
		return
	}
	_, expired := r.holds.of(subscriptions.LevelSubscription, int64(row.ID)).Get(subscriptions.CauseExpired)
	if expired {
		r.subscriptions.due.write().Delete(row)
		return
	}
	r.subscriptions.due.write().Set(row)
}

// putDomain stores a row, in place of the one with its id.
func (r *root) putDomain(row *domain) {
	t := &r.domains
	if old, found := t.byID.read.Get(row.ID); found {
		r.unlinkDomain(old)
	}
	t.byID.write().Set(row.ID, row)
	t.byName.write().Set(row.Name, row)
	t.bySubscription.write().Set(row)
	owner := r.ownerOf(row)
	t.shade(row.Name, owner, 1)
	r.accounts.tally(owner, 0, 1)
}

func (r *root) removeDomain(id subscriptions.DomainID) {
	row, found := r.domains.byID.read.Get(id)
	if !found {
		return
	}
	r.unlinkDomain(row)
	r.domains.byID.write().Delete(id)
	r.holds.drop(subscriptions.LevelDomain, int64(id))
}

func (r *root) unlinkDomain(row *domain) {
	t := &r.domains
	t.byName.write().Delete(row.Name)
	t.bySubscription.write().Delete(row)
	owner := r.ownerOf(row)
	t.shade(row.Name, owner, -1)
	r.accounts.tally(owner, 0, -1)
}

// shade counts a domain below each of the names above it.
func (t *domainTrees) shade(name string, owner accounts.ID, by int) {
	for _, above := range subscriptions.Ancestors(name) {
		s, _ := t.shadows.read.Get(shadow{name: above, account: owner})
		s = shadow{name: above, account: owner, domains: s.domains + by}
		if s.domains == 0 {
			t.shadows.write().Delete(s)
			continue
		}
		t.shadows.write().Set(s)
	}
}
