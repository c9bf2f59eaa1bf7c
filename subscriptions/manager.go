package subscriptions

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/clientele-go/clientele/subscriptions/input"
)

// SubscriptionManager is what a host does with subscriptions. *Manager implements it.
//
// Every command is one transaction with its events inside: it happens whole or not at all. Besides the errors that are
// named below, every method may return one that matches ErrInvalid, with all faults of its input and nothing changed;
// ErrUnavailable, nothing changed; and every command one that matches ErrCommitUnknown. A ctx that has ended is matched too.
//
// Wherever ids are taken, they are 1 to 10,000; one that comes twice counts once.
type SubscriptionManager interface {
	// Create adds a subscription with its domains. ErrNotFound: there is no such account. ErrTaken: the external id or
	// names are, at "externalID" and "domains[i]".
	Create(ctx context.Context, in New) (Subscription, error)
	// Get answers one subscription, or ErrNotFound.
	Get(ctx context.Context, id ID) (Subscription, error)
	// GetByExternalID answers the subscription that has it, or ErrNotFound.
	GetByExternalID(ctx context.Context, externalID string) (Subscription, error)
	// List answers one page.
	List(ctx context.Context, q Query) (Page, error)
	// Count answers how many subscriptions q selects, but not more than atMost; 0 is no bound. Limit and After do not count.
	Count(ctx context.Context, q Query, atMost int) (int, error)
	// Update changes fields. ErrNotFound, ErrTaken at "externalID", and ErrConflict if the version is another now.
	Update(ctx context.Context, id ID, c Changes) (Subscription, error)
	// Assign gives subscriptions to an account, or with Provider takes them back. ErrNotFound: the subscriptions or the
	// account. ErrTaken: another account has a name above or below one of theirs.
	Assign(ctx context.Context, ids []ID, to AccountID) (Outcome, error)
	// Suspend places a hold on subscriptions. ErrNotFound names every unknown one.
	Suspend(ctx context.Context, ids []ID, h Hold) (Outcome, error)
	// Activate lifts every hold of the subscriptions' own except CauseExpired. ErrNotFound names every unknown one.
	Activate(ctx context.Context, ids []ID) (Outcome, error)
	// Lift lifts these causes only, 1 to 100 of them. ErrNotFound names every unknown subscription.
	Lift(ctx context.Context, ids []ID, causes []Cause) (Outcome, error)
	// Remove deletes subscriptions with their domains and names all that went. ErrNotFound names every unknown one.
	Remove(ctx context.Context, ids []ID) (Removal, error)
	// Expire places CauseExpired on the subscriptions that ran out and lack it, the longest overdue first, at most 1,000 in
	// one call. A host calls it from a ticker, again at once while 1,000 were changed.
	Expire(ctx context.Context) (Outcome, error)
}

// Options of a Manager; accounts.Options explains them.
type Options struct {
	Now             func() time.Time
	ReservedDomains []string
	AllowDomain     func(ctx context.Context, owner AccountID, name string) error
}

// Manager implements SubscriptionManager and DomainManager. It is safe for concurrent use.
// A host gets one from accounts.Manager.Subscriptions.
type Manager struct {
	store    Store
	now      func() time.Time
	reserved []string
	allow    func(ctx context.Context, owner AccountID, name string) error
	scope    *AccountID // nil: everything
}

// NewManager answers a Manager of what a store keeps.
func NewManager(store Store, o Options) *Manager {
	m := &Manager{store: store, now: o.Now, allow: o.AllowDomain}
	if m.now == nil {
		m.now = time.Now
	}
	for _, name := range o.ReservedDomains {
		m.reserved = append(m.reserved, reservedName(name))
	}
	return m
}

// WithStore answers a Manager of another store, with the same options.
func (m *Manager) WithStore(store Store) *Manager {
	with := *m
	with.store = store
	return &with
}

// ForAccount answers a Manager to which nothing exists but what owner has: all else is ErrNotFound, decided inside the
// transaction. It conceals nothing of that: owners are served by accounts.Owner, which stands on it.
func (m *Manager) ForAccount(owner AccountID) *Manager {
	scoped := *m
	scoped.scope = &owner
	return &scoped
}

func (m *Manager) sees(owner AccountID) bool { return m.scope == nil || *m.scope == owner }

