package postgres

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// table says how values of R are written into the columns of a table: any number of rows, but at least one, with one
// statement and one argument a column. The first columns are the key.
type table[R any] struct {
	name    string
	key     int // so many columns
	columns []column[R]
}

type column[R any] struct {
	name, kind string
	value      func(R) any // of one row, as an argument: an int64, a text, or nil
	same       func(a, b R) bool
	otherwise  string // answers what stands there instead of NULL; may be empty
	by         string // the column whose value is the %s in it
}

// appendTo appends one row's value to an array.
func (c column[R]) appendTo(b []byte, r R) []byte {
	switch v := c.value(r).(type) {
	case int64:
		return strconv.AppendInt(b, v, 10)
	case string:
		return appendText(b, v)
	default:
		return append(b, "NULL"...)
	}
}

// alike tells whether two rows have equal values.
func alike[R any, V comparable](value func(R) V) func(a, b R) bool {
	return func(a, b R) bool { return value(a) == value(b) }
}

// atOnce tells whether two rows have the same time.
func atOnce[R any](value func(R) time.Time) func(a, b R) bool {
	return func(a, b R) bool { return value(a).Equal(value(b)) }
}

func number[R any](name string, value func(R) int64) column[R] {
	return column[R]{name: name, kind: "bigint", value: func(r R) any { return value(r) }, same: alike(value)}
}

// reference is a number that is NULL instead of 0.
func reference[R any](name string, value func(R) int64) column[R] {
	return column[R]{name: name, kind: "bigint", value: func(r R) any { return unlessZero(value(r)) }, same: alike(value)}
}

func text[R any](name string, value func(R) string) column[R] {
	return column[R]{name: name, kind: "text", value: func(r R) any { return value(r) }, same: alike(value)}
}

// optional is a text that is NULL instead of empty.
func optional[R any](name string, value func(R) string) column[R] {
	return column[R]{name: name, kind: "text", value: func(r R) any { return unlessZero(value(r)) }, same: alike(value)}
}

func unlessZero[V comparable](value V) any {
	var zero V
	if value == zero {
		return nil
	}
	return value
}

func moment[R any](name string, value func(R) time.Time) column[R] {
	return column[R]{name: name, kind: "timestamptz", value: func(r R) any { return instant(value(r)) }, same: atOnce(value)}
}

// deadline is a time that is NULL instead of zero.
func deadline[R any](name string, value func(R) time.Time) column[R] {
	return column[R]{name: name, kind: "timestamptz", value: func(r R) any {
		if t := value(r); !t.IsZero() {
			return instant(t)
		}
		return nil
	}, same: atOnce(value)}
}

// copied is a time as instant wrote it, NULL instead of empty: the zero time is one like any other.
func copied[R any](name string, value func(R) string) column[R] {
	return column[R]{name: name, kind: "timestamptz", value: func(r R) any { return unlessZero(value(r)) }, same: alike(value)}
}

// orElse answers the column with what a statement answers where the value itself is NULL. The statement speaks of the
// value of another column as %s.
func (c column[R]) orElse(statement, by string) column[R] {
	c.otherwise, c.by = statement, by
	return c
}

// pairs is a map as jsonb, NULL instead of empty.
func pairs[R any](name string, value func(R) map[string]string) column[R] {
	return column[R]{name: name, kind: "jsonb", value: func(r R) any {
		if m := value(r); len(m) > 0 {
			return object(m)
		}
		return nil
	}, same: func(a, b R) bool { return maps.Equal(value(a), value(b)) }}
}

// object answers a map as JSON. Most are so small and plain that the encoder's reflection would cost more than all the rest.
func object(m map[string]string) string {
	b := []byte{'{'}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		b = appendJSON(b, key)
		b = append(b, ':')
		b = append(appendJSON(b, m[key]), ',')
	}
	b[len(b)-1] = '}'
	return string(b)
}

func appendJSON(b []byte, text string) []byte {
	plain := func(c rune) bool { return c >= ' ' && c < 0x7f && c != '"' && c != '\\' }
	if strings.IndexFunc(text, func(c rune) bool { return !plain(c) }) < 0 {
		b = append(b, '"')
		b = append(b, text...)
		return append(b, '"')
	}
	encoded, _ := json.Marshal(text) // a text always can be
	return append(b, encoded...)
}

