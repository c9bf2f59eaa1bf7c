SELECT a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at, (SELECT json_group_array(json_array(h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at) ORDER BY h.cause) FROM clientele_holds AS h WHERE h.level = 0 AND h.row_id = a.id),
    (SELECT count(*) FROM clientele_subscriptions AS s WHERE s.account_id = a.id),
    (SELECT count(*) FROM clientele_domains AS d WHERE d.account_id = a.id)
FROM (
    SELECT a.id FROM clientele_accounts AS a
    WHERE (a.sort_name, a.ordinal) < (:key, :after)
    ORDER BY a.sort_name DESC, a.ordinal DESC
    LIMIT :limit
) AS selected
CROSS JOIN clientele_accounts AS a ON a.id = selected.id
ORDER BY a.sort_name DESC, a.ordinal DESC;
