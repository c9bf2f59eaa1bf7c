package storagetest

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
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	workloadWorkers = 8
	workloadSteps   = 50 // per worker
)

// testConcurrent runs random commands in parallel on the same few accounts, subscriptions and domains, in overlapping
// batches. Afterwards no row may break a rule, and the event log, replayed from its beginning, must lead to exactly the
// rows that the store has.
func testConcurrent(t *testing.T, open func(*testing.T) accounts.Store) {
	for range suite.Repeated(time.Second) {
		require.NoError(t, checkConcurrent(suite.Bounded(t, time.Minute), open(t)))
	}
}

// checkConcurrent runs a workload on store and returns an error that lists what is wrong afterwards.
func checkConcurrent(ctx context.Context, store accounts.Store) error {
	w := newWorkload(ctx, store)
	var done sync.WaitGroup
	for worker := range workloadWorkers {
		done.Go(func() { w.work(rand.New(rand.NewPCG(rand.Uint64(), uint64(worker)))) })
	}
	done.Wait()
	if len(w.failures) > 0 {
		return fmt.Errorf("commands failed with errors that other commands do not explain:\n%s", strings.Join(w.failures, "\n"))
	}
	final, err := w.readAll()
	if err != nil {
		return err
	}
	if err := final.check(); err != nil {
		return fmt.Errorf("rows in the store break a rule:\n%w", err)
	}
	if err := final.replay(); err != nil {
		return fmt.Errorf("replaying the event log does not lead to the rows in the store:\n%w", err)
	}
	return nil
}

// workload is a number of workers on one store, and what they share.
type workload struct {
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

func newWorkload(ctx context.Context, store accounts.Store) *workload {
	clients := accounts.NewManager(store, &accounts.Options{Hasher: plainHasher{}})
	return &workload{ctx: ctx, clients: clients, subs: clients.Subscriptions()}
}

// work runs random commands one after another.
func (w *workload) work(r *rand.Rand) { w.workSteps(r, workloadSteps) }

// workSteps is work for another number of steps.
func (w *workload) workSteps(r *rand.Rand, steps int) {
	commands := append(w.commands(), w.transaction, w.transaction, w.transaction)
	for range steps {
		do := commands[r.IntN(len(commands))]
		if err := do(r); err != nil && !isExpected(err) {
			w.fail(err)
		}
	}
}

func (w *workload) fail(err error) {
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
func (w *workload) commands() []func(*rand.Rand) error {
	return []func(*rand.Rand) error{
		w.create, w.create, w.create, w.createSubscription, w.createSubscription, w.addDomain, w.addDomain, w.addDomain,
		w.update, w.updateSubscription, w.setPassword, w.assign, w.assign, w.rename, w.rename, w.move, w.move, w.setMain,
		w.suspend, w.activate, w.suspendSubscriptions, w.liftSubscriptions, w.suspendDomains, w.activateDomains, w.expire,
		w.removeAccounts, w.removeSubscriptions, w.removeDomains,
	}
}

// transaction runs some commands in a Transaction, which may be rolled back. Those that are refused leave it usable.
func (w *workload) transaction(r *rand.Rand) error {
	var inner *workload
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
			return errRefused
		}
		return nil
	})
	if errors.Is(err, errRefused) {
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
func (w *workload) in(ctx context.Context, tx *accounts.Manager) *workload {
	w.mu.Lock()
	defer w.mu.Unlock()
	latest := func(pool []int64) []int64 { return slices.Clone(pool[max(0, len(pool)-8):]) }
	return &workload{
		ctx: ctx, clients: tx, subs: tx.Subscriptions(), inTransaction: true,
		accounts: latest(w.accounts), subscriptions: latest(w.subscriptions), domains: latest(w.domains),
	}
}

// created appends id to pool if err is nil, and returns err.
func (w *workload) created(pool *[]int64, id int64, err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		*pool = append(*pool, id)
	}
	return err
}

