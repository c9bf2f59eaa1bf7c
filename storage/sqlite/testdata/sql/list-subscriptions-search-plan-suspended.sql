SELECT count(*) AS count
FROM (
    SELECT CASE r.row & 3
        WHEN 1 THEN (SELECT s.id FROM clientele_subscriptions AS s WHERE s.id = r.row >> 2 AND instr(s.search, :term1) > 0)
        ELSE (SELECT d.subscription_id FROM clientele_domains AS d WHERE d.id = r.row >> 2 AND instr(d.search, :term1) > 0)
        END AS id
    FROM (
        SELECT rowid AS row FROM clientele_search WHERE clientele_search MATCH :match1
        UNION ALL
        SELECT p.row FROM clientele_search_pending AS p WHERE instr(p.text, :term1) > 0
        UNION ALL
        SELECT rowid FROM clientele_search WHERE length(replace(:term1, ' ', '  ')) < 3
    ) AS r
    WHERE r.row & 3 <> 0
    LIMIT :rows
) AS selected;

SELECT count(*) AS count
FROM (
    SELECT CASE r.row & 3
        WHEN 1 THEN (SELECT s.id FROM clientele_subscriptions AS s WHERE s.id = r.row >> 2 AND instr(s.search, :term2) > 0)
        ELSE (SELECT d.subscription_id FROM clientele_domains AS d WHERE d.id = r.row >> 2 AND instr(d.search, :term2) > 0)
        END AS id
    FROM (
        SELECT rowid AS row FROM clientele_search WHERE clientele_search MATCH :match2
        UNION ALL
        SELECT p.row FROM clientele_search_pending AS p WHERE instr(p.text, :term2) > 0
        UNION ALL
        SELECT rowid FROM clientele_search WHERE length(replace(:term2, ' ', '  ')) < 3
    ) AS r
    WHERE r.row & 3 <> 0
    LIMIT :rows
) AS selected;

SELECT count(*) AS count
FROM (
    SELECT h.row_id AS id FROM clientele_holds AS h WHERE h.level = 1
    UNION ALL
    SELECT s.id FROM clientele_holds AS h CROSS JOIN clientele_subscriptions AS s
    WHERE h.level = 0 AND s.account_id = h.row_id
    LIMIT :rows
) AS selected;

SELECT count(*) AS count
FROM (
    SELECT s.id FROM clientele_subscriptions AS s WHERE s.plan = :plan
    LIMIT :rows
) AS selected;

SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)
FROM (
    SELECT s.id
    FROM (
        SELECT DISTINCT id FROM (
            SELECT * FROM (
                SELECT CASE r.row & 3
                    WHEN 1 THEN (SELECT s.id FROM clientele_subscriptions AS s WHERE s.id = r.row >> 2 AND instr(s.search, :term1) > 0)
                    ELSE (SELECT d.subscription_id FROM clientele_domains AS d WHERE d.id = r.row >> 2 AND instr(d.search, :term1) > 0)
                    END AS id
                FROM (
                    SELECT rowid AS row FROM clientele_search WHERE clientele_search MATCH :match1
                    UNION ALL
                    SELECT p.row FROM clientele_search_pending AS p WHERE instr(p.text, :term1) > 0
                    UNION ALL
                    SELECT rowid FROM clientele_search WHERE length(replace(:term1, ' ', '  ')) < 3
                ) AS r
                WHERE r.row & 3 <> 0
            ) AS found
            INTERSECT SELECT * FROM (
                SELECT CASE r.row & 3
                    WHEN 1 THEN (SELECT s.id FROM clientele_subscriptions AS s WHERE s.id = r.row >> 2 AND instr(s.search, :term2) > 0)
                    ELSE (SELECT d.subscription_id FROM clientele_domains AS d WHERE d.id = r.row >> 2 AND instr(d.search, :term2) > 0)
                    END AS id
                FROM (
                    SELECT rowid AS row FROM clientele_search WHERE clientele_search MATCH :match2
                    UNION ALL
                    SELECT p.row FROM clientele_search_pending AS p WHERE instr(p.text, :term2) > 0
                    UNION ALL
                    SELECT rowid FROM clientele_search WHERE length(replace(:term2, ' ', '  ')) < 3
                ) AS r
                WHERE r.row & 3 <> 0
            ) AS found
            INTERSECT SELECT * FROM (
                SELECT h.row_id AS id FROM clientele_holds AS h WHERE h.level = 1
                UNION ALL
                SELECT s.id FROM clientele_holds AS h CROSS JOIN clientele_subscriptions AS s
                WHERE h.level = 0 AND s.account_id = h.row_id
            ) AS found
            INTERSECT SELECT * FROM (
                SELECT s.id FROM clientele_subscriptions AS s WHERE s.plan = :plan
            ) AS found
        )
    ) AS candidates
    CROSS JOIN clientele_subscriptions AS s ON s.id = candidates.id
    ORDER BY s.created_at, s.ordinal
    LIMIT :limit
) AS selected
CROSS JOIN clientele_subscriptions AS s ON s.id = selected.id
ORDER BY s.created_at, s.ordinal;

SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)
FROM (
    SELECT s.id
    FROM (
        SELECT DISTINCT id FROM (
            SELECT CASE r.row & 3
                WHEN 1 THEN (SELECT s.id FROM clientele_subscriptions AS s WHERE s.id = r.row >> 2 AND instr(s.search, :term1) > 0)
                ELSE (SELECT d.subscription_id FROM clientele_domains AS d WHERE d.id = r.row >> 2 AND instr(d.search, :term1) > 0)
                END AS id
            FROM (
                SELECT rowid AS row FROM clientele_search WHERE clientele_search MATCH :match1
                UNION ALL
                SELECT p.row FROM clientele_search_pending AS p WHERE instr(p.text, :term1) > 0
                UNION ALL
                SELECT rowid FROM clientele_search WHERE length(replace(:term1, ' ', '  ')) < 3
            ) AS r
            WHERE r.row & 3 <> 0
        )
    ) AS candidates
    CROSS JOIN clientele_subscriptions AS s ON s.id = candidates.id
    WHERE (instr(s.search, :term2) > 0 OR (
            SELECT 1 FROM clientele_domains AS d WHERE d.subscription_id = s.id AND instr(d.search, :term2) > 0
            LIMIT 1))
        AND ((SELECT 1 FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id LIMIT 1)
        OR (SELECT 1 FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id LIMIT 1))
        AND +s.plan = :plan
    ORDER BY s.created_at, s.ordinal
    LIMIT :limit
) AS selected
CROSS JOIN clientele_subscriptions AS s ON s.id = selected.id
ORDER BY s.created_at, s.ordinal;

SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id),
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
        AND (instr(s.search, :term2) > 0 OR (
            SELECT 1 FROM clientele_domains AS d WHERE d.subscription_id = s.id AND instr(d.search, :term2) > 0
            LIMIT 1))
        AND ((SELECT 1 FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id LIMIT 1)
        OR (SELECT 1 FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id LIMIT 1))
        AND +s.plan = :plan
    ORDER BY s.created_at, s.ordinal
    LIMIT :limit
) AS selected
CROSS JOIN clientele_subscriptions AS s ON s.id = selected.id
ORDER BY s.created_at, s.ordinal;
