package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
)

// Options are what a host may choose. Nil stands for the defaults.
type Options struct {
	// Schema is where the tables are: "clientele" when empty. Letters, digits and _, at most 63, not a digit first, and
	// none of PostgreSQL's own: pg_… and information_schema. New and Migrate refuse others.
	Schema string
	// Prepared makes the hot reads (an account by id or login, and Resolve) prepared statements, which is twice as fast.
	// They are prepared when they are first used, on each connection, and end with the pool. Leave it off behind a
	// PgBouncer older than 1.21 in transaction mode.
	Prepared bool
}

// Store keeps accounts, subscriptions, domains and events in PostgreSQL. It is an accounts.Store, safe for concurrent
// use unless In made it.
type Store struct {
	runner
	hot  hotReads
	host *hostTransaction // nil: the store begins its own
}

var _ accounts.Store = (*Store)(nil)

// New answers the store of a database, whose tables Migrate has made. It looks at the server and the schema, and refuses,
// with an error that says what to do: a server older than PostgreSQL 13; an encoding that is not UTF-8 and settings that
// change what is written or read (the README lists them); and a schema that is not there, too old for this code, or too
// new. ErrUnavailable: the server does not answer, or the role may not look. The pool stays the host's, which closes it.
func New(ctx context.Context, db *bun.DB, opts *Options) (*Store, error) {
	schema, err := newSchema(opts)
	if err != nil {
		return nil, err
	}
	s := &Store{runner: runner{db: db, schema: schema, on: db.DB}}
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	if err := s.checkSchema(ctx); err != nil {
		return nil, err
	}
	s.hot = newHotReads(s.runner, opts != nil && opts.Prepared)
	return s, nil
}

// WithTx answers the same store inside a host's transaction: commands become part of it, and reads see what it has done.
// It belongs to one goroutine, as the transaction does. A transaction of another level than READ COMMITTED refuses
// commands with ErrInvalid; Events and PruneEvents are ErrInvalid in any. ErrUnavailable means that the host rolls back,
// and repeats all of it. The host does not SET CONSTRAINTS ALL IMMEDIATE before a command that adds domains: a first
// domain and its subscription name each other. In itself asks the server nothing.
func (s *Store) WithTx(tx bun.Tx) *Store {
	joined := *s
	joined.on = tx.Tx
	joined.host = &hostTransaction{}
	return &joined
}

// Update implements accounts.Store. Transactions that the server gave up because of others, serialization failures and
// deadlocks, and those that met an owner who changed meanwhile, are repeated, up to 16 times in all, unless they are the
// host's.
func (s *Store) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	if s.host != nil {
		return s.join(ctx, fn)
	}
	return repeated(ctx, func() (again bool, err error) { return s.attempt(ctx, fn) })
}

// repeated runs a transaction of the library's own as often as it asks for, but not for ever.
func repeated(ctx context.Context, run func() (again bool, err error)) error {
	for attempt := 1; ; attempt++ {
		again, err := run()
		if !again || attempt == maxAttempts {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return unavailable(ctx, err)
		}
	}
}

// attempt runs fn in a transaction of its own, and tells whether it may be run again when that failed.
func (s *Store) attempt(ctx context.Context, fn func(accounts.Tx) error) (again bool, err error) {
	tx, err := s.db.DB.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return false, unavailable(ctx, err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit; a broken connection has rolled back by itself
	t := &transaction{ctx: ctx, runner: runner{db: s.db, schema: s.schema, on: tx}}
	if err := t.run(fn); err != nil {
		return t.again(), err
	}
	if f := commit(ctx, tx); f != nil {
		return f.repeatable(), f
	}
	return false, nil
}

// inOwn runs statements in a READ COMMITTED transaction that is no command. It, too, is repeated where others made the
// server give it up.
func (s *Store) inOwn(ctx context.Context, run func(runner) error) error {
	return repeated(ctx, func() (bool, error) {
		err := s.once(ctx, run)
		var f *failure
		return errors.As(err, &f) && f.repeatable(), err
	})
}

func (s *Store) once(ctx context.Context, run func(runner) error) error {
	tx, err := s.db.DB.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return unavailable(ctx, err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := run(runner{db: s.db, schema: s.schema, on: tx}); err != nil {
		return err
	}
	if f := commit(ctx, tx); f != nil {
		return f
	}
	return nil
}

// hotly runs a hot read: on the pool as it is, inside a host's transaction like any other statement.
func (s *Store) hotly(ctx context.Context, read *hotRead, dest any, args ...any) *failure {
	if s.host != nil {
		return s.query(ctx, dest, read.text, args...)
	}
	rows, err := read.rows(ctx, s.db, args...)
	if err != nil {
		return unavailable(ctx, err)
	}
	return s.scan(ctx, rows, dest)
}
