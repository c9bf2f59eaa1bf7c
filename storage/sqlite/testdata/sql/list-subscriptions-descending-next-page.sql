SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)
FROM (
    SELECT s.id FROM clientele_subscriptions AS s
    WHERE (s.created_at, s.ordinal) < (:at, :after)
    ORDER BY s.created_at DESC, s.ordinal DESC
    LIMIT :limit
) AS selected
CROSS JOIN clientele_subscriptions AS s ON s.id = selected.id
ORDER BY s.created_at DESC, s.ordinal DESC;
