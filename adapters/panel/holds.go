package panel

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// kind is one of the three kinds of things that have holds, and what is done to them.
type kind struct {
	name    string // in addresses and keys: "customers", "subscriptions", "domains"
	pick    func(v *visit) (selection, error)
	suspend func(v *visit, ctx context.Context, ids []int64, h accounts.Hold) (outcome, error)
	lift    func(v *visit, ctx context.Context, ids []int64, causes []accounts.Cause) (outcome, error)
	preview func(v *visit, s selection) (accounts.Removal, error)
	remove  func(v *visit, ctx context.Context, r accounts.Removal, ids []int64) error
}

// outcome counts what a command suspended or activated, what was so already, and what it left suspended.
type outcome struct{ changed, unchanged, still int }

var (
	customerKind = kind{
		name: "customers", pick: (*visit).pickCustomers,
		suspend: func(v *visit, ctx context.Context, ids []int64, h accounts.Hold) (outcome, error) {
			out, err := v.clients.Suspend(ctx, as[accounts.ID](ids), h)
			return outcome{len(out.Changed), len(out.Unchanged), len(out.StillSuspended)}, err
		},
		lift: func(v *visit, ctx context.Context, ids []int64, causes []accounts.Cause) (outcome, error) {
			out, err := v.clients.Lift(ctx, as[accounts.ID](ids), causes)
			return liftOutcome(out.Changed, out.Unchanged, out.StillSuspended), err
		},
		preview: (*visit).previewCustomers, remove: (*visit).removePreviewed,
	}
	subscriptionKind = kind{
		name: "subscriptions", pick: (*visit).pickSubscriptions,
		suspend: func(v *visit, ctx context.Context, ids []int64, h accounts.Hold) (outcome, error) {
			out, err := v.subscriptions().Suspend(ctx, as[subscriptions.ID](ids), h)
			return outcome{len(out.Changed), len(out.Unchanged), len(out.StillSuspended)}, err
		},
		lift: func(v *visit, ctx context.Context, ids []int64, causes []accounts.Cause) (outcome, error) {
			out, err := v.subscriptions().Lift(ctx, as[subscriptions.ID](ids), causes)
			return liftOutcome(out.Changed, out.Unchanged, out.StillSuspended), err
		},
		preview: (*visit).previewSubscriptions, remove: (*visit).removePreviewedSubscriptions,
	}
	domainKind = kind{
		name: "domains", pick: (*visit).pickDomains,
		suspend: func(v *visit, ctx context.Context, ids []int64, h accounts.Hold) (outcome, error) {
			out, err := v.subscriptions().SuspendDomains(ctx, as[subscriptions.DomainID](ids), h)
			return outcome{len(out.Changed), len(out.Unchanged), len(out.StillSuspended)}, err
		},
		lift: func(v *visit, ctx context.Context, ids []int64, causes []accounts.Cause) (outcome, error) {
			out, err := v.subscriptions().LiftDomains(ctx, as[subscriptions.DomainID](ids), causes)
			return liftOutcome(out.Changed, out.Unchanged, out.StillSuspended), err
		},
		preview: (*visit).previewDomains, remove: (*visit).removeTheseDomains,
	}
)

func (v *visit) suspendCustomersPage() error     { return v.suspendPage(customerKind) }
func (v *visit) suspendCustomers() error         { return v.suspend(customerKind) }
func (v *visit) activateCustomersPage() error    { return v.activatePage(customerKind) }
func (v *visit) activateCustomers() error        { return v.activate(customerKind) }
func (v *visit) suspendSubscriptionsPage() error { return v.suspendPage(subscriptionKind) }
func (v *visit) suspendSubscriptions() error     { return v.suspend(subscriptionKind) }

func (v *visit) activateSubscriptionsPage() error { return v.activatePage(subscriptionKind) }
func (v *visit) activateSubscriptions() error     { return v.activate(subscriptionKind) }
func (v *visit) suspendDomainsPage() error        { return v.suspendPage(domainKind) }
func (v *visit) suspendDomains() error            { return v.suspend(domainKind) }
func (v *visit) activateDomainsPage() error       { return v.activatePage(domainKind) }
func (v *visit) activateDomains() error           { return v.activate(domainKind) }

// holding is a page on which something is suspended, activated or removed.
type holding struct {
	Kind      string
	Selection selection
	Form      form
	Causes    []causeCount
	Going     going
}

// causeCount is a cause that some of the selection have, of their own.
type causeCount struct {
	Cause accounts.Cause
	N     int
	Hand  bool // it can be lifted by hand
	Lift  bool // it is ticked
}

// holdInput is the input of the cause to place: "cause" is a filter of lists, which the form carries along.
const holdInput = "hold"

