package subscriptions

import (
	"context"
	"slices"
	"time"

	"github.com/clientele-go/clientele/internal/input"
)

// What this file and draft.go export is for package accounts, which decides about accounts by the same rules, and in the
// same transaction as about their subscriptions and domains. Programs need none of it.

// HoldCommands are the commands about the holds of one level. They are for package accounts.
type HoldCommands[K ~int64] struct {
	Now func() time.Time
	// Change runs a command in one transaction: it locks the rows with the given ids, all of which must exist, calls decide
	// with them, and saves the result if there are events in it. The transaction may run again.
	Change func(ctx context.Context, ids []K, decide func(HoldTargets[K]) Writes) error
}

// Suspend places a hold.
func (c HoldCommands[K]) Suspend(ctx context.Context, ids []K, h Hold) (Outcome[K], error) {
	var v input.Violations
	info := newCommandInfo(ctx, &v, c.Now)
	h = h.checked(&v, info)
	return c.run(ctx, &v, ids, func(t HoldTargets[K]) (Outcome[K], Writes) { return t.suspend(h, info) })
}

// UpdateHolds changes the texts of holds.
func (c HoldCommands[K]) UpdateHolds(ctx context.Context, ids []K, cause Cause, texts HoldTexts) (Outcome[K], error) {
	var v input.Violations
	info := newCommandInfo(ctx, &v, c.Now)
	texts = texts.checked(&v, cause)
	return c.run(ctx, &v, ids, func(t HoldTargets[K]) (Outcome[K], Writes) { return t.update(cause, texts, info) })
}

// Activate lifts all holds except those with CauseExpired.
func (c HoldCommands[K]) Activate(ctx context.Context, ids []K) (Outcome[K], error) {
	var v input.Violations
	info := newCommandInfo(ctx, &v, c.Now)
	return c.run(ctx, &v, ids, func(t HoldTargets[K]) (Outcome[K], Writes) { return t.lift(nil, info) })
}

// Lift lifts the holds with certain causes.
func (c HoldCommands[K]) Lift(ctx context.Context, ids []K, causes []Cause) (Outcome[K], error) {
	var v input.Violations
	info := newCommandInfo(ctx, &v, c.Now)
	causes = input.Causes(&v, causes, CauseExpired)
	return c.run(ctx, &v, ids, func(t HoldTargets[K]) (Outcome[K], Writes) { return t.lift(causes, info) })
}

func (c HoldCommands[K]) run(
	ctx context.Context, v *input.Violations, ids []K, decide func(HoldTargets[K]) (Outcome[K], Writes),
) (out Outcome[K], err error) {
	ids = input.IDs(v, ids)
	if err := v.Err(); err != nil {
		return Outcome[K]{}, err
	}
	err = c.Change(ctx, ids, func(t HoldTargets[K]) (w Writes) {
		out, w = decide(t)
		return w
	})
	if err != nil {
		return Outcome[K]{}, err
	}
	return out, nil
}

// HoldTargets are the rows of one level whose holds a command changes, sorted by id. They are for package accounts.
type HoldTargets[K ~int64] struct {
	Level Level
	rows  []holdTarget[K]
}

type holdTarget[K ~int64] struct {
	id        K
	holds     Holds
	inherited []EffectiveHold
	subject   Event // the target's events without type, time, actor and details
}

// Add appends a target with the holds that it has and inherits. The events about it are copies of subject.
func (t *HoldTargets[K]) Add(id K, holds Holds, inherited []EffectiveHold, subject Event) {
	t.rows = append(t.rows, holdTarget[K]{id: id, holds: holds, inherited: inherited, subject: subject})
}

// suspend returns the outcome of placing h on every target, and the writes for it. A target that has a hold with the same
// cause gets only those texts of h that are not empty.
func (t HoldTargets[K]) suspend(h Hold, c commandInfo) (out Outcome[K], w Writes) {
	texts := h.texts()
	for _, target := range t.rows {
		if _, held := target.holds.Get(h.Cause); held {
			t.updateOne(&out, &w, target, h.Cause, texts, c)
			continue
		}
		out.Changed = append(out.Changed, target.id)
		w.putHold(t.Level, int64(target.id), h, "suspended", target.subject.by(c))
	}
	return out, w
}

