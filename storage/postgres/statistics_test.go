package postgres_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// statisticsRows is the number of rows of each kind in the tables, and bulkRows the number that one command changes.
const statisticsRows, bulkRows = 2000, 500

// loadSteps fill the tables. Statistics that are taken between two of them are old for everything after it.
var loadSteps = []struct{ statistics, statements string }{
	{"of empty tables", part("accounts")},
	{"before an import of domains", part("subscriptions") + part("domains")},
	{"with nothing suspended and no events", part("account_holds") + part("subscription_holds") + part("domain_holds") + part("events") + part("entries")},
	{"with all events numbered, before a bulk suspension", `
INSERT INTO clientele.account_holds SELECT id, 'late', '', '', '', 'seed', now() FROM clientele.accounts;
INSERT INTO clientele.subscription_holds SELECT id, 'late', '', '', '', 'seed', now() FROM clientele.subscriptions;
INSERT INTO clientele.domain_holds SELECT id, 'late', '', '', '', 'seed', now() FROM clientele.domains;
INSERT INTO clientele.events (at, type, actor, account_id, domain) SELECT now(), 'account.suspended', 'seed', id, '' FROM clientele.accounts;
UPDATE clientele.accounts SET login = 'batch0', external_id = 'of-batch0' WHERE id = 1`},
}

// part returns the statements of the seed that fill a table, with fewer rows.
func part(table string) string {
	_, statements, _ := strings.Cut(seed, "INSERT INTO clientele."+table)
	statements, _, _ = strings.Cut(statements, "\n\n")
	return strings.ReplaceAll("INSERT INTO clientele."+table+statements, "50000", fmt.Sprint(statisticsRows)) + ";\n"
}

// execution is what one statement did.
type execution struct {
	text, plan    string
	rows, buffers float64
}

// planNode is a node of a plan in JSON.
type planNode struct {
	ActualRows   float64 `json:"Actual Rows"`
	ActualLoops  float64 `json:"Actual Loops"`
	Filtered     float64 `json:"Rows Removed by Filter"`
	JoinFiltered float64 `json:"Rows Removed by Join Filter"`
	Rechecked    float64 `json:"Rows Removed by Index Recheck"`
	HitBlocks    float64 `json:"Shared Hit Blocks"`
	ReadBlocks   float64 `json:"Shared Read Blocks"`
	Plans        []planNode
}

// rows returns the number of rows that the node and those below it have read, passed on or dropped.
func (n planNode) rows() float64 {
	rows := (n.ActualRows + n.Filtered + n.JoinFiltered + n.Rechecked) * n.ActualLoops
	for _, below := range n.Plans {
		rows += below.rows()
	}
	return rows
}

// executions collects the plans that auto_explain sends.
type executions struct {
	t   *testing.T
	all []execution
}

func (e *executions) notice(_ *pgconn.PgConn, n *pgconn.Notice) {
	_, text, found := strings.Cut(n.Message, "plan:\n")
	if !found {
		return
	}
	var explained struct {
		QueryText string `json:"Query Text"`
		Plan      planNode
	}
	require.NoError(e.t, json.Unmarshal([]byte(text), &explained))
	e.all = append(e.all, execution{
		text: explained.QueryText, plan: text, rows: explained.Plan.rows(), buffers: explained.Plan.HitBlocks + explained.Plan.ReadBlocks,
	})
}

// executeEverything runs every read and every command and returns what each statement did. The statistics are those after the given
// number of loadSteps; -1 means none. If fresh is true, they are taken again before each command. The settings are the planner's.
func executeEverything(t *testing.T, statisticsAfter int, fresh, reads bool, settings map[string]string) []execution {
	t.Helper()
	ctx, dsn := t.Context(), pgtest.Shared(t).Database(t)
	db := pgtest.Open(t, dsn, 1)
	execute := func(statements string) {
		t.Helper()
		_, err := db.ExecContext(ctx, statements)
		require.NoError(t, err)
	}
	execute("CREATE EXTENSION pg_trgm")
	require.NoError(t, postgres.Migrate(ctx, db, nil))
	execute(`DO $$ DECLARE name text; BEGIN
		FOR name IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'clientele'::regnamespace AND relkind = 'r' LOOP
			EXECUTE 'ALTER TABLE ' || name || ' SET (autovacuum_enabled = off)';
		END LOOP; END $$`)
	for i, step := range loadSteps {
		if i == statisticsAfter {
			execute("ANALYZE")
		}
		execute(step.statements)
	}
	e := &executions{t: t}
	store := must(postgres.New(ctx, pgtest.Open(t, dsn, 1, func(c *pgx.ConnConfig) {
		c.OnNotice = e.notice
		for name, value := range map[string]string{
			"session_preload_libraries": "auto_explain", "auto_explain.log_min_duration": "0", "auto_explain.log_analyze": "on",
			"auto_explain.log_buffers": "on", "auto_explain.log_timing": "off", "auto_explain.log_format": "json", "auto_explain.log_level": "notice",
		} {
			c.RuntimeParams[name] = value
		}
		for name, value := range settings {
			c.RuntimeParams[name] = value
		}
	}), nil))(t)

	execute(fmt.Sprintf(`UPDATE clientele.event_log SET last = %[1]d;
SELECT setval('clientele.account_ids', %[1]d), setval('clientele.subscription_ids', %[1]d), setval('clientele.domain_ids', %[1]d), setval('clientele.entry_versions', %[1]d)`, statisticsRows))
	analyze := func() {
		if fresh {
			execute("ANALYZE")
		}
	}
	analyze()
	m := manager(store)
	_, err := m.Head(ctx) // numbers events also where there are no reads
	require.NoError(t, err)
	if reads {
		runEveryRead(t, store)
	} else {
		e.all = nil
	}
	c := bulkFixture(t, store)
	for _, command := range commands() {
		analyze()
		require.NoError(t, command.run(t, m, c), command.name)
	}
	return e.all
}

