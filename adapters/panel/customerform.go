package panel

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// contactInputs are the inputs of a contact, named as the paths of its faults, with what they stand for.
func contactInputs(c *accounts.Contact) map[string]*string {
	return map[string]*string{
		"contact.name": &c.Name, "contact.company": &c.Company, "contact.email": &c.Email, "contact.phone": &c.Phone,
		"contact.address": &c.Address, "contact.city": &c.City, "contact.state": &c.State,
		"contact.postalCode": &c.PostalCode, "contact.country": &c.Country,
	}
}

func (v *visit) contact() accounts.Contact {
	var c accounts.Contact
	for name, to := range contactInputs(&c) {
		*to = v.r.PostFormValue(name)
	}
	return c
}

var contactNames = []string{
	"contact.name", "contact.company", "contact.email", "contact.phone", "contact.address", "contact.city",
	"contact.state", "contact.postalCode", "contact.country",
}

// randomPassword answers a password to suggest: 24 characters in groups, of 120 random bits.
func randomPassword() string {
	text := strings.ToLower(rand.Text())[:24]
	var groups []string
	for i := 0; i < len(text); i += 6 {
		groups = append(groups, text[i:i+6])
	}
	return strings.Join(groups, "-")
}

// customerForm is the page on which a customer is added.
type customerForm struct {
	Form   form
	Random string
}

func (v *visit) customerNewPage() error {
	f := filled("with", "1")
	if len(v.opts.Plans) > 0 {
		f.Values.Set("subscription.plan", v.opts.Plans[0])
	}
	return v.showCustomerNew(http.StatusOK, f)
}

func (v *visit) showCustomerNew(status int, f form) error {
	return v.show(status, "customer-new", v.T("customer.new"), customerForm{f, randomPassword()})
}

func (v *visit) customerCreate() error {
	in := accounts.New{
		Login: v.r.PostFormValue("login"), Password: v.r.PostFormValue("password"), Contact: v.contact(),
		AdditionalInfo: v.r.PostFormValue("additionalInfo"), Description: v.r.PostFormValue("description"),
		ExternalID: v.r.PostFormValue("externalID"), Locale: v.r.PostFormValue("locale"),
	}
	if v.r.PostFormValue("with") != "" {
		in.Subscription = &subscriptions.New{Plan: v.r.PostFormValue("subscription.plan")}
		if domain := strings.TrimSpace(v.r.PostFormValue("subscription.domains[0]")); domain != "" {
			in.Subscription.Domains = []string{domain}
		}
	}
	created, err := v.clients.Create(v.ctx(), in)
	if err != nil {
		f := v.typed()
		inputs := append([]string{
			"login", "password", "additionalInfo", "description", "externalID", "locale", "subscription.plan", "subscription.domains[0]",
		}, contactNames...)
		if in.Subscription != nil && len(in.Subscription.Domains) == 0 { // its name, which nobody is asked for, would be the domain's
			f.at("subscription.domains[0]", v.T("fault.domain"))
		}
		if err := v.refused(&f, err, inputs, "passwordHash", "password", "subscription.name", "subscription.domains[0]"); err != nil {
			return err
		}
		return v.showCustomerNew(http.StatusUnprocessableEntity, f)
	}
	v.done("customer.created", nameOf(created))
	return v.redirect("/customers/", created.ID)
}

// customerEdit is the page on which a customer is changed.
type customerEdit struct {
	Form     form
	Customer accounts.Account // as it is now
	Changed  []difference     // somebody else was quicker: what differs between what is stored and what was typed
}

// difference is one field in two versions.
type difference struct{ Label, Stored, Typed string }

// editable are the fields of the form with their values in an account.
func editable(a accounts.Account) map[string]string {
	values := map[string]string{
		"login": a.Login, "additionalInfo": a.AdditionalInfo, "description": a.Description, "externalID": a.ExternalID,
		"locale": a.Locale,
	}
	for name, value := range contactInputs(&a.Contact) {
		values[name] = *value
	}
	return values
}

var editableNames = append([]string{"login", "externalID", "locale", "additionalInfo", "description"}, contactNames...)

func (v *visit) customerEditPage() error {
	id, err := v.accountID()
	if err != nil {
		return err
	}
	account, err := v.clients.Get(v.r.Context(), id)
	if err != nil {
		return err
	}
	f := filled("version", strconv.FormatInt(account.Version, 10))
	for name, value := range editable(account) {
		f.Values.Set(name, value)
	}
	return v.show(http.StatusOK, "customer-edit", v.T("customer.edit"), customerEdit{Form: f, Customer: account})
}

func (v *visit) customerUpdate() error {
	id, err := v.accountID()
	if err != nil {
		return err
	}
	f := v.typed()
	version, err := number[int64](f.Value("version"))
	if err != nil {
		return errBadForm{err}
	}
	contact, text := v.contact(), func(name string) *string { given := f.Value(name); return &given }
	_, err = v.clients.Update(v.ctx(), id, accounts.Changes{
		Version: version, Login: text("login"), Contact: &contact, AdditionalInfo: text("additionalInfo"),
		Description: text("description"), ExternalID: text("externalID"), Locale: text("locale"),
	})
	if err == nil {
		v.done("customer.updated")
		return v.redirect("/customers/", id)
	}
	now, gone := v.clients.Get(v.r.Context(), id)
	if gone != nil {
		return gone
	}
	edit := customerEdit{Form: f, Customer: now}
	if conflict := (*accounts.ConflictError)(nil); errors.As(err, &conflict) {
		edit.Changed = v.differences(editableNames, editable(now), f)
		edit.Form.Values.Set("version", strconv.FormatInt(now.Version, 10))
		return v.show(http.StatusConflict, "customer-edit", v.T("customer.edit"), edit)
	}
	if err := v.refused(&edit.Form, err, editableNames); err != nil {
		return err
	}
	return v.show(http.StatusUnprocessableEntity, "customer-edit", v.T("customer.edit"), edit)
}

// differences answers what was typed and what is stored, where they differ.
func (v *visit) differences(names []string, stored map[string]string, f form) []difference {
	var differ []difference
	for _, name := range names {
		typed := strings.ReplaceAll(f.Value(name), "\r\n", "\n")
		if typed != stored[name] {
			differ = append(differ, difference{v.T("field." + name), stored[name], typed})
		}
	}
	return differ
}

// names answers what customers are called, by id.
func (v *visit) names(ctx context.Context, ids []accounts.ID) (map[accounts.ID]accounts.Account, error) {
	named := map[accounts.ID]accounts.Account{}
	for len(ids) > 0 {
		some := ids[:min(len(ids), perLook)]
		ids = ids[len(some):]
		found, err := v.clients.List(ctx, accounts.Query{IDs: some, Limit: perLook})
		if err != nil {
			return nil, err
		}
		for _, a := range found.Items {
			named[a.ID] = a.Account
		}
	}
	return named, nil
}
