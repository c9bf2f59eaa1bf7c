package sqlite_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/sqlite"
	"github.com/clientele-go/clientele/subscriptions"
)

// explain returns the steps of a statement's plan.
func explain(t *testing.T, db *bun.DB, statement string, args []any) []string {
	t.Helper()
	rows, err := db.DB.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, args...)
	require.NoError(t, err)
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &step))
		steps = append(steps, step)
	}
	require.NoError(t, rows.Err())
	require.NotEmpty(t, steps)
	return steps
}

// A page begins at its place in the index, also where many rows have the same time or name.
func TestPagesBeginInTheIndex(t *testing.T) {
	db := open(t, newFile(t), 1)
	begins := func(want, statement string, args []any) {
		t.Helper()
		plan := explain(t, db, statement, args)
		require.Contains(t, plan[0], want)
		for _, step := range plan {
			require.NotContains(t, step, "ORDER BY", "the index must have the order")
		}
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
		for _, p := range []subscriptions.ListParams{
			{AccountID: &owner}, {AccountID: &provider}, {AccountID: &owner, Plan: "basic", ExpiresBefore: time.Now()},
		} {
			p.Desc, p.Limit = desc, 50
			statement, args = sqlite.SubscriptionPage(p)
			begins("clientele_subscriptions_account (account_id=? AND (created_at,ordinal)"+sign+"(?,?))", statement, args)
		}
		statement, args = sqlite.SubscriptionPage(subscriptions.ListParams{Desc: desc, Limit: 50})
		begins("INDEX clientele_subscriptions_created ((created_at,ordinal)"+sign+"(?,?))", statement, args)
	}
	for _, c := range []struct {
		params subscriptions.DomainListParams
		want   string
	}{
		{subscriptions.DomainListParams{}, "clientele_domains_name (name>?)"},
		{subscriptions.DomainListParams{SubscriptionID: 1}, "clientele_domains_subscription (subscription_id=? AND name>?)"},
		{subscriptions.DomainListParams{SubscriptionID: 1, AccountID: &owner}, "clientele_domains_subscription (subscription_id=? AND name>?)"},
		{subscriptions.DomainListParams{AccountID: &owner}, "clientele_domains_account (account_id=? AND name>?)"},
		{subscriptions.DomainListParams{AccountID: &provider}, "clientele_domains_account (account_id=? AND name>?)"},
	} {
		c.params.Limit = 50
		statement, args := sqlite.DomainPage(c.params)
		begins("INDEX "+c.want, statement, args)
	}
}

// The events of an account are read in the order of its index, from both ends.
func TestEventsOfAnAccountAreReadByIndex(t *testing.T) {
	db := open(t, newFile(t), 1)
	id := accounts.ID(1)
	for _, desc := range []bool{false, true} {
		store := newStore(t, db)
		_, err := store.Events(t.Context(), accounts.EventParams{AccountID: &id, After: 5, Desc: desc, Limit: 50})
		require.NoError(t, err)
		statements := store.Statements()
		statement := statements[slices.IndexFunc(statements, func(s string) bool { return strings.Contains(s, "clientele_events") })]
		sign := map[bool]string{false: ">", true: "<"}[desc]
		plan := strings.Join(explain(t, db, statement, []any{sql.Named("account", 1), sql.Named("after", 5), sql.Named("limit", 50)}), "\n")
		require.Contains(t, plan, "INDEX clientele_events_account (account_id=? AND rowid"+sign+"?)")
		require.LessOrEqual(t, strings.Count(plan, "ORDER BY"), 1, "only the page may be sorted: %s", plan)
	}
}
