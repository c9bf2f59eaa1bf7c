package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// TestHandwrittenSQL runs the same commands with both implementations, each on another database, and compares the results and then
// every row of every table.
func TestHandwrittenSQL(t *testing.T) {
	const size, actor = 1000, "anna"
	ctx := accounts.WithActor(t.Context(), actor)
	now := func() time.Time { return time.Date(2026, time.March, 1, 12, 0, 0, 123456000, time.UTC) }
	var impls [2]implementations
	var dbs [2]*bun.DB
	for i := range impls {
		dsn := pgtest.Shared(t).Database(t)
		dbs[i] = pgtest.Open(t, dsn, 1)
		require.NoError(t, postgres.Migrate(ctx, dbs[i], nil))
		seed(ctx, t, dsn, size, false)
		impls[i] = openImplementations(t, dsn, now)
	}
	library, hand := impls[0], impls[1].handwritten

	for _, id := range []accounts.ID{1, 2, 3, 5, 53, 105, 997} {
		want, err := library.clients.Get(ctx, id)
		require.NoError(t, err)
		got, err := hand.get(ctx, id)
		require.NoError(t, err)
		require.Equal(t, want, got)
		got, err = hand.getByLogin(ctx, want.Login)
		require.NoError(t, err)
		require.Equal(t, want, got)
		_, wantErr := library.clients.CheckSession(ctx, id, 1)
		_, gotErr := hand.checkSession(ctx, id, 1)
		require.Equal(t, wantErr == nil, gotErr == nil)

		wantPage, err := library.clients.List(ctx, accounts.Query{After: after("", false, want), Limit: 20})
		require.NoError(t, err)
		gotPage, err := hand.page(ctx, want, 20)
		require.NoError(t, err)
		require.Equal(t, wantPage.Items, append([]accounts.Summary{}, gotPage...))
	}
	for _, term := range []string{"trattoria", "osteria", "48.it", "rossi", "nobody-has-this"} {
		want, err := library.clients.List(ctx, accounts.Query{Search: term, Limit: 20})
		require.NoError(t, err)
		got, err := hand.search(ctx, term, 20)
		require.NoError(t, err)
		require.Equal(t, want.Items, append([]accounts.Summary{}, got...), term)
	}
	for id := 1; id <= 250; id++ {
		name := nameOf(t, dbs[0], id)
		want, err := library.subs.Resolve(ctx, "www."+name)
		require.NoError(t, err)
		got, err := hand.resolve(ctx, "www."+name)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	requireEqualTables(t, dbs)

	hold := accounts.Hold{Cause: "provider", Note: "n", Message: `m "quoted" \ {}`}
	for _, ids := range [][]accounts.ID{{7}, {9, 8, 7, 8}} {
		want, err := library.clients.Suspend(ctx, ids, hold)
		require.NoError(t, err)
		got, err := hand.suspend(ctx, actor, ids, hold)
		require.NoError(t, err)
		require.Equal(t, want, got)
		hold.Public = "p"
	}
	requireEqualTables(t, dbs)
	_, err := library.clients.Suspend(ctx, []accounts.ID{10, 1_000_000}, hold)
	require.ErrorIs(t, err, accounts.ErrNotFound)
	_, err = hand.suspend(ctx, actor, []accounts.ID{10, 1_000_000}, hold)
	require.ErrorIs(t, err, errMissing)

	for n := range 3 {
		want, err := library.clients.Create(ctx, customer(n))
		require.NoError(t, err)
		got, err := hand.create(ctx, actor, customer(n))
		require.NoError(t, err)
		require.Equal(t, want.ID, got)
	}
	want3, err := library.clients.Create(ctx, customer(3))
	require.NoError(t, err)
	got3, err := hand.createPipelined(ctx, actor, customer(3))
	require.NoError(t, err)
	require.Equal(t, want3.ID, got3)
	_, err = hand.create(ctx, actor, customer(1))
	require.ErrorIs(t, err, accounts.ErrTaken)
	_, err = hand.createPipelined(ctx, actor, customer(1))
	require.ErrorIs(t, err, accounts.ErrTaken)
	many := imports(10, 20)
	wantMany, err := library.clients.CreateMany(ctx, many)
	require.NoError(t, err)
	gotMany, err := hand.createMany(ctx, actor, many)
	require.NoError(t, err)
	for i, a := range wantMany {
		require.Equal(t, a.ID, gotMany[i])
	}
	_, err = hand.createMany(ctx, actor, imports(19, 21))
	require.ErrorIs(t, err, accounts.ErrTaken)
	requireEqualTables(t, dbs)

	require.NoError(t, library.clients.SetPassword(ctx, 7, "another horse battery"))
	require.NoError(t, hand.setPassword(ctx, actor, 7, "another horse battery"))
	for _, id := range []subscriptions.ID{3, 7, 9} {
		name := fmt.Sprintf("added%d.com", id)
		want, err := library.subs.AddDomain(ctx, id, name)
		require.NoError(t, err)
		got, err := hand.addDomain(ctx, actor, id, name)
		require.NoError(t, err)
		require.Equal(t, want, got)
		for _, taken := range []string{name, "www.added3.com"} {
			_, err = hand.addDomain(ctx, actor, 11, taken)
			require.ErrorIs(t, err, accounts.ErrTaken)
		}
	}
	requireEqualTables(t, dbs)

	ids := []accounts.ID{3, 5, 7, 105, 10, 400}
	want, err := library.clients.Remove(ctx, ids)
	require.NoError(t, err)
	got, err := hand.remove(ctx, actor, ids)
	require.NoError(t, err)
	require.Equal(t, want, got)
	requireEqualTables(t, dbs)
	requireEqualEvents(t, library, hand)
	requireEqualTables(t, dbs)
}

// requireEqualEvents compares events, snapshots, and what is left after events were pruned.
func requireEqualEvents(t *testing.T, library implementations, hand handwritten) {
	t.Helper()
	ctx, pruned := t.Context(), must(library.store.Events(t.Context(), accounts.EventParams{Limit: 1}))(t).Pruned
	want := must(library.store.Events(ctx, accounts.EventParams{After: pruned, Limit: 10_000}))(t).Events
	got, err := hand.firstEvents(ctx, pruned, 10_000)
	require.NoError(t, err)
	require.Equal(t, want, got)
	got = nil
	require.NoError(t, hand.follow(ctx, pruned, func(batch []accounts.NumberedEvent) error { got = append(got, batch...); return nil }))
	require.Equal(t, want, got)

	var wantRows, gotRows accounts.Batch
	wantLast, err := library.store.Snapshot(ctx, func(b accounts.Batch) error {
		wantRows.Accounts, wantRows.Subscriptions = append(wantRows.Accounts, b.Accounts...), append(wantRows.Subscriptions, b.Subscriptions...)
		wantRows.Domains = append(wantRows.Domains, b.Domains...)
		return nil
	})
	require.NoError(t, err)
	gotLast, err := hand.snapshot(ctx,
		func(a accounts.Account) { gotRows.Accounts = append(gotRows.Accounts, a) },
		func(s subscriptions.Subscription) { gotRows.Subscriptions = append(gotRows.Subscriptions, s) },
		func(d subscriptions.Domain) { gotRows.Domains = append(gotRows.Domains, d) })
	require.NoError(t, err)
	require.Equal(t, wantLast, gotLast)
	require.Equal(t, wantRows, gotRows)

	before := time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)
	wantPruned, err := library.clients.PruneEvents(ctx, before)
	require.NoError(t, err)
	gotPruned, err := hand.prune(ctx, before)
	require.NoError(t, err)
	require.Positive(t, gotPruned)
	require.Equal(t, wantPruned, gotPruned)
}

func must[V any](v V, err error) func(testing.TB) V {
	return func(t testing.TB) V {
		t.Helper()
		require.NoError(t, err)
		return v
	}
}

// requireEqualTables compares all tables of both databases.
func requireEqualTables(t *testing.T, dbs [2]*bun.DB) {
	t.Helper()
	for _, table := range []string{
		"accounts", "subscriptions", "domains", "account_holds", "subscription_holds", "domain_holds", "events", "event_log",
	} {
		var rows [2][]string
		for i, db := range dbs {
			order := "1"
			require.NoError(t, db.NewRaw("SELECT to_jsonb(r)::text FROM clientele.? AS r ORDER BY ?", bun.Safe(table), bun.Safe(order)).Scan(t.Context(), &rows[i]))
		}
		require.Equal(t, rows[0], rows[1], table)
	}
}
