package postgres

import (
	"encoding/json"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// The columns of a row, with its holds as JSON, which holdRow scans. Each scalar subquery costs one probe of an index, and
// without joins no row is returned twice.
const (
	accountColumns = accountFields + `,
    (SELECT ` + holdsAsJSON + ` FROM clientele.account_holds AS h WHERE h.account_id = a.id) AS holds`

	accountFields = `a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at`

	subscriptionColumns = `s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at,
    (SELECT ` + holdsAsJSON + ` FROM clientele.subscription_holds AS h WHERE h.subscription_id = s.id) AS holds`

	domainColumns = `d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    (SELECT ` + holdsAsJSON + ` FROM clientele.domain_holds AS h WHERE h.domain_id = d.id) AS holds`

	// The holds that a subscription inherits, and those that a domain inherits in addition.
	accountHolds      = `(SELECT ` + holdsAsJSON + ` FROM clientele.account_holds AS h WHERE h.account_id = s.account_id) AS account_holds`
	subscriptionHolds = `(SELECT ` + holdsAsJSON + ` FROM clientele.subscription_holds AS h WHERE h.subscription_id = s.id) AS subscription_holds`

	// Whole rows become JSON. With named keys, or a subquery, the server would take twice as long to plan and to run it.
	holdsAsJSON = `json_agg(h ORDER BY h.cause)`
)

// accountRow is a row of accounts as Bun scans it.
type accountRow struct {
	ID                                                                     accounts.ID
	Login, PasswordHash                                                    string
	Name, Company, Email, Phone, Address, City, State, PostalCode, Country string
	AdditionalInfo, Description, ExternalID, Locale                        string
	Attributes                                                             map[string]string
	SessionEpoch, Version                                                  int64
	CreatedAt, UpdatedAt                                                   time.Time
	Holds                                                                  []holdRow
	Subscriptions, Domains                                                 int
	moreRow
}

func (r accountRow) account() accounts.Account {
	return accounts.Account{
		ID: r.ID, Login: r.Login,
		Contact: accounts.Contact{
			Name: r.Name, Company: r.Company, Email: r.Email, Phone: r.Phone, Address: r.Address,
			City: r.City, State: r.State, PostalCode: r.PostalCode, Country: r.Country,
		},
		AdditionalInfo: r.AdditionalInfo, Description: r.Description, ExternalID: r.ExternalID, Locale: r.Locale,
		Attributes: r.Attributes, Holds: holds(r.Holds), SessionEpoch: r.SessionEpoch, Version: r.Version,
		CreatedAt: utc(r.CreatedAt), UpdatedAt: utc(r.UpdatedAt),
	}
}

func (r accountRow) record() accounts.Record {
	return accounts.Record{Account: r.account(), Hash: r.PasswordHash}
}

// subscriptionRow is a row of subscriptions as Bun scans it.
type subscriptionRow struct {
	ID                                  subscriptions.ID
	AccountID                           subscriptions.AccountID
	Name, Plan, Description, ExternalID string
	Attributes                          map[string]string
	ExpiresAt                           time.Time
	MainDomainID                        subscriptions.DomainID
	Version                             int64
	CreatedAt, UpdatedAt                time.Time
	Holds, AccountHolds                 []holdRow
	moreRow
}

func (r subscriptionRow) record() subscriptions.Record {
	return subscriptions.Record{Main: r.MainDomainID, Subscription: subscriptions.Subscription{
		ID: r.ID, AccountID: r.AccountID, Name: r.Name, Plan: r.Plan, Description: r.Description, ExternalID: r.ExternalID,
		Attributes: r.Attributes, ExpiresAt: utc(r.ExpiresAt),
		Holds: holds(r.Holds), Inherited: holds(r.AccountHolds).Inherited(nil),
		Version: r.Version, CreatedAt: utc(r.CreatedAt), UpdatedAt: utc(r.UpdatedAt),
	}}
}

func (r subscriptionRow) subscription() subscriptions.Subscription { return r.record().Subscription }

// domainRow is a row of domains as Bun scans it, with columns of its subscription if the statement joins that.
type domainRow struct {
	ID                                     subscriptions.DomainID
	SubscriptionID                         subscriptions.ID
	AccountID                              subscriptions.AccountID
	Name, Plan                             string
	Main                                   bool
	Attributes                             map[string]string
	CreatedAt                              time.Time
	Holds, SubscriptionHolds, AccountHolds []holdRow
	moreRow
}

func (r domainRow) domain() subscriptions.Domain {
	return subscriptions.Domain{
		ID: r.ID, SubscriptionID: r.SubscriptionID, AccountID: r.AccountID, Name: r.Name, Main: r.Main, Plan: r.Plan,
		Attributes: r.Attributes, Holds: holds(r.Holds), Inherited: holds(r.AccountHolds).Inherited(holds(r.SubscriptionHolds)),
		CreatedAt: utc(r.CreatedAt),
	}
}

// inSubscription returns the domain of a row whose statement did not join its subscription s.
func (r domainRow) inSubscription(s subscriptionRow) subscriptions.Domain {
	r.AccountID, r.Plan, r.Main = s.AccountID, s.Plan, s.MainDomainID == r.ID
	r.SubscriptionHolds, r.AccountHolds = s.Holds, s.AccountHolds
	return r.domain()
}

// holdRow is a row of one of the tables of holds, as Bun scans it or as the server returns it in JSON.
type holdRow struct {
	AccountID                       accounts.ID // 0 if it was not selected
	Cause                           subscriptions.Cause
	Note, Message, Public, PlacedBy string
	PlacedAt                        time.Time
}

// UnmarshalJSON decodes a row that json_agg has encoded.
func (r *holdRow) UnmarshalJSON(b []byte) error {
	var row struct {
		Cause, Note, Message, Public string
		PlacedBy                     string `json:"placed_by"`
		PlacedAt                     string `json:"placed_at"`
	}
	if err := json.Unmarshal(b, &row); err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, row.PlacedAt)
	if err != nil { // some historical time zones have offsets with seconds
		at, err = time.Parse("2006-01-02T15:04:05Z07:00:00", row.PlacedAt)
	}
	*r = holdRow{
		Cause: subscriptions.Cause(row.Cause), Note: row.Note, Message: row.Message, Public: row.Public,
		PlacedBy: row.PlacedBy, PlacedAt: at,
	}
	return err
}

func (r holdRow) hold() subscriptions.Hold {
	return subscriptions.Hold{Cause: r.Cause, Note: r.Note, Message: r.Message, Public: r.Public, By: r.PlacedBy, At: utc(r.PlacedAt)}
}

// holds returns the holds of the rows, nil if there are none.
func holds(rows []holdRow) subscriptions.Holds {
	if len(rows) == 0 {
		return nil
	}
	return convertAll(rows, holdRow.hold)
}

// utc returns t in UTC, as it was stored. Drivers return times in the time zone of the process.
func utc(t time.Time) time.Time { return t.UTC() }

// convertAll returns the results of convert for every row, never nil.
func convertAll[R, V any](rows []R, convert func(R) V) []V {
	values := make([]V, len(rows))
	for i, row := range rows {
		values[i] = convert(row)
	}
	return values
}
