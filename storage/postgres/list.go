package postgres

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/clientele-go/clientele/subscriptions"
)

// list is a list of rows: their order, and what selects them. Its statements are in testdata/sql.
//
// It is read by one statement after the other, until one of them has the whole result:
//
//   - A walk reads the first rows of the order and keeps those that fulfil every condition. Where many rows do, it fills the
//     page.
//   - Where few rows fulfil one of the conditions, these are found by its index, and asked for the others.
//   - Otherwise the rows of all conditions are found, and those that are in all of them are sorted.
//
// So the cost is bounded by the rows that are found, and no search reads the whole of a table. Each statement has a snapshot of
// its own; the result is that of the last one.
type list struct {
	table, alias string   // "clientele.accounts AS a", "a"
	key          []string // the columns of the order, which have an index
	desc         bool
	after        []string // the arguments with the key after which the page begins; nil at the start
	within       []string // conditions that the index of the order serves
	whole        bool     // so few rows are within that all of them may be asked
	per          *per     // may be nil
	counting     bool     // rows that are found need not be sorted
	conditions   []condition
	arguments    arguments
}

// per reads the first rows of a list for each row of another table. What is within refers to that row.
type per struct{ table, where string }

// condition is what a row must fulfil.
type condition struct {
	// test asks one row. It asks other tables with a scalar subquery and LIMIT 1: unlike EXISTS, the planner cannot turn that
	// into a join with the whole of the other table.
	test string
	find string // selects the ids of the rows that fulfil it, some of them perhaps twice
	size size   // of find
}

// size is how many rows fulfil a condition.
type size int

const (
	unknownSize size = iota
	few              // at most 10,000
	most             // most rows of the table
)

// listSteps are the numbers of rows that one statement of a list reads.
type listSteps struct {
	shortWalk, longWalk int // of the order; asking a row takes 1 to 10 µs
	found               int // of one condition, at most, to look them up
}

var defaultListSteps = listSteps{200, 10_000, 10_000}

// where adds a condition.
func (l *list) where(c condition) { l.conditions = append(l.conditions, c) }

// whereID adds the condition that the id is one of ids, of which there are at most 10,000.
func whereID[ID ~int64](l *list, ids []ID) {
	if ids == nil {
		return
	}
	l.arguments["ids"] = numberArray(ids)
	l.where(condition{
		test: l.alias + ".id = ANY(:ids::bigint[])",
		find: "\nSELECT unnest(:ids::bigint[])",
		size: few,
	})
}

// search adds a condition for each term. In test and find, :term is its pattern for LIKE.
func (l *list) search(terms []subscriptions.SearchTerm, test, find string) {
	byLength := func(a, b subscriptions.SearchTerm) int { return len(b.Text) - len(a.Text) }
	for i, t := range slices.SortedStableFunc(slices.Values(terms), byLength) { // the longest is likely to be the rarest
		c := condition{test: test, find: find}
		n := strconv.Itoa(i + 1)
		l.arguments["term"+n] = "%" + likeEscaper.Replace(t.Text) + "%"
		if t.ID != 0 {
			l.arguments["id"+n] = t.ID
			c.test = "(" + l.alias + ".id = :id::bigint OR " + test + ")"
			c.find = find + "\nUNION ALL\nSELECT :id::bigint"
		}
		number := strings.NewReplacer(":term", ":term"+n, ":id", ":id"+n)
		l.where(condition{test: number.Replace(c.test), find: number.Replace(c.find)})
	}
}

