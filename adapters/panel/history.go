package panel

import (
	"net/http"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/panel/internal/languages"
	"github.com/clientele-go/clientele/subscriptions"
)

// historyEntry is an event with the texts that the history shows.
type historyEntry struct {
	accounts.Event
	Title         string
	Causes        []string
	Fields        string
	DisplayDomain string // the name of the domain in Unicode
}

// historyView is the data of the page with all events of a customer.
type historyView struct {
	Customer accounts.Account
	Entries  []historyEntry
	Pager    pager
}

func (r *request) customerHistory() error {
	id, err := r.accountID()
	if err != nil {
		return err
	}
	view := historyView{}
	if view.Customer, err = r.clients.Get(r.req.Context(), id); err != nil {
		return err
	}
	var next accounts.Cursor
	view.Entries, next, err = r.historyEntries(accounts.EventQuery{
		AccountID: &id, Desc: true, Limit: pageSize, After: accounts.Cursor(r.req.Form.Get("after")),
	})
	if err != nil {
		return err
	}
	view.Pager = r.pager(next)
	return r.render(http.StatusOK, "history", r.T("history.title"), view)
}

// historyEntries returns one page of the history and the cursor of the next one.
func (r *request) historyEntries(q accounts.EventQuery) ([]historyEntry, accounts.Cursor, error) {
	found, err := r.clients.Events(r.req.Context(), q)
	if err != nil {
		return nil, "", err
	}
	entries := make([]historyEntry, len(found.Items))
	for i, e := range found.Items {
		entries[i] = r.newHistoryEntry(e)
	}
	return entries, found.Next, nil
}

func (r *request) newHistoryEntry(e accounts.Event) historyEntry {
	entry := historyEntry{Event: e, Title: r.T("event." + string(e.Type)), DisplayDomain: subscriptions.Domain{Name: e.Domain}.DisplayName()}
	if e.Actor == ownerActor {
		entry.Actor = r.T("history.customer")
	}
	if causes := e.Details["cause"]; causes != "" {
		for cause := range strings.SplitSeq(causes, ",") {
			entry.Causes = append(entry.Causes, r.eventCause(e, accounts.Cause(cause)))
		}
	}
	if fields := e.Details["fields"]; fields != "" {
		var named []string
		for field := range strings.SplitSeq(fields, ",") {
			named = append(named, r.fieldName(e.Type, field))
		}
		entry.Fields = strings.Join(named, ", ")
	}
	return entry
}

// ownerActor is the actor of the customers' own commands, as documented at accounts.Owner.
const ownerActor = "owner"

// eventCause returns the label of a cause in an event. Where a domain was activated that the customer had switched off, it
// says that the domain was switched on, and by whom.
func (r *request) eventCause(e accounts.Event, c accounts.Cause) string {
	switch {
	case c != accounts.CauseCustomer || e.Type != subscriptions.DomainActivated:
		return r.cause(c)
	case e.Actor == ownerActor:
		return r.T("history.switchedOnByCustomer")
	default:
		return r.T("history.switchedOn")
	}
}

// By returns the text that says who placed a hold: "by anna", or "by the customer".
func (p page) By(actor string) string {
	if actor == ownerActor {
		return p.T("why.byCustomer")
	}
	return p.T("why.by", actor)
}

// fieldName returns the label of a changed field.
func (r *request) fieldName(of accounts.EventType, field string) string {
	if of == subscriptions.SubscriptionUpdated {
		if key := "field.subscription." + field; languages.Has(key) {
			return r.T(key)
		}
	}
	if key := "field." + field; languages.Has(key) {
		return r.T(key)
	}
	return field
}

// From and To return the old and the new value of a rename, a move or an assignment.
func (e historyEntry) From() string { return e.Details["from"] }
func (e historyEntry) To() string   { return e.Details["to"] }

// HasFromTo reports whether the event has both values.
func (e historyEntry) HasFromTo() bool { return e.Details["from"] != "" && e.Details["to"] != "" }

// Note, Message and Public return the texts of a suspension.
func (e historyEntry) Note() string    { return e.Details["note"] }
func (e historyEntry) Message() string { return e.Details["message"] }
func (e historyEntry) Public() string  { return e.Details["public"] }
