-- So many accounts as the setting bench.accounts says (a multiple of 100), with 1.2 times as many subscriptions and 3
-- times as many domains, as the library would have stored them. TestSeed compares them with what it writes.
--
-- Account n owns the subscription n, and every fifth one another. Subscriptions have two domains and three, in turns.

CREATE FUNCTION pg_temp.accounts() RETURNS bigint STABLE LANGUAGE sql AS $$ SELECT current_setting('bench.accounts')::bigint $$;

CREATE FUNCTION pg_temp.domain_name(id bigint) RETURNS text IMMUTABLE LANGUAGE sql AS $$
    SELECT CASE
        WHEN id % 100 = 99 THEN 'shop' || id || '.xn--mnchen-3ya.de'
        WHEN id % 1000 = 500 THEN 'osteria' || id || '.it'
        ELSE (ARRAY['alpha', 'bottega', 'casa', 'dolce', 'edil', 'foto', 'garten', 'haus', 'idea', 'jazz', 'kino', 'libri',
            'moda', 'nuovo', 'orto', 'pane', 'quadri', 'rosa', 'sport', 'tours', 'uhren', 'vino', 'web', 'yoga', 'zeit'])[id % 25 + 1]
            || id || (ARRAY['.it', '.de', '.com', '.net', '.co.uk'])[id % 7 % 5 + 1]
    END
$$;

CREATE FUNCTION pg_temp.created(account bigint) RETURNS timestamptz STABLE LANGUAGE sql AS $$
    SELECT timestamptz '2020-01-01 00:00:00Z' + account * (interval '2000 days' / pg_temp.accounts())
$$;

INSERT INTO clientele.accounts (id, login, password_hash, name, company, email, phone, address, city, state, postal_code,
    country, additional_info, description, external_id, locale, attributes, sign_in, version, created_at, updated_at,
    sort_name, search)
SELECT n, login, '$argon2id$v=19$m=19456,t=2,p=1$' || substr(md5(login), 1, 22) || '$' || md5(login) || '01234567890',
    name, company, email, phone, 'Via Roma ' || n % 200, 'Bologna', 'BO', '40' || lpad((n % 1000)::text, 3, '0'),
    country, '', CASE n % 4 WHEN 0 THEN 'Pays by transfer.' ELSE '' END, external_id, 'it-IT',
    CASE n % 3 WHEN 0 THEN jsonb_build_object('vat-number', 'IT' || lpad(n::text, 11, '0')) END,
    1, 1, created, created,
    folded_name, E'\n' || concat_ws(E'\n', login, folded_name, lower(company), email, phone, coalesce(external_id, '')) || E'\n'
FROM (
    SELECT n, last.login || n AS login,
        first || ' ' || last.name AS name, lower(first) || ' ' || last.folded AS folded_name,
        CASE WHEN n % 200 = 42 THEN 'Trattoria ' ELSE 'Azienda ' END || n || ' S.r.l.' AS company,
        last.login || n || '@mail' || n % 100 || '.example' AS email,
        '+39 051 ' || lpad((n * 7919 % 10000000)::text, 7, '0') AS phone,
        (ARRAY['IT', 'IT', 'IT', 'IT', 'DE', 'DE', 'FR', 'AT', 'CH', 'ES'])[n % 10 + 1] AS country,
        CASE n % 2 WHEN 0 THEN 'billing-' || n END AS external_id,
        pg_temp.created(n) AS created
    FROM generate_series(1, pg_temp.accounts()) AS n
    JOIN (VALUES (0, 'Rossi', 'rossi', 'rossi'), (1, 'Müller', 'müller', 'mueller'), (2, 'Strauß', 'strauss', 'strauss'),
        (3, 'Bianchi', 'bianchi', 'bianchi'), (4, 'Esposito', 'esposito', 'esposito'), (5, 'Łuczak', 'łuczak', 'luczak'),
        (6, 'Zanetti', 'zanetti', 'zanetti'), (7, 'Çelik', 'çelik', 'celik'), (8, 'D''Angelo', 'd''angelo', 'dangelo'),
        (9, 'Weber', 'weber', 'weber'), (10, 'Ferrari', 'ferrari', 'ferrari')
    ) AS last (nth, name, folded, login) ON last.nth = n * 7919 % 11
    CROSS JOIN LATERAL (SELECT (ARRAY['Anna', 'Bruno', 'Carla', 'Dario', 'Elena', 'Franz', 'Greta', 'Hans', 'Ida', 'Jan', 'Karl',
        'Lucia', 'Mario'])[n * 31 % 13 + 1] AS first) AS first
) AS a
ORDER BY n;

INSERT INTO clientele.subscriptions (id, account_id, name, plan, description, external_id, attributes, expires_at, due_at,
    main_domain_id, version, created_at, updated_at, search)
SELECT n, account, name, plan, '', external_id, NULL, expires, CASE WHEN n % 100 <> 7 THEN expires END,
    main, 1, created, created, E'\n' || name || E'\n' || coalesce(external_id, '') || E'\n'
FROM (
    SELECT n, owned.account, main, pg_temp.domain_name(main) AS name,
        (ARRAY['basic', 'basic', 'basic', 'business', 'premium', ''])[n % 6 + 1] AS plan,
        CASE n % 2 WHEN 0 THEN 'contract-' || n END AS external_id,
        owned.created, CASE WHEN n % 100 = 7 THEN owned.created + interval '365 days' WHEN n % 3 = 0 THEN owned.created + interval '9000 days' END AS expires
    FROM generate_series(1, pg_temp.accounts() * 6 / 5) AS n
    CROSS JOIN LATERAL (SELECT (n - 1) / 2 * 5 + CASE n % 2 WHEN 1 THEN 1 ELSE 3 END AS main) AS main
    CROSS JOIN LATERAL (SELECT account, pg_temp.created(account) AS created FROM (
        SELECT CASE WHEN n <= pg_temp.accounts() THEN n ELSE (n - pg_temp.accounts()) * 5 END AS account) AS a) AS owned
) AS s
ORDER BY n;

INSERT INTO clientele.domains (id, subscription_id, name, reversed, attributes, created_at, search)
SELECT n, subscription, name,
    CASE
        WHEN name LIKE '%.xn--mnchen-3ya.de' THEN 'de.xn--mnchen-3ya.' || split_part(name, '.', 1)
        WHEN name LIKE '%.co.uk' THEN 'uk.co.' || split_part(name, '.', 1)
        ELSE split_part(name, '.', 2) || '.' || split_part(name, '.', 1)
    END,
    NULL,
    pg_temp.created(CASE WHEN subscription <= pg_temp.accounts() THEN subscription ELSE (subscription - pg_temp.accounts()) * 5 END),
    E'\n' || name || E'\n' || CASE WHEN name LIKE '%.xn--mnchen-3ya.de' THEN replace(name, 'xn--mnchen-3ya', 'münchen') || E'\n' ELSE '' END
FROM (
    SELECT n, (n - 1) / 5 * 2 + CASE WHEN (n - 1) % 5 < 2 THEN 1 ELSE 2 END AS subscription, pg_temp.domain_name(n) AS name
    FROM generate_series(1, pg_temp.accounts() * 3) AS n
) AS d
ORDER BY n;

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

-- The log tells of all that, but what is older than the last 200 days of new accounts was pruned.
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
