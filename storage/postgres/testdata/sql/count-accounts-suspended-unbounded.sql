SELECT count(*) AS count
FROM (
    SELECT h.account_id FROM "clientele".account_holds AS h WHERE true
    LIMIT 10001
) AS selected;

SELECT count(*) AS count
FROM (
    SELECT a.*
    FROM "clientele".accounts AS a
    WHERE a.id = ANY(ARRAY(
        SELECT h.account_id FROM "clientele".account_holds AS h WHERE true
    ))
    LIMIT $1::bigint
) AS selected;
