package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
)

// WithTx returns a store that works inside tx, a transaction of the application on the same file: commands become part of it,
// and reads see its changes. WithTx does no I/O. RunInTx calls it, and also begins and commits the transaction.
//
// The store belongs to one goroutine, as tx does. The first command takes SQLite's write lock, for which it waits until ctx
// ends; after it, all other commands wait until tx ends. If tx has read before, and another transaction has changed the file
// since, the command returns ErrUnavailable: begin such transactions with a command, or with BEGIN IMMEDIATE (_txlock=immediate
// in the data source name of modernc.org/sqlite).
//
// A command that returns another error, such as ErrTaken, has changed nothing, and tx can still be used and committed; but
// after ErrUnavailable the application must roll tx back, and may then repeat all of it. Ids that were allocated in a
// transaction that is rolled back are not allocated again unless the process ends before its next command. Events can be read
// after COMMIT; Events, PruneEvents, Snapshot, Dump and Restore of the returned store always return ErrInvalid at "transaction".
func (s *Store) WithTx(tx bun.Tx) *Store { return s.WithSQLTx(tx.Tx) }

// WithSQLTx is WithTx for applications that use database/sql without Bun: see there.
//
//	tx, err := pool.BeginTx(ctx, nil)
//	…
//	_, err = clients.WithStore(store.WithSQLTx(tx)).Suspend(ctx, ids, hold)
func (s *Store) WithSQLTx(tx *sql.Tx) *Store {
	in := *s
	in.tx = tx
	in.outer = &outerTx{}
	return &in
}

// RunInTx begins a transaction with SQLite's write lock, calls fn with it and with a store that works inside it, and commits:
//
//	err := store.RunInTx(ctx, func(ctx context.Context, tx bun.Tx, in *sqlite.Store) error {
//		if _, err := tx.NewInsert().Model(&invoice).Exec(ctx); err != nil {
//			return err
//		}
//		_, err := clients.WithStore(in).Suspend(ctx, ids, hold)
//		return err
//	})
//
// It waits for its turn among the commands, which wait until it ends: keep it short, and use neither s nor another store of the
// file inside. If fn returns an error, RunInTx rolls back and returns that error as it is. If fn panics, RunInTx rolls back, and
// the panic continues. fn must not commit tx or roll it back, and it must return the error of a statement that failed. RunInTx
// does not commit after a failed statement of the library, even if fn returns nil. It calls fn once.
//
// RunInTx returns ErrUnavailable if the transaction could not begin or commit, or if ctx ended before COMMIT was sent, also when
// fn returned the error of ctx. It returns ErrCommitUnknown if the file could not be written by COMMIT. Both match ctx.Err() as
// well if ctx has ended. If s is already inside a transaction, RunInTx returns ErrInvalid at "transaction" and does not call fn.
func (s *Store) RunInTx(ctx context.Context, fn func(ctx context.Context, tx bun.Tx, in *Store) error) error {
	if s.outer != nil {
		return errInTransaction()
	}
	return s.transact(ctx, func(tx bun.Tx) error {
		in := s.WithTx(tx)
		if err := fn(ctx, tx, in); err != nil {
			return withUnavailable(ctx, err)
		}
		if in.outer.failed != nil {
			return in.outer.failed
		}
		return nil
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

// errHalfDone is returned if the function of a transaction ignored the error of a command that had written.
var errHalfDone = errors.New("a command of the transaction failed after it had written")

// outerTx is the state of a store inside a transaction that the application, RunInTx or Transaction has begun.
type outerTx struct {
	own      bool     // it has the write lock, and only the library runs statements
	failed   *dbError // the first statement of the library that failed
	halfDone bool     // a command failed after it had written
}

// fail records the first failure and returns e. The receiver may be nil.
func (o *outerTx) fail(e *dbError) *dbError {
	if o != nil && o.failed == nil {
		o.failed = e
	}
	return e
}

// ended returns the failure after which no statement may run: SQLite may have rolled back, and would then run each statement in
// a transaction of its own. The receiver may be nil.
func (o *outerTx) ended() *dbError {
	if o == nil {
		return nil
	}
	return o.failed
}

// updateInOuter runs fn inside the outer transaction. It never rolls back: that is up to the code that began the transaction.
func (s *Store) updateInOuter(ctx context.Context, fn func(accounts.Tx) error) error {
	if e := s.outer.ended(); e != nil {
		return e
	}
	if e := s.outer.fail(s.lockInOuter(ctx)); e != nil {
		return e
	}
	t := &transaction{ctx: ctx, runner: s.runner, allocated: s.allocated}
	err := t.run(func(t *transaction) error { return fn(t) })
	_ = s.outer.fail(t.failed) // run has returned it
	s.outer.halfDone = s.outer.halfDone || err != nil && t.saved
	return err
}

// lockInOuter takes the write lock in the outer transaction, which may not have it yet. Otherwise the command would decide on
// what an old snapshot says.
func (s *Store) lockInOuter(ctx context.Context) *dbError {
	if err := ctx.Err(); err != nil {
		return unavailable(ctx, err)
	}
	if s.outer.own {
		return nil
	}
	if err := s.file.check(); err != nil {
		return unavailable(ctx, err)
	}
	if e := s.checkActive(ctx); e != nil {
		return e
	}
	return whileBusy(ctx, func() error {
		_, e := s.exec(ctx, beginWriting)
		return asError(e)
	})
}

var errEnded = errors.New("SQLite has rolled the transaction back after a statement that failed, or the application has ended it")

// checkActive returns an error if the outer transaction has ended: SQLite ends it, without telling database/sql, when a
// statement of the application that writes is interrupted or cannot write. Every statement after that would be a transaction of
// its own. Only BEGIN tells the difference: it fails inside a transaction.
func (s *Store) checkActive(ctx context.Context) *dbError {
	if _, err := s.tx.ExecContext(ctx, "BEGIN"); err != nil {
		if resultCode(err) == codeError {
			return nil
		}
		return unavailable(ctx, err)
	}
	_, _ = s.tx.ExecContext(ctx, "ROLLBACK") // if that fails, the application's does it
	return unavailable(ctx, errEnded)
}
