package subscriptions

import (
	"slices"
	"time"

	"github.com/clientele-go/clientele/internal/input"
)

// DomainID identifies a domain. The smallest id is 1. A domain keeps its id when it is renamed or moved.
type DomainID int64

// Domain is the name of one website. It belongs to a subscription.
type Domain struct {
	ID             DomainID
	SubscriptionID ID
	AccountID      AccountID // its subscription's
	Name           string    // in lower case, IDNs as A-labels
	Main           bool      // whether it is the subscription's main domain
	Plan           string    // its subscription's
	Attributes     map[string]string
	Holds          Holds
	Inherited      []EffectiveHold // its account's holds, then its subscription's
	CreatedAt      time.Time
}

// Status returns Suspended while the domain, its subscription or its account has a hold, and Active otherwise.
func (d Domain) Status() Status { return statusFor(len(d.Holds) + len(d.Inherited)) }

// SuspendedBy returns every hold because of which the domain is suspended, from the top level down. It returns nil if the
// domain is active.
func (d Domain) SuspendedBy() []EffectiveHold {
	return append(slices.Clip(d.Inherited), d.Holds.Effective(LevelDomain)...)
}

// DisplayName returns the name as people write it. If one of its labels mixes scripts, as look-alikes do, it returns the
// A-labels, as browsers do.
func (d Domain) DisplayName() string { return unicodeName(d.Name) }

// SearchText returns the text of a domain that SearchTerm looks through: the name, in both spellings if they differ. It is
// for stores.
func (d Domain) SearchText() string {
	if decoded := decodedName(d.Name); decoded != d.Name {
		return input.SearchText(d.Name, decoded)
	}
	return input.SearchText(d.Name)
}

// DomainChanges are the attributes of a domain to be changed. They are merged; an empty value deletes. At most 64 changes,
// and 32 attributes afterwards; keys are slugs of at most 64 characters, values have at most 1,024.
type DomainChanges struct{ Attributes map[string]string }

// DomainQuery selects domains. The zero value selects all, by name, 50 at a time.
type DomainQuery struct {
	IDs            []DomainID // nil: all; otherwise 1 to 10,000; unknown ids are ignored
	AccountID      *AccountID // nil: of any account and the provider's own
	SubscriptionID ID         // 0: any
	// Search is at most 8 words and 255 characters. Each word must be found in the name, in either spelling: anywhere if it has
	// 3 characters or more, and otherwise at the beginning of a label or after a hyphen. Case and accents do not matter. A web
	// address stands for its host name, and "#17" is found by its id.
	Search string
	Status Status // empty: any
	Cause  Cause  // suspended by this cause, inherited holds included; empty: any
	Limit  int    // items of a page: 0 for 50, at most 500
	After  Cursor // DomainPage.Next of the page before; empty: the start
}

// DomainPage is one page of domains. Next is the cursor of the next page; it is empty at the end.
type DomainPage struct {
	Items []Domain
	Next  Cursor
}

// Site is what Resolve returns for a visitor's host name: its domain, whose Status says whether it may be served, and the
// plan of its subscription.
type Site struct {
	Domain Domain
	Plan   string
}
