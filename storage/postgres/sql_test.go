package postgres_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

var updateSQL = flag.Bool("update-sql", false, "write the files in testdata/sql instead of comparing them")

const sqlDir = "testdata/sql"

// The files in testdata/sql have every statement that the store sends: those of each method, and those of lists by order, filter
// and search. Write them anew after a change, and read the difference:
//
//	go test ./storage/postgres -run TestSQL -update-sql
func TestSQL(t *testing.T) {
	var r recorder
	dsn := pgtest.Shared(t).Database(t)
	db := pgtest.Open(t, dsn, 1, r.trace)
	_, err := db.ExecContext(t.Context(), "CREATE EXTENSION pg_trgm")
	require.NoError(t, err)
	require.NoError(t, postgres.Migrate(t.Context(), db, nil))
	store := must(postgres.New(t.Context(), db, nil))(t)

	files := map[string]string{}
	record := func(name string, run func(*postgres.Store) error, stores ...*postgres.Store) {
		t.Helper()
		require.Empty(t, files[name], name)
		var texts []string
		for _, store := range stores {
			r.take()
			require.NoError(t, run(store), name)
			for _, s := range r.take() {
				text := strings.ReplaceAll(strings.TrimSpace(s.text), "\n    LIMIT 0\n", "\n    LIMIT 10001\n") // of the small number
				if !slices.Contains(texts, text) && s.verb() != "--" {
					texts = append(texts, text)
				}
			}
		}
		files[name] = strings.Join(texts, ";\n\n") + ";\n"
	}
	// In empty tables, a list walks, counts and finds the rows of its first condition; where no number of rows is small, it walks
	// on and intersects all conditions.
	for name, list := range listStatements(t.Context()) {
		record(name, list, store, store.WithListSteps(200, 10_000, -1))
	}
	parts := dumpOf(t, storeWithEverything(t))
	parts[0].Head = &accounts.DumpHead{Rows: parts[0].Head.Rows} // rolled back, but what happens to sequences stays
	rolledBack := errors.New("rolled back")
	record("Restore", func(s *postgres.Store) error {
		err := s.Restore(t.Context(), func(write func(accounts.DumpPart) error) error {
			return errors.Join(writeAll(parts)(write), rolledBack)
		})
		if err.Error() != rolledBack.Error() {
			return err
		}
		return nil
	}, store)
	m, c := manager(store), populate(t, store, 3)
	for _, command := range commands() {
		_, err := m.Head(t.Context()) // numbers the events of the command before
		require.NoError(t, err)
		record(strings.ReplaceAll(command.name, " ", "-"), func(*postgres.Store) error { return command.run(t, m, c) }, store)
	}

	record("Dump", func(s *postgres.Store) error {
		return s.Dump(t.Context(), func(accounts.DumpPart) error { return nil })
	}, store)

	if *updateSQL {
		require.NoError(t, os.RemoveAll(sqlDir))
		require.NoError(t, os.MkdirAll(sqlDir, 0o755))
	}
	for name, text := range files {
		file := filepath.Join(sqlDir, name+".sql")
		if *updateSQL {
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			continue
		}
		golden, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(golden), text, "%s differs: run this test with -update-sql and read the difference", file)
	}
	kept, err := filepath.Glob(filepath.Join(sqlDir, "*.sql"))
	require.NoError(t, err)
	assert.Len(t, kept, len(files), "files of no statement")
}

