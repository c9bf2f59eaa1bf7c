package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// latency is the time that the network takes in each direction.
const latency = 500 * time.Microsecond

// BenchmarkNetwork measures calls on one thing through a network, and prints their round trips and the medians of their times.
// The database is small, and commits do not wait for the disk, so that little but the network counts.
func BenchmarkNetwork(b *testing.B) {
	ctx := accounts.WithActor(b.Context(), actor)
	server := pgtest.Start(b, settings)
	network := pgtest.NewNetwork(b, pgtest.WithSetting(b, server.DSN(), "synchronous_commit", "off"), latency)
	db := pgtest.Open(b, network.DSN(), 1)
	require.NoError(b, postgres.Migrate(ctx, db, nil))
	store, err := postgres.New(ctx, db, nil)
	require.NoError(b, err)
	m := accounts.NewManager(store, &accounts.Options{Hasher: plain{}})
	subs := m.Subscriptions()
	var last accounts.Account
	created := 0
	create := func(int) error {
		created++
		last, err = m.Create(ctx, customer(created))
		return err
	}
	suspend := func(note string) error {
		_, err := m.Suspend(ctx, []accounts.ID{last.ID}, accounts.Hold{Note: note})
		return err
	}
	fmt.Printf("\n| call | round trips | time |\n|---|---:|---:|\n")
	for _, call := range []struct {
		name   string
		before func(n int) error // not measured; may be nil
		run    func(n int) error
	}{
		{"Get", create, func(int) error { _, err := m.Get(ctx, last.ID); return err }},
		{"Resolve", nil, func(int) error { _, err := subs.Resolve(ctx, customer(created).Subscription.Domains[0]); return err }},
		{"Suspend one, nothing to do", nil, func(int) error { return suspend("again") }},
		{"Suspend one", nil, func(n int) error { return suspend(fmt.Sprint(n)) }},
		{"Create with subscription and domain", nil, create},
		{"AddDomain", nil, func(n int) error {
			_, err := subs.AddDomain(ctx, 1, fmt.Sprintf("added%d.com", n))
			return err
		}},
		{"SetPassword", nil, func(int) error { return m.SetPassword(ctx, last.ID, "another horse battery") }},
		{"Remove one", create, func(int) error { _, err := m.Remove(ctx, []accounts.ID{last.ID}); return err }},
	} {
		b.Run(benchmarkName(call.name), func(b *testing.B) {
			var times []time.Duration
			trips := 0
			round := 0
			run := func() {
				round++
				if call.before != nil {
					require.NoError(b, call.before(round))
				}
				network.RoundTrips()
				begin := time.Now()
				require.NoError(b, call.run(round))
				times, trips = append(times, time.Since(begin)), network.RoundTrips()
			}
			for range 20 { // prepares the statements
				run()
			}
			times = nil
			for b.Loop() {
				run()
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(micros(median(times)), "µs")
			b.ReportMetric(float64(trips), "trips")
			fmt.Printf("| %s | %d | %s |\n", call.name, trips, formatDuration(median(times)))
		})
	}
}
