package postgres

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
)

// WithTx returns a store that works inside tx, a transaction of the application: commands become part of it, and reads see
// its changes. WithTx does no I/O. RunInTx calls it, and also begins, repeats and commits the transaction.
//
// The store belongs to one goroutine, as tx does. The transaction must be READ COMMITTED: at another level commands return
// ErrInvalid at "transaction" and change nothing. A command that returns another error, such as ErrTaken, has changed nothing
// either, and tx can still be used and committed; but after ErrUnavailable the application must roll tx back, and may then
// repeat all of it. Commands hash passwords before their first statement. Their events can be read after COMMIT; Events,
// PruneEvents, Snapshot, Dump and Restore of the returned store always return ErrInvalid at "transaction".
//
// The application must not SET CONSTRAINTS ALL IMMEDIATE before a command that adds domains: a subscription and its first
// domain refer to each other.
func (s *Store) WithTx(tx bun.Tx) *Store { return s.WithSQLTx(tx.Tx) }

// WithSQLTx is WithTx for applications that use database/sql without Bun, for example with sqlx or sqlc. It returns a store
// that works inside tx: commands become part of it, and reads see its changes. WithSQLTx does no I/O.
//
// The store belongs to one goroutine, as tx does. The transaction must be READ COMMITTED: at another level commands return
// ErrInvalid at "transaction" and change nothing. A command that returns another error, such as ErrTaken, has changed nothing
// either, and tx can still be used and committed; but after ErrUnavailable, for example because of a deadlock, the application
// must roll tx back, and may then repeat all of it. Commands hash passwords before their first statement. Their events can be
// read after COMMIT; Events, PruneEvents, Snapshot, Dump and Restore of the returned store always return ErrInvalid at
// "transaction".
//
//	tx, err := pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
//	…
//	_, err = clients.WithStore(store.WithSQLTx(tx)).Suspend(ctx, ids, hold)
//
// The application must not SET CONSTRAINTS ALL IMMEDIATE before a command that adds domains: a subscription and its first
// domain refer to each other.
func (s *Store) WithSQLTx(tx *sql.Tx) *Store {
	in := *s
	in.conn = tx
	in.outer = &outerTx{}
	return &in
}

// RunInTx begins a READ COMMITTED transaction, calls fn with it and with a store that works inside it, and commits:
//
//	err := store.RunInTx(ctx, func(ctx context.Context, tx bun.Tx, in *postgres.Store) error {
//		if _, err := tx.NewInsert().Model(&invoice).Exec(ctx); err != nil {
//			return err
//		}
//		_, err := clients.WithStore(in).Suspend(ctx, ids, hold)
//		return err
//	})
//
// If fn returns an error, RunInTx rolls back and returns that error as it is. If fn panics, RunInTx rolls back, and the panic
// continues. WithTx describes what fn may do with in. In addition, fn must not commit tx or roll it back, and it must return the
// error of a statement that failed: PostgreSQL has then aborted the transaction. RunInTx does not commit after a failed
// statement of the library, even if fn returns nil.
//
// RunInTx repeats the whole transaction, and calls fn again, if it fails because of a concurrent one: by a serialization
// failure, by a deadlock, or because an owner changed before it was locked. It does not matter whether that happened in a
// command of the library or in a statement of the application, nor whether fn has wrapped the error. There are up to 16 attempts
// in all. So fn should have no effects outside the transaction, and should assign its results instead of appending them. The
// transaction is never repeated if COMMIT was sent and its outcome is unknown.
//
// RunInTx returns ErrUnavailable if the transaction could not begin or commit, or if ctx ended before COMMIT was sent, also when
// fn returned the error of ctx. It returns ErrCommitUnknown if COMMIT was sent and no reply came. Both match ctx.Err() as well if
// ctx has ended. If s is already inside a transaction, RunInTx returns ErrInvalid at "transaction" and does not call fn.
func (s *Store) RunInTx(ctx context.Context, fn func(ctx context.Context, tx bun.Tx, in *Store) error) error {
	if s.outer != nil {
		return errInTransaction()
	}
	return transact(ctx, s.db.BeginTx, func(tx bun.Tx) (retry bool, err error) {
		in := s.WithTx(tx)
		if err := fn(ctx, tx, in); err != nil {
			return in.outer.mayRetry(err), withUnavailable(ctx, err)
		}
		if e := in.outer.failed; e != nil {
			return e.retryable(), e
		}
		return false, nil
	})
}

// withUnavailable returns err as it is, unless it is the error of ctx: then the result also matches ErrUnavailable.
func withUnavailable(ctx context.Context, err error) error {
	ended := ctx.Err() != nil && errors.Is(err, ctx.Err())
	if !ended || errors.Is(err, accounts.ErrUnavailable) || errors.Is(err, accounts.ErrCommitUnknown) {
		return err
	}
	return unavailable(ctx, err)
}

func errInTransaction() error { return input.Invalid("transaction", "transaction", "") }

// outerTx is the state of a store inside a transaction that the application or RunInTx has begun.
type outerTx struct {
	checked bool     // the transaction is READ COMMITTED, which cannot change any more
	failed  *dbError // the first statement of the library that failed

	// The rest is for transactions of Store.Transaction only.
	attempt  int  // 1 for the first, 0 in a transaction of the application
	commands int  // the number of commands that have begun
	hurried  bool // lock_timeout is maxLockWait
	halfDone bool // a command failed after it had written
}

// fail records the first failure and returns e. The receiver may be nil.
func (o *outerTx) fail(e *dbError) *dbError {
	if o != nil && o.failed == nil {
		o.failed = e
	}
	return e
}

// mayRetry reports whether the transaction, whose function returned err, failed only because of a concurrent one. An err that
// matches ErrUnavailable need not wrap the error of the library.
func (o *outerTx) mayRetry(err error) bool {
	return retryable(err) || errors.Is(err, accounts.ErrUnavailable) && o.failed != nil && o.failed.retryable()
}

// updateInOuter runs fn inside the outer transaction. It never rolls back: that is up to the code that began the transaction.
func (s *Store) updateInOuter(ctx context.Context, fn func(accounts.Tx) error) error {
	if err := s.checkIsolation(ctx); err != nil {
		return err
	}
	if err := s.beginCommand(ctx); err != nil {
		return err
	}
	t := &transaction{ctx: ctx, runner: s.runner, several: true}
	err := t.run(fn)
	_ = s.outer.fail(t.failed) // err has it
	s.outer.halfDone = s.outer.halfDone || err != nil && t.saved
	return err
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
