begin isolation level read committed;

SELECT * FROM "clientele".lock_1($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean);

SELECT * FROM "clientele".claim_1($1::integer, $2::integer[], $3::integer, $4::integer, $5::integer,
    $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint, $13::boolean);

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
