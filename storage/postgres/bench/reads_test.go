package bench

import (
	"errors"
	"testing"

	"github.com/clientele-go/clientele/accounts"
)

const (
	library = "library"
	byHand  = "by hand"
)

// reads are the look-ups of single things, in both modes.
func (a *arena) reads(b *testing.B) {
	logins, names := a.known(b, "login", "accounts"), a.known(b, "name", "domains")
	for _, mode := range []struct {
		name string
		ways ways
	}{{"", a.exec}, {" prepared", a.prepared}} {
		w := mode.ways
		a.fight(b, duel{
			name: "Get" + mode.name, of: library, by: byHand, wanted: "≤ 1.3",
			one:   func(n int) error { _, err := w.clients.Get(a.ctx, a.some(n)); return err },
			other: func(n int) error { _, err := w.hand.get(a.ctx, a.some(n)); return err },
		})
		a.fight(b, duel{
			name: "GetByLogin" + mode.name, of: library, by: byHand, wanted: "≤ 1.3",
			one:   func(n int) error { _, err := w.clients.GetByLogin(a.ctx, logins[n%len(logins)]); return err },
			other: func(n int) error { _, err := w.hand.getByLogin(a.ctx, logins[n%len(logins)]); return err },
		})
		a.fight(b, duel{
			name: "CheckSession" + mode.name, of: library, by: byHand, wanted: "≤ 1.3",
			one:   func(n int) error { _, err := w.clients.CheckSession(a.ctx, a.some(n), 1); return unlessSuspended(err) },
			other: func(n int) error { _, err := w.hand.checkSession(a.ctx, a.some(n), 1); return unlessSuspended(err) },
		})
		a.fight(b, duel{
			name: "Resolve" + mode.name, of: library, by: byHand, wanted: "≤ 1.3",
			one:   func(n int) error { _, err := w.subs.Resolve(a.ctx, names[n%len(names)]); return err },
			other: func(n int) error { _, err := w.hand.resolve(a.ctx, names[n%len(names)]); return err },
		})
	}
	for _, mode := range []struct {
		name string
		ways ways
	}{{"", a.exec}, {" prepared", a.prepared}} {
		w := mode.ways
		a.race(b, duel{
			name: "Resolve by 16 at once" + mode.name, of: library, by: byHand, wanted: "≥ 0.7", rounds: 8,
			one:   func(n int) error { _, err := w.subs.Resolve(a.ctx, names[n%len(names)]); return err },
			other: func(n int) error { _, err := w.hand.resolve(a.ctx, names[n%len(names)]); return err },
		})
	}
}

func unlessSuspended(err error) error {
	if errors.Is(err, accounts.ErrSuspended) {
		return nil
	}
	return err
}
