SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id) AS holds, (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id) AS account_holds,
    (
        SELECT true
        FROM "clientele".subscriptions AS s
        ORDER BY s.created_at, s.id
        OFFSET 200 LIMIT 1
    ) AS more
FROM (
    SELECT s.*
    FROM (
        SELECT s.*
        FROM "clientele".subscriptions AS s
        ORDER BY s.created_at, s.id
        LIMIT 200
    ) AS s
    WHERE NOT coalesce((SELECT true FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id LIMIT 1), false)
        AND NOT coalesce((SELECT true FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id LIMIT 1), false)
    ORDER BY s.created_at, s.id
    LIMIT $1::bigint
) AS s
ORDER BY s.created_at, s.id;

SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id) AS holds, (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id) AS account_holds,
    (
        SELECT true
        FROM "clientele".subscriptions AS s
        ORDER BY s.created_at, s.id
        OFFSET 10000 LIMIT 1
    ) AS more
FROM (
    SELECT s.*
    FROM (
        SELECT s.*
        FROM "clientele".subscriptions AS s
        ORDER BY s.created_at, s.id
        LIMIT 10000
    ) AS s
    WHERE NOT coalesce((SELECT true FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id LIMIT 1), false)
        AND NOT coalesce((SELECT true FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id LIMIT 1), false)
    ORDER BY s.created_at, s.id
    LIMIT $1::bigint
) AS s
ORDER BY s.created_at, s.id;

SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id) AS holds, (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id) AS account_holds
FROM (
    SELECT s.*
    FROM "clientele".subscriptions AS s
    WHERE s.id = ANY(ARRAY(
        SELECT s.id FROM "clientele".subscriptions AS s
        EXCEPT SELECT * FROM (
            SELECT h.subscription_id FROM "clientele".subscription_holds AS h WHERE true
            UNION ALL
            SELECT s.id FROM "clientele".account_holds AS h
            CROSS JOIN LATERAL (SELECT s.id FROM "clientele".subscriptions AS s WHERE s.account_id = h.account_id OFFSET 0) AS s
            WHERE true
        ) AS held
    ))
    ORDER BY s.created_at, s.id
    LIMIT $1::bigint
) AS s
ORDER BY s.created_at, s.id;
