package subscriptions

import "time"

// Event is the record of one change. It is appended in the transaction of the change itself.
type Event struct {
	Cursor         Cursor // unique forever; a reader that passes it as EventQuery.After continues after this event
	At             time.Time
	Type           EventType
	Actor          string // the person or program that did it, as named by WithActor
	AccountID      AccountID
	SubscriptionID ID       // 0 if the event is about an account
	DomainID       DomainID // 0 if the event is about an account or a subscription
	Domain         string   // the domain's name, after the change
	// Details has these keys, where the value is not empty:
	//   - "cause" of suspensions, changed texts and activations (the causes that one command lifted are joined by commas);
	//   - "note", "message" and "public" of suspensions and of changed texts, until their subject is removed;
	//   - "fields" of updates: the names of the fields that changed, joined by commas, never their values;
	//   - "login" of account.created, until the account is removed, and of account.removed, so that a program that provisions by
	//     login can clean up;
	//   - "from" and "to": the logins of an account.updated that changes the login, until the account is removed; the names of a
	//     rename; the ids, in decimal, of the accounts of an assignment, of the subscriptions of a move, and of the domains of a
	//     change of main domain;
	//   - "externalID" of what was created or removed.
	Details map[string]string
}

// Subject returns what the event is about: the domain that it names, or else the subscription, or else the account. When the
// subject is removed, stores delete those details of the event that EventType.Redacts reports.
func (e Event) Subject() (Level, int64) {
	switch {
	case e.DomainID != 0:
		return LevelDomain, int64(e.DomainID)
	case e.SubscriptionID != 0:
		return LevelSubscription, int64(e.SubscriptionID)
	default:
		return LevelAccount, int64(e.AccountID)
	}
}

// EventType says what happened, and to what.
type EventType string

// Redacts reports whether a detail of an event of this type is personal data that a store must delete when the event's
// subject is removed.
func (t EventType) Redacts(detail string) bool {
	switch detail {
	case "note", "message", "public":
		return true
	case "login":
		return t != AccountRemoved
	case "from", "to":
		return t == AccountUpdated
	}
	return false
}

// The types of events. Every hold that is placed is recorded as "….suspended", and every command that lifts holds as
// "….activated", even if other holds keep the same row suspended. What inherits a hold gets no event. To find out whether
// something is active now, read its Status.
//
// SubscriptionAssigned is recorded on the new account and SubscriptionUnassigned on the old one. If a move changes the
// owner, DomainMoved is recorded twice: on the account that loses the domain and on the one that gets it. Nothing is
// recorded on Provider if an account is involved.
const (
	AccountCreated         EventType = "account.created"
	AccountUpdated         EventType = "account.updated"
	AccountPasswordChanged EventType = "account.password-changed"
	AccountResetLinkMade   EventType = "account.reset-link-made"
	AccountSuspended       EventType = "account.suspended"
	AccountHoldUpdated     EventType = "account.hold-updated"
	AccountActivated       EventType = "account.activated"
	AccountRemoved         EventType = "account.removed"
	AccountSignedInAs      EventType = "account.signed-in-as"

	SubscriptionCreated     EventType = "subscription.created"
	SubscriptionUpdated     EventType = "subscription.updated"
	SubscriptionAssigned    EventType = "subscription.assigned"
	SubscriptionUnassigned  EventType = "subscription.unassigned"
	SubscriptionSuspended   EventType = "subscription.suspended"
	SubscriptionHoldUpdated EventType = "subscription.hold-updated"
	SubscriptionActivated   EventType = "subscription.activated"
	SubscriptionRemoved     EventType = "subscription.removed"

	DomainAdded       EventType = "domain.added"
	DomainUpdated     EventType = "domain.updated"
	DomainRenamed     EventType = "domain.renamed"
	DomainMoved       EventType = "domain.moved"
	DomainMainChanged EventType = "domain.main-changed"
	DomainSuspended   EventType = "domain.suspended"
	DomainHoldUpdated EventType = "domain.hold-updated"
	DomainActivated   EventType = "domain.activated"
	DomainRemoved     EventType = "domain.removed"
)
