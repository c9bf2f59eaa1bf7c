package subscriptions

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/clientele-go/clientele/internal/lockkey"
)

// Store keeps subscriptions and domains. Stores do not implement it: they implement accounts.Store, of which this is the
// part that subscriptions need.
type Store interface {
	Reader

	// Update runs one command in one transaction, as accounts.Store describes it.
	Update(ctx context.Context, fn func(Tx) error) error
}

// Reader reads subscriptions and domains outside of commands. Every call returns what one consistent snapshot of the
// committed data contains. The caller owns everything that is returned. Inherited, Main and Plan are filled in; empty Holds,
// Inherited and Attributes are nil. If the store cannot answer, it returns an error that matches ErrUnavailable, and
// ctx.Err() as well if ctx has ended.
type Reader interface {
	// Subscription returns the subscription with the key, or a *NotFoundError.
	Subscription(ctx context.Context, k SubscriptionKey) (Subscription, error)

	// Subscriptions returns the first p.Limit subscriptions after p.From that p selects, by (CreatedAt, ID), in descending
	// order if p.Desc. Of p.From, At and ID are set. If there are none, it returns an empty slice.
	Subscriptions(ctx context.Context, p ListParams) ([]Subscription, error)

	// CountSubscriptions returns the number of subscriptions that p selects, but not more than atMost; 0 means no bound.
	// Desc, From and Limit do not matter.
	CountSubscriptions(ctx context.Context, p ListParams, atMost int) (int, error)

	// DueSubscriptions returns the ids of at most limit subscriptions whose ExpiresAt is set and not after at, and that
	// have no hold of CauseExpired, by (ExpiresAt, ID).
	DueSubscriptions(ctx context.Context, at time.Time, limit int) ([]ID, error)

	// Domains returns the first p.Limit domains after p.From that p selects, by Name in byte order. Of p.From, Key is set.
	Domains(ctx context.Context, p DomainListParams) ([]Domain, error)

	// CountDomains returns the number of domains that p selects, but not more than atMost; 0 means no bound. From and Limit
	// do not matter.
	CountDomains(ctx context.Context, p DomainListParams, atMost int) (int, error)

	// Site returns the domain named name or, if there is none and fallback is not empty, the one named fallback, with the
	// plan of its subscription. If there is neither, it returns a *NotFoundError with Name name. It is the hot path: one
	// look-up.
	Site(ctx context.Context, name, fallback string) (Site, error)
}

// SubscriptionKey identifies one subscription: exactly one field is set.
type SubscriptionKey struct {
	ID         ID
	ExternalID string
}

// ListParams are the filters and the page of a list of subscriptions, checked and ready for a store. A zero filter selects
// everything.
type ListParams struct {
	IDs           []ID       // sorted and without duplicates; nil: all; ids that do not exist are ignored
	AccountID     *AccountID // nil: any; an id below 0 is no account's and selects nothing
	Plan          string
	Terms         []SearchTerm // each finds Subscription.SearchText, Domain.SearchText of one of its domains, or Subscription.ID
	Status        Status       // what Subscription.Status returns
	Cause         Cause        // a cause among Subscription.SuspendedBy
	ExpiresBefore time.Time    // ExpiresAt is set and before it
	// HideExternalID leaves the external id out of the search: an owner must not find out what only the provider may see.
	HideExternalID bool

	Desc  bool
	From  Position
	Limit int // the maximum number of rows, at least 1; fewer are returned only at the end
}

// DomainListParams are the filters and the page of a list of domains, checked and ready for a store. A zero filter selects
// everything.
type DomainListParams struct {
	IDs            []DomainID   // sorted and without duplicates; nil: all; ids that do not exist are ignored
	AccountID      *AccountID   // nil: any; an id below 0 is no account's and selects nothing
	SubscriptionID ID           // 0: any
	Terms          []SearchTerm // each finds Domain.SearchText or Domain.ID
	Status         Status       // what Domain.Status returns
	Cause          Cause        // a cause among Domain.SuspendedBy

	From  Position
	Limit int // the maximum number of rows, at least 1; fewer are returned only at the end
}

// Searched returns the part of a subscription's SearchText that p looks through: its first line, which is the name, if the
// external id is hidden.
func (p ListParams) Searched(text string) string {
	if p.HideExternalID {
		text, _, _ = strings.Cut(text, "\n")
	}
	return text
}

// SearchTerm is one word of a search. It finds a row if the row has the ID, or if Text is contained in what the SearchText
// methods return, which has several lines, each with a blank before every word. Text never has a line end, and begins with a
// blank if it is found only at the beginning of a word. Every character stands for itself: a store escapes those that are
// special in its query language.
type SearchTerm struct {
	Text string
	ID   int64 // 0: no id is looked for
}

// Finds reports whether the term finds a row by its id or by one of its search texts.
func (t SearchTerm) Finds(id int64, texts ...string) bool {
	return t.ID == id && id != 0 || slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, t.Text) })
}

