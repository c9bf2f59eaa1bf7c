package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// Account answers the account that the key names, or a *NotFoundError.
func (s *Store) Account(ctx context.Context, k accounts.AccountKey) (accounts.Record, error) {
	r, err := s.read(ctx)
	if err != nil {
		return accounts.Record{}, err
	}
	row, found := r.accounts.find(k)
	if !found {
		return accounts.Record{}, notFound(subscriptions.LevelAccount, int64(k.ID), k.Login+k.ExternalID)
	}
	return r.account(row), nil
}

func (t *accountTrees) find(k accounts.AccountKey) (*account, bool) {
	switch {
	case k.Login != "":
		return t.byLogin.read.Get(k.Login)
	case k.ExternalID != "":
		return t.byExternalID.read.Get(k.ExternalID)
	default:
		return t.byID.read.Get(k.ID)
	}
}

// Subscription answers the subscription that the key names, or a *NotFoundError.
func (s *Store) Subscription(ctx context.Context, k subscriptions.SubscriptionKey) (subscriptions.Subscription, error) {
	r, err := s.read(ctx)
	if err != nil {
		return subscriptions.Subscription{}, err
	}
	row, found := r.subscriptions.find(k)
	if !found {
		return subscriptions.Subscription{}, notFound(subscriptions.LevelSubscription, int64(k.ID), k.ExternalID)
	}
	return r.subscription(row).Subscription, nil
}

func (t *subscriptionTrees) find(k subscriptions.SubscriptionKey) (*subscription, bool) {
	if k.ExternalID != "" {
		return t.byExternalID.read.Get(k.ExternalID)
	}
	return t.byID.read.Get(k.ID)
}

// notFound speaks of a name, or of an id where there is no name.
func notFound(kind subscriptions.Level, id int64, name string) error {
	if name != "" {
		return &subscriptions.NotFoundError{Kind: string(kind), Name: name}
	}
	return &subscriptions.NotFoundError{Kind: string(kind), IDs: []int64{id}}
}

// Site answers the domain called name, or else the one called otherwise, with its plan; or a *NotFoundError.
func (s *Store) Site(ctx context.Context, name, otherwise string) (subscriptions.Site, error) {
	r, err := s.read(ctx)
	if err != nil {
		return subscriptions.Site{}, err
	}
	row, found := r.domains.byName.read.Get(name)
	if !found && otherwise != "" {
		row, found = r.domains.byName.read.Get(otherwise)
	}
	if !found {
		return subscriptions.Site{}, notFound(subscriptions.LevelDomain, 0, name)
	}
	d, under := r.domain(row)
	return subscriptions.Site{Domain: d, Plan: under.Plan}, nil
}

// DueSubscriptions answers at most limit ids of subscriptions that have run out at an instant and are not held for it yet, by
// (ExpiresAt, ID).
func (s *Store) DueSubscriptions(ctx context.Context, at time.Time, limit int) ([]subscriptions.ID, error) {
	r, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	var due []subscriptions.ID
	r.subscriptions.due.read.Scan(func(row *subscription) bool {
		if len(due) >= limit || row.ExpiresAt.After(at) {
			return false
		}
		due = append(due, row.ID)
		return true
	})
	return due, nil
}

// Descendants answers which of the accounts there are, and everything below them.
func (s *Store) Descendants(ctx context.Context, ids []accounts.ID) (accounts.Descendants, error) {
	r, err := s.read(ctx)
	if err != nil {
		return accounts.Descendants{}, err
	}
	return r.below(ids), nil
}

func (r *root) below(ids []accounts.ID) accounts.Descendants {
	var c accounts.Descendants
	for _, id := range ascending(ids) {
		a, found := r.accounts.byID.read.Get(id)
		if !found {
			continue
		}
		c.Accounts = append(c.Accounts, accounts.Account{ID: id, ExternalID: a.ExternalID})
		for s := range r.subscriptionsOf(id) {
			c.Subscriptions = append(c.Subscriptions, subscriptions.Subscription{ID: s.ID, AccountID: id, ExternalID: s.ExternalID})
			for d := range r.domainsOf(s.ID, "") {
				c.Domains = append(c.Domains, subscriptions.Domain{ID: d.ID, SubscriptionID: s.ID, AccountID: id, Name: d.Name})
			}
		}
	}
	slices.SortFunc(c.Subscriptions, func(a, b subscriptions.Subscription) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(c.Domains, byDomainID)
	return c
}

func byDomainID(a, b subscriptions.Domain) int { return cmp.Compare(a.ID, b.ID) }

// ascending answers ids in their order, each once.
func ascending[ID cmp.Ordered](ids []ID) []ID {
	return slices.Compact(slices.Sorted(slices.Values(ids)))
}

// Events answers what q selects of the log. Every event has its number since it was committed.
func (s *Store) Events(ctx context.Context, q accounts.EventParams) (accounts.EventResult, error) {
	r, err := s.read(ctx)
	if err != nil {
		return accounts.EventResult{}, err
	}
	return r.log.read(q), nil
}