// only answers the table with some of its columns.
func (t table[R]) only(names ...string) table[R] {
	t.columns = slices.DeleteFunc(slices.Clone(t.columns), func(c column[R]) bool { return !slices.Contains(names, c.name) })
	return t
}

// insert answers a statement that adds rows, in their order, and its arguments, which go behind some others.
func (t table[R]) insert(rows []R, behind int) (string, []any) {
	r := t.with(rows, behind)
	values := strings.Join(r.values, ", ")
	if len(r.names) == 0 {
		values = "VALUES (" + values + ")"
	} else {
		values = "SELECT " + values + r.from("FROM") + "\nORDER BY r.ordinality"
	}
	return "INSERT INTO " + t.name + " (" + t.list() + ")\n" + values, r.args
}

// update answers a statement that writes every column of the rows with these keys, and its arguments.
func (t table[R]) update(rows []R) (string, []any) {
	r := t.with(rows, 0)
	return "UPDATE " + t.name + " AS t SET " + t.pairwise(r, t.key, len(t.columns), ", ", "") + r.from("FROM") +
		"\nWHERE " + t.pairwise(r, 0, t.key, " AND ", "t."), r.args
}

// delete answers a statement that deletes the rows with these keys, and its arguments.
func (t table[R]) delete(rows []R) (string, []any) {
	t.columns = t.columns[:t.key]
	r := t.with(rows, 0)
	return "DELETE FROM " + t.name + " AS t" + r.from("USING") +
		"\nWHERE " + t.pairwise(r, 0, t.key, " AND ", "t."), r.args
}

// list answers the columns' names.
func (t table[R]) list() string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

// pairwise says that some of the columns are, or become, what the rows say.
func (t table[R]) pairwise(r given, from, to int, between, prefix string) string {
	equal := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		equal = append(equal, prefix+t.columns[i].name+" = "+r.values[i])
	}
	return strings.Join(equal, between)
}

// given is how a statement speaks of the rows that it is given: of those columns that differ from row to row as a table
// called r, of the others as one value, which spares the server the rest. A single row needs no table.
type given struct {
	values        []string // of each column
	arrays, names []string // of those in r
	args          []any
}

// with numbers the arguments behind others of the statement.
func (t table[R]) with(rows []R, behind int) given {
	r := given{values: make([]string, len(t.columns)), args: make([]any, len(t.columns))}
	for i, c := range t.columns {
		argument := "$" + strconv.Itoa(behind+i+1) + "::" + c.kind
		counts := len(rows) > 1 && i == len(t.columns)-1 && len(r.names) == 0 // one column must say how many rows there are
		if !counts && c.everywhereSame(rows) {
			r.values[i], r.args[i] = argument, c.value(rows[0])
			continue
		}
		r.values[i], r.args[i] = "r."+c.name, array(rows, c.appendTo)
		r.arrays, r.names = append(r.arrays, argument+"[]"), append(r.names, c.name)
	}
	for i, c := range t.columns {
		if c.otherwise != "" && slices.ContainsFunc(rows, func(row R) bool { return c.value(row) == nil }) {
			by := slices.IndexFunc(t.columns, func(other column[R]) bool { return other.name == c.by })
			r.values[i] = "coalesce(" + r.values[i] + ", (" + strings.ReplaceAll(c.otherwise, "%s", r.values[by]) + "))"
		}
	}
	return r
}

// everywhereSame tells whether all rows have the same in this column.
func (c column[R]) everywhereSame(rows []R) bool {
	return !slices.ContainsFunc(rows, func(r R) bool { return !c.same(rows[0], r) })
}

// from answers the clause that joins r, if there is one.
func (r given) from(word string) string {
	if len(r.names) == 0 {
		return ""
	}
	return "\n" + word + " unnest(" + strings.Join(r.arrays, ", ") + ") WITH ORDINALITY AS r(" + strings.Join(r.names, ", ") + ", ordinality)"
}

// separator stands before, between and after the texts of a column that is searched. No text has it: they are lines.
const separator = "\n"

// searchable answers what stands in a column that is searched: the beginnings of texts can be found in it as well as
// their insides, by one index.
func searchable(folded []string) string {
	return separator + strings.Join(folded, separator) + separator
}

