package storagetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/audit"
	"github.com/clientele-go/clientele/storage/storagetest/internal/recording"
	"github.com/clientele-go/clientele/storage/storagetest/internal/workload"
	"github.com/clientele-go/clientele/subscriptions"
)

// overlapTime is how long a command is paused while another one runs. A store that does not make the other one wait lets it
// return within this time, unless the machine is slow.
const overlapTime = 20 * time.Millisecond

// pausedCommand is a command that has locked and claimed, but not yet saved.
type pausedCommand struct {
	claimed chan struct{} // closed when it is paused
	resume  chan struct{}
	done    chan error
}

// startPaused starts a command that uses the manager passed to it, and that is paused when it has claimed what it needs.
func (f *fixture) startPaused(do func(m *accounts.Manager) error) pausedCommand {
	p := pausedCommand{make(chan struct{}), make(chan struct{}), make(chan error, 1)}
	claimed := sync.OnceFunc(func() { close(p.claimed) })
	m := f.managerFor(&recording.Store{Store: f.store, OnPhase: func(at recording.Phase) error {
		if at == recording.AfterClaim {
			claimed()
			<-p.resume
		}
		return nil
	}}, nil)
	f.t.Cleanup(func() {
		select {
		case <-p.resume:
		default:
			close(p.resume)
		}
	})
	go func() { p.done <- do(m) }()
	return p
}

// waitPaused waits until the command is paused, or has failed.
func (f *fixture) waitPaused(p pausedCommand) {
	f.t.Helper()
	select {
	case <-p.claimed:
	case err := <-p.done:
		f.NoError(err, "the command failed before it was paused")
		f.Fail("the command has claimed nothing")
	}
}

// whilePaused runs other while p is paused. The pause ends when other has returned, or after overlapTime. whilePaused returns the
// errors of both.
func (f *fixture) whilePaused(p pausedCommand, other func() error) (err, otherErr error) {
	f.t.Helper()
	f.waitPaused(p)
	otherDone := make(chan error, 1)
	go func() { otherDone <- other() }()
	select {
	case otherErr = <-otherDone:
		close(p.resume)
		return <-p.done, otherErr
	case <-time.After(overlapTime):
		close(p.resume)
		return <-p.done, <-otherDone
	}
}

// caseWorkload is a workload of a case, with the failures of all of its workers.
type caseWorkload struct {
	*workload.Workload
	mu       sync.Mutex
	failures []string
}

func newWorkload(ctx context.Context, store accounts.Store) *caseWorkload {
	return &caseWorkload{Workload: workload.New(ctx, store)}
}

// workSteps runs random commands one after another.
func (w *caseWorkload) workSteps(r *rand.Rand, steps int) {
	w.Work(r, steps)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failures = append(w.failures, w.Failures()...)
}

// consistent asserts that no row breaks a rule and that the event log leads to the rows.
func (f *fixture) consistent() {
	f.t.Helper()
	final, err := audit.Read(f.ctx, f.store)
	f.NoError(err)
	f.NoError(final.Check())
	f.NoError(final.Replay())
}

// overlappingClaims claims a unique value while a command that has claimed it, or one that conflicts with it, is paused. Exactly
// one of the two succeeds, and the other learns that the value is taken: it is not a reason to be unavailable.
func overlappingClaims(f *fixture) {
	ada, bea := f.tenant(0), f.tenant(1)
	create := func(m *accounts.Manager, login, externalID string) error {
		in := newAccount(login)
		in.ExternalID = externalID
		_, err := m.Create(f.ctx, in)
		return err
	}
	update := func(m *accounts.Manager, id accounts.ID, c accounts.Changes) error {
		_, err := m.Update(f.ctx, id, c)
		return err
	}
	subscribe := func(m *accounts.Manager, externalID string) error {
		_, err := m.Subscriptions().Create(f.ctx, subscriptions.New{Name: "x", ExternalID: externalID})
		return err
	}
	add := func(m *accounts.Manager, to subscriptions.ID, name string) error {
		_, err := m.Subscriptions().AddDomain(f.ctx, to, name)
		return err
	}
	type command = func(m *accounts.Manager) error
	for what, c := range map[string][2]command{
		"login": {
			func(m *accounts.Manager) error { return create(m, "wanted", "") },
			func(m *accounts.Manager) error { return create(m, "wanted", "") },
		},
		"login of an update": {
			func(m *accounts.Manager) error { return update(m, ada.id, accounts.Changes{Login: ptr("wanted2")}) },
			func(m *accounts.Manager) error { return create(m, "wanted2", "") },
		},
		"external id of an account": {
			func(m *accounts.Manager) error { return create(m, "carla", "crm-1") },
			func(m *accounts.Manager) error { return create(m, "dora", "crm-1") },
		},
		"external id of a subscription": {
			func(m *accounts.Manager) error { return subscribe(m, "order-1") },
			func(m *accounts.Manager) error { return subscribe(m, "order-1") },
		},
		"name": {
			func(m *accounts.Manager) error { return add(m, ada.blog, "wanted.example") },
			func(m *accounts.Manager) error { return add(m, bea.blog, "wanted.example") },
		},
		"subdomain": {
			func(m *accounts.Manager) error { return add(m, ada.blog, "below.example") },
			func(m *accounts.Manager) error { return add(m, bea.blog, "www.below.example") },
		},
		"parent domain": {
			func(m *accounts.Manager) error { return add(m, ada.blog, "www.above.example") },
			func(m *accounts.Manager) error { return add(m, bea.blog, "above.example") },
		},
	} {
		p := f.startPaused(c[0])
		err, otherErr := f.whilePaused(p, func() error { return c[1](f.clients) })
		f.NotEqual(err == nil, otherErr == nil, "exactly one claim of one %s must succeed: %v, %v", what, err, otherErr)
		f.ErrorIs(errors.Join(err, otherErr), accounts.ErrTaken, what)
	}
	f.consistent()
}

