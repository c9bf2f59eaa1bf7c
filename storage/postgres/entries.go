package postgres

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"hash/fnv"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/stored"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	// Values are read as base64, whatever bytea_output is.
	entryColumns = `e.key, encode(e.value, 'base64') AS value, e.version, e.expires_at`

	entryByKey = `
SELECT ` + entryColumns + `
FROM clientele.entries AS e
WHERE e.bucket = $1::text AND e.key = $2::text`

	expiredEntries = `
SELECT e.key, e.version, e.expires_at
FROM clientele.entries AS e
WHERE e.bucket = $1::text AND e.expires_at <= $2::timestamptz
ORDER BY e.expires_at, e.key
LIMIT $3::integer`

	// Keys are locked in the space of advisory locks with one number, apart from those of claims.
	lockEntryKey = `SELECT pg_advisory_xact_lock($1::bigint)`

	// The version is allocated after the key was locked, so versions of a key ascend.
	withNewVersion = `
SELECT nextval('clientele.entry_versions') AS new_version, locked.*
FROM (VALUES (1)) AS one
LEFT JOIN locked ON true`

	withoutNewVersion = `
SELECT * FROM locked`
)

// replaceEntry makes an insert replace the entry with the same key.
const replaceEntry = "\nON CONFLICT (bucket, key) DO UPDATE SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at"

var entryTable = table[accounts.EntryWrite]{"clientele.entries", 2, []column[accounts.EntryWrite]{
	text("bucket", func(e accounts.EntryWrite) string { return e.Bucket }),
	text("key", func(e accounts.EntryWrite) string { return e.Key }),
	binary("value", func(e accounts.EntryWrite) []byte { return e.Value }),
	number("version", func(e accounts.EntryWrite) int64 { return e.Version }),
	nullTimestamp("expires_at", func(e accounts.EntryWrite) time.Time { return e.ExpiresAt }),
	nullNumber("account_id", func(e accounts.EntryWrite) int64 {
		return int64(accounts.EntryKey{Bucket: e.Bucket, Key: e.Key}.Owner())
	}),
}}

var entryKeyTable = table[accounts.EntryKey]{"clientele.entries", 2, []column[accounts.EntryKey]{
	text("bucket", func(k accounts.EntryKey) string { return k.Bucket }),
	text("key", func(k accounts.EntryKey) string { return k.Key }),
}}

// binary is a column of bytes. They are sent to the server as text, in hexadecimal.
func binary[R any](name string, value func(R) []byte) column[R] {
	return column[R]{
		name: name, sqlType: "bytea", value: func(r R) any { return `\x` + hex.EncodeToString(value(r)) },
		equal: func(a, b R) bool { return bytes.Equal(value(a), value(b)) },
	}
}

// entryRow is a row of entries as Bun scans it.
type entryRow struct {
	NewVersion int64
	Key        string // "": only the version was selected
	Value      string // in base64
	Version    int64
	ExpiresAt  time.Time
}

func (r entryRow) entry() accounts.Entry {
	e := accounts.Entry{Key: r.Key, Version: r.Version, ExpiresAt: r.ExpiresAt}
	if !e.ExpiresAt.IsZero() {
		e.ExpiresAt = utc(e.ExpiresAt)
	}
	if r.Value != "" {
		e.Value, _ = base64.StdEncoding.DecodeString(r.Value) // the server has encoded it
	}
	return e
}

// Entry implements accounts.Store.
func (s *Store) Entry(ctx context.Context, k accounts.EntryKey) (accounts.Entry, error) {
	var rows []entryRow
	if e := s.query(ctx, &rows, entryByKey, k.Bucket, k.Key); e != nil {
		return accounts.Entry{}, e
	}
	if len(rows) == 0 {
		return accounts.Entry{}, &subscriptions.NotFoundError{Kind: accounts.KindEntry, Name: k.Key}
	}
	return rows[0].entry(), nil
}