// pickIDs returns up to three of the latest ids of a pool, in random order and with repetitions.
func pickIDs[K ~int64](w *workload, r *rand.Rand, pool *[]int64) []K {
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

func (w *workload) account(r *rand.Rand) accounts.ID {
	return pickIDs[accounts.ID](w, r, &w.accounts)[0]
}

// owner returns the id of an account, or the provider.
func (w *workload) owner(r *rand.Rand) accounts.ID {
	if r.IntN(4) == 0 {
		return subscriptions.Provider
	}
	return w.account(r)
}

func (w *workload) subscription(r *rand.Rand) subscriptions.ID {
	return pickIDs[subscriptions.ID](w, r, &w.subscriptions)[0]
}

func (w *workload) domain(r *rand.Rand) subscriptions.DomainID {
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

func (w *workload) create(r *rand.Rand) error {
	in := newAccount(fmt.Sprintf("user%d", r.IntN(12)))
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

func (w *workload) createSubscription(r *rand.Rand) error {
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

func (w *workload) addDomain(r *rand.Rand) error {
	d, err := w.subs.AddDomain(w.ctx, w.subscription(r), randomName(r))
	return w.created(&w.domains, int64(d.ID), err)
}

func (w *workload) update(r *rand.Rand) error {
	id := w.account(r)
	a, err := w.clients.Get(w.ctx, id)
	if err != nil {
		return err
	}
	login, externalID := fmt.Sprintf("user%d", r.IntN(12)), fmt.Sprintf("x-%d", r.IntN(12))
	_, err = w.clients.Update(w.ctx, id, accounts.Changes{Version: a.Version, Login: &login, ExternalID: &externalID})
	return err
}

func (w *workload) updateSubscription(r *rand.Rand) error {
	externalID := fmt.Sprintf("s-%d", r.IntN(16))
	expires := time.Now().Add(time.Duration(r.IntN(3)-1) * time.Millisecond)
	_, err := w.subs.Update(w.ctx, w.subscription(r), subscriptions.Changes{ExternalID: &externalID, ExpiresAt: &expires})
	return err
}

func (w *workload) setPassword(r *rand.Rand) error {
	if w.inTransaction {
		return w.clients.SetPasswordHash(w.ctx, w.account(r), "$plain$"+password)
	}
	return w.clients.SetPassword(w.ctx, w.account(r), password)
}

func (w *workload) assign(r *rand.Rand) error {
	_, err := w.subs.Assign(w.ctx, pickIDs[subscriptions.ID](w, r, &w.subscriptions), w.owner(r))
	return err
}

func (w *workload) rename(r *rand.Rand) error {
	_, err := w.subs.RenameDomain(w.ctx, w.domain(r), randomName(r))
	return err
}

func (w *workload) move(r *rand.Rand) error {
	_, err := w.subs.MoveDomains(w.ctx, pickIDs[subscriptions.DomainID](w, r, &w.domains), w.subscription(r))
	return err
}

func (w *workload) setMain(r *rand.Rand) error { return w.subs.SetMainDomain(w.ctx, w.domain(r)) }

func (w *workload) suspend(r *rand.Rand) error {
	_, err := w.clients.Suspend(w.ctx, pickIDs[accounts.ID](w, r, &w.accounts), randomHold(r))
	return err
}

func (w *workload) activate(r *rand.Rand) error {
	_, err := w.clients.Activate(w.ctx, pickIDs[accounts.ID](w, r, &w.accounts))
	return err
}

func (w *workload) suspendSubscriptions(r *rand.Rand) error {
	_, err := w.subs.Suspend(w.ctx, pickIDs[subscriptions.ID](w, r, &w.subscriptions), randomHold(r))
	return err
}

func (w *workload) liftSubscriptions(r *rand.Rand) error {
	_, err := w.subs.Lift(w.ctx, pickIDs[subscriptions.ID](w, r, &w.subscriptions), []accounts.Cause{randomCause(r)})
	return err
}

func (w *workload) suspendDomains(r *rand.Rand) error {
	_, err := w.subs.SuspendDomains(w.ctx, pickIDs[subscriptions.DomainID](w, r, &w.domains), randomHold(r))
	return err
}

func (w *workload) activateDomains(r *rand.Rand) error {
	_, err := w.subs.ActivateDomains(w.ctx, pickIDs[subscriptions.DomainID](w, r, &w.domains))
	return err
}

func (w *workload) expire(*rand.Rand) error {
	_, err := w.subs.Expire(w.ctx)
	return err
}

func (w *workload) removeAccounts(r *rand.Rand) error {
	_, err := w.clients.Remove(w.ctx, pickIDs[accounts.ID](w, r, &w.accounts)[:1])
	return err
}

func (w *workload) removeSubscriptions(r *rand.Rand) error {
	_, err := w.subs.Remove(w.ctx, pickIDs[subscriptions.ID](w, r, &w.subscriptions)[:1])
	return err
}

func (w *workload) removeDomains(r *rand.Rand) error {
	_, err := w.subs.RemoveDomains(w.ctx, pickIDs[subscriptions.DomainID](w, r, &w.domains))
	return err
}

// finalState is everything that a store contains after a workload.
type finalState struct {
	accounts      []accounts.Summary
	subscriptions []subscriptions.Subscription
	domains       []subscriptions.Domain
	events        []accounts.Event
}

// readAll reads everything that the store contains.
func (w *workload) readAll() (final finalState, err error) {
	final.accounts, err = allPages(func(after accounts.Cursor) ([]accounts.Summary, accounts.Cursor, error) {
		p, err := w.clients.List(w.ctx, accounts.Query{Limit: 500, After: after})
		return p.Items, p.Next, err
	})
	if err != nil {
		return final, err
	}
	final.subscriptions, err = allPages(func(after accounts.Cursor) ([]subscriptions.Subscription, accounts.Cursor, error) {
		p, err := w.subs.List(w.ctx, subscriptions.Query{Limit: 500, After: after})
		return p.Items, p.Next, err
	})
	if err != nil {
		return final, err
	}
	final.domains, err = allPages(func(after accounts.Cursor) ([]subscriptions.Domain, accounts.Cursor, error) {
		p, err := w.subs.Domains(w.ctx, subscriptions.DomainQuery{Limit: 500, After: after})
		return p.Items, p.Next, err
	})
	if err != nil {
		return final, err
	}
	final.events, err = allPages(func(after accounts.Cursor) ([]accounts.Event, accounts.Cursor, error) {
		p, err := w.clients.Events(w.ctx, accounts.EventQuery{Limit: 500, After: after})
		if len(p.Items) == 0 {
			p.Next = ""
		}
		return p.Items, p.Next, err
	})
	return final, err
}

// allPages returns the items on all pages of a list.
func allPages[T any](read func(accounts.Cursor) ([]T, accounts.Cursor, error)) ([]T, error) {
	var all []T
	after := accounts.Cursor("")
	for {
		items, next, err := read(after)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if next == "" {
			return all, nil
		}
		after = next
	}
}

// violations collects descriptions of what is wrong.
type violations []string

func (v *violations) check(ok bool, format string, args ...any) {
	if !ok {
		*v = append(*v, fmt.Sprintf(format, args...))
	}
}

func (v violations) err() error {
	if len(v) == 0 {
		return nil
	}
	return errors.New(strings.Join(v, "\n"))
}

// check returns an error that lists rows to which no order of commands can lead.
func (f finalState) check() error {
	var v violations
	f.checkOwners(&v)
	f.checkUnique(&v)
	f.checkMains(&v)
	f.checkSubdomains(&v)
	return v.err()
}

// checkOwners finds rows without an owner, and wrong counts.
func (f finalState) checkOwners(v *violations) {
	subscriptionCounts, domainCounts := map[accounts.ID]int{}, map[accounts.ID]int{}
	for _, s := range f.subscriptions {
		subscriptionCounts[s.AccountID]++
	}
	for _, d := range f.domains {
		i := slices.IndexFunc(f.subscriptions, func(s subscriptions.Subscription) bool { return s.ID == d.SubscriptionID })
		v.check(i >= 0, "domain %d (%s) belongs to subscription %d, which does not exist", d.ID, d.Name, d.SubscriptionID)
		if i >= 0 {
			v.check(d.AccountID == f.subscriptions[i].AccountID, "domain %d and its subscription have different owners", d.ID)
			domainCounts[d.AccountID]++
		}
	}
	for _, a := range f.accounts {
		v.check(a.Subscriptions == subscriptionCounts[a.ID], "account %d has %d subscriptions, but List counts %d", a.ID, subscriptionCounts[a.ID], a.Subscriptions)
		v.check(a.Domains == domainCounts[a.ID], "account %d has %d domains, but List counts %d", a.ID, domainCounts[a.ID], a.Domains)
		delete(subscriptionCounts, a.ID)
	}
	delete(subscriptionCounts, subscriptions.Provider)
	v.check(len(subscriptionCounts) == 0, "subscriptions belong to accounts that do not exist (number by account): %v", subscriptionCounts)
}

// checkUnique finds unique values that two rows have.
func (f finalState) checkUnique(v *violations) {
	seen := map[string]int64{}
	unique := func(kind, value string, id int64) {
		other, found := seen[kind+value]
		v.check(!found || value == "", "%s%q belongs to both %d and %d", kind, value, other, id)
		seen[kind+value] = id
	}
	for _, a := range f.accounts {
		unique("account ", fmt.Sprint(a.ID), int64(a.ID))
		unique("login ", a.Login, int64(a.ID))
		unique("external id of an account ", a.ExternalID, int64(a.ID))
	}
	for _, s := range f.subscriptions {
		unique("subscription ", fmt.Sprint(s.ID), int64(s.ID))
		unique("external id of a subscription ", s.ExternalID, int64(s.ID))
	}
	for _, d := range f.domains {
		unique("domain ", fmt.Sprint(d.ID), int64(d.ID))
		unique("name ", d.Name, int64(d.ID))
	}
}

// checkMains finds subscriptions that have domains, but not exactly one main domain.
func (f finalState) checkMains(v *violations) {
	domains, mains := map[subscriptions.ID]int{}, map[subscriptions.ID]int{}
	for _, d := range f.domains {
		domains[d.SubscriptionID]++
		if d.Main {
			mains[d.SubscriptionID]++
		}
	}
	for id, n := range domains {
		v.check(mains[id] == 1, "subscription %d has %d main domains among its %d domains, want 1", id, mains[id], n)
	}
}

// checkSubdomains finds subdomains of other accounts' domains.
func (f finalState) checkSubdomains(v *violations) {
	for _, d := range f.domains {
		for _, other := range f.domains {
			differentOwners := d.AccountID != other.AccountID && d.AccountID != subscriptions.Provider && other.AccountID != subscriptions.Provider
			v.check(!differentOwners || !strings.HasSuffix(d.Name, "."+other.Name),
				"%s of account %d is a subdomain of %s of account %d", d.Name, d.AccountID, other.Name, other.AccountID)
		}
	}
}
