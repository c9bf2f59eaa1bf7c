package postgres_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// searchDB returns a database with the search indexes, and a manager.
func searchDB(t *testing.T) (*bun.DB, *accounts.Manager) {
	t.Helper()
	db := pgtest.Open(t, pgtest.Shared(t).Database(t), 2)
	_, err := db.ExecContext(t.Context(), "CREATE EXTENSION pg_trgm")
	require.NoError(t, err)
	require.NoError(t, postgres.Migrate(t.Context(), db, nil))
	store, err := postgres.New(t.Context(), db, nil)
	require.NoError(t, err)
	return db, manager(store)
}

// More domains match than are looked up. Other accounts with a matching domain are found nevertheless, whether the many
// domains belong to one account or to the provider.
func TestSearchWithMoreHitsThanAreLookedUp(t *testing.T) {
	ctx := t.Context()
	db, clients := searchDB(t)

	reseller, err := clients.Create(ctx, accounts.New{
		Login: "reseller", Password: "correct horse battery", Contact: accounts.Contact{Name: "Reseller"},
		Subscription: &subscriptions.New{Name: "Space"},
	})
	require.NoError(t, err)
	_, err = db.ExecContext(ctx, `
INSERT INTO clientele.domains (id, subscription_id, name, reversed, created_at, search)
SELECT -n, (SELECT id FROM clientele.subscriptions), 'trattoria' || n || '.com', 'com.trattoria' || n, now(), ' trattoria' || n || '. com'
FROM generate_series(1, 10001) AS n`)
	require.NoError(t, err)
	last, err := clients.Create(ctx, accounts.New{
		Login: "zoe", Password: "correct horse battery", Contact: accounts.Contact{Name: "Zoe"},
		Subscription: &subscriptions.New{Domains: []string{"la-trattoria.it"}},
	})
	require.NoError(t, err)

	found := func(q accounts.Query) []accounts.ID {
		q.Search = "trattoria"
		page, err := clients.List(ctx, q)
		require.NoError(t, err)
		count, err := clients.Count(ctx, q, 0)
		require.NoError(t, err)
		require.Equal(t, len(page.Items), count)
		var ids []accounts.ID
		for _, a := range page.Items {
			ids = append(ids, a.ID)
		}
		return ids
	}
	require.Equal(t, []accounts.ID{reseller.ID, last.ID}, found(accounts.Query{}))
	subs, err := clients.Subscriptions().List(ctx, subscriptions.Query{Search: "trattoria"})
	require.NoError(t, err)
	require.Len(t, subs.Items, 2)
	domains, err := clients.Subscriptions().CountDomains(ctx, subscriptions.DomainQuery{Search: "trattoria"}, 0)
	require.NoError(t, err)
	require.Equal(t, 10_002, domains)

	_, err = clients.Subscriptions().Assign(ctx, []subscriptions.ID{subs.Items[0].ID}, subscriptions.Provider)
	require.NoError(t, err)
	require.Equal(t, []accounts.ID{last.ID}, found(accounts.Query{}))
	require.Empty(t, found(accounts.Query{Status: accounts.Suspended}))
}

// The pending list of a search index, which every search scans, is small.
func TestPendingListsAreSmall(t *testing.T) {
	db, clients := searchDB(t)
	in := accounts.New{
		Login: "zoe", Password: "correct horse battery", Contact: accounts.Contact{Name: "Zoe"}, Subscription: &subscriptions.New{},
	}
	for i := range 1000 {
		in.Subscription.Domains = append(in.Subscription.Domains, fmt.Sprintf("la-trattoria-numero-%d.it", i))
	}
	_, err := clients.Create(t.Context(), in)
	require.NoError(t, err)
	var pages int
	require.NoError(t, db.NewRaw("SELECT gin_clean_pending_list('clientele.domains_search')").Scan(t.Context(), &pages))
	require.LessOrEqual(t, pages, 256/8)
	for _, index := range []string{"accounts_search", "subscriptions_search", "domains_search"} {
		var limit string
		require.NoError(t, db.NewRaw("SELECT array_to_string(reloptions, ' ') FROM pg_class WHERE oid = ?::regclass", "clientele."+index).Scan(t.Context(), &limit))
		require.Equal(t, "gin_pending_list_limit=256", limit, index)
	}
}
