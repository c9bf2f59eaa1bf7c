package storagetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// copyCases returns the cases about Dump and Restore. They keep the parts of a dump in memory, so that a connection is enough
// for both stores.
func copyCases() []testCase {
	return []testCase{
		{"a copy contains everything", copyEverything},
		{"a copy of an empty store is empty", copyEmpty},
		{"a dump has a head, and then all rows once, in order and in parts of one kind", dumpParts},
		{"a dump contains what was committed at one instant, also events that nothing has read", dumpInstant},
		{"a dump contains nothing that is committed while it is taken", dumpDuring},
		{"the parts of a dump belong to the function, and those of a restored one to the caller", dumpIsOwned},
		{"Dump returns the error of its function as it is, and calls it no more", dumpError},
		{"cursors are valid in a copy, have expired or are beyond its last event as before", copyCursors},
		{"a copy allocates no id, version or number that its original has allocated", copyNumbers},
		{"commands and look-ups do the same on a copy", copyCommands},
		{"a store that is not empty is not restored, and stays as it is", restoreNotEmpty},
		{"a store whose restoration fails stays empty and can be restored", restoreFails},
		{"a store whose restoration panics stays empty and can be restored", restorePanics},
		{"a command waits for a restoration, obeys its context, and then sees all of it", restoreWaits},
		{"a dump and a restoration end with their context", copyCancelled},
		{"a copy of a store that is in use is consistent", copyInUse},
		{"Dump and Restore are not possible in a transaction", copyInTransaction},
	}
}

// takeDump returns all parts of a dump of the store.
func (f *fixture) takeDump() []accounts.DumpPart {
	f.t.Helper()
	var parts []accounts.DumpPart
	f.NoError(f.store.Dump(f.ctx, func(p accounts.DumpPart) error {
		parts = append(parts, p)
		return nil
	}))
	return parts
}

// replaying returns a function that passes the parts of a dump.
func replaying(parts []accounts.DumpPart) func(func(accounts.DumpPart) error) error {
	return func(write func(accounts.DumpPart) error) error {
		for _, p := range parts {
			if err := write(p); err != nil {
				return err
			}
		}
		return nil
	}
}

// another returns a fixture with the same clock and another new store.
func (f *fixture) another() *fixture {
	f.t.Helper()
	other := *f
	other.store = f.open(f.t)
	other.useManager(other.manager(nil))
	return &other
}

// restored returns a fixture with a new store that was restored from a dump.
func (f *fixture) restored(parts []accounts.DumpPart) *fixture {
	f.t.Helper()
	other := f.another()
	f.NoError(other.store.Restore(f.ctx, replaying(parts)))
	return other
}

// otherBucket is a bucket whose entries fixture.dump does not return.
const otherBucket = "other"

