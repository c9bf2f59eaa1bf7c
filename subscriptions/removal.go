package subscriptions

import (
	"context"
	"errors"
	"fmt"

	"github.com/clientele-go/clientele/internal/input"
)

// PreviewRemoval returns what Remove would delete now: the subscriptions with the given ids, 1 to 10,000, and their domains.
//
// It returns ErrNotFound, naming every unknown id, ErrInvalid at "ids", and ErrUnavailable if the store is unavailable. It
// runs as a command that changes nothing, so a read-only server returns ErrUnavailable.
func (m *Manager) PreviewRemoval(ctx context.Context, ids []ID) (_ Removal, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.PreviewRemoval")
	defer func() { end(err) }()
	return m.remove(ctx, ids, func(Tx, Removal, Writes) error { return nil })
}

// Remove deletes the subscriptions with the given ids, 1 to 10,000, with their domains and holds, and returns everything
// that was deleted. External ids and names can be used again afterwards.
//
// It returns ErrNotFound, naming every unknown id, and ErrInvalid at "ids"; ErrUnavailable if the store is unavailable
// (no changes were made) and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) Remove(ctx context.Context, ids []ID) (_ Removal, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.Remove")
	defer func() { end(err) }()
	return m.remove(ctx, ids, func(tx Tx, _ Removal, w Writes) error { return tx.Save(w) })
}

// RemoveExactly removes r.Subscriptions as Remove does, but only if exactly these and r.Domains would be deleted: r is what
// PreviewRemoval returned and a person has confirmed.
//
// It returns ErrConflict if other rows would be deleted than r names; if one of the subscriptions no longer exists, the
// error matches ErrNotFound as well. Its other errors are those of Remove.
func (m *Manager) RemoveExactly(ctx context.Context, r Removal) (_ Removal, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.RemoveExactly")
	defer func() { end(err) }()
	removed, err := m.remove(ctx, r.Subscriptions, func(tx Tx, removal Removal, w Writes) error {
		if !r.Equal(removal) {
			return &ConflictError{}
		}
		return tx.Save(w)
	})
	if errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("%w: %w", &ConflictError{}, err)
	}
	return removed, err
}

// remove decides the removal of subscriptions and calls act with it, inside the transaction.
func (m *Manager) remove(ctx context.Context, ids []ID, act func(Tx, Removal, Writes) error) (Removal, error) {
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	ids = input.IDs(&v, ids)
	if err := v.Err(); err != nil {
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
		removed := make([]Subscription, len(l.Subscriptions))
		for i, r := range l.Subscriptions {
			removed[i] = r.Subscription
		}
		var w Writes
		removal = w.Remove(removed, domains, c.actor, c.at)
		return act(tx, removal, w)
	})
	if err != nil {
		return Removal{}, err
	}
	return removal, nil
}

// RemoveDomains deletes the domains with the given ids, 1 to 10,000, and returns their names. The names can be used again
// afterwards.
//
// It returns ErrNotFound, naming every unknown id; ErrInvalid at "ids", also if a main domain would be deleted while other
// domains of its subscription remain; ErrUnavailable if the store is unavailable (no changes were made) and
// ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) RemoveDomains(ctx context.Context, ids []DomainID) (_ Removal, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.RemoveDomains")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	ids = input.IDs(&v, ids)
	if err := v.Err(); err != nil {
		return Removal{}, err
	}
	var removal Removal
	err = m.store.Update(ctx, func(tx Tx) error {
		l, err := m.lock(tx, LockSet{Domains: ids})
		if err != nil {
			return err
		}
		var v input.Violations
		emptied, err := checkMainDomains(&v, tx, l, l.Domains)
		if err != nil {
			return err
		}
		if err := v.Err(); err != nil {
			return err
		}
		var w Writes
		removal = w.Remove(nil, l.Domains, c.actor, c.at)
		w.UpdateSubscriptions = emptied
		return tx.Save(w)
	})
	if err != nil {
		return Removal{}, err
	}
	return removal, nil
}
