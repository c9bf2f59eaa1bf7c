package sqlite

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// The numbers of the levels in the database.
const (
	levelAccount = iota
	levelSubscription
	levelDomain
)

func levelNumber(l subscriptions.Level) int {
	switch l {
	case subscriptions.LevelAccount:
		return levelAccount
	case subscriptions.LevelSubscription:
		return levelSubscription
	default:
		return levelDomain
	}
}

// The columns of a row, with its holds as JSON. Each scalar subquery costs one probe of an index.
const (
	accountColumns = `a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at, ` + accountHolds

	subscriptionColumns = `s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at, ` + subscriptionHolds + `, ` + ownerHolds

	domainColumns = `d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    s.account_id, s.plan, s.main_domain_id = d.id, ` + domainHolds + `, ` + subscriptionHolds + `, ` + ownerHolds

	accountHolds      = `(SELECT ` + holdsAsJSON + ` FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = a.id)`
	ownerHolds        = `(SELECT ` + holdsAsJSON + ` FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)`
	subscriptionHolds = `(SELECT ` + holdsAsJSON + ` FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id)`
	domainHolds       = `(SELECT ` + holdsAsJSON + ` FROM clientele_holds AS h WHERE h.level = 2 AND h.row_id = d.id)`

	holdsAsJSON = `json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause)`
)

// timestamp is a column with a time, or with NULL for the zero time.
type timestamp struct{ time.Time }

// Scan implements sql.Scanner.
func (t *timestamp) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		t.Time = time.Time{}
	case int64:
		t.Time = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("a time is stored as %T", value)
	}
	return nil
}

// micros returns how a time is stored.
func micros(t time.Time) int64 { return t.UnixMicro() }

// nullMicros returns how a time is stored, or nil if it is zero.
func nullMicros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return micros(t)
}

func nullIfZero[V comparable](value V) any {
	var zero V
	if value == zero {
		return nil
	}
	return value
}

// accountID is a column with the id of an account, or with NULL for Provider.
type accountID struct{ ID accounts.ID }

// Scan implements sql.Scanner.
func (a *accountID) Scan(value any) error {
	id, isNumber := value.(int64)
	if value != nil && !isNumber {
		return fmt.Errorf("an id is stored as %T", value)
	}
	a.ID = accounts.ID(id)
	return nil
}

// jsonMap is a column with a JSON object, or with an empty text for no map.
type jsonMap map[string]string

// Scan implements sql.Scanner.
func (m *jsonMap) Scan(value any) error {
	*m = nil
	if value == nil { // a row without an event
		return nil
	}
	text, err := textOf(value)
	if err != nil || text == "" {
		return err
	}
	return json.Unmarshal([]byte(text), (*map[string]string)(m))
}

// textOf returns a value of a driver that is a text.
func textOf(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	default:
		return "", fmt.Errorf("a text is stored as %T", value)
	}
}

// holds is a column of holdsAsJSON.
type holds subscriptions.Holds

// Scan implements sql.Scanner.
func (h *holds) Scan(value any) error {
	*h = nil
	text, err := textOf(value)
	if err != nil || text == "[]" {
		return err
	}
	var rows []holdValues
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return err
	}
	*h = make(holds, len(rows))
	for i, row := range rows {
		(*h)[i] = subscriptions.Hold(row)
	}
	return nil
}

// holdValues is a hold as holdsAsJSON encodes it.
type holdValues subscriptions.Hold

// UnmarshalJSON implements json.Unmarshaler.
func (h *holdValues) UnmarshalJSON(b []byte) error {
	var at int64
	values := []any{&h.Cause, &h.Note, &h.Message, &h.Public, &h.By, &at}
	if err := json.Unmarshal(b, &values); err != nil {
		return err
	}
	h.At = time.UnixMicro(at).UTC()
	return nil
}

// accountRow is a row of accountColumns, perhaps with more columns.
type accountRow struct {
	accounts.Account
	Hash                   string
	Subscriptions, Domains int

	attributes           jsonMap
	createdAt, updatedAt timestamp
	holds                holds
	more                 bool
}

func (r *accountRow) fields() []any {
	c := &r.Contact
	return []any{
		&r.ID, &r.Login, &c.Name, &c.Company, &c.Email, &c.Phone, &c.Address, &c.City, &c.State, &c.PostalCode,
		&c.Country, &r.AdditionalInfo, &r.Description, &r.ExternalID, &r.Locale, &r.attributes, &r.SessionEpoch, &r.Version,
		&r.createdAt, &r.updatedAt, &r.holds,
	}
}

