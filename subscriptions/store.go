package subscriptions

import (
	"context"
	"slices"
	"time"
)

// Store keeps subscriptions and domains. Adapters do not implement it: they implement accounts.Store, of which this is
// the part that subscriptions need.
type Store interface {
	Reader

	// Update runs one command in one transaction, as accounts.Store describes it.
	Update(ctx context.Context, fn func(Tx) error) error
}

// Reader is how subscriptions and domains are read outside of commands. Every call answers from one consistent
// snapshot of what is committed, the caller owns all that comes back, and Inherited and Main are filled in. A store
// that cannot answer returns an error that matches ErrUnavailable, and ctx.Err() if ctx has ended.
type Reader interface {
	// Subscription answers the one that the key names, or a *NotFoundError.
	Subscription(ctx context.Context, k SubscriptionKey) (Subscription, error)

	// Subscriptions answers the next l.Limit subscriptions behind l.From, by (CreatedAt, ID), in descending order if
	// l.Desc. None is an empty slice.
	Subscriptions(ctx context.Context, l ListParams) ([]Subscription, error)

	// CountSubscriptions counts what l selects, wherever l.From is, and stops at atMost (0: no bound).
	CountSubscriptions(ctx context.Context, l ListParams, atMost int) (int, error)

	// DueSubscriptions answers at most limit ids of subscriptions whose ExpiresAt is not zero and not later than at, and that have no
	// hold of CauseExpired, by (ExpiresAt, ID).
	DueSubscriptions(ctx context.Context, at time.Time, limit int) ([]ID, error)

	// Domains answers the next l.Limit domains behind l.From, by Name.
	Domains(ctx context.Context, l DomainListParams) ([]Domain, error)

	// CountDomains counts what l selects, wherever l.From is, and stops at atMost (0: no bound).
	CountDomains(ctx context.Context, l DomainListParams, atMost int) (int, error)

	// Site answers the domain called name, or else the one called otherwise (if that is not ""), with its plan; a
	// *NotFoundError that speaks of name if there is neither. It is the hot path: one look-up.
	Site(ctx context.Context, name, otherwise string) (Site, error)
}

// SubscriptionKey names one subscription: exactly one field is set.
type SubscriptionKey struct {
	ID         ID
	ExternalID string
}

// ListParams is a Query made ready for a store: every filter is valid, Search has become Piece, After has become From, and
// Limit is exact. The store ignores Query.Search and Query.After.
type ListParams struct {
	Query
	Term SearchTerm
	From  Position
	// Own leaves the external id out of the search: an owner must not find out what only the provider sees.
	Own bool
}

// DomainListParams is a DomainQuery made ready for a store, as Listing is.
type DomainListParams struct {
	DomainQuery
	Term SearchTerm
	From  Position
}

// Position is the row behind which a page begins. The zero Position is before the first row. Which fields count is said
// by the order of the list: At and ID for creation, Key and ID for folded texts, Key for domain names.
type Position struct {
	At  time.Time
	Key string
	ID  int64
}

// Tx is what a command on subscriptions and domains does inside one transaction, in this order: it locks and loads the
// rows that it names, decides, claims what must be unique, and saves. A refused command returns before Save, so that
// nothing was written and a host's transaction stays usable. A Tx belongs to one goroutine and to one run of the
// function given to Update; every method obeys the ctx of Update.
type Tx interface {
	// Lock locks the rows and answers them as they are now, each slice ascending by id, unknown ids left out. It answers
	// nothing that it has not locked: a row that came a moment later than the locks is unknown. It is called at most once
	// in a transaction, and locks in this order, each by ascending id:
	//   - the accounts, together with the owners of the subscriptions: they stay, and so do their holds, until the
	//     transaction ends; other commands below them may go on;
	//   - the subscriptions, together with those of the domains: no other command touches them or their set of domains;
	//   - the domains.
	// Owners are read before they can be locked. A store that finds another owner afterwards starts the transaction again.
	Lock(r LockSet) (LockedRows, error)

	// DomainsOf answers all domains of locked subscriptions, by id.
	DomainsOf(ids []ID) ([]Domain, error)

	// Claim locks the keys of c and then, as a second look, answers what of it is taken. Until the transaction ends that
	// stays true: nobody else can claim the same. It also gives out new ids, which are never given twice. It is called at
	// most once in a transaction, after Lock.
	Claim(c Claim) (Claimed, error)

	// Save writes all of w. It is called at most once in a transaction, last, and expects no refusal: what is unique
	// was claimed, what is changed was locked.
	Save(w Writes) error
}

