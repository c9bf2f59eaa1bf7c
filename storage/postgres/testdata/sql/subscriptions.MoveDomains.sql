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
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    VALUES (
        $15::timestamptz, $16::text, $17::text, $18::bigint, $19::bigint, $20::bigint, $21::text, $22::jsonb, $23::jsonb)
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2) AS count;

commit;

WITH part1 AS (
    UPDATE "clientele".subscriptions AS t SET
        account_id = $2::bigint, name = $3::text, plan = $4::text, description = $5::text, external_id = $6::text,
        attributes = $7::jsonb, expires_at = $8::timestamptz, due_at = $9::timestamptz, main_domain_id = $10::bigint,
        version = $11::bigint, created_at = $12::timestamptz, updated_at = $13::timestamptz, search = $14::text
    WHERE t.id = $1::bigint
    RETURNING 1
), part2 AS (
    UPDATE "clientele".domains AS t SET
        subscription_id = $16::bigint, name = r.name, reversed = r.reversed, attributes = r.attributes, search = r.search
    FROM unnest($15::bigint[], $17::text[], $18::text[], $19::jsonb[], $20::text[]) WITH ORDINALITY
        AS r(id, name, reversed, attributes, search, ordinality)
    WHERE t.id = r.id
    RETURNING 1
), part3 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    SELECT
        $21::timestamptz, $22::text, $23::text, $24::bigint, $25::bigint, r.domain_id, r.domain, $28::jsonb, $29::jsonb
    FROM unnest($26::bigint[], $27::text[]) WITH ORDINALITY
        AS r(domain_id, domain, ordinality)
    ORDER BY r.ordinality
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2)
    + (SELECT count(*) FROM part3) AS count;
