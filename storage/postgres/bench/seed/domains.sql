INSERT INTO clientele.domains (id, subscription_id, name, reversed, attributes, created_at, search)
SELECT n, subscription, name,
    CASE
        WHEN name LIKE '%.xn--mnchen-3ya.de' THEN 'de.xn--mnchen-3ya.' || split_part(name, '.', 1)
        WHEN name LIKE '%.co.uk' THEN 'uk.co.' || split_part(name, '.', 1)
        ELSE split_part(name, '.', 2) || '.' || split_part(name, '.', 1)
    END,
    NULL,
    pg_temp.created(CASE WHEN subscription <= pg_temp.accounts() THEN subscription ELSE (subscription - pg_temp.accounts()) * 5 END),
    pg_temp.words(name) || CASE WHEN name LIKE '%.xn--mnchen-3ya.de' THEN E'\n' || pg_temp.words(replace(name, 'xn--mnchen-3ya', 'munchen')) ELSE '' END
FROM (
    SELECT n, (n - 1) / 5 * 2 + CASE WHEN (n - 1) % 5 < 2 THEN 1 ELSE 2 END AS subscription, pg_temp.domain_name(n) AS name
    FROM generate_series(1, pg_temp.accounts() * 3) AS n
) AS d
ORDER BY n;
