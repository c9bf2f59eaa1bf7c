package model

import (
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// comparePages reads all pages of a list and compares their items with those of the model.
func comparePages[T any](h *history, call string, want []T, limit int, read func(accounts.Cursor) ([]T, accounts.Cursor, error)) {
	var all []T
	after := accounts.Cursor("")
	for {
		items, next, err := read(after)
		require.NoError(h.t, err, call)
		all = append(all, items...)
		if next == "" {
			break
		}
		require.Len(h.t, items, limit, "%s: every page except the last one must be full", call)
		require.Less(h.t, len(all), len(want)+limit, "%s: the list has more pages than expected", call)
		h.listCursors, after = append(h.listCursors, next), next
	}
	h.t.Logf("%s\n  %d items", call, len(all))
	for i := range max(len(all), len(want)) {
		switch {
		case i >= len(all):
			h.t.Fatalf("%s\nmissing: %s", call, describe(want[i], nil))
		case i >= len(want):
			h.t.Fatalf("%s\nunexpected: %s", call, describe(all[i], nil))
		case describe(all[i], nil) != describe(want[i], nil):
			h.t.Fatalf("%s\nitem %d\nreturned: %s\nexpected: %s", call, i, describe(all[i], nil), describe(want[i], nil))
		}
	}
}

func (h *history) compareAccounts(q accounts.Query, limit int) {
	call := fmt.Sprintf("List(%+v)", q)
	want := h.model.listAccounts(q)
	comparePages(h, call, want, limit, func(after accounts.Cursor) ([]accounts.Summary, accounts.Cursor, error) {
		q.Limit, q.After = limit, after
		p, err := h.clients.List(h.ctx, q)
		return p.Items, p.Next, err
	})
	atMost := h.atMost()
	got, err := h.clients.Count(h.ctx, q, atMost)
	h.compare(fmt.Sprintf("Count(%+v, %d)", q, atMost), got, err, limitedLen(want, atMost), nil)
}

func (h *history) compareSubscriptions(q subscriptions.Query, limit int) {
	call := fmt.Sprintf("Subscriptions.List(%s)", describeQuery(q))
	want := h.model.listSubscriptions(q)
	comparePages(h, call, want, limit, func(after accounts.Cursor) ([]subscriptions.Subscription, accounts.Cursor, error) {
		q.Limit, q.After = limit, after
		p, err := h.subs.List(h.ctx, q)
		return p.Items, p.Next, err
	})
	atMost := h.atMost()
	got, err := h.subs.Count(h.ctx, q, atMost)
	h.compare(fmt.Sprintf("Subscriptions.Count(%s, %d)", describeQuery(q), atMost), got, err, limitedLen(want, atMost), nil)
}

func (h *history) compareDomains(q subscriptions.DomainQuery, limit int) {
	call := fmt.Sprintf("Domains(%s)", describeDomainQuery(q))
	want := h.model.listDomains(q)
	comparePages(h, call, want, limit, func(after accounts.Cursor) ([]subscriptions.Domain, accounts.Cursor, error) {
		q.Limit, q.After = limit, after
		p, err := h.subs.Domains(h.ctx, q)
		return p.Items, p.Next, err
	})
	atMost := h.atMost()
	got, err := h.subs.CountDomains(h.ctx, q, atMost)
	h.compare(fmt.Sprintf("CountDomains(%s, %d)", describeDomainQuery(q), atMost), got, err, limitedLen(want, atMost), nil)
}

// describeQuery returns a query as text, with the value that its AccountID points to.
func describeQuery(q subscriptions.Query) string {
	owner := describeOwner(q.AccountID)
	q.AccountID = nil
	return fmt.Sprintf("%+v, of %s", q, owner)
}

// describeDomainQuery is describeQuery for domains.
func describeDomainQuery(q subscriptions.DomainQuery) string {
	owner := describeOwner(q.AccountID)
	q.AccountID = nil
	return fmt.Sprintf("%+v, of %s", q, owner)
}

func describeOwner(owner *accounts.ID) string {
	if owner == nil {
		return "any owner"
	}
	return fmt.Sprintf("owner %d", *owner)
}

func (h *history) atMost() int { return oneOf(h, "at most", 0, 0, 1, 2, 100) }

// limitedLen returns the number of items, up to atMost; 0: no limit.
func limitedLen[T any](all []T, atMost int) int {
	if atMost > 0 {
		return min(len(all), atMost)
	}
	return len(all)
}

func (h *history) limit() int { return oneOf(h, "limit", 2, 5, 500) }

// search draws a search text.
func (h *history) search() string {
	return oneOf(h, "search", "", "", "", "an", "ANN", "x-", "x-2", "example", "EX", "w.ex", "bücher", "xn--", "%", "ss", "rasse 1",
		"žof", "rossi & f", "osting", "_", `\`, " mail ", "zof", "ann example", "ex x- an", "f rossi", "1", "#2", "#3 an", "rom", "strasse")
}

func (h *history) status() accounts.Status {
	return oneOf[accounts.Status](h, "status", "", "", accounts.Active, accounts.Suspended)
}

func (h *history) cause() accounts.Cause {
	return oneOf[accounts.Cause](h, "cause", "", "", "", accounts.CauseBilling, accounts.CauseAbuse, accounts.CauseExpired)
}

// selection draws a filter by ids: nil, or some of the known ids and an unknown one.
func selection[K ~int64](h *history, known []K) []K {
	if !h.oneIn(4) {
		return nil
	}
	return append(drawIDs(h, "selected", known), suite.UnusedID)
}

// ownerFilter draws a filter by owner: nil, an account or the provider.
func (h *history) ownerFilter() *accounts.ID {
	if !h.oneIn(2) {
		return nil
	}
	return new(h.owner())
}

func (h *history) listAccounts() {
	h.compareAccounts(accounts.Query{
		IDs: selection(h, sortedKeys(h.model.accounts)), Search: h.search(), Status: h.status(), Cause: h.cause(),
		Country: oneOf(h, "country", "", "", "IT", "CH"), Plan: oneOf(h, "plan", "", "", "", "basic"), Desc: h.oneIn(2),
		CreatedFrom: h.creation(), CreatedBefore: h.creation(),
		Sort: oneOf(h, "sort", accounts.SortCreated, accounts.SortLogin, accounts.SortName, ""),
	}, h.limit())
}

// creation draws a bound on the time of creation: none, or that of an account.
func (h *history) creation() time.Time {
	if len(h.model.accounts) == 0 || !h.oneIn(6) {
		return time.Time{}
	}
	return h.model.accounts[oneOf(h, "created with", sortedKeys(h.model.accounts)...)].CreatedAt
}

func (h *history) listSubscriptions() {
	h.compareSubscriptions(h.subscriptionQuery(), h.limit())
}

func (h *history) subscriptionQuery() subscriptions.Query {
	return subscriptions.Query{
		IDs: selection(h, sortedKeys(h.model.subscriptions)), AccountID: h.ownerFilter(), Search: h.search(),
		Plan: oneOf(h, "plan", "", "", "", "basic"), Status: h.status(), Cause: h.cause(), ExpiresBefore: h.expiry(), Desc: h.oneIn(2),
	}
}

func (h *history) listDomains() {
	h.compareDomains(h.domainQuery(), h.limit())
}

func (h *history) domainQuery() subscriptions.DomainQuery {
	q := subscriptions.DomainQuery{
		IDs: selection(h, sortedKeys(h.model.domains)), AccountID: h.ownerFilter(), Search: h.search(), Status: h.status(), Cause: h.cause(),
	}
	if h.oneIn(4) {
		q.SubscriptionID = h.subscriptionID()
	}
	return q
}

// listInvalid calls the lists with an invalid query, which may have the cursor of another list.
func (h *history) listInvalid() {
	cursor := accounts.Cursor("forged")
	if len(h.listCursors) > 0 {
		cursor = oneOf(h, "cursor", h.listCursors...)
	}
	f := &fieldErrors{}
	field := oneOf(h, "wrong", "limit", "ids", "status", "cause", "after")
	q := accounts.Query{Search: "unlike all other queries"}
	switch field {
	case "limit":
		q.Limit = oneOf(h, "limit", -1, 501)
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
	h.compare(fmt.Sprintf("List(%+v)", q), got, err, accounts.Page{}, f.err())

	sq := subscriptions.Query{Search: q.Search, Limit: q.Limit, Status: q.Status, Cause: q.Cause, After: q.After}
	dq := subscriptions.DomainQuery{Search: q.Search, Limit: q.Limit, Status: q.Status, Cause: q.Cause, After: q.After}
	if q.IDs != nil {
		sq.IDs, dq.IDs = []subscriptions.ID{}, []subscriptions.DomainID{}
	}
	gotSubscriptions, err := h.subs.List(h.ctx, sq)
	h.compare(fmt.Sprintf("Subscriptions.List(%+v)", sq), gotSubscriptions, err, subscriptions.Page{}, f.err())
	gotDomains, err := h.subs.Domains(h.ctx, dq)
	h.compare(fmt.Sprintf("Domains(%+v)", dq), gotDomains, err, subscriptions.DomainPage{}, f.err())
}

// compareEvents reads all events that q selects and compares them with those of the model.
func (h *history) compareEvents(q accounts.EventQuery, want []accounts.Event) {
	owner := describeOwner(q.AccountID)
	call := fmt.Sprintf("Events(of %s, after %q, limit %d, descending %t)", owner, q.After, q.Limit, q.Desc)
	var all []accounts.Event
	for {
		p, err := h.clients.Events(h.ctx, q)
		require.NoError(h.t, err, call)
		require.LessOrEqual(h.t, len(p.Items), q.Limit, call)
		all = append(all, p.Items...)
		require.LessOrEqual(h.t, len(all), len(want)+q.Limit, "%s: there are more events than expected", call)
		q.After = p.Next
		if q.Desc && p.Next == "" || !q.Desc && len(p.Items) == 0 {
			break
		}
	}
	h.t.Logf("%s\n  %d events", call, len(all))
	for i := range max(len(all), len(want)) {
		switch {
		case i >= len(all):
			h.t.Fatalf("%s\nmissing: %s", call, describeEvent(want[i]))
		case i >= len(want):
			h.t.Fatalf("%s\nunexpected: %s", call, describeEvent(all[i]))
		case describeEvent(all[i]) != describeEvent(want[i]):
			h.t.Fatalf("%s\nevent %d\nreturned: %s\nexpected: %s", call, i, describeEvent(all[i]), describeEvent(want[i]))
		}
	}
}

// describeEvent returns an event as text, without its cursor, which the model does not know.
func describeEvent(e accounts.Event) string {
	e.Cursor = ""
	return describe(e, nil)
}

// readNewEvents reads the events that were not read yet, compares them and records their cursors.
func (h *history) readNewEvents() {
	read := len(h.cursors)
	q := accounts.EventQuery{Limit: 500}
	if read > 0 {
		q.After = h.cursors[read-1]
	} else if len(h.pruned) > 0 {
		q.After = h.pruned[len(h.pruned)-1]
	}
	h.compareEvents(q, h.model.events[read:])
	for len(h.cursors) < len(h.model.events) {
		p, err := h.clients.Events(h.ctx, q)
		require.NoError(h.t, err)
		require.NotEmpty(h.t, p.Items, "events that were just read have disappeared")
		for _, e := range p.Items {
			require.NotContains(h.t, h.cursors, e.Cursor, "cursors of events must be unique")
			h.cursors = append(h.cursors, e.Cursor)
		}
		q.After = p.Next
	}
}

// readEvents reads a part of the log: the new events, and those after a cursor, of an account, or newest first.
func (h *history) readEvents() {
	h.readNewEvents()
	q := accounts.EventQuery{Limit: oneOf(h, "limit", 7, 30, 500), Desc: h.oneIn(3)}
	want := h.model.events
	if len(h.cursors) > 0 && h.oneIn(2) {
		at := uniform(len(h.cursors)).Draw(h.t, "after event")
		q.After = h.cursors[at]
		want = want[at+1:]
		if q.Desc {
			want = h.model.events[:at]
		}
	}
	if h.oneIn(2) {
		q.AccountID = new(h.owner())
	}
	h.compareEvents(q, filterEvents(want, q))
	if len(h.pruned) > 1 {
		q.After = oneOf(h, "pruned", h.pruned[:len(h.pruned)-1]...)
		_, err := h.clients.Events(h.ctx, q)
		h.compare("Events after a cursor whose next event was pruned", nil, err, nil, accounts.ErrCursorExpired)
	}
}

// filterEvents returns the events that match the account and the order of q.
func filterEvents(events []accounts.Event, q accounts.EventQuery) []accounts.Event {
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

// pruneEvents prunes the events before one of them, or all except those of the current time.
func (h *history) pruneEvents() {
	h.readNewEvents()
	before := h.clock.Now()
	if len(h.model.events) > 0 && h.oneIn(2) {
		before = oneOf(h, "before", h.model.events...).At
	}
	got, err := h.clients.PruneEvents(h.ctx, before)
	h.compare(fmt.Sprintf("PruneEvents(%v)", before), got, err, h.pruneModel(before.UTC().Truncate(time.Microsecond)), nil)
}

// pruneModel prunes the model's events and returns their number. Events are in the order of time, because the clock never
// goes back.
func (h *history) pruneModel(before time.Time) int {
	n := 0
	for n < len(h.model.events) && h.model.events[n].At.Before(before) {
		n++
	}
	h.pruned = append(h.pruned, h.cursors[:n]...)
	h.model.events, h.cursors = h.model.events[n:], h.cursors[n:]
	return n
}
