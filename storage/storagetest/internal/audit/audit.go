// Package audit reads everything in a store, and finds rows that break a rule and events that do not lead to the rows.
package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// State is the rows that a store contains, and its event log, oldest first.
type State struct {
	Accounts      []accounts.Summary
	Subscriptions []subscriptions.Subscription
	Domains       []subscriptions.Domain
	Events        []accounts.Event
}

// Read reads everything that a store contains, page by page.
func Read(ctx context.Context, store accounts.Store) (final State, err error) {
	clients := accounts.NewManager(store, &accounts.Options{Hasher: suite.PlainHasher{}})
	subs := clients.Subscriptions()
	final.Accounts, err = allPages(func(after accounts.Cursor) ([]accounts.Summary, accounts.Cursor, error) {
		p, err := clients.List(ctx, accounts.Query{Limit: 500, After: after})
		return p.Items, p.Next, err
	})
	if err != nil {
		return final, err
	}
	final.Subscriptions, err = allPages(func(after accounts.Cursor) ([]subscriptions.Subscription, accounts.Cursor, error) {
		p, err := subs.List(ctx, subscriptions.Query{Limit: 500, After: after})
		return p.Items, p.Next, err
	})
	if err != nil {
		return final, err
	}
	final.Domains, err = allPages(func(after accounts.Cursor) ([]subscriptions.Domain, accounts.Cursor, error) {
		p, err := subs.Domains(ctx, subscriptions.DomainQuery{Limit: 500, After: after})
		return p.Items, p.Next, err
	})
	if err != nil {
		return final, err
	}
	final.Events, err = allPages(func(after accounts.Cursor) ([]accounts.Event, accounts.Cursor, error) {
		p, err := clients.Events(ctx, accounts.EventQuery{Limit: 500, After: after})
		if len(p.Items) == 0 {
			p.Next = ""
		}
		return p.Items, p.Next, err
	})
	return final, err
}

// allPages returns the items on all pages of a list.
func allPages[T any](read func(accounts.Cursor) ([]T, accounts.Cursor, error)) ([]T, error) {
	var all []T
	after := accounts.Cursor("")
	for {
		items, next, err := read(after)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if next == "" {
			return all, nil
		}
		after = next
	}
}

// Violations are descriptions of what is wrong.
type Violations []string

// Check adds a description unless ok is true.
func (v *Violations) Check(ok bool, format string, args ...any) {
	if !ok {
		*v = append(*v, fmt.Sprintf(format, args...))
	}
}

// Err returns an error that lists them, or nil if there are none.
func (v Violations) Err() error {
	if len(v) == 0 {
		return nil
	}
	return errors.New(strings.Join(v, "\n"))
}

// Check returns an error that lists rows to which no order of commands can lead.
func (f State) Check() error {
	var v Violations
	f.checkOwners(&v)
	f.checkUnique(&v)
	f.checkMains(&v)
	f.checkSubdomains(&v)
	return v.Err()
}

// checkOwners finds rows without an owner, and wrong counts.
func (f State) checkOwners(v *Violations) {
	subscriptionCounts, domainCounts := map[accounts.ID]int{}, map[accounts.ID]int{}
	for _, s := range f.Subscriptions {
		subscriptionCounts[s.AccountID]++
	}
	for _, d := range f.Domains {
		i := slices.IndexFunc(f.Subscriptions, func(s subscriptions.Subscription) bool { return s.ID == d.SubscriptionID })
		v.Check(i >= 0, "domain %d (%s) belongs to subscription %d, which does not exist", d.ID, d.Name, d.SubscriptionID)
		if i >= 0 {
			v.Check(d.AccountID == f.Subscriptions[i].AccountID, "domain %d and its subscription have different owners", d.ID)
			domainCounts[d.AccountID]++
		}
	}
	for _, a := range f.Accounts {
		v.Check(a.Subscriptions == subscriptionCounts[a.ID], "account %d has %d subscriptions, but List counts %d", a.ID, subscriptionCounts[a.ID], a.Subscriptions)
		v.Check(a.Domains == domainCounts[a.ID], "account %d has %d domains, but List counts %d", a.ID, domainCounts[a.ID], a.Domains)
		delete(subscriptionCounts, a.ID)
	}
	delete(subscriptionCounts, subscriptions.Provider)
	v.Check(len(subscriptionCounts) == 0, "subscriptions belong to accounts that do not exist (number by account): %v", subscriptionCounts)
}

// checkUnique finds unique values that two rows have.
func (f State) checkUnique(v *Violations) {
	seen := map[string]int64{}
	unique := func(kind, value string, id int64) {
		other, found := seen[kind+value]
		v.Check(!found || value == "", "%s%q belongs to both %d and %d", kind, value, other, id)
		seen[kind+value] = id
	}
	for _, a := range f.Accounts {
		unique("account ", fmt.Sprint(a.ID), int64(a.ID))
		unique("login ", a.Login, int64(a.ID))
		unique("external id of an account ", a.ExternalID, int64(a.ID))
	}
	for _, s := range f.Subscriptions {
		unique("subscription ", fmt.Sprint(s.ID), int64(s.ID))
		unique("external id of a subscription ", s.ExternalID, int64(s.ID))
	}
	for _, d := range f.Domains {
		unique("domain ", fmt.Sprint(d.ID), int64(d.ID))
		unique("name ", d.Name, int64(d.ID))
	}
}

// checkMains finds subscriptions that have domains, but not exactly one main domain.
func (f State) checkMains(v *Violations) {
	domains, mains := map[subscriptions.ID]int{}, map[subscriptions.ID]int{}
	for _, d := range f.Domains {
		domains[d.SubscriptionID]++
		if d.Main {
			mains[d.SubscriptionID]++
		}
	}
	for id, n := range domains {
		v.Check(mains[id] == 1, "subscription %d has %d main domains among its %d domains, want 1", id, mains[id], n)
	}
}

// checkSubdomains finds subdomains of other accounts' domains.
func (f State) checkSubdomains(v *Violations) {
	for _, d := range f.Domains {
		for _, other := range f.Domains {
			differentOwners := d.AccountID != other.AccountID && d.AccountID != subscriptions.Provider && other.AccountID != subscriptions.Provider
			v.Check(!differentOwners || !strings.HasSuffix(d.Name, "."+other.Name),
				"%s of account %d is a subdomain of %s of account %d", d.Name, d.AccountID, other.Name, other.AccountID)
		}
	}
}
