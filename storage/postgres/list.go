package postgres

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/clientele-go/clientele/subscriptions"
)

// list is a statement that answers one page of rows, or counts them. It walks along the index of its order and keeps
// what fits the conditions, which costs little as long as enough rows fit. Where few may fit, it finds them by indexes of
// their own; only if these find more than manyHits does the walk take place. Both stand in one statement, so that the
// answer comes from one snapshot, and the server runs only one of them.
type list struct {
	table  string   // with its alias
	id     string   // the column of the alias
	key    []string // the columns of the order, which have an index
	desc   bool
	where  []string
	behind string // the condition that a row comes behind the page before; empty on the first page
	hits   hits
	known  int // the condition that all hits fulfil, and nothing else does
	arguments
}

// arguments go with a statement.
type arguments []any

// argument answers how the statement speaks of a value that goes with it.
func (a *arguments) argument(value any, kind string) string {
	*a = append(*a, value)
	return "$" + strconv.Itoa(len(*a)) + "::" + kind
}

// hits are the rows that fulfil one of a few conditions, for each of which an index finds its rows.
type hits struct {
	by    []string
	below string // answers ids, from which the conditions go on with idsBelow; may be empty
}

// manyHits is how many rows are looked up one by one rather than walked along to: some 2 µs each, and for each step.
const manyHits = 10_000

// idsBelow are none if there are too many: they are not worth looking up.
var idsBelow = "((SELECT ids FROM below WHERE cardinality(ids) <= " + strconv.Itoa(manyHits) + ")::bigint[])"

// mostCounted is more than there will ever be, and can be doubled.
const mostCounted = math.MaxInt / 2

// countRow is the answer to a count.
type countRow struct{ Count int }

// filter adds a condition on the row. One that looks at other tables is a scalar subquery that ends at its first row:
// unlike EXISTS, the planner cannot turn it into a join with all of the other table.
func (l *list) filter(condition string) { l.where = append(l.where, condition) }

// drive says how the rows that fulfil the last condition are found where few do. The first word counts.
func (l *list) drive(by hits) {
	if l.hits.by == nil {
		l.hits, l.known = by, len(l.where)-1
	}
}

// from begins behind the row whose key has these values.
func (l *list) from(values ...string) {
	compare := " > "
	if l.desc {
		compare = " < "
	}
	l.behind = "(" + strings.Join(l.key, ", ") + ")" + compare + "(" + strings.Join(values, ", ") + ")"
}

// conditions answers the WHERE clause that these conditions make with that of the page.
func (l *list) conditions(all ...string) string {
	if l.behind != "" {
		all = append(all, l.behind)
	}
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

// page answers the statement for a page of so many rows. Only these are joined with what outer says, and only for
// these are the columns computed.
func (l *list) page(columns, outer string, limit int) string {
	alias := l.alias()
	return l.with(limit) + "\nSELECT " + columns + "\nFROM (" + l.rows(alias+".*", l.order(), limit) + "\n) AS " + alias + outer + l.order()
}

// count answers the statement that counts, up to atMost; 0: no bound.
func (l *list) count(atMost int) string {
	atMost = min(atMost, mostCounted)
	order := "\nORDER BY " + l.id
	if atMost > 0 {
		order = l.order()
	}
	return l.with(atMost) + "\nSELECT count(*) AS count\nFROM (" + l.rows("", order, atMost) + "\n) AS matches"
}

func (l *list) alias() string { return l.id[:strings.IndexByte(l.id, '.')] }

// others answers the conditions that not all hits fulfil: looking at hits once more would cost more than finding them.
func (l *list) others() []string { return slices.Delete(slices.Clone(l.where), l.known, l.known+1) }

// firstOnly tells whether only the first of the hits are needed, because every hit fits.
func (l *list) firstOnly(limit int) bool { return limit > 0 && len(l.where) == 1 }

// hit answers the column by which hits are looked up. Their ids may come from an index alone; their places, which are
// good within one statement, cost more to find and less to look up.
func (l *list) hit(limit int) string {
	if l.firstOnly(limit) {
		return l.id
	}
	return l.alias() + ".ctid"
}

// with finds the hits and their keys, until there are too many. A row comes once for each condition that it fulfils.
// What is MATERIALIZED is not planned together with what uses it.
func (l *list) with(limit int) string {
	if l.hits.by == nil {
		return ""
	}
	enough, most := "\n    LIMIT "+strconv.Itoa(manyHits+1), " <= "+strconv.Itoa(manyHits)
	below, few := "", "(SELECT count(*) FROM found)"+most
	if l.hits.below != "" {
		below = "below AS MATERIALIZED (\n    SELECT ARRAY(" + l.hits.below + enough + ") AS ids\n), "
		few = "(SELECT cardinality(ids) FROM below)" + most + " AND " + few
	}
	found := make([]string, len(l.hits.by))
	for i, condition := range l.hits.by {
		found[i] = "\n    SELECT " + l.hit(limit) + " AS hit, " + strings.Join(l.key, ", ") + " FROM " + l.table + " WHERE " + condition
	}
	return "WITH " + below + "found AS MATERIALIZED (" + strings.Join(found, "\n    UNION ALL") + enough +
		"\n), few AS MATERIALIZED (\n    SELECT " + few + " AS so\n)"
}

// rows answers the rows in an order, not more than limit; 0: all.
func (l *list) rows(columns, order string, limit int) string {
	from := "\nSELECT " + columns + " FROM " + l.table
	tail, most := order, ""
	if limit > 0 {
		most = l.argument(limit, "bigint")
		tail += "\nLIMIT " + most
	}
	if l.hits.by == nil {
		return from + l.conditions(l.where...) + tail
	}
	hits := "\n    SELECT " + l.alias() + ".hit FROM found AS " + l.alias() + l.conditions()
	if l.firstOnly(limit) {
		hits += l.order() + "\nLIMIT " + most + " * " + strconv.Itoa(len(l.hits.by)) // as often as one may come
	}
	few := from + l.conditions(append(l.others(), "(SELECT so FROM few)", l.hit(limit)+" = ANY(ARRAY("+hits+"))")...) + tail
	walk := from + l.conditions(append(slices.Clone(l.where), "NOT (SELECT so FROM few)")...) + tail
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
// below finds the ids of the rows below all holds. In both, %s is where the holds are narrowed down to a cause.
func (l *list) held(status subscriptions.Status, cause subscriptions.Cause, probes []string, below string, drives bool) {
	all := strings.Join(probes, " OR ")
	narrowed := func(by string) hits {
		return hits{by: []string{l.id + " = ANY" + idsBelow}, below: strings.ReplaceAll(below, "%s", by)}
	}
	if cause != "" {
		by := " AND h.cause = " + l.argument(string(cause), "text")
		l.filter("(" + strings.ReplaceAll(all, "%s", by) + ")")
		if drives {
			l.drive(narrowed(by))
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
			l.drive(narrowed(""))
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
