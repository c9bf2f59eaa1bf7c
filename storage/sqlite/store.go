package sqlite

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/lists"
)

// Options configure New and Migrate. It has no fields yet; nil means the defaults.
type Options struct{}

// Store keeps accounts, subscriptions, domains and events in an SQLite file. It is an accounts.Store and safe for concurrent
// use, except inside a transaction: see WithTx.
type Store struct {
	runner
	db        *bun.DB
	queue     queue
	allocated *allocated
	outer     *outerTx // nil: the store begins transactions itself
	listSteps lists.Steps
}

var _ accounts.Store = (*Store)(nil)

// New returns a store that uses db, in which Migrate has created the tables. The caller closes db.
//
// New checks the driver, the file and the settings of a connection. It returns an error that says what to do if the file is
// not a database, is damaged, or cannot be written; if Migrate was not called, or the file was written by a newer version of
// the library; and if a setting would lose committed data or change what is read (the README lists them). It examines the
// whole file only if that has at most 64 MB. An error that prevents opening, reading or writing the file now matches ErrUnavailable.
func New(ctx context.Context, db *bun.DB, opts *Options) (*Store, error) {
	s, err := open(ctx, db, opts)
	if err != nil {
		return nil, err
	}
	if err := s.checkSchema(ctx); err != nil {
		return nil, err
	}
	if err := s.checkJournal(ctx); err != nil {
		return nil, err
	}
	if err := s.checkIntact(ctx); err != nil {
		return nil, err
	}
	if err := s.checkWritable(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// open returns a store whose schema is not checked yet.
func open(ctx context.Context, db *bun.DB, _ *Options) (*Store, error) {
	stmts := newStatements(db.DB)
	s := &Store{
		runner: runner{file: &file{}, stmts: stmts}, db: db,
		queue: newQueue(), allocated: &allocated{}, listSteps: lists.DefaultSteps(true),
	}
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Update implements accounts.Store. Commands wait for each other in the order in which they came. It runs fn once.
func (s *Store) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	if s.outer != nil {
		return s.updateInOuter(ctx, fn)
	}
	return s.write(ctx, func(t *transaction) error { return fn(t) })
}

// Transaction implements accounts.Store. It runs fn once. No other command runs until fn returns.
func (s *Store) Transaction(ctx context.Context, fn func(ctx context.Context, in accounts.Store) error) error {
	if s.outer != nil {
		return errInTransaction()
	}
	return s.transact(ctx, func(tx bun.Tx) error {
		in := s.WithTx(tx)
		in.outer.own = true
		err := fn(ctx, in)
		switch {
		case in.outer.failed != nil:
			return in.outer.failed
		case err == nil && in.outer.halfDone:
			return unavailable(ctx, errHalfDone)
		}
		return err
	})
}

// read returns the rows of a statement, and records a failure in a transaction.
func read[R any](ctx context.Context, s *Store, fields func(*R) []any, statement string, args ...any) ([]R, *dbError) {
	if e := s.outer.ended(); e != nil {
		return nil, e
	}
	rows, e := query(ctx, s.runner, fields, statement, args...)
	return rows, s.outer.fail(e)
}
