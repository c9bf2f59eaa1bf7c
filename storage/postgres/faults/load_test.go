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

// outcome is what somebody was told about a command.
type outcome int

const (
	notGiven outcome = iota
	acknowledged
	unavailable
	uncertain
)

// load is writers at work, who write down what they were told.
type load struct {
	h       *host
	writers []*writer
	ctx     context.Context //nolint:containedctx // ends the writers
	end     context.CancelFunc
	running sync.WaitGroup

	told [uncertain + 1]atomic.Int64 // how often each outcome was
}

// writer creates customers, suspends them in pairs, and removes some. No two writers touch the same customers.
type writer struct {
	*load
	number    int
	customers []*written
	pairs     []pair
	failed    error // what should never come
}

// written is a customer and what became of the commands on it.
type written struct {
	login            string
	id               accounts.ID
	created, removed outcome
}

// pair is two customers that were suspended by one command, for a cause of its own.
type pair struct {
	cause     accounts.Cause
	customers [2]*written
	suspended outcome
}

const manyWriters = 8

// startLoad starts eight writers.
func startLoad(t *testing.T, h *host) *load {
	t.Helper()
	l := &load{h: h}
	l.ctx, l.end = context.WithCancel(context.Background())
	for i := range manyWriters {
		w := &writer{load: l, number: i}
		l.writers = append(l.writers, w)
		l.running.Go(w.work)
	}
	t.Cleanup(l.stop)
	return l
}

// stop lets every writer finish its command.
func (l *load) stop() {
	l.end()
	l.running.Wait()
}

// more waits until so many more commands ended in a certain way.
func (l *load) more(t *testing.T, o outcome, n int64) {
	t.Helper()
	start := l.told[o].Load()
	waitFor(t, fmt.Sprintf("%d more of outcome %d", n, o), func() bool { return l.told[o].Load() >= start+n })
}

func (w *writer) work() {
	for n := 0; w.ctx.Err() == nil && w.failed == nil; n++ {
		w.step(n)
		pause(time.Millisecond)
	}
}

// outcome writes down how a command ended. The commands end by themselves: the writers' ctx only ends the loop.
func (w *writer) outcome(err error) outcome {
	o := acknowledged
	switch {
	case errors.Is(err, accounts.ErrCommitUnknown) && errors.Is(err, accounts.ErrUnavailable):
		w.failed = err
	case errors.Is(err, accounts.ErrCommitUnknown):
		o = uncertain
	case errors.Is(err, accounts.ErrUnavailable):
		o = unavailable
	case err != nil:
		w.failed = err
	}
	w.told[o].Add(1)
	if err != nil {
		pause(5 * time.Millisecond)
	}
	return o
}

func (w *writer) step(n int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := &written{login: fmt.Sprintf("w%d-%d", w.number, n)}
	a, err := w.h.Create(ctx, customer(c.login))
	c.id, c.created = a.ID, w.outcome(err)
	w.customers = append(w.customers, c)
	if n == 0 {
		return
	}
	last := w.customers[n-1]
	if c.created != acknowledged || last.created != acknowledged {
		return
	}
	if n%2 == 0 {
		p := pair{cause: accounts.Cause(fmt.Sprintf("pair-%d", n)), customers: [2]*written{last, c}}
		_, err := w.h.Suspend(ctx, []accounts.ID{c.id, last.id}, accounts.Hold{Cause: p.cause, Message: "a message"})
		p.suspended = w.outcome(err)
		w.pairs = append(w.pairs, p)
		return
	}
	if n%5 == 0 {
		_, err := w.h.Remove(ctx, []accounts.ID{last.id})
		last.removed = w.outcome(err)
	}
}

// found is all that is there, as it is read afterwards.
type found struct {
	accounts map[string]accounts.Summary // by login
	domains  map[string]bool
	events   []accounts.Event
	counts   map[accounts.ID]map[accounts.EventType]int
}

