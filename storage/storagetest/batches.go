package storagetest

import (
	"context"
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// batchCases returns the cases about commands on many ids, each of which changes all of them or none.
func batchCases() []testCase {
	return []testCase{
		{"a single unknown id is reported and nothing changes", batchUnknown},
		{"all unknown ids are reported", batchAllUnknown},
		{"an empty list of ids is invalid and never means everything", batchEmpty},
		{"a command accepts 10000 ids and refuses 10001", batchSize},
		{"an id given twice counts once", batchDuplicates},
		{"repeating a command changes nothing", batchRepeated},
		{"repeating a creation fails with ErrTaken and repeating a removal with ErrNotFound", repeatedCreation},
		{"a command that is refused because of one id changes none", batchRefused},
		{"an unknown target is reported and nothing changes", unknownTarget},
	}
}

// batchCommand is a command on many ids.
type batchCommand struct {
	name  string
	level accounts.Level
	known []int64
	call  func(ctx context.Context, ids []int64) error
}

// batchCommands returns every command on many ids, each with ids of data that it would change.
func (f *fixture) batchCommands(data fixtureData) []batchCommand {
	f.t.Helper()
	owners := []int64{int64(data.mario.ID), int64(data.luigi.ID)}
	subscriptionIDs := []int64{int64(data.blog.ID), int64(data.shop.ID)}
	var second, marios []int64
	for _, name := range []string{"en.blog.example", "en.shop.example"} {
		second = append(second, int64(f.getDomain(name).ID))
		marios = append(marios, int64(f.getDomain(name).ID))
	}
	second = append(second, int64(f.getDomain("en.game.example").ID))
	owner := f.clients.Owner(data.mario.ID)
	hold, causes := accounts.Hold{Cause: accounts.CauseBilling}, []accounts.Cause{accounts.CauseAbuse}

	return []batchCommand{
		{"accounts.Suspend", accounts.LevelAccount, owners, func(ctx context.Context, ids []int64) error {
			_, err := f.clients.Suspend(ctx, suite.As[accounts.ID](ids), hold)
			return err
		}},
		{"accounts.Activate", accounts.LevelAccount, owners, func(ctx context.Context, ids []int64) error {
			_, err := f.clients.Activate(ctx, suite.As[accounts.ID](ids))
			return err
		}},
		{"accounts.Lift", accounts.LevelAccount, owners, func(ctx context.Context, ids []int64) error {
			_, err := f.clients.Lift(ctx, suite.As[accounts.ID](ids), causes)
			return err
		}},
		{"accounts.PreviewRemoval", accounts.LevelAccount, owners, func(ctx context.Context, ids []int64) error {
			_, err := f.clients.PreviewRemoval(ctx, suite.As[accounts.ID](ids))
			return err
		}},
		{"accounts.Remove", accounts.LevelAccount, owners, func(ctx context.Context, ids []int64) error {
			_, err := f.clients.Remove(ctx, suite.As[accounts.ID](ids))
			return err
		}},
		{"subscriptions.Suspend", accounts.LevelSubscription, subscriptionIDs, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.Suspend(ctx, suite.As[subscriptions.ID](ids), hold)
			return err
		}},
		{"subscriptions.Activate", accounts.LevelSubscription, subscriptionIDs, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.Activate(ctx, suite.As[subscriptions.ID](ids))
			return err
		}},
		{"subscriptions.Lift", accounts.LevelSubscription, subscriptionIDs, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.Lift(ctx, suite.As[subscriptions.ID](ids), causes)
			return err
		}},
		{"subscriptions.Assign", accounts.LevelSubscription, subscriptionIDs, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.Assign(ctx, suite.As[subscriptions.ID](ids), data.luigi.ID)
			return err
		}},
		{"subscriptions.Remove", accounts.LevelSubscription, subscriptionIDs, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.Remove(ctx, suite.As[subscriptions.ID](ids))
			return err
		}},
		{"SuspendDomains", accounts.LevelDomain, second, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.SuspendDomains(ctx, suite.As[subscriptions.DomainID](ids), hold)
			return err
		}},
		{"ActivateDomains", accounts.LevelDomain, second, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.ActivateDomains(ctx, suite.As[subscriptions.DomainID](ids))
			return err
		}},
		{"LiftDomains", accounts.LevelDomain, second, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.LiftDomains(ctx, suite.As[subscriptions.DomainID](ids), causes)
			return err
		}},
		{"MoveDomains", accounts.LevelDomain, marios, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.MoveDomains(ctx, suite.As[subscriptions.DomainID](ids), data.spare.ID)
			return err
		}},
		{"RemoveDomains", accounts.LevelDomain, second, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.RemoveDomains(ctx, suite.As[subscriptions.DomainID](ids))
			return err
		}},
		{"Owner.DisableDomains", accounts.LevelDomain, marios, func(ctx context.Context, ids []int64) error {
			_, err := owner.DisableDomains(ctx, suite.As[subscriptions.DomainID](ids))
			return err
		}},
		{"Owner.EnableDomains", accounts.LevelDomain, marios, func(ctx context.Context, ids []int64) error {
			_, err := owner.EnableDomains(ctx, suite.As[subscriptions.DomainID](ids))
			return err
		}},
	}
}

