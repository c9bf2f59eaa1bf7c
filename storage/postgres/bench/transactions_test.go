package bench

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/clientele-go/clientele/accounts"
)

// benchTransactions measures transactions and entries.
func (s *suite) benchTransactions(b *testing.B) {
	hold := accounts.Hold{Cause: accounts.CauseProvider, Note: "Reminder 3", Message: "Please pay your last invoice."}
	suspend := func(m *accounts.Manager, n int) error {
		_, err := m.Suspend(s.ctx, []accounts.ID{s.pick(n)}, hold)
		return err
	}
	impl := s.impl
	s.compare(b, comparison{
		name: "Transaction with one command", nameA: "in a Transaction", nameB: "alone", target: "≤ 1.1", minRounds: 200, reset: s.reset,
		a: func(n int) error {
			return impl.clients.Transaction(s.ctx, func(_ context.Context, tx *accounts.Manager) error { return suspend(tx, n) })
		},
		b: func(n int) error { return suspend(impl.clients, n) },
	})
	s.compare(b, comparison{
		name: "80 crossing transactions, 8 at a time", nameA: library, nameB: "–", target: "≤ 1 s", minRounds: 3,
		a: func(int) error { return s.cross(80, 8) },
	})
	s.benchEntries(b)
}

// cross runs n transactions that suspend the same two accounts, half of them in the opposite order.
func (s *suite) cross(n, concurrently int) error {
	var done atomic.Int64
	var group errgroup.Group
	for range concurrently {
		group.Go(func() error {
			for {
				i := int(done.Add(1))
				if i > n {
					return nil
				}
				err := s.impl.clients.Transaction(s.ctx, func(ctx context.Context, tx *accounts.Manager) error {
					for k := range 2 {
						hold := accounts.Hold{Cause: accounts.Cause(fmt.Sprintf("crossing-%d", i%50))}
						if _, err := tx.Suspend(ctx, []accounts.ID{accounts.ID((i+k)%2 + 1)}, hold); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

// benchEntries measures a look-up and a write of a session among 100,000.
func (s *suite) benchEntries(b *testing.B) {
	_, err := s.db.ExecContext(s.ctx, `
INSERT INTO clientele.entries (bucket, key, value, version, expires_at, account_id)
SELECT 'sessions', format('account/%s/%s', id, md5(id::text)), decode(repeat(md5(id::text), 4), 'hex'), nextval('clientele.entry_versions'), now() + interval '1 day', id
FROM (SELECT id FROM clientele.accounts ORDER BY id LIMIT 100000) AS a
ON CONFLICT DO NOTHING`)
	require.NoError(b, err)
	var keys []string
	require.NoError(b, s.db.NewRaw("SELECT key FROM clientele.entries ORDER BY md5(key) LIMIT 1000").Scan(s.ctx, &keys))
	bucket, hand := s.impl.clients.Bucket("sessions"), s.impl.handwritten
	s.compare(b, comparison{
		name: "Bucket.Get", nameA: library, nameB: handWritten, target: "≤ 1.3",
		a: func(n int) error { _, err := bucket.Get(s.ctx, keys[n%len(keys)]); return err },
		b: func(n int) error { _, err := hand.entry(s.ctx, "sessions", keys[n%len(keys)]); return err },
	})
	s.compare(b, comparison{
		name: "Bucket.Put", nameA: library, nameB: "–", target: "–", minRounds: 200,
		a: func(n int) error {
			_, err := bucket.Put(s.ctx, accounts.Entry{Key: keys[n%len(keys)], Value: []byte("value")}, accounts.Any)
			return err
		},
	})
}

func (h handwritten) entry(ctx context.Context, bucket, key string) (accounts.Entry, error) {
	var e accounts.Entry
	var expires *time.Time
	err := h.pool.QueryRow(ctx, `SELECT key, value, version, expires_at FROM clientele.entries WHERE bucket = $1 AND key = $2`, bucket, key).
		Scan(&e.Key, &e.Value, &e.Version, &expires)
	if err == nil && expires != nil {
		if e.ExpiresAt = expires.UTC(); !h.at().Before(e.ExpiresAt) {
			return accounts.Entry{}, errMissing
		}
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return e, errMissing
	}
	return e, err
}
