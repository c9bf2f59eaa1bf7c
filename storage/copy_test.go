package storage_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/storage/sqlite"
	"github.com/clientele-go/clientele/subscriptions"
)

// kind is a kind of store.
type kind struct {
	name string
	open func(t testing.TB) accounts.Store // a new and empty one
}

// kinds returns all kinds of stores; those with a database have a number of connections.
func kinds(t testing.TB, connections int) []kind {
	server := pgtest.Shared(t)
	return []kind{
		{"memory", func(testing.TB) accounts.Store { return memory.New() }},
		{"sqlite", func(t testing.TB) accounts.Store { return openSQLite(t, connections) }},
		{"postgres", func(t testing.TB) accounts.Store { return openPostgres(t, server.Database(t), connections) }},
	}
}

func openSQLite(t testing.TB, connections int) accounts.Store {
	t.Helper()
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "clientele.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	pool.SetMaxOpenConns(connections)
	db := bun.NewDB(pool, sqlitedialect.New())
	require.NoError(t, sqlite.Migrate(t.Context(), db, nil))
	store, err := sqlite.New(t.Context(), db, nil)
	require.NoError(t, err)
	return store
}

func openPostgres(t testing.TB, dsn string, connections int) accounts.Store {
	t.Helper()
	db := pgtest.Open(t, dsn, connections)
	require.NoError(t, postgres.Migrate(t.Context(), db, nil))
	store, err := postgres.New(t.Context(), db, nil)
	require.NoError(t, err)
	return store
}

const hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b4dWRWJTmaaJObGdescudvJCsg"

// fill fills a store with some of everything: holds on all levels, a removed account, a pruned event, entries, ids that no row
// has.
func fill(t testing.TB, store accounts.Store) {
	t.Helper()
	ctx := accounts.WithActor(t.Context(), "Ännä")
	now := time.Date(2026, time.March, 1, 12, 0, 0, 123456789, time.UTC)
	m := accounts.NewManager(store, &accounts.Options{Now: func() time.Time { return now }})
	require.NoError(t, fillWith(ctx, m))
	pruned, err := m.PruneEvents(ctx, now.Add(time.Second))
	require.NoError(t, err)
	require.Positive(t, pruned)
	now = now.Add(time.Hour)
	_, err = m.Lift(ctx, []accounts.ID{3}, []accounts.Cause{accounts.CauseBilling})
	require.NoError(t, err)
	_, err = m.Suspend(ctx, []accounts.ID{2, 3}, accounts.Hold{Cause: accounts.CauseAbuse, Note: "nota", Message: "sp\"am", Public: "\\chiuso"})
	require.NoError(t, err)
	gone, err := m.Create(ctx, newAccount(999))
	require.NoError(t, err)
	_, err = m.Remove(ctx, []accounts.ID{gone.ID})
	require.NoError(t, err)
	_, err = m.Subscriptions().ExpireAll(ctx)
	require.NoError(t, err)
}

