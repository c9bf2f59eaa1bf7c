package faults_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// outcome is the result of a command as its caller sees it.
type outcome int

const (
	notRun outcome = iota
	acknowledged
	unavailable
	commitUnknown
)

// load is a set of writers that run commands and record their outcomes.
type load struct {
	app     *app
	writers []*writer
	ctx     context.Context // stops the writers
	cancel  context.CancelFunc
	running sync.WaitGroup

	counts [commitUnknown + 1]atomic.Int64 // the number of commands with each outcome
}

// writer creates customers, suspends them in pairs, and removes some. Writers do not share customers.
type writer struct {
	*load
	number    int
	customers []*createdCustomer
	pairs     []pair
	failed    error // an unexpected error
}

// createdCustomer is a customer with the outcomes of the commands on it.
type createdCustomer struct {
	login            string
	id               accounts.ID
	created, removed outcome
}

// pair is two customers that were suspended by one command, with a cause that no other pair has.
type pair struct {
	cause     accounts.Cause
	customers [2]*createdCustomer
	suspended outcome
}

const writerCount = 8

// startLoad starts eight writers.
func startLoad(t *testing.T, app *app) *load {
	t.Helper()
	l := &load{app: app}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	for i := range writerCount {
		w := &writer{load: l, number: i}
		l.writers = append(l.writers, w)
		l.running.Go(w.loop)
	}
	t.Cleanup(l.stop)
	return l
}

// stop waits until every writer has finished its commands.
func (l *load) stop() {
	l.cancel()
	l.running.Wait()
}

// waitForMore waits until n more commands have ended with the outcome.
func (l *load) waitForMore(t *testing.T, o outcome, n int64) {
	t.Helper()
	start := l.counts[o].Load()
	waitFor(t, fmt.Sprintf("%d more commands with outcome %d", n, o), func() bool { return l.counts[o].Load() >= start+n })
}

func (w *writer) loop() {
	for n := 0; w.ctx.Err() == nil && w.failed == nil; n++ {
		w.runCommands(n)
		pause(time.Millisecond)
	}
}

// record counts and returns the outcome of a command. Commands are not interrupted: the context of the load only ends the loops.
func (w *writer) record(err error) outcome {
	o := acknowledged
	switch {
	case errors.Is(err, accounts.ErrCommitUnknown) && errors.Is(err, accounts.ErrUnavailable):
		w.failed = err
	case errors.Is(err, accounts.ErrCommitUnknown):
		o = commitUnknown
	case errors.Is(err, accounts.ErrUnavailable):
		o = unavailable
	case err != nil:
		w.failed = err
	}
	w.counts[o].Add(1)
	if err != nil {
		pause(5 * time.Millisecond)
	}
	return o
}

func (w *writer) runCommands(n int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := &createdCustomer{login: fmt.Sprintf("w%d-%d", w.number, n)}
	a, err := w.app.Create(ctx, customer(c.login))
	c.id, c.created = a.ID, w.record(err)
	w.customers = append(w.customers, c)
	if n == 0 {
		return
	}
	last := w.customers[n-1]
	if c.created != acknowledged || last.created != acknowledged {
		return
	}
	if n%2 == 0 {
		p := pair{cause: accounts.Cause(fmt.Sprintf("pair-%d", n)), customers: [2]*createdCustomer{last, c}}
		_, err := w.app.Suspend(ctx, []accounts.ID{c.id, last.id}, accounts.Hold{Cause: p.cause, Message: "a message"})
		p.suspended = w.record(err)
		w.pairs = append(w.pairs, p)
		return
	}
	if n%5 == 0 {
		_, err := w.app.Remove(ctx, []accounts.ID{last.id})
		last.removed = w.record(err)
	}
}

// snapshot is everything in the database.
type snapshot struct {
	accounts map[string]accounts.Summary // by login
	domains  map[string]bool
	events   []accounts.Event
	counts   map[accounts.ID]map[accounts.EventType]int
}

