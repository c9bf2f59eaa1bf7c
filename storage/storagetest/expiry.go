package storagetest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// expiryCases returns the cases about the expiry of subscriptions.
func expiryCases() []testCase {
	return []testCase{
		{"an overdue subscription is suspended by Expire and not before", expire},
		{"repeating Expire changes nothing", expireAgain},
		{"a creation or update with an expiry in the past suspends immediately", expiresImmediately},
		{"an update to a later expiry or to none lifts the expired hold", laterExpiry},
		{"a subscription has expired when its expiry is exactly now", expiresNow},
		{"the expired hold is independent of other causes", expiredAmongOthers},
		{"ExpireAll expires all that are due, and a manager of one account only the account's", expireAll},
		{"a manager of one account expires all that are due, and none that was assigned to another account meanwhile", expireOwn},
		{"Expire handles at most 1000 subscriptions in one call, the longest overdue first", expireInBatches},
	}
}

func (f *fixture) expire() []subscriptions.ID {
	f.t.Helper()
	out, err := f.subs.Expire(f.ctx)
	f.NoError(err)
	return out.Changed
}

func expire(f *fixture) {
	mario := f.account("mario")
	buy := func(name string, in time.Duration) subscriptions.Subscription {
		s := subscriptions.New{AccountID: mario.ID, Domains: []string{name + ".example"}}
		if in != 0 {
			s.ExpiresAt = f.clock.now().Add(in)
		}
		return f.subscribe(s)
	}
	two, never, one, far := buy("two", 2*time.Hour), buy("never", 0), buy("one", time.Hour), buy("far", time.Hour*24*365*50)
	f.Empty(f.expire())
	f.clock.advance(3 * time.Hour)
	f.hasStatus(accounts.Active, "one.example", "two.example")

	events := f.eventsOf(func() { f.Equal([]subscriptions.ID{two.ID, one.ID}, f.expire()) })
	f.hasStatus(accounts.Suspended, "one.example", "two.example")
	f.hasStatus(accounts.Active, "never.example", "far.example")
	f.Equal(accounts.Holds{{Cause: accounts.CauseExpired, By: actor, At: f.clock.storedNow()}}, f.getSubscription(one.ID).Holds)
	f.Equal(never, f.getSubscription(never.ID))
	f.Equal(far, f.getSubscription(far.ID))
	f.EqualValues(1, f.getSubscription(one.ID).Version)
	f.Len(events, 2)
	for _, e := range events {
		f.Equal(subscriptions.SubscriptionSuspended, e.Type)
		f.Equal(map[string]string{"cause": "expired"}, e.Details)
		f.Equal(mario.ID, e.AccountID)
	}
}

func expireAgain(f *fixture) {
	s := f.subscribe(subscriptions.New{Name: "shop", ExpiresAt: f.clock.now().Add(time.Hour)})
	f.clock.advance(time.Hour)
	f.Equal([]subscriptions.ID{s.ID}, f.expire())
	f.clock.advance(time.Hour)
	f.unchanged(func() { f.Empty(f.expire()) })
}

func expiresImmediately(f *fixture) {
	past := f.clock.now().Add(-time.Microsecond)
	in := newAccount("mario")
	in.Subscription = &subscriptions.New{ExpiresAt: past, Domains: []string{"mario.example"}}
	events := f.eventsOf(func() { f.create(in) })
	f.Equal(subscriptions.SubscriptionSuspended, events[len(events)-1].Type)
	f.hasStatus(accounts.Suspended, "mario.example")

	s := f.subscribe(subscriptions.New{ExpiresAt: past, Domains: []string{"shop.example"}})
	f.Equal(accounts.Suspended, s.Status(), "the status that Create returns")
	f.Equal(f.getSubscription(s.ID), s)
	f.hasStatus(accounts.Suspended, "shop.example")

	s = f.subscription(subscriptions.Provider, "blog.example")
	s, err := f.subs.Update(f.ctx, s.ID, subscriptions.Changes{ExpiresAt: &past})
	f.NoError(err)
	f.Equal(accounts.Suspended, s.Status(), "the status that Update returns")
	f.Equal(f.getSubscription(s.ID), s)
	f.hasStatus(accounts.Suspended, "blog.example")
	f.unchanged(func() { f.Empty(f.expire()) })
}

