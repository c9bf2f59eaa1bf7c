package storagetest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// fixture is the environment of a case: a new store, managers that use it, and a clock.
type fixture struct {
	*require.Assertions
	t       *testing.T
	ctx     context.Context
	open    func(*testing.T) accounts.Store
	store   accounts.Store
	clock   clock
	clients *accounts.Manager
	subs    *subscriptions.Manager
}

// actor is the actor of all commands for which a case does not set another one.
const actor = "anna@provider"

func newFixture(t *testing.T, open func(*testing.T) accounts.Store) *fixture {
	t.Helper()
	ctx, cancel := context.WithTimeout(accounts.WithActor(t.Context(), actor), caseTimeout)
	t.Cleanup(cancel)
	f := &fixture{
		Assertions: require.New(t), t: t, ctx: ctx, open: open, store: open(t),
		clock: clock{suite.NewClock(time.Date(2026, time.March, 1, 12, 0, 0, 123456789, time.FixedZone("CET", 3600)))},
	}
	f.clients = f.manager(nil)
	f.subs = f.clients.Subscriptions()
	return f
}

// manager returns a manager that uses the fixture's store. If change is not nil, it can modify the options.
func (f *fixture) manager(change func(*accounts.Options)) *accounts.Manager {
	return f.managerFor(f.store, change)
}

func (f *fixture) managerFor(store accounts.Store, change func(*accounts.Options)) *accounts.Manager {
	opts := &accounts.Options{Now: f.clock.now, Hasher: plainHasher{}, Secret: []byte("0123456789abcdef0123456789abcdef")}
	if change != nil {
		change(opts)
	}
	return accounts.NewManager(store, opts)
}

// useManager replaces the fixture's managers.
func (f *fixture) useManager(m *accounts.Manager) {
	f.clients, f.subs = m, m.Subscriptions()
}

// clock is the time of a case. It stands still unless it is advanced.
type clock struct{ *suite.Clock }

func (c clock) now() time.Time          { return c.Now() }
func (c clock) advance(d time.Duration) { c.Advance(d) }
func (c clock) storedNow() time.Time    { return c.StoredNow() }

// plainHasher replaces Argon2id in cases that do not test password hashing. It costs nothing.
type plainHasher = suite.PlainHasher

const (
	password    = suite.Password
	suiteBucket = suite.Bucket // what is in it is a part of what fixture.dump returns
	unusedID    = suite.UnusedID
)

var errRefused = suite.ErrRefused

// newAccount returns input with only the required fields.
func newAccount(login string) accounts.New { return suite.NewAccount(login) }

// account creates an account and, if there are domains, a subscription with them.
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

