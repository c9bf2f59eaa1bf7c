package postgres

import (
	"context"
	"errors"

	"github.com/clientele-go/clientele/accounts"
)

// Several commands in one transaction lock rows in any order, so two transactions may wait for each other. The server would
// find that out after deadlock_timeout, a second by default, one pair at a time. So from the second command on, a transaction
// of Store.Transaction waits for each lock only for maxLockWait and is then repeated. Repeated transactions run one at a time:
// otherwise they would meet again and again. The last attempts wait as long as it takes, because the lock may be held by
// something that is merely slow. The first command of the first attempt holds no locks when it begins, and waits as well.
const (
	hurriedAttempts = 12 // of maxAttempts
	maxLockWait     = "30ms"

	hurry = `SET LOCAL lock_timeout = '` + maxLockWait + `'`

	// Waits for other repeated transactions first.
	hurryAlone = `SELECT set_config('lock_timeout', '` + maxLockWait + `', true) FROM pg_advisory_xact_lock($1::integer, $2::integer)`
)

// errHalfDone is returned if the function of a transaction ignored the error of a command that had written.
var errHalfDone = errors.New("a command of the transaction failed after it had written")

// runTransaction runs one attempt of Store.Transaction.
func (s *Store) runTransaction(ctx context.Context, fn func(ctx context.Context, in accounts.Store) error) (retry bool, err error) {
	o := s.outer
	if o.attempt > 1 && o.attempt <= hurriedAttempts {
		if err := s.hurry(ctx, hurryAlone, s.schema.lockClass(), lockRepeated); err != nil {
			return o.failed.retryable(), err
		}
	}
	err = fn(ctx, s)
	switch {
	case o.failed != nil:
		return o.failed.retryable() || o.hurried && o.failed.isLockTimeout(), o.failed
	case err == nil && o.halfDone:
		return false, unavailable(ctx, errHalfDone)
	}
	return false, err
}

// beginCommand is called before each command in a transaction.
func (s *Store) beginCommand(ctx context.Context) error {
	o := s.outer
	o.commands++
	if o.commands != 2 || o.attempt != 1 {
		return nil
	}
	return s.hurry(ctx, hurry)
}

// hurry sets lock_timeout.
func (s *Store) hurry(ctx context.Context, statement string, args ...any) error {
	if _, e := s.exec(ctx, statement, args...); e != nil {
		return s.outer.fail(e)
	}
	s.outer.hurried = true
	return nil
}
