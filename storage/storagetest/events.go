package storagetest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// eventCases returns the cases about the event log: what commands record, reading and pruning.
func eventCases() []testCase {
	return []testCase{
		{"every command records exactly its events", commandEvents},
		{"a move of a domain between accounts records an event for each", movedEvents},
		{"the event of a hold has its cause, texts and actor", holdEvents},
		{"a command that is refused or changes nothing records no events", noEvents},
		{"events are read in pages, oldest or newest first", eventPages},
		{"events are filtered by account", eventsOfAccount},
		{"a cursor continues right after its event, also when more events were recorded", eventCursors},
		{"a reader at the end of the log can continue from there", eventsAtTheEnd},
		{"a reader misses no event of a transaction that was open while others committed", lateCommit},
		{"a reader sees the events of an account in their order while a removal redacts some of them", orderDuringRedaction},
		{"pruning removes exactly the events before the given time", pruneEvents},
		{"pruning removes events that were never read", pruneUnreadEvents},
		{"a cursor expires if an event after it was pruned", prunedCursor},
		{"a cursor that has expired does not become valid by pruning more", prunedOutOfOrder},
		{"a cursor beyond the end of the log has expired", cursorBeyondLog},
		{"event numbers are not reused after all events were pruned", numbersNotReused},
		{"the actor is recorded with each event, as one line of at most 255 characters", actorOfEvents},
	}
}

// summaries returns a line for each event: its type, subject and details.
func summaries(events []accounts.Event) []string {
	var all []string
	for _, e := range events {
		all = append(all, fmt.Sprintf("%s %d/%d/%d %s %v", e.Type, e.AccountID, e.SubscriptionID, e.DomainID, e.Domain, e.Details))
	}
	return all
}

