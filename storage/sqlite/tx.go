package sqlite

import (
	"context"
	"errors"

	"github.com/clientele-go/clientele/accounts"
)

// errModified is returned if something has written to the tables without the library, so that no result can be relied on.
var errModified = errors.New("row count mismatch: the tables were modified outside the library")

// transaction is an accounts.Tx. Its transaction has the write lock from its first statement on.
type transaction struct {
	runner
	ctx       context.Context //nolint:containedctx // every method of a Tx obeys the ctx of Update
	allocated *allocated
	failed    *dbError // the first statement that failed: nothing after it can succeed
	saved     bool     // Save was called
}

var _ accounts.Tx = (*transaction)(nil)

// run calls fn and returns its error, or that of a failed statement that fn did not return.
func (t *transaction) run(fn func(*transaction) error) error {
	if err := fn(t); err != nil {
		return err
	}
	if t.failed != nil {
		return t.failed
	}
	return nil
}

// fail stores the first failure of the transaction and returns e as an error.
func (t *transaction) fail(e *dbError) error {
	if e == nil {
		return nil
	}
	if t.failed == nil {
		t.failed = e
	}
	return e
}

// queryIn returns the rows of a statement in a transaction. After a failure it runs none: SQLite may have rolled back.
func queryIn[R any](t *transaction, fields func(*R) []any, statement string, args ...any) ([]R, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	rows, e := query(t.ctx, t.runner, fields, statement, args...)
	return rows, t.fail(e)
}

// anyRowCount lets a statement affect any number of rows.
const anyRowCount = -1

// exec runs a statement that must affect want rows.
func (t *transaction) exec(want int, statement string, args ...any) error {
	if t.failed != nil {
		return t.failed
	}
	affected, e := t.runner.exec(t.ctx, statement, args...)
	if e == nil && want != anyRowCount && affected != want {
		e = unavailable(t.ctx, errModified)
	}
	return t.fail(e)
}