// seedSuspended is like seed and places holds of two causes on everything, so that lifting them is a change.
func (f *fixture) seedSuspended() fixtureData {
	f.t.Helper()
	data := f.seed()
	for _, c := range []accounts.Cause{accounts.CauseAbuse, accounts.CauseCustomer} {
		h := accounts.Hold{Cause: c, Note: "note", Message: "message", Public: "public"}
		_, err := f.clients.Suspend(f.ctx, []accounts.ID{data.mario.ID, data.luigi.ID}, h)
		f.NoError(err)
		_, err = f.subs.Suspend(f.ctx, []subscriptions.ID{data.blog.ID, data.shop.ID, data.game.ID, data.spare.ID}, h)
		f.NoError(err)
		var ids []subscriptions.DomainID
		for _, d := range f.domains(subscriptions.DomainQuery{}) {
			ids = append(ids, d.ID)
		}
		_, err = f.subs.SuspendDomains(f.ctx, ids, h)
		f.NoError(err)
	}
	return data
}

func batchUnknown(f *fixture) {
	for _, m := range f.batchCommands(f.seedSuspended()) {
		for at := range len(m.known) + 1 {
			err := f.refused(accounts.ErrNotFound, func() error {
				return m.call(f.ctx, slices.Insert(slices.Clone(m.known), at, unusedID))
			})
			f.notFound(err, m.level, unusedID)
		}
	}
}

func batchAllUnknown(f *fixture) {
	for _, m := range f.batchCommands(f.seedSuspended()) {
		ids := slices.Concat([]int64{unusedID + 2, unusedID}, m.known, []int64{unusedID + 1, unusedID})
		err := f.refused(accounts.ErrNotFound, func() error { return m.call(f.ctx, ids) })
		f.notFound(err, m.level, unusedID, unusedID+1, unusedID+2)
	}
}

func batchEmpty(f *fixture) {
	for _, m := range f.batchCommands(f.seedSuspended()) {
		for _, none := range [][]int64{nil, {}} {
			err := f.refused(accounts.ErrInvalid, func() error { return m.call(f.ctx, none) })
			f.invalid(err, "ids")
		}
	}
}

func batchSize(f *fixture) {
	const maxIDs = 10_000
	all := f.batchCommands(f.seedSuspended())
	ids := make([]int64, maxIDs+1)
	for i := range ids {
		ids[i] = unusedID + int64(i)
	}
	f.unchanged(func() {
		for _, m := range all {
			f.notFound(m.call(f.ctx, ids[:maxIDs]), m.level, ids[:maxIDs]...)
			f.invalid(m.call(f.ctx, ids), "ids")
		}
	})
}

func batchDuplicates(f *fixture) {
	for _, ops := range f.levels() {
		a, b := ops.ids[0], ops.ids[1]
		out, err := ops.Suspend(f.ctx, []int64{b, a, b, a, a}, accounts.Hold{})
		f.NoError(err)
		f.Equal(outcome{Changed: []int64{a, b}}, out, "at the level %s", ops.level)
		out, err = ops.Activate(f.ctx, append(slices.Repeat([]int64{b}, 10_000), a))
		f.NoError(err, "an id may be repeated any number of times")
		f.Equal(outcome{Changed: []int64{a, b}}, out, "at the level %s", ops.level)
	}
	d := f.getDomain("ada.example")
	s := []subscriptions.ID{d.SubscriptionID, d.SubscriptionID}
	out, err := f.subs.Assign(f.ctx, s, subscriptions.Provider)
	f.NoError(err)
	f.Equal(s[:1], out.Changed)
	events := f.eventsOf(func() {
		removed, err := f.clients.Remove(f.ctx, []accounts.ID{d.AccountID, d.AccountID})
		f.NoError(err)
		f.Equal([]accounts.ID{d.AccountID}, removed.Accounts)
		removed, err = f.subs.Remove(f.ctx, s)
		f.NoError(err)
		f.Equal(s[:1], removed.Subscriptions)
		f.Equal([]string{d.Name}, removed.Domains)
	})
	f.Len(events, 3)
}

