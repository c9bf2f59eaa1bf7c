package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/audit"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// ledger is what a store must contain after some commands: the sum of their Writes.
type ledger struct {
	accounts      map[accounts.ID]accounts.Record
	subscriptions map[subscriptions.ID]subscriptions.Record
	domains       map[subscriptions.DomainID]subscriptions.Domain
	holds         map[holder]accounts.Holds
	entries       map[accounts.EntryKey]accounts.Entry
	events        []accounts.Event // those of one command in their order
}

// holder identifies a row that may have holds, or that an event is about.
type holder struct {
	level accounts.Level
	id    int64
}

func newLedger() ledger {
	return ledger{
		accounts:      map[accounts.ID]accounts.Record{},
		subscriptions: map[subscriptions.ID]subscriptions.Record{},
		domains:       map[subscriptions.DomainID]subscriptions.Domain{},
		holds:         map[holder]accounts.Holds{},
		entries:       map[accounts.EntryKey]accounts.Entry{},
	}
}

// clone returns a copy. Values in the maps are never changed in place, so it need not copy them.
func (l ledger) clone() ledger {
	return ledger{
		accounts: maps.Clone(l.accounts), subscriptions: maps.Clone(l.subscriptions), domains: maps.Clone(l.domains),
		holds: maps.Clone(l.holds), entries: maps.Clone(l.entries), events: slices.Clone(l.events),
	}
}

// apply adds the writes of a command. It returns an error if they do not fit the rows.
func (l *ledger) apply(w accounts.Writes) error {
	var v audit.Violations
	for _, a := range w.AddAccounts {
		addRow(&v, l.accounts, a.ID, a)
	}
	for _, a := range w.UpdateAccounts {
		updateRow(&v, l.accounts, a.ID, func(accounts.Record) accounts.Record { return a })
	}
	for _, id := range w.EndSessions {
		updateRow(&v, l.accounts, id, func(a accounts.Record) accounts.Record { a.SessionEpoch++; return a })
	}
	for _, s := range w.AddSubscriptions {
		addRow(&v, l.subscriptions, s.ID, s)
	}
	for _, s := range w.UpdateSubscriptions {
		updateRow(&v, l.subscriptions, s.ID, func(subscriptions.Record) subscriptions.Record { return s })
	}
	for _, d := range w.AddDomains {
		addRow(&v, l.domains, d.ID, d)
	}
	for _, d := range w.UpdateDomains {
		updateRow(&v, l.domains, d.ID, func(old subscriptions.Domain) subscriptions.Domain {
			old.Name, old.SubscriptionID, old.Attributes = d.Name, d.SubscriptionID, d.Attributes
			return old
		})
	}
	l.remove(w)
	for _, h := range w.PutHolds {
		l.setHold(holder{h.Level, h.ID}, h.Hold.Cause, &h.Hold)
	}
	for _, h := range w.DeleteHolds {
		l.setHold(holder{h.Level, h.ID}, h.Cause, nil)
	}
	for _, k := range w.DeleteEntries {
		delete(l.entries, k)
	}
	for _, e := range w.PutEntries {
		l.entries[accounts.EntryKey{Bucket: e.Bucket, Key: e.Key}] = e.Entry
	}
	l.events = append(l.events, w.Events...)
	l.redact(w)
	return v.Err()
}

func addRow[K ~int64, V any](v *audit.Violations, rows map[K]V, id K, row V) {
	_, found := rows[id]
	v.Check(!found, "a command adds the row %d (%T), which exists", id, row)
	rows[id] = row
}

func updateRow[K ~int64, V any](v *audit.Violations, rows map[K]V, id K, change func(V) V) {
	row, found := rows[id]
	v.Check(found, "a command changes the row %d (%T), which does not exist", id, row)
	if found {
		rows[id] = change(row)
	}
}

