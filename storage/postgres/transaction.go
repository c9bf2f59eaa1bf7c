package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// maxAttempts is how often a transaction is run before its error is returned.
const maxAttempts = 16

// errOwnerChanged is returned if a subscription or a domain got another owner while the old one was being locked.
var errOwnerChanged = errors.New("an owner changed before it was locked")

// transaction is an accounts.Tx. The server is in READ COMMITTED: a statement sees what was committed before it began,
// so that rows are locked by one statement and read by the next.
type transaction struct {
	runner
	ctx    context.Context //nolint:containedctx // every method of a Tx obeys the ctx of Update
	failed *dbError        // the first statement that failed: nothing after it can succeed
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

// backoff waits before the next attempt. The wait is random, so that transactions that conflicted do not conflict again, and
// grows with the number of attempts.
func backoff(ctx context.Context, attempt int) error {
	timer := time.NewTimer(rand.N(time.Duration(attempt) * 4 * time.Millisecond)) //nolint:gosec // no secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// outerTx is the state of a store inside a transaction that it did not begin.
type outerTx struct {
	checked bool // the transaction is READ COMMITTED, which cannot change any more
}

// updateInOuter runs fn inside the outer transaction. It never rolls back: that is up to whoever began the transaction.
func (s *Store) updateInOuter(ctx context.Context, fn func(accounts.Tx) error) error {
	if err := s.checkIsolation(ctx); err != nil {
		return err
	}
	t := &transaction{ctx: ctx, runner: s.runner}
	return t.run(fn)
}

// checkIsolation returns ErrInvalid if reads in the outer transaction would not see rows that were locked before them.
func (s *Store) checkIsolation(ctx context.Context) error {
	if s.outer.checked {
		return nil
	}
	var setting struct{ TransactionIsolation string }
	if e := s.query(ctx, &setting, "SHOW transaction_isolation"); e != nil {
		return e
	}
	if level := setting.TransactionIsolation; level != "read committed" {
		return input.Invalid("transaction", "isolation", strings.ToUpper(level))
	}
	s.outer.checked = true
	return nil
}
