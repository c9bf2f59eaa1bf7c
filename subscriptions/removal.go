package subscriptions

import (
	"context"
	"slices"
	"time"

	"github.com/clientele-go/clientele/subscriptions/input"
)

// Remove implements SubscriptionManager.
func (m *Manager) Remove(ctx context.Context, ids []ID) (Removal, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	ids = input.IDs(&f, ids)
	if err := f.Err(); err != nil {
		return Removal{}, err
	}
	var removal Removal
	err := m.store.Update(ctx, func(tx Tx) error {
		l, err := m.lock(tx, Rows{Subscriptions: ids})
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
		var w Writes
		removal, w = Remove(gone, domains, c.actor, c.at)
		return tx.Save(w)
	})
	if err != nil {
		return Removal{}, err
	}
	return removal, nil
}

// Remove decides what the removal of subscriptions and domains takes away: every one of them has its own event.
func Remove(gone []Subscription, domains []Domain, by string, at time.Time) (r Removal, w Writes) {
	c := stamp{actor: by, at: at}
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
		l, err := m.lock(tx, Rows{Domains: ids})
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
