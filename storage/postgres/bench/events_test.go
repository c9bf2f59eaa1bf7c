package bench

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/keyset"
	"github.com/clientele-go/clientele/subscriptions"
)

// benchEvents measures reading, following and pruning events, and snapshots. The events to be read first are appended by SQL, as
// commands append them.
func (s *suite) benchEvents(b *testing.B) {
	impl, hand := s.impl, s.impl.handwritten
	var last int64
	cursor := func() accounts.Cursor {
		return accounts.Cursor(keyset.Encode("events", nil, keyset.Position{ID: last}))
	}
	for _, c := range []struct {
		name      string
		events    int
		statement string
		rounds    int
	}{
		{"First Events after suspending 10,000", 10_000, `
SELECT now(), 'account.suspended', 'biller', $2 + n, NULL::bigint, NULL::bigint, '', '{"cause": "billing"}'::jsonb, '{"note": "Reminder 3"}'::jsonb
FROM generate_series(1, $1::integer) AS n`, 5},
		{"First Events after importing 100,000", 300_000, `
SELECT now(), (ARRAY['account.created', 'subscription.created', 'domain.added'])[n % 3 + 1], 'import', $2 + n / 3,
    CASE WHEN n % 3 > 0 THEN $2 + n / 3 END, CASE WHEN n % 3 = 2 THEN $2 + n / 3 END,
    CASE WHEN n % 3 = 2 THEN 'imported' || n || '.com' ELSE '' END, NULL::jsonb, CASE WHEN n % 3 = 0 THEN '{"login": "imported"}'::jsonb END
FROM generate_series(0, $1::integer - 1) AS n`, 3},
	} {
		s.compare(b, comparison{
			name: c.name, nameA: library, nameB: handWritten, target: "≤ 1.3", minRounds: c.rounds,
			prepare: func(int) error {
				if err := hand.number(s.ctx); err != nil {
					return err
				}
				err := hand.pool.QueryRow(s.ctx, "SELECT last FROM clientele.event_log").Scan(&last)
				if err == nil {
					_, err = hand.pool.Exec(s.ctx, `
INSERT INTO clientele.events (at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)`+c.statement, c.events, 10_000_000+last)
				}
				return err
			},
			a: func(int) error {
				page, err := impl.clients.Events(s.ctx, accounts.EventQuery{After: cursor(), Limit: 500})
				return requireCount(500, len(page.Items), err)
			},
			b: func(int) error {
				events, err := hand.firstEvents(s.ctx, last, 500)
				return requireCount(500, len(events), err)
			},
		})
	}

	const followed = 50_000
	require.NoError(b, hand.pool.QueryRow(s.ctx, "SELECT last - $1 FROM clientele.event_log", followed).Scan(&last))
	errEnd := errors.New("all have been read")
	s.compare(b, comparison{
		name: "Follow 50,000 events", nameA: library, nameB: handWritten, target: "≤ 1.3", minRounds: 5,
		a: func(int) error {
			n := 0
			err := impl.clients.Follow(s.ctx, cursor(), nil, func(_ context.Context, batch []accounts.Event, _ accounts.Cursor) error {
				if n += len(batch); n == followed {
					return errEnd
				}
				return nil
			})
			if errors.Is(err, errEnd) {
				return nil
			}
			return err
		},
		b: func(int) error {
			n := 0
			err := hand.follow(s.ctx, last, func(batch []accounts.NumberedEvent) error { n += len(batch); return nil })
			return requireCount(followed, n, err)
		},
	})
	s.compare(b, comparison{
		name: "Snapshot", nameA: library, nameB: handWritten, target: "≤ 1.3", minRounds: 3,
		a: func(int) error {
			_, err := impl.clients.Snapshot(s.ctx, func(accounts.Batch) error { return nil })
			return err
		},
		b: func(int) error {
			_, err := hand.snapshot(s.ctx, func(accounts.Account) {}, func(subscriptions.Subscription) {}, func(subscriptions.Domain) {})
			return err
		},
	})
	longAgo := time.Date(2001, time.January, 1, 0, 0, 0, 0, time.UTC)
	s.compare(b, comparison{
		name: "PruneEvents of 10,000", nameA: library, nameB: handWritten, target: "≤ 1.3", minRounds: 5,
		prepare: func(int) error {
			_, err := hand.pool.Exec(s.ctx, `
INSERT INTO clientele.events (at, type, actor, account_id, domain)
SELECT '2000-01-01', 'account.updated', 'anna', n, '' FROM generate_series(1, 10000) AS n`)
			if err == nil {
				err = hand.number(s.ctx)
			}
			return err
		},
		a: func(int) error {
			n, err := impl.clients.PruneEvents(s.ctx, longAgo)
			return requireCount(10_000, n, err)
		},
		b: func(int) error { n, err := hand.prune(s.ctx, longAgo); return requireCount(10_000, n, err) },
	})
}

func requireCount(want, got int, err error) error {
	if err == nil && got != want {
		return fmt.Errorf("%d instead of %d", got, want)
	}
	return err
}
