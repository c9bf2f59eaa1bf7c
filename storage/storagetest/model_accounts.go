package storagetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// create makes an account, with its first subscription if there is one. ids is asked only if nothing is in the way.
func (m *model) create(in accounts.New, ids func() made) (accounts.Account, error) {
	f := m.command()
	login := f.login("login", in.Login)
	f.reserved("login", login)
	if in.Password == "" {
		f.add("password", "required")
	} else {
		f.password(in.Password)
		f.notLogin(in.Password, login)
	}
	contact := f.contact("contact", in.Contact)
	externalID := f.line("externalID", in.ExternalID)
	var names []string
	if in.Subscription != nil {
		if in.Subscription.AccountID != 0 {
			f.add("subscription.accountID", "provider")
		}
		names = m.newSubscription(f, "subscription.", *in.Subscription, true)
	}
	if err := f.err(); err != nil {
		return accounts.Account{}, err
	}
	if err := m.ask(names); err != nil {
		return accounts.Account{}, err
	}
	var t taken
	t.add(m.loginTaken(login, 0), "login", in.Login)
	t.add(m.accountExternalIDTaken(externalID, 0), "externalID", in.ExternalID)
	const nobody = -1 // the account is not there yet, so everybody else is another
	if in.Subscription != nil {
		m.subscriptionTaken(&t, "subscription.", *in.Subscription, names, nobody)
	}
	if err := t.err(); err != nil {
		return accounts.Account{}, err
	}
	made := ids()
	m.accounts[made.account] = accounts.Account{
		ID: made.account, Login: login, Contact: contact,
		AdditionalInfo: strings.TrimSpace(in.AdditionalInfo), Description: strings.TrimSpace(in.Description),
		ExternalID: externalID, Locale: in.Locale, Attributes: merged(nil, in.Attributes),
		SessionEpoch: 1, Version: 1, CreatedAt: m.created(in.CreatedAt), UpdatedAt: m.now,
	}
	m.passwords[made.account] = in.Password
	m.note(subscriptions.LevelAccount, int64(made.account), "created", map[string]string{"externalID": externalID})
	if in.Subscription != nil {
		m.addSubscription(*in.Subscription, made, names)
	}
	return m.account(made.account), nil
}

// created answers when something was created: now, unless an import says when.
func (m *model) created(imported time.Time) time.Time {
	if imported.IsZero() {
		return m.now
	}
	return imported.UTC().Truncate(time.Microsecond)
}

func (f *faults) login(path, s string) string {
	login := strings.ToLower(strings.TrimSpace(s))
	switch {
	case login == "":
		f.add(path, "required")
	case login[0] == '-':
		f.add(path, "login")
	}
	return login
}

func (f *faults) reserved(path, login string) {
	if login == "root" || login == reservedLogin {
		f.add(path, "reserved")
	}
}

// commonPassword is a common password twice.
const commonPassword = "letmeinLETMEIN"

func (f *faults) password(password string) {
	switch {
	case len(password) < 8:
		f.add("password", "minLength")
	case password == commonPassword:
		f.add("password", "common")
	}
}

func (f *faults) notLogin(password, login string) {
	if password == login {
		f.add("password", "notLogin")
	}
}

func (f *faults) contact(path string, c accounts.Contact) accounts.Contact {
	c.Name = f.line(path+".name", c.Name)
	if c.Name == "" {
		f.add(path+".name", "required")
	}
	c.Company = f.line(path+".company", c.Company)
	c.City = f.line(path+".city", c.City)
	if c.Country == "XX" {
		f.add(path+".country", "country")
	}
	return c
}

// line checks and trims a text of one line.
func (f *faults) line(path, s string) string {
	s = strings.TrimSpace(s)
	if strings.Contains(s, "\n") {
		f.add(path, "line")
	}
	return s
}

