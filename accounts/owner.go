package accounts

import (
	"context"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// Owner is everything that the owner of one account may see and do. Adapters use it for every request of an owner.
//
// Subscriptions and domains of others are reported as ErrNotFound, which is decided inside the transaction. Fields that only
// the provider may see are empty in all results: descriptions, external ids, attributes, and the notes and By of holds. Owner
// does not check whether the account is suspended: CheckSession does. The actor is that of ctx, or else "owner".
type Owner struct {
	manager   *Manager
	id        ID
	confirmed bool // SetContact asks for no password
}

// noAccount is an id that no account has. It owns nothing.
const noAccount ID = -1

// Owner returns what the owner of an account may see and do. An id below 1, such as the 0 of an empty session, owns
// nothing: the provider's own subscriptions belong to no owner.
func (m *Manager) Owner(id ID) *Owner {
	if id <= Provider {
		id = noAccount
	}
	return &Owner{manager: m, id: id}
}

// Confirmed returns a copy of o for a program that has just confirmed by other means that the person is the owner, or that
// may act for the owner. Its SetContact asks for no password.
func (o *Owner) Confirmed() *Owner {
	confirmed := *o
	confirmed.confirmed = true
	return &confirmed
}

// ownerActor is the actor of an owner's commands if ctx names none.
const ownerActor = "owner"

// withOwnerActor returns ctx with ownerActor, unless ctx names an actor.
func withOwnerActor(ctx context.Context) context.Context {
	if input.HasActor(ctx) {
		return ctx
	}
	return WithActor(ctx, ownerActor)
}

func (m *Manager) ownerCommandInfo(ctx context.Context, v *input.Violations) commandInfo {
	return m.commandInfo(withOwnerActor(ctx), v)
}

func (o *Owner) domains() *subscriptions.Manager { return o.manager.subscriptions.ForAccount(o.id) }

// Profile returns the account as its owner sees it.
//
// It returns ErrNotFound if the account was removed, and ErrUnavailable if the store cannot answer.
func (o *Owner) Profile(ctx context.Context) (Profile, error) {
	a, err := o.manager.Get(ctx, o.id)
	if err != nil {
		return Profile{}, err
	}
	return a.Profile(), nil
}

// maxContactTries is how often SetContact begins again because the address or the password hash changed concurrently.
const maxContactTries = 3

// SetContact replaces the contact and returns the changed Profile. Version is that of the Profile that was read, or 0 for any.
//
// The current password is needed only if the e-mail address changes, which includes a first address and no address any more:
// whoever reads the mail at that address can set a new password, so a session alone must not be enough to change it. Compared
// are the addresses as they are stored. The password is ignored otherwise, and by an Owner that Confirmed returned. A new
// address ends all sessions of the account and invalidates its reset tokens, as a new password does: the application
// continues the session in which the owner does this with NewSessionEpoch of the returned Profile.
//
// It returns ErrNotFound if the account was removed; ErrConflict if the version is another one now, or if the address or the
// password hash changed again and again while the password was verified; ErrInvalidCredentials if the password is needed and
// wrong, which takes as long as a right one; ErrInvalid with the path of every field that breaks a rule of Contact
// ("contact.name", …); ErrUnavailable if the store cannot do it now or too many passwords are being hashed (no changes were
// made) and ErrCommitUnknown if the outcome of the commit is unknown.
func (o *Owner) SetContact(ctx context.Context, version int64, c Contact, password string) (_ Profile, err error) {
	m := o.manager
	ctx, end := m.hook.Start(withOwnerActor(ctx), "accounts.SetContact")
	defer func() { end(err) }()
	given := Changes{Version: version, Contact: &c}
	var v input.Violations
	info := m.commandInfo(ctx, &v)
	ch := given.clean(&v)
	if err := v.Err(); err != nil {
		return Profile{}, err
	}
	for tries := 1; ; tries++ {
		unchanged, err := o.authorize(ctx, ch, password)
		if err != nil {
			return Profile{}, err
		}
		outdated := false
		old, updated, err := m.update(ctx, info, o.id, given, ch, func(now Record) error {
			if outdated = !unchanged(now); outdated {
				return &ConflictError{Current: now.Version}
			}
			return nil
		})
		if err == nil {
			profile := updated.Profile()
			if updated.SessionEpoch != old.SessionEpoch {
				profile.NewSessionEpoch = updated.SessionEpoch
			}
			return profile, nil
		}
		if !outdated || tries == maxContactTries {
			return Profile{}, err
		}
	}
}

// authorize verifies the password if the changes replace the e-mail address. It returns a function that reports whether what
// it decided by is still stored, which is called inside the transaction.
func (o *Owner) authorize(ctx context.Context, ch Changes, password string) (unchanged func(Record) bool, err error) {
	if o.confirmed {
		return func(Record) bool { return true }, nil
	}
	read, err := o.manager.store.Account(ctx, AccountKey{ID: o.id})
	if err != nil {
		return nil, err
	}
	if err := ch.checkVersion(read.Account); err != nil {
		return nil, err
	}
	sameEmail := func(now Record) bool { return now.Contact.Email == read.Contact.Email }
	if ch.Contact.Email == read.Contact.Email {
		return sameEmail, nil
	}
	if err := o.manager.mayHash(); err != nil {
		return nil, err
	}
	ok, _, err := o.manager.passwords.verify(ctx, read.Hash, password)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrInvalidCredentials
	}
	return func(now Record) bool { return sameEmail(now) && now.Hash == read.Hash }, nil
}

