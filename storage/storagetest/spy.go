package storagetest

import (
	"context"
	"sync/atomic"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// spy stands between the managers and a store. It counts the commands and is told of each step in one.
type spy struct {
	accounts.Store
	commands atomic.Int64
	step     func(step) error // after each step; its error refuses the command; may be nil
}

// step is a place in a command.
type step string

const (
	begun   step = "the transaction has begun"
	locked  step = "rows are locked"
	claimed step = "claims are locked"
	saved   step = "everything is saved"
)

func (s *spy) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	s.commands.Add(1)
	return s.Store.Update(ctx, func(tx accounts.Tx) error {
		if err := s.at(begun); err != nil {
			return err
		}
		return fn(spyTx{tx, s})
	})
}

func (s *spy) at(place step) error {
	if s.step == nil {
		return nil
	}
	return s.step(place)
}

type spyTx struct {
	accounts.Tx
	spy *spy
}

func (t spyTx) Lock(r subscriptions.LockSet) (subscriptions.LockedRows, error) {
	l, err := t.Tx.Lock(r)
	if err != nil {
		return l, err
	}
	return l, t.spy.at(locked)
}

func (t spyTx) LockAccounts(ids []accounts.ID) ([]accounts.Record, error) {
	l, err := t.Tx.LockAccounts(ids)
	if err != nil {
		return l, err
	}
	return l, t.spy.at(locked)
}

func (t spyTx) LockHolds(ids []accounts.ID) ([]subscriptions.Owner, error) {
	l, err := t.Tx.LockHolds(ids)
	if err != nil {
		return l, err
	}
	return l, t.spy.at(locked)
}

func (t spyTx) Claim(c accounts.Claim) (accounts.Claimed, error) {
	got, err := t.Tx.Claim(c)
	if err != nil {
		return got, err
	}
	return got, t.spy.at(claimed)
}

func (t spyTx) Save(w accounts.Writes) error {
	if err := t.Tx.Save(w); err != nil {
		return err
	}
	return t.spy.at(saved)
}