// Cut answers a time as it is stored: in UTC, in whole microseconds, zero as it is.
func Cut(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// stamp says who gives a command, and when.
type stamp struct {
	actor string
	at    time.Time
}

func (m *Manager) stamp(ctx context.Context, f *input.Faults) stamp {
	return stamp{actor: Actor(ctx, f), at: Cut(m.now())}
}

// event answers an event about a subscription.
func (c stamp) event(t EventType, s Subscription, details map[string]string) Event {
	return Event{At: c.at, Type: t, Actor: c.actor, AccountID: s.AccountID, SubscriptionID: s.ID, Details: details}
}

func (c stamp) domainEvent(t EventType, d Domain, details map[string]string) Event {
	return Event{
		At: c.at, Type: t, Actor: c.actor, AccountID: d.AccountID, SubscriptionID: d.SubscriptionID, DomainID: d.ID,
		Domain: d.Name, Details: details,
	}
}

// lock locks rows, all of which must exist and be in sight.
func (m *Manager) lock(tx Tx, r LockSet) (LockedRows, error) {
	r.Accounts = slices.DeleteFunc(r.Accounts, func(id AccountID) bool { return id == Provider })
	l, err := tx.Lock(r)
	if err != nil {
		return LockedRows{}, err
	}
	l.Subscriptions = slices.DeleteFunc(l.Subscriptions, func(s Record) bool { return !m.sees(s.AccountID) })
	l.Domains = slices.DeleteFunc(l.Domains, func(d Domain) bool { return !m.sees(d.AccountID) })
	if err := Missing(LevelDomain, r.Domains, idsOf(l.Domains, func(d Domain) DomainID { return d.ID })); err != nil {
		return LockedRows{}, err
	}
	if err := Missing(LevelSubscription, r.Subscriptions, idsOf(l.Subscriptions, Record.id)); err != nil {
		return LockedRows{}, err
	}
	return l, Missing(LevelAccount, r.Accounts, idsOf(l.Accounts, func(o Owner) AccountID { return o.ID }))
}

func idsOf[T any, K ~int64](rows []T, id func(T) K) []K {
	ids := make([]K, len(rows))
	for i, row := range rows {
		ids[i] = id(row)
	}
	return ids
}

func (r Record) id() ID { return r.ID }

// owner answers a locked account; for Provider one without holds.
func (l LockedRows) owner(id AccountID) Owner {
	i, found := slices.BinarySearchFunc(l.Accounts, id, func(o Owner, id AccountID) int { return cmp.Compare(o.ID, id) })
	if !found {
		return Owner{ID: id}
	}
	return l.Accounts[i]
}

// subscription answers a locked subscription, to be changed in place.
func (l LockedRows) subscription(id ID) *Record {
	i, _ := slices.BinarySearchFunc(l.Subscriptions, id, func(r Record, id ID) int { return cmp.Compare(r.ID, id) })
	return &l.Subscriptions[i]
}

// Create implements SubscriptionManager.
func (m *Manager) Create(ctx context.Context, in New) (Subscription, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	d := m.Draft(&f, "", in, in.AccountID != Provider)
	if err := f.Err(); err != nil {
		return Subscription{}, err
	}
	if !m.sees(in.AccountID) {
		return Subscription{}, &NotFoundError{Kind: string(LevelAccount), IDs: []int64{int64(in.AccountID)}}
	}
	if in.AccountID != Provider {
		if err := m.Allow(ctx, in.AccountID, d.names); err != nil {
			return Subscription{}, err
		}
	}
	var created Subscription
	err := m.store.Update(ctx, func(tx Tx) error {
		l, err := m.lock(tx, LockSet{Accounts: []AccountID{in.AccountID}})
		if err != nil {
			return err
		}
		claimed, err := tx.Claim(d.Claim(in.AccountID))
		if err != nil {
			return err
		}
		if err := TakenAs(d.Taken(claimed)); err != nil {
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

// Get implements SubscriptionManager.
func (m *Manager) Get(ctx context.Context, id ID) (Subscription, error) {
	s, err := m.store.Subscription(ctx, SubscriptionKey{ID: id})
	if err == nil && !m.sees(s.AccountID) {
		err = &NotFoundError{Kind: string(LevelSubscription), IDs: []int64{int64(id)}}
	}
	if err != nil {
		return Subscription{}, err
	}
	return s, nil
}

// GetByExternalID implements SubscriptionManager.
func (m *Manager) GetByExternalID(ctx context.Context, externalID string) (Subscription, error) {
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

// Update implements SubscriptionManager.
func (m *Manager) Update(ctx context.Context, id ID, ch Changes) (Subscription, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	given := ch.ExternalID
	ch = ch.clean(&f)
	if err := f.Err(); err != nil {
		return Subscription{}, err
	}
	var updated Subscription
	err := m.store.Update(ctx, func(tx Tx) error {
		l, err := m.lock(tx, LockSet{Subscriptions: []ID{id}})
		if err != nil {
			return err
		}
		old := l.Subscriptions[0]
		if err := CheckVersion(ch.Version, old.Version); err != nil {
			return err
		}
		var f input.Faults
		ch, err := ch.withName(&f, tx, old)
		if err != nil {
			return err
		}
		changed, fields := ch.apply(&f, old)
		if err := f.Err(); err != nil {
			return err
		}
		if err := claimExternalID(tx, given, ch, old); err != nil {
			return err
		}
		changed.UpdatedAt = c.at
		w := Writes{UpdateSubscriptions: []Record{changed}}
		w.Events = []Event{c.event(SubscriptionUpdated, changed.Subscription, details("fields", fields))}
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
	claimed, err := tx.Claim(Claim{ExternalID: *ch.ExternalID})
	if err != nil || !claimed.ExternalID {
		return err
	}
	return &TakenError{Field: "externalID", Value: *given}
}

// Assign implements SubscriptionManager.
func (m *Manager) Assign(ctx context.Context, ids []ID, to AccountID) (Outcome, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	ids = input.IDs(&f, ids)
	if to < Provider {
		f.Add("to", "min", "0")
	}
	if err := f.Err(); err != nil {
		return Outcome{}, err
	}
	if !m.sees(to) {
		return Outcome{}, &NotFoundError{Kind: string(LevelAccount), IDs: []int64{int64(to)}}
	}
	var out Outcome
	err := m.granting(ctx, func(tx Tx, g *grants) error {
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
			if err := m.handOver(&input.Faults{}, tx, g, domains, to); err != nil {
				return err
			}
		}
		out = decided
		return save(tx, w)
	})
	if err != nil {
		return Outcome{}, err
	}
	return out, nil
}

// assign decides which subscriptions change hands.
func assign(all []Record, to AccountID, c stamp) (out Outcome, w Writes) {
	for _, r := range all {
		from := r.AccountID
		if from == to {
			out.Unchanged = append(out.Unchanged, r.ID)
			continue
		}
		out.Changed = append(out.Changed, r.ID)
		fromTo := details("from", decimal(from), "to", decimal(to))
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

// Suspend implements SubscriptionManager.
func (m *Manager) Suspend(ctx context.Context, ids []ID, h Hold) (Outcome, error) {
	t, err := suspend(ctx, m, ids, lockSubscriptions, h)
	return Outcome(t), err
}

// Activate implements SubscriptionManager.
func (m *Manager) Activate(ctx context.Context, ids []ID) (Outcome, error) {
	t, err := activate(ctx, m, ids, lockSubscriptions)
	return Outcome(t), err
}

// Lift implements SubscriptionManager.
func (m *Manager) Lift(ctx context.Context, ids []ID, causes []Cause) (Outcome, error) {
	t, err := lift(ctx, m, ids, lockSubscriptions, causes)
	return Outcome(t), err
}

func lockSubscriptions(m *Manager, tx Tx, ids []ID) ([]Target[ID], error) {
	l, err := m.lock(tx, LockSet{Subscriptions: ids})
	targets := make([]Target[ID], len(l.Subscriptions))
	for i, s := range l.Subscriptions {
		targets[i] = s.target()
	}
	return targets, err
}

func (s Subscription) target() Target[ID] {
	return Target[ID]{
		ID: s.ID, Level: LevelSubscription, Holds: s.Holds, Inherited: s.Inherited,
		Subject: Event{AccountID: s.AccountID, SubscriptionID: s.ID},
	}
}

// save writes what was decided, if that is anything.
func save(tx Tx, w Writes) error {
	if len(w.Events) == 0 {
		return nil
	}
	return tx.Save(w)
}

func decimal[K ~int64](id K) string { return strconv.FormatInt(int64(id), 10) }

func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
