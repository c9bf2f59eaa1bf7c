package panel

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// subscriptionView is the page of one subscription.
type subscriptionView struct {
	Subscription subscriptions.Subscription
	Customer     accounts.Account // zero: the provider
	Domains      []subscriptions.Domain
	Count        count
	Pager        pager
	Form         form // of the domain to add
}

func (v *visit) subscriptionPage() error {
	id, err := v.subscriptionID()
	if err != nil {
		return err
	}
	return v.showSubscription(http.StatusOK, id, form{})
}

func (v *visit) showSubscription(status int, id subscriptions.ID, f form) error {
	ctx := v.r.Context()
	view := subscriptionView{Form: f}
	var err error
	if view.Subscription, err = v.subscriptions().Get(ctx, id); err != nil {
		return err
	}
	if view.Customer, err = v.customerOf(view.Subscription.AccountID); err != nil {
		return err
	}
	q := subscriptions.DomainQuery{SubscriptionID: id, Limit: perPage, After: subscriptions.Cursor(v.r.URL.Query().Get("after"))}
	found, err := v.subscriptions().Domains(ctx, q)
	if err != nil {
		return err
	}
	n, err := v.subscriptions().CountDomains(ctx, q, countedTo+1)
	if err != nil {
		return err
	}
	view.Domains, view.Count, view.Pager = found.Items, upTo(n, countedTo), v.pager(found.Next)
	return v.show(status, "subscription", view.Subscription.DisplayName(), view)
}

// customerOf answers a customer by id; the zero Account for the provider.
func (v *visit) customerOf(id accounts.ID) (accounts.Account, error) {
	if id == subscriptions.Provider {
		return accounts.Account{}, nil
	}
	return v.clients.Get(v.r.Context(), id)
}

func (v *visit) subscriptionEditPage() error {
	id, err := v.subscriptionID()
	if err != nil {
		return err
	}
	s, err := v.subscriptions().Get(v.r.Context(), id)
	if err != nil {
		return err
	}
	f := filled("version", strconv.FormatInt(s.Version, 10))
	for name, value := range v.editableSubscription(s) {
		f.Values.Set(name, value)
	}
	return v.show(http.StatusOK, "subscription-edit", v.T("subscription.edit"), subscriptionForm{Form: f, Subscription: s})
}

func (v *visit) editableSubscription(s subscriptions.Subscription) map[string]string {
	return map[string]string{
		"name": s.Name, "plan": s.Plan, "description": s.Description, "externalID": s.ExternalID, "expiresAt": v.day(s.ExpiresAt),
	}
}

func (v *visit) subscriptionUpdate() error {
	id, err := v.subscriptionID()
	if err != nil {
		return err
	}
	f := v.typed()
	version, err := number[int64](f.Value("version"))
	if err != nil {
		return errBadForm{err}
	}
	now, err := v.subscriptions().Get(v.r.Context(), id)
	if err != nil {
		return err
	}
	text := func(name string) *string { given := f.Value(name); return &given }
	changes := subscriptions.Changes{
		Version: version, Name: text("name"), Plan: text("plan"), Description: text("description"), ExternalID: text("externalID"),
	}
	// The page knows days; a moment within the same day stays as it is.
	if expires := v.expiry(&f); f.Value("expiresAt") != v.day(now.ExpiresAt) {
		changes.ExpiresAt = &expires
	}
	edit := subscriptionForm{Form: f, Subscription: now}
	if f.Wrong() {
		return v.show(http.StatusUnprocessableEntity, "subscription-edit", v.T("subscription.edit"), edit)
	}
	_, err = v.subscriptions().Update(v.ctx(), id, changes)
	if err == nil {
		v.done("subscription.updated")
		return v.redirect("/subscriptions/", id)
	}
	if conflict := (*accounts.ConflictError)(nil); errors.As(err, &conflict) {
		if now, err = v.subscriptions().Get(v.r.Context(), id); err != nil {
			return err
		}
		edit.Subscription = now
		edit.Changed = v.differences([]string{"name", "plan", "expiresAt", "externalID", "description"}, v.editableSubscription(now), f)
		edit.Form.Values.Set("version", strconv.FormatInt(now.Version, 10))
		return v.show(http.StatusConflict, "subscription-edit", v.T("subscription.edit"), edit)
	}
	if err := v.refused(&edit.Form, err, subscriptionInputs); err != nil {
		return err
	}
	return v.show(http.StatusUnprocessableEntity, "subscription-edit", v.T("subscription.edit"), edit)
}

func (v *visit) domainAdd() error {
	id, err := v.subscriptionID()
	if err != nil {
		return err
	}
	f := v.typed()
	added, err := v.subscriptions().AddDomain(v.ctx(), id, f.Value("name"))
	if err != nil {
		if err := v.refused(&f, err, []string{"name"}); err != nil {
			return err
		}
		return v.showSubscription(http.StatusUnprocessableEntity, id, f)
	}
	v.done("domain.added", added.DisplayName())
	return v.redirect("/subscriptions/", id)
}
