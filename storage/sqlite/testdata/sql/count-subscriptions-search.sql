SELECT count(*) AS count,
    (SELECT count(*) FROM (
        SELECT 1 FROM clientele_subscriptions AS s
        ORDER BY s.created_at, s.ordinal
        LIMIT 1 OFFSET :walk
    ))
FROM (
    SELECT s.id
    FROM (
        SELECT s.id FROM clientele_subscriptions AS s
        ORDER BY s.created_at, s.ordinal
        LIMIT :walk
    ) AS candidates
    CROSS JOIN clientele_subscriptions AS s ON s.id = candidates.id
    WHERE (instr(s.search, :term1) > 0 OR (
            SELECT 1 FROM clientele_domains AS d WHERE d.subscription_id = s.id AND instr(d.search, :term1) > 0
            LIMIT 1))
    LIMIT :limit
) AS selected;
