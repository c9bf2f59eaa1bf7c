package sqlite

import (
	"context"
	"maps"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/lists"
	"github.com/clientele-go/clientele/storage/internal/stored"
	"github.com/clientele-go/clientele/subscriptions"
)

// Commands run one at a time, so that events get their numbers in the order in which they are committed.
const (
	allocateEvents = `UPDATE clientele_state SET event = event + ? RETURNING event`

	countPruned  = `SELECT count(*), coalesce(max(number), 0) FROM clientele_events WHERE at < ?`
	deletePruned = `DELETE FROM clientele_events WHERE at < ?`
	raisePruned  = `UPDATE clientele_state SET pruned = max(pruned, ?)`
)

// numberedEvent is an event that is to be stored.
type numberedEvent struct {
	number int64
	subscriptions.Event
}

// subjectNumber returns the number of the row that e is about.
func subjectNumber(e subscriptions.Event) int64 {
	level, id := e.Subject()
	return rowNumber(levelNumber(level), id)
}

var eventTable = table[numberedEvent]{"clientele_events", []string{
	"number", "at", "type", "actor", "account_id", "subscription_id", "domain_id", "domain", "details", "texts", "subject",
}, func(e numberedEvent) []any {
	return []any{
		e.number, micros(e.At), string(e.Type), e.Actor, int64(e.AccountID), int64(e.SubscriptionID), int64(e.DomainID), e.Domain,
		attributes(stored.FilterDetails(e.Event, false)), attributes(stored.FilterDetails(e.Event, true)), subjectNumber(e.Event),
	}
}}

func (t *transaction) appendEvents(events []subscriptions.Event) error {
	if len(events) == 0 {
		return nil
	}
	last, err := queryIn(t, (*idRow).fields, allocateEvents, len(events))
	if err != nil {
		return err
	}
	first := last[0].ID - int64(len(events)) + 1
	rows := make([]numberedEvent, len(events))
	for i, e := range events {
		rows[i] = numberedEvent{first + int64(i), e}
	}
	return insert(t, eventTable, "INSERT", rows)
}

// eventRow is an event, with the state of the log.
type eventRow struct {
	last, pruned   int64
	number         *int64 // nil: the row has no event
	at             timestamp
	event          nullableEvent
	details, texts jsonMap
}

// nullableEvent are the columns of an event that are NULL in a row without one.
type nullableEvent struct {
	typ, actor, domain              *string
	account, subscription, domainID *int64
}

func (r *eventRow) fields() []any {
	e := &r.event
	return []any{
		&r.last, &r.pruned, &r.number, &r.at, &e.typ, &e.actor, &e.account, &e.subscription, &e.domainID, &e.domain, &r.details, &r.texts,
	}
}

func (r eventRow) numbered() accounts.NumberedEvent {
	details := map[string]string(r.details)
	if details == nil {
		details = r.texts
	} else {
		maps.Copy(details, r.texts)
	}
	e := r.event
	return accounts.NumberedEvent{Number: *r.number, Event: accounts.Event{
		At: r.at.Time, Type: accounts.EventType(*e.typ), Actor: *e.actor,
		AccountID: accounts.ID(*e.account), SubscriptionID: subscriptions.ID(*e.subscription), DomainID: subscriptions.DomainID(*e.domainID),
		Domain: *e.domain, Details: details,
	}}
}

// Events implements accounts.Store.
func (s *Store) Events(ctx context.Context, q accounts.EventParams) (accounts.EventResult, error) {
	if s.outer != nil {
		return accounts.EventResult{}, errInTransaction()
	}
	l := newList("clientele_events", "e", "e.number")
	l.Desc, l.Arguments["limit"] = q.Desc, q.Limit
	if q.After != 0 {
		l.Arguments["after"], l.After = q.After, []string{":after"}
	}
	if q.AccountID != nil {
		l.Arguments["account"] = int64(*q.AccountID)
		l.Within = []string{"e.account_id = :account"}
	}
	statement := `
SELECT l.event, l.pruned,
    e.number, e.at, e.type, e.actor, e.account_id, e.subscription_id, e.domain_id, e.domain, e.details, e.texts
FROM clientele_state AS l
LEFT JOIN (
    SELECT e.* FROM clientele_events AS e` + lists.Indent(lists.Where(l.Start())+l.Order()+limit) + `
) AS e ON true` + l.Order()
	rows, e := read(ctx, s, (*eventRow).fields, statement, l.values()...)
	if e != nil {
		return accounts.EventResult{}, e
	}
	if len(rows) == 0 {
		return accounts.EventResult{}, unavailable(ctx, errModified)
	}
	out := accounts.EventResult{Events: []accounts.NumberedEvent{}, Last: rows[0].last, Pruned: rows[0].pruned}
	for _, row := range rows {
		if row.number != nil {
			out.Events = append(out.Events, row.numbered())
		}
	}
	return out, nil
}

// prunedRow is a row of countPruned.
type prunedRow struct {
	count   int
	highest int64
}

func (r *prunedRow) fields() []any { return []any{&r.count, &r.highest} }

// PruneEvents implements accounts.Store.
func (s *Store) PruneEvents(ctx context.Context, before time.Time) (int, error) {
	if s.outer != nil {
		return 0, errInTransaction()
	}
	pruned := 0
	err := s.write(ctx, func(t *transaction) error {
		rows, err := queryIn(t, (*prunedRow).fields, countPruned, micros(before))
		if err != nil {
			return err
		}
		if pruned = rows[0].count; pruned == 0 {
			return nil
		}
		if err := t.exec(pruned, deletePruned, micros(before)); err != nil {
			return err
		}
		return t.exec(1, raisePruned, rows[0].highest)
	})
	if err != nil {
		return 0, err
	}
	return pruned, nil
}
