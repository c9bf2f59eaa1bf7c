begin isolation level read committed;

SELECT * FROM "clientele".lock_1($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean);

WITH part1 AS (
    DELETE FROM "clientele".domain_holds AS t
    USING unnest($1::bigint[]) WITH ORDINALITY
        AS r(domain_id, ordinality)
    WHERE t.domain_id = r.domain_id AND t.cause = $2::text
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    SELECT
        $3::timestamptz, $4::text, $5::text, $6::bigint, $7::bigint, r.domain_id, r.domain, $10::jsonb, $11::jsonb
    FROM unnest($8::bigint[], $9::text[]) WITH ORDINALITY
        AS r(domain_id, domain, ordinality)
    ORDER BY r.ordinality
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2) AS count;

commit;
