package sqlite_test

import (
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/sqltest"
	"github.com/clientele-go/clientele/storage/sqlite"
	"github.com/clientele-go/clientele/subscriptions"
)

var updateSQL = flag.Bool("update-sql", false, "write the files in testdata/sql instead of comparing them")

// The files in testdata/sql have the statements of lists, by order, filter and search, and those of commands, sorted. Write them
// anew after a change, and read the difference:
//
//	go test ./storage/sqlite -run TestSQL -update-sql
func TestSQL(t *testing.T) {
	db := open(t, newFile(t), 1)
	files := map[string]string{}
	record := func(name string, store *sqlite.Store) {
		var texts []string
		for _, text := range store.Statements() {
			texts = append(texts, strings.TrimSpace(text))
		}
		files[name] = strings.Join(texts, ";\n\n") + ";\n"
	}
	// In empty tables, a list walks, counts and finds the rows of its first condition; where no number of rows is small, it walks
	// on and intersects all conditions.
	for name, list := range sqltest.Lists(t.Context()) {
		store := newStore(t, db)
		require.NoError(t, list(store), name)
		require.NoError(t, list(store.WithListSteps(200, 10_000, -1)), name)
		record(name, store)
	}
	store := newStore(t, db)
	runCommands(t, accounts.NewManager(store, nil))
	record("commands", store)
	sqltest.CompareFiles(t, "testdata/sql", files, *updateSQL)
}

// runCommands runs commands and look-ups, twice: what a transaction misses is prepared before the next one.
func runCommands(t *testing.T, clients *accounts.Manager) {
	t.Helper()
	ctx, subs, keys := t.Context(), clients.Subscriptions(), clients.Bucket("keys")
	run := func(_ any, err error) {
		t.Helper()
		require.NoError(t, err)
	}
	for i := range 2 {
		in := newAccount(i)
		in.ExternalID, in.Subscription.ExternalID, in.Subscription.ExpiresAt = in.Login, in.Login, time.Now().Add(-time.Hour)
		a, err := clients.Create(ctx, in)
		require.NoError(t, err)
		other, err := clients.Create(ctx, withHash(i+10))
		require.NoError(t, err)
		s, err := subs.GetByExternalID(ctx, in.Login)
		require.NoError(t, err)
		second, err := subs.Domain(ctx, in.Subscription.Domains[1])
		require.NoError(t, err)

		run(clients.Get(ctx, a.ID))
		run(clients.GetByLogin(ctx, in.Login))
		run(clients.GetByExternalID(ctx, in.Login))
		run(subs.Get(ctx, s.ID))
		run(clients.Update(ctx, a.ID, accounts.Changes{Description: &in.Login}))
		run(clients.Suspend(ctx, []accounts.ID{a.ID}, accounts.Hold{Message: "Please pay."}))
		run(clients.Activate(ctx, []accounts.ID{a.ID}))
		run(subs.RenameDomain(ctx, second.ID, "new-"+second.Name))
		run(subs.ExpireAll(ctx))
		run(subs.Update(ctx, s.ID, subscriptions.Changes{ExpiresAt: new(time.Time)}))
		run(subs.Assign(ctx, []subscriptions.ID{s.ID}, subscriptions.Provider))
		run(subs.Assign(ctx, []subscriptions.ID{s.ID}, other.ID))
		run(clients.Events(ctx, accounts.EventQuery{}))
		run(clients.Snapshot(ctx, func(accounts.Batch) error { return nil }))
		run(keys.Put(ctx, accounts.Entry{Key: "k"}, accounts.Any))
		run(keys.Get(ctx, "k"))
		run(keys.List(ctx, "k", "", 0))
		run(nil, keys.Delete(ctx, "k"))
		run(keys.DeletePrefix(ctx, "k"))
		run(keys.DeleteExpired(ctx))
		run(subs.RemoveDomains(ctx, []subscriptions.DomainID{second.ID}))
		r, err := clients.PreviewRemoval(ctx, []accounts.ID{a.ID, other.ID})
		require.NoError(t, err)
		run(clients.RemoveExactly(ctx, r))
		run(clients.PruneEvents(ctx, time.Now().Add(time.Hour)))
	}
}