func commandEvents(f *fixture) {
	data := f.seed()
	m, l, b, g := data.mario.ID, data.luigi.ID, data.blog.ID, data.game.ID
	blog, second := f.getDomain("blog.example").ID, f.getDomain("en.blog.example").ID
	owner := f.clients.Owner(m)
	var added subscriptions.Domain
	var token string
	for _, c := range []struct {
		name string
		do   func() error
		want []string
	}{
		{"Update", func() error {
			_, err := f.clients.Update(f.ctx, m, accounts.Changes{Description: ptr("x"), AdditionalInfo: ptr("y")})
			return err
		}, []string{fmt.Sprintf("account.updated %d/0/0  map[fields:additionalInfo,description]", m)}},
		{"Update of the login", func() error {
			_, err := f.clients.Update(f.ctx, m, accounts.Changes{Login: ptr("Super"), Locale: ptr("it")})
			return err
		}, []string{fmt.Sprintf("account.updated %d/0/0  map[fields:login,locale from:mario to:super]", m)}},
		{"Update of the login back", func() error {
			_, err := f.clients.Update(f.ctx, m, accounts.Changes{Login: ptr("mario")})
			return err
		}, []string{fmt.Sprintf("account.updated %d/0/0  map[fields:login from:super to:mario]", m)}},
		{"SetContact", func() error {
			_, err := owner.SetContact(f.ctx, 0, accounts.Contact{Name: "Mario", City: "Roma"}, "")
			return err
		}, []string{fmt.Sprintf("account.updated %d/0/0  map[fields:contact.name,contact.city]", m)}},
		{"SetPassword", func() error { return f.clients.SetPassword(f.ctx, m, password) }, []string{fmt.Sprintf("account.password-changed %d/0/0  map[]", m)}},
		{"ChangePassword", func() error {
			_, err := owner.ChangePassword(f.ctx, password, "another password")
			return err
		}, []string{fmt.Sprintf("account.password-changed %d/0/0  map[]", m)}},
		{"ResetToken", func() (err error) {
			token, err = f.clients.ResetToken(f.ctx, m, time.Hour)
			return err
		}, []string{fmt.Sprintf("account.reset-link-made %d/0/0  map[]", m)}},
		{"ResetPassword", func() error {
			_, err := f.clients.ResetPassword(f.ctx, token, password)
			return err
		}, []string{fmt.Sprintf("account.password-changed %d/0/0  map[]", m)}},
		{"Authenticate", func() error {
			_, err := f.clients.Authenticate(f.ctx, "mario", password)
			return err
		}, nil},
		{"SignInAs", func() error {
			_, err := f.clients.SignInAs(f.ctx, m)
			return err
		}, []string{fmt.Sprintf("account.signed-in-as %d/0/0  map[]", m)}},
		{"Suspend", func() error {
			_, err := f.clients.Suspend(f.ctx, []accounts.ID{l, m}, accounts.Hold{})
			return err
		}, []string{
			fmt.Sprintf("account.suspended %d/0/0  map[cause:provider]", m),
			fmt.Sprintf("account.suspended %d/0/0  map[cause:provider]", l),
		}},
		{"Suspend for another cause", func() error {
			_, err := f.clients.Suspend(f.ctx, []accounts.ID{m}, accounts.Hold{Cause: accounts.CauseAbuse})
			return err
		}, []string{fmt.Sprintf("account.suspended %d/0/0  map[cause:abuse]", m)}},
		{"Lift", func() error {
			_, err := f.clients.Lift(f.ctx, []accounts.ID{l, m}, []accounts.Cause{accounts.CauseAbuse})
			return err
		}, []string{fmt.Sprintf("account.activated %d/0/0  map[cause:abuse]", m)}},
		{"Activate", func() error {
			_, err := f.clients.Activate(f.ctx, []accounts.ID{m, l})
			return err
		}, []string{
			fmt.Sprintf("account.activated %d/0/0  map[cause:provider]", m),
			fmt.Sprintf("account.activated %d/0/0  map[cause:provider]", l),
		}},
		{"Update of a subscription", func() error {
			_, err := f.subs.Update(f.ctx, b, subscriptions.Changes{Plan: ptr("gold")})
			return err
		}, []string{fmt.Sprintf("subscription.updated %d/%d/0  map[fields:plan]", m, b)}},
		{"Assign", func() error {
			_, err := f.subs.Assign(f.ctx, []subscriptions.ID{b, g}, l)
			return err
		}, []string{
			fmt.Sprintf("subscription.unassigned %d/%d/0  map[from:%d to:%d]", m, b, m, l),
			fmt.Sprintf("subscription.assigned %d/%d/0  map[from:%d to:%d]", l, b, m, l),
		}},
		{"Assign to the provider", func() error {
			_, err := f.subs.Assign(f.ctx, []subscriptions.ID{b}, subscriptions.Provider)
			return err
		}, []string{fmt.Sprintf("subscription.unassigned %d/%d/0  map[from:%d to:0]", l, b, l)}},
		{"Assign from the provider", func() error {
			_, err := f.subs.Assign(f.ctx, []subscriptions.ID{b}, m)
			return err
		}, []string{fmt.Sprintf("subscription.assigned %d/%d/0  map[from:0 to:%d]", m, b, m)}},
		{"UpdateHolds of a subscription without that hold", func() error {
			_, err := f.subs.UpdateHolds(f.ctx, []subscriptions.ID{b}, accounts.CauseProvider, accounts.HoldTexts{Note: ptr("x")})
			return err
		}, nil},
		{"Suspend of a subscription", func() error {
			_, err := f.subs.Suspend(f.ctx, []subscriptions.ID{b}, accounts.Hold{})
			return err
		}, []string{fmt.Sprintf("subscription.suspended %d/%d/0  map[cause:provider]", m, b)}},
		{"Activate of a subscription", func() error {
			_, err := f.subs.Activate(f.ctx, []subscriptions.ID{b})
			return err
		}, []string{fmt.Sprintf("subscription.activated %d/%d/0  map[cause:provider]", m, b)}},
		{"AddDomain", func() (err error) {
			added, err = f.subs.AddDomain(f.ctx, b, "added.example")
			return err
		}, nil}, // set below, when its id is known
		{"SetMainDomain", func() error { return f.subs.SetMainDomain(f.ctx, second) }, []string{
			fmt.Sprintf("domain.main-changed %d/%d/%d en.blog.example map[from:%d to:%d]", m, b, second, blog, second),
		}},
		{"DisableDomains", func() error {
			_, err := owner.DisableDomains(f.ctx, []subscriptions.DomainID{second})
			return err
		}, []string{fmt.Sprintf("domain.suspended %d/%d/%d en.blog.example map[cause:customer]", m, b, second)}},
		{"EnableDomains", func() error {
			_, err := owner.EnableDomains(f.ctx, []subscriptions.DomainID{second})
			return err
		}, []string{fmt.Sprintf("domain.activated %d/%d/%d en.blog.example map[cause:customer]", m, b, second)}},
		{"UpdateDomain", func() error {
			_, err := f.subs.UpdateDomain(f.ctx, second, subscriptions.DomainChanges{Attributes: map[string]string{"php": "8.4"}})
			return err
		}, []string{fmt.Sprintf("domain.updated %d/%d/%d en.blog.example map[fields:attributes]", m, b, second)}},
		{"UpdateDomain that changes nothing", func() error {
			_, err := f.subs.UpdateDomain(f.ctx, second, subscriptions.DomainChanges{Attributes: map[string]string{"php": " 8.4 ", "none": ""}})
			return err
		}, nil},
		{"RenameDomain", func() error {
			_, err := f.subs.RenameDomain(f.ctx, second, "it.blog.example")
			return err
		}, []string{fmt.Sprintf("domain.renamed %d/%d/%d it.blog.example map[from:en.blog.example to:it.blog.example]", m, b, second)}},
		{"RemoveDomains", func() error {
			_, err := f.subs.RemoveDomains(f.ctx, []subscriptions.DomainID{blog})
			return err
		}, []string{fmt.Sprintf("domain.removed %d/%d/%d blog.example map[]", m, b, blog)}},
	} {
		events := f.eventsOf(func() { f.NoError(c.do(), c.name) })
		if c.name == "AddDomain" {
			c.want = []string{fmt.Sprintf("domain.added %d/%d/%d added.example map[]", m, b, added.ID)}
		}
		f.Equal(c.want, summaries(events), c.name)
		for _, event := range events {
			f.Equal(actor, event.Actor, c.name)
			f.Equal(f.clock.storedNow(), event.At, c.name)
		}
	}
}

