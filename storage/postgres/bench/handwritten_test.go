package bench

import (
	"context"
	"errors"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// handwritten is the SQL that an application would write instead of using the library, with as few statements as possible that
// lock, check and write the same rows. Rows are locked before anything that depends on them is read.
type handwritten struct {
	pool *pgxpool.Pool
	now  func() time.Time
}

// lockClass returns the first number of the library's advisory locks in the schema clientele. All code that writes to its tables
// must take the same locks.
func lockClass() int32 {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte("clientele:clientele")) // never fails
	return int32(hash.Sum32())                       // all 32 bits are meant
}

func (h handwritten) at() time.Time { return h.now().UTC().Truncate(time.Microsecond) }

// errMissing is the counterpart of ErrNotFound.
var errMissing = errors.New("not found")

// heldRow is a hold as json_agg encodes it.
type heldRow struct {
	Cause, Note, Message, Public string
	PlacedBy                     string    `json:"placed_by"`
	PlacedAt                     time.Time `json:"placed_at"`
}

func holds(rows []heldRow) subscriptions.Holds {
	var all subscriptions.Holds
	for _, h := range rows {
		all = append(all, subscriptions.Hold{
			Cause: subscriptions.Cause(h.Cause), Note: h.Note, Message: h.Message, Public: h.Public, By: h.PlacedBy, At: h.PlacedAt.UTC(),
		})
	}
	return all
}

const handAccount = `
SELECT a.id, a.login, a.password_hash, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, coalesce(a.external_id, ''), a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM clientele.account_holds AS h WHERE h.account_id = a.id)`

func scanAccount(row pgx.Row, more ...any) (accounts.Record, error) {
	var a accounts.Record
	var held []heldRow
	err := row.Scan(append([]any{
		&a.ID, &a.Login, &a.Hash, &a.Contact.Name, &a.Contact.Company, &a.Contact.Email, &a.Contact.Phone, &a.Contact.Address,
		&a.Contact.City, &a.Contact.State, &a.Contact.PostalCode, &a.Contact.Country, &a.AdditionalInfo, &a.Description,
		&a.ExternalID, &a.Locale, &a.Attributes, &a.SessionEpoch, &a.Version, &a.CreatedAt, &a.UpdatedAt, &held,
	}, more...)...)
	a.Holds, a.CreatedAt, a.UpdatedAt = holds(held), a.CreatedAt.UTC(), a.UpdatedAt.UTC()
	return a, err
}

func (h handwritten) get(ctx context.Context, id accounts.ID) (accounts.Account, error) {
	a, err := scanAccount(h.pool.QueryRow(ctx, handAccount+" FROM clientele.accounts AS a WHERE a.id = $1", int64(id)))
	return a.Account, err
}

func (h handwritten) getByLogin(ctx context.Context, login string) (accounts.Account, error) {
	a, err := scanAccount(h.pool.QueryRow(ctx, handAccount+" FROM clientele.accounts AS a WHERE a.login = $1", strings.ToLower(login)))
	return a.Account, err
}

func (h handwritten) checkSession(ctx context.Context, id accounts.ID, signIn int64) (accounts.Account, error) {
	a, err := h.get(ctx, id)
	switch {
	case err != nil:
		return a, err
	case a.SessionEpoch != signIn:
		return accounts.Account{}, accounts.ErrSessionEnded
	case len(a.Holds) > 0:
		return a, accounts.ErrSuspended
	}
	return a, nil
}

const handSite = `
SELECT d.id, d.subscription_id, coalesce(s.account_id, 0), d.name, s.main_domain_id = d.id, d.attributes, d.created_at, s.plan,
    (SELECT json_agg(h ORDER BY h.cause) FROM clientele.domain_holds AS h WHERE h.domain_id = d.id),
    (SELECT json_agg(h ORDER BY h.cause) FROM clientele.subscription_holds AS h WHERE h.subscription_id = d.subscription_id),
    (SELECT json_agg(h ORDER BY h.cause) FROM clientele.account_holds AS h WHERE h.account_id = s.account_id)
FROM clientele.domains AS d JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
WHERE d.name IN ($1, $2)
ORDER BY d.name = $1 DESC
LIMIT 1`

