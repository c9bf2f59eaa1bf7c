package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// The check finds each of these mistakes and names the rule that it breaks.
func TestConcurrentCommandsRevealBrokenStores(t *testing.T) {
	for _, c := range []struct {
		name string
		tx   faultyTx
		want string
	}{
		{"conflicting names are not reported", faultyTx{ignoreConflicts: true}, "is a subdomain of"},
		{"some events are lost", faultyTx{dropEvents: true}, "replaying the event log does not lead to the rows in the store"},
		{"some holds are not lifted", faultyTx{keepHolds: true}, "replaying the event log does not lead to the rows in the store"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Contains(t, firstError(suite.Bounded(t, time.Minute), c.tx), c.want)
		})
	}
}

// firstError returns the error of the first of 100 workloads that finds one.
func firstError(ctx context.Context, faulty faultyTx) string {
	for range 100 {
		if err := checkConcurrent(ctx, &faultyStore{memory.New(), faulty}); err != nil {
			return err.Error()
		}
	}
	return "no error"
}

// faultyStore is a store with one mistake.
type faultyStore struct {
	accounts.Store
	tx faultyTx
}

func (s *faultyStore) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.Store.Update(ctx, func(tx accounts.Tx) error {
		faulty := s.tx
		faulty.Tx = tx
		return fn(faulty)
	})
}

type faultyTx struct {
	accounts.Tx
	ignoreConflicts, dropEvents, keepHolds bool
}

func (t faultyTx) Claim(c accounts.Claim) (accounts.Claimed, error) {
	claimed, err := t.Tx.Claim(c)
	if t.ignoreConflicts {
		claimed.Conflicting = nil
	}
	return claimed, err
}

func (t faultyTx) Save(w accounts.Writes) error {
	if t.dropEvents && len(w.Events) > 1 {
		w.Events = w.Events[1:]
	}
	if t.keepHolds && len(w.DeleteHolds) > 1 {
		w.DeleteHolds = w.DeleteHolds[1:]
	}
	return t.Tx.Save(w)
}

// A log in which an event is missing or repeated does not match the rows.
func TestReplayFindsMissingAndRepeatedEvents(t *testing.T) {
	ctx := suite.Bounded(t, time.Minute)
	w := newWorkload(ctx, memory.New())
	anna, err := w.clients.Create(ctx, newAccount("anna"))
	require.NoError(t, err)
	_, err = w.subs.Create(ctx, subscriptions.New{AccountID: anna.ID, Domains: []string{"anna.example"}})
	require.NoError(t, err)
	_, err = w.clients.Suspend(ctx, []accounts.ID{1}, accounts.Hold{})
	require.NoError(t, err)
	final, err := w.readAll()
	require.NoError(t, err)
	require.NoError(t, final.replay())
	for i := range final.events {
		without := final
		without.events = append(final.events[:i:i], final.events[i+1:]...)
		require.Error(t, without.replay(), "without %s", final.events[i].Type)
		twice := final
		twice.events = append(final.events[:i+1:i+1], final.events[i:]...)
		if final.events[i].Type != "account.suspended" { // a repeated one changes the hold's texts
			require.Error(t, twice.replay(), "twice %s", final.events[i].Type)
		}
	}
}
