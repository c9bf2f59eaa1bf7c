package panel

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// ownView is a customer's own page. All in it comes from accounts.Owner.
type ownView struct {
	Profile       accounts.Profile
	Subscriptions []ownedSubscription
	Domains       []subscriptions.Domain // of the search, or those of no subscription on this page
	Count         count                  // of the domains
	Find          string
	Pager         pager
	More          bool // there are more domains than the page shows
}

func (v *visit) ownPage() error {
	ctx := v.r.Context()
	view := ownView{Find: v.r.Form.Get("q")}
	var err error
	if view.Profile, err = v.owner().Profile(ctx); err != nil {
		return err
	}
	found, err := v.owner().Subscriptions(ctx, subscriptions.Query{After: subscriptions.Cursor(v.r.Form.Get("after"))})
	if err != nil {
		return err
	}
	view.Pager = v.pager(found.Next)
	domains, err := v.owner().Domains(ctx, subscriptions.DomainQuery{Search: view.Find, Limit: perLook})
	if err != nil {
		return err
	}
	view.More, view.Count = domains.Next != "", count{N: len(domains.Items), More: domains.Next != ""}
	view.Subscriptions = together(found.Items, domains.Items)
	view.Domains = domains.Items
	return v.show(http.StatusOK, "own", v.T("own.title"), view)
}

// Messages answers what the provider tells the owner about what is suspended, each text once.
func (p page) Messages(held []accounts.EffectiveHold) []string {
	var texts []string
	seen := map[string]bool{}
	for _, h := range held {
		if h.Message != "" && !seen[h.Message] {
			seen[h.Message] = true
			texts = append(texts, h.Message)
		}
	}
	return texts
}

// IsOff tells whether the owner switched a domain off.
func (p page) IsOff(d subscriptions.Domain) bool {
	_, off := d.Holds.Get(accounts.CauseCustomer)
	return off
}

// ownSwitch switches one own domain off or on.
func (v *visit) ownSwitch() error {
	id, err := number[subscriptions.DomainID](v.r.PostFormValue("domain"))
	if err != nil {
		return err
	}
	one := []subscriptions.DomainID{id}
	back := localPath(v.r.PostFormValue("back"), "/account")
	if v.r.PostFormValue("to") == "on" {
		out, err := v.owner().EnableDomains(v.ctx(), one)
		switch {
		case err != nil:
			return err
		case len(out.StillSuspended) > 0:
			v.warn("own.stillDown")
		default:
			v.done("own.switchedOn")
		}
		return v.redirect(back)
	}
	if _, err := v.owner().DisableDomains(v.ctx(), one); err != nil {
		return err
	}
	v.done("own.switchedOff")
	return v.redirect(back)
}

// ownContact is the page on which customers change their contact.
type ownContactForm struct {
	Form    form
	Changed []difference
}

func (v *visit) ownContactPage() error {
	profile, err := v.owner().Profile(v.r.Context())
	if err != nil {
		return err
	}
	f := filled("version", strconv.FormatInt(profile.Version, 10))
	for name, value := range contactInputs(&profile.Contact) {
		f.Values.Set(name, *value)
	}
	return v.show(http.StatusOK, "own-contact", v.T("own.contact"), ownContactForm{Form: f})
}

func (v *visit) ownContact() error {
	f := v.typed()
	version, err := number[int64](f.Value("version"))
	if err != nil {
		return errBadForm{err}
	}
	_, err = v.owner().SetContact(v.ctx(), version, v.contact())
	if err == nil {
		v.done("own.contactSaved")
		return v.redirect("/account")
	}
	edit := ownContactForm{Form: f}
	if errors.Is(err, accounts.ErrConflict) {
		now, err := v.owner().Profile(v.r.Context())
		if err != nil {
			return err
		}
		edit.Changed = v.differences(contactNames, editable(accounts.Account{Contact: now.Contact}), f)
		edit.Form.Values.Set("version", strconv.FormatInt(now.Version, 10))
		return v.show(http.StatusConflict, "own-contact", v.T("own.contact"), edit)
	}
	// Owner names the fields of a contact as Update does.
	if err := v.refused(&edit.Form, err, contactNames); err != nil {
		return err
	}
	return v.show(http.StatusUnprocessableEntity, "own-contact", v.T("own.contact"), edit)
}

func (v *visit) ownPasswordPage() error {
	return v.show(http.StatusOK, "own-password", v.T("own.password"), form{})
}

// ownPassword changes the password of who knows the old one. Their other sessions end; this one goes on under a new token.
func (v *visit) ownPassword() error {
	var f form
	show := func(status int) error { return v.show(status, "own-password", v.T("own.password"), f) }
	if wait := v.slow(customerCookie, v.account.Login); wait > 0 {
		f.Others = []string{v.N("signin.slow", int(wait.Seconds())+1)}
		return show(http.StatusTooManyRequests)
	}
	if v.r.PostFormValue("password") != v.r.PostFormValue("password2") {
		f.at("password2", v.T("fault.repeat"))
		return show(http.StatusUnprocessableEntity)
	}
	signIn, err := v.owner().ChangePassword(v.ctx(), v.r.PostFormValue("old"), v.r.PostFormValue("password"))
	switch {
	case err == nil:
		token := v.beginCustomer(session{account: v.account.ID, signIn: signIn})
		v.Panel.customers.say(token, notice{Kind: "done", key: "own.passwordChanged"})
		return v.redirect("/account")
	case errors.Is(err, accounts.ErrInvalidCredentials):
		f.at("old", v.T("fault.oldPassword"))
		return show(http.StatusUnprocessableEntity)
	}
	if err := v.refused(&f, err, []string{"old", "password"}); err != nil {
		return err
	}
	return show(http.StatusUnprocessableEntity)
}
