// Package workload runs random commands in parallel on a store, and checks what they leave: rows, events, and the copies
// that readers keep.
package workload

import (
	"context"
	"errors"
	"fmt"
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
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	workers = 8
	// Steps is the number of commands that each worker runs.
	Steps = 50
)

// Run runs random commands in parallel on the same few accounts, subscriptions and domains, in overlapping
// batches. Afterwards no row may break a rule, and the event log, replayed from its beginning, must lead to exactly the
// rows that the store has.
func Run(t *testing.T, open func(*testing.T) accounts.Store) {
	for range suite.Repeated(time.Second) {
		require.NoError(t, Check(suite.Bounded(t, time.Minute), open(t)))
	}
}

// Check runs a workload on store and returns an error that lists what is wrong afterwards.
func Check(ctx context.Context, store accounts.Store) error {
	w := New(ctx, store)
	var done sync.WaitGroup
	for worker := range workers {
		done.Go(func() { w.Work(rand.New(rand.NewPCG(rand.Uint64(), uint64(worker))), Steps) })
	}
	done.Wait()
	if len(w.failures) > 0 {
		return fmt.Errorf("commands failed with errors that other commands do not explain:\n%s", strings.Join(w.failures, "\n"))
	}
	final, err := audit.Read(ctx, store)
	if err != nil {
		return err
	}
	if err := final.Check(); err != nil {
		return fmt.Errorf("rows in the store break a rule:\n%w", err)
	}
	if err := final.Replay(); err != nil {
		return fmt.Errorf("replaying the event log does not lead to the rows in the store:\n%w", err)
	}
	return nil
}

// Workload is a number of workers on one store, and what they share.
type Workload struct {
	ctx     context.Context
	clients *accounts.Manager
	subs    *subscriptions.Manager

	inTransaction bool

	mu            sync.Mutex
	accounts      []int64 // ids of created rows, the latest last
	subscriptions []int64
	domains       []int64
	failures      []string
}

// New returns a workload on a store.
func New(ctx context.Context, store accounts.Store) *Workload {
	clients := accounts.NewManager(store, &accounts.Options{Hasher: suite.PlainHasher{}})
	return &Workload{ctx: ctx, clients: clients, subs: clients.Subscriptions()}
}

// Work runs random commands one after another. It is what one worker does, and may be called concurrently.
func (w *Workload) Work(r *rand.Rand, steps int) {
	commands := append(w.commands(), w.transaction, w.transaction, w.transaction)
	for range steps {
		do := commands[r.IntN(len(commands))]
		if err := do(r); err != nil && !isExpected(err) {
			w.fail(err)
		}
	}
}

// Failures returns the errors of commands since its last call that other commands do not explain.
func (w *Workload) Failures() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	failures := w.failures
	w.failures = nil
	return failures
}

func (w *Workload) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failures = append(w.failures, err.Error())
}

// isExpected reports whether other commands may cause err.
func isExpected(err error) bool {
	for _, kind := range []error{accounts.ErrTaken, accounts.ErrNotFound, accounts.ErrConflict, accounts.ErrUnavailable} {
		if errors.Is(err, kind) {
			return true
		}
	}
	var invalid *accounts.InvalidError // a main domain cannot be moved or removed without the others
	return errors.As(err, &invalid) && len(invalid.Fields) > 0 && invalid.Fields[0].Rule == "main"
}

// commands returns the commands of a worker. Those that create something occur more than once.
func (w *Workload) commands() []func(*rand.Rand) error {
	return []func(*rand.Rand) error{
		w.create, w.create, w.create, w.createSubscription, w.createSubscription, w.addDomain, w.addDomain, w.addDomain,
		w.update, w.updateSubscription, w.setPassword, w.assign, w.assign, w.rename, w.rename, w.move, w.move, w.setMain,
		w.suspend, w.activate, w.suspendSubscriptions, w.liftSubscriptions, w.suspendDomains, w.activateDomains, w.expire,
		w.removeAccounts, w.removeSubscriptions, w.removeDomains,
	}
}

// transaction runs some commands in a Transaction, which may be rolled back. Those that are refused leave it usable.
func (w *Workload) transaction(r *rand.Rand) error {
	var inner *Workload
	err := w.clients.Transaction(w.ctx, func(ctx context.Context, tx *accounts.Manager) error {
		inner = w.in(ctx, tx)
		commands := inner.commands()
		for range 1 + r.IntN(4) {
			err := commands[r.IntN(len(commands))](r)
			if errors.Is(err, accounts.ErrUnavailable) || err != nil && !isExpected(err) {
				return err
			}
		}
		if r.IntN(4) == 0 {
			return suite.ErrRefused
		}
		return nil
	})
	if errors.Is(err, suite.ErrRefused) {
		return nil
	}
	if err == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.accounts = append(w.accounts, inner.accounts...)
		w.subscriptions = append(w.subscriptions, inner.subscriptions...)
		w.domains = append(w.domains, inner.domains...)
	}
	return err
}

