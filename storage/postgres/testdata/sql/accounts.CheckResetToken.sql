begin isolation level read committed;

SELECT a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at, a.password_hash, l.holds
FROM "clientele".lock_accounts_1($1::bigint[]) AS l
CROSS JOIN LATERAL (SELECT (l.account).*) AS a;

INSERT INTO "clientele".events (
    at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
VALUES (
    $1::timestamptz, $2::text, $3::text, $4::bigint, $5::bigint, $6::bigint, $7::text, $8::jsonb, $9::jsonb);

commit;

SELECT a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM "clientele".account_holds AS h WHERE h.account_id = a.id) AS holds, a.password_hash
FROM "clientele".accounts AS a
WHERE a.id = $1;
