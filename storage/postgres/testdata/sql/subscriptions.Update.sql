begin isolation level read committed;

SELECT a.id FROM "clientele".accounts AS a
WHERE a.id = ANY(ARRAY(
    SELECT unnest($1::bigint[])
    UNION ALL
    SELECT s.account_id FROM "clientele".subscriptions AS s WHERE s.id = ANY($2::bigint[])
    UNION ALL
    SELECT s.account_id FROM "clientele".domains AS d JOIN "clientele".subscriptions AS s ON s.id = d.subscription_id
    WHERE d.id = ANY($3::bigint[])))
ORDER BY a.id
FOR SHARE;

SELECT s.id FROM "clientele".subscriptions AS s
WHERE s.id = ANY(ARRAY(
    SELECT unnest($1::bigint[])
    UNION ALL
    SELECT d.subscription_id FROM "clientele".domains AS d WHERE d.id = ANY($2::bigint[])))
ORDER BY s.id
FOR NO KEY UPDATE;

SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id) AS holds, (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id) AS account_holds
FROM "clientele".subscriptions AS s
WHERE s.id = ANY($1::bigint[])
ORDER BY s.id;

SELECT pg_advisory_xact_lock($1::integer, key) FROM unnest($2::integer[]) AS key;

SELECT ARRAY(SELECT external_id FROM "clientele".subscriptions WHERE external_id = $1::text) AS external_ids;

WITH part1 AS (
    UPDATE "clientele".subscriptions AS t SET
        account_id = $2::bigint, name = $3::text, plan = $4::text, description = $5::text, external_id = $6::text,
        attributes = $7::jsonb, expires_at = $8::timestamptz, due_at = $9::timestamptz, main_domain_id = $10::bigint,
        version = $11::bigint, created_at = $12::timestamptz, updated_at = $13::timestamptz, search = $14::text
    WHERE t.id = $1::bigint
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".subscription_holds (
        subscription_id, cause, note, message, public, placed_by, placed_at)
    VALUES (
        $15::bigint, $16::text, $17::text, $18::text, $19::text, $20::text, $21::timestamptz)
    ON CONFLICT (subscription_id, cause) DO UPDATE SET note = excluded.note, message = excluded.message, public = excluded.public, placed_by = excluded.placed_by, placed_at = excluded.placed_at
    RETURNING 1
), part3 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    SELECT
        $22::timestamptz, r.type, $24::text, $25::bigint, $26::bigint, $27::bigint, $28::text, r.details, $30::jsonb
    FROM unnest($23::text[], $29::jsonb[]) WITH ORDINALITY
        AS r(type, details, ordinality)
    ORDER BY r.ordinality
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2)
    + (SELECT count(*) FROM part3) AS count;

commit;