func fillWith(ctx context.Context, m *accounts.Manager) error {
	all := make([]accounts.New, 600)
	for i := range all {
		all[i] = newAccount(i)
	}
	all[0].Attributes = map[string]string{"vat": `IT"\`, "label": "ü"}
	all[0].Subscription.Attributes = map[string]string{"disk": "10"}
	all[1].Subscription = nil
	all[2].Subscription.ExpiresAt = time.Date(2026, time.March, 1, 12, 30, 0, 0, time.UTC)
	created, err := m.CreateMany(ctx, all)
	if err != nil {
		return err
	}
	if _, err := m.Suspend(ctx, []accounts.ID{created[2].ID}, accounts.Hold{Cause: accounts.CauseBilling, Message: "unpaid"}); err != nil {
		return err
	}
	subs := m.Subscriptions()
	if _, err := subs.Create(ctx, subscriptions.New{Name: "the provider's own", Domains: []string{"own.example"}}); err != nil {
		return err
	}
	if _, err := subs.Suspend(ctx, []subscriptions.ID{1}, accounts.Hold{Public: "closed"}); err != nil {
		return err
	}
	if _, err := subs.SuspendDomains(ctx, []subscriptions.DomainID{1, 2, 3}, accounts.Hold{Cause: "check"}); err != nil {
		return err
	}
	if _, err := subs.UpdateDomain(ctx, 3, subscriptions.DomainChanges{Attributes: map[string]string{"php": "8.4"}}); err != nil {
		return err
	}
	for i := range 130 {
		e := accounts.Entry{Key: fmt.Sprintf("account/%d/%d", 1+i%3, i), Value: []byte{byte(i), 0, 0xff}}
		if i%2 == 0 {
			e.ExpiresAt = time.Date(2026, time.April, 1, 0, 0, 0, 0, time.UTC)
		}
		if _, err := m.Bucket([]string{"a", "b"}[i%2]).Put(ctx, e, accounts.Any); err != nil {
			return err
		}
	}
	return m.Bucket("a").Delete(ctx, "account/1/0")
}

func newAccount(i int) accounts.New {
	return accounts.New{
		Login: fmt.Sprintf("customer%d", i), PasswordHash: hash, ExternalID: fmt.Sprintf("crm-%d", i),
		Contact: accounts.Contact{Name: fmt.Sprintf("Customer %d", i), City: "Napoli", Country: "IT"},
		Subscription: &subscriptions.New{Plan: "basic", Domains: []string{
			fmt.Sprintf("site%d.example", i), fmt.Sprintf("www.site%d.example", i),
		}},
	}
}

// contents returns a whole dump of a store as one part. What a dump need not have is left out.
func contents(t testing.TB, store accounts.Store) accounts.DumpPart {
	t.Helper()
	var all accounts.DumpPart
	require.NoError(t, store.Dump(t.Context(), func(p accounts.DumpPart) error {
		if p.Head != nil {
			all.Head = p.Head
		}
		for i := range p.Subscriptions {
			p.Subscriptions[i].Inherited = nil
		}
		for i := range p.Domains {
			d := &p.Domains[i]
			d.AccountID, d.Main, d.Plan, d.Inherited = 0, false, "", nil
		}
		all.Accounts, all.Subscriptions = append(all.Accounts, p.Accounts...), append(all.Subscriptions, p.Subscriptions...)
		all.Domains, all.Entries = append(all.Domains, p.Domains...), append(all.Entries, p.Entries...)
		all.Events = append(all.Events, p.Events...)
		return nil
	}))
	return all
}

func requireEmpty(t testing.TB, store accounts.Store) {
	t.Helper()
	all := contents(t, store)
	require.Zero(t, all.Head.Rows)
	require.Zero(t, all.Head.Event)
}

// What is in a store is the same in its copy of every kind, and in the copy of that copy. A connection for each is enough.
func TestCopyBetweenAllKindsOfStores(t *testing.T) {
	all := kinds(t, 1)
	for _, from := range all {
		source := from.open(t)
		fill(t, source)
		want := contents(t, source)
		for _, to := range all {
			t.Run(from.name+" to "+to.name, func(t *testing.T) {
				target, back := to.open(t), from.open(t)
				require.NoError(t, storage.Copy(t.Context(), source, target, nil))
				require.Equal(t, want, contents(t, target))
				require.NoError(t, storage.Copy(t.Context(), target, back, nil))
				require.Equal(t, want, contents(t, back))
			})
		}
	}
}

// A copy that goes through all kinds of stores ends as it began.
func TestCopyInACircle(t *testing.T) {
	first := memory.New()
	fill(t, first)
	want := contents(t, first)
	all := kinds(t, 2)
	last := accounts.Store(first)
	for _, next := range append(all[1:], all[0]) {
		store := next.open(t)
		require.NoError(t, storage.Copy(t.Context(), last, store, nil))
		last = store
	}
	require.Equal(t, want, contents(t, last))
}

func TestCopyReportsItsProgress(t *testing.T) {
	from := memory.New()
	fill(t, from)
	rows := contents(t, from).Head.Rows
	var calls []int
	require.NoError(t, storage.Copy(t.Context(), from, memory.New(), func(done, all int) {
		require.Equal(t, rows, all)
		calls = append(calls, done)
	}))
	require.Zero(t, calls[0])
	require.Equal(t, rows, calls[len(calls)-1])
	require.IsIncreasing(t, calls)
}

func TestCopyOnlyToAnotherStoreThatIsEmpty(t *testing.T) {
	for _, k := range kinds(t, 1) {
		t.Run(k.name, func(t *testing.T) {
			from, to := k.open(t), k.open(t)
			requireInvalid(t, storage.Copy(t.Context(), from, from, nil), "clientele: invalid input: store: The target store must be another one")
			_, err := accounts.NewManager(from, nil).Create(t.Context(), newAccount(1))
			require.NoError(t, err)
			require.NoError(t, storage.Copy(t.Context(), from, to, nil))
			before := contents(t, to)
			requireInvalid(t, storage.Copy(t.Context(), from, to, func(int, int) { t.Error("something was copied") }),
				"clientele: invalid input: store: The target store must be empty")
			require.Equal(t, before, contents(t, to))
		})
	}
}

func requireInvalid(t *testing.T, err error, message string) {
	t.Helper()
	var invalid *accounts.InvalidError
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, "store", invalid.Fields[0].Path)
	require.EqualError(t, err, message)
}

// A copy whose context ends in the middle leaves the target empty, so that it can be repeated.
func TestCopyThatIsCancelledLeavesTheTargetEmpty(t *testing.T) {
	from := memory.New()
	fill(t, from)
	for _, k := range kinds(t, 1) {
		t.Run(k.name, func(t *testing.T) {
			to := k.open(t)
			for _, portion := range []int{0, 2, 1} { // at the beginning, in the middle, at the end
				ctx, cancel := context.WithCancel(t.Context())
				err := storage.Copy(ctx, from, to, func(done, all int) {
					if done*portion >= all || portion == 0 {
						cancel()
					}
				})
				cancel()
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, accounts.ErrUnavailable)
				requireEmpty(t, to)
			}
			require.NoError(t, storage.Copy(t.Context(), from, to, nil))
			require.Equal(t, contents(t, from), contents(t, to))
		})
	}
}

// forgetfulStore is a store whose dump ends early, without an error or with one.
type forgetfulStore struct {
	accounts.Store
	err error
}

func (s forgetfulStore) Dump(ctx context.Context, fn func(accounts.DumpPart) error) error {
	end := errors.New("end")
	parts := 0
	err := s.Store.Dump(ctx, func(p accounts.DumpPart) error {
		if parts++; parts > 3 {
			return end
		}
		return fn(p)
	})
	if errors.Is(err, end) {
		return s.err
	}
	return err
}

// A copy of a source that ends early is no copy, and an error says which of the stores has failed.
func TestCopyOfASourceThatFails(t *testing.T) {
	from := memory.New()
	fill(t, from)
	for _, k := range kinds(t, 1) {
		t.Run(k.name, func(t *testing.T) {
			to := k.open(t)
			require.ErrorContains(t, storage.Copy(t.Context(), forgetfulStore{from, nil}, to, nil), "has passed 600 rows of ")
			requireEmpty(t, to)
			broken := fmt.Errorf("%w: the disk is gone", accounts.ErrUnavailable)
			err := storage.Copy(t.Context(), forgetfulStore{from, broken}, to, nil)
			require.ErrorIs(t, err, accounts.ErrUnavailable)
			require.EqualError(t, err, "the store to copy from cannot be read: clientele: unavailable (no changes were made): the disk is gone")
			requireEmpty(t, to)
		})
	}
}

// Commands on the source go on during a copy, and the copy has what was committed at one instant: all that a command has created,
// or nothing of it.
func TestCopyOfASourceInUse(t *testing.T) {
	for _, k := range kinds(t, 4) {
		t.Run(k.name, func(t *testing.T) {
			from, to := k.open(t), memory.New()
			m := accounts.NewManager(from, nil)
			for i := range 20 {
				_, err := m.Create(t.Context(), newAccount(i))
				require.NoError(t, err)
			}
			var running sync.WaitGroup
			begun := make(chan struct{})
			var during int // commands that returned while the copy ran
			require.NoError(t, storage.Copy(t.Context(), from, to, func(done, _ int) {
				if done > 0 {
					return
				}
				running.Go(func() {
					for i := range 10 {
						if _, err := m.Create(t.Context(), newAccount(100+i)); err != nil {
							t.Error(err)
						}
						during++
					}
					close(begun)
				})
				<-begun // no command waits for the copy
			}))
			running.Wait()
			require.Equal(t, 10, during)
			all := contents(t, to)
			require.Len(t, all.Accounts, 20)
			require.Len(t, all.Subscriptions, 20)
			require.Len(t, all.Domains, 40)
			require.Len(t, all.Events, 80)
			require.Equal(t, all.Events[79].Number, all.Head.Event)
			require.Equal(t, all.Rows(), all.Head.Rows)
		})
	}
}

// A server that is killed in the middle of a copy has nothing of it when it has started again.
func TestCopyToAServerThatIsKilled(t *testing.T) {
	server := pgtest.Start(t, "")
	to := openPostgres(t, server.Database(t), 2)
	from := memory.New()
	fill(t, from)
	err := storage.Copy(t.Context(), from, to, func(done, all int) {
		if done > all/2 && done < all {
			server.Kill(t)
		}
	})
	require.ErrorIs(t, err, accounts.ErrUnavailable)
	server.Start(t)
	require.Eventually(t, func() bool {
		return to.Dump(t.Context(), func(accounts.DumpPart) error { return nil }) == nil
	}, 30*time.Second, 50*time.Millisecond)
	requireEmpty(t, to)
	require.NoError(t, storage.Copy(t.Context(), from, to, nil))
	require.Equal(t, contents(t, from), contents(t, to))
}
