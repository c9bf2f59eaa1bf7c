package storagetest

import (
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// holdCases are those of rules 1 and 2: status is derived from holds, and causes are independent.
func holdCases() []testCase {
	return []testCase{
		{"an account's hold reaches everything below it and is written nowhere else", holdReachesBelow},
		{"a hold at every level is told from the top down", holdsFromTheTop},
		{"activating an account leaves its subscription's billing hold in force", independentCauses},
		{"two causes, lift one, and the other still holds", liftOneOfTwo},
		{"a subscription created in a suspended account is suspended, until the account is activated", createdInSuspended},
		{"a subscription assigned into and out of a suspended account follows its owner", assignedThroughSuspended},
		{"a domain moved into and out of a suspended subscription follows it", movedThroughSuspended},
		{"a hold has its cause, its texts, who placed it and when", holdIsComplete},
		{"a hold without a cause is the provider's", causeByDefault},
		{"by and at are the library's and not the caller's", holdIsSigned},
		{"a cause that is already there keeps by and at and takes over texts that are not empty", holdIsAmended},
		{"activate lifts every hold but the expired one", activateKeepsExpired},
		{"the expired hold is neither placed nor lifted by hand", expiredByHand},
		{"lift needs a cause", liftNeedsCause},
		{"lifting a cause that is not there changes nothing", liftMissingCause},
		{"outcomes part the ids and name what is still suspended", outcomesPart},
		{"a domain is still suspended while something above it is", stillFromAbove},
	}
}

func holdReachesBelow(f *fixture) {
	e := f.estate()
	before := f.dump()
	f.clock.advance(time.Hour)
	events := f.recorded(func() {
		f.suspendAccount(e.mario.ID, accounts.Hold{Cause: accounts.CauseAbuse, Public: "Gone fishing"})
	})

	f.Len(events, 1, "a command on a parent has no events for its children")
	inherited := f.getAccount(e.mario.ID).SuspendedBy()
	f.Len(inherited, 1)
	f.Equal(accounts.LevelAccount, inherited[0].Level)
	for _, id := range []subscriptions.ID{e.blog.ID, e.shop.ID} {
		s := f.getSubscription(id)
		f.Empty(s.Holds)
		f.Equal(inherited, s.Inherited)
		f.Equal(inherited, s.SuspendedBy())
		f.Equal(accounts.Suspended, s.Status())
	}
	f.sites(accounts.Suspended, "blog.example", "en.blog.example", "shop.example", "en.shop.example")
	f.sites(accounts.Active, "game.example", "en.game.example", "spare.example", "en.spare.example")
	f.Empty(f.getDomain("blog.example").Holds)
	f.Equal(inherited, f.getDomain("blog.example").SuspendedBy())

	f.activateAccount(e.mario.ID)
	after := f.dump()
	f.Equal(before.Subscriptions, after.Subscriptions)
	f.Equal(before.Domains, after.Domains)
}

func holdsFromTheTop(f *fixture) {
	e := f.estate()
	for _, c := range []accounts.Cause{"zeta", accounts.CauseBilling, "alpha"} {
		f.suspendDomain("blog.example", accounts.Hold{Cause: c, Note: "domain"})
		f.suspendSubscription(e.blog.ID, accounts.Hold{Cause: c, Note: "subscription"})
		f.suspendAccount(e.mario.ID, accounts.Hold{Cause: c, Note: "account"})
	}
	var want []accounts.EffectiveHold
	for _, l := range []accounts.Level{accounts.LevelAccount, accounts.LevelSubscription, accounts.LevelDomain} {
		for _, c := range []accounts.Cause{"alpha", accounts.CauseBilling, "zeta"} {
			want = append(want, accounts.EffectiveHold{Level: l, Hold: accounts.Hold{Cause: c, Note: string(l), By: actor, At: f.clock.stored()}})
		}
	}
	f.Equal(want, f.getDomain("blog.example").SuspendedBy())
	f.Equal(want[:6], f.getDomain("en.blog.example").SuspendedBy())
	f.Equal(want[:6], f.getSubscription(e.blog.ID).SuspendedBy())
	f.Equal(want[:3], f.getSubscription(e.shop.ID).SuspendedBy())
	f.Equal(want[:3], f.getAccount(e.mario.ID).SuspendedBy())
	f.Nil(f.getSubscription(e.spare.ID).SuspendedBy())
	listed, err := f.subs.List(f.ctx, subscriptions.Query{IDs: []subscriptions.ID{e.blog.ID}})
	f.NoError(err)
	f.Equal(want[:6], listed.Items[0].SuspendedBy())
	f.Equal(want, f.domains(subscriptions.DomainQuery{Search: "blog.example"})[0].SuspendedBy())
}

func independentCauses(f *fixture) {
	e := f.estate()
	f.suspendSubscription(e.blog.ID, accounts.Hold{Cause: accounts.CauseBilling})
	f.suspendAccount(e.mario.ID, accounts.Hold{Cause: accounts.CauseAbuse})
	f.sites(accounts.Suspended, "blog.example", "shop.example")

	out, err := f.clients.Activate(f.ctx, []accounts.ID{e.mario.ID})
	f.NoError(err)
	f.Equal(accounts.Outcome{Changed: []accounts.ID{e.mario.ID}}, normalOutcome(out))
	f.Equal(accounts.Active, f.getAccount(e.mario.ID).Status())
	blog := f.getSubscription(e.blog.ID)
	f.Equal(accounts.Suspended, blog.Status())
	held, found := blog.Holds.Get(accounts.CauseBilling)
	f.True(found)
	f.Equal([]accounts.EffectiveHold{{Level: accounts.LevelSubscription, Hold: held}}, blog.SuspendedBy())
	f.sites(accounts.Suspended, "blog.example", "en.blog.example")
	f.sites(accounts.Active, "shop.example", "en.shop.example")
}

func normalOutcome(o accounts.Outcome) accounts.Outcome {
	return accounts.Outcome{Changed: as[accounts.ID](o.Changed), Unchanged: as[accounts.ID](o.Unchanged), StillSuspended: as[accounts.ID](o.StillSuspended)}
}

func liftOneOfTwo(f *fixture) {
	for _, r := range f.rungs() {
		id := r.ids[:1]
		for _, c := range []accounts.Cause{accounts.CauseAbuse, accounts.CauseBilling} {
			_, err := r.suspend(f.ctx, id, accounts.Hold{Cause: c})
			f.NoError(err)
		}
		out, err := r.lift(f.ctx, id, []accounts.Cause{accounts.CauseBilling})
		f.NoError(err)
		f.Equal(result{Changed: id, Still: id}, out, r.level)
		f.Len(r.holds(id[0]), 1, r.level)
		f.Equal(accounts.CauseAbuse, r.holds(id[0])[0].Cause, r.level)

		out, err = r.lift(f.ctx, id, []accounts.Cause{"unheard-of", accounts.CauseAbuse})
		f.NoError(err)
		f.Equal(result{Changed: id}, out, r.level)
		f.Empty(r.holds(id[0]), r.level)
	}
}

func createdInSuspended(f *fixture) {
	mario := f.account("mario")
	f.suspendAccount(mario.ID, accounts.Hold{Cause: accounts.CauseBilling})
	s := f.subscription(mario.ID, "blog.example")
	f.Equal(accounts.Suspended, s.Status(), "as Create answers it")
	f.Equal(f.getSubscription(s.ID), s)
	d := f.addDomain(s.ID, "shop.example")
	f.Equal(accounts.Suspended, d.Status(), "as AddDomain answers it")
	f.Equal(f.getDomain("shop.example"), d)
	f.sites(accounts.Suspended, "blog.example", "shop.example")

	f.activateAccount(mario.ID)
	f.sites(accounts.Active, "blog.example", "shop.example")
}

func assignedThroughSuspended(f *fixture) {
	e := f.estate()
	f.suspendAccount(e.mario.ID, accounts.Hold{Cause: accounts.CauseAbuse})
	f.suspendDomain("en.spare.example", accounts.Hold{Cause: accounts.CauseBilling})
	f.sites(accounts.Active, "spare.example")

	f.assign(e.mario.ID, e.spare.ID)
	f.sites(accounts.Suspended, "spare.example", "en.spare.example")
	f.Len(f.getDomain("en.spare.example").SuspendedBy(), 2)
	f.assign(e.luigi.ID, e.spare.ID)
	f.sites(accounts.Active, "spare.example")
	f.sites(accounts.Suspended, "en.spare.example")
	f.assign(e.mario.ID, e.spare.ID)
	f.assign(subscriptions.Provider, e.spare.ID)
	f.sites(accounts.Active, "spare.example")
	f.Len(f.getDomain("en.spare.example").SuspendedBy(), 1, "its own hold goes with it everywhere")
}

func movedThroughSuspended(f *fixture) {
	e := f.estate()
	f.suspendSubscription(e.shop.ID, accounts.Hold{})
	id := []subscriptions.DomainID{f.getDomain("en.blog.example").ID}
	_, err := f.subs.MoveDomains(f.ctx, id, e.shop.ID)
	f.NoError(err)
	f.sites(accounts.Suspended, "en.blog.example")
	_, err = f.subs.MoveDomains(f.ctx, id, e.blog.ID)
	f.NoError(err)
	f.sites(accounts.Active, "en.blog.example")
}

func holdIsComplete(f *fixture) {
	for _, r := range f.rungs() {
		h := accounts.Hold{Cause: "own-cause-9", Note: "a note\n\twith lines", Message: "è sospeso", Public: "back soon"}
		_, err := r.suspend(f.ctx, r.ids[:1], h)
		f.NoError(err)
		h.By, h.At = actor, f.clock.stored()
		f.Equal(accounts.Holds{h}, r.holds(r.ids[0]), r.level)
	}
}

func causeByDefault(f *fixture) {
	for _, r := range f.rungs() {
		_, err := r.suspend(f.ctx, r.ids[:1], accounts.Hold{})
		f.NoError(err)
		f.Equal(accounts.CauseProvider, r.holds(r.ids[0])[0].Cause, r.level)
	}
}

func holdIsSigned(f *fixture) {
	for _, r := range f.rungs() {
		_, err := r.suspend(f.ctx, r.ids[:1], accounts.Hold{By: "somebody else", At: time.Unix(1, 0)})
		f.NoError(err)
		h := r.holds(r.ids[0])[0]
		f.Equal(actor, h.By, r.level)
		f.Equal(f.clock.stored(), h.At, r.level)
	}
}

func holdIsAmended(f *fixture) {
	for _, r := range f.rungs() {
		id, first := r.ids[:1], f.clock.stored()
		_, err := r.suspend(f.ctx, id, accounts.Hold{Note: "one", Message: "two", Public: "three"})
		f.NoError(err)
		f.clock.advance(time.Hour)
		later := accounts.WithActor(f.ctx, "someone-later")
		out, err := r.suspend(later, id, accounts.Hold{Message: "zwei"})
		f.NoError(err)
		f.Equal(result{Changed: id}, out, r.level)
		want := accounts.Holds{{Cause: accounts.CauseProvider, Note: "one", Message: "zwei", Public: "three", By: actor, At: first}}
		f.Equal(want, r.holds(id[0]), r.level)

		f.unchanged(func() {
			out, err = r.suspend(later, id, accounts.Hold{Note: "one", Public: "three"})
			f.NoError(err)
			f.Equal(result{Unchanged: id}, out, r.level)
		})
	}
}

func activateKeepsExpired(f *fixture) {
	s := f.subscribe(subscriptions.New{Name: "old", ExpiresAt: f.clock.now().Add(-time.Hour)})
	for _, c := range []accounts.Cause{accounts.CauseBilling, accounts.CauseCustomer, "zeta", accounts.CauseAbuse} {
		f.suspendSubscription(s.ID, accounts.Hold{Cause: c})
	}
	out, err := f.subs.Activate(f.ctx, []subscriptions.ID{s.ID})
	f.NoError(err)
	f.Equal([]subscriptions.ID{s.ID}, out.Changed)
	f.Equal([]subscriptions.ID{s.ID}, out.StillSuspended)
	holds := f.getSubscription(s.ID).Holds
	f.Len(holds, 1)
	f.Equal(accounts.CauseExpired, holds[0].Cause)

	f.unchanged(func() {
		out, err := f.subs.Activate(f.ctx, []subscriptions.ID{s.ID})
		f.NoError(err)
		f.Equal(result{Unchanged: []int64{int64(s.ID)}, Still: []int64{int64(s.ID)}}, resultOf(out.Changed, out.Unchanged, out.StillSuspended))
	})
}

func expiredByHand(f *fixture) {
	for _, r := range f.rungs() {
		err := f.refused(accounts.ErrInvalid, func() error {
			_, err := r.suspend(f.ctx, r.ids, accounts.Hold{Cause: accounts.CauseExpired})
			return err
		})
		f.invalid(err, "cause")
		err = f.refused(accounts.ErrInvalid, func() error {
			_, err := r.lift(f.ctx, r.ids, []accounts.Cause{accounts.CauseBilling, accounts.CauseExpired})
			return err
		})
		f.invalid(err, "causes[1]")
	}
}

func liftNeedsCause(f *fixture) {
	for _, r := range f.rungs() {
		_, err := r.suspend(f.ctx, r.ids, accounts.Hold{})
		f.NoError(err)
		for _, none := range [][]accounts.Cause{nil, {}} {
			err := f.refused(accounts.ErrInvalid, func() error {
				_, err := r.lift(f.ctx, r.ids, none)
				return err
			})
			f.invalid(err, "causes")
		}
	}
}

func liftMissingCause(f *fixture) {
	for _, r := range f.rungs() {
		_, err := r.suspend(f.ctx, r.ids[:1], accounts.Hold{Cause: accounts.CauseAbuse})
		f.NoError(err)
		f.unchanged(func() {
			out, err := r.lift(f.ctx, r.ids[:2], []accounts.Cause{accounts.CauseBilling, "unheard-of"})
			f.NoError(err)
			f.Equal(result{Unchanged: r.ids[:2], Still: r.ids[:1]}, out, r.level)
		})
		_, err = r.activate(f.ctx, r.ids)
		f.NoError(err)
	}
}

func outcomesPart(f *fixture) {
	for _, r := range f.rungs() {
		a, b, c := r.ids[0], r.ids[1], r.ids[2]
		_, err := r.suspend(f.ctx, []int64{b}, accounts.Hold{Cause: accounts.CauseBilling})
		f.NoError(err)
		out, err := r.suspend(f.ctx, []int64{c, b, a, b}, accounts.Hold{Cause: accounts.CauseBilling})
		f.NoError(err)
		f.Equal(result{Changed: []int64{a, c}, Unchanged: []int64{b}}, out, r.level)

		_, err = r.suspend(f.ctx, []int64{c, b}, accounts.Hold{Cause: accounts.CauseAbuse})
		f.NoError(err)
		out, err = r.lift(f.ctx, []int64{c, b, a}, []accounts.Cause{accounts.CauseBilling})
		f.NoError(err)
		f.Equal(result{Changed: []int64{a, b, c}, Still: []int64{b, c}}, out, r.level)

		out, err = r.activate(f.ctx, []int64{c, a, b, c})
		f.NoError(err)
		f.Equal(result{Changed: []int64{b, c}, Unchanged: []int64{a}}, out, r.level)
	}
}

func stillFromAbove(f *fixture) {
	e := f.estate()
	d := f.getDomain("blog.example")
	id := []subscriptions.DomainID{d.ID}
	f.suspendDomain(d.Name, accounts.Hold{Cause: accounts.CauseCustomer})
	f.suspendAccount(e.mario.ID, accounts.Hold{Cause: accounts.CauseAbuse})

	out, err := f.subs.LiftDomains(f.ctx, id, []accounts.Cause{accounts.CauseCustomer})
	f.NoError(err)
	f.Equal(id, out.Changed)
	f.Equal(id, out.StillSuspended)
	bought, err := f.subs.Activate(f.ctx, []subscriptions.ID{e.blog.ID, e.game.ID})
	f.NoError(err)
	f.Equal([]subscriptions.ID{e.blog.ID, e.game.ID}, bought.Unchanged)
	f.Equal([]subscriptions.ID{e.blog.ID}, bought.StillSuspended)
}
