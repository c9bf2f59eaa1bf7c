package accounts

import (
	"context"
	"errors"
	"time"

	"github.com/clientele-go/clientele/subscriptions"
	"github.com/clientele-go/clientele/subscriptions/input"
)

// EventQuery selects events. The zero value selects all, the oldest first, 50 at a time.
type EventQuery struct {
	AccountID *ID // nil: all
	After     Cursor
	Limit     int  // 0: 50; at most 500
	Desc      bool // the newest first, for people; Next is "" at the end
}

// EventPage is one page of events. Next goes on from here, also when nothing new is there yet; unless Desc, where it is
// empty at the end.
type EventPage struct {
	Items []Event
	Next  Cursor
}

// eventLog is the name of the log in its cursors. They fit it whatever is selected.
const eventLog = "events"

func eventCursor(number int64) Cursor {
	return subscriptions.NewCursor(eventLog, nil, subscriptions.Position{ID: number})
}

// Events answers one page of the log. A reader that goes on from Next misses no event and sees each once. ErrCursorExpired: some
// behind the cursor were pruned, or are not there yet because an older backup was restored. ErrUnavailable: the store
// does not answer, or lags behind another that gave the cursor. ErrInvalid names faults of q, and a host's transaction.
func (m *Manager) Events(ctx context.Context, q EventQuery) (EventPage, error) {
	var f input.Faults
	limit := f.Limit(q.Limit)
	from, valid := q.After.Position(eventLog, nil)
	if !valid || from.ID < 0 {
		f.Add("after", "cursor", "")
	}
	if err := f.Err(); err != nil {
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

// page answers the first events of a log that was read with one more than limit.
func (l EventResult) page(limit int, desc bool) EventPage {
	more := len(l.Events) > limit
	if more {
		l.Events = l.Events[:limit]
	}
	page := EventPage{Items: make([]Event, len(l.Events))}
	for i, recorded := range l.Events {
		page.Items[i] = recorded.Event
		page.Items[i].Cursor = eventCursor(recorded.Number)
	}
	switch {
	case more:
		page.Next = page.Items[limit-1].Cursor
	case !desc:
		page.Next = eventCursor(l.Last)
	}
	return page
}

// Watch looks soon after it found something, and less and less often while nothing happens.
const (
	soonestLook = 50 * time.Millisecond
	latestLook  = time.Second
)

// Watch calls fn with every event behind a cursor, in order, and goes on with those to come until ctx ends or fn returns
// an error; it returns that error, or ctx's. It asks the store every 50 milliseconds to 1 second, and goes on doing so
// while the store is unavailable. The last event that fn accepted is where a later Watch goes on: remember its Cursor.
// ErrCursorExpired and ErrInvalid are those of Events.
func (m *Manager) Watch(ctx context.Context, after Cursor, fn func(Event) error) error {
	pause := soonestLook
	for {
		page, err := m.Events(ctx, EventQuery{After: after, Limit: input.MostItems})
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
		if len(page.Items) == input.MostItems {
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
		return soonestLook
	}
	return min(last*3/2, latestLook)
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

// PruneEvents deletes the events that somebody could have read by now and that are older than before, and answers how
// many. Cursors that pointed before the last of them are ErrCursorExpired from then on. Actors and domain names are personal
// data: a provider prunes as often as its privacy rules say. ErrInvalid: a time that cannot be stored, or a host's
// transaction. ErrUnavailable and ErrCommitUnknown are those of commands.
func (m *Manager) PruneEvents(ctx context.Context, before time.Time) (int, error) {
	var f input.Faults
	f.Var("before", before, "time")
	if err := f.Err(); err != nil {
		return 0, err
	}
	return m.store.PruneEvents(ctx, subscriptions.Cut(before))
}
