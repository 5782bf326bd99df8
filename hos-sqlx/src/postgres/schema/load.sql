-- Answers asks, one line for each subject of each ask: `own` and `above` are the places of its
-- tenant and of its world among the tenants. What only the first line of an ask tells has an actor.
CREATE FUNCTION hos_load_all(
    worlds text[], tenants text[],
    own integer[], above integer[],
    actors text[], seen bigint[], keys bytea[],
    kinds text[], ids text[],
    holds boolean
) RETURNS TABLE (
    generation bigint, state text, revision bigint, contract text, proof_id uuid, attributes text,
    fingerprint bytea, receipt text, standing text
)
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan
SET jit = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    numbers bigint[];
    generations bigint[];
BEGIN
    SELECT * INTO numbers, generations FROM hos_bind(worlds, tenants, holds);
    IF holds THEN
        -- In the one order in which subjects are held.
        PERFORM FROM (
            SELECT own, kind, id FROM unnest(own, kinds, ids) AS named (own, kind, id)
            ORDER BY own, kind COLLATE "C", id COLLATE "C"
        ) AS line
        CROSS JOIN LATERAL (
            SELECT FROM hos_subject
            WHERE hos_subject.scope = numbers[line.own]
                AND hos_subject.kind = line.kind AND hos_subject.id = line.id
            FOR NO KEY UPDATE
        ) AS held;
    END IF;
    RETURN QUERY
    SELECT
        line.generation,
        subject.state, subject.revision, subject.contract, subject.proof_id, subject.attributes,
        receipt.fingerprint, receipt.receipt,
        CASE WHEN line.actor IS NOT NULL AND line.seen IS DISTINCT FROM line.generation
            THEN hos_standing(numbers[line.own], numbers[line.above], line.actor)
        END
    FROM (
        SELECT
            own, above, actor, seen, key, kind, id, place,
            coalesce(generations[own], 0) + coalesce(generations[above], 0) AS generation
        FROM unnest(own, above, actors, seen, keys, kinds, ids) WITH ORDINALITY
            AS line (own, above, actor, seen, key, kind, id, place)
    ) AS line
    LEFT JOIN hos_subject AS subject
        ON subject.scope = numbers[line.own] AND subject.kind = line.kind AND subject.id = line.id
    LEFT JOIN hos_receipt AS receipt
        ON receipt.scope = numbers[line.own] AND receipt.key = line.key
    ORDER BY line.place;
END $$;

-- Answers one ask about at most one subject: `hos_load_all` without its arrays.
CREATE FUNCTION hos_load_one(
    world text, tenant text, actor text, seen bigint, key bytea, kind text, id text
) RETURNS TABLE (
    generation bigint, state text, revision bigint, contract text, proof_id uuid, attributes text,
    fingerprint bytea, receipt text, standing text
)
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_variable
DECLARE
    own bigint;
    above bigint;
    own_generation bigint := 0;
    world_generation bigint;
    bound text := hos_bind_names(ARRAY[world || '/@world', world || '/' || tenant]);
BEGIN
    SELECT scope.number, scope.generation INTO above, world_generation FROM hos_scope AS scope
    WHERE scope.world = hos_load_one.world AND scope.tenant = '@world';
    IF tenant = '@world' THEN
        own := above;
        own_generation := world_generation;
    ELSE
        SELECT scope.number, scope.generation INTO own, own_generation FROM hos_scope AS scope
        WHERE scope.world = hos_load_one.world AND scope.tenant = hos_load_one.tenant;
    END IF;
    bound := hos_bind_numbers(ARRAY[own, above]);
    generation := coalesce(own_generation, 0) + coalesce(world_generation, 0);
    RETURN QUERY
    SELECT
        generation, subject.state, subject.revision, subject.contract, subject.proof_id,
        subject.attributes, stored.fingerprint, stored.receipt,
        CASE WHEN seen IS DISTINCT FROM generation THEN hos_standing(own, above, actor) END
    FROM (SELECT) AS asked
    LEFT JOIN hos_subject AS subject
        ON subject.scope = own AND subject.kind = hos_load_one.kind
        AND subject.id = hos_load_one.id
    LEFT JOIN hos_receipt AS stored ON stored.scope = own AND stored.key = hos_load_one.key;
END $$;

-- Everything that an actor is in a tenant and its world.
CREATE FUNCTION hos_standing(own bigint, above bigint, who text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN json_build_object(
        'world', (SELECT status FROM hos_scope WHERE number = above),
        'tenant', (SELECT status FROM hos_scope WHERE number = own),
        'tenant_generations', coalesce((
            SELECT json_build_array(members, bans, grants, modes, status_generation)
            FROM hos_scope WHERE number = own
        ), '[null, null, null, null, null]'),
        'world_generations', coalesce((
            SELECT json_build_array(members, bans, grants, modes, status_generation)
            FROM hos_scope WHERE number = above
        ), '[null, null, null, null, null]'),
        'roles', (SELECT roles::json FROM hos_member WHERE scope = own AND actor = who),
        'world_roles', (SELECT roles::json FROM hos_member WHERE scope = above AND actor = who),
        'banned', EXISTS (
            SELECT FROM hos_ban WHERE scope IN (own, above) AND actor = who
        )::integer,
        'grants', coalesce((
            SELECT json_agg(json_build_array(id, pattern, until, break_glass::integer) ORDER BY number)
            FROM hos_grant WHERE scope = own AND actor = who
        ), '[]'),
        'world_grants', coalesce((
            SELECT json_agg(json_build_array(id, pattern, until, break_glass::integer) ORDER BY number)
            FROM hos_grant WHERE scope = above AND actor = who
        ), '[]'),
        'modes', coalesce((
            SELECT json_agg(json_build_array(ability, mode)) FROM hos_mode WHERE scope = own
        ), '[]'),
        'world_modes', coalesce((
            SELECT json_agg(json_build_array(ability, mode)) FROM hos_mode WHERE scope = above
        ), '[]')
    )::text;
END $$;
