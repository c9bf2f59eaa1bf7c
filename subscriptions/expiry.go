package subscriptions

import (
	"context"
	"slices"

	"github.com/clientele-go/clientele/internal/input"
)

// maxExpired is the number of subscriptions that one Expire suspends.
const maxExpired = 1000

// Expire places CauseExpired on subscriptions whose ExpiresAt has passed and that do not have it yet: at most 1,000, by
// (ExpiresAt, ID). Changed lists them. Call it from a ticker, again at once while 1,000 were changed; sites are served until
// then.
//
// It returns ErrUnavailable if the store cannot do it now (no changes were made) and ErrCommitUnknown if the outcome of the
// commit is unknown.
func (m *Manager) Expire(ctx context.Context) (_ Outcome[ID], err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.Expire")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	if err := v.Err(); err != nil {
		return Outcome[ID]{}, err
	}
	due, err := m.store.DueSubscriptions(ctx, c.at, maxExpired)
	if err != nil || len(due) == 0 {
		return Outcome[ID]{}, err
	}
	slices.Sort(due)
	var out Outcome[ID]
	err = m.store.Update(ctx, func(tx Tx) error {
		l, err := tx.Lock(LockSet{Subscriptions: due})
		if err != nil {
			return err
		}
		var w Writes
		var changed []ID
		for _, s := range l.Subscriptions { // some may have been removed, extended or expired concurrently
			if m.sees(s.AccountID) && !s.ExpiresAt.IsZero() && len(w.expire(s.Subscription, c)) > len(s.Holds) {
				changed = append(changed, s.ID)
			}
		}
		out = Outcome[ID]{Changed: changed}
		return save(tx, w)
	})
	if err != nil {
		return Outcome[ID]{}, err
	}
	return out, nil
}

// expire places CauseExpired on a subscription that has expired, or lifts it from one that has not, and returns its holds.
func (w *Writes) expire(s Subscription, c commandInfo) Holds {
	subject := c.event("", s, nil)
	_, held := s.Holds.Get(CauseExpired)
	expired := !s.ExpiresAt.IsZero() && !s.ExpiresAt.After(c.at)
	switch {
	case expired && !held:
		h := Hold{Cause: CauseExpired, By: c.actor, At: c.at}
		w.putHold(LevelSubscription, int64(s.ID), h, subject)
		holds, _ := s.Holds.put(h)
		return holds
	case held && !expired:
		holds, lifted := s.Holds.remove([]Cause{CauseExpired})
		w.deleteHolds(LevelSubscription, int64(s.ID), lifted, subject)
		return holds
	}
	return s.Holds
}
