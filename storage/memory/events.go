package memory

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// eventLog is the log of one root. Events lie in chunks, in the order of their numbers. The writer appends behind what
// any root has published, and readers look no further than their root's last number; so the chunks are shared by all
// roots. What can change later, the details, is kept apart from them.
type eventLog struct {
	chunks []*chunk // the number n is at (n-1)/chunkSize; nil where all were pruned
	last   int64    // the last number given
	pruned int64    // the highest number pruned

	details   table[int64, []detail] // by number, of the events that have any
	byAccount order[accountEvent]
	told      order[mention]
}

const chunkSize = 256

type chunk [chunkSize]event

// event is an Event as the log keeps it: half as large. One without a type was pruned.
type event struct {
	at           int64 // in microseconds since 1970
	kind         subscriptions.EventType
	actor        string
	account      accounts.ID
	subscription subscriptions.ID
	domain       subscriptions.DomainID
	name         string
}

type detail struct{ key, value string }

type accountEvent struct {
	account accounts.ID
	number  int64
}

func byAccountNumber(a, b accountEvent) int {
	return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.number, b.number))
}

// subject is what an event is about.
type subject struct {
	level subscriptions.Level
	id    int64
}

// mention says that an event tells texts about its subject, which go with it.
type mention struct {
	subject
	number int64
}

func bySubject(a, b mention) int {
	return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.id, b.id), cmp.Compare(a.number, b.number))
}

func newEventLog() eventLog {
	return eventLog{
		details:   newTable[int64, []detail](),
		byAccount: newOrder(byAccountNumber),
		told:      newOrder(bySubject),
	}
}

func (e *event) subject() subject {
	switch {
	case e.domain != 0:
		return subject{subscriptions.LevelDomain, int64(e.domain)}
	case e.subscription != 0:
		return subject{subscriptions.LevelSubscription, int64(e.subscription)}
	default:
		return subject{subscriptions.LevelAccount, int64(e.account)}
	}
}

// isText tells whether a detail may hold what somebody wrote about the subject.
func (d detail) isText() bool { return d.key == "note" || d.key == "message" || d.key == "public" }

// at answers the place of a number that was given; nil where its chunk was pruned.
func (l *eventLog) at(number int64) *event {
	c := l.chunks[(number-1)/chunkSize]
	if c == nil {
		return nil
	}
	return &c[(number-1)%chunkSize]
}

// append adds events in their order.
func (l *eventLog) append(events []subscriptions.Event) {
	var before []detail // many events of one command say the same, and share it
	for _, e := range events {
		if l.last%chunkSize == 0 {
			l.chunks = append(l.chunks, new(chunk))
		}
		l.last++
		kept := l.at(l.last)
		*kept = event{
			at: e.At.UnixMicro(), kind: e.Type, actor: e.Actor,
			account: e.AccountID, subscription: e.SubscriptionID, domain: e.DomainID, name: e.Domain,
		}
		l.byAccount.write().Set(accountEvent{e.AccountID, l.last})
		if len(e.Details) == 0 {
			continue
		}
		if !same(before, e.Details) {
			before = detailsOf(e.Details)
		}
		l.details.write().Set(l.last, before)
		if slices.ContainsFunc(before, detail.isText) {
			l.told.write().Set(mention{kept.subject(), l.last})
		}
	}
}

func detailsOf(from map[string]string) []detail {
	all := make([]detail, 0, len(from))
	for _, key := range slices.Sorted(maps.Keys(from)) {
		all = append(all, detail{key, from[key]})
	}
	return all
}

func same(kept []detail, details map[string]string) bool {
	if len(kept) != len(details) {
		return false
	}
	for _, d := range kept {
		if value, found := details[d.key]; !found || value != d.value {
			return false
		}
	}
	return true
}

