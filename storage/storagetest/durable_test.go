package storagetest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/storage/storagetest/internal/faulty"
	"github.com/clientele-go/clientele/storage/storagetest/internal/process"
)

// A store that writes its commands to a file passes the cases that use one store at a time: also that of the full disk, which
// does not concern a store without files in the directory.
func TestDurableCasesPassWithAFile(t *testing.T) {
	for _, name := range []string{
		"everything is as before after it was opened again", "ids and versions are not given twice after it was opened again",
		"event numbers continue after it was opened again", "a full disk loses nothing",
	} {
		t.Run(name, func(t *testing.T) { durableCaseNamed(t, name).run(t, openFile(func(*fileStore) {})) })
	}
}

func durableCaseNamed(t *testing.T, name string) durableCase {
	t.Helper()
	all := durableCases()
	i := slices.IndexFunc(all, func(c durableCase) bool { return c.name == name })
	require.GreaterOrEqual(t, i, 0, "no case %q", name)
	return all[i]
}

// brokenVariable makes TestDurableCasesRevealBrokenStores run the cases, which fail, in this process.
const brokenVariable = "CLIENTELE_STORAGETEST_BROKEN"

// Each of these mistakes makes a case fail with a message that says what is wrong.
func TestDurableCasesRevealBrokenStores(t *testing.T) {
	const (
		reopened  = "everything is as before after it was opened again"
		ids       = "ids and versions are not given twice after it was opened again"
		numbers   = "event numbers continue after it was opened again"
		two       = "two stores see each other's commands"
		stores    = "concurrent commands of two stores leave consistent rows and events"
		processes = "concurrent commands of two processes leave consistent rows and events"
		killed    = "a killed process leaves whole commands and everything it has reported"
		disk      = "a full disk loses nothing"
	)
	postgresDSN := func(t *testing.T) string { t.Helper(); return pgtest.Shared(t).DSN() }
	noDSN := func(*testing.T) string { return "" }
	for _, c := range []struct {
		mistake, in string
		open        openDir
		want        string
		dsn         func(*testing.T) string
	}{
		{"it forgets everything", reopened, openMemory(func(*memory.Store, int) accounts.Store { return memory.New() }), "opened again after the first commands", noDSN},
		{"it forgets the expiry of entries", reopened, openMemory(func(s *memory.Store, _ int) accounts.Store {
			forgetExpiry(s)
			return s
		}), "opened again after the first commands", noDSN},
		{"it forgets what was pruned", reopened, openMemory(func(s *memory.Store, opened int) accounts.Store {
			if opened%2 == 0 {
				return s
			}
			return faulty.Skipping{Store: s}
		}), "opened again after PruneEvents", noDSN},
		{"its ids continue after the highest one of its rows", ids, openMemory(func(s *memory.Store, _ int) accounts.Store { return newMaxIDs(s) }), "account id 3 was given to command", noDSN},
		{"its versions continue after the highest one of its entries", ids, openMemory(func(s *memory.Store, _ int) accounts.Store { return newMaxVersions(s) }), "entry version 6 was given to command", noDSN},
		{"its numbers begin again when everything was pruned", numbers, openMemory(func(s *memory.Store, _ int) accounts.Store { return newRestartingNumbers(s) }), "cursor", noDSN},
		{"a second store is a copy", two, openMemory(func(s *memory.Store, opened int) accounts.Store {
			if opened == 0 {
				return s
			}
			return memory.New()
		}), "not found", noDSN},
		{"some events of concurrent commands are lost", stores, openMemory(func(s *memory.Store, _ int) accounts.Store {
			return &faulty.Store{Store: s, Tx: faulty.Tx{DropEvents: true}}
		}), "replaying the event log does not lead to the rows in the store", noDSN},
		{"some events of concurrent processes are lost", processes, openPostgres(func(s accounts.Store) accounts.Store {
			return &faulty.Store{Store: s, Tx: faulty.Tx{DropEvents: true}}
		}), "replaying the event log does not lead to the rows in the store", postgresDSN},
		{"it returns before the commit", killed, openPostgres(func(s accounts.Store) accounts.Store { return hastyStore{s} }), "the store does not contain what the commands lead to", postgresDSN},
		{"it commits a command in two transactions", killed, openPostgres(func(s accounts.Store) accounts.Store { return halvingStore{s} }), "the store does not contain what the commands lead to", postgresDSN},
		{"it ignores that the disk is full", disk, openFile(func(s *fileStore) { s.ignoreErrors = true }), "no command was refused", noDSN},
		{"it reports a full disk as another error", disk, openFile(func(s *fileStore) { s.bareErrors = true }), "what a command returns while the disk is full", noDSN},
		{"it keeps half a line of a full disk", disk, openFile(func(s *fileStore) { s.keepTorn = true }), "opening", noDSN},
	} {
		t.Run(c.mistake, func(t *testing.T) {
			if os.Getenv(brokenVariable) != "" {
				durableCaseNamed(t, c.in).run(t, c.open)
				return
			}
			if _, missing := process.MountNamespace(); c.in == disk && missing != "" {
				t.Skip(missing)
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], process.Arguments(t.Name())...)
			cmd.Env = append(os.Environ(), brokenVariable+"=1")
			if dsn := c.dsn(t); dsn != "" {
				cmd.Env = append(cmd.Env, pgtest.EnvDSN+"="+dsn)
			}
			out, err := cmd.CombinedOutput()
			require.Error(t, err, "%s", out)
			require.Contains(t, string(out), c.want)
		})
	}
}

