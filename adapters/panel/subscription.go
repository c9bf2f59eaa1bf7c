package panel

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// subscriptionView is the data of the page of one subscription.
type subscriptionView struct {
	Subscription subscriptions.Subscription
	Customer     accounts.Account // the zero Account for the provider
	Domains      []subscriptions.Domain
	Count        count
	Pager        pager
	Form         form // with the domain to add
}

func (r *request) subscriptionPage() error {
	id, err := r.subscriptionID()
	if err != nil {
		return err
	}
	return r.renderSubscription(http.StatusOK, id, form{})
}

func (r *request) renderSubscription(status int, id subscriptions.ID, f form) error {
	ctx := r.req.Context()
	view := subscriptionView{Form: f}
	var err error
	if view.Subscription, err = r.subscriptions().Get(ctx, id); err != nil {
		return err
	}
	if view.Customer, err = r.customerOf(view.Subscription.AccountID); err != nil {
		return err
	}
	q := subscriptions.DomainQuery{SubscriptionID: id, Limit: pageSize, After: subscriptions.Cursor(r.req.URL.Query().Get("after"))}
	found, err := r.subscriptions().Domains(ctx, q)
	if err != nil {
		return err
	}
	n, err := r.subscriptions().CountDomains(ctx, q, maxCounted+1)
	if err != nil {
		return err
	}
	view.Domains, view.Count, view.Pager = found.Items, capCount(n, maxCounted), r.pager(found.Next)
	return r.render(status, "subscription", view.Subscription.DisplayName(), view)
}

// customerOf returns the customer with the given id, or the zero Account for the provider.
func (r *request) customerOf(id accounts.ID) (accounts.Account, error) {
	if id == subscriptions.Provider {
		return accounts.Account{}, nil
	}
	return r.clients.Get(r.req.Context(), id)
}

func (r *request) subscriptionEditPage() error {
	id, err := r.subscriptionID()
	if err != nil {
		return err
	}
	s, err := r.subscriptions().Get(r.req.Context(), id)
	if err != nil {
		return err
	}
	f := newForm("version", strconv.FormatInt(s.Version, 10))
	for name, value := range r.editableSubscription(s) {
		f.Values.Set(name, value)
	}
	return r.render(http.StatusOK, "subscription-edit", r.T("subscription.edit"), subscriptionForm{Form: f, Subscription: s})
}

func (r *request) editableSubscription(s subscriptions.Subscription) map[string]string {
	return map[string]string{
		"name": s.Name, "plan": s.Plan, "description": s.Description, "externalID": s.ExternalID, "expiresAt": r.isoDate(s.ExpiresAt),
	}
}

func (r *request) subscriptionUpdate() error {
	id, err := r.subscriptionID()
	if err != nil {
		return err
	}
	f := r.formFromRequest()
	version, err := parsePositive[int64](f.Value("version"))
	if err != nil {
		return badFormError{err}
	}
	current, err := r.subscriptions().Get(r.req.Context(), id)
	if err != nil {
		return err
	}
	value := func(name string) *string { v := f.Value(name); return &v }
	changes := subscriptions.Changes{
		Version: version, Name: value("name"), Plan: value("plan"), Description: value("description"), ExternalID: value("externalID"),
	}
	// The form has only the day. If it has not changed, the time of the day stays the same.
	if expires := r.parseExpiry(&f); input.Line(f.Value("expiresAt")) != r.isoDate(current.ExpiresAt) {
		changes.ExpiresAt = &expires
	}
	edit := subscriptionForm{Form: f, Subscription: current}
	if f.HasErrors() {
		return r.render(http.StatusUnprocessableEntity, "subscription-edit", r.T("subscription.edit"), edit)
	}
	_, err = r.subscriptions().Update(r.commandContext(), id, changes)
	if err == nil {
		r.flashDone("subscription.updated")
		return r.redirect("/subscriptions/", id)
	}
	if conflict := (*accounts.ConflictError)(nil); errors.As(err, &conflict) {
		if current, err = r.subscriptions().Get(r.req.Context(), id); err != nil {
			return err
		}
		edit.Subscription = current
		edit.Differences = r.differences([]string{"name", "plan", "expiresAt", "externalID", "description"}, r.editableSubscription(current), f)
		edit.Form.Values.Set("version", strconv.FormatInt(current.Version, 10))
		return r.render(http.StatusConflict, "subscription-edit", r.T("subscription.edit"), edit)
	}
	if err := r.applyFieldErrors(&edit.Form, err, subscriptionInputs); err != nil {
		return err
	}
	return r.render(http.StatusUnprocessableEntity, "subscription-edit", r.T("subscription.edit"), edit)
}

func (r *request) domainAdd() error {
	id, err := r.subscriptionID()
	if err != nil {
		return err
	}
	f := r.formFromRequest()
	added, err := r.subscriptions().AddDomain(r.commandContext(), id, f.Value("name"))
	if err != nil {
		if err := r.applyFieldErrors(&f, err, []string{"name"}); err != nil {
			return err
		}
		return r.renderSubscription(http.StatusUnprocessableEntity, id, f)
	}
	r.flashDone("domain.added", added.DisplayName())
	return r.redirect("/subscriptions/", id)
}
