package model

import (
	"fmt"
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// ownerSteps returns the steps of the owner of an account.
func ownerSteps() []modelStep {
	return []modelStep{
		{2, "read an owner's profile", (*history).profile},
		{2, "change an owner's contact", (*history).setContact},
		{2, "change an owner's password", (*history).changePassword},
		{3, "list an owner's subscriptions", (*history).ownSubscriptions},
		{2, "list an owner's domains", (*history).ownDomains},
		{3, "disable an owner's domains", (*history).disableDomains},
		{3, "enable an owner's domains", (*history).enableDomains},
	}
}

// ownerCommand begins a command whose actor is the owner unless there is another one.
func (m *model) ownerCommand() *fieldErrors {
	m.actor = firstNonEmpty(m.actor, "owner")
	return m.command()
}

func (m *model) profile(id accounts.ID) (accounts.Profile, error) {
	a, err := m.get(id)
	if err != nil {
		return accounts.Profile{}, err
	}
	p := accounts.Profile{
		ID: a.ID, Login: a.Login, Contact: a.Contact, AdditionalInfo: a.AdditionalInfo, Locale: a.Locale,
		Status: accounts.Active, Version: a.Version, CreatedAt: a.CreatedAt,
	}
	for _, h := range a.Holds {
		p.Status = accounts.Suspended
		p.Messages = append(p.Messages, accounts.Message{Cause: h.Cause, Text: h.Message, At: h.At})
	}
	return p, nil
}

// setContact asks for the password where the e-mail address changes, unless the owner is confirmed.
func (m *model) setContact(id accounts.ID, version int64, c accounts.Contact, password string, confirmed bool) (accounts.Profile, error) {
	m.ownerCommand()
	next, fields, err := m.prepareUpdate(id, accounts.Changes{Version: version, Contact: &c})
	if err != nil {
		return accounts.Profile{}, err
	}
	newEmail := slices.Contains(fields, "contact.email")
	if newEmail && !confirmed && m.passwords[id] != password {
		return accounts.Profile{}, accounts.ErrInvalidCredentials
	}
	a := m.applyUpdate(next, fields)
	p, err := m.profile(id)
	if newEmail {
		p.NewSessionEpoch = a.SessionEpoch
	}
	return p, err
}

func (m *model) changeOwnPassword(id accounts.ID, from, to string) (int64, error) {
	f := m.ownerCommand()
	f.password(to)
	if err := f.err(); err != nil {
		return 0, err
	}
	a, err := m.get(id)
	if err != nil {
		return 0, err
	}
	if m.passwords[id] != from {
		return 0, accounts.ErrInvalidCredentials
	}
	f.notLogin(to, a.Login)
	if err := f.err(); err != nil {
		return 0, err
	}
	m.changePassword(id, to)
	return a.SessionEpoch + 1, nil
}

// withOwnDomains calls do if all domains belong to an owner.
func (m *model) withOwnDomains(owner accounts.ID, ids []subscriptions.DomainID, do func() (outcome, error)) (outcome, error) {
	f := m.ownerCommand()
	f.ids(len(ids))
	if err := f.err(); err != nil {
		return outcome{}, err
	}
	var others []int64
	for _, id := range ids {
		if d, found := m.domains[id]; !found || m.subscriptions[d.SubscriptionID].AccountID != owner {
			others = append(others, int64(id))
		}
	}
	if others != nil {
		slices.Sort(others)
		return outcome{}, &accounts.NotFoundError{Kind: "domain", IDs: slices.Compact(others)}
	}
	return do()
}

func (m *model) disableDomains(owner accounts.ID, ids []subscriptions.DomainID) (outcome, error) {
	return m.withOwnDomains(owner, ids, func() (outcome, error) {
		return m.suspend(subscriptions.LevelDomain, suite.As[int64](ids), accounts.Hold{Cause: accounts.CauseCustomer})
	})
}

func (m *model) enableDomains(owner accounts.ID, ids []subscriptions.DomainID) (outcome, error) {
	return m.withOwnDomains(owner, ids, func() (outcome, error) {
		return m.lift(subscriptions.LevelDomain, suite.As[int64](ids), []accounts.Cause{accounts.CauseCustomer})
	})
}

// ownSubscriptions returns the subscriptions that an owner's query selects, as the owner sees them.
func (m *model) ownSubscriptions(owner accounts.ID, q subscriptions.Query) []subscriptions.Subscription {
	search := q.Search
	q.Search = ""
	var own []subscriptions.Subscription
	for _, s := range m.listSubscriptions(q) {
		texts := []string{s.Name}
		for _, id := range m.domainsOf(s.ID) {
			texts = append(texts, searchSpellings(m.domains[id].Name)...)
		}
		if s.AccountID != owner || !matchesSearch(search, int64(s.ID), texts) {
			continue
		}
		s.Description, s.ExternalID, s.Attributes = "", "", nil
		s.Holds, s.Inherited = redactHolds(s.Holds), redactInherited(s.Inherited)
		own = append(own, s)
	}
	return own
}

func (m *model) ownDomains(owner accounts.ID, q subscriptions.DomainQuery) []subscriptions.Domain {
	var own []subscriptions.Domain
	for _, d := range m.listDomains(q) {
		if d.AccountID != owner {
			continue
		}
		d.Attributes = nil
		d.Holds, d.Inherited = redactHolds(d.Holds), redactInherited(d.Inherited)
		own = append(own, d)
	}
	return own
}

// redactHolds returns holds without the fields that only the provider sees.
func redactHolds(holds accounts.Holds) accounts.Holds {
	var all accounts.Holds
	for _, h := range holds {
		h.Note, h.By = "", ""
		all = append(all, h)
	}
	return all
}

func redactInherited(inherited []accounts.EffectiveHold) []accounts.EffectiveHold {
	var all []accounts.EffectiveHold
	for _, h := range inherited {
		h.Note, h.By = "", ""
		all = append(all, h)
	}
	return all
}

func (h *history) profile() {
	id := h.accountID()
	got, err := h.clients.Owner(id).Profile(h.ctx)
	want, wantErr := h.model.profile(id)
	h.compare(fmt.Sprintf("Owner(%d).Profile()", id), got, err, want, wantErr)
}

func (h *history) setContact() {
	ctx := h.beginCommand()
	id, c := h.accountID(), h.contact()
	version := h.version(h.model.accounts[id].Version)
	password, confirmed := h.model.passwords[id], h.oneIn(4)
	if h.oneIn(3) {
		password = h.newPassword()
	}
	owner := h.clients.Owner(id)
	if confirmed {
		owner = owner.Confirmed()
	}
	got, err := owner.SetContact(ctx, version, c, password)
	want, wantErr := h.model.setContact(id, version, c, password, confirmed)
	h.compare(fmt.Sprintf("Owner(%d).SetContact(%d, %+v, %q), confirmed: %t", id, version, c, password, confirmed), got, err, want, wantErr)
}

func (h *history) changePassword() {
	ctx := h.beginCommand()
	id, from, to := h.accountID(), h.newPassword(), h.newPassword()
	got, err := h.clients.Owner(id).ChangePassword(ctx, from, to)
	want, wantErr := h.model.changeOwnPassword(id, from, to)
	h.compare(fmt.Sprintf("Owner(%d).ChangePassword(%q, %q)", id, from, to), got, err, want, wantErr)
}

func (h *history) ownSubscriptions() {
	id, q, limit := h.accountID(), h.subscriptionQuery(), h.limit()
	if h.oneIn(3) { // an owner's search does not find external ids
		q = subscriptions.Query{Search: "x-"}
	}
	call := fmt.Sprintf("Owner(%d).Subscriptions(%s)", id, describeQuery(q))
	comparePages(h, call, h.model.ownSubscriptions(id, q), limit,
		func(after accounts.Cursor) ([]subscriptions.Subscription, accounts.Cursor, error) {
			q.Limit, q.After = limit, after
			p, err := h.clients.Owner(id).Subscriptions(h.ctx, q)
			return p.Items, p.Next, err
		})
}

func (h *history) ownDomains() {
	id, q, limit := h.accountID(), h.domainQuery(), h.limit()
	call := fmt.Sprintf("Owner(%d).Domains(%s)", id, describeDomainQuery(q))
	comparePages(h, call, h.model.ownDomains(id, q), limit,
		func(after accounts.Cursor) ([]subscriptions.Domain, accounts.Cursor, error) {
			q.Limit, q.After = limit, after
			p, err := h.clients.Owner(id).Domains(h.ctx, q)
			return p.Items, p.Next, err
		})
}

func (h *history) disableDomains() {
	ctx := h.beginCommand()
	id, ids := h.accountID(), h.domainIDs()
	got, err := h.clients.Owner(id).DisableDomains(ctx, ids)
	want, wantErr := h.model.disableDomains(id, ids)
	h.compare(fmt.Sprintf("Owner(%d).DisableDomains(%v)", id, ids), got, err, want, wantErr)
}

func (h *history) enableDomains() {
	ctx := h.beginCommand()
	id, ids := h.accountID(), h.domainIDs()
	got, err := h.clients.Owner(id).EnableDomains(ctx, ids)
	want, wantErr := h.model.enableDomains(id, ids)
	h.compare(fmt.Sprintf("Owner(%d).EnableDomains(%v)", id, ids), got, err, want, wantErr)
}
