package postgres

import (
	"encoding/json"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// The columns that make up a row, with the holds as JSON, to be read as holdRows. The scalar subqueries cost one probe of
// an index each, and nothing is joined: rows do not multiply.
const (
	accountColumns = `a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.sign_in, a.version,
    a.created_at, a.updated_at,
    (SELECT ` + holdsAsJSON + ` FROM clientele.account_holds AS h WHERE h.account_id = a.id) AS holds`

	subscriptionColumns = `s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at,
    (SELECT ` + holdsAsJSON + ` FROM clientele.subscription_holds AS h WHERE h.subscription_id = s.id) AS holds`

	domainColumns = `d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    (SELECT ` + holdsAsJSON + ` FROM clientele.domain_holds AS h WHERE h.domain_id = d.id) AS holds`

	// What a subscription inherits, and what a domain inherits besides, where their statements join no rows above.
	accountHolds      = `(SELECT ` + holdsAsJSON + ` FROM clientele.account_holds AS h WHERE h.account_id = s.account_id) AS account_holds`
	subscriptionHolds = `(SELECT ` + holdsAsJSON + ` FROM clientele.subscription_holds AS h WHERE h.subscription_id = s.id) AS subscription_holds`

	// Whole rows of the table become JSON: naming keys, or a subquery that does, takes the server twice as long to plan and
	// to run.
	holdsAsJSON = `json_agg(h ORDER BY h.cause)`
)

// accountRow is a row of accounts as bun scans it.
type accountRow struct {
	ID                                                                     accounts.ID
	Login, PasswordHash                                                    string
	Name, Company, Email, Phone, Address, City, State, PostalCode, Country string
	AdditionalInfo, Description, ExternalID, Locale                        string
	Attributes                                                             map[string]string
	SignIn, Version                                                        int64
	CreatedAt, UpdatedAt                                                   time.Time
	Holds                                                                  []holdRow
	Subscriptions, Domains                                                 int
}

func (r accountRow) account() accounts.Account {
	return accounts.Account{
		ID: r.ID, Login: r.Login,
		Contact: accounts.Contact{
			Name: r.Name, Company: r.Company, Email: r.Email, Phone: r.Phone, Address: r.Address,
			City: r.City, State: r.State, PostalCode: r.PostalCode, Country: r.Country,
		},
		AdditionalInfo: r.AdditionalInfo, Description: r.Description, ExternalID: r.ExternalID, Locale: r.Locale,
		Attributes: r.Attributes, Holds: holds(r.Holds), SessionEpoch: r.SignIn, Version: r.Version,
		CreatedAt: utc(r.CreatedAt), UpdatedAt: utc(r.UpdatedAt),
	}
}

func (r accountRow) record() accounts.Record {
	return accounts.Record{Account: r.account(), Hash: r.PasswordHash}
}

// subscriptionRow is a row of subscriptions as bun scans it.
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

// domainRow is a row of domains as bun scans it, with what it has from above where the statement joins that.
type domainRow struct {
	ID                                     subscriptions.DomainID
	SubscriptionID                         subscriptions.ID
	AccountID                              subscriptions.AccountID
	Name, Plan                             string
	Main                                   bool
	Attributes                             map[string]string
	CreatedAt                              time.Time
	Holds, SubscriptionHolds, AccountHolds []holdRow
}

func (r domainRow) domain() subscriptions.Domain {
	return subscriptions.Domain{
		ID: r.ID, SubscriptionID: r.SubscriptionID, AccountID: r.AccountID, Name: r.Name, Main: r.Main,
		Attributes: r.Attributes, Holds: holds(r.Holds), Inherited: holds(r.AccountHolds).Inherited(holds(r.SubscriptionHolds)),
		CreatedAt: utc(r.CreatedAt),
	}
}

// under answers the domain of a row whose statement joined nothing, below its subscription.
func (r domainRow) under(above subscriptionRow) subscriptions.Domain {
	r.AccountID, r.Main = above.AccountID, above.MainDomainID == r.ID
	r.SubscriptionHolds, r.AccountHolds = above.Holds, above.AccountHolds
	return r.domain()
}

// holdRow is a row of one of the tables of holds, as bun scans it or as the server writes it in JSON.
type holdRow struct {
	AccountID                       accounts.ID // where it was asked for
	Cause                           subscriptions.Cause
	Note, Message, Public, PlacedBy string
	PlacedAt                        time.Time
}

// UnmarshalJSON reads what json_agg makes of a row.
func (r *holdRow) UnmarshalJSON(b []byte) error {
	var written struct {
		Cause, Note, Message, Public string
		PlacedBy                     string `json:"placed_by"`
		PlacedAt                     string `json:"placed_at"`
	}
	if err := json.Unmarshal(b, &written); err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, written.PlacedAt)
	if err != nil { // zones of long ago have seconds
		at, err = time.Parse("2006-01-02T15:04:05Z07:00:00", written.PlacedAt)
	}
	*r = holdRow{
		Cause: subscriptions.Cause(written.Cause), Note: written.Note, Message: written.Message, Public: written.Public,
		PlacedBy: written.PlacedBy, PlacedAt: at,
	}
	return err
}

func (r holdRow) hold() subscriptions.Hold {
	return subscriptions.Hold{Cause: r.Cause, Note: r.Note, Message: r.Message, Public: r.Public, By: r.PlacedBy, At: utc(r.PlacedAt)}
}

// holds answers nil for none.
func holds(rows []holdRow) subscriptions.Holds {
	if len(rows) == 0 {
		return nil
	}
	return each(rows, holdRow.hold)
}

// utc answers a time as it was stored. Drivers hand out times in the zone of the process.
func utc(t time.Time) time.Time { return t.UTC() }

// each answers what convert makes of every row; never nil.
func each[R, V any](rows []R, convert func(R) V) []V {
	values := make([]V, len(rows))
	for i, row := range rows {
		values[i] = convert(row)
	}
	return values
}