func element(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// taken gathers what somebody else has.
type taken struct {
	all []accounts.Taken
}

func (t *taken) add(is bool, field, value string) {
	if is {
		t.all = append(t.all, accounts.Taken{Field: field, Value: value})
	}
}

func (t *taken) err() error {
	if len(t.all) == 0 {
		return nil
	}
	return &accounts.TakenError{Field: t.all[0].Field, Value: t.all[0].Value, Others: t.all[1:]}
}

func (m *model) loginTaken(login string, by accounts.ID) bool {
	for id, a := range m.accounts {
		if a.Login == login && id != by {
			return true
		}
	}
	return false
}

func (m *model) accountExternalIDTaken(externalID string, by accounts.ID) bool {
	for id, a := range m.accounts {
		if externalID != "" && a.ExternalID == externalID && id != by {
			return true
		}
	}
	return false
}

func noAccount(id accounts.ID) error {
	return &accounts.NotFoundError{Kind: "account", IDs: []int64{int64(id)}}
}

func (m *model) get(id accounts.ID) (accounts.Account, error) {
	if !m.exists(subscriptions.LevelAccount, int64(id)) {
		return accounts.Account{}, noAccount(id)
	}
	return m.account(id), nil
}

func (m *model) getByLogin(given string) (accounts.Account, error) {
	login := strings.ToLower(strings.TrimSpace(given))
	for id, a := range m.accounts {
		if a.Login == login {
			return m.account(id), nil
		}
	}
	return accounts.Account{}, &accounts.NotFoundError{Kind: "account", Name: login}
}

func (m *model) getByExternalID(given string) (accounts.Account, error) {
	externalID := strings.TrimSpace(given)
	for id, a := range m.accounts {
		if externalID != "" && a.ExternalID == externalID {
			return m.account(id), nil
		}
	}
	return accounts.Account{}, &accounts.NotFoundError{Kind: "account", Name: externalID}
}

// update changes fields of an account.
func (m *model) update(id accounts.ID, c accounts.Changes) (accounts.Account, error) {
	f := m.command()
	next := m.accounts[id]
	var fields []string
	changed := func(name, from, to string) {
		if from != to {
			fields = append(fields, name)
		}
	}
	if c.Login != nil {
		login := f.login("login", *c.Login)
		changed("login", next.Login, login)
		next.Login = login
	}
	if c.Contact != nil {
		contact := f.contact("contact", *c.Contact)
		changed("contact.name", next.Contact.Name, contact.Name)
		changed("contact.company", next.Contact.Company, contact.Company)
		changed("contact.email", next.Contact.Email, contact.Email)
		changed("contact.phone", next.Contact.Phone, contact.Phone)
		changed("contact.address", next.Contact.Address, contact.Address)
		changed("contact.city", next.Contact.City, contact.City)
		changed("contact.state", next.Contact.State, contact.State)
		changed("contact.postalCode", next.Contact.PostalCode, contact.PostalCode)
		changed("contact.country", next.Contact.Country, contact.Country)
		next.Contact = contact
	}
	if c.AdditionalInfo != nil {
		changed("additionalInfo", next.AdditionalInfo, *c.AdditionalInfo)
		next.AdditionalInfo = *c.AdditionalInfo
	}
	if c.Description != nil {
		changed("description", next.Description, *c.Description)
		next.Description = *c.Description
	}
	if c.ExternalID != nil {
		externalID := f.line("externalID", *c.ExternalID)
		changed("externalID", next.ExternalID, externalID)
		next.ExternalID = externalID
	}
	if c.Locale != nil {
		changed("locale", next.Locale, *c.Locale)
		next.Locale = *c.Locale
	}
	changed("attributes", fmt.Sprint(next.Attributes), fmt.Sprint(merged(next.Attributes, c.Attributes)))
	next.Attributes = merged(next.Attributes, c.Attributes)
	if c.Version < 0 {
		f.add("version", "min")
	}
	if err := f.err(); err != nil {
		return accounts.Account{}, err
	}
	if !m.exists(subscriptions.LevelAccount, int64(id)) {
		return accounts.Account{}, noAccount(id)
	}
	if c.Version != 0 && c.Version != next.Version {
		return accounts.Account{}, &accounts.ConflictError{Current: next.Version}
	}
	f.reserved("login", next.Login)
	if err := f.err(); err != nil {
		return accounts.Account{}, err
	}
	var t taken
	if c.Login != nil {
		t.add(m.loginTaken(next.Login, id), "login", *c.Login)
	}
	if c.ExternalID != nil {
		t.add(m.accountExternalIDTaken(next.ExternalID, id), "externalID", *c.ExternalID)
	}
	if err := t.err(); err != nil {
		return accounts.Account{}, err
	}
	next.Version++
	next.UpdatedAt = m.now
	m.accounts[id] = next
	m.note(subscriptions.LevelAccount, int64(id), "updated", map[string]string{"fields": strings.Join(fields, ",")})
	return m.account(id), nil
}

// setPassword changes a password, which ends all sessions.
func (m *model) setPassword(id accounts.ID, password string) error {
	f := m.command()
	f.password(password)
	if err := f.err(); err != nil {
		return err
	}
	a, err := m.get(id)
	if err != nil {
		return err
	}
	f.notLogin(password, a.Login)
	if err := f.err(); err != nil {
		return err
	}
	m.changePassword(id, password)
	return nil
}

func (m *model) changePassword(id accounts.ID, password string) {
	a := m.accounts[id]
	a.SessionEpoch++
	m.accounts[id] = a
	m.passwords[id] = password
	m.note(subscriptions.LevelAccount, int64(id), "password-changed", nil)
}

func (m *model) authenticate(login, password string) (accounts.Account, error) {
	a, err := m.getByLogin(login)
	if err != nil || m.passwords[a.ID] != password {
		return accounts.Account{}, accounts.ErrInvalidCredentials
	}
	if len(a.Holds) > 0 {
		return accounts.Account{}, suspendedBy(a)
	}
	return a, nil
}

// suspendedBy answers what the owner of an account is told of its holds; nil if there are none.
func suspendedBy(a accounts.Account) error {
	if len(a.Holds) == 0 {
		return nil
	}
	e := &accounts.SuspendedError{}
	for _, h := range a.Holds {
		e.Messages = append(e.Messages, accounts.Message{Cause: h.Cause, Text: h.Message, At: h.At})
	}
	return e
}

func (m *model) checkSession(id accounts.ID, signIn int64) (accounts.Account, error) {
	a, err := m.get(id)
	if err != nil {
		return a, err
	}
	if a.SessionEpoch != signIn {
		return accounts.Account{}, accounts.ErrSessionEnded
	}
	return a, suspendedBy(a)
}

func (m *model) signInAs(id accounts.ID) (accounts.Account, error) {
	if err := m.command().err(); err != nil {
		return accounts.Account{}, err
	}
	a, err := m.get(id)
	if err == nil {
		m.note(subscriptions.LevelAccount, int64(id), "signed-in-as", nil)
	}
	return a, err
}

// token is what a link to reset a password stands for.
type token struct {
	secret string
	id     accounts.ID
	signIn int64
	until  time.Time
}

func (m *model) resetPassword(t token, password string) (accounts.Account, error) {
	m.actor = either(m.actor, "owner")
	f := m.command()
	f.password(password)
	if err := f.err(); err != nil {
		return accounts.Account{}, err
	}
	a, found := m.accounts[t.id]
	if !found || a.SessionEpoch != t.signIn || !m.now.Before(t.until) {
		return accounts.Account{}, accounts.ErrInvalidCredentials
	}
	f.notLogin(password, a.Login)
	if err := f.err(); err != nil {
		return accounts.Account{}, err
	}
	m.changePassword(t.id, password)
	a = m.account(t.id)
	return a, suspendedBy(a)
}

// below answers what goes when accounts are removed.
func (m *model) below(ids []accounts.ID) accounts.Removal {
	r := accounts.Removal{Accounts: ids}
	for _, id := range sorted(m.subscriptions) {
		if slices.Contains(ids, m.subscriptions[id].AccountID) {
			r.Subscriptions = append(r.Subscriptions, id)
		}
	}
	for _, d := range m.domains {
		if slices.Contains(r.Subscriptions, d.SubscriptionID) {
			r.Domains = append(r.Domains, d.Name)
		}
	}
	slices.Sort(r.Domains)
	return r
}

func (m *model) previewRemoval(ids []accounts.ID) (accounts.Removal, error) {
	f := &faults{}
	f.ids(len(ids))
	if err := f.err(); err != nil {
		return accounts.Removal{}, err
	}
	all, err := m.known(subscriptions.LevelAccount, plain(ids))
	if err != nil {
		return accounts.Removal{}, err
	}
	return m.below(typed[accounts.ID](all)), nil
}

func (m *model) remove(ids []accounts.ID) (accounts.Removal, error) {
	return m.removeIf(ids, func(accounts.Removal) bool { return true })
}

func (m *model) removePreviewed(r accounts.Removal) (accounts.Removal, error) {
	return m.removeIf(r.Accounts, func(would accounts.Removal) bool {
		return sameSet(would.Subscriptions, r.Subscriptions) && sameSet(would.Domains, r.Domains)
	})
}

func sameSet[K comparable](a, b []K) bool { return containsAll(a, b) && containsAll(b, a) }

func (m *model) removeIf(ids []accounts.ID, agreed func(would accounts.Removal) bool) (accounts.Removal, error) {
	f := m.command()
	f.ids(len(ids))
	if err := f.err(); err != nil {
		return accounts.Removal{}, err
	}
	r, err := m.previewRemoval(ids)
	if err != nil {
		return accounts.Removal{}, err
	}
	if !agreed(r) {
		return accounts.Removal{}, &accounts.ConflictError{}
	}
	m.drop(r)
	return r, nil
}

// drop removes what r names: events first, from the bottom up, then the rows, then the texts of earlier events.
func (m *model) drop(r accounts.Removal) {
	for _, id := range sorted(m.domains) {
		if slices.Contains(r.Domains, m.domains[id].Name) {
			m.note(subscriptions.LevelDomain, int64(id), "removed", nil)
			defer delete(m.domains, id)
		}
	}
	for _, id := range r.Subscriptions {
		m.note(subscriptions.LevelSubscription, int64(id), "removed", map[string]string{"externalID": m.subscriptions[id].ExternalID})
		defer delete(m.subscriptions, id)
	}
	for _, id := range r.Accounts {
		m.note(subscriptions.LevelAccount, int64(id), "removed", map[string]string{"externalID": m.accounts[id].ExternalID})
		defer delete(m.accounts, id)
		defer delete(m.passwords, id)
	}
	m.forget(func(e accounts.Event) bool {
		switch {
		case e.DomainID != 0:
			return slices.Contains(r.Domains, m.domains[e.DomainID].Name)
		case e.SubscriptionID != 0:
			return slices.Contains(r.Subscriptions, e.SubscriptionID)
		default:
			return slices.Contains(r.Accounts, e.AccountID)
		}
	})
}
