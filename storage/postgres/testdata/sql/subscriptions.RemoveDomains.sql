begin isolation level read committed;

SELECT * FROM "clientele".lock_1($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean);

SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".domain_holds AS h WHERE h.domain_id = d.id) AS holds
FROM "clientele".domains AS d
WHERE d.subscription_id = ANY($1::bigint[])
ORDER BY d.id;

WITH part1 AS (
    UPDATE "clientele".subscriptions AS t SET
        account_id = $2::bigint, name = $3::text, plan = $4::text, description = $5::text, external_id = $6::text,
        attributes = $7::jsonb, expires_at = $8::timestamptz, due_at = $9::timestamptz, main_domain_id = $10::bigint,
        version = $11::bigint, created_at = $12::timestamptz, updated_at = $13::timestamptz, search = $14::text
    WHERE t.id = $1::bigint
    RETURNING 1
), part2 AS (
    DELETE FROM "clientele".accounts WHERE id = ANY($15::bigint[])
    RETURNING 1
), part3 AS (
    DELETE FROM "clientele".subscriptions WHERE id = ANY($16::bigint[])
    RETURNING 1
), part4 AS (
    DELETE FROM "clientele".domains WHERE id = ANY($17::bigint[])
    RETURNING 1
), part5 AS (
    UPDATE "clientele".events SET texts = NULL
    WHERE id = ANY(ARRAY(
        SELECT id FROM "clientele".events
        WHERE account_id = ANY(ARRAY(SELECT unnest($15::bigint[]))) AND subscription_id IS NULL AND domain_id IS NULL AND texts IS NOT NULL
        UNION ALL
        SELECT id FROM "clientele".events
        WHERE subscription_id = ANY(ARRAY(SELECT unnest($16::bigint[]))) AND domain_id IS NULL AND texts IS NOT NULL
        UNION ALL
        SELECT id FROM "clientele".events
        WHERE domain_id = ANY(ARRAY(SELECT unnest($17::bigint[]))) AND texts IS NOT NULL))
    RETURNING 1
), part6 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    SELECT
        $18::timestamptz, $19::text, $20::text, $21::bigint, $22::bigint, r.domain_id, r.domain, $25::jsonb, $26::jsonb
    FROM unnest($23::bigint[], $24::text[]) WITH ORDINALITY
        AS r(domain_id, domain, ordinality)
    ORDER BY r.ordinality
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2)
    + (SELECT count(*) FROM part3)
    + (SELECT count(*) FROM part4)
    + (SELECT count(*) FROM part6) AS count;

commit;
