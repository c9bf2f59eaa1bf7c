package accounts

import (
	"context"
	"errors"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// Authenticate returns the account with the given login if password is correct. An outdated hash is replaced by a new one;
// if that cannot be done now, it is done at a later sign-in. A Manager made by WithStore never replaces it.
//
// It returns ErrInvalidCredentials if the login is unknown or the password wrong. Both take the same time: no refusal comes
// earlier than the slowest kind of hash takes that m, or a Manager with which m shares its options, has verified so far (the
// median of the last ones of that kind). A refusal that waits for this holds no place among the hashes. It returns
// ErrSuspended, as a *SuspendedError with the messages for the owner, if the password is correct and the account has a hold.
// It returns ErrUnavailable if the store cannot answer, too many passwords are being hashed, or ctx ends.
func (m *Manager) Authenticate(ctx context.Context, login, password string) (_ Account, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.Authenticate")
	defer func() { end(err) }()
	if err := m.mayHash(); err != nil {
		return Account{}, err
	}
	hash, err := m.passwords.dummyHash(ctx)
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
	if outdated && !m.joined {
		if err := m.rehash(ctx, r, password); err != nil {
			return Account{}, err
		}
	}
	if len(r.Holds) > 0 {
		return Account{}, &SuspendedError{Messages: messages(r.Holds)}
	}
	return r.Account, nil
}

// rehash replaces the hash that was verified, unless it has been replaced already. The password stays the same, so sessions
// continue. If that cannot be done now, because the server is read-only or too busy, it is done at a later sign-in. A password
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

// CheckSession checks a session that was started when the account's SessionEpoch was epoch, and returns the account. Call it
// on every request of an owner: it costs one look-up by primary key. No clock is involved.
//
// It returns ErrNotFound if the account was removed; ErrSessionEnded if its password or its e-mail address was changed, or if
// it was suspended and activated again; ErrSuspended, as a *SuspendedError and together with the Account, while it is
// suspended, so that a program can let an operator's SignInAs session through; and ErrUnavailable if the store cannot answer.
func (m *Manager) CheckSession(ctx context.Context, id ID, epoch int64) (_ Account, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.CheckSession")
	defer func() { end(err) }()
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

// SignInAs returns the account for a session in which an operator acts as its owner, also while it is suspended. Name the
// operator with WithActor: it is recorded as an event.
//
// It returns ErrNotFound if the account does not exist; ErrUnavailable if the store cannot do it now (no changes were made)
// and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) SignInAs(ctx context.Context, id ID) (_ Account, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.SignInAs")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	if err := v.Err(); err != nil {
		return Account{}, err
	}
	var owner Account
	err = m.store.Update(ctx, func(tx Tx) error {
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