func movedEvents(f *fixture) {
	data := f.seed()
	d := f.addDomain(data.blog.ID, "roaming.example").ID
	for _, c := range []struct {
		to       subscriptions.Subscription
		from     subscriptions.Subscription
		involved []accounts.ID
	}{
		{data.shop, data.blog, []accounts.ID{data.mario.ID}},
		{data.game, data.shop, []accounts.ID{data.mario.ID, data.luigi.ID}},
		{data.spare, data.game, []accounts.ID{data.luigi.ID}},
		{data.blog, data.spare, []accounts.ID{data.mario.ID}},
	} {
		events := f.eventsOf(func() {
			_, err := f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{d}, c.to.ID)
			f.NoError(err)
		})
		var involved []accounts.ID
		for _, event := range events {
			involved = append(involved, event.AccountID)
			f.Equal(subscriptions.DomainMoved, event.Type)
			f.Equal(d, event.DomainID)
			f.Equal("roaming.example", event.Domain)
			f.Equal(map[string]string{"from": fmt.Sprint(c.from.ID), "to": fmt.Sprint(c.to.ID)}, event.Details)
		}
		f.ElementsMatch(c.involved, involved)
	}
}

func holdEvents(f *fixture) {
	for _, ops := range f.levels() {
		id := ops.ids[:1]
		events := f.eventsOf(func() {
			_, err := ops.Suspend(f.ctx, id, accounts.Hold{Cause: "one", Note: "n", Message: "m", Public: "p"})
			f.NoError(err)
			_, err = ops.Suspend(f.ctx, id, accounts.Hold{Cause: "one", Message: "changed"})
			f.NoError(err)
			_, err = ops.Suspend(f.ctx, id, accounts.Hold{Cause: "two"})
			f.NoError(err)
			_, err = ops.Activate(f.ctx, id)
			f.NoError(err)
		})
		var details []map[string]string
		for i, event := range events {
			details = append(details, event.Details)
			f.Equal(actor, event.Actor)
			f.Equal(accounts.EventType(ops.level)+[]accounts.EventType{".suspended", ".hold-updated", ".suspended", ".activated"}[i], event.Type)
		}
		f.Equal([]map[string]string{
			{"cause": "one", "note": "n", "message": "m", "public": "p"},
			{"cause": "one", "note": "n", "message": "changed", "public": "p"},
			{"cause": "two"},
			{"cause": "one,two"},
		}, details, "at the level %s", ops.level)
	}
}

