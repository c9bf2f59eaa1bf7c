package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
)

// A crowd shows what a store does wrong, each mistake by the rule that it breaks.
func TestCrowdFindsBrokenStores(t *testing.T) {
	for _, mistake := range []struct {
		name string
		tx   mistakenTx
		told string
	}{
		{"names above and below are not looked for", mistakenTx{blind: true}, "lies below"},
		{"some events are lost", mistakenTx{forgetful: true}, "the log of events tells another story"},
		{"some holds are not lifted", mistakenTx{sticky: true}, "the log of events tells another story"},
	} {
		t.Run(mistake.name, func(t *testing.T) {
			require.Contains(t, found(bounded(t, time.Minute), mistake.tx), mistake.told)
		})
	}
}

// found answers what the first crowd says that finds something.
func found(ctx context.Context, mistaken mistakenTx) string {
	for range 100 {
		if err := crowded(ctx, &mistakenStore{memory.New(), mistaken}); err != nil {
			return err.Error()
		}
	}
	return "nothing"
}

// mistakenStore is a store with one mistake.
type mistakenStore struct {
	accounts.Store
	tx mistakenTx
}

func (s *mistakenStore) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.Store.Update(ctx, func(tx accounts.Tx) error {
		mistaken := s.tx
		mistaken.Tx = tx
		return fn(mistaken)
	})
}

type mistakenTx struct {
	accounts.Tx
	blind, forgetful, sticky bool
}

func (t mistakenTx) Claim(c accounts.Claim) (accounts.Claimed, error) {
	claimed, err := t.Tx.Claim(c)
	if t.blind {
		claimed.Conflicting = nil
	}
	return claimed, err
}

func (t mistakenTx) Save(w accounts.Writes) error {
	if t.forgetful && len(w.Events) > 1 {
		w.Events = w.Events[1:]
	}
	if t.sticky && len(w.DeleteHolds) > 1 {
		w.DeleteHolds = w.DeleteHolds[1:]
	}
	return t.Tx.Save(w)
}

// Whoever reads a log in which something is missing, or too much, learns of it.
func TestReplayFindsWhatEventsLack(t *testing.T) {
	ctx := bounded(t, time.Minute)
	c := newCrowd(ctx, memory.New())
	_, err := subscribed(ctx, c.clients, "anna", "anna.example")
	require.NoError(t, err)
	_, err = c.clients.Suspend(ctx, []accounts.ID{1}, accounts.Hold{})
	require.NoError(t, err)
	left, err := c.look()
	require.NoError(t, err)
	require.NoError(t, left.replay())
	for i := range left.events {
		without := left
		without.events = append(left.events[:i:i], left.events[i+1:]...)
		require.Error(t, without.replay(), "without %s", left.events[i].Type)
		twice := left
		twice.events = append(left.events[:i+1:i+1], left.events[i:]...)
		if left.events[i].Type != "account.suspended" { // a second time it gives other texts
			require.Error(t, twice.replay(), "twice %s", left.events[i].Type)
		}
	}
}
