package subscriptions

import (
	"time"
)

// AccountID names an account. This package knows no more of accounts than that.
type AccountID int64

// Provider owns what belongs to no account: the provider's own subscriptions.
const Provider AccountID = 0

// Nobody is no account and has nothing. It stands for an account that is about to be created in a Claim.
const Nobody AccountID = -1

// ID names a subscription. The smallest is 1.
type ID int64

// Subscription is what an account has bought: a plan by its name, and domains. It may belong to no account yet.
type Subscription struct {
	ID          ID
	AccountID   AccountID // Provider: the provider's own
	Name        string
	Plan        string
	Description string // only the provider sees it
	ExternalID  string // the host's own key, unique among subscriptions when set
	Attributes  map[string]string
	ExpiresAt   time.Time // zero: never
	Holds       Holds
	Inherited   []EffectiveHold // its account's holds
	Version     int64  // rises with Update, Assign and SetMainDomain
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// DisplayName answers the name as people write it: that of a domain, which a subscription has by default, as Domain.Unicode
// does, and any other as it is.
func (s Subscription) DisplayName() string {
	if name, valid := CanonicalName(s.Name); valid && name == s.Name {
		return unicodeName(name)
	}
	return s.Name
}

// Status is Suspended while the subscription or its account has a hold.
func (s Subscription) Status() Status { return StatusOf(len(s.Holds) + len(s.Inherited)) }

// SuspendedBy answers every hold that keeps the subscription down, from the top down. Nil means that it is active.
func (s Subscription) SuspendedBy() []EffectiveHold {
	return append(s.Inherited[:len(s.Inherited):len(s.Inherited)], s.Holds.Effective(LevelSubscription)...)
}

// New is a subscription to be created. Limits are in characters.
type New struct {
	AccountID   AccountID         `validate:"min=0"`                                              // Provider: the provider's own
	Name        string            `validate:"max=255,line"`                                       // empty: the first domain's name
	Plan        string            `validate:"max=100,line"`                                       // may be empty
	Description string            `validate:"max=4096,text"`                                      // only the provider sees it
	ExternalID  string            `validate:"max=255,line"`                                       // unique among subscriptions when set
	Attributes  map[string]string `validate:"max=32,dive,keys,max=64,slug,endkeys,max=1024,text"` // at most 32; keys are slugs of at most 64, values of at most 1,024
	ExpiresAt   time.Time         `validate:"time"`                                               // zero: never
	CreatedAt   time.Time         `validate:"time"`                                               // for imports; zero: now
	Domains     []string          `validate:"max=1000"`                                           // the first one is the main domain
}

// Changes are the fields of a subscription to be changed. Nil fields stay as they are.
type Changes struct {
	Version     int64             `validate:"min=0"` // the version that was read; 0: whatever it is
	Name        *string           `validate:"omitnil,max=255,line"`
	Plan        *string           `validate:"omitnil,max=100,line"`
	Description *string           `validate:"omitnil,max=4096,text"`
	ExternalID  *string           `validate:"omitnil,max=255,line"`
	Attributes  map[string]string `validate:"max=64,dive,keys,max=64,slug,endkeys,max=1024,text"` // merged; an empty value deletes; 32 may be left
	ExpiresAt   *time.Time        `validate:"omitnil,time"`
}

// Query selects subscriptions. The zero value selects all, by creation, 50 at a time.
type Query struct {
	IDs           []ID       // nil: all; else 1 to 10,000; unknown ones are left out
	AccountID     *AccountID // nil: any
	Plan          string
	Search        string // a piece of the name, the external id or a domain's name; below 3 characters its beginning; at most 255
	Status        Status
	Cause         Cause     // held by it, from wherever
	ExpiresBefore time.Time // runs out before; zero: whenever
	Desc          bool
	Limit         int // 0: 50; at most 500
	After         Cursor
}

// Page is one page of a list. Next is empty at the end.
type Page struct {
	Items []Subscription
	Next  Cursor
}

// Outcome tells what a command on many did.
type Outcome struct {
	Changed, Unchanged []ID // these two part the ids asked for; ascending
	StillSuspended              []ID // of Activate and Lift: those that are suspended afterwards, by whatever, from wherever
}

// Removal names everything that a removal takes away, ascending, in byte order.
type Removal struct {
	Accounts      []AccountID
	Subscriptions []ID
	Domains       []string
}
