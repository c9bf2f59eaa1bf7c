SELECT count(*) AS count
FROM (
    SELECT a.id FROM "clientele".accounts AS a WHERE a.search LIKE $1::text
    UNION ALL
    SELECT s.account_id FROM "clientele".domains AS d
    CROSS JOIN LATERAL (SELECT s.account_id FROM "clientele".subscriptions AS s WHERE s.id = d.subscription_id OFFSET 0) AS s
    WHERE d.search LIKE $1::text AND s.account_id IS NOT NULL
    LIMIT 10001
) AS selected;

SELECT count(*) AS count
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
    LIMIT $2::bigint
) AS selected;