// in returns a workload of a transaction that knows the latest rows.
func (w *Workload) in(ctx context.Context, tx *accounts.Manager) *Workload {
	w.mu.Lock()
	defer w.mu.Unlock()
	latest := func(pool []int64) []int64 { return slices.Clone(pool[max(0, len(pool)-8):]) }
	return &Workload{
		ctx: ctx, clients: tx, subs: tx.Subscriptions(), inTransaction: true,
		accounts: latest(w.accounts), subscriptions: latest(w.subscriptions), domains: latest(w.domains),
	}
}

// AdoptRows replaces the known ids by those of the newest rows in the store.
func (w *Workload) AdoptRows() error {
	p, err := w.clients.List(w.ctx, accounts.Query{Desc: true, Limit: 8})
	if err != nil {
		return err
	}
	s, err := w.subs.List(w.ctx, subscriptions.Query{Desc: true, Limit: 8})
	if err != nil {
		return err
	}
	d, err := w.subs.Domains(w.ctx, subscriptions.DomainQuery{Limit: 8})
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.accounts, w.subscriptions, w.domains = nil, nil, nil
	for _, a := range p.Items {
		w.accounts = append(w.accounts, int64(a.ID))
	}
	for _, x := range s.Items {
		w.subscriptions = append(w.subscriptions, int64(x.ID))
	}
	for _, x := range d.Items {
		w.domains = append(w.domains, int64(x.ID))
	}
	return nil
}

// created appends id to pool if err is nil, and returns err.
func (w *Workload) created(pool *[]int64, id int64, err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		*pool = append(*pool, id)
	}
	return err
}

// pickIDs returns up to three of the latest ids of a pool, in random order and with repetitions.
func pickIDs[K ~int64](w *Workload, r *rand.Rand, pool *[]int64) []K {
	w.mu.Lock()
	defer w.mu.Unlock()
	latest := (*pool)[max(0, len(*pool)-8):]
	if len(latest) == 0 {
		return []K{1}
	}
	var ids []K
	for range 1 + r.IntN(3) {
		ids = append(ids, K(latest[r.IntN(len(latest))]))
	}
	return ids
}

func (w *Workload) account(r *rand.Rand) accounts.ID {
	return pickIDs[accounts.ID](w, r, &w.accounts)[0]
}

// owner returns the id of an account, or the provider.
func (w *Workload) owner(r *rand.Rand) accounts.ID {
	if r.IntN(4) == 0 {
		return subscriptions.Provider
	}
	return w.account(r)
}

func (w *Workload) subscription(r *rand.Rand) subscriptions.ID {
	return pickIDs[subscriptions.ID](w, r, &w.subscriptions)[0]
}

func (w *Workload) domain(r *rand.Rand) subscriptions.DomainID {
	return pickIDs[subscriptions.DomainID](w, r, &w.domains)[0]
}

// randomName returns one of a few names, many of which are subdomains of others.
func randomName(r *rand.Rand) string {
	name := []string{"one.example", "two.example", "three.example", "four.example"}[r.IntN(4)]
	return []string{"", "", "www.", "shop.", "it.shop."}[r.IntN(5)] + name
}

func randomHold(r *rand.Rand) accounts.Hold {
	return accounts.Hold{Cause: randomCause(r), Note: []string{"", "a", "b"}[r.IntN(3)]}
}

func randomCause(r *rand.Rand) accounts.Cause {
	return []accounts.Cause{accounts.CauseBilling, accounts.CauseAbuse}[r.IntN(2)]
}

func (w *Workload) create(r *rand.Rand) error {
	in := suite.NewAccount(fmt.Sprintf("user%d", r.IntN(12)))
	in.ExternalID = fmt.Sprintf("x-%d", r.IntN(12))
	if w.inTransaction {
		in = suite.WithHash(in)
	}
	if r.IntN(2) == 0 {
		in.Subscription = &subscriptions.New{Domains: []string{randomName(r)}}
	}
	a, err := w.clients.Create(w.ctx, in)
	return w.created(&w.accounts, int64(a.ID), err)
}

