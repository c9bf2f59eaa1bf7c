package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/lists"
	"github.com/clientele-go/clientele/subscriptions"
)

// Events are numbered in the order in which they are first read as committed. A sequence is not sufficient: a lower number may
// be committed after a higher one was read. Transaction ids are not sufficient either: they start again after a dump and
// restore, and a reader would have to wait for the older transactions of every database of the server. So a reader that finds
// events without a number assigns the next numbers to them, in a separate transaction, one reader at a time.
const (
	// Skips events that a running command is redacting. None of its parts reads more than the batch, whatever the planner
	// expects: with statistics from before a bulk command it expects one row, and would join events in a nested loop.
	lockUnnumbered = `
WITH batch AS MATERIALIZED (
    SELECT id, account_id, subscription_id, domain_id FROM clientele.events
    WHERE number IS NULL AND id > $1::bigint
    ORDER BY id
    LIMIT $2::integer
), locked AS MATERIALIZED (
    SELECT e.id FROM clientele.events AS e
    WHERE e.id = ANY(ARRAY(SELECT id FROM batch))
    FOR UPDATE SKIP LOCKED
)
SELECT id, account_id, subscription_id, domain_id, id IN (SELECT id FROM locked) AS locked
FROM batch
ORDER BY id`

	assignNumbers = `
WITH counter AS (
    UPDATE clientele.event_log SET last = last + cardinality($1::bigint[])
    RETURNING last - cardinality($1::bigint[]) AS before
)
UPDATE clientele.events AS e
SET number = counter.before + n.nth
FROM counter, unnest($1::bigint[]) WITH ORDINALITY AS n(id, nth)
WHERE e.id = n.id AND e.id = ANY(ARRAY(SELECT unnest($1::bigint[])))`
)

const pruneEvents = `
WITH deleted AS (
    DELETE FROM clientele.events
    WHERE number IS NOT NULL AND at < $1::timestamptz
    RETURNING number
)
UPDATE clientele.event_log SET pruned = greatest(pruned, (SELECT max(number) FROM deleted))
WHERE EXISTS (SELECT FROM deleted)
RETURNING (SELECT count(*) FROM deleted) AS count`

// numberBatchSize is the maximum number of events numbered in one transaction, which limits how long a statement takes and how
// long removals wait for its locks. After a statement that the server canceled, because it exceeded statement_timeout, batches
// are a tenth of that, until they have one event.
const numberBatchSize = 1000

// Events implements accounts.Store.
func (s *Store) Events(ctx context.Context, q accounts.EventParams) (accounts.EventResult, error) {
	if s.outer != nil {
		return accounts.EventResult{}, errInTransaction()
	}
	rows, e := s.readEvents(ctx, q)
	if e != nil {
		return accounts.EventResult{}, readError(e)
	}
	if rows[0].Standby && q.After > rows[0].Last {
		return accounts.EventResult{}, unavailable(ctx, errors.New("the standby has not reached the cursor yet"))
	}
	if !rows[0].Unnumbered || rows[0].ReadOnly {
		return eventLog(rows), nil
	}
	switch err := s.numberEvents(ctx); {
	case isReadOnly(err):
		return eventLog(rows), nil
	case err != nil:
		return accounts.EventResult{}, err
	}
	if rows, e = s.readEvents(ctx, q); e != nil {
		return accounts.EventResult{}, e
	}
	return eventLog(rows), nil
}

// PruneEvents implements accounts.Store.
func (s *Store) PruneEvents(ctx context.Context, before time.Time) (int, error) {
	if s.outer != nil {
		return 0, errInTransaction()
	}
	if err := s.numberEvents(ctx); err != nil {
		return 0, err
	}
	var rows []countRow
	err := s.runInOwnTx(ctx, func(r runner) error {
		rows = nil
		if e := r.query(ctx, &rows, pruneEvents, formatTime(before)); e != nil {
			return e
		}
		return nil
	})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0].Count, nil
}

// readError returns e or, if the role may not read the event log, an error that does not match ErrUnavailable: no later attempt
// would succeed.
func readError(e *dbError) error {
	if e.state == "42501" {
		return fmt.Errorf("clientele: the role may not read the event log: %w", e.driver)
	}
	return e
}

