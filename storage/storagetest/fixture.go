package storagetest

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// fixture is what a case works with: a fresh store, the managers over it, and a clock that stands still unless moved.
type fixture struct {
	*require.Assertions
	t       *testing.T
	ctx     context.Context
	open    func(*testing.T) accounts.Store
	store   accounts.Store
	clock   *clock
	clients *accounts.Manager
	subs    *subscriptions.Manager
}

// actor is who does everything in the cases that name nobody else.
const actor = "anna@provider"

func newFixture(t *testing.T, open func(*testing.T) accounts.Store) *fixture {
	t.Helper()
	ctx, cancel := context.WithTimeout(accounts.WithActor(t.Context(), actor), limit)
	t.Cleanup(cancel)
	f := &fixture{
		Assertions: require.New(t), t: t, ctx: ctx, open: open, store: open(t),
		clock: &clock{at: time.Date(2026, time.March, 1, 12, 0, 0, 123456789, time.FixedZone("CET", 3600))},
	}
	f.clients = f.manager(nil)
	f.subs = f.clients.Subscriptions()
	return f
}

// manager answers a manager over the case's store whose options are changed by change, which may be nil.
func (f *fixture) manager(change func(*accounts.Options)) *accounts.Manager {
	return f.managerOf(f.store, change)
}

func (f *fixture) managerOf(store accounts.Store, change func(*accounts.Options)) *accounts.Manager {
	opts := &accounts.Options{Now: f.clock.now, Hasher: plainHasher{}, Secret: []byte("0123456789abcdef0123456789abcdef")}
	if change != nil {
		change(opts)
	}
	return accounts.NewManager(store, opts)
}

// use puts another manager in the place of the case's own.
func (f *fixture) use(m *accounts.Manager) {
	f.clients, f.subs = m, m.Subscriptions()
}

// clock is the time of a case.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// stored answers the time as it is stored.
func (c *clock) stored() time.Time { return stored(c.now()) }

func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// plainHasher stands in for Argon2id where passwords are not what a case is about: it costs nothing.
type plainHasher struct{}

func (plainHasher) Hash(_ context.Context, password string) (string, error) {
	return "$plain$" + password, nil
}

func (plainHasher) Verify(_ context.Context, hash, password string) (ok, outdated bool, err error) {
	return hash == "$plain$"+password, false, nil
}

const password = "correct horse battery"

// newAccount answers the shortest valid input.
func newAccount(login string) accounts.New {
	return accounts.New{Login: login, Password: password, Contact: accounts.Contact{Name: "Customer " + login}}
}

// account creates an account, with a subscription of these domains if there are any.
func (f *fixture) account(login string, domains ...string) accounts.Account {
	f.t.Helper()
	in := newAccount(login)
	if len(domains) > 0 {
		in.Subscription = &subscriptions.New{Domains: domains}
	}
	return f.create(in)
}

func (f *fixture) create(in accounts.New) accounts.Account {
	f.t.Helper()
	a, err := f.clients.Create(f.ctx, in)
	f.NoError(err)
	return a
}

// subscription creates a subscription with these domains.
func (f *fixture) subscription(owner accounts.ID, domains ...string) subscriptions.Subscription {
	f.t.Helper()
	return f.subscribe(subscriptions.New{AccountID: owner, Name: "Hosting", Domains: domains})
}

func (f *fixture) subscribe(in subscriptions.New) subscriptions.Subscription {
	f.t.Helper()
	s, err := f.subs.Create(f.ctx, in)
	f.NoError(err)
	return s
}

func (f *fixture) addDomain(to subscriptions.ID, name string) subscriptions.Domain {
	f.t.Helper()
	d, err := f.subs.AddDomain(f.ctx, to, name)
	f.NoError(err)
	return d
}

func (f *fixture) getAccount(id accounts.ID) accounts.Account {
	f.t.Helper()
	a, err := f.clients.Get(f.ctx, id)
	f.NoError(err)
	return a
}

func (f *fixture) getSubscription(id subscriptions.ID) subscriptions.Subscription {
	f.t.Helper()
	s, err := f.subs.Get(f.ctx, id)
	f.NoError(err)
	return s
}

func (f *fixture) getDomain(name string) subscriptions.Domain {
	f.t.Helper()
	d, err := f.subs.Domain(f.ctx, name)
	f.NoError(err)
	return d
}