func noEvents(f *fixture) {
	data := f.seed()
	f.Empty(f.eventsOf(func() {
		_, err := f.clients.Activate(f.ctx, []accounts.ID{data.mario.ID})
		f.NoError(err)
		_, err = f.subs.Assign(f.ctx, []subscriptions.ID{data.blog.ID}, data.mario.ID)
		f.NoError(err)
		_, err = f.clients.Create(f.ctx, newAccount("mario"))
		f.Error(err)
		_, err = f.clients.Suspend(f.ctx, []accounts.ID{data.mario.ID, unusedID}, accounts.Hold{})
		f.Error(err)
		_, err = f.clients.Update(f.ctx, data.mario.ID, accounts.Changes{Version: 7})
		f.Error(err)
		_, err = f.clients.PreviewRemoval(f.ctx, []accounts.ID{data.mario.ID})
		f.NoError(err)
	}))
}

func eventPages(f *fixture) {
	f.seedSuspended()
	all := f.events()
	f.Greater(len(all), 20)
	cursors := map[accounts.Cursor]bool{}
	for _, e := range all {
		f.NotEmpty(e.Cursor)
		cursors[e.Cursor] = true
	}
	f.Len(cursors, len(all), "cursors must be unique")
	for _, limit := range []int{1, 7, len(all), len(all) + 1} {
		f.Equal(all, f.readPages(accounts.EventQuery{Limit: limit}))
		newest := f.readPages(accounts.EventQuery{Limit: limit, Desc: true})
		slices.Reverse(newest)
		f.Equal(all, newest, "newest first, limit %d", limit)
	}
}

// readPages returns all events that q selects. Newest first, the last page has no Next; oldest first, it is empty.
func (f *fixture) readPages(q accounts.EventQuery) []accounts.Event {
	f.t.Helper()
	var all []accounts.Event
	for {
		p, err := f.clients.Events(f.ctx, q)
		f.NoError(err)
		f.LessOrEqual(len(p.Items), q.Limit)
		if !q.Desc && len(p.Items) == 0 {
			return all
		}
		all = append(all, p.Items...)
		if !f.nextPage(&q.After, p.Next) {
			return all
		}
	}
}

func eventsOfAccount(f *fixture) {
	data := f.seedSuspended()
	f.assign(data.luigi.ID, data.blog.ID)
	f.remove(data.mario.ID)
	for _, id := range []accounts.ID{data.mario.ID, data.luigi.ID, unusedID} {
		var want []accounts.Event
		for _, event := range f.events() {
			if event.AccountID == id {
				want = append(want, event)
			}
		}
		f.Equal(want, f.readPages(accounts.EventQuery{AccountID: &id, Limit: 3}))
		slices.Reverse(want)
		f.Equal(want, f.readPages(accounts.EventQuery{AccountID: &id, Limit: 3, Desc: true}))
	}
	for _, event := range f.readPages(accounts.EventQuery{AccountID: ptr(subscriptions.Provider), Limit: 100}) {
		f.Equal(data.spare.ID, event.SubscriptionID)
	}
}

