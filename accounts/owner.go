package accounts

import (
	"context"

	"github.com/clientele-go/clientele/subscriptions"
	"github.com/clientele-go/clientele/subscriptions/input"
)

// Owner is all that the owner of one account may see and do. Adapters use it for every request of an owner.
//
// What is not theirs is ErrNotFound, decided inside the transaction. What only the provider may know is empty in all
// that it answers: descriptions, external ids, attributes, and the notes and By of holds. It does not ask whether the
// account is suspended: CheckSession does. The actor is ctx's, else "owner". Its methods return the errors that those of
// the managers return.
type Owner struct {
	manager *Manager
	id      ID
}

// Owner answers what the owner of an account may see and do. An id that is no account's, such as the 0 of an empty
// session, owns nothing: the provider's own things belong to no owner.
func (m *Manager) Owner(id ID) *Owner {
	if id <= subscriptions.Provider {
		id = subscriptions.Nobody
	}
	return &Owner{manager: m, id: id}
}

// actor is who acts when the host names nobody.
const actor = "owner"

// acting answers ctx with an actor.
func acting(ctx context.Context) context.Context {
	if subscriptions.HasActor(ctx) {
		return ctx
	}
	return WithActor(ctx, actor)
}

func (m *Manager) ownerStamp(ctx context.Context, f *input.Faults) stamp {
	return m.stamp(acting(ctx), f)
}

func (o *Owner) domains() *subscriptions.Manager { return o.manager.subscriptions.ForAccount(o.id) }

// Profile answers the account as its owner sees it, or ErrNotFound.
func (o *Owner) Profile(ctx context.Context) (Profile, error) {
	a, err := o.manager.Get(ctx, o.id)
	if err != nil {
		return Profile{}, err
	}
	return a.Profile(), nil
}

// SetContact changes the contact. Version is the Profile's that was read, or 0; another one now is ErrConflict.
func (o *Owner) SetContact(ctx context.Context, version int64, c Contact) (Profile, error) {
	a, err := o.manager.Update(acting(ctx), o.id, Changes{Version: version, Contact: &c})
	if err != nil {
		return Profile{}, err
	}
	return a.Profile(), nil
}

// ChangePassword replaces the password of who knows the old one, ends all sessions, and answers the SignIn with which
// this one may go on. ErrInvalidCredentials: the old one is wrong, or was changed meanwhile. ErrInvalid is at "password".
func (o *Owner) ChangePassword(ctx context.Context, old, new string) (epoch int64, err error) {
	m := o.manager
	var f input.Faults
	c := m.ownerStamp(ctx, &f)
	checkForm(&f, new)
	if err := f.Err(); err != nil {
		return 0, err
	}
	r, err := m.store.Account(ctx, AccountKey{ID: o.id})
	if err != nil {
		return 0, err
	}
	ok, _, err := m.passwords.verify(ctx, r.Hash, old)
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, ErrInvalidCredentials
	}
	hash, err := m.newHash(ctx, r.Login, new)
	if err != nil {
		return 0, err
	}
	a, err := m.replacePassword(ctx, o.id, hash, c, func(now Record) error {
		if now.SessionEpoch != r.SessionEpoch {
			return ErrInvalidCredentials
		}
		return nil
	})
	return a.SessionEpoch, err
}

// Subscriptions answers one page of the owner's subscriptions.
func (o *Owner) Subscriptions(ctx context.Context, q subscriptions.Query) (subscriptions.Page, error) {
	page, err := o.domains().List(ctx, q)
	if err != nil {
		return subscriptions.Page{}, err
	}
	for i := range page.Items {
		s := &page.Items[i]
		s.Description, s.ExternalID, s.Attributes = "", "", nil
		conceal(s.Holds, s.Inherited)
	}
	return page, nil
}

// Domains answers one page of the owner's domains.
func (o *Owner) Domains(ctx context.Context, q subscriptions.DomainQuery) (subscriptions.DomainPage, error) {
	page, err := o.domains().Domains(ctx, q)
	if err != nil {
		return subscriptions.DomainPage{}, err
	}
	for i := range page.Items {
		d := &page.Items[i]
		d.Attributes = nil
		conceal(d.Holds, d.Inherited)
	}
	return page, nil
}

// conceal empties what only the provider may know. Stores answer copies, so nothing stored changes.
func conceal(holds Holds, inherited []EffectiveHold) {
	for i := range holds {
		holds[i].Note, holds[i].By = "", ""
	}
	for i := range inherited {
		inherited[i].Note, inherited[i].By = "", ""
	}
}

// DisableDomains takes own domains down, by the cause "customer".
func (o *Owner) DisableDomains(ctx context.Context, ids []subscriptions.DomainID) (subscriptions.DomainOutcome, error) {
	return o.domains().SuspendDomains(acting(ctx), ids, Hold{Cause: CauseCustomer})
}

// EnableDomains lifts the cause "customer" from own domains, and no other.
func (o *Owner) EnableDomains(ctx context.Context, ids []subscriptions.DomainID) (subscriptions.DomainOutcome, error) {
	return o.domains().LiftDomains(acting(ctx), ids, []Cause{CauseCustomer})
}
