package postgres

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/stored"
	"github.com/clientele-go/clientele/subscriptions"
)

// table describes how values of R are written into a table: one or more rows, with one statement and one argument for each
// column. The first columns are the key.
type table[R any] struct {
	name    string
	key     int // the number of columns
	columns []column[R]
}

type column[R any] struct {
	name, sqlType string
	value         func(R) any // the value of one row as an argument: an int64, a string, or nil
	equal         func(a, b R) bool
}

// appendTo appends the value of one row to an array.
func (c column[R]) appendTo(b []byte, r R) []byte {
	switch v := c.value(r).(type) {
	case int64:
		return strconv.AppendInt(b, v, 10)
	case string:
		return appendQuoted(b, v)
	default:
		return append(b, "NULL"...)
	}
}

// equalBy returns a function that reports whether two rows have equal values.
func equalBy[R any, V comparable](value func(R) V) func(a, b R) bool {
	return func(a, b R) bool { return value(a) == value(b) }
}

// equalTime returns a function that reports whether two rows have the same time.
func equalTime[R any](value func(R) time.Time) func(a, b R) bool {
	return func(a, b R) bool { return value(a).Equal(value(b)) }
}

func number[R any](name string, value func(R) int64) column[R] {
	return column[R]{name: name, sqlType: "bigint", value: func(r R) any { return value(r) }, equal: equalBy(value)}
}

// nullNumber is a number column with NULL for 0.
func nullNumber[R any](name string, value func(R) int64) column[R] {
	return column[R]{name: name, sqlType: "bigint", value: func(r R) any { return nullIfZero(value(r)) }, equal: equalBy(value)}
}

func text[R any](name string, value func(R) string) column[R] {
	return column[R]{name: name, sqlType: "text", value: func(r R) any { return value(r) }, equal: equalBy(value)}
}

// nullText is a text column with NULL for the empty text.
func nullText[R any](name string, value func(R) string) column[R] {
	return column[R]{name: name, sqlType: "text", value: func(r R) any { return nullIfZero(value(r)) }, equal: equalBy(value)}
}

func nullIfZero[V comparable](value V) any {
	var zero V
	if value == zero {
		return nil
	}
	return value
}

func timestamp[R any](name string, value func(R) time.Time) column[R] {
	return column[R]{name: name, sqlType: "timestamptz", value: func(r R) any { return formatTime(value(r)) }, equal: equalTime(value)}
}

// nullTimestamp is a timestamp column with NULL for the zero time.
func nullTimestamp[R any](name string, value func(R) time.Time) column[R] {
	return column[R]{name: name, sqlType: "timestamptz", value: func(r R) any {
		if t := value(r); !t.IsZero() {
			return formatTime(t)
		}
		return nil
	}, equal: equalTime(value)}
}

// jsonMap is a jsonb column with NULL for the empty map.
func jsonMap[R any](name string, value func(R) map[string]string) column[R] {
	return column[R]{name: name, sqlType: "jsonb", value: func(r R) any {
		if m := value(r); len(m) > 0 {
			return stored.MarshalMap(m)
		}
		return nil
	}, equal: func(a, b R) bool { return maps.Equal(value(a), value(b)) }}
}

// withColumns returns the table with some of its columns.
func (t table[R]) withColumns(names ...string) table[R] {
	t.columns = slices.DeleteFunc(slices.Clone(t.columns), func(c column[R]) bool { return !slices.Contains(names, c.name) })
	return t
}

// insert returns a statement that adds rows, in their order, and its arguments. The first placeholder is that after offset, here and
// below.
func (t table[R]) insert(rows []R, offset int) (string, []any) {
	r := t.bindRows(rows, offset)
	values := lines(r.values)
	if len(r.names) == 0 {
		values = "VALUES (\n    " + values + ")"
	} else {
		values = "SELECT\n    " + values + r.clause("FROM") + "\nORDER BY r.ordinality"
	}
	return "INSERT INTO " + t.name + " (\n    " + lines(t.columnNames()) + ")\n" + values, r.args
}

// update returns a statement that writes every column of the rows with these keys, and its arguments.
func (t table[R]) update(rows []R, offset int) (string, []any) {
	r := t.bindRows(rows, offset)
	return "UPDATE " + t.name + " AS t SET\n    " + lines(t.assignments(r, t.key, len(t.columns), "")) + r.clause("FROM") +
		"\nWHERE " + t.keyEquals(r), r.args
}

// delete returns a statement that deletes the rows with these keys, and its arguments.
func (t table[R]) delete(rows []R, offset int) (string, []any) {
	t.columns = t.columns[:t.key]
	r := t.bindRows(rows, offset)
	return "DELETE FROM " + t.name + " AS t" + r.clause("USING") +
		"\nWHERE " + t.keyEquals(r), r.args
}

func (t table[R]) columnNames() []string {
	return convertAll(t.columns, func(c column[R]) string { return c.name })
}

// keyEquals returns the condition that the columns of the key have the values of the rows.
func (t table[R]) keyEquals(r rowSource) string {
	return strings.Join(t.assignments(r, 0, t.key, "t."), " AND ")
}

