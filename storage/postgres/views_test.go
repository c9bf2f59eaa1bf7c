package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// statusRow has the columns that the three views have in common, and the ids.
type statusRow struct {
	AccountID      subscriptions.AccountID
	SubscriptionID subscriptions.ID
	DomainID       subscriptions.DomainID
	Name           string
	Main           bool
	Status         subscriptions.Status
	SuspendedBy    []string `bun:",array"`
}

// The views return what Status and SuspendedBy return, for every combination of holds on three levels.
func TestViewsMatchTheLibrary(t *testing.T) {
	ctx := t.Context()
	db := pgtest.Open(t, pgtest.Shared(t).Database(t), 2)
	require.NoError(t, postgres.Migrate(ctx, db, nil))
	m := manager(must(postgres.New(ctx, db, nil))(t))
	s := m.Subscriptions()
	for i := range 8 {
		a, err := m.Create(ctx, accounts.New{
			Login: fmt.Sprintf("user%d", i), Password: "correct horse battery", Contact: accounts.Contact{Name: "User"},
			Subscription: &subscriptions.New{Domains: []string{fmt.Sprintf("site%d.com", i), fmt.Sprintf("site%d.org", i)}},
		})
		require.NoError(t, err)
		subs, err := s.List(ctx, subscriptions.Query{AccountID: &a.ID})
		require.NoError(t, err)
		domains, err := s.Domains(ctx, subscriptions.DomainQuery{AccountID: &a.ID})
		require.NoError(t, err)
		if i&1 != 0 {
			_, err = m.Suspend(ctx, []accounts.ID{a.ID}, accounts.Hold{Cause: "zzz"})
			require.NoError(t, err)
			_, err = m.Suspend(ctx, []accounts.ID{a.ID}, accounts.Hold{Cause: accounts.CauseBilling})
			require.NoError(t, err)
		}
		if i&2 != 0 {
			_, err = s.Suspend(ctx, []subscriptions.ID{subs.Items[0].ID}, accounts.Hold{Cause: accounts.CauseAbuse})
			require.NoError(t, err)
		}
		if i&4 != 0 {
			_, err = s.SuspendDomains(ctx, []subscriptions.DomainID{domains.Items[1].ID}, accounts.Hold{Cause: accounts.CauseCustomer})
			require.NoError(t, err)
		}
	}
	past := time.Now().Add(-time.Hour)
	_, err := s.Create(ctx, subscriptions.New{Name: "the provider's", ExpiresAt: past, Domains: []string{"provider.com"}})
	require.NoError(t, err)

	var rows []statusRow
	require.NoError(t, db.NewRaw("SELECT account_id, login AS name, status, suspended_by FROM clientele.account_status").Scan(ctx, &rows))
	require.Len(t, rows, 8)
	for _, row := range rows {
		a, err := m.Get(ctx, row.AccountID)
		require.NoError(t, err)
		require.Equal(t, a.Login, row.Name)
		require.Equal(t, a.Status(), row.Status)
		require.Equal(t, suspendedBy(a.SuspendedBy()), row.SuspendedBy)
	}
	rows = nil
	require.NoError(t, db.NewRaw("SELECT subscription_id, account_id, name, status, suspended_by FROM clientele.subscription_status").Scan(ctx, &rows))
	require.Len(t, rows, 9)
	for _, row := range rows {
		sub, err := s.Get(ctx, row.SubscriptionID)
		require.NoError(t, err)
		require.Equal(t, sub.AccountID, row.AccountID)
		require.Equal(t, sub.Name, row.Name)
		require.Equal(t, sub.Status(), row.Status)
		require.Equal(t, suspendedBy(sub.SuspendedBy()), row.SuspendedBy)
	}
	rows = nil
	require.NoError(t, db.NewRaw("SELECT domain_id, subscription_id, account_id, name, main, status, suspended_by FROM clientele.domain_status").Scan(ctx, &rows))
	require.Len(t, rows, 17)
	for _, row := range rows {
		d, err := s.Domain(ctx, row.Name)
		require.NoError(t, err)
		require.Equal(t, d.ID, row.DomainID)
		require.Equal(t, d.SubscriptionID, row.SubscriptionID)
		require.Equal(t, d.AccountID, row.AccountID)
		require.Equal(t, d.Main, row.Main)
		require.Equal(t, d.Status(), row.Status)
		require.Equal(t, suspendedBy(d.SuspendedBy()), row.SuspendedBy)
	}
}

// suspendedBy returns holds in the form of the views.
func suspendedBy(held []subscriptions.EffectiveHold) []string {
	all := []string{}
	for _, h := range held {
		all = append(all, string(h.Level)+":"+string(h.Cause))
	}
	return all
}

func TestViewColumnsAreDocumented(t *testing.T) {
	ctx := t.Context()
	db := pgtest.Open(t, pgtest.Shared(t).Database(t), 2)
	require.NoError(t, postgres.Migrate(ctx, db, nil))
	var columns, undocumented int
	require.NoError(t, db.NewRaw(`
SELECT count(*), count(*) FILTER (WHERE col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relnamespace = 'clientele'::regnamespace AND c.relkind = 'v' AND a.attnum > 0`).Scan(ctx, &columns, &undocumented))
	require.Equal(t, 18, columns)
	require.Zero(t, undocumented)
}
