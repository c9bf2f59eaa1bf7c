package storage_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// accountsEnv is the variable with the number of accounts of BenchmarkCopy.
const accountsEnv = "CLIENTELE_BENCH_ACCOUNTS"

// serverDefaults undo the settings that make servers of tests fast.
const serverDefaults = `
fsync = on
synchronous_commit = on
full_page_writes = on
autovacuum = on
shared_buffers = 128MB
`

// BenchmarkCopy copies accounts with a subscription, two domains and five events each from a file to a server and back, and compares
// the way to the server with COPY: the server reads the same rows from a file in its own format into the same tables, in one
// transaction. The server has its default settings and pg_trgm.
func BenchmarkCopy(b *testing.B) {
	n := 100_000
	if value := os.Getenv(accountsEnv); value != "" {
		var err error
		n, err = strconv.Atoi(value)
		require.NoError(b, err)
	}
	server := pgtest.Start(b, serverDefaults)
	newDatabase := func() (dsn string, store accounts.Store) {
		dsn = server.Database(b)
		_, err := pgtest.Open(b, dsn, 1).ExecContext(b.Context(), "CREATE EXTENSION pg_trgm")
		require.NoError(b, err)
		return dsn, openPostgres(b, dsn, 2)
	}
	file := openSQLite(b, 2)
	report(b, "into the file", func(progress func(int, int)) error { return storage.Copy(b.Context(), generated{n: n}, file, progress) })
	dsn, target := newDatabase()
	took := report(b, "from the file to the server", func(progress func(int, int)) error {
		return storage.Copy(b.Context(), file, target, progress)
	})
	rawDSN, _ := newDatabase()
	raw := copyTables(b, dsn, rawDSN)
	fmt.Printf("COPY of the same rows: %v, the ratio is %.2f\n", raw.Round(time.Millisecond), took.Seconds()/raw.Seconds())
	report(b, "from the server to another file", func(progress func(int, int)) error {
		return storage.Copy(b.Context(), target, openSQLite(b, 2), progress)
	})
	b.ReportMetric(took.Seconds()/raw.Seconds(), "ratio")
}

// report prints how long a copy takes and how large the heap becomes.
func report(b *testing.B, name string, run func(progress func(done, all int)) error) time.Duration {
	b.Helper()
	runtime.GC()
	var memory runtime.MemStats
	var highest uint64
	rows, calls, begin := 0, 0, time.Now()
	require.NoError(b, run(func(_, all int) {
		rows = all
		if calls++; calls%100 == 0 {
			runtime.ReadMemStats(&memory)
			highest = max(highest, memory.HeapInuse)
		}
	}))
	took := time.Since(begin)
	fmt.Printf("%s: %d rows in %v, %.0f a second, heap of up to %d MB\n",
		name, rows, took.Round(time.Millisecond), float64(rows)/took.Seconds(), highest>>20)
	return took
}

// copyTables copies the tables from one database to another with COPY, in one transaction, through files, and returns how long the
// second half takes.
func copyTables(b *testing.B, from, to string) time.Duration {
	b.Helper()
	ctx := b.Context()
	tables := []string{"accounts", "subscriptions", "domains", "account_holds", "subscription_holds", "domain_holds", "entries", "events"}
	dir := b.TempDir()
	source, err := pgx.Connect(ctx, from)
	require.NoError(b, err)
	defer func() { _ = source.Close(ctx) }()
	for _, table := range tables {
		f, err := os.Create(filepath.Join(dir, table))
		require.NoError(b, err)
		w := bufio.NewWriterSize(f, 1<<20)
		_, err = source.PgConn().CopyTo(ctx, w, "COPY clientele."+table+" TO STDOUT")
		require.NoError(b, err)
		require.NoError(b, w.Flush())
		require.NoError(b, f.Close())
	}
	target, err := pgx.Connect(ctx, to)
	require.NoError(b, err)
	defer func() { _ = target.Close(ctx) }()
	begin := time.Now()
	tx, err := target.Begin(ctx)
	require.NoError(b, err)
	for _, table := range tables {
		f, err := os.Open(filepath.Join(dir, table))
		require.NoError(b, err)
		_, err = target.PgConn().CopyFrom(ctx, io.Reader(f), "COPY clientele."+table+" FROM STDIN")
		require.NoError(b, err)
		require.NoError(b, f.Close())
	}
	require.NoError(b, tx.Commit(ctx))
	return time.Since(begin)
}

