package accounts

import (
	"context"
	"slices"
	"time"

	"github.com/clientele-go/clientele/internal/lockkey"
	"github.com/clientele-go/clientele/subscriptions"
)

// Store keeps accounts and everything that belongs to them. It is all that a store implements, and storagetest.Run is the
// definition of a correct one.
//
// A row is an account, a subscription or a domain; a hold belongs to one row; a command is one call of Update. Strings that
// reach a store are valid UTF-8 without NUL. Times are in UTC, truncated to microseconds, and must be returned so.
//
// Every read returns what one consistent snapshot of the committed data contains, and never waits for commands. The caller
// owns everything that is returned. Empty Holds, Inherited and Attributes are nil. If the store cannot answer, it returns an
// error that matches ErrUnavailable, and ctx.Err() as well if ctx has ended. Errors contain no values of rows, such as password
// hashes: programs log them.
type Store interface {
	subscriptions.Reader

	// Account returns the account with the key, or a *NotFoundError.
	Account(ctx context.Context, k AccountKey) (Record, error)

	// Accounts returns the first p.Limit accounts after p.From that p selects, in the order of p.Sort, which is never empty:
	// SortCreated by (CreatedAt, ID), where Position.At and Position.ID count; SortLogin by Login, where Position.Key counts;
	// SortName by (SortName(), ID), where Position.Key and Position.ID count. Texts are compared byte by byte. The order is
	// descending if p.Desc. If there are none, it returns an empty slice.
	Accounts(ctx context.Context, p ListParams) ([]Summary, error)

	// CountAccounts returns the number of accounts that p selects, but not more than atMost; 0 means no bound. Sort, Desc,
	// From and Limit do not matter; Sort may be empty.
	CountAccounts(ctx context.Context, p ListParams, atMost int) (int, error)

	// Descendants returns the accounts among ids that exist, with the identifying fields of all their subscriptions and
	// domains. The ids are sorted and have no duplicates.
	Descendants(ctx context.Context, ids []ID) (Descendants, error)

	// Events returns the events that q selects, in the order of their numbers. It numbers every committed event that has no
	// number yet, each higher than all numbers given before, also events that were appended later but committed earlier. An
	// event that a running command is redacting may be numbered later; later events about the same subject are then held
	// back as well. A store that must not write returns what is numbered. A store that lags behind another one returns
	// ErrUnavailable for a cursor that it has not reached. An error that only the operator can remove, such as missing rights,
	// does not match ErrUnavailable: Follow ends with it. Inside the application's transaction, Events, PruneEvents and Snapshot
	// return ErrInvalid at "transaction".
	Events(ctx context.Context, q EventParams) (EventResult, error)

	// PruneEvents numbers every committed event as Events does, then deletes the numbered events whose At is before the given
	// time and returns how many it deleted. As Update, it may return ErrCommitUnknown.
	PruneEvents(ctx context.Context, before time.Time) (int, error)

	// Snapshot calls fn with all accounts, then all subscriptions, then all domains, each by id and in batches of 1 to 500 rows
	// of one kind. All batches are of one snapshot, and fn owns them. It returns a number at which to begin reading events, which
	// must not be higher than the number of any event whose change the rows lack: it numbers every committed event as Events
	// does, then reads the last number that was given, and only then begins the snapshot, unless one snapshot has both. A store
	// that must not write numbers nothing. An error of fn is returned as it is, without further calls. After any other error, fn
	// may have been called.
	Snapshot(ctx context.Context, fn func(Batch) error) (number int64, err error)

	// Dump calls fn with everything that the store contains at one instant, so that Restore can fill another store with it. The
	// first part has only a Head. The others have 1 to 500 rows of one kind each: all accounts by id, then all subscriptions
	// by id, all domains by id, all entries by bucket and key, and all events by number. fn owns the parts. Commands go on
	// meanwhile, and fn must not use the store.
	//
	// Before the instant, Dump numbers every committed event as Events does. Events that still have no number then, because a
	// running command redacts them or the store must not write, get the next numbers in the dump alone, in the order in which
	// they were appended.
	//
	// An error of fn is returned as it is, without further calls. After any other error, fn may have been called. Inside a
	// transaction, Dump and Restore return ErrInvalid at "transaction".
	Dump(ctx context.Context, fn func(DumpPart) error) error

	// Restore fills the store with the parts that dump passes to write, which are those of Dump in their order. dump is called
	// at most once, and calls write only until it returns. Everything takes effect at one instant, or nothing does if dump
	// fails or panics, or if a write or the commit fails; a dump that ignores the error of a write has failed. Commands wait until
	// Restore returns, or fail with ErrUnavailable.
	//
	// From then on the store continues after the numbers of the Head: it allocates only higher ids and versions, gives events
	// only higher numbers, and refuses the same cursors as the store of the dump. Ids and versions that it has allocated
	// itself before are not allocated again either.
	//
	// If the store is not empty, Restore returns ErrInvalid at "store" without calling dump. It is empty if it has no
	// accounts, subscriptions, domains, entries and events, and has never given a number to an event. An error of dump is
	// returned as it is. Apart from that, Restore returns what Update does.
	Restore(ctx context.Context, dump func(write func(DumpPart) error) error) error

	// Entry returns the entry with the key, also if it has expired, or a *NotFoundError with Kind KindEntry and Name k.Key.
	Entry(ctx context.Context, k EntryKey) (Entry, error)

	// Entries returns the first p.Limit entries that p selects. If there are none, it returns an empty slice.
	Entries(ctx context.Context, p EntryParams) ([]Entry, error)

	// Transaction calls fn with a store on which every Update is a part of one transaction: all of them take effect at one
	// instant, together with their events, or none does if fn fails or panics, or if the commit fails. The store in sees what
	// the transaction has done so far. An Update of it that returns an error before Save leaves the transaction as it was;
	// after any other error nothing is committed, whatever fn returns. Locks and claims are held until the transaction ends.
	// Events, PruneEvents, Snapshot, Dump, Restore and Transaction of in return ErrInvalid at "transaction". The store in is
	// used by one goroutine, with the context that fn gets, and not after fn has returned.
	//
	// The store may run fn again, from the start, when the database asks for that; transactions that wait for each other
	// must end soon. Apart from that, Transaction returns what Update does.
	Transaction(ctx context.Context, fn func(ctx context.Context, in Store) error) error

	// Update runs one command in one transaction: everything that fn does through the Tx takes effect at one instant, or
	// nothing does if fn or the commit fails. Commands that touch the same rows or claims behave as if they ran one after
	// another; waiting obeys ctx. An error of fn is returned as it is. Otherwise Update returns an error that matches
	// ErrUnavailable if nothing was committed, or ErrCommitUnknown if COMMIT was sent and no reply came, and ctx.Err() as well
	// if ctx has ended. The store may run fn again, from the start, when the database asks for that.
	Update(ctx context.Context, fn func(Tx) error) error
}

