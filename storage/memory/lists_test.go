package memory_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// newManagerWithFewHolds returns a manager of 120 accounts with a subscription each. Few enough rows are held that lists
// start from the holds. The tests compare the pages of a list with the same list limited to all ids, which looks up every
// row.
func newManagerWithFewHolds(t *testing.T) *accounts.Manager {
	t.Helper()
	m, ctx := newManager(), t.Context()
	for n := range 120 {
		_, err := m.Create(ctx, newCustomer(n, n%2+1))
		require.NoError(t, err)
	}
	_, err := m.Suspend(ctx, idsUpTo[accounts.ID](43)[40:], accounts.Hold{Cause: accounts.CauseBilling})
	require.NoError(t, err)
	_, err = m.Subscriptions().Suspend(ctx, []subscriptions.ID{7, 42}, accounts.Hold{Cause: accounts.CauseBilling})
	require.NoError(t, err)
	_, err = m.Subscriptions().SuspendDomains(ctx, []subscriptions.DomainID{3, 9}, accounts.Hold{})
	require.NoError(t, err)
	return m
}

// idsUpTo returns the ids from 1 to n.
func idsUpTo[ID ~int64](n int) []ID {
	ids := make([]ID, n)
	for i := range ids {
		ids[i] = ID(i + 1)
	}
	return ids
}

func TestAccountListsMatchLookUps(t *testing.T) {
	m := newManagerWithFewHolds(t)
	for name, q := range map[string]accounts.Query{
		"all": {}, "suspended": {Status: accounts.Suspended}, "active": {Status: accounts.Active},
		"billing": {Cause: accounts.CauseBilling}, "country": {Country: "DE"}, "domain": {Search: "site1-customer00000"},
		"name": {Search: "SSI 1"}, "beginning": {Search: "ma"},
	} {
		for _, q.Sort = range []accounts.Sort{accounts.SortCreated, accounts.SortLogin, accounts.SortName} {
			for _, q.Desc = range []bool{false, true} {
				t.Run(fmt.Sprint(name, "/", q.Sort, "/", q.Desc), func(t *testing.T) {
					byID := q
					byID.IDs, byID.Limit = idsUpTo[accounts.ID](500), 500
					want, err := m.List(t.Context(), byID)
					require.NoError(t, err)
					require.NotEmpty(t, want.Items)
					require.Equal(t, want.Items, accountPages(t, m, q))
					n, err := m.Count(t.Context(), q, 0)
					require.NoError(t, err)
					require.Len(t, want.Items, n)
				})
			}
		}
	}
}

func TestSubscriptionListsMatchLookUps(t *testing.T) {
	m, account := newManagerWithFewHolds(t).Subscriptions(), accounts.ID(42)
	for name, q := range map[string]subscriptions.Query{
		"all": {}, "suspended": {Status: accounts.Suspended}, "active": {Status: accounts.Active},
		"billing": {Cause: accounts.CauseBilling}, "account": {AccountID: &account}, "domain": {Search: "site1-customer00000"},
	} {
		for _, q.Desc = range []bool{false, true} {
			t.Run(fmt.Sprint(name, "/", q.Desc), func(t *testing.T) {
				byID := q
				byID.IDs, byID.Limit = idsUpTo[subscriptions.ID](500), 500
				want, err := m.List(t.Context(), byID)
				require.NoError(t, err)
				require.NotEmpty(t, want.Items)
				require.Equal(t, want.Items, subscriptionPages(t, m, q))
			})
		}
	}
}

func TestDomainListsMatchLookUps(t *testing.T) {
	m, account := newManagerWithFewHolds(t).Subscriptions(), accounts.ID(42)
	for name, q := range map[string]subscriptions.DomainQuery{
		"all": {}, "suspended": {Status: accounts.Suspended}, "active": {Status: accounts.Active},
		"billing": {Cause: accounts.CauseBilling}, "provider": {Cause: accounts.CauseProvider},
		"account": {AccountID: &account}, "subscription": {SubscriptionID: 42}, "name": {Search: "site1-"},
	} {
		t.Run(name, func(t *testing.T) {
			byID := q
			byID.IDs, byID.Limit = idsUpTo[subscriptions.DomainID](500), 500
			want, err := m.Domains(t.Context(), byID)
			require.NoError(t, err)
			require.NotEmpty(t, want.Items)
			require.Equal(t, want.Items, domainPages(t, m, q))
		})
	}
}

func accountPages(t *testing.T, m *accounts.Manager, q accounts.Query) []accounts.Summary {
	t.Helper()
	all := []accounts.Summary{}
	for q.Limit = 7; ; {
		page, err := m.List(t.Context(), q)
		require.NoError(t, err)
		all = append(all, page.Items...)
		if q.After = page.Next; q.After == "" {
			return all
		}
	}
}

func subscriptionPages(t *testing.T, m *subscriptions.Manager, q subscriptions.Query) []subscriptions.Subscription {
	t.Helper()
	all := []subscriptions.Subscription{}
	for q.Limit = 3; ; {
		page, err := m.List(t.Context(), q)
		require.NoError(t, err)
		all = append(all, page.Items...)
		if q.After = page.Next; q.After == "" {
			return all
		}
	}
}

func domainPages(t *testing.T, m *subscriptions.Manager, q subscriptions.DomainQuery) []subscriptions.Domain {
	t.Helper()
	all := []subscriptions.Domain{}
	for q.Limit = 3; ; {
		page, err := m.Domains(t.Context(), q)
		require.NoError(t, err)
		all = append(all, page.Items...)
		if q.After = page.Next; q.After == "" {
			return all
		}
	}
}