func eventCursors(f *fixture) {
	data := f.seed()
	before := f.events()
	f.suspendAccount(data.mario.ID, accounts.Hold{})
	all := f.events()
	f.Equal(before, all[:len(before)])
	for i, event := range all {
		later, _ := f.eventsAfter(event.Cursor)
		f.Len(later, len(all)-i-1)
		if len(later) > 0 {
			f.Equal(all[i+1:], later)
		}
		p, err := f.clients.Events(f.ctx, accounts.EventQuery{After: event.Cursor, Desc: true, Limit: 500})
		f.NoError(err)
		f.Len(p.Items, i, "newest first, a cursor must continue with older events")
	}
}

func eventsAtTheEnd(f *fixture) {
	p, err := f.clients.Events(f.ctx, accounts.EventQuery{})
	f.NoError(err)
	f.Empty(p.Items)
	mario := f.account("mario")
	p, err = f.clients.Events(f.ctx, accounts.EventQuery{After: p.Next})
	f.NoError(err)
	f.Len(p.Items, 1)
	for range 3 {
		again, err := f.clients.Events(f.ctx, accounts.EventQuery{After: p.Next})
		f.NoError(err)
		f.Empty(again.Items)
		f.NotEmpty(again.Next)
		p.Next = again.Next
	}
	unknown, err := f.clients.Events(f.ctx, accounts.EventQuery{AccountID: ptr(accounts.ID(unusedID))})
	f.NoError(err)
	f.Empty(unknown.Items)
	f.suspendAccount(mario.ID, accounts.Hold{})
	for _, after := range []accounts.Cursor{p.Next, unknown.Next} {
		more, err := f.clients.Events(f.ctx, accounts.EventQuery{After: after})
		f.NoError(err)
		f.Len(more.Items, 1)
		f.Equal(subscriptions.AccountSuspended, more.Items[0].Type)
	}
}

func lateCommit(f *fixture) {
	mario, luigi := f.account("mario"), f.account("luigi")
	reader, cursor := f.eventsAfter("")
	end := f.holdOpen(func(tx accounts.Tx) error {
		return tx.Save(accounts.Writes{Writes: subscriptions.Writes{Events: []accounts.Event{{
			At: f.clock.storedNow(), Type: subscriptions.AccountSignedInAs, Actor: "late", AccountID: mario.ID,
		}}}})
	})
	// A store may make this command wait until its context ends, which is correct, too.
	shortCtx, cancel := context.WithTimeout(f.ctx, 300*time.Millisecond)
	defer cancel()
	_, err := f.clients.Suspend(shortCtx, []accounts.ID{luigi.ID}, accounts.Hold{})
	want := 1
	if err == nil {
		want = 2
		more, next := f.tryEvents(shortCtx, cursor)
		reader, cursor = append(reader, more...), next
	} else {
		f.ErrorIs(err, accounts.ErrUnavailable)
		f.ErrorIs(err, context.DeadlineExceeded)
	}
	_, err = end()
	f.NoError(err)
	more, _ := f.eventsAfter(cursor)
	reader = append(reader, more...)
	f.Equal(f.events(), reader, "the reader must have seen each event once, in the order of the log")
	f.Len(reader, 2+want)
}

