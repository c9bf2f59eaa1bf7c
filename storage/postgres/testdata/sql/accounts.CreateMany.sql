begin isolation level read committed;

SELECT * FROM "clientele".claim_1($1::integer, $2::integer[], $3::integer, $4::integer, $5::integer,
    $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint, $13::boolean);

WITH part1 AS (
    INSERT INTO "clientele".accounts (
        id, login, password_hash, name, company, email, phone, address, city, state, postal_code, country, additional_info,
        description, external_id, locale, attributes, session_epoch, version, created_at, updated_at, sort_name,
        search)
    SELECT
        r.id, r.login, $3::text, r.name, $5::text, $6::text, $7::text, $8::text, $9::text, $10::text, $11::text,
        $12::text, $13::text, $14::text, r.external_id, $16::text, $17::jsonb, $18::bigint, $19::bigint, $20::timestamptz,
        $21::timestamptz, r.sort_name, r.search
    FROM unnest($1::bigint[], $2::text[], $4::text[], $15::text[], $22::text[], $23::text[]) WITH ORDINALITY
        AS r(id, login, name, external_id, sort_name, search, ordinality)
    ORDER BY r.ordinality
    ON CONFLICT DO NOTHING
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".subscriptions (
        id, account_id, name, plan, description, external_id, attributes, expires_at, due_at, main_domain_id, version,
        created_at, updated_at, search)
    SELECT
        r.id, r.account_id, r.name, $27::text, $28::text, r.external_id, $30::jsonb, $31::timestamptz, $32::timestamptz,
        r.main_domain_id, $34::bigint, $35::timestamptz, $36::timestamptz, r.search
    FROM unnest($24::bigint[], $25::bigint[], $26::text[], $29::text[], $33::bigint[], $37::text[]) WITH ORDINALITY
        AS r(id, account_id, name, external_id, main_domain_id, search, ordinality)
    ORDER BY r.ordinality
    ON CONFLICT DO NOTHING
    RETURNING 1
), part3 AS (
    INSERT INTO "clientele".domains (
        id, subscription_id, name, reversed, attributes, created_at, search)
    SELECT
        r.id, r.subscription_id, r.name, r.reversed, $42::jsonb, $43::timestamptz, r.search
    FROM unnest($38::bigint[], $39::bigint[], $40::text[], $41::text[], $44::text[]) WITH ORDINALITY
        AS r(id, subscription_id, name, reversed, search, ordinality)
    ORDER BY r.ordinality
    ON CONFLICT DO NOTHING
    RETURNING 1
), part4 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    SELECT
        $45::timestamptz, r.type, $47::text, r.account_id, r.subscription_id, r.domain_id, r.domain, r.details,
        r.texts
    FROM unnest($46::text[], $48::bigint[], $49::bigint[], $50::bigint[], $51::text[], $52::jsonb[], $53::jsonb[]) WITH ORDINALITY
        AS r(type, account_id, subscription_id, domain_id, domain, details, texts, ordinality)
    ORDER BY r.ordinality
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2)
    + (SELECT count(*) FROM part3)
    + (SELECT count(*) FROM part4) AS count;

commit;
