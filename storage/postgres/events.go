package postgres

import (
	"maps"
	"slices"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

var eventTable = table[subscriptions.Event]{"clientele.events", 0, []column[subscriptions.Event]{
	timestamp("at", func(e subscriptions.Event) time.Time { return e.At }),
	text("type", func(e subscriptions.Event) string { return string(e.Type) }),
	text("actor", func(e subscriptions.Event) string { return e.Actor }),
	nullNumber("account_id", func(e subscriptions.Event) int64 { return int64(e.AccountID) }),
	nullNumber("subscription_id", func(e subscriptions.Event) int64 { return int64(e.SubscriptionID) }),
	nullNumber("domain_id", func(e subscriptions.Event) int64 { return int64(e.DomainID) }),
	text("domain", func(e subscriptions.Event) string { return e.Domain }),
	jsonMap("details", func(e subscriptions.Event) map[string]string { return filterDetails(e, false) }),
	jsonMap("texts", func(e subscriptions.Event) map[string]string { return filterDetails(e, true) }),
}}

// filterDetails returns the details that the event loses when its subject is removed, or those that it keeps; nil if there
// are none.
func filterDetails(e subscriptions.Event, redacted bool) map[string]string {
	var filtered map[string]string
	for key, value := range e.Details {
		if e.Type.Redacts(key) == redacted {
			if filtered == nil {
				filtered = make(map[string]string, len(e.Details))
			}
			filtered[key] = value
		}
	}
	return filtered
}

// withoutRemovedTexts returns the events, without the texts of those whose subject is removed.
func withoutRemovedTexts(w accounts.Writes) []subscriptions.Event {
	if len(w.RemoveAccounts)+len(w.RemoveSubscriptions)+len(w.RemoveDomains) == 0 || !slices.ContainsFunc(w.Events, hasTexts) {
		return w.Events
	}
	removed := map[any]bool{} // ids of three types
	for _, id := range w.RemoveAccounts {
		removed[id] = true
	}
	for _, id := range w.RemoveSubscriptions {
		removed[id] = true
	}
	for _, id := range w.RemoveDomains {
		removed[id] = true
	}
	return convertAll(w.Events, func(e subscriptions.Event) subscriptions.Event {
		if removed[subject(e)] {
			e.Details = filterDetails(e, false)
		}
		return e
	})
}

// hasTexts reports whether the event has details that it loses when its subject is removed.
func hasTexts(e subscriptions.Event) bool {
	for key := range e.Details {
		if e.Type.Redacts(key) {
			return true
		}
	}
	return false
}

// subject returns the id of the lowest row that e names.
func subject(e subscriptions.Event) any {
	switch {
	case e.DomainID != 0:
		return e.DomainID
	case e.SubscriptionID != 0:
		return e.SubscriptionID
	default:
		return e.AccountID
	}
}

// eventRow is a row of events as Bun scans it, with the state of the log.
type eventRow struct {
	Last, Pruned   int64
	Unnumbered     bool
	ReadOnly       bool
	Standby        bool  // the server is one, and may lag behind
	Number         int64 // 0: the row has no event, only the state of the log
	At             time.Time
	Type           accounts.EventType
	Actor          string
	AccountID      subscriptions.AccountID
	SubscriptionID subscriptions.ID
	DomainID       subscriptions.DomainID
	Domain         string
	Details, Texts map[string]string
}

func (r eventRow) numbered() accounts.NumberedEvent {
	details := r.Details
	if details == nil {
		details = r.Texts
	} else {
		maps.Copy(details, r.Texts)
	}
	return accounts.NumberedEvent{Number: r.Number, Event: accounts.Event{
		At: utc(r.At), Type: r.Type, Actor: r.Actor,
		AccountID: r.AccountID, SubscriptionID: r.SubscriptionID, DomainID: r.DomainID, Domain: r.Domain,
		Details: details,
	}}
}
