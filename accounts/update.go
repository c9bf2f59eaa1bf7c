package accounts

import (
	"context"
	"errors"

	"github.com/clientele-go/clientele/internal/input"
)

// Update changes the fields of an account that are set in ch, raises its version by one and returns it. Contact is replaced
// as a whole; attributes are merged. Another e-mail address ends the account's sessions and invalidates its reset tokens.
//
// It returns ErrNotFound if the account does not exist; ErrConflict with the current version if ch.Version is neither that
// nor 0; ErrTaken at "login" and "externalID"; ErrInvalid with the path of every field that breaks a rule of Changes or
// Contact; ErrUnavailable if the store cannot do it now (no changes were made) and ErrCommitUnknown if the outcome of the
// commit is unknown.
func (m *Manager) Update(ctx context.Context, id ID, ch Changes) (_ Account, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.Update")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	given := ch
	ch = ch.clean(&v)
	if err := v.Err(); err != nil {
		return Account{}, m.withLoginViolations(ctx, &v, id, ch.Login)
	}
	// LoginPolicy may ask a directory, so it is never called inside a transaction: the first one ends without a change if the
	// account would get another login.
	_, updated, err := m.update(ctx, c, id, given, ch, func(now Record) error {
		if m.loginPolicy != nil && ch.Login != nil && *ch.Login != now.Login {
			return errLoginNotAllowedYet
		}
		return nil
	})
	if !errors.Is(err, errLoginNotAllowedYet) {
		return updated, err
	}
	if err := m.checkNewLogin(ctx, &v, *ch.Login); err != nil {
		return Account{}, err
	}
	if err := v.Err(); err != nil {
		return Account{}, err
	}
	_, updated, err = m.update(ctx, c, id, given, ch, func(Record) error { return nil })
	return updated, err
}

// errLoginNotAllowedYet ends a transaction that would give an account a login for which Options.LoginPolicy has not been
// called.
var errLoginNotAllowedYet = errors.New("clientele: LoginPolicy has not been called for this login")

// update applies the cleaned changes to an account, if the precondition holds for it as it is inside the transaction. It
// returns the account before and after. Errors about values name those of given.
func (m *Manager) update(
	ctx context.Context, c commandInfo, id ID, given, ch Changes, precondition func(Record) error,
) (before, after Account, err error) {
	err = m.store.Update(ctx, func(tx Tx) error {
		records, err := lock(tx, []ID{id})
		if err != nil {
			return err
		}
		old := records[0]
		if err := ch.checkVersion(old.Account); err != nil {
			return err
		}
		if err := precondition(old); err != nil {
			return err
		}
		var v input.Violations
		changed, fields := ch.apply(&v, old.Account)
		if changed.Login != old.Login {
			m.checkReserved(&v, changed.Login)
		}
		if err := v.Err(); err != nil {
			return err
		}
		if err := claimChanges(tx, given, old.Account, changed); err != nil {
			return err
		}
		changed.UpdatedAt = c.at
		before, after = old.Account, changed
		w := Writes{UpdateAccounts: []Record{{Account: changed, Hash: old.Hash}}}
		changes := input.Details("fields", fields)
		if changed.Login != old.Login {
			changes["from"], changes["to"] = old.Login, changed.Login
		}
		w.Events = []Event{c.event(AccountUpdated, id, changes)}
		return tx.Save(w)
	})
	if err != nil {
		return Account{}, Account{}, err
	}
	return before, after, nil
}

// withLoginViolations adds to the violations of an update those of its login, if that is another than the account has, so that
// all are returned together. An account keeps a login that became reserved after it was created.
func (m *Manager) withLoginViolations(ctx context.Context, v *input.Violations, id ID, login *string) error {
	if login != nil {
		if r, err := m.store.Account(ctx, AccountKey{ID: id}); err == nil && r.Login != *login {
			if err := m.checkNewLogin(ctx, v, *login); err != nil {
				return err
			}
		}
	}
	return v.Err()
}

// claimChanges claims the unique values that an update changes.
func claimChanges(tx Tx, given Changes, old, changed Account) error {
	var c Claim
	if changed.Login != old.Login {
		c.Logins = []string{changed.Login}
	}
	if changed.ExternalID != old.ExternalID && changed.ExternalID != "" {
		c.AccountExternalIDs = []string{changed.ExternalID}
	}
	if len(c.Logins)+len(c.AccountExternalIDs) == 0 {
		return nil
	}
	claimed, err := tx.Claim(c)
	if err != nil {
		return err
	}
	var taken []Taken
	if len(claimed.Logins) > 0 {
		taken = append(taken, Taken{Field: "login", Value: *given.Login})
	}
	if len(claimed.AccountExternalIDs) > 0 {
		taken = append(taken, Taken{Field: "externalID", Value: *given.ExternalID})
	}
	return takenError(taken)
}
