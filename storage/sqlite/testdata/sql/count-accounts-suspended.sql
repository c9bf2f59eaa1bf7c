SELECT count(*) AS count,
    (SELECT count(*) FROM (
        SELECT 1 FROM clientele_accounts AS a
        ORDER BY a.created_at, a.ordinal
        LIMIT 1 OFFSET :walk
    ))
FROM (
    SELECT a.id
    FROM (
        SELECT a.id FROM clientele_accounts AS a
        ORDER BY a.created_at, a.ordinal
        LIMIT :walk
    ) AS candidates
    CROSS JOIN clientele_accounts AS a ON a.id = candidates.id
    WHERE (SELECT 1 FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = a.id LIMIT 1)
    LIMIT :limit
) AS selected;