// AccountKey identifies one account: exactly one field is set.
type AccountKey struct {
	ID         ID
	Login      string // in lower case
	ExternalID string
}

// Record is an account as a store keeps it, with its password hash, which is never exposed outside the library. Its holds are
// read with it, but not written with it: subscriptions.Writes does that.
type Record struct {
	Account
	Hash string
}

// ListParams are the filters, the order and the page of a list of accounts, checked and ready for a store. A zero filter
// selects everything.
type ListParams struct {
	IDs           []ID                       // sorted and without duplicates; nil: all; ids that do not exist are ignored
	Terms         []subscriptions.SearchTerm // each finds Account.SearchText, Domain.SearchText of one of its domains, or Account.ID
	Status        Status                     // what Account.Status returns
	Cause         Cause                      // the cause of one of the account's holds
	Country       string
	Plan          string    // that of one of the account's subscriptions
	CreatedFrom   time.Time // CreatedAt is not before it
	CreatedBefore time.Time // CreatedAt is before it

	Sort  Sort
	Desc  bool
	From  subscriptions.Position
	Limit int // exact: 1 or more
}

// Descendants are some accounts and everything that belongs to them, each slice sorted by id. Only the fields named here are
// set: what is removed need not be loaded.
type Descendants struct {
	Accounts      []Account                    // ID, Login, ExternalID; the requested accounts that exist
	Subscriptions []subscriptions.Subscription // ID, AccountID, ExternalID
	Domains       []subscriptions.Domain       // ID, SubscriptionID, AccountID, Name
}

