package panel

import (
	"net/http"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// entry is one event as the history shows it: what, and why.
type entry struct {
	accounts.Event
	What   string
	Causes []string
	Fields string
	Unique string // the domain's name as people write it
}

// historyView is the page of all events of a customer.
type historyView struct {
	Customer accounts.Account
	Entries  []entry
	Pager    pager
}

func (v *visit) customerHistory() error {
	id, err := v.accountID()
	if err != nil {
		return err
	}
	view := historyView{}
	if view.Customer, err = v.clients.Get(v.r.Context(), id); err != nil {
		return err
	}
	var next accounts.Cursor
	view.Entries, next, err = v.events(accounts.EventQuery{
		AccountID: &id, Desc: true, Limit: perPage, After: accounts.Cursor(v.r.Form.Get("after")),
	})
	if err != nil {
		return err
	}
	view.Pager = v.pager(next)
	return v.show(http.StatusOK, "history", v.T("history.title"), view)
}

// events answers entries of the history.
func (v *visit) events(q accounts.EventQuery) ([]entry, accounts.Cursor, error) {
	found, err := v.clients.Events(v.r.Context(), q)
	if err != nil {
		return nil, "", err
	}
	entries := make([]entry, len(found.Items))
	for i, e := range found.Items {
		entries[i] = v.entry(e)
	}
	return entries, found.Next, nil
}

func (v *visit) entry(e accounts.Event) entry {
	it := entry{Event: e, What: v.T("event." + string(e.Type)), Unique: subscriptions.Domain{Name: e.Domain}.DisplayName()}
	if e.Actor == ownerActor {
		it.Actor = v.T("history.customer")
	}
	if causes := e.Details["cause"]; causes != "" {
		for cause := range strings.SplitSeq(causes, ",") {
			it.Causes = append(it.Causes, v.eventCause(e, accounts.Cause(cause)))
		}
	}
	if fields := e.Details["fields"]; fields != "" {
		var named []string
		for field := range strings.SplitSeq(fields, ",") {
			named = append(named, v.fieldName(e.Type, field))
		}
		it.Fields = strings.Join(named, ", ")
	}
	return it
}

// ownerActor is the actor of what customers do themselves, as accounts.Owner documents it.
const ownerActor = "owner"

// eventCause returns the name of a cause in an event. Of a domain that a customer had switched off, the event of its
// activation says that it was switched on, and by whom.
func (v *visit) eventCause(e accounts.Event, c accounts.Cause) string {
	switch {
	case c != accounts.CauseCustomer || e.Type != subscriptions.DomainActivated:
		return v.cause(c)
	case e.Actor == ownerActor:
		return v.T("history.switchedOnByCustomer")
	default:
		return v.T("history.switchedOn")
	}
}

// By returns who placed a hold: "by anna", or "by the customer".
func (p page) By(actor string) string {
	if actor == ownerActor {
		return p.T("why.byCustomer")
	}
	return p.T("why.by", actor)
}

// fieldName answers what people call a field that changed.
func (v *visit) fieldName(of accounts.EventType, field string) string {
	if of == subscriptions.SubscriptionUpdated {
		if _, known := catalogue["field.subscription."+field]; known {
			return v.T("field.subscription." + field)
		}
	}
	if _, known := catalogue["field."+field]; known {
		return v.T("field." + field)
	}
	return field
}

// From and To answer what a rename, a move or an assignment went from and to.
func (e entry) From() string { return e.Details["from"] }
func (e entry) To() string   { return e.Details["to"] }

// Moves tells whether it is one of those.
func (e entry) Moves() bool { return e.Details["from"] != "" && e.Details["to"] != "" }

// Note, Message and Public answer the texts of a suspension.
func (e entry) Note() string    { return e.Details["note"] }
func (e entry) Message() string { return e.Details["message"] }
func (e entry) Public() string  { return e.Details["public"] }
