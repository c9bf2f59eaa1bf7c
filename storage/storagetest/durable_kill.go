package storagetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// killedProcesses kills a process that runs random commands, again and again on one database, and checks each time what it
// has left.
func killedProcesses(t *testing.T, open openDir) {
	if task, isChild := taskOf(t); isChild {
		runUntilKilled(t, open, task)
		return
	}
	k := &killing{t: t, open: open, dir: t.TempDir(), book: newBook()}
	_, closer := open(t, k.dir) // creates the database
	require.NoError(t, closer.Close())
	for i := range suite.Scale(20, 200) {
		k.round(i)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d processes were killed; they had reported %d commands, and %d were interrupted", k.rounds, k.reported, k.interrupted)
	require.Positive(t, k.reported, "no process has completed a command before it was killed")
}

// killing is a database whose processes are killed.
type killing struct {
	t    *testing.T
	open openDir
	dir  string
	book *book

	rounds, reported, interrupted int
}

// round starts a process, kills it, and checks the database: in every other round first through a store that was open all the
// time. It then runs a few commands itself, which the next round checks.
func (k *killing) round(i int) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), caseTimeout)
	defer cancel()
	store, closer := k.openOther(i)
	k.runAndKill(ctx, i, store)
	if store != nil {
		k.check(ctx, i, store, "through a store that was open while the process was killed")
		require.NoError(k.t, closer.Close())
	}
	store, closer = k.open(k.t, k.dir)
	k.check(ctx, i, store, "after the database was opened again")
	k.continueWork(ctx, i, store)
	require.NoError(k.t, closer.Close())
	k.rounds++
}

// openOther opens a store that stays open while the process is killed, in every other round.
func (k *killing) openOther(i int) (store accounts.Store, closer io.Closer) {
	if i%2 == 0 {
		return nil, nil
	}
	return k.open(k.t, k.dir)
}

const (
	// maxLifetime is how long processes run at most that are killed after some time.
	maxLifetime = 200 * time.Millisecond
	// maxCommit is how long a command takes at most, on a fast machine, from the report of its writes to the end of its commit.
	maxCommit = 5 * time.Millisecond
)

// runAndKill starts a process and kills it at a random instant: after some time, or soon after it has reported what some
// command is about to write and commit. It adds what the process has reported to the book.
func (k *killing) runAndKill(ctx context.Context, i int, open accounts.Store) {
	k.t.Helper()
	c, err := startChild(k.t, childTask{Dir: k.dir, Process: fmt.Sprintf("process%d", i)}, nil)
	require.NoError(k.t, err)
	defer c.kill()
	c.opened(k.t)
	lifetime, writesLeft := rand.N(maxLifetime), -1
	if i%4 >= 2 {
		lifetime, writesLeft = 10*maxLifetime, 1+rand.IntN(60)
	}
	timer := time.AfterFunc(lifetime, func() { _ = c.cmd.Process.Kill() })
	defer timer.Stop()
	read := make(chan error, 1)
	if open != nil { // reads beside the process; what it returns changes all the time
		go func() { read <- readBeside(ctx, open) }()
	}
	for {
		r, found := c.next()
		if !found {
			break
		}
		require.Empty(k.t, r.Failure, "a command in process %d failed", i)
		k.book.add(r)
		if r.Result == succeeded {
			k.reported++
		}
		if r.Writes != nil {
			if writesLeft--; writesLeft == 0 {
				timer.Reset(rand.N(maxCommit))
			}
		}
	}
	_ = c.wait() // it was killed
	require.True(k.t, c.wasKilled(), "process %d ended before it was killed:\n%s", i, c.output())
	if open != nil {
		require.NoError(k.t, <-read, "look-ups beside a process that runs commands")
	}
}

// readBeside reads lists and the event log a few times. Events may be pruned between two pages.
func readBeside(ctx context.Context, store accounts.Store) error {
	for range 3 {
		if _, err := newWorkload(ctx, store).readAll(); err != nil && !errors.Is(err, accounts.ErrCursorExpired) {
			return err
		}
	}
	return nil
}

// check asserts that the database contains what the book says.
func (k *killing) check(ctx context.Context, i int, store accounts.Store, how string) {
	k.t.Helper()
	got, log, err := settledContents(ctx, store)
	require.NoError(k.t, err)
	for _, c := range k.book.commands {
		if c.result == interrupted {
			k.interrupted++
		}
	}
	require.NoError(k.t, k.book.check(got, log), "process %d was killed; %s", i, how)
}

// continueWork runs some commands in this process.
func (k *killing) continueWork(ctx context.Context, i int, store accounts.Store) {
	k.t.Helper()
	w := newDurableWorkload(ctx, newJournal(store, fmt.Sprintf("test%d", i), k.book.add))
	require.NoError(k.t, w.adoptRows())
	w.run(5)
	require.Empty(k.t, w.failures, "commands after process %d was killed", i)
}

