SELECT e.key, e.version, e.expires_at
FROM "clientele".entries AS e
WHERE e.bucket = $1::text AND e.expires_at <= $2::timestamptz
ORDER BY e.expires_at, e.key
LIMIT $3::integer;

begin isolation level read committed;

WITH locked AS (
    SELECT e.key, e.version, e.expires_at FROM "clientele".entries AS e
    WHERE e.bucket = $1::text AND e.key = ANY($2::text[])
    ORDER BY e.key
    FOR UPDATE
)
SELECT * FROM locked;

DELETE FROM "clientele".entries AS t
USING unnest($2::text[]) WITH ORDINALITY
    AS r(key, ordinality)
WHERE t.bucket = $1::text AND t.key = r.key;

commit;
