package lists

import (
	"slices"
	"strings"
)

// Statements are the statements of a list in the SQL of one database. Each selects the first rows, as many as the argument of
// the limit says.
type Statements interface {
	// All asks all rows that are within, in their order.
	All() string
	// Walk asks the given number of rows, the first of the order. The column more says whether others follow these.
	Walk(rows int) (selection, more string)
	// Found asks the rows with the ids that find selects. They must pass the tests.
	Found(find string, tests []string) string
}

// Reader runs the statements of a list.
type Reader struct {
	// Run runs a statement with a selection and with further columns, which are empty or the column more of a walk. It returns
	// the number of rows, and whether others follow those that a walk has read.
	Run func(selection, columns string) (rows int, more bool, err error)
	// Count returns the number of rows of a query, but not more than atMost.
	Count func(query string, atMost int) (int, error)
}

// Steps are the numbers of rows that one statement reads.
type Steps struct {
	ShortWalk, LongWalk int  // of the order; asking a row takes 1 to 10 µs
	Found               int  // of one condition, at most, to look them up
	CountsStop          bool // Reader.Count stops at its bound: it does not find all rows first
}

// DefaultSteps returns the steps of stores, except in tests.
func DefaultSteps(countsStop bool) Steps { return Steps{200, 10_000, 10_000, countsStop} }

// maxWalkedLimit is the limit up to which walks are worth trying. Only counts have higher ones.
const maxWalkedLimit = 50_000

// Read runs one statement after the other, until one of them has the first limit rows of the list, or all of them; 0 means no
// limit:
//
//   - A short walk reads the first rows of the order and keeps those that fulfil every condition. Where many rows do, it fills
//     the page.
//   - Where few rows fulfil one of the conditions, fewer than a walk would have to read, these are found by its index, and asked
//     for the others. To know that, the rows are counted; a database that finds all of them to count them is asked only where
//     the walk would be long.
//   - Otherwise a long walk may fill the page.
//   - Otherwise the rows of all conditions are found, and those that are in all of them are sorted.
//
// So the cost is bounded by the rows that are found, and no search reads the whole of a table. Each statement has a snapshot of
// its own; the result is that of the last one.
func (l List) Read(q Statements, s Steps, limit int, r Reader) error {
	if l.Conditions == nil || l.Whole {
		return r.finish(q.All())
	}
	if i := slices.IndexFunc(l.Conditions, func(c Condition) bool { return c.Size == Few }); i >= 0 {
		return r.finish(l.found(q, i))
	}
	walks := 0 < limit && limit <= maxWalkedLimit
	candidates := s.Found
	if walks {
		rows, done, err := r.walk(q, s.ShortWalk, limit)
		if done {
			return err
		}
		if rows > 0 { // rows that are found cost about as much as rows that are walked
			candidates = min(candidates, limit*s.ShortWalk/rows)
		}
	}
	if s.CountsStop || candidates == s.Found {
		if done, err := l.readFound(q, candidates, r); done {
			return err
		}
	}
	if walks {
		if _, done, err := r.walk(q, max(s.LongWalk, 4*limit), limit); done { // a count may be of many rows
			return err
		}
	}
	if candidates < s.Found {
		if done, err := l.readFound(q, s.Found, r); done {
			return err
		}
	}
	return r.finish(l.intersection(q))
}

// finish runs the last statement.
func (r Reader) finish(selection string) error {
	_, _, err := r.Run(selection, "")
	return err
}

// walk reports done if it has read all that is needed, or has failed.
func (r Reader) walk(q Statements, length, limit int) (rows int, done bool, err error) {
	rows, more, err := r.Run(q.Walk(length))
	return rows, err != nil || rows >= limit || !more, err
}

// readFound reads the rows of the first condition that at most the given number of rows fulfil. It reports false if there is
// none.
func (l List) readFound(q Statements, rows int, r Reader) (done bool, err error) {
	for i, c := range l.Conditions {
		if c.Size == Most {
			continue
		}
		n, err := r.Count(c.Find, rows+1)
		if err != nil {
			return true, err
		}
		if n <= rows {
			return true, r.finish(l.found(q, i))
		}
	}
	return false, nil
}

// found selects the first rows of the list among those of one condition.
func (l List) found(q Statements, i int) string {
	return q.Found(l.Conditions[i].Find, slices.Delete(l.Tests(), i, i+1))
}

// intersection selects the first rows of the list among those that all conditions find.
func (l List) intersection(q Statements) string {
	if len(l.Conditions) == 1 {
		return l.found(q, 0)
	}
	finds := make([]string, len(l.Conditions))
	for i, c := range l.Conditions {
		finds[i] = "SELECT * FROM (" + Indent(c.Find) + "\n) AS found"
	}
	return q.Found("\n"+strings.Join(finds, "\nINTERSECT "), nil)
}
