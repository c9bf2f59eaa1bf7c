package accounts

import (
	"context"
	"errors"

	"github.com/clientele-go/clientele/subscriptions"
	"github.com/clientele-go/clientele/subscriptions/input"
)

// Authenticate implements ClientManager.
func (m *Manager) Authenticate(ctx context.Context, login, password string) (Account, error) {
	hash, err := m.passwords.nobody(ctx)
	if err != nil {
		return Account{}, err
	}
	r, err := m.byLogin(ctx, login)
	known := err == nil
	switch {
	case known:
		hash = r.Hash
	case !errors.Is(err, ErrNotFound):
		return Account{}, err
	}
	ok, outdated, err := m.passwords.verify(ctx, hash, password)
	if err != nil {
		return Account{}, err
	}
	if !known || !ok {
		return Account{}, ErrInvalidCredentials
	}
	if outdated {
		if err := m.rehash(ctx, r, password); err != nil {
			return Account{}, err
		}
	}
	if len(r.Holds) > 0 {
		return Account{}, &SuspendedError{Messages: messages(r.Holds)}
	}
	return r.Account, nil
}

// rehash replaces the hash that was verified, unless another has taken its place. It is the same password, so sessions
// go on. What cannot be done now, on a server that is read-only or too busy, is done at a later sign-in, and a password
// of another system that could not be set here keeps its hash.
func (m *Manager) rehash(ctx context.Context, verified Record, password string) error {
	hash, err := m.passwords.hash(ctx, password)
	if err == nil {
		err = m.replaceHash(ctx, verified, hash)
	}
	later := errors.Is(err, ErrUnavailable) || errors.Is(err, ErrCommitUnknown) || errors.Is(err, ErrInvalid)
	if later && ctx.Err() == nil {
		return nil
	}
	return err
}

func (m *Manager) replaceHash(ctx context.Context, verified Record, hash string) error {
	return m.store.Update(ctx, func(tx Tx) error {
		records, err := tx.LockAccounts([]ID{verified.ID})
		if err != nil || len(records) == 0 || records[0].Hash != verified.Hash {
			return err
		}
		records[0].Hash = hash
		return tx.Save(Writes{UpdateAccounts: records})
	})
}

// CheckSession implements ClientManager.
func (m *Manager) CheckSession(ctx context.Context, id ID, epoch int64) (Account, error) {
	r, err := m.store.Account(ctx, AccountKey{ID: id})
	if err != nil {
		return Account{}, err
	}
	if r.SessionEpoch != epoch {
		return Account{}, ErrSessionEnded
	}
	if len(r.Holds) > 0 {
		return r.Account, &SuspendedError{Messages: messages(r.Holds)}
	}
	return r.Account, nil
}

// SignInAs answers the account for a session in which an operator, named by WithActor, acts as its owner, also while it
// is suspended. It is recorded as an event. ErrNotFound: there is no such account. Its other errors are those of every
// command of ClientManager.
func (m *Manager) SignInAs(ctx context.Context, id ID) (Account, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	if err := f.Err(); err != nil {
		return Account{}, err
	}
	var owner Account
	err := m.store.Update(ctx, func(tx Tx) error {
		records, err := lock(tx, []ID{id})
		if err != nil {
			return err
		}
		owner = records[0].Account
		return tx.Save(Writes{Writes: subscriptions.Writes{
			Events: []Event{c.event(AccountSignedInAs, id, nil)},
		}})
	})
	if err != nil {
		return Account{}, err
	}
	return owner, nil
}