func laterExpiry(f *fixture) {
	s := f.subscribe(subscriptions.New{ExpiresAt: f.clock.now().Add(-time.Hour), Domains: []string{"shop.example"}})
	for i, until := range []time.Time{f.clock.now().Add(time.Hour), {}} {
		events := f.eventsOf(func() {
			var err error
			s, err = f.subs.Update(f.ctx, s.ID, subscriptions.Changes{ExpiresAt: &until})
			f.NoError(err)
		})
		f.Equal(accounts.Active, s.Status())
		f.Equal(f.getSubscription(s.ID), s)
		f.Equal(suite.StoredTime(until), s.ExpiresAt)
		f.hasStatus(accounts.Active, "shop.example")
		f.Len(events, 2)
		f.Equal(subscriptions.SubscriptionActivated, events[1].Type)
		f.Equal("expired", events[1].Details["cause"])
		if i == 0 {
			_, err := f.subs.Update(f.ctx, s.ID, subscriptions.Changes{ExpiresAt: ptr(f.clock.now().Add(-time.Hour))})
			f.NoError(err)
		}
	}
	f.clock.advance(time.Hour * 24 * 365)
	f.Empty(f.expire())
}

func expiresNow(f *fixture) {
	at := f.clock.now().Add(time.Hour)
	s := f.subscribe(subscriptions.New{Name: "shop", ExpiresAt: at})
	f.clock.advance(time.Hour - time.Microsecond)
	f.Empty(f.expire())
	f.clock.advance(time.Microsecond)
	f.Equal([]subscriptions.ID{s.ID}, f.expire())
	now := f.subscribe(subscriptions.New{Name: "now", ExpiresAt: f.clock.now()})
	f.Equal(accounts.Suspended, now.Status())
	later, err := f.subs.Update(f.ctx, s.ID, subscriptions.Changes{ExpiresAt: ptr(f.clock.now().Add(time.Microsecond))})
	f.NoError(err)
	f.Equal(accounts.Active, later.Status())
}

func expiredAmongOthers(f *fixture) {
	s := f.subscribe(subscriptions.New{ExpiresAt: f.clock.now().Add(-time.Hour), Domains: []string{"shop.example"}})
	f.suspendSubscription(s.ID, accounts.Hold{Cause: accounts.CauseBilling})
	s, err := f.subs.Update(f.ctx, s.ID, subscriptions.Changes{ExpiresAt: &time.Time{}})
	f.NoError(err)
	f.Len(s.Holds, 1)
	f.Equal(accounts.CauseBilling, s.Holds[0].Cause)
	f.hasStatus(accounts.Suspended, "shop.example")
	_, err = f.subs.Update(f.ctx, s.ID, subscriptions.Changes{ExpiresAt: ptr(f.clock.now())})
	f.NoError(err)
	_, err = f.subs.Lift(f.ctx, []subscriptions.ID{s.ID}, []accounts.Cause{accounts.CauseBilling})
	f.NoError(err)
	f.hasStatus(accounts.Suspended, "shop.example")
}

