package workload

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/audit"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
)

// RunFollowers races readers of snapshots and events with random commands, also on many rows at once, and with pruning. Every
// copy that a reader keeps of the data must end equal to the store.
func RunFollowers(t *testing.T, open func(*testing.T) accounts.Store) {
	for round := range suite.Repeated(time.Second) {
		require.NoError(t, checkFollowers(suite.Bounded(t, time.Minute), open(t), round%2 == 1))
	}
}

// checkFollowers runs a workload on store, with or without pruning, and returns an error that lists what readers have missed.
func checkFollowers(ctx context.Context, store accounts.Store, prune bool) error {
	w := New(ctx, store)
	var writers, readers sync.WaitGroup
	for worker := range workers {
		writers.Go(func() { w.workInBulk(rand.New(rand.NewPCG(rand.Uint64(), uint64(worker))), prune && worker == 0) })
	}
	done := make(chan struct{})
	var copies []savedCopy
	mirrors := make([]mirror, 3)
	errs := make([]error, len(mirrors)+2)
	for i := range mirrors {
		readers.Go(func() { mirrors[i], errs[i] = w.keepMirror() })
	}
	readers.Go(func() { copies, errs[len(mirrors)] = w.takeSnapshots(done) })
	var fromStart []accounts.Event
	readers.Go(func() {
		fromStart, errs[len(mirrors)+1] = w.followFromStart()
		if prune && errors.Is(errs[len(mirrors)+1], accounts.ErrCursorExpired) {
			fromStart, errs[len(mirrors)+1] = nil, nil
		}
	})
	writers.Wait()
	close(done)
	_, err := w.clients.Create(ctx, suite.NewAccount(lastLogin))
	readers.Wait()
	if len(w.failures) > 0 {
		return fmt.Errorf("commands failed with errors that other commands do not explain:\n%s", strings.Join(w.failures, "\n"))
	}
	if err := errors.Join(append(errs, err)...); err != nil {
		return err
	}
	final, err := audit.Read(ctx, store)
	if err != nil {
		return err
	}
	var v audit.Violations
	for _, m := range mirrors {
		m.compare(&v, "the copy of a follower", final)
	}
	for i, c := range copies {
		c.compare(&v, fmt.Sprintf("snapshot %d of %d, with all events after it,", i+1, len(copies)), w, final)
	}
	if !prune {
		v.Check(slices.EqualFunc(fromStart, final.Events, func(a, b accounts.Event) bool { return a.Cursor == b.Cursor }),
			"a follower from the start saw %d events, but the log has %d, or in another order", len(fromStart), len(final.Events))
	}
	return v.Err()
}

// lastLogin is that of an account that is created after all other commands.
const lastLogin = "the.last"

// workInBulk runs random commands, some of them on all accounts at once.
func (w *Workload) workInBulk(r *rand.Rand, prune bool) {
	commands := w.commands()
	for range Steps {
		if err := commands[r.IntN(len(commands))](r); err != nil && !isExpected(err) {
			w.fail(err)
		}
		switch r.IntN(20) {
		case 0:
			w.bulk(func(ids []accounts.ID) (accounts.Outcome, error) { return w.clients.Suspend(w.ctx, ids, randomHold(r)) })
		case 1:
			w.bulk(func(ids []accounts.ID) (accounts.Outcome, error) { return w.clients.Activate(w.ctx, ids) })
		case 2:
			if !prune {
				continue
			}
			if _, err := w.clients.PruneEvents(w.ctx, time.Now()); err != nil && !isExpected(err) {
				w.fail(err)
			}
		}
	}
}

// bulk runs a command on all accounts that exist.
func (w *Workload) bulk(command func([]accounts.ID) (accounts.Outcome, error)) {
	w.mu.Lock()
	ids := make([]accounts.ID, len(w.accounts))
	for i, id := range w.accounts {
		ids[i] = accounts.ID(id)
	}
	w.mu.Unlock()
	if len(ids) == 0 {
		return
	}
	if _, _, err := accounts.SkipUnknown(ids, command); err != nil && !isExpected(err) {
		w.fail(err)
	}
}