// listStatements returns the lists of which every statement is shown, by the names of their files: each order and filter alone,
// and what the panel combines.
func listStatements(ctx context.Context) map[string]func(*postgres.Store) error {
	word := []subscriptions.SearchTerm{{Text: "rossi"}}
	words := []subscriptions.SearchTerm{{Text: "rossi"}, {Text: " m"}}
	byID := []subscriptions.SearchTerm{{Text: " 17", ID: 17}}
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	position := subscriptions.Position{At: day, Key: "m", ID: 7}
	mario := pointerTo(subscriptions.AccountID(17))
	all := map[string]func(*postgres.Store) error{}
	for name, p := range map[string]accounts.ListParams{
		"":                              {},
		"-by-login":                     {Sort: accounts.SortLogin},
		"-by-name":                      {Sort: accounts.SortName},
		"-by-name-descending-next-page": {Sort: accounts.SortName, Desc: true, From: position},
		"-next-page":                    {From: position},
		"-ids":                          {IDs: []accounts.ID{17, 18}},
		"-suspended":                    {Status: accounts.Suspended},
		"-active":                       {Status: accounts.Active},
		"-cause":                        {Cause: accounts.CauseAbuse},
		"-country":                      {Country: "IT"},
		"-plan":                         {Plan: "basic"},
		"-created":                      {CreatedFrom: day, CreatedBefore: day.AddDate(0, 1, 0)},
		"-created-by-login":             {CreatedFrom: day, Sort: accounts.SortLogin},
		"-search":                       {Terms: word},
		"-search-by-name-next-page":     {Terms: word, Sort: accounts.SortName, From: position},
		"-search-words":                 {Terms: words},
		"-search-id":                    {Terms: byID},
		"-search-suspended-cause-by-name": {
			Terms: word, Status: accounts.Suspended, Cause: accounts.CauseBilling, Country: "IT", Sort: accounts.SortName,
		},
		"-search-active-plan": {Terms: words, Status: accounts.Active, Plan: "basic"},
	} {
		all["list-accounts"+name] = func(s *postgres.Store) error {
			p.Limit = 51
			_, err := s.Accounts(ctx, p)
			return err
		}
	}
	for name, p := range map[string]accounts.ListParams{"": {}, "-search": {Terms: word}, "-suspended": {Status: accounts.Suspended}} {
		all["count-accounts"+name] = func(s *postgres.Store) error { _, err := s.CountAccounts(ctx, p, 1000); return err }
		all["count-accounts"+name+"-unbounded"] = func(s *postgres.Store) error { _, err := s.CountAccounts(ctx, p, 0); return err }
	}
	for name, p := range map[string]subscriptions.ListParams{
		"":                       {},
		"-descending-next-page":  {Desc: true, From: position},
		"-ids":                   {IDs: []subscriptions.ID{17, 18}},
		"-of-an-account":         {AccountID: mario},
		"-of-the-provider":       {AccountID: pointerTo(subscriptions.Provider)},
		"-suspended":             {Status: accounts.Suspended},
		"-active":                {Status: accounts.Active},
		"-cause":                 {Cause: accounts.CauseExpired},
		"-plan":                  {Plan: "basic"},
		"-expires":               {ExpiresBefore: day},
		"-search":                {Terms: word},
		"-search-plan-suspended": {Terms: words, Plan: "basic", Status: accounts.Suspended},
		"-of-an-owner-search":    {AccountID: mario, Terms: word, HideExternalID: true, Status: accounts.Active, From: position},
	} {
		all["list-subscriptions"+name] = func(s *postgres.Store) error {
			p.Limit = 51
			_, err := s.Subscriptions(ctx, p)
			return err
		}
	}
	all["count-subscriptions-search"] = func(s *postgres.Store) error {
		_, err := s.CountSubscriptions(ctx, subscriptions.ListParams{Terms: word}, 1000)
		return err
	}
	for name, p := range map[string]subscriptions.DomainListParams{
		"":                           {},
		"-next-page":                 {From: position},
		"-ids":                       {IDs: []subscriptions.DomainID{17, 18}},
		"-of-an-account":             {AccountID: mario},
		"-of-an-account-search":      {AccountID: mario, Terms: word, Status: accounts.Active, From: position},
		"-of-the-provider":           {AccountID: pointerTo(subscriptions.Provider)},
		"-of-a-subscription":         {SubscriptionID: 17},
		"-of-an-owners-subscription": {SubscriptionID: 17, AccountID: mario},
		"-suspended":                 {Status: accounts.Suspended},
		"-active":                    {Status: accounts.Active},
		"-cause":                     {Cause: accounts.CauseAbuse},
		"-search":                    {Terms: word},
		"-search-suspended":          {Terms: words, Status: accounts.Suspended},
	} {
		all["list-domains"+name] = func(s *postgres.Store) error {
			p.Limit = 51
			_, err := s.Domains(ctx, p)
			return err
		}
	}
	all["count-domains-search"] = func(s *postgres.Store) error {
		_, err := s.CountDomains(ctx, subscriptions.DomainListParams{Terms: word}, 1000)
		return err
	}
	return all
}
