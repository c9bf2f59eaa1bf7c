package memory

import (
	"cmp"
	"iter"
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// holdTrees stores the holds of rows, by level and id, apart from the rows. So suspending writes no row, and suspended rows
// are found without looking at the others. Rows without holds are in none of the trees.
type holdTrees struct {
	accounts, subscriptions, domains table[int64, subscriptions.Holds]
}

func newHoldTrees() holdTrees {
	return holdTrees{
		accounts:      newTable[int64, subscriptions.Holds](),
		subscriptions: newTable[int64, subscriptions.Holds](),
		domains:       newTable[int64, subscriptions.Holds](),
	}
}

// level returns the tree of a level.
func (t *holdTrees) level(l subscriptions.Level) *table[int64, subscriptions.Holds] {
	switch l {
	case subscriptions.LevelAccount:
		return &t.accounts
	case subscriptions.LevelSubscription:
		return &t.subscriptions
	default:
		return &t.domains
	}
}

// get returns the stored holds of a row. They must not be changed or returned to callers of the store.
func (t *holdTrees) get(l subscriptions.Level, id int64) subscriptions.Holds {
	holds, _ := t.level(l).read.Get(id)
	return holds
}

// put stores the holds of a row.
func (t *holdTrees) put(l subscriptions.Level, id int64, holds subscriptions.Holds) {
	if len(holds) == 0 {
		t.delete(l, id)
		return
	}
	t.level(l).write().Set(id, holds)
}

// delete deletes the holds of a row.
func (t *holdTrees) delete(l subscriptions.Level, id int64) {
	if len(t.get(l, id)) > 0 {
		t.level(l).write().Delete(id)
	}
}

// putHold stores a hold and replaces the one with the same cause, if there is one.
func (r *root) putHold(w subscriptions.HoldWrite) {
	holds := slices.Clone(r.holds.get(w.Level, w.ID))
	if i, found := findHold(holds, w.Hold.Cause); found {
		holds[i] = w.Hold
	} else {
		holds = slices.Insert(holds, i, w.Hold)
	}
	r.holds.put(w.Level, w.ID, holds)
	r.reindexHold(w.Level, w.ID, w.Hold.Cause)
}

// deleteHold deletes a hold, if it exists.
func (r *root) deleteHold(k subscriptions.HoldKey) {
	holds := r.holds.get(k.Level, k.ID)
	i, found := findHold(holds, k.Cause)
	if !found {
		return
	}
	r.holds.put(k.Level, k.ID, slices.Delete(slices.Clone(holds), i, i+1))
	r.reindexHold(k.Level, k.ID, k.Cause)
}

// findHold returns the index of the hold with a cause, or where to insert it, and reports whether it exists.
func findHold(holds subscriptions.Holds, c subscriptions.Cause) (int, bool) {
	return slices.BinarySearchFunc(holds, c, func(h subscriptions.Hold, c subscriptions.Cause) int {
		return cmp.Compare(h.Cause, c)
	})
}

// reindexHold updates the expiry index if a subscription's hold of CauseExpired was stored or deleted.
func (r *root) reindexHold(l subscriptions.Level, id int64, c subscriptions.Cause) {
	if l != subscriptions.LevelSubscription || c != subscriptions.CauseExpired {
		return
	}
	if row, found := r.subscriptions.byID.read.Get(subscriptions.ID(id)); found {
		r.updateExpiryIndex(row)
	}
}

// matchesFilter reports whether a row with holds on the given levels, its own and those above, matches filters by status
// and cause.
func matchesFilter(status subscriptions.Status, cause subscriptions.Cause, levels ...subscriptions.Holds) bool {
	holds, hasCause := 0, cause == ""
	for _, level := range levels {
		holds += len(level)
		_, found := level.Get(cause)
		hasCause = hasCause || found
	}
	return hasCause && (status == "" || (status == subscriptions.Suspended) == (holds > 0))
}

// heldIDs returns the ids on a level with a hold of cause c, or with any hold if c is empty.
func (t *holdTrees) heldIDs(l subscriptions.Level, c subscriptions.Cause) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		t.level(l).read.Scan(func(id int64, holds subscriptions.Holds) bool {
			return !matchesFilter(subscriptions.Suspended, c, holds) || yield(id)
		})
	}
}

// heldAccounts returns the accounts with a hold of cause c, or with any hold if c is empty.
func (r *root) heldAccounts(c subscriptions.Cause) iter.Seq[*account] {
	return func(yield func(*account) bool) {
		for id := range r.holds.heldIDs(subscriptions.LevelAccount, c) {
			if row, found := r.accounts.byID.read.Get(accounts.ID(id)); found && !yield(row) {
				return
			}
		}
	}
}

// heldSubscriptions returns the subscriptions that have or inherit a hold of cause c, or any hold if c is empty, each once.
func (r *root) heldSubscriptions(c subscriptions.Cause) iter.Seq[*subscription] {
	return func(yield func(*subscription) bool) {
		for id := range r.holds.heldIDs(subscriptions.LevelAccount, c) {
			for row := range r.subscriptionsOf(accounts.ID(id)) {
				if !yield(row) {
					return
				}
			}
		}
		for id := range r.holds.heldIDs(subscriptions.LevelSubscription, c) {
			row, found := r.subscriptions.byID.read.Get(subscriptions.ID(id))
			if !found || matchesFilter(subscriptions.Suspended, c, r.holds.get(subscriptions.LevelAccount, int64(row.AccountID))) {
				continue
			}
			if !yield(row) {
				return
			}
		}
	}
}

// heldDomains returns the domains that have or inherit a hold of cause c, or any hold if c is empty, each once.
func (r *root) heldDomains(c subscriptions.Cause) iter.Seq[*domain] {
	return func(yield func(*domain) bool) {
		for s := range r.heldSubscriptions(c) {
			for row := range r.domainsOf(s.ID, "") {
				if !yield(row) {
					return
				}
			}
		}
		for id := range r.holds.heldIDs(subscriptions.LevelDomain, c) {
			row, found := r.domains.byID.read.Get(subscriptions.DomainID(id))
			if !found || matchesFilter(subscriptions.Suspended, c, r.parentHolds(row)...) {
				continue
			}
			if !yield(row) {
				return
			}
		}
	}
}

// parentHolds returns the holds of a domain's account and those of its subscription.
func (r *root) parentHolds(d *domain) []subscriptions.Holds {
	return []subscriptions.Holds{
		r.holds.get(subscriptions.LevelAccount, int64(r.ownerOf(d))),
		r.holds.get(subscriptions.LevelSubscription, int64(d.SubscriptionID)),
	}
}
