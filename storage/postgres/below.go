package postgres

import (
	"cmp"
	"context"
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// below is what names everything below some accounts in one statement, and so in one snapshot: a row for each level, for
// the names of many thousands come through faster as arrays. The planner would weigh each id if it saw them: unnest hides
// them from it.
const below = `
SELECT level, array_agg(id) AS ids, array_agg(parent) AS parents, array_agg(name) AS names
FROM (
    SELECT 'account' AS level, a.id, 0::bigint AS parent, coalesce(a.external_id, '') AS name
    FROM clientele.accounts AS a WHERE a.id = ANY(ARRAY(SELECT unnest($1::bigint[])))
    UNION ALL
    SELECT 'subscription', s.id, s.account_id, coalesce(s.external_id, '')
    FROM clientele.subscriptions AS s WHERE s.account_id = ANY(ARRAY(SELECT unnest($1::bigint[])))
    UNION ALL
    SELECT 'domain', d.id, d.subscription_id, d.name
    FROM clientele.domains AS d
    WHERE d.subscription_id = ANY(ARRAY(
        SELECT s.id FROM clientele.subscriptions AS s WHERE s.account_id = ANY(ARRAY(SELECT unnest($1::bigint[])))))
) AS named
GROUP BY level`

// belowRow is everything on a level. Names are external ids, or those of domains.
type belowRow struct {
	Level   subscriptions.Level
	IDs     []int64  `bun:"ids,array"`
	Parents []int64  `bun:"parents,array"`
	Names   []string `bun:"names,array"`
}

// Descendants implements accounts.Store.
func (s *Store) Descendants(ctx context.Context, ids []accounts.ID) (accounts.Descendants, error) {
	contents, f := s.below(ctx, ids)
	if f != nil {
		return accounts.Descendants{}, f
	}
	return contents, nil
}

func (r runner) below(ctx context.Context, ids []accounts.ID) (accounts.Descendants, *failure) {
	var rows []belowRow
	if f := r.query(ctx, &rows, below, numberArray(ids)); f != nil {
		return accounts.Descendants{}, f
	}
	of := map[subscriptions.Level]belowRow{}
	for _, row := range rows {
		of[row.Level] = row
	}
	var c accounts.Descendants
	c.Accounts = sorted(of[accounts.LevelAccount], func(id, _ int64, name string) accounts.Account {
		return accounts.Account{ID: accounts.ID(id), ExternalID: name}
	}, func(a accounts.Account) accounts.ID { return a.ID })
	owners := map[subscriptions.ID]accounts.ID{}
	c.Subscriptions = sorted(of[subscriptions.LevelSubscription], func(id, parent int64, name string) subscriptions.Subscription {
		owners[subscriptions.ID(id)] = accounts.ID(parent)
		return subscriptions.Subscription{ID: subscriptions.ID(id), AccountID: accounts.ID(parent), ExternalID: name}
	}, func(s subscriptions.Subscription) subscriptions.ID { return s.ID })
	c.Domains = sorted(of[subscriptions.LevelDomain], func(id, parent int64, name string) subscriptions.Domain {
		above := subscriptions.ID(parent)
		return subscriptions.Domain{ID: subscriptions.DomainID(id), SubscriptionID: above, AccountID: owners[above], Name: name}
	}, func(d subscriptions.Domain) subscriptions.DomainID { return d.ID })
	return c, nil
}

// sorted answers what of makes of each thing on a level, ascending by id; nil for none.
func sorted[V any, ID cmp.Ordered](on belowRow, of func(id, parent int64, name string) V, idOf func(V) ID) []V {
	all := slices.Grow([]V(nil), len(on.IDs))
	for i, id := range on.IDs {
		all = append(all, of(id, on.Parents[i], on.Names[i]))
	}
	slices.SortFunc(all, func(a, b V) int { return cmp.Compare(idOf(a), idOf(b)) })
	return all
}
