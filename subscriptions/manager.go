package subscriptions

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/clientele-go/clientele/internal/hook"
	"github.com/clientele-go/clientele/internal/input"
)

// SubscriptionManager has the methods of *Manager that read and change subscriptions, for programs that replace it in tests.
// The comments of the methods of *Manager are the contract.
type SubscriptionManager interface {
	// Create adds a subscription with its domains.
	Create(ctx context.Context, in New) (Subscription, error)
	// Get returns the subscription with the given id.
	Get(ctx context.Context, id ID) (Subscription, error)
	// GetByExternalID returns the subscription with the given external id.
	GetByExternalID(ctx context.Context, externalID string) (Subscription, error)
	// List returns one page of subscriptions.
	List(ctx context.Context, q Query) (Page, error)
	// Count returns the number of subscriptions that q selects, at most atMost; 0 means no bound.
	Count(ctx context.Context, q Query, atMost int) (int, error)
	// Update changes fields of a subscription.
	Update(ctx context.Context, id ID, c Changes) (Subscription, error)
	// Assign transfers subscriptions to an account.
	Assign(ctx context.Context, ids []ID, to AccountID) (Outcome[ID], error)
	// Suspend places a hold on subscriptions.
	Suspend(ctx context.Context, ids []ID, h Hold) (Outcome[ID], error)
	// Activate lifts every hold of subscriptions except CauseExpired.
	Activate(ctx context.Context, ids []ID) (Outcome[ID], error)
	// Lift lifts the holds of subscriptions with the given causes.
	Lift(ctx context.Context, ids []ID, causes []Cause) (Outcome[ID], error)
	// Remove deletes subscriptions with their domains.
	Remove(ctx context.Context, ids []ID) (Removal, error)
	// UpdateHolds changes the texts of holds of subscriptions.
	UpdateHolds(ctx context.Context, ids []ID, cause Cause, t HoldTexts) (Outcome[ID], error)
	// Expire suspends the subscriptions that have expired, at most 1,000.
	Expire(ctx context.Context) (Outcome[ID], error)
	// ExpireAll suspends all subscriptions that have expired, and returns their number.
	ExpireAll(ctx context.Context) (int, error)
}

// Options of a Manager are those fields of accounts.Options that concern subscriptions and domains; they are documented
// there.
type Options struct {
	Now             func() time.Time
	ReservedDomains []string
	PublicSuffixes  func(domain string) (suffix string, icann bool)
	AllowDomain     func(ctx context.Context, owner AccountID, name string) error
	OnCommand       func(ctx context.Context, command string) (context.Context, func(err error))
}

// Manager manages subscriptions and domains in a store. It implements SubscriptionManager and DomainManager and is safe for
// concurrent use. A program gets one from accounts.Manager.Subscriptions.
//
// Every command is one transaction that includes its events: all of it happens or nothing. Ids may be unsorted, and
// duplicates count once; an empty list of ids never means all. After an error the data is as it was, except that after
// ErrCommitUnknown the command may have taken effect. If ctx ends, the error matches ctx.Err() as well. An invalid actor in
// ctx (see WithActor) makes every command return ErrInvalid at "actor".
type Manager struct {
	store    Store
	now      func() time.Time
	reserved []string
	suffixes func(domain string) (suffix string, icann bool)
	allow    func(ctx context.Context, owner AccountID, name string) error
	hook     hook.OnCommand
	scope    *AccountID // nil: everything
}

// NewManager returns a Manager that keeps its data in store. It is for package accounts: programs call accounts.NewManager.
// It panics if an entry of Options.ReservedDomains is not a domain name.
func NewManager(store Store, o Options) *Manager {
	m := &Manager{store: store, now: o.Now, suffixes: o.PublicSuffixes, allow: o.AllowDomain, hook: o.OnCommand}
	if m.now == nil {
		m.now = time.Now
	}
	for _, name := range o.ReservedDomains {
		m.reserved = append(m.reserved, reservedName(name))
	}
	return m
}

