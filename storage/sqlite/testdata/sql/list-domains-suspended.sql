SELECT count(*) AS count
FROM (
    SELECT h.row_id AS id FROM clientele_holds AS h WHERE h.level = 2
    UNION ALL
    SELECT d.id FROM clientele_holds AS h CROSS JOIN clientele_domains AS d
    WHERE h.level = 1 AND d.subscription_id = h.row_id
    UNION ALL
    SELECT d.id FROM clientele_holds AS h CROSS JOIN clientele_domains AS d
    WHERE h.level = 0 AND d.account_id = h.row_id
    LIMIT :rows
) AS selected;

SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    s.account_id, s.plan, s.main_domain_id = d.id, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 2 AND h.row_id = d.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)
FROM (
    SELECT d.id
    FROM (
        SELECT DISTINCT id FROM (
            SELECT h.row_id AS id FROM clientele_holds AS h WHERE h.level = 2
            UNION ALL
            SELECT d.id FROM clientele_holds AS h CROSS JOIN clientele_domains AS d
            WHERE h.level = 1 AND d.subscription_id = h.row_id
            UNION ALL
            SELECT d.id FROM clientele_holds AS h CROSS JOIN clientele_domains AS d
            WHERE h.level = 0 AND d.account_id = h.row_id
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
    WHERE ((SELECT 1 FROM clientele_holds AS h WHERE h.level = 2 AND h.row_id = d.id LIMIT 1)
        OR (SELECT 1 FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = d.subscription_id LIMIT 1)
        OR (SELECT 1 FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = d.account_id LIMIT 1))
    ORDER BY d.name
    LIMIT :limit
) AS selected
CROSS JOIN clientele_domains AS d ON d.id = selected.id
CROSS JOIN clientele_subscriptions AS s ON s.id = d.subscription_id
ORDER BY d.name;
