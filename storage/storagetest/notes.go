package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/clientele-go/clientele/accounts"
)

// noteBucket is the bucket in which package accounts keeps notes.
const noteBucket = "_notes"

// noteCases returns the cases about notes.
func noteCases() []testCase {
	return []testCase{
		{"a note is returned as it was added, the newest first", noteOrder},
		{"notes are read page by page", notePages},
		{"notes record events without their texts, and touch nothing else", noteEvents},
		{"notes are removed one by one, and with their account", noteRemoval},
		{"bad input and unknown ids are refused", noteBadInput},
		{"notes are part of a transaction", noteTransaction},
		{"concurrent additions lose nothing, and none outlives the account", raceNotes},
	}
}

func (f *fixture) addNote(id accounts.ID, text string) accounts.Note {
	f.t.Helper()
	n, err := f.clients.AddNote(f.ctx, id, text)
	f.NoError(err)
	return n
}

// notes returns all notes of an account, on pages of two.
func (f *fixture) notes(id accounts.ID) []accounts.Note {
	f.t.Helper()
	all := []accounts.Note{}
	for q := (accounts.NoteQuery{Limit: 2}); ; {
		p, err := f.clients.Notes(f.ctx, id, q)
		f.NoError(err)
		f.LessOrEqual(len(p.Items), q.Limit)
		all = append(all, p.Items...)
		if !f.nextPage(&q.After, p.Next) {
			return all
		}
	}
}

func noteOrder(f *fixture) {
	mario, luigi := f.account("mario").ID, f.account("luigi").ID
	p, err := f.clients.Notes(f.ctx, mario, accounts.NoteQuery{})
	f.NoError(err)
	f.Equal(accounts.NotePage{Items: []accounts.Note{}}, p)

	texts := []string{" Called:\n\tpays on Friday ", "\"quoted\" <b> \\u0000 🧑‍💻 Ünïcode", strings.Repeat("😀", 4096), "x"}
	var want []accounts.Note
	for i, text := range texts {
		n, err := f.clients.AddNote(accounts.WithActor(f.ctx, fmt.Sprint("anna-", i)), mario, text)
		f.NoError(err)
		f.Positive(n.ID)
		f.Equal(strings.TrimSpace(text), n.Text)
		f.Equal(fmt.Sprint("anna-", i), n.By)
		f.Equal(f.clock.storedNow(), n.At)
		want = append([]accounts.Note{n}, want...)
		f.clock.advance(1e9)
	}
	of := f.addNote(luigi, "another customer")
	f.Equal(actor, of.By)
	f.Equal(want, f.notes(mario))
	f.Equal([]accounts.Note{of}, f.notes(luigi))
	f.True(slices.IsSortedFunc(want, func(a, b accounts.Note) int { return int(b.ID - a.ID) }), "the ids rise")
	f.clock.advance(-1e12) // the order is that of additions, also if the clock is set back
	want = append([]accounts.Note{f.addNote(mario, "earlier")}, want...)
	f.Equal(want, f.notes(mario))
}

func notePages(f *fixture) {
	mario, luigi := f.account("mario").ID, f.account("luigi").ID
	for i := range 51 {
		f.addNote(mario, fmt.Sprint(i))
	}
	first, err := f.clients.Notes(f.ctx, mario, accounts.NoteQuery{})
	f.NoError(err)
	f.Len(first.Items, 50)
	f.Equal("50", first.Items[0].Text)
	f.addNote(mario, "added between two pages")
	f.NoError(f.clients.RemoveNote(f.ctx, mario, first.Items[49].ID)) // the position stays
	last, err := f.clients.Notes(f.ctx, mario, accounts.NoteQuery{After: first.Next})
	f.NoError(err)
	f.Empty(last.Next)
	f.Len(last.Items, 1)
	f.Equal("0", last.Items[0].Text)
	for _, foreign := range []accounts.Cursor{"forged", first.Next + "x"} {
		_, err = f.clients.Notes(f.ctx, mario, accounts.NoteQuery{After: foreign})
		f.invalid(err, "after")
	}
	_, err = f.clients.Notes(f.ctx, luigi, accounts.NoteQuery{After: first.Next})
	f.invalid(err, "after")
}

func noteEvents(f *fixture) {
	mario := f.account("mario")
	ctx := accounts.WithActor(f.ctx, "anna")
	f.clock.advance(1e9)
	var n accounts.Note
	events := f.eventsOf(func() {
		var err error
		n, err = f.clients.AddNote(ctx, mario.ID, "a secret note")
		f.NoError(err)
		f.NoError(f.clients.RemoveNote(ctx, mario.ID, n.ID))
	})
	for i := range events {
		events[i].Cursor = ""
	}
	f.Equal([]accounts.Event{
		{At: n.At, Type: "account.note-added", Actor: "anna", AccountID: mario.ID},
		{At: n.At, Type: "account.note-removed", Actor: "anna", AccountID: mario.ID},
	}, events)
	f.Equal(mario, f.getAccount(mario.ID))
}

