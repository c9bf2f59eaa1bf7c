package postgres

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/clientele-go/clientele/subscriptions"
)

// list is a statement that answers one page of rows, or counts them. It walks along the index of its order and keeps
// what fits the conditions, which costs little as long as enough rows fit. Where few may fit, it finds them by indexes of
// their own; only if these find more than manyHits does that walk take place. Both stand in one statement, so that the
// answer comes from one snapshot, and the server runs only one of them.
type list struct {
	table    string   // with its alias
	id       string   // the column of the alias
	key      []string // the columns of the order, which have an index
	desc     bool
	where    []string
	position []string // the values of key behind which the page begins; nil on the first page
	hits     hits
	known    int // the condition that all hits fulfil, and nothing else does
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
	below string   // answers ids, from which the conditions go on with idsBelow; may be empty
	ahead shortcut // to the first rows that the ids make hits; may be empty
}

// shortcut goes along an index that has the order of the list, and keeps what an id below makes a hit.
type shortcut struct {
	table string   // with its alias
	key   []string // its columns for the key of the list
	id    string
	among string // answers the ids that make a hit
	where []string
}

const (
	// manyHits is how many rows are looked up one by one rather than walked along to: some 2 µs in each table.
	manyHits = 10_000

	// stepsPerID and stepsPerRow are how far a shortcut goes, for each id below and for each row of the page, before all
	// ids are looked up instead. It is given up where fewer than 1 in 500 are hits, for then it would hardly be the
	// shorter way; a step takes some 0.15 µs after a vacuum, when the index answers alone, and a look-up 1 to 3 µs.
	stepsPerID, stepsPerRow = 10, 500

	// idBelow answers what hits.below does, but one too many at most.
	idBelow = "SELECT id FROM below"

	// idsBelow are none if there are too many, which are not worth looking up, or if the shortcut has filled the page.
	idsBelow = "((SELECT ids FROM wanted)::bigint[])"
)

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

// conditions answers the WHERE clause that these conditions make with that of the page.
func (l *list) conditions(all ...string) string { return l.conditionsOn(l.key, all...) }

// conditionsOn is conditions for other columns that have the values of the key.
func (l *list) conditionsOn(key []string, all ...string) string {
	if l.position != nil {
		compare := " > "
		if l.desc {
			compare = " < "
		}
		all = append(all, "("+strings.Join(key, ", ")+")"+compare+"("+strings.Join(l.position, ", ")+")")
	}
	if len(all) == 0 {
		return ""
	}
	return "\nWHERE " + strings.Join(all, "\n    AND ")
}

func (l *list) order() string { return l.orderBy(l.key) }

func (l *list) orderBy(key []string) string {
	if l.desc {
		return "\nORDER BY " + strings.Join(key, " DESC, ") + " DESC"
	}
	return "\nORDER BY " + strings.Join(key, ", ")
}

// page answers the statement for a page of so many rows. Only these are joined with what outer says, and only for
// these are the columns computed.
func (l *list) page(columns, outer string, limit int) string {
	most := l.most(limit)
	ahead := ""
	if l.firstOnly(most) && l.hits.ahead.table != "" {
		ahead = l.ahead(most)
	}
	return l.with(most, ahead) + "\nSELECT " + columns +
		"\nFROM (" + l.rows(l.alias()+".*", l.order(), most) + "\n) AS " + l.alias() + outer + l.order()
}

// count answers the statement that counts, up to atMost; 0: no bound.
func (l *list) count(atMost int) string {
	most, order := l.most(min(atMost, mostCounted)), l.order()
	if most == "" {
		order = "\nORDER BY " + l.id
	}
	return l.with(most, "") + "\nSELECT count(*) AS count\nFROM (" + l.rows("", order, most) + "\n) AS matches"
}

// most answers the argument that bounds how many rows there are; empty: all.
func (l *list) most(limit int) string {
	if limit == 0 {
		return ""
	}
	return l.argument(limit, "bigint")
}

func (l *list) alias() string { return l.id[:strings.IndexByte(l.id, '.')] }

// others answers the conditions that not all hits fulfil: looking at hits once more would cost more than finding them.
func (l *list) others() []string { return slices.Delete(slices.Clone(l.where), l.known, l.known+1) }

// firstOnly tells whether only the first of the hits are needed, because every hit fits.
func (l *list) firstOnly(most string) bool { return most != "" && len(l.where) == 1 }