// savedCopy is a snapshot with its cursor.
type savedCopy struct {
	rows   mirror
	cursor accounts.Cursor
}

// snapshot returns the rows of a snapshot, which it repeats while the store is unavailable.
func (w *Workload) snapshot() (savedCopy, error) {
	for {
		c := savedCopy{rows: mirror{}}
		var v audit.Violations
		var err error
		c.cursor, err = w.clients.Snapshot(w.ctx, func(b accounts.Batch) error {
			c.rows.add(&v, b)
			return v.Err()
		})
		if err == nil || w.ctx.Err() != nil || !errors.Is(err, accounts.ErrUnavailable) {
			return c, err
		}
	}
}

// takeSnapshots takes snapshots one after another until done is closed. It keeps at most 64.
func (w *Workload) takeSnapshots(done <-chan struct{}) (copies []savedCopy, err error) {
	for {
		select {
		case <-done:
			return copies, nil
		default:
		}
		c, err := w.snapshot()
		if err != nil {
			return nil, err
		}
		if len(copies) < 64 {
			copies = append(copies, c)
		}
		time.Sleep(time.Millisecond)
	}
}

// keepMirror does what a program does that keeps a copy of the data: it takes a snapshot, follows from there, and begins again
// if its cursor has expired. It returns the copy once the last account has been created.
func (w *Workload) keepMirror() (mirror, error) {
	stop := errors.New("the last account was created")
	for {
		c, err := w.snapshot()
		if err != nil {
			return nil, err
		}
		if c.rows.hasLogin(lastLogin) {
			return c.rows, nil
		}
		opts := &accounts.FollowOptions{Limit: 1 + rand.IntN(20), OnError: func(error) {}}
		err = w.clients.Follow(w.ctx, c.cursor, opts, func(_ context.Context, batch []accounts.Event, _ accounts.Cursor) error {
			for _, e := range batch {
				c.rows.apply(e)
			}
			if c.rows.hasLogin(lastLogin) {
				return stop
			}
			return nil
		})
		if errors.Is(err, stop) {
			return c.rows, nil
		}
		if !errors.Is(err, accounts.ErrCursorExpired) {
			return nil, err
		}
	}
}

// followFromStart returns all events that a follower sees that begins with the empty cursor.
func (w *Workload) followFromStart() (seen []accounts.Event, err error) {
	stop := errors.New("the last account was created")
	err = w.clients.Follow(w.ctx, "", &accounts.FollowOptions{OnError: func(error) {}}, func(_ context.Context, batch []accounts.Event, _ accounts.Cursor) error {
		seen = append(seen, batch...)
		if batch[len(batch)-1].Details["login"] == lastLogin {
			return stop
		}
		return nil
	})
	if errors.Is(err, stop) {
		err = nil
	}
	return seen, err
}

// compare applies all events after the snapshot and compares the result with the store. Snapshots whose cursor has expired
// cannot be compared.
func (c savedCopy) compare(v *audit.Violations, name string, w *Workload, final audit.State) {
	for {
		p, err := w.clients.Events(w.ctx, accounts.EventQuery{After: c.cursor, Limit: 500})
		if errors.Is(err, accounts.ErrCursorExpired) {
			return
		}
		v.Check(err == nil, "Events after %s: %v", name, err)
		if len(p.Items) == 0 {
			break
		}
		for _, e := range p.Items {
			c.rows.apply(e)
		}
		c.cursor = p.Next
	}
	c.rows.compare(v, name, final)
}

// mirror is a copy of the data that a program keeps by applying events, by kind and id, such as "account 7". Other than
// eventReplay, it tolerates events about what it contains already: a snapshot may be newer than its cursor.
type mirror map[string]mirroredRow