// only answers the one subscription of an account.
func (f *fixture) only(owner accounts.ID) subscriptions.Subscription {
	f.t.Helper()
	p, err := f.subs.List(f.ctx, subscriptions.Query{AccountID: &owner})
	f.NoError(err)
	f.Len(p.Items, 1)
	return p.Items[0]
}

func (f *fixture) suspendAccount(id accounts.ID, h accounts.Hold) {
	f.t.Helper()
	_, err := f.clients.Suspend(f.ctx, []accounts.ID{id}, h)
	f.NoError(err)
}

func (f *fixture) activateAccount(id accounts.ID) {
	f.t.Helper()
	_, err := f.clients.Activate(f.ctx, []accounts.ID{id})
	f.NoError(err)
}

func (f *fixture) suspendSubscription(id subscriptions.ID, h accounts.Hold) {
	f.t.Helper()
	_, err := f.subs.Suspend(f.ctx, []subscriptions.ID{id}, h)
	f.NoError(err)
}

func (f *fixture) suspendDomain(name string, h accounts.Hold) {
	f.t.Helper()
	_, err := f.subs.SuspendDomains(f.ctx, []subscriptions.DomainID{f.getDomain(name).ID}, h)
	f.NoError(err)
}

func (f *fixture) assign(to accounts.ID, ids ...subscriptions.ID) {
	f.t.Helper()
	_, err := f.subs.Assign(f.ctx, ids, to)
	f.NoError(err)
}

func (f *fixture) remove(ids ...accounts.ID) accounts.Removal {
	f.t.Helper()
	r, err := f.clients.Remove(f.ctx, ids)
	f.NoError(err)
	return r
}

// sites asserts the status of each name, as its visitors and its managers see it.
func (f *fixture) sites(want accounts.Status, names ...string) {
	f.t.Helper()
	for _, name := range names {
		d := f.getDomain(name)
		f.Equal(want, d.Status(), "status of the domain %s", name)
		site, err := f.subs.Resolve(f.ctx, name)
		f.NoError(err)
		f.Equal(d, site.Domain, "Resolve and Domain of %s", name)
	}
}

// estate is a small provider: two customers, and a subscription that belongs to nobody yet.
type estate struct {
	mario, luigi accounts.Account
	blog, shop   subscriptions.Subscription // Mario's
	game         subscriptions.Subscription // Luigi's
	spare        subscriptions.Subscription // the provider's own
}

// estate creates one. Each subscription has two domains, NAME.example, its main one, and en.NAME.example.
func (f *fixture) estate() estate {
	f.t.Helper()
	e := estate{mario: f.account("mario"), luigi: f.account("luigi")}
	for _, s := range []struct {
		of    *subscriptions.Subscription
		owner accounts.ID
		name  string
	}{{&e.blog, e.mario.ID, "blog"}, {&e.shop, e.mario.ID, "shop"}, {&e.game, e.luigi.ID, "game"}, {&e.spare, subscriptions.Provider, "spare"}} {
		*s.of = f.subscribe(subscriptions.New{
			AccountID: s.owner, Name: s.name, Plan: "basic", Domains: []string{s.name + ".example", "en." + s.name + ".example"},
		})
	}
	return e
}

// state is everything that a store holds.
type state struct {
	Accounts      []accounts.Summary
	Hashes        map[accounts.ID]string
	Subscriptions []subscriptions.Subscription
	Domains       []subscriptions.Domain
	Events        []accounts.Event
}

// dump reads all of the store.
func (f *fixture) dump() state {
	f.t.Helper()
	s := state{Hashes: map[accounts.ID]string{}}
	for q := (accounts.Query{Limit: 500}); ; {
		p, err := f.clients.List(f.ctx, q)
		f.NoError(err)
		s.Accounts = append(s.Accounts, p.Items...)
		if !f.goesOn(&q.After, p.Next) {
			break
		}
	}
	for _, a := range s.Accounts {
		r, err := f.store.Account(f.ctx, accounts.AccountKey{ID: a.ID})
		f.NoError(err)
		s.Hashes[a.ID] = r.Hash
	}
	for q := (subscriptions.Query{Limit: 500}); ; {
		p, err := f.subs.List(f.ctx, q)
		f.NoError(err)
		s.Subscriptions = append(s.Subscriptions, p.Items...)
		if !f.goesOn(&q.After, p.Next) {
			break
		}
	}
	s.Domains = f.domains(subscriptions.DomainQuery{Limit: 500})
	s.Events = f.events()
	return f.frozen(s)
}

