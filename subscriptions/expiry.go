package subscriptions

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/clientele-go/clientele/internal/input"
)

// maxExpired is the number of subscriptions that one Expire suspends.
const maxExpired = 1000

// Expire places CauseExpired on subscriptions whose ExpiresAt has passed and that do not have it yet: at most 1,000, by
// (ExpiresAt, ID). Changed lists them. Sites are served until then. A Manager made by ForAccount suspends only the
// account's.
//
// It returns ErrUnavailable if the store is unavailable (no changes were made) and ErrCommitUnknown if the outcome of the
// commit is unknown.
func (m *Manager) Expire(ctx context.Context) (out Outcome[ID], err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.Expire")
	defer func() { end(err) }()
	out, _, err = m.expire(ctx)
	return out, err
}

// ExpireAll calls Expire until no expired subscription is left, and returns the number of subscriptions that it suspended.
// Each batch of 1,000 is a transaction of its own: after an error, the batches before it stay.
//
// It returns ErrUnavailable if the store is unavailable and ErrCommitUnknown if the outcome of a commit is unknown.
func (m *Manager) ExpireAll(ctx context.Context) (expired int, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.ExpireAll")
	defer func() { end(err) }()
	for more := true; more; {
		var out Outcome[ID]
		if out, more, err = m.expire(ctx); err != nil {
			return expired, err
		}
		expired += len(out.Changed)
	}
	return expired, nil
}

// expire suspends one batch, and reports whether there may be more.
func (m *Manager) expire(ctx context.Context) (out Outcome[ID], more bool, err error) {
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	if err := v.Err(); err != nil {
		return Outcome[ID]{}, false, err
	}
	due, err := m.due(ctx, c.at)
	if err != nil || len(due) == 0 {
		return Outcome[ID]{}, false, err
	}
	more = len(due) == maxExpired
	slices.Sort(due)
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
		return Outcome[ID]{}, false, err
	}
	return out, more, nil
}

// due returns the ids of at most maxExpired subscriptions that m sees and that have expired without the hold, the longest
// expired first.
func (m *Manager) due(ctx context.Context, at time.Time) ([]ID, error) {
	if m.scope == nil {
		return m.store.DueSubscriptions(ctx, at, maxExpired)
	}
	p := ListParams{AccountID: m.scope, ExpiresBefore: at.Add(time.Microsecond), Limit: input.MaxItems}
	var due []Subscription
	for {
		rows, err := m.store.Subscriptions(ctx, p)
		if err != nil {
			return nil, err
		}
		for _, s := range rows {
			if _, held := s.Holds.Get(CauseExpired); !held {
				due = append(due, s)
			}
		}
		if len(rows) < p.Limit {
			break
		}
		last := rows[len(rows)-1]
		p.From = Position{At: last.CreatedAt, ID: int64(last.ID)}
	}
	slices.SortFunc(due, func(a, b Subscription) int {
		return cmp.Or(a.ExpiresAt.Compare(b.ExpiresAt), cmp.Compare(a.ID, b.ID))
	})
	return idsOf(due[:min(len(due), maxExpired)], func(s Subscription) ID { return s.ID }), nil
}

// expire places CauseExpired on a subscription that has expired, or lifts it from one that has not, and returns its holds.
func (w *Writes) expire(s Subscription, c commandInfo) Holds {
	subject := c.event("", s, nil)
	_, held := s.Holds.Get(CauseExpired)
	expired := !s.ExpiresAt.IsZero() && !s.ExpiresAt.After(c.at)
	switch {
	case expired && !held:
		h := Hold{Cause: CauseExpired, By: c.actor, At: c.at}
		w.putHold(LevelSubscription, int64(s.ID), h, "suspended", subject)
		return s.Holds.add(h)
	case held && !expired:
		holds, lifted := s.Holds.remove([]Cause{CauseExpired})
		w.deleteHolds(LevelSubscription, int64(s.ID), lifted, subject)
		return holds
	}
	return s.Holds
}