// Tx is what a command on accounts does inside one transaction. The order of calls and the rules are those of
// subscriptions.Tx. At most one of LockAccounts, LockHolds, LockEntries and Lock is called in one run of the function given to
// Update.
type Tx interface {
	// Lock locks rows for a command on subscriptions; see subscriptions.Tx.
	Lock(s subscriptions.LockSet) (subscriptions.LockedRows, error)
	// DomainsOf returns all domains of locked subscriptions; see subscriptions.Tx.
	DomainsOf(ids []subscriptions.ID) ([]subscriptions.Domain, error)

	// LockAccounts locks the accounts, by ascending id, against every other command on them and on their descendants. It
	// returns the locked rows sorted by id. Unknown ids, and rows inserted after the locks were taken, are omitted.
	LockAccounts(ids []ID) ([]Record, error)

	// LockHolds locks the accounts as LockAccounts does, and returns only the id and the holds of each: a command may suspend
	// so many at once that loading the rest would take as long as everything else.
	LockHolds(ids []ID) ([]subscriptions.Owner, error)

	// LockEntries locks entries, and a key without one, against every other command on them until the transaction ends, and
	// returns the entries as they are now. First it locks the accounts to which the keys belong, as Lock locks accounts.
	LockEntries(l EntryLockSet) (LockedEntries, error)

	// Descendants is that of Store, for locked accounts.
	Descendants(ids []ID) (Descendants, error)

	// Claim and Save are those of subscriptions.Tx, for accounts as well.
	Claim(c Claim) (Claimed, error)
	Save(w Writes) error
}

// Claim lists the unique values that a command reserves, and the ids that it needs.
type Claim struct {
	NewAccounts        int      // the number of ids to allocate
	Logins             []string // in lower case, without duplicates
	AccountExternalIDs []string // without duplicates
	subscriptions.Claim
}

// Keys returns the locks of a claim, as subscriptions.Claim.Keys does.
func (c Claim) Keys() []int {
	keys := c.Claim.Keys()
	for _, login := range c.Logins {
		keys = append(keys, lockkey.Of("account.login", login))
	}
	for _, id := range c.AccountExternalIDs {
		keys = append(keys, lockkey.Of("account.externalID", id))
	}
	return lockkey.Sorted(keys)
}

// Claimed is the result of a Claim: the new ids, and what is taken.
type Claimed struct {
	AccountIDs         []ID     // ascending
	Logins             []string // those of Claim.Logins that another account has; in any order
	AccountExternalIDs []string // those of Claim.AccountExternalIDs that another account has; in any order
	subscriptions.Claimed
}

// Writes is everything that a command has decided.
type Writes struct {
	AddAccounts    []Record
	UpdateAccounts []Record // every field except the holds
	RemoveAccounts []ID     // their subscriptions and domains are in the other slices; the entries that belong to them go as well
	// EndSessions lists accounts whose SessionEpoch rises by one. Nothing else of them changes, and they are in none of the
	// slices above.
	EndSessions []ID
	subscriptions.Writes

	PutEntries    []EntryWrite // replaces the entry with the same key, if there is one
	DeleteEntries []EntryKey
}

// EntryKey identifies an entry.
type EntryKey struct {
	Bucket string // 1 to 64 of a-z, 0-9, - and _: a slug, or what package accounts keeps for itself, which begins with _
	Key    string // 1 to 255 bytes
}

// EntryWrite is an entry to be stored, with all its fields.
type EntryWrite struct {
	Bucket string
	Entry
}

// EntryParams select entries of one bucket. An entry has expired if its ExpiresAt is set and not after At.
type EntryParams struct {
	Bucket string
	At     time.Time
	// Expired selects the entries that have expired, by (ExpiresAt, Key) and without their values. Prefix and After do not
	// matter then. Otherwise the entries are selected that have not expired, by Key in byte order.
	Expired bool
	Prefix  string // of the keys
	After   string // only keys after this one
	Limit   int    // exact: 1 or more
}

// EntryLockSet names what a command locks in one bucket: exactly one of Key, Keys and Prefix is set.
type EntryLockSet struct {
	Bucket string
	Key    string   // locked with or without an entry
	Keys   []string // only those that have entries are locked; sorted and without duplicates
	Prefix string   // the entries that exist with keys that begin with it are locked

	Value      bool // load the value of the entry with Key
	NewVersion bool // allocate a version
}

