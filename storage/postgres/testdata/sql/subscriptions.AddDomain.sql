begin isolation level read committed;

SELECT * FROM "clientele".lock_1($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean);

SELECT * FROM "clientele".claim_1($1::integer, $2::integer[], $3::integer, $4::integer, $5::integer,
    $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint, $13::boolean);

WITH part1 AS (
    INSERT INTO "clientele".domains (
        id, subscription_id, name, reversed, attributes, created_at, search)
    VALUES (
        $1::bigint, $2::bigint, $3::text, $4::text, $5::jsonb, $6::timestamptz, $7::text)
    ON CONFLICT DO NOTHING
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    VALUES (
        $8::timestamptz, $9::text, $10::text, $11::bigint, $12::bigint, $13::bigint, $14::text, $15::jsonb, $16::jsonb)
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2) AS count;

commit;
