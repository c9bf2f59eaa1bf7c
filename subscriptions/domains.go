package subscriptions

import (
	"context"
	"slices"

	"github.com/clientele-go/clientele/subscriptions/input"
)

// DomainManager is what a host does with domains. *Manager implements it. What SubscriptionManager says of transactions
// and errors holds here too.
//
// Names are taken in either spelling of an IDN, in any case and with one trailing dot; they are answered as lower-case
// A-labels. An account gets neither a name below nor one above a domain of another account.
type DomainManager interface {
	// AddDomain adds a name to a subscription, the first one as its main domain. ErrNotFound: the subscription. ErrTaken
	// and ErrInvalid at "name".
	AddDomain(ctx context.Context, to ID, name string) (Domain, error)
	// Domain answers the domain of exactly that name, or ErrNotFound.
	Domain(ctx context.Context, name string) (Domain, error)
	// Domains answers one page, by name.
	Domains(ctx context.Context, q DomainQuery) (DomainPage, error)
	// CountDomains answers how many domains q selects, but not more than atMost; 0 is no bound. Limit and After do not count.
	CountDomains(ctx context.Context, q DomainQuery, atMost int) (int, error)
	// RenameDomain gives a domain another name; its holds stay. ErrNotFound: the domain. ErrTaken and ErrInvalid at "name".
	RenameDomain(ctx context.Context, id DomainID, name string) (Domain, error)
	// MoveDomains puts domains under another subscription; their holds stay. ErrNotFound: domains or the subscription.
	// ErrInvalid at "ids": a main domain would leave others behind, or a name may be the provider's only. ErrTaken at "ids":
	// another account has a name above or below.
	MoveDomains(ctx context.Context, ids []DomainID, to ID) (DomainOutcome, error)
	// SetMainDomain makes a domain the main one of its subscription, or is ErrNotFound.
	SetMainDomain(ctx context.Context, id DomainID) error
	// SuspendDomains places a hold on domains. ErrNotFound names every unknown one.
	SuspendDomains(ctx context.Context, ids []DomainID, h Hold) (DomainOutcome, error)
	// ActivateDomains lifts every hold of the domains' own except CauseExpired. ErrNotFound names every unknown one.
	ActivateDomains(ctx context.Context, ids []DomainID) (DomainOutcome, error)
	// LiftDomains lifts these causes only. ErrNotFound names every unknown domain.
	LiftDomains(ctx context.Context, ids []DomainID, causes []Cause) (DomainOutcome, error)
	// RemoveDomains deletes domains. ErrNotFound names every unknown one. ErrInvalid at "ids": a main domain would leave
	// others behind.
	RemoveDomains(ctx context.Context, ids []DomainID) (Removal, error)
	// Resolve answers for a visitor's host name whether it may be served now: Site.Domain.Status says. www.NAME is
	// answered as NAME unless it was added itself. It is the hot path. ErrNotFound: no such name.
	Resolve(ctx context.Context, host string) (Site, error)
}

var (
	_ SubscriptionManager = (*Manager)(nil)
	_ DomainManager       = (*Manager)(nil)
)

// AddDomain implements DomainManager.
func (m *Manager) AddDomain(ctx context.Context, to ID, given string) (Domain, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	name := m.checkName(&f, "name", given, false)
	if err := f.Err(); err != nil {
		return Domain{}, err
	}
	var added Domain
	err := m.granting(ctx, func(tx Tx, g *grants) error {
		l, err := m.lock(tx, LockSet{Subscriptions: []ID{to}})
		if err != nil {
			return err
		}
		s := l.Subscriptions[0]
		claimed, err := m.claimName(tx, g, name, given, s.AccountID, 1)
		if err != nil {
			return err
		}
		d := Domain{
			ID: claimed.DomainIDs[0], SubscriptionID: s.ID, AccountID: s.AccountID, Name: name, Main: s.Main == 0,
			Inherited: Inherited(l.owner(s.AccountID).Holds, s.Holds), CreatedAt: c.at,
		}
		w := Writes{AddDomains: []Domain{d}, Events: []Event{c.domainEvent(DomainAdded, d, nil)}}
		if d.Main {
			s.Main = d.ID
			w.UpdateSubscriptions = []Record{s}
		}
		added = d
		return tx.Save(w)
	})
	if err != nil {
		return Domain{}, err
	}
	return added, nil
}

