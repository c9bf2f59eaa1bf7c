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

// contactInputs returns pointers to the fields of c by the names of their inputs, which are also the paths of field errors.
func contactInputs(c *accounts.Contact) map[string]*string {
	return map[string]*string{
		"contact.name": &c.Name, "contact.company": &c.Company, "contact.email": &c.Email, "contact.phone": &c.Phone,
		"contact.address": &c.Address, "contact.city": &c.City, "contact.state": &c.State,
		"contact.postalCode": &c.PostalCode, "contact.country": &c.Country,
	}
}

// contactFromForm returns the contact that the form has.
func (r *request) contactFromForm() accounts.Contact {
	var c accounts.Contact
	for name, to := range contactInputs(&c) {
		*to = r.req.PostFormValue(name)
	}
	return c
}

var contactNames = []string{
	"contact.name", "contact.company", "contact.email", "contact.phone", "contact.address", "contact.city",
	"contact.state", "contact.postalCode", "contact.country",
}

// randomPassword returns a password to suggest: 24 characters in groups of 6, with 120 random bits.
func randomPassword() string {
	text := strings.ToLower(rand.Text())[:24]
	var groups []string
	for i := 0; i < len(text); i += 6 {
		groups = append(groups, text[i:i+6])
	}
	return strings.Join(groups, "-")
}

// customerForm is the data of the page on which a customer is added.
type customerForm struct {
	Form   form
	Random string // the suggested password
}

func (r *request) customerNewPage() error {
	f := newForm("with", "1")
	if len(r.opts.Plans) > 0 {
		f.Values.Set("subscription.plan", r.opts.Plans[0])
	}
	return r.renderCustomerNew(http.StatusOK, f)
}

func (r *request) renderCustomerNew(status int, f form) error {
	return r.render(status, "customer-new", r.T("customer.new"), customerForm{f, randomPassword()})
}

func (r *request) customerCreate() error {
	in := accounts.New{
		Login: r.req.PostFormValue("login"), Password: r.req.PostFormValue("password"), Contact: r.contactFromForm(),
		AdditionalInfo: r.req.PostFormValue("additionalInfo"), Description: r.req.PostFormValue("description"),
		ExternalID: r.req.PostFormValue("externalID"), Locale: r.req.PostFormValue("locale"),
	}
	if r.req.PostFormValue("with") != "" {
		in.Subscription = &subscriptions.New{Plan: r.req.PostFormValue("subscription.plan")}
		if domain := strings.TrimSpace(r.req.PostFormValue("subscription.domains[0]")); domain != "" {
			in.Subscription.Domains = []string{domain}
		}
	}
	created, err := r.clients.Create(r.commandContext(), in)
	if err != nil {
		f := r.formFromRequest()
		inputs := append([]string{
			"login", "password", "additionalInfo", "description", "externalID", "locale", "subscription.plan", "subscription.domains[0]",
		}, contactNames...)
		if in.Subscription != nil && len(in.Subscription.Domains) == 0 { // the form has no input for the name, which defaults to the domain's
			f.addFieldError("subscription.domains[0]", r.T("fault.domain"))
		}
		if err := r.applyFieldErrors(&f, err, inputs, "passwordHash", "password", "subscription.name", "subscription.domains[0]"); err != nil {
			return err
		}
		return r.renderCustomerNew(http.StatusUnprocessableEntity, f)
	}
	r.flashDone("customer.created", nameOf(created))
	return r.redirect("/customers/", created.ID)
}

// customerEdit is the data of the page on which a customer is changed.
type customerEdit struct {
	Form        form
	Customer    accounts.Account // as stored now
	Differences []difference     // after a version conflict: the fields that differ
}

// difference is a field whose stored value differs from the submitted one.
type difference struct{ Label, Stored, Submitted string }

// editableValues returns the values of a by the names of their inputs.
func editableValues(a accounts.Account) map[string]string {
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

func (r *request) customerEditPage() error {
	id, err := r.accountID()
	if err != nil {
		return err
	}
	account, err := r.clients.Get(r.req.Context(), id)
	if err != nil {
		return err
	}
	f := newForm("version", strconv.FormatInt(account.Version, 10))
	for name, value := range editableValues(account) {
		f.Values.Set(name, value)
	}
	return r.render(http.StatusOK, "customer-edit", r.T("customer.edit"), customerEdit{Form: f, Customer: account})
}

func (r *request) customerUpdate() error {
	id, err := r.accountID()
	if err != nil {
		return err
	}
	f := r.formFromRequest()
	version, err := parsePositive[int64](f.Value("version"))
	if err != nil {
		return badFormError{err}
	}
	before, err := r.clients.Get(r.req.Context(), id)
	if err != nil {
		return err
	}
	contact, value := r.contactFromForm(), func(name string) *string { v := f.Value(name); return &v }
	after, err := r.clients.Update(r.commandContext(), id, accounts.Changes{
		Version: version, Login: value("login"), Contact: &contact, AdditionalInfo: value("additionalInfo"),
		Description: value("description"), ExternalID: value("externalID"), Locale: value("locale"),
	})
	if err == nil {
		if before.Contact.Email != after.Contact.Email {
			r.notify(EmailChanged, before, after)
		}
		r.flashDone("customer.updated")
		return r.redirect("/customers/", id)
	}
	current, getErr := r.clients.Get(r.req.Context(), id)
	if getErr != nil {
		return getErr
	}
	edit := customerEdit{Form: f, Customer: current}
	if conflict := (*accounts.ConflictError)(nil); errors.As(err, &conflict) {
		edit.Differences = r.differences(editableNames, editableValues(current), f)
		edit.Form.Values.Set("version", strconv.FormatInt(current.Version, 10))
		return r.render(http.StatusConflict, "customer-edit", r.T("customer.edit"), edit)
	}
	if err := r.applyFieldErrors(&edit.Form, err, editableNames); err != nil {
		return err
	}
	return r.render(http.StatusUnprocessableEntity, "customer-edit", r.T("customer.edit"), edit)
}

// differences returns the fields whose submitted value differs from the stored one.
func (r *request) differences(names []string, stored map[string]string, f form) []difference {
	var differences []difference
	for _, name := range names {
		submitted := strings.ReplaceAll(f.Value(name), "\r\n", "\n")
		if submitted != stored[name] {
			differences = append(differences, difference{r.T("field." + name), stored[name], submitted})
		}
	}
	return differences
}

// accountsByID returns the accounts with the given ids; accounts that do not exist are missing.
func (r *request) accountsByID(ctx context.Context, ids []accounts.ID) (map[accounts.ID]accounts.Account, error) {
	byID := map[accounts.ID]accounts.Account{}
	for len(ids) > 0 {
		batch := ids[:min(len(ids), maxListLimit)]
		ids = ids[len(batch):]
		found, err := r.clients.List(ctx, accounts.Query{IDs: batch, Limit: maxListLimit})
		if err != nil {
			return nil, err
		}
		for _, a := range found.Items {
			byID[a.ID] = a.Account
		}
	}
	return byID, nil
}
