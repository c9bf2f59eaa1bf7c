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

//go:embed seed.sql
var seedStatements string

// seed fills an empty database. Search has its indexes made by Migrate afterwards, because the extension comes last,
// and so have the other indexes that a million rows should not be sorted into one by one.
func seed(ctx context.Context, t testing.TB, dsn string, accounts int, checked bool) {
	t.Helper()
	conn, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	do := func(statement string, args ...any) {
		t.Helper()
		_, err := conn.Exec(ctx, statement, args...)
		require.NoError(t, err)
	}
	do("SELECT set_config('bench.accounts', $1, false)", fmt.Sprint(accounts))
	if !checked { // the references, row by row: TestSeed has them checked
		do("SET session_replication_role = replica")
	}
	rows, err := conn.Query(ctx, `
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE NOT indisunique AND indrelid IN ('clientele.accounts'::regclass, 'clientele.subscriptions'::regclass,
    'clientele.domains'::regclass, 'clientele.events'::regclass)`)
	require.NoError(t, err)
	type index struct{ name, definition string }
	indexes, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (i index, err error) {
		return i, r.Scan(&i.name, &i.definition)
	})
	require.NoError(t, err)
	for _, i := range indexes {
		do("DROP INDEX " + i.name)
	}
	do(seedStatements)
	// Indexes for search take one processor, and as long as all others together.
	do("CREATE EXTENSION pg_trgm")
	db := pgtest.Open(t, dsn, 2)
	both, bctx := errgroup.WithContext(ctx)
	both.Go(func() error { return postgres.Migrate(bctx, db, nil) })
	both.Go(func() error {
		for _, i := range indexes {
			if _, err := db.ExecContext(bctx, i.definition); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, both.Wait())
	do("VACUUM (ANALYZE)")
}

// TestSeed compares what seed.sql writes with what the library does.
func TestSeed(t *testing.T) {
	const many = 1000
	ctx := t.Context()
	dsn := pgtest.Shared(t).Database(t)
	db := pgtest.Open(t, dsn, 2)
	require.NoError(t, postgres.Migrate(ctx, db, nil))
	seed(ctx, t, dsn, many, true)
	store, err := postgres.New(ctx, db, nil)
	require.NoError(t, err)

	page, err := store.Accounts(ctx, accounts.Listing{Query: accounts.Query{Limit: many + 1}})
	require.NoError(t, err)
	require.Len(t, page, many)
	var columns struct{ SortName, Search string }
	for _, a := range page {
		require.NoError(t, db.NewRaw("SELECT sort_name, search FROM clientele.accounts WHERE id = ?", a.ID).Scan(ctx, &columns))
		require.Equal(t, a.SortName(), columns.SortName)
		require.Equal(t, searchable(a.SearchTexts()), columns.Search)
		require.Contains(t, []int{2, 3, 4, 5, 6}, a.Domains)
	}

	all, err := store.Subscriptions(ctx, subscriptions.Listing{Query: subscriptions.Query{Limit: 2 * many}})
	require.NoError(t, err)
	require.Len(t, all, many*6/5)
	for _, s := range all {
		require.NoError(t, db.NewRaw("SELECT '' AS sort_name, search FROM clientele.subscriptions WHERE id = ?", s.ID).Scan(ctx, &columns))
		require.Equal(t, searchable(s.SearchTexts()), columns.Search)
	}

	domains, err := store.Domains(ctx, subscriptions.DomainListing{DomainQuery: subscriptions.DomainQuery{Limit: 4 * many}})
	require.NoError(t, err)
	require.Len(t, domains, 3*many)
	mains := 0
	for _, d := range domains {
		canonical, valid := subscriptions.CanonicalName(d.Name)
		require.True(t, valid)
		require.Equal(t, canonical, d.Name)
		require.NoError(t, db.NewRaw("SELECT reversed AS sort_name, search FROM clientele.domains WHERE id = ?", d.ID).Scan(ctx, &columns))
		require.Equal(t, reversed(d.Name), columns.SortName)
		require.Equal(t, searchable(d.SearchTexts()), columns.Search)
		if d.Main {
			mains++
		}
	}
	require.Equal(t, len(all), mains)

	log, err := store.Events(ctx, accounts.EventRange{After: 0, Limit: 500})
	require.NoError(t, err)
	require.Len(t, log.Events, 500)
	require.Equal(t, log.Pruned+1, log.Events[0].Number)
	require.Equal(t, log.Pruned+500, log.Events[499].Number)
	client := accounts.NewManager(store, &accounts.Options{Hasher: plain{}})
	created, err := client.Create(ctx, customer(many+1))
	require.NoError(t, err, "the sequences go on behind the seed")
	require.Equal(t, accounts.ID(many+1), created.ID)
}

func searchable(texts []string) string { return "\n" + strings.Join(texts, "\n") + "\n" }

func reversed(name string) string {
	labels := strings.Split(name, ".")
	for i, j := 0, len(labels)-1; i < j; i, j = i+1, j-1 {
		labels[i], labels[j] = labels[j], labels[i]
	}
	return strings.Join(labels, ".")
}
