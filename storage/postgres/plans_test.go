package postgres_test

import (
	_ "embed"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

//go:embed testdata/seed.sql
var seed string

// sequential finds scans of the tables that grow. Those of holds may be read whole: that is what some statements are for.
var sequential = regexp.MustCompile(`Seq Scan on (accounts|subscriptions|domains|events)\b`)

// scanned finds how many rows such a scan answered.
var scanned = regexp.MustCompile(sequential.String() + `.*\(actual rows=(\d+)`)

// everywhere is a piece of every account's e-mail address and every domain's name.
const everywhere = "example"

// No statement that a command or a look-up sends reads a big table from its beginning to its end.
func TestNoStatementScansABigTable(t *testing.T) {
	ctx := t.Context()
	dsn := pgtest.Shared(t).Database(t)
	var r recorder
	db := pgtest.Open(t, dsn, 2, r.trace)
	require.NoError(t, postgres.Migrate(ctx, db, nil))
	for _, part := range []string{seed, "CREATE EXTENSION pg_trgm SCHEMA public", "VACUUM ANALYZE"} {
		_, err := db.ExecContext(ctx, part)
		require.NoError(t, err)
	}
	require.NoError(t, postgres.Migrate(ctx, db, nil), "makes the indexes for search, now that the extension is there")
	store, err := postgres.New(ctx, db, nil)
	require.NoError(t, err)

	allocateForThePage(t, store)
	r.take()
	readEverything(t, store)
	doEverything(t, store)
	said := map[string]statement{}
	for _, s := range r.take() {
		if !slices.Contains([]string{"BEGIN", "COMMIT", "ROLLBACK", "SHOW", "--", "-- PING"}, s.verb()) {
			said[s.text] = s
		}
	}
	require.Greater(t, len(said), 60, "statements that were seen")
	for _, text := range slices.Sorted(maps.Keys(said)) {
		plan := explain(t, db, "EXPLAIN", said[text])
		if !sequential.MatchString(plan) {
			continue
		}
		// A piece that is nearly everywhere is looked for in the table, but only until more is found than will be used.
		require.Contains(t, said[text].args, "%"+everywhere+"%", plan)
		for _, rows := range scanned.FindAllStringSubmatch(explain(t, db, "EXPLAIN (ANALYZE, TIMING OFF)", said[text]), -1) {
			n, err := strconv.Atoi(rows[2])
			require.NoError(t, err)
			require.LessOrEqual(t, n, 10_001, text)
		}
	}
	useTheirIndexes(t, db, store, &r)
	lookUpNoMoreThanThePage(t, db, store, &r)
	require.Regexp(t, sequential, explain(t, db, "EXPLAIN", statement{text: "SELECT count(details) FROM clientele.events"}), "the test can fail")
}

// allocateForThePage compares pages of lists that many more fit with lists of the same rows by their ids.
func allocateForThePage(t *testing.T, store *postgres.Store) {
	t.Helper()
	ctx, anywhere := t.Context(), subscriptions.SearchTerm{Text: everywhere, Anywhere: true}
	for _, q := range []accounts.ListParams{{}, {Term: anywhere}, {Status: accounts.Active, Sort: accounts.SortName}} {
		q.Limit = 50
		var rows []accounts.Summary
		list := func() {
			var err error
			rows, err = store.Accounts(ctx, q)
			require.NoError(t, err)
			require.Len(t, rows, q.Limit)
		}
		allocations := testing.AllocsPerRun(5, list)
		q = accounts.ListParams{Limit: q.Limit, Sort: q.Sort}
		for _, row := range rows {
			q.IDs = append(q.IDs, row.ID)
		}
		require.InEpsilon(t, testing.AllocsPerRun(5, list), allocations, 0.1)
	}
	for _, q := range []subscriptions.DomainListParams{{}, {Term: anywhere}} {
		q.Limit = 50
		var rows []subscriptions.Domain
		list := func() {
			var err error
			rows, err = store.Domains(ctx, q)
			require.NoError(t, err)
			require.Len(t, rows, q.Limit)
		}
		allocations := testing.AllocsPerRun(5, list)
		q = subscriptions.DomainListParams{Limit: q.Limit}
		for _, row := range rows {
			q.IDs = append(q.IDs, row.ID)
		}
		require.InEpsilon(t, testing.AllocsPerRun(5, list), allocations, 0.1)
	}
}

// useTheirIndexes checks that filters which few rows fit are answered by the indexes that the README names.
func useTheirIndexes(t *testing.T, db *bun.DB, store *postgres.Store, r *recorder) {
	t.Helper()
	ctx, page := t.Context(), 50
	few := subscriptions.SearchTerm{Text: "site77", Anywhere: true}
	ofAccounts := func(q accounts.ListParams) func() error {
		return func() error { q.Limit = page; _, err := store.Accounts(ctx, q); return err }
	}
	ofSubscriptions := func(q subscriptions.ListParams) func() error {
		return func() error { q.Limit = page; _, err := store.Subscriptions(ctx, q); return err }
	}
	ofDomains := func(q subscriptions.DomainListParams) func() error {
		return func() error { q.Limit = page; _, err := store.Domains(ctx, q); return err }
	}
	seven := point(subscriptions.AccountID(7))
	for name, list := range map[string]struct {
		ask     func() error
		indexes []string
	}{
		"accounts by country":         {ofAccounts(accounts.ListParams{Country: "LI"}), []string{"accounts_country"}},
		"accounts by cause":           {ofAccounts(accounts.ListParams{Cause: "rare"}), []string{"account_holds_cause"}},
		"accounts by a piece":         {ofAccounts(accounts.ListParams{Term: few}), []string{"accounts_search", "domains_search", "subscriptions_order", "subscriptions_pkey"}},
		"subscriptions of an account": {ofSubscriptions(subscriptions.ListParams{AccountID: seven}), []string{"subscriptions_account"}},
		"subscriptions of a plan":     {ofSubscriptions(subscriptions.ListParams{Plan: "rare"}), []string{"subscriptions_plan"}},
		"subscriptions that run out":  {ofSubscriptions(subscriptions.ListParams{ExpiresBefore: time.Date(2021, 1, 2, 0, 0, 0, 0, time.UTC)}), []string{"subscriptions_expires"}},
		"subscriptions by cause":      {ofSubscriptions(subscriptions.ListParams{Cause: "rare"}), []string{"subscription_holds_cause", "account_holds_cause"}},
		"subscriptions by a piece":    {ofSubscriptions(subscriptions.ListParams{Term: few}), []string{"subscriptions_search", "domains_search"}},
		"domains of a subscription":   {ofDomains(subscriptions.DomainListParams{SubscriptionID: 7}), []string{"domains_subscription_id_id_key"}},
		"domains of an account":       {ofDomains(subscriptions.DomainListParams{AccountID: seven}), []string{"subscriptions_account", "domains_subscription_id_id_key"}},
		"domains by cause":            {ofDomains(subscriptions.DomainListParams{Cause: "rare"}), []string{"domain_holds_cause", "subscription_holds_cause", "account_holds_cause"}},
		"domains by a piece":          {ofDomains(subscriptions.DomainListParams{Term: few}), []string{"domains_search"}},
	} {
		r.take()
		require.NoError(t, list.ask())
		asked := r.take()
		plan := explain(t, db, "EXPLAIN", asked[len(asked)-1])
		for _, index := range list.indexes {
			assert.Contains(t, plan, index, "%s:\n%s", name, plan)
		}
	}
}

// lookUpNoMoreThanThePage checks that a search with many hits looks them up only where walking along the order does not
// meet enough of them for the page.
func lookUpNoMoreThanThePage(t *testing.T, db *bun.DB, store *postgres.Store, r *recorder) {
	t.Helper()
	many := subscriptions.SearchTerm{Text: ".example7", Anywhere: true} // in 5,550 domains, of which 100 are the provider's
	nobody := regexp.MustCompile(`using accounts_pkey on accounts a\w* .*\(actual rows=0 loops=1\)`)
	for _, sort := range []accounts.Sort{accounts.SortCreated, accounts.SortName} {
		for _, page := range []struct{ limit, rows int }{{50, 50}, {5451, 5450}} {
			r.take()
			rows, err := store.Accounts(t.Context(), accounts.ListParams{Limit: page.limit, Sort: sort, Term: many})
			require.NoError(t, err)
			require.Len(t, rows, page.rows)
			asked := r.take()
			plan := explain(t, db, "EXPLAIN (ANALYZE, TIMING OFF)", asked[len(asked)-1])
			require.Equal(t, page.rows == page.limit, nobody.MatchString(plan), "%s, %d:\n%s", sort, page.limit, plan)
			require.Regexp(t, `Index Scan using accounts_(created|sort_name) on accounts .* \(never executed\)`, plan, "the walk along all")
		}
	}
}

// explain answers the plan of a statement, or its execution, with the arguments that it was sent with.
func explain(t *testing.T, db *bun.DB, how string, s statement) string {
	t.Helper()
	var lines []string
	rows, err := db.DB.QueryContext(t.Context(), how+" "+s.text, s.args...)
	require.NoError(t, err)
	require.NoError(t, db.ScanRows(t.Context(), rows, &lines))
	return strings.Join(lines, "\n")
}

// readEverything asks for every kind of look-up, and for lists in every order with every filter.
func readEverything(t *testing.T, store *postgres.Store) {
	t.Helper()
	ctx := t.Context()
	for _, k := range []accounts.AccountKey{{ID: 7}, {Login: "user7"}, {ExternalID: "crm-7"}} {
		_, err := store.Account(ctx, k)
		require.NoError(t, err)
	}
	for _, k := range []subscriptions.SubscriptionKey{{ID: 7}, {ExternalID: "order-7"}} {
		_, err := store.Subscription(ctx, k)
		require.NoError(t, err)
	}
	_, err := store.Site(ctx, "site7.example7.com", "")
	require.NoError(t, err)
	_, err = store.Descendants(ctx, []accounts.ID{7, 8})
	require.NoError(t, err)
	due, err := store.DueSubscriptions(ctx, time.Now(), 1000)
	require.NoError(t, err)
	require.Len(t, due, 1000)
	for _, q := range []accounts.EventParams{{}, {After: 100}, {Desc: true}, {AccountID: new(accounts.ID)}, {AccountID: point(accounts.ID(7)), After: 9}} {
		q.Limit = 50
		_, err := store.Events(ctx, q)
		require.NoError(t, err)
	}
	for _, q := range accountQueries() {
		for _, desc := range []bool{false, true} {
			q.Desc, q.Limit = desc, 50
			_, err := store.Accounts(ctx, q)
			require.NoError(t, err)
		}
		if q.From == (subscriptions.Position{}) {
			_, err = store.CountAccounts(ctx, q, 1000)
			require.NoError(t, err)
			_, err = store.CountAccounts(ctx, q, 0)
			require.NoError(t, err)
		}
	}
	for _, q := range subscriptionQueries() {
		for _, desc := range []bool{false, true} {
			q.Desc, q.Limit = desc, 50
			_, err := store.Subscriptions(ctx, q)
			require.NoError(t, err)
		}
		if q.From == (subscriptions.Position{}) {
			_, err = store.CountSubscriptions(ctx, q, 1000)
			require.NoError(t, err)
			_, err = store.CountSubscriptions(ctx, q, 0)
			require.NoError(t, err)
		}
	}
	for _, q := range domainQueries() {
		for _, limit := range []int{50, 501} { // the longest page of 500 asks for one more
			q.Limit = limit
			_, err := store.Domains(ctx, q)
			require.NoError(t, err)
		}
		if q.From == (subscriptions.Position{}) {
			_, err = store.CountDomains(ctx, q, 1000)
			require.NoError(t, err)
			_, err = store.CountDomains(ctx, q, 0)
			require.NoError(t, err)
		}
	}
}

func point[V any](v V) *V { return &v }

var (
	somewhere = subscriptions.Position{At: time.Date(2020, 1, 5, 0, 0, 0, 0, time.UTC), ID: 7000, Key: "m"}
	pieces    = []subscriptions.SearchTerm{{Text: "4711", Anywhere: true}, {Text: "us"}, {Text: everywhere, Anywhere: true}}
)

func accountQueries() []accounts.ListParams {
	var all []accounts.ListParams
	for _, sort := range []accounts.Sort{accounts.SortCreated, accounts.SortLogin, accounts.SortName} {
		for _, from := range []subscriptions.Position{{}, somewhere} {
			for _, q := range []accounts.ListParams{
				{},
				{Status: accounts.Suspended},
				{Status: accounts.Active},
				{Cause: accounts.CauseAbuse},
				{Country: "IT"},
				{IDs: []accounts.ID{5, 6, 7}},
				{Country: "DE", Status: accounts.Suspended},
			} {
				q.Sort, q.From = sort, from
				all = append(all, q)
			}
			for _, piece := range pieces {
				all = append(all, accounts.ListParams{Sort: sort, Term: piece, From: from})
			}
		}
	}
	return all
}

func subscriptionQueries() []subscriptions.ListParams {
	var all []subscriptions.ListParams
	for _, from := range []subscriptions.Position{{}, somewhere} {
		for _, q := range []subscriptions.ListParams{
			{},
			{Status: accounts.Suspended},
			{Status: accounts.Active},
			{Cause: accounts.CauseAbuse},
			{Plan: "plan7"},
			{IDs: []subscriptions.ID{5, 6, 7}},
			{AccountID: point(subscriptions.AccountID(7))},
			{AccountID: new(subscriptions.AccountID)},
			{ExpiresBefore: time.Date(2021, 1, 2, 0, 0, 0, 0, time.UTC)},
		} {
			q.From = from
			all = append(all, q)
		}
		for _, piece := range pieces {
			all = append(all, subscriptions.ListParams{Term: piece, From: from},
				subscriptions.ListParams{AccountID: point(subscriptions.AccountID(7)), Term: piece, From: from, HideExternalID: true})
		}
	}
	return all
}

func domainQueries() []subscriptions.DomainListParams {
	var all []subscriptions.DomainListParams
	for _, from := range []subscriptions.Position{{}, somewhere} {
		for _, q := range []subscriptions.DomainListParams{
			{},
			{Status: accounts.Suspended},
			{Status: accounts.Active},
			{Cause: accounts.CauseAbuse},
			{SubscriptionID: 7},
			{IDs: []subscriptions.DomainID{5, 6, 7}},
			{AccountID: point(subscriptions.AccountID(7))},
			{AccountID: new(subscriptions.AccountID)},
		} {
			q.From = from
			all = append(all, q)
		}
		for _, piece := range pieces {
			all = append(all, subscriptions.DomainListParams{Term: piece, From: from})
		}
	}
	return all
}

// doEverything gives every command, as TestEveryMethodIsAmongTheCommands knows them: those on many to one thing, and to
// several.
func doEverything(t *testing.T, store *postgres.Store) {
	t.Helper()
	m := manager(store)
	for _, n := range []int{3, 1} {
		c := populate(t, store, n)
		for _, command := range commands() {
			require.NoError(t, command.run(t, m, c), command.name)
		}
	}
}

// A filter cannot be forgotten among the lists that are explained.
func TestEveryFilterIsAmongTheLists(t *testing.T) {
	all := map[reflect.Type][]reflect.Value{}
	note := func(query any) {
		v := reflect.ValueOf(query)
		all[v.Type()] = append(all[v.Type()], v)
	}
	for _, q := range accountQueries() {
		note(q)
	}
	for _, q := range subscriptionQueries() {
		note(q)
	}
	for _, q := range domainQueries() {
		note(q)
	}
	require.Len(t, all, 3)
	elsewhere := []string{"Desc", "Limit"} // the test sets them for each list
	for query, values := range all {
		for i := range query.NumField() {
			name := query.Field(i).Name
			set := slices.ContainsFunc(values, func(v reflect.Value) bool { return !v.Field(i).IsZero() })
			require.True(t, set || slices.Contains(elsewhere, name), "no list is filtered by %s of %s", name, query)
		}
	}
}
