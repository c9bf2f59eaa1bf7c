package postgres

import (
	"cmp"
	"context"
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// selectDescendants selects all descendants of some accounts in one statement, and so in one snapshot. It returns one row for
// each level, because arrays of many thousand names are transferred faster than rows. unnest hides the ids from the planner,
// which would otherwise estimate the cost of each one.
const selectDescendants = `
SELECT level, array_agg(id) AS ids, array_agg(parent) AS parents, array_agg(name) AS names
FROM (
    SELECT 'account' AS level, a.id, 0::bigint AS parent, coalesce(a.external_id, '') AS name
    FROM clientele.accounts AS a WHERE a.id = ANY(ARRAY(SELECT unnest($1::bigint[])))
    UNION ALL
    SELECT 'login', a.id, 0, a.login
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

// levelLogin is the level of the rows with the logins of accounts.
const levelLogin subscriptions.Level = "login"

// descendantsRow has all rows of a level. Names are external ids, logins, or the names of domains.
type descendantsRow struct {
	Level   subscriptions.Level
	IDs     []int64  `bun:"ids,array"`
	Parents []int64  `bun:"parents,array"`
	Names   []string `bun:"names,array"`
}

// Descendants implements accounts.Store.
func (s *Store) Descendants(ctx context.Context, ids []accounts.ID) (accounts.Descendants, error) {
	found, e := s.descendants(ctx, ids)
	if s.outer.fail(e) != nil {
		return accounts.Descendants{}, e
	}
	return found, nil
}

func (r runner) descendants(ctx context.Context, ids []accounts.ID) (accounts.Descendants, *dbError) {
	var rows []descendantsRow
	if e := r.query(ctx, &rows, selectDescendants, numberArray(ids)); e != nil {
		return accounts.Descendants{}, e
	}
	byLevel := map[subscriptions.Level]descendantsRow{}
	for _, row := range rows {
		byLevel[row.Level] = row
	}
	var found accounts.Descendants
	logins := map[accounts.ID]string{}
	for i, id := range byLevel[levelLogin].IDs {
		logins[accounts.ID(id)] = byLevel[levelLogin].Names[i]
	}
	found.Accounts = sortedRows(byLevel[accounts.LevelAccount], func(id, _ int64, name string) accounts.Account {
		return accounts.Account{ID: accounts.ID(id), Login: logins[accounts.ID(id)], ExternalID: name}
	}, func(a accounts.Account) accounts.ID { return a.ID })
	owners := map[subscriptions.ID]accounts.ID{}
	found.Subscriptions = sortedRows(byLevel[subscriptions.LevelSubscription], func(id, parent int64, name string) subscriptions.Subscription {
		owners[subscriptions.ID(id)] = accounts.ID(parent)
		return subscriptions.Subscription{ID: subscriptions.ID(id), AccountID: accounts.ID(parent), ExternalID: name}
	}, func(s subscriptions.Subscription) subscriptions.ID { return s.ID })
	found.Domains = sortedRows(byLevel[subscriptions.LevelDomain], func(id, parent int64, name string) subscriptions.Domain {
		subscription := subscriptions.ID(parent)
		return subscriptions.Domain{
			ID: subscriptions.DomainID(id), SubscriptionID: subscription, AccountID: owners[subscription], Name: name,
		}
	}, func(d subscriptions.Domain) subscriptions.DomainID { return d.ID })
	return found, nil
}

// sortedRows returns the results of convert for all rows of a level, sorted by id; nil if there are none.
func sortedRows[V any, ID cmp.Ordered](level descendantsRow, convert func(id, parent int64, name string) V, idOf func(V) ID) []V {
	all := slices.Grow([]V(nil), len(level.IDs))
	for i, id := range level.IDs {
		all = append(all, convert(id, level.Parents[i], level.Names[i]))
	}
	slices.SortFunc(all, func(a, b V) int { return cmp.Compare(idOf(a), idOf(b)) })
	return all
}
