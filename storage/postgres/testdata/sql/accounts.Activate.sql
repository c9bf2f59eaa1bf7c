begin isolation level read committed;

SELECT a.id FROM "clientele".accounts AS a
WHERE a.id = ANY($1::bigint[])
ORDER BY a.id
FOR NO KEY UPDATE;

SELECT a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = a.id) AS holds, a.password_hash
FROM "clientele".accounts AS a
WHERE a.id = ANY($1::bigint[])
ORDER BY a.id;

commit;
