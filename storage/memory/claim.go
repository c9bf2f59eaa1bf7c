package memory

import (
	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// claimed answers what of a claim is taken.
func (r *root) claimed(c accounts.Claim) accounts.Claimed {
	var out accounts.Claimed
	if c.Login != "" {
		_, out.Login = r.accounts.byLogin.read.Get(c.Login)
	}
	if c.AccountExternalID != "" {
		_, out.AccountExternalID = r.accounts.byExternalID.read.Get(c.AccountExternalID)
	}
	if c.ExternalID != "" {
		_, out.ExternalID = r.subscriptions.byExternalID.read.Get(c.ExternalID)
	}
	for _, name := range c.Names {
		if _, taken := r.domains.byName.read.Get(name); taken {
			out.Names = append(out.Names, name)
		}
	}
	out.Conflicting = r.blocked(c.Names, c.Owner, c.Transfer)
	return out
}

// blocked returns the names that have a name above or below them of another account. Names that are transferred together do not
// count.
func (r *root) blocked(names []string, owner accounts.ID, transfer bool) []string {
	if owner == subscriptions.Provider {
		return nil
	}
	claimed := make(map[string]bool, len(names))
	for _, name := range names {
		if transfer {
			claimed[name] = true
		}
	}
	moving := r.shadowsOf(claimed)
	var blocked []string
	for _, name := range names {
		if r.isBlockedAbove(name, owner, claimed) || r.isBlockedBelow(name, owner, moving) {
			blocked = append(blocked, name)
		}
	}
	return blocked
}

// shadowsOf counts those of the names that are domains already, as shadows do.
func (r *root) shadowsOf(names map[string]bool) map[shadow]int {
	counts := map[shadow]int{}
	for name := range names {
		row, found := r.domains.byName.read.Get(name)
		if !found {
			continue
		}
		owner := r.ownerOf(row)
		for _, above := range subscriptions.Ancestors(name) {
			counts[shadow{name: above, account: owner}]++
		}
	}
	return counts
}

func (r *root) isBlockedAbove(name string, owner accounts.ID, claimed map[string]bool) bool {
	for _, above := range subscriptions.Ancestors(name) {
		row, found := r.domains.byName.read.Get(above)
		if !found || claimed[above] {
			continue
		}
		if o := r.ownerOf(row); o != subscriptions.Provider && o != owner {
			return true
		}
	}
	return false
}

// isBlockedBelow looks at how many names each account has below a name, less those that are moving.
func (r *root) isBlockedBelow(name string, owner accounts.ID, moving map[shadow]int) bool {
	blocked := false
	r.domains.shadows.read.Ascend(shadow{name: name}, func(s shadow) bool {
		if s.name != name {
			return false
		}
		stays := s.domains - moving[shadow{name: name, account: s.account}]
		blocked = s.account != subscriptions.Provider && s.account != owner && stays > 0
		return !blocked
	})
	return blocked
}