// remove removes rows with their holds, and the entries of accounts.
func (l *ledger) remove(w accounts.Writes) {
	for _, id := range w.RemoveDomains {
		delete(l.domains, id)
		delete(l.holds, holder{accounts.LevelDomain, int64(id)})
	}
	for _, id := range w.RemoveSubscriptions {
		delete(l.subscriptions, id)
		delete(l.holds, holder{accounts.LevelSubscription, int64(id)})
	}
	for _, id := range w.RemoveAccounts {
		delete(l.accounts, id)
		delete(l.holds, holder{accounts.LevelAccount, int64(id)})
		maps.DeleteFunc(l.entries, func(k accounts.EntryKey, _ accounts.Entry) bool { return k.Owner() == id })
	}
}

// setHold replaces the hold with the cause. If hold is nil, it deletes it.
func (l *ledger) setHold(row holder, cause accounts.Cause, hold *accounts.Hold) {
	holds := slices.DeleteFunc(slices.Clone(l.holds[row]), func(h accounts.Hold) bool { return h.Cause == cause })
	if hold != nil {
		holds = append(holds, *hold)
	}
	slices.SortFunc(holds, func(a, b accounts.Hold) int { return strings.Compare(string(a.Cause), string(b.Cause)) })
	l.holds[row] = holds
}

// redact deletes the personal data from the events about removed rows.
func (l *ledger) redact(w accounts.Writes) {
	removed := map[holder]bool{}
	for _, id := range w.RemoveDomains {
		removed[holder{accounts.LevelDomain, int64(id)}] = true
	}
	for _, id := range w.RemoveSubscriptions {
		removed[holder{accounts.LevelSubscription, int64(id)}] = true
	}
	for _, id := range w.RemoveAccounts {
		removed[holder{accounts.LevelAccount, int64(id)}] = true
	}
	for i, e := range l.events {
		if len(removed) > 0 && removed[subjectOf(e)] {
			l.events[i].Details = maps.Clone(e.Details)
			maps.DeleteFunc(l.events[i].Details, func(key, _ string) bool { return e.Type.Redacts(key) })
		}
	}
}

// subjectOf returns the row that an event is about.
func subjectOf(e accounts.Event) holder {
	level, id := e.Subject()
	return holder{level, id}
}

// prune deletes the events before the given time.
func (l *ledger) prune(before time.Time) {
	l.events = slices.DeleteFunc(l.events, func(e accounts.Event) bool { return e.At.Before(before) })
}

// Contents is everything that a store contains, as texts by which two states can be compared: every row, every entry, and
// the events of every actor in their order.
type Contents map[string]string

// contents returns what a store must contain.
func (l ledger) contents() Contents {
	c := Contents{}
	summaries := map[accounts.ID]accounts.Summary{}
	for id, a := range l.accounts {
		a.Holds = l.holds[holder{accounts.LevelAccount, int64(id)}]
		summaries[id] = accounts.Summary{Account: a.Account}
	}
	count := func(id accounts.ID, subs, domains int) {
		if s, found := summaries[id]; found {
			s.Subscriptions += subs
			s.Domains += domains
			summaries[id] = s
		}
	}
	for id, s := range l.subscriptions {
		s.Holds = l.holds[holder{accounts.LevelSubscription, int64(id)}]
		s.Inherited = summaries[s.AccountID].Holds.Effective(accounts.LevelAccount)
		count(s.AccountID, 1, 0)
		c.addSubscription(s.Subscription)
	}
	for id, d := range l.domains {
		s := l.subscriptions[d.SubscriptionID]
		d.AccountID, d.Main, d.Plan = s.AccountID, s.Main == id, s.Plan
		d.Holds = l.holds[holder{accounts.LevelDomain, int64(id)}]
		d.Inherited = slices.Concat(summaries[s.AccountID].Holds.Effective(accounts.LevelAccount),
			l.holds[holder{accounts.LevelSubscription, int64(s.ID)}].Effective(accounts.LevelSubscription))
		count(s.AccountID, 0, 1)
		c.addDomain(d)
	}
	for id, s := range summaries {
		c.addAccount(s, l.accounts[id].Hash)
	}
	for k, e := range l.entries {
		c.addEntry(k.Bucket, e)
	}
	c.addEvents(l.events)
	return c
}

