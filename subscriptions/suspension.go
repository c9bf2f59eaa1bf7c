package subscriptions

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/clientele-go/clientele/subscriptions/input"
)

// NewHold checks a hold that somebody wants to place and fills in the rest of it. Its faults are at "cause", "note",
// "message" and "public".
func NewHold(f *input.Faults, h Hold, by string, at time.Time) Hold {
	if h.Cause == "" {
		h.Cause = CauseProvider
	}
	input.Clean(input.Text, &h.Note, &h.Message, &h.Public)
	f.Struct("", h)
	if h.Cause == CauseExpired {
		f.Add("cause", "notByHand", string(CauseExpired))
	}
	h.By, h.At = by, at
	return h
}

// Causes checks the causes that somebody wants to lift, from 1 to 100. Its faults are at "causes".
func Causes(f *input.Faults, causes []Cause) []Cause {
	switch {
	case len(causes) == 0:
		f.Add("causes", "required", "")
	case len(causes) > mostCauses:
		f.Add("causes", "maxItems", strconv.Itoa(mostCauses))
		return nil
	}
	for i, c := range causes {
		f.Var(at("causes", i), string(c), "required,cause")
		if c == CauseExpired {
			f.Add(at("causes", i), "notByHand", string(CauseExpired))
		}
	}
	return slices.Clone(causes)
}

// mostCauses is how many causes one command may name. Each is compared with every hold of every thing that it names.
const mostCauses = 100

// Target is one account, subscription or domain that is to be suspended or activated.
type Target[K ~int64] struct {
	ID        K
	Level     Level
	Holds     Holds
	Inherited []EffectiveHold
	Subject   Event // what its events say besides type, time, actor and details
}

// Targets tells what became of the targets of one command. Outcome, DomainOutcome and accounts.Outcome convert from it.
type Targets[K ~int64] struct {
	Changed, Unchanged []K
	StillSuspended              []K
}

// Suspend decides what placing a hold on every target changes. The targets ascend by id.
func Suspend[K ~int64](targets []Target[K], h Hold) (t Targets[K], w Writes) {
	for _, target := range targets {
		holds, changed := target.Holds.put(h)
		if !changed {
			t.Unchanged = append(t.Unchanged, target.ID)
			continue
		}
		t.Changed = append(t.Changed, target.ID)
		placed, _ := holds.Get(h.Cause)
		w.place(target.Level, int64(target.ID), placed, target.Subject.by(h.By, h.At))
	}
	return t, w
}

// Lift decides what lifting causes from every target changes; nil causes are all but CauseExpired. The targets ascend
// by id.
func Lift[K ~int64](targets []Target[K], causes []Cause, by string, at time.Time) (t Targets[K], w Writes) {
	for _, target := range targets {
		stay, lifted := target.Holds.remove(causes)
		if len(stay)+len(target.Inherited) > 0 {
			t.StillSuspended = append(t.StillSuspended, target.ID)
		}
		if len(lifted) == 0 {
			t.Unchanged = append(t.Unchanged, target.ID)
			continue
		}
		t.Changed = append(t.Changed, target.ID)
		w.lift(target.Level, int64(target.ID), lifted, target.Subject.by(by, at))
	}
	return t, w
}

// locker locks the rows with these ids and answers them as targets.
type locker[K ~int64] func(m *Manager, tx Tx, ids []K) ([]Target[K], error)

// suspend runs the command that places a hold.
func suspend[K ~int64](ctx context.Context, m *Manager, ids []K, lock locker[K], h Hold) (Targets[K], error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	h = NewHold(&f, h, c.actor, c.at)
	return hold(ctx, m, &f, ids, lock, func(targets []Target[K]) (Targets[K], Writes) { return Suspend(targets, h) })
}

// activate runs the command that lifts all holds.
func activate[K ~int64](ctx context.Context, m *Manager, ids []K, lock locker[K]) (Targets[K], error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	return hold(ctx, m, &f, ids, lock, func(targets []Target[K]) (Targets[K], Writes) {
		return Lift(targets, nil, c.actor, c.at)
	})
}

// lift runs the command that lifts the holds of causes.
func lift[K ~int64](ctx context.Context, m *Manager, ids []K, lock locker[K], causes []Cause) (Targets[K], error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	causes = Causes(&f, causes)
	return hold(ctx, m, &f, ids, lock, func(targets []Target[K]) (Targets[K], Writes) {
		return Lift(targets, causes, c.actor, c.at)
	})
}

// hold runs a command that changes holds.
func hold[K ~int64](
	ctx context.Context, m *Manager, f *input.Faults, ids []K, lock locker[K],
	decide func([]Target[K]) (Targets[K], Writes),
) (Targets[K], error) {
	ids = input.IDs(f, ids)
	if err := f.Err(); err != nil {
		return Targets[K]{}, err
	}
	var out Targets[K]
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
		return Targets[K]{}, err
	}
	return out, nil
}

// place adds a hold and its event.
func (w *Writes) place(l Level, id int64, h Hold, event Event) {
	w.PutHolds = append(w.PutHolds, HoldWrite{Level: l, ID: id, Hold: h})
	event.Type = EventType(l) + ".suspended"
	event.Details = details("cause", string(h.Cause), "note", h.Note, "message", h.Message, "public", h.Public)
	w.Events = append(w.Events, event)
}

// lift deletes the holds of causes, and adds one event that names them all.
func (w *Writes) lift(l Level, id int64, causes []Cause, event Event) {
	named := make([]string, len(causes))
	for i, c := range causes {
		w.DeleteHolds = append(w.DeleteHolds, HoldKey{Level: l, ID: id, Cause: c})
		named[i] = string(c)
	}
	event.Type = EventType(l) + ".activated"
	event.Details = details("cause", strings.Join(named, ","))
	w.Events = append(w.Events, event)
}

// by answers an event with who did it and when.
func (e Event) by(actor string, at time.Time) Event {
	e.Actor, e.At = actor, at
	return e
}

// details answers the pairs of keys and values whose value is not empty; nil if there are none.
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
