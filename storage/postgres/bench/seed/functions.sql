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
