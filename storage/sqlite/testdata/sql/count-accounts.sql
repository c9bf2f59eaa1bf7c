SELECT count(*) AS count
FROM (
    SELECT a.id FROM clientele_accounts AS a
    ORDER BY a.created_at, a.ordinal
    LIMIT :limit
) AS selected;
