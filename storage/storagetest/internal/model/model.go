package model

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// model is a simple implementation of the whole library, written to be obviously correct and not to be fast: rows are
// values in maps, and every command and look-up is a loop over all of them. It knows nothing of stores, transactions and
// indexes. Every history runs on the model and on the real managers, and all results are compared.
type model struct {
	now   time.Time // the time of the next command, in UTC, truncated to microseconds
	actor string    // the actor of the next command

	accounts      map[accounts.ID]accounts.Account
	passwords     map[accounts.ID]string
	subscriptions map[subscriptions.ID]subscriptions.Record
	domains       map[subscriptions.DomainID]subscriptions.Domain
	entries       map[string]entryState // of suite.Bucket, by key
	events        []accounts.Event
	allowAll      bool     // Options.AllowDomain is not set
	mustAllow     []string // names for which the last command must call Options.AllowDomain
}

func newModel() *model {
	return &model{
		accounts:      map[accounts.ID]accounts.Account{},
		passwords:     map[accounts.ID]string{},
		subscriptions: map[subscriptions.ID]subscriptions.Record{},
		domains:       map[subscriptions.DomainID]subscriptions.Domain{},
		entries:       map[string]entryState{},
	}
}

// newIDs are the ids that the store allocated for the rows of a command. The model takes them over, because a store may
// leave gaps between ids.
type newIDs struct {
	account      accounts.ID
	subscription subscriptions.ID
	domains      []subscriptions.DomainID
}

// holdsOf returns the holds of a row, without inherited ones.
func (m *model) holdsOf(l subscriptions.Level, id int64) accounts.Holds {
	switch l {
	case subscriptions.LevelAccount:
		return m.accounts[accounts.ID(id)].Holds
	case subscriptions.LevelSubscription:
		return m.subscriptions[subscriptions.ID(id)].Holds
	default:
		return m.domains[subscriptions.DomainID(id)].Holds
	}
}

func (m *model) setHolds(l subscriptions.Level, id int64, holds accounts.Holds) {
	slices.SortFunc(holds, func(a, b accounts.Hold) int { return cmp.Compare(a.Cause, b.Cause) })
	switch l {
	case subscriptions.LevelAccount:
		row := m.accounts[accounts.ID(id)]
		row.Holds = holds
		m.accounts[row.ID] = row
	case subscriptions.LevelSubscription:
		row := m.subscriptions[subscriptions.ID(id)]
		row.Holds = holds
		m.subscriptions[row.ID] = row
	default:
		row := m.domains[subscriptions.DomainID(id)]
		row.Holds = holds
		m.domains[row.ID] = row
	}
}

// effectiveHolds returns all holds that suspend a row, from the account down.
func (m *model) effectiveHolds(l subscriptions.Level, id int64) []accounts.EffectiveHold {
	var all []accounts.EffectiveHold
	switch l {
	case subscriptions.LevelSubscription:
		if owner := m.subscriptions[subscriptions.ID(id)].AccountID; owner != subscriptions.Provider {
			all = m.effectiveHolds(subscriptions.LevelAccount, int64(owner))
		}
	case subscriptions.LevelDomain:
		all = m.effectiveHolds(subscriptions.LevelSubscription, int64(m.domains[subscriptions.DomainID(id)].SubscriptionID))
	}
	for _, h := range m.holdsOf(l, id) {
		all = append(all, accounts.EffectiveHold{Level: l, Hold: h})
	}
	return all
}

// inherited returns the holds that suspend a row and belong to its subscription or account.
func (m *model) inherited(l subscriptions.Level, id int64) []accounts.EffectiveHold {
	var above []accounts.EffectiveHold
	for _, h := range m.effectiveHolds(l, id) {
		if h.Level != l {
			above = append(above, h)
		}
	}
	return above
}

func (m *model) exists(l subscriptions.Level, id int64) bool {
	var found bool
	switch l {
	case subscriptions.LevelAccount:
		_, found = m.accounts[accounts.ID(id)]
	case subscriptions.LevelSubscription:
		_, found = m.subscriptions[subscriptions.ID(id)]
	default:
		_, found = m.domains[subscriptions.DomainID(id)]
	}
	return found
}

// account returns an account as the managers do. So do subscription and domain.
func (m *model) account(id accounts.ID) accounts.Account { return m.accounts[id] }

func (m *model) subscription(id subscriptions.ID) subscriptions.Subscription {
	s := m.subscriptions[id].Subscription
	s.Inherited = m.inherited(subscriptions.LevelSubscription, int64(id))
	return s
}

func (m *model) domain(id subscriptions.DomainID) subscriptions.Domain {
	d := m.domains[id]
	s := m.subscriptions[d.SubscriptionID]
	d.AccountID, d.Main, d.Plan = s.AccountID, s.Main == id, s.Plan
	d.Inherited = m.inherited(subscriptions.LevelDomain, int64(id))
	return d
}