// ChangePassword replaces the password, if old is the current one, and ends all sessions of the account. It returns the new
// SessionEpoch, with which the application continues the session in which the owner does this.
//
// It returns ErrInvalidCredentials if old is wrong, which takes as long as a refusal of Authenticate, or if it was changed
// concurrently; ErrInvalid at "password" if new breaks a rule of New.Password or of Options.PasswordPolicy; the error of that
// policy, wrapped, if it fails; ErrNotFound if the account was removed; ErrUnavailable if the store cannot do it now or too
// many passwords are being hashed (no changes were made) and ErrCommitUnknown if the outcome of the commit is unknown.
func (o *Owner) ChangePassword(ctx context.Context, old, new string) (epoch int64, err error) {
	m := o.manager
	ctx, end := m.hook.Start(ctx, "accounts.ChangePassword")
	defer func() { end(err) }()
	if err := m.mayHash(); err != nil {
		return 0, err
	}
	var v input.Violations
	c := m.ownerCommandInfo(ctx, &v)
	checkForm(&v, new)
	if err := v.Err(); err != nil {
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
	hash, err := m.newHash(ctx, r.Account, new)
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

// Subscriptions returns one page of the owner's subscriptions. A search does not look at external ids. Its errors are those of
// subscriptions.Manager.List.
func (o *Owner) Subscriptions(ctx context.Context, q subscriptions.Query) (subscriptions.Page, error) {
	page, err := o.domains().List(ctx, q)
	if err != nil {
		return subscriptions.Page{}, err
	}
	for i := range page.Items {
		s := &page.Items[i]
		s.Description, s.ExternalID, s.Attributes = "", "", nil
		redactHolds(s.Holds, s.Inherited)
	}
	return page, nil
}

// Domains returns one page of the owner's domains. Its errors are those of subscriptions.Manager.Domains.
func (o *Owner) Domains(ctx context.Context, q subscriptions.DomainQuery) (subscriptions.DomainPage, error) {
	page, err := o.domains().Domains(ctx, q)
	if err != nil {
		return subscriptions.DomainPage{}, err
	}
	for i := range page.Items {
		d := &page.Items[i]
		d.Attributes = nil
		redactHolds(d.Holds, d.Inherited)
	}
	return page, nil
}

// redactHolds clears the fields that only the provider may see. Stores return copies, so nothing stored changes.
func redactHolds(holds Holds, inherited []EffectiveHold) {
	for i := range holds {
		holds[i].Note, holds[i].By = "", ""
	}
	for i := range inherited {
		inherited[i].Note, inherited[i].By = "", ""
	}
}

// DisableDomains suspends domains of the account, by CauseCustomer. Its errors are those of
// subscriptions.Manager.SuspendDomains.
func (o *Owner) DisableDomains(ctx context.Context, ids []subscriptions.DomainID) (subscriptions.Outcome[subscriptions.DomainID], error) {
	return o.domains().SuspendDomains(withOwnerActor(ctx), ids, Hold{Cause: CauseCustomer})
}

// EnableDomains lifts CauseCustomer, and no other cause, from domains of the account. Its errors are those of
// subscriptions.Manager.LiftDomains.
func (o *Owner) EnableDomains(ctx context.Context, ids []subscriptions.DomainID) (subscriptions.Outcome[subscriptions.DomainID], error) {
	return o.domains().LiftDomains(withOwnerActor(ctx), ids, []Cause{CauseCustomer})
}
