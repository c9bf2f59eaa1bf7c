package accounts

import (
	"context"
	"errors"
	"time"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// Batch is a part of a Snapshot. A batch has rows of one kind, at most some hundred.
type Batch struct {
	Accounts      []Account
	Subscriptions []subscriptions.Subscription
	Domains       []subscriptions.Domain
}

// FollowOptions configure Follow. A nil *FollowOptions means the defaults.
type FollowOptions struct {
	// FromOldest lets the empty cursor start at the oldest event that was not pruned, although earlier ones were. Without it,
	// Follow returns ErrCursorExpired then.
	FromOldest bool
	// Limit is the maximum number of events in a batch, at most 500. The default is 500.
	Limit int
	// OnError is called with each error of a store that cannot answer, before Follow tries again. Without it, Follow returns the
	// error if the store has not answered for a minute.
	OnError func(error)
}

// Follow polls at an interval that is short after new events and grows while there are none.
const (
	minPollInterval = 50 * time.Millisecond
	maxPollInterval = time.Second
)

// maxOutage is how long Follow tries again without OnError.
const maxOutage = time.Minute

// Head returns the cursor of the newest event. A reader that begins there gets the events that are committed later, and of the
// earlier ones at most those that a running removal holds back.
//
// It returns ErrUnavailable if the store cannot answer, and ErrInvalid at "transaction" inside a transaction of the application.
func (m *Manager) Head(ctx context.Context) (_ Cursor, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.Head")
	defer func() { end(err) }()
	log, err := m.store.Events(ctx, EventParams{Limit: 1, Desc: true})
	if err != nil {
		return "", err
	}
	return eventCursor(log.Last), nil
}

// Snapshot calls fn with all accounts, subscriptions and domains, as they are at one instant: first all accounts in batches, then
// all subscriptions, then all domains, each by id. It returns the cursor with which Follow continues from there. The rows are at
// least as new as the cursor: the first events after it may be about changes that the rows already contain. A reader that
// applies all of them in order, by id, ends with the right state.
//
// Memory is bounded, however many rows there are. fn must not use the store, which may have no connection left for it; the
// instant, and with it a transaction of the store, lasts until fn has returned for the last time. The batch is fn's to keep.
//
// An error of fn ends Snapshot and is returned as it is. Snapshot returns ErrUnavailable if the store cannot answer, possibly
// after some batches: begin again then. It returns ErrInvalid at "transaction" inside a transaction of the application.
func (m *Manager) Snapshot(ctx context.Context, fn func(Batch) error) (_ Cursor, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.Snapshot")
	defer func() { end(err) }()
	number, err := m.store.Snapshot(ctx, fn)
	if err != nil {
		return "", err
	}
	return eventCursor(number), nil
}

// Follow calls fn with the events after the cursor, in order and in batches, and then with new events as they are committed. It
// polls the store every 50 milliseconds to 1 second. next is the cursor to continue with after the batch: a program that stores
// it when it has processed the batch, best in the same transaction, sees every event at least once. Head, Snapshot and Events
// return cursors to begin with; a nil opts means the defaults.
//
// It returns when ctx is done, with ctx.Err(), or when fn returns an error, with that error. While the store cannot answer, it
// tries again, as FollowOptions.OnError says. It returns at once with ErrCursorExpired if events after the cursor were pruned, or
// if the cursor is beyond the last event because an older backup was restored: then begin again with Snapshot. The empty cursor
// expires as well, unless FollowOptions.FromOldest is set. It also returns at once with ErrInvalid at "limit" or "after", and at
// "transaction" inside a transaction of the application, and if the store's role may not read the events.
func (m *Manager) Follow(
	ctx context.Context, after Cursor, opts *FollowOptions, fn func(ctx context.Context, batch []Event, next Cursor) error,
) error {
	var o FollowOptions
	if opts != nil {
		o = *opts
	}
	if o.Limit == 0 {
		o.Limit = input.MaxItems
	}
	failures := outage{onError: o.OnError}
	defer failures.end()
	pause := minPollInterval
	for {
		page, err := m.events(ctx, EventQuery{After: after, Limit: o.Limit}, o.FromOldest)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := failures.check(err); err != nil {
			return err
		}
		if len(page.Items) > 0 {
			if err := fn(ctx, page.Items, page.Next); err != nil {
				return err
			}
		}
		if err == nil {
			after = page.Next
		}
		if len(page.Items) == o.Limit {
			continue
		}
		pause = nextPause(pause, len(page.Items))
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// outage is the time during which the store does not answer Follow.
type outage struct {
	onError func(error) // may be nil
	limit   *time.Timer // nil: the last read has succeeded, or onError gets the errors
}

// check returns the error of a read if it ends Follow.
func (o *outage) check(err error) error {
	switch {
	case err == nil:
		o.end()
		return nil
	case !errors.Is(err, ErrUnavailable):
		return err
	case o.onError != nil:
		o.onError(err)
		return nil
	case o.limit == nil:
		o.limit = time.NewTimer(maxOutage)
		return nil
	}
	select {
	case <-o.limit.C:
		return err
	default:
		return nil
	}
}

func (o *outage) end() {
	if o.limit != nil {
		o.limit.Stop()
		o.limit = nil
	}
}

func nextPause(last time.Duration, found int) time.Duration {
	if found > 0 {
		return minPollInterval
	}
	return min(last*3/2, maxPollInterval)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
