SELECT count(*) AS count,
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
    ORDER BY s.created_at, s.id
    LIMIT $2::bigint
) AS selected;
