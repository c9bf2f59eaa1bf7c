package model

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// newSubscription checks the input for a new subscription and returns the names of its domains as they are stored.
func (m *model) newSubscription(f *fieldErrors, path string, in subscriptions.New, owned bool) []string {
	f.line(path+"externalID", in.ExternalID)
	if f.line(path+"name", in.Name) == "" && len(in.Domains) == 0 {
		f.add(path+"name", "required")
	}
	var names []string
	for i, given := range in.Domains {
		name := f.domain(element(path+"domains", i), given, owned)
		if name != "" && slices.Contains(names, name) {
			f.add(element(path+"domains", i), "duplicate")
		}
		names = append(names, name)
	}
	return names
}

// subscriptionTaken adds the fields of a new subscription whose values are taken.
func (m *model) subscriptionTaken(t *takenFields, path string, in subscriptions.New, names []string, owner accounts.ID) {
	t.add(m.externalIDTaken(strings.TrimSpace(in.ExternalID), 0), path+"externalID", in.ExternalID)
	for i, name := range names {
		_, found := m.domainNamed(name)
		t.add(found || m.conflicts(name, owner, nil), element(path+"domains", i), in.Domains[i])
	}
}

func (m *model) externalIDTaken(externalID string, by subscriptions.ID) bool {
	for id, s := range m.subscriptions {
		if externalID != "" && s.ExternalID == externalID && id != by {
			return true
		}
	}
	return false
}

// addSubscription adds a subscription with its domains.
func (m *model) addSubscription(in subscriptions.New, created newIDs, names []string) {
	s := subscriptions.Record{Subscription: subscriptions.Subscription{
		ID: created.subscription, AccountID: created.account, Name: strings.TrimSpace(in.Name), Plan: strings.TrimSpace(in.Plan),
		Description: strings.TrimSpace(in.Description), ExternalID: strings.TrimSpace(in.ExternalID),
		Attributes: mergeAttributes(nil, in.Attributes), ExpiresAt: normalizeTime(in.ExpiresAt), Version: 1,
		CreatedAt: m.creationTime(in.CreatedAt), UpdatedAt: m.now,
	}}
	if s.Name == "" {
		s.Name = names[0]
	}
	m.subscriptions[s.ID] = s
	m.addEvent(subscriptions.LevelSubscription, int64(s.ID), "created", map[string]string{"externalID": s.ExternalID})
	for i, name := range names {
		m.addRow(created.domains[i], s.ID, name)
	}
	m.updateExpiredHold(s.ID)
}

// addRow adds a domain. The first domain of a subscription becomes its main domain.
func (m *model) addRow(id subscriptions.DomainID, to subscriptions.ID, name string) {
	m.domains[id] = subscriptions.Domain{ID: id, SubscriptionID: to, Name: name, CreatedAt: m.now}
	m.ensureMainDomain(to)
	m.addEvent(subscriptions.LevelDomain, int64(id), "added", nil)
}

// ensureMainDomain makes the domain with the lowest id the main one if the subscription has lost its main domain.
func (m *model) ensureMainDomain(id subscriptions.ID) {
	s, all := m.subscriptions[id], m.domainsOf(id)
	if slices.Contains(all, s.Main) {
		return
	}
	s.Main = 0
	if len(all) > 0 {
		s.Main = all[0]
	}
	m.subscriptions[id] = s
}

func normalizeTime(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Microsecond)
}

func (m *model) createSubscription(in subscriptions.New, ids func() newIDs) (subscriptions.Subscription, error) {
	f := m.command()
	names := m.newSubscription(f, "", in, in.AccountID != subscriptions.Provider)
	if err := f.err(); err != nil {
		return subscriptions.Subscription{}, err
	}
	if err := m.requireFor(in.AccountID, names); err != nil {
		return subscriptions.Subscription{}, err
	}
	if in.AccountID != subscriptions.Provider && !m.exists(subscriptions.LevelAccount, int64(in.AccountID)) {
		return subscriptions.Subscription{}, noAccount(in.AccountID)
	}
	var t takenFields
	m.subscriptionTaken(&t, "", in, names, in.AccountID)
	if err := t.err(); err != nil {
		return subscriptions.Subscription{}, err
	}
	created := ids()
	created.account = in.AccountID
	m.addSubscription(in, created, names)
	return m.subscription(created.subscription), nil
}

