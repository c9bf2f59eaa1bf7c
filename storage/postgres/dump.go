package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/internal/lockkey"
	"github.com/clientele-go/clientele/subscriptions"
)

// dumpEntriesBatch is the number of entries in a part of Dump. Their values can have 64 KB each.
const dumpEntriesBatch = 100

const (
	// Sequences are not part of a snapshot: those numbers are at least as high as those of the rows that it sees.
	dumpHead = `
SELECT coalesce(pg_sequence_last_value('clientele.account_ids'), 0) AS account_id,
    coalesce(pg_sequence_last_value('clientele.subscription_ids'), 0) AS subscription_id,
    coalesce(pg_sequence_last_value('clientele.domain_ids'), 0) AS domain_id,
    coalesce(pg_sequence_last_value('clientele.entry_versions'), 0) AS entry_version,
    l.last, l.pruned,
    (SELECT count(*) FROM clientele.accounts) + (SELECT count(*) FROM clientele.subscriptions) +
        (SELECT count(*) FROM clientele.domains) + (SELECT count(*) FROM clientele.entries) +
        (SELECT count(*) FROM clientele.events) AS rows,
    (SELECT count(*) FROM clientele.events WHERE number IS NULL) AS unnumbered
FROM clientele.event_log AS l`

	entriesByKey = `
SELECT e.bucket, ` + entryColumns + `
FROM clientele.entries AS e
WHERE (e.bucket, e.key) > ($1::text, $2::text)
ORDER BY e.bucket, e.key
LIMIT $3::integer`

	dumpEventColumns = `e.id, e.number, e.at, e.type, e.actor, e.account_id, e.subscription_id, e.domain_id, e.domain, e.details, e.texts`

	eventsByNumber = `
SELECT ` + dumpEventColumns + `
FROM clientele.events AS e
WHERE e.number > $1::bigint
ORDER BY e.number
LIMIT $2::integer`

	unnumberedByID = `
SELECT ` + dumpEventColumns + `
FROM clientele.events AS e
WHERE e.number IS NULL AND e.id > $1::bigint
ORDER BY e.id
LIMIT $2::integer`

	lockTables = `
LOCK TABLE clientele.accounts, clientele.subscriptions, clientele.domains, clientele.account_holds, clientele.subscription_holds,
    clientele.domain_holds, clientele.entries, clientele.events, clientele.event_log IN EXCLUSIVE MODE`

	isEmpty = `
SELECT last = 0
    AND NOT EXISTS (SELECT FROM clientele.accounts) AND NOT EXISTS (SELECT FROM clientele.subscriptions)
    AND NOT EXISTS (SELECT FROM clientele.domains) AND NOT EXISTS (SELECT FROM clientele.entries)
    AND NOT EXISTS (SELECT FROM clientele.events) AS empty
FROM clientele.event_log`

	// A sequence never goes back. What setval has done stays done if the transaction is rolled back, which does no harm.
	raiseSequences = `
SELECT (SELECT setval('clientele.account_ids', $1::bigint)
        WHERE $1::bigint > coalesce(pg_sequence_last_value('clientele.account_ids'), 0)),
    (SELECT setval('clientele.subscription_ids', $2::bigint)
        WHERE $2::bigint > coalesce(pg_sequence_last_value('clientele.subscription_ids'), 0)),
    (SELECT setval('clientele.domain_ids', $3::bigint)
        WHERE $3::bigint > coalesce(pg_sequence_last_value('clientele.domain_ids'), 0)),
    (SELECT setval('clientele.entry_versions', $4::bigint)
        WHERE $4::bigint > coalesce(pg_sequence_last_value('clientele.entry_versions'), 0))`

	setEvents = `UPDATE clientele.event_log SET last = $1::bigint, pruned = $2::bigint`
)

// headRow is the result of dumpHead.
type headRow struct {
	AccountID      accounts.ID
	SubscriptionID subscriptions.ID
	DomainID       subscriptions.DomainID
	EntryVersion   int64
	Last, Pruned   int64
	Rows           int
	Unnumbered     int64
}