// openMemory opens stores in memory that outlive their closing. The function wraps a store that was opened before the given
// number of times.
func openMemory(wrap func(s *memory.Store, opened int) accounts.Store) openDir {
	var mu sync.Mutex
	stores, opened := map[string]*memory.Store{}, map[string]int{}
	return func(_ *testing.T, dir string) (accounts.Store, io.Closer) {
		mu.Lock()
		defer mu.Unlock()
		if stores[dir] == nil {
			stores[dir] = memory.New()
		}
		opened[dir]++
		return wrap(stores[dir], opened[dir]-1), io.NopCloser(nil)
	}
}

// openPostgres opens stores in a database for each directory.
func openPostgres(wrap func(accounts.Store) accounts.Store) openDir {
	return func(t *testing.T, dir string) (accounts.Store, io.Closer) {
		t.Helper()
		file := filepath.Join(dir, "dsn")
		dsn, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			dsn = []byte(pgtest.Shared(t).Database(t))
			err = os.WriteFile(file, dsn, 0o600)
		}
		require.NoError(t, err)
		db := pgtest.Open(t, string(dsn), 8)
		require.NoError(t, postgres.Migrate(t.Context(), db, nil))
		store, err := postgres.New(t.Context(), db, nil)
		require.NoError(t, err)
		return wrap(store), db
	}
}

// forgetExpiry deletes the expiry of all entries.
func forgetExpiry(s *memory.Store) {
	entries, _ := s.Entries(context.Background(), accounts.EntryParams{Bucket: suiteBucket, Limit: 500})
	_ = s.Update(context.Background(), func(tx accounts.Tx) error {
		var w accounts.Writes
		for _, e := range entries {
			e.ExpiresAt = time.Time{}
			w.PutEntries = append(w.PutEntries, accounts.EntryWrite{Bucket: suiteBucket, Entry: e})
		}
		return tx.Save(w)
	})
}

// maxIDs allocates the ids of accounts after the highest one in the store when it was opened.
type maxIDs struct {
	accounts.Store
	last *accounts.ID
}

func newMaxIDs(s accounts.Store) maxIDs {
	last := accounts.ID(0)
	_, _ = s.Snapshot(context.Background(), func(b accounts.Batch) error {
		for _, a := range b.Accounts {
			last = max(last, a.ID)
		}
		return nil
	})
	return maxIDs{s, &last}
}

func (s maxIDs) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.Store.Update(ctx, func(tx accounts.Tx) error { return fn(maxIDsTx{tx, s.last}) })
}

type maxIDsTx struct {
	accounts.Tx
	last *accounts.ID
}

func (t maxIDsTx) Claim(c accounts.Claim) (accounts.Claimed, error) {
	got, err := t.Tx.Claim(c)
	for i := range got.AccountIDs {
		*t.last++
		got.AccountIDs[i] = *t.last
	}
	return got, err
}

// maxVersions allocates versions after the highest one in the store when it was opened.
type maxVersions struct {
	accounts.Store
	last *int64
}

func newMaxVersions(s accounts.Store) maxVersions {
	last := int64(0)
	entries, _ := s.Entries(context.Background(), accounts.EntryParams{Bucket: suiteBucket, Limit: 500})
	for _, e := range entries {
		last = max(last, e.Version)
	}
	return maxVersions{s, &last}
}

func (s maxVersions) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.Store.Update(ctx, func(tx accounts.Tx) error { return fn(maxVersionsTx{tx, s.last}) })
}

type maxVersionsTx struct {
	accounts.Tx
	last *int64
}

func (t maxVersionsTx) LockEntries(l accounts.EntryLockSet) (accounts.LockedEntries, error) {
	got, err := t.Tx.LockEntries(l)
	if l.NewVersion {
		*t.last++
		got.Version = *t.last
	}
	return got, err
}

// restartingNumbers numbers events from 1 again if there are none when it is opened.
type restartingNumbers struct {
	accounts.Store
	offset int64
}