// WithStore returns a copy of m that uses store, with the same options. It is for package accounts: to run commands inside a
// transaction of the application's, use accounts.Manager.WithStore and its Subscriptions.
func (m *Manager) WithStore(store Store) *Manager {
	with := *m
	with.store = store
	return &with
}

// WithAllowDomain returns a copy of m that calls allow in the place of Options.AllowDomain; nil means none. It is for package
// accounts, whose transactions call that function after they have ended.
func (m *Manager) WithAllowDomain(allow func(ctx context.Context, owner AccountID, name string) error) *Manager {
	with := *m
	with.allow = allow
	return &with
}

// ForAccount returns a Manager restricted to the subscriptions and domains of one account, or of the provider. Anything else
// is reported as ErrNotFound, which is decided inside the transaction. The results are not redacted; accounts.Owner is what
// owners may see.
func (m *Manager) ForAccount(id AccountID) *Manager {
	scoped := *m
	scoped.scope = &id
	return &scoped
}

func (m *Manager) sees(owner AccountID) bool { return m.scope == nil || *m.scope == owner }

// commandInfo is the actor and the time of a command.
type commandInfo struct {
	actor string
	at    time.Time
}

func newCommandInfo(ctx context.Context, v *input.Violations, now func() time.Time) commandInfo {
	return commandInfo{actor: input.Actor(ctx, v), at: v.Now(now, ErrUnavailable)}
}

func (m *Manager) commandInfo(ctx context.Context, v *input.Violations) commandInfo {
	return newCommandInfo(ctx, v, m.now)
}

// event returns an event about a subscription.
func (c commandInfo) event(t EventType, s Subscription, details map[string]string) Event {
	return Event{At: c.at, Type: t, Actor: c.actor, AccountID: s.AccountID, SubscriptionID: s.ID, Details: details}
}

// domainEvent returns an event about a domain.
func (c commandInfo) domainEvent(t EventType, d Domain, details map[string]string) Event {
	return Event{
		At: c.at, Type: t, Actor: c.actor, AccountID: d.AccountID, SubscriptionID: d.SubscriptionID, DomainID: d.ID,
		Domain: d.Name, Details: details,
	}
}

// lock locks rows. It returns a *NotFoundError unless all of them exist and m sees them.
func (m *Manager) lock(tx Tx, r LockSet) (LockedRows, error) {
	r.Accounts = slices.DeleteFunc(r.Accounts, func(id AccountID) bool { return id == Provider })
	l, err := tx.Lock(r)
	if err != nil {
		return LockedRows{}, err
	}
	l.Subscriptions = slices.DeleteFunc(l.Subscriptions, func(s Record) bool { return !m.sees(s.AccountID) })
	l.Domains = slices.DeleteFunc(l.Domains, func(d Domain) bool { return !m.sees(d.AccountID) })
	if err := missing(LevelDomain, r.Domains, idsOf(l.Domains, func(d Domain) DomainID { return d.ID })); err != nil {
		return LockedRows{}, err
	}
	if err := missing(LevelSubscription, r.Subscriptions, idsOf(l.Subscriptions, Record.id)); err != nil {
		return LockedRows{}, err
	}
	return l, missing(LevelAccount, r.Accounts, idsOf(l.Accounts, func(o Owner) AccountID { return o.ID }))
}

func idsOf[T any, K ~int64](rows []T, id func(T) K) []K {
	ids := make([]K, len(rows))
	for i, row := range rows {
		ids[i] = id(row)
	}
	return ids
}

func (r Record) id() ID { return r.ID }

// owner returns a locked account, and for Provider an owner without holds.
func (l LockedRows) owner(id AccountID) Owner {
	i, found := slices.BinarySearchFunc(l.Accounts, id, func(o Owner, id AccountID) int { return cmp.Compare(o.ID, id) })
	if !found {
		return Owner{ID: id}
	}
	return l.Accounts[i]
}

// subscription returns a locked subscription, which may be changed in place.
func (l LockedRows) subscription(id ID) *Record {
	i, _ := slices.BinarySearchFunc(l.Subscriptions, id, func(r Record, id ID) int { return cmp.Compare(r.ID, id) })
	return &l.Subscriptions[i]
}

