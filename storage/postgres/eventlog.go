package postgres

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// The order of events is the order in which they are first read as committed. A sequence would not do: a smaller number
// may be committed after a greater one was read. Ids of transactions would not do either: they start again after a dump
// and restore, and what is visible to all of them waits for every other database of the server. So a reader that sees
// events without a number gives them the next ones, in a transaction of its own, one reader at a time.
const (
	// Events that a command is just redacting are not waited for.
	lockUnnumbered = `
WITH locked AS MATERIALIZED (
    SELECT id FROM clientele.events
    WHERE number IS NULL AND id > $1::bigint
    ORDER BY id
    LIMIT $2::integer
    FOR UPDATE SKIP LOCKED
)
SELECT e.id, e.account_id, e.subscription_id, e.domain_id, l.id IS NOT NULL AS locked
FROM clientele.events AS e LEFT JOIN locked AS l ON l.id = e.id
WHERE e.number IS NULL AND e.id > $1::bigint AND e.id <= (SELECT max(id) FROM locked)
ORDER BY e.id`

	giveNumbers = `
WITH given AS (
    UPDATE clientele.event_log SET last = last + cardinality($1::bigint[])
    RETURNING last - cardinality($1::bigint[]) AS before
)
UPDATE clientele.events AS e
SET number = given.before + n.nth
FROM given, unnest($1::bigint[]) WITH ORDINALITY AS n(id, nth)
WHERE e.id = n.id AND e.id = ANY(ARRAY(SELECT unnest($1::bigint[])))`
)

const pruneEvents = `
WITH gone AS (
    DELETE FROM clientele.events
    WHERE number IS NOT NULL AND at < $1::timestamptz
    RETURNING number
)
UPDATE clientele.event_log SET pruned = greatest(pruned, (SELECT max(number) FROM gone))
WHERE EXISTS (SELECT FROM gone)
RETURNING (SELECT count(*) FROM gone) AS count`

// numberedAtOnce bounds how long one transaction that gives numbers holds its locks.
const numberedAtOnce = 10_000

// Events implements accounts.Store.
func (s *Store) Events(ctx context.Context, q accounts.EventParams) (accounts.EventResult, error) {
	if s.host != nil {
		return accounts.EventResult{}, errInTransaction()
	}
	rows, f := s.readEvents(ctx, q)
	if f != nil {
		return accounts.EventResult{}, f
	}
	if rows[0].Standby && q.After > rows[0].Last {
		return accounts.EventResult{}, unavailable(ctx, errors.New("the standby has not got as far as the cursor yet"))
	}
	if !rows[0].Unnumbered || rows[0].ReadOnly {
		return eventLog(rows), nil
	}
	switch err := s.numberEvents(ctx); {
	case mayOnlyRead(err):
		return eventLog(rows), nil
	case err != nil && !errors.Is(err, accounts.ErrCommitUnknown): // whether the numbers were committed will be seen
		return accounts.EventResult{}, err
	}
	if rows, f = s.readEvents(ctx, q); f != nil {
		return accounts.EventResult{}, f
	}
	return eventLog(rows), nil
}

// PruneEvents implements accounts.Store.
func (s *Store) PruneEvents(ctx context.Context, before time.Time) (int, error) {
	if s.host != nil {
		return 0, errInTransaction()
	}
	var rows []countRow
	err := s.inOwn(ctx, func(r runner) error {
		rows = nil
		if f := r.query(ctx, &rows, pruneEvents, instant(before)); f != nil {
			return f
		}
		return nil
	})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0].Count, nil
}

func errInTransaction() error { return input.Invalid("transaction", "transaction", "") }

// readEvents answers at least one row, with the state of the log.
func (s *Store) readEvents(ctx context.Context, q accounts.EventParams) ([]eventRow, *failure) {
	l := list{table: "clientele.events", key: []string{"number"}, desc: q.Desc}
	l.filter("number IS NOT NULL")
	if q.After != 0 {
		l.position = []string{l.argument(q.After, "bigint")}
	}
	if q.AccountID != nil {
		l.filter(owned("account_id", *q.AccountID, &l))
	}
	statement := `
SELECT l.last, l.pruned, e.*,
    EXISTS (SELECT FROM clientele.events WHERE number IS NULL) AS unnumbered,
    current_setting('transaction_read_only') = 'on' AS read_only,
    pg_is_in_recovery() AS standby
FROM clientele.event_log AS l
LEFT JOIN LATERAL (` + l.rows("number, at, type, actor, account_id, subscription_id, domain_id, domain, details, texts", l.order(), l.most(q.Limit)) + `
) AS e ON true` + l.order()
	var rows []eventRow
	if f := s.query(ctx, &rows, statement, l.arguments...); f != nil {
		return nil, f
	}
	if len(rows) == 0 {
		return nil, unavailable(ctx, sql.ErrNoRows) // somebody emptied event_log
	}
	return rows, nil
}

func eventLog(rows []eventRow) accounts.EventResult {
	l := accounts.EventResult{Events: []accounts.NumberedEvent{}, Pruned: rows[0].Pruned, Last: rows[0].Last}
	for _, row := range rows {
		if row.Number != 0 {
			l.Events = append(l.Events, row.recorded())
		}
	}
	return l
}

// unnumbered is an event that waits for its number.
type unnumbered struct {
	ID, AccountID, SubscriptionID, DomainID int64
	Locked                                  bool // or else a command is just redacting it
}

// held are the things whose next event must wait, because an earlier one does: nobody is to hear that an account was
// activated, and then that it was suspended before. Commands on the same thing come one after the other, and so do their
// events by id.
type held map[thing]bool

type thing struct {
	level subscriptions.Level
	id    int64
}

// back tells whether an event must wait, when it is asked about one after the other. All that it names then waits, too.
func (h held) back(e unnumbered) bool {
	names := slices.DeleteFunc([]thing{
		{subscriptions.LevelAccount, e.AccountID}, {subscriptions.LevelSubscription, e.SubscriptionID}, {subscriptions.LevelDomain, e.DomainID},
	}, func(named thing) bool { return named.id == 0 })
	waits := !e.Locked || slices.ContainsFunc(names, func(named thing) bool { return h[named] })
	if waits {
		for _, named := range names {
			h[named] = true
		}
	}
	return waits
}

// numberEvents gives numbers to the committed events that have none, so many in a transaction.
func (s *Store) numberEvents(ctx context.Context) error {
	behind, waiting := int64(0), held{}
	for {
		var rows []unnumbered
		err := s.inOwn(ctx, func(r runner) error {
			rows = nil
			if f := r.lock(ctx, lockNumbers); f != nil {
				return f
			}
			if f := r.query(ctx, &rows, lockUnnumbered, behind, numberedAtOnce); f != nil {
				return f
			}
			var ids []int64
			for _, row := range rows {
				if !waiting.back(row) {
					ids = append(ids, row.ID)
				}
			}
			if len(ids) == 0 {
				return nil
			}
			if _, f := r.exec(ctx, giveNumbers, numberArray(ids)); f != nil {
				return f
			}
			return nil
		})
		if err != nil || len(rows) < numberedAtOnce {
			return err
		}
		behind = rows[len(rows)-1].ID
	}
}
