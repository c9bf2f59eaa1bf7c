package bench

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// The comment in functions.sql describes the rows. All other files need its functions.
var (
	//go:embed seed/functions.sql
	seedFunctions string
	//go:embed seed/accounts.sql
	seedAccounts string
	//go:embed seed/domains.sql
	seedDomains string
	//go:embed seed/events.sql
	seedEvents string
)

// seed fills an empty database, with two connections. The indexes are created afterwards: those for search by Migrate, because
// the extension is installed last, and the others by their definitions, because that is faster than adding a million rows to
// each.
func seed(ctx context.Context, t testing.TB, dsn string, accounts int, checked bool) {
	t.Helper()
	connect := func() *pgx.Conn {
		conn, err := pgx.Connect(ctx, dsn)
		require.NoError(t, err)
		_, err = conn.Exec(ctx, "SELECT set_config('bench.accounts', $1, false)", fmt.Sprint(accounts))
		require.NoError(t, err)
		if !checked { // foreign keys are not checked for each row; TestSeed checks them
			_, err = conn.Exec(ctx, "SET session_replication_role = replica")
			require.NoError(t, err)
		}
		_, err = conn.Exec(ctx, seedFunctions)
		require.NoError(t, err)
		return conn
	}
	first, second := connect(), connect()
	defer func() { _, _ = first.Close(ctx), second.Close(ctx) }()
	on := func(conn *pgx.Conn, statements ...string) func() error {
		return func() error {
			for _, statement := range statements {
				if _, err := conn.Exec(ctx, statement); err != nil {
					return err
				}
			}
			return nil
		}
	}
	concurrently := func(steps ...func() error) {
		t.Helper()
		var group errgroup.Group
		for _, step := range steps {
			group.Go(step)
		}
		require.NoError(t, group.Wait())
	}

	rows, err := first.Query(ctx, `
SELECT indrelid = 'clientele.events'::regclass, indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE NOT indisunique AND indrelid IN ('clientele.accounts'::regclass, 'clientele.subscriptions'::regclass,
    'clientele.domains'::regclass, 'clientele.events'::regclass)`)
	require.NoError(t, err)
	var drop, others, events []string
	var ofEvents bool
	var name, definition string
	_, err = pgx.ForEachRow(rows, []any{&ofEvents, &name, &definition}, func() error {
		drop = append(drop, "DROP INDEX "+name)
		if ofEvents {
			events = append(events, definition)
			return nil
		}
		others = append(others, definition)
		return nil
	})
	require.NoError(t, err)
	concurrently(on(first, drop...))
	if checked { // subscriptions and domains refer to each other: one transaction must add them
		concurrently(on(first, seedAccounts+seedDomains))
	} else {
		concurrently(on(first, seedAccounts), on(second, seedDomains))
	}
	concurrently(on(first, seedEvents), on(second, append(others, "CREATE EXTENSION pg_trgm")...))
	db := pgtest.Open(t, dsn, 1)
	concurrently(func() error { return postgres.Migrate(ctx, db, nil) }, on(second, events...))
	concurrently(on(first, "VACUUM (ANALYZE)"))
}

// TestSeed compares the seeded rows with those that the library writes.
func TestSeed(t *testing.T) {
	const size = 1000
	ctx := t.Context()
	dsn := pgtest.Shared(t).Database(t)
	db := pgtest.Open(t, dsn, 2)
	require.NoError(t, postgres.Migrate(ctx, db, nil))
	seed(ctx, t, dsn, size, true)
	store, err := postgres.New(ctx, db, nil)
	require.NoError(t, err)

	page, err := store.Accounts(ctx, accounts.ListParams{Limit: size + 1})
	require.NoError(t, err)
	require.Len(t, page, size)
	var columns struct{ SortName, Search string }
	for _, a := range page {
		require.NoError(t, db.NewRaw("SELECT sort_name, search FROM clientele.accounts WHERE id = ?", a.ID).Scan(ctx, &columns))
		require.Equal(t, a.SortName(), columns.SortName)
		require.Equal(t, a.SearchText(), columns.Search)
		require.Contains(t, []int{2, 3, 4, 5, 6}, a.Domains)
	}

	all, err := store.Subscriptions(ctx, subscriptions.ListParams{Limit: 2 * size})
	require.NoError(t, err)
	require.Len(t, all, size*6/5)
	for _, s := range all {
		require.NoError(t, db.NewRaw("SELECT '' AS sort_name, search FROM clientele.subscriptions WHERE id = ?", s.ID).Scan(ctx, &columns))
		require.Equal(t, s.SearchText(), columns.Search)
	}

	domains, err := store.Domains(ctx, subscriptions.DomainListParams{Limit: 4 * size})
	require.NoError(t, err)
	require.Len(t, domains, 3*size)
	mains := 0
	for _, d := range domains {
		canonical, valid := subscriptions.CanonicalName(d.Name)
		require.True(t, valid)
		require.Equal(t, canonical, d.Name)
		require.NoError(t, db.NewRaw("SELECT reversed AS sort_name, search FROM clientele.domains WHERE id = ?", d.ID).Scan(ctx, &columns))
		require.Equal(t, reversed(d.Name), columns.SortName)
		require.Equal(t, d.SearchText(), columns.Search)
		if d.Main {
			mains++
		}
	}
	require.Equal(t, len(all), mains)

	log, err := store.Events(ctx, accounts.EventParams{After: 0, Limit: 500})
	require.NoError(t, err)
	require.Len(t, log.Events, 500)
	require.Equal(t, log.Pruned+1, log.Events[0].Number)
	require.Equal(t, log.Pruned+500, log.Events[499].Number)
	client := accounts.NewManager(store, &accounts.Options{Hasher: plain{}})
	created, err := client.Create(ctx, customer(size+1))
	require.NoError(t, err, "the sequences continue after the seeded rows")
	require.Equal(t, accounts.ID(size+1), created.ID)
}

func reversed(name string) string {
	labels := strings.Split(name, ".")
	for i, j := 0, len(labels)-1; i < j; i, j = i+1, j-1 {
		labels[i], labels[j] = labels[j], labels[i]
	}
	return strings.Join(labels, ".")
}