// claimName claims one name for an owner, with so many new ids; what stands in the way is at "name".
func (m *Manager) claimName(tx Tx, g *grants, name, given string, owner AccountID, ids int) (Claimed, error) {
	if owner != Provider {
		var f input.Faults
		m.checkOwnable(&f, "name", name)
		if err := f.Err(); err != nil {
			return Claimed{}, err
		}
		if err := g.ask(owner, []string{name}); err != nil {
			return Claimed{}, err
		}
	}
	claimed, err := tx.Claim(Claim{NewDomains: ids, Names: []string{name}, Owner: owner})
	if err != nil {
		return Claimed{}, err
	}
	if len(claimed.Names)+len(claimed.Conflicting) > 0 {
		return Claimed{}, &TakenError{Field: "name", Value: given}
	}
	return claimed, nil
}

// Domain implements DomainManager.
func (m *Manager) Domain(ctx context.Context, given string) (Domain, error) {
	name, ok := CanonicalName(given)
	if !ok {
		return Domain{}, unknownDomain(given)
	}
	site, err := m.site(ctx, name, "")
	return site.Domain, err
}

// Resolve implements DomainManager.
func (m *Manager) Resolve(ctx context.Context, host string) (Site, error) {
	name, ok := CanonicalName(host)
	if !ok {
		return Site{}, unknownDomain(host)
	}
	return m.site(ctx, name, wwwless(name))
}

func (m *Manager) site(ctx context.Context, name, otherwise string) (Site, error) {
	site, err := m.store.Site(ctx, name, otherwise)
	if err == nil && !m.sees(site.Domain.AccountID) {
		err = unknownDomain(name)
	}
	if err != nil {
		return Site{}, err
	}
	return site, nil
}

func unknownDomain(name string) error { return &NotFoundError{Kind: string(LevelDomain), Name: name} }

// RenameDomain implements DomainManager.
func (m *Manager) RenameDomain(ctx context.Context, id DomainID, given string) (Domain, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	name := m.checkName(&f, "name", given, false)
	if err := f.Err(); err != nil {
		return Domain{}, err
	}
	var renamed Domain
	err := m.granting(ctx, func(tx Tx, g *grants) error {
		l, err := m.lock(tx, LockSet{Domains: []DomainID{id}})
		if err != nil {
			return err
		}
		d := l.Domains[0]
		if d.Name == name {
			renamed = d
			return nil
		}
		if _, err := m.claimName(tx, g, name, given, d.AccountID, 0); err != nil {
			return err
		}
		fromTo := details("from", d.Name, "to", name)
		d.Name = name
		renamed = d
		return tx.Save(Writes{UpdateDomains: []Domain{d}, Events: []Event{c.domainEvent(DomainRenamed, d, fromTo)}})
	})
	if err != nil {
		return Domain{}, err
	}
	return renamed, nil
}

// MoveDomains implements DomainManager.
func (m *Manager) MoveDomains(ctx context.Context, ids []DomainID, to ID) (DomainOutcome, error) {
	var f input.Faults
	c := m.stamp(ctx, &f)
	ids = input.IDs(&f, ids)
	if err := f.Err(); err != nil {
		return DomainOutcome{}, err
	}
	var out DomainOutcome
	err := m.granting(ctx, func(tx Tx, g *grants) error {
		l, err := m.lock(tx, LockSet{Subscriptions: []ID{to}, Domains: ids})
		if err != nil {
			return err
		}
		target := l.subscription(to)
		moving := slices.DeleteFunc(slices.Clone(l.Domains), func(d Domain) bool { return d.SubscriptionID == to })
		var f input.Faults
		left, err := leave(&f, tx, l, moving)
		if err != nil {
			return err
		}
		changingHands := slices.DeleteFunc(slices.Clone(moving), func(d Domain) bool { return d.AccountID == target.AccountID })
		if err := m.handOver(&f, tx, g, changingHands, target.AccountID); err != nil {
			return err
		}
		decided, w := move(l.Domains, target, c)
		if len(moving) > 0 && target.Main == 0 {
			target.Main = moving[0].ID
			left = append(left, *target)
		}
		w.UpdateSubscriptions = left
		out = decided
		return save(tx, w)
	})
	if err != nil {
		return DomainOutcome{}, err
	}
	return out, nil
}

