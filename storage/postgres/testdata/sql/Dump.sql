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

begin isolation level repeatable read read only;

SELECT coalesce(pg_sequence_last_value('"clientele".account_ids'), 0) AS account_id,
    coalesce(pg_sequence_last_value('"clientele".subscription_ids'), 0) AS subscription_id,
    coalesce(pg_sequence_last_value('"clientele".domain_ids'), 0) AS domain_id,
    coalesce(pg_sequence_last_value('"clientele".entry_versions'), 0) AS entry_version,
    l.last, l.pruned,
    (SELECT count(*) FROM "clientele".accounts) + (SELECT count(*) FROM "clientele".subscriptions) +
        (SELECT count(*) FROM "clientele".domains) + (SELECT count(*) FROM "clientele".entries) +
        (SELECT count(*) FROM "clientele".events) AS rows,
    (SELECT count(*) FROM "clientele".events WHERE number IS NULL) AS unnumbered
FROM "clientele".event_log AS l;

SELECT a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = a.id) AS holds, a.password_hash
FROM (
    SELECT a.*
    FROM "clientele".accounts AS a
    WHERE (a.id) > ($1::bigint)
    ORDER BY a.id
    LIMIT $2::bigint
) AS a
ORDER BY a.id;

SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id) AS holds
FROM (
    SELECT s.*
    FROM "clientele".subscriptions AS s
    WHERE (s.id) > ($1::bigint)
    ORDER BY s.id
    LIMIT $2::bigint
) AS s
ORDER BY s.id;

SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".domain_holds AS h WHERE h.domain_id = d.id) AS holds
FROM (
    SELECT d.*
    FROM "clientele".domains AS d
    WHERE (d.id) > ($1::bigint)
    ORDER BY d.id
    LIMIT $2::bigint
) AS d
ORDER BY d.id;

SELECT e.bucket, e.key, encode(e.value, 'base64') AS value, e.version, e.expires_at
FROM "clientele".entries AS e
WHERE (e.bucket, e.key) > ($1::text, $2::text)
ORDER BY e.bucket, e.key
LIMIT $3::integer;

SELECT e.id, e.number, e.at, e.type, e.actor, e.account_id, e.subscription_id, e.domain_id, e.domain, e.details, e.texts
FROM "clientele".events AS e
WHERE e.number > $1::bigint
ORDER BY e.number
LIMIT $2::integer;

SELECT e.id, e.number, e.at, e.type, e.actor, e.account_id, e.subscription_id, e.domain_id, e.domain, e.details, e.texts
FROM "clientele".events AS e
WHERE e.number IS NULL AND e.id > $1::bigint
ORDER BY e.id
LIMIT $2::integer;

rollback;
