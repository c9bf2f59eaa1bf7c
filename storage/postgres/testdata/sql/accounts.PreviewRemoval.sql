SELECT level, array_agg(id) AS ids, array_agg(parent) AS parents, array_agg(name) AS names
FROM (
    SELECT 'account' AS level, a.id, 0::bigint AS parent, coalesce(a.external_id, '') AS name
    FROM "clientele".accounts AS a WHERE a.id = ANY(ARRAY(SELECT unnest($1::bigint[])))
    UNION ALL
    SELECT 'login', a.id, 0, a.login
    FROM "clientele".accounts AS a WHERE a.id = ANY(ARRAY(SELECT unnest($1::bigint[])))
    UNION ALL
    SELECT 'subscription', s.id, s.account_id, coalesce(s.external_id, '')
    FROM "clientele".subscriptions AS s WHERE s.account_id = ANY(ARRAY(SELECT unnest($1::bigint[])))
    UNION ALL
    SELECT 'domain', d.id, d.subscription_id, d.name
    FROM "clientele".domains AS d
    WHERE d.subscription_id = ANY(ARRAY(
        SELECT s.id FROM "clientele".subscriptions AS s WHERE s.account_id = ANY(ARRAY(SELECT unnest($1::bigint[])))))
) AS named
GROUP BY level;
