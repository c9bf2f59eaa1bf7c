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

// create creates an account, with its first subscription if there is one. It calls ids only if it succeeds.
func (m *model) create(in accounts.New, ids func() newIDs) (accounts.Account, error) {
	f := m.command()
	d := m.draft(f, "", in)
	if err := f.err(); err != nil {
		return accounts.Account{}, err
	}
	if err := m.require(d.names); err != nil {
		return accounts.Account{}, err
	}
	var t takenFields
	m.accountTaken(&t, d)
	if err := t.err(); err != nil {
		return accounts.Account{}, err
	}
	return m.addAccount(d, ids()), nil
}

// draft checks the input for an account. The paths of the field errors begin with path.
func (m *model) draft(f *fieldErrors, path string, in accounts.New) modelDraft {
	d := modelDraft{path: path, in: in}
	var own fieldErrors
	d.login = own.login("login", in.Login)
	own.reserved("login", d.login)
	switch {
	case in.PasswordHash != "":
	case in.Password == "":
		own.add("password", "required")
	default:
		own.password(in.Password)
		own.notLogin(in.Password, d.login)
	}
	d.contact = own.contact("contact", in.Contact)
	d.externalID = own.line("externalID", in.ExternalID)
	if in.Subscription != nil {
		if in.Subscription.AccountID != 0 {
			own.add("subscription.accountID", "provider")
		}
		d.names = m.newSubscription(&own, "subscription.", *in.Subscription, true)
	}
	for _, e := range own.fields {
		f.add(path+e.Path, e.Rule)
	}
	return d
}

// accountTaken adds the fields of a new account whose values are taken.
func (m *model) accountTaken(t *takenFields, d modelDraft) {
	t.add(m.loginTaken(d.login, 0), d.path+"login", d.in.Login)
	t.add(m.accountExternalIDTaken(d.externalID, 0), d.path+"externalID", d.in.ExternalID)
	const newOwner = -1 // the account does not exist yet, so all domains are those of others
	if d.in.Subscription != nil {
		m.subscriptionTaken(t, d.path+"subscription.", *d.in.Subscription, d.names, newOwner)
	}
}

// addAccount adds an account with its first subscription.
func (m *model) addAccount(d modelDraft, created newIDs) accounts.Account {
	in := d.in
	m.accounts[created.account] = accounts.Account{
		ID: created.account, Login: d.login, Contact: d.contact,
		AdditionalInfo: strings.TrimSpace(in.AdditionalInfo), Description: strings.TrimSpace(in.Description),
		ExternalID: d.externalID, Locale: in.Locale, Attributes: mergeAttributes(nil, in.Attributes),
		SessionEpoch: 1, Version: 1, CreatedAt: m.creationTime(in.CreatedAt), UpdatedAt: m.now,
	}
	m.passwords[created.account] = in.Password + strings.TrimPrefix(in.PasswordHash, "$plain$")
	m.addEvent(subscriptions.LevelAccount, int64(created.account), "created", map[string]string{"login": d.login, "externalID": d.externalID})
	if in.Subscription != nil {
		m.addSubscription(*in.Subscription, created, d.names)
	}
	return m.account(created.account)
}

// creationTime returns imported, or the current time if imported is zero.
func (m *model) creationTime(imported time.Time) time.Time {
	if imported.IsZero() {
		return m.now
	}
	return imported.UTC().Truncate(time.Microsecond)
}

func (f *fieldErrors) login(path, s string) string {
	login := strings.ToLower(strings.TrimSpace(s))
	switch {
	case login == "":
		f.add(path, "required")
	case login[0] == '-':
		f.add(path, "login")
	}
	return login
}

func (f *fieldErrors) reserved(path, login string) {
	if login == "root" || login == reservedLogin {
		f.add(path, "reserved")
	}
}

// commonPassword is a common password twice.
const commonPassword = "letmeinLETMEIN"

func (f *fieldErrors) password(password string) {
	switch {
	case len(password) < 8:
		f.add("password", "minLength")
	case password == commonPassword:
		f.add("password", "common")
	}
}

func (f *fieldErrors) notLogin(password, login string) {
	if password == login {
		f.add("password", "notLogin")
	}
}

func (f *fieldErrors) contact(path string, c accounts.Contact) accounts.Contact {
	c.Name = f.line(path+".name", c.Name)
	if c.Name == "" {
		f.add(path+".name", "required")
	}
	c.Company = f.line(path+".company", c.Company)
	c.Email = f.line(path+".email", c.Email)
	if c.Email != "" && !strings.Contains(c.Email, "@") {
		f.add(path+".email", "email")
	}
	c.City = f.line(path+".city", c.City)
	if c.Country == "XX" {
		f.add(path+".country", "country")
	}
	return c
}

