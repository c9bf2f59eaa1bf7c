package storagetest

import (
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// holdCases returns the cases about holds: status is derived from them, and causes are independent of each other.
func holdCases() []testCase {
	return []testCase{
		{"a hold of an account suspends its subscriptions and domains and is stored only once", holdIsInherited},
		{"effective holds are listed from the account down", holdsInOrder},
		{"activating an account leaves its subscription's billing hold in force", independentCauses},
		{"two causes, lift one, and the other stays in force", liftOneOfTwo},
		{"a subscription created in a suspended account is suspended until the account is activated", createdInSuspended},
		{"a subscription assigned to and from a suspended account follows its owner's status", assignedThroughSuspended},
		{"a domain moved to and from a suspended subscription follows its status", movedThroughSuspended},
		{"a hold has its cause, texts, actor and time", holdIsComplete},
		{"a hold without a cause gets the cause provider", causeByDefault},
		{"By and At are set by the library and not by the caller", holdActorAndTime},
		{"suspending again for one cause keeps By and At and replaces texts that are not empty", holdIsReplaced},
		{"UpdateHolds changes and empties the texts that are given, and nothing else", updateHolds},
		{"UpdateHolds changes the texts of an expired hold", updateExpiredHolds},
		{"UpdateHolds refuses a missing cause, one that is no slug, long texts and unknown ids", updateHoldsInvalid},
		{"Activate lifts every hold except the expired one", activateKeepsExpired},
		{"the expired hold cannot be placed or lifted by a caller", expiredByCaller},
		{"Lift requires a cause", liftNeedsCause},
		{"lifting a missing cause changes nothing", liftMissingCause},
		{"outcomes partition the ids and list those still suspended", outcomesPartition},
		{"a domain stays suspended while its subscription or account is", suspendedByParent},
	}
}

func holdIsInherited(f *fixture) {
	data := f.seed()
	before := f.dump()
	f.clock.advance(time.Hour)
	events := f.eventsOf(func() {
		f.suspendAccount(data.mario.ID, accounts.Hold{Cause: accounts.CauseAbuse, Public: "Gone fishing"})
	})

	f.Len(events, 1, "suspending an account must not record events for what belongs to it")
	inherited := f.getAccount(data.mario.ID).SuspendedBy()
	f.Len(inherited, 1)
	f.Equal(accounts.LevelAccount, inherited[0].Level)
	for _, id := range []subscriptions.ID{data.blog.ID, data.shop.ID} {
		s := f.getSubscription(id)
		f.Empty(s.Holds)
		f.Equal(inherited, s.Inherited)
		f.Equal(inherited, s.SuspendedBy())
		f.Equal(accounts.Suspended, s.Status())
	}
	f.hasStatus(accounts.Suspended, "blog.example", "en.blog.example", "shop.example", "en.shop.example")
	f.hasStatus(accounts.Active, "game.example", "en.game.example", "spare.example", "en.spare.example")
	f.Empty(f.getDomain("blog.example").Holds)
	f.Equal(inherited, f.getDomain("blog.example").SuspendedBy())

	f.activateAccount(data.mario.ID)
	after := f.dump()
	f.Equal(before.Subscriptions, after.Subscriptions)
	f.Equal(before.Domains, after.Domains)
}

func holdsInOrder(f *fixture) {
	data := f.seed()
	for _, c := range []accounts.Cause{"zeta", accounts.CauseBilling, "alpha"} {
		f.suspendDomain("blog.example", accounts.Hold{Cause: c, Note: "domain"})
		f.suspendSubscription(data.blog.ID, accounts.Hold{Cause: c, Note: "subscription"})
		f.suspendAccount(data.mario.ID, accounts.Hold{Cause: c, Note: "account"})
	}
	var want []accounts.EffectiveHold
	for _, l := range []accounts.Level{accounts.LevelAccount, accounts.LevelSubscription, accounts.LevelDomain} {
		for _, c := range []accounts.Cause{"alpha", accounts.CauseBilling, "zeta"} {
			want = append(want, accounts.EffectiveHold{Level: l, Hold: accounts.Hold{Cause: c, Note: string(l), By: actor, At: f.clock.storedNow()}})
		}
	}
	f.Equal(want, f.getDomain("blog.example").SuspendedBy())
	f.Equal(want[:6], f.getDomain("en.blog.example").SuspendedBy())
	f.Equal(want[:6], f.getSubscription(data.blog.ID).SuspendedBy())
	f.Equal(want[:3], f.getSubscription(data.shop.ID).SuspendedBy())
	f.Equal(want[:3], f.getAccount(data.mario.ID).SuspendedBy())
	f.Nil(f.getSubscription(data.spare.ID).SuspendedBy())
	listed, err := f.subs.List(f.ctx, subscriptions.Query{IDs: []subscriptions.ID{data.blog.ID}})
	f.NoError(err)
	f.Equal(want[:6], listed.Items[0].SuspendedBy())
	f.Equal(want, f.domains(subscriptions.DomainQuery{Search: "blog.example"})[0].SuspendedBy())
}

func independentCauses(f *fixture) {
	data := f.seed()
	f.suspendSubscription(data.blog.ID, accounts.Hold{Cause: accounts.CauseBilling})
	f.suspendAccount(data.mario.ID, accounts.Hold{Cause: accounts.CauseAbuse})
	f.hasStatus(accounts.Suspended, "blog.example", "shop.example")

	out, err := f.clients.Activate(f.ctx, []accounts.ID{data.mario.ID})
	f.NoError(err)
	f.Equal(accounts.Outcome{Changed: []accounts.ID{data.mario.ID}}, withoutEmpty(out))
	f.Equal(accounts.Active, f.getAccount(data.mario.ID).Status())
	blog := f.getSubscription(data.blog.ID)
	f.Equal(accounts.Suspended, blog.Status())
	held, found := blog.Holds.Get(accounts.CauseBilling)
	f.True(found, "the subscription must keep its billing hold: %v", blog.Holds)
	f.Equal([]accounts.EffectiveHold{{Level: accounts.LevelSubscription, Hold: held}}, blog.SuspendedBy())
	f.hasStatus(accounts.Suspended, "blog.example", "en.blog.example")
	f.hasStatus(accounts.Active, "shop.example", "en.shop.example")
}

func withoutEmpty(o accounts.Outcome) accounts.Outcome {
	return accounts.Outcome{Changed: suite.As[accounts.ID](o.Changed), Updated: suite.As[accounts.ID](o.Updated), Unchanged: suite.As[accounts.ID](o.Unchanged), StillSuspended: suite.As[accounts.ID](o.StillSuspended)}
}

func liftOneOfTwo(f *fixture) {
	for _, ops := range f.levels() {
		id := ops.ids[:1]
		for _, c := range []accounts.Cause{accounts.CauseAbuse, accounts.CauseBilling} {
			_, err := ops.Suspend(f.ctx, id, accounts.Hold{Cause: c})
			f.NoError(err)
		}
		out, err := ops.Lift(f.ctx, id, []accounts.Cause{accounts.CauseBilling})
		f.NoError(err)
		f.Equal(outcome{Changed: id, StillSuspended: id}, out, "at the level %s", ops.level)
		f.Len(ops.holds(id[0]), 1, "at the level %s", ops.level)
		f.Equal(accounts.CauseAbuse, ops.holds(id[0])[0].Cause, "at the level %s", ops.level)

		out, err = ops.Lift(f.ctx, id, []accounts.Cause{"unheard-of", accounts.CauseAbuse})
		f.NoError(err)
		f.Equal(outcome{Changed: id}, out, "at the level %s", ops.level)
		f.Empty(ops.holds(id[0]), "at the level %s", ops.level)
	}
}

func createdInSuspended(f *fixture) {
	mario := f.account("mario")
	f.suspendAccount(mario.ID, accounts.Hold{Cause: accounts.CauseBilling})
	s := f.subscription(mario.ID, "blog.example")
	f.Equal(accounts.Suspended, s.Status(), "the status that Create returns")
	f.Equal(f.getSubscription(s.ID), s)
	d := f.addDomain(s.ID, "shop.example")
	f.Equal(accounts.Suspended, d.Status(), "the status that AddDomain returns")
	f.Equal(f.getDomain("shop.example"), d)
	f.hasStatus(accounts.Suspended, "blog.example", "shop.example")

	f.activateAccount(mario.ID)
	f.hasStatus(accounts.Active, "blog.example", "shop.example")
}

func assignedThroughSuspended(f *fixture) {
	data := f.seed()
	f.suspendAccount(data.mario.ID, accounts.Hold{Cause: accounts.CauseAbuse})
	f.suspendDomain("en.spare.example", accounts.Hold{Cause: accounts.CauseBilling})
	f.hasStatus(accounts.Active, "spare.example")

	f.assign(data.mario.ID, data.spare.ID)
	f.hasStatus(accounts.Suspended, "spare.example", "en.spare.example")
	f.Len(f.getDomain("en.spare.example").SuspendedBy(), 2)
	f.assign(data.luigi.ID, data.spare.ID)
	f.hasStatus(accounts.Active, "spare.example")
	f.hasStatus(accounts.Suspended, "en.spare.example")
	f.assign(data.mario.ID, data.spare.ID)
	f.assign(subscriptions.Provider, data.spare.ID)
	f.hasStatus(accounts.Active, "spare.example")
	f.Len(f.getDomain("en.spare.example").SuspendedBy(), 1, "a hold of the domain itself must stay with it")
}

func movedThroughSuspended(f *fixture) {
	data := f.seed()
	f.suspendSubscription(data.shop.ID, accounts.Hold{})
	id := []subscriptions.DomainID{f.getDomain("en.blog.example").ID}
	_, err := f.subs.MoveDomains(f.ctx, id, data.shop.ID)
	f.NoError(err)
	f.hasStatus(accounts.Suspended, "en.blog.example")
	_, err = f.subs.MoveDomains(f.ctx, id, data.blog.ID)
	f.NoError(err)
	f.hasStatus(accounts.Active, "en.blog.example")
}

func holdIsComplete(f *fixture) {
	for _, ops := range f.levels() {
		h := accounts.Hold{Cause: "own-cause-9", Note: "a note\n\twith lines", Message: "è sospeso", Public: "back soon"}
		_, err := ops.Suspend(f.ctx, ops.ids[:1], h)
		f.NoError(err)
		h.By, h.At = actor, f.clock.storedNow()
		f.Equal(accounts.Holds{h}, ops.holds(ops.ids[0]), "at the level %s", ops.level)
	}
}

func causeByDefault(f *fixture) {
	for _, ops := range f.levels() {
		_, err := ops.Suspend(f.ctx, ops.ids[:1], accounts.Hold{})
		f.NoError(err)
		f.Equal(accounts.CauseProvider, ops.holds(ops.ids[0])[0].Cause, "at the level %s", ops.level)
	}
}

func holdActorAndTime(f *fixture) {
	for _, ops := range f.levels() {
		_, err := ops.Suspend(f.ctx, ops.ids[:1], accounts.Hold{By: "someone-else", At: time.Unix(1, 0)})
		f.NoError(err)
		h := ops.holds(ops.ids[0])[0]
		f.Equal(actor, h.By, "at the level %s", ops.level)
		f.Equal(f.clock.storedNow(), h.At, "at the level %s", ops.level)
	}
}

func holdIsReplaced(f *fixture) {
	for _, ops := range f.levels() {
		id, first := ops.ids[:1], f.clock.storedNow()
		_, err := ops.Suspend(f.ctx, id, accounts.Hold{Note: "one", Message: "two", Public: "three"})
		f.NoError(err)
		f.clock.advance(time.Hour)
		later := accounts.WithActor(f.ctx, "someone-later")
		out, err := ops.Suspend(later, id, accounts.Hold{Message: "zwei"})
		f.NoError(err)
		f.Equal(outcome{Updated: id}, out, "at the level %s", ops.level)
		want := accounts.Holds{{Cause: accounts.CauseProvider, Note: "one", Message: "zwei", Public: "three", By: actor, At: first}}
		f.Equal(want, ops.holds(id[0]), "at the level %s", ops.level)

		f.unchanged(func() {
			out, err = ops.Suspend(later, id, accounts.Hold{Note: "one", Public: "three"})
			f.NoError(err)
			f.Equal(outcome{Unchanged: id}, out, "at the level %s", ops.level)
		})
	}
}

func updateHolds(f *fixture) {
	for _, ops := range f.levels() {
		ids, placed := ops.ids, f.clock.storedNow()
		_, err := ops.Suspend(f.ctx, ids[:2], accounts.Hold{Cause: accounts.CauseBilling, Note: "one", Message: "two", Public: "three"})
		f.NoError(err)
		_, err = ops.Suspend(f.ctx, ids[1:], accounts.Hold{Cause: accounts.CauseAbuse, Note: "other"})
		f.NoError(err)
		f.clock.advance(time.Hour)
		later := accounts.WithActor(f.ctx, "someone-later")

		events := f.eventsOf(func() {
			out, err := ops.UpdateHolds(later, []int64{ids[2], ids[1], ids[0], ids[1]}, accounts.CauseBilling, accounts.HoldTexts{Note: ptr(""), Message: ptr(" zwei\r\n")})
			f.NoError(err)
			f.Equal(outcome{Updated: ids[:2], Unchanged: ids[2:]}, out, "at the level %s", ops.level)
		})
		billing := accounts.Hold{Cause: accounts.CauseBilling, Message: "zwei", Public: "three", By: actor, At: placed}
		abuse := accounts.Hold{Cause: accounts.CauseAbuse, Note: "other", By: actor, At: placed}
		f.Equal(accounts.Holds{billing}, ops.holds(ids[0]), "at the level %s", ops.level)
		f.Equal(accounts.Holds{abuse, billing}, ops.holds(ids[1]), "at the level %s", ops.level)
		f.Equal(accounts.Holds{abuse}, ops.holds(ids[2]), "at the level %s", ops.level)
		f.Len(events, 2, "at the level %s", ops.level)
		for _, e := range events {
			f.Equal(accounts.EventType(ops.level)+".hold-updated", e.Type)
			f.Equal("someone-later", e.Actor)
			f.Equal(map[string]string{"cause": "billing", "message": "zwei", "public": "three"}, e.Details)
		}

		f.unchanged(func() {
			for _, same := range []accounts.HoldTexts{{}, {Note: ptr("")}, {Message: ptr("zwei"), Public: ptr("three ")}} {
				out, err := ops.UpdateHolds(later, ids[:1], accounts.CauseBilling, same)
				f.NoError(err)
				f.Equal(outcome{Unchanged: ids[:1]}, out, "at the level %s", ops.level)
			}
			out, err := ops.UpdateHolds(later, ids[:1], "unheard-of", accounts.HoldTexts{Note: ptr("x")})
			f.NoError(err)
			f.Equal(outcome{Unchanged: ids[:1]}, out, "at the level %s", ops.level)
		})
		_, err = ops.Activate(f.ctx, ids)
		f.NoError(err)
	}
}

func updateExpiredHolds(f *fixture) {
	s := f.subscribe(subscriptions.New{Name: "old", ExpiresAt: f.clock.now().Add(-time.Hour)})
	out, err := f.subs.UpdateHolds(f.ctx, []subscriptions.ID{s.ID}, accounts.CauseExpired, accounts.HoldTexts{Message: ptr("Please renew.")})
	f.NoError(err)
	f.Equal([]subscriptions.ID{s.ID}, out.Updated)
	f.Equal("Please renew.", f.getSubscription(s.ID).Holds[0].Message)
	f.Empty(f.expire(), "the hold stays the same hold")
}

func updateHoldsInvalid(f *fixture) {
	for _, ops := range f.levels() {
		_, err := ops.Suspend(f.ctx, ops.ids, accounts.Hold{})
		f.NoError(err)
		long, control := strings.Repeat("x", 4097), "a\x00b"
		for _, c := range []struct {
			path  string
			ids   []int64
			cause accounts.Cause
			texts accounts.HoldTexts
		}{
			{"ids", nil, accounts.CauseProvider, accounts.HoldTexts{}},
			{"cause", ops.ids, "", accounts.HoldTexts{}},
			{"cause", ops.ids, "No Slug", accounts.HoldTexts{}},
			{"note", ops.ids, accounts.CauseProvider, accounts.HoldTexts{Note: &long}},
			{"message", ops.ids, accounts.CauseProvider, accounts.HoldTexts{Message: &long}},
			{"public", ops.ids, accounts.CauseProvider, accounts.HoldTexts{Public: &control}},
		} {
			f.invalid(f.refused(accounts.ErrInvalid, func() error {
				_, err := ops.UpdateHolds(f.ctx, c.ids, c.cause, c.texts)
				return err
			}), c.path)
		}
		f.refused(accounts.ErrNotFound, func() error {
			_, err := ops.UpdateHolds(f.ctx, []int64{ops.ids[0], unusedID}, accounts.CauseProvider, accounts.HoldTexts{Note: ptr("x")})
			return err
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
		f.Equal(subscriptions.Outcome[subscriptions.ID]{Unchanged: []subscriptions.ID{s.ID}, StillSuspended: []subscriptions.ID{s.ID}}, out)
	})
}

func expiredByCaller(f *fixture) {
	for _, ops := range f.levels() {
		err := f.refused(accounts.ErrInvalid, func() error {
			_, err := ops.Suspend(f.ctx, ops.ids, accounts.Hold{Cause: accounts.CauseExpired})
			return err
		})
		f.invalid(err, "cause")
		err = f.refused(accounts.ErrInvalid, func() error {
			_, err := ops.Lift(f.ctx, ops.ids, []accounts.Cause{accounts.CauseBilling, accounts.CauseExpired})
			return err
		})
		f.invalid(err, "causes[1]")
	}
}

func liftNeedsCause(f *fixture) {
	for _, ops := range f.levels() {
		_, err := ops.Suspend(f.ctx, ops.ids, accounts.Hold{})
		f.NoError(err)
		for _, none := range [][]accounts.Cause{nil, {}} {
			err := f.refused(accounts.ErrInvalid, func() error {
				_, err := ops.Lift(f.ctx, ops.ids, none)
				return err
			})
			f.invalid(err, "causes")
		}
	}
}

func liftMissingCause(f *fixture) {
	for _, ops := range f.levels() {
		_, err := ops.Suspend(f.ctx, ops.ids[:1], accounts.Hold{Cause: accounts.CauseAbuse})
		f.NoError(err)
		f.unchanged(func() {
			out, err := ops.Lift(f.ctx, ops.ids[:2], []accounts.Cause{accounts.CauseBilling, "unheard-of"})
			f.NoError(err)
			f.Equal(outcome{Unchanged: ops.ids[:2], StillSuspended: ops.ids[:1]}, out, "at the level %s", ops.level)
		})
		_, err = ops.Activate(f.ctx, ops.ids)
		f.NoError(err)
	}
}

func outcomesPartition(f *fixture) {
	for _, ops := range f.levels() {
		a, b, c := ops.ids[0], ops.ids[1], ops.ids[2]
		_, err := ops.Suspend(f.ctx, []int64{b}, accounts.Hold{Cause: accounts.CauseBilling})
		f.NoError(err)
		out, err := ops.Suspend(f.ctx, []int64{c, b, a, b}, accounts.Hold{Cause: accounts.CauseBilling})
		f.NoError(err)
		f.Equal(outcome{Changed: []int64{a, c}, Unchanged: []int64{b}}, out, "at the level %s", ops.level)

		_, err = ops.Suspend(f.ctx, []int64{c, b}, accounts.Hold{Cause: accounts.CauseAbuse})
		f.NoError(err)
		out, err = ops.Lift(f.ctx, []int64{c, b, a}, []accounts.Cause{accounts.CauseBilling})
		f.NoError(err)
		f.Equal(outcome{Changed: []int64{a, b, c}, StillSuspended: []int64{b, c}}, out, "at the level %s", ops.level)

		out, err = ops.Activate(f.ctx, []int64{c, a, b, c})
		f.NoError(err)
		f.Equal(outcome{Changed: []int64{b, c}, Unchanged: []int64{a}}, out, "at the level %s", ops.level)
	}
}

func suspendedByParent(f *fixture) {
	data := f.seed()
	d := f.getDomain("blog.example")
	id := []subscriptions.DomainID{d.ID}
	f.suspendDomain(d.Name, accounts.Hold{Cause: accounts.CauseCustomer})
	f.suspendAccount(data.mario.ID, accounts.Hold{Cause: accounts.CauseAbuse})

	out, err := f.subs.LiftDomains(f.ctx, id, []accounts.Cause{accounts.CauseCustomer})
	f.NoError(err)
	f.Equal(id, out.Changed)
	f.Equal(id, out.StillSuspended)
	subsOut, err := f.subs.Activate(f.ctx, []subscriptions.ID{data.blog.ID, data.game.ID})
	f.NoError(err)
	f.Equal([]subscriptions.ID{data.blog.ID, data.game.ID}, subsOut.Unchanged)
	f.Equal([]subscriptions.ID{data.blog.ID}, subsOut.StillSuspended)
}
