package storagetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	crowdWorkers = 8
	crowdSteps   = 50 // of each worker
)

// testConcurrent runs a crowd of commands on the same few accounts, subscriptions and domains, in batches that overlap.
// Then it looks at what is left: nothing may break a rule, and the log of events, replayed from its beginning, must lead
// to exactly that.
func testConcurrent(t *testing.T, open func(*testing.T) accounts.Store) {
	for range repeated(time.Second) {
		require.NoError(t, crowded(bounded(t, time.Minute), open(t)))
	}
}

// repeated counts how often something is done that takes its time: at least twice, until the time is over; sixty times
// that when soaking. What depends on the scheduler cannot be repeated exactly, so a store that is fast does more.
func repeated(usual time.Duration) iter.Seq[int] {
	return func(yield func(int) bool) {
		budget := usual * time.Duration(scale(1, 60))
		for i, begin := 0, time.Now(); i < 2 || time.Since(begin) < budget; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

// crowded answers what is wrong after a crowd was there.
func crowded(ctx context.Context, store accounts.Store) error {
	c := newCrowd(ctx, store)
	var done sync.WaitGroup
	for worker := range crowdWorkers {
		done.Go(func() { c.work(rand.New(rand.NewPCG(rand.Uint64(), uint64(worker)))) })
	}
	done.Wait()
	if len(c.failures) > 0 {
		return fmt.Errorf("errors that no rule explains:\n%s", strings.Join(c.failures, "\n"))
	}
	left, err := c.look()
	if err != nil {
		return err
	}
	if err := left.check(); err != nil {
		return fmt.Errorf("what is left breaks a rule:\n%w", err)
	}
	if err := left.replay(); err != nil {
		return fmt.Errorf("the log of events tells another story:\n%w", err)
	}
	return nil
}

// crowd is a number of workers on one store, and what they know of each other.
type crowd struct {
	ctx     context.Context
	clients *accounts.Manager
	subs    *subscriptions.Manager

	mu            sync.Mutex
	accounts      []int64 // the ids that were answered, the latest last
	subscriptions []int64
	domains       []int64
	failures      []string
}

func newCrowd(ctx context.Context, store accounts.Store) *crowd {
	clients := accounts.NewManager(store, &accounts.Options{Hasher: plainHasher{}})
	return &crowd{ctx: ctx, clients: clients, subs: clients.Subscriptions()}
}

// work gives one random command after another.
func (c *crowd) work(r *rand.Rand) {
	commands := c.commands()
	for range crowdSteps {
		do := commands[r.IntN(len(commands))]
		if err := do(r); err != nil && !isExpected(err) {
			c.mu.Lock()
			c.failures = append(c.failures, err.Error())
			c.mu.Unlock()
		}
	}
}

// isExpected tells whether commands may get an error because of each other.
func isExpected(err error) bool {
	for _, kind := range []error{accounts.ErrTaken, accounts.ErrNotFound, accounts.ErrConflict, accounts.ErrUnavailable} {
		if errors.Is(err, kind) {
			return true
		}
	}
	var invalid *accounts.InvalidError // a main domain that would leave others behind
	return errors.As(err, &invalid) && len(invalid.Fields) > 0 && invalid.Fields[0].Rule == "main"
}

// commands are what a worker may do, those that create something more than once.
func (c *crowd) commands() []func(*rand.Rand) error {
	return []func(*rand.Rand) error{
		c.create, c.create, c.create, c.createSubscription, c.createSubscription, c.addDomain, c.addDomain, c.addDomain,
		c.update, c.updateSubscription, c.setPassword, c.assign, c.assign, c.rename, c.rename, c.move, c.move, c.setMain,
		c.suspend, c.activate, c.suspendSubscriptions, c.liftSubscriptions, c.suspendDomains, c.activateDomains, c.expire,
		c.removeAccounts, c.removeSubscriptions, c.removeDomains,
	}
}

// created notes an id that was answered, unless there was an error.
func (c *crowd) created(pool *[]int64, id int64, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		*pool = append(*pool, id)
	}
	return err
}

// few answers up to three of the latest ids of a pool, in any order, some twice.
func few[K ~int64](c *crowd, r *rand.Rand, pool *[]int64) []K {
	c.mu.Lock()
	defer c.mu.Unlock()
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

func (c *crowd) account(r *rand.Rand) accounts.ID { return few[accounts.ID](c, r, &c.accounts)[0] }

// owner is an account or the provider.
func (c *crowd) owner(r *rand.Rand) accounts.ID {
	if r.IntN(4) == 0 {
		return subscriptions.Provider
	}
	return c.account(r)
}

func (c *crowd) subscription(r *rand.Rand) subscriptions.ID {
	return few[subscriptions.ID](c, r, &c.subscriptions)[0]
}

func (c *crowd) domain(r *rand.Rand) subscriptions.DomainID {
	return few[subscriptions.DomainID](c, r, &c.domains)[0]
}

// crowdName answers one of a few names, many of which lie above or below each other.
func crowdName(r *rand.Rand) string {
	name := []string{"one.example", "two.example", "three.example", "four.example"}[r.IntN(4)]
	return []string{"", "", "www.", "shop.", "it.shop."}[r.IntN(5)] + name
}

func crowdHold(r *rand.Rand) accounts.Hold {
	return accounts.Hold{Cause: crowdCause(r), Note: []string{"", "a", "b"}[r.IntN(3)]}
}

func crowdCause(r *rand.Rand) accounts.Cause {
	return []accounts.Cause{accounts.CauseBilling, accounts.CauseAbuse}[r.IntN(2)]
}

func (c *crowd) create(r *rand.Rand) error {
	in := newAccount(fmt.Sprintf("user%d", r.IntN(12)))
	in.ExternalID = fmt.Sprintf("x-%d", r.IntN(12))
	if r.IntN(2) == 0 {
		in.Subscription = &subscriptions.New{Domains: []string{crowdName(r)}}
	}
	a, err := c.clients.Create(c.ctx, in)
	return c.created(&c.accounts, int64(a.ID), err)
}

func (c *crowd) createSubscription(r *rand.Rand) error {
	in := subscriptions.New{AccountID: c.owner(r), Name: "Hosting", ExternalID: fmt.Sprintf("s-%d", r.IntN(16))}
	if r.IntN(2) == 0 {
		in.Domains = []string{crowdName(r)}
	}
	if r.IntN(3) == 0 {
		in.ExpiresAt = time.Now().Add(time.Duration(r.IntN(3)-1) * time.Millisecond)
	}
	s, err := c.subs.Create(c.ctx, in)
	return c.created(&c.subscriptions, int64(s.ID), err)
}

func (c *crowd) addDomain(r *rand.Rand) error {
	d, err := c.subs.AddDomain(c.ctx, c.subscription(r), crowdName(r))
	return c.created(&c.domains, int64(d.ID), err)
}

func (c *crowd) update(r *rand.Rand) error {
	id := c.account(r)
	a, err := c.clients.Get(c.ctx, id)
	if err != nil {
		return err
	}
	login, externalID := fmt.Sprintf("user%d", r.IntN(12)), fmt.Sprintf("x-%d", r.IntN(12))
	_, err = c.clients.Update(c.ctx, id, accounts.Changes{Version: a.Version, Login: &login, ExternalID: &externalID})
	return err
}

func (c *crowd) updateSubscription(r *rand.Rand) error {
	externalID := fmt.Sprintf("s-%d", r.IntN(16))
	expires := time.Now().Add(time.Duration(r.IntN(3)-1) * time.Millisecond)
	_, err := c.subs.Update(c.ctx, c.subscription(r), subscriptions.Changes{ExternalID: &externalID, ExpiresAt: &expires})
	return err
}

func (c *crowd) setPassword(r *rand.Rand) error {
	return c.clients.SetPassword(c.ctx, c.account(r), password)
}

func (c *crowd) assign(r *rand.Rand) error {
	_, err := c.subs.Assign(c.ctx, few[subscriptions.ID](c, r, &c.subscriptions), c.owner(r))
	return err
}

func (c *crowd) rename(r *rand.Rand) error {
	_, err := c.subs.RenameDomain(c.ctx, c.domain(r), crowdName(r))
	return err
}

func (c *crowd) move(r *rand.Rand) error {
	_, err := c.subs.MoveDomains(c.ctx, few[subscriptions.DomainID](c, r, &c.domains), c.subscription(r))
	return err
}

func (c *crowd) setMain(r *rand.Rand) error { return c.subs.SetMainDomain(c.ctx, c.domain(r)) }

func (c *crowd) suspend(r *rand.Rand) error {
	_, err := c.clients.Suspend(c.ctx, few[accounts.ID](c, r, &c.accounts), crowdHold(r))
	return err
}

func (c *crowd) activate(r *rand.Rand) error {
	_, err := c.clients.Activate(c.ctx, few[accounts.ID](c, r, &c.accounts))
	return err
}

func (c *crowd) suspendSubscriptions(r *rand.Rand) error {
	_, err := c.subs.Suspend(c.ctx, few[subscriptions.ID](c, r, &c.subscriptions), crowdHold(r))
	return err
}

func (c *crowd) liftSubscriptions(r *rand.Rand) error {
	_, err := c.subs.Lift(c.ctx, few[subscriptions.ID](c, r, &c.subscriptions), []accounts.Cause{crowdCause(r)})
	return err
}

func (c *crowd) suspendDomains(r *rand.Rand) error {
	_, err := c.subs.SuspendDomains(c.ctx, few[subscriptions.DomainID](c, r, &c.domains), crowdHold(r))
	return err
}

func (c *crowd) activateDomains(r *rand.Rand) error {
	_, err := c.subs.ActivateDomains(c.ctx, few[subscriptions.DomainID](c, r, &c.domains))
	return err
}

func (c *crowd) expire(*rand.Rand) error {
	_, err := c.subs.Expire(c.ctx)
	return err
}

func (c *crowd) removeAccounts(r *rand.Rand) error {
	_, err := c.clients.Remove(c.ctx, few[accounts.ID](c, r, &c.accounts)[:1])
	return err
}

func (c *crowd) removeSubscriptions(r *rand.Rand) error {
	_, err := c.subs.Remove(c.ctx, few[subscriptions.ID](c, r, &c.subscriptions)[:1])
	return err
}

func (c *crowd) removeDomains(r *rand.Rand) error {
	_, err := c.subs.RemoveDomains(c.ctx, few[subscriptions.DomainID](c, r, &c.domains))
	return err
}

// leftover is all that a store has.
type leftover struct {
	accounts      []accounts.Summary
	subscriptions []subscriptions.Subscription
	domains       []subscriptions.Domain
	events        []accounts.Event
}

func (c *crowd) look() (left leftover, err error) {
	left.accounts, err = drained(func(after accounts.Cursor) ([]accounts.Summary, accounts.Cursor, error) {
		p, err := c.clients.List(c.ctx, accounts.Query{Limit: 500, After: after})
		return p.Items, p.Next, err
	})
	if err != nil {
		return left, err
	}
	left.subscriptions, err = drained(func(after accounts.Cursor) ([]subscriptions.Subscription, accounts.Cursor, error) {
		p, err := c.subs.List(c.ctx, subscriptions.Query{Limit: 500, After: after})
		return p.Items, p.Next, err
	})
	if err != nil {
		return left, err
	}
	left.domains, err = drained(func(after accounts.Cursor) ([]subscriptions.Domain, accounts.Cursor, error) {
		p, err := c.subs.Domains(c.ctx, subscriptions.DomainQuery{Limit: 500, After: after})
		return p.Items, p.Next, err
	})
	if err != nil {
		return left, err
	}
	left.events, err = drained(func(after accounts.Cursor) ([]accounts.Event, accounts.Cursor, error) {
		p, err := c.clients.Events(c.ctx, accounts.EventQuery{Limit: 500, After: after})
		if len(p.Items) == 0 {
			p.Next = ""
		}
		return p.Items, p.Next, err
	})
	return left, err
}

// drained answers all pages of a list.
func drained[T any](read func(accounts.Cursor) ([]T, accounts.Cursor, error)) ([]T, error) {
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

// broken gathers what is wrong.
type broken []string

func (b *broken) check(ok bool, format string, args ...any) {
	if !ok {
		*b = append(*b, fmt.Sprintf(format, args...))
	}
}

func (b broken) err() error {
	if len(b) == 0 {
		return nil
	}
	return errors.New(strings.Join(b, "\n"))
}

// check looks for rows that no order of commands can leave behind.
func (l leftover) check() error {
	var b broken
	l.checkOwners(&b)
	l.checkUnique(&b)
	l.checkMains(&b)
	l.checkNeighbours(&b)
	return b.err()
}

// checkOwners finds what belongs to nothing, and counts that are wrong.
func (l leftover) checkOwners(b *broken) {
	ofAccount, ofSubscription := map[accounts.ID]int{}, map[subscriptions.ID]int{}
	domains := map[accounts.ID]int{}
	for _, s := range l.subscriptions {
		ofAccount[s.AccountID]++
	}
	for _, d := range l.domains {
		ofSubscription[d.SubscriptionID]++
		i := slices.IndexFunc(l.subscriptions, func(s subscriptions.Subscription) bool { return s.ID == d.SubscriptionID })
		b.check(i >= 0, "domain %d, %s, lies under subscription %d, which there is not", d.ID, d.Name, d.SubscriptionID)
		if i >= 0 {
			b.check(d.AccountID == l.subscriptions[i].AccountID, "domain %d and its subscription have other owners", d.ID)
			domains[d.AccountID]++
		}
	}
	for _, a := range l.accounts {
		b.check(a.Subscriptions == ofAccount[a.ID], "account %d has %d subscriptions, not %d", a.ID, ofAccount[a.ID], a.Subscriptions)
		b.check(a.Domains == domains[a.ID], "account %d has %d domains, not %d", a.ID, domains[a.ID], a.Domains)
		delete(ofAccount, a.ID)
	}
	delete(ofAccount, subscriptions.Provider)
	b.check(len(ofAccount) == 0, "subscriptions belong to accounts that there are not: %v", ofAccount)
}

// checkUnique finds values that two rows have.
func (l leftover) checkUnique(b *broken) {
	seen := map[string]int64{}
	unique := func(kind, value string, id int64) {
		other, found := seen[kind+value]
		b.check(!found || value == "", "%s %q is that of %d and of %d", kind, value, other, id)
		seen[kind+value] = id
	}
	for _, a := range l.accounts {
		unique("account ", fmt.Sprint(a.ID), int64(a.ID))
		unique("login ", a.Login, int64(a.ID))
		unique("external id of an account ", a.ExternalID, int64(a.ID))
	}
	for _, s := range l.subscriptions {
		unique("subscription ", fmt.Sprint(s.ID), int64(s.ID))
		unique("external id of a subscription ", s.ExternalID, int64(s.ID))
	}
	for _, d := range l.domains {
		unique("domain ", fmt.Sprint(d.ID), int64(d.ID))
		unique("name ", d.Name, int64(d.ID))
	}
}

// checkMains finds subscriptions with domains that have not exactly one main domain.
func (l leftover) checkMains(b *broken) {
	domains, mains := map[subscriptions.ID]int{}, map[subscriptions.ID]int{}
	for _, d := range l.domains {
		domains[d.SubscriptionID]++
		if d.Main {
			mains[d.SubscriptionID]++
		}
	}
	for id, n := range domains {
		b.check(mains[id] == 1, "subscription %d has %d main domains among %d", id, mains[id], n)
	}
}

// checkNeighbours finds names above or below those of another account.
func (l leftover) checkNeighbours(b *broken) {
	for _, d := range l.domains {
		for _, other := range l.domains {
			apart := d.AccountID != other.AccountID && d.AccountID != subscriptions.Provider && other.AccountID != subscriptions.Provider
			b.check(!apart || !strings.HasSuffix(d.Name, "."+other.Name),
				"%s of account %d lies below %s of account %d", d.Name, d.AccountID, other.Name, other.AccountID)
		}
	}
}
