package panel

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// subscriptionFilters are the fields of the address that say which subscriptions a list shows.
var subscriptionFilters = []string{"q", "plan", "status", "cause", "expires", "unassigned", "dir"}

// soon is what "runs out soon" means.
const soon = 30 * 24 * time.Hour

func (v *visit) subscriptionQuery(f url.Values) subscriptions.Query {
	q := subscriptions.Query{
		Search: f.Get("q"), Plan: f.Get("plan"), Status: subscriptions.Status(f.Get("status")),
		Cause: subscriptions.Cause(f.Get("cause")), Desc: f.Get("dir") != "asc",
	}
	if f.Get("expires") != "" {
		// To a filter that moves all the time no cursor would fit: this one moves at midnight.
		q.ExpiresBefore = v.opts.Now().Add(soon).UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	}
	if f.Get("unassigned") != "" {
		provider := subscriptions.Provider
		q.AccountID = &provider
	}
	return q
}

// subscriptionTable is the page of the list.
type subscriptionTable struct {
	table
	Items []listedSubscription
}

// listedSubscription is a subscription with its customer; the zero Account is the provider.
type listedSubscription struct {
	subscriptions.Subscription
	Customer accounts.Account
	Soon     bool // it runs out soon
}

func (v *visit) subscriptionList() error {
	f := v.filters(subscriptionFilters)
	q := v.subscriptionQuery(f)
	q.After, q.Limit = subscriptions.Cursor(v.r.Form.Get("after")), perPage
	found, err := v.subscriptions().List(v.r.Context(), q)
	if err != nil {
		return err
	}
	n, err := v.subscriptions().Count(v.r.Context(), q, countedTo+1)
	if err != nil {
		return err
	}
	filtered := clone(f)
	filtered.Del("dir")
	t := subscriptionTable{table: v.table(f, upTo(n, countedTo), found.Next)}
	t.Filtered = len(filtered) > 0
	if t.Items, err = v.listed(found.Items); err != nil {
		return err
	}
	if err := v.tick(&t.table, func(most int) (int, error) { return v.subscriptions().Count(v.r.Context(), q, most) }); err != nil {
		return err
	}
	return v.show(http.StatusOK, "subscriptions", v.T("subscriptions.title"), t)
}

// listed puts their customers to subscriptions.
func (v *visit) listed(all []subscriptions.Subscription) ([]listedSubscription, error) {
	var owners []accounts.ID
	for _, s := range all {
		if s.AccountID != subscriptions.Provider {
			owners = append(owners, s.AccountID)
		}
	}
	slices.Sort(owners)
	named, err := v.names(v.r.Context(), slices.Compact(owners))
	if err != nil {
		return nil, err
	}
	listed := make([]listedSubscription, len(all))
	for i, s := range all {
		listed[i] = listedSubscription{
			Subscription: s, Customer: named[s.AccountID], Soon: !s.ExpiresAt.IsZero() && s.ExpiresAt.Before(v.opts.Now().Add(soon)),
		}
	}
	return listed, nil
}

// subscriptionForm is the page on which a subscription is added or changed.
type subscriptionForm struct {
	Form         form
	Customer     accounts.Account // zero: the provider's own
	Subscription subscriptions.Subscription
	Changed      []difference
}

var subscriptionInputs = []string{"name", "plan", "description", "externalID", "expiresAt", "domains[0]"}

// newOwner answers the customer for whom a subscription is added; the zero Account is the provider.
func (v *visit) newOwner() (accounts.Account, error) {
	if v.r.Form.Get("customer") == "" {
		return accounts.Account{}, nil
	}
	id, err := number[accounts.ID](v.r.Form.Get("customer"))
	if err != nil {
		return accounts.Account{}, err
	}
	return v.clients.Get(v.r.Context(), id)
}

func (v *visit) subscriptionNewPage() error {
	owner, err := v.newOwner()
	if err != nil {
		return err
	}
	f := filled("customer", v.r.Form.Get("customer"))
	if len(v.opts.Plans) > 0 {
		f.Values.Set("plan", v.opts.Plans[0])
	}
	return v.show(http.StatusOK, "subscription-new", v.T("subscription.new"), subscriptionForm{Form: f, Customer: owner})
}

func (v *visit) subscriptionCreate() error {
	owner, err := v.newOwner()
	if err != nil {
		return err
	}
	f := v.typed()
	in := subscriptions.New{
		AccountID: owner.ID, Name: f.Value("name"), Plan: f.Value("plan"), Description: f.Value("description"),
		ExternalID: f.Value("externalID"),
	}
	if domain := strings.TrimSpace(f.Value("domains[0]")); domain != "" {
		in.Domains = []string{domain}
	}
	in.ExpiresAt = v.expiry(&f)
	show := func(status int) error {
		return v.show(status, "subscription-new", v.T("subscription.new"), subscriptionForm{Form: f, Customer: owner})
	}
	if f.Wrong() {
		return show(http.StatusUnprocessableEntity)
	}
	created, err := v.subscriptions().Create(v.ctx(), in)
	if err != nil {
		if err := v.refused(&f, err, subscriptionInputs); err != nil {
			return err
		}
		return show(http.StatusUnprocessableEntity)
	}
	v.done("subscription.created", created.DisplayName())
	return v.redirect("/subscriptions/", created.ID)
}

// expiry reads the day on which a subscription runs out: at its end, in the time zone of the panel. Empty is never.
func (v *visit) expiry(f *form) time.Time {
	given := f.Value("expiresAt")
	if given == "" {
		return time.Time{}
	}
	day, err := time.ParseInLocation(time.DateOnly, given, v.opts.Location)
	if err != nil {
		f.at("expiresAt", v.T("fault.date"))
		return time.Time{}
	}
	return day.AddDate(0, 0, 1).Add(-time.Second)
}
