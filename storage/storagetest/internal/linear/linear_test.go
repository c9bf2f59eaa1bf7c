package linear

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// Each of these stores breaks one promise, and the check of each object must find that within 100 histories.
func TestBrokenStoresAreNotLinearizable(t *testing.T) {
	for _, broken := range []struct {
		name string
		open func() accounts.Store
	}{
		{"reads may be stale", func() accounts.Store { return &staleStore{Store: memory.New()} }},
		{"commands decide on rows that they read in another transaction", func() accounts.Store { return &splitStore{memory.New()} }},
		{"commands that fail with ErrUnavailable take effect", func() accounts.Store { return &lossyStore{Store: memory.New(), lies: true} }},
	} {
		for _, object := range linearObjects() {
			t.Run(broken.name+"/"+object.name, func(t *testing.T) {
				require.True(t, isFound(suite.Bounded(t, time.Minute), object, broken.open), "no history shows that the store is broken")
			})
		}
	}
}

// isFound reports whether one of 100 histories shows that a store is broken.
func isFound(ctx context.Context, object linearObject, open func() accounts.Store) bool {
	for range 100 {
		if err := object.check(ctx, open()); err != nil {
			return true
		}
	}
	return false
}

// A command that fails with ErrUnavailable has no effect, and one that fails with ErrCommitUnknown may have one.
func TestLostResultsAreLinearizable(t *testing.T) {
	for _, object := range linearObjects() {
		t.Run(object.name, func(t *testing.T) {
			for range 10 {
				require.NoError(t, object.check(suite.Bounded(t, time.Minute), &lossyStore{Store: memory.New()}))
			}
		})
	}
}

// staleStore returns the previous result of some look-ups.
type staleStore struct {
	accounts.Store
	reads sync.Map
	mu    sync.Mutex
	count int
}

// stale reports whether the next read returns the previous result.
func (s *staleStore) stale() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	return s.count%3 == 0
}

type read[T any] struct {
	value T
	err   error
}

func cachedRead[T any](s *staleStore, key any, fresh func() (T, error)) (T, error) {
	if last, found := s.reads.Load(key); found && s.stale() {
		return last.(read[T]).value, last.(read[T]).err
	}
	value, err := fresh()
	s.reads.Store(key, read[T]{value, err})
	return value, err
}

func (s *staleStore) Account(ctx context.Context, k accounts.AccountKey) (accounts.Record, error) {
	return cachedRead(s, k, func() (accounts.Record, error) { return s.Store.Account(ctx, k) })
}

func (s *staleStore) Site(ctx context.Context, name, fallback string) (subscriptions.Site, error) {
	return cachedRead(s, name+" "+fallback, func() (subscriptions.Site, error) { return s.Store.Site(ctx, name, fallback) })
}

func (s *staleStore) Subscription(ctx context.Context, k subscriptions.SubscriptionKey) (subscriptions.Subscription, error) {
	return cachedRead(s, k, func() (subscriptions.Subscription, error) { return s.Store.Subscription(ctx, k) })
}

func (s *staleStore) Entry(ctx context.Context, k accounts.EntryKey) (accounts.Entry, error) {
	return cachedRead(s, k, func() (accounts.Entry, error) { return s.Store.Entry(ctx, k) })
}

// splitStore lets commands decide on rows that they read in an earlier transaction than the one in which they write. Its transactions are none: each
// command is committed alone.
type splitStore struct{ accounts.Store }

func (s *splitStore) Transaction(ctx context.Context, fn func(context.Context, accounts.Store) error) error {
	return fn(ctx, s)
}

var errRead = errors.New("rows have been read")

func (s *splitStore) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	seen := &splitTx{}
	err := s.Store.Update(ctx, func(tx accounts.Tx) error {
		seen.Tx = tx
		return fn(seen)
	})
	if !errors.Is(err, errRead) {
		return err
	}
	runtime.Gosched()
	return s.Store.Update(ctx, func(tx accounts.Tx) error {
		return fn(&splitTx{
			Tx: tx, second: true, locked: seen.locked, records: seen.records, owners: seen.owners, entries: seen.entries, claimed: seen.claimed,
		})
	})
}

// splitTx records what it reads in the first transaction and returns that in the second one, except for new ids.
type splitTx struct {
	accounts.Tx
	second  bool
	locked  subscriptions.LockedRows
	records []accounts.Record
	owners  []subscriptions.Owner
	entries accounts.LockedEntries
	claimed accounts.Claimed
}

func (t *splitTx) Lock(r subscriptions.LockSet) (subscriptions.LockedRows, error) {
	now, err := t.Tx.Lock(r)
	if t.second {
		return t.locked, err
	}
	t.locked = now
	return now, err
}

func (t *splitTx) LockAccounts(ids []accounts.ID) ([]accounts.Record, error) {
	now, err := t.Tx.LockAccounts(ids)
	if t.second {
		return t.records, err
	}
	t.records = now
	return now, err
}

func (t *splitTx) LockHolds(ids []accounts.ID) ([]subscriptions.Owner, error) {
	now, err := t.Tx.LockHolds(ids)
	if t.second {
		return t.owners, err
	}
	t.owners = now
	return now, err
}

func (t *splitTx) LockEntries(l accounts.EntryLockSet) (accounts.LockedEntries, error) {
	now, err := t.Tx.LockEntries(l)
	if t.second {
		now.Entries = t.entries.Entries
		return now, err
	}
	t.entries = now
	return now, err
}

func (t *splitTx) Claim(c accounts.Claim) (accounts.Claimed, error) {
	now, err := t.Tx.Claim(c)
	if t.second {
		now.Logins, now.Names, now.Conflicting = t.claimed.Logins, t.claimed.Names, t.claimed.Conflicting
		return now, err
	}
	t.claimed = now
	return now, err
}

// Save writes in the second transaction only. The writes may be invalid at that time, and a store that relies on their
// being valid may panic. Then the command changes nothing.
func (t *splitTx) Save(w accounts.Writes) (err error) {
	if !t.second {
		return errRead
	}
	defer func() {
		if recover() != nil {
			err = accounts.ErrUnavailable
		}
	}()
	return t.Tx.Save(w)
}

// lossyStore loses results: some commands fail with ErrUnavailable and have no effect, and a few fail with
// ErrCommitUnknown, with or without effect. If lies is set, commands that fail with ErrUnavailable take effect.
type lossyStore struct {
	accounts.Store
	lies  bool
	mu    sync.Mutex
	count int
}

// next returns the number of a command. It is not positive for the first few, which set an object up.
func (s *lossyStore) next() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	return s.count - 6
}

func (s *lossyStore) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.lose(func() error { return s.Store.Update(ctx, fn) })
}

func (s *lossyStore) Transaction(ctx context.Context, fn func(context.Context, accounts.Store) error) error {
	return s.lose(func() error { return s.Store.Transaction(ctx, fn) })
}

func (s *lossyStore) lose(run func() error) error {
	n := s.next()
	lost := n > 0 && n%7 == 0
	switch {
	case n == 10 || n == 20:
		return accounts.ErrCommitUnknown
	case lost && !s.lies:
		return accounts.ErrUnavailable
	}
	err := run()
	switch {
	case err == nil && lost:
		return accounts.ErrUnavailable
	case err == nil && (n == 15 || n == 25):
		return accounts.ErrCommitUnknown
	}
	return err
}
