package storagetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// paged reads all pages of a list, and compares what they say together.
func paged[T any](h *history, what string, want []T, limit int, read func(accounts.Cursor) ([]T, accounts.Cursor, error)) {
	var all []T
	after := accounts.Cursor("")
	for {
		items, next, err := read(after)
		require.NoError(h.t, err, what)
		all = append(all, items...)
		if next == "" {
			break
		}
		require.Len(h.t, items, limit, "%s: a page with another behind it", what)
		require.Less(h.t, len(all), len(want)+limit, "%s: pages without an end", what)
		h.foreign, after = append(h.foreign, next), next
	}
	h.t.Logf("%s\n  %d items", what, len(all))
	for i := range max(len(all), len(want)) {
		switch {
		case i >= len(all):
			h.t.Fatalf("%s\nlacks    %s", what, told(want[i], nil))
		case i >= len(want):
			h.t.Fatalf("%s\nhas also %s", what, told(all[i], nil))
		case told(all[i], nil) != told(want[i], nil):
			h.t.Fatalf("%s\nitem %d  %s\nmodel   %s", what, i, told(all[i], nil), told(want[i], nil))
		}
	}
}

func (h *history) sameAccounts(q accounts.Query, limit int) {
	what := fmt.Sprintf("List(%+v)", q)
	want := h.model.listAccounts(q)
	paged(h, what, want, limit, func(after accounts.Cursor) ([]accounts.Summary, accounts.Cursor, error) {
		q.Limit, q.After = limit, after
		p, err := h.clients.List(h.ctx, q)
		return p.Items, p.Next, err
	})
	atMost := h.atMost()
	got, err := h.clients.Count(h.ctx, q, atMost)
	h.same(fmt.Sprintf("Count(%+v, %d)", q, atMost), got, err, counted(want, atMost), nil)
}

func (h *history) sameSubscriptions(q subscriptions.Query, limit int) {
	what := fmt.Sprintf("Subscriptions.List(%s)", asked(q))
	want := h.model.listSubscriptions(q)
	paged(h, what, want, limit, func(after accounts.Cursor) ([]subscriptions.Subscription, accounts.Cursor, error) {
		q.Limit, q.After = limit, after
		p, err := h.subs.List(h.ctx, q)
		return p.Items, p.Next, err
	})
	atMost := h.atMost()
	got, err := h.subs.Count(h.ctx, q, atMost)
	h.same(fmt.Sprintf("Subscriptions.Count(%s, %d)", asked(q), atMost), got, err, counted(want, atMost), nil)
}

func (h *history) sameDomains(q subscriptions.DomainQuery, limit int) {
	what := fmt.Sprintf("Domains(%s)", askedDomains(q))
	want := h.model.listDomains(q)
	paged(h, what, want, limit, func(after accounts.Cursor) ([]subscriptions.Domain, accounts.Cursor, error) {
		q.Limit, q.After = limit, after
		p, err := h.subs.Domains(h.ctx, q)
		return p.Items, p.Next, err
	})
	atMost := h.atMost()
	got, err := h.subs.CountDomains(h.ctx, q, atMost)
	h.same(fmt.Sprintf("CountDomains(%s, %d)", askedDomains(q), atMost), got, err, counted(want, atMost), nil)
}

// asked and askedDomains write queries with what their pointers point to.
func asked(q subscriptions.Query) string {
	owner := whose(q.AccountID)
	q.AccountID = nil
	return fmt.Sprintf("%+v, of %s", q, owner)
}

func askedDomains(q subscriptions.DomainQuery) string {
	owner := whose(q.AccountID)
	q.AccountID = nil
	return fmt.Sprintf("%+v, of %s", q, owner)
}

func whose(owner *accounts.ID) string {
	if owner == nil {
		return "anybody"
	}
	return fmt.Sprint(*owner)
}

func (h *history) atMost() int { return one(h, "at most", 0, 0, 1, 2, 100) }

// counted answers how many there are, up to a bound; 0 is none.
func counted[T any](all []T, atMost int) int {
	if atMost > 0 {
		return min(len(all), atMost)
	}
	return len(all)
}

func (h *history) limit() int { return one(h, "limit", 2, 5, 500) }

