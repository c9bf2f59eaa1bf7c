SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id) AS holds, (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id) AS account_holds
FROM (
    SELECT s.*
    FROM "clientele".subscriptions AS s
    WHERE s.account_id = $1::bigint
        AND (s.created_at, s.id) > ($2::timestamptz, $3::bigint)
        AND (split_part(s.search, chr(10), 1) LIKE $4::text OR (
            SELECT true FROM "clientele".domains AS d WHERE d.subscription_id = s.id AND d.search LIKE $4::text
            LIMIT 1))
        AND NOT coalesce((SELECT true FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id LIMIT 1), false)
        AND NOT coalesce((SELECT true FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id LIMIT 1), false)
    ORDER BY s.created_at, s.id
    LIMIT $5::bigint
) AS s
ORDER BY s.created_at, s.id;
