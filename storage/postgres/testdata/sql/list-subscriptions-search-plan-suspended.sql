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
    WHERE (s.search LIKE $1::text OR (
            SELECT true FROM "clientele".domains AS d WHERE d.subscription_id = s.id AND d.search LIKE $1::text
            LIMIT 1))
        AND (s.search LIKE $2::text OR (
            SELECT true FROM "clientele".domains AS d WHERE d.subscription_id = s.id AND d.search LIKE $2::text
            LIMIT 1))
        AND ((SELECT true FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id LIMIT 1)
        OR (SELECT true FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id LIMIT 1))
        AND s.plan = $3::text
    ORDER BY s.created_at, s.id
    LIMIT $4::bigint
) AS s
ORDER BY s.created_at, s.id;

SELECT count(*) AS count
FROM (
    SELECT s.id FROM "clientele".subscriptions AS s WHERE s.search LIKE $1::text
    UNION ALL
    SELECT d.subscription_id FROM "clientele".domains AS d WHERE d.search LIKE $1::text
    LIMIT 10001
) AS selected;

SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id) AS holds, (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id) AS account_holds
FROM (
    SELECT s.*
    FROM "clientele".subscriptions AS s
    WHERE s.id = ANY(ARRAY(
        SELECT s.id FROM "clientele".subscriptions AS s WHERE s.search LIKE $1::text
        UNION ALL
        SELECT d.subscription_id FROM "clientele".domains AS d WHERE d.search LIKE $1::text
    ))
        AND (s.search LIKE $2::text OR (
            SELECT true FROM "clientele".domains AS d WHERE d.subscription_id = s.id AND d.search LIKE $2::text
            LIMIT 1))
        AND ((SELECT true FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id LIMIT 1)
        OR (SELECT true FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id LIMIT 1))
        AND s.plan = $3::text
    ORDER BY s.created_at, s.id
    LIMIT $4::bigint
) AS s
ORDER BY s.created_at, s.id;

SELECT count(*) AS count
FROM (
    SELECT h.subscription_id FROM "clientele".subscription_holds AS h WHERE true
    UNION ALL
    SELECT s.id FROM "clientele".account_holds AS h
    CROSS JOIN LATERAL (SELECT s.id FROM "clientele".subscriptions AS s WHERE s.account_id = h.account_id OFFSET 0) AS s
    WHERE true
    LIMIT 10001
) AS selected;

SELECT count(*) AS count
FROM (
    SELECT s.id FROM "clientele".subscriptions AS s WHERE s.plan = $1::text
    LIMIT 10001
) AS selected;

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
    WHERE (s.search LIKE $1::text OR (
            SELECT true FROM "clientele".domains AS d WHERE d.subscription_id = s.id AND d.search LIKE $1::text
            LIMIT 1))
        AND (s.search LIKE $2::text OR (
            SELECT true FROM "clientele".domains AS d WHERE d.subscription_id = s.id AND d.search LIKE $2::text
            LIMIT 1))
        AND ((SELECT true FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id LIMIT 1)
        OR (SELECT true FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id LIMIT 1))
        AND s.plan = $3::text
    ORDER BY s.created_at, s.id
    LIMIT $4::bigint
) AS s
ORDER BY s.created_at, s.id;

SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id) AS holds, (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id) AS account_holds
FROM (
    SELECT s.*
    FROM "clientele".subscriptions AS s
    WHERE s.id = ANY(ARRAY(
        SELECT * FROM (
            SELECT s.id FROM "clientele".subscriptions AS s WHERE s.search LIKE $1::text
            UNION ALL
            SELECT d.subscription_id FROM "clientele".domains AS d WHERE d.search LIKE $1::text
        ) AS found
        INTERSECT SELECT * FROM (
            SELECT s.id FROM "clientele".subscriptions AS s WHERE s.search LIKE $2::text
            UNION ALL
            SELECT d.subscription_id FROM "clientele".domains AS d WHERE d.search LIKE $2::text
        ) AS found
        INTERSECT SELECT * FROM (
            SELECT h.subscription_id FROM "clientele".subscription_holds AS h WHERE true
            UNION ALL
            SELECT s.id FROM "clientele".account_holds AS h
            CROSS JOIN LATERAL (SELECT s.id FROM "clientele".subscriptions AS s WHERE s.account_id = h.account_id OFFSET 0) AS s
            WHERE true
        ) AS found
        INTERSECT SELECT * FROM (
            SELECT s.id FROM "clientele".subscriptions AS s WHERE s.plan = $3::text
        ) AS found
    ))
    ORDER BY s.created_at, s.id
    LIMIT $4::bigint
) AS s
ORDER BY s.created_at, s.id;
