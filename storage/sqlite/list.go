package sqlite

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/clientele-go/clientele/subscriptions"
)

// list is a list of rows: their order, and what selects them.
//
// It is read by one statement after the other, until one of them has the whole result:
//
//   - A short walk reads the first rows of the order and keeps those that fulfil every condition. Where many rows do, it fills
//     the page.
//   - Where few rows fulfil one of the conditions, fewer than a walk would have to read, these are found by its index, and asked
//     for the others.
//   - Otherwise a long walk may fill the page.
//   - Otherwise the rows of all conditions are found, and those that are in all of them are sorted.
//
// So the cost is bounded by the rows that are found, and no search reads the whole of a table. Each statement has a snapshot of
// its own; the result is that of the last one. SQLite runs joins written as CROSS JOIN in their order.
type list struct {
	table, alias string
	key          []string // the columns of the order, which have an index
	desc         bool
	after        []string // the arguments with the key after which the page begins; nil at the start
	within       []string // conditions that the index of the order serves
	whole        bool     // so few rows are within that all of them may be asked
	counting     bool     // rows need not be sorted
	conditions   []condition
	arguments    arguments
}

// condition is what a row must fulfil.
type condition struct {
	test string // asks one row
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

// arguments are the values of the named arguments of a statement, such as :country.
type arguments map[string]any

func (a arguments) values() []any {
	values := make([]any, 0, len(a))
	for name, value := range a {
		values = append(values, sql.Named(name, value))
	}
	return values
}

// where adds a condition.
func (l *list) where(c condition) { l.conditions = append(l.conditions, c) }

// whereID adds the condition that the id is one of ids, of which there are at most 10,000.
func whereID[ID ~int64](l *list, ids []ID) {
	if ids == nil {
		return
	}
	l.arguments["ids"] = jsonArray(ids)
	l.where(condition{
		test: l.alias + ".id IN (SELECT value FROM json_each(:ids))",
		find: "\nSELECT value AS id FROM json_each(:ids)",
		size: few,
	})
}

// search adds a condition for each term. In test and find, :term is its text and :match the query that narrows the rows.
func (l *list) search(terms []subscriptions.SearchTerm, test, find string) {
	byLength := func(a, b subscriptions.SearchTerm) int { return len(b.Text) - len(a.Text) }
	for i, t := range slices.SortedStableFunc(slices.Values(terms), byLength) { // the longest is likely to be the rarest
		c := condition{test: test, find: find}
		n := strconv.Itoa(i + 1)
		l.arguments["term"+n], l.arguments["match"+n] = t.Text, matchQuery(t.Text)
		if t.ID != 0 {
			l.arguments["id"+n] = t.ID
			c.test = "(" + l.alias + ".id = :id OR " + test + ")"
			c.find = find + "\nUNION ALL\nSELECT :id"
		}
		number := strings.NewReplacer(":term", ":term"+n, ":match", ":match"+n, ":id", ":id"+n)
		l.where(condition{test: number.Replace(c.test), find: number.Replace(c.find)})
	}
}

// whereHeld adds the conditions that rows have or inherit a hold, one with the cause, or none. Each of the tests looks for a
// hold of one level. In them and in find, %s stands where a condition on the cause goes.
func (l *list) whereHeld(status subscriptions.Status, cause subscriptions.Cause, tests []string, find string) {
	anyHold := "(" + strings.Join(tests, "\n    OR ") + ")"
	if cause != "" {
		l.arguments["cause"] = string(cause)
		const ofCause = " AND h.cause = :cause"
		l.where(condition{test: strings.ReplaceAll(anyHold, "%s", ofCause), find: strings.ReplaceAll(find, "%s", ofCause)})
	}
	anyHold, find = strings.ReplaceAll(anyHold, "%s", ""), strings.ReplaceAll(find, "%s", "")
	switch status {
	case subscriptions.Suspended:
		l.where(condition{test: anyHold, find: find})
	case subscriptions.Active:
		l.where(condition{
			test: strings.ReplaceAll("NOT coalesce("+strings.Join(tests, ", false)\n    AND NOT coalesce(")+", false)", "%s", ""),
			find: "\nSELECT " + l.alias + ".id FROM " + l.from() + "\nWHERE " + l.alias + ".id NOT IN (" + indent(find) + ")",
			size: most,
		})
	}
}

func (l list) from() string { return l.table + " AS " + l.alias }

// page returns the first rows of a list, at most limit. The columns and joins are computed for these rows only. withMore are
// the fields of a row with the column "more".
func page[R interface{ hasMore() bool }](
	ctx context.Context, s *Store, l list, columns, joins string, fields, withMore func(*R) []any, limit int,
) ([]R, *dbError) {
	var rows []R
	e := l.read(ctx, s, limit, func(selection, more string) (int, bool, *dbError) {
		f := fields
		if more != "" {
			f = withMore
		}
		var e *dbError
		rows, e = read(ctx, s, f, l.pageOf(selection, columns+more, joins), l.arguments.values()...)
		return len(rows), len(rows) == 0 || rows[0].hasMore(), e // no row says whether others follow
	})
	return rows, e
}

// pageOf returns the statement that computes the columns and joins of the selected rows.
func (l list) pageOf(selection, columns, joins string) string {
	return "\nSELECT " + columns + "\nFROM (" + indent(selection) + "\n) AS selected" +
		"\nCROSS JOIN " + l.from() + " ON " + l.alias + ".id = selected.id" + joins + l.order()
}

// countList returns the number of rows of a list, but not more than atMost; 0 means no bound.
func (s *Store) countList(ctx context.Context, l list, atMost int) (int, error) {
	l.counting = true
	count := 0
	e := l.read(ctx, s, atMost, func(selection, more string) (int, bool, *dbError) {
		fields := (*countRow).fields
		if more != "" {
			fields = (*countRow).fieldsWithMore
		}
		rows, e := read(ctx, s, fields, countOf(selection, more), l.arguments.values()...)
		if e != nil {
			return 0, false, e
		}
		count = rows[0].Count
		return count, rows[0].More, nil
	})
	if e != nil {
		return 0, e
	}
	return count, nil
}

// countOf returns the statement that counts the rows of a query.
func countOf(query, columns string) string {
	return "\nSELECT count(*)" + columns + "\nFROM (" + indent(query) + "\n)"
}

// read runs statements until one of them has the first limit rows of the list, or all of them; 0 means no limit. The function
// try runs a statement with a selection of rows and with further columns, which are empty or the column "more". It returns the
// number of rows, and whether others follow those that a walk has read.
func (l list) read(ctx context.Context, s *Store, limit int, try func(selection, columns string) (int, bool, *dbError)) *dbError {
	l.arguments["limit"] = limit
	if limit == 0 {
		l.arguments["limit"] = -1
	}
	var found int
	var done bool
	var e *dbError
	walk := func(rows int) bool {
		l.arguments["walk"] = rows
		var more bool
		found, more, e = try(l.walk())
		done = e != nil || found >= limit || !more
		return done
	}
	finish := func(selection string) *dbError {
		_, _, e := try(selection, "")
		return e
	}

	switch i := slices.IndexFunc(l.conditions, func(c condition) bool { return c.size == few }); {
	case l.conditions == nil || l.whole:
		return finish(l.all())
	case i >= 0:
		return finish(l.found(i))
	case limit > 0 && walk(s.listSteps.shortWalk):
		return e
	}
	// Rows that are found cost about as much as rows that are walked: find them, if they are fewer.
	fewer := s.listSteps.found
	if found > 0 {
		fewer = min(fewer, limit*s.listSteps.shortWalk/found)
	}
	if i, e := l.rare(ctx, s, fewer); e != nil || i >= 0 {
		return l.finishFound(i, e, finish)
	}
	if limit > 0 && walk(max(s.listSteps.longWalk, 4*limit)) { // a count may be of many rows
		return e
	}
	if fewer < s.listSteps.found {
		if i, e := l.rare(ctx, s, s.listSteps.found); e != nil || i >= 0 {
			return l.finishFound(i, e, finish)
		}
	}
	return finish(l.intersection())
}

// finishFound finishes with the rows of one condition, unless e is an error.
func (l list) finishFound(i int, e *dbError, finish func(selection string) *dbError) *dbError {
	if e != nil {
		return e
	}
	return finish(l.found(i))
}

// rare returns the first condition that at most the given number of rows fulfil, or -1.
func (l list) rare(ctx context.Context, s *Store, rows int) (int, *dbError) {
	args := maps.Clone(l.arguments)
	args["rows"] = rows + 1
	for i, c := range l.conditions {
		if c.size == most {
			continue
		}
		n, e := read(ctx, s, (*countRow).fields, countOf(c.find+"\nLIMIT :rows", ""), args.values()...)
		if e != nil || n[0].Count <= rows {
			return i, e
		}
	}
	return -1, nil
}

// all selects the first rows of the list: it asks all rows that are within, in their order.
func (l list) all() string {
	return "\nSELECT " + l.alias + ".id FROM " + l.from() + where(l.start(), l.tests()) + l.order() + limit
}

// walk selects the first rows of the list among the first :walk rows, with a column for whether others follow these.
func (l list) walk() (selection, columns string) {
	read := " FROM " + l.from() + where(l.start()) + l.order()
	walked := "(" + indent("\nSELECT "+l.alias+".id"+read+"\nLIMIT :walk") + "\n) AS walked"
	next := ",\n    (SELECT count(*) FROM (SELECT 1" + indent(read+"\nLIMIT 1 OFFSET :walk") + "))"
	return l.foundIn(walked, "walked.id", l.tests()), next
}

// found selects the first rows of the list among those of one condition.
func (l list) found(i int) string {
	found := "(SELECT DISTINCT id FROM (" + indent(l.conditions[i].find) + "\n)) AS found"
	l.conditions = slices.Delete(slices.Clone(l.conditions), i, i+1)
	return l.foundIn(found, "found.id", l.start(), l.tests())
}

// foundIn selects the first rows of the list among those whose ids a query has.
func (l list) foundIn(query, id string, conditions ...[]string) string {
	selected := "\nSELECT " + l.alias + ".id\nFROM " + query + "\nCROSS JOIN " + l.from() + " ON " + l.alias + ".id = " + id + where(conditions...)
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
	finds := convertAll(l.conditions, func(c condition) string { return "SELECT * FROM (" + indent(c.find) + "\n)" })
	l.conditions = []condition{{find: "\n" + strings.Join(finds, " INTERSECT ")}}
	return l.found(0)
}

const limit = "\nLIMIT :limit"

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
