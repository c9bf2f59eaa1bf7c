-- oldest code: 1
--
-- Functions that lock and then read in one round trip. In a VOLATILE function each statement sees what was committed before it
-- began, also while an earlier one waited for a lock; a statement that calls the function, or one that locks and reads itself,
-- sees what was committed before it waited. So whatever must be new is read inside. They decide nothing.
--
-- The numbers are versions: another form of a function gets another number, and the old one stays as long as older processes
-- may call it. Plans are made once for each connection. The arrays are hidden from the planner by IN (SELECT unnest(…)) where they
-- would otherwise be searched once for each row.

-- Locks accounts against every other command on them and on their descendants, and returns their holds: a row without a cause
-- for an account that has none.
CREATE FUNCTION clientele.lock_holds_1(ids bigint[])
RETURNS TABLE (account_id bigint, cause text, note text, message text, public text, placed_by text, placed_at timestamptz)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    locked bigint[];
BEGIN
    locked := ARRAY(SELECT a.id FROM clientele.accounts AS a WHERE a.id = ANY(ids) ORDER BY a.id FOR NO KEY UPDATE);
    RETURN QUERY
    SELECT l.id, h.cause::text, h.note::text, h.message::text, h.public::text, h.placed_by::text, h.placed_at
    FROM unnest(locked) AS l (id) LEFT JOIN clientele.account_holds AS h ON h.account_id = l.id
    ORDER BY l.id, h.cause;
END
$$;

-- Locks accounts in the same way, and returns them whole.
CREATE FUNCTION clientele.lock_accounts_1(ids bigint[])
RETURNS TABLE (account clientele.accounts, holds json)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    locked bigint[];
BEGIN
    locked := ARRAY(SELECT a.id FROM clientele.accounts AS a WHERE a.id = ANY(ids) ORDER BY a.id FOR NO KEY UPDATE);
    RETURN QUERY
    SELECT a, (SELECT json_agg(h ORDER BY h.cause) FROM clientele.account_holds AS h WHERE h.account_id = a.id)
    FROM clientele.accounts AS a
    WHERE a.id = ANY(locked)
    ORDER BY a.id;
END
$$;

-- Locks accounts and the owners of subscriptions and domains: exclusively, or together with other commands on their descendants.
-- Then locks the subscriptions and those of the domains. Returns the locked accounts, the domains and the locked subscriptions, by
-- level and id. The caller finds out whether an owner has changed before it was locked.
CREATE FUNCTION clientele.lock_1(account_ids bigint[], subscription_ids bigint[], domain_ids bigint[], exclusively boolean)
RETURNS TABLE (
    level text, id bigint, parent_id bigint, name text, plan text, description text, external_id text, attributes jsonb,
    expires_at timestamptz, main_domain_id bigint, version bigint, created_at timestamptz, updated_at timestamptz, holds json)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    owners bigint[];
    parents bigint[];
BEGIN
    owners := ARRAY(
        SELECT unnest(account_ids)
        UNION ALL
        SELECT s.account_id FROM clientele.subscriptions AS s WHERE s.id = ANY(subscription_ids)
        UNION ALL
        SELECT s.account_id FROM clientele.domains AS d JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
        WHERE d.id = ANY(domain_ids));
    IF exclusively THEN
        owners := ARRAY(SELECT a.id FROM clientele.accounts AS a WHERE a.id = ANY(owners) ORDER BY a.id FOR NO KEY UPDATE);
    ELSE
        owners := ARRAY(SELECT a.id FROM clientele.accounts AS a WHERE a.id = ANY(owners) ORDER BY a.id FOR SHARE);
    END IF;
    parents := ARRAY(
        SELECT s.id FROM clientele.subscriptions AS s
        WHERE s.id = ANY(ARRAY(
            SELECT unnest(subscription_ids)
            UNION ALL
            SELECT d.subscription_id FROM clientele.domains AS d WHERE d.id = ANY(domain_ids)))
        ORDER BY s.id
        FOR NO KEY UPDATE);
    RETURN QUERY
    SELECT 'account', a.id, NULL::bigint, NULL::text, NULL::text, NULL::text, NULL::text, NULL::jsonb,
        NULL::timestamptz, NULL::bigint, NULL::bigint, NULL::timestamptz, NULL::timestamptz,
        (SELECT json_agg(h ORDER BY h.cause) FROM clientele.account_holds AS h WHERE h.account_id = a.id)
    FROM unnest(owners) AS a (id)
    UNION ALL
    SELECT 'subscription', s.id, s.account_id, s.name::text, s.plan::text, s.description::text, s.external_id::text, s.attributes,
        s.expires_at, s.main_domain_id, s.version, s.created_at, s.updated_at,
        (SELECT json_agg(h ORDER BY h.cause) FROM clientele.subscription_holds AS h WHERE h.subscription_id = s.id)
    FROM clientele.subscriptions AS s
    WHERE s.id = ANY(parents)
    UNION ALL
    SELECT 'domain', d.id, d.subscription_id, d.name::text, NULL, NULL, NULL, d.attributes,
        NULL, NULL, NULL, d.created_at, NULL,
        (SELECT json_agg(h ORDER BY h.cause) FROM clientele.domain_holds AS h WHERE h.domain_id = d.id)
    FROM clientele.domains AS d
    WHERE d.id = ANY(domain_ids)
    ORDER BY 1, 2;
