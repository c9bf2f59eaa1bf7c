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

// eventLog is the event log of one root. Events are stored in chunks, in the order of their numbers. All roots share the
// chunks: a command appends only after the last number of every published root, and readers stop at the last number of
// theirs. Details, which can change later, are stored separately.
type eventLog struct {
	chunks []*chunk // event n is in chunk (n-1)/chunkSize; nil if all events of the chunk were pruned
	last   int64    // the last number that was given
	pruned int64    // the highest number that was pruned

	details    table[int64, []detail] // by number; events without details are not in it
	byAccount  order[accountEvent]
	redactable order[subjectEvent] // events whose details include personal data of their subject
}

const chunkSize = 256

type chunk [chunkSize]event

// event is a subscriptions.Event as the log stores it, in half the size. An event without a kind was pruned.
type event struct {
	at           int64 // microseconds since 1970
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

// subject identifies the account, subscription or domain that an event is about.
type subject struct {
	level subscriptions.Level
	id    int64
}

// subjectEvent is the number of an event with texts about its subject. They are deleted when the subject is removed.
type subjectEvent struct {
	subject
	number int64
}

func bySubject(a, b subjectEvent) int {
	return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.id, b.id), cmp.Compare(a.number, b.number))
}

func newEventLog() eventLog {
	return eventLog{
		details:    newTable[int64, []detail](),
		byAccount:  newOrder(byAccountNumber),
		redactable: newOrder(bySubject),
	}
}

func (e *event) subject() subject {
	level, id := subscriptions.Event{AccountID: e.account, SubscriptionID: e.subscription, DomainID: e.domain}.Subject()
	return subject{level, id}
}

// redacts returns a function that reports whether a detail is deleted with the event's subject.
func (e *event) redacts() func(detail) bool {
	return func(d detail) bool { return e.kind.Redacts(d.key) }
}

// slot returns the event with a number that was given, or nil if its whole chunk was pruned.
func (l *eventLog) slot(number int64) *event {
	c := l.chunks[(number-1)/chunkSize]
	if c == nil {
		return nil
	}
	return &c[(number-1)%chunkSize]
}

// append numbers events in their order and adds them to the log.
func (l *eventLog) append(events []subscriptions.Event) {
	var prev []detail
	for _, e := range events {
		l.extend(l.last + 1)
		prev = l.set(l.last, e, prev)
	}
}

// extend makes last the last number that was given. Chunks that no event is stored in are left out.
func (l *eventLog) extend(last int64) {
	for int64(len(l.chunks)) < (last-1)/chunkSize {
		l.chunks = append(l.chunks, nil)
	}
	if int64(len(l.chunks))*chunkSize < last {
		l.chunks = append(l.chunks, new(chunk))
	}
	l.last = last
}

// set stores the event with a number that was given. Its details are stored as prev, if they are the same: events of one command
// often have the same details, and share them. It returns the stored details.
func (l *eventLog) set(number int64, e subscriptions.Event, prev []detail) []detail {
	slot := l.slot(number)
	*slot = event{
		at: e.At.UnixMicro(), kind: e.Type, actor: e.Actor,
		account: e.AccountID, subscription: e.SubscriptionID, domain: e.DomainID, name: e.Domain,
	}
	l.byAccount.write().Set(accountEvent{e.AccountID, number})
	if len(e.Details) == 0 {
		return prev
	}
	if !equalDetails(prev, e.Details) {
		prev = newDetails(e.Details)
	}
	l.details.write().Set(number, prev)
	if slices.ContainsFunc(prev, slot.redacts()) {
		l.redactable.write().Set(subjectEvent{slot.subject(), number})
	}
	return prev
}

// restore adds events with the numbers that they have.
func (l *eventLog) restore(events []accounts.NumberedEvent) {
	var prev []detail
	for _, e := range events {
		l.extend(e.Number)
		prev = l.set(e.Number, e.Event, prev)
	}
}

func newDetails(m map[string]string) []detail {
	all := make([]detail, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		all = append(all, detail{key, m[key]})
	}
	return all
}

func equalDetails(stored []detail, m map[string]string) bool {
	if len(stored) != len(m) {
		return false
	}
	for _, d := range stored {
		if value, found := m[d.key]; !found || value != d.value {
			return false
		}
	}
	return true
}