// Tx has the operations of a command on subscriptions and domains inside its transaction. Their order is fixed: it locks
// and loads the rows that it names, decides, claims what must be unique, and saves. A refused command returns before Save,
// so nothing was written, and the application's transaction stays usable. A Tx belongs to one goroutine and to one run of
// the function given to Update; every method obeys the ctx of Update.
type Tx interface {
	// Lock locks the rows and returns them as they are now, each slice sorted by id. Unknown ids, and rows inserted after
	// the locks were taken, are omitted: it returns nothing that it has not locked. The ids may be unsorted and contain
	// duplicates. It is called at most once in a command, and locks in this order, each by ascending id:
	//   - the accounts, together with the owners of the subscriptions: they and their holds stay as they are until the
	//     transaction ends, but other commands on their descendants may run concurrently;
	//   - the subscriptions, together with those of the domains: no other command changes them or their set of domains;
	//   - the domains.
	// To lock the owners, a store must first read who they are. If an owner has changed by the time it is locked, the store
	// runs the function given to Update again.
	Lock(s LockSet) (LockedRows, error)

	// DomainsOf returns all domains of locked subscriptions, sorted by id. The ids may be unsorted.
	DomainsOf(ids []ID) ([]Domain, error)

	// Claim locks the keys of c, and then reads and returns the values that are taken. That stays true until the transaction
	// ends: no other transaction can claim the same. It also allocates new ids, which are never allocated twice, neither
	// after a rollback nor after a restart. It is called at most once in a command, after Lock.
	Claim(c Claim) (Claimed, error)

	// Save writes all of w. It is called at most once in a command, last. It must not fail on constraints: unique values
	// were claimed and changed rows locked before.
	Save(w Writes) error
}

// LockSet names the rows that a command locks.
type LockSet struct {
	Accounts      []AccountID
	Subscriptions []ID
	Domains       []DomainID
}

// LockedRows are the rows that Lock found: those named, and the rows that they belong to.
type LockedRows struct {
	Accounts      []Owner
	Subscriptions []Record
	Domains       []Domain
}

// Owner is the id and the holds of a locked account.
type Owner struct {
	ID    AccountID
	Holds Holds
}

// Record is a subscription as a store keeps it. Its holds and what it inherits are read with it, but not written with it:
// Writes.PutHolds and Writes.DeleteHolds do that.
type Record struct {
	Subscription
	Main DomainID // the main domain; 0 while the subscription has no domains
}

// Claim lists the unique values that a command reserves, and the ids that it needs.
type Claim struct {
	NewSubscriptions, NewDomains int // the number of ids to allocate

	ExternalIDs []string // of subscriptions, without duplicates

	Names []string // of domains, in canonical form
	// Owner is the account that is to own the names; it is negative for accounts that are created in the same transaction.
	// For Provider, no names above or below conflict.
	Owner AccountID
	// Transfer says that all Names exist and are given to Owner, so that they do not conflict with each other.
	Transfer bool
}

// Keys returns the locks of a claim, sorted and without duplicates: numbers from 0 to 1,023, so few that a command of any
// size fits a database's lock table. Two claims that can conflict share a key: those with the same external id, and those
// with names under one registrable domain. All are returned for the rare account that gets a public suffix.
func (c Claim) Keys() []int {
	keys := nameKeys(c.Names)
	if c.Owner != Provider && slices.ContainsFunc(c.Names, isCompiledSuffix) {
		// Options.PublicSuffixes lets an account have it. Names below it do not share its key.
		return lockkey.All()
	}
	for _, id := range c.ExternalIDs {
		keys = append(keys, lockkey.Of("subscription.externalID", id))
	}
	return lockkey.Sorted(keys)
}

// Claimed is the result of a Claim: the new ids, and what is taken.
type Claimed struct {
	SubscriptionIDs []ID       // ascending
	DomainIDs       []DomainID // ascending

	ExternalIDs []string // those of Claim.ExternalIDs that another subscription has; in any order
	Names       []string // those of Claim.Names that exist, for any owner; in any order
	// Conflicting are those of Claim.Names that have an existing name above or below them which belongs to an account other than
	// Provider and Claim.Owner, in any order, whether or not that is one of Claim.Names as well; only with Claim.Transfer these do
	// not count. For Provider it is empty.
	Conflicting []string
}

// Writes lists the changes of a command. What is added comes before what refers to it.
type Writes struct {
	AddSubscriptions    []Record
	UpdateSubscriptions []Record // every field except the holds
	RemoveSubscriptions []ID     // their domains are in RemoveDomains, or are moved by UpdateDomains

	AddDomains    []Domain
	UpdateDomains []Domain // Name, SubscriptionID and Attributes; the owner is the subscription's, Main is in its record
	RemoveDomains []DomainID

	PutHolds    []HoldWrite // replaces the hold with the same cause, if there is one
	DeleteHolds []HoldKey

	// Events are appended in this order, without a Cursor. Events about a removed row, earlier ones too, lose the details
	// that EventType.Redacts reports. An event is about its domain, if it names one, else about its subscription, else about
	// its account.
	Events []Event
}

// ExpiryHolds returns the subscriptions that get (true) or lose (false) the hold of CauseExpired, by which DueAt changes.
func (w Writes) ExpiryHolds() map[ID]bool {
	changes := map[ID]bool{}
	for _, d := range w.DeleteHolds {
		if d.Level == LevelSubscription && d.Cause == CauseExpired {
			changes[ID(d.ID)] = false
		}
	}
	for _, p := range w.PutHolds {
		if p.Level == LevelSubscription && p.Hold.Cause == CauseExpired {
			changes[ID(p.ID)] = true
		}
	}
	return changes
}

// HoldWrite is a hold to be stored.
type HoldWrite struct {
	Level Level
	ID    int64 // of the account, subscription or domain
	Hold  Hold
}

// HoldKey identifies a hold to be deleted.
type HoldKey struct {
	Level Level
	ID    int64 // of the account, subscription or domain
	Cause Cause
}