END
$$;

-- Takes the advisory locks of a claim, allocates ids, and returns what exists of the claimed values. The candidates are the names and
-- all names above them, and the ranges are the names with their labels reversed. For the provider, whose names conflict with none
-- above or below, the candidates are the names, and there are no ranges. Names that are transferred do not conflict with each
-- other.
CREATE FUNCTION clientele.claim_1(
    lock_class integer, lock_keys integer[], new_accounts integer, new_subscriptions integer, new_domains integer,
    claimed_logins text[], claimed_account_external_ids text[], claimed_external_ids text[],
    names text[], candidates text[], ranges text[], owner bigint, transfer boolean,
    OUT account_ids bigint[], OUT subscription_ids bigint[], OUT domain_ids bigint[],
    OUT logins text[], OUT account_external_ids text[], OUT external_ids text[],
    OUT existing text[], OUT conflicting_below text[], OUT others text[])
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    -- unnest returns its rows in the order of the array, so that all commands take the locks in ascending order.
    PERFORM pg_advisory_xact_lock(lock_class, key) FROM unnest(lock_keys) AS key;
    -- The names above are known and looked up together with the claimed ones by one index. The names below are a range, in which the
    -- search ends at the first conflict.
    SELECT
        ARRAY(SELECT nextval('clientele.account_ids') FROM generate_series(1, new_accounts)),
        ARRAY(SELECT nextval('clientele.subscription_ids') FROM generate_series(1, new_subscriptions)),
        ARRAY(SELECT nextval('clientele.domain_ids') FROM generate_series(1, new_domains)),
        ARRAY(SELECT a.login FROM clientele.accounts AS a WHERE a.login = ANY(claimed_logins)),
        ARRAY(SELECT a.external_id FROM clientele.accounts AS a WHERE a.external_id = ANY(claimed_account_external_ids)),
        ARRAY(SELECT s.external_id FROM clientele.subscriptions AS s WHERE s.external_id = ANY(claimed_external_ids)),
        ARRAY(
            SELECT d.name FROM clientele.domains AS d
            WHERE d.name = ANY(candidates) AND (
                d.name IN (SELECT unnest(names))
                OR (SELECT s.account_id FROM clientele.subscriptions AS s WHERE s.id = d.subscription_id) <> owner)),
        ARRAY(
            SELECT c.name FROM unnest(names, ranges) AS c (name, below)
            WHERE (
                SELECT true FROM clientele.domains AS d
                WHERE d.reversed >= c.below || '.' AND d.reversed < c.below || '/'
                    AND (SELECT s.account_id FROM clientele.subscriptions AS s WHERE s.id = d.subscription_id) <> owner
                    AND NOT (transfer AND d.name IN (SELECT unnest(names)))
                LIMIT 1)),
        ARRAY(
            SELECT d.name FROM clientele.domains AS d
            WHERE cardinality(ranges) > 1 AND NOT transfer AND d.name = ANY(names)
                AND (SELECT s.account_id FROM clientele.subscriptions AS s WHERE s.id = d.subscription_id) <> owner)
    INTO account_ids, subscription_ids, domain_ids, logins, account_external_ids, external_ids, existing, conflicting_below, others;
END
$$;