func (c Contents) addAccount(a accounts.Summary, hash string) {
	a.Attributes, a.Holds = nonEmpty(a.Attributes), slices.Clip(a.Holds)
	if len(a.Holds) == 0 {
		a.Holds = nil
	}
	c[fmt.Sprintf("account %d", a.ID)] = Text(a) + " " + hash
}

func (c Contents) addSubscription(s subscriptions.Subscription) {
	s.Attributes = nonEmpty(s.Attributes)
	if len(s.Holds) == 0 {
		s.Holds = nil
	}
	if len(s.Inherited) == 0 {
		s.Inherited = nil
	}
	c[fmt.Sprintf("subscription %d", s.ID)] = Text(s)
}

func (c Contents) addDomain(d subscriptions.Domain) {
	d.Attributes = nonEmpty(d.Attributes)
	if len(d.Holds) == 0 {
		d.Holds = nil
	}
	if len(d.Inherited) == 0 {
		d.Inherited = nil
	}
	c[fmt.Sprintf("domain %d", d.ID)] = Text(d)
}

func (c Contents) addEntry(bucket string, e accounts.Entry) {
	if len(e.Value) == 0 {
		e.Value = nil
	}
	c[fmt.Sprintf("entry %s %s", bucket, e.Key)] = Text(e)
}

// addEvents adds the events without their cursors.
func (c Contents) addEvents(events []accounts.Event) {
	for _, e := range events {
		e.Cursor, e.Details = "", nonEmpty(e.Details)
		c["events of "+e.Actor] += Text(e) + "\n"
	}
}

// nonEmpty returns m, or nil if it is empty.
func nonEmpty(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return m
}

// Text returns a row as text. Strings that a store keeps are valid UTF-8, so it cannot fail.
func Text(row any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(row); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}

// maxDifferences bounds what a failure prints.
const maxDifferences = 12

// differences describes how a store with the contents got differs from what it must contain.
func (c Contents) differences(got Contents) []string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(c)) {
		switch actual, found := got[key]; {
		case !found:
			all = append(all, fmt.Sprintf("missing: %s: %s", key, c[key]))
		case actual != c[key]:
			all = append(all, fmt.Sprintf("different: %s:\n  expected %s\n  actual   %s", key, c[key], actual))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, found := c[key]; !found {
			all = append(all, fmt.Sprintf("unexpected: %s: %s", key, got[key]))
		}
	}
	return all
}

