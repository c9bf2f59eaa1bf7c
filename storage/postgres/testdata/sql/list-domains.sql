SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".domain_holds AS h WHERE h.domain_id = d.id) AS holds,
    s.account_id, s.plan, s.main_domain_id IS NOT DISTINCT FROM d.id AS main,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id) AS subscription_holds,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id) AS account_holds
FROM (
    SELECT d.*
    FROM "clientele".domains AS d
    ORDER BY d.name
    LIMIT $1::bigint
) AS d
CROSS JOIN LATERAL (SELECT s.* FROM "clientele".subscriptions AS s WHERE s.id = d.subscription_id OFFSET 0) AS s
ORDER BY d.name;
