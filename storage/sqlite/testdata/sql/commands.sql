SELECT 0 AS level, a.id, 0 AS account_id, 0 AS parent, a.login AS name, a.external_id
FROM clientele_accounts AS a
WHERE a.id IN (SELECT value FROM json_each(?1))
UNION ALL
SELECT 1, s.id, s.account_id, 0, '', s.external_id
FROM clientele_subscriptions AS s
WHERE s.account_id IN (SELECT value FROM json_each(?1))
UNION ALL
SELECT 2, d.id, d.account_id, d.subscription_id, d.name, ''
FROM clientele_domains AS d
WHERE d.account_id IN (SELECT value FROM json_each(?1))
ORDER BY 1, 2;

SELECT a.id, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = a.id)
FROM clientele_accounts AS a
WHERE a.id IN (SELECT value FROM json_each(?))
ORDER BY a.id;

SELECT a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = a.id)
FROM clientele_accounts AS a
WHERE a.id > ?1 ORDER BY a.id LIMIT ?2;

SELECT a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = a.id), a.password_hash
FROM clientele_accounts AS a
WHERE a.external_id = ?1 AND a.external_id <> '';

SELECT a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = a.id), a.password_hash
FROM clientele_accounts AS a
WHERE a.id = ?1;

SELECT a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = a.id), a.password_hash
FROM clientele_accounts AS a
WHERE a.id IN (SELECT value FROM json_each(?))
ORDER BY a.id;

SELECT a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = a.id), a.password_hash
FROM clientele_accounts AS a
WHERE a.login = ?1;

SELECT c.value FROM json_each(?1) AS c
WHERE (
    SELECT 1 FROM clientele_domains AS d
    WHERE d.reversed > c.value || '.' AND d.reversed < c.value || '/' AND d.account_id <> ?2
        AND d.name NOT IN (SELECT value FROM json_each(?3))
    LIMIT 1);

SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    s.account_id, s.plan, s.main_domain_id = d.id, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 2 AND h.row_id = d.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)
FROM clientele_domains AS d
CROSS JOIN clientele_subscriptions AS s ON s.id = d.subscription_id
WHERE d.id > ?1 ORDER BY d.id LIMIT ?2;

SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    s.account_id, s.plan, s.main_domain_id = d.id, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 2 AND h.row_id = d.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)
FROM clientele_domains AS d
CROSS JOIN clientele_subscriptions AS s ON s.id = d.subscription_id
WHERE d.id IN (SELECT value FROM json_each(?))
ORDER BY d.id;

SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    s.account_id, s.plan, s.main_domain_id = d.id, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 2 AND h.row_id = d.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)
FROM clientele_domains AS d
CROSS JOIN clientele_subscriptions AS s ON s.id = d.subscription_id
WHERE d.name IN (?1, ?2)
ORDER BY d.name = ?1 DESC
LIMIT 1;

SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    s.account_id, s.plan, s.main_domain_id = d.id, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 2 AND h.row_id = d.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)
FROM clientele_domains AS d
CROSS JOIN clientele_subscriptions AS s ON s.id = d.subscription_id
WHERE d.subscription_id IN (SELECT value FROM json_each(?))
ORDER BY d.id;

SELECT d.name, coalesce(d.account_id <> ?3, false)
FROM clientele_domains AS d
WHERE d.name IN (SELECT value FROM json_each(?1))
    AND (d.account_id <> ?3 OR d.name IN (SELECT value FROM json_each(?2)));

SELECT e.key, e.version, e.expires_at
FROM clientele_entries AS e
WHERE e.bucket = :bucket AND e.expires_at <= :at
ORDER BY e.expires_at, e.key
LIMIT :limit;

SELECT e.key, e.version, e.expires_at
FROM clientele_entries AS e
WHERE e.bucket = :bucket AND e.key = :key;

SELECT e.key, e.version, e.expires_at
FROM clientele_entries AS e
WHERE e.bucket = :bucket AND e.key >= :prefix AND e.key < :end
ORDER BY e.key;

SELECT e.key, e.version, e.expires_at, e.value
FROM clientele_entries AS e
WHERE e.bucket = :bucket AND e.key = :key;

SELECT e.key, e.version, e.expires_at, e.value
FROM clientele_entries AS e
WHERE e.bucket = :bucket AND e.key >= :prefix AND e.key < :end AND (e.expires_at IS NULL OR e.expires_at > :at)
ORDER BY e.key
LIMIT :limit;

SELECT external_id FROM clientele_accounts WHERE external_id <> '' AND external_id IN (SELECT value FROM json_each(?));

SELECT external_id FROM clientele_subscriptions WHERE external_id <> '' AND external_id IN (SELECT value FROM json_each(?));

SELECT l.event, l.pruned,
    e.number, e.at, e.type, e.actor, e.account_id, e.subscription_id, e.domain_id, e.domain, e.details, e.texts
FROM clientele_state AS l
LEFT JOIN (
    SELECT e.* FROM clientele_events AS e
    ORDER BY e.number
    LIMIT :limit
) AS e ON true
ORDER BY e.number;

