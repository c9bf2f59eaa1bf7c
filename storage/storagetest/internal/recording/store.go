// Package recording has a store that shows in which phase a command is, and can refuse it there.
package recording

import (
	"context"
	"sync/atomic"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// Store wraps a store. It counts its commands and calls OnPhase after each phase of a command.
type Store struct {
	accounts.Store
	Commands atomic.Int64
	OnPhase  func(Phase) error // may be nil; its error refuses the command
}

// Phase is a phase of a command.
type Phase string

// The phases, in their order. A command may lack some.
const (
	AfterBegin Phase = "the transaction began"
	AfterLock  Phase = "rows were locked"
	AfterClaim Phase = "unique values were claimed"
	AfterSave  Phase = "everything was saved"
)

// Update counts as one command.
func (s *Store) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	s.Commands.Add(1)
	return s.Store.Update(ctx, func(tx accounts.Tx) error {
		if err := s.reached(AfterBegin); err != nil {
			return err
		}
		return fn(storeTx{tx, s})
	})
}

// Transaction counts as one command. The phases are those of the commands inside.
func (s *Store) Transaction(ctx context.Context, fn func(context.Context, accounts.Store) error) error {
	s.Commands.Add(1)
	return s.Store.Transaction(ctx, func(ctx context.Context, in accounts.Store) error {
		return fn(ctx, &Store{Store: in, OnPhase: s.OnPhase})
	})
}

// reached calls OnPhase.
func (s *Store) reached(p Phase) error {
	if s.OnPhase == nil {
		return nil
	}
	return s.OnPhase(p)
}

type storeTx struct {
	accounts.Tx
	store *Store
}

func (t storeTx) Lock(r subscriptions.LockSet) (subscriptions.LockedRows, error) {
	l, err := t.Tx.Lock(r)
	if err != nil {
		return l, err
	}
	return l, t.store.reached(AfterLock)
}

func (t storeTx) LockAccounts(ids []accounts.ID) ([]accounts.Record, error) {
	l, err := t.Tx.LockAccounts(ids)
	if err != nil {
		return l, err
	}
	return l, t.store.reached(AfterLock)
}

func (t storeTx) LockHolds(ids []accounts.ID) ([]subscriptions.Owner, error) {
	l, err := t.Tx.LockHolds(ids)
	if err != nil {
		return l, err
	}
	return l, t.store.reached(AfterLock)
}

func (t storeTx) LockEntries(l accounts.EntryLockSet) (accounts.LockedEntries, error) {
	locked, err := t.Tx.LockEntries(l)
	if err != nil {
		return locked, err
	}
	return locked, t.store.reached(AfterLock)
}

func (t storeTx) Claim(c accounts.Claim) (accounts.Claimed, error) {
	got, err := t.Tx.Claim(c)
	if err != nil {
		return got, err
	}
	return got, t.store.reached(AfterClaim)
}

func (t storeTx) Save(w accounts.Writes) error {
	if err := t.Tx.Save(w); err != nil {
		return err
	}
	return t.store.reached(AfterSave)
}
