package subscriptions

import (
	"context"
	"slices"

	"github.com/clientele-go/clientele/subscriptions/input"
)

// mostExpired is how many subscriptions one Expire takes.
const mostExpired = 1000

// Expire implements SubscriptionManager.
func (m *Manager) Expire(ctx context.Context) (Outcome, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	if err := f.Err(); err != nil {
		return Outcome{}, err
	}
	due, err := m.store.DueSubscriptions(ctx, c.at, mostExpired)
	if err != nil || len(due) == 0 {
		return Outcome{}, err
	}
	slices.Sort(due)
	var out Outcome
	err = m.store.Update(ctx, func(tx Tx) error {
		l, err := tx.Lock(LockSet{Subscriptions: due})
		if err != nil {
			return err
		}
		var w Writes
		var changed []ID
		for _, s := range l.Subscriptions { // some may have been removed, prolonged or expired meanwhile
			if m.sees(s.AccountID) && !s.ExpiresAt.IsZero() && len(w.expire(s.Subscription, c)) > len(s.Holds) {
				changed = append(changed, s.ID)
			}
		}
		out = Outcome{Changed: changed}
		return save(tx, w)
	})
	if err != nil {
		return Outcome{}, err
	}
	return out, nil
}

// expire places CauseExpired on a subscription that ran out, or lifts it from one that did not, and answers its holds.
func (w *Writes) expire(s Subscription, c stamp) Holds {
	subject := c.event("", s, nil)
	_, expired := s.Holds.Get(CauseExpired)
	out := !s.ExpiresAt.IsZero() && !s.ExpiresAt.After(c.at)
	switch {
	case out && !expired:
		h := Hold{Cause: CauseExpired, By: c.actor, At: c.at}
		w.place(LevelSubscription, int64(s.ID), h, subject)
		holds, _ := s.Holds.put(h)
		return holds
	case expired && !out:
		holds, lifted := s.Holds.remove([]Cause{CauseExpired})
		w.lift(LevelSubscription, int64(s.ID), lifted, subject)
		return holds
	}
	return s.Holds
}
