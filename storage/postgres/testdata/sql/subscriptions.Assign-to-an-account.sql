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

SELECT a.id, (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = a.id) AS holds
FROM "clientele".accounts AS a
WHERE a.id = ANY($1::bigint[]);

SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".domain_holds AS h WHERE h.domain_id = d.id) AS holds
FROM "clientele".domains AS d
WHERE d.subscription_id = ANY($1::bigint[])
ORDER BY d.id;

SELECT pg_advisory_xact_lock($1::integer, key) FROM unnest($2::integer[]) AS key;

SELECT ARRAY(
        SELECT d.name FROM "clientele".domains AS d
        WHERE d.name = ANY($3::text[]) AND (
            d.name = ANY($1::text[]) OR (SELECT s.account_id FROM "clientele".subscriptions AS s WHERE s.id = d.subscription_id) <> $2::bigint)) AS existing,
    ARRAY(
        SELECT c.name FROM unnest($1::text[], $4::text[]) AS c (name, below)
        WHERE (
            SELECT true FROM "clientele".domains AS d
            WHERE d.reversed >= c.below || '.' AND d.reversed < c.below || '/'
                AND (d.name = ANY($1::text[])) IS NOT TRUE AND (SELECT s.account_id FROM "clientele".subscriptions AS s WHERE s.id = d.subscription_id) <> $2::bigint
            LIMIT 1)) AS conflicting_below;

WITH part1 AS (
    UPDATE "clientele".subscriptions AS t SET
        account_id = $2::bigint, name = r.name, plan = $4::text, description = $5::text, external_id = r.external_id,
        attributes = $7::jsonb, expires_at = r.expires_at, due_at = $9::timestamptz, main_domain_id = r.main_domain_id,
        version = r.version, created_at = r.created_at, updated_at = $13::timestamptz, search = r.search
    FROM unnest($1::bigint[], $3::text[], $6::text[], $8::timestamptz[], $10::bigint[], $11::bigint[], $12::timestamptz[],
        $14::text[]) WITH ORDINALITY
        AS r(id, name, external_id, expires_at, main_domain_id, version, created_at, search, ordinality)
    WHERE t.id = r.id
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    SELECT
        $15::timestamptz, $16::text, $17::text, $18::bigint, r.subscription_id, $20::bigint, $21::text, $22::jsonb,
        $23::jsonb
    FROM unnest($19::bigint[]) WITH ORDINALITY
        AS r(subscription_id, ordinality)
    ORDER BY r.ordinality
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2) AS count;

commit;
