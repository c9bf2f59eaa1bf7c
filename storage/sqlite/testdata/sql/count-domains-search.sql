SELECT count(*) AS count,
    (SELECT count(*) FROM (
        SELECT 1 FROM clientele_domains AS d
        ORDER BY d.name
        LIMIT 1 OFFSET :walk
    ))
FROM (
    SELECT d.id
    FROM (
        SELECT d.id FROM clientele_domains AS d
        ORDER BY d.name
        LIMIT :walk
    ) AS candidates
    CROSS JOIN clientele_domains AS d ON d.id = candidates.id
    WHERE instr(d.search, :term1) > 0
    LIMIT :limit
) AS selected;
