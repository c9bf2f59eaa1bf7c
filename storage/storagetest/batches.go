package storagetest

import (
	"context"
	"slices"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// batchCases are those of rule 3: a command on many is one command.
func batchCases() []testCase {
	return []testCase{
		{"one unknown id among known ones is named and nothing changes", batchUnknown},
		{"every unknown id is named", batchNamesEvery},
		{"no ids is invalid and never means everything", batchEmpty},
		{"ten thousand ids are one command, one more is invalid", batchSize},
		{"an id given twice counts once", batchDuplicates},
		{"repeating a command changes nothing", batchRepeated},
		{"repeating a creation is taken, a removal not found", secondEffect},
		{"a decision refused in the middle of a batch changes nothing", batchRefused},
		{"an unknown target is named and nothing changes", unknownTarget},
	}
}

// many is a command on many ids.
type many struct {
	name  string
	kind  accounts.Level
	known []int64
	call  func(ctx context.Context, ids []int64) error
}

// manyOf answers all commands on many, with ids of an estate that each of them would change.
func (f *fixture) manyOf(e estate) []many {
	f.t.Helper()
	owners := []int64{int64(e.mario.ID), int64(e.luigi.ID)}
	bought := []int64{int64(e.blog.ID), int64(e.shop.ID)}
	var second, marios []int64
	for _, name := range []string{"en.blog.example", "en.shop.example"} {
		second = append(second, int64(f.getDomain(name).ID))
		marios = append(marios, int64(f.getDomain(name).ID))
	}
	second = append(second, int64(f.getDomain("en.game.example").ID))
	owner := f.clients.Owner(e.mario.ID)
	hold, causes := accounts.Hold{Cause: accounts.CauseBilling}, []accounts.Cause{accounts.CauseAbuse}

	return []many{
		{"accounts.Suspend", accounts.LevelAccount, owners, func(ctx context.Context, ids []int64) error {
			_, err := f.clients.Suspend(ctx, as[accounts.ID](ids), hold)
			return err
		}},
		{"accounts.Activate", accounts.LevelAccount, owners, func(ctx context.Context, ids []int64) error {
			_, err := f.clients.Activate(ctx, as[accounts.ID](ids))
			return err
		}},
		{"accounts.Lift", accounts.LevelAccount, owners, func(ctx context.Context, ids []int64) error {
			_, err := f.clients.Lift(ctx, as[accounts.ID](ids), causes)
			return err
		}},
		{"accounts.PreviewRemoval", accounts.LevelAccount, owners, func(ctx context.Context, ids []int64) error {
			_, err := f.clients.PreviewRemoval(ctx, as[accounts.ID](ids))
			return err
		}},
		{"accounts.Remove", accounts.LevelAccount, owners, func(ctx context.Context, ids []int64) error {
			_, err := f.clients.Remove(ctx, as[accounts.ID](ids))
			return err
		}},
		{"subscriptions.Suspend", accounts.LevelSubscription, bought, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.Suspend(ctx, as[subscriptions.ID](ids), hold)
			return err
		}},
		{"subscriptions.Activate", accounts.LevelSubscription, bought, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.Activate(ctx, as[subscriptions.ID](ids))
			return err
		}},
		{"subscriptions.Lift", accounts.LevelSubscription, bought, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.Lift(ctx, as[subscriptions.ID](ids), causes)
			return err
		}},
		{"subscriptions.Assign", accounts.LevelSubscription, bought, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.Assign(ctx, as[subscriptions.ID](ids), e.luigi.ID)
			return err
		}},
		{"subscriptions.Remove", accounts.LevelSubscription, bought, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.Remove(ctx, as[subscriptions.ID](ids))
			return err
		}},
		{"SuspendDomains", accounts.LevelDomain, second, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.SuspendDomains(ctx, as[subscriptions.DomainID](ids), hold)
			return err
		}},
		{"ActivateDomains", accounts.LevelDomain, second, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.ActivateDomains(ctx, as[subscriptions.DomainID](ids))
			return err
		}},
		{"LiftDomains", accounts.LevelDomain, second, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.LiftDomains(ctx, as[subscriptions.DomainID](ids), causes)
			return err
		}},
		{"MoveDomains", accounts.LevelDomain, marios, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.MoveDomains(ctx, as[subscriptions.DomainID](ids), e.spare.ID)
			return err
		}},
		{"RemoveDomains", accounts.LevelDomain, second, func(ctx context.Context, ids []int64) error {
			_, err := f.subs.RemoveDomains(ctx, as[subscriptions.DomainID](ids))
			return err
		}},
		{"Owner.DisableDomains", accounts.LevelDomain, marios, func(ctx context.Context, ids []int64) error {
			_, err := owner.DisableDomains(ctx, as[subscriptions.DomainID](ids))
			return err
		}},
		{"Owner.EnableDomains", accounts.LevelDomain, marios, func(ctx context.Context, ids []int64) error {
			_, err := owner.EnableDomains(ctx, as[subscriptions.DomainID](ids))
			return err
		}},
	}
}

