package bench

import (
	"errors"
	"testing"

	"github.com/clientele-go/clientele/accounts"
)

const (
	library     = "library"
	handWritten = "hand-written"
)

// benchReads measures look-ups of single rows.
func (s *suite) benchReads(b *testing.B) {
	logins, names := s.sampleColumn(b, "login", "accounts"), s.sampleColumn(b, "name", "domains")
	impl := s.impl
	s.compare(b, comparison{
		name: "Get", nameA: library, nameB: handWritten, target: "≤ 1.3",
		a: func(n int) error { _, err := impl.clients.Get(s.ctx, s.pick(n)); return err },
		b: func(n int) error { _, err := impl.handwritten.get(s.ctx, s.pick(n)); return err },
	})
	s.compare(b, comparison{
		name: "GetByLogin", nameA: library, nameB: handWritten, target: "≤ 1.3",
		a: func(n int) error { _, err := impl.clients.GetByLogin(s.ctx, logins[n%len(logins)]); return err },
		b: func(n int) error { _, err := impl.handwritten.getByLogin(s.ctx, logins[n%len(logins)]); return err },
	})
	s.compare(b, comparison{
		name: "CheckSession", nameA: library, nameB: handWritten, target: "≤ 1.3",
		a: func(n int) error {
			_, err := impl.clients.CheckSession(s.ctx, s.pick(n), 1)
			return unlessSuspended(err)
		},
		b: func(n int) error {
			_, err := impl.handwritten.checkSession(s.ctx, s.pick(n), 1)
			return unlessSuspended(err)
		},
	})
	s.compare(b, comparison{
		name: "Resolve", nameA: library, nameB: handWritten, target: "≤ 1.3",
		a: func(n int) error { _, err := impl.subs.Resolve(s.ctx, names[n%len(names)]); return err },
		b: func(n int) error { _, err := impl.handwritten.resolve(s.ctx, names[n%len(names)]); return err },
	})
	s.compareThroughput(b, comparison{
		name: "Resolve by 16 callers", nameA: library, nameB: handWritten, target: "≥ 0.7", minRounds: 8,
		a: func(n int) error { _, err := impl.subs.Resolve(s.ctx, names[n%len(names)]); return err },
		b: func(n int) error { _, err := impl.handwritten.resolve(s.ctx, names[n%len(names)]); return err },
	})
}

func unlessSuspended(err error) error {
	if errors.Is(err, accounts.ErrSuspended) {
		return nil
	}
	return err
}
