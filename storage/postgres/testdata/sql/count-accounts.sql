SELECT count(*) AS count
FROM (
    SELECT a.*
    FROM "clientele".accounts AS a
    ORDER BY a.created_at, a.id
    LIMIT $1::bigint
) AS selected;
