package postgres

import (
	"context"
	"errors"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// errOwnerChanged is returned if a subscription or a domain got another owner while the old one was being locked.
var errOwnerChanged = errors.New("an owner changed before it was locked")

// transaction is an accounts.Tx. The server is in READ COMMITTED: a statement sees what was committed before it began, also
// inside a function. So rows are locked by one statement and read by the next; functions of the schema do both in one round trip.
type transaction struct {
	runner
	ctx    context.Context //nolint:containedctx // every method of a Tx obeys the ctx of Update
	failed *dbError        // the first statement that failed: nothing after it can succeed
	saved  bool            // Save was called

	several bool // other commands may be a part of the same transaction
	// subscriptions are the locked ones: domains inherit from them.
	subscriptions map[subscriptions.ID]subscriptionRow
}

var _ accounts.Tx = (*transaction)(nil)

// run calls fn and returns its error, or that of a failed statement that fn did not return.
func (t *transaction) run(fn func(accounts.Tx) error) error {
	if err := fn(t); err != nil {
		return err
	}
	if t.failed != nil {
		return t.failed
	}
	return nil
}

// retryable reports whether the same function may succeed in another transaction.
func (t *transaction) retryable() bool { return t.failed != nil && t.failed.retryable() }

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

func (t *transaction) query(dest any, statement string, args ...any) error {
	return t.fail(t.runner.query(t.ctx, dest, statement, args...))
}

// anyRowCount lets a statement affect any number of rows.
const anyRowCount = -1

// exec runs a statement that must affect want rows.
func (t *transaction) exec(want int, statement string, args ...any) error {
	affected, e := t.runner.exec(t.ctx, statement, args...)
	if e != nil || want == anyRowCount {
		return t.fail(e)
	}
	return t.checkRowCount(int(affected), want)
}

// checkRowCount fails if a statement affected another number of rows than want: then something has written to the tables
// without the library's claims and locks, and no result can be relied on.
func (t *transaction) checkRowCount(rows, want int) error {
	if rows != want {
		return t.fail(unavailable(t.ctx, errors.New("row count mismatch: the tables were modified outside the library")))
	}
	return nil
}
