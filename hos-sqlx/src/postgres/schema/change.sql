-- Commits one that changes the standing of its scope, or records what is recorded only once.
-- Answers whether it was written, or `duplicate` when it had been recorded before.
CREATE FUNCTION hos_commit_special(
    world text, tenant text, standing text, dedups bytea[],
    own integer[], generations bigint[], above integer[], world_generations bigint[],
    keys bytea[], fingerprints bytea[], receipts text[], expiries bigint[],
    kinds text[], ids text[], from_proofs uuid[],
    states text[], terminals boolean[], contracts text[], bags text[],
    entries uuid[], types text[], moves boolean[], revisions bigint[], times bigint[],
    hashes bytea[], leaves text[], parts text[], outboxes text[], timers text[],
    bundles integer[], commits integer[], compares boolean[], concludes boolean[]
) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_variable
DECLARE
    worlds text[] := CASE tenant WHEN '@world' THEN ARRAY[world] ELSE ARRAY[world, world] END;
    tenants text[] := CASE tenant WHEN '@world' THEN ARRAY[tenant] ELSE ARRAY['@world', tenant] END;
    number bigint;
    fresh bytea[];
    current bigint[];
BEGIN
    PERFORM hos_bind(worlds, tenants, false);
    IF standing IS NOT NULL THEN
        INSERT INTO hos_scope (world, tenant) VALUES (world, tenant) ON CONFLICT DO NOTHING;
        PERFORM FROM hos_scope AS held
        WHERE held.world = hos_commit_special.world AND held.tenant = '@world'
            AND hos_commit_special.tenant <> '@world'
        FOR SHARE;
        SELECT held.number INTO number FROM hos_scope AS held
        WHERE held.world = hos_commit_special.world AND held.tenant = hos_commit_special.tenant
        FOR NO KEY UPDATE;
    ELSE
        SELECT held.number INTO number FROM hos_scope AS held
        WHERE held.world = hos_commit_special.world AND held.tenant = hos_commit_special.tenant;
    END IF;
    PERFORM hos_bind_numbers(ARRAY[number]);
    WITH added AS (
        INSERT INTO hos_dedup (scope, dedup)
        SELECT number, once FROM unnest(dedups) AS once
        ON CONFLICT DO NOTHING RETURNING hos_dedup.dedup
    )
    SELECT coalesce(array_agg(added.dedup), '{}') INTO fresh FROM added;
    IF cardinality(fresh) = cardinality(dedups) THEN
        IF hos_commit_all(
            worlds, tenants, own, generations, above, world_generations, keys, fingerprints,
            receipts, expiries, kinds, ids, from_proofs, states, terminals, contracts, bags,
            entries, types, moves, revisions, times, hashes, leaves, parts, outboxes, timers, bundles,
            commits, compares, concludes
        ) <> '{}' THEN
            PERFORM hos_write_standing(number, standing::json);
            RETURN 'written';
        END IF;
    END IF;
    DELETE FROM hos_dedup AS undone
    WHERE undone.scope = number AND undone.dedup = ANY (fresh);
    IF cardinality(fresh) = cardinality(dedups) THEN
        RETURN 'lost';
    END IF;
    -- What was recorded before is answered as what is written is: only if nothing has changed.
    SELECT bound.generations INTO current FROM hos_bind(worlds, tenants, true) AS bound;
    RETURN CASE
        WHEN current[own[1]] IS DISTINCT FROM generations[1]
            OR current[above[1]] IS DISTINCT FROM world_generations[1]
        THEN 'lost' ELSE 'duplicate'
    END;
END $$;

-- Writes a row of standing. Every one but a contract and a segment raises the generation of its
-- group.
CREATE FUNCTION hos_write_standing(own bigint, standing json) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    kind text := standing ->> 'row';
    who text := standing ->> 'actor';
