begin isolation level read committed;

SELECT pg_advisory_xact_lock($1::integer, key) FROM unnest($2::integer[]) AS key;

LOCK TABLE "clientele".accounts, "clientele".subscriptions, "clientele".domains, "clientele".account_holds, "clientele".subscription_holds,
    "clientele".domain_holds, "clientele".entries, "clientele".events, "clientele".event_log IN EXCLUSIVE MODE;

SELECT last = 0
    AND NOT EXISTS (SELECT FROM "clientele".accounts) AND NOT EXISTS (SELECT FROM "clientele".subscriptions)
    AND NOT EXISTS (SELECT FROM "clientele".domains) AND NOT EXISTS (SELECT FROM "clientele".entries)
    AND NOT EXISTS (SELECT FROM "clientele".events) AS empty
FROM "clientele".event_log;

SELECT (SELECT setval('"clientele".account_ids', $1::bigint)
        WHERE $1::bigint > coalesce(pg_sequence_last_value('"clientele".account_ids'), 0)),
    (SELECT setval('"clientele".subscription_ids', $2::bigint)
        WHERE $2::bigint > coalesce(pg_sequence_last_value('"clientele".subscription_ids'), 0)),
    (SELECT setval('"clientele".domain_ids', $3::bigint)
        WHERE $3::bigint > coalesce(pg_sequence_last_value('"clientele".domain_ids'), 0)),
    (SELECT setval('"clientele".entry_versions', $4::bigint)
        WHERE $4::bigint > coalesce(pg_sequence_last_value('"clientele".entry_versions'), 0));

UPDATE "clientele".event_log SET last = $1::bigint, pruned = $2::bigint;

WITH part1 AS (
    INSERT INTO "clientele".accounts (
        id, login, password_hash, name, company, email, phone, address, city, state, postal_code, country, additional_info,
        description, external_id, locale, attributes, session_epoch, version, created_at, updated_at, sort_name,
        search)
    SELECT
        r.id, r.login, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text, $10::text, $11::text,
        $12::text, $13::text, $14::text, r.external_id, $16::text, $17::jsonb, $18::bigint, $19::bigint, r.created_at,
        r.updated_at, $22::text, r.search
    FROM unnest($1::bigint[], $2::text[], $15::text[], $20::timestamptz[], $21::timestamptz[], $23::text[]) WITH ORDINALITY
        AS r(id, login, external_id, created_at, updated_at, search, ordinality)
    ORDER BY r.ordinality
    ON CONFLICT DO NOTHING
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".account_holds (
        account_id, cause, note, message, public, placed_by, placed_at)
    SELECT
        r.account_id, $25::text, $26::text, $27::text, $28::text, $29::text, r.placed_at
    FROM unnest($24::bigint[], $30::timestamptz[]) WITH ORDINALITY
        AS r(account_id, placed_at, ordinality)
    ORDER BY r.ordinality
    ON CONFLICT (account_id, cause) DO UPDATE SET note = excluded.note, message = excluded.message, public = excluded.public, placed_by = excluded.placed_by, placed_at = excluded.placed_at
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2) AS count;

WITH part1 AS (
    INSERT INTO "clientele".subscriptions (
        id, account_id, name, plan, description, external_id, attributes, expires_at, due_at, main_domain_id, version,
        created_at, updated_at, search)
    SELECT
        r.id, r.account_id, r.name, $4::text, $5::text, $6::text, $7::jsonb, $8::timestamptz, $9::timestamptz,
        r.main_domain_id, $11::bigint, r.created_at, r.updated_at, r.search
    FROM unnest($1::bigint[], $2::bigint[], $3::text[], $10::bigint[], $12::timestamptz[], $13::timestamptz[], $14::text[]) WITH ORDINALITY
        AS r(id, account_id, name, main_domain_id, created_at, updated_at, search, ordinality)
    ORDER BY r.ordinality
    ON CONFLICT DO NOTHING
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".subscription_holds (
        subscription_id, cause, note, message, public, placed_by, placed_at)
    SELECT
        r.subscription_id, $16::text, $17::text, $18::text, $19::text, $20::text, r.placed_at
    FROM unnest($15::bigint[], $21::timestamptz[]) WITH ORDINALITY
        AS r(subscription_id, placed_at, ordinality)
    ORDER BY r.ordinality
    ON CONFLICT (subscription_id, cause) DO UPDATE SET note = excluded.note, message = excluded.message, public = excluded.public, placed_by = excluded.placed_by, placed_at = excluded.placed_at
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2) AS count;

WITH part1 AS (
    INSERT INTO "clientele".domains (
        id, subscription_id, name, reversed, attributes, created_at, search)
    SELECT
        r.id, r.subscription_id, r.name, r.reversed, $5::jsonb, r.created_at, r.search
    FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $6::timestamptz[], $7::text[]) WITH ORDINALITY
        AS r(id, subscription_id, name, reversed, created_at, search, ordinality)
    ORDER BY r.ordinality
    ON CONFLICT DO NOTHING
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".domain_holds (
        domain_id, cause, note, message, public, placed_by, placed_at)
    SELECT
        r.domain_id, $9::text, $10::text, $11::text, $12::text, $13::text, r.placed_at
    FROM unnest($8::bigint[], $14::timestamptz[]) WITH ORDINALITY
        AS r(domain_id, placed_at, ordinality)
    ORDER BY r.ordinality
    ON CONFLICT (domain_id, cause) DO UPDATE SET note = excluded.note, message = excluded.message, public = excluded.public, placed_by = excluded.placed_by, placed_at = excluded.placed_at
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2) AS count;

INSERT INTO "clientele".entries (
    bucket, key, value, version, expires_at, account_id)
SELECT
    $1::text, r.key, $3::bytea, r.version, $5::timestamptz, $6::bigint
FROM unnest($2::text[], $4::bigint[]) WITH ORDINALITY
    AS r(key, version, ordinality)
ORDER BY r.ordinality
ON CONFLICT (bucket, key) DO UPDATE SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at;

INSERT INTO "clientele".events (
    number, at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
SELECT
    r.number, r.at, r.type, $4::text, r.account_id, r.subscription_id, r.domain_id, r.domain, r.details, r.texts
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::jsonb[],
    $10::jsonb[]) WITH ORDINALITY
    AS r(number, at, type, account_id, subscription_id, domain_id, domain, details, texts, ordinality)
ORDER BY r.ordinality;

rollback;