func (r headRow) head() *accounts.DumpHead {
	return &accounts.DumpHead{
		AccountID: r.AccountID, SubscriptionID: r.SubscriptionID, DomainID: r.DomainID, EntryVersion: r.EntryVersion,
		Event: r.Last + r.Unnumbered, Pruned: r.Pruned, Rows: r.Rows,
	}
}

// dumpEntryRow is a row of entriesByKey.
type dumpEntryRow struct {
	Bucket string
	entryRow
}

func (r dumpEntryRow) write() accounts.EntryWrite {
	return accounts.EntryWrite{Bucket: r.Bucket, Entry: r.entry()}
}

// dumpEventRow is a row of dumpEventColumns.
type dumpEventRow struct {
	ID int64
	eventRow
}

// Dump implements accounts.Store. It numbers events first, and then reads everything in one transaction, which is REPEATABLE
// READ and READ ONLY, and needs a connection until Dump returns.
func (s *Store) Dump(ctx context.Context, fn func(accounts.DumpPart) error) error {
	if s.outer != nil {
		return errInTransaction()
	}
	if err := s.numberEvents(ctx); err != nil && !isReadOnly(err) {
		return err
	}
	return s.readConsistently(ctx, func(r runner) error {
		var rows []headRow
		if e := r.query(ctx, &rows, dumpHead); e != nil {
			return e
		}
		if len(rows) == 0 {
			return unavailable(ctx, sql.ErrNoRows) // event_log was emptied outside the library
		}
		if err := fn(accounts.DumpPart{Head: rows[0].head()}); err != nil {
			return err
		}
		if err := dumpRows(ctx, r, fn); err != nil {
			return err
		}
		if err := dumpEntries(ctx, r, fn); err != nil {
			return err
		}
		return dumpEvents(ctx, r, rows[0].Last, fn)
	})
}

// dumpRows calls fn with all accounts, subscriptions and domains.
func dumpRows(ctx context.Context, r runner, fn func(accounts.DumpPart) error) error {
	err := inBatches(ctx, r, byID("clientele.accounts", "a"), accountColumns+", a.password_hash", "",
		func(r accountRow) int64 { return int64(r.ID) },
		func(rows []accountRow) error {
			return fn(accounts.DumpPart{Accounts: convertAll(rows, accountRow.record)})
		})
	if err != nil {
		return err
	}
	err = inBatches(ctx, r, byID("clientele.subscriptions", "s"), subscriptionColumns, "",
		func(r subscriptionRow) int64 { return int64(r.ID) },
		func(rows []subscriptionRow) error {
			return fn(accounts.DumpPart{Subscriptions: convertAll(rows, subscriptionRow.record)})
		})
	if err != nil {
		return err
	}
	return inBatches(ctx, r, byID("clientele.domains", "d"), domainColumns, "",
		func(r domainRow) int64 { return int64(r.ID) },
		func(rows []domainRow) error {
			return fn(accounts.DumpPart{Domains: convertAll(rows, domainRow.domain)})
		})
}

