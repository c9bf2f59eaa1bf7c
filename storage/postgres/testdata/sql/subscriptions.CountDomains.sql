SELECT count(*) AS count
FROM (
    SELECT d.*
    FROM "clientele".domains AS d
    WHERE d.id = ANY(ARRAY(
        SELECT unnest($1::bigint[])
    ))
    LIMIT $2::bigint
) AS selected;
