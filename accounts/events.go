package accounts

import (
	"context"
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
// transactions interleave. The empty cursor starts at the oldest event that was not pruned. The events of a removed account can
// still be read.
//
// It returns ErrCursorExpired if events after the cursor were pruned, or if the cursor is beyond the last event because an
// older backup was restored; ErrUnavailable if the store cannot answer, or lags behind the one that gave the cursor; and
// ErrInvalid at "limit" or "after", and at "transaction" inside a transaction of the application.
func (m *Manager) Events(ctx context.Context, q EventQuery) (EventPage, error) {
	return m.events(ctx, q, true)
}

// events is Events. Unless fromOldest is true, an empty cursor has expired once events were pruned.
func (m *Manager) events(ctx context.Context, q EventQuery, fromOldest bool) (_ EventPage, err error) {
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
	expired := from.ID < log.Pruned || from.ID > log.Last
	if expired && (q.After != "" || !fromOldest) {
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

// PruneEvents deletes the events whose At is before the given time, whether they were read or not, and returns how many it
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
