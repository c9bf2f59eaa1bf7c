package subscriptions

import "time"

// Event is the record of one change. It is appended in the transaction of the change itself.
type Event struct {
	Cursor         Cursor // unique for ever; EventQuery.After goes on right behind it
	At             time.Time
	Type           EventType
	Actor          string
	AccountID      AccountID
	SubscriptionID ID
	DomainID       DomainID
	Domain         string
	// Details has, where it is not empty:
	//   - "cause" of suspensions and activations (several that were lifted are joined by commas);
	//   - "note", "message" and "public" of suspensions, until what they are about is removed;
	//   - "fields" of updates: the names of those that differ, joined by commas, never values;
	//   - "from" and "to": the names of a rename, and the ids, in decimal, of accounts in an assignment, of subscriptions in
	//     a move, and of domains in a change of the main one;
	//   - "externalID" of what was created or removed.
	Details map[string]string
}

// EventType says what happened, and to what.
type EventType string

// The types of events. Assigned is on the new account and Unassigned on the old one.
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
