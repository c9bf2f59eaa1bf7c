package accounts

import (
	"context"
	"slices"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// Create adds an account, in one transaction with its first subscription and the domains of that, if in has one, and returns
// it. The password is hashed before the transaction begins.
//
// It returns ErrTaken, naming everything that is in use: at "login", "externalID", "subscription.externalID" and
// "subscription.domains[i]", where names that conflict with a domain of another account count as well. It returns ErrInvalid
// with the path of every field that breaks a rule of New, of its Contact or its Subscription, of Options.LoginPolicy or of
// Options.PasswordPolicy; the error of one of these policies or of Options.AllowDomain, wrapped, if that fails; ErrUnavailable
// if the store cannot do it now or too many passwords are being hashed (no changes were made) and ErrCommitUnknown if the
// outcome of the commit is unknown.
func (m *Manager) Create(ctx context.Context, in New) (_ Account, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.Create")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	given := in
	in = in.clean()
	inputRules.Check(&v, "", in)
	if err := m.checkNewLogin(ctx, &v, in.Login); err != nil {
		return Account{}, err
	}
	if err := m.passwords.checkNew(ctx, &v, in); err != nil {
		return Account{}, err
	}
	first := m.draftFirst(&v, in.Subscription)
	if err := v.Err(); err != nil {
		return Account{}, err
	}
	if err := first.approve(ctx); err != nil {
		return Account{}, err
	}
	hash, err := m.passwords.hashNew(ctx, in)
	if err != nil {
		return Account{}, err
	}
	var created Account
	err = m.store.Update(ctx, func(tx Tx) error {
		claimed, err := tx.Claim(Claim{
			NewAccounts: 1, Login: in.Login, AccountExternalID: in.ExternalID, Claim: first.claim(),
		})
		if err != nil {
			return err
		}
		if err := takenByNew(given, first, claimed); err != nil {
			return err
		}
		r := Record{Account: in.account(claimed.AccountIDs[0], c.at), Hash: hash}
		w := Writes{AddAccounts: []Record{r}, Writes: first.writes(r.ID, claimed.Claimed, c)}
		w.Events = slices.Insert(w.Events, 0, c.event(AccountCreated, r.ID, details("login", in.Login, "externalID", in.ExternalID)))
		created = r.Account
		return tx.Save(w)
	})
	if err != nil {
		return Account{}, err
	}
	return created, nil
}

// optionalSubscription is the subscription with which an account is created, or none.
type optionalSubscription struct {
	draft *subscriptions.Draft
}

// draftFirst checks the first subscription of an account. Violations have paths that begin with "subscription".
func (m *Manager) draftFirst(v *input.Violations, in *subscriptions.New) optionalSubscription {
	if in == nil {
		return optionalSubscription{}
	}
	if in.AccountID != Provider {
		v.Add("subscription.accountID", "provider", "")
	}
	d := m.subscriptions.Draft(v, "subscription", *in, true)
	return optionalSubscription{draft: &d}
}

func (s optionalSubscription) approve(ctx context.Context) error {
	if s.draft == nil {
		return nil
	}
	return s.draft.Approve(ctx, 0)
}

func (s optionalSubscription) claim() subscriptions.Claim {
	if s.draft == nil {
		return subscriptions.Claim{}
	}
	return s.draft.ClaimForNewAccount()
}

func (s optionalSubscription) taken(c subscriptions.Claimed) []Taken {
	if s.draft == nil {
		return nil
	}
	return s.draft.Taken(c)
}

func (s optionalSubscription) writes(owner ID, c subscriptions.Claimed, by commandInfo) subscriptions.Writes {
	if s.draft == nil {
		return subscriptions.Writes{}
	}
	_, w := s.draft.Writes(subscriptions.Owner{ID: owner}, c, by.actor, by.at)
	return w
}

// takenByNew returns a *TakenError for everything that is taken, as the caller gave it, or nil.
func takenByNew(given New, first optionalSubscription, c Claimed) error {
	var taken []Taken
	if c.Login {
		taken = append(taken, Taken{Field: "login", Value: given.Login})
	}
	if c.AccountExternalID {
		taken = append(taken, Taken{Field: "externalID", Value: given.ExternalID})
	}
	return takenError(append(taken, first.taken(c.Claimed)...))
}