// dumpEntries calls fn with all entries.
func dumpEntries(ctx context.Context, r runner, fn func(accounts.DumpPart) error) error {
	var last dumpEntryRow
	for {
		var rows []dumpEntryRow
		if e := r.query(ctx, &rows, entriesByKey, last.Bucket, last.Key, dumpEntriesBatch); e != nil {
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

// dumpEvents calls fn with all events: those that have a number, and then those that have none, with the next numbers.
func dumpEvents(ctx context.Context, r runner, last int64, fn func(accounts.DumpPart) error) error {
	pass := func(rows []dumpEventRow) error {
		return fn(accounts.DumpPart{Events: convertAll(rows, func(r dumpEventRow) accounts.NumberedEvent { return r.numbered() })})
	}
	err := eventBatches(ctx, r, eventsByNumber, func(r dumpEventRow) int64 { return r.Number }, pass)
	if err != nil {
		return err
	}
	return eventBatches(ctx, r, unnumberedByID, func(r dumpEventRow) int64 { return r.ID }, func(rows []dumpEventRow) error {
		for i := range rows {
			last++
			rows[i].Number = last
		}
		return pass(rows)
	})
}

// eventBatches calls fn with all events of a statement, by key and in batches.
func eventBatches(
	ctx context.Context, r runner, statement string, key func(dumpEventRow) int64, fn func([]dumpEventRow) error,
) error {
	for after := int64(0); ; {
		var rows []dumpEventRow
		if e := r.query(ctx, &rows, statement, after, snapshotBatchSize); e != nil {
			return e
		}
		if len(rows) == 0 {
			return nil
		}
		after = key(rows[len(rows)-1])
		if err := fn(rows); err != nil {
			return err
		}
	}
}

// numberedEventTable is eventTable with the number.
var numberedEventTable = table[accounts.NumberedEvent]{"clientele.events", 0, append(
	[]column[accounts.NumberedEvent]{number("number", func(e accounts.NumberedEvent) int64 { return e.Number })},
	convertAll(eventTable.columns, func(c column[subscriptions.Event]) column[accounts.NumberedEvent] {
		return column[accounts.NumberedEvent]{
			name: c.name, sqlType: c.sqlType,
			value: func(e accounts.NumberedEvent) any { return c.value(e.Event) },
			equal: func(a, b accounts.NumberedEvent) bool { return c.equal(a.Event, b.Event) },
		}
	})...,
)}

// Restore implements accounts.Store. It writes everything in one transaction, which locks the tables: commands wait for it, and
// look-ups find nothing until it is committed. The role needs the right to UPDATE the sequences, as their owner has it.
func (s *Store) Restore(ctx context.Context, dump func(write func(accounts.DumpPart) error) error) error {
	if s.outer != nil {
		return errInTransaction()
	}
	return transact(ctx, s.db.DB.BeginTx, func(tx *sql.Tx) (retry bool, err error) {
		t := &transaction{ctx: ctx, runner: runner{db: s.db, schema: s.schema, conn: tx}}
		if err := t.lockEmpty(); err != nil {
			return t.retryable(), err
		}
		if err := dump(t.restore); err != nil {
			return false, err
		}
		if t.failed != nil {
			return false, t.failed
		}
		return false, nil
	})
}

// lockEmpty locks the tables, and all that commands claim, and returns an error unless the store is empty.
func (t *transaction) lockEmpty() error {
	if err := t.exec(anyRowCount, lockClaim, t.schema.lockClass(), numberArray(lockkey.All())); err != nil {
		return err
	}
	if err := t.exec(anyRowCount, lockTables); err != nil {
		return err
	}
	var rows []struct{ Empty bool }
	if err := t.query(&rows, isEmpty); err != nil {
		return err
	}
	if len(rows) == 0 || !rows[0].Empty {
		return input.Invalid("store", "empty", "")
	}
	return nil
}

// restore writes a part of a dump.
func (t *transaction) restore(p accounts.DumpPart) error {
	if t.failed != nil {
		return t.failed
	}
	if p.Head != nil {
		if err := t.restoreHead(*p.Head); err != nil {
			return err
		}
	}
	if err := t.Save(p.Writes()); err != nil || len(p.Events) == 0 {
		return err
	}
	insert, args := numberedEventTable.insert(p.Events, 0)
	return t.exec(len(p.Events), insert, args...)
}

// restoreHead makes the store continue after the numbers of a dump.
func (t *transaction) restoreHead(h accounts.DumpHead) error {
	err := t.exec(anyRowCount, raiseSequences, int64(h.AccountID), int64(h.SubscriptionID), int64(h.DomainID), h.EntryVersion)
	if err != nil && t.failed.state == "42501" {
		return fmt.Errorf("clientele: the role may not set the sequences, use the one that owns the tables: %w", t.failed.driver)
	}
	if err != nil {
		return err
	}
	return t.exec(1, setEvents, h.Event, h.Pruned)
}
