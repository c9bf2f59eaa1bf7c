begin isolation level read committed;

SELECT a.id FROM "clientele".accounts AS a
WHERE a.id = ANY($1::bigint[])
ORDER BY a.id
FOR NO KEY UPDATE;

SELECT h.account_id, h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at
FROM "clientele".account_holds AS h
WHERE h.account_id = ANY($1::bigint[])
ORDER BY h.account_id, h.cause;

UPDATE "clientele".accounts SET session_epoch = session_epoch + 1
WHERE id = ANY($1::bigint[]);

DELETE FROM "clientele".account_holds AS t
USING unnest($1::bigint[]) WITH ORDINALITY
    AS r(account_id, ordinality)
WHERE t.account_id = r.account_id AND t.cause = $2::text;

INSERT INTO "clientele".events (
    at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
SELECT
    $1::timestamptz, $2::text, $3::text, r.account_id, $5::bigint, $6::bigint, $7::text, $8::jsonb, $9::jsonb
FROM unnest($4::bigint[]) WITH ORDINALITY
    AS r(account_id, ordinality)
ORDER BY r.ordinality;

commit;
