package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// TestHandwrittenSQL runs the same commands with both implementations, each on another database, and compares the results and then
// every row of every table.
func TestHandwrittenSQL(t *testing.T) {
	for _, prepared := range []bool{false, true} {
		name := "exec"
		if prepared {
			name = "prepared"
		}
		t.Run(name, func(t *testing.T) { testHandwrittenSQL(t, prepared) })
	}
}

func testHandwrittenSQL(t *testing.T, prepared bool) {
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
		impls[i] = openImplementations(t, dsn, prepared, now)
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
	_, err = hand.create(ctx, actor, customer(1))
	require.ErrorIs(t, err, accounts.ErrTaken)
	requireEqualTables(t, dbs)

	ids := []accounts.ID{3, 5, 7, 105, 10, 400}
	want, err := library.clients.Remove(ctx, ids)
	require.NoError(t, err)
	got, err := hand.remove(ctx, actor, ids)
	require.NoError(t, err)
	require.Equal(t, want, got)
	requireEqualTables(t, dbs)
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