func (m *model) domainNamed(name string) (subscriptions.DomainID, bool) {
	for id, d := range m.domains {
		if d.Name == name {
			return id, true
		}
	}
	return 0, false
}

// subscriptionsOf returns the ids of an account's subscriptions, ascending.
func (m *model) subscriptionsOf(owner accounts.ID) []subscriptions.ID {
	var ids []subscriptions.ID
	for _, id := range sortedKeys(m.subscriptions) {
		if m.subscriptions[id].AccountID == owner {
			ids = append(ids, id)
		}
	}
	return ids
}

func (m *model) domainsOf(s subscriptions.ID) []subscriptions.DomainID {
	var ids []subscriptions.DomainID
	for _, id := range sortedKeys(m.domains) {
		if m.domains[id].SubscriptionID == s {
			ids = append(ids, id)
		}
	}
	return ids
}

// addEvent appends an event about a row. Empty details are omitted.
func (m *model) addEvent(l subscriptions.Level, id int64, verb string, details map[string]string) {
	e := accounts.Event{At: m.now, Type: accounts.EventType(string(l) + "." + verb), Actor: m.actor}
	switch l {
	case subscriptions.LevelAccount:
		e.AccountID = accounts.ID(id)
	case subscriptions.LevelSubscription:
		s := m.subscriptions[subscriptions.ID(id)]
		e.AccountID, e.SubscriptionID = s.AccountID, s.ID
	default:
		d := m.domain(subscriptions.DomainID(id))
		e.AccountID, e.SubscriptionID, e.DomainID, e.Domain = d.AccountID, d.SubscriptionID, d.ID, d.Name
	}
	m.appendEvent(e, details)
}

func (m *model) appendEvent(e accounts.Event, details map[string]string) {
	for key, value := range details {
		if value == "" {
			continue
		}
		if e.Details == nil {
			e.Details = map[string]string{}
		}
		e.Details[key] = value
	}
	m.events = append(m.events, e)
}

// redact removes personal data from the events that match: the texts of holds and the logins of accounts.
func (m *model) redact(match func(accounts.Event) bool) {
	for i, e := range m.events {
		if !match(e) {
			continue
		}
		details := maps.Clone(e.Details)
		delete(details, "note")
		delete(details, "message")
		delete(details, "public")
		if e.Type == accounts.AccountCreated {
			delete(details, "login")
		}
		if e.Type == accounts.AccountUpdated {
			delete(details, "from")
			delete(details, "to")
		}
		m.events[i].Details = details
	}
}

// fieldErrors collects the field errors of an input, without messages.
type fieldErrors struct {
	fields []accounts.FieldError
}

func (f *fieldErrors) add(path, rule string) {
	f.fields = append(f.fields, accounts.FieldError{Path: path, Rule: rule})
}

func (f *fieldErrors) err() error {
	if len(f.fields) == 0 {
		return nil
	}
	return &accounts.InvalidError{Fields: f.fields}
}

// command begins a command with the check of its actor.
func (m *model) command() *fieldErrors {
	f := &fieldErrors{}
	m.mustAllow = nil
	if strings.Contains(m.actor, "\n") {
		f.add("actor", "line")
	}
	return f
}

func (f *fieldErrors) ids(n int) {
	if n == 0 {
		f.add("ids", "required")
	}
}

// checkIDs returns the ids sorted and without duplicates, or an error that names all unknown ones.
func (m *model) checkIDs(l subscriptions.Level, ids []int64) ([]int64, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var unknown []int64
	for _, id := range ids {
		if !m.exists(l, id) {
			unknown = append(unknown, id)
		}
	}
	if unknown != nil {
		return nil, &accounts.NotFoundError{Kind: string(l), IDs: unknown}
	}
	return ids, nil
}

// outcome is the Outcome of a command on many ids, at any level.
type outcome = subscriptions.Outcome[int64]

// sortedKeys returns the keys of a map, ascending.
func sortedKeys[K cmp.Ordered, V any](rows map[K]V) []K { return slices.Sorted(maps.Keys(rows)) }

// mergeAttributes returns attributes with changes applied. An empty value deletes the key.
func mergeAttributes(attributes, changes map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, attributes)
	for key, value := range changes {
		all[key] = value
		if value == "" {
			delete(all, key)
		}
	}
	return all
}

// describe returns a result as text by which two results can be compared: nil and empty values are the same, and errors
// are described by kind and details, without their messages.
func describe(result any, err error) string {
	switch {
	case err == nil:
		return fmt.Sprintf("%+v", result)
	case result == nil || reflect.ValueOf(result).IsZero():
		return describeError(err)
	}
	return fmt.Sprintf("%+v, %s", result, describeError(err))
}
