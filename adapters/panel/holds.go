package panel

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// kind is one of the three kinds of things that have holds, with the commands for them.
type kind struct {
	name      string // in paths and keys: "customers", "subscriptions" or "domains"
	selection func(r *request) (selection, error)
	suspend   func(r *request, ctx context.Context, ids []int64, h accounts.Hold) (outcome, error)
	lift      func(r *request, ctx context.Context, ids []int64, causes []accounts.Cause) (outcome, error)
	preview   func(r *request, s selection) (accounts.Removal, error)
	remove    func(r *request, ctx context.Context, removal accounts.Removal, ids []int64) error
}

// outcome counts what a command suspended or activated, what already was, how many of these holds got other texts, and what
// is still suspended.
type outcome struct{ changed, unchanged, updated, stillSuspended int }

var (
	customerKind = kind{
		name: "customers", selection: (*request).selectCustomers,
		suspend: func(r *request, ctx context.Context, ids []int64, h accounts.Hold) (outcome, error) {
			out, err := r.clients.Suspend(ctx, convertIDs[accounts.ID](ids), h)
			return suspendOutcome(out), err
		},
		lift: func(r *request, ctx context.Context, ids []int64, causes []accounts.Cause) (outcome, error) {
			out, err := r.clients.Lift(ctx, convertIDs[accounts.ID](ids), causes)
			return liftOutcome(out), err
		},
		preview: (*request).previewCustomers, remove: (*request).removeCustomersExactly,
	}
	subscriptionKind = kind{
		name: "subscriptions", selection: (*request).selectSubscriptions,
		suspend: func(r *request, ctx context.Context, ids []int64, h accounts.Hold) (outcome, error) {
			out, err := r.subscriptions().Suspend(ctx, convertIDs[subscriptions.ID](ids), h)
			return suspendOutcome(out), err
		},
		lift: func(r *request, ctx context.Context, ids []int64, causes []accounts.Cause) (outcome, error) {
			out, err := r.subscriptions().Lift(ctx, convertIDs[subscriptions.ID](ids), causes)
			return liftOutcome(out), err
		},
		preview: (*request).previewSubscriptions, remove: (*request).removeSubscriptionsExactly,
	}
	domainKind = kind{
		name: "domains", selection: (*request).selectDomains,
		suspend: func(r *request, ctx context.Context, ids []int64, h accounts.Hold) (outcome, error) {
			out, err := r.subscriptions().SuspendDomains(ctx, convertIDs[subscriptions.DomainID](ids), h)
			return suspendOutcome(out), err
		},
		lift: func(r *request, ctx context.Context, ids []int64, causes []accounts.Cause) (outcome, error) {
			out, err := r.subscriptions().LiftDomains(ctx, convertIDs[subscriptions.DomainID](ids), causes)
			return liftOutcome(out), err
		},
		preview: (*request).previewDomains, remove: (*request).removeDomainsExactly,
	}
)

func (r *request) suspendCustomersPage() error     { return r.suspendPage(customerKind) }
func (r *request) suspendCustomers() error         { return r.suspend(customerKind) }
func (r *request) activateCustomersPage() error    { return r.activatePage(customerKind) }
func (r *request) activateCustomers() error        { return r.activate(customerKind) }
func (r *request) suspendSubscriptionsPage() error { return r.suspendPage(subscriptionKind) }
func (r *request) suspendSubscriptions() error     { return r.suspend(subscriptionKind) }

func (r *request) activateSubscriptionsPage() error { return r.activatePage(subscriptionKind) }
func (r *request) activateSubscriptions() error     { return r.activate(subscriptionKind) }
func (r *request) suspendDomainsPage() error        { return r.suspendPage(domainKind) }
func (r *request) suspendDomains() error            { return r.suspend(domainKind) }
func (r *request) activateDomainsPage() error       { return r.activatePage(domainKind) }
func (r *request) activateDomains() error           { return r.activate(domainKind) }

// holdPage is the data of the pages on which a selection is suspended, activated or removed.
type holdPage struct {
	Kind      string
	Selection selection
	Form      form
	Causes    []causeCount
	Removal   removalPreview
}

// causeCount is a cause and the number of selected things that have a hold with it.
type causeCount struct {
	Cause    accounts.Cause
	N        int
	Liftable bool // not by the library alone
	Checked  bool
}

// holdInput is the input of the new hold's cause. The name "cause" is taken by the filter of lists, which the form passes on.
const holdInput = "hold"

func (r *request) suspendPage(k kind) error {
	s, err := k.selection(r)
	if err != nil {
		return err
	}
	if s.N() == 0 {
		return r.nothingSelected(s)
	}
	return r.renderSuspend(http.StatusOK, k, s, newForm(holdInput, string(accounts.CauseProvider)))
}

