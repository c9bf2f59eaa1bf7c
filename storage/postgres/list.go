package postgres

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/clientele-go/clientele/subscriptions"
)

// listQuery builds a statement that returns one page of rows, or counts them. It walks along the index of the list's order and
// keeps the rows that match, which costs little as long as enough rows do. Where few may match, it first finds candidates by
// other indexes; only if there are more than maxCandidates does it walk. Both are in one statement, so that the result is of
// one snapshot, and the server runs only one of them.
type listQuery struct {
	table    string   // with its alias
	id       string   // the column, with the alias
	key      []string // the columns of the order, which have an index
	desc     bool
	where    []string
	position []string // the values of key after which the page begins; nil on the first page

	candidates  candidates
	prefiltered int // the index in where of the condition that all candidates, and no other rows, fulfil

	arguments
}

// arguments are the values that are bound to a statement.
type arguments []any

// bind appends value and returns its placeholder, such as $1::text.
func (a *arguments) bind(value any, sqlType string) string {
	*a = append(*a, value)
	return "$" + strconv.Itoa(len(*a)) + "::" + sqlType
}

// candidates are the rows that fulfil at least one of the conditions, each of which finds its rows by an index.
type candidates struct {
	conditions []string
	idQuery    string   // selects ids that the conditions refer to as idsToLookUp; may be empty
	fastPath   fastPath // finds the first rows with these ids; may be empty
}

// fastPath walks along an index that has the order of the list, and keeps the rows whose id is among ids.
type fastPath struct {
	table string   // with its alias
	key   []string // its columns for the key of the list
	id    string
	ids   string // a query
	where []string
}

const (
	// maxCandidates is the number of rows up to which looking each of them up, at some 2 µs in each table, is preferred to
	// walking along the order.
	maxCandidates = 10_000

	// stepsPerID and stepsPerRow limit the rows that a fast path reads, for each id and for each row of the page. If it has
	// not found a page by then, all ids are looked up instead: where fewer than 1 in 500 rows match, the fast path would
	// hardly be faster. A step takes some 0.15 µs after a vacuum, when the index alone is read, and a look-up 1 to 3 µs.
	stepsPerID, stepsPerRow = 10, 500

	// selectIDs returns the rows of candidates.idQuery, up to one more than maxCandidates.
	selectIDs = "SELECT id FROM ids"

	// idsToLookUp is the array of these ids. It is empty if there are too many to look up, or if the fast path has filled
	// the page.
	idsToLookUp = "((SELECT ids FROM lookup)::bigint[])"
)

// maxCount is a bound that no count reaches, and that does not overflow when it is doubled.
const maxCount = math.MaxInt / 2

// countRow is the result of a count.
type countRow struct{ Count int }

// filter adds a condition on the row. A condition on other tables is a scalar subquery with LIMIT 1: unlike EXISTS, the
// planner cannot turn that into a join with the whole of the other table.
func (l *listQuery) filter(condition string) { l.where = append(l.where, condition) }

// prefilter sets how the rows that fulfil the last condition are found where few do. Only the first call has an effect.
func (l *listQuery) prefilter(c candidates) {
	if l.candidates.conditions == nil {
		l.candidates, l.prefiltered = c, len(l.where)-1
	}
}

// whereClause returns the WHERE clause for the conditions and for the position of the page.
func (l *listQuery) whereClause(conditions ...string) string {
	return l.whereClauseOn(l.key, conditions...)
}

// whereClauseOn is whereClause where other columns have the values of the key.
func (l *listQuery) whereClauseOn(key []string, conditions ...string) string {
	if l.position != nil {
		compare := " > "
		if l.desc {
			compare = " < "
		}
		conditions = append(conditions, "("+strings.Join(key, ", ")+")"+compare+"("+strings.Join(l.position, ", ")+")")
	}
	if len(conditions) == 0 {
		return ""
	}
	return "\nWHERE " + strings.Join(conditions, "\n    AND ")
}

func (l *listQuery) order() string { return l.orderBy(l.key) }

func (l *listQuery) orderBy(key []string) string {
	if l.desc {
		return "\nORDER BY " + strings.Join(key, " DESC, ") + " DESC"
	}
	return "\nORDER BY " + strings.Join(key, ", ")
}