// heldEstate answers an estate in which everything has holds of two causes, so that lifting would change it.
func (f *fixture) heldEstate() estate {
	f.t.Helper()
	e := f.estate()
	for _, c := range []accounts.Cause{accounts.CauseAbuse, accounts.CauseCustomer} {
		h := accounts.Hold{Cause: c, Note: "note", Message: "message", Public: "public"}
		_, err := f.clients.Suspend(f.ctx, []accounts.ID{e.mario.ID, e.luigi.ID}, h)
		f.NoError(err)
		_, err = f.subs.Suspend(f.ctx, []subscriptions.ID{e.blog.ID, e.shop.ID, e.game.ID, e.spare.ID}, h)
		f.NoError(err)
		var ids []subscriptions.DomainID
		for _, d := range f.domains(subscriptions.DomainQuery{}) {
			ids = append(ids, d.ID)
		}
		_, err = f.subs.SuspendDomains(f.ctx, ids, h)
		f.NoError(err)
	}
	return e
}

// nobody is an id that is never given.
const nobody = 1 << 40

func batchUnknown(f *fixture) {
	for _, m := range f.manyOf(f.heldEstate()) {
		for at := range len(m.known) + 1 {
			err := f.refused(accounts.ErrNotFound, func() error {
				return m.call(f.ctx, slices.Insert(slices.Clone(m.known), at, nobody))
			})
			f.notFound(err, m.kind, nobody)
		}
	}
}

func batchNamesEvery(f *fixture) {
	for _, m := range f.manyOf(f.heldEstate()) {
		ids := slices.Concat([]int64{nobody + 2, nobody}, m.known, []int64{nobody + 1, nobody})
		err := f.refused(accounts.ErrNotFound, func() error { return m.call(f.ctx, ids) })
		f.notFound(err, m.kind, nobody, nobody+1, nobody+2)
	}
}

func batchEmpty(f *fixture) {
	for _, m := range f.manyOf(f.heldEstate()) {
		for _, none := range [][]int64{nil, {}} {
			err := f.refused(accounts.ErrInvalid, func() error { return m.call(f.ctx, none) })
			f.invalid(err, "ids")
		}
	}
}

func batchSize(f *fixture) {
	const most = 10_000
	all := f.manyOf(f.heldEstate())
	ids := make([]int64, most+1)
	for i := range ids {
		ids[i] = nobody + int64(i)
	}
	f.unchanged(func() {
		for _, m := range all {
			f.notFound(m.call(f.ctx, ids[:most]), m.kind, ids[:most]...)
			f.invalid(m.call(f.ctx, ids), "ids")
		}
	})
}