// generated is a store with n accounts that are made up while it is read.
type generated struct {
	accounts.Store
	n int
}

// Dump passes accounts with a subscription, two domains and five events each; every tenth is suspended.
func (g generated) Dump(_ context.Context, fn func(accounts.DumpPart) error) error {
	const batch = 500
	at := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	n := int64(g.n)
	head := accounts.DumpHead{
		AccountID: accounts.ID(n), SubscriptionID: subscriptions.ID(n), DomainID: subscriptions.DomainID(2 * n), Event: 5 * n, Rows: 9 * g.n,
	}
	if err := fn(accounts.DumpPart{Head: &head}); err != nil {
		return err
	}
	each := func(count int64, add func(p *accounts.DumpPart, i int64)) error {
		var p accounts.DumpPart
		for i := int64(1); i <= count; i++ {
			add(&p, i)
			if p.Rows() == batch || i == count {
				if err := fn(p); err != nil {
					return err
				}
				p = accounts.DumpPart{}
			}
		}
		return nil
	}
	if err := each(n, func(p *accounts.DumpPart, i int64) {
		var a accounts.Record
		a.ID, a.Login, a.Hash = accounts.ID(i), fmt.Sprintf("customer%d", i), hash
		a.Contact = accounts.Contact{
			Name: fmt.Sprintf("Maria No. %d Rossi", i), Company: fmt.Sprintf("Rossi %d S.r.l.", i), Email: fmt.Sprintf("maria%d@example.com", i),
			Phone: fmt.Sprintf("+39 081 %07d", i), Address: fmt.Sprintf("Via Toledo %d", i%300), City: "Napoli", PostalCode: "80134", Country: "IT",
		}
		a.Version, a.SessionEpoch, a.CreatedAt, a.UpdatedAt = 1, 1, at.Add(time.Duration(i)*time.Second), at.Add(time.Duration(i)*time.Second)
		if i%10 == 0 {
			a.Holds = accounts.Holds{{Cause: accounts.CauseBilling, Message: "Please pay.", By: "biller", At: at}}
		}
		p.Accounts = append(p.Accounts, a)
	}); err != nil {
		return err
	}
	if err := each(n, func(p *accounts.DumpPart, i int64) {
		s := subscriptions.Record{Main: subscriptions.DomainID(2*i - 1)}
		s.ID, s.AccountID, s.Name, s.Plan, s.Version = subscriptions.ID(i), accounts.ID(i), fmt.Sprintf("site%d.example", i), "basic", 1
		s.CreatedAt, s.UpdatedAt = at.Add(time.Duration(i)*time.Second), at.Add(time.Duration(i)*time.Second)
		p.Subscriptions = append(p.Subscriptions, s)
	}); err != nil {
		return err
	}
	if err := each(2*n, func(p *accounts.DumpPart, i int64) {
		name := fmt.Sprintf("site%d.example", (i+1)/2)
		if i%2 == 0 {
			name = "shop." + name
		}
		p.Domains = append(p.Domains, subscriptions.Domain{
			ID: subscriptions.DomainID(i), SubscriptionID: subscriptions.ID((i + 1) / 2), Name: name, CreatedAt: at.Add(time.Duration(i) * time.Second),
		})
	}); err != nil {
		return err
	}
	return each(5*n, func(p *accounts.DumpPart, i int64) {
		id := (i + 4) / 5
		e := accounts.Event{At: at.Add(time.Duration(i) * time.Second), Actor: "anna", AccountID: accounts.ID(id)}
		switch i % 5 {
		case 1:
			e.Type, e.Details = accounts.AccountCreated, map[string]string{"login": fmt.Sprintf("customer%d", id)}
		case 2:
			e.Type, e.SubscriptionID = subscriptions.SubscriptionCreated, subscriptions.ID(id)
		case 3, 4:
			e.Type, e.SubscriptionID = subscriptions.DomainAdded, subscriptions.ID(id)
			e.DomainID, e.Domain = subscriptions.DomainID(2*id-4+i%5), fmt.Sprintf("site%d.example", id)
		default:
			e.Type = accounts.AccountSuspended
			e.Details = map[string]string{"cause": "billing", "message": "Please pay."}
		}
		p.Events = append(p.Events, accounts.NumberedEvent{Number: i, Event: e})
	})
}