// likeEscaper escapes what is special in a pattern for LIKE: every character of a term stands for itself.
var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// whereHeld adds the conditions that rows have or inherit a hold, one with the cause, or none. Each of the tests looks for a
// hold of one level. In them and in find, %s stands where a condition on the cause goes.
func (l *list) whereHeld(status subscriptions.Status, cause subscriptions.Cause, tests []string, find string) {
	anyHold := tests[0]
	if len(tests) > 1 {
		anyHold = "(" + strings.Join(tests, "\n    OR ") + ")"
	}
	if cause != "" {
		l.arguments["cause"] = string(cause)
		const ofCause = "h.cause = :cause::text"
		l.where(condition{test: strings.ReplaceAll(anyHold, "%s", " AND "+ofCause), find: strings.ReplaceAll(find, "%s", "\nWHERE "+ofCause)})
	}
	ofAnyCause := strings.NewReplacer("%s", "")
	switch status {
	case subscriptions.Suspended:
		l.where(condition{test: ofAnyCause.Replace(anyHold), find: ofAnyCause.Replace(find)})
	case subscriptions.Active:
		l.where(condition{
			// The planner would take IS NULL for rare.
			test: ofAnyCause.Replace("NOT coalesce(" + strings.Join(tests, ", false)\n    AND NOT coalesce(") + ", false)"),
			find: ofAnyCause.Replace("\nSELECT " + l.alias + ".id FROM " + l.table + "\nEXCEPT (" + indent(find) + "\n)"),
			size: most,
		})
	}
}

// moreRow is embedded in rows that a walk returns.
type moreRow struct {
	More bool // whether other rows follow those that the walk has read
}

func (r moreRow) more() bool { return r.More }

// page returns the first rows of a list, at most limit. The columns and joins are computed for these rows only.
func page[R interface{ more() bool }](ctx context.Context, s *Store, l list, columns, joins string, limit int) ([]R, *dbError) {
	var rows []R
	e := l.read(ctx, s, limit, func(selection, more string) (int, bool, *dbError) {
		rows = nil
		e := s.queryNamed(ctx, &rows, l.pageOf(selection, columns+more, joins), l.arguments)
		return len(rows), len(rows) == 0 || rows[0].more(), e // no row says whether others follow
	})
	return rows, e
}

// pageOf returns the statement that computes the columns and joins of the selected rows.
func (l list) pageOf(selection, columns, joins string) string {
	return "\nSELECT " + columns + "\nFROM (" + indent(selection) + "\n) AS " + l.alias + joins + l.order()
}

type countRow struct {
	Count int
	moreRow
}

// countList returns the number of rows of a list, but not more than atMost; 0 means no bound.
func (s *Store) countList(ctx context.Context, l list, atMost int) (int, error) {
	l.counting = true
	limit := atMost
	if limit > maxWalkedCount {
		limit = 0
	}
	var row countRow
	e := l.read(ctx, s, limit, func(selection, more string) (int, bool, *dbError) {
		row = countRow{}
		e := s.queryNamed(ctx, &row, countOf(selection, more), l.arguments)
		return row.Count, row.More, e
	})
	if e != nil {
		return 0, e
	}
	if atMost > 0 {
		return min(row.Count, atMost), nil
	}
	return row.Count, nil
}

// maxWalkedCount is the bound of a count up to which walks are worth trying.
const maxWalkedCount = 50_000

// countOf returns the statement that counts the rows of a query.
func countOf(query, columns string) string {
	return "\nSELECT count(*) AS count" + columns + "\nFROM (" + indent(query) + "\n) AS selected"
}

// read runs statements until one of them has the first limit rows of the list, or all of them; 0 means no limit. The function
// try runs a statement with a selection of rows and with further columns, which are empty or the column "more". It returns the
// number of rows, and whether others follow those that a walk has read.
func (l list) read(ctx context.Context, s *Store, limit int, try func(selection, columns string) (int, bool, *dbError)) *dbError {
	l.arguments["limit"] = nullIfZero(limit)
	var found int
	var done bool
	var e *dbError
	walk := func(rows int) bool {
		var more bool
		found, more, e = try(l.walk(rows))
		done = e != nil || found >= limit || !more
		return done
	}
	finish := func(selection string) *dbError {
		_, _, e := try(selection, "")
		return e
	}

	long := max(s.listSteps.longWalk, 4*limit) // a count may be of many rows
	walkFirst := false
	switch i := slices.IndexFunc(l.conditions, func(c condition) bool { return c.size == few }); {
	case l.conditions == nil || l.whole:
		return finish(l.all())
	case i >= 0:
		return finish(l.found(i))
	case limit == 0: // a walk would have to read the whole table
	case walk(s.listSteps.shortWalk):
		return e
	default:
		walkFirst = found*s.listSteps.longWalk/s.listSteps.shortWalk >= limit
	}
	if walkFirst && walk(long) {
		return e
	}
	for i, c := range l.conditions {
		if c.size == most {
			continue
		}
		var n countRow
		if e := s.queryNamed(ctx, &n, countOf(c.find+"\nLIMIT "+strconv.Itoa(s.listSteps.found+1), ""), l.arguments); e != nil {
			return e
		}
		if n.Count <= s.listSteps.found {
			return finish(l.found(i))
		}
	}
	if limit > 0 && !walkFirst && walk(long) {
		return e
	}
	return finish(l.intersection())
}

