INSERT INTO clientele.accounts (id, login, password_hash, name, company, email, phone, address, city, state, postal_code,
    country, additional_info, description, external_id, locale, attributes, session_epoch, version, created_at, updated_at,
    sort_name, search)
SELECT n, login, '$argon2id$v=19$m=19456,t=2,p=1$' || substr(md5(login), 1, 22) || '$' || md5(login) || '01234567890',
    name, company, email, phone, 'Via Roma ' || n % 200, 'Bologna', 'BO', '40' || lpad((n % 1000)::text, 3, '0'),
    country, '', CASE n % 4 WHEN 0 THEN 'Pays by transfer.' ELSE '' END, external_id, 'it-IT',
    CASE n % 3 WHEN 0 THEN jsonb_build_object('vat-number', 'IT' || lpad(n::text, 11, '0')) END,
    1, 1, created, created,
    folded_name, concat_ws(E'\n', ' ' || login, ' ' || lower(first) || ' ' || searched, pg_temp.words(lower(company)), pg_temp.words(email),
        pg_temp.words(phone) || ' ' || replace(substr(phone, 2), ' ', ''), ' bologna', pg_temp.words(coalesce(external_id, '')))
FROM (
    SELECT n, last.login || n AS login, first, last.searched,
        first || ' ' || last.name AS name, lower(first) || ' ' || last.folded AS folded_name,
        CASE WHEN n % 200 = 42 THEN 'Trattoria ' ELSE 'Azienda ' END || n || ' S.r.l.' AS company,
        last.login || n || '@mail' || n % 100 || '.example' AS email,
        '+39 051 ' || lpad((n * 7919 % 10000000)::text, 7, '0') AS phone,
        (ARRAY['IT', 'IT', 'IT', 'IT', 'DE', 'DE', 'FR', 'AT', 'CH', 'ES'])[n % 10 + 1] AS country,
        CASE n % 2 WHEN 0 THEN 'billing-' || n END AS external_id,
        pg_temp.created(n) AS created
    FROM generate_series(1, pg_temp.accounts()) AS n
    JOIN (VALUES (0, 'Rossi', 'rossi', 'rossi', 'rossi'), (1, 'Müller', 'müller', 'mueller', 'muller'),
        (2, 'Strauß', 'strauss', 'strauss', 'strauss'), (3, 'Bianchi', 'bianchi', 'bianchi', 'bianchi'), (4, 'Esposito', 'esposito', 'esposito', 'esposito'),
        (5, 'Łuczak', 'łuczak', 'luczak', 'luczak'), (6, 'Zanetti', 'zanetti', 'zanetti', 'zanetti'), (7, 'Çelik', 'çelik', 'celik', 'celik'),
        (8, 'D''Angelo', 'd''angelo', 'dangelo', 'dangelo'), (9, 'Weber', 'weber', 'weber', 'weber'), (10, 'Ferrari', 'ferrari', 'ferrari', 'ferrari')
    ) AS last (nth, name, folded, login, searched) ON last.nth = n * 7919 % 11
    CROSS JOIN LATERAL (SELECT (ARRAY['Anna', 'Bruno', 'Carla', 'Dario', 'Elena', 'Franz', 'Greta', 'Hans', 'Ida', 'Jan', 'Karl',
        'Lucia', 'Mario'])[n * 31 % 13 + 1] AS first) AS first
) AS a
ORDER BY n;

INSERT INTO clientele.subscriptions (id, account_id, name, plan, description, external_id, attributes,
    expires_at, due_at, main_domain_id, version, created_at, updated_at, search)
SELECT n, account, name, plan, '', external_id, NULL, expires, CASE WHEN n % 100 <> 7 THEN expires END,
    main, 1, created, created, pg_temp.words(name) || E'\n' || pg_temp.words(coalesce(external_id, ''))
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
