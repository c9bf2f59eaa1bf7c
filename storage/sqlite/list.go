package sqlite

import (
	"context"
	"database/sql"

	"github.com/clientele-go/clientele/storage/internal/lists"
	"github.com/clientele-go/clientele/subscriptions"
)

// list is a list of rows. Its statements are in testdata/sql. SQLite runs joins written as CROSS JOIN in their order, so that the statements say what is read first.
type list struct{ lists.List }

func newList(table, alias string, key ...string) list {
	return list{lists.List{Table: table + " AS " + alias, Alias: alias, Key: key, Arguments: arguments{}}}
}

// arguments are the values of the named arguments of a statement, such as :country.
type arguments map[string]any

func (a arguments) values() []any {
	values := make([]any, 0, len(a))
	for name, value := range a {
		values = append(values, sql.Named(name, value))
	}
	return values
}

// values returns the arguments of the list's statements.
func (l list) values() []any { return arguments(l.Arguments).values() }

// whereID adds the condition that the id is one of ids, of which there are at most 10,000.
func whereID[ID ~int64](l *list, ids []ID) {
	if ids == nil {
		return
	}
	l.Arguments["ids"] = jsonArray(ids)
	l.Add(lists.Condition{
		Test: l.Alias + ".id IN (SELECT value FROM json_each(:ids))",
		Find: "\nSELECT value AS id FROM json_each(:ids)",
		Size: lists.Few,
	})
}

// search adds a condition for each term. In test and find, :term is its text and :match the query that narrows the rows.
func (l *list) search(terms []subscriptions.SearchTerm, test, find string) {
	l.Search(terms, test, find, func(text string) map[string]any {
		return map[string]any{"term": text, "match": matchQuery(text)}
	})
}

// page returns the first rows of a list, at most limit. The columns and joins are computed for these rows only. withMore are
// the fields of a row with the column "more".
func page[R interface{ hasMore() bool }](
	ctx context.Context, s *Store, l list, columns, joins string, fields, withMore func(*R) []any, limit int,
) ([]R, error) {
	var rows []R
	err := s.readList(ctx, l, limit, func(selection, more string) (int, bool, error) {
		f := fields
		if more != "" {
			f = withMore
		}
		var e *dbError
		rows, e = read(ctx, s, f, l.pageOf(selection, columns+more, joins), l.values()...)
		return len(rows), len(rows) == 0 || rows[0].hasMore(), asError(e) // no row says whether others follow
	})
	return rows, err
}

// pageOf returns the statement that computes the columns and joins of the selected rows.
func (l list) pageOf(selection, columns, joins string) string {
	return "\nSELECT " + columns + "\nFROM (" + lists.Indent(selection) + "\n) AS selected" +
		"\nCROSS JOIN " + l.Table + " ON " + l.Alias + ".id = selected.id" + joins + l.Order()
}

// countList returns the number of rows of a list, but not more than atMost; 0 means no bound.
func (s *Store) countList(ctx context.Context, l list, atMost int) (int, error) {
	l.Counting = true
	count := 0
	err := s.readList(ctx, l, atMost, func(selection, more string) (int, bool, error) {
		fields := (*countRow).fields
		if more != "" {
			fields = (*countRow).fieldsWithMore
		}
		rows, e := read(ctx, s, fields, lists.CountOf(selection, more), l.values()...)
		if e != nil {
			return 0, false, e
		}
		count = rows[0].Count
		return count, rows[0].More, nil
	})
	return count, err
}

// readList reads a list by the function run: see lists.Reader.
func (s *Store) readList(ctx context.Context, l list, limit int, run func(selection, columns string) (int, bool, error)) error {
	l.Arguments["limit"] = limit
	if limit == 0 {
		l.Arguments["limit"] = -1
	}
	count := func(query string, atMost int) (int, error) {
		l.Arguments["rows"] = atMost
		rows, e := read(ctx, s, (*countRow).fields, lists.CountOf(query+"\nLIMIT :rows", ""), l.values()...)
		if e != nil {
			return 0, e
		}
		return rows[0].Count, nil
	}
	return l.Read(l, s.listSteps, limit, lists.Reader{Run: run, Count: count})
}

// All implements lists.Statements.
func (l list) All() string {
	return "\nSELECT " + l.Alias + ".id FROM " + l.Table + lists.Where(l.Start(), l.Tests()) + l.Order() + limit
}

// Walk implements lists.Statements.
func (l list) Walk(rows int) (selection, more string) {
	l.Arguments["walk"] = rows
	read := " FROM " + l.Table + lists.Where(l.Start()) + l.Order()
	walked := "\nSELECT " + l.Alias + ".id" + read + "\nLIMIT :walk"
	next := ",\n    (SELECT count(*) FROM (" + lists.Indent(lists.Indent("\nSELECT 1"+read+"\nLIMIT 1 OFFSET :walk")) + "\n    ))"
	return l.among(walked, l.Tests()), next
}

// Found implements lists.Statements.
func (l list) Found(find string, tests []string) string {
	return l.among("\nSELECT DISTINCT id FROM ("+lists.Indent(find)+"\n)", l.Start(), tests)
}

// among selects the first rows of the list among those whose ids a query selects.
func (l list) among(query string, conditions ...[]string) string {
	selected := "\nSELECT " + l.Alias + ".id\nFROM (" + lists.Indent(query) + "\n) AS candidates" +
		"\nCROSS JOIN " + l.Table + " ON " + l.Alias + ".id = candidates.id" + lists.Where(conditions...)
	if !l.Counting {
		selected += l.Order()
	}
	return selected + limit
}

const limit = "\nLIMIT :limit"
