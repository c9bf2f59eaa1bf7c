SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".domain_holds AS h WHERE h.domain_id = d.id) AS holds,
    s.account_id, s.plan, s.main_domain_id IS NOT DISTINCT FROM d.id AS main,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id) AS subscription_holds,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id) AS account_holds
FROM "clientele".domains AS d
JOIN "clientele".subscriptions AS s ON s.id = d.subscription_id
WHERE d.name = ANY(ARRAY[$1::text, $2::text])
ORDER BY d.name = $1::text DESC
LIMIT 1;
