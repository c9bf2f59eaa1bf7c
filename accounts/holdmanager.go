package accounts

import (
	"context"

	"github.com/clientele-go/clientele/subscriptions"
)

// HoldManager has the commands about the holds of one level, with the ids of that level as plain numbers: for programs that
// treat accounts, subscriptions and domains alike. It is made by Manager.OnLevel.
type HoldManager struct {
	suspend  func(ctx context.Context, ids []int64, h Hold) (subscriptions.Outcome[int64], error)
	update   func(ctx context.Context, ids []int64, cause Cause, t HoldTexts) (subscriptions.Outcome[int64], error)
	activate func(ctx context.Context, ids []int64) (subscriptions.Outcome[int64], error)
	lift     func(ctx context.Context, ids []int64, causes []Cause) (subscriptions.Outcome[int64], error)
}

// OnLevel returns the commands about the holds of a level: those of m for LevelAccount, and for LevelSubscription and
// LevelDomain those of m.Subscriptions(). It panics for any other level.
func (m *Manager) OnLevel(level Level) HoldManager {
	s := m.subscriptions
	switch level {
	case LevelAccount:
		return newHoldManager(m.Suspend, m.UpdateHolds, m.Activate, m.Lift)
	case LevelSubscription:
		return newHoldManager(s.Suspend, s.UpdateHolds, s.Activate, s.Lift)
	case LevelDomain:
		return newHoldManager(s.SuspendDomains, s.UpdateDomainHolds, s.ActivateDomains, s.LiftDomains)
	}
	panic("accounts: unknown level " + string(level))
}

// Suspend is Manager.Suspend for the level. It returns the same errors.
func (m HoldManager) Suspend(ctx context.Context, ids []int64, h Hold) (subscriptions.Outcome[int64], error) {
	return m.suspend(ctx, ids, h)
}

// UpdateHolds is Manager.UpdateHolds for the level. It returns the same errors.
func (m HoldManager) UpdateHolds(ctx context.Context, ids []int64, cause Cause, t HoldTexts) (subscriptions.Outcome[int64], error) {
	return m.update(ctx, ids, cause, t)
}

// Activate is Manager.Activate for the level. It returns the same errors.
func (m HoldManager) Activate(ctx context.Context, ids []int64) (subscriptions.Outcome[int64], error) {
	return m.activate(ctx, ids)
}

// Lift is Manager.Lift for the level. It returns the same errors.
func (m HoldManager) Lift(ctx context.Context, ids []int64, causes []Cause) (subscriptions.Outcome[int64], error) {
	return m.lift(ctx, ids, causes)
}

// newHoldManager returns the commands with plain numbers for ids.
func newHoldManager[K ~int64](
	suspend func(context.Context, []K, Hold) (subscriptions.Outcome[K], error),
	update func(context.Context, []K, Cause, HoldTexts) (subscriptions.Outcome[K], error),
	activate func(context.Context, []K) (subscriptions.Outcome[K], error),
	lift func(context.Context, []K, []Cause) (subscriptions.Outcome[K], error),
) HoldManager {
	return HoldManager{
		suspend: func(ctx context.Context, ids []int64, h Hold) (subscriptions.Outcome[int64], error) {
			return plainOutcome(suspend(ctx, convertIDs[K](ids), h))
		},
		update: func(ctx context.Context, ids []int64, cause Cause, t HoldTexts) (subscriptions.Outcome[int64], error) {
			return plainOutcome(update(ctx, convertIDs[K](ids), cause, t))
		},
		activate: func(ctx context.Context, ids []int64) (subscriptions.Outcome[int64], error) {
			return plainOutcome(activate(ctx, convertIDs[K](ids)))
		},
		lift: func(ctx context.Context, ids []int64, causes []Cause) (subscriptions.Outcome[int64], error) {
			return plainOutcome(lift(ctx, convertIDs[K](ids), causes))
		},
	}
}

func plainOutcome[K ~int64](o subscriptions.Outcome[K], err error) (subscriptions.Outcome[int64], error) {
	return subscriptions.Outcome[int64]{
		Changed: convertIDs[int64](o.Changed), Updated: convertIDs[int64](o.Updated),
		Unchanged: convertIDs[int64](o.Unchanged), StillSuspended: convertIDs[int64](o.StillSuspended),
	}, err
}

func convertIDs[To, From ~int64](ids []From) []To {
	var converted []To
	for _, id := range ids {
		converted = append(converted, To(id))
	}
	return converted
}
