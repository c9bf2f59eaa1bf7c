package storagetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/audit"
	"github.com/clientele-go/clientele/storage/storagetest/internal/journal"
	"github.com/clientele-go/clientele/storage/storagetest/internal/process"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/storage/storagetest/internal/workload"
	"github.com/clientele-go/clientele/subscriptions"
)

// twoStores runs commands alternately on two stores of one database.
func twoStores(d *durable) {
	first := d.clients
	otherStore, closer := d.openDir(d.t, d.dir)
	other := d.managerFor(journal.New(otherStore, "other", d.book.Add), nil)
	both := func(check func(*accounts.Manager)) { check(first); check(other) }

	mario, err := first.Create(d.ctx, withDomains("mario", "mario.example"))
	d.NoError(err)
	both(func(m *accounts.Manager) {
		a, err := m.Get(d.ctx, mario.ID)
		d.NoError(err)
		d.Equal(mario, a)
	})
	_, err = other.Suspend(d.ctx, []accounts.ID{mario.ID}, accounts.Hold{Cause: accounts.CauseBilling})
	d.NoError(err)
	both(func(m *accounts.Manager) {
		site, err := m.Subscriptions().Resolve(d.ctx, "mario.example")
		d.NoError(err)
		d.Equal(accounts.Suspended, site.Domain.Status())
		_, err = m.Create(d.ctx, withDomains("mario"))
		d.ErrorIs(err, accounts.ErrTaken)
		_, err = m.Subscriptions().Create(d.ctx, subscriptions.New{Domains: []string{"mario.example"}})
		d.ErrorIs(err, accounts.ErrTaken)
	})
	_, err = first.Update(d.ctx, mario.ID, accounts.Changes{Version: mario.Version, Login: ptr("mario2")})
	d.NoError(err)
	_, err = other.Update(d.ctx, mario.ID, accounts.Changes{Version: mario.Version, Login: ptr("mario3")})
	d.versionConflict(err, mario.Version+1)
	e, err := other.Bucket(suiteBucket).Put(d.ctx, accounts.Entry{Key: "k"}, accounts.Absent)
	d.NoError(err)
	_, err = first.Bucket(suiteBucket).Put(d.ctx, accounts.Entry{Key: "k"}, accounts.Absent)
	d.versionConflict(err, e.Version)

	d.useManager(first)
	before := d.dump()
	d.useManager(other)
	d.Equal(before, d.dump(), "both stores must return the same")
	d.raceTwoStores(first, other)
	d.checkBook()
	d.NoError(closer.Close())
	d.useManager(first)
	d.account("peach")
	d.checkBook()
}

// raceTwoStores lets both stores create the same accounts concurrently: exactly one of each pair succeeds.
func (d *durable) raceTwoStores(managers ...*accounts.Manager) {
	d.t.Helper()
	for i := range 10 {
		var created atomic.Int64
		var all sync.WaitGroup
		errs := make([]error, len(managers))
		for j, m := range managers {
			all.Go(func() {
				_, errs[j] = m.Create(d.ctx, withDomains(fmt.Sprintf("twin%d", i), fmt.Sprintf("twin%d.example", i)))
				if errs[j] == nil {
					created.Add(1)
				}
			})
		}
		all.Wait()
		d.EqualValues(1, created.Load(), "of two creations with one login exactly one must succeed: %v", errs)
		for _, err := range errs {
			if err != nil {
				d.ErrorIs(err, accounts.ErrTaken)
			}
		}
	}
}

// withDomains returns input for an account with a subscription, if there are domains.
func withDomains(login string, domains ...string) accounts.New {
	in := newAccount(login)
	if len(domains) > 0 {
		in.Subscription = &subscriptions.New{Domains: domains}
	}
	return in
}

// alternating runs commands on two stores of one database in turn, and reads from both.
type alternating struct {
	accounts.Store
	other accounts.Store
	calls *atomic.Int64
}

