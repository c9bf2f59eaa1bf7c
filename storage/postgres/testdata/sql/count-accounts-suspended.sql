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
    WHERE (SELECT true FROM "clientele".account_holds AS h WHERE h.account_id = a.id LIMIT 1)
    ORDER BY a.created_at, a.id
    LIMIT $1::bigint
) AS selected;
