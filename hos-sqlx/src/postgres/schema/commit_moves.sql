-- Commits many, each of which moves one subject of its own, and answers the places of those that
-- were written. The same as `hos_commit_all` for the commits that are by far the most: what moves
-- a subject carries everything else with it, in one statement. What is wide is taken from its array
-- where it is written, and not carried through joins. A key that is known already fails the whole.
CREATE FUNCTION hos_commit_moves(
    worlds text[], tenants text[],
    own integer[], generations bigint[], above integer[], world_generations bigint[],
    keys bytea[], fingerprints bytea[], receipts text[], expiries bigint[],
    kinds text[], ids text[], from_proofs uuid[],
    states text[], terminals boolean[], contracts text[], bags text[],
    entries uuid[], types text[], moves boolean[], revisions bigint[], times bigint[],
    hashes bytea[], leaves text[], parts text[], outboxes text[], timers text[]
) RETURNS integer[]
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
    written integer[];
    subjects bigint[];
    timed bigint[];
BEGIN
    SELECT * INTO numbers, current FROM hos_bind(worlds, tenants, true);
    WITH moved AS (
        UPDATE hos_subject SET
            state = states[line.place], revision = revisions[line.place],
            terminal = terminals[line.place],
            timed = hos_subject.timed OR timers[line.place] IS NOT NULL,
            contract = contracts[line.place], proof_id = entries[line.place],
            attributes = bags[line.place]
        FROM (
            SELECT numbers[own] AS scope, place, from_proof, kind, id
            FROM unnest(own, generations, above, world_generations, kinds, ids, from_proofs)
            WITH ORDINALITY AS u (
                own, generation, above, world_generation, kind, id, from_proof, place
            )
            WHERE current[own] = generation AND current[above] = world_generation
            ORDER BY own, kind COLLATE "C", id COLLATE "C"
        ) AS line
        WHERE hos_subject.scope = line.scope AND hos_subject.kind = line.kind
            AND hos_subject.id = line.id AND hos_subject.proof_id = line.from_proof
            AND NOT hos_subject.terminal
        RETURNING hos_subject.number, hos_subject.timed AS was_timed, line.scope, line.place
    ), kept AS (
        INSERT INTO hos_receipt (scope, expires_at, key, fingerprint, receipt)
        SELECT scope, expiries[place], keys[place], fingerprints[place], receipts[place]
        FROM moved WHERE keys[place] IS NOT NULL
    ), recorded AS (
        INSERT INTO hos_entry (
            id, scope, subject, revision, recorded_at, moves, type, leaf_hash, leaf
        )
        SELECT
            entries[place], scope, number, revisions[place], times[place],
            hos_commit_moves.moves[place], types[place], hashes[place], leaves[place]
        FROM moved
    ), pending AS (
        -- In the order of the batch, which that of the subjects is not.
        INSERT INTO hos_pending (scope, entry)
        SELECT scope, entries[place] FROM moved ORDER BY place
    )
    SELECT
        coalesce(array_agg(moved.place), '{}'), array_agg(moved.number),
        array_agg(moved.number) FILTER (WHERE moved.was_timed)
    INTO written, subjects, timed FROM moved;
    IF timed IS NOT NULL THEN
        DELETE FROM hos_timer WHERE subject = ANY (timed);
    END IF;
    IF array_remove(parts || outboxes || timers, NULL) <> '{}' THEN
        PERFORM hos_write_sequels(
            array_agg(numbers[own[line.place]]), array_agg(numbers[above[line.place]]),
            array_agg(line.subject),
            array_agg(revisions[line.place]), array_agg(entries[line.place]),
            array_agg(parts[line.place]), array_agg(outboxes[line.place]),
            array_agg(timers[line.place])
        )
        FROM (
            SELECT * FROM unnest(written, subjects) AS u (place, subject) ORDER BY u.place
        ) AS line;
    END IF;
    RETURN written;
END $$;

-- Commits one that moves one subject, and answers whether it was written: `hos_commit_moves`
-- without its arrays.
CREATE FUNCTION hos_commit_move(
    world text, tenant text, generation bigint, world_generation bigint,
    key bytea, fingerprint bytea, receipt text, expires_at bigint,
    kind text, id text, from_proof uuid,
    state text, terminal boolean, contract text, attributes text,
    entry uuid, type text, moves boolean, revision bigint, recorded_at bigint,
    leaf_hash bytea, leaf text, parts text, outbox text, timers text
) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_variable
DECLARE
    own bigint;
    above bigint;
    current bigint;
    world_current bigint;
    own_subject bigint;
    was_timed boolean;
    bound text := hos_bind_names(ARRAY[world || '/@world', world || '/' || tenant]);
BEGIN
    SELECT owner.number, owner.generation, ruler.number, ruler.generation
    INTO own, current, above, world_current
    FROM hos_scope AS ruler
    JOIN hos_scope AS owner
        ON owner.world = hos_commit_move.world AND owner.tenant = hos_commit_move.tenant
    WHERE ruler.world = hos_commit_move.world AND ruler.tenant = '@world'
    FOR SHARE;
    IF current IS DISTINCT FROM generation OR world_current IS DISTINCT FROM world_generation THEN
        RETURN false;
    END IF;
    bound := hos_bind_numbers(ARRAY[own, above]);

    WITH moved AS (
        UPDATE hos_subject AS held SET
            state = hos_commit_move.state, revision = hos_commit_move.revision,
            terminal = hos_commit_move.terminal, timed = held.timed OR timers IS NOT NULL,
            contract = hos_commit_move.contract, proof_id = entry,
            attributes = hos_commit_move.attributes
        WHERE held.scope = own AND held.kind = hos_commit_move.kind
            AND held.id = hos_commit_move.id AND held.proof_id = from_proof
            AND NOT held.terminal
        RETURNING held.number, held.timed
    ), kept AS (
        INSERT INTO hos_receipt (scope, expires_at, key, fingerprint, receipt)
        SELECT own, expires_at, key, fingerprint, receipt FROM moved WHERE key IS NOT NULL
    ), recorded AS (
        INSERT INTO hos_entry (
            id, scope, subject, revision, recorded_at, moves, type, leaf_hash, leaf
        )
        SELECT entry, own, moved.number, revision, recorded_at, moves, type, leaf_hash, leaf
        FROM moved
    ), pending AS (
        INSERT INTO hos_pending (scope, entry) SELECT own, entry FROM moved
    )
    SELECT moved.number, moved.timed INTO own_subject, was_timed FROM moved;
    IF own_subject IS NULL THEN
        RETURN false;
    END IF;
    IF was_timed THEN
        DELETE FROM hos_timer AS ended WHERE ended.subject = own_subject;
    END IF;
    IF parts IS NOT NULL OR outbox IS NOT NULL OR timers IS NOT NULL THEN
        PERFORM hos_write_sequels(
            ARRAY[own], ARRAY[above], ARRAY[own_subject], ARRAY[revision], ARRAY[entry],
            ARRAY[parts], ARRAY[outbox], ARRAY[timers]
        );
    END IF;
    RETURN true;
END $$;
