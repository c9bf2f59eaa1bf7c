package subscriptions

import (
	"context"
	"slices"
	"time"

	"github.com/clientele-go/clientele/internal/input"
)

// Draft is the checked input of Create. It is for package accounts, which creates an account with its first subscription in
// one transaction.
type Draft struct {
	in      New
	path    string   // of the input in the method that was called
	names   []string // the domains in canonical form
	approve func(ctx context.Context, owner AccountID, names []string) error

	given      []string // the domains as the caller gave them
	externalID string   // the external id as the caller gave it
}

// Draft checks the input of Create. It is for package accounts. The paths of violations begin with path. If owned is true,
// the subscription is for an account, which must not own names that are reserved for the provider.
func (m *Manager) Draft(v *input.Violations, path string, in New, owned bool) Draft {
	d := Draft{in: in, path: path, approve: m.approve, given: slices.Clone(in.Domains), externalID: in.ExternalID}
	input.Clean(input.Name, &d.in.Name)
	input.Clean(input.Line, &d.in.Plan, &d.in.ExternalID)
	input.Clean(input.Text, &d.in.Description)
	d.in.Attributes = input.CleanAttributes(in.Attributes)
	d.in.ExpiresAt, d.in.CreatedAt = input.Time(in.ExpiresAt), input.Time(in.CreatedAt)
	inputRules.Check(v, path, d.in)
	if len(in.Domains) > maxDomains {
		return d
	}
	for i, given := range in.Domains {
		d.names = append(d.names, m.checkName(v, d.at("domains", i), given, owned))
	}
	seen := map[string]bool{}
	for i, name := range d.names {
		if name != "" && seen[name] {
			v.Add(d.at("domains", i), "duplicate", name)
		}
		seen[name] = true
	}
	if d.in.Name == "" && len(d.names) == 0 {
		v.Add(d.field("name"), "required", "")
	}
	if d.in.Name == "" && len(d.names) > 0 {
		d.in.Name = d.names[0]
	}
	return d
}

func (d Draft) field(name string) string {
	if d.path == "" {
		return name
	}
	return d.path + "." + name
}

func (d Draft) at(name string, i int) string { return at(d.field(name), i) }

// Approve calls Options.AllowDomain for the domains. An owner of 0 is an account that does not exist yet.
func (d Draft) Approve(ctx context.Context, owner AccountID) error {
	return d.approve(ctx, owner, d.names)
}

// ClaimForNewAccount returns the claim of a subscription whose account does not exist yet.
func (d Draft) ClaimForNewAccount() Claim { return d.claim(newAccount) }

func (d Draft) claim(owner AccountID) Claim {
	c := Claim{NewSubscriptions: 1, NewDomains: len(d.names), Names: d.names, Owner: owner}
	if d.in.ExternalID != "" {
		c.ExternalIDs = []string{d.in.ExternalID}
	}
	return c
}

// Taken returns the values of the claim that are taken, as the caller gave them.
func (d Draft) Taken(c Claimed) []Taken {
	lost := map[string]bool{}
	for _, name := range slices.Concat(c.Names, c.Conflicting) {
		lost[name] = true
	}
	var taken []Taken
	if d.in.ExternalID != "" && slices.Contains(c.ExternalIDs, d.in.ExternalID) {
		taken = append(taken, Taken{Field: d.field("externalID"), Value: d.externalID})
	}
	for i, name := range d.names {
		if lost[name] {
			taken = append(taken, Taken{Field: d.at("domains", i), Value: d.given[i]})
		}
	}
	return taken
}

// Writes returns the subscription as it is stored, with its ids, and the writes that store it.
func (d Draft) Writes(owner Owner, ids Claimed, actor string, at time.Time) (Subscription, Writes) {
	c := commandInfo{actor: actor, at: at}
	s := Subscription{
		ID: ids.SubscriptionIDs[0], AccountID: owner.ID, Name: d.in.Name, Plan: d.in.Plan, Description: d.in.Description,
		ExternalID: d.in.ExternalID, Attributes: input.SetAttributes(d.in.Attributes), ExpiresAt: d.in.ExpiresAt,
		Inherited: owner.Holds.Inherited(nil), Version: 1, CreatedAt: d.in.CreatedAt, UpdatedAt: at,
	}
	if s.CreatedAt.IsZero() {
		s.CreatedAt = at
	}
	r := Record{Subscription: s}
	w := Writes{Events: []Event{c.event(SubscriptionCreated, s, input.Details("externalID", s.ExternalID))}}
	for i, name := range d.names {
		domain := Domain{
			ID: ids.DomainIDs[i], SubscriptionID: s.ID, AccountID: s.AccountID, Name: name, Main: i == 0, CreatedAt: at,
		}
		if domain.Main {
			r.Main = domain.ID
		}
		w.AddDomains = append(w.AddDomains, domain)
		w.Events = append(w.Events, c.domainEvent(DomainAdded, domain, nil))
	}
	w.AddSubscriptions = []Record{r}
	s.Holds = w.expire(s, c)
	return s, w
}
