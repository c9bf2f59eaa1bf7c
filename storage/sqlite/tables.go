package sqlite

import (
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/stored"
	"github.com/clientele-go/clientele/subscriptions"
)

// table describes how values of R are written into a table.
type table[R any] struct {
	name    string
	columns []string
	values  func(R) []any // one for each column
}

// ownerOfSubscription is the owner of the subscription with an id.
const ownerOfSubscription = `(SELECT s.account_id FROM clientele_subscriptions AS s WHERE s.id = ?)`

// placeholder returns what a statement writes into a column: its argument or, for the account of a domain, what follows from it.
func (t table[R]) placeholder(column string) string {
	if t.name == "clientele_domains" && column == "account_id" {
		return ownerOfSubscription
	}
	return "?"
}

// rowsPerInsert is the number of rows that one statement adds. Rows that are left over are added one by one, so that there are
// two statements for each table.
const rowsPerInsert = 100

// insert adds rows, in their order. The verb is "INSERT" or "INSERT OR REPLACE".
func insert[R any](t *transaction, in table[R], verb string, rows []R) error {
	for part := range slices.Chunk(rows, rowsPerInsert) {
		if len(part) == rowsPerInsert {
			if err := t.exec(len(part), in.insert(verb, len(part)), in.arguments(part)...); err != nil {
				return err
			}
			continue
		}
		for i := range part {
			if err := t.exec(1, in.insert(verb, 1), in.arguments(part[i:i+1])...); err != nil {
				return err
			}
		}
	}
	return nil
}

// insert returns the statement that adds n rows.
func (t table[R]) insert(verb string, n int) string {
	row := "(" + strings.Join(convertAll(t.columns, t.placeholder), ", ") + ")"
	return verb + " INTO " + t.name + " (" + strings.Join(t.columns, ", ") + ")\nVALUES " + strings.Repeat(row+",\n    ", n-1) + row
}

func (t table[R]) arguments(rows []R) []any {
	args := make([]any, 0, len(rows)*len(t.columns))
	for _, row := range rows {
		args = append(args, t.values(row)...)
	}
	return args
}

// update writes every column of rows, of which the first is the id.
func update[R any](t *transaction, in table[R], rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	assignments := convertAll(in.columns[1:], func(column string) string { return column + " = " + in.placeholder(column) })
	statement := "UPDATE " + in.name + " SET " + strings.Join(assignments, ", ") + "\nWHERE id = ?"
	for _, row := range rows {
		values := in.values(row)
		if err := t.exec(1, statement, append(values[1:], values[0])...); err != nil {
			return err
		}
	}
	return nil
}

// attributes returns how attributes and details are stored.
func attributes(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	return stored.MarshalMap(m)
}

var accountTable = table[accounts.Record]{"clientele_accounts", []string{
	"id", "login", "password_hash", "name", "company", "email", "phone", "address", "city", "state", "postal_code", "country",
	"additional_info", "description", "external_id", "locale", "attributes", "session_epoch", "version", "created_at", "updated_at",
	"sort_name", "search",
}, func(r accounts.Record) []any {
	c := r.Contact
	return []any{
		int64(r.ID), r.Login, r.Hash, c.Name, c.Company, c.Email, c.Phone, c.Address, c.City, c.State, c.PostalCode, c.Country,
		r.AdditionalInfo, r.Description, r.ExternalID, r.Locale, attributes(r.Attributes), r.SessionEpoch, r.Version,
		micros(r.CreatedAt), micros(r.UpdatedAt), r.SortName(), r.SearchText(),
	}
}}

var subscriptionTable = table[stored.Subscription]{"clientele_subscriptions", []string{
	"id", "account_id", "name", "plan", "description", "external_id", "attributes", "expires_at", "due_at", "main_domain_id",
	"version", "created_at", "updated_at", "search",
}, func(r stored.Subscription) []any {
	return []any{
		int64(r.ID), nullIfZero(int64(r.AccountID)), r.Name, r.Plan, r.Description, r.ExternalID, attributes(r.Attributes),
		nullMicros(r.ExpiresAt), nullMicros(r.DueAt), int64(r.Main), r.Version, micros(r.CreatedAt), micros(r.UpdatedAt), r.SearchText(),
	}
}}

var domainTable = table[subscriptions.Domain]{"clientele_domains", []string{
	"id", "subscription_id", "account_id", "name", "reversed", "attributes", "search", "created_at",
}, func(d subscriptions.Domain) []any {
	return append(changedDomain(d), micros(d.CreatedAt))
}}

// domainUpdateTable has the columns of a domain that may change.
var domainUpdateTable = table[subscriptions.Domain]{"clientele_domains", domainTable.columns[:7], changedDomain}

func changedDomain(d subscriptions.Domain) []any {
	return []any{
		int64(d.ID), int64(d.SubscriptionID), int64(d.SubscriptionID), d.Name, stored.ReverseLabels(d.Name),
		attributes(d.Attributes), d.SearchText(),
	}
}

var holdTable = table[subscriptions.HoldWrite]{"clientele_holds", []string{
	"level", "row_id", "cause", "note", "message", "public", "placed_by", "placed_at",
}, func(p subscriptions.HoldWrite) []any {
	h := p.Hold
	return []any{levelNumber(p.Level), p.ID, string(h.Cause), h.Note, h.Message, h.Public, h.By, micros(h.At)}
}}
