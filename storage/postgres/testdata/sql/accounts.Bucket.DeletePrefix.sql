begin isolation level read committed;

WITH locked AS (
    SELECT e.key, e.version, e.expires_at FROM "clientele".entries AS e
    WHERE e.bucket = $1::text AND e.key >= $2::text AND e.key < $3::text
    ORDER BY e.key
    FOR UPDATE
)
SELECT * FROM locked;

DELETE FROM "clientele".entries AS t
USING unnest($2::text[]) WITH ORDINALITY
    AS r(key, ordinality)
WHERE t.bucket = $1::text AND t.key = r.key;

commit;