type mirroredRow struct {
	parent string            // the account of a subscription, or the subscription of a domain
	name   string            // the login of an account, or the name of a domain
	holds  map[string]string // the notes by cause
}

func notesOf(holds accounts.Holds) map[string]string {
	notes := map[string]string{}
	for _, h := range holds {
		notes[string(h.Cause)] = h.Note
	}
	return notes
}

// add adds the rows of a snapshot, whose parents must be there already.
func (m mirror) add(v *audit.Violations, b accounts.Batch) {
	set := func(key, parent, name string, holds accounts.Holds) {
		_, found := m[key]
		v.Check(!found, "a snapshot has %s twice", key)
		_, found = m[parent]
		v.Check(parent == "" || found, "a snapshot has %s, but not %s, to which it belongs", key, parent)
		m[key] = mirroredRow{parent, name, notesOf(holds)}
	}
	for _, a := range b.Accounts {
		set(audit.RowKey(accounts.LevelAccount, a.ID), "", a.Login, a.Holds)
	}
	for _, s := range b.Subscriptions {
		set(audit.RowKey(accounts.LevelSubscription, s.ID), audit.OwnerKey(s.AccountID), "", s.Holds)
	}
	for _, d := range b.Domains {
		set(audit.RowKey(accounts.LevelDomain, d.ID), audit.RowKey(accounts.LevelSubscription, d.SubscriptionID), d.Name, d.Holds)
	}
}

func (m mirror) hasLogin(login string) bool {
	for _, row := range m {
		if row.name == login {
			return true
		}
	}
	return false
}

// apply applies one event.
func (m mirror) apply(e accounts.Event) {
	kind, verb, _ := strings.Cut(string(e.Type), ".")
	key, parent, name := audit.RowKey(accounts.LevelAccount, e.AccountID), "", e.Details["login"]
	switch accounts.Level(kind) {
	case accounts.LevelSubscription:
		key, parent = audit.RowKey(accounts.LevelSubscription, e.SubscriptionID), audit.OwnerKey(e.AccountID)
	case accounts.LevelDomain:
		key, parent, name = audit.RowKey(accounts.LevelDomain, e.DomainID), audit.RowKey(accounts.LevelSubscription, e.SubscriptionID), e.Domain
	}
	row, found := m[key]
	switch verb {
	case "created", "added":
		m[key] = mirroredRow{parent, name, map[string]string{}}
		return
	case "removed":
		delete(m, key)
		return
	}
	if !found { // removed later
		return
	}
	switch to := e.Details["to"]; verb {
	case "updated":
		if to != "" {
			row.name = to
		}
	case "suspended", "hold-updated":
		row.holds[e.Details["cause"]] = e.Details["note"]
	case "activated":
		for _, cause := range strings.Split(e.Details["cause"], ",") {
			delete(row.holds, cause)
		}
	case "assigned":
		row.parent = parent
	case "unassigned":
		row.parent = ""
	case "renamed":
		row.name = to
	case "moved":
		row.parent = "subscription " + to
	}
	m[key] = row
}

// compare adds the differences between the copy and the store.
func (m mirror) compare(v *audit.Violations, name string, final audit.State) {
	actual := mirror{}
	for _, a := range final.Accounts {
		actual.add(v, accounts.Batch{Accounts: []accounts.Account{a.Account}})
	}
	actual.add(v, accounts.Batch{Subscriptions: final.Subscriptions, Domains: final.Domains})
	for _, key := range slices.Sorted(maps.Keys(actual)) {
		row, found := m[key]
		v.Check(found, "%s lacks %s", name, key)
		if found {
			v.Check(row.parent == actual[key].parent && row.name == actual[key].name && maps.Equal(row.holds, actual[key].holds),
				"%s has %s as %v, but the store as %v", name, key, row, actual[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		_, found := actual[key]
		v.Check(found, "%s has %s, but the store has not", name, key)
	}
}
