package postgres

import (
	"slices"
	"strconv"
	"strings"

	"github.com/clientele-go/clientele/subscriptions"
)

// list is a statement that answers one page of rows, or counts them. It walks along the index of its order and keeps
// what fits the conditions, which costs little as long as enough rows fit. Where few may fit, hits is a statement that
// finds them by an index of their own; only if it finds more than manyHits does the walk take place. Both stand in one
// statement, so that the answer comes from one snapshot, and the server runs only one of them.
type list struct {
	table string   // with its alias
	id    string   // the column of the alias
	key   []string // the columns of the order, which have an index
	desc  bool
	where []string
	hits  hits
	known int // the condition that all hits fulfil, and nothing else does
	args  []any
}

// hits is a statement that answers a column called hit: the id of a row, or its place, which spares looking the id up.
// A place is good within one statement. Rows may come twice.
type hits struct {
	statement string
	places    bool
	below     string // answers a column called id, from which the statement goes on with idsBelow
}

// manyHits is how many rows are looked up one by one rather than walked along to: some 20 ms.
const manyHits = 10_000

// idsBelow are none if there are too many: they are not worth looking up.
var idsBelow = "ARRAY(SELECT id FROM below WHERE (SELECT count(*) FROM below) <= " + strconv.Itoa(manyHits) + ")"

// countRow is the answer to a count.
type countRow struct{ Count int }

// argument answers how the statement speaks of a value that goes with it.
func (l *list) argument(value any, kind string) string {
	l.args = append(l.args, value)
	return "$" + strconv.Itoa(len(l.args)) + "::" + kind
}

// filter adds a condition on the row. One that looks at other tables is a scalar subquery that ends at its first row:
// unlike EXISTS, the planner cannot turn it into a join with all of the other table.
func (l *list) filter(condition string) { l.where = append(l.where, condition) }

// drive says how the rows that fulfil the last condition are found where few do. The first word counts.
func (l *list) drive(by hits) {
	if l.hits == (hits{}) {
		l.hits, l.known = by, len(l.where)-1
	}
}

// behind begins behind the row whose key has these values.
func (l *list) behind(values ...string) {
	compare := " > "
	if l.desc {
		compare = " < "
	}
	l.filter("(" + strings.Join(l.key, ", ") + ")" + compare + "(" + strings.Join(values, ", ") + ")")
}

// conditions answers the WHERE clause.
func (l *list) conditions(more ...string) string { return where(append(more, l.where...)) }

func where(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return "\nWHERE " + strings.Join(all, "\n    AND ")
}

func (l *list) order() string {
	if l.desc {
		return "\nORDER BY " + strings.Join(l.key, " DESC, ") + " DESC"
	}
	return "\nORDER BY " + strings.Join(l.key, ", ")
}

func (l *list) limit(limit int) string { return "\nLIMIT " + l.argument(limit, "bigint") }

// page answers the statement for a page of so many rows. Only these are joined with what outer says, and only for
// these are the columns computed.
func (l *list) page(columns, outer string, limit int) string {
	alias := l.alias()
	tail := l.order() + l.limit(limit)
	return l.with() + "\nSELECT " + columns + "\nFROM (" + l.rows(alias+".*", tail) + "\n) AS " + alias + outer + l.order()
}

// count answers the statement that counts, up to atMost; 0: no bound.
func (l *list) count(atMost int) string {
	tail := "\nORDER BY " + l.id
	if atMost > 0 {
		tail = l.order() + l.limit(atMost)
	}
	return l.with() + "\nSELECT count(*) AS count\nFROM (" + l.rows("", tail) + "\n) AS matches"
}

func (l *list) alias() string { return l.id[:strings.IndexByte(l.id, '.')] }

// with is not planned together with what uses it: it is run until enough is found.
func (l *list) with() string {
	if l.hits == (hits{}) {
		return ""
	}
	enough := "\n    LIMIT " + strconv.Itoa(manyHits+1) + "\n)"
	with := "WITH "
	if l.hits.below != "" {
		with += "below AS MATERIALIZED (" + l.hits.below + enough + ", "
	}
	return with + "hits AS MATERIALIZED (" + l.hits.statement + "\n), found AS MATERIALIZED (\n    SELECT hit FROM hits" + enough
}

// few answers the condition that all hits were found, and are no more than should be looked up.
func (l *list) few() string {
	many := strconv.Itoa(manyHits)
	few := "(SELECT count(*) FROM found) <= " + many
	if l.hits.below != "" {
		few += " AND (SELECT count(*) FROM below) <= " + many
	}
	return "(" + few + ")"
}

func (l *list) rows(columns, tail string) string {
	from := "\nSELECT " + columns + " FROM " + l.table
	if l.hits == (hits{}) {
		return from + l.conditions() + tail
	}
	hit := l.id
	if l.hits.places {
		hit = l.alias() + ".ctid"
	}
	others := slices.Delete(slices.Clone(l.where), l.known, l.known+1) // looking at hits once more would cost more than finding them
	few := from + where(append(others, l.few(), hit+" = ANY(ARRAY(SELECT hit FROM found))")) + tail
	walk := from + l.conditions("NOT "+l.few()) + tail
	return "\n(" + few + "\n)\nUNION ALL\n(" + walk + "\n)"
}

// owned answers the condition that a column says an owner, who may be the provider.
func owned(column string, by subscriptions.AccountID, l *list) string {
	if by == subscriptions.Provider {
		return column + " IS NULL"
	}
	return column + " = " + l.argument(int64(by), "bigint")
}

// held keeps rows that are held, by a cause, or not at all. The probes look for one hold each, on the row or above it;
// found finds the ids of the rows below all holds. In both, %s is where the holds are narrowed down to a cause.
func (l *list) held(status subscriptions.Status, cause subscriptions.Cause, probes []string, found string, drives bool) {
	all := strings.Join(probes, " OR ")
	if cause != "" {
		by := " AND h.cause = " + l.argument(string(cause), "text")
		l.filter("(" + strings.ReplaceAll(all, "%s", by) + ")")
		if drives {
			l.drive(hits{statement: strings.ReplaceAll(found, "%s", by)})
		}
	}
	switch status {
	case subscriptions.Active:
		for _, probe := range probes {
			l.filter("NOT coalesce(" + strings.ReplaceAll(probe, "%s", "") + ", false)") // the planner takes IS NULL for rare
		}
	case subscriptions.Suspended:
		l.filter("(" + strings.ReplaceAll(all, "%s", "") + ")")
		if drives {
			l.drive(hits{statement: strings.ReplaceAll(found, "%s", "")})
		}
	}
}

var escapes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// pattern answers what LIKE looks for in a column that searchable wrote. Every character stands for itself.
func pattern(p subscriptions.Piece) string {
	piece := escapes.Replace(p.Text)
	if p.Anywhere {
		return "%" + piece + "%"
	}
	return "%" + separator + piece + "%"
}