// move decides which domains go under the target.
func move(all []Domain, target *Record, c stamp) (out DomainOutcome, w Writes) {
	for _, d := range all {
		if d.SubscriptionID == target.ID {
			out.Unchanged = append(out.Unchanged, d.ID)
			continue
		}
		out.Changed = append(out.Changed, d.ID)
		fromTo := details("from", decimal(d.SubscriptionID), "to", decimal(target.ID))
		left := d.AccountID
		d.SubscriptionID, d.AccountID = target.ID, target.AccountID
		w.UpdateDomains = append(w.UpdateDomains, d)
		if left != d.AccountID && left != Provider {
			event := c.domainEvent(DomainMoved, d, fromTo)
			event.AccountID = left
			w.Events = append(w.Events, event)
		}
		if d.AccountID != Provider || left == Provider {
			w.Events = append(w.Events, c.domainEvent(DomainMoved, d, fromTo))
		}
	}
	return out, w
}

// leave answers the subscriptions whose main domain goes, with all of their domains, among those that go. If others
// would stay behind, it is a fault at "ids".
func leave(f *input.Faults, tx Tx, l LockedRows, going []Domain) ([]Record, error) {
	goes := make(map[DomainID]bool, len(going))
	for _, d := range going {
		goes[d.ID] = true
	}
	var emptied []Record
	var ids []ID
	for _, s := range l.Subscriptions {
		if goes[s.Main] {
			ids = append(ids, s.ID)
			s.Main = 0
			emptied = append(emptied, s)
		}
	}
	if ids == nil {
		return nil, nil
	}
	domains, err := tx.DomainsOf(ids)
	if err != nil {
		return nil, err
	}
	abandoned := map[ID]bool{}
	for _, d := range domains {
		abandoned[d.SubscriptionID] = abandoned[d.SubscriptionID] || !goes[d.ID]
	}
	for _, d := range domains {
		if d.Main && abandoned[d.SubscriptionID] {
			f.Add("ids", "main", d.Name)
		}
	}
	return emptied, nil
}

// SetMainDomain implements DomainManager.
func (m *Manager) SetMainDomain(ctx context.Context, id DomainID) error {
	var f input.Faults
	c := m.stamp(ctx, &f)
	if err := f.Err(); err != nil {
		return err
	}
	return m.store.Update(ctx, func(tx Tx) error {
		l, err := m.lock(tx, LockSet{Domains: []DomainID{id}})
		if err != nil {
			return err
		}
		d := l.Domains[0]
		s := *l.subscription(d.SubscriptionID)
		if s.Main == id {
			return nil
		}
		fromTo := details("from", decimal(s.Main), "to", decimal(id))
		s.Main, s.UpdatedAt = id, c.at
		s.Version++
		return tx.Save(Writes{
			UpdateSubscriptions: []Record{s},
			Events:              []Event{c.domainEvent(DomainMainChanged, d, fromTo)},
		})
	})
}

// SuspendDomains implements DomainManager.
func (m *Manager) SuspendDomains(ctx context.Context, ids []DomainID, h Hold) (DomainOutcome, error) {
	t, err := suspend(ctx, m, ids, lockDomains, h)
	return DomainOutcome(t), err
}

// ActivateDomains implements DomainManager.
func (m *Manager) ActivateDomains(ctx context.Context, ids []DomainID) (DomainOutcome, error) {
	t, err := activate(ctx, m, ids, lockDomains)
	return DomainOutcome(t), err
}

// LiftDomains implements DomainManager.
func (m *Manager) LiftDomains(ctx context.Context, ids []DomainID, causes []Cause) (DomainOutcome, error) {
	t, err := lift(ctx, m, ids, lockDomains, causes)
	return DomainOutcome(t), err
}

func lockDomains(m *Manager, tx Tx, ids []DomainID) ([]Target[DomainID], error) {
	l, err := m.lock(tx, LockSet{Domains: ids})
	targets := make([]Target[DomainID], len(l.Domains))
	for i, d := range l.Domains {
		targets[i] = d.target()
	}
	return targets, err
}

func (d Domain) target() Target[DomainID] {
	return Target[DomainID]{
		ID: d.ID, Level: LevelDomain, Holds: d.Holds, Inherited: d.Inherited,
		Subject: Event{AccountID: d.AccountID, SubscriptionID: d.SubscriptionID, DomainID: d.ID, Domain: d.Name},
	}
}
