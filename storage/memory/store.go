package memory

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/clientele-go/clientele/accounts"
)

// Store is an accounts.Store in memory. Any number of goroutines may use it. It is made by New.
type Store struct {
	root   atomic.Pointer[root] // what is committed
	writer chan struct{}        // has room while no command runs
	ids    ids                  // belongs to the writer
}

var _ accounts.Store = (*Store)(nil)

// New answers an empty store. Nothing in it outlives the process.
func New() *Store {
	s := &Store{writer: make(chan struct{}, 1)}
	s.root.Store(newRoot())
	return s
}

// Update runs one command at a time: fn works on a root of its own, which takes the place of the committed one when fn
// has ended well. An fn that fails or panics leaves nothing behind. The error matches ErrUnavailable and ctx.Err() if
// ctx ended before the command did; it is never ErrCommitUnknown.
func (s *Store) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.write(ctx, func(r *root) error {
		t := &tx{ctx: ctx, root: r, ids: &s.ids}
		defer func() { t.root = nil }() // a Tx that is kept beyond its command fails at once
		return fn(t)
	})
}

// PruneEvents deletes the events with an At before the given one, and answers how many. The error matches ErrUnavailable
// if ctx has ended.
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

// write runs change on a fork of the committed root, alone, and publishes it.
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

// read answers the committed root, or an error if ctx has ended.
func (s *Store) read(ctx context.Context) (*root, error) {
	if ctx.Err() != nil {
		return nil, unavailable(ctx)
	}
	return s.root.Load(), nil
}

// unavailable is the error of everything that a ctx cuts short.
func unavailable(ctx context.Context) error {
	return fmt.Errorf("%w: %w", accounts.ErrUnavailable, ctx.Err())
}