// seedEverything creates rows with all fields and holds on all levels; removed rows and events without their texts; expired
// subscriptions and entries; and pruned events, also before others that were kept.
func (f *fixture) seedEverything() fixtureData {
	f.t.Helper()
	f.account("pruned", "pruned.example")
	f.clock.advance(-time.Hour)
	f.account("kept") // although a later event is pruned
	f.clock.advance(time.Hour)
	_, err := f.clients.PruneEvents(f.ctx, f.clock.now().Add(-time.Hour).Add(time.Nanosecond))
	f.NoError(err)
	f.account("early")
	_, err = f.clients.PruneEvents(f.ctx, f.clock.now())
	f.NoError(err)
	f.clock.advance(time.Hour)
	data := f.seedSuspended()
	peach := f.create(accounts.New{
		Login: "peach", Password: password, ExternalID: "crm-1", Locale: "it-IT", AdditionalInfo: "info\nof two lines",
		Description: `"quoted" \ {}`, Attributes: map[string]string{"vat": `IT"1\`, "empty-label": "ü"},
		Contact: accounts.Contact{
			Name: "Peach", Company: "Castle", Email: "peach@castle.example", Phone: "+39 081 555 01 42", Address: "Via 1",
			City: "Napoli", State: "NA", PostalCode: "80100", Country: "IT",
		},
		CreatedAt: time.Date(2001, time.February, 3, 4, 5, 6, 789_000, time.UTC),
		Subscription: &subscriptions.New{
			Name: "Castle", Plan: "pro", Description: "secret", ExternalID: "order-1", Attributes: map[string]string{"disk": "10"},
			ExpiresAt: f.clock.now().Add(time.Minute), Domains: []string{"peach.example", "bücher.example", "a.peach.example"},
		},
	})
	castle := f.onlySubscription(peach.ID)
	_, err = f.subs.UpdateDomain(f.ctx, f.getDomain("peach.example").ID, subscriptions.DomainChanges{Attributes: map[string]string{"php": "8.4"}})
	f.NoError(err)
	f.NoError(f.subs.SetMainDomain(f.ctx, f.getDomain("a.peach.example").ID))
	f.subscribe(subscriptions.New{AccountID: peach.ID, Name: "due", ExpiresAt: f.clock.now().Add(time.Hour)})
	f.clock.advance(2 * time.Minute)
	_, err = f.subs.Expire(f.ctx)
	f.NoError(err)
	f.suspendAccount(peach.ID, accounts.Hold{Cause: "unpaid", Message: "lifted"})
	f.activateAccount(peach.ID)
	gone := f.account("gone", "gone.example")
	f.suspendAccount(gone.ID, accounts.Hold{Note: "personal"})
	f.suspendDomain("gone.example", accounts.Hold{Note: "personal"})
	f.remove(gone.ID)
	_, err = f.subs.RemoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("xn--bcher-kva.example").ID})
	f.NoError(err)
	f.put(accounts.Entry{Key: "deleted"}, accounts.Any)
	f.NoError(f.clients.Bucket(suiteBucket).Delete(f.ctx, "deleted"))
	f.put(accounts.Entry{Key: "empty"}, accounts.Any)
	f.put(accounts.Entry{Key: "expired", ExpiresAt: f.clock.now().Add(time.Second)}, accounts.Any)
	f.put(accounts.Entry{Key: "expires", Value: []byte("\x00\xff\\x"), ExpiresAt: f.clock.now().Add(time.Hour)}, accounts.Any)
	f.put(accounts.Entry{Key: fmt.Sprintf("account/%d/session", peach.ID), Value: []byte("s")}, accounts.Any)
	f.clock.advance(time.Minute)
	data.blog = castle
	return data
}

// seedMany creates more of each kind than a part has.
func (f *fixture) seedMany() {
	f.t.Helper()
	f.NoError(f.store.Update(f.ctx, func(tx accounts.Tx) error {
		const n = 510
		c, err := tx.Claim(accounts.Claim{NewAccounts: n, Claim: subscriptions.Claim{NewSubscriptions: n, NewDomains: n}})
		if err != nil {
			return err
		}
		w := accounts.Writes{}
		at := f.clock.storedNow()
		for i := range n {
			var a accounts.Record
			a.ID, a.Login, a.Contact.Name, a.Hash = c.AccountIDs[i], "many"+strconv.Itoa(i), "Many", "hash"
			a.Version, a.SessionEpoch, a.CreatedAt, a.UpdatedAt = 1, 1, at, at
			s := subscriptions.Record{Main: c.DomainIDs[i]}
			s.ID, s.AccountID, s.Name, s.Version, s.CreatedAt, s.UpdatedAt = c.SubscriptionIDs[i], a.ID, "Many", 1, at, at
			d := subscriptions.Domain{ID: s.Main, SubscriptionID: s.ID, Name: fmt.Sprintf("many%d.example", i), CreatedAt: at}
			w.AddAccounts, w.AddSubscriptions, w.AddDomains = append(w.AddAccounts, a), append(w.AddSubscriptions, s), append(w.AddDomains, d)
			e := accounts.Entry{Key: strconv.Itoa(i), Value: []byte{byte(i)}, Version: 1}
			w.PutEntries = append(w.PutEntries, accounts.EntryWrite{Bucket: otherBucket, Entry: e})
			w.Events = append(w.Events, accounts.Event{At: at, Type: subscriptions.AccountSignedInAs, AccountID: a.ID})
		}
		return tx.Save(w)
	}))
}

// sameContents asserts that two stores contain the same.
func (f *fixture) sameContents(other *fixture) {
	f.t.Helper()
	f.Equal(f.dump(), other.dump())
	f.Equal(f.entries(otherBucket), other.entries(otherBucket))
	want, err := f.store.Events(f.ctx, accounts.EventParams{Limit: 1})
	f.NoError(err)
	got, err := other.store.Events(f.ctx, accounts.EventParams{Limit: 1})
	f.NoError(err)
	f.Equal(want, got)
}

func copyEverything(f *fixture) {
	f.seedEverything()
	first := f.restored(f.takeDump())
	f.sameContents(first)
	second := first.restored(first.takeDump())
	f.sameContents(second)
}

func copyEmpty(f *fixture) {
	parts := f.takeDump()
	f.Len(parts, 1)
	f.NotNil(parts[0].Head)
	f.Zero(parts[0].Head.Rows)
	other := f.restored(parts)
	f.sameContents(other)
	f.NoError(other.store.Restore(f.ctx, replaying(parts)), "the store is still empty")
	f.NoError(other.store.Restore(f.ctx, func(func(accounts.DumpPart) error) error { return nil }), "a dump without parts")
	other.account("mario")
}

// kindOf returns the number of the kind of rows that a part has, of which it must have one.
func (f *fixture) kindOf(p accounts.DumpPart) int {
	f.t.Helper()
	kind := -1
	for i, n := range []int{len(p.Accounts), len(p.Subscriptions), len(p.Domains), len(p.Entries), len(p.Events)} {
		f.LessOrEqual(n, 500, "rows of a part")
		if n > 0 {
			f.Equal(-1, kind, "a part must have rows of one kind")
			kind = i
		}
	}
	f.GreaterOrEqual(kind, 0, "a part after the first must have rows")
	return kind
}

func dumpParts(f *fixture) {
	f.seedEverything()
	f.seedMany()
	parts := f.takeDump()
	f.NotNil(parts[0].Head, "the first part must have the head")
	head := *parts[0].Head
	var all accounts.DumpPart
	last := 0
	for i, p := range parts {
		if i == 0 {
			f.Zero(p.Rows(), "the first part must have no rows")
			continue
		}
		f.Nil(p.Head)
		kind := f.kindOf(p)
		f.GreaterOrEqual(kind, last, "the kinds must be passed in their order")
		last = kind
		all.Accounts, all.Subscriptions = append(all.Accounts, p.Accounts...), append(all.Subscriptions, p.Subscriptions...)
		all.Domains, all.Entries = append(all.Domains, p.Domains...), append(all.Entries, p.Entries...)
		all.Events = append(all.Events, p.Events...)
	}
	f.Equal(all.Rows(), head.Rows)
	want := f.dump()
	f.Len(all.Accounts, len(want.Accounts))
	f.Len(all.Subscriptions, len(want.Subscriptions))
	f.Len(all.Domains, len(want.Domains))
	f.Len(all.Events, len(want.Events))
	f.True(slices.IsSortedFunc(all.Accounts, func(a, b accounts.Record) int { return int(a.ID - b.ID) }), "accounts by id")
	f.True(slices.IsSortedFunc(all.Subscriptions, func(a, b subscriptions.Record) int { return int(a.ID - b.ID) }), "subscriptions by id")
	f.True(slices.IsSortedFunc(all.Domains, func(a, b subscriptions.Domain) int { return int(a.ID - b.ID) }), "domains by id")
	f.True(slices.IsSortedFunc(all.Events, func(a, b accounts.NumberedEvent) int { return int(a.Number - b.Number) }), "events by number")
	var keys []string
	for _, e := range all.Entries {
		keys = append(keys, e.Bucket+" "+e.Key)
	}
	f.True(slices.IsSorted(keys), "entries by bucket and key")
	for _, a := range all.Accounts {
		f.LessOrEqual(a.ID, head.AccountID)
		f.NotEmpty(a.Hash)
	}
	f.Equal(all.Events[len(all.Events)-1].Number, head.Event)
	f.Positive(head.Pruned)
	f.Equal(want, f.restored(parts).dump())
}

func dumpInstant(f *fixture) {
	data := f.seed()
	f.events()
	f.suspendAccount(data.mario.ID, accounts.Hold{Cause: accounts.CauseBilling}) // not read before the dump
	parts := f.takeDump()
	want := f.dump()
	f.account("later")
	other := f.restored(parts)
	f.Equal(want, other.dump(), "the dump must contain the events with the numbers that they have")
}

// dumpDuring runs commands at each part of a dump. It does not wait for them for long: a store with one connection runs them after
// the dump.
func dumpDuring(f *fixture) {
	f.seedSuspended()
	f.put(accounts.Entry{Key: "k"}, accounts.Any)
	want := f.dump()
	var parts []accounts.DumpPart
	var running sync.WaitGroup
	f.NoError(f.store.Dump(f.ctx, func(p accounts.DumpPart) error {
		parts = append(parts, p)
		done := make(chan struct{})
		n := len(parts)
		running.Go(func() {
			defer close(done)
			in := newAccount(fmt.Sprintf("during%d", n))
			in.Subscription = &subscriptions.New{Domains: []string{fmt.Sprintf("during%d.example", n)}}
			if _, err := f.clients.Create(f.ctx, in); err != nil {
				f.t.Error(err)
			}
			if _, err := f.clients.Bucket(suiteBucket).Put(f.ctx, accounts.Entry{Key: fmt.Sprintf("l%d", n)}, accounts.Any); err != nil {
				f.t.Error(err)
			}
		})
		select {
		case <-done:
		case <-time.After(10 * overlapTime):
		}
		return nil
	}))
	running.Wait()
	f.Equal(want, f.restored(parts).dump())
	f.consistent()
}

func dumpIsOwned(f *fixture) {
	f.seedEverything()
	parts := f.takeDump()
	var copied *fixture
	f.unchanged(func() {
		copied = f.restored(parts)
		for _, p := range parts {
			for _, a := range p.Accounts {
				changeMap(a.Attributes)
				changeHolds(a.Holds)
			}
			for _, s := range p.Subscriptions {
				changeMap(s.Attributes)
				changeHolds(s.Holds)
			}
			for _, d := range p.Domains {
				changeMap(d.Attributes)
				changeHolds(d.Holds)
			}
			for _, e := range p.Entries {
				for i := range e.Value {
					e.Value[i]++
				}
			}
			for _, e := range p.Events {
				changeMap(e.Details)
			}
		}
	})
	f.sameContents(copied)
}

func changeMap(m map[string]string) {
	for key := range m {
		m[key] = "changed"
	}
}

func changeHolds(holds accounts.Holds) {
	for i := range holds {
		holds[i].Note = "changed"
	}
}

func dumpError(f *fixture) {
	f.seed()
	f.put(accounts.Entry{Key: "k"}, accounts.Any)
	stop := errors.New("enough")
	for last := 1; last <= 6; last++ {
		calls := 0
		err := f.store.Dump(f.ctx, func(accounts.DumpPart) error {
			calls++
			if calls == last {
				return stop
			}
			return nil
		})
		f.True(err == stop, "want the error itself, not %v", err) //nolint:errorlint,testifylint // it must not be wrapped
		f.Equal(last, calls)
	}
	f.account("afterwards")
}

func copyCursors(f *fixture) {
	f.account("ada")
	f.clock.advance(time.Hour)
	for _, login := range []string{"bea", "cleo", "dora"} {
		f.account(login)
	}
	all := f.events()
	_, err := f.clients.PruneEvents(f.ctx, all[1].At)
	f.NoError(err)
	head, err := f.clients.Head(f.ctx)
	f.NoError(err)
	parts := f.takeDump()
	f.account("later")
	beyond, err := f.clients.Head(f.ctx)
	f.NoError(err)
	copied := f.restored(parts)
	_, err = copied.clients.Events(f.ctx, accounts.EventQuery{After: beyond})
	f.ErrorIs(err, accounts.ErrCursorExpired, "the copy has not given this cursor")
	err = copied.clients.Follow(f.ctx, "", nil, func(context.Context, []accounts.Event, accounts.Cursor) error { return nil })
	f.ErrorIs(err, accounts.ErrCursorExpired, "events were pruned")
	f.Equal(all[1:], copied.events())
	later, cursor := copied.eventsAfter(all[1].Cursor)
	f.Equal(all[2:], later)
	f.Equal(head, cursor)
	copied.account("new")
	more, _ := copied.eventsAfter(head)
	f.Len(more, 1)
	for i, e := range all {
		f.NotEqual(e.Cursor, more[0].Cursor, "number of event %d", i)
	}

	_, err = f.clients.PruneEvents(f.ctx, f.clock.now().Add(time.Second)) // nothing is left
	f.NoError(err)
	bare := f.restored(f.takeDump())
	_, err = bare.clients.Events(f.ctx, accounts.EventQuery{After: all[3].Cursor})
	f.ErrorIs(err, accounts.ErrCursorExpired)
	_, end := bare.eventsAfter("")
	f.Equal(beyond, end)
	bare.account("new")
	more, _ = bare.eventsAfter(beyond)
	f.Len(more, 1)
}

// copyNumbers lets the original allocate ids and versions that no row has any more.
func copyNumbers(f *fixture) {
	removed := f.account("removed", "removed.example")
	sub, domain := f.onlySubscription(removed.ID).ID, f.getDomain("removed.example").ID
	version := f.put(accounts.Entry{Key: "k"}, accounts.Any).Version
	f.remove(removed.ID)
	f.NoError(f.clients.Bucket(suiteBucket).Delete(f.ctx, "k"))
	account := removed.ID
	f.ErrorIs(f.store.Update(f.ctx, func(tx accounts.Tx) error { // rolled back
		c, err := tx.Claim(accounts.Claim{NewAccounts: 3, Claim: subscriptions.Claim{NewSubscriptions: 4, NewDomains: 5}})
		if err != nil {
			return err
		}
		account, sub, domain = c.AccountIDs[2], c.SubscriptionIDs[3], c.DomainIDs[4]
		return errRefused
	}), errRefused)
	f.ErrorIs(f.store.Update(f.ctx, func(tx accounts.Tx) error {
		l, err := tx.LockEntries(accounts.EntryLockSet{Bucket: suiteBucket, Key: "k", NewVersion: true})
		if err != nil {
			return err
		}
		version = l.Version
		return errRefused
	}), errRefused)
	parts := f.takeDump()
	for range 2 { // the copy, and a copy of the copy
		copied := f.restored(parts)
		parts = copied.takeDump()
		added := copied.account("added", "added.example")
		f.Greater(added.ID, account)
		f.Greater(copied.onlySubscription(added.ID).ID, sub)
		f.Greater(copied.getDomain("added.example").ID, domain)
		f.Greater(copied.put(accounts.Entry{Key: "k"}, accounts.Any).Version, version)
	}
}

// copyCommands runs the same commands on a store and on its copy.
func copyCommands(f *fixture) {
	data := f.seedEverything()
	copied := f.restored(f.takeDump())
	peach, err := f.clients.GetByLogin(f.ctx, "peach")
	f.NoError(err)
	for _, x := range []*fixture{f, copied} {
		_, err := x.clients.Authenticate(f.ctx, "peach", password)
		f.NoError(err)
		_, err = x.clients.CheckSession(f.ctx, peach.ID, peach.SessionEpoch)
		f.NoError(err)
		_, err = x.clients.Create(f.ctx, newAccount("peach"))
		f.taken(err, accounts.Taken{Field: "login", Value: "peach"})
		_, err = x.subs.AddDomain(f.ctx, x.onlySubscription(data.luigi.ID).ID, "b.peach.example")
		f.ErrorIs(err, accounts.ErrTaken, "the name is below one of another account")
		_, err = x.subs.Create(f.ctx, subscriptions.New{Name: "x", ExternalID: "order-1"})
		f.ErrorIs(err, accounts.ErrTaken)
		p, err := x.clients.List(f.ctx, accounts.Query{Search: "castle 5550142", Country: "IT", Plan: "pro"})
		f.NoError(err)
		f.Len(p.Items, 1)
		f.Equal(peach.ID, p.Items[0].ID)
		_, err = x.subs.Resolve(f.ctx, "www.peach.example")
		f.NoError(err)
		deleted, err := x.clients.Bucket(suiteBucket).DeleteExpired(f.ctx)
		f.NoError(err)
		f.Equal(1, deleted)
		due, err := x.store.DueSubscriptions(f.ctx, f.clock.storedNow().Add(2*time.Hour), 10)
		f.NoError(err)
		f.Len(due, 1)
		x.suspendAccount(peach.ID, accounts.Hold{Note: "personal", Message: "personal"})
		x.suspendDomain("en.game.example", accounts.Hold{Cause: "new"})
		_, err = x.subs.ActivateDomains(f.ctx, []subscriptions.DomainID{x.getDomain("blog.example").ID})
		f.NoError(err)
		_, err = x.subs.RenameDomain(f.ctx, x.getDomain("spare.example").ID, "renamed.example")
		f.NoError(err)
		x.account("later", "later.example")
		x.put(accounts.Entry{Key: "expires"}, accounts.Any)
		x.remove(data.mario.ID, peach.ID) // deletes the texts of events and the entries
	}
	f.sameContents(copied)
	_, err = f.clients.PruneEvents(f.ctx, f.clock.now())
	f.NoError(err)
	_, err = copied.clients.PruneEvents(f.ctx, f.clock.now())
	f.NoError(err)
	f.sameContents(copied)
}

func restoreNotEmpty(f *fixture) {
	f.seed()
	parts := f.takeDump()
	for what, fill := range map[string]func(*fixture){
		"an account":                   func(x *fixture) { x.account("mario") },
		"a subscription":               func(x *fixture) { x.subscription(subscriptions.Provider) },
		"an entry":                     func(x *fixture) { x.put(accounts.Entry{Key: "k"}, accounts.Any) },
		"an event of a removed row":    func(x *fixture) { x.remove(x.account("mario").ID) },
		"the number of a pruned event": func(x *fixture) { x.remove(x.account("mario").ID); x.pruneAll() },
	} {
		other := f.another()
		fill(other)
		other.unchanged(func() {
			err := other.store.Restore(f.ctx, func(func(accounts.DumpPart) error) error {
				f.Fail("dump was called although the store has " + what)
				return nil
			})
			f.invalid(err, "store")
			f.invalid(other.store.Restore(f.ctx, replaying(parts)), "store")
		})
	}
}

func (f *fixture) pruneAll() {
	f.t.Helper()
	_, err := f.clients.PruneEvents(f.ctx, f.clock.now().Add(time.Second))
	f.NoError(err)
}

// empty asserts that the store contains nothing and has given no number to an event.
func (f *fixture) empty() {
	f.t.Helper()
	f.Zero(f.takeDump()[0].Head.Rows)
	log, err := f.store.Events(f.ctx, accounts.EventParams{Limit: 1})
	f.NoError(err)
	f.Equal(accounts.EventResult{Events: []accounts.NumberedEvent{}}, accounts.EventResult{
		Events: append([]accounts.NumberedEvent{}, log.Events...), Pruned: log.Pruned, Last: log.Last,
	})
}

// partsToEachKind returns, for each kind of parts, the number of parts up to the first one of that kind.
func partsToEachKind(parts []accounts.DumpPart) []int {
	var all []int
	var prev [5]bool
	for i, p := range parts {
		has := [5]bool{len(p.Accounts) > 0, len(p.Subscriptions) > 0, len(p.Domains) > 0, len(p.Entries) > 0, len(p.Events) > 0}
		if i == 0 || has != prev {
			all = append(all, i+1)
		}
		prev = has
	}
	return append(all, len(parts))
}

func restoreFails(f *fixture) {
	f.seedEverything()
	parts := f.takeDump()
	other := f.another()
	stop := errors.New("enough")
	for _, n := range append([]int{0}, partsToEachKind(parts)...) {
		err := other.store.Restore(f.ctx, func(write func(accounts.DumpPart) error) error {
			f.NoError(replaying(parts[:n])(write))
			return stop
		})
		f.True(err == stop, "want the error itself, not %v", err) //nolint:errorlint,testifylint // it must not be wrapped
		other.empty()
	}
	f.NoError(other.store.Restore(f.ctx, replaying(parts)))
	f.sameContents(other)
}

func restorePanics(f *fixture) {
	f.seed()
	parts := f.takeDump()
	other := f.another()
	f.PanicsWithValue("enough", func() {
		_ = other.store.Restore(f.ctx, func(write func(accounts.DumpPart) error) error {
			f.NoError(replaying(parts)(write))
			panic("enough")
		})
	})
	other.empty()
	f.NoError(other.store.Restore(f.ctx, replaying(parts)))
	f.sameContents(other)
}

func copyCancelled(f *fixture) {
	f.seed()
	f.put(accounts.Entry{Key: "k"}, accounts.Any)
	parts := f.takeDump()
	other := f.another()
	cancelled := func(err error) {
		f.t.Helper()
		f.ErrorIs(err, context.Canceled)
		f.ErrorIs(err, accounts.ErrUnavailable)
	}
	for n := range len(parts) + 1 {
		ctx, cancel := context.WithCancel(f.ctx)
		calls := 0
		if n == 0 {
			cancel()
		}
		err := f.store.Dump(ctx, func(accounts.DumpPart) error {
			if calls++; calls == n {
				cancel()
			}
			return nil
		})
		if n < len(parts) { // after the last part nothing can fail any more
			cancelled(err)
			f.Equal(n, calls)
		}
		ctx, cancel = context.WithCancel(f.ctx)
		if n == 0 {
			cancel()
		}
		cancelled(other.store.Restore(ctx, func(write func(accounts.DumpPart) error) error {
			for i, p := range parts {
				_ = write(p) // its error must not be needed
				if i+1 == n {
					cancel()
				}
			}
			return nil
		}))
		cancel()
		other.empty()
	}
	f.NoError(other.store.Restore(f.ctx, replaying(parts)))
	f.sameContents(other)
}

// restoreWaits runs commands while a store is restored. The first conflicts with a row of the dump.
func restoreWaits(f *fixture) {
	f.seed()
	parts := f.takeDump()
	other := f.another()
	done := make(chan error, 1)
	f.NoError(other.store.Restore(f.ctx, func(write func(accounts.DumpPart) error) error {
		go func() {
			_, err := other.clients.Create(f.ctx, newAccount("mario"))
			done <- err
		}()
		ctx, cancel := context.WithTimeout(f.ctx, overlapTime)
		defer cancel()
		_, err := other.clients.Create(ctx, newAccount("luigi"))
		f.ErrorIs(err, context.DeadlineExceeded)
		f.ErrorIs(err, accounts.ErrUnavailable)
		return replaying(parts)(write)
	}))
	if err := <-done; !errors.Is(err, accounts.ErrUnavailable) {
		f.taken(err, accounts.Taken{Field: "login", Value: "mario"})
	}
	f.sameContents(other)
}

// copyInUse takes dumps while others run commands. Each must be of one instant: no row breaks a rule, and the events lead to
// exactly the rows.
func copyInUse(f *fixture) {
	w := newWorkload(f.ctx, f.store)
	var running sync.WaitGroup
	for worker := range 4 {
		running.Go(func() { w.workSteps(rand.New(rand.NewPCG(rand.Uint64(), uint64(worker))), 30) }) //nolint:gosec // no secret
	}
	var dumps [][]accounts.DumpPart
	for range 4 {
		dumps = append(dumps, f.takeDump())
		time.Sleep(5 * time.Millisecond)
	}
	running.Wait()
	f.Empty(w.failures)
	for _, parts := range append(dumps, f.takeDump()) {
		f.restored(parts).consistent()
	}
}

func copyInTransaction(f *fixture) {
	data := f.seed()
	f.NoError(f.store.Transaction(f.ctx, func(ctx context.Context, in accounts.Store) error {
		f.invalid(in.Dump(ctx, func(accounts.DumpPart) error { return errors.New("called") }), "transaction")
		f.invalid(in.Restore(ctx, func(func(accounts.DumpPart) error) error { return errors.New("called") }), "transaction")
		return nil
	}))
	f.suspendAccount(data.mario.ID, accounts.Hold{})
}
