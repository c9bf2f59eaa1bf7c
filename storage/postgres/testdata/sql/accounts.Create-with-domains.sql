begin isolation level read committed;

SELECT * FROM "clientele".claim_1($1::integer, $2::integer[], $3::integer, $4::integer, $5::integer,
    $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint, $13::boolean);

WITH part1 AS (
    INSERT INTO "clientele".accounts (
        id, login, password_hash, name, company, email, phone, address, city, state, postal_code, country, additional_info,
        description, external_id, locale, attributes, session_epoch, version, created_at, updated_at, sort_name,
        search)
    VALUES (
        $1::bigint, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text, $10::text,
        $11::text, $12::text, $13::text, $14::text, $15::text, $16::text, $17::jsonb, $18::bigint, $19::bigint,
        $20::timestamptz, $21::timestamptz, $22::text, $23::text)
    ON CONFLICT DO NOTHING
    RETURNING 1
), part2 AS (
    INSERT INTO "clientele".subscriptions (
        id, account_id, name, plan, description, external_id, attributes, expires_at, due_at, main_domain_id, version,
        created_at, updated_at, search)
    VALUES (
        $24::bigint, $25::bigint, $26::text, $27::text, $28::text, $29::text, $30::jsonb, $31::timestamptz, $32::timestamptz,
        $33::bigint, $34::bigint, $35::timestamptz, $36::timestamptz, $37::text)
    ON CONFLICT DO NOTHING
    RETURNING 1
), part3 AS (
    INSERT INTO "clientele".domains (
        id, subscription_id, name, reversed, attributes, created_at, search)
    SELECT
        r.id, $39::bigint, r.name, r.reversed, $42::jsonb, $43::timestamptz, r.search
    FROM unnest($38::bigint[], $40::text[], $41::text[], $44::text[]) WITH ORDINALITY
        AS r(id, name, reversed, search, ordinality)
    ORDER BY r.ordinality
    ON CONFLICT DO NOTHING
    RETURNING 1
), part4 AS (
    INSERT INTO "clientele".events (
        at, type, actor, account_id, subscription_id, domain_id, domain, details, texts)
    SELECT
        $45::timestamptz, r.type, $47::text, $48::bigint, r.subscription_id, r.domain_id, r.domain, $52::jsonb,
        r.texts
    FROM unnest($46::text[], $49::bigint[], $50::bigint[], $51::text[], $53::jsonb[]) WITH ORDINALITY
        AS r(type, subscription_id, domain_id, domain, texts, ordinality)
    ORDER BY r.ordinality
    RETURNING 1
)
SELECT (SELECT count(*) FROM part1)
    + (SELECT count(*) FROM part2)
    + (SELECT count(*) FROM part3)
    + (SELECT count(*) FROM part4) AS count;

commit;