func (v *visit) suspendPage(k kind) error {
	s, err := k.pick(v)
	if err != nil {
		return err
	}
	if s.N() == 0 {
		return v.nothingSelected(s)
	}
	return v.showSuspend(http.StatusOK, k, s, filled(holdInput, string(accounts.CauseProvider)))
}

func (v *visit) showSuspend(status int, k kind, s selection, f form) error {
	return v.show(status, "suspend", v.N("suspend."+k.name, s.N()), holding{Kind: k.name, Selection: s, Form: f})
}

// nothingSelected sends somebody back who ticked nothing.
func (v *visit) nothingSelected(s selection) error {
	v.warn("list.nothingSelected")
	return v.redirect(s.Back)
}

func (v *visit) suspend(k kind) error {
	s, err := k.pick(v)
	if err != nil {
		return err
	}
	if s.N() == 0 {
		return v.nothingSelected(s)
	}
	f := v.typed()
	if !v.isSame(s) {
		f.Others = append(f.Others, v.T("list.selectionChanged"))
		return v.showSuspend(http.StatusConflict, k, s, f)
	}
	out, err := k.suspend(v, v.ctx(), s.ids(), accounts.Hold{
		Cause: accounts.Cause(f.Value(holdInput)), Note: f.Value("note"), Message: f.Value("message"), Public: f.Value("public"),
	})
	if err != nil {
		if err := v.refused(&f, err, []string{holdInput, "note", "message", "public"}, "cause", holdInput); err != nil {
			return err
		}
		return v.showSuspend(http.StatusUnprocessableEntity, k, s, f)
	}
	v.reportOutcome("suspended", k, out)
	return v.redirect(s.Back)
}

// counted answers the key of a text that counts.
func counted(key string, n int) string {
	if n == 1 {
		return key + ".one"
	}
	return key + ".other"
}

func (v *visit) activatePage(k kind) error {
	s, err := k.pick(v)
	if err != nil {
		return err
	}
	if s.N() == 0 {
		return v.nothingSelected(s)
	}
	return v.showActivate(http.StatusOK, k, s, form{}, func(accounts.Cause) bool { return true })
}

func (v *visit) showActivate(status int, k kind, s selection, f form, ticked func(accounts.Cause) bool) error {
	return v.show(status, "activate", v.N("activate."+k.name, s.N()), holding{
		Kind: k.name, Selection: s, Form: f, Causes: causesOf(s, ticked),
	})
}

// causesOf counts the causes of a selection's own holds.
func causesOf(s selection, ticked func(accounts.Cause) bool) []causeCount {
	var all []causeCount
	for _, t := range s.Targets {
		for _, hold := range t.Own {
			i := slices.IndexFunc(all, func(c causeCount) bool { return c.Cause == hold.Cause })
			if i < 0 {
				all = append(all, causeCount{Cause: hold.Cause, Hand: hold.Cause != accounts.CauseExpired, Lift: ticked(hold.Cause)})
				i = len(all) - 1
			}
			all[i].N++
		}
	}
	slices.SortFunc(all, func(a, b causeCount) int { return strings.Compare(string(a.Cause), string(b.Cause)) })
	return all
}

// CanLift tells whether there is anything to lift by hand.
func (h holding) CanLift() bool {
	return slices.ContainsFunc(h.Causes, func(c causeCount) bool { return c.Hand })
}

// Held answers how many of the selection are down by something above them.
func (h holding) Held() int {
	n := 0
	for _, t := range h.Selection.Targets {
		if len(t.Inherited) > 0 {
			n++
		}
	}
	return n
}

// activate lifts the causes that were ticked, and none that the page did not show.
func (v *visit) activate(k kind) error {
	s, err := k.pick(v)
	if err != nil {
		return err
	}
	if s.N() == 0 {
		return v.nothingSelected(s)
	}
	f := v.typed()
	ticked := func(c accounts.Cause) bool { return f.Has("lift", string(c)) }
	if !v.isSame(s) {
		f.Others = append(f.Others, v.T("list.selectionChanged"))
		return v.showActivate(http.StatusConflict, k, s, f, ticked)
	}
	var causes []accounts.Cause
	for _, cause := range f.Values["lift"] {
		causes = append(causes, accounts.Cause(cause))
	}
	if len(causes) == 0 {
		f.Others = append(f.Others, v.T("activate.none"))
		return v.showActivate(http.StatusUnprocessableEntity, k, s, f, ticked)
	}
	out, err := k.lift(v, v.ctx(), s.ids(), causes)
	if err != nil {
		if err := v.refused(&f, err, nil); err != nil {
			return err
		}
		return v.showActivate(http.StatusUnprocessableEntity, k, s, f, ticked)
	}
	v.reportOutcome("activated", k, out)
	return v.redirect(s.Back)
}