// look reads everything, page by page.
func look(t *testing.T, h *host) found {
	t.Helper()
	f := found{map[string]accounts.Summary{}, map[string]bool{}, nil, map[accounts.ID]map[accounts.EventType]int{}}
	for q := (accounts.Query{Limit: 500}); ; {
		page, err := h.List(t.Context(), q)
		require.NoError(t, err)
		for _, a := range page.Items {
			f.accounts[a.Login] = a
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	for q := (subscriptions.DomainQuery{Limit: 500}); ; {
		page, err := h.Subscriptions().Domains(t.Context(), q)
		require.NoError(t, err)
		for _, d := range page.Items {
			f.domains[d.Name] = true
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	for q := (accounts.EventQuery{Limit: 500}); ; {
		page, err := h.Events(t.Context(), q)
		require.NoError(t, err)
		for _, e := range page.Items {
			f.count(e)
		}
		q.After = page.Next
		if len(page.Items) == 0 {
			return f
		}
	}
}

func (f *found) count(e accounts.Event) {
	f.events = append(f.events, e)
	if f.counts[e.AccountID] == nil {
		f.counts[e.AccountID] = map[accounts.EventType]int{}
	}
	f.counts[e.AccountID][e.Type]++
}

// check stops the load, and compares all that its writers were told with what is there.
func (l *load) check(t *testing.T) found {
	t.Helper()
	l.stop()
	f := look(t, l.h)
	removed := 0
	for _, w := range l.writers {
		require.NoError(t, w.failed)
		for _, c := range w.customers {
			f.checkCustomer(t, c)
			removed += count(c.removed != notGiven && f.accounts[c.login].ID == 0)
		}
		for _, p := range w.pairs {
			f.checkPair(t, p)
		}
	}
	created := 0
	for _, types := range f.counts {
		created += types[subscriptions.AccountCreated]
	}
	require.Equal(t, len(f.accounts)+removed, created, "each creation that there was has its event, and no other")
	t.Logf("%d acknowledged, %d unavailable, %d uncertain, %d events",
		l.told[acknowledged].Load(), l.told[unavailable].Load(), l.told[uncertain].Load(), len(f.events))
	return f
}

func (f *found) checkCustomer(t *testing.T, c *written) {
	t.Helper()
	a, is := f.accounts[c.login]
	switch {
	case c.created == unavailable, c.removed == acknowledged:
		require.False(t, is, "%+v", c)
	case c.created == acknowledged && c.removed != uncertain:
		require.True(t, is, "%+v", c)
	}
	for _, name := range customer(c.login).Subscription.Domains {
		require.Equal(t, is, f.domains[name], "%s of %+v", name, c)
	}
	id, left := c.id, 0
	if is {
		require.Equal(t, []int{1, 2}, []int{a.Subscriptions, a.Domains}, "%+v", c)
		id = a.ID
	} else {
		left = 1
	}
	if id == 0 {
		return
	}
	require.Equal(t, map[accounts.EventType]int{
		subscriptions.AccountCreated: 1, subscriptions.SubscriptionCreated: 1, subscriptions.DomainAdded: 2,
		subscriptions.AccountRemoved: left, subscriptions.SubscriptionRemoved: left, subscriptions.DomainRemoved: 2 * left,
	}, f.eventsOf(id), "%+v", c)
	if is {
		require.Equal(t, len(a.Holds), f.counts[id][subscriptions.AccountSuspended], "%+v", c)
	}
}

// eventsOf counts the events of creation and removal.
func (f *found) eventsOf(id accounts.ID) map[accounts.EventType]int {
	counts := map[accounts.EventType]int{}
	for _, kind := range []accounts.EventType{
		subscriptions.AccountCreated, subscriptions.SubscriptionCreated, subscriptions.DomainAdded,
		subscriptions.AccountRemoved, subscriptions.SubscriptionRemoved, subscriptions.DomainRemoved,
	} {
		counts[kind] = f.counts[id][kind]
	}
	return counts
}

func (f *found) checkPair(t *testing.T, p pair) {
	t.Helper()
	var held []bool
	for _, c := range p.customers {
		if a, is := f.accounts[c.login]; is {
			_, has := a.Holds.Get(p.cause)
			held = append(held, has)
		}
	}
	for _, is := range held {
		switch p.suspended {
		case acknowledged:
			require.True(t, is, "%+v", p)
		case unavailable:
			require.False(t, is, "%+v", p)
		default:
			require.Equal(t, held[0], is, "%+v", p)
		}
	}
}

// follower collects what Follow delivers, from before the first event on.
type follower struct {
	events []accounts.Event
	err    error
	seen   atomic.Int64
	end    context.CancelFunc
	ended  chan struct{}
}

func startFollower(t *testing.T, h *host) *follower {
	t.Helper()
	ctx, end := context.WithCancel(context.Background())
	w := &follower{end: end, ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		w.err = h.Follow(ctx, "", nil, func(_ context.Context, batch []accounts.Event, _ accounts.Cursor) error {
			w.events = append(w.events, batch...)
			w.seen.Add(int64(len(batch)))
			return nil
		})
	}()
	t.Cleanup(w.stop)
	return w
}

func (w *follower) stop() {
	w.end()
	<-w.ended
}

// check compares what it saw with what is there: each event once, in the order of the log.
func (w *follower) check(t *testing.T, events []accounts.Event) {
	t.Helper()
	waitFor(t, "all events", func() bool {
		select {
		case <-w.ended:
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
