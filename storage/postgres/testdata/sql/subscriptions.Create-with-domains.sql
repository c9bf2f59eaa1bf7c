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

SELECT a.id, (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = a.id) AS holds
FROM "clientele".accounts AS a
WHERE a.id = ANY($1::bigint[]);

SELECT pg_advisory_xact_lock($1::integer, key) FROM unnest($2::integer[]) AS key;

SELECT ARRAY[nextval('"clientele".subscription_ids')] AS subscription_ids,
    ARRAY(SELECT nextval('"clientele".domain_ids') FROM generate_series(1, $1::integer)) AS domain_ids,
    ARRAY(SELECT external_id FROM "clientele".subscriptions WHERE external_id = $2::text) AS external_ids,
    ARRAY(
        SELECT d.name FROM "clientele".domains AS d
        WHERE d.name = ANY($5::text[]) AND (
            d.name = ANY($3::text[]) OR (SELECT s.account_id FROM "clientele".subscriptions AS s WHERE s.id = d.subscription_id) <> $4::bigint)) AS existing,
    ARRAY(
        SELECT c.name FROM unnest($3::text[], $6::text[]) AS c (name, below)
        WHERE (
            SELECT true FROM "clientele".domains AS d
            WHERE d.reversed >= c.below || '.' AND d.reversed < c.below || '/'
                AND (SELECT s.account_id FROM "clientele".subscriptions AS s WHERE s.id = d.subscription_id) <> $4::bigint
            LIMIT 1)) AS conflicting_below;

WITH part1 AS (
    INSERT INTO "clientele".subscriptions (
        id, account_id, name, plan, description, external_id, attributes, expires_at, due_at, main_domain_id, version,
        created_at, updated_at, search)
    VALUES (
        $1::bigint, $2::bigint, $3::text, $4::text, $5::text, $6::text, $7::jsonb, $8::timestamptz, $9::timestamptz,
        $10::bigint, $11::bigint, $12::timestamptz, $13::timestamptz, $14::text)
    ON CONFLICT DO NOTHING
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".domains (
        id, subscription_id, name, reversed, attributes, created_at, search)
    SELECT
        r.id, $16::bigint, r.name, r.reversed, $19::jsonb, $20::timestamptz, r.search
    FROM unnest($15::bigint[], $17::text[], $18::text[], $21::text[]) WITH ORDINALITY
        AS r(id, name, reversed, search, ordinality)
    ORDER BY r.ordinality
    ON CONFLICT DO NOTHING
    RETURNING 1
), part3 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    SELECT
        $22::timestamptz, r.type, $24::text, $25::bigint, $26::bigint, r.domain_id, r.domain, r.details, $30::jsonb
    FROM unnest($23::text[], $27::bigint[], $28::text[], $29::jsonb[]) WITH ORDINALITY
        AS r(type, domain_id, domain, details, ordinality)
    ORDER BY r.ordinality
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2)
    + (SELECT count(*) FROM part3) AS count;

commit;
