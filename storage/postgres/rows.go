package postgres

import (
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// The columns that make up a row, with the holds as JSON whose keys are the fields of subscriptions.Hold. The scalar
// subqueries cost one probe of an index each, and nothing is joined: rows do not multiply.
const (
	accountColumns = `a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.sign_in, a.version,
    a.created_at, a.updated_at,
    (SELECT ` + holdsAsJSON + ` FROM clientele.account_holds AS h WHERE h.account_id = a.id) AS h) AS holds`

	subscriptionColumns = `s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at,
    (SELECT ` + holdsAsJSON + ` FROM clientele.subscription_holds AS h WHERE h.subscription_id = s.id) AS h) AS holds`

	domainColumns = `d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    (SELECT ` + holdsAsJSON + ` FROM clientele.domain_holds AS h WHERE h.domain_id = d.id) AS h) AS holds`

	// What a subscription inherits, and what a domain inherits besides, where their statements join no rows above.
	accountHolds      = `(SELECT ` + holdsAsJSON + ` FROM clientele.account_holds AS h WHERE h.account_id = s.account_id) AS h) AS account_holds`
	subscriptionHolds = `(SELECT ` + holdsAsJSON + ` FROM clientele.subscription_holds AS h WHERE h.subscription_id = s.id) AS h) AS subscription_holds`

	// Whole rows become JSON, which takes the server half as long as naming every key.
	holdsAsJSON = `json_agg(h ORDER BY h.cause) FROM (
        SELECT h.cause, h.note, h.message, h.public, h.placed_by AS by,
            to_char(h.placed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at`
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
	Holds                                                                  accounts.Holds
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
		Attributes: r.Attributes, Holds: r.Holds, SignIn: r.SignIn, Version: r.Version,
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
	Holds, AccountHolds                 subscriptions.Holds
}

func (r subscriptionRow) record() subscriptions.Record {
	return subscriptions.Record{Main: r.MainDomainID, Subscription: subscriptions.Subscription{
		ID: r.ID, AccountID: r.AccountID, Name: r.Name, Plan: r.Plan, Description: r.Description, ExternalID: r.ExternalID,
		Attributes: r.Attributes, ExpiresAt: utc(r.ExpiresAt),
		Holds: r.Holds, Inherited: subscriptions.Inherited(r.AccountHolds, nil),
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
	Holds, SubscriptionHolds, AccountHolds subscriptions.Holds
}

func (r domainRow) domain() subscriptions.Domain {
	return subscriptions.Domain{
		ID: r.ID, SubscriptionID: r.SubscriptionID, AccountID: r.AccountID, Name: r.Name, Main: r.Main,
		Attributes: r.Attributes, Holds: r.Holds, Inherited: subscriptions.Inherited(r.AccountHolds, r.SubscriptionHolds),
		CreatedAt: utc(r.CreatedAt),
	}
}

// under answers the domain of a row whose statement joined nothing, below its subscription.
func (r domainRow) under(above subscriptionRow) subscriptions.Domain {
	r.AccountID, r.Main = above.AccountID, above.MainDomainID == r.ID
	r.SubscriptionHolds, r.AccountHolds = above.Holds, above.AccountHolds
	return r.domain()
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
