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
        $15::timestamptz, $16::text, $17::text, r.account_id, r.subscription_id, $20::bigint, $21::text, r.details,
        $23::jsonb
    FROM unnest($18::bigint[], $19::bigint[], $22::jsonb[]) WITH ORDINALITY
        AS r(account_id, subscription_id, details, ordinality)
    ORDER BY r.ordinality
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2) AS count;

commit;