func (w *Workload) createSubscription(r *rand.Rand) error {
	in := subscriptions.New{AccountID: w.owner(r), Name: "Hosting", ExternalID: fmt.Sprintf("s-%d", r.IntN(16))}
	if r.IntN(2) == 0 {
		in.Domains = []string{randomName(r)}
	}
	if r.IntN(3) == 0 {
		in.ExpiresAt = time.Now().Add(time.Duration(r.IntN(3)-1) * time.Millisecond)
	}
	s, err := w.subs.Create(w.ctx, in)
	return w.created(&w.subscriptions, int64(s.ID), err)
}

func (w *Workload) addDomain(r *rand.Rand) error {
	d, err := w.subs.AddDomain(w.ctx, w.subscription(r), randomName(r))
	return w.created(&w.domains, int64(d.ID), err)
}

func (w *Workload) update(r *rand.Rand) error {
	id := w.account(r)
	a, err := w.clients.Get(w.ctx, id)
	if err != nil {
		return err
	}
	login, externalID := fmt.Sprintf("user%d", r.IntN(12)), fmt.Sprintf("x-%d", r.IntN(12))
	_, err = w.clients.Update(w.ctx, id, accounts.Changes{Version: a.Version, Login: &login, ExternalID: &externalID})
	return err
}

func (w *Workload) updateSubscription(r *rand.Rand) error {
	externalID := fmt.Sprintf("s-%d", r.IntN(16))
	expires := time.Now().Add(time.Duration(r.IntN(3)-1) * time.Millisecond)
	_, err := w.subs.Update(w.ctx, w.subscription(r), subscriptions.Changes{ExternalID: &externalID, ExpiresAt: &expires})
	return err
}

func (w *Workload) setPassword(r *rand.Rand) error {
	if w.inTransaction {
		return w.clients.SetPasswordHash(w.ctx, w.account(r), "$plain$"+suite.Password)
	}
	return w.clients.SetPassword(w.ctx, w.account(r), suite.Password)
}

func (w *Workload) assign(r *rand.Rand) error {
	_, err := w.subs.Assign(w.ctx, pickIDs[subscriptions.ID](w, r, &w.subscriptions), w.owner(r))
	return err
}

func (w *Workload) rename(r *rand.Rand) error {
	_, err := w.subs.RenameDomain(w.ctx, w.domain(r), randomName(r))
	return err
}

func (w *Workload) move(r *rand.Rand) error {
	_, err := w.subs.MoveDomains(w.ctx, pickIDs[subscriptions.DomainID](w, r, &w.domains), w.subscription(r))
	return err
}

func (w *Workload) setMain(r *rand.Rand) error { return w.subs.SetMainDomain(w.ctx, w.domain(r)) }

func (w *Workload) suspend(r *rand.Rand) error {
	_, err := w.clients.Suspend(w.ctx, pickIDs[accounts.ID](w, r, &w.accounts), randomHold(r))
	return err
}

func (w *Workload) activate(r *rand.Rand) error {
	_, err := w.clients.Activate(w.ctx, pickIDs[accounts.ID](w, r, &w.accounts))
	return err
}

func (w *Workload) suspendSubscriptions(r *rand.Rand) error {
	_, err := w.subs.Suspend(w.ctx, pickIDs[subscriptions.ID](w, r, &w.subscriptions), randomHold(r))
	return err
}

func (w *Workload) liftSubscriptions(r *rand.Rand) error {
	_, err := w.subs.Lift(w.ctx, pickIDs[subscriptions.ID](w, r, &w.subscriptions), []accounts.Cause{randomCause(r)})
	return err
}

func (w *Workload) suspendDomains(r *rand.Rand) error {
	_, err := w.subs.SuspendDomains(w.ctx, pickIDs[subscriptions.DomainID](w, r, &w.domains), randomHold(r))
	return err
}

func (w *Workload) activateDomains(r *rand.Rand) error {
	_, err := w.subs.ActivateDomains(w.ctx, pickIDs[subscriptions.DomainID](w, r, &w.domains))
	return err
}

func (w *Workload) expire(*rand.Rand) error {
	_, err := w.subs.Expire(w.ctx)
	return err
}

func (w *Workload) removeAccounts(r *rand.Rand) error {
	_, err := w.clients.Remove(w.ctx, pickIDs[accounts.ID](w, r, &w.accounts)[:1])
	return err
}

func (w *Workload) removeSubscriptions(r *rand.Rand) error {
	_, err := w.subs.Remove(w.ctx, pickIDs[subscriptions.ID](w, r, &w.subscriptions)[:1])
	return err
}

func (w *Workload) removeDomains(r *rand.Rand) error {
	_, err := w.subs.RemoveDomains(w.ctx, pickIDs[subscriptions.DomainID](w, r, &w.domains))
	return err
}
