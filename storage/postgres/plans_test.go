package postgres_test

import (
	"database/sql"
	_ "embed"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
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

// sequentialScan matches scans of the tables that grow. The tables of holds may be scanned: some statements need all of them.
var sequentialScan = regexp.MustCompile(`Seq Scan on (accounts|subscriptions|domains|events|entries)\b`)

// scannedRows matches the number of rows that such a scan returned.
var scannedRows = regexp.MustCompile(sequentialScan.String() + `.*\(actual rows=(\d+)`)

// functionCall matches the call of a function of the schema.
var functionCall = regexp.MustCompile(`FROM "clientele"\.(\w+_\d+)\(`)

// commonTerm is part of every account's e-mail address and of every domain's name.
const commonTerm = "example"

// No statement of a command or a look-up reads the whole of a big table.
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
	require.NoError(t, postgres.Migrate(ctx, db, nil), "creates the search indexes, now that the extension is installed")
	store, err := postgres.New(ctx, db, nil)
	require.NoError(t, err)

	checkAllocations(t, store)
	r.take()
	runEveryRead(t, store)
	runEveryCommand(t, store)
	distinct := map[string]statement{}
	recorded := r.take()
	checkFunctions(t, dsn, recorded)
	for _, s := range recorded {
		if !slices.Contains([]string{"BEGIN", "COMMIT", "ROLLBACK", "SHOW", "SET", "--", "-- PING"}, s.verb()) {
			distinct[s.text] = s
		}
	}
	require.Greater(t, len(distinct), 60, "recorded statements")
	for _, text := range slices.Sorted(maps.Keys(distinct)) {
		plan := explain(t, db, "EXPLAIN", distinct[text])
		if !sequentialScan.MatchString(plan) {
			continue
		}
		if slices.Contains(distinct[text].args, any(nil)) && strings.HasPrefix(text, "\nSELECT count(*)") {
			continue // a count without a bound
		}
		// What most rows fulfil is counted in the table, but only until there are more rows than will be looked up.
		require.Contains(t, text, "LIMIT 10001", plan)
		for _, rows := range scannedRows.FindAllStringSubmatch(explain(t, db, "EXPLAIN (ANALYZE, TIMING OFF)", distinct[text]), -1) {
			n, err := strconv.Atoi(rows[2])
			require.NoError(t, err)
			require.LessOrEqual(t, n, 10_001, text)
		}
	}
	checkIndexes(t, db, store, &r)
	require.Regexp(t, sequentialScan, explain(t, db, "EXPLAIN", statement{text: "SELECT count(details) FROM clientele.events"}), "the expression matches a scan")
}

// checkFunctions runs the recorded calls of functions again and checks the plans of the statements inside.
func checkFunctions(t *testing.T, dsn string, recorded []statement) {
	t.Helper()
	var plans []string
	db := pgtest.Open(t, dsn, 1, func(config *pgx.ConnConfig) {
		config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { plans = append(plans, n.Message) }
	})
	_, err := db.ExecContext(t.Context(), `
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_nested_statements = on;
SET auto_explain.log_level = notice`)
	require.NoError(t, err)
	called := map[string]bool{}
	for _, s := range recorded {
		name := functionCall.FindStringSubmatch(s.text)
		if name == nil {
			continue
		}
		called[name[1]] = true
		tx := begin(t, db, sql.LevelReadCommitted)
		rows, err := tx.Tx.QueryContext(t.Context(), s.text, s.args...)
		require.NoError(t, err)
		require.NoError(t, rows.Close())
		require.NoError(t, tx.Rollback())
	}
	require.Len(t, called, 4)
	require.Contains(t, strings.Join(plans, "\n"), "LockRows", "plans of the statements inside")
	for _, plan := range plans {
		require.NotRegexp(t, sequentialScan, plan)
	}
}

// checkAllocations compares a page of a list that many rows match with a list of the same rows by their ids.
func checkAllocations(t *testing.T, store *postgres.Store) {
	t.Helper()
	ctx, anywhere := t.Context(), subscriptions.SearchTerm{Text: commonTerm}
	for _, q := range []accounts.ListParams{{}, {Terms: []subscriptions.SearchTerm{anywhere}}, {Status: accounts.Active, Sort: accounts.SortName}} {
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
		require.InEpsilon(t, testing.AllocsPerRun(5, list), allocations, 0.2)
	}
	for _, q := range []subscriptions.DomainListParams{{}, {Terms: []subscriptions.SearchTerm{anywhere}}} {
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
		require.InEpsilon(t, testing.AllocsPerRun(5, list), allocations, 0.2)
	}
}