var accountTable = table[accounts.Record]{"clientele.accounts", 1, []column[accounts.Record]{
	number("id", func(r accounts.Record) int64 { return int64(r.ID) }),
	text("login", func(r accounts.Record) string { return r.Login }),
	text("password_hash", func(r accounts.Record) string { return r.Hash }),
	text("name", func(r accounts.Record) string { return r.Contact.Name }),
	text("company", func(r accounts.Record) string { return r.Contact.Company }),
	text("email", func(r accounts.Record) string { return r.Contact.Email }),
	text("phone", func(r accounts.Record) string { return r.Contact.Phone }),
	text("address", func(r accounts.Record) string { return r.Contact.Address }),
	text("city", func(r accounts.Record) string { return r.Contact.City }),
	text("state", func(r accounts.Record) string { return r.Contact.State }),
	text("postal_code", func(r accounts.Record) string { return r.Contact.PostalCode }),
	text("country", func(r accounts.Record) string { return r.Contact.Country }),
	text("additional_info", func(r accounts.Record) string { return r.AdditionalInfo }),
	text("description", func(r accounts.Record) string { return r.Description }),
	optional("external_id", func(r accounts.Record) string { return r.ExternalID }),
	text("locale", func(r accounts.Record) string { return r.Locale }),
	pairs("attributes", func(r accounts.Record) map[string]string { return r.Attributes }),
	number("sign_in", func(r accounts.Record) int64 { return r.SessionEpoch }),
	number("version", func(r accounts.Record) int64 { return r.Version }),
	moment("created_at", func(r accounts.Record) time.Time { return r.CreatedAt }),
	moment("updated_at", func(r accounts.Record) time.Time { return r.UpdatedAt }),
	text("sort_name", accounts.Record.SortName),
	text("search", func(r accounts.Record) string { return searchable(r.SearchTexts()) }),
}}

var subscriptionTable = table[subscriptionWrite]{"clientele.subscriptions", 1, []column[subscriptionWrite]{
	number("id", func(r subscriptionWrite) int64 { return int64(r.ID) }),
	reference("account_id", func(r subscriptionWrite) int64 { return int64(r.AccountID) }),
	copied("account_created_at", func(r subscriptionWrite) string { return r.accountCreatedAt }).
		orElse("SELECT a.created_at FROM clientele.accounts AS a WHERE a.id = %s", "account_id"),
	text("name", func(r subscriptionWrite) string { return r.Name }),
	text("plan", func(r subscriptionWrite) string { return r.Plan }),
	text("description", func(r subscriptionWrite) string { return r.Description }),
	optional("external_id", func(r subscriptionWrite) string { return r.ExternalID }),
	pairs("attributes", func(r subscriptionWrite) map[string]string { return r.Attributes }),
	deadline("expires_at", func(r subscriptionWrite) time.Time { return r.ExpiresAt }),
	deadline("due_at", func(r subscriptionWrite) time.Time { return r.due }),
	reference("main_domain_id", func(r subscriptionWrite) int64 { return int64(r.Main) }),
	number("version", func(r subscriptionWrite) int64 { return r.Version }),
	moment("created_at", func(r subscriptionWrite) time.Time { return r.CreatedAt }),
	moment("updated_at", func(r subscriptionWrite) time.Time { return r.UpdatedAt }),
	text("search", func(r subscriptionWrite) string { return searchable(r.SearchTexts()) }),
}}

var domainTable = table[subscriptions.Domain]{"clientele.domains", 1, []column[subscriptions.Domain]{
	number("id", func(d subscriptions.Domain) int64 { return int64(d.ID) }),
	number("subscription_id", func(d subscriptions.Domain) int64 { return int64(d.SubscriptionID) }),
	text("name", func(d subscriptions.Domain) string { return d.Name }),
	text("reversed", func(d subscriptions.Domain) string { return reversed(d.Name) }),
	pairs("attributes", func(d subscriptions.Domain) map[string]string { return d.Attributes }),
	moment("created_at", func(d subscriptions.Domain) time.Time { return d.CreatedAt }),
	text("search", func(d subscriptions.Domain) string { return searchable(d.SearchTexts()) }),
}}

// domainNameTable is the part of domainTable that renaming and moving write.
var domainNameTable = domainTable.only("id", "subscription_id", "name", "reversed", "search")

// reversed answers a name's labels from the last to the first, so that everything below a name is one range.
func reversed(name string) string {
	labels := strings.Split(name, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}
