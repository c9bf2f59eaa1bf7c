package storagetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/journal"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// reopenAfterEveryCommand runs every command of the managers, and closes and opens the database again after each.
func reopenAfterEveryCommand(d *durable) {
	data := d.seed()
	hold := accounts.Hold{Cause: accounts.CauseAbuse, Note: "note", Message: "message", Public: "public"}
	d.suspendAccount(data.mario.ID, hold)
	d.suspendSubscription(data.blog.ID, hold)
	d.suspendDomain("blog.example", hold)
	d.put(accounts.Entry{Key: "every byte", Value: []byte{0, '\'', '\\', 0x80, 0xff}, ExpiresAt: d.clock.now().Add(24 * time.Hour)}, accounts.Absent)
	d.put(accounts.Entry{Key: fmt.Sprintf("account/%d/k", data.luigi.ID)}, accounts.Absent)
	was := d.reopenUnchanged("the first commands", &observation{})
	for _, c := range d.commands(data) {
		if !c.writes {
			continue
		}
		d.clock.advance(time.Second)
		if err := c.call(d.ctx); !errors.Is(err, accounts.ErrSuspended) { // ResetPassword, which has its effect nevertheless
			d.NoError(err, c.name)
		}
		was = d.reopenUnchanged(c.name, was)
	}
	d.checkBook()
	d.Empty(d.book.MissingFields(), "the commands must write something in each field of Writes")

	before := d.clock.now().Add(-20 * time.Second)
	pruned, err := d.clients.PruneEvents(d.ctx, before)
	d.NoError(err)
	d.Positive(pruned)
	was = d.reopenUnchanged("PruneEvents", was)
	d.Contains(was.AfterCursor, accounts.ErrCursorExpired.Error(), "the cursors of pruned events")

	d.clock.advance(48 * time.Hour) // entries expire
	d.Equal([]string{"new", "transaction"}, keysOf(d.entries(suiteBucket)))
	n, err := d.clients.Bucket(suiteBucket).DeleteExpired(d.ctx)
	d.NoError(err)
	d.Positive(n)
	d.reopenUnchanged("DeleteExpired", was)
	d.checkBook()
}

// observation is everything that a program may notice of the contents of a store.
type observation struct {
	state
	Head        accounts.Cursor
	Cursors     []accounts.Cursor // of the event log
	AfterCursor []string          // the event after each cursor, or the error
	Found       [][]string        // what searches find
	NextPages   []accounts.Page   // those after the first accounts, in every order
	Counts      []int
}

// maxCursors is the number of cursors that are observed: those of the first commands, whose events are pruned in the end.
const maxCursors = 8

// observe reads everything, with the cursors that were read before as well.
func (d *durable) observe(before *observation) *observation {
	d.t.Helper()
	o := &observation{state: d.dump()}
	var err error
	o.Head, err = d.clients.Head(d.ctx)
	d.NoError(err)
	o.Cursors = before.Cursors
	if len(o.Events) > 0 && len(o.Cursors) < maxCursors {
		o.Cursors = append(o.Cursors[:len(o.Cursors):len(o.Cursors)], o.Events[len(o.Events)-1].Cursor, o.Head)
	}
	for _, c := range o.Cursors {
		p, err := d.clients.Events(d.ctx, accounts.EventQuery{After: c, Limit: 1})
		switch {
		case errors.Is(err, accounts.ErrCursorExpired):
			o.AfterCursor = append(o.AfterCursor, accounts.ErrCursorExpired.Error())
		default:
			d.NoError(err)
			o.AfterCursor = append(o.AfterCursor, journal.Text(p))
		}
	}
	d.observeLists(o)
	return o
}

// observeLists reads lists that need indexes, and the pages after a cursor.
func (d *durable) observeLists(o *observation) {
	d.t.Helper()
	for _, search := range []string{"mario", "ma", "blog.ex", "toad", "zzz"} {
		p, err := d.clients.List(d.ctx, accounts.Query{Search: search})
		d.NoError(err)
		var logins []string
		for _, a := range p.Items {
			logins = append(logins, a.Login)
		}
		o.Found = append(o.Found, logins)
	}
	for _, sort := range []accounts.Sort{accounts.SortCreated, accounts.SortLogin, accounts.SortName} {
		p, err := d.clients.List(d.ctx, accounts.Query{Sort: sort, Limit: 1})
		d.NoError(err)
		if p.Next != "" {
			p, err = d.clients.List(d.ctx, accounts.Query{Sort: sort, Limit: 2, After: p.Next})
			d.NoError(err)
		}
		o.NextPages = append(o.NextPages, p)
	}
	for _, q := range []accounts.Query{{Status: accounts.Suspended}, {Cause: accounts.CauseAbuse}, {Plan: "basic"}} {
		n, err := d.clients.Count(d.ctx, q, 0)
		d.NoError(err)
		o.Counts = append(o.Counts, n)
	}
}

