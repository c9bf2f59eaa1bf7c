package memory_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/subscriptions"
)

// plainHasher is a PasswordHasher that takes no time, so that the benchmarks measure the store.
type plainHasher struct{}

func (plainHasher) Hash(_ context.Context, password string) (string, error) {
	return "$plain$" + password, nil
}

func (plainHasher) Verify(_ context.Context, hash, password string) (ok, outdated bool, err error) {
	return hash == "$plain$"+password, false, nil
}

func newManager() *accounts.Manager {
	return accounts.NewManager(memory.New(), &accounts.Options{Hasher: plainHasher{}})
}

// newCustomer returns the input for the n-th account of a benchmark, with one subscription and the given number of domains.
func newCustomer(n, domains int) accounts.New {
	in := accounts.New{
		Login:    fmt.Sprintf("customer%07d", n),
		Password: "correct horse battery",
		Contact: accounts.Contact{
			Name:    fmt.Sprintf("Mario Rossi %d", n*7919%1_000_003),
			Company: fmt.Sprintf("Rossi & Figli %d S.r.l.", n),
			Email:   fmt.Sprintf("customer%07d@example.com", n),
			Country: []string{"IT", "DE", "FR"}[n%3],
		},
		Subscription: &subscriptions.New{Plan: "basic"},
	}
	for i := range domains {
		in.Subscription.Domains = append(in.Subscription.Domains, domainName(n, i))
	}
	return in
}

func domainName(n, i int) string { return fmt.Sprintf("site%d-customer%07d.com", i, n) }

// newFilledManager returns a manager of a store with customers, each with one subscription and the given number of domains.
func newFilledManager(b *testing.B, customers, domains int) *accounts.Manager {
	b.Helper()
	m := newManager()
	for n := range customers {
		_, err := m.Create(b.Context(), newCustomer(n, domains))
		require.NoError(b, err)
	}
	return m
}

