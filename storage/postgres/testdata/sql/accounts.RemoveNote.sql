SELECT e.key, encode(e.value, 'base64') AS value, e.version, e.expires_at
FROM "clientele".entries AS e
WHERE e.bucket = $1::text AND e.key >= $2::text AND e.key < $3::text AND (e.expires_at IS NULL OR e.expires_at > $4::timestamptz)
ORDER BY e.key
LIMIT $5::integer;

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
SELECT * FROM locked;

WITH part1 AS (
    DELETE FROM "clientele".entries AS t
    WHERE t.bucket = $1::text AND t.key = $2::text
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    VALUES (
        $3::timestamptz, $4::text, $5::text, $6::bigint, $7::bigint, $8::bigint, $9::text, $10::jsonb, $11::jsonb)
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2) AS count;

commit;