// reopenUnchanged asserts that everything is the same after the database was closed and opened again. It returns what there is
// now.
func (d *durable) reopenUnchanged(after string, before *observation) *observation {
	d.t.Helper()
	was := d.observe(before)
	d.reopen()
	now := d.observe(before)
	d.Equal(was, now, "opened again after %s: expected is everything before the database was closed, actual is everything after", after)
	return now
}

// reopenIDs uses up ids and versions in every way, and opens the database again after each.
func reopenIDs(d *durable) {
	claim := func(result error) {
		err := d.store.Update(d.ctx, func(tx accounts.Tx) error {
			_, err := tx.Claim(accounts.Claim{NewAccounts: 2, Claim: subscriptions.Claim{NewSubscriptions: 3, NewDomains: 5}})
			return errors.Join(err, result)
		})
		d.ErrorIs(err, result)
	}
	useVersion := func(result error) {
		err := d.store.Update(d.ctx, func(tx accounts.Tx) error {
			_, err := tx.LockEntries(accounts.EntryLockSet{Bucket: suiteBucket, Key: "k", NewVersion: true})
			return errors.Join(err, result)
		})
		d.ErrorIs(err, result)
	}
	highest := int64(0)
	for i, step := range []func(){
		func() { d.account("mario", "mario.example") },
		func() { d.remove(d.account("luigi", "luigi.example").ID) },
		func() { claim(nil) },
		func() { claim(errRefused) }, // its caller may have seen the ids
		func() {
			err := d.clients.Transaction(d.ctx, func(ctx context.Context, tx *accounts.Manager) error {
				_, err := tx.Create(ctx, suite.WithHash(newAccount("peach")))
				d.NoError(err)
				return errRefused
			})
			d.ErrorIs(err, errRefused)
		},
		func() { useVersion(errRefused) },
		func() { d.NoError(d.clients.Bucket(suiteBucket).Delete(d.ctx, "k")) },
	} {
		step()
		d.reopen()
		d.account("user" + string(rune('a'+i)))
		e := d.put(accounts.Entry{Key: "k"}, accounts.Any)
		d.Greater(e.Version, highest, "a version must be higher than all versions before")
		highest = e.Version
		d.checkBook() // finds ids that were given twice
		d.reopen()
	}
}

// reopenEvents appends events without reading them, prunes all of them, and continues, each time on a database that was opened
// again.
func reopenEvents(d *durable) {
	d.account("mario")
	d.account("luigi")
	d.reopen()
	d.account("peach") // the events before it have no numbers yet in some stores
	d.reopen()
	all := d.events()
	d.Len(all, 3)
	d.Equal([]string{"mario", "luigi", "peach"}, loginsOf(all))
	d.checkBook()

	head, err := d.clients.Head(d.ctx)
	d.NoError(err)
	d.clock.advance(time.Hour)
	pruned, err := d.clients.PruneEvents(d.ctx, d.clock.now())
	d.NoError(err)
	d.Equal(3, pruned)
	d.checkBook()
	d.reopen()
	d.Empty(d.events())
	for i, e := range all {
		p, err := d.clients.Events(d.ctx, accounts.EventQuery{After: e.Cursor})
		if i < len(all)-1 {
			d.ErrorIs(err, accounts.ErrCursorExpired, "the cursor of an event before pruned ones")
			continue
		}
		d.NoError(err, "the cursor of the newest event, after which nothing was pruned")
		d.Empty(p.Items)
	}
	d.account("toad")
	d.reopen()
	p, err := d.clients.Events(d.ctx, accounts.EventQuery{After: head})
	d.NoError(err, "the newest cursor before everything was pruned")
	d.Equal([]string{"toad"}, loginsOf(p.Items))
	for _, e := range all {
		d.NotEqual(e.Cursor, p.Items[0].Cursor, "the cursor of a pruned event is given again")
	}
	d.checkBook()
}

func loginsOf(events []accounts.Event) []string {
	var logins []string
	for _, e := range events {
		logins = append(logins, e.Details["login"])
	}
	return logins
}
