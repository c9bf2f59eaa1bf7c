SELECT count(*) AS count,
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
    ORDER BY a.created_at, a.id
    LIMIT $2::bigint
) AS selected;