// page returns the statement for a page of at most n rows. The joins and the columns are computed for these rows only.
func (l *listQuery) page(columns, joins string, n int) string {
	limit, fastPath := l.limitArg(n), ""
	if l.firstSuffice(limit) && l.candidates.fastPath.table != "" {
		fastPath = l.fastPathCTE(limit)
	}
	return l.candidateCTEs(limit, fastPath) + "\nSELECT " + columns +
		"\nFROM (" + l.selectRows(l.alias()+".*", l.order(), limit) + "\n) AS " + l.alias() + joins + l.order()
}

// count returns the statement that counts the rows, up to atMost; 0 means no bound.
func (l *listQuery) count(atMost int) string {
	limit, order := l.limitArg(min(atMost, maxCount)), l.order()
	if limit == "" {
		order = "\nORDER BY " + l.id
	}
	return l.candidateCTEs(limit, "") + "\nSELECT count(*) AS count\nFROM (" + l.selectRows("", order, limit) + "\n) AS matches"
}

// limitArg binds n and returns its placeholder for a LIMIT clause, or "" for 0, which means no limit.
func (l *listQuery) limitArg(n int) string {
	if n == 0 {
		return ""
	}
	return l.bind(n, "bigint")
}

func (l *listQuery) alias() string { return l.id[:strings.IndexByte(l.id, '.')] }

// otherConditions returns the conditions without the prefiltered one: checking that again on candidates would cost more than
// finding them.
func (l *listQuery) otherConditions() []string {
	return slices.Delete(slices.Clone(l.where), l.prefiltered, l.prefiltered+1)
}

// firstSuffice reports whether the first candidates up to the limit are the result, because every candidate matches.
func (l *listQuery) firstSuffice(limit string) bool { return limit != "" && len(l.where) == 1 }

// candidateColumn returns the column by which candidates are looked up. Their ids may be read from an index alone; their
// ctids, which are valid within one statement, cost more to find and less to look up.
func (l *listQuery) candidateColumn(limit string) string {
	if l.firstSuffice(limit) {
		return l.id
	}
	return l.alias() + ".ctid"
}

// fastPathByOrder returns the fast path along the index of the list's order, or an empty one if that index lacks the ids.
func (l *listQuery) fastPathByOrder() fastPath {
	if !slices.Contains(l.key, l.id) {
		return fastPath{}
	}
	return fastPath{table: l.table, key: l.key, id: l.id, ids: selectIDs}
}

// fastPathCTE returns the part of the statement that takes the fast path to the keys of the first candidates, at most limit.
func (l *listQuery) fastPathCTE(limit string) string {
	path, names := l.candidates.fastPath, make([]string, len(l.key))
	for i, column := range l.key {
		names[i] = column[len(l.alias()+"."):]
	}
	steps := fmt.Sprintf("least(%d * (SELECT n FROM id_count), %d * %s)", stepsPerID, stepsPerRow, limit)
	return "fast_path AS MATERIALIZED (\n    SELECT DISTINCT " + strings.Join(l.key, ", ") + "\n    FROM (" +
		"\nSELECT " + strings.Join(path.key, ", ") + ", " + path.id + " FROM " + path.table +
		l.whereClauseOn(path.key, path.where...) + l.orderBy(path.key) + "\nLIMIT " + steps +
		"\n    ) AS " + l.alias() + " (" + strings.Join(names, ", ") + ", candidate_id)" +
		"\n    WHERE (" + l.alias() + ".candidate_id IN (" + path.ids + ")) IS TRUE" + // hashes the ids, unlike a join
		l.order() + "\nLIMIT " + limit + "\n), "
}

