package faulty

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
)

// File is a store in memory that writes its commands to a file before they are committed, and executes them again when it
// is opened.
type File struct {
	*memory.Store
	mu      sync.Mutex // one command at a time, so that the file has them in their order
	file    *os.File
	pending fileCommand // what refused commands have used up

	IgnoreErrors, BareErrors, KeepTorn bool // its mistakes: by default it makes none
}

// fileCommand is a line of the file.
type fileCommand struct {
	Claims   []accounts.Claim
	Versions int
	Writes   []accounts.Writes
	Prune    time.Time
}

// OpenFile returns a function that opens the store of a directory. breakIt sets its mistakes.
func OpenFile(breakIt func(*File)) func(*testing.T, string) (accounts.Store, io.Closer) {
	return func(t *testing.T, dir string) (accounts.Store, io.Closer) {
		t.Helper()
		file, err := os.OpenFile(filepath.Join(dir, "commands"), os.O_CREATE|os.O_RDWR, 0o600)
		require.NoError(t, err)
		s := &File{Store: memory.New(), file: file}
		breakIt(s)
		for lines := bufio.NewReader(file); ; {
			line, err := lines.ReadBytes('\n')
			if len(line) == 0 {
				break
			}
			var c fileCommand
			require.NoError(t, errors.Join(err, json.Unmarshal(line, &c)), "opening the file")
			require.NoError(t, s.repeat(c))
		}
		return s, s
	}
}

// repeat executes a command of the file.
func (s *File) repeat(c fileCommand) error {
	ctx := context.Background()
	if !c.Prune.IsZero() {
		_, err := s.Store.PruneEvents(ctx, c.Prune)
		return err
	}
	for _, claim := range c.Claims {
		if err := s.Store.Update(ctx, func(tx accounts.Tx) error { _, err := tx.Claim(claim); return err }); err != nil {
			return err
		}
	}
	for range c.Versions {
		if err := s.Store.Update(ctx, func(tx accounts.Tx) error {
			_, err := tx.LockEntries(accounts.EntryLockSet{Bucket: suite.Bucket, Key: "any", NewVersion: true})
			return err
		}); err != nil {
			return err
		}
	}
	for _, w := range c.Writes {
		if err := s.Store.Update(ctx, func(tx accounts.Tx) error { return tx.Save(w) }); err != nil {
			return err
		}
	}
	return nil
}

// write appends what has been recorded as a line, or leaves the file as it is.
func (s *File) write() error {
	line, err := json.Marshal(s.pending)
	if err != nil {
		return err
	}
	size, err := s.file.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = s.file.Write(append(bytes.TrimSpace(line), '\n'))
	}
	if err != nil {
		if !s.KeepTorn {
			err = errors.Join(err, s.file.Truncate(size))
		}
		switch {
		case s.IgnoreErrors:
			return nil
		case s.BareErrors:
			return err
		}
		return fmt.Errorf("%w: %w", accounts.ErrUnavailable, err)
	}
	s.pending = fileCommand{}
	return nil
}

// Update writes the command to the file before it is committed.
func (s *File) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.record(func() error {
		return s.Store.Update(ctx, func(tx accounts.Tx) error {
			if err := fn(fileTx{tx, s}); err != nil {
				return err
			}
			return s.write()
		})
	})
}

// Transaction writes all commands in it to the file as one.
func (s *File) Transaction(ctx context.Context, fn func(context.Context, accounts.Store) error) error {
	return s.record(func() error {
		return s.Store.Transaction(ctx, func(ctx context.Context, in accounts.Store) error {
			if err := fn(ctx, fileInside{in, s}); err != nil {
				return err
			}
			return s.write()
		})
	})
}

// PruneEvents writes to the file what it prunes.
func (s *File) PruneEvents(ctx context.Context, before time.Time) (n int, err error) {
	err = s.record(func() error {
		s.pending.Prune = before
		defer func() { s.pending.Prune = time.Time{} }()
		if err := s.write(); err != nil {
			return err
		}
		n, err = s.Store.PruneEvents(ctx, before)
		return err
	})
	return n, err
}

// record runs a command. Of one that fails, only what it has used up is written, with the next one.
func (s *File) record(command func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := command()
	s.pending.Writes = nil
	return err
}

// Close writes what refused commands have used up, and closes the file.
func (s *File) Close() error {
	return errors.Join(s.write(), s.file.Close())
}

type fileTx struct {
	accounts.Tx
	store *File
}

func (t fileTx) Claim(c accounts.Claim) (accounts.Claimed, error) {
	t.store.pending.Claims = append(t.store.pending.Claims, c)
	return t.Tx.Claim(c)
}

func (t fileTx) LockEntries(l accounts.EntryLockSet) (accounts.LockedEntries, error) {
	if l.NewVersion {
		t.store.pending.Versions++
	}
	return t.Tx.LockEntries(l)
}

func (t fileTx) Save(w accounts.Writes) error {
	t.store.pending.Writes = append(t.store.pending.Writes, w)
	return t.Tx.Save(w)
}

// fileInside is a File inside a transaction.
type fileInside struct {
	accounts.Store
	store *File
}

func (s fileInside) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.Store.Update(ctx, func(tx accounts.Tx) error { return fn(fileTx{tx, s.store}) })
}
