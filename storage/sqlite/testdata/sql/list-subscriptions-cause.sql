SELECT count(*) AS count
FROM (
    SELECT h.row_id AS id FROM clientele_holds AS h WHERE h.level = 1 AND h.cause = CAST(:cause AS text)
    UNION ALL
    SELECT s.id FROM clientele_holds AS h CROSS JOIN clientele_subscriptions AS s
    WHERE h.level = 0 AND s.account_id = h.row_id AND h.cause = CAST(:cause AS text)
    LIMIT :rows
) AS selected;

SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)
FROM (
    SELECT s.id
    FROM (
        SELECT DISTINCT id FROM (
            SELECT h.row_id AS id FROM clientele_holds AS h WHERE h.level = 1 AND h.cause = CAST(:cause AS text)
            UNION ALL
            SELECT s.id FROM clientele_holds AS h CROSS JOIN clientele_subscriptions AS s
            WHERE h.level = 0 AND s.account_id = h.row_id AND h.cause = CAST(:cause AS text)
        )
    ) AS candidates
    CROSS JOIN clientele_subscriptions AS s ON s.id = candidates.id
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
    WHERE ((SELECT 1 FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id AND h.cause = CAST(:cause AS text) LIMIT 1)
        OR (SELECT 1 FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id AND h.cause = CAST(:cause AS text) LIMIT 1))
    ORDER BY s.created_at, s.ordinal
    LIMIT :limit
) AS selected
CROSS JOIN clientele_subscriptions AS s ON s.id = selected.id
ORDER BY s.created_at, s.ordinal;
