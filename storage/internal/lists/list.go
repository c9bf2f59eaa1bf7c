// Package lists has what stores on SQL databases share of their lists: the conditions that select the rows, and the decision
// which statements read them. Each store writes the statements for its database.
package lists

import (
	"slices"
	"strconv"
	"strings"

	"github.com/clientele-go/clientele/subscriptions"
)

// List is a list of rows: their order, and what selects them.
type List struct {
	Table, Alias string   // "clientele_accounts AS a", "a"
	Key          []string // the columns of the order, which have an index
	Desc         bool
	After        []string // the arguments with the key after which the page begins; nil at the start
	Within       []string // conditions that the index of the order serves
	Whole        bool     // so few rows are within that all of them may be asked
	Counting     bool     // rows that are found need not be sorted
	Conditions   []Condition
	Arguments    map[string]any // the values of named arguments, such as :country
}

// Condition is what a row must fulfil.
type Condition struct {
	Test string // asks one row
	Find string // selects the ids of the rows that fulfil it, some of them perhaps twice
	Size Size   // of Find
}

// Size is how many rows fulfil a condition.
type Size int

// The sizes of conditions.
const (
	Unknown Size = iota
	Few          // at most 10,000
	Most         // most rows of the table
)

// Add adds a condition.
func (l *List) Add(c Condition) { l.Conditions = append(l.Conditions, c) }

// Search adds a condition for each term. The arguments that bind returns for the text of a term, such as "term", are those of
// test and find.
func (l *List) Search(terms []subscriptions.SearchTerm, test, find string, bind func(text string) map[string]any) {
	byLength := func(a, b subscriptions.SearchTerm) int { return len(b.Text) - len(a.Text) }
	for i, t := range slices.SortedStableFunc(slices.Values(terms), byLength) { // the longest is likely to be the rarest
		c := Condition{Test: test, Find: find}
		arguments := bind(t.Text)
		if t.ID != 0 {
			arguments["id"] = t.ID
			c.Test = "(" + l.Alias + ".id = CAST(:id AS bigint) OR " + test + ")"
			c.Find = find + "\nUNION ALL\nSELECT CAST(:id AS bigint)"
		}
		for name, value := range arguments {
			numbered := name + strconv.Itoa(i+1)
			l.Arguments[numbered] = value
			c.Test, c.Find = strings.ReplaceAll(c.Test, ":"+name, ":"+numbered), strings.ReplaceAll(c.Find, ":"+name, ":"+numbered)
		}
		l.Add(c)
	}
}

// AddHeld adds the conditions that rows have or inherit a hold, one with the cause, or none. Each of the tests looks for a hold
// of one level. In them and in find, %s stands where a condition on the cause goes.
func (l *List) AddHeld(status subscriptions.Status, cause subscriptions.Cause, tests []string, find string) {
	anyHold := tests[0]
	if len(tests) > 1 {
		anyHold = "(" + strings.Join(tests, "\n    OR ") + ")"
	}
	if cause != "" {
		l.Arguments["cause"] = string(cause)
		ofCause := strings.NewReplacer("%s", " AND h.cause = CAST(:cause AS text)")
		l.Add(Condition{Test: ofCause.Replace(anyHold), Find: ofCause.Replace(find)})
	}
	ofAnyCause := strings.NewReplacer("%s", "")
	switch status {
	case subscriptions.Suspended:
		l.Add(Condition{Test: ofAnyCause.Replace(anyHold), Find: ofAnyCause.Replace(find)})
	case subscriptions.Active:
		l.Add(Condition{
			// With IS NULL, PostgreSQL's planner would expect few rows.
			Test: ofAnyCause.Replace("NOT coalesce(" + strings.Join(tests, ", false)\n    AND NOT coalesce(") + ", false)"),
			Find: ofAnyCause.Replace("\nSELECT " + l.Alias + ".id FROM " + l.Table + "\nEXCEPT SELECT * FROM (" + Indent(find) + "\n) AS held"),
			Size: Most,
		})
	}
}

// Start returns the conditions on the columns of the order.
func (l List) Start() []string {
	if l.After == nil {
		return l.Within
	}
	compare := " > "
	if l.Desc {
		compare = " < "
	}
	return append(slices.Clone(l.Within), "("+strings.Join(l.Key, ", ")+")"+compare+"("+strings.Join(l.After, ", ")+")")
}

// Tests returns the tests of all conditions.
func (l List) Tests() []string {
	tests := make([]string, len(l.Conditions))
	for i, c := range l.Conditions {
		tests[i] = c.Test
	}
	return tests
}

// Order returns the ORDER BY clause.
func (l List) Order() string {
	if l.Desc {
		return "\nORDER BY " + strings.Join(l.Key, " DESC, ") + " DESC"
	}
	return "\nORDER BY " + strings.Join(l.Key, ", ")
}

// Where returns the WHERE clause for all conditions, which may be none.
func Where(conditions ...[]string) string {
	all := slices.Concat(conditions...)
	if len(all) == 0 {
		return ""
	}
	return "\nWHERE " + strings.Join(all, "\n    AND ")
}

// CountOf returns the statement that counts the rows of a query, with further columns, which begin with a comma.
func CountOf(query, columns string) string {
	return "\nSELECT count(*) AS count" + columns + "\nFROM (" + Indent(query) + "\n) AS selected"
}

// Indent indents a query inside another one.
func Indent(query string) string { return strings.ReplaceAll(query, "\n", "\n    ") }