func (h handwritten) resolve(ctx context.Context, host string) (subscriptions.Site, error) {
	var site subscriptions.Site
	var own, above, top []heldRow
	d := &site.Domain
	err := h.pool.QueryRow(ctx, handSite, host, strings.TrimPrefix(host, "www.")).Scan(
		&d.ID, &d.SubscriptionID, &d.AccountID, &d.Name, &d.Main, &d.Attributes, &d.CreatedAt, &site.Plan, &own, &above, &top)
	d.Plan = site.Plan
	d.Holds, d.Inherited, d.CreatedAt = holds(own), holds(top).Inherited(holds(above)), d.CreatedAt.UTC()
	return site, err
}

const (
	handSummary = handAccount + `,
    (SELECT count(*) FROM clientele.subscriptions AS s WHERE s.account_id = a.id),
    (SELECT count(*) FROM clientele.subscriptions AS s JOIN clientele.domains AS d ON d.subscription_id = s.id WHERE s.account_id = a.id)
FROM clientele.accounts AS a`

	handPage = handSummary + `
WHERE (a.created_at, a.id) > ($1, $2)
ORDER BY a.created_at, a.id
LIMIT $3`

	handSearch = handSummary + `
WHERE a.id IN (
    SELECT id FROM clientele.accounts WHERE search LIKE $1
    UNION
    SELECT s.account_id FROM clientele.domains AS d JOIN clientele.subscriptions AS s ON s.id = d.subscription_id WHERE d.search LIKE $1)
ORDER BY a.created_at, a.id
LIMIT $2`
)

func (h handwritten) page(ctx context.Context, after accounts.Account, limit int) ([]accounts.Summary, error) {
	return h.summaries(ctx, handPage, after.CreatedAt, int64(after.ID), limit)
}

func (h handwritten) search(ctx context.Context, term string, limit int) ([]accounts.Summary, error) {
	return h.summaries(ctx, handSearch, "%"+strings.TrimSpace(input.SearchText(term))+"%", limit)
}

func (h handwritten) summaries(ctx context.Context, statement string, args ...any) ([]accounts.Summary, error) {
	rows, err := h.pool.Query(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s accounts.Summary, err error) {
		a, err := scanAccount(row, &s.Subscriptions, &s.Domains)
		s.Account = a.Account
		return s, err
	})
}

const (
	handClaimLocks = `SELECT pg_advisory_xact_lock($1, key) FROM unnest($2::integer[]) AS key`

	handClaim = `
SELECT nextval('clientele.account_ids'), nextval('clientele.subscription_ids'), nextval('clientele.domain_ids'),
    EXISTS (SELECT FROM clientele.accounts WHERE login = $1),
    EXISTS (SELECT FROM clientele.accounts WHERE external_id = $2),
    EXISTS (SELECT FROM clientele.domains WHERE name = $3),
    EXISTS (SELECT FROM clientele.domains AS d JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
        WHERE d.name = ANY($4::text[]) AND s.account_id IS NOT NULL),
    EXISTS (SELECT FROM clientele.domains AS d JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
        WHERE d.reversed >= $5::text || '.' AND d.reversed < $5::text || '/' AND s.account_id IS NOT NULL)`

	handCreate = `
WITH a AS (
    INSERT INTO clientele.accounts (id, login, password_hash, name, company, email, phone, address, city, state, postal_code,
        country, additional_info, description, external_id, locale, attributes, session_epoch, version, created_at, updated_at,
        sort_name, search)
    VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', '', '', $8, '', '', $9, '', NULL, 1, 1, $10, $10, $11, $12)
), s AS (
    INSERT INTO clientele.subscriptions (id, account_id, name, plan, description, external_id, attributes,
        expires_at, due_at, main_domain_id, version, created_at, updated_at, search)
    VALUES ($13, $1, $14, $15, '', NULL, NULL, NULL, NULL, $16, 1, $10, $10, $17)
), d AS (
    INSERT INTO clientele.domains (id, subscription_id, name, reversed, attributes, created_at, search)
    VALUES ($16, $13, $14, $18, NULL, $10, $19)
)
INSERT INTO clientele.events (at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
VALUES ($10, 'account.created', $20, $1, NULL, NULL, '', jsonb_build_object('externalID', $9::text), jsonb_build_object('login', $2::text)),
    ($10, 'subscription.created', $20, $1, $13, NULL, '', NULL, NULL),
    ($10, 'domain.added', $20, $1, $13, $16, $14, NULL, NULL)`
)