// redact deletes the texts of all events about a thing.
func (l *eventLog) redact(about subject) {
	var found []mention
	l.told.read.Ascend(mention{subject: about}, func(m mention) bool {
		if m.subject != about {
			return false
		}
		found = append(found, m)
		return true
	})
	for _, m := range found {
		l.told.write().Delete(m)
		details, _ := l.details.read.Get(m.number)
		details = slices.DeleteFunc(slices.Clone(details), detail.isText)
		if len(details) == 0 {
			l.details.write().Delete(m.number)
			continue
		}
		l.details.write().Set(m.number, details)
	}
}

// prune deletes the events before an instant, and answers how many. Clocks may go back, so these need not be the first
// ones.
func (l *eventLog) prune(before time.Time) int {
	pruned := 0
	l.chunks = slices.Clone(l.chunks)
	for i, c := range l.chunks {
		if c == nil {
			continue
		}
		pruned += l.pruneChunk(i, before)
	}
	return pruned
}

// pruneChunk puts a copy of a chunk in its place, without the events before an instant.
func (l *eventLog) pruneChunk(i int, before time.Time) int {
	var kept *chunk
	first := int64(i)*chunkSize + 1
	pruned, left := 0, false
	for number := first; number <= min(l.last, first+chunkSize-1); number++ {
		e := &l.chunks[i][number-first]
		if e.kind == "" {
			continue
		}
		if !time.UnixMicro(e.at).Before(before) {
			left = true
			continue
		}
		if kept == nil {
			kept = new(*l.chunks[i])
		}
		kept[number-first] = event{}
		l.forget(number, e)
		pruned++
	}
	if kept == nil {
		return 0
	}
	l.chunks[i] = kept
	if full := first+chunkSize-1 <= l.last; full && !left {
		l.chunks[i] = nil
	}
	return pruned
}

// forget deletes what leads to an event.
func (l *eventLog) forget(number int64, e *event) {
	l.pruned = max(l.pruned, number)
	l.byAccount.write().Delete(accountEvent{e.account, number})
	l.told.write().Delete(mention{e.subject(), number})
	l.details.write().Delete(number)
}

// read answers what a range selects.
func (l *eventLog) read(q accounts.EventParams) accounts.EventResult {
	out := accounts.EventResult{Pruned: l.pruned, Last: l.last}
	numbers := l.numbers(q.After, q.Desc)
	if q.AccountID != nil {
		numbers = l.numbersOf(*q.AccountID, q.After, q.Desc)
	}
	for number := range numbers {
		if len(out.Events) >= q.Limit {
			break
		}
		out.Events = append(out.Events, l.recorded(number))
	}
	return out
}

func (l *eventLog) recorded(number int64) accounts.NumberedEvent {
	e := l.at(number)
	out := accounts.NumberedEvent{Number: number, Event: subscriptions.Event{
		At: time.UnixMicro(e.at).UTC(), Type: e.kind, Actor: e.actor,
		AccountID: e.account, SubscriptionID: e.subscription, DomainID: e.domain, Domain: e.name,
	}}
	details, found := l.details.read.Get(number)
	if !found {
		return out
	}
	out.Details = make(map[string]string, len(details))
	for _, d := range details {
		out.Details[d.key] = d.value
	}
	return out
}

// numbers answers the kept numbers behind a number, upwards or downwards.
func (l *eventLog) numbers(behind int64, desc bool) iter.Seq[int64] {
	step, number := int64(1), behind+1
	if desc {
		step, number = -1, behind-1
		if behind == 0 || behind > l.last {
			number = l.last
		}
	}
	return func(yield func(int64) bool) {
		for number := number; number >= 1 && number <= l.last; number += step {
			if e := l.at(number); e != nil && e.kind != "" && !yield(number) {
				return
			}
		}
	}
}

// numbersOf answers the kept numbers of an account's events behind a number, upwards or downwards.
func (l *eventLog) numbersOf(id accounts.ID, behind int64, desc bool) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		step := func(e accountEvent) bool { return e.account == id && yield(e.number) }
		if !desc {
			l.byAccount.read.Ascend(accountEvent{id, behind + 1}, step)
			return
		}
		if behind == 0 {
			behind = l.last + 1
		}
		l.byAccount.read.Descend(accountEvent{id, behind - 1}, step)
	}
}