func (r *accountRow) fieldsWithHash() []any { return append(r.fields(), &r.Hash) }

func (r *accountRow) fieldsWithCounts() []any {
	return append(r.fields(), &r.Subscriptions, &r.Domains)
}

func (r *accountRow) fieldsWithMore() []any { return append(r.fieldsWithCounts(), &r.more) }

func (r accountRow) hasMore() bool { return r.more }

func (r accountRow) account() accounts.Account {
	a := r.Account
	a.Attributes, a.Holds = r.attributes, subscriptions.Holds(r.holds)
	a.CreatedAt, a.UpdatedAt = r.createdAt.Time, r.updatedAt.Time
	return a
}

func (r accountRow) record() accounts.Record {
	return accounts.Record{Account: r.account(), Hash: r.Hash}
}

func (r accountRow) summary() accounts.Summary {
	return accounts.Summary{Account: r.account(), Subscriptions: r.Subscriptions, Domains: r.Domains}
}

func (r accountRow) id() int64 { return int64(r.ID) }

// subscriptionRow is a row of subscriptionColumns.
type subscriptionRow struct {
	subscriptions.Record

	owner                           accountID
	attributes                      jsonMap
	expiresAt, createdAt, updatedAt timestamp
	holds, ownerHolds               holds
	more                            bool
}

func (r *subscriptionRow) fields() []any {
	return []any{
		&r.ID, &r.owner, &r.Name, &r.Plan, &r.Description, &r.ExternalID, &r.attributes, &r.expiresAt,
		&r.Main, &r.Version, &r.createdAt, &r.updatedAt, &r.holds, &r.ownerHolds,
	}
}

func (r *subscriptionRow) fieldsWithMore() []any { return append(r.fields(), &r.more) }

func (r subscriptionRow) hasMore() bool { return r.more }

func (r subscriptionRow) record() subscriptions.Record {
	s := r.Record
	s.AccountID, s.Attributes = r.owner.ID, r.attributes
	s.Holds, s.Inherited = subscriptions.Holds(r.holds), subscriptions.Holds(r.ownerHolds).Inherited(nil)
	s.ExpiresAt, s.CreatedAt, s.UpdatedAt = r.expiresAt.Time, r.createdAt.Time, r.updatedAt.Time
	return s
}

func (r subscriptionRow) subscription() subscriptions.Subscription { return r.record().Subscription }

func (r subscriptionRow) id() int64 { return int64(r.ID) }

// domainRow is a row of domainColumns.
type domainRow struct {
	subscriptions.Domain

	owner                                accountID
	attributes                           jsonMap
	createdAt                            timestamp
	holds, subscriptionHolds, ownerHolds holds
	more                                 bool
}

func (r *domainRow) fields() []any {
	return []any{
		&r.ID, &r.SubscriptionID, &r.Name, &r.attributes, &r.createdAt,
		&r.owner, &r.Plan, &r.Main, &r.holds, &r.subscriptionHolds, &r.ownerHolds,
	}
}

func (r *domainRow) fieldsWithMore() []any { return append(r.fields(), &r.more) }

func (r domainRow) hasMore() bool { return r.more }

func (r domainRow) domain() subscriptions.Domain {
	d := r.Domain
	d.AccountID, d.Attributes, d.CreatedAt = r.owner.ID, r.attributes, r.createdAt.Time
	d.Holds = subscriptions.Holds(r.holds)
	d.Inherited = subscriptions.Holds(r.ownerHolds).Inherited(subscriptions.Holds(r.subscriptionHolds))
	return d
}

func (r domainRow) id() int64 { return int64(r.ID) }

// convertAll returns the results of convert for every row, never nil.
func convertAll[R, V any](rows []R, convert func(R) V) []V {
	values := make([]V, len(rows))
	for i, row := range rows {
		values[i] = convert(row)
	}
	return values
}

// jsonArray returns values as a JSON array, whose elements a statement reads with json_each. So one statement takes any number
// of them.
func jsonArray[V any](values []V) string {
	if len(values) == 0 {
		return "[]"
	}
	text, _ := json.Marshal(values) // never fails for numbers and texts
	return string(text)
}