func noteRemoval(f *fixture) {
	mario, luigi := f.account("mario").ID, f.account("luigi").ID
	first, second, third := f.addNote(mario, "one"), f.addNote(mario, "two"), f.addNote(mario, "three")
	kept := f.addNote(luigi, "kept")
	f.NoError(f.clients.RemoveNote(f.ctx, mario, second.ID))
	f.Equal([]accounts.Note{third, first}, f.notes(mario))
	for _, gone := range []accounts.NoteID{second.ID, kept.ID, third.ID + 1000, 0, -1} {
		err := f.refused(accounts.ErrNotFound, func() error { return f.clients.RemoveNote(f.ctx, mario, gone) })
		f.notFound(err, accounts.KindNote, int64(gone))
	}
	f.remove(mario)
	_, err := f.clients.Notes(f.ctx, mario, accounts.NoteQuery{})
	f.notFound(err, accounts.LevelAccount, int64(mario))
	left, err := f.store.Entries(f.ctx, accounts.EntryParams{Bucket: noteBucket, Limit: 10})
	f.NoError(err)
	f.Len(left, 1)
	f.Equal([]accounts.Note{kept}, f.notes(luigi))
}

func noteBadInput(f *fixture) {
	mario := f.account("mario").ID
	for _, text := range []string{"", " \n", strings.Repeat("x", 4097), "nul\x00", "\xff"} {
		err := f.refused(accounts.ErrInvalid, func() error {
			_, err := f.clients.AddNote(f.ctx, mario, text)
			return err
		})
		f.invalid(err, "text")
	}
	for _, limit := range []int{-1, 501} {
		_, err := f.clients.Notes(f.ctx, mario, accounts.NoteQuery{Limit: limit})
		f.invalid(err, "limit")
	}
	for _, id := range []accounts.ID{0, -1, mario + 1000} {
		for _, command := range []func() error{
			func() error { _, err := f.clients.AddNote(f.ctx, id, "text"); return err },
			func() error { return f.clients.RemoveNote(f.ctx, id, 1) },
			func() error { _, err := f.clients.Notes(f.ctx, id, accounts.NoteQuery{}); return err },
		} {
			f.notFound(f.refused(accounts.ErrNotFound, command), accounts.LevelAccount, int64(id))
		}
	}
	f.refused(accounts.ErrInvalid, func() error {
		_, err := f.clients.AddNote(accounts.WithActor(f.ctx, "two\nlines"), mario, "text")
		return err
	})
	_, err := f.clients.Bucket(noteBucket).List(f.ctx, "", "", 1)
	f.invalid(err, "bucket")
}

func noteTransaction(f *fixture) {
	mario := f.account("mario").ID
	f.addNote(mario, "before")
	f.refused(errRefused, func() error {
		return f.clients.Transaction(f.ctx, func(ctx context.Context, tx *accounts.Manager) error {
			if _, err := tx.AddNote(ctx, mario, "rolled back"); err != nil {
				return err
			}
			p, err := tx.Notes(ctx, mario, accounts.NoteQuery{})
			if err == nil && len(p.Items) != 2 {
				err = fmt.Errorf("%d notes are seen in the transaction", len(p.Items))
			}
			if err != nil {
				return err
			}
			return errRefused
		})
	})
	f.NoError(f.clients.Transaction(f.ctx, func(ctx context.Context, tx *accounts.Manager) error {
		n, err := tx.AddNote(ctx, mario, "removed again")
		if err != nil {
			return err
		}
		if err := tx.RemoveNote(ctx, mario, n.ID); err != nil {
			return err
		}
		_, err = tx.AddNote(ctx, mario, "after")
		return err
	}))
	notes := f.notes(mario)
	f.Len(notes, 2)
	f.Equal("after", notes[0].Text)
}

func raceNotes(f *fixture) {
	mario, luigi := f.account("mario").ID, f.account("luigi").ID
	var all sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		all.Go(func() {
			_, errs[i] = f.clients.AddNote(f.ctx, mario, fmt.Sprint(i))
			if _, err := f.clients.AddNote(f.ctx, luigi, fmt.Sprint(i)); err != nil && !errors.Is(err, accounts.ErrNotFound) {
				errs[i] = err
			}
		})
	}
	all.Go(func() { f.remove(luigi) })
	all.Wait()
	for _, err := range errs {
		f.NoError(err)
	}
	f.Len(f.notes(mario), len(errs))
	left, err := f.store.Entries(f.ctx, accounts.EntryParams{Bucket: noteBucket, Limit: 500})
	f.NoError(err)
	f.Len(left, len(errs), "notes of a removed account are left")
}