// runUntilKilled is the process that is killed.
func runUntilKilled(t *testing.T, open openDir, task childTask) {
	store, _ := open(t, task.Dir)
	w := newDurableWorkload(suite.Bounded(t, childLimit), newJournal(store, task.Process, printRecord))
	require.NoError(t, w.adoptRows())
	printRecord(record{})
	var all sync.WaitGroup
	for range processWorkers {
		all.Go(func() {
			for w.ctx.Err() == nil {
				w.run(1)
				w.report()
			}
		})
	}
	all.Wait()
}

// durableWorkload is a workload with commands of more kinds.
type durableWorkload struct {
	*workload
	pruning sync.RWMutex // locked while events are pruned: which ones are depends on the commands that run
}

func newDurableWorkload(ctx context.Context, store accounts.Store) *durableWorkload {
	return &durableWorkload{workload: newWorkload(ctx, store)}
}

// run runs random commands one after another.
func (w *durableWorkload) run(steps int) {
	r := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	commands := append(w.commands(), w.createMany, w.updateHolds, w.transaction, w.transaction, w.putEntry, w.putEntry, w.deleteEntry,
		w.deleteEntries, w.signInAs)
	for range steps {
		if r.IntN(50) == 0 {
			w.prune()
			continue
		}
		w.pruning.RLock()
		err := commands[r.IntN(len(commands))](r)
		w.pruning.RUnlock()
		if err != nil && !isExpected(err) {
			w.fail(err)
		}
	}
}

// report prints the failures so far.
func (w *durableWorkload) report() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, failure := range w.failures {
		printRecord(record{Failure: failure})
	}
	w.failures = nil
}

// prune prunes the events except the newest ones.
func (w *durableWorkload) prune() {
	w.pruning.Lock()
	defer w.pruning.Unlock()
	if _, err := w.clients.PruneEvents(w.ctx, time.Now().Add(-50*time.Millisecond)); err != nil && !isExpected(err) {
		w.fail(err)
	}
}

// createMany creates accounts with subscriptions and domains, all or none.
func (w *durableWorkload) createMany(r *rand.Rand) error {
	var in []accounts.New
	first := r.IntN(12)
	for i := range 3 {
		a := newAccount(fmt.Sprintf("user%d", (first+i)%12))
		a.Subscription = &subscriptions.New{Name: "Hosting", Domains: []string{fmt.Sprintf("many%d.example", (first+i)%12)}}
		in = append(in, a)
	}
	all, err := w.clients.CreateMany(w.ctx, in)
	for _, a := range all {
		err = w.created(&w.accounts, int64(a.ID), err)
	}
	return err
}

func (w *durableWorkload) updateHolds(r *rand.Rand) error {
	note := fmt.Sprint("note ", r.IntN(100))
	_, err := w.clients.UpdateHolds(w.ctx, pickIDs[accounts.ID](w.workload, r, &w.accounts), randomCause(r), accounts.HoldTexts{Note: &note})
	return err
}

func (w *durableWorkload) signInAs(r *rand.Rand) error {
	_, err := w.clients.SignInAs(w.ctx, w.account(r))
	return err
}

// transaction runs several commands as one.
func (w *durableWorkload) transaction(r *rand.Rand) error {
	id, key, name := w.account(r), fmt.Sprint("transaction ", r.IntN(8)), randomName(r)
	return w.clients.Transaction(w.ctx, func(ctx context.Context, tx *accounts.Manager) error {
		if _, err := tx.Suspend(ctx, []accounts.ID{id}, accounts.Hold{Cause: accounts.CauseAbuse, Message: key}); err != nil {
			return err
		}
		if _, err := tx.Subscriptions().Create(ctx, subscriptions.New{AccountID: id, Domains: []string{name}}); err != nil {
			return err
		}
		_, err := tx.Bucket(suiteBucket).Put(ctx, accounts.Entry{Key: key, Value: []byte(name)}, accounts.Any)
		return err
	})
}

// putEntry puts an entry, with a value of up to 8 KiB.
func (w *durableWorkload) putEntry(r *rand.Rand) error {
	e := accounts.Entry{Key: fmt.Sprint("key ", r.IntN(8)), Value: make([]byte, r.IntN(2)*r.IntN(8192))}
	for i := range e.Value {
		e.Value[i] = byte(r.Uint32())
	}
	if r.IntN(3) == 0 {
		e.Key = fmt.Sprintf("account/%d/%s", w.account(r), e.Key)
	}
	_, err := w.clients.Bucket(suiteBucket).Put(w.ctx, e, accounts.Any)
	return err
}

func (w *durableWorkload) deleteEntry(r *rand.Rand) error {
	return w.clients.Bucket(suiteBucket).Delete(w.ctx, fmt.Sprint("key ", r.IntN(8)))
}

func (w *durableWorkload) deleteEntries(*rand.Rand) error {
	_, err := w.clients.Bucket(suiteBucket).DeletePrefix(w.ctx, "transaction ")
	return err
}
