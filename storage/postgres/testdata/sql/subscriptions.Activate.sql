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
    DELETE FROM "clientele".subscription_holds AS t
    USING unnest($1::bigint[], $2::text[]) WITH ORDINALITY
        AS r(subscription_id, cause, ordinality)
    WHERE t.subscription_id = r.subscription_id AND t.cause = r.cause
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    SELECT
        $3::timestamptz, $4::text, $5::text, r.account_id, r.subscription_id, $8::bigint, $9::text, $10::jsonb,
        $11::jsonb
    FROM unnest($6::bigint[], $7::bigint[]) WITH ORDINALITY
        AS r(account_id, subscription_id, ordinality)
    ORDER BY r.ordinality
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2) AS count;

commit;
