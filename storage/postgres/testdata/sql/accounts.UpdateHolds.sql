begin isolation level read committed;

SELECT * FROM "clientele".lock_holds_1($1::bigint[]);

WITH part1 AS (
    INSERT INTO "clientele".account_holds (
        account_id, cause, note, message, public, placed_by, placed_at)
    SELECT
        r.account_id, $2::text, $3::text, $4::text, $5::text, $6::text, $7::timestamptz
    FROM unnest($1::bigint[]) WITH ORDINALITY
        AS r(account_id, ordinality)
    ORDER BY r.ordinality
    ON CONFLICT (account_id, cause) DO UPDATE SET note = excluded.note, message = excluded.message, public = excluded.public, placed_by = excluded.placed_by, placed_at = excluded.placed_at
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    SELECT
        $8::timestamptz, $9::text, $10::text, r.account_id, $12::bigint, $13::bigint, $14::text, $15::jsonb, $16::jsonb
    FROM unnest($11::bigint[]) WITH ORDINALITY
        AS r(account_id, ordinality)
    ORDER BY r.ordinality
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2) AS count;

commit;