func newRestartingNumbers(s accounts.Store) restartingNumbers {
	log, _ := s.Events(context.Background(), accounts.EventParams{Limit: 1})
	if len(log.Events) > 0 {
		return restartingNumbers{s, 0}
	}
	return restartingNumbers{s, log.Last}
}

func (s restartingNumbers) Events(ctx context.Context, q accounts.EventParams) (accounts.EventResult, error) {
	if q.After != 0 {
		q.After += s.offset
	}
	log, err := s.Store.Events(ctx, q)
	log.Last, log.Pruned = log.Last-s.offset, max(0, log.Pruned-s.offset)
	for i := range log.Events {
		log.Events[i].Number -= s.offset
	}
	return log, err
}

// hastyStore reports the success of a command shortly before it commits.
type hastyStore struct{ accounts.Store }

func (s hastyStore) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	saved, result := make(chan struct{}, 10), make(chan error, 1)
	go func() {
		result <- s.Store.Update(ctx, func(tx accounts.Tx) error {
			if err := fn(tx); err != nil {
				return err
			}
			saved <- struct{}{}
			time.Sleep(5 * time.Millisecond)
			return nil
		})
	}()
	select {
	case <-saved:
		return nil
	case err := <-result:
		return err
	}
}

// halvingStore commits the events of a command after its rows.
type halvingStore struct{ accounts.Store }

func (s halvingStore) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	tx := &halvingTx{}
	if err := s.Store.Update(ctx, func(inner accounts.Tx) error { tx.Tx = inner; return fn(tx) }); err != nil || tx.events == nil {
		return err
	}
	time.Sleep(2 * time.Millisecond)
	return s.Store.Update(ctx, func(inner accounts.Tx) error {
		var w accounts.Writes
		w.Events = tx.events
		return inner.Save(w)
	})
}

type halvingTx struct {
	accounts.Tx
	events []accounts.Event
}

func (t *halvingTx) Save(w accounts.Writes) error {
	t.events, w.Events = w.Events, nil
	return t.Tx.Save(w)
}

// fileStore is a store in memory that writes its commands to a file before they are committed, and executes them again when it
// is opened.
type fileStore struct {
	*memory.Store
	mu      sync.Mutex // one command at a time, so that the file has them in their order
	file    *os.File
	pending fileCommand // what refused commands have used up

	ignoreErrors, bareErrors, keepTorn bool // mistakes
}

// fileCommand is a line of the file.
type fileCommand struct {
	Claims   []accounts.Claim
	Versions int
	Writes   []accounts.Writes
	Prune    time.Time
}

func openFile(breakIt func(*fileStore)) openDir {
	return func(t *testing.T, dir string) (accounts.Store, io.Closer) {
		t.Helper()
		file, err := os.OpenFile(filepath.Join(dir, "commands"), os.O_CREATE|os.O_RDWR, 0o600)
		require.NoError(t, err)
		s := &fileStore{Store: memory.New(), file: file}
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
func (s *fileStore) repeat(c fileCommand) error {
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
			_, err := tx.LockEntries(accounts.EntryLockSet{Bucket: suiteBucket, Key: "any", NewVersion: true})
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
func (s *fileStore) write() error {
	line, err := json.Marshal(s.pending)
	if err != nil {
		return err
	}
	size, err := s.file.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = s.file.Write(append(bytes.TrimSpace(line), '\n'))
	}
	if err != nil {
		if !s.keepTorn {
			err = errors.Join(err, s.file.Truncate(size))
		}
		switch {
		case s.ignoreErrors:
			return nil
		case s.bareErrors:
			return err
		}
		return fmt.Errorf("%w: %w", accounts.ErrUnavailable, err)
	}
	s.pending = fileCommand{}
	return nil
}

func (s *fileStore) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.record(func() error {
		return s.Store.Update(ctx, func(tx accounts.Tx) error {
			if err := fn(fileTx{tx, s}); err != nil {
				return err
			}
			return s.write()
		})
	})
}

func (s *fileStore) Transaction(ctx context.Context, fn func(context.Context, accounts.Store) error) error {
	return s.record(func() error {
		return s.Store.Transaction(ctx, func(ctx context.Context, in accounts.Store) error {
			if err := fn(ctx, fileInside{in, s}); err != nil {
				return err
			}
			return s.write()
		})
	})
}

func (s *fileStore) PruneEvents(ctx context.Context, before time.Time) (n int, err error) {
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
func (s *fileStore) record(command func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := command()
	s.pending.Writes = nil
	return err
}

func (s *fileStore) Close() error {
	return errors.Join(s.write(), s.file.Close())
}

type fileTx struct {
	accounts.Tx
	store *fileStore
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

// fileInside is a fileStore inside a transaction.
type fileInside struct {
	accounts.Store
	store *fileStore
}

func (s fileInside) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.Store.Update(ctx, func(tx accounts.Tx) error { return fn(fileTx{tx, s.store}) })
}
