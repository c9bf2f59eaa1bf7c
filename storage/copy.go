package storage

import (
	"context"
	"fmt"
	"reflect"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
)

// Copy copies everything from one store to another, which must be empty: to move from a file to a server, for example. Accounts,
// subscriptions and domains keep their ids, versions, password hashes, session epochs and holds; entries keep their versions and
// expiry; events keep their numbers and details. So sessions, and the cursors that readers of events remember, remain valid,
// and those that had expired, or are beyond the last event, remain refused. Ids, versions and numbers that from has given, also
// to what no longer exists, are not given again by to.
//
// Copy copies what is committed in from at one instant. Commands on from may run meanwhile, but what they change afterwards is
// not copied, and cursors that are given afterwards are not valid for to: stop the programs that use from before, and start them
// with to when Copy has returned. Memory is bounded, however many rows there are. Each store needs a connection of its own until
// Copy returns.
//
// If progress is not nil, Copy calls it first with 0 and the number of all rows, entries and events, and then whenever some of
// them were written. They are committed together when Copy returns nil, which may take a while after the last call. In any other
// case to is still empty, and Copy may be called again, except after ErrCommitUnknown: then look at to.
//
// It returns ErrInvalid at "store" if to is not empty, or is the same store as from, and at "transaction" if one of them is
// inside a transaction; ErrUnavailable if a store cannot do it now or ctx ended, and then ctx.Err() as well; and ErrCommitUnknown
// if the outcome of the commit is unknown.
func Copy(ctx context.Context, from, to accounts.Store, progress func(done, all int)) error {
	if same(from, to) { // it would wait for itself
		return input.Invalid("store", "another", "")
	}
	return to.Restore(ctx, func(write func(accounts.DumpPart) error) error {
		c := copying{write: write, progress: progress}
		return c.run(ctx, from)
	})
}

func same(from, to accounts.Store) bool {
	return reflect.ValueOf(from).Comparable() && reflect.ValueOf(to).Comparable() && from == to
}

// copying is a running Copy.
type copying struct {
	write     func(accounts.DumpPart) error
	progress  func(done, all int) // may be nil
	done, all int
	writeErr  error
}

func (c *copying) run(ctx context.Context, from accounts.Store) error {
	err := from.Dump(ctx, c.pass)
	switch {
	case c.writeErr != nil:
		return c.writeErr
	case err != nil:
		return fmt.Errorf("the store to copy from cannot be read: %w", err)
	case c.done != c.all:
		return fmt.Errorf("clientele: the store to copy from has passed %d rows of %d", c.done, c.all)
	}
	return nil
}

// pass writes one part.
func (c *copying) pass(p accounts.DumpPart) error {
	if c.writeErr = c.write(p); c.writeErr != nil {
		return c.writeErr
	}
	if p.Head != nil {
		c.all = p.Head.Rows
	}
	c.done += p.Rows()
	if c.progress != nil {
		c.progress(c.done, c.all)
	}
	return nil
}
