package storagetest

import (
	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// outcome is the Outcome of a command on many ids, at any level.
type outcome = subscriptions.Outcome[int64]

// levelOps are the commands about the holds of one of the three levels, so that one case covers all three.
type levelOps struct {
	accounts.HoldManager
	level accounts.Level
	ids   []int64 // three rows, ascending
	holds func(id int64) accounts.Holds
}

// levels creates three accounts, each with a subscription of one domain, and returns the commands of all levels, from
// accounts down to domains.
func (f *fixture) levels() []levelOps {
	f.t.Helper()
	var accountIDs, subscriptionIDs, domainIDs []int64
	for _, login := range []string{"ada", "bea", "cleo"} {
		a := f.account(login, login+".example")
		d := f.getDomain(login + ".example")
		accountIDs, subscriptionIDs = append(accountIDs, int64(a.ID)), append(subscriptionIDs, int64(d.SubscriptionID))
		domainIDs = append(domainIDs, int64(d.ID))
	}
	return []levelOps{
		{f.clients.OnLevel(accounts.LevelAccount), accounts.LevelAccount, accountIDs, func(id int64) accounts.Holds {
			return f.getAccount(accounts.ID(id)).Holds
		}},
		{f.clients.OnLevel(accounts.LevelSubscription), accounts.LevelSubscription, subscriptionIDs, func(id int64) accounts.Holds {
			return f.getSubscription(subscriptions.ID(id)).Holds
		}},
		{f.clients.OnLevel(accounts.LevelDomain), accounts.LevelDomain, domainIDs, func(id int64) accounts.Holds {
			all := f.domains(subscriptions.DomainQuery{IDs: []subscriptions.DomainID{subscriptions.DomainID(id)}})
			f.Len(all, 1)
			return all[0].Holds
		}},
	}
}
