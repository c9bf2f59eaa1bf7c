package memory

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
)

// Store is an accounts.Store in memory. It is safe for concurrent use. New creates one.
type Store struct {
	root   atomic.Pointer[root] // the committed root
	writer chan struct{}        // a semaphore: holds one element while a command runs
	ids    *ids                 // used only by the running command
	inner  bool                 // the store of a Transaction
}

var _ accounts.Store = (*Store)(nil)

// New returns an empty store. Its data is lost when the process exits.
func New() *Store {
	return newStore(newRoot(), &ids{})
}

func newStore(r *root, ids *ids) *Store {
	s := &Store{writer: make(chan struct{}, 1), ids: ids}
	s.root.Store(r)
	return s
}

// Update runs fn as one command. Commands run one at a time. fn works on a copy of the committed root, which replaces it
// if fn succeeds. If fn fails or panics, nothing changes.
//
// An error of fn is returned as it is. If ctx ends first, Update returns an error that matches ErrUnavailable and
// ctx.Err(). It never returns ErrCommitUnknown.
func (s *Store) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.write(ctx, func(r *root) error {
		t := &tx{ctx: ctx, root: r, ids: s.ids}
		defer func() { t.root = nil }() // a Tx that is used after its command panics
		return fn(t)
	})
}

// Transaction calls fn with a store in which every command is a part of one. No other command runs until fn returns. If fn
// fails or panics, nothing changes.
//
// An error of fn is returned as it is. If ctx ends first, Transaction returns an error that matches ErrUnavailable and ctx.Err().
// It never returns ErrCommitUnknown.
func (s *Store) Transaction(ctx context.Context, fn func(ctx context.Context, in accounts.Store) error) error {
	if s.inner {
		return errInTransaction()
	}
	return s.exclusively(ctx, func(committed *root) (*root, error) {
		in := newStore(committed, s.ids)
		in.inner = true
		if err := fn(ctx, in); err != nil {
			return nil, err
		}
		return in.root.Load(), nil
	})
}

func errInTransaction() error { return input.Invalid("transaction", "transaction", "") }

// PruneEvents deletes the events whose At is before the given time and returns how many it deleted. It returns an error
// that matches ErrUnavailable and ctx.Err() if ctx ends first.
func (s *Store) PruneEvents(ctx context.Context, before time.Time) (pruned int, err error) {
	if s.inner {
		return 0, errInTransaction()
	}
	err = s.write(ctx, func(r *root) error {
		pruned = r.log.prune(before)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return pruned, nil
}

// write runs change on a copy of the committed root and publishes the copy.
func (s *Store) write(ctx context.Context, change func(*root) error) error {
	return s.exclusively(ctx, func(committed *root) (*root, error) {
		next := committed.fork()
		if err := change(next); err != nil {
			return nil, err
		}
		if ctx.Err() == nil {
			next.seal()
		}
		return next, nil
	})
}

// exclusively calls next with the committed root and publishes the sealed root that it returns. Only one call runs at a time.
func (s *Store) exclusively(ctx context.Context, next func(committed *root) (*root, error)) error {
	select {
	case s.writer <- struct{}{}:
	case <-ctx.Done():
		return unavailable(ctx)
	}
	defer func() { <-s.writer }()
	if ctx.Err() != nil {
		return unavailable(ctx)
	}
	r, err := next(s.root.Load())
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return unavailable(ctx)
	}
	s.root.Store(r)
	return nil
}

// read returns the committed root, or an error if ctx has ended.
func (s *Store) read(ctx context.Context) (*root, error) {
	if ctx.Err() != nil {
		return nil, unavailable(ctx)
	}
	return s.root.Load(), nil
}

// unavailable returns the error for a ctx that has ended. It matches ErrUnavailable and ctx.Err().
func unavailable(ctx context.Context) error {
	return fmt.Errorf("%w: %w", accounts.ErrUnavailable, ctx.Err())
}