// search is a piece of something, in various spellings.
func (h *history) search() string {
	return one(h, "search", "", "", "", "an", "ANN", "x-", "x-2", "example", "EX", "w.ex", "bücher", "xn--", "%", "ss", "rasse 1",
		"žof", "rossi & f", "osting", "_", `\`, " mail ")
}

func (h *history) status() accounts.Status {
	return one[accounts.Status](h, "status", "", "", accounts.Active, accounts.Suspended)
}

func (h *history) cause() accounts.Cause {
	return one[accounts.Cause](h, "cause", "", "", "", accounts.CauseBilling, accounts.CauseAbuse, accounts.CauseExpired)
}

// selection is nil or some ids.
func selection[K ~int64](h *history, known []K) []K {
	if !h.chance(4) {
		return nil
	}
	return append(ids(h, "selected", known), unknown)
}

// ownerFilter is anybody, somebody or the provider.
func (h *history) ownerFilter() *accounts.ID {
	if !h.chance(2) {
		return nil
	}
	return point(h.owner())
}

func (h *history) listAccounts() {
	h.sameAccounts(accounts.Query{
		IDs: selection(h, sorted(h.model.accounts)), Search: h.search(), Status: h.status(), Cause: h.cause(),
		Country: one(h, "country", "", "", "IT", "CH"), Desc: h.chance(2),
		Sort: one(h, "sort", accounts.SortCreated, accounts.SortLogin, accounts.SortName, ""),
	}, h.limit())
}

func (h *history) listSubscriptions() {
	h.sameSubscriptions(h.subscriptionQuery(), h.limit())
}

func (h *history) subscriptionQuery() subscriptions.Query {
	return subscriptions.Query{
		IDs: selection(h, sorted(h.model.subscriptions)), AccountID: h.ownerFilter(), Search: h.search(),
		Plan: one(h, "plan", "", "", "", "basic"), Status: h.status(), Cause: h.cause(), ExpiresBefore: h.expiry(), Desc: h.chance(2),
	}
}

func (h *history) listDomains() {
	h.sameDomains(h.domainQuery(), h.limit())
}

func (h *history) domainQuery() subscriptions.DomainQuery {
	q := subscriptions.DomainQuery{
		IDs: selection(h, sorted(h.model.domains)), AccountID: h.ownerFilter(), Search: h.search(), Status: h.status(), Cause: h.cause(),
	}
	if h.chance(4) {
		q.SubscriptionID = h.subscriptionID()
	}
	return q
}

// listWrongly asks for lists that there are not: each fault is told, and a cursor fits its own list alone.
func (h *history) listWrongly() {
	cursor := accounts.Cursor("forged")
	if len(h.foreign) > 0 {
		cursor = one(h, "cursor", h.foreign...)
	}
	f := &faults{}
	wrong := one(h, "wrong", "limit", "ids", "status", "cause", "after")
	q := accounts.Query{Search: "a list that nobody else asked for"}
	switch wrong {
	case "limit":
		q.Limit = one(h, "limit", -1, 501)
		f.add("limit", map[bool]string{true: "min", false: "atMost"}[q.Limit < 0])
	case "ids":
		q.IDs = []accounts.ID{}
		f.add("ids", "required")
	case "status":
		q.Status = "down"
		f.add("status", "oneOf")
	case "cause":
		q.Cause = "Bad"
		f.add("cause", "cause")
	case "after":
		q.After = cursor
		f.add("after", "cursor")
	}
	got, err := h.clients.List(h.ctx, q)
	h.same(fmt.Sprintf("List(%+v)", q), got, err, accounts.Page{}, f.err())

	sq := subscriptions.Query{Search: q.Search, Limit: q.Limit, Status: q.Status, Cause: q.Cause, After: q.After}
	dq := subscriptions.DomainQuery{Search: q.Search, Limit: q.Limit, Status: q.Status, Cause: q.Cause, After: q.After}
	if q.IDs != nil {
		sq.IDs, dq.IDs = []subscriptions.ID{}, []subscriptions.DomainID{}
	}
	gotSubscriptions, err := h.subs.List(h.ctx, sq)
	h.same(fmt.Sprintf("Subscriptions.List(%+v)", sq), gotSubscriptions, err, subscriptions.Page{}, f.err())
	gotDomains, err := h.subs.Domains(h.ctx, dq)
	h.same(fmt.Sprintf("Domains(%+v)", dq), gotDomains, err, subscriptions.DomainPage{}, f.err())
}

// sameEvents reads what q selects of the log and compares it.
func (h *history) sameEvents(q accounts.EventQuery, want []accounts.Event) {
	owner := whose(q.AccountID)
	what := fmt.Sprintf("Events(of %s, after %q, limit %d, descending %t)", owner, q.After, q.Limit, q.Desc)
	var all []accounts.Event
	for {
		p, err := h.clients.Events(h.ctx, q)
		require.NoError(h.t, err, what)
		require.LessOrEqual(h.t, len(p.Items), q.Limit, what)
		all = append(all, p.Items...)
		require.LessOrEqual(h.t, len(all), len(want)+q.Limit, "%s: events without an end", what)
		q.After = p.Next
		if q.Desc && p.Next == "" || !q.Desc && len(p.Items) == 0 {
			break
		}
	}
	h.t.Logf("%s\n  %d events", what, len(all))
	for i := range max(len(all), len(want)) {
		switch {
		case i >= len(all):
			h.t.Fatalf("%s\nlacks    %s", what, toldEvent(want[i]))
		case i >= len(want):
			h.t.Fatalf("%s\nhas also %s", what, toldEvent(all[i]))
		case toldEvent(all[i]) != toldEvent(want[i]):
			h.t.Fatalf("%s\nevent %d %s\nmodel   %s", what, i, toldEvent(all[i]), toldEvent(want[i]))
		}
	}
}

// toldEvent writes an event, but for its cursor, which is the store's.
func toldEvent(e accounts.Event) string {
	e.Cursor = ""
	return told(e, nil)
}

// readNew reads the events that were not read yet, compares them, and remembers their cursors.
func (h *history) readNew() {
	read := len(h.cursors)
	q := accounts.EventQuery{Limit: 500}
	if read > 0 {
		q.After = h.cursors[read-1]
	} else if len(h.pruned) > 0 {
		q.After = h.pruned[len(h.pruned)-1]
	}
	h.sameEvents(q, h.model.events[read:])
	for len(h.cursors) < len(h.model.events) {
		p, err := h.clients.Events(h.ctx, q)
		require.NoError(h.t, err)
		require.NotEmpty(h.t, p.Items, "the events just read are there no more")
		for _, e := range p.Items {
			require.NotContains(h.t, h.cursors, e.Cursor, "cursors of events")
			h.cursors = append(h.cursors, e.Cursor)
		}
		q.After = p.Next
	}
}

// readEvents reads a part of the log: new events, those behind any cursor, of one account, either way.
func (h *history) readEvents() {
	h.readNew()
	q := accounts.EventQuery{Limit: one(h, "limit", 7, 30, 500), Desc: h.chance(3)}
	want := h.model.events
	if len(h.cursors) > 0 && h.chance(2) {
		at := uniform(len(h.cursors)).Draw(h.t, "after event")
		q.After = h.cursors[at]
		want = want[at+1:]
		if q.Desc {
			want = h.model.events[:at]
		}
	}
	if h.chance(2) {
		q.AccountID = point(h.owner())
	}
	h.sameEvents(q, selected(want, q))
	if len(h.pruned) > 1 {
		q.After = one(h, "pruned", h.pruned[:len(h.pruned)-1]...)
		_, err := h.clients.Events(h.ctx, q)
		h.same("Events behind one that was pruned, where others were too", nil, err, nil, accounts.ErrCursorExpired)
	}
}

// selected answers the events of one account, in the order asked for.
func selected(events []accounts.Event, q accounts.EventQuery) []accounts.Event {
	var all []accounts.Event
	for _, e := range events {
		if q.AccountID == nil || e.AccountID == *q.AccountID {
			all = append(all, e)
		}
	}
	if q.Desc {
		slices.Reverse(all)
	}
	return all
}

// pruneEvents removes the events before one of them, or all but those of this very instant.
func (h *history) pruneEvents() {
	h.readNew()
	before := h.clock.now()
	if len(h.model.events) > 0 && h.chance(2) {
		before = one(h, "before", h.model.events...).At
	}
	got, err := h.clients.PruneEvents(h.ctx, before)
	h.same(fmt.Sprintf("PruneEvents(%v)", before), got, err, h.pruneModel(before.UTC().Truncate(time.Microsecond)), nil)
}

// pruneModel answers how many events go. Events are in the order of time, for the clock never goes back.
func (h *history) pruneModel(before time.Time) int {
	n := 0
	for n < len(h.model.events) && h.model.events[n].At.Before(before) {
		n++
	}
	h.pruned = append(h.pruned, h.cursors[:n]...)
	h.model.events, h.cursors = h.model.events[n:], h.cursors[n:]
	return n
}
