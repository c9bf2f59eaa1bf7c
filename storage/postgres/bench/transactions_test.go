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
	"github.com/clientele-go/clientele/internal/input"
)

// benchTransactions measures transactions, entries and the creation of many accounts.
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

	const many = 1000
	in := make([]accounts.New, many)
	draw := func() []accounts.New {
		for i := range in {
			in[i] = customer(s.nextNumber())
			in[i].PasswordHash, in[i].Password = "$plain$"+in[i].Password, ""
		}
		return in
	}
	s.compare(b, comparison{
		name: "CreateMany of 1,000", nameA: library, nameB: "COPY", target: "≤ 4", minRounds: 11,
		a: func(int) error { _, err := impl.clients.CreateMany(s.ctx, draw()); return err },
		b: func(int) error { return impl.handwritten.copyMany(s.ctx, actor, draw()) },
	})
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
SELECT 'sessions', format('account/%s/%s', g, md5(g::text)), decode(repeat(md5(g::text), 4), 'hex'), nextval('clientele.entry_versions'), now() + interval '1 day', g
FROM generate_series(1, least((SELECT max(id) FROM clientele.accounts), 100000)) AS g
ON CONFLICT DO NOTHING`)
	require.NoError(b, err)
	var keys []string
	require.NoError(b, s.db.NewRaw("SELECT key FROM clientele.entries ORDER BY md5(key) LIMIT 1000").Scan(s.ctx, &keys))
	for _, mode := range []struct {
		name string
		impl implementations
	}{{"", s.impl}, {" without preparing", s.unprepared}} {
		bucket, hand := mode.impl.clients.Bucket("sessions"), mode.impl.handwritten
		s.compare(b, comparison{
			name: "Bucket.Get" + mode.name, nameA: library, nameB: handWritten, target: "≤ 1.3",
			a: func(n int) error { _, err := bucket.Get(s.ctx, keys[n%len(keys)]); return err },
			b: func(n int) error { _, err := hand.entry(s.ctx, "sessions", keys[n%len(keys)]); return err },
		})
	}
	bucket := s.impl.clients.Bucket("sessions")
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

// copyMany copies the rows of new accounts into the tables, without any checks.
func (h handwritten) copyMany(ctx context.Context, actor string, in []accounts.New) error {
	return pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
		ids := make([][3]int64, len(in))
		rows, err := tx.Query(ctx, `SELECT nextval('clientele.account_ids'), nextval('clientele.subscription_ids'), nextval('clientele.domain_ids')
			FROM generate_series(1, $1::integer)`, len(in))
		if err != nil {
			return err
		}
		for i := 0; rows.Next(); i++ {
			if err := rows.Scan(&ids[i][0], &ids[i][1], &ids[i][2]); err != nil {
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		at := h.at()
		var all, subs, domains, events [][]any
		for i, a := range in {
			id, sub, domain, name := ids[i][0], ids[i][1], ids[i][2], a.Subscription.Domains[0]
			as := accounts.Account{Login: a.Login, Contact: a.Contact, ExternalID: a.ExternalID}
			all = append(all, []any{
				id, a.Login, a.PasswordHash, a.Contact.Name, a.Contact.Company, a.Contact.Email, a.Contact.Phone, "", "", "", "", a.Contact.Country,
				"", "", a.ExternalID, "", nil, int64(1), int64(1), at, at, as.SortName(), as.SearchText(),
			})
			subs = append(subs, []any{id, sub, name, a.Subscription.Plan, "", domain, int64(1), at, at, input.SearchText(name, "")})
			domains = append(domains, []any{domain, sub, name, reversed(name), at, input.SearchText(name)})
			events = append(events,
				[]any{at, "account.created", actor, id, nil, nil, "", map[string]string{"externalID": a.ExternalID}, map[string]string{"login": a.Login}},
				[]any{at, "subscription.created", actor, id, sub, nil, "", nil, nil},
				[]any{at, "domain.added", actor, id, sub, domain, name, nil, nil})
		}
		for _, table := range []struct {
			name    string
			columns []string
			rows    [][]any
		}{
			{"accounts", []string{
				"id", "login", "password_hash", "name", "company", "email", "phone", "address", "city", "state", "postal_code", "country",
				"additional_info", "description", "external_id", "locale", "attributes", "session_epoch", "version", "created_at", "updated_at", "sort_name", "search",
			}, all},
			{"subscriptions", []string{"account_id", "id", "name", "plan", "description", "main_domain_id", "version", "created_at", "updated_at", "search"}, subs},
			{"domains", []string{"id", "subscription_id", "name", "reversed", "created_at", "search"}, domains},
			{"events", []string{"at", "type", "actor", "account_id", "subscription_id", "domain_id", "domain", "details", "texts"}, events},
		} {
			if _, err := tx.CopyFrom(ctx, pgx.Identifier{"clientele", table.name}, table.columns, pgx.CopyFromRows(table.rows)); err != nil {
				return err
			}
		}
		return nil
	})
}