// lines joins the items of a list, which goes on in another line after some 100 characters.
func lines(items []string) string {
	var b strings.Builder
	for i, item := range items {
		switch line := b.Len() - 1 - strings.LastIndexByte(b.String(), '\n'); {
		case i == 0:
		case line > 100:
			b.WriteString(",\n    ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(item)
	}
	return b.String()
}

// assignments returns "column = value" for some of the columns.
func (t table[R]) assignments(r rowSource, from, to int, prefix string) []string {
	equal := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		equal = append(equal, prefix+t.columns[i].name+" = "+r.values[i])
	}
	return equal
}

// rowSource is how a statement refers to the rows that are passed to it. Columns that differ from row to row are passed as
// arrays, and are columns of a table called r. The others are passed as one value, which saves the server the rest. A single
// row needs no table.
type rowSource struct {
	values        []string // the SQL expression for each column
	arrays, names []string // of the columns of r
	args          []any
}

// bindRows numbers the placeholders after offset.
func (t table[R]) bindRows(rows []R, offset int) rowSource {
	r := rowSource{values: make([]string, len(t.columns)), args: make([]any, len(t.columns))}
	for i, c := range t.columns {
		placeholder := "$" + strconv.Itoa(offset+i+1) + "::" + c.sqlType
		setsLength := len(rows) > 1 && i == len(t.columns)-1 && len(r.names) == 0 // r needs a column to have as many rows
		if !setsLength && c.constant(rows) {
			r.values[i], r.args[i] = placeholder, c.value(rows[0])
			continue
		}
		r.values[i], r.args[i] = "r."+c.name, array(rows, c.appendTo)
		r.arrays, r.names = append(r.arrays, placeholder+"[]"), append(r.names, c.name)
	}
	return r
}

// constant reports whether all rows have the same value in this column.
func (c column[R]) constant(rows []R) bool {
	return !slices.ContainsFunc(rows, func(r R) bool { return !c.equal(rows[0], r) })
}

// clause returns the FROM or USING clause with r, or "" if there is no r.
func (r rowSource) clause(keyword string) string {
	if len(r.names) == 0 {
		return ""
	}
	return "\n" + keyword + " unnest(" + lines(r.arrays) + ") WITH ORDINALITY\n    AS r(" + lines(r.names) + ", ordinality)"
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
	nullText("external_id", func(r accounts.Record) string { return r.ExternalID }),
	text("locale", func(r accounts.Record) string { return r.Locale }),
	jsonMap("attributes", func(r accounts.Record) map[string]string { return r.Attributes }),
	number("session_epoch", func(r accounts.Record) int64 { return r.SessionEpoch }),
	number("version", func(r accounts.Record) int64 { return r.Version }),
	timestamp("created_at", func(r accounts.Record) time.Time { return r.CreatedAt }),
	timestamp("updated_at", func(r accounts.Record) time.Time { return r.UpdatedAt }),
	text("sort_name", accounts.Record.SortName),
	text("search", accounts.Record.SearchText),
}}

var subscriptionTable = table[stored.Subscription]{"clientele.subscriptions", 1, []column[stored.Subscription]{
	number("id", func(r stored.Subscription) int64 { return int64(r.ID) }),
	nullNumber("account_id", func(r stored.Subscription) int64 { return int64(r.AccountID) }),
	text("name", func(r stored.Subscription) string { return r.Name }),
	text("plan", func(r stored.Subscription) string { return r.Plan }),
	text("description", func(r stored.Subscription) string { return r.Description }),
	nullText("external_id", func(r stored.Subscription) string { return r.ExternalID }),
	jsonMap("attributes", func(r stored.Subscription) map[string]string { return r.Attributes }),
	nullTimestamp("expires_at", func(r stored.Subscription) time.Time { return r.ExpiresAt }),
	nullTimestamp("due_at", func(r stored.Subscription) time.Time { return r.DueAt }),
	nullNumber("main_domain_id", func(r stored.Subscription) int64 { return int64(r.Main) }),
	number("version", func(r stored.Subscription) int64 { return r.Version }),
	timestamp("created_at", func(r stored.Subscription) time.Time { return r.CreatedAt }),
	timestamp("updated_at", func(r stored.Subscription) time.Time { return r.UpdatedAt }),
	text("search", stored.Subscription.SearchText),
}}

var domainTable = table[subscriptions.Domain]{"clientele.domains", 1, []column[subscriptions.Domain]{
	number("id", func(d subscriptions.Domain) int64 { return int64(d.ID) }),
	number("subscription_id", func(d subscriptions.Domain) int64 { return int64(d.SubscriptionID) }),
	text("name", func(d subscriptions.Domain) string { return d.Name }),
	text("reversed", func(d subscriptions.Domain) string { return stored.ReverseLabels(d.Name) }),
	jsonMap("attributes", func(d subscriptions.Domain) map[string]string { return d.Attributes }),
	timestamp("created_at", func(d subscriptions.Domain) time.Time { return d.CreatedAt }),
	text("search", subscriptions.Domain.SearchText),
}}

// domainUpdateTable has the columns of domainTable that may change.
var domainUpdateTable = domainTable.withColumns("id", "subscription_id", "name", "reversed", "attributes", "search")
