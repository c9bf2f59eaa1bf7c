package panel

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// subscriptionFilters are the query parameters that select and sort subscriptions.
var subscriptionFilters = []string{"q", "plan", "status", "cause", "expires", "unassigned", "dir"}

// soonPeriod is how long before its expiry a subscription counts as expiring soon.
const soonPeriod = 30 * 24 * time.Hour

func (r *request) subscriptionQuery(f url.Values) subscriptions.Query {
	q := subscriptions.Query{
		Search: f.Get("q"), Plan: f.Get("plan"), Status: subscriptions.Status(f.Get("status")),
		Cause: subscriptions.Cause(f.Get("cause")), Desc: f.Get("dir") != "asc",
	}
	if f.Get("expires") != "" {
		// A cursor fits only the filters that it was made for, so this one changes only at midnight UTC.
		q.ExpiresBefore = r.opts.Now().Add(soonPeriod).UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	}
	if f.Get("unassigned") != "" {
		provider := subscriptions.Provider
		q.AccountID = &provider
	}
	return q
}

// subscriptionTable is the data of the list of subscriptions.
type subscriptionTable struct {
	table
	Items []listedSubscription
}

// listedSubscription is a subscription with its customer, or the zero Account for the provider.
type listedSubscription struct {
	subscriptions.Subscription
	Customer accounts.Account
	Soon     bool // it expires within soonPeriod
}

func (r *request) subscriptionList() error {
	f := r.filters(subscriptionFilters)
	q := r.subscriptionQuery(f)
	q.After, q.Limit = subscriptions.Cursor(r.req.Form.Get("after")), pageSize
	found, err := r.subscriptions().List(r.req.Context(), q)
	if err != nil {
		return err
	}
	n, err := r.subscriptions().Count(r.req.Context(), q, maxCounted+1)
	if err != nil {
		return err
	}
	filtered := cloneValues(f)
	filtered.Del("dir")
	t := subscriptionTable{table: r.table(f, capCount(n, maxCounted), found.Next)}
	t.Filtered = len(filtered) > 0
	if t.Items, err = r.withCustomers(found.Items); err != nil {
		return err
	}
	if err := r.applySelection(&t.table, func(limit int) (int, error) { return r.subscriptions().Count(r.req.Context(), q, limit) }); err != nil {
		return err
	}
	return r.render(http.StatusOK, "subscriptions", r.T("subscriptions.title"), t)
}

// withCustomers returns the subscriptions with their customers.
func (r *request) withCustomers(all []subscriptions.Subscription) ([]listedSubscription, error) {
	var owners []accounts.ID
	for _, s := range all {
		if s.AccountID != subscriptions.Provider {
			owners = append(owners, s.AccountID)
		}
	}
	slices.Sort(owners)
	named, err := r.accountsByID(r.req.Context(), slices.Compact(owners))
	if err != nil {
		return nil, err
	}
	listed := make([]listedSubscription, len(all))
	for i, s := range all {
		listed[i] = listedSubscription{
			Subscription: s, Customer: named[s.AccountID], Soon: !s.ExpiresAt.IsZero() && s.ExpiresAt.Before(r.opts.Now().Add(soonPeriod)),
		}
	}
	return listed, nil
}

// subscriptionForm is the data of the pages on which a subscription is added or changed.
type subscriptionForm struct {
	Form         form
	Customer     accounts.Account // the zero Account for the provider
	Subscription subscriptions.Subscription
	Differences  []difference
}

var subscriptionInputs = []string{"name", "plan", "description", "externalID", "expiresAt", "domains[0]"}

// newOwner returns the customer for whom a subscription is added, or the zero Account for the provider.
func (r *request) newOwner() (accounts.Account, error) {
	if r.req.Form.Get("customer") == "" {
		return accounts.Account{}, nil
	}
	id, err := parsePositive[accounts.ID](r.req.Form.Get("customer"))
	if err != nil {
		return accounts.Account{}, err
	}
	return r.clients.Get(r.req.Context(), id)
}

func (r *request) subscriptionNewPage() error {
	owner, err := r.newOwner()
	if err != nil {
		return err
	}
	f := newForm("customer", r.req.Form.Get("customer"))
	if len(r.opts.Plans) > 0 {
		f.Values.Set("plan", r.opts.Plans[0])
	}
	return r.render(http.StatusOK, "subscription-new", r.T("subscription.new"), subscriptionForm{Form: f, Customer: owner})
}

func (r *request) subscriptionCreate() error {
	owner, err := r.newOwner()
	if err != nil {
		return err
	}
	f := r.formFromRequest()
	in := subscriptions.New{
		AccountID: owner.ID, Name: f.Value("name"), Plan: f.Value("plan"), Description: f.Value("description"),
		ExternalID: f.Value("externalID"),
	}
	if domain := strings.TrimSpace(f.Value("domains[0]")); domain != "" {
		in.Domains = []string{domain}
	}
	in.ExpiresAt = r.parseExpiry(&f)
	render := func(status int) error {
		return r.render(status, "subscription-new", r.T("subscription.new"), subscriptionForm{Form: f, Customer: owner})
	}
	if f.HasErrors() {
		return render(http.StatusUnprocessableEntity)
	}
	created, err := r.subscriptions().Create(r.commandContext(), in)
	if err != nil {
		if err := r.applyFieldErrors(&f, err, subscriptionInputs); err != nil {
			return err
		}
		return render(http.StatusUnprocessableEntity)
	}
	r.flashDone("subscription.created", created.DisplayName())
	return r.redirect("/subscriptions/", created.ID)
}

// parseExpiry returns the last second of the day that the form has for the expiry, in Options.Location, or the zero time if it
// has none. It adds an error to f if the value is not a date.
func (r *request) parseExpiry(f *form) time.Time {
	value := input.Line(f.Value("expiresAt"))
	if value == "" {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, value)
	if err != nil {
		f.addFieldError("expiresAt", r.T("fault.date"))
		return time.Time{}
	}
	return endOfDay(day, r.opts.Location)
}

// maxOffset is more than any clock on Earth differs from UTC.
const maxOffset = 48 * time.Hour

// endOfDay returns the last second at which the clocks in loc show the date of day. That is 23:59:59, and the later of the two
// where they are set back over it; where they are set forward over it, it is the second before.
func endOfDay(day time.Time, loc *time.Location) time.Time {
	shown := time.Date(day.Year(), day.Month(), day.Day(), 23, 59, 59, 0, time.UTC)
	var last time.Time
	for period := shown.Add(-maxOffset).In(loc); ; { // in which the clocks are not changed
		start, end := period.ZoneBounds()
		_, offset := period.Zone()
		at := shown.Add(-time.Duration(offset) * time.Second)
		if !end.IsZero() && !at.Before(end) {
			at = end.Add(-time.Second)
		}
		if start.IsZero() || !at.Before(start) {
			last = at
		}
		if end.IsZero() || end.After(shown.Add(maxOffset)) {
			return last.In(loc)
		}
		period = end
	}
}