// hit answers the column by which hits are looked up. Their ids may come from an index alone; their places, which are
// good within one statement, cost more to find and less to look up.
func (l *list) hit(most string) string {
	if l.firstOnly(most) {
		return l.id
	}
	return l.alias() + ".ctid"
}

// own answers the shortcut along the index of the list's order, if that holds the ids.
func (l *list) own() shortcut {
	if !slices.Contains(l.key, l.id) {
		return shortcut{}
	}
	return shortcut{table: l.table, key: l.key, id: l.id, among: idBelow}
}

// ahead answers the part of the statement that takes the shortcut, with the ids below in hand, to the keys of the first
// hits, not more than most.
func (l *list) ahead(most string) string {
	along, names := l.hits.ahead, make([]string, len(l.key))
	for i, column := range l.key {
		names[i] = column[len(l.alias()+"."):]
	}
	steps := fmt.Sprintf("least(%d * (SELECT n FROM size), %d * %s)", stepsPerID, stepsPerRow, most)
	return "ahead AS MATERIALIZED (\n    SELECT DISTINCT " + strings.Join(l.key, ", ") + "\n    FROM (" +
		"\nSELECT " + strings.Join(along.key, ", ") + ", " + along.id + " FROM " + along.table +
		l.conditionsOn(along.key, along.where...) + l.orderBy(along.key) + "\nLIMIT " + steps +
		"\n    ) AS " + l.alias() + " (" + strings.Join(names, ", ") + ", met)" +
		"\n    WHERE (" + l.alias() + ".met IN (" + along.among + ")) IS TRUE" + // looks them up in memory, unlike a join
		l.order() + "\nLIMIT " + most + "\n), "
}

// with finds the hits and their keys, until there are too many. A row comes once for each condition that it fulfils.
// What comes ahead, which may be empty, stands for the hits by the ids below if it fills a page. What is MATERIALIZED is
// not planned together with what uses it.
func (l *list) with(most, ahead string) string {
	if l.hits.by == nil {
		return ""
	}
	columns := l.hit(most) + " AS hit, " + strings.Join(l.key, ", ")
	found := make([]string, len(l.hits.by))
	for i, condition := range l.hits.by {
		found[i] = "\n    SELECT " + columns + " FROM " + l.table + " WHERE " + condition
	}
	many := strconv.Itoa(manyHits)
	cut, few := "\n    LIMIT "+many+" + 1", "(SELECT count(*) FROM found) <= "+many
	below := ""
	if l.hits.below != "" {
		wanted := "(SELECT n FROM size) <= " + many
		few = wanted + " AND " + few
		if ahead != "" {
			short := "(SELECT count(*) FROM ahead) < " + most
			wanted += " AND " + short
			found = append(found, "\n    SELECT "+columns+" FROM ahead AS "+l.alias()+" WHERE NOT "+short)
		}
		below = "below (id) AS MATERIALIZED (" + l.hits.below + cut +
			"\n), size AS MATERIALIZED (\n    SELECT count(*) AS n FROM below\n), " + ahead +
			"wanted AS MATERIALIZED (\n    SELECT ARRAY(" + idBelow + " WHERE " + wanted + ") AS ids\n), "
	}
	return "WITH " + below + "found AS MATERIALIZED (" + strings.Join(found, "\n    UNION ALL") + cut +
		"\n), few AS MATERIALIZED (\n    SELECT " + few + " AS so\n)"
}

// rows answers the rows in an order, not more than most; empty: all.
func (l *list) rows(columns, order, most string) string {
	from := "\nSELECT " + columns + " FROM " + l.table
	tail := order
	if most != "" {
		tail += "\nLIMIT " + most
	}
	if l.hits.by == nil {
		return from + l.conditions(l.where...) + tail
	}
	hits := "\n    SELECT " + l.alias() + ".hit FROM found AS " + l.alias() + l.conditions()
	if l.firstOnly(most) {
		hits += l.order() + "\nLIMIT " + most + " * " + strconv.Itoa(len(l.hits.by)) // as often as one may come
	}
	few := from + l.conditions(append(l.others(), "(SELECT so FROM few)", l.hit(most)+" = ANY(ARRAY("+hits+"))")...) + tail
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
		return hits{by: []string{l.id + " = ANY" + idsBelow}, below: strings.ReplaceAll(below, "%s", by), ahead: l.own()}
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
func pattern(p subscriptions.SearchTerm) string {
	piece := escapes.Replace(p.Text)
	if p.Anywhere {
		return "%" + piece + "%"
	}
	return "%" + separator + piece + "%"
}
