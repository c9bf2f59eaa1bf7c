begin isolation level read committed;

SELECT a.id, a.login, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, a.external_id, a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at, a.password_hash, l.holds
FROM "clientele".lock_accounts_1($1::bigint[]) AS l
CROSS JOIN LATERAL (SELECT (l.account).*) AS a;

WITH part1 AS (
    UPDATE "clientele".accounts AS t SET
        login = $2::text, password_hash = $3::text, name = $4::text, company = $5::text, email = $6::text, phone = $7::text,
        address = $8::text, city = $9::text, state = $10::text, postal_code = $11::text, country = $12::text,
        additional_info = $13::text, description = $14::text, external_id = $15::text, locale = $16::text,
        attributes = $17::jsonb, session_epoch = $18::bigint, version = $19::bigint, created_at = $20::timestamptz,
        updated_at = $21::timestamptz, sort_name = $22::text, search = $23::text
    WHERE t.id = $1::bigint
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    VALUES (
        $24::timestamptz, $25::text, $26::text, $27::bigint, $28::bigint, $29::bigint, $30::text, $31::jsonb, $32::jsonb)
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2) AS count;

commit;