// frozen answers a copy that shares nothing with the store, not even with one that hands out its own maps: else what is
// changed through such a map would change in both of the states that a case compares.
func (f *fixture) frozen(s state) state {
	f.t.Helper()
	text, err := json.Marshal(s)
	f.NoError(err)
	var copied state
	f.NoError(json.Unmarshal(text, &copied))
	return copied
}

// goesOn moves a cursor to the next page, and answers whether there is one. A list that stands still would never end.
func (f *fixture) goesOn(after *accounts.Cursor, next accounts.Cursor) bool {
	f.t.Helper()
	f.False(next != "" && next == *after, "the page behind a cursor ends at that cursor")
	*after = next
	return next != ""
}

// domains answers all pages of q.
func (f *fixture) domains(q subscriptions.DomainQuery) []subscriptions.Domain {
	f.t.Helper()
	var all []subscriptions.Domain
	for {
		p, err := f.subs.Domains(f.ctx, q)
		f.NoError(err)
		all = append(all, p.Items...)
		if !f.goesOn(&q.After, p.Next) {
			return all
		}
	}
}

// events answers the whole log, oldest first.
func (f *fixture) events() []accounts.Event {
	f.t.Helper()
	all, _ := f.eventsAfter("")
	return all
}

// eventsAfter answers what there is behind a cursor, and the cursor behind that.
func (f *fixture) eventsAfter(after accounts.Cursor) ([]accounts.Event, accounts.Cursor) {
	f.t.Helper()
	var all []accounts.Event
	for {
		p, err := f.clients.Events(f.ctx, accounts.EventQuery{After: after, Limit: 500})
		f.NoError(err)
		if len(p.Items) == 0 {
			return all, p.Next
		}
		all = append(all, p.Items...)
		f.True(f.goesOn(&after, p.Next), "the log goes on from its end")
	}
}

// recorded answers the events that do appends.
func (f *fixture) recorded(do func()) []accounts.Event {
	f.t.Helper()
	_, end := f.eventsAfter("")
	do()
	added, _ := f.eventsAfter(end)
	return added
}

// unchanged asserts that do changes nothing in the store.
func (f *fixture) unchanged(do func()) {
	f.t.Helper()
	before := f.dump()
	do()
	f.Equal(before, f.dump(), "everything in the store, before and after")
}

// refused asserts that do fails with an error that matches want and changes nothing.
func (f *fixture) refused(want error, do func() error) error {
	f.t.Helper()
	var err error
	f.unchanged(func() { err = do() })
	f.ErrorIs(err, want)
	return err
}

// invalid asserts that err is an *InvalidError with faults at exactly these paths.
func (f *fixture) invalid(err error, paths ...string) {
	f.t.Helper()
	var invalid *accounts.InvalidError
	f.ErrorAs(err, &invalid)
	f.ErrorIs(err, accounts.ErrInvalid)
	var got []string
	for _, fault := range invalid.Fields {
		got = append(got, fault.Path)
		f.NotEmpty(fault.Rule, "the rule at %s", fault.Path)
		f.NotEmpty(fault.Message, "the message at %s", fault.Path)
	}
	f.ElementsMatch(paths, got, "paths of the faults: %v", err)
}

// taken asserts that err is a *TakenError of exactly these fields, in this order.
func (f *fixture) taken(err error, want ...accounts.Taken) {
	f.t.Helper()
	var taken *accounts.TakenError
	f.ErrorAs(err, &taken)
	f.ErrorIs(err, accounts.ErrTaken)
	got := append([]accounts.Taken{{Field: taken.Field, Value: taken.Value}}, taken.Others...)
	f.Equal(want, got)
}

// notFound asserts that err is a *NotFoundError that names exactly these ids.
func (f *fixture) notFound(err error, kind accounts.Level, ids ...int64) {
	f.t.Helper()
	var unknown *accounts.NotFoundError
	f.ErrorAs(err, &unknown)
	f.ErrorIs(err, accounts.ErrNotFound)
	f.Equal(string(kind), unknown.Kind)
	f.Equal(ids, unknown.IDs)
}

// as converts ids, and answers nil for none, so that lists can be compared.
func as[T, F ~int64](ids []F) []T {
	var converted []T
	for _, id := range ids {
		converted = append(converted, T(id))
	}
	return converted
}

// point answers a pointer to a value, as Changes and Query want them.
func point[T any](v T) *T { return &v }
