SELECT a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = a.id) AS holds,
    (SELECT count(*) FROM "clientele".subscriptions AS s WHERE s.account_id = a.id) AS subscriptions,
    (SELECT count(*) FROM "clientele".subscriptions AS s JOIN "clientele".domains AS d ON d.subscription_id = s.id
     WHERE s.account_id = a.id) AS domains,
    (
        SELECT true
        FROM "clientele".accounts AS a
        ORDER BY a.created_at, a.id
        OFFSET 200 LIMIT 1
    ) AS more
FROM (
    SELECT a.*
    FROM (
        SELECT a.*
        FROM "clientele".accounts AS a
        ORDER BY a.created_at, a.id
        LIMIT 200
    ) AS a
    WHERE (SELECT true FROM "clientele".account_holds AS h WHERE h.account_id = a.id LIMIT 1)
    ORDER BY a.created_at, a.id
    LIMIT $1::bigint
) AS a
ORDER BY a.created_at, a.id;

SELECT count(*) AS count
FROM (
    SELECT h.account_id FROM "clientele".account_holds AS h WHERE true
    LIMIT 10001
) AS selected;

SELECT a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = a.id) AS holds,
    (SELECT count(*) FROM "clientele".subscriptions AS s WHERE s.account_id = a.id) AS subscriptions,
    (SELECT count(*) FROM "clientele".subscriptions AS s JOIN "clientele".domains AS d ON d.subscription_id = s.id
     WHERE s.account_id = a.id) AS domains
FROM (
    SELECT a.*
    FROM "clientele".accounts AS a
    WHERE a.id = ANY(ARRAY(
        SELECT h.account_id FROM "clientele".account_holds AS h WHERE true
    ))
    ORDER BY a.created_at, a.id
    LIMIT $1::bigint
) AS a
ORDER BY a.created_at, a.id;

SELECT a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = a.id) AS holds,
    (SELECT count(*) FROM "clientele".subscriptions AS s WHERE s.account_id = a.id) AS subscriptions,
    (SELECT count(*) FROM "clientele".subscriptions AS s JOIN "clientele".domains AS d ON d.subscription_id = s.id
     WHERE s.account_id = a.id) AS domains,
    (
        SELECT true
        FROM "clientele".accounts AS a
        ORDER BY a.created_at, a.id
        OFFSET 10000 LIMIT 1
    ) AS more
FROM (
    SELECT a.*
    FROM (
        SELECT a.*
        FROM "clientele".accounts AS a
        ORDER BY a.created_at, a.id
        LIMIT 10000
    ) AS a
    WHERE (SELECT true FROM "clientele".account_holds AS h WHERE h.account_id = a.id LIMIT 1)
    ORDER BY a.created_at, a.id
    LIMIT $1::bigint
) AS a
ORDER BY a.created_at, a.id;