// all selects the first rows of the list: it asks all rows that are within, in their order.
func (l list) all() string {
	selection := l.inOrder(l.table, l.start(), l.tests())
	if l.per == nil {
		return selection
	}
	return l.inOrder(l.per.table+"\nCROSS JOIN LATERAL ("+indent(selection)+"\n) AS "+l.alias, []string{l.per.where})
}

// walk selects the first rows of the list among the given number of rows, with a column for whether others follow these.
func (l list) walk(rows int) (selection, columns string) {
	bound := strconv.Itoa(rows)
	read := "\nFROM " + l.table + where(l.start()) + l.order()
	walked := "(" + indent("\nSELECT "+l.alias+".*"+read+"\nLIMIT "+bound) + "\n) AS " + l.alias
	next := "\n(" + indent("\nSELECT true"+read+"\nOFFSET "+bound+" LIMIT 1") + "\n) AS more"
	return l.inOrder(walked, l.tests()), "," + indent(next)
}

// found selects the first rows of the list among those of one condition.
func (l list) found(i int) string {
	found := l.alias + ".id = ANY(ARRAY(" + indent(l.conditions[i].find) + "\n))"
	l.conditions = slices.Delete(slices.Clone(l.conditions), i, i+1)
	selected := l.selected(l.table, []string{found}, l.start(), l.tests())
	if !l.counting {
		selected += l.order()
	}
	return selected + limit
}

// intersection selects the first rows of the list among those that all conditions find.
func (l list) intersection() string {
	if len(l.conditions) == 1 {
		return l.found(0)
	}
	finds := convertAll(l.conditions, func(c condition) string { return "(" + indent(c.find) + "\n)" })
	l.conditions = []condition{{find: "\n" + strings.Join(finds, " INTERSECT ")}}
	return l.found(0)
}

// inOrder selects the first rows in the order of the list.
func (l list) inOrder(from string, conditions ...[]string) string {
	return l.selected(from, conditions...) + l.order() + limit
}

func (l list) selected(from string, conditions ...[]string) string {
	return "\nSELECT " + l.alias + ".*\nFROM " + from + where(conditions...)
}

const limit = "\nLIMIT :limit::bigint"

// start returns the conditions on the columns of the order.
func (l list) start() []string {
	if l.after == nil {
		return l.within
	}
	compare := " > "
	if l.desc {
		compare = " < "
	}
	return append(slices.Clone(l.within), "("+strings.Join(l.key, ", ")+")"+compare+"("+strings.Join(l.after, ", ")+")")
}

func (l list) tests() []string {
	return convertAll(l.conditions, func(c condition) string { return c.test })
}

func (l list) order() string {
	if l.desc {
		return "\nORDER BY " + strings.Join(l.key, " DESC, ") + " DESC"
	}
	return "\nORDER BY " + strings.Join(l.key, ", ")
}

// where returns the WHERE clause for all conditions, which may be none.
func where(conditions ...[]string) string {
	all := slices.Concat(conditions...)
	if len(all) == 0 {
		return ""
	}
	return "\nWHERE " + strings.Join(all, "\n    AND ")
}

func indent(query string) string { return strings.ReplaceAll(query, "\n", "\n    ") }
