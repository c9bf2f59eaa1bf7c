package bench

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	handClaimLocks = `SELECT pg_advisory_xact_lock($1, key) FROM unnest($2::integer[]) AS key`

	// Checks and writes in one statement, after the locks were taken. It returns no row if something is taken.
	handCreate = `
WITH new AS (
    SELECT nextval('clientele.account_ids') AS account, nextval('clientele.subscription_ids') AS subscription, nextval('clientele.domain_ids') AS domain
    WHERE NOT EXISTS (SELECT FROM clientele.accounts WHERE login = $1)
        AND NOT EXISTS (SELECT FROM clientele.accounts WHERE external_id = $8)
        AND NOT EXISTS (SELECT FROM clientele.domains WHERE name = $12)
        AND NOT EXISTS (SELECT FROM clientele.domains AS d JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
            WHERE d.name = ANY($18::text[]) AND s.account_id IS NOT NULL)
        AND NOT EXISTS (SELECT FROM clientele.domains AS d JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
            WHERE d.reversed >= $15::text || '.' AND d.reversed < $15::text || '/' AND s.account_id IS NOT NULL)
), a AS (
    INSERT INTO clientele.accounts (id, login, password_hash, name, company, email, phone, address, city, state, postal_code,
        country, additional_info, description, external_id, locale, attributes, session_epoch, version, created_at, updated_at,
        sort_name, search)
    SELECT account, $1, $2, $3, $4, $5, $6, '', '', '', '', $7, '', '', $8, '', NULL, 1, 1, $9, $9, $10, $11 FROM new
), s AS (
    INSERT INTO clientele.subscriptions (id, account_id, name, plan, description, external_id, attributes,
        expires_at, due_at, main_domain_id, version, created_at, updated_at, search)
    SELECT subscription, account, $12, $13, '', NULL, NULL, NULL, NULL, domain, 1, $9, $9, $14 FROM new
), d AS (
    INSERT INTO clientele.domains (id, subscription_id, name, reversed, attributes, created_at, search)
    SELECT domain, subscription, $12, $15, NULL, $9, $16 FROM new
), e AS (
    INSERT INTO clientele.events (at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    SELECT $9, e.type, $17, n.account, e.subscription, e.domain, e.name, e.details, e.texts
    FROM new AS n CROSS JOIN LATERAL (VALUES
        ('account.created', NULL, NULL, '', jsonb_build_object('externalID', $8::text), jsonb_build_object('login', $1::text)),
        ('subscription.created', n.subscription, NULL, '', NULL, NULL),
        ('domain.added', n.subscription, n.domain, $12, NULL, NULL)) AS e (type, subscription, domain, name, details, texts)
)
SELECT account FROM new`
)

// createArgs returns the arguments of both statements.
func (h handwritten) createArgs(ctx context.Context, actor string, in accounts.New) (locks, create []any) {
	hash, _ := plain{}.Hash(ctx, in.Password)
	name := in.Subscription.Domains[0]
	keys := accounts.Claim{
		Logins: []string{in.Login}, AccountExternalIDs: []string{in.ExternalID},
		Claim: subscriptions.Claim{Names: in.Subscription.Domains, Owner: -1},
	}.Keys()
	as := accounts.Account{Login: in.Login, Contact: in.Contact, ExternalID: in.ExternalID}
	return []any{lockClass(), keys}, []any{
		in.Login, hash, in.Contact.Name, in.Contact.Company, in.Contact.Email, in.Contact.Phone, in.Contact.Country, in.ExternalID,
		h.at(), as.SortName(), as.SearchText(), name, in.Subscription.Plan, input.SearchText(name, ""), reversed(name), input.SearchText(name),
		actor, subscriptions.Ancestors(name),
	}
}

func (h handwritten) create(ctx context.Context, actor string, in accounts.New) (accounts.ID, error) {
	locks, create := h.createArgs(ctx, actor, in)
	var id int64
	err := h.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, handClaimLocks, locks...); err != nil {
			return err
		}
		return tx.QueryRow(ctx, handCreate, create...).Scan(&id)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, accounts.ErrTaken
	}
	return accounts.ID(id), err
}

