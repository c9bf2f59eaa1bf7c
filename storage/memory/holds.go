package memory

import (
	"cmp"
	"iter"
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// holdTrees keeps the holds apart from the rows, as the rows have them: suspending writes no row, and who is held is
// found without looking at who is not. A row without holds is in none of them.
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

func (t *holdTrees) at(l subscriptions.Level) *table[int64, subscriptions.Holds] {
	switch l {
	case subscriptions.LevelAccount:
		return &t.accounts
	case subscriptions.LevelSubscription:
		return &t.subscriptions
	default:
		return &t.domains
	}
}

// of answers the stored holds of a row, not to be handed out or changed.
func (t *holdTrees) of(l subscriptions.Level, id int64) subscriptions.Holds {
	holds, _ := t.at(l).read.Get(id)
	return holds
}

// put stores the holds of a row.
func (t *holdTrees) put(l subscriptions.Level, id int64, holds subscriptions.Holds) {
	if len(holds) == 0 {
		t.drop(l, id)
		return
	}
	t.at(l).write().Set(id, holds)
}

// drop deletes the holds of a row.
func (t *holdTrees) drop(l subscriptions.Level, id int64) {
	if len(t.of(l, id)) > 0 {
		t.at(l).write().Delete(id)
	}
}

// place stores a hold, in place of the one of its cause.
func (r *root) place(p subscriptions.HoldWrite) {
	holds := slices.Clone(r.holds.of(p.Level, p.ID))
	if i, found := search(holds, p.Hold.Cause); found {
		holds[i] = p.Hold
	} else {
		holds = slices.Insert(holds, i, p.Hold)
	}
	r.holds.put(p.Level, p.ID, holds)
	r.holdChanged(p.Level, p.ID, p.Hold.Cause)
}

// lift deletes a hold.
func (r *root) lift(l subscriptions.HoldKey) {
	holds := r.holds.of(l.Level, l.ID)
	i, found := search(holds, l.Cause)
	if !found {
		return
	}
	r.holds.put(l.Level, l.ID, slices.Delete(slices.Clone(holds), i, i+1))
	r.holdChanged(l.Level, l.ID, l.Cause)
}

func search(holds subscriptions.Holds, c subscriptions.Cause) (int, bool) {
	return slices.BinarySearchFunc(holds, c, func(h subscriptions.Hold, c subscriptions.Cause) int {
		return cmp.Compare(h.Cause, c)
	})
}

// holdChanged keeps the order of what is due right, which follows from one cause of one level.
func (r *root) holdChanged(l subscriptions.Level, id int64, c subscriptions.Cause) {
	if l != subscriptions.LevelSubscription || c != subscriptions.CauseExpired {
		return
	}
	if row, found := r.subscriptions.byID.read.Get(subscriptions.ID(id)); found {
		r.judgeDue(row)
	}
}

// fits tells whether something with the holds of these levels passes filters by status and cause.
func fits(status subscriptions.Status, cause subscriptions.Cause, levels ...subscriptions.Holds) bool {
	holds, by := 0, cause == ""
	for _, level := range levels {
		holds += len(level)
		_, found := level.Get(cause)
		by = by || found
	}
	return by && (status == "" || (status == subscriptions.Suspended) == (holds > 0))
}

// heldIDs answers the ids of a level that have a hold of a cause, or any hold if it is "".
func (t *holdTrees) heldIDs(l subscriptions.Level, c subscriptions.Cause) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		t.at(l).read.Scan(func(id int64, holds subscriptions.Holds) bool {
			return !fits(subscriptions.Suspended, c, holds) || yield(id)
		})
	}
}

// heldAccounts answers the accounts that a cause holds.
func (r *root) heldAccounts(c subscriptions.Cause) iter.Seq[*account] {
	return func(yield func(*account) bool) {
		for id := range r.holds.heldIDs(subscriptions.LevelAccount, c) {
			if row, found := r.accounts.byID.read.Get(accounts.ID(id)); found && !yield(row) {
				return
			}
		}
	}
}

// heldSubscriptions answers the subscriptions that a cause holds, from wherever, each once.
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
			if !found || fits(subscriptions.Suspended, c, r.holds.of(subscriptions.LevelAccount, int64(row.AccountID))) {
				continue
			}
			if !yield(row) {
				return
			}
		}
	}
}

// heldDomains answers the domains that a cause holds, from wherever, each once.
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
			if !found || fits(subscriptions.Suspended, c, r.above(row)...) {
				continue
			}
			if !yield(row) {
				return
			}
		}
	}
}

// above answers the holds of a domain's account and subscription.
func (r *root) above(d *domain) []subscriptions.Holds {
	return []subscriptions.Holds{
		r.holds.of(subscriptions.LevelAccount, int64(r.ownerOf(d))),
		r.holds.of(subscriptions.LevelSubscription, int64(d.SubscriptionID)),
	}
}