// onlySubscription returns the subscription of an account that has exactly one.
func (f *fixture) onlySubscription(owner accounts.ID) subscriptions.Subscription {
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

// hasStatus asserts the status that Domain and Resolve return for each name.
func (f *fixture) hasStatus(want accounts.Status, names ...string) {
	f.t.Helper()
	for _, name := range names {
		d := f.getDomain(name)
		f.Equal(want, d.Status(), "status of %s", name)
		site, err := f.subs.Resolve(f.ctx, name)
		f.NoError(err)
		f.Equal(d, site.Domain, "Resolve and Domain must return the same for %s", name)
	}
}

// fixtureData is the data of most cases: two customers with three subscriptions, and a subscription of the provider.
type fixtureData struct {
	mario, luigi accounts.Account
	blog, shop   subscriptions.Subscription // Mario's
	game         subscriptions.Subscription // Luigi's
	spare        subscriptions.Subscription // the provider's
}

// seed creates the fixture data. Each subscription has two domains: NAME.example, its main one, and en.NAME.example.
func (f *fixture) seed() fixtureData {
	f.t.Helper()
	data := fixtureData{mario: f.account("mario"), luigi: f.account("luigi")}
	for _, s := range []struct {
		to    *subscriptions.Subscription
		owner accounts.ID
		name  string
	}{{&data.blog, data.mario.ID, "blog"}, {&data.shop, data.mario.ID, "shop"}, {&data.game, data.luigi.ID, "game"}, {&data.spare, subscriptions.Provider, "spare"}} {
		*s.to = f.subscribe(subscriptions.New{
			AccountID: s.owner, Name: s.name, Plan: "basic", Domains: []string{s.name + ".example", "en." + s.name + ".example"},
		})
	}
	return data
}

// state is everything that a store contains.
type state struct {
	Accounts      []accounts.Summary
	Hashes        map[accounts.ID]string
	Subscriptions []subscriptions.Subscription
	Domains       []subscriptions.Domain
	Entries       []accounts.Entry // of suiteBucket, expired ones included, and all notes
	Events        []accounts.Event
}

// dump reads everything that the store contains.
func (f *fixture) dump() state {
	f.t.Helper()
	s := state{Hashes: map[accounts.ID]string{}}
	for q := (accounts.Query{Limit: 500}); ; {
		p, err := f.clients.List(f.ctx, q)
		f.NoError(err)
		s.Accounts = append(s.Accounts, p.Items...)
		if !f.nextPage(&q.After, p.Next) {
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
		if !f.nextPage(&q.After, p.Next) {
			break
		}
	}
	s.Domains = f.domains(subscriptions.DomainQuery{Limit: 500})
	for _, bucket := range []string{suiteBucket, noteBucket} {
		for p := (accounts.EntryParams{Bucket: bucket, Limit: 500}); ; {
			page, err := f.store.Entries(f.ctx, p)
			f.NoError(err)
			s.Entries = append(s.Entries, page...)
			if len(page) < p.Limit {
				break
			}
			p.After = page[len(page)-1].Key
		}
	}
	s.Events = f.events()
	return f.deepCopy(s)
}

// deepCopy returns a copy of s that shares no memory with the store. If a store returns its internal maps, a change of
// them would otherwise change both of the states that a case compares.
func (f *fixture) deepCopy(s state) state {
	f.t.Helper()
	text, err := json.Marshal(s)
	f.NoError(err)
	var copied state
	f.NoError(json.Unmarshal(text, &copied))
	return copied
}

// nextPage sets after to the next page and reports whether there is one. It fails if the cursor does not advance, because
// such a list would never end.
func (f *fixture) nextPage(after *accounts.Cursor, next accounts.Cursor) bool {
	f.t.Helper()
	f.False(next != "" && next == *after, "the cursor does not advance, so the list would never end")
	*after = next
	return next != ""
}

// domains returns the domains on all pages of q.
func (f *fixture) domains(q subscriptions.DomainQuery) []subscriptions.Domain {
	f.t.Helper()
	var all []subscriptions.Domain
	for {
		p, err := f.subs.Domains(f.ctx, q)
		f.NoError(err)
		all = append(all, p.Items...)
		if !f.nextPage(&q.After, p.Next) {
			return all
		}
	}
}

// events returns the whole event log, oldest first.
func (f *fixture) events() []accounts.Event {
	f.t.Helper()
	all, _ := f.eventsAfter("")
	return all
}

// eventsAfter returns all events after a cursor, and the cursor after those.
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
		f.True(f.nextPage(&after, p.Next), "a page with events must come with a cursor to continue from")
	}
}

// eventsOf returns the events that are recorded during do.
func (f *fixture) eventsOf(do func()) []accounts.Event {
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
	f.Equal(before, f.dump(), "the store must not change: expected is everything in it before, actual is everything after")
}

// refused asserts that do fails with an error that matches want and changes nothing. It returns the error.
func (f *fixture) refused(want error, do func() error) error {
	f.t.Helper()
	var err error
	f.unchanged(func() { err = do() })
	f.ErrorIs(err, want, "the call must be refused with this error")
	return err
}

// invalid asserts that err is an *InvalidError with field errors at exactly these paths.
func (f *fixture) invalid(err error, paths ...string) {
	f.t.Helper()
	var invalid *accounts.InvalidError
	f.ErrorAs(err, &invalid, "the call must fail with an *InvalidError for the fields %q", paths)
	f.ErrorIs(err, accounts.ErrInvalid)
	var got []string
	for _, fieldErr := range invalid.Fields {
		got = append(got, fieldErr.Path)
		f.NotEmpty(fieldErr.Rule, "rule of the field error at %s", fieldErr.Path)
		f.NotEmpty(fieldErr.Message, "message of the field error at %s", fieldErr.Path)
	}
	f.ElementsMatch(paths, got, "paths of the field errors of %v", err)
}

// taken asserts that err is a *TakenError of exactly these fields, in this order.
func (f *fixture) taken(err error, want ...accounts.Taken) {
	f.t.Helper()
	var taken *accounts.TakenError
	f.ErrorAs(err, &taken, "the call must fail with a *TakenError for %+v", want)
	f.ErrorIs(err, accounts.ErrTaken)
	got := append([]accounts.Taken{{Field: taken.Field, Value: taken.Value}}, taken.Others...)
	f.Equal(want, got, "fields that are reported as taken")
}

// notFound asserts that err is a *NotFoundError that names exactly these ids.
func (f *fixture) notFound(err error, kind accounts.Level, ids ...int64) {
	f.t.Helper()
	var unknown *accounts.NotFoundError
	f.ErrorAs(err, &unknown, "the call must fail with a *NotFoundError for the ids of kind %s", kind)
	f.ErrorIs(err, accounts.ErrNotFound)
	f.Equal(string(kind), unknown.Kind, "kind of the ids that are reported as not found")
	f.Equal(ids, unknown.IDs, "ids that are reported as not found")
}

// ptr returns a pointer to v.
func ptr[T any](v T) *T { return &v }