// Create adds a subscription with its domains, the first of which is the main domain, and returns it. If its ExpiresAt has
// passed, it is created with CauseExpired. Domains are read as AddDomain reads them.
//
// It returns ErrNotFound if there is no account in.AccountID; ErrTaken at "externalID" and "domains[i]", naming everything
// that is in use or conflicts with a domain of another account; ErrInvalid with the path of every field that breaks a rule
// of New; the error of Options.AllowDomain, wrapped, if that refuses a name; ErrUnavailable if the store is unavailable
// (no changes were made) and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) Create(ctx context.Context, in New) (_ Subscription, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.Create")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	d := m.Draft(&v, "", in, in.AccountID != Provider)
	if err := v.Err(); err != nil {
		return Subscription{}, err
	}
	if !m.sees(in.AccountID) {
		return Subscription{}, &NotFoundError{Kind: string(LevelAccount), IDs: []int64{int64(in.AccountID)}}
	}
	if in.AccountID != Provider {
		if err := d.Approve(ctx, in.AccountID); err != nil {
			return Subscription{}, err
		}
	}
	var created Subscription
	err = m.store.Update(ctx, func(tx Tx) error {
		l, err := m.lock(tx, LockSet{Accounts: []AccountID{in.AccountID}})
		if err != nil {
			return err
		}
		claimed, err := tx.Claim(d.claim(in.AccountID))
		if err != nil {
			return err
		}
		if err := takenError(d.Taken(claimed)); err != nil {
			return err
		}
		s, w := d.Writes(l.owner(in.AccountID), claimed, c.actor, c.at)
		created = s
		return tx.Save(w)
	})
	if err != nil {
		return Subscription{}, err
	}
	return created, nil
}

// Get returns the subscription with the given id.
//
// It returns ErrNotFound if there is none, and ErrUnavailable if the store is unavailable.
func (m *Manager) Get(ctx context.Context, id ID) (_ Subscription, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.Get")
	defer func() { end(err) }()
	s, err := m.store.Subscription(ctx, SubscriptionKey{ID: id})
	if err == nil && !m.sees(s.AccountID) {
		err = &NotFoundError{Kind: string(LevelSubscription), IDs: []int64{int64(id)}}
	}
	if err != nil {
		return Subscription{}, err
	}
	return s, nil
}

// GetByExternalID returns the subscription with the given external id.
//
// It returns ErrNotFound if there is none, also if the text cannot be an external id, and ErrUnavailable if the store is
// unavailable.
func (m *Manager) GetByExternalID(ctx context.Context, externalID string) (_ Subscription, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.GetByExternalID")
	defer func() { end(err) }()
	unknown := &NotFoundError{Kind: string(LevelSubscription), Name: externalID}
	key := input.Line(externalID)
	if key == "" || !input.IsLine(key) {
		return Subscription{}, unknown
	}
	s, err := m.store.Subscription(ctx, SubscriptionKey{ExternalID: key})
	if err == nil && !m.sees(s.AccountID) {
		err = unknown
	}
	if err != nil {
		return Subscription{}, err
	}
	return s, nil
}

