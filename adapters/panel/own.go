package panel

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/panel/internal/sessions"
	"github.com/clientele-go/clientele/subscriptions"
)

// ownView is the data of the page on which customers see their account. All of it comes from accounts.Owner.
type ownView struct {
	Profile       accounts.Profile
	Subscriptions []ownedSubscription
	Domains       []subscriptions.Domain // that match the search
	Count         count                  // of the domains
	Find          string
	Pager         pager
	More          bool // not all domains are shown
}

func (r *request) ownPage() error {
	ctx := r.req.Context()
	view := ownView{Find: r.req.Form.Get("q")}
	var err error
	if view.Profile, err = r.owner().Profile(ctx); err != nil {
		return err
	}
	found, err := r.owner().Subscriptions(ctx, subscriptions.Query{After: subscriptions.Cursor(r.req.Form.Get("after"))})
	if err != nil {
		return err
	}
	view.Pager = r.pager(found.Next)
	domains, err := r.owner().Domains(ctx, subscriptions.DomainQuery{Search: view.Find, Limit: maxListLimit})
	if err != nil {
		return err
	}
	view.More, view.Count = domains.Next != "", count{N: len(domains.Items), More: domains.Next != ""}
	view.Subscriptions = groupDomains(found.Items, domains.Items)
	view.Domains = domains.Items
	return r.render(http.StatusOK, "own", r.T("own.title"), view)
}

// Messages returns the messages of the holds for the owner, each text once.
func (p page) Messages(holds []accounts.EffectiveHold) []string {
	var texts []string
	seen := map[string]bool{}
	for _, h := range holds {
		if h.Message != "" && !seen[h.Message] {
			seen[h.Message] = true
			texts = append(texts, h.Message)
		}
	}
	return texts
}

// DisabledByOwner reports whether the owner has disabled the domain.
func (p page) DisabledByOwner(d subscriptions.Domain) bool {
	_, off := d.Holds.Get(accounts.CauseCustomer)
	return off
}

// ownSwitch disables or enables a domain of the customer.
func (r *request) ownSwitch() error {
	id, err := parsePositive[subscriptions.DomainID](r.req.PostFormValue("domain"))
	if err != nil {
		return err
	}
	ids := []subscriptions.DomainID{id}
	back := localPath(r.req.PostFormValue("back"), "/account")
	if r.req.PostFormValue("to") == "on" {
		out, err := r.owner().EnableDomains(r.commandContext(), ids)
		switch {
		case err != nil:
			return err
		case len(out.StillSuspended) > 0:
			r.flashWarning("own.stillDown")
		default:
			r.flashDone("own.switchedOn")
		}
		return r.redirect(back)
	}
	if _, err := r.owner().DisableDomains(r.commandContext(), ids); err != nil {
		return err
	}
	r.flashDone("own.switchedOff")
	return r.redirect(back)
}

// ownContactForm is the data of the page on which customers change their contact.
type ownContactForm struct {
	Form        form
	Differences []difference
}

func (r *request) ownContactPage() error {
	profile, err := r.owner().Profile(r.req.Context())
	if err != nil {
		return err
	}
	f := newForm("version", strconv.FormatInt(profile.Version, 10))
	for name, value := range contactInputs(&profile.Contact) {
		f.Values.Set(name, *value)
	}
	return r.render(http.StatusOK, "own-contact", r.T("own.contact"), ownContactForm{Form: f})
}

