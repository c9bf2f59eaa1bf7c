SELECT e.key, encode(e.value, 'base64') AS value, e.version, e.expires_at
FROM "clientele".entries AS e
WHERE e.bucket = $1::text AND e.key >= $2::text AND e.key < $3::text AND (e.expires_at IS NULL OR e.expires_at > $4::timestamptz)
ORDER BY e.key
LIMIT $5::integer;
