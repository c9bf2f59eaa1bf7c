package subscriptions

import "time"

// DomainID names a domain. The smallest is 1. It stays when the domain is renamed or moved.
type DomainID int64

// Domain is one website's name under a subscription.
type Domain struct {
	ID             DomainID
	SubscriptionID ID
	AccountID      AccountID
	Name           string // in lower case, IDNs as A-labels
	Main           bool   // the subscription's main domain
	Attributes     map[string]string
	Holds          Holds
	Inherited      []EffectiveHold // its account's holds, then its subscription's
	CreatedAt      time.Time
}

// Status is Suspended while the domain, its subscription or its account has a hold.
func (d Domain) Status() Status { return StatusOf(len(d.Holds) + len(d.Inherited)) }

// SuspendedBy answers every hold that keeps the domain down, from the top down. Nil means that it is active.
func (d Domain) SuspendedBy() []EffectiveHold {
	return append(d.Inherited[:len(d.Inherited):len(d.Inherited)], d.Holds.Effective(LevelDomain)...)
}

// DisplayName answers the name as people write it. Where one of its labels mixes scripts, as look-alikes do, it answers
// the A-labels, as browsers do.
func (d Domain) DisplayName() string { return unicodeName(d.Name) }

// DomainQuery selects domains. The zero value selects all, by name, 50 at a time.
type DomainQuery struct {
	IDs            []DomainID // nil: all; else 1 to 10,000; unknown ones are left out
	AccountID      *AccountID // nil: any
	SubscriptionID ID         // 0: any
	Search         string     // a piece of the name, in either spelling; below 3 characters its beginning; at most 255
	Status         Status
	Cause          Cause // held by it, from wherever
	Limit          int   // 0: 50; at most 500
	After          Cursor
}

// DomainPage is one page of domains. Next is empty at the end.
type DomainPage struct {
	Items []Domain
	Next  Cursor
}

// DomainOutcome tells what a command on many domains did, as Outcome does.
type DomainOutcome struct {
	Changed, Unchanged, StillSuspended []DomainID
}

// Site is the answer to a visitor's request for a host name: its domain, whose Status says whether it may be served,
// and its subscription's plan.
type Site struct {
	Domain Domain
	Plan   string
}
