package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// followCases returns the cases about readers that keep a copy of the data: Head, Snapshot and Follow.
func followCases() []testCase {
	return []testCase{
		{"Head is the cursor after every event that is committed", headCursor},
		{"Snapshot passes every row once, in batches, after the rows that it refers to", snapshotRows},
		{"Snapshot returns the cursor after every event that its rows contain", snapshotCursor},
		{"Snapshot returns the error of its function as it is, and calls it no more", snapshotError},
		{"the function of a Snapshot owns its batches", snapshotIsOwned},
		{"Follow delivers every event in order and returns the error of its function or context", followEvents},
		{"Follow delivers batches of at most the limit, each with the cursor to continue after it", followBatches},
		{"Follow delivers a batch again that was not finished", followAgain},
		{"Follow goes on where it was after the store could not answer", followThroughOutage},
		{"a follower that begins at the start learns that events were pruned", followFromPruned},
		{"a follower whose cursor is before a pruned event, or beyond the log, learns that it has expired", followExpired},
		{"Follow rejects a limit or a cursor that is invalid", followInvalid},
	}
}

func headCursor(f *fixture) {
	empty, err := f.clients.Head(f.ctx)
	f.NoError(err)
	f.NotEmpty(empty)
	f.account("mario")
	head, err := f.clients.Head(f.ctx) // also of events that nothing has read
	f.NoError(err)
	again, err := f.clients.Head(f.ctx)
	f.NoError(err)
	f.Equal(head, again)
	all, end := f.eventsAfter(empty)
	f.Len(all, 1)
	f.Equal(all[0].Cursor, head)
	f.Equal(end, head)
	err = f.store.Update(f.ctx, func(tx accounts.Tx) error { // more than a store may want to number at once
		many := slices.Repeat([]accounts.Event{{At: f.clock.storedNow(), Type: subscriptions.AccountSignedInAs, AccountID: all[0].AccountID}}, 1500)
		return tx.Save(accounts.Writes{Writes: subscriptions.Writes{Events: many}})
	})
	f.NoError(err)
	head, err = f.clients.Head(f.ctx)
	f.NoError(err)
	many, end := f.eventsAfter(all[0].Cursor)
	f.Len(many, 1500)
	f.Equal(end, head)
	f.account("luigi")
	later, _ := f.eventsAfter(head)
	f.Len(later, 1)
	f.Equal("luigi", later[0].Details["login"])
	_, err = f.clients.PruneEvents(f.ctx, f.clock.now().Add(time.Second))
	f.NoError(err)
	pruned, err := f.clients.Head(f.ctx)
	f.NoError(err)
	f.Equal(later[0].Cursor, pruned)
	_, err = f.clients.Events(f.ctx, accounts.EventQuery{After: empty})
	f.ErrorIs(err, accounts.ErrCursorExpired)
}

// takeSnapshot returns the rows of a snapshot and its cursor. It checks the order and the size of the batches.
func (f *fixture) takeSnapshot() (all accounts.Batch, cursor accounts.Cursor) {
	f.t.Helper()
	cursor, err := f.clients.Snapshot(f.ctx, func(b accounts.Batch) error {
		kinds := 0
		for _, n := range []int{len(b.Accounts), len(b.Subscriptions), len(b.Domains)} {
			f.LessOrEqual(n, 500, "rows of a batch")
			if n > 0 {
				kinds++
			}
		}
		f.Equal(1, kinds, "a batch must have rows of one kind")
		f.False(len(b.Accounts) > 0 && len(all.Subscriptions)+len(all.Domains) > 0, "accounts must be passed first")
		f.False(len(b.Subscriptions) > 0 && len(all.Domains) > 0, "subscriptions must be passed before domains")
		all.Accounts = append(all.Accounts, b.Accounts...)
		all.Subscriptions = append(all.Subscriptions, b.Subscriptions...)
		all.Domains = append(all.Domains, b.Domains...)
		return nil
	})
	f.NoError(err)
	return all, cursor
}

func snapshotRows(f *fixture) {
	none, _ := f.takeSnapshot()
	f.Empty(none)
	data := f.seedSuspended()
	names := make([]string, 520) // more than a batch
	for i := range names {
		names[i] = fmt.Sprintf("domain%d.example", i)
	}
	f.subscription(data.luigi.ID, names...)
	all, _ := f.takeSnapshot()
	want := f.dump()
	f.Len(all.Accounts, len(want.Accounts))
	for i, a := range all.Accounts {
		f.Equal(f.getAccount(a.ID), a)
		f.True(i == 0 || all.Accounts[i-1].ID < a.ID, "accounts must be passed by id")
	}
	f.Len(all.Subscriptions, len(want.Subscriptions))
	for i, s := range all.Subscriptions {
		f.Equal(f.getSubscription(s.ID), s)
		f.True(i == 0 || all.Subscriptions[i-1].ID < s.ID, "subscriptions must be passed by id")
	}
	domains := map[subscriptions.DomainID]subscriptions.Domain{}
	for _, d := range want.Domains {
		domains[d.ID] = d
	}
	f.Len(all.Domains, len(domains))
	for i, d := range all.Domains {
		f.Equal(domains[d.ID], f.deepCopy(state{Domains: []subscriptions.Domain{d}}).Domains[0])
		f.True(i == 0 || all.Domains[i-1].ID < d.ID, "domains must be passed by id")
	}
}

