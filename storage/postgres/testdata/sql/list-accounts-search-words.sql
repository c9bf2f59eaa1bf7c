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
    WHERE (a.search LIKE $1::text OR (
            SELECT true FROM "clientele".subscriptions AS s JOIN "clientele".domains AS d ON d.subscription_id = s.id
            WHERE s.account_id = a.id AND d.search LIKE $1::text
            LIMIT 1))
        AND (a.search LIKE $2::text OR (
            SELECT true FROM "clientele".subscriptions AS s JOIN "clientele".domains AS d ON d.subscription_id = s.id
            WHERE s.account_id = a.id AND d.search LIKE $2::text
            LIMIT 1))
    ORDER BY a.created_at, a.id
    LIMIT $3::bigint
) AS a
ORDER BY a.created_at, a.id;

SELECT count(*) AS count
FROM (
    SELECT a.id FROM "clientele".accounts AS a WHERE a.search LIKE $1::text
    UNION ALL
    SELECT s.account_id FROM "clientele".domains AS d
    CROSS JOIN LATERAL (SELECT s.account_id FROM "clientele".subscriptions AS s WHERE s.id = d.subscription_id OFFSET 0) AS s
    WHERE d.search LIKE $1::text AND s.account_id IS NOT NULL
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
        SELECT a.id FROM "clientele".accounts AS a WHERE a.search LIKE $1::text
        UNION ALL
        SELECT s.account_id FROM "clientele".domains AS d
        CROSS JOIN LATERAL (SELECT s.account_id FROM "clientele".subscriptions AS s WHERE s.id = d.subscription_id OFFSET 0) AS s
        WHERE d.search LIKE $1::text AND s.account_id IS NOT NULL
    ))
        AND (a.search LIKE $2::text OR (
            SELECT true FROM "clientele".subscriptions AS s JOIN "clientele".domains AS d ON d.subscription_id = s.id
            WHERE s.account_id = a.id AND d.search LIKE $2::text
            LIMIT 1))
    ORDER BY a.created_at, a.id
    LIMIT $3::bigint
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
    WHERE (a.search LIKE $1::text OR (
            SELECT true FROM "clientele".subscriptions AS s JOIN "clientele".domains AS d ON d.subscription_id = s.id
            WHERE s.account_id = a.id AND d.search LIKE $1::text
            LIMIT 1))
        AND (a.search LIKE $2::text OR (
            SELECT true FROM "clientele".subscriptions AS s JOIN "clientele".domains AS d ON d.subscription_id = s.id
            WHERE s.account_id = a.id AND d.search LIKE $2::text
            LIMIT 1))
    ORDER BY a.created_at, a.id
    LIMIT $3::bigint
) AS a
ORDER BY a.created_at, a.id;

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
        SELECT * FROM (
            SELECT a.id FROM "clientele".accounts AS a WHERE a.search LIKE $1::text
            UNION ALL
            SELECT s.account_id FROM "clientele".domains AS d
            CROSS JOIN LATERAL (SELECT s.account_id FROM "clientele".subscriptions AS s WHERE s.id = d.subscription_id OFFSET 0) AS s
            WHERE d.search LIKE $1::text AND s.account_id IS NOT NULL
        ) AS found
        INTERSECT SELECT * FROM (
            SELECT a.id FROM "clientele".accounts AS a WHERE a.search LIKE $2::text
            UNION ALL
            SELECT s.account_id FROM "clientele".domains AS d
            CROSS JOIN LATERAL (SELECT s.account_id FROM "clientele".subscriptions AS s WHERE s.id = d.subscription_id OFFSET 0) AS s
            WHERE d.search LIKE $2::text AND s.account_id IS NOT NULL
        ) AS found
    ))
    ORDER BY a.created_at, a.id
    LIMIT $3::bigint
) AS a
ORDER BY a.created_at, a.id;
