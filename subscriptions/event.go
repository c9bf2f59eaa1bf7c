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
	//   - "cause" of suspensions and activations (the causes that one command lifted are joined by commas);
	//   - "note", "message" and "public" of suspensions, until their subject is removed;
	//   - "fields" of updates: the names of the fields that changed, joined by commas, never their values;
	//   - "from" and "to": the names of a rename, and the ids, in decimal, of the accounts of an assignment, of the
	//     subscriptions of a move, and of the domains of a change of main domain;
	//   - "externalID" of what was created or removed.
	Details map[string]string
}

// EventType says what happened, and to what.
type EventType string

// The types of events. SubscriptionAssigned is recorded on the new account and SubscriptionUnassigned on the old one.
const (
	AccountCreated         EventType = "account.created"
	AccountUpdated         EventType = "account.updated"
	AccountPasswordChanged EventType = "account.password-changed"
	AccountSuspended       EventType = "account.suspended"
	AccountActivated       EventType = "account.activated"
	AccountRemoved         EventType = "account.removed"
	AccountSignedInAs      EventType = "account.signed-in-as"

	SubscriptionCreated    EventType = "subscription.created"
	SubscriptionUpdated    EventType = "subscription.updated"
	SubscriptionAssigned   EventType = "subscription.assigned"
	SubscriptionUnassigned EventType = "subscription.unassigned"
	SubscriptionSuspended  EventType = "subscription.suspended"
	SubscriptionActivated  EventType = "subscription.activated"
	SubscriptionRemoved    EventType = "subscription.removed"

	DomainAdded       EventType = "domain.added"
	DomainRenamed     EventType = "domain.renamed"
	DomainMoved       EventType = "domain.moved"
	DomainMainChanged EventType = "domain.main-changed"
	DomainSuspended   EventType = "domain.suspended"
	DomainActivated   EventType = "domain.activated"
	DomainRemoved     EventType = "domain.removed"
)