// line trims and checks a text of one line, and returns it.
func (f *fieldErrors) line(path, s string) string {
	s = strings.TrimSpace(s)
	if strings.Contains(s, "\n") {
		f.add(path, "line")
	}
	return s
}

func element(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// takenFields collects the fields of a command whose values are taken.
type takenFields struct {
	all []accounts.Taken
}

func (t *takenFields) add(is bool, field, value string) {
	if is {
		t.all = append(t.all, accounts.Taken{Field: field, Value: value})
	}
}

func (t *takenFields) err() error {
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
	next, fields, err := m.prepareUpdate(id, c)
	if err != nil {
		return accounts.Account{}, err
	}
	return m.applyUpdate(next, fields), nil
}

// prepareUpdate returns the account as an update changes it, and the names of the changed fields.
func (m *model) prepareUpdate(id accounts.ID, c accounts.Changes) (accounts.Account, []string, error) {
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
	changed("attributes", fmt.Sprint(next.Attributes), fmt.Sprint(mergeAttributes(next.Attributes, c.Attributes)))
	next.Attributes = mergeAttributes(next.Attributes, c.Attributes)
	if c.Version < 0 {
		f.add("version", "min")
	}
	if f.err() != nil && m.exists(subscriptions.LevelAccount, int64(id)) && next.Login != m.accounts[id].Login {
		f.reserved("login", next.Login) // all violations are returned together
	}
	if err := f.err(); err != nil {
		return accounts.Account{}, nil, err
	}
	if !m.exists(subscriptions.LevelAccount, int64(id)) {
		return accounts.Account{}, nil, noAccount(id)
	}
	if c.Version != 0 && c.Version != next.Version {
		return accounts.Account{}, nil, &accounts.ConflictError{Current: next.Version}
	}
	f.reserved("login", next.Login)
	if err := f.err(); err != nil {
		return accounts.Account{}, nil, err
	}
	var t takenFields
	if c.Login != nil {
		t.add(m.loginTaken(next.Login, id), "login", *c.Login)
	}
	if c.ExternalID != nil {
		t.add(m.accountExternalIDTaken(next.ExternalID, id), "externalID", *c.ExternalID)
	}
	if err := t.err(); err != nil {
		return accounts.Account{}, nil, err
	}
	return next, fields, nil
}

// applyUpdate stores a prepared update. A new e-mail address ends all sessions.
func (m *model) applyUpdate(next accounts.Account, fields []string) accounts.Account {
	next.Version++
	next.UpdatedAt = m.now
	if slices.Contains(fields, "contact.email") {
		next.SessionEpoch++
	}
	details := map[string]string{"fields": strings.Join(fields, ",")}
	if old := m.accounts[next.ID].Login; old != next.Login {
		details["from"], details["to"] = old, next.Login
	}
	m.accounts[next.ID] = next
	m.addEvent(subscriptions.LevelAccount, int64(next.ID), "updated", details)
	return m.account(next.ID)
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
	m.addEvent(subscriptions.LevelAccount, int64(id), "password-changed", nil)
}

func (m *model) authenticate(login, password string) (accounts.Account, error) {
	a, err := m.getByLogin(login)
	if err != nil || m.passwords[a.ID] != password {
		return accounts.Account{}, accounts.ErrInvalidCredentials
	}
	if len(a.Holds) > 0 {
		return accounts.Account{}, suspendedError(a)
	}
	return a, nil
}

// suspendedError returns the error that an account's owner gets because of its holds, or nil if there are none.
func suspendedError(a accounts.Account) error {
	if len(a.Holds) == 0 {
		return nil
	}
	e := &accounts.SuspendedError{}
	for _, h := range a.Holds {
		e.Messages = append(e.Messages, accounts.Message{Cause: h.Cause, Text: h.Message, At: h.At})
	}
	return e
}

func (m *model) checkSession(id accounts.ID, epoch int64) (accounts.Account, error) {
	a, err := m.get(id)
	if err != nil {
		return a, err
	}
	if a.SessionEpoch != epoch {
		return accounts.Account{}, accounts.ErrSessionEnded
	}
	return a, suspendedError(a)
}

func (m *model) signInAs(id accounts.ID) (accounts.Account, error) {
	if err := m.command().err(); err != nil {
		return accounts.Account{}, err
	}
	a, err := m.get(id)
	if err == nil {
		m.addEvent(subscriptions.LevelAccount, int64(id), "signed-in-as", nil)
	}
	return a, err
}

// token is a token for resetting a password.
type token struct {
	secret       string
	id           accounts.ID
	sessionEpoch int64
	until        time.Time
}

func (m *model) checkResetToken(t token) (accounts.Account, error) {
	a, err := m.get(t.id)
	if err != nil || a.SessionEpoch != t.sessionEpoch || !m.now.Before(t.until) {
		return accounts.Account{}, accounts.ErrInvalidCredentials
	}
	return a, nil
}

func (m *model) resetPassword(t token, password string) (accounts.Account, error) {
	m.actor = firstNonEmpty(m.actor, "owner")
	f := m.command()
	f.password(password)
	if err := f.err(); err != nil {
		return accounts.Account{}, err
	}
	a, err := m.checkResetToken(t)
	if err != nil {
		return accounts.Account{}, err
	}
	f.notLogin(password, a.Login)
	if err := f.err(); err != nil {
		return accounts.Account{}, err
	}
	m.changePassword(t.id, password)
	a = m.account(t.id)
	return a, suspendedError(a)
}

// resetToken returns the SessionEpoch that a reset token contains, and records that it was made.
func (m *model) resetToken(id accounts.ID) (int64, error) {
	if err := m.command().err(); err != nil {
		return 0, err
	}
	a, err := m.get(id)
	if err != nil {
		return 0, err
	}
	m.addEvent(subscriptions.LevelAccount, int64(id), "reset-link-made", nil)
	return a.SessionEpoch, nil
}

// descendants returns what a removal of accounts removes.
func (m *model) descendants(ids []accounts.ID) accounts.Removal {
	r := accounts.Removal{Accounts: ids}
	for _, id := range ids {
		if a, found := m.accounts[id]; found {
			r.Logins = append(r.Logins, a.Login)
		}
	}
	slices.Sort(r.Logins)
	for _, id := range sortedKeys(m.subscriptions) {
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
	f := &fieldErrors{}
	f.ids(len(ids))
	if err := f.err(); err != nil {
		return accounts.Removal{}, err
	}
	all, err := m.checkIDs(subscriptions.LevelAccount, suite.As[int64](ids))
	if err != nil {
		return accounts.Removal{}, err
	}
	return m.descendants(suite.As[accounts.ID](all)), nil
}

func (m *model) remove(ids []accounts.ID) (accounts.Removal, error) {
	return m.removeIf(ids, func(accounts.Removal) bool { return true })
}

func (m *model) removeExactly(r accounts.Removal) (accounts.Removal, error) {
	return m.removeIf(r.Accounts, func(would accounts.Removal) bool {
		return sameSet(would.Subscriptions, r.Subscriptions) && sameSet(would.Domains, r.Domains)
	})
}

func sameSet[K comparable](a, b []K) bool { return containsAll(a, b) && containsAll(b, a) }

func (m *model) removeIf(ids []accounts.ID, precondition func(would accounts.Removal) bool) (accounts.Removal, error) {
	f := m.command()
	f.ids(len(ids))
	if err := f.err(); err != nil {
		return accounts.Removal{}, err
	}
	r, err := m.previewRemoval(ids)
	if err != nil {
		return accounts.Removal{}, err
	}
	if !precondition(r) {
		return accounts.Removal{}, &accounts.ConflictError{}
	}
	m.removeAll(r)
	return r, nil
}

// removeAll removes the rows of r. It records their events, from the domains up, and redacts earlier ones.
func (m *model) removeAll(r accounts.Removal) {
	for _, id := range sortedKeys(m.domains) {
		if slices.Contains(r.Domains, m.domains[id].Name) {
			m.addEvent(subscriptions.LevelDomain, int64(id), "removed", nil)
			defer delete(m.domains, id)
		}
	}
	for _, id := range r.Subscriptions {
		m.addEvent(subscriptions.LevelSubscription, int64(id), "removed", map[string]string{"externalID": m.subscriptions[id].ExternalID})
		defer delete(m.subscriptions, id)
	}
	for _, id := range r.Accounts {
		m.addEvent(subscriptions.LevelAccount, int64(id), "removed", map[string]string{"login": m.accounts[id].Login, "externalID": m.accounts[id].ExternalID})
		defer delete(m.accounts, id)
		defer delete(m.passwords, id)
		for key, e := range m.entries {
			if (accounts.EntryKey{Key: key}).Owner() == id && !e.gone {
				m.deleteEntry(key)
			}
		}
	}
	m.redact(func(e accounts.Event) bool {
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
