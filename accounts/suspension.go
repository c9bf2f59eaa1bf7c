package accounts

import (
	"context"
	"errors"
	"slices"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// Suspend places hold h on the accounts with the given ids, 1 to 10,000: their owners cannot sign in, and everything that
// belongs to them is suspended. Nothing is written to subscriptions and domains, so the cost does not depend on their number.
// An account that has a hold with the same cause keeps it, with its By and At, and gets those texts of h that are not empty:
// it is Updated, or Unchanged if they are the same. To empty a text, use UpdateHolds.
//
// It returns ErrNotFound, naming every unknown id; ErrInvalid at "ids", "cause" (no slug, or CauseExpired), "note",
// "message" or "public" (more than 4,096 characters); ErrUnavailable if the store cannot do it now (no changes were made)
// and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) Suspend(ctx context.Context, ids []ID, h Hold) (_ Outcome, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.Suspend")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	h = h.Checked(&v, c.actor, c.at)
	return m.changeHolds(ctx, &v, ids, func(t subscriptions.HoldTargets[ID]) (Outcome, subscriptions.Writes) {
		return t.Suspend(h)
	})
}

// UpdateHolds changes the texts of the holds with the given cause on the accounts with the given ids, 1 to 10,000. It changes
// nothing else: accounts without such a hold, and those whose texts are the same, are Unchanged, and the others Updated.
//
// It returns ErrNotFound, naming every unknown id; ErrInvalid at "ids", "cause" (none, or no slug), "note", "message" or
// "public" (more than 4,096 characters); ErrUnavailable if the store cannot do it now (no changes were made) and
// ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) UpdateHolds(ctx context.Context, ids []ID, cause Cause, t HoldTexts) (_ Outcome, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.UpdateHolds")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	t = t.Checked(&v, cause)
	return m.changeHolds(ctx, &v, ids, func(targets subscriptions.HoldTargets[ID]) (Outcome, subscriptions.Writes) {
		return targets.Update(cause, t, c.actor, c.at)
	})
}

// Activate lifts every hold of the accounts with the given ids, 1 to 10,000. What belongs to them is active again, except
// where it has holds of its own: exactly what was active before the suspension. Sessions from before the suspension do not
// come back.
//
// It returns ErrNotFound, naming every unknown id, and ErrInvalid at "ids"; ErrUnavailable if the store cannot do it now (no
// changes were made) and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) Activate(ctx context.Context, ids []ID) (_ Outcome, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.Activate")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	return m.lift(ctx, &v, ids, nil, c)
}

// Lift lifts the holds with the given causes, 1 to 100, from the accounts with the given ids, 1 to 10,000. An automatic
// biller lifts only its own cause, and so never undoes what others decided. Accounts that are still suspended are in
// StillSuspended.
//
// It returns ErrNotFound, naming every unknown id; ErrInvalid at "ids" or "causes" (none, no slug, or CauseExpired);
// ErrUnavailable if the store cannot do it now (no changes were made) and ErrCommitUnknown if the outcome of the commit is
// unknown.
func (m *Manager) Lift(ctx context.Context, ids []ID, causes []Cause) (_ Outcome, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.Lift")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	causes = input.Causes(&v, causes, CauseExpired)
	return m.lift(ctx, &v, ids, causes, c)
}

// lift lifts causes; nil means all that can be lifted by hand. An account that loses its last hold gets a new SessionEpoch,
// so that no session from before the suspension comes back.
func (m *Manager) lift(ctx context.Context, v *input.Violations, ids []ID, causes []Cause, c commandInfo) (Outcome, error) {
	return m.changeHolds(ctx, v, ids, func(t subscriptions.HoldTargets[ID]) (Outcome, subscriptions.Writes) {
		return t.Lift(causes, c.actor, c.at)
	})
}

// changeHolds runs a command that changes the holds of accounts.
func (m *Manager) changeHolds(
	ctx context.Context, v *input.Violations, ids []ID,
	decide func(subscriptions.HoldTargets[ID]) (Outcome, subscriptions.Writes),
) (Outcome, error) {
	ids = input.IDs(v, ids)
	if err := v.Err(); err != nil {
		return Outcome{}, err
	}
	var out Outcome
	err := m.store.Update(ctx, func(tx Tx) error {
		owners, err := tx.LockHolds(ids)
		if err != nil {
			return err
		}
		if err := missing(ids, owners, func(o subscriptions.Owner) ID { return o.ID }); err != nil {
			return err
		}
		targets := subscriptions.HoldTargets[ID]{Level: LevelAccount}
		for _, o := range owners {
			targets.Add(o.ID, o.Holds, nil, Event{AccountID: o.ID})
		}
		decided, w := decide(targets)
		out = decided
		if len(w.Events) == 0 {
			return nil
		}
		return tx.Save(Writes{EndSessions: activated(owners, w), Writes: w})
	})
	if err != nil {
		return Outcome{}, err
	}
	return out, nil
}

// activated returns the accounts that lose their last hold.
func activated(owners []subscriptions.Owner, w subscriptions.Writes) []ID {
	lifted := map[int64]int{}
	for _, h := range w.DeleteHolds {
		lifted[h.ID]++
	}
	var all []ID
	for _, o := range owners {
		if n := lifted[int64(o.ID)]; n > 0 && n == len(o.Holds) {
			all = append(all, o.ID)
		}
	}
	return all
}

// SkipUnknown runs a command on many accounts and, while some of them do not exist, again on the others. It is for programs
// such as billers whose list of customers may be older than the store's. It returns the ids that were skipped in unknown; if
// none are left, the command is not run again and out is empty. Any other error of the command is returned as it is.
//
//	out, unknown, err := accounts.SkipUnknown(ids, func(ids []accounts.ID) (accounts.Outcome, error) {
//		return clients.Suspend(ctx, ids, accounts.Hold{Cause: accounts.CauseBilling})
//	})
func SkipUnknown(ids []ID, command func(ids []ID) (Outcome, error)) (out Outcome, unknown []ID, err error) {
	remaining := ids
	for {
		out, err = command(remaining)
		var missing *NotFoundError
		if !errors.As(err, &missing) || missing.Kind != string(LevelAccount) || len(missing.IDs) == 0 {
			return out, unknown, err
		}
		known := without(remaining, missing.IDs)
		if len(known) == len(remaining) {
			return out, unknown, err // the command names ids that it was not given: calling it again would not help
		}
		for _, id := range missing.IDs {
			unknown = append(unknown, ID(id))
		}
		if remaining = known; len(remaining) == 0 {
			return Outcome{}, unknown, nil
		}
	}
}

// without returns the ids that are not among missing, which is sorted.
func without(ids []ID, missing []int64) []ID {
	return slices.DeleteFunc(slices.Clone(ids), func(id ID) bool {
		_, found := slices.BinarySearch(missing, int64(id))
		return found
	})
}
