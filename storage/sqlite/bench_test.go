package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/sqlite"
	"github.com/clientele-go/clientele/subscriptions"
)

// benchAccounts is the number of accounts of the benchmarks, each with a subscription and two domains.
const benchAccounts = 100_000

// BenchmarkStore compares the store with statements that a person would write for the same, prepared and through the same
// driver. In every round one runs after the other; "ratio" is the one of their medians, and "ns/op" means nothing.
//
//	go test -run '^$' -bench Store -benchtime 300x ./storage/sqlite
func BenchmarkStore(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "clientele.db"), 4)
	require.NoError(b, sqlite.Migrate(b.Context(), db, nil))
	store := newStore(b, db)
	w := &bench{ctx: b.Context(), db: db, store: store, clients: accounts.NewManager(store, nil)}
	w.subs = w.clients.Subscriptions()
	w.fill(b)
	b.Run("reads", w.reads)
	b.Run("lists", w.lists)
	b.Run("commands", w.commands)
	b.Run("a reader beside a writer", w.besideWriter)
}

// bench is the data of the benchmarks.
type bench struct {
	ctx     context.Context
	db      *bun.DB
	store   *sqlite.Store
	clients *accounts.Manager
	subs    *subscriptions.Manager
	created int
	big     accounts.ID // has 10 subscriptions with 1,000 domains each
}