// checkIndexes checks that filters that few rows match use the indexes that are named in the README.
func checkIndexes(t *testing.T, db *bun.DB, store *postgres.Store, r *recorder) {
	t.Helper()
	ctx, page := t.Context(), 50
	rareTerm := subscriptions.SearchTerm{Text: "site4711"}
	ofAccounts := func(q accounts.ListParams) func() error {
		return func() error { q.Limit = page; _, err := store.Accounts(ctx, q); return err }
	}
	ofSubscriptions := func(q subscriptions.ListParams) func() error {
		return func() error { q.Limit = page; _, err := store.Subscriptions(ctx, q); return err }
	}
	ofDomains := func(q subscriptions.DomainListParams) func() error {
		return func() error { q.Limit = page; _, err := store.Domains(ctx, q); return err }
	}
	seven := pointerTo(subscriptions.AccountID(7))
	for name, list := range map[string]struct {
		run     func() error
		indexes []string
	}{
		"accounts by country":         {ofAccounts(accounts.ListParams{Country: "LI"}), []string{"accounts_country"}},
		"accounts by cause":           {ofAccounts(accounts.ListParams{Cause: "rare"}), []string{"account_holds_cause"}},
		"accounts by a term":          {ofAccounts(accounts.ListParams{Terms: []subscriptions.SearchTerm{rareTerm}}), []string{"accounts_search", "domains_search", "subscriptions_pkey", "accounts_pkey"}},
		"accounts with a plan":        {ofAccounts(accounts.ListParams{Plan: "rare"}), []string{"subscriptions_plan"}},
		"accounts by creation":        {ofAccounts(accounts.ListParams{CreatedFrom: testPosition.At}), []string{"accounts_created"}},
		"subscriptions of an account": {ofSubscriptions(subscriptions.ListParams{AccountID: seven}), []string{"subscriptions_account"}},
		"subscriptions of a plan":     {ofSubscriptions(subscriptions.ListParams{Plan: "rare"}), []string{"subscriptions_plan"}},
		"subscriptions that expire":   {ofSubscriptions(subscriptions.ListParams{ExpiresBefore: time.Date(2021, 1, 2, 0, 0, 0, 0, time.UTC), Desc: true}), []string{"subscriptions_expires"}},
		"subscriptions by cause":      {ofSubscriptions(subscriptions.ListParams{Cause: "rare"}), []string{"subscription_holds_cause", "account_holds_cause"}},
		"subscriptions by a term":     {ofSubscriptions(subscriptions.ListParams{Terms: []subscriptions.SearchTerm{rareTerm}}), []string{"subscriptions_search", "domains_search"}},
		"domains of a subscription":   {ofDomains(subscriptions.DomainListParams{SubscriptionID: 7}), []string{"domains_subscription "}},
		"domains of an account":       {ofDomains(subscriptions.DomainListParams{AccountID: seven}), []string{"subscriptions_account", "domains_subscription "}},
		"domains by cause":            {ofDomains(subscriptions.DomainListParams{Cause: "rare"}), []string{"domain_holds_cause", "subscription_holds_cause", "account_holds_cause"}},
		"domains by a term":           {ofDomains(subscriptions.DomainListParams{Terms: []subscriptions.SearchTerm{rareTerm}}), []string{"domains_search"}},
	} {
		r.take()
		require.NoError(t, list.run())
		plan := ""
		for _, s := range r.take() {
			plan += explain(t, db, "EXPLAIN", s) + "\n"
		}
		for _, index := range list.indexes {
			assert.Contains(t, plan, index, "%s:\n%s", name, plan)
		}
	}
}

// explain returns the plan of a statement, or of its execution, with its recorded arguments.
func explain(t *testing.T, db *bun.DB, how string, s statement) string {
	t.Helper()
	var lines []string
	rows, err := db.DB.QueryContext(t.Context(), how+" "+s.text, s.args...)
	require.NoError(t, err)
	require.NoError(t, db.ScanRows(t.Context(), rows, &lines))
	return strings.Join(lines, "\n")
}

