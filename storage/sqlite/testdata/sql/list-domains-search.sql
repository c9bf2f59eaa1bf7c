SELECT count(*) AS count
FROM (
    SELECT d.id FROM (
        SELECT rowid AS row FROM clientele_search WHERE clientele_search MATCH :match1
        UNION ALL
        SELECT p.row FROM clientele_search_pending AS p WHERE instr(p.text, :term1) > 0
        UNION ALL
        SELECT rowid FROM clientele_search WHERE length(replace(:term1, ' ', '  ')) < 3
    ) AS r CROSS JOIN clientele_domains AS d
    WHERE r.row & 3 = 2 AND d.id = r.row >> 2 AND instr(d.search, :term1) > 0
    LIMIT :rows
) AS selected;

SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    s.account_id, s.plan, s.main_domain_id = d.id, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 2 AND h.row_id = d.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)
FROM (
    SELECT d.id
    FROM (
        SELECT DISTINCT id FROM (
            SELECT d.id FROM (
                SELECT rowid AS row FROM clientele_search WHERE clientele_search MATCH :match1
                UNION ALL
                SELECT p.row FROM clientele_search_pending AS p WHERE instr(p.text, :term1) > 0
                UNION ALL
                SELECT rowid FROM clientele_search WHERE length(replace(:term1, ' ', '  ')) < 3
            ) AS r CROSS JOIN clientele_domains AS d
            WHERE r.row & 3 = 2 AND d.id = r.row >> 2 AND instr(d.search, :term1) > 0
        )
    ) AS candidates
    CROSS JOIN clientele_domains AS d ON d.id = candidates.id
    ORDER BY d.name
    LIMIT :limit
) AS selected
CROSS JOIN clientele_domains AS d ON d.id = selected.id
CROSS JOIN clientele_subscriptions AS s ON s.id = d.subscription_id
ORDER BY d.name;

SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    s.account_id, s.plan, s.main_domain_id = d.id, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 2 AND h.row_id = d.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id),
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
    ORDER BY d.name
    LIMIT :limit
) AS selected
CROSS JOIN clientele_domains AS d ON d.id = selected.id
CROSS JOIN clientele_subscriptions AS s ON s.id = d.subscription_id
ORDER BY d.name;