// orderDuringRedaction reads while a removal is open that has deleted the texts of two of three events. A store may hold events
// back until the removal has ended.
func orderDuringRedaction(f *fixture) {
	mario := f.account("mario")
	f.suspendAccount(mario.ID, accounts.Hold{Note: "secret"})
	f.activateAccount(mario.ID)
	end := f.holdOpen(func(tx accounts.Tx) error {
		if _, err := tx.LockHolds([]accounts.ID{mario.ID}); err != nil {
			return err
		}
		w := accounts.Writes{RemoveAccounts: []accounts.ID{mario.ID}}
		w.Events = []accounts.Event{{At: f.clock.storedNow(), Type: subscriptions.AccountRemoved, AccountID: mario.ID}}
		return tx.Save(w)
	})
	ctx, cancel := context.WithTimeout(f.ctx, 300*time.Millisecond)
	defer cancel()
	seen, cursor := f.tryEvents(ctx, "")
	_, err := end()
	f.NoError(err)
	more, _ := f.eventsAfter(cursor)
	var types []accounts.EventType
	for _, event := range append(seen, more...) {
		types = append(types, event.Type)
	}
	f.Equal([]accounts.EventType{subscriptions.AccountCreated, subscriptions.AccountSuspended, subscriptions.AccountActivated, subscriptions.AccountRemoved}, types)
}

// tryEvents returns the events after a cursor, or none if the store has no connection left to read them.
func (f *fixture) tryEvents(ctx context.Context, after accounts.Cursor) ([]accounts.Event, accounts.Cursor) {
	p, err := f.clients.Events(ctx, accounts.EventQuery{After: after})
	if err != nil {
		return nil, after
	}
	return p.Items, p.Next
}

func pruneEvents(f *fixture) {
	f.account("mario")
	f.clock.advance(time.Hour)
	f.account("luigi")
	f.clock.advance(time.Hour)
	f.account("peach")
	all := f.events()
	n, err := f.clients.PruneEvents(f.ctx, all[0].At)
	f.NoError(err)
	f.Zero(n, "an event at exactly the given time must be kept")
	n, err = f.clients.PruneEvents(f.ctx, all[1].At.Add(time.Microsecond))
	f.NoError(err)
	f.Equal(2, n)
	f.Equal(all[2:], f.events())
	n, err = f.clients.PruneEvents(f.ctx, all[1].At.Add(time.Microsecond))
	f.NoError(err)
	f.Zero(n)
	f.Len(f.dump().Accounts, 3)
	f.unchanged(func() {
		for _, invalid := range []time.Time{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(1<<43, 0), time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)} {
			_, err := f.clients.PruneEvents(f.ctx, invalid)
			f.invalid(err, "before")
		}
	})
}

func pruneUnreadEvents(f *fixture) {
	f.account("mario")
	f.clock.advance(time.Hour)
	f.account("luigi")
	n, err := f.clients.PruneEvents(f.ctx, f.clock.now())
	f.NoError(err)
	f.Equal(1, n, "an event that no reader has seen must be pruned as any other")
	kept := f.events()
	f.Len(kept, 1)
	f.Equal("luigi", kept[0].Details["login"])
}

func prunedCursor(f *fixture) {
	for _, login := range []string{"ada", "bea", "cleo", "dora"} {
		f.account(login)
		f.clock.advance(time.Hour)
	}
	all := f.events()
	_, err := f.clients.PruneEvents(f.ctx, all[2].At)
	f.NoError(err)
	_, err = f.clients.Events(f.ctx, accounts.EventQuery{After: all[0].Cursor})
	f.ErrorIs(err, accounts.ErrCursorExpired)
	_, err = f.clients.Events(f.ctx, accounts.EventQuery{After: all[0].Cursor, AccountID: &all[0].AccountID})
	f.ErrorIs(err, accounts.ErrCursorExpired)
	for i := 1; i < len(all); i++ {
		later, _ := f.eventsAfter(all[i].Cursor)
		f.Len(later, len(all)-1-i, "number of events after cursor %d", i)
	}
	p, err := f.clients.Events(f.ctx, accounts.EventQuery{})
	f.NoError(err)
	f.Equal(all[2:], p.Items, "the empty cursor must start at the oldest event kept")
}

