-- What is stored under keys: why commits were not written.
CREATE FUNCTION hos_receipts(worlds text[], tenants text[], own integer[], keys bytea[])
RETURNS TABLE (fingerprint bytea, receipt text)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    bound bigint[];
BEGIN
    SELECT numbers INTO bound FROM hos_bind(worlds, tenants, false);
    RETURN QUERY
    SELECT stored.fingerprint, stored.receipt
    FROM unnest(own, keys) WITH ORDINALITY AS line (own, key, place)
    LEFT JOIN hos_receipt AS stored ON stored.scope = bound[line.own] AND stored.key = line.key
    ORDER BY line.place;
END $$;

-- Whether a transaction that has not ended holds a key: whoever wanted it too would wait.
CREATE FUNCTION hos_key_is_held(world text, tenant text, key bytea) RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET lock_timeout = '1ms'
AS $$
DECLARE
    own bigint := hos_bind_one(world, tenant);
BEGIN
    INSERT INTO hos_receipt (scope, expires_at, key, fingerprint, receipt)
    VALUES (own, 0, hos_key_is_held.key, '', '') ON CONFLICT DO NOTHING;
    -- Undoes what it tried.
    RAISE EXCEPTION 'hos:free' USING ERRCODE = 'HO002';
EXCEPTION
    WHEN SQLSTATE 'HO002' THEN
        RETURN false;
    WHEN lock_not_available THEN
        RETURN true;
END $$;

-- Binds to one scope and answers its number.
CREATE FUNCTION hos_bind_one(world text, tenant text) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    bound bigint[];
BEGIN
    SELECT numbers INTO bound FROM hos_bind(ARRAY[world], ARRAY[tenant], false);
    RETURN bound[1];
END $$;

CREATE TYPE hos_log_entry AS (
    leaf_index bigint, id uuid, leaf text, leaf_hash bytea, recorded_at bigint, parts text
);

CREATE FUNCTION hos_parts(of_entry uuid) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        json_agg(json_build_array(name, encode(salt, 'hex'), body) ORDER BY name), '[]'
    )::text
    FROM hos_part WHERE entry = of_entry
$$;

CREATE FUNCTION hos_find(world text, tenant text, sought uuid) RETURNS SETOF hos_log_entry
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    own bigint := hos_bind_one(world, tenant);
BEGIN
    RETURN QUERY
    SELECT
        hos_leaf.leaf_index, hos_entry.id, hos_entry.leaf, hos_entry.leaf_hash,
        hos_entry.recorded_at, hos_parts(hos_entry.id)
    FROM hos_entry
    LEFT JOIN hos_leaf ON hos_leaf.entry = hos_entry.id
    WHERE hos_entry.scope = own AND hos_entry.id = sought;
END $$;

CREATE FUNCTION hos_page(world text, tenant text, first bigint, most integer)
RETURNS SETOF hos_log_entry
LANGUAGE plpgsql VOLATILE
SET jit = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    own bigint := hos_bind_one(world, tenant);
BEGIN
    RETURN QUERY
    SELECT
        hos_leaf.leaf_index, hos_entry.id, hos_entry.leaf, hos_entry.leaf_hash,
        hos_entry.recorded_at, hos_parts(hos_entry.id)
    FROM hos_leaf
    JOIN hos_entry ON hos_entry.id = hos_leaf.entry
    WHERE hos_leaf.scope = own AND hos_leaf.leaf_index >= first
    ORDER BY hos_leaf.leaf_index
    LIMIT most;
END $$;

CREATE FUNCTION hos_history(
    world text, tenant text, of_kind text, of_id text, after bigint, most integer
) RETURNS SETOF hos_log_entry
LANGUAGE plpgsql VOLATILE
SET jit = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    own bigint := hos_bind_one(world, tenant);
BEGIN
    RETURN QUERY
    SELECT
        hos_leaf.leaf_index, hos_entry.id, hos_entry.leaf, hos_entry.leaf_hash,
        hos_entry.recorded_at, hos_parts(hos_entry.id)
    FROM hos_subject
    JOIN hos_entry ON hos_entry.subject = hos_subject.number AND hos_entry.moves
    LEFT JOIN hos_leaf ON hos_leaf.entry = hos_entry.id
    WHERE hos_subject.scope = own AND hos_subject.kind = of_kind AND hos_subject.id = of_id
        AND hos_entry.revision > after
    ORDER BY hos_entry.revision
    LIMIT most;
END $$;

CREATE FUNCTION hos_head(world text, tenant text) RETURNS TABLE (size bigint, frontier bytea)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    own bigint := hos_bind_one(world, tenant);
BEGIN
    RETURN QUERY SELECT hos_log.size, hos_log.frontier FROM hos_log WHERE hos_log.scope = own;
END $$;

CREATE FUNCTION hos_members(world text, tenant text, after text, most integer)
RETURNS TABLE (actor text, roles text)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    own bigint := hos_bind_one(world, tenant);
BEGIN
    RETURN QUERY
    SELECT hos_member.actor, hos_member.roles FROM hos_member
    WHERE hos_member.scope = own AND hos_member.actor > after COLLATE "C"
    ORDER BY hos_member.actor
    LIMIT most;
END $$;

CREATE FUNCTION hos_grantees(world text, tenant text, after text, most integer)
RETURNS TABLE (actor text)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    own bigint := hos_bind_one(world, tenant);
BEGIN
    RETURN QUERY
    SELECT DISTINCT hos_grant.actor FROM hos_grant
    WHERE hos_grant.scope = own AND hos_grant.actor > after COLLATE "C"
    ORDER BY hos_grant.actor
    LIMIT most;
END $$;

CREATE FUNCTION hos_laws(world text) RETURNS TABLE (version text, digest bytea, deployment text)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    own bigint := hos_bind_one(world, '@world');
BEGIN
    RETURN QUERY
    SELECT hos_law.version, hos_law.digest, hos_law.deployment FROM hos_law
    WHERE hos_law.scope = own ORDER BY hos_law.number;
END $$;

CREATE FUNCTION hos_contracts(world text) RETURNS TABLE (kind text, version text, digest bytea)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    own bigint := hos_bind_one(world, '@world');
BEGIN
    RETURN QUERY
    SELECT hos_contract.kind, hos_contract.version, hos_contract.digest FROM hos_contract
    WHERE hos_contract.scope = own ORDER BY hos_contract.number;
END $$;