BEGIN
    CASE kind
        WHEN 'scope' THEN
            UPDATE hos_scope SET
                status = coalesce(status, 'open'), status_generation = status_generation + 1
            WHERE number = own;
        WHEN 'status' THEN
            UPDATE hos_scope SET
                status = standing ->> 'status', status_generation = status_generation + 1
            WHERE number = own;
        WHEN 'member' THEN
            UPDATE hos_scope SET members = members + 1 WHERE number = own;
            DELETE FROM hos_member WHERE scope = own AND actor = who;
            INSERT INTO hos_member (scope, actor, roles)
            SELECT own, who, standing ->> 'roles'
            WHERE json_array_length(standing -> 'roles') > 0;
        WHEN 'ban' THEN
            UPDATE hos_scope SET bans = bans + 1 WHERE number = own;
            DELETE FROM hos_ban WHERE scope = own AND actor = who;
            INSERT INTO hos_ban (scope, actor)
            SELECT own, who WHERE (standing ->> 'banned')::boolean;
        WHEN 'grant' THEN
            UPDATE hos_scope SET grants = grants + 1 WHERE number = own;
            DELETE FROM hos_grant
            WHERE scope = own AND actor = who AND id = (standing ->> 'id')::uuid;
            INSERT INTO hos_grant (scope, actor, id, pattern, until, break_glass)
            SELECT
                own, who, (standing ->> 'id')::uuid, standing ->> 'pattern',
                (standing ->> 'until')::bigint, (standing ->> 'break_glass')::integer <> 0
            WHERE (standing ->> 'until')::bigint > 0;
        WHEN 'parts' THEN
            UPDATE hos_scope SET grants = grants + 1 WHERE number = own;
            UPDATE hos_part SET
                salt = decode(repeat('00', 32), 'hex'), body = standing ->> 'body'
            FROM json_array_elements(standing -> 'parts') AS gone
            WHERE hos_part.entry = (gone ->> 0)::uuid AND hos_part.name = gone ->> 1
                AND hos_part.scope = own AND hos_part.body NOT LIKE '-%';
        WHEN 'mode' THEN
            UPDATE hos_scope SET modes = modes + 1 WHERE number = own;
            DELETE FROM hos_mode WHERE scope = own AND ability = standing ->> 'ability';
            INSERT INTO hos_mode (scope, ability, mode)
            SELECT own, standing ->> 'ability', standing ->> 'mode'
            WHERE standing ->> 'mode' IS NOT NULL;
        WHEN 'law' THEN
            UPDATE hos_scope SET status_generation = status_generation + 1 WHERE number = own;
            INSERT INTO hos_law (scope, version, digest, deployment)
            VALUES (
                own, standing ->> 'version', decode(standing ->> 'digest', 'hex'),
                standing ->> 'deployment'
            );
        WHEN 'contract' THEN
            INSERT INTO hos_contract (scope, kind, version, digest)
            VALUES (
                own, standing ->> 'kind', standing ->> 'version',
                decode(standing ->> 'digest', 'hex')
            );
        WHEN 'segment' THEN
            INSERT INTO hos_archive (
                scope, first_index, turn, end_index, entry, digest, least_id, greatest_id
            ) VALUES (
                own, (standing ->> 'first')::bigint, (standing ->> 'turn')::bigint,
                (standing ->> 'end')::bigint, (standing ->> 'entry')::uuid,
                decode(standing ->> 'digest', 'hex'), (standing ->> 'least')::uuid,
                (standing ->> 'greatest')::uuid
            );
        WHEN 'epoch' THEN
            UPDATE hos_scope SET grants = grants + 1 WHERE number = own;
            IF (standing ->> 'deployment')::integer > 0 THEN
                PERFORM hos_bind_numbers(ARRAY[own, 0]);
            END IF;
            INSERT INTO hos_log_epoch (scope, number, recorded_in, entry)
            VALUES (
                CASE WHEN (standing ->> 'deployment')::integer > 0 THEN 0 ELSE own END,
                (standing ->> 'number')::bigint, own, (standing ->> 'entry')::uuid
            );
        ELSE
            NULL;
    END CASE;
END $$;