// BenchmarkLookUps looks up single rows among 100,000 accounts with a subscription and two domains each.
func BenchmarkLookUps(b *testing.B) {
	const customers = 100_000
	m, ctx := newFilledManager(b, customers, 2), b.Context()
	logins, names := make([]string, customers), make([]string, customers)
	for n := range customers {
		logins[n], names[n] = newCustomer(n, 0).Login, domainName(n, 1)
	}
	spread := func(n int) int { return n * 7919 % customers }
	for _, c := range []struct {
		name string
		read func(n int) error
	}{
		{"Resolve", func(n int) error { _, err := m.Subscriptions().Resolve(ctx, names[spread(n)]); return err }},
		{"Get", func(n int) error { _, err := m.Get(ctx, accounts.ID(spread(n)+1)); return err }},
		{"GetByLogin", func(n int) error { _, err := m.GetByLogin(ctx, logins[spread(n)]); return err }},
		{"CheckSession", func(n int) error { _, err := m.CheckSession(ctx, accounts.ID(spread(n)+1), 1); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if err := c.read(n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCreate adds accounts with a subscription and two domains each to a store with 100,000 such accounts.
func BenchmarkCreate(b *testing.B) {
	m, ctx := newFilledManager(b, 100_000, 2), b.Context()
	var inputs []accounts.New
	for n := range 200_000 {
		inputs = append(inputs, newCustomer(100_000+n, 2))
	}
	n := 0
	b.Run("Create", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := m.Create(ctx, inputs[n]); err != nil {
				b.Fatal(err)
			}
			n++
		}
	})
}

// BenchmarkSuspend suspends and activates accounts with 1 and with 10,000 domains.
func BenchmarkSuspend(b *testing.B) {
	for _, domains := range []int{1, 10_000} {
		b.Run(fmt.Sprintf("domains=%d", domains), func(b *testing.B) {
			m, ctx := newFilledManager(b, 1_000, 1), b.Context()
			in := newCustomer(1_000, 1)
			a, err := m.Create(ctx, in)
			require.NoError(b, err)
			subs, err := m.Subscriptions().List(ctx, subscriptions.Query{AccountID: &a.ID})
			require.NoError(b, err)
			for i := 1; i < domains; i++ {
				_, err := m.Subscriptions().AddDomain(ctx, subs.Items[0].ID, domainName(1_000, i))
				require.NoError(b, err)
			}
			ids := []accounts.ID{a.ID}
			b.ResetTimer()
			for b.Loop() {
				_, err := m.Suspend(ctx, ids, accounts.Hold{})
				_, err2 := m.Activate(ctx, ids)
				if err != nil || err2 != nil {
					b.Fatal(err, err2)
				}
			}
		})
	}
}

// BenchmarkSuspendMany suspends 10,000 of 100,000 accounts in one command.
func BenchmarkSuspendMany(b *testing.B) {
	m, ctx := newFilledManager(b, 100_000, 2), b.Context()
	var ids []accounts.ID
	for n := range 10_000 {
		ids = append(ids, accounts.ID(n*10+1))
	}
	b.Run("Suspend", func(b *testing.B) {
		for b.Loop() {
			_, err := m.Suspend(ctx, ids, accounts.Hold{Cause: accounts.CauseBilling, Message: "Please pay."})
			require.NoError(b, err)
			b.StopTimer()
			_, err = m.Activate(ctx, ids)
			require.NoError(b, err)
			b.StartTimer()
		}
	})
}

// BenchmarkAddDomain adds and removes a domain of which 100,000 domains of the same account are descendants.
func BenchmarkAddDomain(b *testing.B) {
	m, ctx := newManager(), b.Context()
	in := newCustomer(0, 1)
	in.Subscription = nil
	a, err := m.Create(ctx, in)
	require.NoError(b, err)
	var last subscriptions.ID
	for n := range 100 {
		in := subscriptions.New{AccountID: a.ID}
		for i := range 1_000 {
			in.Domains = append(in.Domains, fmt.Sprintf("site%d-%d.example.com", n, i))
		}
		s, err := m.Subscriptions().Create(ctx, in)
		require.NoError(b, err)
		last = s.ID
	}
	b.Run("100,000 descendants", func(b *testing.B) {
		for b.Loop() {
			d, err := m.Subscriptions().AddDomain(ctx, last, "example.com")
			require.NoError(b, err)
			_, err = m.Subscriptions().RemoveDomains(ctx, []subscriptions.DomainID{d.ID})
			require.NoError(b, err)
		}
	})
}

// BenchmarkPage reads the first and the last page of 50 among 100,000 accounts, in every order.
func BenchmarkPage(b *testing.B) {
	const customers = 100_000
	m, ctx := newFilledManager(b, customers, 2), b.Context()
	for _, sort := range []accounts.Sort{accounts.SortCreated, accounts.SortLogin, accounts.SortName} {
		q := accounts.Query{Sort: sort, Limit: 500}
		for range customers/500 - 1 {
			page, err := m.List(ctx, q)
			require.NoError(b, err)
			q.After = page.Next
		}
		for _, c := range []struct {
			name  string
			after accounts.Cursor
		}{{"start", ""}, {"end", q.After}} {
			b.Run(fmt.Sprintf("%s/%s", sort, c.name), func(b *testing.B) {
				for b.Loop() {
					page, err := m.List(ctx, accounts.Query{Sort: sort, After: c.after})
					if err != nil || len(page.Items) != 50 {
						b.Fatal(err, len(page.Items))
					}
				}
			})
		}
	}
}

// BenchmarkSearch searches 100,000 accounts with two domains each.
func BenchmarkSearch(b *testing.B) {
	m, ctx := newFilledManager(b, 100_000, 2), b.Context()
	_, err := m.Suspend(ctx, []accounts.ID{99_999}, accounts.Hold{})
	require.NoError(b, err)
	for _, sort := range []accounts.Sort{accounts.SortCreated, accounts.SortName} {
		for _, c := range []struct {
			name string
			q    accounts.Query
		}{
			{"nothing", accounts.Query{Search: "no such text"}},
			{"one", accounts.Query{Search: "site1-customer0099998.com"}},
			{"everything", accounts.Query{Search: "rossi"}},
			{"suspended", accounts.Query{Status: accounts.Suspended}},
		} {
			b.Run(fmt.Sprintf("%s/%s", sort, c.name), func(b *testing.B) {
				c.q.Sort = sort
				for b.Loop() {
					if _, err := m.List(ctx, c.q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkReaders measures the latency of Resolve, alone and with a concurrent writer that never pauses.
func BenchmarkReaders(b *testing.B) {
	const customers = 100_000
	m := newFilledManager(b, customers, 2)
	names := make([]string, customers)
	for n := range customers {
		names[n] = domainName(n, 1)
	}
	read := func(b *testing.B) {
		durations := make([]time.Duration, 0, 1<<20)
		for n := 0; b.Loop(); n++ {
			start := time.Now()
			if _, err := m.Subscriptions().Resolve(b.Context(), names[n*7919%customers]); err != nil {
				b.Fatal(err)
			}
			durations = append(durations, time.Since(start))
		}
		slices.Sort(durations)
		b.ReportMetric(float64(durations[len(durations)*99/100]), "p99-ns")
		b.ReportMetric(float64(durations[len(durations)*999/1000]), "p99.9-ns")
	}
	b.Run("alone", read)
	b.Run("with a writer", func(b *testing.B) {
		var done atomic.Bool
		var writer sync.WaitGroup
		writer.Go(func() {
			for n := 0; !done.Load(); n++ {
				ids := []accounts.ID{accounts.ID(n%customers + 1)}
				_, _ = m.Suspend(context.Background(), ids, accounts.Hold{})
				_, _ = m.Activate(context.Background(), ids)
			}
		})
		read(b)
		done.Store(true)
		writer.Wait()
	})
}

// BenchmarkMillion measures the heap and some operations with a million accounts that have a subscription and a domain each.
func BenchmarkMillion(b *testing.B) {
	m := newFilledManager(b, 1_000_000, 1)
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	b.Run("search for nothing, by name", func(b *testing.B) {
		for b.Loop() {
			_, err := m.List(b.Context(), accounts.Query{Search: "no such text", Sort: accounts.SortName})
			require.NoError(b, err)
		}
		b.ReportMetric(float64(stats.HeapAlloc)/1e9, "heap-GB")
	})
	b.Run("search for everything, by name", func(b *testing.B) {
		for b.Loop() {
			_, err := m.List(b.Context(), accounts.Query{Search: ".com", Sort: accounts.SortName})
			require.NoError(b, err)
		}
	})
	b.Run("suspend 10,000", func(b *testing.B) {
		var ids []accounts.ID
		for n := range 10_000 {
			ids = append(ids, accounts.ID(n*100+1))
		}
		for b.Loop() {
			_, err := m.Suspend(b.Context(), ids, accounts.Hold{})
			require.NoError(b, err)
			b.StopTimer()
			_, err = m.Activate(b.Context(), ids)
			require.NoError(b, err)
			b.StartTimer()
		}
	})
}

// BenchmarkTransaction changes an account, alone and in a Transaction, in a store with 100,000 accounts.
func BenchmarkTransaction(b *testing.B) {
	m, ctx := newFilledManager(b, 100_000, 1), b.Context()
	update := func(ctx context.Context, m *accounts.Manager, n int) error {
		description := fmt.Sprint(n)
		_, err := m.Update(ctx, accounts.ID(n*7919%100_000+1), accounts.Changes{Description: &description})
		return err
	}
	for _, c := range []struct {
		name string
		call func(n int) error
	}{
		{"alone", func(n int) error { return update(ctx, m, n) }},
		{"in a Transaction", func(n int) error {
			return m.Transaction(ctx, func(ctx context.Context, tx *accounts.Manager) error { return update(ctx, tx, n) })
		}},
	} {
		n := 0
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.call(n); err != nil {
					b.Fatal(err)
				}
				n++
			}
		})
	}
}

// BenchmarkEntries reads and puts entries among 100,000, and lists accounts beside them.
func BenchmarkEntries(b *testing.B) {
	m, ctx := newFilledManager(b, 1_000, 1), b.Context()
	list := func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := m.List(ctx, accounts.Query{}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("List without entries", list)
	bucket, keys := m.Bucket("sessions"), make([]string, 100_000)
	for n := range keys {
		keys[n] = fmt.Sprintf("account/%d/%d", n%1_000+1, n)
		_, err := bucket.Put(ctx, accounts.Entry{Key: keys[n], Value: []byte("value"), ExpiresAt: time.Now().Add(time.Hour)}, accounts.Absent)
		require.NoError(b, err)
	}
	b.Run("List", list)
	for _, c := range []struct {
		name string
		call func(key string) error
	}{
		{"Get", func(key string) error { _, err := bucket.Get(ctx, key); return err }},
		{"Put", func(key string) error { _, err := bucket.Put(ctx, accounts.Entry{Key: key}, accounts.Any); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if err := c.call(keys[n*7919%len(keys)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCreateMany adds 1,000 accounts with a subscription and a domain each in one command.
func BenchmarkCreateMany(b *testing.B) {
	m, ctx, n := newManager(), b.Context(), 0
	b.ReportAllocs()
	for b.Loop() {
		in := make([]accounts.New, 1_000)
		for i := range in {
			in[i] = newCustomer(n, 1)
			in[i].PasswordHash, in[i].Password = "$plain$"+in[i].Password, ""
			n++
		}
		if _, err := m.CreateMany(ctx, in); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "accounts/s")
}