// ownContact changes the customer's contact. Another e-mail address needs the password, and ends all other sessions. An
// operator who is signed in as the customer does not know the password, and could change the address on the operators' pages.
func (r *request) ownContact() error {
	edit := ownContactForm{Form: r.formFromRequest()}
	version, err := parsePositive[int64](edit.Form.Value("version"))
	if err != nil {
		return badFormError{err}
	}
	owner, contact, password := r.owner(), r.contactFromForm(), r.req.PostFormValue("old")
	render := func(status int) error { return r.render(status, "own-contact", r.T("own.contact"), edit) }
	var changed accounts.Profile
	setContact := func() bool {
		changed, err = owner.SetContact(r.commandContext(), version, contact, password)
		return err == nil
	}
	var wait time.Duration
	switch {
	case r.impersonator != "":
		owner = owner.Confirmed()
		setContact()
	case contact.Email != r.account.Contact.Email: // verifies the password
		wait = r.limits.try(r.limits.byOwner(customerCookie, r.account.Login, "session", r.clientAddr()), setContact)
	default:
		setContact()
	}
	switch {
	case wait > 0:
		edit.Form.Errors = []string{r.retryText(wait)}
		return render(http.StatusTooManyRequests)
	case err == nil:
		return r.ownContactChanged(changed)
	case errors.Is(err, accounts.ErrInvalidCredentials) && password == "":
		edit.Form.addFieldError("old", r.T("fault.emailPassword"))
		return render(http.StatusUnprocessableEntity)
	case errors.Is(err, accounts.ErrInvalidCredentials):
		edit.Form.addFieldError("old", r.T("fault.oldPassword"))
		return render(http.StatusUnprocessableEntity)
	case errors.Is(err, accounts.ErrConflict):
		current, err := r.owner().Profile(r.req.Context())
		if err != nil {
			return err
		}
		edit.Differences = r.differences(contactNames, editableValues(accounts.Account{Contact: current.Contact}), edit.Form)
		edit.Form.Values.Set("version", strconv.FormatInt(current.Version, 10))
		return render(http.StatusConflict)
	}
	// SetContact uses the same paths for errors as Update.
	if err := r.applyFieldErrors(&edit.Form, err, contactNames); err != nil {
		return err
	}
	return render(http.StatusUnprocessableEntity)
}

// ownContactChanged redirects after a change of the contact. After a change of the e-mail address, it notifies the customer and
// continues this session with a new token.
func (r *request) ownContactChanged(changed accounts.Profile) error {
	if changed.NewSessionEpoch == 0 {
		r.flashDone("own.contactSaved")
		return r.redirect("/account")
	}
	after := r.account
	after.Contact, after.Version, after.SessionEpoch = changed.Contact, changed.Version, changed.NewSessionEpoch
	r.notify(EmailChanged, r.account, after)
	if r.impersonator == "" {
		r.setDeviceCookie(customerCookie, after.Login, accountEpoch(after))
	}
	token := r.startCustomerSession(sessions.Session{Account: after.ID, Epoch: after.SessionEpoch, Operator: r.impersonator})
	r.customerSessions.AddFlash(token, sessions.Flash{Kind: "done", Key: "own.emailSaved"})
	return r.redirect("/account")
}

func (r *request) ownPasswordPage() error {
	return r.render(http.StatusOK, "own-password", r.T("own.password"), form{})
}

// ownPassword changes the customer's password, if the old one is right. All other sessions of the customer end; this one gets
// a new token.
func (r *request) ownPassword() error {
	var f form
	render := func(status int) error { return r.render(status, "own-password", r.T("own.password"), f) }
	if r.req.PostFormValue("password") != r.req.PostFormValue("password2") {
		f.addFieldError("password2", r.T("fault.repeat"))
		return render(http.StatusUnprocessableEntity)
	}
	var (
		epoch int64
		err   error
	)
	wait := r.limits.try(r.limits.byOwner(customerCookie, r.account.Login, "session", r.clientAddr()), func() bool {
		epoch, err = r.owner().ChangePassword(r.commandContext(), r.req.PostFormValue("old"), r.req.PostFormValue("password"))
		return err == nil
	})
	switch {
	case wait > 0:
		f.Errors = []string{r.retryText(wait)}
		return render(http.StatusTooManyRequests)
	case err == nil:
		after := r.account
		after.SessionEpoch = epoch
		r.notify(PasswordChanged, r.account, after)
		r.setDeviceCookie(customerCookie, after.Login, accountEpoch(after))
		token := r.startCustomerSession(sessions.Session{Account: r.account.ID, Epoch: epoch})
		r.customerSessions.AddFlash(token, sessions.Flash{Kind: "done", Key: "own.passwordChanged"})
		return r.redirect("/account")
	case errors.Is(err, accounts.ErrInvalidCredentials):
		f.addFieldError("old", r.T("fault.oldPassword"))
		return render(http.StatusUnprocessableEntity)
	}
	if err := r.applyFieldErrors(&f, err, []string{"old", "password"}); err != nil {
		return err
	}
	return render(http.StatusUnprocessableEntity)
}
