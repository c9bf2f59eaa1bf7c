package subscriptions

import (
	"slices"
	"time"

	"github.com/clientele-go/clientele/internal/input"
)

// AccountID identifies an account. The smallest id is 1.
type AccountID int64

// Provider is the AccountID of subscriptions that are not assigned to any account: the provider's own.
const Provider AccountID = 0

// newAccount is the owner in a Claim whose account does not exist yet. It owns nothing.
const newAccount AccountID = -1

// ID identifies a subscription. The smallest id is 1.
type ID int64

// Subscription is what an account has bought: a plan, by its name, and domains. It may belong to no account.
type Subscription struct {
	ID          ID
	AccountID   AccountID // Provider: assigned to no account
	Name        string
	Plan        string
	Description string // visible to the provider only
	ExternalID  string // the application's key, unique among subscriptions when set
	Attributes  map[string]string
	ExpiresAt   time.Time // zero: never
	Holds       Holds
	Inherited   []EffectiveHold // its account's holds
	Version     int64           // starts at 1; incremented by Update, Assign and SetMainDomain
	CreatedAt   time.Time
	UpdatedAt   time.Time // when it was created or last changed by Update, Assign or SetMainDomain
}

// DisplayName returns the name as people write it: the name of a domain, which a subscription has by default, as
// Domain.DisplayName returns it, and any other name unchanged.
func (s Subscription) DisplayName() string {
	if name, valid := CanonicalName(s.Name); valid && name == s.Name {
		return unicodeName(name)
	}
	return s.Name
}

// Status returns Suspended while the subscription or its account has a hold, and Active otherwise.
func (s Subscription) Status() Status { return statusFor(len(s.Holds) + len(s.Inherited)) }

// SuspendedBy returns every hold because of which the subscription is suspended, from the top level down. It returns nil if
// the subscription is active.
func (s Subscription) SuspendedBy() []EffectiveHold {
	return append(slices.Clip(s.Inherited), s.Holds.Effective(LevelSubscription)...)
}

// DueAt returns the time from which Expire suspends the subscription: ExpiresAt, or zero for never if it has the hold of
// CauseExpired already. It is for stores, which find the subscriptions that are due.
func (s Subscription) DueAt() time.Time {
	if _, expired := s.Holds.Get(CauseExpired); expired {
		return time.Time{}
	}
	return s.ExpiresAt
}

// SearchText returns the text of a subscription that SearchTerm looks through, besides that of its domains. It is for stores,
// which look through what ListParams.Searched returns of it.
func (s Subscription) SearchText() string { return input.SearchText(s.Name, s.ExternalID) }

// New is a subscription to be created. Limits are in characters, and times are in the years 1970 to 9998. Name, Plan and
// ExternalID are one line, from which characters that show nothing are removed; only in Name a zero-width joiner or non-joiner
// stays between two letters, or after a letter's mark.
type New struct {
	AccountID   AccountID         // Provider: assigned to no account
	Name        string            // at most 255; the first domain's name if empty; required if there are no domains
	Plan        string            // at most 100; may be empty
	Description string            // at most 4,096; visible to the provider only
	ExternalID  string            // at most 255; unique among subscriptions when set
	Attributes  map[string]string // at most 32; keys are slugs of at most 64, values have at most 1,024
	ExpiresAt   time.Time         // zero: never
	CreatedAt   time.Time         // for imports; zero: now
	Domains     []string          // at most 1,000; the first one is the main domain
}

// Changes are the fields of a subscription to be changed. Nil fields stay as they are. Limits are those of New.
type Changes struct {
	Version     int64 // the version that was read; 0: any
	Name        *string
	Plan        *string
	Description *string
	ExternalID  *string
	Attributes  map[string]string // merged; an empty value deletes; at most 64 changes, and 32 attributes afterwards
	ExpiresAt   *time.Time
}

// inputRules are the rules of the input types of this package.
var inputRules = input.NewRules(
	input.Fields{Of: New{}, Rules: map[string]string{
		"AccountID":   "min=0",
		"Name":        "max=255,line",
		"Plan":        "max=100,line",
		"Description": "max=4096,text",
		"ExternalID":  "max=255,line",
		"Attributes":  input.AttributeRules,
		"ExpiresAt":   "time",
		"CreatedAt":   "time",
		"Domains":     "max=1000",
	}},
	input.Fields{Of: Changes{}, Rules: map[string]string{
		"Version":     "min=0",
		"Name":        "omitnil,max=255,line",
		"Plan":        "omitnil,max=100,line",
		"Description": "omitnil,max=4096,text",
		"ExternalID":  "omitnil,max=255,line",
		"Attributes":  input.AttributeChangeRules,
		"ExpiresAt":   "omitnil,time",
	}},
	input.Fields{Of: Hold{}, Rules: map[string]string{
		"Cause":   "omitempty,cause",
		"Note":    "max=4096,text",
		"Message": "max=4096,text",
		"Public":  "max=4096,text",
		"At":      "-",
	}},
	input.Fields{Of: HoldTexts{}, Rules: map[string]string{
		"Note":    "omitnil,max=4096,text",
		"Message": "omitnil,max=4096,text",
		"Public":  "omitnil,max=4096,text",
	}},
	input.Fields{Of: DomainChanges{}, Rules: map[string]string{"Attributes": input.AttributeChangeRules}},
)

// maxDomains is the number of domains that one Create takes, as the rules of New say.
const maxDomains = 1000

// Query selects subscriptions. The zero value selects all, by creation, 50 at a time.
type Query struct {
	IDs       []ID       // nil: all; otherwise 1 to 10,000; unknown ids are ignored
	AccountID *AccountID // nil: of any account and the provider's own
	Plan      string     // exactly this plan; empty: any
	// Search is at most 8 words and 255 characters. Each word must be found, in any order, in the name, the external id, or the
	// name of a domain in either spelling: anywhere if it has 3 characters or more, and otherwise at the beginning of a word.
	// Case, accents and apostrophes do not matter. A web address stands for its host name, and "#17" is found by its id.
	Search        string
	Status        Status    // empty: any
	Cause         Cause     // suspended by this cause, inherited holds included; empty: any
	ExpiresBefore time.Time // in the years 1970 to 9998; zero: any
	Desc          bool      // the newest first
	Limit         int       // items of a page: 0 for 50, at most 500
	After         Cursor    // Page.Next of the page before; empty: the start
}

// Page is one page of a list. Next is the cursor of the next page; it is empty at the end.
type Page struct {
	Items []Subscription
	Next  Cursor
}

// Removal names everything that a removal deletes. Each slice is sorted, names and logins in byte order.
type Removal struct {
	Accounts      []AccountID
	Subscriptions []ID
	Domains       []string
	Logins        []string // of the accounts; RemoveExactly ignores them
}
