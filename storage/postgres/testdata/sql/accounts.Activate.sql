begin isolation level read committed;

SELECT * FROM "clientele".lock_holds_1($1::bigint[]);

commit;
