package sqlite

import (
	"context"
	"database/sql"
	"time"
)

// runner runs statements on a pool or in a transaction.
type runner struct {
	file  *file
	stmts *statements
	tx    *sql.Tx // nil: on the pool
	once  bool    // statements are not kept prepared
}

// unprepared returns a runner for statements that run once.
func (r runner) unprepared() runner {
	r.once = true
	return r
}

// query returns the rows of a statement, never nil. fields returns pointers to what the columns are scanned into.
func query[R any](ctx context.Context, r runner, fields func(*R) []any, statement string, args ...any) ([]R, *dbError) {
	var all []R
	run := func() (err error) {
		all, err = queryOnce(ctx, r, fields, statement, args)
		return err
	}
	if r.tx == nil {
		e := whileBusy(ctx, run)
		return all, e
	}
	if err := run(); err != nil {
		return nil, unavailable(ctx, err)
	}
	return all, nil
}

func queryOnce[R any](ctx context.Context, r runner, fields func(*R) []any, statement string, args []any) ([]R, error) {
	rows, err := r.rows(ctx, statement, args)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	all := []R{}
	var row R
	dest := fields(&row)
	for rows.Next() {
		var zero R
		row = zero
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

func (r runner) rows(ctx context.Context, statement string, args []any) (*sql.Rows, error) {
	if r.tx != nil {
		if stmt := r.prepared(statement); stmt != nil {
			return r.tx.StmtContext(ctx, stmt).QueryContext(ctx, args...)
		}
		return r.tx.QueryContext(ctx, statement, args...)
	}
	if err := r.file.check(); err != nil {
		return nil, err
	}
	var stmt *sql.Stmt
	if !r.once {
		var err error
		if stmt, err = r.stmts.prepare(ctx, statement, maxPreparedReads); err != nil {
			return nil, err
		}
	}
	if stmt == nil {
		return r.stmts.db.QueryContext(ctx, statement, args...)
	}
	return stmt.QueryContext(ctx, args...)
}

// prepared returns the prepared statement for a transaction, or nil.
func (r runner) prepared(statement string) *sql.Stmt {
	if r.once {
		return nil
	}
	return r.stmts.get(statement)
}

// exec runs a statement in a transaction and returns the number of rows that it affected.
func (r runner) exec(ctx context.Context, statement string, args ...any) (int, *dbError) {
	var result sql.Result
	var err error
	if stmt := r.prepared(statement); stmt != nil {
		result, err = r.tx.StmtContext(ctx, stmt).ExecContext(ctx, args...)
	} else {
		result, err = r.tx.ExecContext(ctx, statement, args...)
	}
	if err != nil {
		return 0, unavailable(ctx, err)
	}
	affected, err := result.RowsAffected()
	if err != nil {
		return 0, unavailable(ctx, err)
	}
	return int(affected), nil
}

// backoff is how long to wait before a statement is repeated that another process has kept from running. Within the process,
// commands wait in the queue.
type backoff struct{ next time.Duration }

func newBackoff() *backoff { return &backoff{time.Millisecond} }

// sleep waits, each time longer up to 25 ms. It reports false if ctx ended.
func (b *backoff) sleep(ctx context.Context) bool {
	timer := time.NewTimer(b.next)
	defer timer.Stop()
	b.next = min(2*b.next, 25*time.Millisecond)
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// whileBusy runs fn until it does not fail because another process has the lock, or until ctx ends.
func whileBusy(ctx context.Context, fn func() error) *dbError {
	for wait := newBackoff(); ; {
		err := fn()
		if err == nil {
			return nil
		}
		if !isBusy(err) || !wait.sleep(ctx) {
			return unavailable(ctx, err)
		}
	}
}

// idRow is a row of which only the id was selected.
type idRow struct{ ID int64 }

func (r *idRow) fields() []any { return []any{&r.ID} }

// countRow is a row with a number.
type countRow struct {
	Count int
	More  bool // see list
}

func (r *countRow) fields() []any { return []any{&r.Count} }

func (r *countRow) fieldsWithMore() []any { return []any{&r.Count, &r.More} }
