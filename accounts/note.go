package accounts

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/internal/keyset"
)

// NoteID identifies a note. It is unique among the notes of all accounts, and given only once.
type NoteID int64

// Note is a dated text of an operator on an account. The owner never sees it.
type Note struct {
	ID   NoteID
	Text string    // 1 to 4,096 characters, may have several lines
	By   string    // the actor who wrote it, as named by WithActor
	At   time.Time // when it was written
}

// NoteQuery selects a page of an account's notes, the newest first.
type NoteQuery struct {
	Limit int    // items of the page: 0 for 50, at most 500
	After Cursor // NotePage.Next; empty: the newest
}

// NotePage is one page of notes. Next is the cursor of the next page; empty: there is none.
type NotePage struct {
	Items []Note
	Next  Cursor
}

// Notes are entries, so every store keeps them and removes them with the account. Programs cannot open their bucket, because
// its name is no slug.
const noteBucket = "_notes"

// noteValue is the value of a note's entry.
type noteValue struct {
	Text string `json:"text"`
	By   string `json:"by,omitempty"`
	At   int64  `json:"at"` // microseconds since 1970
}

// notePrefix returns what the keys of an account's notes begin with.
func notePrefix(id ID) string { return fmt.Sprintf("%s%d/", ownerPrefix, id) }

// key returns the key of the note's entry: ascending keys are those of descending ids.
func (n NoteID) key(account ID) string {
	return fmt.Sprintf("%s%019d", notePrefix(account), math.MaxInt64-int64(n))
}

// noteIn returns the note that an entry contains.
func noteIn(account ID, e Entry) (Note, error) {
	descending, err := strconv.ParseInt(strings.TrimPrefix(e.Key, notePrefix(account)), 10, 64)
	if err != nil {
		return Note{}, fmt.Errorf("%w: entry %q is not a note", ErrUnavailable, e.Key)
	}
	var value noteValue
	if err := json.Unmarshal(e.Value, &value); err != nil {
		return Note{}, fmt.Errorf("%w: note %d cannot be read", ErrUnavailable, math.MaxInt64-descending)
	}
	return Note{ID: NoteID(math.MaxInt64 - descending), Text: value.Text, By: value.By, At: time.UnixMicro(value.At).UTC()}, nil
}

// AddNote adds a note to the account with the given id, with the actor in ctx as its author. Notes have no version, and touch
// neither Version nor UpdatedAt of the account. Only operators see them: an Owner has no method that returns one.
//
// It returns ErrNotFound if there is no such account; ErrInvalid at "text" (empty, more than 4,096 characters); ErrUnavailable if
// the store cannot do it now (no changes were made) and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) AddNote(ctx context.Context, id ID, text string) (_ Note, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.AddNote")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	note := Note{Text: input.Text(text), By: c.actor, At: c.at}
	v.Var("text", note.Text, "required,max=4096,text")
	if err := v.Err(); err != nil {
		return Note{}, err
	}
	if id <= 0 {
		return Note{}, accountNotFound(id)
	}
	value, err := json.Marshal(noteValue{note.Text, note.By, note.At.UnixMicro()})
	if err != nil {
		return Note{}, err
	}
	err = m.store.Update(ctx, func(tx Tx) error {
		locked, err := tx.LockEntries(EntryLockSet{Bucket: noteBucket, Key: notePrefix(id), NewVersion: true})
		if err != nil {
			return err
		}
		if len(locked.Owners) == 0 {
			return accountNotFound(id)
		}
		note.ID = NoteID(locked.Version)
		w := Writes{PutEntries: []EntryWrite{{noteBucket, Entry{Key: note.ID.key(id), Value: value, Version: locked.Version}}}}
		w.Events = []Event{c.event(AccountNoteAdded, id, nil)}
		return tx.Save(w)
	})
	if err != nil {
		return Note{}, err
	}
	return note, nil
}

// Notes returns a page of the notes of the account with the given id, the newest first.
//
// It returns ErrNotFound if there is no such account; ErrInvalid at "limit" or "after"; and ErrUnavailable if the store cannot
// answer.
func (m *Manager) Notes(ctx context.Context, id ID, q NoteQuery) (_ NotePage, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.Notes")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	limit := v.Limit(q.Limit)
	from, valid := keyset.Decode(string(q.After), noteBucket, id)
	if !valid {
		v.Add("after", "cursor", "")
	}
	if err := v.Err(); err != nil {
		return NotePage{}, err
	}
	if id <= 0 {
		return NotePage{}, accountNotFound(id)
	}
	entries, err := m.store.Entries(ctx, EntryParams{
		Bucket: noteBucket, At: c.at, Prefix: notePrefix(id), After: from.Key, Limit: limit + 1,
	})
	if err != nil {
		return NotePage{}, err
	}
	if len(entries) == 0 {
		if _, err := m.store.Account(ctx, AccountKey{ID: id}); err != nil {
			return NotePage{}, err
		}
	}
	entries, next := keyset.Page(entries, limit, func(last Entry) string {
		return keyset.Encode(noteBucket, id, keyset.Position{Key: last.Key})
	})
	page := NotePage{Items: make([]Note, len(entries)), Next: Cursor(next)}
	for i, e := range entries {
		if page.Items[i], err = noteIn(id, e); err != nil {
			return NotePage{}, err
		}
	}
	return page, nil
}

// RemoveNote removes a note from the account with the given id. Notes are removed together with their account as well.
//
// It returns ErrNotFound, with Kind "account" if there is no such account, and else with KindNote if it has no such note;
// ErrUnavailable if the store cannot do it now (no changes were made) and ErrCommitUnknown if the outcome of the commit is
// unknown.
func (m *Manager) RemoveNote(ctx context.Context, id ID, note NoteID) (err error) {
	ctx, end := m.hook.Start(ctx, "accounts.RemoveNote")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	if err := v.Err(); err != nil {
		return err
	}
	if id <= 0 {
		return accountNotFound(id)
	}
	return m.store.Update(ctx, func(tx Tx) error {
		locked, err := tx.LockEntries(EntryLockSet{Bucket: noteBucket, Key: note.key(id)})
		switch {
		case err != nil:
			return err
		case len(locked.Owners) == 0:
			return accountNotFound(id)
		case len(locked.Entries) == 0:
			return &NotFoundError{Kind: KindNote, IDs: []int64{int64(note)}}
		}
		w := Writes{DeleteEntries: []EntryKey{{noteBucket, note.key(id)}}}
		w.Events = []Event{c.event(AccountNoteRemoved, id, nil)}
		return tx.Save(w)
	})
}
