package subscriptions

import (
	"context"
	"maps"
	"slices"

	"github.com/clientele-go/clientele/internal/input"
)

// DomainManager has the methods of *Manager that read and change domains, for programs that replace it in tests. The
// comments of the methods of *Manager are the contract.
type DomainManager interface {
	// AddDomain adds a domain to a subscription.
	AddDomain(ctx context.Context, to ID, name string) (Domain, error)
	// Domain returns the domain with exactly this name.
	Domain(ctx context.Context, name string) (Domain, error)
	// Domains returns one page of domains, by name.
	Domains(ctx context.Context, q DomainQuery) (DomainPage, error)
	// CountDomains returns the number of domains that q selects, at most atMost; 0 means no bound.
	CountDomains(ctx context.Context, q DomainQuery, atMost int) (int, error)
	// RenameDomain gives a domain another name.
	RenameDomain(ctx context.Context, id DomainID, name string) (Domain, error)
	// MoveDomains moves domains to another subscription.
	MoveDomains(ctx context.Context, ids []DomainID, to ID) (Outcome[DomainID], error)
	// SetMainDomain makes a domain the main domain of its subscription.
	SetMainDomain(ctx context.Context, id DomainID) error
	// SuspendDomains places a hold on domains.
	SuspendDomains(ctx context.Context, ids []DomainID, h Hold) (Outcome[DomainID], error)
	// ActivateDomains lifts every hold of domains.
	ActivateDomains(ctx context.Context, ids []DomainID) (Outcome[DomainID], error)
	// LiftDomains lifts the holds of domains with the given causes.
	LiftDomains(ctx context.Context, ids []DomainID, causes []Cause) (Outcome[DomainID], error)
	// UpdateDomainHolds changes the texts of holds of domains.
	UpdateDomainHolds(ctx context.Context, ids []DomainID, cause Cause, t HoldTexts) (Outcome[DomainID], error)
	// UpdateDomain changes the attributes of a domain.
	UpdateDomain(ctx context.Context, id DomainID, c DomainChanges) (Domain, error)
	// RemoveDomains deletes domains.
	RemoveDomains(ctx context.Context, ids []DomainID) (Removal, error)
	// Resolve returns the domain that serves a visitor's host name.
	Resolve(ctx context.Context, host string) (Site, error)
}

var (
	_ SubscriptionManager = (*Manager)(nil)
	_ DomainManager       = (*Manager)(nil)
)

