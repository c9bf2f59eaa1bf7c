package storagetest

import (
	"context"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// levelOps are the operations on holds at one of the three levels, so that one case covers all three.
type levelOps struct {
	level    accounts.Level
	ids      []int64 // three rows, ascending
	suspend  func(ctx context.Context, ids []int64, h accounts.Hold) (result, error)
	activate func(ctx context.Context, ids []int64) (result, error)
	lift     func(ctx context.Context, ids []int64, causes []accounts.Cause) (result, error)
	update   func(ctx context.Context, ids []int64, cause accounts.Cause, t accounts.HoldTexts) (result, error)
	holds    func(id int64) accounts.Holds
}

// result is the Outcome of any level. Empty lists are nil.
type result struct {
	Changed, Updated, Unchanged, StillSuspended []int64
}

func resultOf[K ~int64](o subscriptions.Outcome[K]) result {
	return result{as[int64](o.Changed), as[int64](o.Updated), as[int64](o.Unchanged), as[int64](o.StillSuspended)}
}

// levels creates three accounts, each with a subscription of one domain, and returns the operations of all levels, from
// accounts down to domains.
func (f *fixture) levels() []levelOps {
	f.t.Helper()
	var accountIDs, subscriptionIDs, domains []int64
	for _, login := range []string{"ada", "bea", "cleo"} {
		a := f.account(login, login+".example")
		d := f.getDomain(login + ".example")
		accountIDs, subscriptionIDs, domains = append(accountIDs, int64(a.ID)), append(subscriptionIDs, int64(d.SubscriptionID)), append(domains, int64(d.ID))
	}
	return []levelOps{f.accountOps(accountIDs), f.subscriptionOps(subscriptionIDs), f.domainOps(domains)}
}

func (f *fixture) accountOps(ids []int64) levelOps {
	return levelOps{
		level: accounts.LevelAccount, ids: ids,
		suspend: func(ctx context.Context, ids []int64, h accounts.Hold) (result, error) {
			o, err := f.clients.Suspend(ctx, as[accounts.ID](ids), h)
			return resultOf(o), err
		},
		activate: func(ctx context.Context, ids []int64) (result, error) {
			o, err := f.clients.Activate(ctx, as[accounts.ID](ids))
			return resultOf(o), err
		},
		lift: func(ctx context.Context, ids []int64, causes []accounts.Cause) (result, error) {
			o, err := f.clients.Lift(ctx, as[accounts.ID](ids), causes)
			return resultOf(o), err
		},
		update: func(ctx context.Context, ids []int64, cause accounts.Cause, t accounts.HoldTexts) (result, error) {
			o, err := f.clients.UpdateHolds(ctx, as[accounts.ID](ids), cause, t)
			return resultOf(o), err
		},
		holds: func(id int64) accounts.Holds { return f.getAccount(accounts.ID(id)).Holds },
	}
}

func (f *fixture) subscriptionOps(ids []int64) levelOps {
	return levelOps{
		level: accounts.LevelSubscription, ids: ids,
		suspend: func(ctx context.Context, ids []int64, h accounts.Hold) (result, error) {
			o, err := f.subs.Suspend(ctx, as[subscriptions.ID](ids), h)
			return resultOf(o), err
		},
		activate: func(ctx context.Context, ids []int64) (result, error) {
			o, err := f.subs.Activate(ctx, as[subscriptions.ID](ids))
			return resultOf(o), err
		},
		lift: func(ctx context.Context, ids []int64, causes []accounts.Cause) (result, error) {
			o, err := f.subs.Lift(ctx, as[subscriptions.ID](ids), causes)
			return resultOf(o), err
		},
		update: func(ctx context.Context, ids []int64, cause accounts.Cause, t accounts.HoldTexts) (result, error) {
			o, err := f.subs.UpdateHolds(ctx, as[subscriptions.ID](ids), cause, t)
			return resultOf(o), err
		},
		holds: func(id int64) accounts.Holds { return f.getSubscription(subscriptions.ID(id)).Holds },
	}
}

func (f *fixture) domainOps(ids []int64) levelOps {
	return levelOps{
		level: accounts.LevelDomain, ids: ids,
		suspend: func(ctx context.Context, ids []int64, h accounts.Hold) (result, error) {
			o, err := f.subs.SuspendDomains(ctx, as[subscriptions.DomainID](ids), h)
			return resultOf(o), err
		},
		activate: func(ctx context.Context, ids []int64) (result, error) {
			o, err := f.subs.ActivateDomains(ctx, as[subscriptions.DomainID](ids))
			return resultOf(o), err
		},
		lift: func(ctx context.Context, ids []int64, causes []accounts.Cause) (result, error) {
			o, err := f.subs.LiftDomains(ctx, as[subscriptions.DomainID](ids), causes)
			return resultOf(o), err
		},
		update: func(ctx context.Context, ids []int64, cause accounts.Cause, t accounts.HoldTexts) (result, error) {
			o, err := f.subs.UpdateDomainHolds(ctx, as[subscriptions.DomainID](ids), cause, t)
			return resultOf(o), err
		},
		holds: func(id int64) accounts.Holds {
			all := f.domains(subscriptions.DomainQuery{IDs: []subscriptions.DomainID{subscriptions.DomainID(id)}})
			f.Len(all, 1)
			return all[0].Holds
		},
	}
}
