SELECT count(*) AS count
FROM (
    SELECT a.*
    FROM "clientele".accounts AS a
    WHERE a.id = ANY(ARRAY(
        SELECT unnest($1::bigint[])
    ))
    LIMIT $2::bigint
) AS selected;