func snapshotCursor(f *fixture) {
	_, cursor := f.takeSnapshot()
	f.account("mario") // not read before the next snapshot
	events, _ := f.eventsAfter(cursor)
	f.Len(events, 1)
	f.account("luigi")
	rows, cursor := f.takeSnapshot()
	f.Len(rows.Accounts, 2)
	events, _ = f.eventsAfter(cursor)
	f.Empty(events, "the snapshot must number the events of its rows first")
	head, err := f.clients.Head(f.ctx)
	f.NoError(err)
	f.Equal(head, cursor)
	f.suspendAccount(rows.Accounts[0].ID, accounts.Hold{})
	events, _ = f.eventsAfter(cursor)
	f.Len(events, 1)
	f.Equal(accounts.AccountSuspended, events[0].Type)
}

func snapshotError(f *fixture) {
	f.seed()
	stop := errors.New("enough")
	for _, last := range []int{1, 2, 3} {
		calls := 0
		cursor, err := f.clients.Snapshot(f.ctx, func(accounts.Batch) error {
			calls++
			if calls == last {
				return stop
			}
			return nil
		})
		f.True(err == stop, "want the error itself, not %v", err) //nolint:errorlint,testifylint // it must not be wrapped
		f.Empty(cursor)
		f.Equal(last, calls)
	}
	f.account("afterwards")
	all, _ := f.takeSnapshot()
	f.Equal("afterwards", all.Accounts[len(all.Accounts)-1].Login)
}

func snapshotIsOwned(f *fixture) {
	mario := f.create(accounts.New{
		Login: "mario", Password: password, Contact: accounts.Contact{Name: "Mario"}, Attributes: map[string]string{"vat": "IT1"},
	})
	f.suspendAccount(mario.ID, accounts.Hold{Message: "unpaid"})
	f.unchanged(func() {
		all, _ := f.takeSnapshot()
		all.Accounts[0].Attributes["vat"] = "changed"
		all.Accounts[0].Holds[0].Message = "changed"
		again, _ := f.takeSnapshot()
		f.Equal("unpaid", again.Accounts[0].Holds[0].Message)
		f.Equal(map[string]string{"vat": "IT1"}, again.Accounts[0].Attributes)
	})
}

func followEvents(f *fixture) {
	f.account("mario")
	first := f.events()[0]
	stop := errors.New("enough")
	var seen []accounts.Event
	err := f.clients.Follow(f.ctx, "", nil, func(ctx context.Context, batch []accounts.Event, next accounts.Cursor) error {
		f.NotEmpty(batch)
		f.Equal(batch[len(batch)-1].Cursor, next)
		seen = append(seen, batch...)
		switch len(seen) {
		case 1:
			_, err := f.clients.Create(ctx, newAccount("luigi"))
			return err
		case 2:
			return stop
		}
		return nil
	})
	f.True(err == stop, "want the error itself, not %v", err) //nolint:errorlint,testifylint // it must not be wrapped
	f.Equal(f.events(), seen)

	f.account("peach")
	ctx, cancel := context.WithCancel(f.ctx)
	err = f.clients.Follow(ctx, first.Cursor, &accounts.FollowOptions{Limit: 1}, func(_ context.Context, batch []accounts.Event, _ accounts.Cursor) error {
		f.Equal(seen[1:], batch, "Follow must deliver no batch after its context has ended")
		cancel()
		return nil
	})
	f.ErrorIs(err, context.Canceled)
	f.NotErrorIs(err, accounts.ErrUnavailable)
}

// followUntil returns the batches that Follow delivers until n events were seen, and the last cursor.
func (f *fixture) followUntil(n int, after accounts.Cursor, opts *accounts.FollowOptions) (batches [][]accounts.Event, cursor accounts.Cursor) {
	f.t.Helper()
	stop := errors.New("enough")
	err := f.clients.Follow(f.ctx, after, opts, func(_ context.Context, batch []accounts.Event, next accounts.Cursor) error {
		batches, cursor = append(batches, batch), next
		if n -= len(batch); n <= 0 {
			return stop
		}
		return nil
	})
	f.ErrorIs(err, stop)
	return batches, cursor
}

func followBatches(f *fixture) {
	f.seed()
	all := f.events()
	f.Len(all, 14)
	for _, limit := range []int{1, 5, 14, 500, 0} {
		batches, end := f.followUntil(len(all), "", &accounts.FollowOptions{Limit: limit})
		var seen []accounts.Event
		for i, batch := range batches {
			if limit > 0 {
				f.LessOrEqual(len(batch), limit)
				f.True(i == len(batches)-1 || len(batch) == limit, "batches must be full where there are more events")
			}
			seen = append(seen, batch...)
		}
		f.Equal(all, seen, "limit %d", limit)
		f.Equal(all[13].Cursor, end)
	}
	part, _ := f.followUntil(10, all[3].Cursor, nil)
	f.Equal([][]accounts.Event{all[4:]}, part)
}

