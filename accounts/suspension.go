package accounts

import (
	"context"
	"errors"
	"slices"

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
	return m.holdCommands().Suspend(ctx, ids, h)
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
	return m.holdCommands().UpdateHolds(ctx, ids, cause, t)
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
	return m.holdCommands().Activate(ctx, ids)
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
	return m.holdCommands().Lift(ctx, ids, causes)
}

// holdCommands returns the commands about the holds of accounts. An account that loses its last hold gets a new SessionEpoch,
// so that no session from before the suspension comes back.
func (m *Manager) holdCommands() subscriptions.HoldCommands[ID] {
	type decision = func(subscriptions.HoldTargets[ID]) subscriptions.Writes
	return subscriptions.HoldCommands[ID]{Now: m.now, Change: func(ctx context.Context, ids []ID, decide decision) error {
		return m.store.Update(ctx, func(tx Tx) error {
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
			w := decide(targets)
			if len(w.Events) == 0 {
				return nil
			}
			return tx.Save(Writes{EndSessions: activated(owners, w), Writes: w})
		})
	}}
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
