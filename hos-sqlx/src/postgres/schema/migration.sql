-- Live subjects of a tenant that pin a contract version, in the order of the bytes of their ids.
CREATE FUNCTION hos_pinned(
    world text, tenant text, of_kind text, of_contract text, after text, most integer
) RETURNS TABLE (
    id text, state text, revision bigint, contract text, proof_id uuid, attributes text,
    timers text
)
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan
SET jit = off
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
    bound bigint[];
BEGIN
    SELECT numbers INTO bound FROM hos_bind(ARRAY[world, world], ARRAY['@world', tenant], false);
    RETURN QUERY
    SELECT
        live.id, live.state, live.revision, live.contract, live.proof_id, live.attributes,
        CASE WHEN live.timed THEN (
            SELECT coalesce(json_agg(json_build_array(action, due_at) ORDER BY action), '[]')
            FROM hos_timer WHERE hos_timer.subject = live.number
        )::text ELSE '[]' END
    FROM hos_subject AS live
    WHERE live.world = bound[1] AND live.kind = of_kind AND live.contract = of_contract
        AND live.scope = bound[2] AND live.id > after COLLATE "C" AND NOT live.terminal
    ORDER BY live.id
    LIMIT most;
END $$;

-- Writes a batch of a migration, or answers why not: `conflict`, or `moved` and which.
CREATE FUNCTION hos_migrate(
    world text, tenant text, generation bigint, world_generation bigint,
    of_kind text, to_contract text,
    new_entry uuid, of_type text, at bigint, hash bytea, new_leaf text, parts text,
    ids text[], from_proofs uuid[], states text[], bags text[], timers text[],
    of_key bytea, of_fingerprint bytea, of_receipt text, of_expiry bigint,
    OUT answer text, OUT moved text[]
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
    current bigint[];
    subjects bigint[];
    revisions bigint[];
    timed boolean;
BEGIN
    SELECT * INTO numbers, current
    FROM hos_bind(ARRAY[world, world], ARRAY['@world', tenant], true);
    IF current IS DISTINCT FROM ARRAY[world_generation, generation] THEN
        answer := 'conflict';
        RETURN;
    END IF;
    SELECT
        array_agg(held.number ORDER BY line.place), array_agg(held.revision ORDER BY line.place),
        bool_or(held.timed),
        array_agg(line.id ORDER BY line.place)
            FILTER (WHERE held.proof_id IS DISTINCT FROM line.from_proof)
    INTO subjects, revisions, timed, moved
    FROM unnest(ids, from_proofs) WITH ORDINALITY AS line (id, from_proof, place)
    LEFT JOIN LATERAL (
        SELECT
            hos_subject.number, hos_subject.revision, hos_subject.timed, hos_subject.proof_id
        FROM hos_subject
        WHERE hos_subject.scope = numbers[2] AND hos_subject.kind = of_kind
            AND hos_subject.id = line.id
        FOR NO KEY UPDATE
    ) AS held ON true;
    IF moved IS NOT NULL THEN
        answer := 'moved';
        RETURN;
    END IF;
    INSERT INTO hos_receipt (scope, expires_at, key, fingerprint, receipt)
    VALUES (numbers[2], of_expiry, of_key, of_fingerprint, of_receipt) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        answer := 'conflict';
        RETURN;
    END IF;

    INSERT INTO hos_entry (id, scope, recorded_at, moves, type, leaf_hash, leaf)
    VALUES (new_entry, numbers[2], at, false, of_type, hash, new_leaf);
    INSERT INTO hos_pending (scope, entry) VALUES (numbers[2], new_entry);
    UPDATE hos_subject SET
        state = line.state, contract = to_contract, attributes = line.bag,
        proof_id = new_entry, timed = line.timers IS NOT NULL
    FROM unnest(subjects, states, bags, timers) AS line (subject, state, bag, timers)
    WHERE hos_subject.number = line.subject;
    IF timed THEN
        DELETE FROM hos_timer WHERE hos_timer.subject = ANY (subjects);
    END IF;
    PERFORM hos_write_sequels(
        numbers[2:2], numbers[1:1], ARRAY[NULL::bigint], ARRAY[NULL::bigint], ARRAY[new_entry],
        ARRAY[parts], ARRAY[NULL::text], ARRAY[NULL::text]
    );
    PERFORM hos_write_sequels(
        array_fill(numbers[2], ARRAY[cardinality(subjects)]),
        array_fill(numbers[1], ARRAY[cardinality(subjects)]), subjects, revisions,
        ARRAY[]::uuid[], ARRAY[]::text[], ARRAY[]::text[], timers
    );
    answer := 'written';
END $$;
