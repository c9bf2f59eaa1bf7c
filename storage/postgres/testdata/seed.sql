-- 50,000 of everything, as the library would have written it; for the schema clientele.

INSERT INTO clientele.accounts
SELECT g, 'user' || g, 'no hash', 'Customer ' || g, '', 'user' || g || '@mail.example', '', '', '', '', '',
    (ARRAY['IT', 'DE', 'FR', 'GB', 'US'])[1 + g % 5], '', '', 'crm-' || g, 'en', NULL, 1, 1,
    timestamptz '2020-01-01' + g * interval '1 minute', timestamptz '2020-01-01' + g * interval '1 minute',
    'customer ' || g,
    format(E' user%1$s\n customer %1$s\n\n user%1$s@ mail. example\n\n\n crm- %1$s', g)
FROM generate_series(1, 50000) AS g;

INSERT INTO clientele.subscriptions
SELECT g, CASE WHEN g % 50 > 0 THEN g END,
    'Subscription ' || g, 'plan' || g % 20, '', 'order-' || g, NULL,
    timestamptz '2021-01-01' + g * interval '1 minute', timestamptz '2021-01-01' + g * interval '1 minute', g, 1,
    timestamptz '2020-01-01' + g * interval '1 minute', timestamptz '2020-01-01' + g * interval '1 minute',
    format(E' subscription %1$s\n order- %1$s', g)
FROM generate_series(1, 50000) AS g;

INSERT INTO clientele.domains
SELECT g, g, format('site%s.example%s.com', g, g % 1000), format('com.example%s.site%s', g % 1000, g), NULL,
    timestamptz '2020-01-01', format(' site%s. example%s. com', g, g % 1000)
FROM generate_series(1, 50000) AS g;

INSERT INTO clientele.account_holds
SELECT g, (ARRAY['billing', 'abuse'])[1 + g % 2], '', '', '', 'seed', timestamptz '2020-01-01'
FROM generate_series(100, 50000, 100) AS g;

INSERT INTO clientele.subscription_holds
SELECT g, 'provider', '', '', '', 'seed', timestamptz '2020-01-01'
FROM generate_series(101, 50000, 100) AS g;

INSERT INTO clientele.domain_holds
SELECT g, 'customer', '', '', '', 'seed', timestamptz '2020-01-01'
FROM generate_series(102, 50000, 100) AS g;

INSERT INTO clientele.events (number, at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
SELECT g, timestamptz '2020-01-01' + g * interval '1 minute', 'account.suspended', 'seed', 1 + g % 20000, NULL, NULL, '',
    '{"cause": "billing"}', CASE WHEN g % 10 = 0 THEN jsonb '{"note": "unpaid"}' END
FROM generate_series(1, 50000) AS g;
UPDATE clientele.event_log SET last = 50000;

INSERT INTO clientele.entries
SELECT CASE WHEN g % 2 = 0 THEN 'batch' ELSE 'sessions' END, CASE WHEN g % 4 < 2 THEN 'account/' || g || '/session' ELSE 'key/' || g END, '', g,
    CASE WHEN g % 5 > 0 THEN timestamptz '2120-01-01' + g * interval '1 minute' END, CASE WHEN g % 4 < 2 THEN g END
FROM generate_series(1, 50000) AS g;

SELECT setval('clientele.entry_versions', 50000), setval('clientele.account_ids', 50000), setval('clientele.subscription_ids', 50000), setval('clientele.domain_ids', 50000);
