SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    s.account_id, s.plan, s.main_domain_id = d.id, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 2 AND h.row_id = d.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 1 AND h.row_id = s.id), (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = s.account_id)
FROM (
    SELECT d.id FROM clientele_domains AS d
    WHERE d.account_id IS :account
    ORDER BY d.name
    LIMIT :limit
) AS selected
CROSS JOIN clientele_domains AS d ON d.id = selected.id
CROSS JOIN clientele_subscriptions AS s ON s.id = d.subscription_id
ORDER BY d.name;