// prunedOutOfOrder prunes events that a clock that went back has recorded, and then those before them.
func prunedOutOfOrder(f *fixture) {
	f.account("ada")
	f.clock.advance(-time.Hour)
	f.account("bea")
	f.clock.advance(2 * time.Hour)
	f.account("cleo")
	all := f.events()
	for _, before := range []time.Time{all[0].At, all[2].At} {
		n, err := f.clients.PruneEvents(f.ctx, before)
		f.NoError(err)
		f.Equal(1, n)
		_, err = f.clients.Events(f.ctx, accounts.EventQuery{After: all[0].Cursor})
		f.ErrorIs(err, accounts.ErrCursorExpired, "an event after this cursor was pruned")
		later, _ := f.eventsAfter(all[1].Cursor)
		f.Equal(all[2:], later)
	}
}

func cursorBeyondLog(f *fixture) {
	other := f.managerFor(f.open(f.t), nil)
	for _, login := range []string{"ada", "bea", "cleo"} {
		_, err := other.Create(f.ctx, newAccount(login))
		f.NoError(err)
	}
	f.account("mario")
	p, err := other.Events(f.ctx, accounts.EventQuery{})
	f.NoError(err)
	for _, after := range []accounts.Cursor{p.Items[2].Cursor, p.Next} {
		_, err = f.clients.Events(f.ctx, accounts.EventQuery{After: after})
		f.ErrorIs(err, accounts.ErrCursorExpired, "a cursor beyond the end of the log, such as after restoring an older backup, must have expired")
	}
}

func numbersNotReused(f *fixture) {
	f.account("mario")
	old := f.events()
	f.clock.advance(time.Hour)
	n, err := f.clients.PruneEvents(f.ctx, f.clock.now())
	f.NoError(err)
	f.Equal(1, n)
	f.Empty(f.events())
	later, cursor := f.eventsAfter(old[0].Cursor)
	f.Empty(later, "all events were pruned, so there is none after this cursor")
	f.account("luigi")
	more, _ := f.eventsAfter(cursor)
	f.Len(more, 1)
	f.NotEqual(old[0].Cursor, more[0].Cursor, "a cursor must not be reused")
	n, err = f.clients.PruneEvents(f.ctx, f.clock.now().Add(-time.Minute))
	f.NoError(err)
	f.Zero(n)
}

func actorOfEvents(f *fixture) {
	for given, want := range map[string]string{"": "", "  Anna\u0308 ": "Annä", "\u202aBert\u200b\u202c": "Bert", "\u3164": "", longText(255): longText(255)} {
		ctx := accounts.WithActor(f.ctx, given)
		events := f.eventsOf(func() {
			_, err := f.clients.Create(ctx, newAccount(fmt.Sprint("customer", len(given))))
			f.NoError(err)
		})
		f.Equal(want, events[0].Actor)
	}
	a := f.getAccount(f.dump().Accounts[0].ID)
	for _, bad := range []string{longText(256), "two\nlines", "\xff", "nul\x00", "\u2800"} {
		f.unchanged(func() {
			ctx := accounts.WithActor(f.ctx, bad)
			_, err := f.clients.Create(ctx, newAccount("luigi"))
			f.invalid(err, "actor")
			_, err = f.clients.Suspend(ctx, []accounts.ID{a.ID}, accounts.Hold{})
			f.invalid(err, "actor")
			_, err = f.subs.Create(ctx, subscriptions.New{Name: "x"})
			f.invalid(err, "actor")
			_, err = f.clients.Remove(ctx, []accounts.ID{a.ID})
			f.invalid(err, "actor")
			_, err = f.clients.SignInAs(ctx, a.ID)
			f.invalid(err, "actor")
			_, err = f.subs.Expire(ctx)
			f.invalid(err, "actor")
		})
	}
}
