package accounts

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/clientele-go/clientele/internal/input"
)

// Entry is a small value that an adapter keeps under a key of a Bucket: a session, an API key, the response to a request with
// an idempotency key.
type Entry struct {
	// Key has 1 to 255 bytes of text. A key that begins with account/ID/, such as "account/17/session/x", belongs to that
	// account: the entry can only be put while the account exists, and is removed with it.
	Key string
	// Value has at most 65,536 bytes. The library does not look at it and logs it nowhere, but does not encrypt it either: of a
	// secret, keep a hash, or encrypt it with a key that DeriveKey returns. An empty value is returned as nil.
	Value []byte
	// Version is set by Put: higher than every version that an entry had before, so none is given to a key twice.
	Version int64
	// ExpiresAt is when the entry ceases to exist; zero means never. It is truncated to microseconds and in the years 1970 to
	// 9998.
	ExpiresAt time.Time
}

// Condition says which entry Bucket.Put may replace: Any, Absent or AtVersion. The zero Condition is Any.
type Condition struct {
	absent    bool
	atVersion bool
	version   int64
}

var (
	// Any puts an entry whether or not there is one with the key.
	Any = Condition{}
	// Absent puts an entry only if there is none with the key.
	Absent = Condition{absent: true}
)

// AtVersion puts an entry only if it replaces the one with version n, which is 1 or more.
func AtVersion(n int64) Condition { return Condition{atVersion: true, version: n} }

// check returns a *ConflictError unless the current entry is as c wants it. Without an entry, version is 0.
func (c Condition) check(version int64) error {
	if c.absent && version != 0 || c.atVersion && version != c.version {
		return &ConflictError{Current: version}
	}
	return nil
}

// KindEntry is the Kind of a *NotFoundError about an entry.
const KindEntry = "entry"

// KindNote is the Kind of a *NotFoundError about a note.
const KindNote = "note"

const (
	maxKey       = 255     // bytes
	maxValue     = 1 << 16 // bytes
	maxExpired   = 1000    // entries that one DeleteExpired deletes
	ownerPrefix  = "account/"
	bucketIsSlug = "required,slug"
)

// Owner returns the account to which an entry with this key belongs, or 0 if it belongs to none.
func (k EntryKey) Owner() ID {
	rest, owned := strings.CutPrefix(k.Key, ownerPrefix)
	number, _, ends := strings.Cut(rest, "/")
	id, err := strconv.ParseInt(number, 10, 64)
	if !owned || !ends || err != nil || id <= 0 || strconv.FormatInt(id, 10) != number {
		return 0
	}
	return ID(id)
}

// existsAt reports whether the entry has not expired.
func (e Entry) existsAt(now time.Time) bool { return e.ExpiresAt.IsZero() || now.Before(e.ExpiresAt) }

// Bucket is a named set of entries, which adapters and applications keep beside the accounts in the same store. It is safe for
// concurrent use as its Manager is; Manager.Bucket returns one.
//
// An entry whose ExpiresAt has passed does not exist, even before DeleteExpired deletes it. Entries have no events. Of a Manager
// that Transaction or WithStore returned, a Bucket is part of the transaction: Get locks the key then until the transaction
// ends, also a key without an entry, so that of two transactions with one key the second waits in Get and sees what the first
// has put. Every method returns ErrInvalid at "bucket" unless the name is a slug of at most 64 characters.
type Bucket struct {
	manager *Manager
	name    string
}

// Bucket returns the bucket with a name such as "sessions": a letter from a to z, then letters, digits and hyphens, at most 64
// in all. A bucket exists without being created.
func (m *Manager) Bucket(name string) *Bucket { return &Bucket{manager: m, name: name} }

// begin checks the name of the bucket, and returns the time.
func (b *Bucket) begin(ctx context.Context, v *input.Violations) time.Time {
	v.Var("bucket", b.name, bucketIsSlug)
	return b.manager.commandInfo(ctx, v).at
}

// isKeyText reports whether s can be a part of a key.
func isKeyText(s string) bool {
	return len(s) <= maxKey && utf8.ValidString(s) && !strings.Contains(s, "\x00")
}

func checkKeyText(v *input.Violations, path, s string) {
	switch {
	case len(s) > maxKey:
		v.Add(path, "maxBytes", strconv.Itoa(maxKey))
	case !isKeyText(s):
		v.Add(path, "text", "")
	}
}

func entryNotFound(key string) error { return &NotFoundError{Kind: KindEntry, Name: key} }

