package bench

import (
	"fmt"
	"testing"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// pipelined is hand-written SQL of which several statements take one round trip.
const pipelined = "hand-written, one pipelined batch"

// benchCommands measures the most frequent commands, and those whose time must not depend on what an account owns.
func (s *suite) benchCommands(b *testing.B) {
	hold := accounts.Hold{Cause: accounts.CauseProvider, Note: "Reminder 3", Message: "Please pay your last invoice."}
	impl := s.impl
	for _, mode := range []struct {
		name string
		impl implementations
	}{{"", s.impl}, {", without waiting for the disk", s.impatient}} {
		s.benchCommandsOnOne(b, mode.name, mode.impl, hold)
	}
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
	var in []accounts.New
	s.compare(b, comparison{
		name: "CreateMany of 1,000", nameA: library, nameB: handWritten, target: "≤ 1.3", minRounds: 11,
		prepare: func(int) error {
			in = imports(s.created, s.created+1000)
			s.created += 1000
			return nil
		},
		a: func(int) error { _, err := impl.clients.CreateMany(s.ctx, in); return err },
		b: func(int) error { _, err := impl.handwritten.createMany(s.ctx, actor, in); return err },
	})
}

// benchCommandsOnOne measures commands on one thing.
func (s *suite) benchCommandsOnOne(b *testing.B, mode string, impl implementations, hold accounts.Hold) {
	hand := impl.handwritten
	s.compare(b, comparison{
		name: "Suspend one" + mode, nameA: library, nameB: handWritten, target: "≤ 1.3", minRounds: 200, reset: s.reset,
		a: func(n int) error { _, err := impl.clients.Suspend(s.ctx, []accounts.ID{s.pick(n)}, hold); return err },
		b: func(n int) error { _, err := hand.suspend(s.ctx, actor, []accounts.ID{s.pick(n)}, hold); return err },
	})
	s.compare(b, comparison{
		name: "Create with subscription and domain" + mode, nameA: library, nameB: handWritten, target: "≤ 1.5", minRounds: 200,
		a: func(int) error { _, err := impl.clients.Create(s.ctx, customer(s.nextNumber())); return err },
		b: func(int) error { _, err := hand.create(s.ctx, actor, customer(s.nextNumber())); return err },
	})
	s.compare(b, comparison{
		name: "Create with subscription and domain" + mode, nameA: library, nameB: pipelined, target: "–", minRounds: 200,
		a: func(int) error { _, err := impl.clients.Create(s.ctx, customer(s.nextNumber())); return err },
		b: func(int) error { _, err := hand.createPipelined(s.ctx, actor, customer(s.nextNumber())); return err },
	})
	domain := func() string { return fmt.Sprintf("added%08d.com", s.nextNumber()) }
	s.compare(b, comparison{
		name: "AddDomain" + mode, nameA: library, nameB: handWritten, target: "≤ 1.6", minRounds: 200,
		a: func(n int) error {
			_, err := impl.subs.AddDomain(s.ctx, subscriptions.ID(s.pick(n)), domain())
			return err
		},
		b: func(n int) error {
			_, err := hand.addDomain(s.ctx, actor, subscriptions.ID(s.pick(n)), domain())
			return err
		},
	})
	s.compare(b, comparison{
		name: "SetPassword" + mode, nameA: library, nameB: handWritten, target: "≤ 1.6", minRounds: 200,
		a: func(n int) error { return impl.clients.SetPassword(s.ctx, s.pick(n), "another horse battery") },
		b: func(n int) error { return hand.setPassword(s.ctx, actor, s.pick(n), "another horse battery") },
	})
	var id accounts.ID
	s.compare(b, comparison{
		name: "Remove one" + mode, nameA: library, nameB: handWritten, target: "≤ 1.6", minRounds: 200,
		prepare: func(int) error {
			a, err := impl.clients.Create(s.ctx, customer(s.nextNumber()))
			id = a.ID
			return err
		},
		a: func(int) error { _, err := impl.clients.Remove(s.ctx, []accounts.ID{id}); return err },
		b: func(int) error { _, err := hand.remove(s.ctx, actor, []accounts.ID{id}); return err },
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
