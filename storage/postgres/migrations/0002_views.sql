-- oldest code: 1
--
-- What hosts may read with SQL of their own. The status is derived, as the library derives it.

CREATE VIEW clientele.account_status AS
SELECT a.id AS account_id, a.login,
    CASE WHEN held.by IS NULL THEN 'active' ELSE 'suspended' END AS status,
    coalesce(held.by, '{}') AS suspended_by
FROM clientele.accounts AS a
CROSS JOIN LATERAL (
    SELECT array_agg('account:' || h.cause ORDER BY h.cause) AS by
    FROM clientele.account_holds AS h
    WHERE h.account_id = a.id
) AS held;

CREATE VIEW clientele.subscription_status AS
SELECT s.id AS subscription_id, s.account_id, s.name, s.plan,
    CASE WHEN held.by IS NULL THEN 'active' ELSE 'suspended' END AS status,
    coalesce(held.by, '{}') AS suspended_by
FROM clientele.subscriptions AS s
CROSS JOIN LATERAL (
    SELECT array_agg(h.level || ':' || h.cause ORDER BY h.depth, h.cause) AS by
    FROM (
        SELECT 1 AS depth, 'account' AS level, cause FROM clientele.account_holds WHERE account_id = s.account_id
        UNION ALL
        SELECT 2, 'subscription', cause FROM clientele.subscription_holds WHERE subscription_id = s.id
    ) AS h
) AS held;

CREATE VIEW clientele.domain_status AS
SELECT d.id AS domain_id, d.name, d.subscription_id, s.account_id, s.plan,
    s.main_domain_id IS NOT DISTINCT FROM d.id AS main,
    CASE WHEN held.by IS NULL THEN 'active' ELSE 'suspended' END AS status,
    coalesce(held.by, '{}') AS suspended_by
FROM clientele.domains AS d
JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
CROSS JOIN LATERAL (
    SELECT array_agg(h.level || ':' || h.cause ORDER BY h.depth, h.cause) AS by
    FROM (
        SELECT 1 AS depth, 'account' AS level, cause FROM clientele.account_holds WHERE account_id = s.account_id
        UNION ALL
        SELECT 2, 'subscription', cause FROM clientele.subscription_holds WHERE subscription_id = s.id
        UNION ALL
        SELECT 3, 'domain', cause FROM clientele.domain_holds WHERE domain_id = d.id
    ) AS h
) AS held;

COMMENT ON VIEW clientele.account_status IS 'Every account with its derived status. Stays compatible: columns are only added, at the end.';
COMMENT ON COLUMN clientele.account_status.account_id IS 'The account''s id.';
COMMENT ON COLUMN clientele.account_status.login IS 'The login, in lower case.';
COMMENT ON COLUMN clientele.account_status.status IS 'active, or suspended while the account has a hold.';
COMMENT ON COLUMN clientele.account_status.suspended_by IS 'Every hold as level:cause, such as account:billing. Empty while active.';

COMMENT ON VIEW clientele.subscription_status IS 'Every subscription with its derived status. Stays compatible: columns are only added, at the end.';
COMMENT ON COLUMN clientele.subscription_status.subscription_id IS 'The subscription''s id.';
COMMENT ON COLUMN clientele.subscription_status.account_id IS 'The account that it belongs to; NULL for the provider''s own.';
COMMENT ON COLUMN clientele.subscription_status.name IS 'The subscription''s name. It need not be unique.';
COMMENT ON COLUMN clientele.subscription_status.plan IS 'The plan''s name; may be empty.';
COMMENT ON COLUMN clientele.subscription_status.status IS 'active, or suspended while the subscription or its account has a hold.';
COMMENT ON COLUMN clientele.subscription_status.suspended_by IS 'Every hold as level:cause, the account''s first, such as subscription:expired. Empty while active.';

COMMENT ON VIEW clientele.domain_status IS 'Every domain with its derived status. Stays compatible: columns are only added, at the end.';
COMMENT ON COLUMN clientele.domain_status.domain_id IS 'The domain''s id. It stays when the domain is renamed or moved.';
COMMENT ON COLUMN clientele.domain_status.name IS 'The name in lower case, IDNs as A-labels.';
COMMENT ON COLUMN clientele.domain_status.subscription_id IS 'The subscription that it belongs to.';
COMMENT ON COLUMN clientele.domain_status.account_id IS 'The account that the subscription belongs to; NULL for the provider''s own.';
COMMENT ON COLUMN clientele.domain_status.plan IS 'The plan of its subscription; may be empty.';
COMMENT ON COLUMN clientele.domain_status.main IS 'Whether it is its subscription''s main domain.';
COMMENT ON COLUMN clientele.domain_status.status IS 'active, or suspended while the domain, its subscription or its account has a hold.';
COMMENT ON COLUMN clientele.domain_status.suspended_by IS 'Every hold as level:cause, from the top down, such as domain:customer. Empty while active.';