func batchDuplicates(f *fixture) {
	for _, r := range f.rungs() {
		a, b := r.ids[0], r.ids[1]
		out, err := r.suspend(f.ctx, []int64{b, a, b, a, a}, accounts.Hold{})
		f.NoError(err)
		f.Equal(result{Changed: []int64{a, b}}, out, r.level)
		out, err = r.activate(f.ctx, append(slices.Repeat([]int64{b}, 10_000), a))
		f.NoError(err, "however often it is given")
		f.Equal(result{Changed: []int64{a, b}}, out, r.level)
	}
	d := f.getDomain("ada.example")
	s := []subscriptions.ID{d.SubscriptionID, d.SubscriptionID}
	out, err := f.subs.Assign(f.ctx, s, subscriptions.Provider)
	f.NoError(err)
	f.Equal(s[:1], out.Changed)
	events := f.recorded(func() {
		gone, err := f.clients.Remove(f.ctx, []accounts.ID{d.AccountID, d.AccountID})
		f.NoError(err)
		f.Equal([]accounts.ID{d.AccountID}, gone.Accounts)
		gone, err = f.subs.Remove(f.ctx, s)
		f.NoError(err)
		f.Equal(s[:1], gone.Subscriptions)
		f.Equal([]string{d.Name}, gone.Domains)
	})
	f.Len(events, 3)
}

func batchRepeated(f *fixture) {
	for _, r := range f.rungs() {
		hold := accounts.Hold{Cause: accounts.CauseBilling, Note: "unpaid"}
		f.repeats(func() (result, error) { return r.suspend(f.ctx, r.ids, hold) })
		f.repeats(func() (result, error) { return r.lift(f.ctx, r.ids, []accounts.Cause{accounts.CauseBilling}) })
		_, err := r.suspend(f.ctx, r.ids, hold)
		f.NoError(err)
		f.repeats(func() (result, error) { return r.activate(f.ctx, r.ids) })
	}
	e := f.estate()
	f.repeats(func() (result, error) {
		out, err := f.subs.Assign(f.ctx, []subscriptions.ID{e.blog.ID, e.spare.ID}, e.luigi.ID)
		return resultOf(out.Changed, out.Unchanged, out.StillSuspended), err
	})
	f.repeats(func() (result, error) {
		ids := []subscriptions.DomainID{f.getDomain("en.blog.example").ID}
		out, err := f.subs.MoveDomains(f.ctx, ids, e.game.ID)
		return resultOf(out.Changed, out.Unchanged, out.StillSuspended), err
	})
	main := f.getDomain("en.shop.example").ID
	f.NoError(f.subs.SetMainDomain(f.ctx, main))
	f.unchanged(func() { f.NoError(f.subs.SetMainDomain(f.ctx, main)) })
}

// repeats asserts that a command changes everything at first and nothing when it is repeated, even later.
func (f *fixture) repeats(command func() (result, error)) {
	f.t.Helper()
	first, err := command()
	f.NoError(err)
	f.NotEmpty(first.Changed)
	f.Empty(first.Unchanged)
	f.clock.advance(1e9)
	f.unchanged(func() {
		again, err := command()
		f.NoError(err)
		f.Empty(again.Changed)
		f.Equal(first.Changed, again.Unchanged)
	})
}

func secondEffect(f *fixture) {
	mario := f.account("mario", "blog.example")
	s := f.only(mario.ID)
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
	e := f.estate()
	f.subscription(e.luigi.ID, "sub.shop-two.example")
	two := f.subscription(subscriptions.Provider, "shop-two.example")
	err := f.refused(accounts.ErrTaken, func() error {
		_, err := f.subs.Assign(f.ctx, []subscriptions.ID{e.spare.ID, two.ID, e.game.ID}, e.mario.ID)
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
	e := f.estate()
	err := f.refused(accounts.ErrNotFound, func() error {
		_, err := f.subs.Assign(f.ctx, []subscriptions.ID{e.spare.ID}, nobody)
		return err
	})
	f.notFound(err, accounts.LevelAccount, nobody)
	err = f.refused(accounts.ErrNotFound, func() error {
		_, err := f.subs.MoveDomains(f.ctx, []subscriptions.DomainID{f.getDomain("en.blog.example").ID}, nobody)
		return err
	})
	f.notFound(err, accounts.LevelSubscription, nobody)
}
