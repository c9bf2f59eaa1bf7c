SELECT s.id FROM "clientele".subscriptions AS s
WHERE s.due_at <= $1::timestamptz
ORDER BY s.due_at, s.id
LIMIT $2::bigint;
