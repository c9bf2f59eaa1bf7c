package postgres

import (
	"maps"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/stored"
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
	jsonMap("details", func(e subscriptions.Event) map[string]string { return stored.FilterDetails(e, false) }),
	jsonMap("texts", func(e subscriptions.Event) map[string]string { return stored.FilterDetails(e, true) }),
}}

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
