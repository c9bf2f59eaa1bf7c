package accounts

import (
	"context"
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
// subscriptions.Tx. At most one of LockAccounts, LockHolds and Lock is called in a transaction.
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

	// Descendants is that of Store, for locked accounts.
	Descendants(ids []ID) (Descendants, error)

	// Claim and Save are those of subscriptions.Tx, for accounts as well.
	Claim(c Claim) (Claimed, error)
	Save(w Writes) error
}

// Claim lists the unique values that a command reserves, and the ids that it needs.
type Claim struct {
	NewAccounts       int    // the number of ids to allocate
	Login             string // in lower case; "" claims none
	AccountExternalID string // "" claims none
	subscriptions.Claim
}

// Keys returns the locks of a claim, as subscriptions.Claim.Keys does.
func (c Claim) Keys() []int {
	keys := c.Claim.Keys()
	if c.Login != "" {
		keys = append(keys, lockkey.Of("account.login", c.Login))
	}
	if c.AccountExternalID != "" {
		keys = append(keys, lockkey.Of("account.externalID", c.AccountExternalID))
	}
	return lockkey.Sorted(keys)
}

// Claimed is the result of a Claim: the new ids, and what is taken.
type Claimed struct {
	AccountIDs        []ID // ascending
	Login             bool // another account has it
	AccountExternalID bool // another account has it
	subscriptions.Claimed
}

// Writes is everything that a command has decided.
type Writes struct {
	AddAccounts    []Record
	UpdateAccounts []Record // every field except the holds
	RemoveAccounts []ID     // their subscriptions and domains are in the other slices
	subscriptions.Writes
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
