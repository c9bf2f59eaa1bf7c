SELECT count(*) AS count,
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
    WHERE d.search LIKE $1::text
    ORDER BY d.name
    LIMIT $2::bigint
) AS selected;
