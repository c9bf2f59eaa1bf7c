package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// replayedRow is the state of a row according to the event log.
type replayedRow struct {
	parent       string // the account of a subscription, or the subscription of a domain
	name         string // of a domain
	causes       []string
	version      int64
	sessionEpoch int64
}

// eventReplay is the state that follows from the events alone, with the rows by kind and id, such as "account 7".
type eventReplay struct {
	violations Violations
	rows       map[string]*replayedRow
}

// Replay returns an error that lists the differences between the event log and the rows.
func (f State) Replay() error {
	r := eventReplay{rows: map[string]*replayedRow{}}
	for _, e := range f.Events {
		r.apply(e)
	}
	r.compare(f)
	return r.violations.Err()
}

// RowKey returns the key of a row in an eventReplay.
func RowKey[K ~int64](kind accounts.Level, id K) string { return fmt.Sprintf("%s %d", kind, int64(id)) }

// OwnerKey returns the key of a subscription's account, or "" if it belongs to the provider.
func OwnerKey(id accounts.ID) string {
	if id == subscriptions.Provider {
		return ""
	}
	return RowKey(accounts.LevelAccount, id)
}

// apply applies one event.
func (r *eventReplay) apply(e accounts.Event) {
	kind, verb, _ := strings.Cut(string(e.Type), ".")
	subject, parent := RowKey(accounts.LevelAccount, e.AccountID), ""
	switch accounts.Level(kind) {
	case accounts.LevelSubscription:
		subject, parent = RowKey(accounts.LevelSubscription, e.SubscriptionID), OwnerKey(e.AccountID)
	case accounts.LevelDomain:
		subject, parent = RowKey(accounts.LevelDomain, e.DomainID), RowKey(accounts.LevelSubscription, e.SubscriptionID)
	}
	if verb == "created" || verb == "added" {
		r.create(subject, parent, e)
		return
	}
	row, found := r.rows[subject]
	r.violations.Check(found, "%s: %s does not exist at this point of the log", e.Type, subject)
	if !found {
		return
	}
	if verb == "removed" {
		r.remove(subject, e)
		return
	}
	row.apply(r, subject, verb, e)
}

func (r *eventReplay) create(subject, parent string, e accounts.Event) {
	r.violations.Check(r.rows[subject] == nil, "%s is created twice", subject)
	r.violations.Check(parent == "" || r.rows[parent] != nil, "%s is created below %s, which does not exist at this point of the log", subject, parent)
	for other, row := range r.rows {
		r.violations.Check(e.Domain == "" || row.name != e.Domain, "%s gets the name %s while %s has it", subject, e.Domain, other)
	}
	r.rows[subject] = &replayedRow{parent: parent, name: e.Domain, version: 1, sessionEpoch: 1}
}

func (r *eventReplay) remove(subject string, e accounts.Event) {
	for other, row := range r.rows {
		r.violations.Check(row.parent != subject, "%s is removed while %s still belongs to it", subject, other)
	}
	r.violations.Check(r.rows[subject].name == e.Domain, "%s is removed as %q, but its name is %q", subject, e.Domain, r.rows[subject].name)
	delete(r.rows, subject)
}

// apply applies an event about the row.
func (row *replayedRow) apply(r *eventReplay, subject, verb string, e accounts.Event) {
	from, to := e.Details["from"], e.Details["to"]
	switch verb {
	case "updated":
		if e.DomainID == 0 { // domains have no version
			row.version++
		}
		if slices.Contains(strings.Split(e.Details["fields"], ","), "contact.email") {
			row.sessionEpoch++
		}
	case "reset-link-made":
	case "password-changed":
		row.sessionEpoch++
	case "suspended":
		r.violations.Check(!slices.Contains(row.causes, e.Details["cause"]), "%s is suspended by %s, which it is already", subject, e.Details["cause"])
		row.causes = append(row.causes, e.Details["cause"])
	case "hold-updated":
		r.violations.Check(slices.Contains(row.causes, e.Details["cause"]), "the hold %s of %s is updated, which it does not have", e.Details["cause"], subject)
	case "activated":
		row.lift(r, subject, e)
	case "unassigned":
		r.violations.Check(row.parent == "account "+from, "%s is unassigned from account %s, but belongs to %q", subject, from, row.parent)
		row.parent = ""
		if to == "0" {
			row.version++
		}
	case "assigned":
		r.violations.Check(row.parent == "", "%s is assigned to account %s, but still belongs to %q", subject, to, row.parent)
		row.parent = "account " + to
		row.version++
	case "renamed":
		r.violations.Check(row.name == from, "%s is renamed from %q, but its name is %q", subject, from, row.name)
		row.name = to
	case "moved":
		row.parent = "subscription " + to
	case "main-changed":
		parent, found := r.rows[row.parent]
		r.violations.Check(found, "%s becomes the main domain of %s, which does not exist at this point of the log", subject, row.parent)
		if found {
			parent.version++
		}
	default:
		r.violations.Check(false, "unknown event %s of %s", e.Type, subject)
	}
}

func (row *replayedRow) lift(r *eventReplay, subject string, e accounts.Event) {
	for _, cause := range strings.Split(e.Details["cause"], ",") {
		i := slices.Index(row.causes, cause)
		r.violations.Check(i >= 0, "the cause %s is lifted from %s, which has no such hold", cause, subject)
		if i >= 0 {
			row.causes = slices.Delete(row.causes, i, i+1)
		}
	}
	if len(row.causes) == 0 {
		row.sessionEpoch++
	}
}

// compare finds the differences between the replayed rows and those in the store.
func (r *eventReplay) compare(f State) {
	for _, a := range f.Accounts {
		r.compareRow(RowKey(accounts.LevelAccount, a.ID), a.Holds, replayedRow{version: a.Version, sessionEpoch: a.SessionEpoch})
	}
	for _, x := range f.Subscriptions {
		r.compareRow(RowKey(accounts.LevelSubscription, x.ID), x.Holds, replayedRow{parent: OwnerKey(x.AccountID), version: x.Version})
	}
	for _, d := range f.Domains {
		r.compareRow(RowKey(accounts.LevelDomain, d.ID), d.Holds, replayedRow{parent: RowKey(accounts.LevelSubscription, d.SubscriptionID), name: d.Name})
	}
	for subject := range r.rows {
		r.violations.Check(false, "%s exists according to the events, but not in the store", subject)
	}
}

// compareRow compares one row of the store with the replayed one, and deletes the latter.
func (r *eventReplay) compareRow(subject string, holds accounts.Holds, actual replayedRow) {
	row, found := r.rows[subject]
	r.violations.Check(found, "%s exists in the store, but not according to the events", subject)
	if !found {
		return
	}
	delete(r.rows, subject)
	slices.Sort(row.causes)
	r.violations.Check(strings.Join(row.causes, ",") == suite.CausesOf(holds), "%s has the holds %q in the store, but %q according to the events", subject, suite.CausesOf(holds), row.causes)
	r.violations.Check(row.parent == actual.parent, "%s belongs to %q in the store, but to %q according to the events", subject, actual.parent, row.parent)
	r.violations.Check(row.name == actual.name, "%s has the name %q in the store, but %q according to the events", subject, actual.name, row.name)
	r.violations.Check(actual.version == 0 || row.version == actual.version, "%s has version %d in the store, but %d according to the events", subject, actual.version, row.version)
	r.violations.Check(actual.sessionEpoch == 0 || row.sessionEpoch == actual.sessionEpoch, "%s has session epoch %d in the store, but %d according to the events", subject, actual.sessionEpoch, row.sessionEpoch)
}