// tenant is the data of one round: an account with a subscription, and a subscription of the provider.
type tenant struct {
	id          accounts.ID
	blog, spare subscriptions.ID
	blogDomain  subscriptions.DomainID
	name        string // of a domain that the account may get
}

func (f *fixture) tenant(round int) tenant {
	f.t.Helper()
	a := f.account(fmt.Sprint("tenant", round), fmt.Sprintf("blog%d.example", round))
	blog := f.onlySubscription(a.ID)
	name := fmt.Sprintf("new%d.example", round)
	return tenant{a.ID, blog.ID, f.subscription(subscriptions.Provider, "spare."+name).ID, f.mainDomain(blog), name}
}

// commandsBelow are commands on what belongs to an account. Each gives the account one name, and returns the status of what
// it has created or changed, or "" if it returns none.
var commandsBelow = []func(ctx context.Context, m *accounts.Manager, t tenant) (accounts.Status, error){
	func(ctx context.Context, m *accounts.Manager, t tenant) (accounts.Status, error) {
		d, err := m.Subscriptions().AddDomain(ctx, t.blog, t.name)
		return d.Status(), err
	},
	func(ctx context.Context, m *accounts.Manager, t tenant) (accounts.Status, error) {
		s, err := m.Subscriptions().Create(ctx, subscriptions.New{AccountID: t.id, Domains: []string{t.name}})
		return s.Status(), err
	},
	func(ctx context.Context, m *accounts.Manager, t tenant) (accounts.Status, error) {
		d, err := m.Subscriptions().RenameDomain(ctx, t.blogDomain, t.name)
		return d.Status(), err
	},
	func(ctx context.Context, m *accounts.Manager, t tenant) (accounts.Status, error) {
		_, err := m.Subscriptions().Assign(ctx, []subscriptions.ID{t.spare}, t.id)
		return "", err
	},
}

// removedWhilePaused removes an account that has one domain while a command below it is paused, and asserts that one of the two
// came before the other.
func (f *fixture) removedWhilePaused(p pausedCommand, id accounts.ID) {
	f.t.Helper()
	var removal accounts.Removal
	err, removeErr := f.whilePaused(p, func() (err error) {
		removal, err = f.clients.Remove(f.ctx, []accounts.ID{id})
		return err
	})
	f.NoError(removeErr)
	if err != nil {
		f.ErrorIs(err, accounts.ErrNotFound)
		f.Len(removal.Domains, 1)
	}
	f.consistent()
	f.Empty(f.domains(subscriptions.DomainQuery{AccountID: &id}))
}

func removalDuringCommands(f *fixture) {
	for round, command := range commandsBelow {
		t := f.tenant(round)
		p := f.startPaused(func(m *accounts.Manager) error { _, err := command(f.ctx, m, t); return err })
		f.removedWhilePaused(p, t.id)
	}
}

// suspensionDuringCommands suspends an account while a command below it is paused. What the command returns is active if and
// only if its events come before that of the suspension.
func suspensionDuringCommands(f *fixture) {
	for round, command := range commandsBelow {
		t := f.tenant(round)
		var status accounts.Status
		start := len(f.events())
		p := f.startPaused(func(m *accounts.Manager) (err error) { status, err = command(f.ctx, m, t); return err })
		err, suspendErr := f.whilePaused(p, func() error {
			_, err := f.clients.Suspend(f.ctx, []accounts.ID{t.id}, accounts.Hold{})
			return err
		})
		f.NoError(err)
		f.NoError(suspendErr)
		f.consistent()
		events := f.events()[start:]
		if status != "" {
			f.Equal(status == accounts.Suspended, events[0].Type == subscriptions.AccountSuspended, "the status %s does not fit the order of the events: %v", status, summaries(events))
		}
	}
}

// assignmentDuringCommands assigns a subscription to another account while a command on it is paused.
func assignmentDuringCommands(f *fixture) {
	luigi := f.account("luigi")
	for round, command := range commandsBelow {
		t := f.tenant(round)
		p := f.startPaused(func(m *accounts.Manager) error { _, err := command(f.ctx, m, t); return err })
		err, assignErr := f.whilePaused(p, func() error {
			_, err := f.subs.Assign(f.ctx, []subscriptions.ID{t.blog}, luigi.ID)
			return err
		})
		f.NoError(err)
		f.NoError(assignErr)
		f.consistent()
	}
}

// removalOfNewOwner removes the account that has become the owner of a subscription while a command waited for it.
func removalOfNewOwner(f *fixture) {
	for round := range 2 {
		luigi, t := f.account(fmt.Sprint("luigi", round)), f.tenant(round)
		assign := f.startPaused(func(m *accounts.Manager) error {
			_, err := m.Subscriptions().Assign(f.ctx, []subscriptions.ID{t.blog}, luigi.ID)
			return err
		})
		f.waitPaused(assign)
		add := f.startPaused(func(m *accounts.Manager) error { _, err := commandsBelow[round*2](f.ctx, m, t); return err })
		time.Sleep(overlapTime)
		close(assign.resume)
		f.NoError(<-assign.done)
		f.waitPaused(add)
		f.removedWhilePaused(add, luigi.ID)
	}
}
