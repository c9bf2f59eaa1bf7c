begin isolation level read committed;

SELECT * FROM "clientele".lock_1($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean);

SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".domain_holds AS h WHERE h.domain_id = d.id) AS holds
FROM "clientele".domains AS d
WHERE d.subscription_id = ANY($1::bigint[])
ORDER BY d.id;

WITH part1 AS (
    DELETE FROM "clientele".accounts WHERE id = ANY($1::bigint[])
    RETURNING 1
), part2 AS (
    DELETE FROM "clientele".subscriptions WHERE id = ANY($2::bigint[])
    RETURNING 1
), part3 AS (
    DELETE FROM "clientele".domains WHERE id = ANY($3::bigint[])
    RETURNING 1
), part4 AS (
    UPDATE "clientele".events SET texts = NULL
    WHERE id = ANY(ARRAY(
        SELECT id FROM "clientele".events
        WHERE account_id = ANY(ARRAY(SELECT unnest($1::bigint[]))) AND subscription_id IS NULL AND domain_id IS NULL AND texts IS NOT NULL
        UNION ALL
        SELECT id FROM "clientele".events
        WHERE subscription_id = ANY(ARRAY(SELECT unnest($2::bigint[]))) AND domain_id IS NULL AND texts IS NOT NULL
        UNION ALL
        SELECT id FROM "clientele".events
        WHERE domain_id = ANY(ARRAY(SELECT unnest($3::bigint[]))) AND texts IS NOT NULL))
    RETURNING 1
), part5 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    SELECT
        $4::timestamptz, r.type, $6::text, $7::bigint, r.subscription_id, r.domain_id, r.domain, r.details, $12::jsonb
    FROM unnest($5::text[], $8::bigint[], $9::bigint[], $10::text[], $11::jsonb[]) WITH ORDINALITY
        AS r(type, subscription_id, domain_id, domain, details, ordinality)
    ORDER BY r.ordinality
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2)
    + (SELECT count(*) FROM part3)
    + (SELECT count(*) FROM part5) AS count;

commit;