func (w *bench) fill(b *testing.B) {
	begun := time.Now()
	for ; w.created < benchAccounts; w.created += 1000 {
		in := make([]accounts.New, 1000)
		for i := range in {
			in[i] = newAccount(w.created + i)
			if (w.created+i)%100 == 0 {
				in[i].Contact.Company = "Rarissima"
			}
		}
		_, err := w.clients.CreateMany(w.ctx, in)
		require.NoError(b, err)
	}
	big, err := w.clients.Create(w.ctx, withHash(w.created))
	require.NoError(b, err)
	w.big = big.ID
	w.created++
	for i := range 10 {
		names := make([]string, 1000)
		for j := range names {
			names[j] = fmt.Sprintf("d%d-%d.example", i, j)
		}
		_, err := w.subs.Create(w.ctx, subscriptions.New{AccountID: big.ID, Name: "Big", Domains: names})
		require.NoError(b, err)
	}
	_, err = w.db.ExecContext(w.ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	require.NoError(b, err)
	size := 0
	require.NoError(b, w.db.QueryRowContext(w.ctx, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&size))
	b.Logf("%d accounts created in %v, %d MB", benchAccounts, time.Since(begun), size>>20)
}

// compare reports the ratio of the medians of two functions.
func compare(b *testing.B, library, byHand func(i int)) {
	b.Helper()
	for i := range 20 { // prepares the statements on each connection, and fills the caches
		library(i)
		byHand(i)
	}
	var ours, theirs []time.Duration
	for i := range b.N {
		begun := time.Now()
		library(i)
		between := time.Now()
		byHand(i)
		ours, theirs = append(ours, between.Sub(begun)), append(theirs, time.Since(between))
	}
	report(b, ours, theirs)
}

func report(b *testing.B, ours, theirs []time.Duration) {
	b.Helper()
	b.ReportMetric(float64(quantile(ours, 0.5))/float64(quantile(theirs, 0.5)), "ratio")
	b.ReportMetric(float64(quantile(ours, 0.5).Microseconds()), "µs")
}

func quantile(all []time.Duration, q float64) time.Duration {
	all = slices.Sorted(slices.Values(all))
	return all[int(float64(len(all)-1)*q)]
}

// row runs a prepared statement and scans all columns of its rows.
func (w *bench) row(b *testing.B, stmt *sql.Stmt, args ...any) {
	rows, err := stmt.QueryContext(w.ctx, args...)
	require.NoError(b, err)
	columns, err := rows.Columns()
	require.NoError(b, err)
	dest := make([]any, len(columns))
	for i := range dest {
		dest[i] = new(any)
	}
	found := 0
	for rows.Next() {
		require.NoError(b, rows.Scan(dest...))
		found++
	}
	require.NoError(b, rows.Err())
	require.NotZero(b, found)
	require.NoError(b, rows.Close())
}

func (w *bench) prepare(b *testing.B, statement string) *sql.Stmt {
	stmt, err := w.db.DB.PrepareContext(w.ctx, statement)
	require.NoError(b, err)
	b.Cleanup(func() { _ = stmt.Close() })
	return stmt
}

// spread returns one of the accounts; a stride of a prime visits them all.
func spread(i int) int { return i * 7919 % benchAccounts }

// other is the distance to the account that is read by hand: the first to read an account reads it from the disk.
const other = benchAccounts / 2

const byHandAccount = `
SELECT a.*, h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at
FROM clientele_accounts AS a LEFT JOIN clientele_holds AS h ON h.level = 0 AND h.row_id = a.id WHERE `

func (w *bench) reads(b *testing.B) {
	b.Run("Get", func(b *testing.B) {
		stmt := w.prepare(b, byHandAccount+"a.id = ?")
		compare(b, func(i int) {
			_, err := w.clients.Get(w.ctx, accounts.ID(spread(i)+1))
			require.NoError(b, err)
		}, func(i int) { w.row(b, stmt, spread(i+other)+1) })
	})
	b.Run("GetByLogin", func(b *testing.B) {
		stmt := w.prepare(b, byHandAccount+"a.login = ?")
		compare(b, func(i int) {
			_, err := w.clients.GetByLogin(w.ctx, fmt.Sprintf("customer%d", spread(i)))
			require.NoError(b, err)
		}, func(i int) { w.row(b, stmt, fmt.Sprintf("customer%d", spread(i+other))) })
	})
	b.Run("CheckSession", func(b *testing.B) {
		stmt := w.prepare(b, byHandAccount+"a.id = ?")
		a, err := w.clients.Get(w.ctx, 1)
		require.NoError(b, err)
		compare(b, func(i int) {
			_, err := w.clients.CheckSession(w.ctx, accounts.ID(spread(i)+1), a.SessionEpoch)
			require.NoError(b, err)
		}, func(i int) { w.row(b, stmt, spread(i+other)+1) })
	})
	b.Run("Resolve", func(b *testing.B) {
		stmt := w.prepare(b, `
SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at, s.account_id, s.plan, s.main_domain_id,
    h.level, h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at
FROM clientele_domains AS d JOIN clientele_subscriptions AS s ON s.id = d.subscription_id
LEFT JOIN clientele_holds AS h ON (h.level, h.row_id) IN (VALUES (0, s.account_id), (1, s.id), (2, d.id))
WHERE d.name IN (?, ?)`)
		compare(b, func(i int) {
			_, err := w.subs.Resolve(w.ctx, fmt.Sprintf("site%d.example", spread(i)))
			require.NoError(b, err)
		}, func(i int) {
			w.row(b, stmt, fmt.Sprintf("site%d.example", spread(i+other)), fmt.Sprintf("www.site%d.example", spread(i+other)))
		})
	})
}

// exec runs prepared statements in one transaction, with values in place of "?".
func (w *bench) exec(b *testing.B, statements []*sql.Stmt, args [][]any) {
	tx, err := w.db.DB.BeginTx(w.ctx, nil)
	require.NoError(b, err)
	for i, stmt := range statements {
		_, err := tx.StmtContext(w.ctx, stmt).ExecContext(w.ctx, args[i]...)
		require.NoError(b, err)
	}
	require.NoError(b, tx.Commit())
}

func (w *bench) commands(b *testing.B) {
	b.Run("Create", func(b *testing.B) {
		var statements []*sql.Stmt
		for _, statement := range []string{
			`INSERT INTO clientele_accounts SELECT ?, ?, password_hash, name, company, email, phone, address, city, state, postal_code,
				country, additional_info, description, external_id, locale, attributes, session_epoch, version, created_at, updated_at,
				sort_name, search FROM clientele_accounts WHERE id = 1`,
			`INSERT INTO clientele_subscriptions SELECT ?, ?, name, plan, description, external_id, attributes, expires_at, due_at, ?,
				version, created_at, updated_at, search FROM clientele_subscriptions WHERE id = 1`,
			`INSERT INTO clientele_domains SELECT ?, ?, ?, ?, ?, attributes, created_at, search FROM clientele_domains WHERE id = 1`,
			`INSERT INTO clientele_events SELECT ?, at, type, actor, account_id, subscription_id, domain_id, domain, details, texts, subject
				FROM clientele_events WHERE number = 1`,
			`INSERT INTO clientele_events SELECT ?, at, type, actor, account_id, subscription_id, domain_id, domain, details, texts, subject
				FROM clientele_events WHERE number = 2`,
			`INSERT INTO clientele_events SELECT ?, at, type, actor, account_id, subscription_id, domain_id, domain, details, texts, subject
				FROM clientele_events WHERE number = 3`,
		} {
			statements = append(statements, w.prepare(b, statement))
		}
		const far = 1 << 40 // ids of the rows that are written by hand
		var ours, theirs []time.Duration
		for range b.N {
			n := w.created
			w.created++
			in := newAccount(n)
			in.Subscription.Domains = in.Subscription.Domains[:1]
			begun := time.Now()
			_, err := w.clients.Create(w.ctx, in)
			require.NoError(b, err)
			between := time.Now()
			id := far + n
			w.exec(b, statements, [][]any{
				{id, fmt.Sprintf("hand%d", n)},
				{id, id, id},
				{id, id, id, fmt.Sprintf("hand%d.example", n), fmt.Sprintf("example.hand%d", n)},
				{3*id + 1},
				{3*id + 2},
				{3*id + 3},
			})
			ours, theirs = append(ours, between.Sub(begun)), append(theirs, time.Since(between))
		}
		report(b, ours, theirs)
		for _, statement := range []string{
			"DELETE FROM clientele_accounts WHERE id > ?", "DELETE FROM clientele_subscriptions WHERE id > ?",
			"DELETE FROM clientele_domains WHERE id > ?", "DELETE FROM clientele_events WHERE number > ?",
		} {
			_, err := w.db.DB.ExecContext(w.ctx, statement, far)
			require.NoError(b, err)
		}
	})
	b.Run("Suspend with 10,000 domains", func(b *testing.B) {
		suspend := func(id accounts.ID) {
			_, err := w.clients.Suspend(w.ctx, []accounts.ID{id}, accounts.Hold{})
			require.NoError(b, err)
		}
		activate := func(id accounts.ID) {
			_, err := w.clients.Activate(w.ctx, []accounts.ID{id})
			require.NoError(b, err)
		}
		compare(b, func(int) { suspend(w.big); activate(w.big) }, func(int) { suspend(2); activate(2) })
	})
	b.Run("Suspend of 10,000", func(b *testing.B) {
		ids := make([]accounts.ID, 10_000)
		for i := range ids {
			ids[i] = accounts.ID(i + 1)
		}
		var took []time.Duration
		for range min(b.N, 5) {
			begun := time.Now()
			_, err := w.clients.Suspend(w.ctx, ids, accounts.Hold{Cause: "billing", Message: "Please pay."})
			require.NoError(b, err)
			took = append(took, time.Since(begun))
			_, err = w.clients.Activate(w.ctx, ids)
			require.NoError(b, err)
		}
		b.ReportMetric(float64(quantile(took, 0.5).Milliseconds()), "ms")
	})
}

func (w *bench) lists(b *testing.B) {
	for name, q := range map[string]accounts.Query{
		"by creation": {}, "by login": {Sort: accounts.SortLogin}, "by name": {Sort: accounts.SortName}, "of a country": {Country: "IT"},
	} {
		b.Run("a page at the end, "+name, func(b *testing.B) {
			q.Desc = true
			last, err := w.clients.List(w.ctx, q)
			require.NoError(b, err)
			end := q
			end.Desc, end.Limit = false, 0
			first := end
			// A cursor is for one direction: walk from the start to the end with the longest pages.
			for end.Limit = 500; ; {
				p, err := w.clients.List(w.ctx, end)
				require.NoError(b, err)
				if p.Next == "" || len(p.Items) > 0 && slices.ContainsFunc(p.Items, func(s accounts.Summary) bool {
					return s.ID == last.Items[len(last.Items)-1].ID
				}) {
					break
				}
				end.After = p.Next
			}
			end.Limit = 50
			list := func(q accounts.Query) {
				p, err := w.clients.List(w.ctx, q)
				require.NoError(b, err)
				require.Len(b, p.Items, 50)
			}
			compare(b, func(int) { list(end) }, func(int) { list(first) })
		})
	}
	b.Run("a page at the end, of an account's 10,000 domains", func(b *testing.B) {
		first := subscriptions.DomainQuery{AccountID: &w.big, Limit: 50}
		end := first
		for range 199 {
			p, err := w.subs.Domains(w.ctx, end)
			require.NoError(b, err)
			end.After = p.Next
		}
		list := func(q subscriptions.DomainQuery) {
			p, err := w.subs.Domains(w.ctx, q)
			require.NoError(b, err)
			require.Len(b, p.Items, 50)
		}
		compare(b, func(int) { list(end) }, func(int) { list(first) })
	})
	b.Run("a search with 1,000 matches", func(b *testing.B) {
		var took []time.Duration
		for range b.N {
			begun := time.Now()
			p, err := w.clients.List(w.ctx, accounts.Query{Search: "rarissima", Sort: accounts.SortName, Limit: 50})
			took = append(took, time.Since(begun))
			require.NoError(b, err)
			require.Len(b, p.Items, 50)
		}
		b.ReportMetric(float64(quantile(took, 0.5).Microseconds())/1000, "ms")
	})
}

// besideWriter compares a reader beside a writer with one that is alone.
func (w *bench) besideWriter(b *testing.B) {
	read := func() []time.Duration {
		took := make([]time.Duration, 0, 20*b.N)
		for i := range 20 * b.N {
			begun := time.Now()
			_, err := w.subs.Resolve(w.ctx, fmt.Sprintf("site%d.example", spread(i)))
			took = append(took, time.Since(begun))
			require.NoError(b, err)
		}
		return took
	}
	read() // fills the caches
	alone := read()
	ctx, cancel := context.WithCancel(w.ctx)
	var writer sync.WaitGroup
	writer.Go(func() {
		for ctx.Err() == nil {
			_, _ = w.clients.Create(ctx, newAccount(w.created))
			w.created++
		}
	})
	beside := read()
	cancel()
	writer.Wait()
	b.ReportMetric(float64(quantile(beside, 0.5))/float64(quantile(alone, 0.5)), "p50-ratio")
	b.ReportMetric(float64(quantile(beside, 0.99))/float64(quantile(alone, 0.99)), "p99-ratio")
}
