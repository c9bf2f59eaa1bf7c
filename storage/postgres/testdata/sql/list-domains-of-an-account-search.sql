SELECT d.id, d.subscription_id, d.name, d.attributes, d.created_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".domain_holds AS h WHERE h.domain_id = d.id) AS holds,
    s.account_id, s.plan, s.main_domain_id IS NOT DISTINCT FROM d.id AS main,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id) AS subscription_holds,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id) AS account_holds
FROM (
    SELECT d.*
    FROM "clientele".subscriptions AS s
    CROSS JOIN LATERAL (
        SELECT d.*
        FROM "clientele".domains AS d
        WHERE d.subscription_id = s.id
            AND (d.name) > ($1::text)
            AND d.search LIKE $2::text
            AND NOT coalesce((SELECT true FROM "clientele".domain_holds AS h WHERE h.domain_id = d.id LIMIT 1), false)
            AND NOT coalesce((SELECT true FROM "clientele".subscription_holds AS h WHERE h.subscription_id = d.subscription_id LIMIT 1), false)
            AND NOT coalesce((
                SELECT true FROM "clientele".subscriptions AS s JOIN "clientele".account_holds AS h ON h.account_id = s.account_id
                WHERE s.id = d.subscription_id
                LIMIT 1), false)
        ORDER BY d.name
        LIMIT $3::bigint
    ) AS d
    WHERE s.account_id = $4::bigint
    ORDER BY d.name
    LIMIT $3::bigint
) AS d
CROSS JOIN LATERAL (SELECT s.* FROM "clientele".subscriptions AS s WHERE s.id = d.subscription_id OFFSET 0) AS s
ORDER BY d.name;
