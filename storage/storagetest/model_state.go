package storagetest

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

// model is what a correct library on a correct store does, written to be obviously right and not to be fast: rows are
// values in maps, every command is a loop over them, and every question is answered by looking at everything. It knows
// nothing of stores, transactions and indexes. One history of commands is played on it and on the real managers, and
// every answer is compared.
type model struct {
	now   time.Time // as the fake clock says it, in UTC, cut to microseconds
	actor string    // who gives the next command

	accounts      map[accounts.ID]accounts.Account
	passwords     map[accounts.ID]string
	subscriptions map[subscriptions.ID]subscriptions.Record
	domains       map[subscriptions.DomainID]subscriptions.Domain
	events        []accounts.Event
	asked         []string // the names about which the last command must ask Options.AllowDomain
}

func newModel() *model {
	return &model{
		accounts:      map[accounts.ID]accounts.Account{},
		passwords:     map[accounts.ID]string{},
		subscriptions: map[subscriptions.ID]subscriptions.Record{},
		domains:       map[subscriptions.DomainID]subscriptions.Domain{},
	}
}

// made are the ids that the store gave to what a command created. The model takes them over, because a store may leave
// gaps between ids.
type made struct {
	account      accounts.ID
	subscription subscriptions.ID
	domains      []subscriptions.DomainID
}

// holdsOf answers the holds that lie on one thing itself.
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

// heldBy answers every hold that keeps a thing down, from the top down.
func (m *model) heldBy(l subscriptions.Level, id int64) []accounts.EffectiveHold {
	var held []accounts.EffectiveHold
	switch l {
	case subscriptions.LevelSubscription:
		if owner := m.subscriptions[subscriptions.ID(id)].AccountID; owner != subscriptions.Provider {
			held = m.heldBy(subscriptions.LevelAccount, int64(owner))
		}
	case subscriptions.LevelDomain:
		held = m.heldBy(subscriptions.LevelSubscription, int64(m.domains[subscriptions.DomainID(id)].SubscriptionID))
	}
	for _, h := range m.holdsOf(l, id) {
		held = append(held, accounts.EffectiveHold{Level: l, Hold: h})
	}
	return held
}

// inherited answers what keeps a thing down from above.
func (m *model) inherited(l subscriptions.Level, id int64) []accounts.EffectiveHold {
	var above []accounts.EffectiveHold
	for _, h := range m.heldBy(l, id) {
		if h.Level != l {
			above = append(above, h)
		}
	}
	return above
}

