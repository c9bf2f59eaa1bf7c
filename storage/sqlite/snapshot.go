package sqlite

import (
	"context"
	"database/sql"

	"github.com/clientele-go/clientele/accounts"
)

// snapshotBatchSize is the number of rows in a batch of Snapshot.
const snapshotBatchSize = 500

const (
	lastEvent = `SELECT event FROM clientele_state`

	accountsByID = `
SELECT ` + accountColumns + `
FROM clientele_accounts AS a
WHERE a.id > ?1 ORDER BY a.id LIMIT ?2`

	subscriptionsByID = `
SELECT ` + subscriptionColumns + `
FROM clientele_subscriptions AS s
WHERE s.id > ?1 ORDER BY s.id LIMIT ?2`

	domainsByID = `
SELECT ` + domainColumns + `
FROM clientele_domains AS d` + joinSubscription + `
WHERE d.id > ?1 ORDER BY d.id LIMIT ?2`
)

// Snapshot implements accounts.Store. It reads the rows and the last number in one transaction, which needs a connection until
// it returns and keeps SQLite from reusing its WAL meanwhile: fn should not take long.
func (s *Store) Snapshot(ctx context.Context, fn func(accounts.Batch) error) (int64, error) {
	if s.outer != nil {
		return 0, errInTransaction()
	}
	var last int64
	err := s.readConsistently(ctx, func(r runner, lastEvent int64) error {
		last = lastEvent
		return readSnapshot(ctx, r, fn)
	})
	if err != nil {
		return 0, err
	}
	return last, nil
}

// readConsistently calls fn with a runner that reads one snapshot, and with the last number of an event in it.
func (s *Store) readConsistently(ctx context.Context, fn func(r runner, lastEvent int64) error) error {
	if err := s.file.check(); err != nil {
		return unavailable(ctx, err)
	}
	tx, err := s.db.DB.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return unavailable(ctx, err)
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	r := s.runner
	r.tx = tx
	last, e := beginReading(ctx, r)
	if e != nil {
		return e
	}
	return fn(r, last)
}

// beginReading reads the last number of an event. It is the first statement of its transaction, which may have to wait.
func beginReading(ctx context.Context, r runner) (int64, *dbError) {
	var rows []idRow
	e := whileBusy(ctx, func() error {
		var e *dbError
		rows, e = query(ctx, r, (*idRow).fields, lastEvent)
		return asError(e)
	})
	if e != nil {
		return 0, e
	}
	if len(rows) == 0 {
		return 0, unavailable(ctx, errModified)
	}
	return rows[0].ID, nil
}

// readSnapshot calls fn with all rows.
func readSnapshot(ctx context.Context, r runner, fn func(accounts.Batch) error) error {
	err := inBatches(ctx, r, (*accountRow).fields, accountsByID, accountRow.id, func(rows []accountRow) error {
		return fn(accounts.Batch{Accounts: convertAll(rows, accountRow.account)})
	})
	if err != nil {
		return err
	}
	err = inBatches(ctx, r, (*subscriptionRow).fields, subscriptionsByID, subscriptionRow.id, func(rows []subscriptionRow) error {
		return fn(accounts.Batch{Subscriptions: convertAll(rows, subscriptionRow.subscription)})
	})
	if err != nil {
		return err
	}
	return inBatches(ctx, r, (*domainRow).fields, domainsByID, domainRow.id, func(rows []domainRow) error {
		return fn(accounts.Batch{Domains: convertAll(rows, domainRow.domain)})
	})
}

// inBatches calls fn with all rows of a statement, by id and in batches.
func inBatches[R any](
	ctx context.Context, r runner, fields func(*R) []any, statement string, id func(R) int64, fn func([]R) error,
) error {
	for after := int64(0); ; {
		rows, e := query(ctx, r, fields, statement, after, snapshotBatchSize)
		if e != nil {
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