func noSubscription(id subscriptions.ID) error {
	return &accounts.NotFoundError{Kind: "subscription", IDs: []int64{int64(id)}}
}

func (m *model) getSubscription(id subscriptions.ID) (subscriptions.Subscription, error) {
	if !m.exists(subscriptions.LevelSubscription, int64(id)) {
		return subscriptions.Subscription{}, noSubscription(id)
	}
	return m.subscription(id), nil
}

func (m *model) getSubscriptionByExternalID(given string) (subscriptions.Subscription, error) {
	externalID := strings.TrimSpace(given)
	for id, s := range m.subscriptions {
		if externalID != "" && s.ExternalID == externalID {
			return m.subscription(id), nil
		}
	}
	return subscriptions.Subscription{}, &accounts.NotFoundError{Kind: "subscription", Name: externalID}
}

// updateSubscription changes fields of a subscription.
func (m *model) updateSubscription(id subscriptions.ID, c subscriptions.Changes) (subscriptions.Subscription, error) {
	f := m.command()
	if c.ExternalID != nil {
		f.line("externalID", *c.ExternalID)
	}
	if c.Version < 0 {
		f.add("version", "min")
	}
	if err := f.err(); err != nil {
		return subscriptions.Subscription{}, err
	}
	if !m.exists(subscriptions.LevelSubscription, int64(id)) {
		return subscriptions.Subscription{}, noSubscription(id)
	}
	next := m.subscriptions[id]
	if c.Version != 0 && c.Version != next.Version {
		return subscriptions.Subscription{}, &accounts.ConflictError{Current: next.Version}
	}
	fields, err := m.applyChanges(&next, c)
	if err != nil {
		return subscriptions.Subscription{}, err
	}
	next.Version++
	next.UpdatedAt = m.now
	m.subscriptions[id] = next
	m.addEvent(subscriptions.LevelSubscription, int64(id), "updated", map[string]string{"fields": strings.Join(fields, ",")})
	if c.ExpiresAt != nil {
		m.updateExpiredHold(id)
	}
	return m.subscription(id), nil
}

// applyChanges applies changes to a subscription and returns the names of the fields that differ.
func (m *model) applyChanges(s *subscriptions.Record, c subscriptions.Changes) (fields []string, err error) {
	set := func(name string, field *string, to *string) {
		if to != nil && *field != strings.TrimSpace(*to) {
			*field = strings.TrimSpace(*to)
			fields = append(fields, name)
		}
	}
	if c.Name != nil && strings.TrimSpace(*c.Name) == "" { // an empty name stands for that of the main domain
		if s.Main == 0 {
			f := &fieldErrors{}
			f.add("name", "required")
			return nil, f.err()
		}
		name := m.domains[s.Main].Name
		c.Name = &name
	}
	set("name", &s.Name, c.Name)
	set("plan", &s.Plan, c.Plan)
	set("description", &s.Description, c.Description)
	set("externalID", &s.ExternalID, c.ExternalID)
	if attributes := mergeAttributes(s.Attributes, c.Attributes); fmt.Sprint(attributes) != fmt.Sprint(s.Attributes) {
		s.Attributes = attributes
		fields = append(fields, "attributes")
	}
	if c.ExpiresAt != nil && !normalizeTime(*c.ExpiresAt).Equal(s.ExpiresAt) {
		s.ExpiresAt = normalizeTime(*c.ExpiresAt)
		fields = append(fields, "expiresAt")
	}
	var t takenFields
	if c.ExternalID != nil {
		t.add(m.externalIDTaken(s.ExternalID, s.ID), "externalID", *c.ExternalID)
	}
	return fields, t.err()
}

