package bench

import (
	"testing"

	"github.com/clientele-go/clientele/accounts"
)

// commands are what a host does most, and what must not grow with what an account owns.
func (a *arena) commands(b *testing.B) {
	hold := accounts.Hold{Cause: accounts.CauseProvider, Note: "Reminder 3", Message: "Please pay your last invoice."}
	w := a.exec
	a.fight(b, duel{
		name: "Suspend one", of: library, by: byHand, wanted: "≤ 1.3", rounds: 200, after: a.putBack,
		one:   func(n int) error { _, err := w.clients.Suspend(a.ctx, []accounts.ID{a.some(n)}, hold); return err },
		other: func(n int) error { _, err := w.hand.suspend(a.ctx, actor, []accounts.ID{a.some(n)}, hold); return err },
	})
	a.fight(b, duel{
		name: "Suspend an account", of: "with 10,000 domains", by: "with one", wanted: "≤ 1.2", rounds: 200, after: a.putBack,
		one:   func(int) error { _, err := w.clients.Suspend(a.ctx, []accounts.ID{a.large}, hold); return err },
		other: func(int) error { _, err := w.clients.Suspend(a.ctx, []accounts.ID{a.small}, hold); return err },
	})
	a.fight(b, duel{
		name: "Create with subscription and domain", of: library, by: byHand, wanted: "≤ 1.3", rounds: 200,
		one:   func(int) error { _, err := w.clients.Create(a.ctx, customer(a.next())); return err },
		other: func(int) error { _, err := w.hand.create(a.ctx, actor, customer(a.next())); return err },
	})
	many := min(10_000, a.accounts/20)
	ids := make([]accounts.ID, many)
	for i := range ids {
		ids[i] = a.some(i)
	}
	a.fight(b, duel{
		name: "Suspend 10,000", of: library, by: byHand, wanted: "≤ 1.3", rounds: 11, after: a.putBack,
		one:   func(int) error { _, err := w.clients.Suspend(a.ctx, ids, hold); return err },
		other: func(int) error { _, err := w.hand.suspend(a.ctx, actor, ids, hold); return err },
	})
	going := min(1000, a.accounts/100)
	a.fight(b, duel{
		name: "Remove 1,000", of: library, by: byHand, wanted: "≤ 1.3", rounds: 11,
		one:   func(int) error { _, err := w.clients.Remove(a.ctx, a.take(b, going)); return err },
		other: func(int) error { _, err := w.hand.remove(a.ctx, actor, a.take(b, going)); return err },
	})
}

// putBack lifts what the duels placed, and takes its traces from the tables, so that every round begins with the same.
func (a *arena) putBack(round int) error {
	if _, err := a.db.ExecContext(a.ctx, `
WITH lifted AS (DELETE FROM clientele.account_holds WHERE cause = 'provider')
DELETE FROM clientele.events WHERE number IS NULL AND type = 'account.suspended'`); err != nil {
		return err
	}
	if round%100 != 0 {
		return nil
	}
	_, err := a.db.ExecContext(a.ctx, `VACUUM clientele.account_holds`)
	return err
}
