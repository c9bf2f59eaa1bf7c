package sqlite

import (
	"context"
	"database/sql"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/stored"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	entryColumns = "e.key, e.version, e.expires_at"

	entryByKey = "\nSELECT " + entryColumns + ", e.value\nFROM clientele_entries AS e\nWHERE e.bucket = :bucket AND e.key = :key"

	// The columns of the index are enough.
	expiredEntries = "\nSELECT " + entryColumns + `
FROM clientele_entries AS e
WHERE e.bucket = :bucket AND e.expires_at <= :at
ORDER BY e.expires_at, e.key
LIMIT :limit`

	deleteEntry = `DELETE FROM clientele_entries WHERE bucket = ? AND key = ?`
)

var entryTable = table[accounts.EntryWrite]{"clientele_entries", []string{
	"bucket", "key", "value", "version", "expires_at", "account_id",
}, func(e accounts.EntryWrite) []any {
	value := e.Value
	if value == nil {
		value = []byte{}
	}
	owner := accounts.EntryKey{Bucket: e.Bucket, Key: e.Key}.Owner()
	return []any{e.Bucket, e.Key, value, e.Version, nullMicros(e.ExpiresAt), int64(owner)}
}}

// entryRow is a row of entryColumns, perhaps with the value.
type entryRow struct {
	key       string
	version   int64
	expiresAt timestamp
	value     []byte
}

func (r *entryRow) fields() []any { return []any{&r.key, &r.version, &r.expiresAt} }

func (r *entryRow) fieldsWithValue() []any { return append(r.fields(), &r.value) }

func (r entryRow) entry() accounts.Entry {
	e := accounts.Entry{Key: r.key, Version: r.version, ExpiresAt: r.expiresAt.Time}
	if len(r.value) > 0 {
		e.Value = r.value
	}
	return e
}

// Entry implements accounts.Store.
func (s *Store) Entry(ctx context.Context, k accounts.EntryKey) (accounts.Entry, error) {
	rows, e := read(ctx, s, (*entryRow).fieldsWithValue, entryByKey, sql.Named("bucket", k.Bucket), sql.Named("key", k.Key))
	if e != nil {
		return accounts.Entry{}, e
	}
	if len(rows) == 0 {
		return accounts.Entry{}, &subscriptions.NotFoundError{Kind: accounts.KindEntry, Name: k.Key}
	}
	return rows[0].entry(), nil
}

// Entries implements accounts.Store.
func (s *Store) Entries(ctx context.Context, p accounts.EntryParams) ([]accounts.Entry, error) {
	args := arguments{"bucket": p.Bucket, "at": micros(p.At), "limit": p.Limit}
	statement, fields := expiredEntries, (*entryRow).fields
	if !p.Expired {
		fields = (*entryRow).fieldsWithValue
		statement = "\nSELECT " + entryColumns + ", e.value\nFROM clientele_entries AS e\nWHERE e.bucket = :bucket" + prefixRange(p.Prefix, args)
		if p.After != "" {
			args["after"] = p.After
			statement += " AND e.key > :after"
		}
		statement += " AND (e.expires_at IS NULL OR e.expires_at > :at)\nORDER BY e.key" + limit
	}
	rows, e := read(ctx, s, fields, statement, args.values()...)
	if e != nil {
		return nil, e
	}
	return convertAll(rows, entryRow.entry), nil
}

// prefixRange returns a condition for the keys that begin with a prefix.
func prefixRange(prefix string, args arguments) string {
	if prefix == "" {
		return ""
	}
	args["prefix"] = prefix
	condition := " AND e.key >= :prefix"
	if end := stored.AfterPrefix(prefix); end != "" {
		args["end"] = end
		condition += " AND e.key < :end"
	}
	return condition
}

// LockEntries implements accounts.Tx.
func (t *transaction) LockEntries(l accounts.EntryLockSet) (accounts.LockedEntries, error) {
	var out accounts.LockedEntries
	owners, err := t.LockHolds(l.Owners())
	if err != nil {
		return accounts.LockedEntries{}, err
	}
	for _, o := range owners {
		out.Owners = append(out.Owners, o.ID)
	}
	args := arguments{"bucket": l.Bucket}
	statement, fields := "\nSELECT "+entryColumns+"\nFROM clientele_entries AS e\nWHERE e.bucket = :bucket", (*entryRow).fields
	switch {
	case l.Key != "" && l.Value:
		statement, fields, args["key"] = entryByKey, (*entryRow).fieldsWithValue, l.Key
	case l.Key != "":
		statement += " AND e.key = :key"
		args["key"] = l.Key
	case l.Prefix != "":
		statement += prefixRange(l.Prefix, args) + "\nORDER BY e.key"
	default:
		statement += " AND e.key IN (SELECT value FROM json_each(:keys))\nORDER BY e.key"
		args["keys"] = jsonArray(l.Keys)
	}
	rows, err := queryIn(t, fields, statement, args.values()...)
	if err != nil {
		return accounts.LockedEntries{}, err
	}
	for _, row := range rows {
		out.Entries = append(out.Entries, row.entry())
	}
	if l.NewVersion {
		last, err := t.allocate(ids{entryVersion: 1})
		if err != nil {
			return accounts.LockedEntries{}, err
		}
		out.Version = last.entryVersion
	}
	return out, nil
}

func (t *transaction) deleteEntries(w accounts.Writes) error {
	for _, k := range w.DeleteEntries {
		if err := t.exec(1, deleteEntry, k.Bucket, k.Key); err != nil {
			return err
		}
	}
	return nil
}