// manyDue adds n subscriptions of an owner that expire within the next hour, the last ones first, two at each second.
func manyDue(f *fixture, owner accounts.ID, n int) (ids []subscriptions.ID) {
	f.t.Helper()
	at := suite.StoredTime(f.clock.now().Add(time.Hour))
	err := f.store.Update(f.ctx, func(tx accounts.Tx) error {
		if _, err := tx.Lock(subscriptions.LockSet{Accounts: []accounts.ID{owner}}); err != nil {
			return err
		}
		claimed, err := tx.Claim(accounts.Claim{Claim: subscriptions.Claim{NewSubscriptions: n}})
		if err != nil {
			return err
		}
		ids = claimed.SubscriptionIDs
		var w accounts.Writes
		for i, id := range ids {
			w.AddSubscriptions = append(w.AddSubscriptions, subscriptions.Record{Subscription: subscriptions.Subscription{
				ID: id, AccountID: owner, Name: fmt.Sprint(i), Version: 1, CreatedAt: f.clock.storedNow(), UpdatedAt: f.clock.storedNow(), ExpiresAt: at.Add(-time.Duration(i/2) * time.Second),
			}})
		}
		return tx.Save(w)
	})
	f.NoError(err)
	return ids
}

func expireAll(f *fixture) {
	mario, luigi := f.account("mario"), f.account("luigi")
	many := manyDue(f, subscriptions.Provider, 2001)
	buy := func(owner accounts.ID, name string, in time.Duration) subscriptions.ID {
		return f.subscribe(subscriptions.New{AccountID: owner, Name: name, ExpiresAt: f.clock.now().Add(in)}).ID
	}
	late, early, other := buy(mario.ID, "late", 90*time.Minute), buy(mario.ID, "early", 80*time.Minute), buy(luigi.ID, "other", 70*time.Minute)
	buy(mario.ID, "later", 3*time.Hour)
	f.clock.advance(2 * time.Hour)

	out, err := f.subs.ForAccount(mario.ID).Expire(f.ctx)
	f.NoError(err)
	f.Equal([]subscriptions.ID{late, early}, out.Changed, "a manager of one account must expire its own, however many others are due")
	f.Empty(f.getSubscription(other).Holds)
	n, err := f.subs.ForAccount(mario.ID).ExpireAll(f.ctx)
	f.NoError(err)
	f.Zero(n)

	n, err = f.subs.ExpireAll(f.ctx)
	f.NoError(err)
	f.Equal(len(many)+1, n)
	f.Len(f.getSubscription(other).Holds, 1)
	f.Empty(f.expire())
}

// afterListStore calls do after each list of subscriptions.
type afterListStore struct {
	accounts.Store
	do func()
}

func (s afterListStore) Subscriptions(ctx context.Context, p subscriptions.ListParams) ([]subscriptions.Subscription, error) {
	defer s.do()
	return s.Store.Subscriptions(ctx, p)
}

func expireOwn(f *fixture) {
	mario, luigi := f.account("mario"), f.account("luigi")
	lost := f.subscribe(subscriptions.New{AccountID: mario.ID, Name: "lost", ExpiresAt: f.clock.now().Add(time.Hour)})
	const n = 520 // more than a page
	manyDue(f, mario.ID, n)
	f.clock.advance(2 * time.Hour)
	store := afterListStore{f.store, sync.OnceFunc(func() { f.assign(luigi.ID, lost.ID) })}
	expired, err := f.managerFor(store, nil).Subscriptions().ForAccount(mario.ID).ExpireAll(f.ctx)
	f.NoError(err)
	f.Equal(n, expired)
	f.Empty(f.getSubscription(lost.ID).Holds)
}

func expireInBatches(f *fixture) {
	const n = 1003
	ids := manyDue(f, subscriptions.Provider, n)
	f.clock.advance(2 * time.Hour)
	due, err := f.store.DueSubscriptions(f.ctx, f.clock.storedNow(), 5)
	f.NoError(err)
	f.Equal([]subscriptions.ID{ids[n-1], ids[n-3], ids[n-2], ids[n-5], ids[n-4]}, due, "due subscriptions must be sorted by expiry, then id")
	first := f.expire()
	f.Len(first, 1000)
	f.NotContains(first, ids[0])
	f.NotContains(first, ids[1])
	f.NotContains(first, ids[3])
	f.Contains(first, ids[2])
	f.Equal([]subscriptions.ID{ids[0], ids[1], ids[3]}, f.expire())
	f.Empty(f.expire())
}