SELECT s.id FROM clientele_subscriptions AS s
WHERE s.due_at <= ?1
ORDER BY s.due_at, s.id
LIMIT ?2;

SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)
FROM clientele_subscriptions AS s
WHERE s.external_id = ?1 AND s.external_id <> '';

SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)
FROM clientele_subscriptions AS s
WHERE s.id = ?1;

SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)
FROM clientele_subscriptions AS s
WHERE s.id > ?1 ORDER BY s.id LIMIT ?2;

SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)
FROM clientele_subscriptions AS s
WHERE s.id IN (SELECT value FROM json_each(?))
ORDER BY s.id;

UPDATE clientele_domains AS d
SET account_id = (SELECT s.account_id FROM clientele_subscriptions AS s WHERE s.id = d.subscription_id)
WHERE d.subscription_id IN (
    SELECT s.id FROM json_each(?) AS j CROSS JOIN clientele_subscriptions AS s
    WHERE s.id = j.value
        AND s.account_id IS NOT (SELECT o.account_id FROM clientele_domains AS o WHERE o.subscription_id = s.id LIMIT 1));

UPDATE clientele_state SET
    account_id = max(account_id, ?1) + ?2,
    subscription_id = max(subscription_id, ?3) + ?4,
    domain_id = max(domain_id, ?5) + ?6,
    entry_version = max(entry_version, ?7) + ?8
RETURNING account_id, subscription_id, domain_id, entry_version;

DELETE FROM clientele_accounts WHERE id IN (SELECT value FROM json_each(?));

DELETE FROM clientele_domains WHERE id IN (SELECT value FROM json_each(?));

DELETE FROM clientele_entries WHERE account_id <> 0 AND account_id IN (SELECT value FROM json_each(?));

DELETE FROM clientele_entries WHERE bucket = ? AND key = ?;

DELETE FROM clientele_events WHERE at < ?;

DELETE FROM clientele_holds WHERE level = ? AND row_id = ? AND cause = ?;

DELETE FROM clientele_holds WHERE level = ? AND row_id IN (SELECT value FROM json_each(?));

DELETE FROM clientele_state WHERE 0;

DELETE FROM clientele_subscriptions WHERE id IN (SELECT value FROM json_each(?));

INSERT INTO clientele_accounts (id, login, password_hash, name, company, email, phone, address, city, state, postal_code, country, additional_info, description, external_id, locale, attributes, session_epoch, version, created_at, updated_at, sort_name, search)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

INSERT INTO clientele_domains (id, subscription_id, account_id, name, reversed, attributes, search, created_at)
VALUES (?, ?, (SELECT s.account_id FROM clientele_subscriptions AS s WHERE s.id = ?), ?, ?, ?, ?, ?);

INSERT INTO clientele_events (number, at, type, actor, account_id, subscription_id, domain_id, domain, details, texts, subject)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

INSERT INTO clientele_subscriptions (id, account_id, name, plan, description, external_id, attributes, expires_at, due_at, main_domain_id, version, created_at, updated_at, search)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

INSERT OR REPLACE INTO clientele_entries (bucket, key, value, version, expires_at, account_id)
VALUES (?, ?, ?, ?, ?, ?);

INSERT OR REPLACE INTO clientele_holds (level, row_id, cause, note, message, public, placed_by, placed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

INSERT OR REPLACE INTO clientele_search_pending (row, text)
VALUES (?, ?);

SELECT count(*) FROM clientele_search_pending;

SELECT count(*), coalesce(max(number), 0) FROM clientele_events WHERE at < ?;

SELECT event FROM clientele_state;

SELECT login FROM clientele_accounts WHERE login IN (SELECT value FROM json_each(?));

UPDATE clientele_accounts SET login = ?, password_hash = ?, name = ?, company = ?, email = ?, phone = ?, address = ?, city = ?, state = ?, postal_code = ?, country = ?, additional_info = ?, description = ?, external_id = ?, locale = ?, attributes = ?, session_epoch = ?, version = ?, created_at = ?, updated_at = ?, sort_name = ?, search = ?
WHERE id = ?;

UPDATE clientele_accounts SET session_epoch = session_epoch + 1 WHERE id IN (SELECT value FROM json_each(?));

UPDATE clientele_domains SET subscription_id = ?, account_id = (SELECT s.account_id FROM clientele_subscriptions AS s WHERE s.id = ?), name = ?, reversed = ?, attributes = ?, search = ?
WHERE id = ?;

UPDATE clientele_events SET texts = '' WHERE texts <> '' AND subject IN (SELECT value << 2 | ? FROM json_each(?));

UPDATE clientele_state SET event = event + ? RETURNING event;

UPDATE clientele_state SET pruned = max(pruned, ?);

UPDATE clientele_subscriptions SET account_id = ?, name = ?, plan = ?, description = ?, external_id = ?, attributes = ?, expires_at = ?, due_at = ?, main_domain_id = ?, version = ?, created_at = ?, updated_at = ?, search = ?
WHERE id = ?;
