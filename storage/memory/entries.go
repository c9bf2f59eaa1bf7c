package memory

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
)

// entry is a row of a bucket. Like other rows it never changes once it is stored.
type entry struct {
	bucket string
	owner  accounts.ID // 0: none
	accounts.Entry
}

type entryTrees struct {
	byKey    order[*entry] // by bucket, then key
	byExpiry order[*entry] // entries with an ExpiresAt, by bucket, then ExpiresAt and key
	byOwner  order[*entry] // entries of accounts, by owner, then bucket and key
}

func newEntryTrees() entryTrees {
	return entryTrees{byKey: newOrder(entriesByKey), byExpiry: newOrder(entriesByExpiry), byOwner: newOrder(entriesByOwner)}
}

func entriesByKey(a, b *entry) int {
	return cmp.Or(cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.Key, b.Key))
}

func entriesByExpiry(a, b *entry) int {
	return cmp.Or(cmp.Compare(a.bucket, b.bucket), a.ExpiresAt.Compare(b.ExpiresAt), cmp.Compare(a.Key, b.Key))
}

func entriesByOwner(a, b *entry) int {
	return cmp.Or(cmp.Compare(a.owner, b.owner), entriesByKey(a, b))
}

// newEntry returns the row of an entry.
func newEntry(w accounts.EntryWrite) *entry {
	row := &entry{bucket: w.Bucket, owner: accounts.EntryKey{Bucket: w.Bucket, Key: w.Key}.Owner(), Entry: w.Entry}
	row.Value = cloneValue(w.Value)
	return row
}

func cloneValue(value []byte) []byte {
	if len(value) == 0 {
		return nil
	}
	return slices.Clone(value)
}

// entry returns the entry of a row, without its value unless that is wanted. The caller owns it.
func (e *entry) entry(withValue bool) accounts.Entry {
	out := e.Entry
	out.Value = nil
	if withValue {
		out.Value = cloneValue(e.Value)
	}
	return out
}

func keyRow(bucket, key string) *entry {
	return &entry{bucket: bucket, Entry: accounts.Entry{Key: key}}
}

// put stores a row and replaces the one with its key, if there is one.
func (t *entryTrees) put(row *entry) {
	t.delete(accounts.EntryKey{Bucket: row.bucket, Key: row.Key})
	t.byKey.write().Set(row)
	if !row.ExpiresAt.IsZero() {
		t.byExpiry.write().Set(row)
	}
	if row.owner != 0 {
		t.byOwner.write().Set(row)
	}
}

// delete deletes the row with a key, if there is one.
func (t *entryTrees) delete(k accounts.EntryKey) {
	row, found := t.byKey.read.Get(keyRow(k.Bucket, k.Key))
	if !found {
		return
	}
	t.byKey.write().Delete(row)
	if !row.ExpiresAt.IsZero() {
		t.byExpiry.write().Delete(row)
	}
	if row.owner != 0 {
		t.byOwner.write().Delete(row)
	}
}

// removeOwner deletes the entries that belong to an account.
func (t *entryTrees) removeOwner(id accounts.ID) {
	var rows []*entry
	t.byOwner.read.Ascend(&entry{owner: id}, func(row *entry) bool {
		if row.owner != id {
			return false
		}
		rows = append(rows, row)
		return true
	})
	for _, row := range rows {
		t.delete(accounts.EntryKey{Bucket: row.bucket, Key: row.Key})
	}
}

// withPrefix returns the rows of a bucket with keys that begin with prefix and come after another one, at most limit.
func (t *entryTrees) withPrefix(bucket, prefix, after string, limit int, selects func(*entry) bool) []*entry {
	var rows []*entry
	t.byKey.read.Ascend(keyRow(bucket, max(prefix, after)), func(row *entry) bool {
		switch {
		case row.bucket != bucket || !strings.HasPrefix(row.Key, prefix):
			return false
		case row.Key != after && selects(row):
			rows = append(rows, row)
		}
		return len(rows) < limit
	})
	return rows
}

// Entry returns the entry with the key, also if it has expired, or a *NotFoundError.
func (s *Store) Entry(ctx context.Context, k accounts.EntryKey) (accounts.Entry, error) {
	r, err := s.read(ctx)
	if err != nil {
		return accounts.Entry{}, err
	}
	row, found := r.entries.byKey.read.Get(keyRow(k.Bucket, k.Key))
	if !found {
		return accounts.Entry{}, notFound(accounts.KindEntry, 0, k.Key)
	}
	return row.entry(true), nil
}

// Entries returns the first p.Limit entries that p selects.
func (s *Store) Entries(ctx context.Context, p accounts.EntryParams) ([]accounts.Entry, error) {
	r, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	all := []accounts.Entry{}
	if !p.Expired {
		exists := func(row *entry) bool { return row.ExpiresAt.IsZero() || row.ExpiresAt.After(p.At) }
		for _, row := range r.entries.withPrefix(p.Bucket, p.Prefix, p.After, p.Limit, exists) {
			all = append(all, row.entry(true))
		}
		return all, nil
	}
	r.entries.byExpiry.read.Ascend(&entry{bucket: p.Bucket}, func(row *entry) bool {
		if row.bucket != p.Bucket || row.ExpiresAt.After(p.At) || len(all) == p.Limit {
			return false
		}
		all = append(all, row.entry(false))
		return true
	})
	return all, nil
}

// LockEntries returns the entries with the keys or the prefix, sorted by key, and the accounts that exist among those to which
// they belong.
func (t *tx) LockEntries(l accounts.EntryLockSet) (accounts.LockedEntries, error) {
	if t.ctx.Err() != nil {
		return accounts.LockedEntries{}, unavailable(t.ctx)
	}
	var out accounts.LockedEntries
	for _, o := range t.root.owners(l.Owners()) {
		out.Owners = append(out.Owners, o.ID)
	}
	for _, key := range append(slices.Clone(l.Keys), l.Key) {
		if row, found := t.root.entries.byKey.read.Get(keyRow(l.Bucket, key)); found {
			out.Entries = append(out.Entries, row.entry(l.Value))
		}
	}
	if l.Prefix != "" {
		for _, row := range t.root.entries.withPrefix(l.Bucket, l.Prefix, "", math.MaxInt, func(*entry) bool { return true }) {
			out.Entries = append(out.Entries, row.entry(false))
		}
	}
	if l.NewVersion {
		out.Version = allocate[int64](&t.ids.entryVersion, 1)[0]
	}
	return out, nil
}
