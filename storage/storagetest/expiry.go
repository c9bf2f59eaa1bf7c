package storagetest

import (
	"fmt"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// expiryCases are those of rule 13.
func expiryCases() []testCase {
	return []testCase{
		{"what ran out is suspended when the host says so, and not before", expire},
		{"expiring again changes nothing", expireAgain},
		{"a date in the past expires at once", expiresAtOnce},
		{"a later date, or none, lifts the hold", prolonged},
		{"a date that is exactly now has run out", expiresNow},
		{"the expired hold is one of several causes", expiredAmongOthers},
		{"at most a thousand expire in one call, the longest overdue first", expireInTurns},
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
	f.sites(accounts.Active, "one.example", "two.example")

	events := f.recorded(func() { f.Equal([]subscriptions.ID{two.ID, one.ID}, f.expire()) })
	f.sites(accounts.Suspended, "one.example", "two.example")
	f.sites(accounts.Active, "never.example", "far.example")
	f.Equal(accounts.Holds{{Cause: accounts.CauseExpired, By: actor, At: f.clock.stored()}}, f.getSubscription(one.ID).Holds)
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

func expiresAtOnce(f *fixture) {
	past := f.clock.now().Add(-time.Microsecond)
	in := newAccount("mario")
	in.Subscription = &subscriptions.New{ExpiresAt: past, Domains: []string{"mario.example"}}
	events := f.recorded(func() { f.create(in) })
	f.Equal(subscriptions.SubscriptionSuspended, events[len(events)-1].Type)
	f.sites(accounts.Suspended, "mario.example")

	s := f.subscribe(subscriptions.New{ExpiresAt: past, Domains: []string{"shop.example"}})
	f.Equal(accounts.Suspended, s.Status(), "as Create answers it")
	f.Equal(f.getSubscription(s.ID), s)
	f.sites(accounts.Suspended, "shop.example")

	s = f.subscription(subscriptions.Provider, "blog.example")
	s, err := f.subs.Update(f.ctx, s.ID, subscriptions.Changes{ExpiresAt: &past})
	f.NoError(err)
	f.Equal(accounts.Suspended, s.Status(), "as Update answers it")
	f.Equal(f.getSubscription(s.ID), s)
	f.sites(accounts.Suspended, "blog.example")
	f.unchanged(func() { f.Empty(f.expire()) })
}

func prolonged(f *fixture) {
	s := f.subscribe(subscriptions.New{ExpiresAt: f.clock.now().Add(-time.Hour), Domains: []string{"shop.example"}})
	for i, until := range []time.Time{f.clock.now().Add(time.Hour), {}} {
		events := f.recorded(func() {
			var err error
			s, err = f.subs.Update(f.ctx, s.ID, subscriptions.Changes{ExpiresAt: &until})
			f.NoError(err)
		})
		f.Equal(accounts.Active, s.Status())
		f.Equal(f.getSubscription(s.ID), s)
		f.Equal(stored(until), s.ExpiresAt)
		f.sites(accounts.Active, "shop.example")
		f.Len(events, 2)
		f.Equal(subscriptions.SubscriptionActivated, events[1].Type)
		f.Equal("expired", events[1].Details["cause"])
		if i == 0 {
			_, err := f.subs.Update(f.ctx, s.ID, subscriptions.Changes{ExpiresAt: point(f.clock.now().Add(-time.Hour))})
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
	later, err := f.subs.Update(f.ctx, s.ID, subscriptions.Changes{ExpiresAt: point(f.clock.now().Add(time.Microsecond))})
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
	f.sites(accounts.Suspended, "shop.example")
	_, err = f.subs.Update(f.ctx, s.ID, subscriptions.Changes{ExpiresAt: point(f.clock.now())})
	f.NoError(err)
	_, err = f.subs.Lift(f.ctx, []subscriptions.ID{s.ID}, []accounts.Cause{accounts.CauseBilling})
	f.NoError(err)
	f.sites(accounts.Suspended, "shop.example")
}

func expireInTurns(f *fixture) {
	const n = 1003
	at := stored(f.clock.now().Add(time.Hour))
	var ids []subscriptions.ID
	err := f.store.Update(f.ctx, func(tx accounts.Tx) error {
		claimed, err := tx.Claim(accounts.Claim{Claim: subscriptions.Claim{NewSubscriptions: n}})
		if err != nil {
			return err
		}
		ids = claimed.SubscriptionIDs
		var w accounts.Writes
		for i, id := range ids {
			w.AddSubscriptions = append(w.AddSubscriptions, subscriptions.Record{Subscription: subscriptions.Subscription{
				ID: id, Name: fmt.Sprint(i), Version: 1, CreatedAt: f.clock.stored(), UpdatedAt: f.clock.stored(), ExpiresAt: at.Add(-time.Duration(i/2) * time.Second),
			}})
		}
		return tx.Save(w)
	})
	f.NoError(err)
	f.clock.advance(2 * time.Hour)
	due, err := f.store.DueSubscriptions(f.ctx, f.clock.stored(), 5)
	f.NoError(err)
	f.Equal([]subscriptions.ID{ids[n-1], ids[n-3], ids[n-2], ids[n-5], ids[n-4]}, due, "by expiry, then id")
	first := f.expire()
	f.Len(first, 1000)
	f.NotContains(first, ids[0])
	f.NotContains(first, ids[1])
	f.NotContains(first, ids[3])
	f.Contains(first, ids[2])
	f.Equal([]subscriptions.ID{ids[0], ids[1], ids[3]}, f.expire())
	f.Empty(f.expire())
}
