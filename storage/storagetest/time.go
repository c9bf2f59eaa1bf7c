package storagetest

import (
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// timeCases returns the cases about how times are stored.
func timeCases() []testCase {
	return []testCase{
		{"every time is that of the clock, in UTC and truncated to microseconds", timesAreTruncated},
		{"times of any zone from 1970 to 9998 are stored as the same instant, and no others", timesOfAnyAge},
		{"a zero ExpiresAt means never and a zero CreatedAt means now", zeroTime},
		{"while the clock is not between 1970 and 9998, every command fails with ErrUnavailable and changes nothing", wrongClock},
	}
}

// equalStored asserts that got is want as it is stored: in UTC and whole microseconds, so that reflect.DeepEqual compares
// such times correctly.
func (f *fixture) equalStored(want, got time.Time) {
	f.t.Helper()
	f.Equal(suite.StoredTime(want), got)
	f.Equal(time.UTC, got.Location())
	f.Zero(got.Nanosecond() % 1000)
}

func timesAreTruncated(f *fixture) {
	data := f.seed()
	f.clock.advance(time.Hour + 999)
	now := f.clock.now()
	f.suspendAccount(data.mario.ID, accounts.Hold{Message: "m"})
	f.suspendSubscription(data.blog.ID, accounts.Hold{})
	f.suspendDomain("blog.example", accounts.Hold{})
	d := f.addDomain(data.game.ID, "added.example")
	f.equalStored(now, d.CreatedAt)
	f.equalStored(now, f.getDomain("added.example").CreatedAt)
	for _, held := range f.getDomain("blog.example").SuspendedBy() {
		f.equalStored(now, held.At)
	}
	peach := f.account("peach")
	f.equalStored(now, peach.CreatedAt)
	f.equalStored(now, f.getAccount(peach.ID).UpdatedAt)
	f.equalStored(now, f.events()[len(f.events())-1].At)
	profile, err := f.clients.Owner(data.mario.ID).Profile(f.ctx)
	f.NoError(err)
	f.equalStored(now, profile.Messages[0].At)
	f.assign(data.luigi.ID, data.spare.ID)
	f.equalStored(now, f.getSubscription(data.spare.ID).UpdatedAt)
	site, err := f.subs.Resolve(f.ctx, "added.example")
	f.NoError(err)
	f.equalStored(now, site.Domain.CreatedAt)
}

func timesOfAnyAge(f *fixture) {
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Unix(0, 999).In(time.FixedZone("", -3600)), time.Date(1970, 1, 1, 0, 59, 59, 4567, time.FixedZone("", 3599)),
		time.Date(2038, 1, 19, 3, 14, 8, 0, time.Local), time.Date(9999, 1, 1, 0, 30, 0, 0, time.FixedZone("", 3600)),
		time.Date(9998, 12, 31, 23, 59, 59, 999999999, time.UTC),
	} {
		s := f.subscribe(subscriptions.New{Name: at.String(), CreatedAt: at, ExpiresAt: at})
		f.equalStored(at, s.CreatedAt)
		f.equalStored(at, s.ExpiresAt)
		f.Equal(s, f.getSubscription(s.ID))
		updated, err := f.subs.Update(f.ctx, s.ID, subscriptions.Changes{ExpiresAt: &at})
		f.NoError(err)
		f.equalStored(at, updated.ExpiresAt)
		in := newAccount("customer" + string(rune('a'+s.ID)))
		in.CreatedAt = at
		f.equalStored(at, f.create(in).CreatedAt)
		_, err = f.subs.List(f.ctx, subscriptions.Query{ExpiresBefore: at})
		f.NoError(err)
		_, err = f.clients.PruneEvents(f.ctx, time.Time{})
		f.NoError(err)
	}
	p, err := f.subs.List(f.ctx, subscriptions.Query{Limit: 500})
	f.NoError(err)
	for i := range len(p.Items) - 1 {
		f.False(p.Items[i].CreatedAt.After(p.Items[i+1].CreatedAt), "subscriptions must be listed in the order of creation")
	}
	for q := (accounts.Query{Limit: 1}); ; { // by cursors with all of these times
		p, err := f.clients.List(f.ctx, q)
		f.NoError(err)
		if !f.nextPage(&q.After, p.Next) {
			break
		}
	}
	s := p.Items[0]
	f.unchanged(func() {
		for _, at := range wrongTimes() {
			_, err := f.subs.Create(f.ctx, subscriptions.New{Name: "x", CreatedAt: at, ExpiresAt: at})
			f.invalid(err, "createdAt", "expiresAt")
			in := newAccount("mario")
			in.CreatedAt = at
			_, err = f.clients.Create(f.ctx, in)
			f.invalid(err, "createdAt")
			in.CreatedAt, in.Subscription = time.Time{}, &subscriptions.New{Name: "x", CreatedAt: at, ExpiresAt: at}
			_, err = f.clients.Create(f.ctx, in)
			f.invalid(err, "subscription.createdAt", "subscription.expiresAt")
			_, err = f.subs.Update(f.ctx, s.ID, subscriptions.Changes{ExpiresAt: &at})
			f.invalid(err, "expiresAt")
			_, err = f.subs.List(f.ctx, subscriptions.Query{ExpiresBefore: at})
			f.invalid(err, "expiresBefore")
			_, err = f.clients.PruneEvents(f.ctx, at)
			f.invalid(err, "before")
		}
	})
}

// wrongTimes returns times that cannot be stored.
func wrongTimes() []time.Time {
	return []time.Time{
		time.Unix(-1, 999_999_999), time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(1970, 1, 1, 0, 30, 0, 0, time.FixedZone("", 3600)),
		time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9998, 12, 31, 23, 30, 0, 0, time.FixedZone("", -3600)),
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(1<<40, 0),
		time.Unix(1<<63-1, 0), time.Unix(-1<<63, 0),
	}
}

func zeroTime(f *fixture) {
	s := f.subscribe(subscriptions.New{Name: "x", ExpiresAt: time.Time{}.In(time.FixedZone("", 3600))})
	f.Equal(time.Time{}, s.ExpiresAt)
	f.Equal(time.Time{}, f.getSubscription(s.ID).ExpiresAt)
	f.equalStored(f.clock.now(), s.CreatedAt)
	f.clock.advance(1 << 62)
	f.Empty(f.expire())
	f.listsSubscriptions(subscriptions.Query{ExpiresBefore: f.clock.now()})
}

func wrongClock(f *fixture) {
	all := f.commands(f.seed())
	right := f.clock.now()
	f.unchanged(func() {
		for _, at := range append(wrongTimes(), time.Time{}) {
			f.clock.Set(at)
			for _, c := range all {
				if c.writes {
					f.ErrorIs(c.call(f.ctx), accounts.ErrUnavailable, "%s at %v", c.name, at)
				}
			}
			_, err := f.clients.Create(f.ctx, accounts.New{})
			f.ErrorIs(err, accounts.ErrUnavailable)
			f.NotErrorIs(err, accounts.ErrInvalid, "the input is not the reason")
		}
	})
	for _, at := range []time.Time{time.Unix(0, 0), time.Date(9998, 12, 31, 23, 59, 59, 999999999, time.UTC)} {
		f.clock.Set(at)
		s := f.subscribe(subscriptions.New{Name: "x"})
		f.equalStored(at, s.CreatedAt)
		f.suspendSubscription(s.ID, accounts.Hold{})
		f.equalStored(at, f.getSubscription(s.ID).Holds[0].At)
	}
	f.clock.Set(right)
	for _, c := range all {
		f.NoError(c.call(f.ctx), c.name)
	}
}
