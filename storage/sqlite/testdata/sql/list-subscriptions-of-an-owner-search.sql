SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)
FROM (
    SELECT s.id FROM clientele_subscriptions AS s
    WHERE s.account_id = :account
        AND (s.created_at, s.ordinal) > (:at, :after)
        AND (instr(substr(s.search, 1, instr(s.search || char(10), char(10)) - 1), :term1) > 0 OR (
            SELECT 1 FROM clientele_domains AS d WHERE d.subscription_id = s.id AND instr(d.search, :term1) > 0
            LIMIT 1))
        AND NOT coalesce((SELECT 1 FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id LIMIT 1), false)
        AND NOT coalesce((SELECT 1 FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id LIMIT 1), false)
    ORDER BY s.created_at, s.ordinal
    LIMIT :limit
) AS selected
CROSS JOIN clientele_subscriptions AS s ON s.id = selected.id
ORDER BY s.created_at, s.ordinal;
