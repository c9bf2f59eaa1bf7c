begin isolation level read committed;

SELECT a.id FROM "clientele".accounts AS a
WHERE a.id = ANY($1::bigint[])
ORDER BY a.id
FOR SHARE;

SELECT pg_advisory_xact_lock($1::bigint);

WITH locked AS (
    SELECT e.key, e.version, e.expires_at FROM "clientele".entries AS e
    WHERE e.bucket = $1::text AND e.key = $2::text
    ORDER BY e.key
    FOR UPDATE
)
SELECT nextval('"clientele".entry_versions') AS new_version, locked.*
FROM (VALUES (1)) AS one
LEFT JOIN locked ON true;

WITH part1 AS (
    INSERT INTO "clientele".entries (
        bucket, key, value, version, expires_at, account_id)
    VALUES (
        $1::text, $2::text, $3::bytea, $4::bigint, $5::timestamptz, $6::bigint)
    ON CONFLICT (bucket, key) DO UPDATE SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at
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
