SELECT s.id, s.account_id, s.name, s.plan, s.description, s.external_id, s.attributes, s.expires_at,
    s.main_domain_id, s.version, s.created_at, s.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".subscription_holds AS h WHERE h.subscription_id = s.id) AS holds, (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = s.account_id) AS account_holds
FROM (
    SELECT s.*
    FROM "clientele".subscriptions AS s
    WHERE s.id = ANY(ARRAY(
        SELECT unnest($1::bigint[])
    ))
    ORDER BY s.created_at, s.id
    LIMIT $2::bigint
) AS s
ORDER BY s.created_at, s.id;
