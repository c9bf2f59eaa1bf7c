package storagetest

import (
	"context"
	"sync/atomic"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// recordingStore wraps a store. It counts its commands and calls onPhase after each phase of a command.
type recordingStore struct {
	accounts.Store
	commands atomic.Int64
	onPhase  func(phase) error // may be nil; its error refuses the command
}

// phase is a phase of a command.
type phase string

const (
	afterBegin phase = "the transaction began"
	afterLock  phase = "rows were locked"
	afterClaim phase = "unique values were claimed"
	afterSave  phase = "everything was saved"
)

func (s *recordingStore) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	s.commands.Add(1)
	return s.Store.Update(ctx, func(tx accounts.Tx) error {
		if err := s.reached(afterBegin); err != nil {
			return err
		}
		return fn(recordingTx{tx, s})
	})
}

// Transaction counts as one command. The phases are those of the commands inside.
func (s *recordingStore) Transaction(ctx context.Context, fn func(context.Context, accounts.Store) error) error {
	s.commands.Add(1)
	return s.Store.Transaction(ctx, func(ctx context.Context, in accounts.Store) error {
		return fn(ctx, &recordingStore{Store: in, onPhase: s.onPhase})
	})
}

// reached calls onPhase.
func (s *recordingStore) reached(p phase) error {
	if s.onPhase == nil {
		return nil
	}
	return s.onPhase(p)
}

type recordingTx struct {
	accounts.Tx
	store *recordingStore
}

func (t recordingTx) Lock(r subscriptions.LockSet) (subscriptions.LockedRows, error) {
	l, err := t.Tx.Lock(r)
	if err != nil {
		return l, err
	}
	return l, t.store.reached(afterLock)
}

func (t recordingTx) LockAccounts(ids []accounts.ID) ([]accounts.Record, error) {
	l, err := t.Tx.LockAccounts(ids)
	if err != nil {
		return l, err
	}
	return l, t.store.reached(afterLock)
}

func (t recordingTx) LockHolds(ids []accounts.ID) ([]subscriptions.Owner, error) {
	l, err := t.Tx.LockHolds(ids)
	if err != nil {
		return l, err
	}
	return l, t.store.reached(afterLock)
}

func (t recordingTx) LockEntries(l accounts.EntryLockSet) (accounts.LockedEntries, error) {
	locked, err := t.Tx.LockEntries(l)
	if err != nil {
		return locked, err
	}
	return locked, t.store.reached(afterLock)
}

func (t recordingTx) Claim(c accounts.Claim) (accounts.Claimed, error) {
	got, err := t.Tx.Claim(c)
	if err != nil {
		return got, err
	}
	return got, t.store.reached(afterClaim)
}

func (t recordingTx) Save(w accounts.Writes) error {
	if err := t.Tx.Save(w); err != nil {
		return err
	}
	return t.store.reached(afterSave)
}
