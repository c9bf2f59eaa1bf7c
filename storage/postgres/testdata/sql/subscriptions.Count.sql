SELECT count(*) AS count
FROM (
    SELECT s.*
    FROM "clientele".subscriptions AS s
    WHERE s.id = ANY(ARRAY(
        SELECT unnest($1::bigint[])
    ))
    LIMIT $2::bigint
) AS selected;
