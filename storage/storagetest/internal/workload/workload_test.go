package workload

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/storagetest/internal/audit"
	"github.com/clientele-go/clientele/storage/storagetest/internal/faulty"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// The check finds each of these mistakes and names the rule that it breaks.
func TestConcurrentCommandsRevealBrokenStores(t *testing.T) {
	for _, c := range []struct {
		name string
		tx   faulty.Tx
		want string
	}{
		{"conflicting names are not reported", faulty.Tx{IgnoreConflicts: true}, "is a subdomain of"},
		{"some events are lost", faulty.Tx{DropEvents: true}, "replaying the event log does not lead to the rows in the store"},
		{"some holds are not lifted", faulty.Tx{KeepHolds: true}, "replaying the event log does not lead to the rows in the store"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Contains(t, firstError(suite.Bounded(t, time.Minute), c.tx), c.want)
		})
	}
}

// firstError returns the error of the first of 100 workloads that finds one.
func firstError(ctx context.Context, tx faulty.Tx) string {
	for range 100 {
		if err := Check(ctx, &faulty.Store{Store: memory.New(), Tx: tx}); err != nil {
			return err.Error()
		}
	}
	return "no error"
}

// A log in which an event is missing or repeated does not match the rows.
func TestReplayFindsMissingAndRepeatedEvents(t *testing.T) {
	ctx := suite.Bounded(t, time.Minute)
	store := memory.New()
	w := New(ctx, store)
	anna, err := w.clients.Create(ctx, suite.NewAccount("anna"))
	require.NoError(t, err)
	_, err = w.subs.Create(ctx, subscriptions.New{AccountID: anna.ID, Domains: []string{"anna.example"}})
	require.NoError(t, err)
	_, err = w.clients.Suspend(ctx, []accounts.ID{1}, accounts.Hold{})
	require.NoError(t, err)
	final, err := audit.Read(ctx, store)
	require.NoError(t, err)
	require.NoError(t, final.Replay())
	for i := range final.Events {
		without := final
		without.Events = append(final.Events[:i:i], final.Events[i+1:]...)
		require.Error(t, without.Replay(), "without %s", final.Events[i].Type)
		twice := final
		twice.Events = append(final.Events[:i+1:i+1], final.Events[i:]...)
		if final.Events[i].Type != "account.suspended" { // a repeated one changes the hold's texts
			require.Error(t, twice.Replay(), "twice %s", final.Events[i].Type)
		}
	}
}