func batchRepeated(f *fixture) {
	for _, ops := range f.levels() {
		hold := accounts.Hold{Cause: accounts.CauseBilling, Note: "unpaid"}
		repeats(f, func() (outcome, error) { return ops.Suspend(f.ctx, ops.ids, hold) })
		repeats(f, func() (outcome, error) { return ops.Lift(f.ctx, ops.ids, []accounts.Cause{accounts.CauseBilling}) })
		_, err := ops.Suspend(f.ctx, ops.ids, hold)
		f.NoError(err)
		repeats(f, func() (outcome, error) { return ops.Activate(f.ctx, ops.ids) })
	}
	data := f.seed()
	repeats(f, func() (subscriptions.Outcome[subscriptions.ID], error) {
		return f.subs.Assign(f.ctx, []subscriptions.ID{data.blog.ID, data.spare.ID}, data.luigi.ID)
	})
	repeats(f, func() (subscriptions.Outcome[subscriptions.DomainID], error) {
		return f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("en.blog.example").ID}, data.game.ID)
	})
	main := f.getDomain("en.shop.example").ID
	f.NoError(f.subs.SetMainDomain(f.ctx, main))
	f.unchanged(func() { f.NoError(f.subs.SetMainDomain(f.ctx, main)) })
}

// repeats asserts that a command changes all of its ids at first, and none when it is repeated later.
func repeats[K ~int64](f *fixture, command func() (subscriptions.Outcome[K], error)) {
	f.t.Helper()
	first, err := command()
	f.NoError(err)
	f.NotEmpty(first.Changed, "the first command must change all ids")
	f.Empty(first.Unchanged, "the first command must change all ids")
	f.clock.advance(1e9)
	f.unchanged(func() {
		again, err := command()
		f.NoError(err)
		f.Empty(again.Changed, "the repeated command must change no id")
		f.Equal(first.Changed, again.Unchanged, "the repeated command must report all ids as unchanged")
	})
}

func repeatedCreation(f *fixture) {
	mario := f.account("mario", "blog.example")
	s := f.onlySubscription(mario.ID)
	f.addDomain(s.ID, "shop.example")
	f.refused(accounts.ErrTaken, func() error {
		_, err := f.clients.Create(f.ctx, newAccount("mario"))
		return err
	})
	f.refused(accounts.ErrTaken, func() error {
		_, err := f.subs.AddDomain(f.ctx, s.ID, "shop.example")
		return err
	})
	domain := []subscriptions.DomainID{f.getDomain("shop.example").ID}
	_, err := f.subs.RemoveDomains(f.ctx, domain)
	f.NoError(err)
	f.refused(accounts.ErrNotFound, func() error {
		_, err := f.subs.RemoveDomains(f.ctx, domain)
		return err
	})
	_, err = f.subs.Remove(f.ctx, []subscriptions.ID{s.ID})
	f.NoError(err)
	f.refused(accounts.ErrNotFound, func() error {
		_, err := f.subs.Remove(f.ctx, []subscriptions.ID{s.ID})
		return err
	})
	f.remove(mario.ID)
	f.refused(accounts.ErrNotFound, func() error {
		_, err := f.clients.Remove(f.ctx, []accounts.ID{mario.ID})
		return err
	})
}

func batchRefused(f *fixture) {
	data := f.seed()
	f.subscription(data.luigi.ID, "sub.shop-two.example")
	two := f.subscription(subscriptions.Provider, "shop-two.example")
	err := f.refused(accounts.ErrTaken, func() error {
		_, err := f.subs.Assign(f.ctx, []subscriptions.ID{data.spare.ID, two.ID, data.game.ID}, data.mario.ID)
		return err
	})
	f.taken(err, accounts.Taken{Field: "ids", Value: "shop-two.example"})
	err = f.refused(accounts.ErrInvalid, func() error {
		ids := []subscriptions.DomainID{f.getDomain("en.blog.example").ID, f.getDomain("shop.example").ID}
		_, err := f.subs.RemoveDomains(f.ctx, ids)
		return err
	})
	f.invalid(err, "ids")
}

func unknownTarget(f *fixture) {
	data := f.seed()
	err := f.refused(accounts.ErrNotFound, func() error {
		_, err := f.subs.Assign(f.ctx, []subscriptions.ID{data.spare.ID}, unusedID)
		return err
	})
	f.notFound(err, accounts.LevelAccount, unusedID)
	err = f.refused(accounts.ErrNotFound, func() error {
		_, err := f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("en.blog.example").ID}, unusedID)
		return err
	})
	f.notFound(err, accounts.LevelSubscription, unusedID)
}