// readEvents returns one or more rows, the first of which has the state of the log. The first event without a number is looked up
// by id, which has an index: with statistics from after a bulk command, the planner expects many of them, and EXISTS would read
// the whole table once they have numbers.
func (s *Store) readEvents(ctx context.Context, q accounts.EventParams) ([]eventRow, *dbError) {
	l := newList("clientele.events", "e", "e.number")
	l.Desc, l.Within, l.Arguments["limit"] = q.Desc, []string{"e.number IS NOT NULL"}, q.Limit
	if q.After != 0 {
		l.Arguments["after"], l.After = q.After, []string{":after::bigint"}
	}
	switch {
	case q.AccountID == nil:
	case *q.AccountID == subscriptions.Provider:
		l.Within = append(l.Within, "e.account_id IS NULL")
	default:
		l.Arguments["account"] = int64(*q.AccountID)
		l.Within = append(l.Within, "e.account_id = :account::bigint")
	}
	statement := `
SELECT l.last, l.pruned,
    e.number, e.at, e.type, e.actor, e.account_id, e.subscription_id, e.domain_id, e.domain, e.details, e.texts,
    coalesce((SELECT true FROM clientele.events WHERE number IS NULL ORDER BY id LIMIT 1), false) AS unnumbered,
    current_setting('transaction_read_only') = 'on' AS read_only,
    pg_is_in_recovery() AS standby
FROM clientele.event_log AS l
LEFT JOIN LATERAL (` + lists.Indent(l.All()) + `
) AS e ON true` + l.Order()
	var rows []eventRow
	if e := s.queryNamed(ctx, &rows, statement, l.Arguments); e != nil {
		return nil, e
	}
	if len(rows) == 0 {
		return nil, unavailable(ctx, sql.ErrNoRows) // event_log was emptied outside the library
	}
	return rows, nil
}

func eventLog(rows []eventRow) accounts.EventResult {
	l := accounts.EventResult{Events: []accounts.NumberedEvent{}, Pruned: rows[0].Pruned, Last: rows[0].Last}
	for _, row := range rows {
		if row.Number != 0 {
			l.Events = append(l.Events, row.numbered())
		}
	}
	return l
}

// unnumbered is an event without a number.
type unnumbered struct {
	ID, AccountID, SubscriptionID, DomainID int64
	Locked                                  bool // false: a running command is redacting it
}

// heldSubjects are the subjects whose later events are held back because an earlier one is. Otherwise a reader could learn
// that an account was activated before it learns that it was suspended. Commands on the same row run one after another, and so
// their events are ordered by id.
type heldSubjects map[subjectKey]bool

type subjectKey struct {
	level subscriptions.Level
	id    int64
}

// hold reports whether e must wait, for a running command or for an earlier event about the same subject. Events must be passed
// in order; the subjects of a held event are held as well.
func (h heldSubjects) hold(e unnumbered) bool {
	subjects := slices.DeleteFunc([]subjectKey{
		{subscriptions.LevelAccount, e.AccountID}, {subscriptions.LevelSubscription, e.SubscriptionID}, {subscriptions.LevelDomain, e.DomainID},
	}, func(k subjectKey) bool { return k.id == 0 })
	hold := !e.Locked || slices.ContainsFunc(subjects, func(k subjectKey) bool { return h[k] })
	if hold {
		for _, k := range subjects {
			h[k] = true
		}
	}
	return hold
}

// numberEvents assigns numbers to the committed events that have none, one batch in each transaction.
func (s *Store) numberEvents(ctx context.Context) error {
	after, size, held := int64(0), numberBatchSize, heldSubjects{}
	for {
		batch, nextHeld, err := s.numberBatch(ctx, after, size, held)
		switch {
		case isCanceled(err) && ctx.Err() == nil && size > 1:
			size /= 10
			continue
		case errors.Is(err, accounts.ErrCommitUnknown): // whoever reads the log next finds out which events have numbers
		case err != nil:
			return err
		}
		if len(batch) < size {
			return nil
		}
		after, held = batch[len(batch)-1].ID, nextHeld
	}
}

// numberBatch assigns numbers to the first events without one, at most size, whose ids are higher than after. It returns these
// events, also those that it holds back, and the subjects that are held after them.
func (s *Store) numberBatch(
	ctx context.Context, after int64, size int, heldBefore heldSubjects,
) (batch []unnumbered, held heldSubjects, err error) {
	err = s.runInOwnTx(ctx, func(r runner) error {
		batch, held = nil, maps.Clone(heldBefore)
		if e := r.lock(ctx, lockEventNumbers); e != nil {
			return e
		}
		if e := r.query(ctx, &batch, lockUnnumbered, after, size); e != nil {
			return e
		}
		var ids []int64
		for _, event := range batch {
			if !held.hold(event) {
				ids = append(ids, event.ID)
			}
		}
		if len(ids) == 0 {
			return nil
		}
		if _, e := r.exec(ctx, assignNumbers, numberArray(ids)); e != nil {
			return e
		}
		return nil
	})
	return batch, held, err
}
