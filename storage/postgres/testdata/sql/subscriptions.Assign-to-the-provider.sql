begin isolation level read committed;

SELECT * FROM "clientele".lock_1($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean);

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
