package sqlite

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// queue lets one command at a time through, in the order in which they came. SQLite has one writer; without the queue, those
// that wait would try again and again, and the luckiest would be next.
type queue chan struct{}

func newQueue() queue { return make(queue, 1) }

// enter waits until it is the caller's turn. Go lets blocked senders go on in their order.
func (q queue) enter(ctx context.Context) *dbError {
	if ctx.Err() != nil {
		return unavailable(ctx, ctx.Err())
	}
	select {
	case q <- struct{}{}:
		return nil
	case <-ctx.Done():
		return unavailable(ctx, ctx.Err())
	}
}

func (q queue) leave() { <-q }

// beginWriting writes nothing, but takes the write lock. As the first statement of a transaction, it makes it see all that was
// committed before.
const beginWriting = `DELETE FROM clientele_state WHERE 0`

// transact runs fn in a transaction that has the write lock, and commits it. It rolls back if fn fails or panics.
func (s *Store) transact(ctx context.Context, fn func(bun.Tx) error) error {
	if e := s.queue.enter(ctx); e != nil {
		return e
	}
	defer s.queue.leave()
	before := s.allocated.get()
	tx, e := s.begin(ctx)
	if e != nil {
		return e
	}
	committed := false
	defer func() { // also if fn panics
		if committed {
			return
		}
		_ = tx.Tx.Rollback() // if that fails, the connection is closed, and nothing is committed either
		if s.allocated.get() != before {
			s.keepAllocated(ctx)
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	if e := commit(ctx, tx.Tx); e != nil {
		return e
	}
	committed = true
	return nil
}

// begin begins a transaction with the write lock. It waits for other processes that have the lock.
func (s *Store) begin(ctx context.Context) (tx bun.Tx, e *dbError) {
	e = whileBusy(ctx, func() (err error) {
		tx, err = s.beginOnce(ctx)
		return err
	})
	return tx, e
}

func (s *Store) beginOnce(ctx context.Context) (bun.Tx, error) {
	if err := s.file.check(); err != nil {
		return bun.Tx{}, err
	}
	if err := s.stmts.prepareWanted(ctx); err != nil {
		return bun.Tx{}, err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return bun.Tx{}, err
	}
	r := s.runner
	r.tx = tx.Tx
	if _, e := r.exec(ctx, beginWriting); e != nil {
		_ = tx.Tx.Rollback()
		return bun.Tx{}, e
	}
	return tx, nil
}

// write runs fn as one command in a transaction.
func (s *Store) write(ctx context.Context, fn func(*transaction) error) error {
	return s.transact(ctx, func(tx bun.Tx) error {
		r := s.runner
		r.tx = tx.Tx
		return (&transaction{ctx: ctx, runner: r, allocated: s.allocated}).run(fn)
	})
}

const keepAllocated = `
UPDATE clientele_state SET
    account_id = max(account_id, ?), subscription_id = max(subscription_id, ?),
    domain_id = max(domain_id, ?), entry_version = max(entry_version, ?)`

// maxKeepTime limits how long a command that was rolled back waits for another process.
const maxKeepTime = 200 * time.Millisecond

// keepAllocated stores the ids that a transaction has allocated and that was rolled back, so that they are not allocated again
// after a restart either: the program may have seen them. If that fails, this process still does not allocate them again, and
// the next command stores them.
func (s *Store) keepAllocated(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxKeepTime)
	defer cancel()
	tx, e := s.begin(ctx)
	if e != nil {
		return
	}
	defer func() { _ = tx.Tx.Rollback() }() // after Commit it does nothing
	r, last := s.runner, s.allocated.get()
	r.tx = tx.Tx
	if _, e := r.exec(ctx, keepAllocated, last.account, last.subscription, last.domain, last.entryVersion); e == nil {
		_ = tx.Tx.Commit()
	}
}
