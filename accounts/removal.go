package accounts

import (
	"context"
	"slices"
	"time"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// PreviewRemoval returns what Remove would delete now: the accounts with the given ids, 1 to 10,000, with their logins,
// the ids of all their subscriptions and the names of all their domains. It changes nothing and locks nothing.
//
// It returns ErrNotFound, naming every unknown id, ErrInvalid at "ids", and ErrUnavailable if the store cannot answer.
func (m *Manager) PreviewRemoval(ctx context.Context, ids []ID) (_ Removal, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.PreviewRemoval")
	defer func() { end(err) }()
	var v input.Violations
	ids = input.IDs(&v, ids)
	if err := v.Err(); err != nil {
		return Removal{}, err
	}
	d, err := m.store.Descendants(ctx, ids)
	if err != nil {
		return Removal{}, err
	}
	if err := missing(ids, d.Accounts, func(a Account) ID { return a.ID }); err != nil {
		return Removal{}, err
	}
	var w subscriptions.Writes
	removal := w.Remove(d.Subscriptions, d.Domains, "", time.Time{})
	removal.Accounts, removal.Logins = ids, d.logins()
	return removal, nil
}

// Remove deletes the accounts with the given ids, 1 to 10,000, with everything that belongs to them, and returns all of it.
// Logins, external ids and names can be used again afterwards. A suspended account is removed without being activated. The
// history of a removed account can still be read with Events, without the texts of its holds.
//
// It returns ErrNotFound, naming every unknown id, and ErrInvalid at "ids"; ErrUnavailable if the store cannot do it now (no
// changes were made) and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) Remove(ctx context.Context, ids []ID) (_ Removal, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.Remove")
	defer func() { end(err) }()
	return m.remove(ctx, ids, func(Removal) error { return nil })
}

// RemoveExactly removes r.Accounts as Remove does, but only if exactly the accounts, subscriptions and domains that r names
// would be deleted: r is what PreviewRemoval returned and a person has confirmed.
//
// It returns ErrConflict if anything else would be deleted, or less; if one of the accounts no longer exists, the error
// matches ErrNotFound as well. Its other errors are those of Remove.
func (m *Manager) RemoveExactly(ctx context.Context, r Removal) (_ Removal, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.RemoveExactly")
	defer func() { end(err) }()
	removed, err := m.remove(ctx, r.Accounts, func(removal Removal) error {
		if !r.Equal(removal) {
			return &ConflictError{}
		}
		return nil
	})
	return removed, asConflict(err)
}

// logins returns the logins of the accounts, in byte order.
func (d Descendants) logins() []string {
	logins := make([]string, len(d.Accounts))
	for i, a := range d.Accounts {
		logins[i] = a.Login
	}
	slices.Sort(logins)
	return logins
}

func (m *Manager) remove(ctx context.Context, ids []ID, precondition func(Removal) error) (Removal, error) {
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	ids = input.IDs(&v, ids)
	if err := v.Err(); err != nil {
		return Removal{}, err
	}
	var removal Removal
	err := m.store.Update(ctx, func(tx Tx) error {
		locked, err := tx.LockHolds(ids)
		if err != nil {
			return err
		}
		// Descendants would also return accounts that were inserted after the locks were taken.
		if err := missing(ids, locked, func(o subscriptions.Owner) ID { return o.ID }); err != nil {
			return err
		}
		d, err := tx.Descendants(ids)
		if err != nil {
			return err
		}
		w := Writes{RemoveAccounts: ids}
		removal = w.Remove(d.Subscriptions, d.Domains, c.actor, c.at)
		removal.Accounts, removal.Logins = ids, d.logins()
		if err := precondition(removal); err != nil {
			return err
		}
		for _, a := range d.Accounts {
			w.Events = append(w.Events, c.event(AccountRemoved, a.ID, input.Details("login", a.Login, "externalID", a.ExternalID)))
		}
		return tx.Save(w)
	})
	if err != nil {
		return Removal{}, err
	}
	return removal, nil
}