// update returns the outcome of changing the texts of every target's hold with the cause, and the writes for it.
func (t HoldTargets[K]) update(cause Cause, texts HoldTexts, c commandInfo) (out Outcome[K], w Writes) {
	for _, target := range t.rows {
		t.updateOne(&out, &w, target, cause, texts, c)
	}
	return out, w
}

func (t HoldTargets[K]) updateOne(out *Outcome[K], w *Writes, target holdTarget[K], cause Cause, texts HoldTexts, c commandInfo) {
	old, held := target.holds.Get(cause)
	updated := old.with(texts)
	if !held || updated == old {
		out.Unchanged = append(out.Unchanged, target.id)
		return
	}
	out.Updated = append(out.Updated, target.id)
	w.putHold(t.Level, int64(target.id), updated, "hold-updated", target.subject.by(c))
}

// lift returns the outcome of lifting causes from every target, and the writes for it. Nil causes are all except
// CauseExpired.
func (t HoldTargets[K]) lift(causes []Cause, c commandInfo) (out Outcome[K], w Writes) {
	for _, target := range t.rows {
		remaining, lifted := target.holds.remove(causes)
		if len(remaining)+len(target.inherited) > 0 {
			out.StillSuspended = append(out.StillSuspended, target.id)
		}
		if len(lifted) == 0 {
			out.Unchanged = append(out.Unchanged, target.id)
			continue
		}
		out.Changed = append(out.Changed, target.id)
		w.deleteHolds(t.Level, int64(target.id), lifted, target.subject.by(c))
	}
	return out, w
}

// checked returns a hold that is to be placed, with cleaned texts, the default cause, and By and At filled in. Violations are
// at "cause", "note", "message" and "public".
func (h Hold) checked(v *input.Violations, c commandInfo) Hold {
	if h.Cause == "" {
		h.Cause = CauseProvider
	}
	input.Clean(input.Text, &h.Note, &h.Message, &h.Public)
	inputRules.Check(v, "", h)
	if h.Cause == CauseExpired {
		v.Add("cause", "notByHand", string(CauseExpired))
	}
	h.By, h.At = c.actor, c.at
	return h
}

// checked returns the texts in the form in which they are stored. Violations are at "cause", "note", "message" and "public".
func (t HoldTexts) checked(v *input.Violations, cause Cause) HoldTexts {
	v.Var("cause", string(cause), "required,cause")
	t.Note, t.Message = input.Cleaned(input.Text, t.Note), input.Cleaned(input.Text, t.Message)
	t.Public = input.Cleaned(input.Text, t.Public)
	inputRules.Check(v, "", t)
	return t
}

// Remove adds the removal of subscriptions and domains to w, with one event for each, and returns what is removed. It is for
// package accounts.
func (w *Writes) Remove(subscriptions []Subscription, domains []Domain, actor string, at time.Time) Removal {
	c := commandInfo{actor: actor, at: at}
	var r Removal
	r.Domains = slices.Grow(r.Domains, len(domains))
	w.RemoveDomains = slices.Grow(w.RemoveDomains, len(domains))
	w.Events = slices.Grow(w.Events, len(domains)+len(subscriptions))
	for _, d := range domains {
		r.Domains = append(r.Domains, d.Name)
		w.RemoveDomains = append(w.RemoveDomains, d.ID)
		w.Events = append(w.Events, c.domainEvent(DomainRemoved, d, nil))
	}
	for _, s := range subscriptions {
		r.Subscriptions = append(r.Subscriptions, s.ID)
		w.RemoveSubscriptions = append(w.RemoveSubscriptions, s.ID)
		w.Events = append(w.Events, c.event(SubscriptionRemoved, s, input.Details("externalID", s.ExternalID)))
	}
	slices.Sort(r.Domains)
	return r
}

// Equal reports whether r and other name the same accounts, subscriptions and domains. The order of their slices and
// duplicates do not matter.
func (r Removal) Equal(other Removal) bool {
	return sameSet(r.Accounts, other.Accounts) && sameSet(r.Subscriptions, other.Subscriptions) &&
		sameSet(r.Domains, other.Domains)
}

func sameSet[T interface{ ~int64 | ~string }](a, b []T) bool {
	return slices.Equal(sortedSet(a), sortedSet(b))
}

func sortedSet[T interface{ ~int64 | ~string }](s []T) []T {
	if slices.IsSorted(s) {
		return slices.Compact(slices.Clone(s))
	}
	return slices.Compact(slices.Sorted(slices.Values(s)))
}
