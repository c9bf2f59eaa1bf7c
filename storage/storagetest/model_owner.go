package storagetest

import (
	"fmt"
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// ownerSteps are what the owner of an account does and sees.
func ownerSteps() []modelStep {
	return []modelStep{
		{2, "an owner looks at the account", (*history).profile},
		{2, "an owner changes the contact", (*history).setContact},
		{2, "an owner changes the password", (*history).changePassword},
		{3, "an owner lists subscriptions", (*history).ownSubscriptions},
		{2, "an owner lists domains", (*history).ownDomains},
		{3, "an owner switches domains off", (*history).switchOff},
		{3, "an owner switches domains on", (*history).switchOn},
	}
}

// ownerCommand makes the owner the actor of a command, unless somebody else is.
func (m *model) ownerCommand() *faults {
	m.actor = either(m.actor, "owner")
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

func (m *model) setContact(id accounts.ID, version int64, c accounts.Contact) (accounts.Profile, error) {
	m.ownerCommand()
	if _, err := m.update(id, accounts.Changes{Version: version, Contact: &c}); err != nil {
		return accounts.Profile{}, err
	}
	return m.profile(id)
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

// switchOwn checks that all domains are an owner's before the command may do anything.
func (m *model) switchOwn(owner accounts.ID, ids []subscriptions.DomainID, do func() (outcome, error)) (outcome, error) {
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

func (m *model) switchOff(owner accounts.ID, ids []subscriptions.DomainID) (outcome, error) {
	return m.switchOwn(owner, ids, func() (outcome, error) {
		return m.suspend(subscriptions.LevelDomain, plain(ids), accounts.Hold{Cause: accounts.CauseCustomer})
	})
}

func (m *model) switchOn(owner accounts.ID, ids []subscriptions.DomainID) (outcome, error) {
	return m.switchOwn(owner, ids, func() (outcome, error) {
		return m.lift(subscriptions.LevelDomain, plain(ids), []accounts.Cause{accounts.CauseCustomer})
	})
}

// ownSubscriptions answers what of the subscriptions an owner sees, and finds.
func (m *model) ownSubscriptions(owner accounts.ID, q subscriptions.Query) []subscriptions.Subscription {
	search := q.Search
	q.Search = ""
	var own []subscriptions.Subscription
	for _, s := range m.listSubscriptions(q) {
		texts := []string{s.Name}
		for _, id := range m.domainsOf(s.ID) {
			texts = append(texts, spellings(m.domains[id].Name)...)
		}
		if s.AccountID != owner || !finds(search, texts) {
			continue
		}
		s.Description, s.ExternalID, s.Attributes = "", "", nil
		s.Holds, s.Inherited = concealed(s.Holds), concealedAbove(s.Inherited)
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
		d.Holds, d.Inherited = concealed(d.Holds), concealedAbove(d.Inherited)
		own = append(own, d)
	}
	return own
}

// concealed answers holds without what only the provider sees.
func concealed(holds accounts.Holds) accounts.Holds {
	var all accounts.Holds
	for _, h := range holds {
		h.Note, h.By = "", ""
		all = append(all, h)
	}
	return all
}

func concealedAbove(held []accounts.EffectiveHold) []accounts.EffectiveHold {
	var all []accounts.EffectiveHold
	for _, h := range held {
		h.Note, h.By = "", ""
		all = append(all, h)
	}
	return all
}

func (h *history) profile() {
	id := h.accountID()
	got, err := h.clients.Owner(id).Profile(h.ctx)
	want, wantErr := h.model.profile(id)
	h.same(fmt.Sprintf("Owner(%d).Profile()", id), got, err, want, wantErr)
}

func (h *history) setContact() {
	ctx := h.command()
	id, c := h.accountID(), h.contact()
	version := h.version(h.model.accounts[id].Version)
	got, err := h.clients.Owner(id).SetContact(ctx, version, c)
	want, wantErr := h.model.setContact(id, version, c)
	h.same(fmt.Sprintf("Owner(%d).SetContact(%d, %+v)", id, version, c), got, err, want, wantErr)
}

func (h *history) changePassword() {
	ctx := h.command()
	id, from, to := h.accountID(), h.newPassword(), h.newPassword()
	got, err := h.clients.Owner(id).ChangePassword(ctx, from, to)
	want, wantErr := h.model.changeOwnPassword(id, from, to)
	h.same(fmt.Sprintf("Owner(%d).ChangePassword(%q, %q)", id, from, to), got, err, want, wantErr)
}

func (h *history) ownSubscriptions() {
	id, q, limit := h.accountID(), h.subscriptionQuery(), h.limit()
	if h.chance(3) { // external ids are the provider's own affair
		q = subscriptions.Query{Search: "x-"}
	}
	what := fmt.Sprintf("Owner(%d).Subscriptions(%s)", id, asked(q))
	paged(h, what, h.model.ownSubscriptions(id, q), limit,
		func(after accounts.Cursor) ([]subscriptions.Subscription, accounts.Cursor, error) {
			q.Limit, q.After = limit, after
			p, err := h.clients.Owner(id).Subscriptions(h.ctx, q)
			return p.Items, p.Next, err
		})
}

func (h *history) ownDomains() {
	id, q, limit := h.accountID(), h.domainQuery(), h.limit()
	what := fmt.Sprintf("Owner(%d).Domains(%s)", id, askedDomains(q))
	paged(h, what, h.model.ownDomains(id, q), limit,
		func(after accounts.Cursor) ([]subscriptions.Domain, accounts.Cursor, error) {
			q.Limit, q.After = limit, after
			p, err := h.clients.Owner(id).Domains(h.ctx, q)
			return p.Items, p.Next, err
		})
}

func (h *history) switchOff() {
	ctx := h.command()
	id, ids := h.accountID(), h.domainIDs()
	got, err := h.clients.Owner(id).DisableDomains(ctx, ids)
	want, wantErr := h.model.switchOff(id, ids)
	h.same(fmt.Sprintf("Owner(%d).DisableDomains(%v)", id, ids), got, err, want.domains(), wantErr)
}

func (h *history) switchOn() {
	ctx := h.command()
	id, ids := h.accountID(), h.domainIDs()
	got, err := h.clients.Owner(id).EnableDomains(ctx, ids)
	want, wantErr := h.model.switchOn(id, ids)
	h.same(fmt.Sprintf("Owner(%d).EnableDomains(%v)", id, ids), got, err, want.domains(), wantErr)
}