// Entries implements accounts.Store.
func (s *Store) Entries(ctx context.Context, p accounts.EntryParams) ([]accounts.Entry, error) {
	var rows []entryRow
	statement, args := expiredEntries, numbered{p.Bucket, formatTime(p.At), p.Limit}
	if !p.Expired {
		args = nil
		statement = "\nSELECT " + entryColumns + "\nFROM clientele.entries AS e\nWHERE e.bucket = " + args.bind(p.Bucket, "text") +
			prefixRange(p.Prefix, &args)
		if p.After != "" {
			statement += " AND e.key > " + args.bind(p.After, "text")
		}
		statement += " AND (e.expires_at IS NULL OR e.expires_at > " + args.bind(formatTime(p.At), "timestamptz") + ")" +
			"\nORDER BY e.key\nLIMIT " + args.bind(p.Limit, "integer")
	}
	if e := s.query(ctx, &rows, statement, args...); e != nil {
		return nil, e
	}
	return convertAll(rows, entryRow.entry), nil
}

// prefixRange returns a condition for the keys that begin with a prefix.
func prefixRange(prefix string, args *numbered) string {
	if prefix == "" {
		return ""
	}
	condition := " AND e.key >= " + args.bind(prefix, "text")
	if end := stored.AfterPrefix(prefix); end != "" {
		condition += " AND e.key < " + args.bind(end, "text")
	}
	return condition
}

// LockEntries implements accounts.Tx.
func (t *transaction) LockEntries(l accounts.EntryLockSet) (accounts.LockedEntries, error) {
	var out accounts.LockedEntries
	if owners := l.Owners(); len(owners) > 0 {
		var locked []idRow
		if err := t.query(&locked, lockAccounts+t.ownerLock(), numberArray(owners)); err != nil {
			return accounts.LockedEntries{}, err
		}
		for _, row := range locked {
			out.Owners = append(out.Owners, accounts.ID(row.ID))
		}
	}
	if l.Key != "" {
		if err := t.exec(anyRowCount, lockEntryKey, entryLock(t.schema, l.Bucket, l.Key)); err != nil {
			return accounts.LockedEntries{}, err
		}
	}
	var rows []entryRow
	statement, args := lockEntries(l)
	if err := t.query(&rows, statement, args...); err != nil {
		return accounts.LockedEntries{}, err
	}
	for _, row := range rows {
		out.Version = row.NewVersion
		if row.Key != "" {
			out.Entries = append(out.Entries, row.entry())
		}
	}
	return out, nil
}

// lockEntries returns a statement that locks and reads the entries of a lock set. The lock of a key does not keep their rows
// from a command that deletes many.
func lockEntries(l accounts.EntryLockSet) (string, []any) {
	var args numbered
	columns := "e.key, e.version, e.expires_at"
	if l.Value {
		columns = entryColumns
	}
	statement := "\nWITH locked AS (\n    SELECT " + columns + " FROM clientele.entries AS e\n    WHERE e.bucket = " + args.bind(l.Bucket, "text")
	switch {
	case l.Key != "":
		statement += " AND e.key = " + args.bind(l.Key, "text")
	case l.Prefix != "":
		statement += prefixRange(l.Prefix, &args)
	default:
		statement += " AND e.key = ANY(" + args.bind(textArray(l.Keys), "text[]") + ")"
	}
	statement += "\n    ORDER BY e.key\n    FOR UPDATE\n)"
	if l.NewVersion {
		return statement + withNewVersion, args
	}
	return statement + withoutNewVersion, args
}

// entryLock returns the number of the advisory lock of a key.
func entryLock(s schema, bucket, key string) int64 {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte("clientele:" + string(s) + "\x00" + bucket + "\x00" + key)) // never fails
	return int64(hash.Sum64())                                                           // all 64 bits, whatever the sign
}

func (t *transaction) deleteEntries(w accounts.Writes) error {
	if len(w.DeleteEntries) == 0 {
		return nil
	}
	statement, args := entryKeyTable.delete(w.DeleteEntries)
	return t.exec(len(w.DeleteEntries), statement, args...)
}
