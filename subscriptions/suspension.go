package subscriptions

import (
	"context"
	"strings"
	"time"

	"github.com/clientele-go/clientele/internal/input"
)

// Outcome is the result of a command on several rows, by their ids. Changed, Updated and Unchanged partition the requested
// ids. Every slice is sorted.
type Outcome[K ~int64] struct {
	Changed []K
	// Updated lists the ids whose hold was there already and got other texts, after Suspend and UpdateHolds. Other commands
	// leave it empty.
	Updated   []K
	Unchanged []K // the command had nothing to change
	// StillSuspended lists the ids that are suspended after Activate or Lift, because of another hold of their own or an
	// inherited one. Other commands leave it empty.
	StillSuspended []K
}

// locker locks the rows with the given ids, all of which must exist, and returns them as targets.
type locker[K ~int64] func(m *Manager, tx Tx, ids []K) (HoldTargets[K], error)

// suspend runs the command that places a hold.
func suspend[K ~int64](ctx context.Context, m *Manager, ids []K, lock locker[K], h Hold) (Outcome[K], error) {
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	h = h.Checked(&v, c.actor, c.at)
	return changeHolds(ctx, m, &v, ids, lock, func(t HoldTargets[K]) (Outcome[K], Writes) { return t.Suspend(h) })
}

// updateHolds runs the command that changes the texts of holds.
func updateHolds[K ~int64](ctx context.Context, m *Manager, ids []K, lock locker[K], cause Cause, t HoldTexts) (Outcome[K], error) {
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	t = t.Checked(&v, cause)
	return changeHolds(ctx, m, &v, ids, lock, func(targets HoldTargets[K]) (Outcome[K], Writes) {
		return targets.Update(cause, t, c.actor, c.at)
	})
}

// activate runs the command that lifts all holds.
func activate[K ~int64](ctx context.Context, m *Manager, ids []K, lock locker[K]) (Outcome[K], error) {
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	return changeHolds(ctx, m, &v, ids, lock, func(t HoldTargets[K]) (Outcome[K], Writes) {
		return t.Lift(nil, c.actor, c.at)
	})
}

// lift runs the command that lifts the holds with certain causes.
func lift[K ~int64](ctx context.Context, m *Manager, ids []K, lock locker[K], causes []Cause) (Outcome[K], error) {
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	causes = input.Causes(&v, causes, CauseExpired)
	return changeHolds(ctx, m, &v, ids, lock, func(t HoldTargets[K]) (Outcome[K], Writes) {
		return t.Lift(causes, c.actor, c.at)
	})
}

// changeHolds runs a command that changes holds.
func changeHolds[K ~int64](
	ctx context.Context, m *Manager, v *input.Violations, ids []K, lock locker[K],
	decide func(HoldTargets[K]) (Outcome[K], Writes),
) (Outcome[K], error) {
	ids = input.IDs(v, ids)
	if err := v.Err(); err != nil {
		return Outcome[K]{}, err
	}
	var out Outcome[K]
	err := m.store.Update(ctx, func(tx Tx) error {
		targets, err := lock(m, tx, ids)
		if err != nil {
			return err
		}
		decided, w := decide(targets)
		out = decided
		return save(tx, w)
	})
	if err != nil {
		return Outcome[K]{}, err
	}
	return out, nil
}

// putHold stores a hold and adds its event, whose type is kind on the level: "suspended" or "hold-updated".
func (w *Writes) putHold(l Level, id int64, h Hold, kind EventType, event Event) {
	w.PutHolds = append(w.PutHolds, HoldWrite{Level: l, ID: id, Hold: h})
	event.Type = EventType(l) + "." + kind
	event.Details = details("cause", string(h.Cause), "note", h.Note, "message", h.Message, "public", h.Public)
	w.Events = append(w.Events, event)
}

// deleteHolds deletes the holds with the given causes, and adds one event that names them all.
func (w *Writes) deleteHolds(l Level, id int64, causes []Cause, event Event) {
	names := make([]string, len(causes))
	for i, c := range causes {
		w.DeleteHolds = append(w.DeleteHolds, HoldKey{Level: l, ID: id, Cause: c})
		names[i] = string(c)
	}
	event.Type = EventType(l) + ".activated"
	event.Details = details("cause", strings.Join(names, ","))
	w.Events = append(w.Events, event)
}

// by returns the event with its actor and time.
func (e Event) by(actor string, at time.Time) Event {
	e.Actor, e.At = actor, at
	return e
}

// details returns the pairs of keys and values whose value is not empty, or nil if there are none.
func details(pairs ...string) map[string]string {
	var set map[string]string
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if set == nil {
			set = make(map[string]string, len(pairs)/2)
		}
		set[pairs[i]] = pairs[i+1]
	}
	return set
}
