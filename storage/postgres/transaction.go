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

// maxAttempts is how often a transaction of the library's own is run before the caller is told ErrUnavailable.
const maxAttempts = 16

// errMoved says that a subscription or a domain got another owner while its old one was being locked.
var errMoved = errors.New("an owner changed meanwhile")

// transaction is an accounts.Tx. The server is in READ COMMITTED: a statement sees what was committed before it began,
// so that rows are locked by one statement and read by the next.
type transaction struct {
	runner
	ctx    context.Context //nolint:containedctx // every method of a Tx obeys the ctx of Update
	failed *failure        // the first statement that failed: nothing after it can succeed
	// subscriptions are the locked ones: domains inherit from them.
	subscriptions map[subscriptions.ID]subscriptionRow
}

var _ accounts.Tx = (*transaction)(nil)

// run runs fn, and answers its error, or that of a statement whose failure fn did not pass on.
func (t *transaction) run(fn func(accounts.Tx) error) error {
	if err := fn(t); err != nil {
		return err
	}
	if t.failed != nil {
		return t.failed
	}
	return nil
}

// again tells whether the same function could succeed in another transaction.
func (t *transaction) again() bool {
	return t.failed != nil && (t.failed.repeatable() || errors.Is(t.failed.driver, errMoved))
}

// fail remembers a failure and answers it as an error.
func (t *transaction) fail(f *failure) error {
	if f == nil {
		return nil
	}
	if t.failed == nil {
		t.failed = f
	}
	return f
}

func (t *transaction) query(dest any, statement string, args ...any) error {
	return t.fail(t.runner.query(t.ctx, dest, statement, args...))
}

// anyNumber of rows may be touched by a statement.
const anyNumber = -1

// exec runs a statement that touches as many rows as wanted.
func (t *transaction) exec(wanted int, statement string, args ...any) error {
	touched, f := t.runner.exec(t.ctx, statement, args...)
	if f != nil || wanted == anyNumber {
		return t.fail(f)
	}
	return t.touched(int(touched), wanted)
}

// touched fails where a statement touched another number of rows than wanted: somebody wrote the tables without claiming
// and locking as the library does, and nothing is certain any more.
func (t *transaction) touched(rows, wanted int) error {
	if rows != wanted {
		return t.fail(unavailable(t.ctx, errors.New("rows were written by something else than this library")))
	}
	return nil
}

// pause waits a little, longer and longer, and differently for each caller, so that those that were in each other's
// way are not again.
func pause(ctx context.Context, attempt int) error {
	timer := time.NewTimer(rand.N(time.Duration(attempt) * 4 * time.Millisecond)) //nolint:gosec // no secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// hostTransaction is what a store inside a host's transaction knows of it.
type hostTransaction struct {
	checked bool // READ COMMITTED was seen: it cannot change any more
}

// join runs fn inside the host's transaction. Nothing is rolled back here: that is the host's.
func (s *Store) join(ctx context.Context, fn func(accounts.Tx) error) error {
	if err := s.checkIsolation(ctx); err != nil {
		return err
	}
	t := &transaction{ctx: ctx, runner: s.runner}
	return t.run(fn)
}

// checkIsolation refuses a transaction in which reads after locks would not see what was locked.
func (s *Store) checkIsolation(ctx context.Context) error {
	if s.host.checked {
		return nil
	}
	var setting struct{ TransactionIsolation string }
	if f := s.query(ctx, &setting, "SHOW transaction_isolation"); f != nil {
		return f
	}
	if level := setting.TransactionIsolation; level != "read committed" {
		return input.Invalid("transaction", "isolation", strings.ToUpper(level))
	}
	s.host.checked = true
	return nil
}
