package accounts

import (
	"context"
	"slices"
	"time"

	"github.com/clientele-go/clientele/subscriptions"
)

// Store keeps accounts and everything below them. It is all that an adapter implements, and storagetest.Run is the
// definition of a correct one.
//
// The words: a row is an account, a subscription or a domain; a hold lies on one row; a command is one call of Update.
// Strings that reach a store are valid UTF-8 without NUL; times are in UTC, cut to microseconds, and come back so.
//
// Reads answer from one consistent snapshot of what is committed and never wait for commands. The caller owns all that
// comes back. A store that cannot answer returns an error that matches ErrUnavailable, and ctx.Err() if ctx has ended.
type Store interface {
	subscriptions.Reader

	// Account answers the row that the key names, or a *NotFoundError.
	Account(ctx context.Context, k AccountKey) (Record, error)

	// Accounts answers the next l.Limit accounts behind l.From, in the order of l.Sort: SortCreated by (CreatedAt, ID),
	// SortLogin by Login, SortName by (SortName(), ID); bytewise, descending if l.Desc. None is an empty slice.
	Accounts(ctx context.Context, l ListParams) ([]Summary, error)

	// CountAccounts counts what l selects, wherever l.From is, and stops at atMost (0: no bound).
	CountAccounts(ctx context.Context, l ListParams, atMost int) (int, error)

	// Descendants answers which of the accounts there are, and everything below them, by name.
	Descendants(ctx context.Context, ids []ID) (Descendants, error)

	// Events answers what q selects of the log, in the order of the numbers. Each committed event gets its number at the
	// latest now, greater than every number given before, even to events that were appended later but committed earlier.
	// One that a command under way is redacting may get it later, and those after it about the same thing then do, too.
	// A store that may not write answers what is numbered; one that lags behind another is ErrUnavailable for a cursor that
	// it has not reached. In a host's transaction, Events and PruneEvents are ErrInvalid.
	Events(ctx context.Context, q EventParams) (EventResult, error)

	// PruneEvents deletes the numbered events with an At before the given one, and answers how many. It may be
	// ErrCommitUnknown, as Update.
	PruneEvents(ctx context.Context, before time.Time) (int, error)

	// Update runs one command: everything that fn does through the Tx happens at one instant, or nothing of it when fn
	// or the commit fails. Commands that touch the same rows or claims behave as if run one after another; waiting obeys
	// ctx. The error of fn comes back as it is. Besides, Update returns an error that matches ErrUnavailable if nothing was
	// committed, or ErrCommitUnknown if nobody can know; it matches ctx.Err() as well if ctx has ended. The store may run fn
	// again, from the start, when the database asks for that.
	Update(ctx context.Context, fn func(Tx) error) error
}

// AccountKey names one account: exactly one field is set.
type AccountKey struct {
	ID         ID
	Login      string // in lower case
	ExternalID string
}

// Record is a row of accounts as a store keeps it: the account, and the password's hash, which leaves the library never.
// Its holds are read with it, but are not written with it: subscriptions.Writes says those.
type Record struct {
	Account
	Hash string
}

// ListParams is a Query made ready for a store: every filter is valid, Search has become Piece, After has become From, and
// Limit is exact. The store ignores Query.Search and Query.After.
type ListParams struct {
	Query
	Term subscriptions.SearchTerm // is looked for in Account.SearchTexts and in Domain.SearchTexts of the account's domains
	From  subscriptions.Position
}

// Descendants is some accounts and everything below them, each slice ascending by id, with no more than what names it. Every
// other field is empty: what is removed need not be loaded.
type Descendants struct {
	Accounts      []Account                    // ID, ExternalID; those asked for that exist
	Subscriptions []subscriptions.Subscription // ID, AccountID, ExternalID
	Domains       []subscriptions.Domain       // ID, SubscriptionID, AccountID, Name
}

// Tx is what a command on accounts does inside one transaction; see subscriptions.Tx for the order and the rules, which
// hold here as well. LockAccounts, LockHolds and Lock are not used in the same transaction.
type Tx interface {
	Lock(r subscriptions.LockSet) (subscriptions.LockedRows, error)
	DomainsOf(ids []subscriptions.ID) ([]subscriptions.Domain, error)

	// LockAccounts locks the accounts, ascending by id, against every other command on them or below them, and answers
	// them as they are now, ascending, unknown ids left out, those too that came a moment later than the locks.
	LockAccounts(ids []ID) ([]Record, error)

	// LockHolds locks the accounts as LockAccounts does, and answers no more of each than its id and holds: so many may be
	// suspended at once that loading the rest would take as long as everything else.
	LockHolds(ids []ID) ([]subscriptions.Owner, error)

	// Descendants is that of Store, of locked accounts.
	Descendants(ids []ID) (Descendants, error)

	// Claim and Save are those of subscriptions.Tx, for accounts too.
	Claim(c Claim) (Claimed, error)
	Save(w Writes) error
}

// Claim is what a command wants to be the only one to have.
type Claim struct {
	NewAccounts       int    // so many new ids
	Login             string // in lower case; "" claims none
	AccountExternalID string // "" claims none
	subscriptions.Claim
}

// Keys answers the locks of a claim, as those of subscriptions do.
func (c Claim) Keys() []int {
	keys := c.Claim.Keys()
	if c.Login != "" {
		keys = append(keys, subscriptions.LockKey("account.login", c.Login))
	}
	if c.AccountExternalID != "" {
		keys = append(keys, subscriptions.LockKey("account.externalID", c.AccountExternalID))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Claimed answers a Claim.
type Claimed struct {
	AccountIDs        []ID // ascending
	Login             bool // another account has it
	AccountExternalID bool // another account has it
	subscriptions.Claimed
}

// Writes is all that a command has decided.
type Writes struct {
	AddAccounts    []Record
	UpdateAccounts []Record // every field but the holds
	RemoveAccounts []ID     // what is below them is in the other slices
	subscriptions.Writes
}

// EventParams selects a part of the log.
type EventParams struct {
	AccountID *ID   // nil: all
	After     int64 // the number behind which to begin; 0: at the oldest, or at the newest if Desc
	Limit     int
	Desc      bool
}

// EventResult is a part of the log, and how far the log reaches, in one snapshot.
type EventResult struct {
	Events []NumberedEvent
	Pruned int64 // the highest number that was ever pruned; 0: none
	Last   int64 // the last number that was given; 0: none
}

// NumberedEvent is an event with its number, from which the domain makes its Cursor.
type NumberedEvent struct {
	Number int64
	Event
}

// narrow is the part of a Store that subscriptions see.
type narrow struct{ Store }

func (n narrow) Update(ctx context.Context, fn func(subscriptions.Tx) error) error {
	return n.Store.Update(ctx, func(tx Tx) error { return fn(narrowTx{tx}) })
}

type narrowTx struct{ Tx }

func (n narrowTx) Claim(c subscriptions.Claim) (subscriptions.Claimed, error) {
	claimed, err := n.Tx.Claim(Claim{Claim: c})
	return claimed.Claimed, err
}

func (n narrowTx) Save(w subscriptions.Writes) error { return n.Tx.Save(Writes{Writes: w}) }
