package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// Account returns the account with the key, or a *NotFoundError.
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

// Subscription returns the subscription with the key, or a *NotFoundError.
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

// notFound returns a *NotFoundError with the name, or with the id if the name is empty.
func notFound(kind subscriptions.Level, id int64, name string) error {
	if name != "" {
		return &subscriptions.NotFoundError{Kind: string(kind), Name: name}
	}
	return &subscriptions.NotFoundError{Kind: string(kind), IDs: []int64{id}}
}

// Site returns the domain named name or, if there is none and fallback is not empty, the one named fallback, with the plan
// of its subscription. If there is neither, it returns a *NotFoundError with Name name.
func (s *Store) Site(ctx context.Context, name, fallback string) (subscriptions.Site, error) {
	r, err := s.read(ctx)
	if err != nil {
		return subscriptions.Site{}, err
	}
	row, found := r.domains.byName.read.Get(name)
	if !found && fallback != "" {
		row, found = r.domains.byName.read.Get(fallback)
	}
	if !found {
		return subscriptions.Site{}, notFound(subscriptions.LevelDomain, 0, name)
	}
	d, sub := r.domain(row)
	return subscriptions.Site{Domain: d, Plan: sub.Plan}, nil
}

// DueSubscriptions returns the ids of at most limit subscriptions whose ExpiresAt is set and not after at, and that have no
// hold of CauseExpired, by (ExpiresAt, ID).
func (s *Store) DueSubscriptions(ctx context.Context, at time.Time, limit int) ([]subscriptions.ID, error) {
	r, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	var due []subscriptions.ID
	r.subscriptions.byExpiry.read.Scan(func(row *subscription) bool {
		if len(due) >= limit || row.ExpiresAt.After(at) {
			return false
		}
		due = append(due, row.ID)
		return true
	})
	return due, nil
}

// Descendants returns the accounts among ids that exist, and all their subscriptions and domains.
func (s *Store) Descendants(ctx context.Context, ids []accounts.ID) (accounts.Descendants, error) {
	r, err := s.read(ctx)
	if err != nil {
		return accounts.Descendants{}, err
	}
	return r.descendants(ids), nil
}

func (r *root) descendants(ids []accounts.ID) accounts.Descendants {
	var out accounts.Descendants
	for _, id := range sortedUnique(ids) {
		a, found := r.accounts.byID.read.Get(id)
		if !found {
			continue
		}
		out.Accounts = append(out.Accounts, accounts.Account{ID: id, Login: a.Login, ExternalID: a.ExternalID})
		for s := range r.subscriptionsOf(id) {
			out.Subscriptions = append(out.Subscriptions, subscriptions.Subscription{ID: s.ID, AccountID: id, ExternalID: s.ExternalID})
			for d := range r.domainsOf(s.ID, "") {
				out.Domains = append(out.Domains, subscriptions.Domain{ID: d.ID, SubscriptionID: s.ID, AccountID: id, Name: d.Name})
			}
		}
	}
	slices.SortFunc(out.Subscriptions, func(a, b subscriptions.Subscription) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(out.Domains, byDomainID)
	return out
}

func byDomainID(a, b subscriptions.Domain) int { return cmp.Compare(a.ID, b.ID) }

// sortedUnique returns the ids sorted and without duplicates. It does not change ids.
func sortedUnique[ID cmp.Ordered](ids []ID) []ID {
	return slices.Compact(slices.Sorted(slices.Values(ids)))
}

// Events returns the events that q selects, in the order of their numbers. Events are numbered when they are committed.
func (s *Store) Events(ctx context.Context, q accounts.EventParams) (accounts.EventResult, error) {
	if s.inner {
		return accounts.EventResult{}, errInTransaction()
	}
	r, err := s.read(ctx)
	if err != nil {
		return accounts.EventResult{}, err
	}
	return r.log.read(q), nil
}