// createPipelined sends both statements at once, in one transaction, and waits once.
func (h handwritten) createPipelined(ctx context.Context, actor string, in accounts.New) (accounts.ID, error) {
	locks, create := h.createArgs(ctx, actor, in)
	var batch pgx.Batch
	batch.Queue(handClaimLocks, locks...)
	var id int64
	batch.Queue(handCreate, create...).QueryRow(func(row pgx.Row) error { return row.Scan(&id) })
	err := h.pool.SendBatch(ctx, &batch).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, accounts.ErrTaken
	}
	return accounts.ID(id), err
}

func (h handwritten) inTx(ctx context.Context, fn func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, h.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, fn)
}

const (
	handLock = `SELECT id FROM clientele.accounts WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE`

	// One statement and one transaction: nothing that it reads depends on the locks. An existing hold keeps placed_by and placed_at,
	// and gets the texts that are not empty.
	handSuspend = `
WITH locked AS MATERIALIZED (
    ` + handLock + `
), placed AS (
    INSERT INTO clientele.account_holds AS h (account_id, cause, note, message, public, placed_by, placed_at)
    SELECT id, $2::text, $3::text, $4::text, $5::text, $6::text, $7::timestamptz FROM locked
    WHERE (SELECT count(*) FROM locked) = cardinality($1::bigint[])
    ON CONFLICT (account_id, cause) DO UPDATE SET note = coalesce(nullif(excluded.note, ''), h.note),
        message = coalesce(nullif(excluded.message, ''), h.message), public = coalesce(nullif(excluded.public, ''), h.public)
    WHERE excluded.note NOT IN ('', h.note) OR excluded.message NOT IN ('', h.message) OR excluded.public NOT IN ('', h.public)
    RETURNING account_id, note, message, public, h.xmax = 0 AS added
), logged AS (
    INSERT INTO clientele.events (at, type, actor, account_id, domain, details, texts)
    SELECT $7::timestamptz, CASE WHEN added THEN 'account.suspended' ELSE 'account.hold-updated' END, $6::text, account_id, '', jsonb_build_object('cause', $2::text),
        nullif(jsonb_strip_nulls(jsonb_build_object('note', nullif(note, ''), 'message', nullif(message, ''), 'public', nullif(public, ''))), '{}')
    FROM placed
    ORDER BY account_id
    RETURNING account_id, type = 'account.suspended' AS added
)
SELECT found.count, coalesce(account_id, 0), coalesce(added, false)
FROM (SELECT count(*) FROM locked) AS found LEFT JOIN logged ON true`
)

