package memory

import (
	"cmp"
	"iter"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// root is the whole store at one instant: rows, and the indexes that lead to them. A published root never changes.
type root struct {
	accounts      accountTrees
	subscriptions subscriptionTrees
	domains       domainTrees
	holds         holdTrees
	log           eventLog
}

type accountTrees struct {
	byID         table[accounts.ID, *account]
	byLogin      table[string, *account]
	byExternalID table[string, *account] // of those that have one
	byCreation   order[*account]
	bySortName   order[*account]
	counts       table[accounts.ID, count]
}

type subscriptionTrees struct {
	byID         table[subscriptions.ID, *subscription]
	byExternalID table[string, *subscription] // of those that have one
	byCreation   order[*subscription]
	byAccount    order[*subscription] // by account, then by creation
	due          order[*subscription] // by expiry, of those that expire and lack the hold
}

type domainTrees struct {
	byID           table[subscriptions.DomainID, *domain]
	byName         table[string, *domain]
	bySubscription order[*domain] // by subscription, then by name
	shadows        order[shadow]
}

// count is how much an account has. Lists show it; the port does not know it.
type count struct{ subscriptions, domains int32 }

// shadow counts the domains of an account that lie below a name, so that a claim on the name sees at once whose names
// are below, however many they are.
type shadow struct {
	name    string
	account accounts.ID
	domains int
}

func byShade(a, b shadow) int {
	return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.account, b.account))
}

func newRoot() *root {
	return &root{
		accounts: accountTrees{
			byID:         newTable[accounts.ID, *account](),
			byLogin:      newTable[string, *account](),
			byExternalID: newTable[string, *account](),
			byCreation:   newOrder(byCreation),
			bySortName:   newOrder(bySortName),
			counts:       newTable[accounts.ID, count](),
		},
		subscriptions: subscriptionTrees{
			byID:         newTable[subscriptions.ID, *subscription](),
			byExternalID: newTable[string, *subscription](),
			byCreation:   newOrder(subscriptionsByCreation),
			byAccount:    newOrder(subscriptionsByAccount),
			due:          newOrder(subscriptionsByExpiry),
		},
		domains: domainTrees{
			byID:           newTable[subscriptions.DomainID, *domain](),
			byName:         newTable[string, *domain](),
			bySubscription: newOrder(domainsBySubscription),
			shadows:        newOrder(byShade),
		},
		holds: newHoldTrees(),
		log:   newEventLog(),
	}
}

// fork answers a root for one command to work on. Its trees are copied when they are first written to.
func (r *root) fork() *root {
	next := *r
	return &next
}

// seal makes the root ready to be published.
func (r *root) seal() {
	for _, t := range []interface{ seal() }{
		&r.accounts.byID, &r.accounts.byLogin, &r.accounts.byExternalID,
		&r.accounts.byCreation, &r.accounts.bySortName, &r.accounts.counts,
		&r.subscriptions.byID, &r.subscriptions.byExternalID,
		&r.subscriptions.byCreation, &r.subscriptions.byAccount, &r.subscriptions.due,
		&r.domains.byID, &r.domains.byName, &r.domains.bySubscription, &r.domains.shadows,
		&r.holds.accounts, &r.holds.subscriptions, &r.holds.domains,
		&r.log.details, &r.log.byAccount, &r.log.told,
	} {
		t.seal()
	}
}

// subscriptionsOf answers the rows of an account, by creation.
func (r *root) subscriptionsOf(id accounts.ID) iter.Seq[*subscription] {
	return func(yield func(*subscription) bool) {
		first := &subscription{}
		first.AccountID = id
		r.subscriptions.byAccount.read.Ascend(first, func(s *subscription) bool {
			return s.AccountID == id && yield(s)
		})
	}
}

// domainsOf answers the rows of a subscription whose names are behind a name, by name.
func (r *root) domainsOf(id subscriptions.ID, behind string) iter.Seq[*domain] {
	return func(yield func(*domain) bool) {
		first := &domain{}
		first.SubscriptionID, first.Name = id, behind
		r.domains.bySubscription.read.Ascend(first, func(d *domain) bool {
			return d.SubscriptionID == id && (d.Name == behind || yield(d))
		})
	}
}

// ownerOf answers whose a domain is.
func (r *root) ownerOf(d *domain) accounts.ID {
	s, _ := r.subscriptions.byID.read.Get(d.SubscriptionID)
	return s.AccountID
}
