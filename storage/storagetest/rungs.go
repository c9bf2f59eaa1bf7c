package storagetest

import (
	"context"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// rung is one of the three levels at which things are suspended, so that one case proves all three.
type rung struct {
	level    accounts.Level
	ids      []int64 // three things, ascending
	suspend  func(ctx context.Context, ids []int64, h accounts.Hold) (result, error)
	activate func(ctx context.Context, ids []int64) (result, error)
	lift     func(ctx context.Context, ids []int64, causes []accounts.Cause) (result, error)
	holds    func(id int64) accounts.Holds
}

// result is an Outcome of any level; what is empty is nil.
type result struct {
	Changed, Unchanged, Still []int64
}

func resultOf[T ~int64](changed, unchanged, still []T) result {
	return result{as[int64](changed), as[int64](unchanged), as[int64](still)}
}

// rungs creates three accounts, each with a subscription of one domain, and answers the levels from the top down.
func (f *fixture) rungs() []rung {
	f.t.Helper()
	var owners, bought, sites []int64
	for _, login := range []string{"ada", "bea", "cleo"} {
		a := f.account(login, login+".example")
		d := f.getDomain(login + ".example")
		owners, bought, sites = append(owners, int64(a.ID)), append(bought, int64(d.SubscriptionID)), append(sites, int64(d.ID))
	}
	return []rung{f.accountRung(owners), f.subscriptionRung(bought), f.domainRung(sites)}
}

func (f *fixture) accountRung(ids []int64) rung {
	return rung{
		level: accounts.LevelAccount, ids: ids,
		suspend: func(ctx context.Context, ids []int64, h accounts.Hold) (result, error) {
			o, err := f.clients.Suspend(ctx, as[accounts.ID](ids), h)
			return resultOf(o.Changed, o.Unchanged, o.StillSuspended), err
		},
		activate: func(ctx context.Context, ids []int64) (result, error) {
			o, err := f.clients.Activate(ctx, as[accounts.ID](ids))
			return resultOf(o.Changed, o.Unchanged, o.StillSuspended), err
		},
		lift: func(ctx context.Context, ids []int64, causes []accounts.Cause) (result, error) {
			o, err := f.clients.Lift(ctx, as[accounts.ID](ids), causes)
			return resultOf(o.Changed, o.Unchanged, o.StillSuspended), err
		},
		holds: func(id int64) accounts.Holds { return f.getAccount(accounts.ID(id)).Holds },
	}
}

func (f *fixture) subscriptionRung(ids []int64) rung {
	return rung{
		level: accounts.LevelSubscription, ids: ids,
		suspend: func(ctx context.Context, ids []int64, h accounts.Hold) (result, error) {
			o, err := f.subs.Suspend(ctx, as[subscriptions.ID](ids), h)
			return resultOf(o.Changed, o.Unchanged, o.StillSuspended), err
		},
		activate: func(ctx context.Context, ids []int64) (result, error) {
			o, err := f.subs.Activate(ctx, as[subscriptions.ID](ids))
			return resultOf(o.Changed, o.Unchanged, o.StillSuspended), err
		},
		lift: func(ctx context.Context, ids []int64, causes []accounts.Cause) (result, error) {
			o, err := f.subs.Lift(ctx, as[subscriptions.ID](ids), causes)
			return resultOf(o.Changed, o.Unchanged, o.StillSuspended), err
		},
		holds: func(id int64) accounts.Holds { return f.getSubscription(subscriptions.ID(id)).Holds },
	}
}

func (f *fixture) domainRung(ids []int64) rung {
	return rung{
		level: accounts.LevelDomain, ids: ids,
		suspend: func(ctx context.Context, ids []int64, h accounts.Hold) (result, error) {
			o, err := f.subs.SuspendDomains(ctx, as[subscriptions.DomainID](ids), h)
			return resultOf(o.Changed, o.Unchanged, o.StillSuspended), err
		},
		activate: func(ctx context.Context, ids []int64) (result, error) {
			o, err := f.subs.ActivateDomains(ctx, as[subscriptions.DomainID](ids))
			return resultOf(o.Changed, o.Unchanged, o.StillSuspended), err
		},
		lift: func(ctx context.Context, ids []int64, causes []accounts.Cause) (result, error) {
			o, err := f.subs.LiftDomains(ctx, as[subscriptions.DomainID](ids), causes)
			return resultOf(o.Changed, o.Unchanged, o.StillSuspended), err
		},
		holds: func(id int64) accounts.Holds {
			all := f.domains(subscriptions.DomainQuery{IDs: []subscriptions.DomainID{subscriptions.DomainID(id)}})
			f.Len(all, 1)
			return all[0].Holds
		},
	}
}