// candidateCTEs returns the parts of the statement that find the candidates and their keys, until there are too many. A row
// is found once for each condition that it fulfils. If the fast path, which may be empty, fills a page, its rows replace
// those that the ids would find. MATERIALIZED keeps the planner from planning a part together with what uses it.
func (l *listQuery) candidateCTEs(limit, fastPath string) string {
	if l.candidates.conditions == nil {
		return ""
	}
	columns := l.candidateColumn(limit) + " AS candidate, " + strings.Join(l.key, ", ")
	selects := make([]string, len(l.candidates.conditions))
	for i, condition := range l.candidates.conditions {
		selects[i] = "\n    SELECT " + columns + " FROM " + l.table + " WHERE " + condition
	}
	bound := strconv.Itoa(maxCandidates)
	cut, selective := "\n    LIMIT "+bound+" + 1", "(SELECT count(*) FROM candidates) <= "+bound
	idCTEs := ""
	if l.candidates.idQuery != "" {
		fewIDs := "(SELECT n FROM id_count) <= " + bound
		selective = fewIDs + " AND " + selective
		if fastPath != "" {
			incomplete := "(SELECT count(*) FROM fast_path) < " + limit
			fewIDs += " AND " + incomplete
			selects = append(selects, "\n    SELECT "+columns+" FROM fast_path AS "+l.alias()+" WHERE NOT "+incomplete)
		}
		idCTEs = "ids (id) AS MATERIALIZED (" + l.candidates.idQuery + cut +
			"\n), id_count AS MATERIALIZED (\n    SELECT count(*) AS n FROM ids\n), " + fastPath +
			"lookup AS MATERIALIZED (\n    SELECT ARRAY(" + selectIDs + " WHERE " + fewIDs + ") AS ids\n), "
	}
	return "WITH " + idCTEs + "candidates AS MATERIALIZED (" + strings.Join(selects, "\n    UNION ALL") + cut +
		"\n), prefilter AS MATERIALIZED (\n    SELECT " + selective + " AS selective\n)"
}

// selectRows returns the query for the rows in an order, at most limit; an empty limit means all.
func (l *listQuery) selectRows(columns, order, limit string) string {
	from := "\nSELECT " + columns + " FROM " + l.table
	tail := order
	if limit != "" {
		tail += "\nLIMIT " + limit
	}
	if l.candidates.conditions == nil {
		return from + l.whereClause(l.where...) + tail
	}
	found := "\n    SELECT " + l.alias() + ".candidate FROM candidates AS " + l.alias() + l.whereClause()
	if l.firstSuffice(limit) {
		// A row may be found once for each condition.
		found += l.order() + "\nLIMIT " + limit + " * " + strconv.Itoa(len(l.candidates.conditions))
	}
	lookup := from + l.whereClause(append(l.otherConditions(),
		"(SELECT selective FROM prefilter)", l.candidateColumn(limit)+" = ANY(ARRAY("+found+"))")...) + tail
	walk := from + l.whereClause(append(slices.Clone(l.where), "NOT (SELECT selective FROM prefilter)")...) + tail
	return "\n(" + lookup + "\n)\nUNION ALL\n(" + walk + "\n)"
}

// ownedBy returns the condition that column is the id of an owner, which may be the provider.
func ownedBy(column string, owner subscriptions.AccountID, l *listQuery) string {
	if owner == subscriptions.Provider {
		return column + " IS NULL"
	}
	return column + " = " + l.bind(int64(owner), "bigint")
}

// filterHolds keeps rows that have a hold, one with a cause, or none, on themselves or inherited. Each probe looks for one
// hold, on the row or above it; idQuery selects the ids of the rows that have or inherit one. In both, %s is replaced with a
// condition on the cause, or with nothing.
func (l *listQuery) filterHolds(status subscriptions.Status, cause subscriptions.Cause, probes []string, idQuery string, prefilter bool) {
	anyHold := strings.Join(probes, " OR ")
	holdCandidates := func(onCause string) candidates {
		return candidates{
			conditions: []string{l.id + " = ANY" + idsToLookUp},
			idQuery:    strings.ReplaceAll(idQuery, "%s", onCause),
			fastPath:   l.fastPathByOrder(),
		}
	}
	if cause != "" {
		onCause := " AND h.cause = " + l.bind(string(cause), "text")
		l.filter("(" + strings.ReplaceAll(anyHold, "%s", onCause) + ")")
		if prefilter {
			l.prefilter(holdCandidates(onCause))
		}
	}
	switch status {
	case subscriptions.Active:
		for _, probe := range probes {
			// The planner would take IS NULL for rare.
			l.filter("NOT coalesce(" + strings.ReplaceAll(probe, "%s", "") + ", false)")
		}
	case subscriptions.Suspended:
		l.filter("(" + strings.ReplaceAll(anyHold, "%s", "") + ")")
		if prefilter {
			l.prefilter(holdCandidates(""))
		}
	}
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// likePattern returns the LIKE pattern for a term in a column that joinSearchTexts wrote. Every character of the term stands
// for itself.
func likePattern(t subscriptions.SearchTerm) string {
	text := likeEscaper.Replace(t.Text)
	if t.Anywhere {
		return "%" + text + "%"
	}
	return "%" + textSeparator + text + "%"
}
