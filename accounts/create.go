package accounts

import (
	"context"

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
	d, err := m.draft(ctx, &v, "", in)
	if err != nil {
		return Account{}, err
	}
	created, err := m.create(ctx, &v, c, []draft{d})
	if err != nil {
		return Account{}, err
	}
	return created[0], nil
}

// draft is the checked input for one account.
type draft struct {
	path  string // of the input in the method that was called
	given New    // as the caller gave it
	in    New    // as it is stored
	hash  string
	first optionalSubscription
}

// draft checks the input for an account, whose violations have paths that begin with path.
func (m *Manager) draft(ctx context.Context, v *input.Violations, path string, given New) (draft, error) {
	d := draft{path: path, given: given, in: given.clean()}
	var own input.Violations
	inputRules.Check(&own, "", d.in)
	if err := m.checkNewLogin(ctx, &own, d.in.Login); err != nil {
		return draft{}, err
	}
	if err := m.checkPassword(ctx, &own, d.in); err != nil {
		return draft{}, err
	}
	v.AddAll(path, own)
	d.first = m.draftFirst(v, d.field("subscription"), given.Subscription)
	return d, nil
}

func (d draft) field(name string) string {
	if d.path == "" {
		return name
	}
	return d.path + "." + name
}

// create adds the accounts unless there are violations.
func (m *Manager) create(ctx context.Context, v *input.Violations, c commandInfo, drafts []draft) ([]Account, error) {
	if err := v.Err(); err != nil {
		return nil, err
	}
	for _, d := range drafts {
		if err := d.first.approve(ctx); err != nil {
			return nil, err
		}
	}
	if err := m.passwords.hashAll(ctx, drafts); err != nil {
		return nil, err
	}
	var created []Account
	err := m.store.Update(ctx, func(tx Tx) error {
		claimed, err := tx.Claim(claimOf(drafts))
		if err != nil {
			return err
		}
		if err := takenByNew(drafts, claimed); err != nil {
			return err
		}
		all, w := writesOf(drafts, claimed, c)
		created = all
		return tx.Save(w)
	})
	if err != nil {
		return nil, err
	}
	return created, nil
}

// claimOf returns the claim of everything that the accounts have of its own.
func claimOf(drafts []draft) Claim {
	c := Claim{NewAccounts: len(drafts)}
	for _, d := range drafts {
		c.Logins = append(c.Logins, d.in.Login)
		if d.in.ExternalID != "" {
			c.AccountExternalIDs = append(c.AccountExternalIDs, d.in.ExternalID)
		}
		first := d.first.claim()
		c.NewSubscriptions += first.NewSubscriptions
		c.NewDomains += first.NewDomains
		c.ExternalIDs = append(c.ExternalIDs, first.ExternalIDs...)
		c.Names = append(c.Names, first.Names...)
		c.Owner = min(c.Owner, first.Owner)
	}
	return c
}

// writesOf returns the accounts with the ids that were claimed for them, and the writes that store them.
func writesOf(drafts []draft, claimed Claimed, c commandInfo) ([]Account, Writes) {
	var w Writes
	created := make([]Account, len(drafts))
	ids := claimed.Claimed
	for i, d := range drafts {
		a := d.in.account(claimed.AccountIDs[i], c.at)
		created[i] = a
		w.AddAccounts = append(w.AddAccounts, Record{Account: a, Hash: d.hash})
		w.Events = append(w.Events, c.event(AccountCreated, a.ID, input.Details("login", a.Login, "externalID", a.ExternalID)))
		if d.first.draft == nil {
			continue
		}
		_, first := d.first.draft.Writes(subscriptions.Owner{ID: a.ID}, ids, c.actor, c.at)
		ids.SubscriptionIDs, ids.DomainIDs = ids.SubscriptionIDs[1:], ids.DomainIDs[len(first.AddDomains):]
		w.AddSubscriptions = append(w.AddSubscriptions, first.AddSubscriptions...)
		w.AddDomains = append(w.AddDomains, first.AddDomains...)
		w.PutHolds = append(w.PutHolds, first.PutHolds...)
		w.Events = append(w.Events, first.Events...)
	}
	return created, w
}

// optionalSubscription is the subscription with which an account is created, or none.
type optionalSubscription struct {
	draft *subscriptions.Draft
}

// draftFirst checks the first subscription of an account. Violations have paths that begin with path.
func (m *Manager) draftFirst(v *input.Violations, path string, in *subscriptions.New) optionalSubscription {
	if in == nil {
		return optionalSubscription{}
	}
	if in.AccountID != Provider {
		v.Add(path+".accountID", "provider", "")
	}
	d := m.subscriptions.Draft(v, path, *in, true)
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

// takenByNew returns a *TakenError for everything that is taken, as the caller gave it, or nil.
func takenByNew(drafts []draft, c Claimed) error {
	logins, externalIDs := setOf(c.Logins), setOf(c.AccountExternalIDs)
	var taken []Taken
	for _, d := range drafts {
		if logins[d.in.Login] {
			taken = append(taken, Taken{Field: d.field("login"), Value: d.given.Login})
		}
		if externalIDs[d.in.ExternalID] {
			taken = append(taken, Taken{Field: d.field("externalID"), Value: d.given.ExternalID})
		}
		taken = append(taken, d.first.taken(c.Claimed)...)
	}
	return takenError(taken)
}

func setOf(values []string) map[string]bool {
	set := make(map[string]bool, len(values))
	for _, value := range values {
		set[value] = true
	}
	return set
}
