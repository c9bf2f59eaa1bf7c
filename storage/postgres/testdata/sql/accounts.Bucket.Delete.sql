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

DELETE FROM "clientele".entries AS t
WHERE t.bucket = $1::text AND t.key = $2::text;

commit;
