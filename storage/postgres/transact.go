package postgres

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"time"
)

// maxAttempts is how often a transaction is run before its error is returned.
const maxAttempts = 16

// committer is a *sql.Tx or a bun.Tx.
type committer interface {
	Commit() error
	Rollback() error
}

// transact runs fn in a READ COMMITTED transaction and commits it. If fn fails and reports that it may be retried, or if the
// commit fails and may be retried, it does that again in another transaction, up to maxAttempts in all.
func transact[T committer](
	ctx context.Context,
	begin func(context.Context, *sql.TxOptions) (T, error),
	fn func(tx T) (retry bool, err error),
) error {
	for attempt := 1; ; attempt++ {
		retry, err := transactOnce(ctx, begin, fn)
		if !retry || attempt == maxAttempts {
			return err
		}
		if err := backoff(ctx, attempt); err != nil {
			return unavailable(ctx, err)
		}
	}
}

func transactOnce[T committer](
	ctx context.Context,
	begin func(context.Context, *sql.TxOptions) (T, error),
	fn func(tx T) (retry bool, err error),
) (retry bool, err error) {
	tx, err := begin(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return false, unavailable(ctx, err)
	}
	committed := false
	defer func() { // also if fn panics
		if !committed {
			_ = tx.Rollback() // if the connection is broken, the server rolls back
		}
	}()
	if retry, err := fn(tx); err != nil {
		return retry, err
	}
	if e := commit(ctx, tx); e != nil {
		return e.retryable(), e
	}
	committed = true
	return false, nil
}

// backoff waits before the next attempt. The wait is random, so that transactions that conflicted do not conflict again, and
// grows with the number of attempts.
func backoff(ctx context.Context, attempt int) error {
	timer := time.NewTimer(rand.N(time.Duration(attempt) * 4 * time.Millisecond))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
