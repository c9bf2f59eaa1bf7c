package sqlite_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/sqlite"
	"github.com/clientele-go/clientele/subscriptions"
)

// A page begins at its place in the index, also where many rows have the same time or name.
func TestPagesBeginInTheIndex(t *testing.T) {
	db := open(t, newFile(t), 1)
	begins := func(want, statement string, args []any) {
		t.Helper()
		var id, parent, unused int
		var plan string
		require.NoError(t, db.DB.QueryRowContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, args...).Scan(&id, &parent, &unused, &plan))
		require.Contains(t, plan, want)
	}
	owner, provider := accounts.ID(1), subscriptions.Provider
	for _, desc := range []bool{false, true} {
		sign := map[bool]string{false: ">", true: "<"}[desc]
		page := func(s accounts.Sort) (string, []any) {
			return sqlite.AccountPage(accounts.ListParams{Sort: s, Desc: desc, Limit: 50})
		}
		statement, args := page(accounts.SortCreated)
		begins("INDEX clientele_accounts_created ((created_at,ordinal)"+sign+"(?,?))", statement, args)
		statement, args = page(accounts.SortName)
		begins("INDEX clientele_accounts_sort_name ((sort_name,ordinal)"+sign+"(?,?))", statement, args)
		statement, args = page(accounts.SortLogin)
		begins("INDEX clientele_accounts_login (login"+sign+"?)", statement, args)
		for _, id := range []*accounts.ID{&owner, &provider} {
			statement, args = sqlite.SubscriptionPage(subscriptions.ListParams{AccountID: id, Desc: desc, Limit: 50})
			begins("clientele_subscriptions_account (account_id=? AND (created_at,ordinal)"+sign+"(?,?))", statement, args)
		}
		statement, args = sqlite.SubscriptionPage(subscriptions.ListParams{Desc: desc, Limit: 50})
		begins("INDEX clientele_subscriptions_created ((created_at,ordinal)"+sign+"(?,?))", statement, args)
	}
}