func (h handwritten) create(ctx context.Context, actor string, in accounts.New) (accounts.ID, error) {
	hash, _ := plain{}.Hash(ctx, in.Password)
	name, at := in.Subscription.Domains[0], h.at()
	keys := accounts.Claim{
		Logins: []string{in.Login}, AccountExternalIDs: []string{in.ExternalID},
		Claim: subscriptions.Claim{Names: in.Subscription.Domains, Owner: -1},
	}.Keys()
	as := accounts.Account{Login: in.Login, Contact: in.Contact, ExternalID: in.ExternalID}
	var id, subscription, domain int64
	err := pgx.BeginTxFunc(ctx, h.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, handClaimLocks, lockClass(), keys); err != nil {
			return err
		}
		var login, external, taken, above, below bool
		if err := tx.QueryRow(ctx, handClaim, in.Login, in.ExternalID, name, subscriptions.Ancestors(name), reversed(name)).Scan(
			&id, &subscription, &domain, &login, &external, &taken, &above, &below); err != nil {
			return err
		}
		if login || external || taken || above || below {
			return accounts.ErrTaken
		}
		_, err := tx.Exec(ctx, handCreate, id, in.Login, hash, in.Contact.Name, in.Contact.Company, in.Contact.Email, in.Contact.Phone,
			in.Contact.Country, in.ExternalID, at, as.SortName(), as.SearchText(),
			subscription, name, in.Subscription.Plan, domain, input.SearchText(name, ""), reversed(name), input.SearchText(name), actor)
		return err
	})
	return accounts.ID(id), err
}

const (
	handLock = `SELECT id FROM clientele.accounts WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE`

	// An existing hold keeps placed_by and placed_at, and gets the texts that are not empty.
	handSuspend = `
WITH placed AS (
    INSERT INTO clientele.account_holds AS h (account_id, cause, note, message, public, placed_by, placed_at)
    SELECT id, $2::text, $3::text, $4::text, $5::text, $6::text, $7::timestamptz FROM unnest($1::bigint[]) AS id
    ON CONFLICT (account_id, cause) DO UPDATE SET note = coalesce(nullif(excluded.note, ''), h.note),
        message = coalesce(nullif(excluded.message, ''), h.message), public = coalesce(nullif(excluded.public, ''), h.public)
    WHERE excluded.note NOT IN ('', h.note) OR excluded.message NOT IN ('', h.message) OR excluded.public NOT IN ('', h.public)
    RETURNING account_id, note, message, public, h.xmax = 0 AS added
)
INSERT INTO clientele.events (at, type, actor, account_id, domain, details, texts)
SELECT $7::timestamptz, CASE WHEN added THEN 'account.suspended' ELSE 'account.hold-updated' END, $6::text, account_id, '', jsonb_build_object('cause', $2::text),
    nullif(jsonb_strip_nulls(jsonb_build_object('note', nullif(note, ''), 'message', nullif(message, ''), 'public', nullif(public, ''))), '{}')
FROM placed
ORDER BY account_id
RETURNING account_id, type = 'account.suspended'`
)

