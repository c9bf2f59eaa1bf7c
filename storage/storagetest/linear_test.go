package storagetest

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
	"github.com/clientele-go/clientele/subscriptions"
)

// A check of stores is worth what it finds in broken ones. Each of these breaks one promise, and each object must show
// it within a few histories.
func TestBrokenStoresAreNotLinearizable(t *testing.T) {
	for _, broken := range []struct {
		name string
		open func() accounts.Store
	}{
		{"reads may be stale", func() accounts.Store { return &staleStore{Store: memory.New()} }},
		{"commands decide on what they saw in another transaction", func() accounts.Store { return &looseStore{memory.New()} }},
		{"what is unavailable happens", func() accounts.Store { return &tornStore{Store: memory.New(), lies: true} }},
	} {
		for _, object := range linearObjects() {
			t.Run(broken.name+"/"+object.name, func(t *testing.T) {
				require.True(t, isFound(bounded(t, time.Minute), object, broken.open), "no history shows it")
			})
		}
	}
}

// isFound tells whether one of a number of histories shows that a store is broken.
func isFound(ctx context.Context, object linearObject, open func() accounts.Store) bool {
	for range 100 {
		if err := object.check(ctx, open()); err != nil {
			return true
		}
	}
	return false
}

// Uncertain and unavailable answers are taken for what they say, and for nothing else.
func TestUncertainAnswersAreLinearizable(t *testing.T) {
	for _, object := range linearObjects() {
		t.Run(object.name, func(t *testing.T) {
			for range 10 {
				require.NoError(t, object.check(bounded(t, time.Minute), &tornStore{Store: memory.New()}))
			}
		})
	}
}

// staleStore answers some look-ups with what it answered last time.
type staleStore struct {
	accounts.Store
	reads  sync.Map
	counts sync.Mutex
	count  int
}

// stale tells whether the next read shall be answered from before.
func (s *staleStore) stale() bool {
	s.counts.Lock()
	defer s.counts.Unlock()
	s.count++
	return s.count%3 == 0
}

type read[T any] struct {
	value T
	err   error
}

func remembered[T any](s *staleStore, key any, fresh func() (T, error)) (T, error) {
	if last, found := s.reads.Load(key); found && s.stale() {
		return last.(read[T]).value, last.(read[T]).err
	}
	value, err := fresh()
	s.reads.Store(key, read[T]{value, err})
	return value, err
}

func (s *staleStore) Account(ctx context.Context, k accounts.AccountKey) (accounts.Record, error) {
	return remembered(s, k, func() (accounts.Record, error) { return s.Store.Account(ctx, k) })
}

func (s *staleStore) Site(ctx context.Context, name, otherwise string) (subscriptions.Site, error) {
	return remembered(s, name+" "+otherwise, func() (subscriptions.Site, error) { return s.Store.Site(ctx, name, otherwise) })
}

func (s *staleStore) Subscription(ctx context.Context, k subscriptions.SubscriptionKey) (subscriptions.Subscription, error) {
	return remembered(s, k, func() (subscriptions.Subscription, error) { return s.Store.Subscription(ctx, k) })
}

// looseStore lets commands decide on what they saw in a transaction of its own, before the one in which they write.
type looseStore struct{ accounts.Store }

var errLooked = errors.New("has looked")

func (s *looseStore) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	seen := &looseTx{}
	err := s.Store.Update(ctx, func(tx accounts.Tx) error {
		seen.Tx = tx
		return fn(seen)
	})
	if !errors.Is(err, errLooked) {
		return err
	}
	runtime.Gosched()
	return s.Store.Update(ctx, func(tx accounts.Tx) error {
		return fn(&looseTx{
			Tx: tx, looked: true, locked: seen.locked, records: seen.records, owners: seen.owners, claimed: seen.claimed,
		})
	})
}

// looseTx remembers what it saw when it looked, and answers that afterwards, but for new ids.
type looseTx struct {
	accounts.Tx
	looked  bool
	locked  subscriptions.LockedRows
	records []accounts.Record
	owners  []subscriptions.Owner
	claimed accounts.Claimed
}

func (t *looseTx) Lock(r subscriptions.LockSet) (subscriptions.LockedRows, error) {
	now, err := t.Tx.Lock(r)
	if t.looked {
		return t.locked, err
	}
	t.locked = now
	return now, err
}

func (t *looseTx) LockAccounts(ids []accounts.ID) ([]accounts.Record, error) {
	now, err := t.Tx.LockAccounts(ids)
	if t.looked {
		return t.records, err
	}
	t.records = now
	return now, err
}

func (t *looseTx) LockHolds(ids []accounts.ID) ([]subscriptions.Owner, error) {
	now, err := t.Tx.LockHolds(ids)
	if t.looked {
		return t.owners, err
	}
	t.owners = now
	return now, err
}

func (t *looseTx) Claim(c accounts.Claim) (accounts.Claimed, error) {
	now, err := t.Tx.Claim(c)
	if t.looked {
		now.Login, now.Names, now.Conflicting = t.claimed.Login, t.claimed.Names, t.claimed.Conflicting
		return now, err
	}
	t.claimed = now
	return now, err
}

// Save writes at the second run. What was decided may no longer be possible, and a store may trust that it is: then the
// command ends without a trace.
func (t *looseTx) Save(w accounts.Writes) (err error) {
	if !t.looked {
		return errLooked
	}
	defer func() {
		if recover() != nil {
			err = accounts.ErrUnavailable
		}
	}()
	return t.Tx.Save(w)
}

// tornStore loses answers: now and then a command is unavailable, and did not happen, and a few are uncertain, whether
// they happened or not. If it lies, it says unavailable of what did happen.
type tornStore struct {
	accounts.Store
	lies  bool
	mu    sync.Mutex
	count int
}

// next answers the number of a command. The first few are those that set an object up.
func (s *tornStore) next() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	return s.count - 6
}

func (s *tornStore) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	n := s.next()
	lost := n > 0 && n%7 == 0
	switch {
	case n == 10 || n == 20:
		return accounts.ErrCommitUnknown
	case lost && !s.lies:
		return accounts.ErrUnavailable
	}
	err := s.Store.Update(ctx, fn)
	switch {
	case err == nil && lost:
		return accounts.ErrUnavailable
	case err == nil && (n == 15 || n == 25):
		return accounts.ErrCommitUnknown
	}
	return err
}