// redact deletes the personal data from all events about a subject.
func (l *eventLog) redact(s subject) {
	var found []subjectEvent
	l.redactable.read.Ascend(subjectEvent{subject: s}, func(e subjectEvent) bool {
		if e.subject != s {
			return false
		}
		found = append(found, e)
		return true
	})
	for _, e := range found {
		l.redactable.write().Delete(e)
		details, _ := l.details.read.Get(e.number)
		details = slices.DeleteFunc(slices.Clone(details), l.slot(e.number).redacts())
		if len(details) == 0 {
			l.details.write().Delete(e.number)
			continue
		}
		l.details.write().Set(e.number, details)
	}
}

// prune deletes the events whose At is before the given time and returns how many it deleted. It looks at every event,
// because clocks can go back.
func (l *eventLog) prune(before time.Time) int {
	n := 0
	l.chunks = slices.Clone(l.chunks)
	for i, c := range l.chunks {
		if c == nil {
			continue
		}
		n += l.pruneChunk(i, before)
	}
	return n
}

// pruneChunk replaces a chunk with a copy without the events whose At is before the given time, and returns how many it
// deleted.
func (l *eventLog) pruneChunk(i int, before time.Time) int {
	var pruned *chunk
	first := int64(i)*chunkSize + 1
	n, remaining := 0, false
	for number := first; number <= min(l.last, first+chunkSize-1); number++ {
		e := &l.chunks[i][number-first]
		if e.kind == "" {
			continue
		}
		if !time.UnixMicro(e.at).Before(before) {
			remaining = true
			continue
		}
		if pruned == nil {
			pruned = new(*l.chunks[i])
		}
		pruned[number-first] = event{}
		l.unlink(number, e)
		n++
	}
	if pruned == nil {
		return 0
	}
	l.chunks[i] = pruned
	if full := first+chunkSize-1 <= l.last; full && !remaining {
		l.chunks[i] = nil
	}
	return n
}

// unlink deletes the details of an event and its entries in the indexes.
func (l *eventLog) unlink(number int64, e *event) {
	l.pruned = max(l.pruned, number)
	l.byAccount.write().Delete(accountEvent{e.account, number})
	l.redactable.write().Delete(subjectEvent{e.subject(), number})
	l.details.write().Delete(number)
}

// read returns the events that q selects.
func (l *eventLog) read(q accounts.EventParams) accounts.EventResult {
	out := accounts.EventResult{Pruned: l.pruned, Last: l.last}
	numbers := l.storedNumbers(q.After, q.Desc)
	if q.AccountID != nil {
		numbers = l.accountNumbers(*q.AccountID, q.After, q.Desc)
	}
	for number := range numbers {
		if len(out.Events) >= q.Limit {
			break
		}
		out.Events = append(out.Events, l.numberedEvent(number))
	}
	return out
}

// numberedEvent returns the event with a number, which must not be pruned.
func (l *eventLog) numberedEvent(number int64) accounts.NumberedEvent {
	e := l.slot(number)
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

// storedNumbers returns the numbers of the stored events after a number, in ascending or descending order.
func (l *eventLog) storedNumbers(after int64, desc bool) iter.Seq[int64] {
	step, number := int64(1), after+1
	if desc {
		step, number = -1, after-1
		if after == 0 || after > l.last {
			number = l.last
		}
	}
	return func(yield func(int64) bool) {
		for number := number; number >= 1 && number <= l.last; number += step {
			if e := l.slot(number); e != nil && e.kind != "" && !yield(number) {
				return
			}
		}
	}
}

// accountNumbers returns the numbers of an account's stored events after a number, in ascending or descending order.
func (l *eventLog) accountNumbers(id accounts.ID, after int64, desc bool) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		step := func(e accountEvent) bool { return e.account == id && yield(e.number) }
		if !desc {
			l.byAccount.read.Ascend(accountEvent{id, after + 1}, step)
			return
		}
		if after == 0 {
			after = l.last + 1
		}
		l.byAccount.read.Descend(accountEvent{id, after - 1}, step)
	}
}