// lock locks one key and returns its entry, if that exists.
func (b *Bucket) lock(tx Tx, key string, now time.Time, l EntryLockSet) (locked LockedEntries, current Entry, err error) {
	l.Bucket, l.Key = b.name, key
	locked, err = tx.LockEntries(l)
	if err == nil && len(locked.Entries) > 0 && locked.Entries[0].existsAt(now) {
		current = locked.Entries[0]
	}
	return locked, current, err
}

// Get returns the entry with the key. In a transaction it locks the key.
//
// It returns ErrNotFound if there is none, also if the text cannot be a key, and ErrUnavailable if the store cannot answer.
func (b *Bucket) Get(ctx context.Context, key string) (_ Entry, err error) {
	m := b.manager
	ctx, end := m.hook.Start(ctx, "accounts.Bucket.Get")
	defer func() { end(err) }()
	var v input.Violations
	now := b.begin(ctx, &v)
	if err := v.Err(); err != nil {
		return Entry{}, err
	}
	if key == "" || !isKeyText(key) {
		return Entry{}, entryNotFound(key)
	}
	var found Entry
	if m.joined {
		err = m.store.Update(ctx, func(tx Tx) error {
			_, found, err = b.lock(tx, key, now, EntryLockSet{Value: true})
			return err
		})
	} else {
		found, err = m.store.Entry(ctx, EntryKey{Bucket: b.name, Key: key})
	}
	if err != nil {
		return Entry{}, err
	}
	if found.Version == 0 || !found.existsAt(now) {
		return Entry{}, entryNotFound(key)
	}
	return found, nil
}

// List returns the entries with keys that begin with prefix, after the key after, sorted by key in byte order: at most limit,
// which is 1 to 500; 0 means 50. An empty prefix means all. The next page begins after the last key of this one. It locks
// nothing.
//
// It returns an empty slice if there are none; ErrInvalid at "prefix" and "after" if they cannot be a part of a key, and at
// "limit"; and ErrUnavailable if the store cannot answer.
func (b *Bucket) List(ctx context.Context, prefix, after string, limit int) (_ []Entry, err error) {
	m := b.manager
	ctx, end := m.hook.Start(ctx, "accounts.Bucket.List")
	defer func() { end(err) }()
	var v input.Violations
	now := b.begin(ctx, &v)
	checkKeyText(&v, "prefix", prefix)
	checkKeyText(&v, "after", after)
	limit = v.Limit(limit)
	if err := v.Err(); err != nil {
		return nil, err
	}
	return m.store.Entries(ctx, EntryParams{Bucket: b.name, At: now, Prefix: prefix, After: after, Limit: limit})
}

// Put stores an entry under e.Key and returns it with its new version; e.Version is ignored. Condition c says whether there may
// be an entry already.
//
// It returns ErrConflict, with the version of the current entry or 0, unless c holds; ErrNotFound if the key belongs to an
// account that does not exist; ErrInvalid at "key" (empty, more than 255 bytes, not text), "value" (more than 65,536 bytes),
// "expiresAt" and "condition"; ErrUnavailable if the store cannot do it now (no changes were made) and ErrCommitUnknown if the
// outcome of the commit is unknown.
func (b *Bucket) Put(ctx context.Context, e Entry, c Condition) (_ Entry, err error) {
	m := b.manager
	ctx, end := m.hook.Start(ctx, "accounts.Bucket.Put")
	defer func() { end(err) }()
	var v input.Violations
	now := b.begin(ctx, &v)
	if e.Key == "" {
		v.Add("key", "required", "")
	}
	checkKeyText(&v, "key", e.Key)
	if len(e.Value) > maxValue {
		v.Add("value", "maxBytes", strconv.Itoa(maxValue))
	}
	if !input.IsTime(e.ExpiresAt) {
		v.Add("expiresAt", "time", "")
	}
	if c.atVersion && c.version < 1 {
		v.Add("condition", "min", "1")
	}
	if err := v.Err(); err != nil {
		return Entry{}, err
	}
	e.ExpiresAt, e.Value = input.Time(e.ExpiresAt), slices.Clone(e.Value)
	if len(e.Value) == 0 {
		e.Value = nil
	}
	err = m.store.Update(ctx, func(tx Tx) error {
		locked, current, err := b.lock(tx, e.Key, now, EntryLockSet{NewVersion: true})
		if err != nil {
			return err
		}
		if owner := (EntryKey{b.name, e.Key}).Owner(); owner != 0 && len(locked.Owners) == 0 {
			return accountNotFound(owner)
		}
		if err := c.check(current.Version); err != nil {
			return err
		}
		e.Version = locked.Version
		return tx.Save(Writes{PutEntries: []EntryWrite{{Bucket: b.name, Entry: e}}})
	})
	if err != nil {
		return Entry{}, err
	}
	return e, nil
}

