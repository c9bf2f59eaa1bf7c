package memory

import (
	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// checkClaim returns the values of a claim that are taken or in conflict.
func (r *root) checkClaim(c accounts.Claim) accounts.Claimed {
	var out accounts.Claimed
	out.Logins = existing(&r.accounts.byLogin, c.Logins)
	out.AccountExternalIDs = existing(&r.accounts.byExternalID, c.AccountExternalIDs)
	out.ExternalIDs = existing(&r.subscriptions.byExternalID, c.ExternalIDs)
	out.Names = existing(&r.domains.byName, c.Names)
	out.Conflicting = r.conflictingNames(c.Names, c.Owner, c.Transfer)
	return out
}

// existing returns the keys that a table has.
func existing[V any](in *table[string, V], keys []string) []string {
	var found []string
	for _, key := range keys {
		if _, exists := in.read.Get(key); exists {
			found = append(found, key)
		}
	}
	return found
}

// conflictingNames returns the names that have an ancestor or a descendant which belongs to another account. Names that
// are transferred together do not conflict with each other.
func (r *root) conflictingNames(names []string, owner accounts.ID, transfer bool) []string {
	if owner == subscriptions.Provider {
		return nil
	}
	claimed := make(map[string]bool, len(names))
	for _, name := range names {
		if transfer {
			claimed[name] = true
		}
	}
	claimedCounts := r.countDescendants(claimed)
	var out []string
	for _, name := range names {
		if r.hasForeignAncestor(name, owner, claimed) || r.hasForeignDescendant(name, owner, claimedCounts) {
			out = append(out, name)
		}
	}
	return out
}

// countDescendants returns the descendant counts of those names that exist as domains. In the keys, domains is 0.
func (r *root) countDescendants(names map[string]bool) map[descendantCount]int {
	counts := map[descendantCount]int{}
	for name := range names {
		row, found := r.domains.byName.read.Get(name)
		if !found {
			continue
		}
		owner := r.ownerOf(row)
		for _, ancestor := range subscriptions.Ancestors(name) {
			counts[descendantCount{name: ancestor, account: owner}]++
		}
	}
	return counts
}

// hasForeignAncestor reports whether an ancestor of name that is not in the claim belongs to another account.
func (r *root) hasForeignAncestor(name string, owner accounts.ID, claimed map[string]bool) bool {
	for _, ancestor := range subscriptions.Ancestors(name) {
		row, found := r.domains.byName.read.Get(ancestor)
		if !found || claimed[ancestor] {
			continue
		}
		if rowOwner := r.ownerOf(row); rowOwner != subscriptions.Provider && rowOwner != owner {
			return true
		}
	}
	return false
}

// hasForeignDescendant reports whether a descendant of name that is not in the claim belongs to another account. claimed
// has the counts of the descendants that are in the claim.
func (r *root) hasForeignDescendant(name string, owner accounts.ID, claimed map[descendantCount]int) bool {
	foreign := false
	r.domains.descendantCounts.read.Ascend(descendantCount{name: name}, func(c descendantCount) bool {
		if c.name != name {
			return false
		}
		remaining := c.domains - claimed[descendantCount{name: name, account: c.account}]
		foreign = c.account != subscriptions.Provider && c.account != owner && remaining > 0
		return !foreign
	})
	return foreign
}
