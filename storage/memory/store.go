package memory

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/clientele-go/clientele/accounts"
)

// Store is an accounts.Store in memory. It is safe for concurrent use. New creates one.
type Store struct {
	root   atomic.Pointer[root] // the committed root
	writer chan struct{}        // a semaphore: holds one element while a command runs
	ids    ids                  // used only by the running command
}

var _ accounts.Store = (*Store)(nil)

// New returns an empty store. Its data is lost when the process exits.
func New() *Store {
	s := &Store{writer: make(chan struct{}, 1)}
	s.root.Store(newRoot())
	return s
}

// Update runs fn as one command. Commands run one at a time. fn works on a copy of the committed root, which replaces it
// if fn succeeds. If fn fails or panics, nothing changes.
//
// An error of fn is returned as it is. If ctx ends first, Update returns an error that matches ErrUnavailable and
// ctx.Err(). It never returns ErrCommitUnknown.
func (s *Store) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.write(ctx, func(r *root) error {
		t := &tx{ctx: ctx, root: r, ids: &s.ids}
		defer func() { t.root = nil }() // a Tx that is used after its command panics
		return fn(t)
	})
}

// PruneEvents deletes the events whose At is before the given time and returns how many it deleted. It returns an error
// that matches ErrUnavailable and ctx.Err() if ctx ends first.
func (s *Store) PruneEvents(ctx context.Context, before time.Time) (pruned int, err error) {
	err = s.write(ctx, func(r *root) error {
		pruned = r.log.prune(before)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return pruned, nil
}

// write runs change on a copy of the committed root and publishes the copy. Only one write runs at a time.
func (s *Store) write(ctx context.Context, change func(*root) error) error {
	select {
	case s.writer <- struct{}{}:
	case <-ctx.Done():
		return unavailable(ctx)
	}
	defer func() { <-s.writer }()
	if ctx.Err() != nil {
		return unavailable(ctx)
	}
	next := s.root.Load().fork()
	if err := change(next); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return unavailable(ctx)
	}
	next.seal()
	s.root.Store(next)
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