// Delete deletes the entry with the key. Of two callers that delete the same entry, one gets ErrNotFound.
//
// It returns ErrNotFound if there is none, also if the text cannot be a key; ErrUnavailable if the store cannot do it now (no
// changes were made) and ErrCommitUnknown if the outcome of the commit is unknown.
func (b *Bucket) Delete(ctx context.Context, key string) (err error) {
	m := b.manager
	ctx, end := m.hook.Start(ctx, "accounts.Bucket.Delete")
	defer func() { end(err) }()
	var v input.Violations
	now := b.begin(ctx, &v)
	if err := v.Err(); err != nil {
		return err
	}
	if key == "" || !isKeyText(key) {
		return entryNotFound(key)
	}
	return m.store.Update(ctx, func(tx Tx) error {
		_, current, err := b.lock(tx, key, now, EntryLockSet{})
		if err != nil {
			return err
		}
		if current.Version == 0 {
			return entryNotFound(key)
		}
		return tx.Save(Writes{DeleteEntries: []EntryKey{{b.name, key}}})
	})
}

// DeletePrefix deletes all entries with keys that begin with prefix, which is not empty, and returns how many existed. An
// entry that is put concurrently may stay.
//
// It returns ErrInvalid at "prefix"; ErrUnavailable if the store cannot do it now (no changes were made) and ErrCommitUnknown
// if the outcome of the commit is unknown.
func (b *Bucket) DeletePrefix(ctx context.Context, prefix string) (deleted int, err error) {
	ctx, end := b.manager.hook.Start(ctx, "accounts.Bucket.DeletePrefix")
	defer func() { end(err) }()
	var v input.Violations
	now := b.begin(ctx, &v)
	if prefix == "" {
		v.Add("prefix", "required", "")
	}
	checkKeyText(&v, "prefix", prefix)
	if err := v.Err(); err != nil {
		return 0, err
	}
	return b.delete(ctx, EntryLockSet{Prefix: prefix}, func(Entry) bool { return true }, func(e Entry) bool { return e.existsAt(now) })
}

// DeleteExpired deletes entries of the bucket that have expired, at most 1,000, those that expired first, and returns how
// many. Call it again while it returns 1,000.
//
// It returns ErrUnavailable if the store cannot do it now (no changes were made) and ErrCommitUnknown if the outcome of the
// commit is unknown.
func (b *Bucket) DeleteExpired(ctx context.Context) (deleted int, err error) {
	m := b.manager
	ctx, end := m.hook.Start(ctx, "accounts.Bucket.DeleteExpired")
	defer func() { end(err) }()
	var v input.Violations
	now := b.begin(ctx, &v)
	if err := v.Err(); err != nil {
		return 0, err
	}
	expired, err := m.store.Entries(ctx, EntryParams{Bucket: b.name, At: now, Expired: true, Limit: maxExpired})
	if err != nil || len(expired) == 0 {
		return 0, err
	}
	keys := make([]string, len(expired))
	for i, e := range expired {
		keys[i] = e.Key
	}
	slices.Sort(keys)
	hasExpired := func(e Entry) bool { return !e.existsAt(now) } // it may have been replaced concurrently
	return b.delete(ctx, EntryLockSet{Keys: keys}, hasExpired, hasExpired)
}

// delete deletes those of the locked entries that fn selects, and returns how many of them are to be counted.
func (b *Bucket) delete(ctx context.Context, l EntryLockSet, selects, counts func(Entry) bool) (int, error) {
	l.Bucket = b.name
	counted := 0
	err := b.manager.store.Update(ctx, func(tx Tx) error {
		locked, err := tx.LockEntries(l)
		if err != nil {
			return err
		}
		counted = 0
		var keys []EntryKey
		for _, e := range locked.Entries {
			if !selects(e) {
				continue
			}
			keys = append(keys, EntryKey{b.name, e.Key})
			if counts(e) {
				counted++
			}
		}
		if len(keys) == 0 {
			return nil
		}
		return tx.Save(Writes{DeleteEntries: keys})
	})
	if err != nil {
		return 0, err
	}
	return counted, nil
}
