begin isolation level read committed;

SELECT * FROM "clientele".lock_1($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean);

SELECT * FROM "clientele".claim_1($1::integer, $2::integer[], $3::integer, $4::integer, $5::integer,
    $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint, $13::boolean);

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