// Owners returns the accounts to which the keys or the prefix belong, sorted and without duplicates.
func (l EntryLockSet) Owners() []ID {
	var owners []ID
	for _, key := range append(slices.Clone(l.Keys), l.Key, l.Prefix) {
		if owner := (EntryKey{l.Bucket, key}).Owner(); owner != 0 {
			owners = append(owners, owner)
		}
	}
	slices.Sort(owners)
	return slices.Compact(owners)
}

// LockedEntries is the result of LockEntries.
type LockedEntries struct {
	Entries []Entry // sorted by key, expired ones included; without values unless EntryLockSet.Value
	Owners  []ID    // the accounts that exist among those to which the keys or the prefix belong; see EntryKey.Owner
	Version int64   // with NewVersion: higher than every version that was allocated before
}

// EventParams select a part of the event log.
type EventParams struct {
	AccountID *ID   // nil: all
	After     int64 // the number after which to begin, in the direction of the list; 0: the oldest, or the newest if Desc
	Limit     int
	Desc      bool
}

// EventResult is a part of the event log and the extent of the whole log, in one snapshot.
type EventResult struct {
	Events []NumberedEvent
	Pruned int64 // the highest number that was ever pruned; 0: none
	Last   int64 // the last number that was given; 0: none
}

// NumberedEvent is an event with its number, from which its Cursor is made.
type NumberedEvent struct {
	Number int64
	Event
}

// DumpPart is a part of a dump: a Head, or rows of one kind.
type DumpPart struct {
	Head *DumpHead

	Accounts      []Record               // with their holds
	Subscriptions []subscriptions.Record // with their holds; Inherited need not be set
	Domains       []subscriptions.Domain // with their holds; AccountID, Main, Plan and Inherited need not be set
	Entries       []EntryWrite           // also those that have expired
	Events        []NumberedEvent
}

// DumpHead has the numbers that a store has allocated and given, also those that no row has any more, and the size of the dump.
// A number is 0 if there was none yet.
type DumpHead struct {
	AccountID      ID                     // the last id that was allocated
	SubscriptionID subscriptions.ID       // the last id that was allocated
	DomainID       subscriptions.DomainID // the last id that was allocated
	EntryVersion   int64                  // the last version that was allocated
	Event          int64                  // the last number that was given to an event
	Pruned         int64                  // the highest number of an event that was pruned

	Rows int // the number of rows in all parts that follow
}

// Rows returns the number of rows in the part.
func (p DumpPart) Rows() int {
	return len(p.Accounts) + len(p.Subscriptions) + len(p.Domains) + len(p.Entries) + len(p.Events)
}

// Writes returns what adds the part's accounts, subscriptions, domains and entries, with their holds. The events and the numbers
// of the head are not among it.
func (p DumpPart) Writes() Writes {
	w := Writes{AddAccounts: p.Accounts, PutEntries: p.Entries}
	w.AddSubscriptions, w.AddDomains = p.Subscriptions, p.Domains
	put := func(l Level, id int64, holds Holds) {
		for _, h := range holds {
			w.PutHolds = append(w.PutHolds, subscriptions.HoldWrite{Level: l, ID: id, Hold: h})
		}
	}
	for _, a := range p.Accounts {
		put(LevelAccount, int64(a.ID), a.Holds)
	}
	for _, s := range p.Subscriptions {
		put(LevelSubscription, int64(s.ID), s.Holds)
	}
	for _, d := range p.Domains {
		put(LevelDomain, int64(d.ID), d.Holds)
	}
	return w
}

// subscriptionStore is the part of a Store that package subscriptions uses.
type subscriptionStore struct{ Store }

func (s subscriptionStore) Update(ctx context.Context, fn func(subscriptions.Tx) error) error {
	return s.Store.Update(ctx, func(tx Tx) error { return fn(subscriptionTx{tx}) })
}

// subscriptionTx is the part of a Tx that package subscriptions uses.
type subscriptionTx struct{ Tx }

func (t subscriptionTx) Claim(c subscriptions.Claim) (subscriptions.Claimed, error) {
	claimed, err := t.Tx.Claim(Claim{Claim: c})
	return claimed.Claimed, err
}

func (t subscriptionTx) Save(w subscriptions.Writes) error { return t.Tx.Save(Writes{Writes: w}) }