func (h handwritten) suspend(ctx context.Context, actor string, ids []accounts.ID, hold accounts.Hold) (out accounts.Outcome, err error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	at := h.at()
	err = pgx.BeginTxFunc(ctx, h.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, handLock, numbers(ids))
		if err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[accounts.ID])
		if err != nil {
			return err
		}
		if len(found) != len(ids) {
			return errMissing
		}
		rows, err = tx.Query(ctx, handSuspend, numbers(ids), string(hold.Cause), hold.Note, hold.Message, hold.Public, actor, at)
		if err != nil {
			return err
		}
		var id accounts.ID
		var added bool
		_, err = pgx.ForEachRow(rows, []any{&id, &added}, func() error {
			if added {
				out.Changed = append(out.Changed, id)
			} else {
				out.Updated = append(out.Updated, id)
			}
			return nil
		})
		return err
	})
	if len(out.Changed) == len(ids) {
		return out, err
	}
	changed := map[accounts.ID]bool{}
	for _, id := range slices.Concat(out.Changed, out.Updated) {
		changed[id] = true
	}
	for _, id := range ids {
		if !changed[id] {
			out.Unchanged = append(out.Unchanged, id)
		}
	}
	return out, err
}

const handRemove = `
WITH d AS (
    DELETE FROM clientele.domains AS d USING clientele.subscriptions AS s
    WHERE s.id = d.subscription_id AND s.account_id = ANY($1::bigint[])
    RETURNING d.id, d.name, s.id AS subscription_id, s.account_id
), s AS (
    DELETE FROM clientele.subscriptions AS s WHERE s.account_id = ANY($1::bigint[])
    RETURNING s.id, s.account_id, s.external_id
), a AS (
    DELETE FROM clientele.accounts AS a WHERE a.id = ANY($1::bigint[])
    RETURNING a.id, a.external_id, a.login
), forgotten_domains AS (
    UPDATE clientele.events SET texts = NULL WHERE domain_id IN (SELECT id FROM d) AND texts IS NOT NULL
), forgotten_subscriptions AS (
    UPDATE clientele.events SET texts = NULL
    WHERE subscription_id IN (SELECT id FROM s) AND domain_id IS NULL AND texts IS NOT NULL
), forgotten_accounts AS (
    UPDATE clientele.events SET texts = NULL
    WHERE account_id = ANY($1::bigint[]) AND subscription_id IS NULL AND domain_id IS NULL AND texts IS NOT NULL
)
INSERT INTO clientele.events (at, type, actor, account_id, subscription_id, domain_id, domain, details)
SELECT $2::timestamptz, type, $3::text, account_id, subscription_id, domain_id, domain, details
FROM (
    SELECT 1 AS kind, id, 'domain.removed' AS type, account_id, subscription_id, id AS domain_id, name AS domain, NULL::jsonb AS details FROM d
    UNION ALL
    SELECT 2, id, 'subscription.removed', account_id, id, NULL, '', CASE WHEN external_id <> '' THEN jsonb_build_object('externalID', external_id) END FROM s
    UNION ALL
    SELECT 3, id, 'account.removed', id, NULL, NULL, '', jsonb_strip_nulls(jsonb_build_object('externalID', nullif(external_id, ''), 'login', login)) FROM a
) AS gone
ORDER BY kind, id
RETURNING coalesce(subscription_id, 0), domain_id IS NOT NULL, CASE WHEN type = 'account.removed' THEN details ->> 'login' ELSE domain END`

func (h handwritten) remove(ctx context.Context, actor string, ids []accounts.ID) (r accounts.Removal, err error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	at := h.at()
	r.Accounts = ids
	err = pgx.BeginTxFunc(ctx, h.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, handLock, numbers(ids))
		if err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[accounts.ID])
		if err != nil {
			return err
		}
		if len(found) != len(ids) {
			return errMissing
		}
		rows, err = tx.Query(ctx, handRemove, numbers(ids), at, actor)
		if err != nil {
			return err
		}
		var subscription subscriptions.ID
		var isDomain bool
		var name string
		_, err = pgx.ForEachRow(rows, []any{&subscription, &isDomain, &name}, func() error {
			switch {
			case isDomain:
				r.Domains = append(r.Domains, name)
			case subscription != 0:
				r.Subscriptions = append(r.Subscriptions, subscription)
			default:
				r.Logins = append(r.Logins, name)
			}
			return nil
		})
		return err
	})
	slices.Sort(r.Domains)
	slices.Sort(r.Logins)
	return r, err
}

func numbers(ids []accounts.ID) []int64 {
	all := make([]int64, len(ids))
	for i, id := range ids {
		all[i] = int64(id)
	}
	return all
}
