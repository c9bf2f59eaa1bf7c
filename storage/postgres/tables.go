package postgres

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// table says how values of R are written into the columns of a table: any number of rows with one statement and one
// argument a column. The first columns are the key.
type table[R any] struct {
	name    string
	key     int // so many columns
	columns []column[R]
}

type column[R any] struct {
	name, kind string
	element    func([]byte, R) []byte // appends one row's value to an array
}

func number[R any](name string, value func(R) int64) column[R] {
	return column[R]{name, "bigint", func(b []byte, r R) []byte { return strconv.AppendInt(b, value(r), 10) }}
}

// reference is a number that is NULL instead of 0.
func reference[R any](name string, value func(R) int64) column[R] {
	return column[R]{name, "bigint", func(b []byte, r R) []byte {
		if id := value(r); id != 0 {
			return strconv.AppendInt(b, id, 10)
		}
		return append(b, "NULL"...)
	}}
}

func text[R any](name string, value func(R) string) column[R] {
	return column[R]{name, "text", func(b []byte, r R) []byte { return appendText(b, value(r)) }}
}

// optional is a text that is NULL instead of empty.
func optional[R any](name string, value func(R) string) column[R] {
	return column[R]{name, "text", func(b []byte, r R) []byte { return appendOptional(b, value(r)) }}
}

func moment[R any](name string, value func(R) time.Time) column[R] {
	return column[R]{name, "timestamptz", func(b []byte, r R) []byte { return appendText(b, instant(value(r))) }}
}

// deadline is a time that is NULL instead of zero.
func deadline[R any](name string, value func(R) time.Time) column[R] {
	return column[R]{name, "timestamptz", func(b []byte, r R) []byte {
		if t := value(r); !t.IsZero() {
			return appendText(b, instant(t))
		}
		return append(b, "NULL"...)
	}}
}

// pairs is a map as jsonb, NULL instead of empty.
func pairs[R any](name string, value func(R) map[string]string) column[R] {
	return column[R]{name, "jsonb", func(b []byte, r R) []byte {
		m := value(r)
		if len(m) == 0 {
			return append(b, "NULL"...)
		}
		encoded, _ := json.Marshal(m) // a map of texts always can be
		return appendText(b, string(encoded))
	}}
}

// insert answers a statement that adds rows, in their order, and its arguments.
func (t table[R]) insert(rows []R) (string, []any) {
	return "INSERT INTO " + t.name + " (" + t.list("") + ")\nSELECT " + t.list("r.") + t.from() + "\nORDER BY r.ordinality",
		t.arguments(rows)
}

// update answers a statement that writes every column of the rows with these keys, and its arguments.
func (t table[R]) update(rows []R) (string, []any) {
	return "UPDATE " + t.name + " AS t SET " + t.pairwise(t.columns[t.key:], ", ", "") + t.from() +
		"\nWHERE " + t.pairwise(t.columns[:t.key], " AND ", "t."), t.arguments(rows)
}

// delete answers a statement that deletes the rows with these keys, and its arguments.
func (t table[R]) delete(rows []R) (string, []any) {
	keys := table[R]{t.name, t.key, t.columns[:t.key]}
	return "DELETE FROM " + t.name + " AS t USING" + strings.TrimPrefix(keys.from(), "\nFROM") +
		"\nWHERE " + keys.pairwise(keys.columns, " AND ", "t."), keys.arguments(rows)
}

// list answers the columns' names, each with a prefix.
func (t table[R]) list(prefix string) string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = prefix + c.name
	}
	return strings.Join(names, ", ")
}

func (t table[R]) pairwise(columns []column[R], between, prefix string) string {
	equal := make([]string, len(columns))
	for i, c := range columns {
		equal[i] = prefix + c.name + " = r." + c.name
	}
	return strings.Join(equal, between)
}

// from answers the rows as a table called r.
func (t table[R]) from() string {
	arrays := make([]string, len(t.columns))
	for i, c := range t.columns {
		arrays[i] = "$" + strconv.Itoa(i+1) + "::" + c.kind + "[]"
	}
	return "\nFROM unnest(" + strings.Join(arrays, ", ") + ") WITH ORDINALITY AS r(" + t.list("") + ", ordinality)"
}

func (t table[R]) arguments(rows []R) []any {
	all := make([]any, len(t.columns))
	for i, c := range t.columns {
		all[i] = array(rows, c.element)
	}
	return all
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
	number("sign_in", func(r accounts.Record) int64 { return r.SignIn }),
	number("version", func(r accounts.Record) int64 { return r.Version }),
	moment("created_at", func(r accounts.Record) time.Time { return r.CreatedAt }),
	moment("updated_at", func(r accounts.Record) time.Time { return r.UpdatedAt }),
	text("sort_name", accounts.Record.SortName),
	text("search", func(r accounts.Record) string { return searchable(r.SearchTexts()) }),
}}

var subscriptionTable = table[dueRecord]{"clientele.subscriptions", 1, []column[dueRecord]{
	number("id", func(r dueRecord) int64 { return int64(r.ID) }),
	reference("account_id", func(r dueRecord) int64 { return int64(r.AccountID) }),
	text("name", func(r dueRecord) string { return r.Name }),
	text("plan", func(r dueRecord) string { return r.Plan }),
	text("description", func(r dueRecord) string { return r.Description }),
	optional("external_id", func(r dueRecord) string { return r.ExternalID }),
	pairs("attributes", func(r dueRecord) map[string]string { return r.Attributes }),
	deadline("expires_at", func(r dueRecord) time.Time { return r.ExpiresAt }),
	deadline("due_at", func(r dueRecord) time.Time { return r.due }),
	reference("main_domain_id", func(r dueRecord) int64 { return int64(r.Main) }),
	number("version", func(r dueRecord) int64 { return r.Version }),
	moment("created_at", func(r dueRecord) time.Time { return r.CreatedAt }),
	moment("updated_at", func(r dueRecord) time.Time { return r.UpdatedAt }),
	text("search", func(r dueRecord) string { return searchable(r.SearchTexts()) }),
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
var domainNameTable = table[subscriptions.Domain]{"clientele.domains", 1, []column[subscriptions.Domain]{
	number("id", func(d subscriptions.Domain) int64 { return int64(d.ID) }),
	number("subscription_id", func(d subscriptions.Domain) int64 { return int64(d.SubscriptionID) }),
	text("name", func(d subscriptions.Domain) string { return d.Name }),
	text("reversed", func(d subscriptions.Domain) string { return reversed(d.Name) }),
	text("search", func(d subscriptions.Domain) string { return searchable(d.SearchTexts()) }),
}}

// reversed answers a name's labels from the last to the first, so that everything below a name is one range.
func reversed(name string) string {
	labels := strings.Split(name, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}
