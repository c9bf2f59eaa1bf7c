package postgres

import (
	"context"
	"strconv"
	"strings"

	"github.com/clientele-go/clientele/storage/internal/lists"
	"github.com/clientele-go/clientele/subscriptions"
)

// list is a list of rows. Its statements are in testdata/sql.
//
// The tests of its conditions ask other tables with a scalar subquery and LIMIT 1: unlike EXISTS, the planner cannot turn that
// into a join with the whole of the other table.
type list struct {
	lists.List
	per *per // may be nil
}

// per reads the first rows of a list for each row of another table. What is within refers to that row.
type per struct{ table, where string }

func newList(table, alias string, key ...string) list {
	return list{List: lists.List{Table: table + " AS " + alias, Alias: alias, Key: key, Arguments: map[string]any{}}}
}

// whereID adds the condition that the id is one of ids, of which there are at most 10,000.
func whereID[ID ~int64](l *list, ids []ID) {
	if ids == nil {
		return
	}
	l.Arguments["ids"] = numberArray(ids)
	l.Add(lists.Condition{
		Test: l.Alias + ".id = ANY(:ids::bigint[])",
		Find: "\nSELECT unnest(:ids::bigint[])",
		Size: lists.Few,
	})
}

// search adds a condition for each term. In test and find, :term is its pattern for LIKE.
func (l *list) search(terms []subscriptions.SearchTerm, test, find string) {
	l.Search(terms, test, find, func(text string) map[string]any {
		return map[string]any{"term": "%" + likeEscaper.Replace(text) + "%"}
	})
}

// likeEscaper escapes what is special in a pattern for LIKE: every character of a term stands for itself.
var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// moreRow is embedded in rows that a walk returns.
type moreRow struct {
	More bool // whether other rows follow those that the walk has read
}

func (r moreRow) more() bool { return r.More }

// page returns the first rows of a list, at most limit. The columns and joins are computed for these rows only.
func page[R interface{ more() bool }](ctx context.Context, s *Store, l list, columns, joins string, limit int) ([]R, error) {
	var rows []R
	err := s.readList(ctx, l, limit, func(selection, more string) (int, bool, error) {
		rows = nil
		e := s.queryNamed(ctx, &rows, l.pageOf(selection, columns+more, joins), l.Arguments)
		return len(rows), len(rows) == 0 || rows[0].more(), asError(e) // no row says whether others follow
	})
	return rows, err
}

// pageOf returns the statement that computes the columns and joins of the selected rows.
func (l list) pageOf(selection, columns, joins string) string {
	return "\nSELECT " + columns + "\nFROM (" + lists.Indent(selection) + "\n) AS " + l.Alias + joins + l.Order()
}

type countRow struct {
	Count int
	moreRow
}

// countList returns the number of rows of a list, but not more than atMost; 0 means no bound.
func (s *Store) countList(ctx context.Context, l list, atMost int) (int, error) {
	l.Counting = true
	var row countRow
	err := s.readList(ctx, l, atMost, func(selection, more string) (int, bool, error) {
		row = countRow{}
		e := s.queryNamed(ctx, &row, lists.CountOf(selection, more), l.Arguments)
		return row.Count, row.More, asError(e)
	})
	return row.Count, err
}

// readList reads a list by the function run: see lists.Reader.
func (s *Store) readList(ctx context.Context, l list, limit int, run func(selection, columns string) (int, bool, error)) error {
	l.Arguments["limit"] = nullIfZero(limit)
	count := func(query string, atMost int) (int, error) {
		var n countRow
		e := s.queryNamed(ctx, &n, lists.CountOf(query+"\nLIMIT "+strconv.Itoa(atMost), ""), l.Arguments)
		return n.Count, asError(e)
	}
	return l.Read(l, s.listSteps, limit, lists.Reader{Run: run, Count: count})
}

// All implements lists.Statements.
func (l list) All() string {
	selection := l.inOrder(l.Table, l.Start(), l.Tests())
	if l.per == nil {
		return selection
	}
	return l.inOrder(l.per.table+"\nCROSS JOIN LATERAL ("+lists.Indent(selection)+"\n) AS "+l.Alias, []string{l.per.where})
}

// Walk implements lists.Statements.
func (l list) Walk(rows int) (selection, more string) {
	bound := strconv.Itoa(rows)
	read := "\nFROM " + l.Table + lists.Where(l.Start()) + l.Order()
	walked := "(" + lists.Indent("\nSELECT "+l.Alias+".*"+read+"\nLIMIT "+bound) + "\n) AS " + l.Alias
	next := "\n(" + lists.Indent("\nSELECT true"+read+"\nOFFSET "+bound+" LIMIT 1") + "\n) AS more"
	return l.inOrder(walked, l.Tests()), "," + lists.Indent(next)
}

// Found implements lists.Statements.
func (l list) Found(find string, tests []string) string {
	found := l.Alias + ".id = ANY(ARRAY(" + lists.Indent(find) + "\n))"
	selected := l.selected(l.Table, []string{found}, l.Start(), tests)
	if !l.Counting {
		selected += l.Order()
	}
	return selected + limit
}

// inOrder selects the first rows in the order of the list.
func (l list) inOrder(from string, conditions ...[]string) string {
	return l.selected(from, conditions...) + l.Order() + limit
}

func (l list) selected(from string, conditions ...[]string) string {
	return "\nSELECT " + l.Alias + ".*\nFROM " + from + lists.Where(conditions...)
}

const limit = "\nLIMIT :limit::bigint"
