// Package journal records what commands write, also in other processes, and checks that a store contains exactly that.
package journal

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/clientele-go/clientele/accounts"
)

// Journal wraps a store and reports what every command does: what it writes, before that is committed, and its result. It
// makes the name of the command the actor of its events.
type Journal struct {
	accounts.Store
	process  string // unique among the processes that use the database
	commands *atomic.Int64
	report   func(Record) // called concurrently
	inside   string       // the command whose transaction this is; "": none
}

// New returns a journal of a store.
func New(store accounts.Store, process string, report func(Record)) *Journal {
	return &Journal{Store: store, process: process, commands: new(atomic.Int64), report: report}
}

// Record is a part of the description of a command. Apart from Command, one field is set. Child processes print them.
type Record struct {
	Command string           `json:",omitempty"`
	Failure string           `json:",omitempty"` // an error that a command must not return; Command is not set
	Skip    string           `json:",omitempty"` // why a case is skipped; Command is not set
	Begin   bool             `json:",omitempty"` // a run of its function begins, and replaces an earlier one
	Issued  []string         `json:",omitempty"` // ids and versions
	Writes  *accounts.Writes `json:",omitempty"`
	Prune   time.Time        `json:",omitzero"`
	Result  Result           `json:",omitempty"`
}

// Result is what a process learned about a command.
type Result string

// The results.
const (
	Interrupted Result = "" // its process was killed, or the store returned ErrCommitUnknown
	Succeeded   Result = "succeeded"
	Refused     Result = "refused"
	Unavailable Result = "unavailable" // ErrUnavailable
)

// begin returns the name of a new command.
func (j *Journal) begin() string {
	return fmt.Sprintf("%s.%d", j.process, j.commands.Add(1))
}

// end reports the result of a command and returns err.
func (j *Journal) end(command string, err error) error {
	switch {
	case err == nil:
		j.report(Record{Command: command, Result: Succeeded})
	case errors.Is(err, accounts.ErrUnavailable):
		j.report(Record{Command: command, Result: Unavailable})
	case !errors.Is(err, accounts.ErrCommitUnknown):
		j.report(Record{Command: command, Result: Refused})
	}
	return err
}

// Update runs a command and reports it.
func (j *Journal) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	if j.inside != "" {
		return j.Store.Update(ctx, func(tx accounts.Tx) error { return fn(journalTx{tx, j, j.inside}) })
	}
	command := j.begin()
	return j.end(command, j.Store.Update(ctx, func(tx accounts.Tx) error {
		j.report(Record{Command: command, Begin: true})
		return fn(journalTx{tx, j, command})
	}))
}

// Transaction is one command, whatever runs in it.
func (j *Journal) Transaction(ctx context.Context, fn func(context.Context, accounts.Store) error) error {
	command := j.begin()
	return j.end(command, j.Store.Transaction(ctx, func(ctx context.Context, in accounts.Store) error {
		j.report(Record{Command: command, Begin: true})
		inside := *j
		inside.Store, inside.inside = in, command
		return fn(ctx, &inside)
	}))
}

// PruneEvents is reported right only while no other command runs: which events it prunes otherwise depends on their order.
func (j *Journal) PruneEvents(ctx context.Context, before time.Time) (int, error) {
	command := j.begin()
	j.report(Record{Command: command, Prune: before})
	n, err := j.Store.PruneEvents(ctx, before)
	return n, j.end(command, err)
}

type journalTx struct {
	accounts.Tx
	journal *Journal
	command string
}

func (t journalTx) Claim(c accounts.Claim) (accounts.Claimed, error) {
	got, err := t.Tx.Claim(c)
	var ids []string
	for _, id := range got.AccountIDs {
		ids = append(ids, fmt.Sprintf("account id %d", id))
	}
	for _, id := range got.SubscriptionIDs {
		ids = append(ids, fmt.Sprintf("subscription id %d", id))
	}
	for _, id := range got.DomainIDs {
		ids = append(ids, fmt.Sprintf("domain id %d", id))
	}
	t.issued(ids)
	return got, err
}

func (t journalTx) LockEntries(l accounts.EntryLockSet) (accounts.LockedEntries, error) {
	got, err := t.Tx.LockEntries(l)
	if l.NewVersion && err == nil {
		t.issued([]string{fmt.Sprintf("entry version %d", got.Version)})
	}
	return got, err
}

func (t journalTx) issued(ids []string) {
	if len(ids) > 0 {
		t.journal.report(Record{Command: t.command, Issued: ids})
	}
}

func (t journalTx) Save(w accounts.Writes) error {
	w.Events = slices.Clone(w.Events)
	for i := range w.Events {
		w.Events[i].Actor = t.command
	}
	t.journal.report(Record{Command: t.command, Writes: &w})
	return t.Tx.Save(w)
}

// markFields adds the names of the fields of w that are not empty.
func markFields(seen map[string]bool, w accounts.Writes) {
	for _, part := range []reflect.Value{reflect.ValueOf(w), reflect.ValueOf(w.Writes)} {
		for i := range part.NumField() {
			if f := part.Field(i); f.Kind() == reflect.Slice && f.Len() > 0 {
				seen[part.Type().Field(i).Name] = true
			}
		}
	}
}

// missingFields returns the names of the fields of Writes that are not in seen.
func missingFields(seen map[string]bool) []string {
	var missing []string
	for _, part := range []reflect.Type{reflect.TypeFor[accounts.Writes](), reflect.TypeOf(accounts.Writes{}.Writes)} {
		for i := range part.NumField() {
			if f := part.Field(i); f.Type.Kind() == reflect.Slice && !seen[f.Name] {
				missing = append(missing, f.Name)
			}
		}
	}
	return missing
}
