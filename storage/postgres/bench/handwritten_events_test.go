package bench

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	// Unlike the library's, it waits for commands that are removing something.
	handNumber = `
WITH new AS MATERIALIZED (
    SELECT id, row_number() OVER (ORDER BY id) AS nth
    FROM (SELECT id FROM clientele.events WHERE number IS NULL ORDER BY id FOR UPDATE) AS unnumbered
), counter AS (
    UPDATE clientele.event_log SET last = last + (SELECT count(*) FROM new)
    RETURNING last - (SELECT count(*) FROM new) AS before
)
UPDATE clientele.events AS e SET number = counter.before + new.nth
FROM new, counter
WHERE e.id = new.id`

	handEvents = `
SELECT number, at, type, actor, coalesce(account_id, 0), coalesce(subscription_id, 0), coalesce(domain_id, 0), domain, details, texts,
    (SELECT id FROM clientele.events WHERE number IS NULL ORDER BY id LIMIT 1) IS NOT NULL
FROM clientele.events
WHERE number > $1
ORDER BY number
LIMIT $2`

	handPrune = `
WITH deleted AS (
    DELETE FROM clientele.events WHERE number IS NOT NULL AND at < $1 RETURNING number
)
UPDATE clientele.event_log SET pruned = greatest(pruned, (SELECT max(number) FROM deleted))
WHERE EXISTS (SELECT FROM deleted)
RETURNING (SELECT count(*) FROM deleted)`
)

// number gives numbers to all events that have none, in one transaction.
func (h handwritten) number(ctx context.Context) error {
	return h.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1, 1024)", lockClass()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, handNumber)
		return err
	})
}

// events returns the events after a number, and whether others have no number yet.
func (h handwritten) events(ctx context.Context, after int64, limit int) (events []accounts.NumberedEvent, unnumbered bool, err error) {
	rows, err := h.pool.Query(ctx, handEvents, after, limit)
	if err != nil {
		return nil, false, err
	}
	events, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e accounts.NumberedEvent, err error) {
		var texts map[string]string
		err = row.Scan(&e.Number, &e.At, &e.Type, &e.Actor, &e.AccountID, &e.SubscriptionID, &e.DomainID, &e.Domain, &e.Details, &texts, &unnumbered)
		if e.Details == nil {
			e.Details = texts
		} else {
			for key, text := range texts {
				e.Details[key] = text
			}
		}
		e.At = e.At.UTC()
		return e, err
	})
	return events, unnumbered, err
}

// firstEvents returns the first events after a number, and numbers all before.
func (h handwritten) firstEvents(ctx context.Context, after int64, limit int) ([]accounts.NumberedEvent, error) {
	if err := h.number(ctx); err != nil {
		return nil, err
	}
	events, _, err := h.events(ctx, after, limit)
	return events, err
}

// follow calls fn with all events after a number, in batches.
func (h handwritten) follow(ctx context.Context, after int64, fn func([]accounts.NumberedEvent) error) error {
	for {
		events, unnumbered, err := h.events(ctx, after, 500)
		if err != nil {
			return err
		}
		if unnumbered {
			if err := h.number(ctx); err != nil {
				return err
			}
		}
		if len(events) == 0 {
			return nil
		}
		if err := fn(events); err != nil {
			return err
		}
		after = events[len(events)-1].Number
	}
}

func (h handwritten) prune(ctx context.Context, before time.Time) (n int, err error) {
	if err := h.number(ctx); err != nil {
		return 0, err
	}
	err = h.pool.QueryRow(ctx, handPrune, before).Scan(&n)
	return n, err
}

const (
	handSnapshotSubscriptions = `
SELECT s.id, coalesce(s.account_id, 0), s.name, s.plan, s.description, coalesce(s.external_id, ''), s.attributes, s.expires_at,
    s.version, s.created_at, s.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM clientele.subscription_holds AS h WHERE h.subscription_id = s.id),
    (SELECT json_agg(h ORDER BY h.cause) FROM clientele.account_holds AS h WHERE h.account_id = s.account_id)
FROM clientele.subscriptions AS s
ORDER BY s.id`

	handSnapshotDomains = `
SELECT d.id, d.subscription_id, coalesce(s.account_id, 0), d.name, s.main_domain_id = d.id, d.attributes, d.created_at, s.plan,
    (SELECT json_agg(h ORDER BY h.cause) FROM clientele.domain_holds AS h WHERE h.domain_id = d.id),
    (SELECT json_agg(h ORDER BY h.cause) FROM clientele.subscription_holds AS h WHERE h.subscription_id = d.subscription_id),
    (SELECT json_agg(h ORDER BY h.cause) FROM clientele.account_holds AS h WHERE h.account_id = s.account_id)
FROM clientele.domains AS d JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
ORDER BY d.id`
)

// snapshot streams all rows of one snapshot, and returns the number at which to begin reading events.
func (h handwritten) snapshot(ctx context.Context, account func(accounts.Account), subscription func(subscriptions.Subscription), domain func(subscriptions.Domain)) (last int64, err error) {
	if err := h.number(ctx); err != nil {
		return 0, err
	}
	if err := h.pool.QueryRow(ctx, "SELECT last FROM clientele.event_log").Scan(&last); err != nil {
		return 0, err
	}
	return last, pgx.BeginTxFunc(ctx, h.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		return errors.Join(
			each(ctx, tx, handAccount+"\nFROM clientele.accounts AS a ORDER BY a.id", func(row pgx.Rows) error {
				a, err := scanAccount(row)
				account(a.Account)
				return err
			}),
			each(ctx, tx, handSnapshotSubscriptions, func(row pgx.Rows) error {
				var s subscriptions.Subscription
				var own, above []heldRow
				var expires *time.Time
				err := row.Scan(&s.ID, &s.AccountID, &s.Name, &s.Plan, &s.Description, &s.ExternalID, &s.Attributes, &expires, &s.Version,
					&s.CreatedAt, &s.UpdatedAt, &own, &above)
				if expires != nil {
					s.ExpiresAt = expires.UTC()
				}
				s.Holds, s.Inherited, s.CreatedAt, s.UpdatedAt = holds(own), holds(above).Inherited(nil), s.CreatedAt.UTC(), s.UpdatedAt.UTC()
				subscription(s)
				return err
			}),
			each(ctx, tx, handSnapshotDomains, func(row pgx.Rows) error {
				site, err := scanSite(row)
				domain(site.Domain)
				return err
			}),
		)
	})
}

// each calls fn with each row of a query.
func each(ctx context.Context, tx pgx.Tx, query string, fn func(pgx.Rows) error) error {
	rows, err := tx.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
