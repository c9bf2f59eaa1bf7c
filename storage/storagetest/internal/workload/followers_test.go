package workload

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/storagetest/internal/faulty"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
)

// The race finds each of these mistakes.
func TestFollowersRevealBrokenStores(t *testing.T) {
	for _, c := range []struct {
		name  string
		store func() accounts.Store
		prune bool
		want  string
	}{
		{"the number of a snapshot is read after its rows", func() accounts.Store { return lateNumberStore{memory.New()} }, false, "snapshot"},
		{"the batches of a snapshot are of several snapshots", func() accounts.Store { return tornStore{memory.New()} }, false, "to which it belongs"},
		{"pruned events are skipped", func() accounts.Store { return faulty.Skipping{Store: memory.New()} }, true, "the copy of a follower"},
		{"some events are lost", func() accounts.Store { return &faulty.Store{Store: memory.New(), Tx: faulty.Tx{DropEvents: true}} }, false, "the copy of a follower"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := suite.Bounded(t, time.Minute)
			found := ""
			for i := 0; i < 100 && found == ""; i++ {
				if err := checkFollowers(ctx, c.store(), c.prune); err != nil {
					found = err.Error()
				}
			}
			require.Contains(t, found, c.want)
		})
	}
}

// lateNumberStore reads the number of a snapshot after its rows.
type lateNumberStore struct{ accounts.Store }

func (s lateNumberStore) Snapshot(ctx context.Context, fn func(accounts.Batch) error) (int64, error) {
	if _, err := s.Store.Snapshot(ctx, func(b accounts.Batch) error { time.Sleep(time.Millisecond); return fn(b) }); err != nil {
		return 0, err
	}
	log, err := s.Events(ctx, accounts.EventParams{Limit: 1})
	return log.Last, err
}

// tornStore takes each kind of rows from another snapshot.
type tornStore struct{ accounts.Store }

func (s tornStore) Snapshot(ctx context.Context, fn func(accounts.Batch) error) (number int64, err error) {
	for i := range 3 {
		last, err := s.Store.Snapshot(ctx, func(b accounts.Batch) error {
			if []int{len(b.Accounts), len(b.Subscriptions), len(b.Domains)}[i] == 0 {
				return nil
			}
			return fn(b)
		})
		if err != nil {
			return 0, err
		}
		if i == 0 {
			number = last
		}
		time.Sleep(time.Millisecond)
	}
	return number, nil
}
