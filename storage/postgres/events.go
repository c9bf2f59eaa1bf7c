package postgres

import (
	"maps"
	"slices"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

var eventTable = table[subscriptions.Event]{"clientele.events", 0, []column[subscriptions.Event]{
	moment("at", func(e subscriptions.Event) time.Time { return e.At }),
	text("type", func(e subscriptions.Event) string { return string(e.Type) }),
	text("actor", func(e subscriptions.Event) string { return e.Actor }),
	reference("account_id", func(e subscriptions.Event) int64 { return int64(e.AccountID) }),
	reference("subscription_id", func(e subscriptions.Event) int64 { return int64(e.SubscriptionID) }),
	reference("domain_id", func(e subscriptions.Event) int64 { return int64(e.DomainID) }),
	text("domain", func(e subscriptions.Event) string { return e.Domain }),
	pairs("details", func(e subscriptions.Event) map[string]string { return pick(e.Details, false) }),
	pairs("texts", func(e subscriptions.Event) map[string]string { return pick(e.Details, true) }),
}}

// eventTexts are the details that an event loses when its subject goes.
var eventTexts = [...]string{"note", "message", "public"}

// pick answers those details that are texts, or those that are not; nil for none.
func pick(details map[string]string, texts bool) map[string]string {
	var picked map[string]string
	for key, value := range details {
		if slices.Contains(eventTexts[:], key) == texts {
			if picked == nil {
				picked = make(map[string]string, len(details))
			}
			picked[key] = value
		}
	}
	return picked
}

// withoutGone answers the events, those about what goes without their texts.
func withoutGone(w accounts.Writes) []subscriptions.Event {
	if len(w.RemoveAccounts)+len(w.RemoveSubscriptions)+len(w.RemoveDomains) == 0 || !slices.ContainsFunc(w.Events, hasTexts) {
		return w.Events
	}
	gone := map[any]bool{} // ids of three types
	for _, id := range w.RemoveAccounts {
		gone[id] = true
	}
	for _, id := range w.RemoveSubscriptions {
		gone[id] = true
	}
	for _, id := range w.RemoveDomains {
		gone[id] = true
	}
	return each(w.Events, func(e subscriptions.Event) subscriptions.Event {
		if gone[subject(e)] {
			e.Details = pick(e.Details, false)
		}
		return e
	})
}

func hasTexts(e subscriptions.Event) bool {
	return slices.ContainsFunc(eventTexts[:], func(key string) bool { return e.Details[key] != "" })
}

// subject answers the id of what an event is about.
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

// eventRow is a row of events as bun scans it, beside the state of the log.
type eventRow struct {
	Last, Pruned   int64
	Unnumbered     bool
	ReadOnly       bool
	Standby        bool  // which may lag behind
	Number         int64 // 0: there is no event, only the state of the log
	At             time.Time
	Type           accounts.EventType
	Actor          string
	AccountID      subscriptions.AccountID
	SubscriptionID subscriptions.ID
	DomainID       subscriptions.DomainID
	Domain         string
	Details, Texts map[string]string
}

func (r eventRow) recorded() accounts.NumberedEvent {
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
