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

UPDATE "clientele".subscriptions AS t SET
    account_id = $2::bigint, name = $3::text, plan = $4::text, description = $5::text, external_id = $6::text,
    attributes = $7::jsonb, expires_at = $8::timestamptz, due_at = $9::timestamptz, main_domain_id = $10::bigint,
    version = $11::bigint, created_at = $12::timestamptz, updated_at = $13::timestamptz, search = $14::text
WHERE t.id = $1::bigint;

WITH added1 AS (
    INSERT INTO "clientele".subscription_holds (
        subscription_id, cause, note, message, public, placed_by, placed_at)
    VALUES (
        $1::bigint, $2::text, $3::text, $4::text, $5::text, $6::text, $7::timestamptz)
    ON CONFLICT (subscription_id, cause) DO UPDATE SET note = excluded.note, message = excluded.message, public = excluded.public, placed_by = excluded.placed_by, placed_at = excluded.placed_at
    RETURNING 1
)
INSERT INTO "clientele".events (
    at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
SELECT
    $8::timestamptz, r.type, $10::text, $11::bigint, $12::bigint, $13::bigint, $14::text, r.details, $16::jsonb
FROM unnest($9::text[], $15::jsonb[]) WITH ORDINALITY
    AS r(type, details, ordinality)
ORDER BY r.ordinality;

commit;
