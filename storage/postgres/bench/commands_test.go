package bench

import (
	"testing"

	"github.com/clientele-go/clientele/accounts"
)

// benchCommands measures the most frequent commands, and those whose time must not depend on what an account owns.
func (s *suite) benchCommands(b *testing.B) {
	hold := accounts.Hold{Cause: accounts.CauseProvider, Note: "Reminder 3", Message: "Please pay your last invoice."}
	impl := s.impl
	s.compare(b, comparison{
		name: "Suspend one", nameA: library, nameB: handWritten, target: "≤ 1.3", minRounds: 200, reset: s.reset,
		a: func(n int) error { _, err := impl.clients.Suspend(s.ctx, []accounts.ID{s.pick(n)}, hold); return err },
		b: func(n int) error {
			_, err := impl.handwritten.suspend(s.ctx, actor, []accounts.ID{s.pick(n)}, hold)
			return err
		},
	})
	s.compare(b, comparison{
		name: "Suspend an account", nameA: "with 10,000 domains", nameB: "with one domain", target: "≤ 1.2", minRounds: 200, reset: s.reset,
		a: func(int) error {
			_, err := impl.clients.Suspend(s.ctx, []accounts.ID{s.largeAccount}, hold)
			return err
		},
		b: func(int) error {
			_, err := impl.clients.Suspend(s.ctx, []accounts.ID{s.smallAccount}, hold)
			return err
		},
	})
	s.compare(b, comparison{
		name: "Create with subscription and domain", nameA: library, nameB: handWritten, target: "≤ 1.3", minRounds: 200,
		a: func(int) error { _, err := impl.clients.Create(s.ctx, customer(s.nextNumber())); return err },
		b: func(int) error { _, err := impl.handwritten.create(s.ctx, actor, customer(s.nextNumber())); return err },
	})
	ids := make([]accounts.ID, min(10_000, s.accounts/20))
	for i := range ids {
		ids[i] = s.pick(i)
	}
	s.compare(b, comparison{
		name: "Suspend 10,000", nameA: library, nameB: handWritten, target: "≤ 1.3", minRounds: 11, reset: s.reset,
		a: func(int) error { _, err := impl.clients.Suspend(s.ctx, ids, hold); return err },
		b: func(int) error { _, err := impl.handwritten.suspend(s.ctx, actor, ids, hold); return err },
	})
	removed := min(1000, s.accounts/100)
	s.compare(b, comparison{
		name: "Remove 1,000", nameA: library, nameB: handWritten, target: "≤ 1.3", minRounds: 11,
		a: func(int) error { _, err := impl.clients.Remove(s.ctx, s.takeIDs(b, removed)); return err },
		b: func(int) error { _, err := impl.handwritten.remove(s.ctx, actor, s.takeIDs(b, removed)); return err },
	})
}

// reset deletes the holds and events of the comparisons, so that every round begins with the same tables.
func (s *suite) reset(round int) error {
	if _, err := s.db.ExecContext(s.ctx, `
WITH lifted AS (DELETE FROM clientele.account_holds WHERE cause = 'provider')
DELETE FROM clientele.events WHERE number IS NULL AND type = 'account.suspended'`); err != nil {
		return err
	}
	if round%100 != 0 {
		return nil
	}
	_, err := s.db.ExecContext(s.ctx, `VACUUM clientele.account_holds`)
	return err
}
