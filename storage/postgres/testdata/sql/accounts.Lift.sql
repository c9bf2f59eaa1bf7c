begin isolation level read committed;

SELECT * FROM "clientele".lock_holds_1($1::bigint[]);

WITH part1 AS (
    UPDATE "clientele".accounts SET session_epoch = session_epoch + 1
    WHERE id = ANY($1::bigint[])
    RETURNING 1
), part2 AS (
    DELETE FROM "clientele".account_holds AS t
    USING unnest($2::bigint[]) WITH ORDINALITY
        AS r(account_id, ordinality)
    WHERE t.account_id = r.account_id AND t.cause = $3::text
    RETURNING 1
), part3 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    SELECT
        $4::timestamptz, $5::text, $6::text, r.account_id, $8::bigint, $9::bigint, $10::text, $11::jsonb, $12::jsonb
    FROM unnest($7::bigint[]) WITH ORDINALITY
        AS r(account_id, ordinality)
    ORDER BY r.ordinality
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2)
    + (SELECT count(*) FROM part3) AS count;

commit;