// overdue reports whether a subscription has expired.
func (m *model) overdue(s subscriptions.Record) bool {
	return !s.ExpiresAt.IsZero() && !s.ExpiresAt.After(m.now)
}

// updateExpiredHold places the expired hold on a subscription that has expired and lifts it from one that has not. It
// reports whether that changed anything.
func (m *model) updateExpiredHold(id subscriptions.ID) bool {
	if m.overdue(m.subscriptions[id]) {
		if _, held := m.subscriptions[id].Holds.Get(accounts.CauseExpired); held {
			return false
		}
		m.addHold(subscriptions.LevelSubscription, int64(id), accounts.Hold{Cause: accounts.CauseExpired})
		return true
	}
	return m.liftHolds(subscriptions.LevelSubscription, int64(id), func(c accounts.Cause) bool { return c == accounts.CauseExpired })
}

// expire places the expired hold on all subscriptions that have expired.
func (m *model) expire(owner *accounts.ID) (outcome, error) {
	var o outcome
	if err := m.command().err(); err != nil {
		return o, err
	}
	for _, id := range sortedKeys(m.subscriptions) {
		if owner != nil && m.subscriptions[id].AccountID != *owner {
			continue
		}
		if m.overdue(m.subscriptions[id]) && m.updateExpiredHold(id) {
			o.Changed = append(o.Changed, int64(id))
		}
	}
	return o, nil
}

// assign assigns subscriptions to an owner.
func (m *model) assign(ids []subscriptions.ID, to accounts.ID) (outcome, error) {
	f := m.command()
	f.ids(len(ids))
	if to < 0 {
		f.add("to", "min")
	}
	if err := f.err(); err != nil {
		return outcome{}, err
	}
	all, err := m.checkIDs(subscriptions.LevelSubscription, suite.As[int64](ids))
	if err != nil {
		return outcome{}, err
	}
	if to != subscriptions.Provider && !m.exists(subscriptions.LevelAccount, int64(to)) {
		return outcome{}, noAccount(to)
	}
	var o outcome
	var moving []subscriptions.DomainID
	for _, id := range all {
		if m.subscriptions[subscriptions.ID(id)].AccountID == to {
			o.Unchanged = append(o.Unchanged, id)
			continue
		}
		o.Changed = append(o.Changed, id)
		moving = append(moving, m.domainsOf(subscriptions.ID(id))...)
	}
	if err := m.checkTransfer(f, moving, to); err != nil {
		return outcome{}, err
	}
	for _, id := range o.Changed {
		m.reassign(subscriptions.ID(id), to)
	}
	return o, nil
}

func (m *model) reassign(id subscriptions.ID, to accounts.ID) {
	s := m.subscriptions[id]
	fromTo := map[string]string{"from": fmt.Sprint(int64(s.AccountID)), "to": fmt.Sprint(int64(to))}
	if s.AccountID != subscriptions.Provider {
		m.addEvent(subscriptions.LevelSubscription, int64(id), "unassigned", fromTo)
	}
	s.AccountID = to
	s.Version++
	s.UpdatedAt = m.now
	m.subscriptions[id] = s
	if to != subscriptions.Provider {
		m.addEvent(subscriptions.LevelSubscription, int64(id), "assigned", fromTo)
	}
}

// removeSubscriptions removes subscriptions with their domains.
func (m *model) removeSubscriptions(ids []subscriptions.ID) (accounts.Removal, error) {
	f := m.command()
	f.ids(len(ids))
	if err := f.err(); err != nil {
		return accounts.Removal{}, err
	}
	all, err := m.checkIDs(subscriptions.LevelSubscription, suite.As[int64](ids))
	if err != nil {
		return accounts.Removal{}, err
	}
	r := accounts.Removal{Subscriptions: suite.As[subscriptions.ID](all)}
	for _, d := range m.domains {
		if slices.Contains(r.Subscriptions, d.SubscriptionID) {
			r.Domains = append(r.Domains, d.Name)
		}
	}
	slices.Sort(r.Domains)
	m.removeAll(r)
	return r, nil
}