// Update changes the fields of a subscription that are set in ch, raises its version by one and returns it. An empty new
// name becomes the name of the main domain. An ExpiresAt in the past places CauseExpired at once; a later or zero one lifts
// it.
//
// It returns ErrNotFound if the subscription does not exist; ErrConflict with the current version if ch.Version is neither
// that nor 0; ErrTaken at "externalID"; ErrInvalid with the path of every field that breaks a rule, and at "name" if it
// would be empty without a domain; ErrUnavailable if the store is unavailable (no changes were made) and ErrCommitUnknown
// if the outcome of the commit is unknown.
func (m *Manager) Update(ctx context.Context, id ID, ch Changes) (_ Subscription, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.Update")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	given := ch.ExternalID
	ch = ch.clean(&v)
	if err := v.Err(); err != nil {
		return Subscription{}, err
	}
	var updated Subscription
	err = m.store.Update(ctx, func(tx Tx) error {
		l, err := m.lock(tx, LockSet{Subscriptions: []ID{id}})
		if err != nil {
			return err
		}
		old := l.Subscriptions[0]
		if err := checkVersion(ch.Version, old.Version); err != nil {
			return err
		}
		var v input.Violations
		ch, err := ch.withName(&v, tx, old)
		if err != nil {
			return err
		}
		changed, fields := ch.apply(&v, old)
		if err := v.Err(); err != nil {
			return err
		}
		if err := claimExternalID(tx, given, ch, old); err != nil {
			return err
		}
		changed.UpdatedAt = c.at
		w := Writes{UpdateSubscriptions: []Record{changed}}
		w.Events = []Event{c.event(SubscriptionUpdated, changed.Subscription, input.Details("fields", fields))}
		if ch.ExpiresAt != nil {
			changed.Holds = w.expire(changed.Subscription, c)
		}
		updated = changed.Subscription
		return tx.Save(w)
	})
	if err != nil {
		return Subscription{}, err
	}
	return updated, nil
}

func claimExternalID(tx Tx, given *string, ch Changes, old Record) error {
	if ch.ExternalID == nil || *ch.ExternalID == "" || *ch.ExternalID == old.ExternalID {
		return nil
	}
	claimed, err := tx.Claim(Claim{ExternalIDs: []string{*ch.ExternalID}})
	if err != nil || len(claimed.ExternalIDs) == 0 {
		return err
	}
	return &TakenError{Field: "externalID", Value: *given}
}

// Assign transfers the subscriptions with the given ids, 1 to 10,000, to an account. If to is Provider, they are no longer
// assigned to an account. Those that belong to it already are Unchanged. Holds stay, and what they inherit follows from the
// new account. The version of each changed subscription rises by one.
//
// It returns ErrNotFound, naming every unknown subscription, or the account; ErrTaken at "ids" if a domain conflicts with
// one of an account other than the new owner; ErrInvalid at "ids", also if a domain may belong to the provider only, and at
// "to"; the error of Options.AllowDomain, wrapped, if that refuses a name; ErrUnavailable if the store is unavailable (no
// changes were made) and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) Assign(ctx context.Context, ids []ID, to AccountID) (_ Outcome[ID], err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.Assign")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	ids = input.IDs(&v, ids)
	if to < Provider {
		v.Add("to", "min", "0")
	}
	if err := v.Err(); err != nil {
		return Outcome[ID]{}, err
	}
	if !m.sees(to) {
		return Outcome[ID]{}, &NotFoundError{Kind: string(LevelAccount), IDs: []int64{int64(to)}}
	}
	var out Outcome[ID]
	err = m.withDomainApproval(ctx, func(tx Tx, a *approvals) error {
		l, err := m.lock(tx, LockSet{Accounts: []AccountID{to}, Subscriptions: ids})
		if err != nil {
			return err
		}
		decided, w := assign(l.Subscriptions, to, c)
		if len(decided.Changed) > 0 && to != Provider {
			domains, err := tx.DomainsOf(decided.Changed)
			if err != nil {
				return err
			}
			if err := m.checkTransfer(&input.Violations{}, tx, a, domains, to); err != nil {
				return err
			}
		}
		out = decided
		return save(tx, w)
	})
	if err != nil {
		return Outcome[ID]{}, err
	}
	return out, nil
}

// assign decides which subscriptions get another owner.
func assign(all []Record, to AccountID, c commandInfo) (out Outcome[ID], w Writes) {
	for _, r := range all {
		from := r.AccountID
		if from == to {
			out.Unchanged = append(out.Unchanged, r.ID)
			continue
		}
		out.Changed = append(out.Changed, r.ID)
		fromTo := input.Details("from", decimal(from), "to", decimal(to))
		if from != Provider {
			w.Events = append(w.Events, c.event(SubscriptionUnassigned, r.Subscription, fromTo))
		}
		r.AccountID, r.UpdatedAt = to, c.at
		r.Version++
		if to != Provider {
			w.Events = append(w.Events, c.event(SubscriptionAssigned, r.Subscription, fromTo))
		}
		w.UpdateSubscriptions = append(w.UpdateSubscriptions, r)
	}
	return out, w
}