// bulkFixture returns the rows for commands that change many at once.
func bulkFixture(t *testing.T, store *postgres.Store) fixture {
	t.Helper()
	var c fixture
	for i := range bulkRows {
		c.accounts = append(c.accounts, accounts.ID(i+1))
		c.spare = append(c.spare, accounts.ID(bulkRows+i+1))
		if id := subscriptions.ID(i + 1); id%50 != 0 {
			c.subscriptions = append(c.subscriptions, id)
		}
		if id := subscriptions.ID(i + 1); id%50 == 0 {
			c.due = append(c.due, id)
		}
	}
	names := make([]string, bulkRows)
	for i := range names {
		names[i] = fmt.Sprintf("bulk%d.example.net", i)
	}
	addEntries(t, manager(store), bulkRows)
	m := manager(store).Subscriptions()
	created, err := m.Create(t.Context(), subscriptions.New{AccountID: 1, Domains: names})
	require.NoError(t, err)
	for q := (subscriptions.DomainQuery{SubscriptionID: created.ID, Limit: 500}); ; {
		page, err := m.Domains(t.Context(), q)
		require.NoError(t, err)
		for _, d := range page.Items {
			if d.Main {
				c.main = d.ID
				continue
			}
			c.domains = append(c.domains, d.ID)
		}
		if q.After = page.Next; q.After == "" {
			return c
		}
	}
}

// countOnlyRows has the statements whose buffers are not compared, by a part of their text, with the reason.
var countOnlyRows = map[string]string{
	"FROM \"clientele\".account_holds AS h\nWHERE h.account_id = ANY": "a prepared statement looks the holds of up to 10,000 accounts up one by one, too",
	"id = ANY(ARRAY(": "lists look up to 10,000 rows up one by one, where reading the whole of a table as small as here costs less",
}

// work returns how often the execution exceeds the best one: by its rows or by its buffers.
func (e execution) work(best execution) float64 {
	const negligibleRows, negligibleBuffers = 2000, 200
	ratio := e.rows / max(best.rows, negligibleRows)
	for part := range countOnlyRows {
		if strings.Contains(e.text, part) {
			return ratio
		}
	}
	return max(ratio, e.buffers/max(best.buffers, negligibleBuffers))
}

// No statement does more than ten times the work of its best plan, whenever its statistics were taken: on empty tables, never, and
// before an import, a bulk suspension or a reader of events. The best plan is that of any of these, and of fresh statistics with and
// without nested loops.
func TestStatementsDoNotDependOnStatistics(t *testing.T) {
	runs := map[string][]execution{
		"fresh before each command": executeEverything(t, -1, true, true, nil),
		"never taken":               executeEverything(t, -1, false, true, nil),
	}
	for i, step := range loadSteps {
		runs[step.statistics] = executeEverything(t, i, false, true, nil)
	}
	best := slices.Clone(runs["fresh before each command"])
	improve := func(run []execution) {
		skipped := len(best) - len(run)
		for i, e := range run {
			b := &best[skipped+i]
			require.Equal(t, b.text, e.text)
			b.rows, b.buffers = min(b.rows, e.rows), min(b.buffers, e.buffers)
		}
	}
	improve(executeEverything(t, -1, true, false, map[string]string{"enable_nestloop": "off"})) // only the commands
	for _, run := range runs {
		require.Len(t, run, len(best))
		improve(run)
	}
	require.Greater(t, len(best), 500, "statements")

	worst, reports := map[string]float64{}, map[string]string{} // by statement
	for name, run := range runs {
		for i, e := range run {
			if ratio := e.work(best[i]); ratio > max(10, worst[e.text]) {
				worst[e.text] = ratio
				reports[e.text] = fmt.Sprintf("statistics: %s\nrows %.0f, best %.0f; buffers %.0f, best %.0f\n%s\n%s",
					name, e.rows, best[i].rows, e.buffers, best[i].buffers, e.text, e.plan)
			}
		}
	}
	for _, report := range reports {
		t.Error(report)
	}
}