// ReadContents reads everything that a store contains, and the event log in its order. Nothing else may run commands on the
// store.
func ReadContents(ctx context.Context, store accounts.Store) (Contents, []accounts.Event, error) {
	final, err := audit.Read(ctx, store)
	if err != nil {
		return nil, nil, err
	}
	c := Contents{}
	for _, a := range final.Accounts {
		r, err := store.Account(ctx, accounts.AccountKey{ID: a.ID})
		if err != nil {
			return nil, nil, err
		}
		c.addAccount(a, r.Hash)
	}
	for _, s := range final.Subscriptions {
		c.addSubscription(s)
	}
	for _, d := range final.Domains {
		c.addDomain(d)
	}
	for p := (accounts.EntryParams{Bucket: suite.Bucket, Limit: 500}); ; {
		page, err := store.Entries(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		for _, e := range page {
			c.addEntry(suite.Bucket, e)
		}
		if len(page) < p.Limit {
			break
		}
		p.After = page[len(page)-1].Key
	}
	c.addEvents(final.Events)
	return c, final.Events, nil
}

// ReadSettledContents reads a store until two readings in succession are equal: the database may still be ending what a killed
// process began.
func ReadSettledContents(ctx context.Context, store accounts.Store) (Contents, []accounts.Event, error) {
	before, _, err := ReadContents(ctx, store)
	for err == nil {
		var now Contents
		var events []accounts.Event
		now, events, err = ReadContents(ctx, store)
		if err == nil && maps.Equal(before, now) {
			return now, events, nil
		}
		before = now
	}
	return nil, nil, err
}

// Book records the commands that several processes have run on a store, one after another, and checks what the store
// contains.
type Book struct {
	ledger   ledger // of the commands before those in commands
	commands []*bookedCommand
	late     []*bookedCommand // interrupted commands that have had no effect so far
	byName   map[string]*bookedCommand
	issued   map[string]string // the commands to which ids and versions were given
	log      []accounts.Event  // as it was read last
	seen     map[string]bool   // names of the fields of Writes that were not empty
}

// bookedCommand is a command as its records describe it.
type bookedCommand struct {
	name   string
	issued [][]string // in each run of its function
	writes []accounts.Writes
	prune  time.Time // of PruneEvents
	result Result
	checks int // the number of checks in which it was interrupted and had no effect
}

// NewBook returns a book without commands.
func NewBook() *Book {
	return &Book{ledger: newLedger(), byName: map[string]*bookedCommand{}, issued: map[string]string{}, seen: map[string]bool{}}
}

// Add adds a record. Records are added in the order in which they were reported: a command reports what it writes while it
// holds its locks, so that of two commands on the same rows the later one is ordered later, wherever they run.
func (b *Book) Add(r Record) {
	c := b.byName[r.Command]
	if c == nil {
		c = &bookedCommand{name: r.Command}
		b.byName[r.Command] = c
	}
	switch {
	case r.Begin:
		c.writes = nil
	case r.Issued != nil:
		c.issued = append(c.issued, r.Issued)
	case r.Writes != nil:
		c.writes = append(c.writes, *r.Writes)
		b.order(c)
		markFields(b.seen, *r.Writes)
	case !r.Prune.IsZero():
		c.prune = r.Prune
		b.order(c)
	case r.Result != "":
		c.result = r.Result
	}
}

// Interrupted returns the number of commands since the last check that were interrupted.
func (b *Book) Interrupted() int {
	n := 0
	for _, c := range b.commands {
		if c.result == Interrupted {
			n++
		}
	}
	return n
}

// MissingFields returns the names of the fields of Writes in which no command has written anything.
func (b *Book) MissingFields() []string { return missingFields(b.seen) }

// order makes c the last command.
func (b *Book) order(c *bookedCommand) {
	b.commands = slices.DeleteFunc(b.commands, func(other *bookedCommand) bool { return other == c })
	b.commands = append(b.commands, c)
}

const (
	// maxInterrupted bounds the number of commands that may have had an effect or not: check tries all combinations.
	maxInterrupted = 12
	// maxLate and maxLateChecks bound the number of interrupted commands that may still have an effect after a check, and the
	// number of checks after which one may. A server may commit what a process has sent it just before it was killed.
	maxLate       = 8
	maxLateChecks = 4
)

// Check returns an error unless got and log are what the commands lead to: every command that succeeded has all of its
// effects, every one that failed has none, and every interrupted one has all or none. The next call checks the commands that
// are added after this one.
func (b *Book) Check(got Contents, log []accounts.Event) error {
	all := slices.Concat(b.late, b.commands)
	var undecided []*bookedCommand
	for _, c := range slices.Concat(b.commands, b.late) { // combinations without late ones are tried first
		if c.result == Interrupted {
			undecided = append(undecided, c)
		}
	}
	if len(undecided) > maxInterrupted {
		return fmt.Errorf("%d commands were interrupted, too many to try all of their combinations", len(undecided))
	}
	var closest []string
	for subset := range 1 << len(undecided) {
		effective := map[*bookedCommand]bool{}
		for i, c := range undecided {
			effective[c] = subset&(1<<i) != 0
		}
		l, err := b.sum(all, effective)
		if err != nil { // the commands that follow need one that this subset lacks
			if closest == nil {
				closest = []string{err.Error()}
			}
			continue
		}
		found := l.contents().differences(got)
		if len(found) == 0 {
			return b.accept(l, effective, log)
		}
		if closest == nil || len(found) < len(closest) {
			closest = found
		}
	}
	names := make([]string, len(undecided))
	for i, c := range undecided {
		names[i] = c.name
	}
	if len(closest) > maxDifferences {
		closest = append(closest[:maxDifferences], fmt.Sprintf("and %d more", len(closest)-maxDifferences))
	}
	return fmt.Errorf("the store does not contain what the commands lead to (interrupted, so all or nothing of each: %q):\n%s", names, strings.Join(closest, "\n"))
}

// sum returns the ledger after the commands: those that succeeded, and the interrupted ones that are effective.
func (b *Book) sum(all []*bookedCommand, effective map[*bookedCommand]bool) (ledger, error) {
	l := b.ledger.clone()
	for _, c := range all {
		if c.result != Succeeded && !effective[c] {
			continue
		}
		for _, w := range c.writes {
			if err := l.apply(w); err != nil {
				return l, fmt.Errorf("command %s: %w", c.name, err)
			}
		}
		if !c.prune.IsZero() {
			l.prune(c.prune)
		}
	}
	return l, nil
}

// accept continues after the commands: they led to l.
func (b *Book) accept(l ledger, effective map[*bookedCommand]bool, log []accounts.Event) error {
	err := errors.Join(b.checkIssued(effective), b.checkNumbers(log))
	late := slices.DeleteFunc(slices.Concat(b.late, b.commands), func(c *bookedCommand) bool {
		c.checks++
		return c.result != Interrupted || effective[c] || c.checks > maxLateChecks
	})
	b.ledger, b.commands, b.late, b.byName = l, nil, late[max(0, len(late)-maxLate):], map[string]*bookedCommand{}
	for _, c := range b.late {
		b.byName[c.name] = c
	}
	return err
}

// checkIssued returns an error if an id or a version was given twice. What was given to a command that was interrupted, or that
// returned ErrUnavailable, and had no effect, may be given again: on a full disk, no store can remember it.
func (b *Book) checkIssued(effective map[*bookedCommand]bool) error {
	var v audit.Violations
	for _, name := range slices.Sorted(maps.Keys(b.byName)) {
		c := b.byName[name]
		if c.result == Unavailable || c.result == Interrupted && !effective[c] {
			continue
		}
		for _, id := range slices.Concat(c.issued...) {
			other, found := b.issued[id]
			v.Check(!found, "%s was given to command %s, and before that to command %s", id, c.name, other)
			b.issued[id] = c.name
		}
	}
	return v.Err()
}

// checkNumbers returns an error unless the log begins with the events that it had before, without those that were pruned, in
// the same order and with the same cursors.
func (b *Book) checkNumbers(log []accounts.Event) error {
	kept := map[accounts.Cursor]bool{}
	for _, e := range log {
		kept[e.Cursor] = true
	}
	before := slices.DeleteFunc(b.log, func(e accounts.Event) bool { return !kept[e.Cursor] })
	b.log = log
	for i, e := range before {
		if was, is := identity(e), identity(log[i]); was != is {
			return fmt.Errorf("the event log has changed at position %d:\n  before %s\n  now    %s", i+1, was, is)
		}
	}
	return nil
}

// identity describes an event with its cursor and everything that no command changes.
func identity(e accounts.Event) string {
	e.Details = nil
	return Text(e)
}

// SharedBook is a book to which several goroutines add records.
type SharedBook struct {
	mu sync.Mutex
	*Book
}

// NewSharedBook returns a book without commands.
func NewSharedBook() *SharedBook { return &SharedBook{Book: NewBook()} }

// Add adds a copy of a record, because the command continues to use what it contains.
func (b *SharedBook) Add(r Record) {
	encoded, err := json.Marshal(r)
	var copied Record
	if err == nil {
		err = json.Unmarshal(encoded, &copied)
	}
	if err != nil {
		panic(err) // a record contains nothing that cannot be encoded
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Book.Add(copied)
}
