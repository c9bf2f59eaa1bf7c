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
    WHERE (instr(a.search, :term1) > 0 OR (
            SELECT 1 FROM clientele_domains AS d WHERE d.account_id = a.id AND instr(d.search, :term1) > 0
            LIMIT 1))
    LIMIT :limit
) AS selected;