// readSnapshot reads everything, page by page.
func readSnapshot(t *testing.T, app *app) snapshot {
	t.Helper()
	s := snapshot{map[string]accounts.Summary{}, map[string]bool{}, nil, map[accounts.ID]map[accounts.EventType]int{}}
	for q := (accounts.Query{Limit: 500}); ; {
		page, err := app.List(t.Context(), q)
		require.NoError(t, err)
		for _, a := range page.Items {
			s.accounts[a.Login] = a
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	for q := (subscriptions.DomainQuery{Limit: 500}); ; {
		page, err := app.Subscriptions().Domains(t.Context(), q)
		require.NoError(t, err)
		for _, d := range page.Items {
			s.domains[d.Name] = true
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	for q := (accounts.EventQuery{Limit: 500}); ; {
		page, err := app.Events(t.Context(), q)
		require.NoError(t, err)
		for _, e := range page.Items {
			s.count(e)
		}
		q.After = page.Next
		if len(page.Items) == 0 {
			return s
		}
	}
}

func (s *snapshot) count(e accounts.Event) {
	s.events = append(s.events, e)
	if s.counts[e.AccountID] == nil {
		s.counts[e.AccountID] = map[accounts.EventType]int{}
	}
	s.counts[e.AccountID][e.Type]++
}

// check stops the load, and compares the recorded outcomes with the database.
func (l *load) check(t *testing.T) snapshot {
	t.Helper()
	l.stop()
	s := readSnapshot(t, l.app)
	removed := 0
	for _, w := range l.writers {
		require.NoError(t, w.failed)
		for _, c := range w.customers {
			s.checkCustomer(t, c)
			removed += count(c.removed != notRun && s.accounts[c.login].ID == 0)
		}
		for _, p := range w.pairs {
			s.checkPair(t, p)
		}
	}
	created := 0
	for _, types := range s.counts {
		created += types[subscriptions.AccountCreated]
	}
	require.Equal(t, len(s.accounts)+removed, created, "one event for each account that was created")
	t.Logf("%d acknowledged, %d unavailable, %d unknown, %d events",
		l.counts[acknowledged].Load(), l.counts[unavailable].Load(), l.counts[commitUnknown].Load(), len(s.events))
	return s
}

func (s *snapshot) checkCustomer(t *testing.T, c *createdCustomer) {
	t.Helper()
	a, exists := s.accounts[c.login]
	switch {
	case c.created == unavailable, c.removed == acknowledged:
		require.False(t, exists, "%+v", c)
	case c.created == acknowledged && c.removed != commitUnknown:
		require.True(t, exists, "%+v", c)
	}
	for _, name := range customer(c.login).Subscription.Domains {
		require.Equal(t, exists, s.domains[name], "%s of %+v", name, c)
	}
	id, removals := c.id, 0
	if exists {
		require.Equal(t, []int{1, 2}, []int{a.Subscriptions, a.Domains}, "%+v", c)
		id = a.ID
	} else {
		removals = 1
	}
	if id == 0 {
		return
	}
	require.Equal(t, map[accounts.EventType]int{
		subscriptions.AccountCreated: 1, subscriptions.SubscriptionCreated: 1, subscriptions.DomainAdded: 2,
		subscriptions.AccountRemoved: removals, subscriptions.SubscriptionRemoved: removals, subscriptions.DomainRemoved: 2 * removals,
	}, s.eventsOf(id), "%+v", c)
	if exists {
		require.Equal(t, len(a.Holds), s.counts[id][subscriptions.AccountSuspended], "%+v", c)
	}
}

// eventsOf returns the number of events of each kind of creation and removal.
func (s *snapshot) eventsOf(id accounts.ID) map[accounts.EventType]int {
	counts := map[accounts.EventType]int{}
	for _, kind := range []accounts.EventType{
		subscriptions.AccountCreated, subscriptions.SubscriptionCreated, subscriptions.DomainAdded,
		subscriptions.AccountRemoved, subscriptions.SubscriptionRemoved, subscriptions.DomainRemoved,
	} {
		counts[kind] = s.counts[id][kind]
	}
	return counts
}

func (s *snapshot) checkPair(t *testing.T, p pair) {
	t.Helper()
	var held []bool
	for _, c := range p.customers {
		if a, exists := s.accounts[c.login]; exists {
			_, hasHold := a.Holds.Get(p.cause)
			held = append(held, hasHold)
		}
	}
	for _, hasHold := range held {
		switch p.suspended {
		case acknowledged:
			require.True(t, hasHold, "%+v", p)
		case unavailable:
			require.False(t, hasHold, "%+v", p)
		default:
			require.Equal(t, held[0], hasHold, "%+v", p)
		}
	}
}

// follower collects the events from Follow, from the first one on.
type follower struct {
	events []accounts.Event
	err    error
	seen   atomic.Int64
	cancel context.CancelFunc
	done   chan struct{}
}

func startFollower(t *testing.T, app *app) *follower {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w := &follower{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		w.err = app.Follow(ctx, "", &accounts.FollowOptions{OnError: func(error) {}}, func(_ context.Context, batch []accounts.Event, _ accounts.Cursor) error {
			w.events = append(w.events, batch...)
			w.seen.Add(int64(len(batch)))
			return nil
		})
	}()
	t.Cleanup(w.stop)
	return w
}

func (w *follower) stop() {
	w.cancel()
	<-w.done
}

// check checks that Follow passed each event once, in the order of the log.
func (w *follower) check(t *testing.T, events []accounts.Event) {
	t.Helper()
	waitFor(t, "all events", func() bool {
		select {
		case <-w.done:
			return true
		default:
			return w.seen.Load() >= int64(len(events))
		}
	})
	w.stop()
	require.ErrorIs(t, w.err, context.Canceled)
	require.Equal(t, cursors(events), cursors(w.events))
}

func cursors(events []accounts.Event) []accounts.Cursor {
	all := make([]accounts.Cursor, len(events))
	for i, e := range events {
		all[i] = e.Cursor
	}
	return all
}
