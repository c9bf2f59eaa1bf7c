// Package sqltest has what the tests of stores on SQL databases share: the lists whose statements are shown in files, and the
// comparison with these files.
package sqltest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// CompareFiles compares texts with the files in dir that have their names and the extension .sql, or writes the files.
func CompareFiles(t *testing.T, dir string, files map[string]string, update bool) {
	t.Helper()
	if update {
		require.NoError(t, os.RemoveAll(dir))
		require.NoError(t, os.MkdirAll(dir, 0o755))
	}
	for name, text := range files {
		file := filepath.Join(dir, name+".sql")
		if update {
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			continue
		}
		golden, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(golden), text, "%s differs: run this test with -update-sql and read the difference", file)
	}
	kept, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	require.NoError(t, err)
	assert.Len(t, kept, len(files), "files of no statement")
}

// Lists returns the lists of which every statement is shown, by the names of their files: each order and filter alone, and what
// the panel combines.
func Lists(ctx context.Context) map[string]func(accounts.Store) error {
	word := []subscriptions.SearchTerm{{Text: "rossi"}}
	words := []subscriptions.SearchTerm{{Text: "rossi"}, {Text: " m"}}
	byID := []subscriptions.SearchTerm{{Text: " 17", ID: 17}}
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	position := subscriptions.Position{At: day, Key: "m", ID: 7}
	mario := new(subscriptions.AccountID)
	*mario = 17
	all := map[string]func(accounts.Store) error{}
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
		all["list-accounts"+name] = func(s accounts.Store) error {
			p.Limit = 51
			_, err := s.Accounts(ctx, p)
			return err
		}
	}
	for name, p := range map[string]accounts.ListParams{"": {}, "-search": {Terms: word}, "-suspended": {Status: accounts.Suspended}} {
		all["count-accounts"+name] = func(s accounts.Store) error { _, err := s.CountAccounts(ctx, p, 1000); return err }
		all["count-accounts"+name+"-unbounded"] = func(s accounts.Store) error { _, err := s.CountAccounts(ctx, p, 0); return err }
	}
	for name, p := range map[string]subscriptions.ListParams{
		"":                       {},
		"-descending-next-page":  {Desc: true, From: position},
		"-ids":                   {IDs: []subscriptions.ID{17, 18}},
		"-of-an-account":         {AccountID: mario},
		"-of-the-provider":       {AccountID: new(subscriptions.AccountID)},
		"-suspended":             {Status: accounts.Suspended},
		"-active":                {Status: accounts.Active},
		"-cause":                 {Cause: accounts.CauseExpired},
		"-plan":                  {Plan: "basic"},
		"-expires":               {ExpiresBefore: day},
		"-search":                {Terms: word},
		"-search-plan-suspended": {Terms: words, Plan: "basic", Status: accounts.Suspended},
		"-of-an-owner-search":    {AccountID: mario, Terms: word, HideExternalID: true, Status: accounts.Active, From: position},
	} {
		all["list-subscriptions"+name] = func(s accounts.Store) error {
			p.Limit = 51
			_, err := s.Subscriptions(ctx, p)
			return err
		}
	}
	all["count-subscriptions-search"] = func(s accounts.Store) error {
		_, err := s.CountSubscriptions(ctx, subscriptions.ListParams{Terms: word}, 1000)
		return err
	}
	for name, p := range map[string]subscriptions.DomainListParams{
		"":                           {},
		"-next-page":                 {From: position},
		"-ids":                       {IDs: []subscriptions.DomainID{17, 18}},
		"-of-an-account":             {AccountID: mario},
		"-of-an-account-search":      {AccountID: mario, Terms: word, Status: accounts.Active, From: position},
		"-of-the-provider":           {AccountID: new(subscriptions.AccountID)},
		"-of-a-subscription":         {SubscriptionID: 17},
		"-of-an-owners-subscription": {SubscriptionID: 17, AccountID: mario},
		"-suspended":                 {Status: accounts.Suspended},
		"-active":                    {Status: accounts.Active},
		"-cause":                     {Cause: accounts.CauseAbuse},
		"-search":                    {Terms: word},
		"-search-suspended":          {Terms: words, Status: accounts.Suspended},
	} {
		all["list-domains"+name] = func(s accounts.Store) error {
			p.Limit = 51
			_, err := s.Domains(ctx, p)
			return err
		}
	}
	all["count-domains-search"] = func(s accounts.Store) error {
		_, err := s.CountDomains(ctx, subscriptions.DomainListParams{Terms: word}, 1000)
		return err
	}
	return all
}
