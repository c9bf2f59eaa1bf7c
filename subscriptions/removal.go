package subscriptions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/clientele-go/clientele/subscriptions/input"
)

// PreviewRemoval answers what Remove would take away now: the subscriptions and their domains. ErrNotFound names every
// unknown subscription. It is a command that changes nothing: a server that only reads answers ErrUnavailable.
func (m *Manager) PreviewRemoval(ctx context.Context, ids []ID) (Removal, error) {
	return m.remove(ctx, ids, func(tx Tx, would Removal, _ Writes) error { return nil })
}

// Remove implements SubscriptionManager.
func (m *Manager) Remove(ctx context.Context, ids []ID) (Removal, error) {
	return m.remove(ctx, ids, func(tx Tx, _ Removal, w Writes) error { return tx.Save(w) })
}

// RemoveExactly removes r.Subscriptions only if exactly they and r.Domains would go. ErrConflict: it would be more, or
// less; where a subscription is gone already, it matches ErrNotFound too.
func (m *Manager) RemoveExactly(ctx context.Context, r Removal) (Removal, error) {
	removed, err := m.remove(ctx, r.Subscriptions, func(tx Tx, would Removal, w Writes) error {
		if err := CheckPreviewed(r, would); err != nil {
			return err
		}
		return tx.Save(w)
	})
	return removed, GoneSince(err)
}

// remove finds out what a removal of subscriptions takes away, and lets do see to it.
func (m *Manager) remove(ctx context.Context, ids []ID, do func(tx Tx, would Removal, w Writes) error) (Removal, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	ids = input.IDs(&f, ids)
	if err := f.Err(); err != nil {
		return Removal{}, err
	}
	var removal Removal
	err := m.store.Update(ctx, func(tx Tx) error {
		l, err := m.lock(tx, LockSet{Subscriptions: ids})
		if err != nil {
			return err
		}
		domains, err := tx.DomainsOf(ids)
		if err != nil {
			return err
		}
		gone := make([]Subscription, len(l.Subscriptions))
		for i, r := range l.Subscriptions {
			gone[i] = r.Subscription
		}
		would, w := Remove(gone, domains, c.actor, c.at)
		removal = would
		return do(tx, would, w)
	})
	if err != nil {
		return Removal{}, err
	}
	return removal, nil
}

// CheckPreviewed answers a *ConflictError unless exactly the three sets of what was previewed would go.
func CheckPreviewed(previewed, would Removal) error {
	if sameSet(previewed.Accounts, would.Accounts) && sameSet(previewed.Subscriptions, would.Subscriptions) &&
		sameSet(previewed.Domains, would.Domains) {
		return nil
	}
	return &ConflictError{}
}

func sameSet[T interface{ ~int64 | ~string }](asked, would []T) bool {
	return slices.Equal(slices.Compact(slices.Sorted(slices.Values(asked))), would)
}

// GoneSince turns the ErrNotFound of a removal that was previewed into an ErrConflict that matches both.
func GoneSince(err error) error {
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w: %w", &ConflictError{}, err)
	}
	return err
}

// Remove decides what the removal of subscriptions and domains takes away: every one of them has its own event.
func Remove(gone []Subscription, domains []Domain, by string, at time.Time) (r Removal, w Writes) {
	c := stamp{actor: by, at: at}
	r.Domains = slices.Grow(r.Domains, len(domains))
	w.RemoveDomains = slices.Grow(w.RemoveDomains, len(domains))
	w.Events = slices.Grow(w.Events, len(domains)+len(gone))
	for _, d := range domains {
		r.Domains = append(r.Domains, d.Name)
		w.RemoveDomains = append(w.RemoveDomains, d.ID)
		w.Events = append(w.Events, c.domainEvent(DomainRemoved, d, nil))
	}
	for _, s := range gone {
		r.Subscriptions = append(r.Subscriptions, s.ID)
		w.RemoveSubscriptions = append(w.RemoveSubscriptions, s.ID)
		w.Events = append(w.Events, c.event(SubscriptionRemoved, s, details("externalID", s.ExternalID)))
	}
	slices.Sort(r.Domains)
	return r, w
}

// RemoveDomains implements DomainManager.
func (m *Manager) RemoveDomains(ctx context.Context, ids []DomainID) (Removal, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	ids = input.IDs(&f, ids)
	if err := f.Err(); err != nil {
		return Removal{}, err
	}
	var removal Removal
	err := m.store.Update(ctx, func(tx Tx) error {
		l, err := m.lock(tx, LockSet{Domains: ids})
		if err != nil {
			return err
		}
		var f input.Faults
		emptied, err := leave(&f, tx, l, l.Domains)
		if err != nil {
			return err
		}
		if err := f.Err(); err != nil {
			return err
		}
		r, w := Remove(nil, l.Domains, c.actor, c.at)
		w.UpdateSubscriptions = emptied
		removal = r
		return tx.Save(w)
	})
	if err != nil {
		return Removal{}, err
	}
	return removal, nil
}
