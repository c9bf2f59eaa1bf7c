package postgres

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/lists"
)

// Options configure New and Migrate. A nil *Options means the defaults.
type Options struct {
	// Schema is the schema of the tables. The default is "clientele". It consists of at most 63 letters, digits and _, does
	// not begin with a digit or pg_, and is not information_schema; New and Migrate return an error otherwise.
	Schema string
}

// Store keeps accounts, subscriptions, domains and events in PostgreSQL. It is an accounts.Store and safe for concurrent
// use, except inside a transaction: see WithTx.
type Store struct {
	runner
	outer     *outerTx // nil: the store begins transactions itself
	listSteps lists.Steps
}

var _ accounts.Store = (*Store)(nil)

// New returns a store that uses db, in which Migrate has created the tables. The caller closes db.
//
// New checks the server and the schema. It returns an error that says what to do if the server is older than PostgreSQL 13,
// if the encoding is not UTF-8, if a setting would change what is written or read (the README lists them), or if the schema
// does not exist, or is too old or too new for this version of the library. It returns ErrUnavailable if the server cannot
// be reached or the role may not read the schema.
func New(ctx context.Context, db *bun.DB, opts *Options) (*Store, error) {
	schema, err := newSchema(opts)
	if err != nil {
		return nil, err
	}
	s := &Store{runner: runner{db: db, schema: schema, conn: db.DB}, listSteps: lists.DefaultSteps(false)}
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	if err := s.checkSchema(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Update implements accounts.Store. It runs fn up to 16 times if the transaction fails because of concurrent ones: by a
// serialization failure, by a deadlock, or because an owner changed before it was locked. Inside a transaction of the
// application, it runs fn once.
func (s *Store) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	if s.outer != nil {
		return s.updateInOuter(ctx, fn)
	}
	return transact(ctx, s.db.DB.BeginTx, func(tx *sql.Tx) (retry bool, err error) {
		t := &transaction{ctx: ctx, runner: runner{db: s.db, schema: s.schema, conn: tx}}
		err = t.run(fn)
		return t.retryable(), err
	})
}

// Transaction implements accounts.Store. Like Update, it runs fn up to 16 times if the transaction fails because of concurrent
// ones.
func (s *Store) Transaction(ctx context.Context, fn func(ctx context.Context, in accounts.Store) error) error {
	if s.outer != nil {
		return errInTransaction()
	}
	attempt := 0
	return transact(ctx, s.db.DB.BeginTx, func(tx *sql.Tx) (retry bool, err error) {
		attempt++
		in := s.WithSQLTx(tx)
		in.outer.checked, in.outer.attempt = true, attempt
		return in.runTransaction(ctx, fn)
	})
}

// runInOwnTx runs statements that are no command in a transaction. It is repeated as in Update.
func (s *Store) runInOwnTx(ctx context.Context, run func(runner) error) error {
	return transact(ctx, s.db.DB.BeginTx, func(tx *sql.Tx) (retry bool, err error) {
		err = run(runner{db: s.db, schema: s.schema, conn: tx})
		return retryable(err), err
	})
}

// query runs a look-up. If its plan has changed, which a driver that prepares statements learns in this way, it runs again.
// Inside a transaction of the application, a failure is recorded.
func (s *Store) query(ctx context.Context, dest any, statement string, args ...any) *dbError {
	e := s.runner.query(ctx, dest, statement, args...)
	if e != nil && e.state == statePlanChanged && s.outer == nil {
		e = s.runner.query(ctx, dest, statement, args...)
	}
	return s.outer.fail(e)
}

// queryNamed is query for a statement with named arguments.
func (s *Store) queryNamed(ctx context.Context, dest any, statement string, args arguments) *dbError {
	text, values := args.number(statement)
	return s.query(ctx, dest, text, values...)
}
