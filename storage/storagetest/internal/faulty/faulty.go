// Package faulty has stores with one mistake each, which the suite must find. Only its own tests use them.
package faulty

import (
	"context"

	"github.com/clientele-go/clientele/accounts"
)

// Store is a store with the mistakes of its Tx.
type Store struct {
	accounts.Store
	Tx Tx
}

// Update runs a command in a Tx.
func (s *Store) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.Store.Update(ctx, func(tx accounts.Tx) error {
		faulty := s.Tx
		faulty.Tx = tx
		return fn(faulty)
	})
}

// Tx is a transaction with mistakes.
type Tx struct {
	accounts.Tx
	IgnoreConflicts, DropEvents, KeepHolds bool
}

// Claim does not report conflicting names if IgnoreConflicts is set.
func (t Tx) Claim(c accounts.Claim) (accounts.Claimed, error) {
	claimed, err := t.Tx.Claim(c)
	if t.IgnoreConflicts {
		claimed.Conflicting = nil
	}
	return claimed, err
}

// Save loses the first of several events if DropEvents is set, and keeps the first of several holds if KeepHolds is.
func (t Tx) Save(w accounts.Writes) error {
	if t.DropEvents && len(w.Events) > 1 {
		w.Events = w.Events[1:]
	}
	if t.KeepHolds && len(w.DeleteHolds) > 1 {
		w.DeleteHolds = w.DeleteHolds[1:]
	}
	return t.Tx.Save(w)
}

// Skipping does not say that events were pruned.
type Skipping struct{ accounts.Store }

// Events returns events as if none had been pruned.
func (s Skipping) Events(ctx context.Context, q accounts.EventParams) (accounts.EventResult, error) {
	log, err := s.Store.Events(ctx, q)
	log.Pruned = 0
	return log, err
}
