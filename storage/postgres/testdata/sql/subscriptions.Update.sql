begin isolation level read committed;

SELECT * FROM "clientele".lock_1($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean);

SELECT * FROM "clientele".claim_1($1::integer, $2::integer[], $3::integer, $4::integer, $5::integer,
    $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint, $13::boolean);

WITH part1 AS (
    UPDATE "clientele".subscriptions AS t SET
        account_id = $2::bigint, name = $3::text, plan = $4::text, description = $5::text, external_id = $6::text,
        attributes = $7::jsonb, expires_at = $8::timestamptz, due_at = $9::timestamptz, main_domain_id = $10::bigint,
        version = $11::bigint, created_at = $12::timestamptz, updated_at = $13::timestamptz, search = $14::text
    WHERE t.id = $1::bigint
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".subscription_holds (
        subscription_id, cause, note, message, public, placed_by, placed_at)
    VALUES (
        $15::bigint, $16::text, $17::text, $18::text, $19::text, $20::text, $21::timestamptz)
    ON CONFLICT (subscription_id, cause) DO UPDATE SET note = excluded.note, message = excluded.message, public = excluded.public, placed_by = excluded.placed_by, placed_at = excluded.placed_at
    RETURNING 1
), part3 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    SELECT
        $22::timestamptz, r.type, $24::text, $25::bigint, $26::bigint, $27::bigint, $28::text, r.details, $30::jsonb
    FROM unnest($23::text[], $29::jsonb[]) WITH ORDINALITY
        AS r(type, details, ordinality)
    ORDER BY r.ordinality
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2)
    + (SELECT count(*) FROM part3) AS count;

commit;
