begin isolation level read committed;

SELECT * FROM "clientele".lock_1($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean);

WITH part1 AS (
    UPDATE "clientele".subscriptions AS t SET
        account_id = $2::bigint, name = $3::text, plan = $4::text, description = $5::text, external_id = $6::text,
        attributes = $7::jsonb, expires_at = $8::timestamptz, due_at = $9::timestamptz, main_domain_id = $10::bigint,
        version = $11::bigint, created_at = $12::timestamptz, updated_at = $13::timestamptz, search = $14::text
    WHERE t.id = $1::bigint
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    VALUES (
        $15::timestamptz, $16::text, $17::text, $18::bigint, $19::bigint, $20::bigint, $21::text, $22::jsonb, $23::jsonb)
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2) AS count;

commit;
