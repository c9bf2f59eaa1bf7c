-- The number of accounts is the setting bench.accounts (a multiple of 100). There are 1.2 times as many subscriptions and 3 times
-- as many domains, stored as by the library: TestSeed compares them.
--
-- Account n owns subscription n, and every fifth account owns a second one. Subscriptions have two or three domains alternately.

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

-- A search text as the library folds it: each word with a blank before it.
CREATE FUNCTION pg_temp.words(text text) RETURNS text IMMUTABLE LANGUAGE sql AS $$
    SELECT CASE text WHEN '' THEN '' ELSE ' ' || regexp_replace(text, '([^a-z0-9 ])([a-z0-9])', '\1 \2', 'g') END
$$;
