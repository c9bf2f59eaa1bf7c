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

SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".domain_holds AS h WHERE h.domain_id = d.id) AS holds
FROM "clientele".domains AS d
WHERE d.id = ANY($1::bigint[])
ORDER BY d.id;

SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id) AS holds, (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id) AS account_holds
FROM "clientele".subscriptions AS s
WHERE s.id = ANY($1::bigint[])
ORDER BY s.id;

WITH part1 AS (
    UPDATE "clientele".domains AS t SET
        subscription_id = $2::bigint, name = $3::text, reversed = $4::text, attributes = $5::jsonb, search = $6::text
    WHERE t.id = $1::bigint
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    VALUES (
        $7::timestamptz, $8::text, $9::text, $10::bigint, $11::bigint, $12::bigint, $13::text, $14::jsonb, $15::jsonb)
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2) AS count;

commit;
