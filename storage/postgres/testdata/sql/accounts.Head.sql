SELECT l.last, l.pruned,
    e.number, e.at, e.type, e.actor, e.account_id, e.subscription_id, e.domain_id, e.domain, e.details, e.texts,
    coalesce((SELECT true FROM "clientele".events WHERE number IS NULL ORDER BY id LIMIT 1), false) AS unnumbered,
    current_setting('transaction_read_only') = 'on' AS read_only,
    pg_is_in_recovery() AS standby
FROM "clientele".event_log AS l
LEFT JOIN LATERAL (
    SELECT e.*
    FROM "clientele".events AS e
    WHERE e.number IS NOT NULL
    ORDER BY e.number DESC
    LIMIT $1::bigint
) AS e ON true
ORDER BY e.number DESC;
