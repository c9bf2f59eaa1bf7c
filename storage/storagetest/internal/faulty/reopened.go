package faulty

import (
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
)

// OpenMemory returns a function that opens stores in memory that outlive their closing. It calls wrap for a store that was
// opened before the given number of times.
func OpenMemory(wrap func(s *memory.Store, opened int) accounts.Store) func(*testing.T, string) (accounts.Store, io.Closer) {
	var mu sync.Mutex
	stores, opened := map[string]*memory.Store{}, map[string]int{}
	return func(_ *testing.T, dir string) (accounts.Store, io.Closer) {
		mu.Lock()
		defer mu.Unlock()
		if stores[dir] == nil {
			stores[dir] = memory.New()
		}
		opened[dir]++
		return wrap(stores[dir], opened[dir]-1), io.NopCloser(nil)
	}
}

// ForgetExpiry deletes the expiry of all entries.
func ForgetExpiry(s *memory.Store) {
	entries, _ := s.Entries(context.Background(), accounts.EntryParams{Bucket: suite.Bucket, Limit: 500})
	_ = s.Update(context.Background(), func(tx accounts.Tx) error {
		var w accounts.Writes
		for _, e := range entries {
			e.ExpiresAt = time.Time{}
			w.PutEntries = append(w.PutEntries, accounts.EntryWrite{Bucket: suite.Bucket, Entry: e})
		}
		return tx.Save(w)
	})
}

// MaxIDs allocates the ids of accounts after the highest one in the store when it was opened.
type MaxIDs struct {
	accounts.Store
	last *accounts.ID
}

// NewMaxIDs returns s, opened so that its ids continue after the highest one of its accounts.
func NewMaxIDs(s accounts.Store) MaxIDs {
	last := accounts.ID(0)
	_, _ = s.Snapshot(context.Background(), func(b accounts.Batch) error {
		for _, a := range b.Accounts {
			last = max(last, a.ID)
		}
		return nil
	})
	return MaxIDs{s, &last}
}

// Update runs a command with such ids.
func (s MaxIDs) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.Store.Update(ctx, func(tx accounts.Tx) error { return fn(maxIDsTx{tx, s.last}) })
}

type maxIDsTx struct {
	accounts.Tx
	last *accounts.ID
}

func (t maxIDsTx) Claim(c accounts.Claim) (accounts.Claimed, error) {
	got, err := t.Tx.Claim(c)
	for i := range got.AccountIDs {
		*t.last++
		got.AccountIDs[i] = *t.last
	}
	return got, err
}

// MaxVersions allocates versions after the highest one in the store when it was opened.
type MaxVersions struct {
	accounts.Store
	last *int64
}

// NewMaxVersions returns s, opened so that its versions continue after the highest one of its entries.
func NewMaxVersions(s accounts.Store) MaxVersions {
	last := int64(0)
	entries, _ := s.Entries(context.Background(), accounts.EntryParams{Bucket: suite.Bucket, Limit: 500})
	for _, e := range entries {
		last = max(last, e.Version)
	}
	return MaxVersions{s, &last}
}

// Update runs a command with such versions.
func (s MaxVersions) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.Store.Update(ctx, func(tx accounts.Tx) error { return fn(maxVersionsTx{tx, s.last}) })
}

type maxVersionsTx struct {
	accounts.Tx
	last *int64
}

func (t maxVersionsTx) LockEntries(l accounts.EntryLockSet) (accounts.LockedEntries, error) {
	got, err := t.Tx.LockEntries(l)
	if l.NewVersion {
		*t.last++
		got.Version = *t.last
	}
	return got, err
}

// RestartingNumbers numbers events from 1 again if there are none when it is opened.
type RestartingNumbers struct {
	accounts.Store
	offset int64
}

// NewRestartingNumbers returns s, opened so that its numbers begin again if it has no events.
func NewRestartingNumbers(s accounts.Store) RestartingNumbers {
	log, _ := s.Events(context.Background(), accounts.EventParams{Limit: 1})
	if len(log.Events) > 0 {
		return RestartingNumbers{s, 0}
	}
	return RestartingNumbers{s, log.Last}
}

// Events returns events with such numbers.
func (s RestartingNumbers) Events(ctx context.Context, q accounts.EventParams) (accounts.EventResult, error) {
	if q.After != 0 {
		q.After += s.offset
	}
	log, err := s.Store.Events(ctx, q)
	log.Last, log.Pruned = log.Last-s.offset, max(0, log.Pruned-s.offset)
	for i := range log.Events {
		log.Events[i].Number -= s.offset
	}
	return log, err
}

// Hasty reports the success of a command shortly before it commits.
type Hasty struct{ accounts.Store }

// Update runs a command, and returns before its commit.
func (s Hasty) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	saved, result := make(chan struct{}, 10), make(chan error, 1)
	go func() {
		result <- s.Store.Update(ctx, func(tx accounts.Tx) error {
			if err := fn(tx); err != nil {
				return err
			}
			saved <- struct{}{}
			time.Sleep(5 * time.Millisecond)
			return nil
		})
	}()
	select {
	case <-saved:
		return nil
	case err := <-result:
		return err
	}
}

// Halving commits the events of a command after its rows.
type Halving struct{ accounts.Store }

// Update runs a command in two transactions.
func (s Halving) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	tx := &halvingTx{}
	if err := s.Store.Update(ctx, func(inner accounts.Tx) error { tx.Tx = inner; return fn(tx) }); err != nil || tx.events == nil {
		return err
	}
	time.Sleep(2 * time.Millisecond)
	return s.Store.Update(ctx, func(inner accounts.Tx) error {
		var w accounts.Writes
		w.Events = tx.events
		return inner.Save(w)
	})
}

type halvingTx struct {
	accounts.Tx
	events []accounts.Event
}

func (t *halvingTx) Save(w accounts.Writes) error {
	t.events, w.Events = w.Events, nil
	return t.Tx.Save(w)
}
