package subscriptions

import (
	"slices"
	"time"

	"github.com/clientele-go/clientele/subscriptions/input"
)

// Draft is a subscription that passed every check and waits for a transaction. Create uses it, and accounts.Create, which
// adds an account in the same transaction.
type Draft struct {
	in    New
	path  string   // of the input in the method called
	names []string // the domains as they are stored

	given      []string // the domains as the caller gave them
	externalID string   // the external id as the caller gave it
}

// Draft checks the input of Create. Faults have path before theirs. Owned says that it is for an account, which may
// not have names that are the provider's only.
func (m *Manager) Draft(f *input.Faults, path string, in New, owned bool) Draft {
	d := Draft{in: in, path: path, given: slices.Clone(in.Domains), externalID: in.ExternalID}
	input.Clean(input.Line, &d.in.Name, &d.in.Plan, &d.in.ExternalID)
	input.Clean(input.Text, &d.in.Description)
	d.in.Attributes = CleanAttributes(in.Attributes)
	d.in.ExpiresAt, d.in.CreatedAt = Cut(in.ExpiresAt), Cut(in.CreatedAt)
	f.Struct(path, d.in)
	if len(in.Domains) > mostDomains {
		return d
	}
	for i, given := range in.Domains {
		d.names = append(d.names, m.checkName(f, d.at("domains", i), given, owned))
	}
	seen := map[string]bool{}
	for i, name := range d.names {
		if name != "" && seen[name] {
			f.Add(d.at("domains", i), "duplicate", name)
		}
		seen[name] = true
	}
	if d.in.Name == "" && len(d.names) == 0 {
		f.Add(d.field("name"), "required", "")
	}
	if d.in.Name == "" && len(d.names) > 0 {
		d.in.Name = d.names[0]
	}
	return d
}

const mostDomains = 1000 // as the tag of New.Domains says

func (d Draft) field(name string) string {
	if d.path == "" {
		return name
	}
	return d.path + "." + name
}

func (d Draft) at(name string, i int) string { return at(d.field(name), i) }

// Names answers the domains as they are stored.
func (d Draft) Names() []string { return d.names }

// Claim answers what the subscription wants to be the only one to have, for an owner: Nobody where the account is about
// to be created.
func (d Draft) Claim(owner AccountID) Claim {
	return Claim{
		NewSubscriptions: 1, NewDomains: len(d.names), ExternalID: d.in.ExternalID, Names: d.names, Owner: owner,
	}
}

// Taken answers what of the claim is taken, as the caller gave it.
func (d Draft) Taken(c Claimed) []Taken {
	lost := map[string]bool{}
	for _, name := range slices.Concat(c.Names, c.Conflicting) {
		lost[name] = true
	}
	var taken []Taken
	if c.ExternalID {
		taken = append(taken, Taken{Field: d.field("externalID"), Value: d.externalID})
	}
	for i, name := range d.names {
		if lost[name] {
			taken = append(taken, Taken{Field: d.at("domains", i), Value: d.given[i]})
		}
	}
	return taken
}

// Writes answers the subscription as it will be, with its ids, and what to save.
func (d Draft) Writes(owner Owner, ids Claimed, by string, at time.Time) (Subscription, Writes) {
	c := stamp{actor: by, at: at}
	s := Subscription{
		ID: ids.SubscriptionIDs[0], AccountID: owner.ID, Name: d.in.Name, Plan: d.in.Plan, Description: d.in.Description,
		ExternalID: d.in.ExternalID, Attributes: SetAttributes(d.in.Attributes), ExpiresAt: d.in.ExpiresAt,
		Inherited: Inherited(owner.Holds, nil), Version: 1, CreatedAt: d.in.CreatedAt, UpdatedAt: at,
	}
	if s.CreatedAt.IsZero() {
		s.CreatedAt = at
	}
	r := Record{Subscription: s}
	w := Writes{Events: []Event{c.event(SubscriptionCreated, s, details("externalID", s.ExternalID))}}
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
