package postgres

import (
	"context"
	"database/sql"

	"github.com/clientele-go/clientele/accounts"
)

// snapshotBatchSize is the number of rows in a batch of Snapshot.
const snapshotBatchSize = 500

// Snapshot implements accounts.Store. It numbers events and reads the last number before its transaction begins: the other way
// round, an event could get a number in between although the transaction does not see its change.
func (s *Store) Snapshot(ctx context.Context, fn func(accounts.Batch) error) (int64, error) {
	if s.outer != nil {
		return 0, errInTransaction()
	}
	if err := s.numberEvents(ctx); err != nil && !isReadOnly(err) {
		return 0, err
	}
	var log struct{ Last int64 }
	if e := s.query(ctx, &log, "SELECT last FROM clientele.event_log"); e != nil {
		return 0, e
	}
	if err := s.readConsistently(ctx, func(r runner) error { return readSnapshot(ctx, r, fn) }); err != nil {
		return 0, err
	}
	return log.Last, nil
}

// readConsistently calls fn with a runner that reads one snapshot.
func (s *Store) readConsistently(ctx context.Context, fn func(runner) error) error {
	tx, err := s.db.DB.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return unavailable(ctx, err)
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	return fn(runner{db: s.db, schema: s.schema, conn: tx})
}

// readSnapshot calls fn with all rows.
func readSnapshot(ctx context.Context, r runner, fn func(accounts.Batch) error) error {
	err := inBatches(ctx, r, byID("clientele.accounts", "a"), accountColumns, "",
		func(r accountRow) int64 { return int64(r.ID) },
		func(rows []accountRow) error {
			return fn(accounts.Batch{Accounts: convertAll(rows, accountRow.account)})
		})
	if err != nil {
		return err
	}
	err = inBatches(ctx, r, byID("clientele.subscriptions", "s"), subscriptionColumns+", "+accountHolds, "",
		func(r subscriptionRow) int64 { return int64(r.ID) },
		func(rows []subscriptionRow) error {
			return fn(accounts.Batch{Subscriptions: convertAll(rows, subscriptionRow.subscription)})
		})
	if err != nil {
		return err
	}
	return inBatches(ctx, r, byID("clientele.domains", "d"), domainColumns+domainsAbove, joinAboveEach,
		func(r domainRow) int64 { return int64(r.ID) },
		func(rows []domainRow) error { return fn(accounts.Batch{Domains: convertAll(rows, domainRow.domain)}) })
}

// byID returns the list of all rows of a table by id, after :id.
func byID(table, alias string) list {
	l := newList(table, alias, alias+".id")
	l.After = []string{":id::bigint"}
	return l
}

// inBatches calls fn with all rows of a list, by id and in batches.
func inBatches[R any](ctx context.Context, r runner, l list, columns, joins string, id func(R) int64, fn func([]R) error) error {
	for after := int64(0); ; {
		l.Arguments["id"], l.Arguments["limit"] = after, snapshotBatchSize
		var rows []R
		if e := r.queryNamed(ctx, &rows, l.pageOf(l.All(), columns, joins), l.Arguments); e != nil {
			return e
		}
		if len(rows) > 0 {
			if err := fn(rows); err != nil {
				return err
			}
		}
		if len(rows) < snapshotBatchSize {
			return nil
		}
		after = id(rows[len(rows)-1])
	}
}