func followAgain(f *fixture) {
	f.seed()
	all := f.events()
	crash := errors.New("crash")
	cursor := accounts.Cursor("")
	var seen []accounts.Event
	for i := 0; len(seen) < len(all); i++ {
		err := f.clients.Follow(f.ctx, cursor, &accounts.FollowOptions{Limit: 4}, func(_ context.Context, batch []accounts.Event, next accounts.Cursor) error {
			if i%2 == 0 { // before the batch is finished
				return crash
			}
			seen, cursor = append(seen, batch...), next
			return crash
		})
		f.ErrorIs(err, crash)
	}
	f.Equal(all, seen)
}

// outageStore is a store that cannot answer every other read of events.
type outageStore struct {
	accounts.Store
	reads int
}

func (s *outageStore) Events(ctx context.Context, q accounts.EventParams) (accounts.EventResult, error) {
	s.reads++
	if s.reads%2 == 1 {
		return accounts.EventResult{}, accounts.ErrUnavailable
	}
	return s.Store.Events(ctx, q)
}

func followThroughOutage(f *fixture) {
	f.seed()
	all := f.events()
	stop := errors.New("enough")
	var seen []accounts.Event
	outages := 0
	opts := &accounts.FollowOptions{Limit: 5, OnError: func(err error) {
		f.ErrorIs(err, accounts.ErrUnavailable)
		outages++
	}}
	unstable := f.managerFor(&outageStore{Store: f.store}, nil)
	err := unstable.Follow(f.ctx, all[4].Cursor, opts, func(_ context.Context, batch []accounts.Event, _ accounts.Cursor) error {
		seen = append(seen, batch...)
		if len(seen) >= len(all)-5 {
			return stop
		}
		return nil
	})
	f.ErrorIs(err, stop)
	f.Equal(all[5:], seen)
	f.Equal(2, outages)
}

func followFromPruned(f *fixture) {
	f.account("mario")
	f.clock.advance(time.Hour)
	f.account("luigi")
	f.account("peach")
	_, err := f.clients.PruneEvents(f.ctx, f.clock.now())
	f.NoError(err)
	for _, opts := range []*accounts.FollowOptions{nil, {}, {Limit: 1}} {
		err = f.clients.Follow(f.ctx, "", opts, func(context.Context, []accounts.Event, accounts.Cursor) error {
			f.Fail("Follow has skipped pruned events")
			return nil
		})
		f.ErrorIs(err, accounts.ErrCursorExpired)
	}
	batches, cursor := f.followUntil(2, "", &accounts.FollowOptions{FromOldest: true, Limit: 1})
	f.Len(batches, 2)
	f.Equal("luigi", batches[0][0].Details["login"])
	page, err := f.clients.Events(f.ctx, accounts.EventQuery{})
	f.NoError(err, "the empty cursor of Events must start at the oldest event kept")
	f.Len(page.Items, 2)

	f.clock.advance(time.Hour)
	_, err = f.clients.PruneEvents(f.ctx, f.clock.now())
	f.NoError(err)
	f.account("daisy")
	batches, _ = f.followUntil(1, cursor, nil)
	f.Equal("daisy", batches[0][0].Details["login"], "a cursor after the last pruned event must remain valid")
	batches, _ = f.followUntil(1, "", &accounts.FollowOptions{FromOldest: true})
	f.Equal("daisy", batches[0][0].Details["login"])
}

func followExpired(f *fixture) {
	other := f.managerFor(f.open(f.t), nil)
	for _, login := range []string{"ada", "bea", "cleo", "dora", "emma"} {
		_, err := other.Create(f.ctx, newAccount(login))
		f.NoError(err)
	}
	beyond, err := other.Head(f.ctx)
	f.NoError(err)
	for _, login := range []string{"ada", "bea", "cleo"} {
		f.account(login)
		f.clock.advance(time.Hour)
	}
	all := f.events()
	_, err = f.clients.PruneEvents(f.ctx, all[2].At)
	f.NoError(err)
	for _, after := range []accounts.Cursor{all[0].Cursor, beyond} {
		for _, opts := range []*accounts.FollowOptions{nil, {FromOldest: true}} {
			err := f.clients.Follow(f.ctx, after, opts, func(context.Context, []accounts.Event, accounts.Cursor) error { return nil })
			f.ErrorIs(err, accounts.ErrCursorExpired)
		}
	}
	batches, _ := f.followUntil(1, all[1].Cursor, nil)
	f.Equal(all[2:], batches[0])
}

func followInvalid(f *fixture) {
	none := func(context.Context, []accounts.Event, accounts.Cursor) error { return nil }
	for _, limit := range []int{-1, 501} {
		f.invalid(f.clients.Follow(f.ctx, "", &accounts.FollowOptions{Limit: limit}, none), "limit")
	}
	f.invalid(f.clients.Follow(f.ctx, "forged", nil, none), "after")
}
