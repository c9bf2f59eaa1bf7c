package memory

import (
	"cmp"
	"iter"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// root is the state of the store at one instant: the rows and their indexes. A published root never changes.
type root struct {
	accounts      accountTrees
	subscriptions subscriptionTrees
	domains       domainTrees
	holds         holdTrees
	entries       entryTrees
	log           eventLog
}

type accountTrees struct {
	byID         table[accounts.ID, *account]
	byLogin      table[string, *account]
	byExternalID table[string, *account] // accounts with an external id
	byCreation   order[*account]
	bySortName   order[*account]
	counts       table[accounts.ID, accountCounts]
}

type subscriptionTrees struct {
	byID         table[subscriptions.ID, *subscription]
	byExternalID table[string, *subscription] // subscriptions with an external id
	byCreation   order[*subscription]
	byAccount    order[*subscription] // by account, then creation
	byExpiry     order[*subscription] // subscriptions with an ExpiresAt and without CauseExpired
}

type domainTrees struct {
	byID             table[subscriptions.DomainID, *domain]
	byName           table[string, *domain]
	bySubscription   order[*domain] // by subscription, then name
	descendantCounts order[descendantCount]
}

// accountCounts are the numbers of subscriptions and domains of an account, which lists return.
type accountCounts struct{ subscriptions, domains int32 }

// descendantCount is the number of domains of an account that are descendants of a name. A claim on the name looks up the
// counts, so its cost depends on the number of accounts below the name, not on the number of domains.
type descendantCount struct {
	name    string
	account accounts.ID
	domains int
}

func descendantCountsByName(a, b descendantCount) int {
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
			counts:       newTable[accounts.ID, accountCounts](),
		},
		subscriptions: subscriptionTrees{
			byID:         newTable[subscriptions.ID, *subscription](),
			byExternalID: newTable[string, *subscription](),
			byCreation:   newOrder(subscriptionsByCreation),
			byAccount:    newOrder(subscriptionsByAccount),
			byExpiry:     newOrder(subscriptionsByExpiry),
		},
		domains: domainTrees{
			byID:             newTable[subscriptions.DomainID, *domain](),
			byName:           newTable[string, *domain](),
			bySubscription:   newOrder(domainsBySubscription),
			descendantCounts: newOrder(descendantCountsByName),
		},
		holds:   newHoldTrees(),
		entries: newEntryTrees(),
		log:     newEventLog(),
	}
}

// fork returns a copy of the root for one command. Each tree is copied when it is first written to.
func (r *root) fork() *root {
	next := *r
	return &next
}

// seal prepares the root for publication: its trees are not written to afterwards.
func (r *root) seal() {
	for _, t := range []interface{ seal() }{
		&r.accounts.byID, &r.accounts.byLogin, &r.accounts.byExternalID,
		&r.accounts.byCreation, &r.accounts.bySortName, &r.accounts.counts,
		&r.subscriptions.byID, &r.subscriptions.byExternalID,
		&r.subscriptions.byCreation, &r.subscriptions.byAccount, &r.subscriptions.byExpiry,
		&r.domains.byID, &r.domains.byName, &r.domains.bySubscription, &r.domains.descendantCounts,
		&r.holds.accounts, &r.holds.subscriptions, &r.holds.domains,
		&r.entries.byKey, &r.entries.byExpiry, &r.entries.byOwner,
		&r.log.details, &r.log.byAccount, &r.log.redactable,
	} {
		t.seal()
	}
}

// subscriptionsOf returns the subscriptions of an account, by creation.
func (r *root) subscriptionsOf(id accounts.ID) iter.Seq[*subscription] {
	return func(yield func(*subscription) bool) {
		start := &subscription{}
		start.AccountID = id
		r.subscriptions.byAccount.read.Ascend(start, func(s *subscription) bool {
			return s.AccountID == id && yield(s)
		})
	}
}

// domainsOf returns the domains of a subscription, by name, beginning after the given name; "" means all.
func (r *root) domainsOf(id subscriptions.ID, after string) iter.Seq[*domain] {
	return func(yield func(*domain) bool) {
		start := &domain{}
		start.SubscriptionID, start.Name = id, after
		r.domains.bySubscription.read.Ascend(start, func(d *domain) bool {
			return d.SubscriptionID == id && (d.Name == after || yield(d))
		})
	}
}

// ownerOf returns the account of a domain.
func (r *root) ownerOf(d *domain) accounts.ID {
	s, _ := r.subscriptions.byID.read.Get(d.SubscriptionID)
	return s.AccountID
}