// runEveryRead runs every kind of look-up, and lists in every order with every filter.
func runEveryRead(t *testing.T, store *postgres.Store) {
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
	require.NotEmpty(t, due)
	for _, q := range []accounts.EventParams{{}, {After: 100}, {Desc: true}, {AccountID: new(accounts.ID)}, {AccountID: pointerTo(accounts.ID(7)), After: 9}} {
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
		for _, limit := range []int{50, 501} { // a page of the maximum of 500 rows selects one more
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

func pointerTo[V any](v V) *V { return &v }

var (
	testPosition = subscriptions.Position{At: time.Date(2020, 1, 5, 0, 0, 0, 0, time.UTC), ID: 7000, Key: "m"}
	searchTerms  = []subscriptions.SearchTerm{{Text: "4711"}, {Text: " us"}, {Text: commonTerm}}
)

func accountQueries() []accounts.ListParams {
	var all []accounts.ListParams
	for _, sort := range []accounts.Sort{accounts.SortCreated, accounts.SortLogin, accounts.SortName} {
		middle := testPosition
		middle.Key = map[accounts.Sort]string{accounts.SortLogin: "user3", accounts.SortName: "customer 3"}[sort]
		for _, from := range []subscriptions.Position{{}, middle} {
			for _, q := range []accounts.ListParams{
				{},
				{Status: accounts.Suspended},
				{Status: accounts.Active},
				{Cause: accounts.CauseAbuse},
				{Country: "IT"},
				{IDs: []accounts.ID{5, 6, 7}},
				{Country: "DE", Status: accounts.Suspended},
				{Plan: "plan7"},
				{CreatedFrom: testPosition.At, CreatedBefore: testPosition.At.Add(time.Hour)},
			} {
				q.Sort, q.From = sort, from
				all = append(all, q)
			}
			for _, term := range searchTerms {
				all = append(all, accounts.ListParams{Sort: sort, Terms: []subscriptions.SearchTerm{term}, From: from})
			}
		}
	}
	return all
}

func subscriptionQueries() []subscriptions.ListParams {
	var all []subscriptions.ListParams
	for _, from := range []subscriptions.Position{{}, testPosition} {
		for _, q := range []subscriptions.ListParams{
			{},
			{Status: accounts.Suspended},
			{Status: accounts.Active},
			{Cause: accounts.CauseAbuse},
			{Plan: "plan7"},
			{IDs: []subscriptions.ID{5, 6, 7}},
			{AccountID: pointerTo(subscriptions.AccountID(7))},
			{AccountID: new(subscriptions.AccountID)},
			{ExpiresBefore: time.Date(2021, 1, 2, 0, 0, 0, 0, time.UTC)},
		} {
			q.From = from
			all = append(all, q)
		}
		for _, term := range searchTerms {
			all = append(all, subscriptions.ListParams{Terms: []subscriptions.SearchTerm{term}, From: from},
				subscriptions.ListParams{AccountID: pointerTo(subscriptions.AccountID(7)), Terms: []subscriptions.SearchTerm{term}, From: from, HideExternalID: true})
		}
	}
	return all
}

func domainQueries() []subscriptions.DomainListParams {
	var all []subscriptions.DomainListParams
	for _, from := range []subscriptions.Position{{}, testPosition} {
		for _, q := range []subscriptions.DomainListParams{
			{},
			{Status: accounts.Suspended},
			{Status: accounts.Active},
			{Cause: accounts.CauseAbuse},
			{SubscriptionID: 7},
			{IDs: []subscriptions.DomainID{5, 6, 7}},
			{AccountID: pointerTo(subscriptions.AccountID(7))},
			{AccountID: new(subscriptions.AccountID)},
		} {
			q.From = from
			all = append(all, q)
		}
		for _, term := range searchTerms {
			all = append(all, subscriptions.DomainListParams{Terms: []subscriptions.SearchTerm{term}, From: from})
		}
	}
	return all
}

// runEveryCommand runs all commands, which TestCommandsCoverEveryMethod checks: those on many rows with one and with several.
func runEveryCommand(t *testing.T, store *postgres.Store) {
	t.Helper()
	m := manager(store)
	for _, n := range []int{3, 1} {
		c := populate(t, store, n)
		for _, command := range commands() {
			require.NoError(t, command.run(t, m, c), command.name)
		}
	}
}

// Every filter is used in a list that is explained.
func TestListsCoverEveryFilter(t *testing.T) {
	all := map[reflect.Type][]reflect.Value{}
	record := func(query any) {
		v := reflect.ValueOf(query)
		all[v.Type()] = append(all[v.Type()], v)
	}
	for _, q := range accountQueries() {
		record(q)
	}
	for _, q := range subscriptionQueries() {
		record(q)
	}
	for _, q := range domainQueries() {
		record(q)
	}
	require.Len(t, all, 3)
	setByTest := []string{"Desc", "Limit"} // for each list
	for query, values := range all {
		for i := range query.NumField() {
			name := query.Field(i).Name
			set := slices.ContainsFunc(values, func(v reflect.Value) bool { return !v.Field(i).IsZero() })
			require.True(t, set || slices.Contains(setByTest, name), "no list is filtered by %s of %s", name, query)
		}
	}
}
