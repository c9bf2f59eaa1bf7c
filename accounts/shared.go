package accounts

import (
	"context"

	"github.com/clientele-go/clientele/subscriptions"
)

// Cause says why something is suspended, such as CauseBilling. Applications may use custom causes, slugs of the form
// [a-z][a-z0-9-]{0,31}.
type Cause = subscriptions.Cause

// Hold is one reason why an account, a subscription or a domain is suspended: a Cause, a Note for the provider, a Message
// for the owner and a Public text for visitors, with By, the actor who placed it, and At, the time.
type Hold = subscriptions.Hold

// HoldTexts are the texts of a hold to be changed: nil leaves a text as it is, and "" empties it.
type HoldTexts = subscriptions.HoldTexts

// Holds are the holds of one account, subscription or domain: at most one for each cause, sorted by cause.
type Holds = subscriptions.Holds

// EffectiveHold is a Hold together with the Level on which it was placed, as SuspendedBy returns it.
type EffectiveHold = subscriptions.EffectiveHold

// Level is the kind of thing that a hold was placed on: LevelAccount, LevelSubscription or LevelDomain.
type Level = subscriptions.Level

// Status is Active or Suspended. It is derived from holds and never stored.
type Status = subscriptions.Status

// Outcome is the result of a command on many accounts. Changed, Updated (the hold was there already and got other texts) and
// Unchanged partition the requested ids; after Activate and Lift, StillSuspended lists those that are suspended because of
// another hold. Every slice is sorted.
type Outcome = subscriptions.Outcome[ID]

// Removal names everything that a removal deletes: Accounts and Subscriptions by id, Domains by name, and the
// Logins of the accounts, each sorted.
type Removal = subscriptions.Removal

// Cursor is an opaque position in a list or in the event log; the empty one is the start. It fits only the list, order and
// filters that it was issued for.
type Cursor = subscriptions.Cursor

// Event is the record of one change of an account, a subscription or a domain, appended in the transaction of the change.
type Event = subscriptions.Event

// EventType says what happened, and to what, such as AccountSuspended or "account.suspended".
type EventType = subscriptions.EventType

// NotFoundError names what does not exist: a Kind ("account", "subscription", "domain", "entry" or "note") with every unknown id in IDs, or
// the Name that was looked up. It matches ErrNotFound.
type NotFoundError = subscriptions.NotFoundError

// TakenError names every value that is in use: Field and Value of the first one, and Others. It matches ErrTaken.
type TakenError = subscriptions.TakenError

// Taken is one value that is in use, with the path of its Field in the method's input and the Value as it was given.
type Taken = subscriptions.Taken

// InvalidError lists every violation of an input in its field Fields, a []FieldError. It matches ErrInvalid. Its method
// Translate(locale string) returns the fields with their messages in English or Italian.
type InvalidError = subscriptions.InvalidError

// FieldError is one violation: the Path of the field in the method's input ("contact.postalCode"), the code of the Rule
// ("max"), its Param where it has a limit, and a Message for people.
type FieldError = subscriptions.FieldError

// ConflictError refuses a lost update; Current is the current version, or 0 where something other than a version is in
// conflict. It matches ErrConflict.
type ConflictError = subscriptions.ConflictError

// The causes that the library knows.
const (
	CauseProvider = subscriptions.CauseProvider // an operator's decision; the default
	CauseBilling  = subscriptions.CauseBilling  // an unpaid invoice
	CauseAbuse    = subscriptions.CauseAbuse    // a site that does harm
	CauseCustomer = subscriptions.CauseCustomer // the owner disabled a domain
	CauseExpired  = subscriptions.CauseExpired  // the subscription has expired; placed and lifted only by the library
)

// The two statuses.
const (
	Active    = subscriptions.Active    // neither it nor anything above it has a hold
	Suspended = subscriptions.Suspended // it has a hold, or inherits one
)

// The levels, from the top down.
const (
	LevelAccount      = subscriptions.LevelAccount
	LevelSubscription = subscriptions.LevelSubscription
	LevelDomain       = subscriptions.LevelDomain
)

// Provider is the AccountID of subscriptions that are not assigned to any account: the provider's own.
const Provider = subscriptions.Provider

// The types of events. SubscriptionAssigned is recorded on the new account and SubscriptionUnassigned on the old one.
const (
	AccountCreated         = subscriptions.AccountCreated
	AccountUpdated         = subscriptions.AccountUpdated
	AccountPasswordChanged = subscriptions.AccountPasswordChanged
	AccountResetLinkMade   = subscriptions.AccountResetLinkMade
	AccountSuspended       = subscriptions.AccountSuspended
	AccountHoldUpdated     = subscriptions.AccountHoldUpdated
	AccountActivated       = subscriptions.AccountActivated
	AccountRemoved         = subscriptions.AccountRemoved
	AccountSignedInAs      = subscriptions.AccountSignedInAs
	AccountNoteAdded       = subscriptions.AccountNoteAdded
	AccountNoteRemoved     = subscriptions.AccountNoteRemoved

	SubscriptionCreated     = subscriptions.SubscriptionCreated
	SubscriptionUpdated     = subscriptions.SubscriptionUpdated
	SubscriptionAssigned    = subscriptions.SubscriptionAssigned
	SubscriptionUnassigned  = subscriptions.SubscriptionUnassigned
	SubscriptionSuspended   = subscriptions.SubscriptionSuspended
	SubscriptionHoldUpdated = subscriptions.SubscriptionHoldUpdated
	SubscriptionActivated   = subscriptions.SubscriptionActivated
	SubscriptionRemoved     = subscriptions.SubscriptionRemoved

	DomainAdded       = subscriptions.DomainAdded
	DomainUpdated     = subscriptions.DomainUpdated
	DomainRenamed     = subscriptions.DomainRenamed
	DomainMoved       = subscriptions.DomainMoved
	DomainMainChanged = subscriptions.DomainMainChanged
	DomainSuspended   = subscriptions.DomainSuspended
	DomainHoldUpdated = subscriptions.DomainHoldUpdated
	DomainActivated   = subscriptions.DomainActivated
	DomainRemoved     = subscriptions.DomainRemoved
)

// WithActor returns a copy of ctx whose commands are recorded as given by actor: one line of at most 255 characters. With
// any other text, every command returns ErrInvalid at "actor".
func WithActor(ctx context.Context, actor string) context.Context {
	return subscriptions.WithActor(ctx, actor)
}
