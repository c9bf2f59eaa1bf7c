package panel

import (
	"net/http"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// customerView is the page of one customer.
type customerView struct {
	Customer      accounts.Account
	Subscriptions []ownedSubscription
	Count         count // of the subscriptions
	Domains       count
	Pager         pager
	SomeDomains   bool // there are more domains than the page shows
	History       []entry
}

// ownedSubscription is a subscription with its domains.
type ownedSubscription struct {
	subscriptions.Subscription
	Domains []subscriptions.Domain
}

const recentEvents = 10

func (v *visit) customerPage() error {
	id, err := v.accountID()
	if err != nil {
		return err
	}
	ctx := v.r.Context()
	view := customerView{}
	if view.Customer, err = v.clients.Get(ctx, id); err != nil {
		return err
	}
	owned := subscriptions.Query{AccountID: &id, After: subscriptions.Cursor(v.r.Form.Get("after"))}
	found, err := v.subscriptions().List(ctx, owned)
	if err != nil {
		return err
	}
	n, err := v.subscriptions().Count(ctx, owned, countedTo+1)
	if err != nil {
		return err
	}
	view.Count, view.Pager = upTo(n, countedTo), v.pager(found.Next)
	domains, err := v.subscriptions().Domains(ctx, subscriptions.DomainQuery{AccountID: &id, Limit: perLook})
	if err != nil {
		return err
	}
	if n, err = v.subscriptions().CountDomains(ctx, subscriptions.DomainQuery{AccountID: &id}, countedTo+1); err != nil {
		return err
	}
	view.Domains, view.SomeDomains = upTo(n, countedTo), domains.Next != ""
	view.Subscriptions = together(found.Items, domains.Items)
	if view.History, _, err = v.events(accounts.EventQuery{AccountID: &id, Desc: true, Limit: recentEvents}); err != nil {
		return err
	}
	return v.show(http.StatusOK, "customer", nameOf(view.Customer), view)
}

// together puts domains to their subscriptions, the main one first.
func together(all []subscriptions.Subscription, domains []subscriptions.Domain) []ownedSubscription {
	below := map[subscriptions.ID][]subscriptions.Domain{}
	for _, d := range domains {
		if d.Main {
			below[d.SubscriptionID] = append([]subscriptions.Domain{d}, below[d.SubscriptionID]...)
			continue
		}
		below[d.SubscriptionID] = append(below[d.SubscriptionID], d)
	}
	owned := make([]ownedSubscription, len(all))
	for i, s := range all {
		owned[i] = ownedSubscription{Subscription: s, Domains: below[s.ID]}
	}
	return owned
}

// nameOf answers what a customer is called on pages.
func nameOf(a accounts.Account) string { return a.Contact.Name }

// customerLink makes a link for a new password. The host sends it, or the operator is shown it once.
func (v *visit) customerLink() error {
	id, err := v.accountID()
	if err != nil {
		return err
	}
	ctx := v.r.Context()
	account, err := v.clients.Get(ctx, id)
	if err != nil {
		return err
	}
	if v.opts.SendReset != nil && account.Contact.Email != "" {
		if err := v.mail(ctx, account); err != nil {
			v.opts.Logger.ErrorContext(ctx, "panel: a link for a new password was not sent", "error", err)
			v.warn("customer.linkNotSent", account.Contact.Email)
			return v.redirect("/customers/", id)
		}
		v.done("customer.linkSent", account.Contact.Email)
		return v.redirect("/customers/", id)
	}
	link, err := v.resetLink(ctx, id, v.origin())
	if err != nil {
		return err
	}
	v.say(notice{Kind: "link", key: "customer.link", Link: link})
	return v.redirect("/customers/", id)
}

// passwordForm is the page on which an operator gives a customer another password.
type passwordForm struct {
	Form     form
	Customer accounts.Account
	Random   string
}

func (v *visit) customerPasswordPage() error {
	id, err := v.accountID()
	if err != nil {
		return err
	}
	return v.showCustomerPassword(http.StatusOK, id, form{})
}

func (v *visit) showCustomerPassword(status int, id accounts.ID, f form) error {
	account, err := v.clients.Get(v.r.Context(), id)
	if err != nil {
		return err
	}
	return v.show(status, "customer-password", v.T("customer.password"), passwordForm{f, account, randomPassword()})
}

func (v *visit) customerPassword() error {
	id, err := v.accountID()
	if err != nil {
		return err
	}
	if err := v.clients.SetPassword(v.ctx(), id, v.r.PostFormValue("password")); err != nil {
		f := v.typed()
		if err := v.refused(&f, err, []string{"password"}); err != nil {
			return err
		}
		return v.showCustomerPassword(http.StatusUnprocessableEntity, id, f)
	}
	v.done("customer.passwordSet")
	return v.redirect("/customers/", id)
}
