begin isolation level read committed;

SELECT pg_advisory_xact_lock($1::integer, $2::integer);

WITH batch AS MATERIALIZED (
    SELECT id, account_id, subscription_id, domain_id FROM "clientele".events
    WHERE number IS NULL AND id > $1::bigint
    ORDER BY id
    LIMIT $2::integer
), locked AS MATERIALIZED (
    SELECT e.id FROM "clientele".events AS e
    WHERE e.id = ANY(ARRAY(SELECT id FROM batch))
    FOR UPDATE SKIP LOCKED
)
SELECT id, account_id, subscription_id, domain_id, id IN (SELECT id FROM locked) AS locked
FROM batch
ORDER BY id;

commit;

WITH deleted AS (
    DELETE FROM "clientele".events
    WHERE number IS NOT NULL AND at < $1::timestamptz
    RETURNING number
)
UPDATE "clientele".event_log SET pruned = greatest(pruned, (SELECT max(number) FROM deleted))
WHERE EXISTS (SELECT FROM deleted)
RETURNING (SELECT count(*) FROM deleted) AS count;