func (r *request) renderSuspend(status int, k kind, s selection, f form) error {
	return r.render(status, "suspend", r.N("suspend."+k.name, s.N()), holdPage{Kind: k.name, Selection: s, Form: f})
}

// nothingSelected redirects to where an empty selection was made.
func (r *request) nothingSelected(s selection) error {
	r.flashWarning("list.nothingSelected")
	return r.redirect(s.Back)
}

func (r *request) suspend(k kind) error {
	s, err := k.selection(r)
	if err != nil {
		return err
	}
	if s.N() == 0 {
		return r.nothingSelected(s)
	}
	f := r.formFromRequest()
	if !r.selectionUnchanged(s) {
		f.Errors = append(f.Errors, r.T("list.selectionChanged"))
		return r.renderSuspend(http.StatusConflict, k, s, f)
	}
	out, err := k.suspend(r, r.commandContext(), s.ids(), accounts.Hold{
		Cause: accounts.Cause(f.Value(holdInput)), Note: f.Value("note"), Message: f.Value("message"), Public: f.Value("public"),
	})
	if err != nil {
		if err := r.applyFieldErrors(&f, err, []string{holdInput, "note", "message", "public"}, "cause", holdInput); err != nil {
			return err
		}
		return r.renderSuspend(http.StatusUnprocessableEntity, k, s, f)
	}
	r.flashOutcome("suspended", k, out)
	return r.redirect(s.Back)
}

// pluralKey returns the key of the text for the number n.
func pluralKey(key string, n int) string {
	if n == 1 {
		return key + ".one"
	}
	return key + ".other"
}

func (r *request) activatePage(k kind) error {
	s, err := k.selection(r)
	if err != nil {
		return err
	}
	if s.N() == 0 {
		return r.nothingSelected(s)
	}
	return r.renderActivate(http.StatusOK, k, s, form{}, func(accounts.Cause) bool { return true })
}

func (r *request) renderActivate(status int, k kind, s selection, f form, checked func(accounts.Cause) bool) error {
	return r.render(status, "activate", r.N("activate."+k.name, s.N()), holdPage{
		Kind: k.name, Selection: s, Form: f, Causes: countCauses(s, checked),
	})
}

// countCauses counts the causes of the selection's holds, without inherited ones, sorted by cause.
func countCauses(s selection, checked func(accounts.Cause) bool) []causeCount {
	var all []causeCount
	for _, t := range s.Targets {
		for _, hold := range t.Holds {
			i := slices.IndexFunc(all, func(c causeCount) bool { return c.Cause == hold.Cause })
			if i < 0 {
				all = append(all, causeCount{Cause: hold.Cause, Liftable: hold.Cause != accounts.CauseExpired, Checked: checked(hold.Cause)})
				i = len(all) - 1
			}
			all[i].N++
		}
	}
	slices.SortFunc(all, func(a, b causeCount) int { return strings.Compare(string(a.Cause), string(b.Cause)) })
	return all
}

// CanLift reports whether an operator can lift any of the causes.
func (h holdPage) CanLift() bool {
	return slices.ContainsFunc(h.Causes, func(c causeCount) bool { return c.Liftable })
}

// InheritedCount returns how many of the selection inherit a hold.
func (h holdPage) InheritedCount() int {
	n := 0
	for _, t := range h.Selection.Targets {
		if len(t.Inherited) > 0 {
			n++
		}
	}
	return n
}

// activate lifts the checked causes, and never one that the page did not show.
func (r *request) activate(k kind) error {
	s, err := k.selection(r)
	if err != nil {
		return err
	}
	if s.N() == 0 {
		return r.nothingSelected(s)
	}
	f := r.formFromRequest()
	checked := func(c accounts.Cause) bool { return f.Has("lift", string(c)) }
	if !r.selectionUnchanged(s) {
		f.Errors = append(f.Errors, r.T("list.selectionChanged"))
		return r.renderActivate(http.StatusConflict, k, s, f, checked)
	}
	var causes []accounts.Cause
	for _, cause := range f.Values["lift"] {
		causes = append(causes, accounts.Cause(cause))
	}
	if len(causes) == 0 {
		f.Errors = append(f.Errors, r.T("activate.none"))
		return r.renderActivate(http.StatusUnprocessableEntity, k, s, f, checked)
	}
	out, err := k.lift(r, r.commandContext(), s.ids(), causes)
	if err != nil {
		if err := r.applyFieldErrors(&f, err, nil); err != nil {
			return err
		}
		return r.renderActivate(http.StatusUnprocessableEntity, k, s, f, checked)
	}
	r.flashOutcome("activated", k, out)
	return r.redirect(s.Back)
}
