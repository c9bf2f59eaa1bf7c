begin isolation level read committed;

SELECT a.id FROM "clientele".accounts AS a
WHERE a.id = ANY($1::bigint[])
ORDER BY a.id
FOR NO KEY UPDATE;

SELECT h.account_id, h.cause, h.note, h.message, h.public, h.placed_by, h.placed_at
FROM "clientele".account_holds AS h
WHERE h.account_id = ANY($1::bigint[])
ORDER BY h.account_id, h.cause;

commit;
