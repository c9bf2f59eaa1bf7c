INSERT INTO clientele.account_holds (account_id, cause, note, message, public, placed_by, placed_at)
SELECT id, 'billing', 'Reminder 3', 'Please pay your last invoice.', '', 'biller', timestamptz '2026-01-01 00:00:00Z' + id * interval '1 second'
FROM clientele.accounts WHERE id % 50 = 3;

INSERT INTO clientele.account_holds (account_id, cause, note, message, public, placed_by, placed_at)
SELECT id, 'abuse', 'Ticket ' || id, '', 'This site is being looked at.', 'anna', timestamptz '2026-02-01 00:00:00Z' + id * interval '1 second'
FROM clientele.accounts WHERE id % 200 = 5;

INSERT INTO clientele.subscription_holds (subscription_id, cause, note, message, public, placed_by, placed_at)
SELECT id, 'expired', '', '', '', 'system', expires_at
FROM clientele.subscriptions WHERE id % 100 = 7;

INSERT INTO clientele.domain_holds (domain_id, cause, note, message, public, placed_by, placed_at)
SELECT id, 'customer', '', '', '', 'owner', timestamptz '2026-03-01 00:00:00Z' + id * interval '1 second'
FROM clientele.domains WHERE id % 200 = 11;

-- The events of all these rows, except for those that were pruned: they are older than the last 200 days of new accounts.
INSERT INTO clientele.events (number, at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
SELECT made.count - count(*) OVER () + row_number() OVER (ORDER BY at, account_id, depth, domain_id), at, type, actor, account_id, subscription_id, domain_id, domain, details, texts
FROM (
    SELECT created_at AS at, 1 AS depth, 'account.created' AS type, 'anna' AS actor, id AS account_id, NULL::bigint AS subscription_id,
        NULL::bigint AS domain_id, '' AS domain,
        CASE WHEN external_id IS NOT NULL THEN jsonb_build_object('externalID', external_id) END AS details, NULL::jsonb AS texts
    FROM clientele.accounts
    UNION ALL
    SELECT created_at, 2, 'subscription.created', 'anna', account_id, id, NULL, '',
        CASE WHEN external_id IS NOT NULL THEN jsonb_build_object('externalID', external_id) END, NULL
    FROM clientele.subscriptions
    UNION ALL
    SELECT d.created_at, 3, 'domain.added', 'anna', s.account_id, s.id, d.id, d.name, NULL, NULL
    FROM clientele.domains AS d JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
    UNION ALL
    SELECT placed_at, 4, 'account.suspended', placed_by, account_id, NULL, NULL, '', jsonb_build_object('cause', cause),
        jsonb_strip_nulls(jsonb_build_object('note', nullif(note, ''), 'message', nullif(message, ''), 'public', nullif(public, '')))
    FROM clientele.account_holds
    UNION ALL
    SELECT h.placed_at, 5, 'subscription.suspended', h.placed_by, s.account_id, s.id, NULL, '', jsonb_build_object('cause', h.cause), NULL
    FROM clientele.subscription_holds AS h JOIN clientele.subscriptions AS s ON s.id = h.subscription_id
    UNION ALL
    SELECT h.placed_at, 6, 'domain.suspended', h.placed_by, s.account_id, s.id, d.id, d.name, jsonb_build_object('cause', h.cause), NULL
    FROM clientele.domain_holds AS h
    JOIN clientele.domains AS d ON d.id = h.domain_id
    JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
) AS e,
    (SELECT (SELECT count(*) FROM clientele.accounts) + (SELECT count(*) FROM clientele.subscriptions)
        + (SELECT count(*) FROM clientele.domains) + (SELECT count(*) FROM clientele.account_holds)
        + (SELECT count(*) FROM clientele.subscription_holds) + (SELECT count(*) FROM clientele.domain_holds) AS count) AS made
WHERE at >= timestamptz '2020-01-01 00:00:00Z' + interval '1800 days'
ORDER BY 1;

UPDATE clientele.event_log SET last = (SELECT max(number) FROM clientele.events),
    pruned = (SELECT min(number) FROM clientele.events) - 1;

SELECT setval('clientele.account_ids', pg_temp.accounts()), setval('clientele.subscription_ids', pg_temp.accounts() * 6 / 5),
    setval('clientele.domain_ids', pg_temp.accounts() * 3);