// AddDomain adds a domain to the given subscription and returns it. The first domain of a subscription becomes its main
// domain. The name may be written in either spelling of an IDN, in any case, with one trailing dot and with white space around
// it; it is stored as lower-case A-labels. Characters that show nothing are removed, except for joiners between letters, where
// IDNA allows them. It needs at least two labels and at most 253 bytes. Names are unique in the whole store, and an account
// gets no name below or above a domain of another account; the provider's own domains do not count for that. An account cannot
// own a public suffix, or a name in or below Options.ReservedDomains.
//
// It returns ErrNotFound if the subscription does not exist; ErrTaken at "name" if the name exists or conflicts with
// another account's; ErrInvalid at "name" if it is not a domain name or, for an account, a public suffix or reserved; the
// error of Options.AllowDomain, wrapped, if that refuses; ErrUnavailable if the store is unavailable (no changes were made)
// and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) AddDomain(ctx context.Context, to ID, given string) (_ Domain, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.AddDomain")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	name := m.checkName(&v, "name", given, false)
	if err := v.Err(); err != nil {
		return Domain{}, err
	}
	var added Domain
	err = m.withDomainApproval(ctx, func(tx Tx, a *approvals) error {
		l, err := m.lock(tx, LockSet{Subscriptions: []ID{to}})
		if err != nil {
			return err
		}
		s := l.Subscriptions[0]
		claimed, err := m.claimName(tx, a, name, given, s.AccountID, 1)
		if err != nil {
			return err
		}
		d := Domain{
			ID: claimed.DomainIDs[0], SubscriptionID: s.ID, AccountID: s.AccountID, Name: name, Main: s.Main == 0, Plan: s.Plan,
			Inherited: l.owner(s.AccountID).Holds.Inherited(s.Holds), CreatedAt: c.at,
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

// claimName claims one name for an owner and allocates ids, the number of new domain ids. Violations and conflicts are at
// "name".
func (m *Manager) claimName(tx Tx, a *approvals, name, given string, owner AccountID, ids int) (Claimed, error) {
	if owner != Provider {
		var v input.Violations
		m.checkOwnable(&v, "name", name)
		if err := v.Err(); err != nil {
			return Claimed{}, err
		}
		if err := a.require(owner, []string{name}); err != nil {
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

// Domain returns the domain with exactly this name, read as AddDomain reads it.
//
// It returns ErrNotFound if there is none, also if the text is not a domain name, and ErrUnavailable if the store is
// unavailable.
func (m *Manager) Domain(ctx context.Context, given string) (_ Domain, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.Domain")
	defer func() { end(err) }()
	name, ok := CanonicalName(given)
	if !ok {
		return Domain{}, unknownDomain(given)
	}
	site, err := m.site(ctx, name, "")
	return site.Domain, err
}

// Resolve returns the domain that serves a visitor's host name, and its plan; Site.Domain.Status says whether it may be
// served now. A name www.NAME that does not exist itself resolves to NAME. Resolve is the hot path: one look-up by an index.
//
// It returns ErrNotFound if there is no such domain, also if the text is not a domain name, and ErrUnavailable if the store
// is unavailable.
func (m *Manager) Resolve(ctx context.Context, host string) (_ Site, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.Resolve")
	defer func() { end(err) }()
	name, ok := CanonicalName(host)
	if !ok {
		return Site{}, unknownDomain(host)
	}
	return m.site(ctx, name, stripWWW(name))
}

func (m *Manager) site(ctx context.Context, name, fallback string) (Site, error) {
	site, err := m.store.Site(ctx, name, fallback)
	if err == nil && !m.sees(site.Domain.AccountID) {
		err = unknownDomain(name)
	}
	if err != nil {
		return Site{}, err
	}
	return site, nil
}

func unknownDomain(name string) error { return &NotFoundError{Kind: string(LevelDomain), Name: name} }

// RenameDomain gives a domain another name and returns it. Its id and its holds stay, and so does its subscription's name.
// Renaming a domain to its own name changes nothing. Names are read as AddDomain reads them.
//
// It returns ErrNotFound if the domain does not exist; ErrTaken at "name" if the name exists or conflicts with another
// account's; ErrInvalid at "name" if it is not a domain name or, for an account, a public suffix or reserved; the error of
// Options.AllowDomain, wrapped, if that refuses; ErrUnavailable if the store is unavailable (no changes were made) and
// ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) RenameDomain(ctx context.Context, id DomainID, given string) (_ Domain, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.RenameDomain")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	name := m.checkName(&v, "name", given, false)
	if err := v.Err(); err != nil {
		return Domain{}, err
	}
	var renamed Domain
	err = m.withDomainApproval(ctx, func(tx Tx, a *approvals) error {
		l, err := m.lock(tx, LockSet{Domains: []DomainID{id}})
		if err != nil {
			return err
		}
		d := l.Domains[0]
		if d.Name == name {
			renamed = d
			return nil
		}
		if _, err := m.claimName(tx, a, name, given, d.AccountID, 0); err != nil {
			return err
		}
		fromTo := input.Details("from", d.Name, "to", name)
		d.Name = name
		renamed = d
		return tx.Save(Writes{UpdateDomains: []Domain{d}, Events: []Event{c.domainEvent(DomainRenamed, d, fromTo)}})
	})
	if err != nil {
		return Domain{}, err
	}
	return renamed, nil
}

// MoveDomains moves the domains with the given ids, 1 to 10,000, to the given subscription. Their holds move with them.
// Domains that belong to it already are Unchanged. The first domain moved to a subscription without domains becomes its
// main domain.
//
// It returns ErrNotFound, naming every unknown domain, or the subscription. It returns ErrInvalid at "ids" if a main domain
// would leave other domains of its subscription behind, or if a name may belong to the provider only; ErrTaken at "ids" if a
// name conflicts with a domain of an account other than the new owner; the error of Options.AllowDomain, wrapped, if that
// refuses; ErrUnavailable if the store is unavailable (no changes were made) and ErrCommitUnknown if the outcome of the
// commit is unknown.
func (m *Manager) MoveDomains(ctx context.Context, ids []DomainID, to ID) (_ Outcome[DomainID], err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.MoveDomains")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	ids = input.IDs(&v, ids)
	if err := v.Err(); err != nil {
		return Outcome[DomainID]{}, err
	}
	var out Outcome[DomainID]
	err = m.withDomainApproval(ctx, func(tx Tx, a *approvals) error {
		l, err := m.lock(tx, LockSet{Subscriptions: []ID{to}, Domains: ids})
		if err != nil {
			return err
		}
		target := l.subscription(to)
		moving := slices.DeleteFunc(slices.Clone(l.Domains), func(d Domain) bool { return d.SubscriptionID == to })
		var v input.Violations
		emptied, err := checkMainDomains(&v, tx, l, moving)
		if err != nil {
			return err
		}
		changingHands := slices.DeleteFunc(slices.Clone(moving), func(d Domain) bool { return d.AccountID == target.AccountID })
		if err := m.checkTransfer(&v, tx, a, changingHands, target.AccountID); err != nil {
			return err
		}
		decided, w := moveDomains(l.Domains, target, c)
		if len(moving) > 0 && target.Main == 0 {
			target.Main = moving[0].ID
			emptied = append(emptied, *target)
		}
		w.UpdateSubscriptions = emptied
		out = decided
		return save(tx, w)
	})
	if err != nil {
		return Outcome[DomainID]{}, err
	}
	return out, nil
}

// moveDomains decides which domains move to the target.
func moveDomains(all []Domain, target *Record, c commandInfo) (out Outcome[DomainID], w Writes) {
	for _, d := range all {
		if d.SubscriptionID == target.ID {
			out.Unchanged = append(out.Unchanged, d.ID)
			continue
		}
		out.Changed = append(out.Changed, d.ID)
		fromTo := input.Details("from", decimal(d.SubscriptionID), "to", decimal(target.ID))
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

// checkMainDomains returns the subscriptions that lose all their domains, among those that lose domains. It adds a violation
// at "ids" if a main domain would be removed while other domains remain.
func checkMainDomains(v *input.Violations, tx Tx, l LockedRows, removing []Domain) ([]Record, error) {
	isRemoved := make(map[DomainID]bool, len(removing))
	for _, d := range removing {
		isRemoved[d.ID] = true
	}
	var emptied []Record
	var ids []ID
	for _, s := range l.Subscriptions {
		if isRemoved[s.Main] {
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
	othersRemain := map[ID]bool{}
	for _, d := range domains {
		othersRemain[d.SubscriptionID] = othersRemain[d.SubscriptionID] || !isRemoved[d.ID]
	}
	for _, d := range domains {
		if d.Main && othersRemain[d.SubscriptionID] {
			v.Add("ids", "main", d.Name)
		}
	}
	return emptied, nil
}

// SetMainDomain makes a domain the main domain of its subscription, and increments the subscription's version. If it
// already is the main domain, nothing changes.
//
// It returns ErrNotFound if the domain does not exist; ErrUnavailable if the store is unavailable (no changes were made)
// and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) SetMainDomain(ctx context.Context, id DomainID) (err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.SetMainDomain")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	if err := v.Err(); err != nil {
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
		fromTo := input.Details("from", decimal(s.Main), "to", decimal(id))
		s.Main, s.UpdatedAt = id, c.at
		s.Version++
		return tx.Save(Writes{
			UpdateSubscriptions: []Record{s},
			Events:              []Event{c.domainEvent(DomainMainChanged, d, fromTo)},
		})
	})
}

// UpdateDomain merges ch.Attributes into the attributes of a domain and returns it. A domain has no version: the last
// change of an attribute wins, and changes of different attributes do not conflict. If nothing differs, nothing is written.
//
// It returns ErrNotFound if the domain does not exist; ErrInvalid at "attributes" and "attributes[key]"; ErrUnavailable if
// the store is unavailable (no changes were made) and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) UpdateDomain(ctx context.Context, id DomainID, ch DomainChanges) (_ Domain, err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.UpdateDomain")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	ch.Attributes = input.CleanAttributes(ch.Attributes)
	inputRules.Check(&v, "", ch)
	if err := v.Err(); err != nil {
		return Domain{}, err
	}
	var updated Domain
	err = m.store.Update(ctx, func(tx Tx) error {
		l, err := m.lock(tx, LockSet{Domains: []DomainID{id}})
		if err != nil {
			return err
		}
		var v input.Violations
		updated = l.Domains[0]
		updated.Attributes = input.MergeAttributes(&v, updated.Attributes, ch.Attributes)
		if err := v.Err(); err != nil || maps.Equal(updated.Attributes, l.Domains[0].Attributes) {
			return err
		}
		return tx.Save(Writes{
			UpdateDomains: []Domain{updated},
			Events:        []Event{c.domainEvent(DomainUpdated, updated, input.Details("fields", "attributes"))},
		})
	})
	if err != nil {
		return Domain{}, err
	}
	return updated, nil
}

// SuspendDomains places hold h on the domains with the given ids, 1 to 10,000. A domain that has a hold with the same cause
// keeps it, with its By and At, and gets those texts of h that are not empty: it is Updated, or Unchanged if they are the
// same. To empty a text, use UpdateDomainHolds.
//
// It returns ErrNotFound, naming every unknown id; ErrInvalid at "ids", "cause" (not a slug, or CauseExpired), "note",
// "message" or "public" (more than 4,096 characters); ErrUnavailable if the store is unavailable (no changes were made)
// and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) SuspendDomains(ctx context.Context, ids []DomainID, h Hold) (_ Outcome[DomainID], err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.SuspendDomains")
	defer func() { end(err) }()
	return m.domainHoldCommands().Suspend(ctx, ids, h)
}

// UpdateDomainHolds changes the texts of the holds with the given cause on the domains with the given ids, 1 to 10,000. It
// changes nothing else: domains without such a hold, and those whose texts are the same, are Unchanged, and the others
// Updated.
//
// It returns ErrNotFound, naming every unknown id; ErrInvalid at "ids", "cause" (empty or not a slug), "note", "message" or
// "public" (more than 4,096 characters); ErrUnavailable if the store is unavailable (no changes were made) and
// ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) UpdateDomainHolds(
	ctx context.Context, ids []DomainID, cause Cause, t HoldTexts,
) (_ Outcome[DomainID], err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.UpdateDomainHolds")
	defer func() { end(err) }()
	return m.domainHoldCommands().UpdateHolds(ctx, ids, cause, t)
}

// ActivateDomains lifts every hold of the domains with the given ids, 1 to 10,000. A domain stays suspended while its
// subscription or its account is; it is then in StillSuspended.
//
// It returns ErrNotFound, naming every unknown id, and ErrInvalid at "ids"; ErrUnavailable if the store is unavailable (no
// changes were made) and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) ActivateDomains(ctx context.Context, ids []DomainID) (_ Outcome[DomainID], err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.ActivateDomains")
	defer func() { end(err) }()
	return m.domainHoldCommands().Activate(ctx, ids)
}

// LiftDomains lifts the holds with the given causes, 1 to 100, from the domains with the given ids, 1 to 10,000.
//
// It returns ErrNotFound, naming every unknown id; ErrInvalid at "ids" or "causes" (none, more than 100) or "causes[i]"
// (not a slug, or CauseExpired); ErrUnavailable if the store is unavailable (no changes were made) and ErrCommitUnknown if
// the outcome of the commit is unknown.
func (m *Manager) LiftDomains(ctx context.Context, ids []DomainID, causes []Cause) (_ Outcome[DomainID], err error) {
	ctx, end := m.hook.Start(ctx, "subscriptions.LiftDomains")
	defer func() { end(err) }()
	return m.domainHoldCommands().Lift(ctx, ids, causes)
}

// domainHoldCommands returns the commands about the holds of domains.
func (m *Manager) domainHoldCommands() HoldCommands[DomainID] {
	return HoldCommands[DomainID]{Now: m.now, Change: func(ctx context.Context, ids []DomainID, decide func(HoldTargets[DomainID]) Writes) error {
		return m.store.Update(ctx, func(tx Tx) error {
			l, err := m.lock(tx, LockSet{Domains: ids})
			if err != nil {
				return err
			}
			targets := HoldTargets[DomainID]{Level: LevelDomain}
			for _, d := range l.Domains {
				targets.Add(d.ID, d.Holds, d.Inherited, Event{
					AccountID: d.AccountID, SubscriptionID: d.SubscriptionID, DomainID: d.ID, Domain: d.Name,
				})
			}
			return save(tx, decide(targets))
		})
	}}
}