// LockSet names what a command locks.
type LockSet struct {
	Accounts      []AccountID
	Subscriptions []ID
	Domains       []DomainID
}

// LockedRows is what Lock found: the rows named and those above them.
type LockedRows struct {
	Accounts      []Owner
	Subscriptions []Record
	Domains       []Domain
}

// Owner is an account as subscriptions know it.
type Owner struct {
	ID    AccountID
	Holds Holds
}

// Record is a row of subscriptions as a store keeps it. Its holds and what it inherits are read with it, but are not
// written with it: Writes.Place and Writes.Lift do that.
type Record struct {
	Subscription
	Main DomainID // the main domain; 0 while the subscription has no domains
}

// Claim is what a command wants to be the only one to have.
type Claim struct {
	NewSubscriptions, NewDomains int // so many new ids

	ExternalID string // of a subscription; "" claims none

	Names []string // of domains
	// Owner is the account that the names shall belong to; Nobody for one that is about to be created. For Provider nothing
	// above or below is in the way.
	Owner AccountID
}

// Keys answers the locks of a claim, ascending and each once: numbers from 0 to 1,023, by a fixed hash, so few that a
// command of any size fits a database's lock table. Two claims that can stand in each other's way share a key: the same
// external id, or names under one registrable domain.
func (c Claim) Keys() []int {
	keys := nameKeys(c.Names)
	if c.ExternalID != "" {
		keys = append(keys, LockKey("subscription.externalID", c.ExternalID))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Claimed answers a Claim.
type Claimed struct {
	SubscriptionIDs []ID       // ascending
	DomainIDs       []DomainID // ascending

	ExternalID bool     // another subscription has it
	Names      []string // those of Claim.Names that are there already, whoever has them
	// Conflicting are those of Claim.Names that have a name above or below them of an account that is neither Provider nor
	// Claim.For; names of the claim itself do not count, because they are about to change hands. Empty for Provider.
	Conflicting []string
}

// Writes is all that a command has decided. Within it, what is added comes before what refers to it.
type Writes struct {
	AddSubscriptions    []Record
	UpdateSubscriptions []Record // every field but the holds
	RemoveSubscriptions []ID     // their domains are in RemoveDomains, or moved away

	AddDomains    []Domain
	UpdateDomains []Domain // Name and SubscriptionID; the owner follows from the subscription, Main from its record
	RemoveDomains []DomainID

	PutHolds []HoldWrite // replaces the hold of the same cause, if there is one
	DeleteHolds  []HoldKey

	// Events are appended, without a Cursor, in this order. Those about a removed thing, earlier ones too, lose the details
	// "note", "message" and "public". An event is about its domain, if it names one, else about its subscription, else
	// about its account.
	Events []Event
}

// HoldWrite is a hold to be stored.
type HoldWrite struct {
	Level Level
	ID    int64
	Hold  Hold
}

// HoldKey is a hold to be deleted.
type HoldKey struct {
	Level Level
	ID    int64
	Cause Cause
}

// LockKey answers the key, from 0 to 1,023, of one value of a kind.
func LockKey(kind, value string) int {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a, 64 bits
	hash := uint64(offset)
	for _, s := range [...]string{kind, "\x00", value} {
		for i := range len(s) {
			hash = (hash ^ uint64(s[i])) * prime
		}
	}
	return int((hash ^ hash>>32) % 1024)
}