func (m *model) exists(l subscriptions.Level, id int64) bool {
	found := false
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

// account, subscription and domain answer a row as the managers do.
func (m *model) account(id accounts.ID) accounts.Account { return m.accounts[id] }

func (m *model) subscription(id subscriptions.ID) subscriptions.Subscription {
	s := m.subscriptions[id].Subscription
	s.Inherited = m.inherited(subscriptions.LevelSubscription, int64(id))
	return s
}

func (m *model) domain(id subscriptions.DomainID) subscriptions.Domain {
	d := m.domains[id]
	s := m.subscriptions[d.SubscriptionID]
	d.AccountID, d.Main = s.AccountID, s.Main == id
	d.Inherited = m.inherited(subscriptions.LevelDomain, int64(id))
	return d
}

func (m *model) named(name string) (subscriptions.DomainID, bool) {
	for id, d := range m.domains {
		if d.Name == name {
			return id, true
		}
	}
	return 0, false
}

// subscriptionsOf answers the ids of everything that belongs to an account, ascending.
func (m *model) subscriptionsOf(owner accounts.ID) []subscriptions.ID {
	var ids []subscriptions.ID
	for _, id := range sorted(m.subscriptions) {
		if m.subscriptions[id].AccountID == owner {
			ids = append(ids, id)
		}
	}
	return ids
}

func (m *model) domainsOf(s subscriptions.ID) []subscriptions.DomainID {
	var ids []subscriptions.DomainID
	for _, id := range sorted(m.domains) {
		if m.domains[id].SubscriptionID == s {
			ids = append(ids, id)
		}
	}
	return ids
}

// note appends an event about one thing. Details that are empty are left out.
func (m *model) note(l subscriptions.Level, id int64, what string, details map[string]string) {
	e := accounts.Event{At: m.now, Type: accounts.EventType(string(l) + "." + what), Actor: m.actor}
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
	m.noteAs(e, details)
}

func (m *model) noteAs(e accounts.Event, details map[string]string) {
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

// forget takes the texts of holds from every event about things that went.
func (m *model) forget(gone func(accounts.Event) bool) {
	for i, e := range m.events {
		if !gone(e) {
			continue
		}
		details := maps.Clone(e.Details)
		delete(details, "note")
		delete(details, "message")
		delete(details, "public")
		m.events[i].Details = details
	}
}

// faults gathers what is wrong with an input, as paths with the codes of rules.
type faults struct {
	fields []accounts.FieldError
}

func (f *faults) add(path, rule string) {
	f.fields = append(f.fields, accounts.FieldError{Path: path, Rule: rule})
}

func (f *faults) err() error {
	if len(f.fields) == 0 {
		return nil
	}
	return &accounts.InvalidError{Fields: f.fields}
}

// command begins the check of a command's input with its actor.
func (m *model) command() *faults {
	f := &faults{}
	m.asked = nil
	if strings.Contains(m.actor, "\n") {
		f.add("actor", "line")
	}
	return f
}

func (f *faults) ids(n int) {
	if n == 0 {
		f.add("ids", "required")
	}
}

// known answers the ids ascending and each once, or the error that names all that there are not.
func (m *model) known(l subscriptions.Level, ids []int64) ([]int64, error) {
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

// outcome is what a command on many answers, at whatever level.
type outcome struct {
	changed, unchanged, still []int64
}

func (o outcome) accounts() accounts.Outcome {
	return accounts.Outcome{Changed: typed[accounts.ID](o.changed), Unchanged: typed[accounts.ID](o.unchanged), StillSuspended: typed[accounts.ID](o.still)}
}

func (o outcome) subscriptions() subscriptions.Outcome[subscriptions.ID] {
	return subscriptions.Outcome[subscriptions.ID]{Changed: typed[subscriptions.ID](o.changed), Unchanged: typed[subscriptions.ID](o.unchanged), StillSuspended: typed[subscriptions.ID](o.still)}
}

func (o outcome) domains() subscriptions.Outcome[subscriptions.DomainID] {
	return subscriptions.Outcome[subscriptions.DomainID]{Changed: typed[subscriptions.DomainID](o.changed), Unchanged: typed[subscriptions.DomainID](o.unchanged), StillSuspended: typed[subscriptions.DomainID](o.still)}
}

// typed and plain change between the kinds of ids and plain numbers.
func typed[K ~int64](ids []int64) []K {
	var all []K
	for _, id := range ids {
		all = append(all, K(id))
	}
	return all
}

func plain[K ~int64](ids []K) []int64 {
	var all []int64
	for _, id := range ids {
		all = append(all, int64(id))
	}
	return all
}

// sorted answers the keys of a map, ascending.
func sorted[K cmp.Ordered, V any](rows map[K]V) []K { return slices.Sorted(maps.Keys(rows)) }

// merged answers attributes with changes: an empty value deletes.
func merged(attributes, changes map[string]string) map[string]string {
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

// told writes an answer so that two of them can be compared and read: nothing and none are the same, and errors are
// told by their kind and their particulars, without their messages.
func told(answer any, err error) string {
	switch {
	case err == nil:
		return fmt.Sprintf("%+v", answer)
	case answer == nil || reflect.ValueOf(answer).IsZero():
		return toldError(err)
	}
	return fmt.Sprintf("%+v, %s", answer, toldError(err))
}
