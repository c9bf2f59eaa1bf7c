SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".domain_holds AS h WHERE h.domain_id = d.id) AS holds,
    s.account_id, s.plan, s.main_domain_id IS NOT DISTINCT FROM d.id AS main,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id) AS subscription_holds,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id) AS account_holds,
    (
        SELECT true
        FROM "clientele".domains AS d
        ORDER BY d.name
        OFFSET 200 LIMIT 1
    ) AS more
FROM (
    SELECT d.*
    FROM (
        SELECT d.*
        FROM "clientele".domains AS d
        ORDER BY d.name
        LIMIT 200
    ) AS d
    WHERE ((SELECT true FROM "clientele".domain_holds AS h WHERE h.domain_id = d.id LIMIT 1)
        OR (SELECT true FROM "clientele".subscription_holds AS h WHERE h.subscription_id = d.subscription_id LIMIT 1)
        OR (
            SELECT true FROM "clientele".subscriptions AS s JOIN "clientele".account_holds AS h ON h.account_id = s.account_id
            WHERE s.id = d.subscription_id
            LIMIT 1))
    ORDER BY d.name
    LIMIT $1::bigint
) AS d
CROSS JOIN LATERAL (SELECT s.* FROM "clientele".subscriptions AS s WHERE s.id = d.subscription_id OFFSET 0) AS s
ORDER BY d.name;

SELECT count(*) AS count
FROM (
    SELECT h.domain_id FROM "clientele".domain_holds AS h WHERE true
    UNION ALL
    SELECT d.id FROM "clientele".subscription_holds AS h
    CROSS JOIN LATERAL (SELECT d.id FROM "clientele".domains AS d WHERE d.subscription_id = h.subscription_id OFFSET 0) AS d
    WHERE true
    UNION ALL
    SELECT d.id FROM "clientele".account_holds AS h
    CROSS JOIN LATERAL (SELECT s.id FROM "clientele".subscriptions AS s WHERE s.account_id = h.account_id OFFSET 0) AS s
    CROSS JOIN LATERAL (SELECT d.id FROM "clientele".domains AS d WHERE d.subscription_id = s.id OFFSET 0) AS d
    WHERE true
    LIMIT 10001
) AS selected;

SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".domain_holds AS h WHERE h.domain_id = d.id) AS holds,
    s.account_id, s.plan, s.main_domain_id IS NOT DISTINCT FROM d.id AS main,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id) AS subscription_holds,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id) AS account_holds
FROM (
    SELECT d.*
    FROM "clientele".domains AS d
    WHERE d.id = ANY(ARRAY(
        SELECT h.domain_id FROM "clientele".domain_holds AS h WHERE true
        UNION ALL
        SELECT d.id FROM "clientele".subscription_holds AS h
        CROSS JOIN LATERAL (SELECT d.id FROM "clientele".domains AS d WHERE d.subscription_id = h.subscription_id OFFSET 0) AS d
        WHERE true
        UNION ALL
        SELECT d.id FROM "clientele".account_holds AS h
        CROSS JOIN LATERAL (SELECT s.id FROM "clientele".subscriptions AS s WHERE s.account_id = h.account_id OFFSET 0) AS s
        CROSS JOIN LATERAL (SELECT d.id FROM "clientele".domains AS d WHERE d.subscription_id = s.id OFFSET 0) AS d
        WHERE true
    ))
    ORDER BY d.name
    LIMIT $1::bigint
) AS d
CROSS JOIN LATERAL (SELECT s.* FROM "clientele".subscriptions AS s WHERE s.id = d.subscription_id OFFSET 0) AS s
ORDER BY d.name;

SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".domain_holds AS h WHERE h.domain_id = d.id) AS holds,
    s.account_id, s.plan, s.main_domain_id IS NOT DISTINCT FROM d.id AS main,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id) AS subscription_holds,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id) AS account_holds,
    (
        SELECT true
        FROM "clientele".domains AS d
        ORDER BY d.name
        OFFSET 10000 LIMIT 1
    ) AS more
FROM (
    SELECT d.*
    FROM (
        SELECT d.*
        FROM "clientele".domains AS d
        ORDER BY d.name
        LIMIT 10000
    ) AS d
    WHERE ((SELECT true FROM "clientele".domain_holds AS h WHERE h.domain_id = d.id LIMIT 1)
        OR (SELECT true FROM "clientele".subscription_holds AS h WHERE h.subscription_id = d.subscription_id LIMIT 1)
        OR (
            SELECT true FROM "clientele".subscriptions AS s JOIN "clientele".account_holds AS h ON h.account_id = s.account_id
            WHERE s.id = d.subscription_id
            LIMIT 1))
    ORDER BY d.name
    LIMIT $1::bigint
) AS d
CROSS JOIN LATERAL (SELECT s.* FROM "clientele".subscriptions AS s WHERE s.id = d.subscription_id OFFSET 0) AS s
ORDER BY d.name;
