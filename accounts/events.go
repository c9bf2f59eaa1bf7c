package accounts

import (
	"context"
	"errors"
	"time"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/internal/keyset"
)

// EventQuery selects events. The zero value selects all, the oldest first, 50 at a time.
type EventQuery struct {
	AccountID *ID    // nil: all
	After     Cursor // EventPage.Next or Event.Cursor; empty: the oldest, or the newest if Desc
	Limit     int    // items of a page: 0 for 50, at most 500
	Desc      bool   // the newest first, for people
}

// EventPage is one page of events. Next is the cursor with which to continue, also at the end, where events may be added
// later; with EventQuery.Desc it is empty at the end.
type EventPage struct {
	Items []Event
	Next  Cursor
}

// eventLog is the name of the event log in its cursors, which fit every selection of events.
const eventLog = "events"

func eventCursor(number int64) Cursor {
	return Cursor(keyset.Encode(eventLog, nil, keyset.Position{ID: number}))
}

// Events returns one page of the event log. A reader that continues with Next misses no event and sees each once, however
// transactions interleave.
//
// It returns ErrCursorExpired if events after the cursor were pruned, or if the cursor is beyond the last event because an
// older backup was restored; ErrUnavailable if the store cannot answer, or lags behind the one that gave the cursor; and
// ErrInvalid at "limit" or "after", and at "transaction" inside a transaction of the application.
func (m *Manager) Events(ctx context.Context, q EventQuery) (_ EventPage, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.Events")
	defer func() { end(err) }()
	var v input.Violations
	limit := v.Limit(q.Limit)
	from, valid := keyset.Decode(string(q.After), eventLog, nil)
	if !valid || from.ID < 0 {
		v.Add("after", "cursor", "")
	}
	if err := v.Err(); err != nil {
		return EventPage{}, err
	}
	log, err := m.store.Events(ctx, EventParams{AccountID: q.AccountID, After: from.ID, Limit: limit + 1, Desc: q.Desc})
	if err != nil {
		return EventPage{}, err
	}
	if q.After != "" && (from.ID < log.Pruned || from.ID > log.Last) {
		return EventPage{}, ErrCursorExpired
	}
	return log.page(limit, q.Desc), nil
}

// page returns a page of events that were read with a limit one higher than the page's.
func (l EventResult) page(limit int, desc bool) EventPage {
	more := len(l.Events) > limit
	if more {
		l.Events = l.Events[:limit]
	}
	page := EventPage{Items: make([]Event, len(l.Events))}
	for i, numbered := range l.Events {
		page.Items[i] = numbered.Event
		page.Items[i].Cursor = eventCursor(numbered.Number)
	}
	switch {
	case more:
		page.Next = page.Items[limit-1].Cursor
	case !desc:
		page.Next = eventCursor(l.Last)
	}
	return page
}

// Watch polls at an interval that is short after new events and grows while there are none.
const (
	minPollInterval = 50 * time.Millisecond
	maxPollInterval = time.Second
)

// Watch calls fn with every event after the cursor, in order, and then waits for new events. It polls the store every 50
// milliseconds to 1 second, also while the store is unavailable. To continue later, pass the Cursor of the last event for
// which fn returned nil.
//
// It returns when ctx is done, with ctx.Err(), or when fn returns an error, with that error. It returns ErrCursorExpired and
// ErrInvalid as Events does.
func (m *Manager) Watch(ctx context.Context, after Cursor, fn func(Event) error) error {
	pause := minPollInterval
	for {
		page, err := m.Events(ctx, EventQuery{After: after, Limit: input.MaxItems})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && !errors.Is(err, ErrUnavailable) {
			return err
		}
		for _, event := range page.Items {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := fn(event); err != nil {
				return err
			}
		}
		if err == nil {
			after = page.Next
		}
		if len(page.Items) == input.MaxItems {
			continue
		}
		pause = nextPause(pause, len(page.Items))
		if err := sleep(ctx, pause); err != nil {
			return err
		}
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

// PruneEvents deletes the events that have been numbered and whose At is before the given time, and returns how many it
// deleted. Cursors before the last of them return ErrCursorExpired from then on. Actors and domain names are personal data:
// prune as often as your privacy rules require.
//
// It returns ErrInvalid at "before" if the time is neither zero nor in the years 1970 to 9998, and at "transaction" inside a
// transaction of the application; ErrUnavailable if the store cannot do it now (no changes were made) and ErrCommitUnknown if
// the outcome of the commit is unknown.
func (m *Manager) PruneEvents(ctx context.Context, before time.Time) (_ int, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.PruneEvents")
	defer func() { end(err) }()
	var v input.Violations
	v.Var("before", before, "time")
	if err := v.Err(); err != nil {
		return 0, err
	}
	return m.store.PruneEvents(ctx, input.Time(before))
}
