package accounts

import (
	"context"

	"github.com/clientele-go/clientele/subscriptions"
)

// What accounts share with subscriptions, under names of their own, as package os does with io/fs.
type (
	Cause   = subscriptions.Cause
	Hold    = subscriptions.Hold
	Holds   = subscriptions.Holds
	EffectiveHold    = subscriptions.EffectiveHold
	Level   = subscriptions.Level
	Status  = subscriptions.Status
	Removal = subscriptions.Removal
	Cursor  = subscriptions.Cursor

	Event     = subscriptions.Event
	EventType = subscriptions.EventType

	NotFoundError = subscriptions.NotFoundError
	TakenError    = subscriptions.TakenError
	Taken         = subscriptions.Taken
	InvalidError  = subscriptions.InvalidError
	FieldError    = subscriptions.FieldError
	ConflictError = subscriptions.ConflictError
)

// The causes, statuses and levels; see package subscriptions.
const (
	CauseProvider = subscriptions.CauseProvider
	CauseBilling  = subscriptions.CauseBilling
	CauseAbuse    = subscriptions.CauseAbuse
	CauseCustomer = subscriptions.CauseCustomer
	CauseExpired  = subscriptions.CauseExpired

	Active    = subscriptions.Active
	Suspended = subscriptions.Suspended

	LevelAccount      = subscriptions.LevelAccount
	LevelSubscription = subscriptions.LevelSubscription
	LevelDomain       = subscriptions.LevelDomain
)

// Provider owns what belongs to no account; see package subscriptions.
const Provider = subscriptions.Provider

// The types of events; see package subscriptions.
const (
	AccountCreated         = subscriptions.AccountCreated
	AccountUpdated         = subscriptions.AccountUpdated
	AccountPasswordChanged = subscriptions.AccountPasswordChanged
	AccountSuspended       = subscriptions.AccountSuspended
	AccountActivated       = subscriptions.AccountActivated
	AccountRemoved         = subscriptions.AccountRemoved
	AccountSignedInAs      = subscriptions.AccountSignedInAs

	SubscriptionCreated    = subscriptions.SubscriptionCreated
	SubscriptionUpdated    = subscriptions.SubscriptionUpdated
	SubscriptionAssigned   = subscriptions.SubscriptionAssigned
	SubscriptionUnassigned = subscriptions.SubscriptionUnassigned
	SubscriptionSuspended  = subscriptions.SubscriptionSuspended
	SubscriptionActivated  = subscriptions.SubscriptionActivated
	SubscriptionRemoved    = subscriptions.SubscriptionRemoved

	DomainAdded       = subscriptions.DomainAdded
	DomainRenamed     = subscriptions.DomainRenamed
	DomainMoved       = subscriptions.DomainMoved
	DomainMainChanged = subscriptions.DomainMainChanged
	DomainSuspended   = subscriptions.DomainSuspended
	DomainActivated   = subscriptions.DomainActivated
	DomainRemoved     = subscriptions.DomainRemoved
)

// WithActor answers a context whose commands are recorded as done by actor; see subscriptions.WithActor.
func WithActor(ctx context.Context, actor string) context.Context {
	return subscriptions.WithActor(ctx, actor)
}
