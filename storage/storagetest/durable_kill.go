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
	"github.com/clientele-go/clientele/storage/storagetest/internal/audit"
	"github.com/clientele-go/clientele/storage/storagetest/internal/journal"
	"github.com/clientele-go/clientele/storage/storagetest/internal/process"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/storage/storagetest/internal/workload"
)

// killedProcesses kills a process that runs random commands, again and again on one database, and checks each time what it
// has left.
func killedProcesses(t *testing.T, open openDir) {
	if task, isChild := process.TaskOf(t); isChild {
		runUntilKilled(t, open, task)
		return
	}
	k := &killing{t: t, open: open, dir: t.TempDir(), book: journal.NewBook()}
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
	book *journal.Book

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
	c, err := process.Start(k.t, process.Task{Dir: k.dir, Process: fmt.Sprintf("process%d", i)}, nil)
	require.NoError(k.t, err)
	defer c.End()
	c.Opened(k.t)
	lifetime, writesLeft := rand.N(maxLifetime), -1
	if i%4 >= 2 {
		lifetime, writesLeft = 10*maxLifetime, 1+rand.IntN(60)
	}
	timer := time.AfterFunc(lifetime, c.Kill)
	defer timer.Stop()
	read := make(chan error, 1)
	if open != nil { // reads beside the process; what it returns changes all the time
		go func() { read <- readBeside(ctx, open) }()
	}
	for {
		r, found := c.Next()
		if !found {
			break
		}
		require.Empty(k.t, r.Failure, "a command in process %d failed", i)
		k.book.Add(r)
		if r.Result == journal.Succeeded {
			k.reported++
		}
		if r.Writes != nil {
			if writesLeft--; writesLeft == 0 {
				timer.Reset(rand.N(maxCommit))
			}
		}
	}
	_ = c.Wait() // it was killed
	require.True(k.t, c.WasKilled(), "process %d ended before it was killed:\n%s", i, c.Output())
	if open != nil {
		require.NoError(k.t, <-read, "look-ups beside a process that runs commands")
	}
}

// readBeside reads lists and the event log a few times. Events may be pruned between two pages.
func readBeside(ctx context.Context, store accounts.Store) error {
	for range 3 {
		if _, err := audit.Read(ctx, store); err != nil && !errors.Is(err, accounts.ErrCursorExpired) {
			return err
		}
	}
	return nil
}

// check asserts that the database contains what the book says.
func (k *killing) check(ctx context.Context, i int, store accounts.Store, how string) {
	k.t.Helper()
	got, log, err := journal.ReadSettledContents(ctx, store)
	require.NoError(k.t, err)
	k.interrupted += k.book.Interrupted()
	require.NoError(k.t, k.book.Check(got, log), "process %d was killed; %s", i, how)
}

// continueWork runs some commands in this process.
func (k *killing) continueWork(ctx context.Context, i int, store accounts.Store) {
	k.t.Helper()
	w := workload.NewDurable(ctx, journal.New(store, fmt.Sprintf("test%d", i), k.book.Add))
	require.NoError(k.t, w.AdoptRows())
	w.Run(5)
	require.Empty(k.t, w.Failures(), "commands after process %d was killed", i)
}

// runUntilKilled is the process that is killed.
func runUntilKilled(t *testing.T, open openDir, task process.Task) {
	store, _ := open(t, task.Dir)
	ctx := suite.Bounded(t, process.Limit)
	w := workload.NewDurable(ctx, journal.New(store, task.Process, process.Print))
	require.NoError(t, w.AdoptRows())
	process.Print(journal.Record{})
	var all sync.WaitGroup
	for range processWorkers {
		all.Go(func() {
			for ctx.Err() == nil {
				w.Run(1)
				for _, failure := range w.Failures() {
					process.Print(journal.Record{Failure: failure})
				}
			}
		})
	}
	all.Wait()
}