func (s *alternating) next() accounts.Store {
	if s.calls.Add(1)%2 == 0 {
		return s.other
	}
	return s.Store
}

func (s *alternating) Update(ctx context.Context, fn func(accounts.Tx) error) error {
	return s.next().Update(ctx, fn)
}

func (s *alternating) Transaction(ctx context.Context, fn func(context.Context, accounts.Store) error) error {
	return s.next().Transaction(ctx, fn)
}

func (s *alternating) Account(ctx context.Context, k accounts.AccountKey) (accounts.Record, error) {
	return s.next().Account(ctx, k)
}

func (s *alternating) Events(ctx context.Context, q accounts.EventParams) (accounts.EventResult, error) {
	return s.next().Events(ctx, q)
}

// concurrentStores runs concurrent commands on two stores of one database.
func concurrentStores(t *testing.T, open openDir) {
	for range suite.Repeated(time.Second / 2) {
		dir := t.TempDir()
		first, closeFirst := open(t, dir)
		second, closeSecond := open(t, dir)
		require.NoError(t, workload.Check(suite.Bounded(t, time.Minute), &alternating{first, second, new(atomic.Int64)}))
		require.NoError(t, closeFirst.Close())
		require.NoError(t, closeSecond.Close())
	}
}

// processWorkers is the number of workers in each of the processes that use a database concurrently.
const processWorkers = 4

// concurrentProcesses runs concurrent commands in two processes.
func concurrentProcesses(t *testing.T, open openDir) {
	if task, isChild := process.TaskOf(t); isChild {
		runProcess(t, open, task)
		return
	}
	dir := t.TempDir()
	store, closer := open(t, dir)
	c, err := process.Start(t, process.Task{Dir: dir, Process: "child"}, nil)
	require.NoError(t, err)
	c.Opened(t)
	reported := journal.NewReportedEvents()
	ctx := suite.Bounded(t, durableTimeout)
	var all sync.WaitGroup
	all.Go(func() { runWorkers(ctx, journal.New(store, "parent", reported.Add), func(err error) { t.Error(err) }) })
	childReport(t, c, reported)
	all.Wait()

	final, err := audit.Read(ctx, store)
	require.NoError(t, err)
	require.NoError(t, final.Check(), "rows in the store break a rule")
	require.NoError(t, final.Replay(), "replaying the event log does not lead to the rows in the store")
	require.NoError(t, reported.Check(final.Events))
	require.NoError(t, closer.Close())
}

// childReport reads the messages of a child that runs runProcess, until it has ended.
func childReport(t *testing.T, c *process.Child, reported *journal.ReportedEvents) {
	t.Helper()
	for {
		r, found := c.Next()
		if !found {
			break
		}
		if r.Failure != "" {
			t.Errorf("a command in the child process: %s", r.Failure)
		}
		reported.Add(r)
	}
	err := c.Wait()
	require.NoError(t, err, "the child process:\n%s", c.Output())
}

// runProcess is the child of concurrentProcesses.
func runProcess(t *testing.T, open openDir, task process.Task) {
	store, closer := open(t, task.Dir)
	process.Print(journal.Record{})
	runWorkers(suite.Bounded(t, durableTimeout), journal.New(store, task.Process, process.Print), func(err error) {
		process.Print(journal.Record{Failure: err.Error()})
	})
	require.NoError(t, closer.Close())
}

// runWorkers runs random commands concurrently. The workers begin each round with the ids of all rows, so that they use those
// of the other process as well. Unexpected errors are passed to failed.
func runWorkers(ctx context.Context, store accounts.Store, failed func(error)) {
	w := workload.New(ctx, store)
	for range 5 {
		if err := w.AdoptRows(); err != nil {
			failed(err)
		}
		var all sync.WaitGroup
		for range processWorkers {
			all.Go(func() { w.Work(rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), workload.Steps/5) })
		}
		all.Wait()
	}
	for _, failure := range w.Failures() {
		failed(errors.New(failure))
	}
}