func (h handwritten) suspend(ctx context.Context, actor string, ids []accounts.ID, hold accounts.Hold) (out accounts.Outcome, err error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	rows, err := h.pool.Query(ctx, handSuspend, numbers(ids), string(hold.Cause), hold.Note, hold.Message, hold.Public, actor, h.at())
	if err != nil {
		return out, err
	}
	var found int
	var id accounts.ID
	var added bool
	_, err = pgx.ForEachRow(rows, []any{&found, &id, &added}, func() error {
		switch {
		case found != len(ids):
			return errMissing
		case added:
			out.Changed = append(out.Changed, id)
		case id != 0:
			out.Updated = append(out.Updated, id)
		}
		return nil
	})
	if err != nil || len(out.Changed) == len(ids) {
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
	return out, nil
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
	err = h.inTx(ctx, func(tx pgx.Tx) error {
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

const handSetPassword = `
WITH updated AS (
    UPDATE clientele.accounts SET password_hash = $2, session_epoch = session_epoch + 1 WHERE id = $1 RETURNING id
)
INSERT INTO clientele.events (at, type, actor, account_id, domain) SELECT $3, 'account.password-changed', $4, id, '' FROM updated`

// setPassword reads the account first, because the password must differ from its login and contact.
func (h handwritten) setPassword(ctx context.Context, actor string, id accounts.ID, password string) error {
	a, err := h.get(ctx, id)
	if err != nil {
		return err
	}
	if slices.Contains([]string{a.Login, a.Contact.Name, a.Contact.Email}, strings.ToLower(password)) {
		return accounts.ErrInvalid
	}
	hash, _ := plain{}.Hash(ctx, password)
	tag, err := h.pool.Exec(ctx, handSetPassword, int64(id), hash, h.at(), actor)
	if err == nil && tag.RowsAffected() == 0 {
		return errMissing
	}
	return err
}

const (
	// Locks the owner, the subscription and then the keys. The subscription is returned as it is after the lock.
	handLockSubscription = `
WITH owner AS MATERIALIZED (
    SELECT a.id FROM clientele.accounts AS a
    WHERE a.id = (SELECT s.account_id FROM clientele.subscriptions AS s WHERE s.id = $1)
    FOR SHARE
), locked AS MATERIALIZED (
    SELECT s.account_id, s.main_domain_id, s.plan FROM clientele.subscriptions AS s
    WHERE s.id = $1 AND (SELECT count(*) FROM owner) >= 0
    FOR NO KEY UPDATE
)
SELECT coalesce(l.account_id, 0), coalesce(l.account_id, 0) = coalesce((SELECT id FROM owner), 0), coalesce(l.main_domain_id, 0), l.plan,
    (SELECT count(pg_advisory_xact_lock($2, key)) FROM (SELECT key FROM unnest($3::integer[]) AS key ORDER BY key) AS k)
FROM locked AS l`

	handAddDomain = `
WITH new AS (
    SELECT nextval('clientele.domain_ids') AS id
    WHERE NOT EXISTS (SELECT FROM clientele.domains WHERE name = $3)
        AND NOT EXISTS (SELECT FROM clientele.domains AS d JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
            WHERE d.name = ANY($8::text[]) AND s.account_id <> $2)
        AND NOT EXISTS (SELECT FROM clientele.domains AS d JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
            WHERE d.reversed >= $4::text || '.' AND d.reversed < $4::text || '/' AND s.account_id <> $2)
), d AS (
    INSERT INTO clientele.domains (id, subscription_id, name, reversed, attributes, created_at, search)
    SELECT id, $1, $3, $4, NULL, $5, $6 FROM new
), m AS (
    UPDATE clientele.subscriptions SET main_domain_id = new.id FROM new WHERE subscriptions.id = $1 AND main_domain_id IS NULL
), e AS (
    INSERT INTO clientele.events (at, type, actor, account_id, subscription_id, domain_id, domain)
    SELECT $5, 'domain.added', $7, $2, $1, id, $3 FROM new
)
SELECT id,
    (SELECT json_agg(h ORDER BY h.cause) FROM clientele.subscription_holds AS h WHERE h.subscription_id = $1),
    (SELECT json_agg(h ORDER BY h.cause) FROM clientele.account_holds AS h WHERE h.account_id = $2)
FROM new`
)

// addDomain adds a domain to a subscription of an account.
func (h handwritten) addDomain(ctx context.Context, actor string, to subscriptions.ID, name string) (d subscriptions.Domain, err error) {
	keys := subscriptions.Claim{Names: []string{name}, Owner: -1}.Keys()
	d = subscriptions.Domain{SubscriptionID: to, Name: name, CreatedAt: h.at()}
	err = h.inTx(ctx, func(tx pgx.Tx) error {
		var same bool
		var main, locks int64
		if err := tx.QueryRow(ctx, handLockSubscription, int64(to), lockClass(), keys).Scan(&d.AccountID, &same, &main, &d.Plan, &locks); err != nil {
			return err
		}
		if !same {
			return errors.New("the owner changed: to be repeated")
		}
		d.Main = main == 0
		var above, top []heldRow
		if err := tx.QueryRow(ctx, handAddDomain, int64(to), int64(d.AccountID), name, reversed(name), d.CreatedAt, input.SearchText(name), actor,
			subscriptions.Ancestors(name)).Scan(&d.ID, &above, &top); err != nil {
			return err
		}
		d.Inherited = holds(top).Inherited(holds(above))
		return nil
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return d, accounts.ErrTaken
	}
	return d, err
}

const handCreateMany = `
WITH given AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
        $11::text[], $12::text[], $13::text[], $14::text[], $15::text[]) WITH ORDINALITY
        AS g (login, hash, name, company, email, phone, country, external_id, sort_name, search, domain, plan, reversed, subscription_search, domain_search, nth)
), new AS MATERIALIZED (
    SELECT *, nextval('clientele.account_ids') AS account, nextval('clientele.subscription_ids') AS subscription, nextval('clientele.domain_ids') AS domain_id
    FROM given
    WHERE NOT EXISTS (SELECT FROM clientele.accounts WHERE login = ANY($1))
        AND NOT EXISTS (SELECT FROM clientele.accounts WHERE external_id = ANY($8))
        AND NOT EXISTS (SELECT FROM clientele.domains WHERE name = ANY($11))
        AND NOT EXISTS (SELECT FROM clientele.domains AS d JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
            WHERE d.name = ANY($18::text[]) AND s.account_id IS NOT NULL)
        AND NOT EXISTS (SELECT FROM given AS g WHERE (
            SELECT true FROM clientele.domains AS d JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
            WHERE d.reversed >= g.reversed || '.' AND d.reversed < g.reversed || '/' AND s.account_id IS NOT NULL LIMIT 1))
    ORDER BY nth
), a AS (
    INSERT INTO clientele.accounts (id, login, password_hash, name, company, email, phone, address, city, state, postal_code,
        country, additional_info, description, external_id, locale, attributes, session_epoch, version, created_at, updated_at,
        sort_name, search)
    SELECT account, login, hash, name, company, email, phone, '', '', '', '', country, '', '', external_id, '', NULL, 1, 1, $16, $16, sort_name, search FROM new
), s AS (
    INSERT INTO clientele.subscriptions (id, account_id, name, plan, description, external_id, attributes,
        expires_at, due_at, main_domain_id, version, created_at, updated_at, search)
    SELECT subscription, account, domain, plan, '', NULL, NULL, NULL, NULL, domain_id, 1, $16, $16, subscription_search FROM new
), d AS (
    INSERT INTO clientele.domains (id, subscription_id, name, reversed, attributes, created_at, search)
    SELECT domain_id, subscription, domain, reversed, NULL, $16, domain_search FROM new
), e AS (
    INSERT INTO clientele.events (at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    SELECT $16, e.type, $17, n.account, e.subscription, e.domain_id, e.name, e.details, e.texts
    FROM new AS n CROSS JOIN LATERAL (VALUES
        (1, 'account.created', NULL, NULL, '', jsonb_build_object('externalID', n.external_id), jsonb_build_object('login', n.login)),
        (2, 'subscription.created', n.subscription, NULL, '', NULL, NULL),
        (3, 'domain.added', n.subscription, n.domain_id, n.domain, NULL, NULL)) AS e (kind, type, subscription, domain_id, name, details, texts)
    ORDER BY n.nth, e.kind
)
SELECT account FROM new ORDER BY nth`

// createMany checks and writes all in one statement, after the locks were taken.
func (h handwritten) createMany(ctx context.Context, actor string, in []accounts.New) (ids []accounts.ID, err error) {
	columns := make([][]string, 15)
	var claim accounts.Claim
	claim.Owner = -1
	var above []string
	for _, a := range in {
		name := a.Subscription.Domains[0]
		as := accounts.Account{Login: a.Login, Contact: a.Contact, ExternalID: a.ExternalID}
		claim.Logins, claim.AccountExternalIDs, claim.Names = append(claim.Logins, a.Login), append(claim.AccountExternalIDs, a.ExternalID), append(claim.Names, name)
		above = append(above, subscriptions.Ancestors(name)...)
		for i, value := range []string{
			a.Login, a.PasswordHash, a.Contact.Name, a.Contact.Company, a.Contact.Email, a.Contact.Phone, a.Contact.Country, a.ExternalID,
			as.SortName(), as.SearchText(), name, a.Subscription.Plan, reversed(name), input.SearchText(name, ""), input.SearchText(name),
		} {
			columns[i] = append(columns[i], value)
		}
	}
	args := make([]any, len(columns), len(columns)+3)
	for i, column := range columns {
		args[i] = column
	}
	err = h.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, handClaimLocks, lockClass(), claim.Keys()); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, handCreateMany, append(args, h.at(), actor, above)...)
		if err != nil {
			return err
		}
		if ids, err = pgx.CollectRows(rows, pgx.RowTo[accounts.ID]); err == nil && len(ids) == 0 {
			return accounts.ErrTaken
		}
		return err
	})
	return ids, err
}
