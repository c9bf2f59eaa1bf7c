package panel

import (
	"net/http"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/panel/internal/sessions"
	"github.com/clientele-go/clientele/subscriptions"
)

// customerView is the data of the page of one customer.
type customerView struct {
	Customer      accounts.Account
	Subscriptions []ownedSubscription
	Count         count // of the subscriptions
	Domains       count
	Pager         pager
	SomeDomains   bool // not all domains are shown
	History       []historyEntry
}

// ownedSubscription is a subscription with its domains.
type ownedSubscription struct {
	subscriptions.Subscription
	Domains []subscriptions.Domain
}

// recentEvents is how many events the page of a customer shows.
const recentEvents = 10

func (r *request) customerPage() error {
	id, err := r.accountID()
	if err != nil {
		return err
	}
	ctx := r.req.Context()
	view := customerView{}
	if view.Customer, err = r.clients.Get(ctx, id); err != nil {
		return err
	}
	query := subscriptions.Query{AccountID: &id, After: subscriptions.Cursor(r.req.Form.Get("after"))}
	found, err := r.subscriptions().List(ctx, query)
	if err != nil {
		return err
	}
	n, err := r.subscriptions().Count(ctx, query, maxCounted+1)
	if err != nil {
		return err
	}
	view.Count, view.Pager = capCount(n, maxCounted), r.pager(found.Next)
	domains, err := r.subscriptions().Domains(ctx, subscriptions.DomainQuery{AccountID: &id, Limit: maxListLimit})
	if err != nil {
		return err
	}
	if n, err = r.subscriptions().CountDomains(ctx, subscriptions.DomainQuery{AccountID: &id}, maxCounted+1); err != nil {
		return err
	}
	view.Domains, view.SomeDomains = capCount(n, maxCounted), domains.Next != ""
	view.Subscriptions = groupDomains(found.Items, domains.Items)
	if view.History, _, err = r.historyEntries(accounts.EventQuery{AccountID: &id, Desc: true, Limit: recentEvents}); err != nil {
		return err
	}
	return r.render(http.StatusOK, "customer", nameOf(view.Customer), view)
}

// groupDomains returns the subscriptions, each with its domains, the main domain first.
func groupDomains(all []subscriptions.Subscription, domains []subscriptions.Domain) []ownedSubscription {
	bySubscription := map[subscriptions.ID][]subscriptions.Domain{}
	for _, d := range domains {
		if d.Main {
			bySubscription[d.SubscriptionID] = append([]subscriptions.Domain{d}, bySubscription[d.SubscriptionID]...)
			continue
		}
		bySubscription[d.SubscriptionID] = append(bySubscription[d.SubscriptionID], d)
	}
	owned := make([]ownedSubscription, len(all))
	for i, s := range all {
		owned[i] = ownedSubscription{Subscription: s, Domains: bySubscription[s.ID]}
	}
	return owned
}

// nameOf returns the name that pages show for a customer.
func nameOf(a accounts.Account) string { return a.Contact.Name }

// customerLink creates a link for a new password. It is sent with Options.SendReset or else shown to the operator once.
func (r *request) customerLink() error {
	id, err := r.accountID()
	if err != nil {
		return err
	}
	ctx := r.req.Context()
	account, err := r.clients.Get(ctx, id)
	if err != nil {
		return err
	}
	if r.opts.SendReset != nil && account.Contact.Email != "" {
		if err := r.sendResetLink(ctx, account); err != nil {
			r.logError("panel: sending a link for a new password failed", err)
			r.flashWarning("customer.linkNotSent", account.Contact.Email)
			return r.redirect("/customers/", id)
		}
		r.flashDone("customer.linkSent", account.Contact.Email)
		return r.redirect("/customers/", id)
	}
	link, err := r.resetLink(ctx, id, r.origin())
	if err != nil {
		return err
	}
	r.addFlash(sessions.Flash{Kind: "link", Key: "customer.link", Link: link})
	return r.redirect("/customers/", id)
}

// passwordForm is the data of the page on which an operator sets a customer's password.
type passwordForm struct {
	Form     form
	Customer accounts.Account
	Random   string // the suggested password
}

func (r *request) customerPasswordPage() error {
	id, err := r.accountID()
	if err != nil {
		return err
	}
	return r.renderCustomerPassword(http.StatusOK, id, form{})
}

func (r *request) renderCustomerPassword(status int, id accounts.ID, f form) error {
	account, err := r.clients.Get(r.req.Context(), id)
	if err != nil {
		return err
	}
	return r.render(status, "customer-password", r.T("customer.password"), passwordForm{f, account, randomPassword()})
}

func (r *request) customerPassword() error {
	id, err := r.accountID()
	if err != nil {
		return err
	}
	before, err := r.clients.Get(r.req.Context(), id)
	if err != nil {
		return err
	}
	if err := r.clients.SetPassword(r.commandContext(), id, r.req.PostFormValue("password")); err != nil {
		f := r.formFromRequest()
		if err := r.applyFieldErrors(&f, err, []string{"password"}); err != nil {
			return err
		}
		return r.renderCustomerPassword(http.StatusUnprocessableEntity, id, f)
	}
	after := before
	after.SessionEpoch++ // a new password changes nothing else
	r.notify(PasswordChanged, before, after)
	r.flashDone("customer.passwordSet")
	return r.redirect("/customers/", id)
}
