package sqlite

import (
	"context"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// dumpEntriesBatch is the number of entries in a part of Dump. Their values can have 64 KB each.
const dumpEntriesBatch = 100

const (
	dumpHead = `
SELECT account_id, subscription_id, domain_id, entry_version, event, pruned
FROM clientele_state`

	countRows = `
SELECT (SELECT count(*) FROM clientele_accounts) + (SELECT count(*) FROM clientele_subscriptions) +
    (SELECT count(*) FROM clientele_domains) + (SELECT count(*) FROM clientele_entries) + (SELECT count(*) FROM clientele_events)`

	accountsWithHash = `
SELECT ` + accountColumns + `, a.password_hash
FROM clientele_accounts AS a
WHERE a.id > ?1 ORDER BY a.id LIMIT ?2`

	entriesByKey = `
SELECT ` + entryColumns + `, e.value, e.bucket
FROM clientele_entries AS e
WHERE (e.bucket, e.key) > (?1, ?2) ORDER BY e.bucket, e.key LIMIT ?3`

	eventsByNumber = `
SELECT 0, 0, e.number, e.at, e.type, e.actor, e.account_id, e.subscription_id, e.domain_id, e.domain, e.details, e.texts
FROM clientele_events AS e
WHERE e.number > ?1 ORDER BY e.number LIMIT ?2`

	isEmpty = `
SELECT event = 0
    AND NOT EXISTS (SELECT 1 FROM clientele_accounts) AND NOT EXISTS (SELECT 1 FROM clientele_subscriptions)
    AND NOT EXISTS (SELECT 1 FROM clientele_domains) AND NOT EXISTS (SELECT 1 FROM clientele_entries)
    AND NOT EXISTS (SELECT 1 FROM clientele_events)
FROM clientele_state`

	setEvents = `UPDATE clientele_state SET event = ?, pruned = ?`
)

// headRow is a row of dumpHead.
type headRow struct {
	ids
	event, pruned int64
}

func (r *headRow) fields() []any { return append(r.ids.fields(), &r.event, &r.pruned) }

// dumpEntryRow is a row of entriesByKey.
type dumpEntryRow struct {
	entryRow
	bucket string
}

func (r *dumpEntryRow) fields() []any { return append(r.fieldsWithValue(), &r.bucket) }

func (r dumpEntryRow) write() accounts.EntryWrite {
	return accounts.EntryWrite{Bucket: r.bucket, Entry: r.entry()}
}

func (r eventRow) id() int64 { return *r.number }

// Dump implements accounts.Store. It reads everything in one transaction, which needs a connection until it returns and keeps
// SQLite from reusing its WAL meanwhile.
func (s *Store) Dump(ctx context.Context, fn func(accounts.DumpPart) error) error {
	if s.outer != nil {
		return errInTransaction()
	}
	return s.readConsistently(ctx, func(r runner, _ int64) error {
		head, err := s.readHead(ctx, r)
		if err != nil {
			return err
		}
		if err := fn(accounts.DumpPart{Head: head}); err != nil {
			return err
		}
		return dumpRows(ctx, r, fn)
	})
}

// readHead returns the numbers that were allocated and given. Those that this process has allocated in a transaction that was
// rolled back may be in no transaction yet.
func (s *Store) readHead(ctx context.Context, r runner) (*accounts.DumpHead, error) {
	rows, e := query(ctx, r, (*headRow).fields, dumpHead)
	if e != nil {
		return nil, e
	}
	count, e := query(ctx, r, (*countRow).fields, countRows)
	if e != nil {
		return nil, e
	}
	last := allocated{ids: rows[0].ids}
	last.raise(s.allocated.get())
	return &accounts.DumpHead{
		AccountID: accounts.ID(last.account), SubscriptionID: subscriptions.ID(last.subscription), DomainID: subscriptions.DomainID(last.domain),
		EntryVersion: last.entryVersion, Event: rows[0].event, Pruned: rows[0].pruned, Rows: count[0].Count,
	}, nil
}

// dumpRows calls fn with all rows.
func dumpRows(ctx context.Context, r runner, fn func(accounts.DumpPart) error) error {
	err := inBatches(ctx, r, (*accountRow).fieldsWithHash, accountsWithHash, accountRow.id, func(rows []accountRow) error {
		return fn(accounts.DumpPart{Accounts: convertAll(rows, accountRow.record)})
	})
	if err != nil {
		return err
	}
	err = inBatches(ctx, r, (*subscriptionRow).fields, subscriptionsByID, subscriptionRow.id, func(rows []subscriptionRow) error {
		return fn(accounts.DumpPart{Subscriptions: convertAll(rows, subscriptionRow.record)})
	})
	if err != nil {
		return err
	}
	err = inBatches(ctx, r, (*domainRow).fields, domainsByID, domainRow.id, func(rows []domainRow) error {
		return fn(accounts.DumpPart{Domains: convertAll(rows, domainRow.domain)})
	})
	if err != nil {
		return err
	}
	if err := dumpEntries(ctx, r, fn); err != nil {
		return err
	}
	return inBatches(ctx, r, (*eventRow).fields, eventsByNumber, eventRow.id, func(rows []eventRow) error {
		return fn(accounts.DumpPart{Events: convertAll(rows, eventRow.numbered)})
	})
}

// dumpEntries calls fn with all entries.
func dumpEntries(ctx context.Context, r runner, fn func(accounts.DumpPart) error) error {
	var last dumpEntryRow
	for {
		rows, e := query(ctx, r, (*dumpEntryRow).fields, entriesByKey, last.bucket, last.key, dumpEntriesBatch)
		if e != nil {
			return e
		}
		if len(rows) > 0 {
			if err := fn(accounts.DumpPart{Entries: convertAll(rows, dumpEntryRow.write)}); err != nil {
				return err
			}
		}
		if len(rows) < dumpEntriesBatch {
			return nil
		}
		last = rows[len(rows)-1]
	}
}

// Restore implements accounts.Store. It writes everything in one transaction: commands wait for it, and SQLite's WAL grows by
// all that it writes.
func (s *Store) Restore(ctx context.Context, dump func(write func(accounts.DumpPart) error) error) error {
	if s.outer != nil {
		return errInTransaction()
	}
	return s.write(ctx, func(t *transaction) error {
		empty, err := queryIn(t, (*boolRow).fields, isEmpty)
		if err != nil {
			return err
		}
		if !empty[0].value {
			return input.Invalid("store", "empty", "")
		}
		return dump(t.restore)
	})
}

// restore writes a part of a dump.
func (t *transaction) restore(p accounts.DumpPart) error {
	if p.Head != nil {
		if err := t.restoreHead(*p.Head); err != nil {
			return err
		}
	}
	if err := t.Save(p.Writes()); err != nil {
		return err
	}
	return insert(t, eventTable, "INSERT", convertAll(p.Events, func(e accounts.NumberedEvent) numberedEvent {
		return numberedEvent{e.Number, e.Event}
	}))
}

// restoreHead makes the store continue after the numbers of a dump.
func (t *transaction) restoreHead(h accounts.DumpHead) error {
	last := allocated{ids: ids{int64(h.AccountID), int64(h.SubscriptionID), int64(h.DomainID), h.EntryVersion}}
	last.raise(t.allocated.get())
	if err := t.exec(1, keepAllocated, last.account, last.subscription, last.domain, last.entryVersion); err != nil {
		return err
	}
	return t.exec(1, setEvents, h.Event, h.Pruned)
}

// boolRow is a row with a condition.
type boolRow struct{ value bool }

func (r *boolRow) fields() []any { return []any{&r.value} }