// Suspend places hold h on the subscriptions with the given ids, 1 to 10,000; they and their domains are suspended. A
// subscription that has a hold with the same cause keeps it, with its By and At, and gets those texts of h that are not
// empty: it is Updated, or Unchanged if they are the same. To empty a text, use UpdateHolds.
//
// It returns ErrNotFound, naming every unknown id; ErrInvalid at "ids", "cause" (not a slug, or CauseExpired), "note",
// "message" or "public" (more than 4,096 characters); ErrUnavailable if the store is unavailable (no changes were made)
// and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) Suspend(ctx context.Context, ids []ID, h Hold) (_ Outcome[ID], err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.Suspend")
	defer func() { end(err) }()
	return m.holdCommands().Suspend(ctx, ids, h)
}

// UpdateHolds changes the texts of the holds with the given cause, which may be CauseExpired, on the subscriptions with the
// given ids, 1 to 10,000. It changes nothing else: subscriptions without such a hold, and those whose texts are the same,
// are Unchanged, and the others Updated.
//
// It returns ErrNotFound, naming every unknown id; ErrInvalid at "ids", "cause" (empty or not a slug), "note", "message" or
// "public" (more than 4,096 characters); ErrUnavailable if the store is unavailable (no changes were made) and
// ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) UpdateHolds(ctx context.Context, ids []ID, cause Cause, t HoldTexts) (_ Outcome[ID], err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.UpdateHolds")
	defer func() { end(err) }()
	return m.holdCommands().UpdateHolds(ctx, ids, cause, t)
}

// Activate lifts every hold of the subscriptions with the given ids, 1 to 10,000, except CauseExpired, which ends with a
// later ExpiresAt. A subscription that has expired, or whose account is suspended, stays suspended and is in
// StillSuspended. Holds of domains stay.
//
// It returns ErrNotFound, naming every unknown id, and ErrInvalid at "ids"; ErrUnavailable if the store is unavailable (no
// changes were made) and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) Activate(ctx context.Context, ids []ID) (_ Outcome[ID], err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.Activate")
	defer func() { end(err) }()
	return m.holdCommands().Activate(ctx, ids)
}

// Lift lifts the holds with the given causes, 1 to 100, from the subscriptions with the given ids, 1 to 10,000. An automatic
// biller lifts only its own cause, and so never undoes what others decided.
//
// It returns ErrNotFound, naming every unknown id; ErrInvalid at "ids" or "causes" (none, more than 100) or "causes[i]"
// (not a slug, or CauseExpired); ErrUnavailable if the store is unavailable (no changes were made) and ErrCommitUnknown if
// the outcome of the commit is unknown.
func (m *Manager) Lift(ctx context.Context, ids []ID, causes []Cause) (_ Outcome[ID], err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.Lift")
	defer func() { end(err) }()
	return m.holdCommands().Lift(ctx, ids, causes)
}

// holdCommands returns the commands about the holds of subscriptions.
func (m *Manager) holdCommands() HoldCommands[ID] {
	return HoldCommands[ID]{Now: m.now, Change: func(ctx context.Context, ids []ID, decide func(HoldTargets[ID]) Writes) error {
		return m.store.Update(ctx, func(tx Tx) error {
			l, err := m.lock(tx, LockSet{Subscriptions: ids})
			if err != nil {
				return err
			}
			targets := HoldTargets[ID]{Level: LevelSubscription}
			for _, s := range l.Subscriptions {
				targets.Add(s.ID, s.Holds, s.Inherited, Event{AccountID: s.AccountID, SubscriptionID: s.ID})
			}
			return save(tx, decide(targets))
		})
	}}
}

// save writes a decision, unless it changes nothing.
func save(tx Tx, w Writes) error {
	if len(w.Events) == 0 {
		return nil
	}
	return tx.Save(w)
}

func decimal[K ~int64](id K) string { return strconv.FormatInt(int64(id), 10) }

func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
