-- Commits one that has a single step, and answers whether it was written. The same as
-- `hos_commit_all`, without its arrays: for the lone caller.
CREATE FUNCTION hos_commit_one(
    world text, tenant text, generation bigint, world_generation bigint,
    key bytea, fingerprint bytea, receipt text, expires_at bigint,
    kind text, id text, from_proof uuid,
    state text, terminal boolean, contract text, attributes text,
    entry uuid, type text, moves boolean, revision bigint, recorded_at bigint,
    leaf_hash bytea, leaf text, parts text, outbox text, timers text,
    compares boolean
) RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_variable
DECLARE
    own bigint;
    above bigint;
    current bigint;
    world_current bigint;
    own_subject bigint;
    subject_proof uuid;
    subject_terminal boolean := false;
    timed boolean := false;
    bound text := hos_bind_names(ARRAY[world || '/@world', world || '/' || tenant]);
BEGIN
    SELECT owner.number, owner.generation, ruler.number, ruler.generation
    INTO own, current, above, world_current
    FROM hos_scope AS ruler
    JOIN hos_scope AS owner
        ON owner.world = hos_commit_one.world AND owner.tenant = hos_commit_one.tenant
    WHERE ruler.world = hos_commit_one.world AND ruler.tenant = '@world'
    FOR SHARE;
    IF current IS DISTINCT FROM generation OR world_current IS DISTINCT FROM world_generation THEN
        RETURN false;
    END IF;
    bound := hos_bind_numbers(ARRAY[own, above]);

    IF from_proof IS NULL AND compares THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(kind || ':' || id, own));
    END IF;
    IF kind IS NOT NULL THEN
        SELECT held.number, held.proof_id, held.terminal, held.timed
        INTO own_subject, subject_proof, subject_terminal, timed
        FROM hos_subject AS held
        WHERE held.scope = own AND held.kind = hos_commit_one.kind
            AND held.id = hos_commit_one.id
        FOR NO KEY UPDATE;
        IF compares AND (
            subject_proof IS DISTINCT FROM from_proof
            OR (subject_terminal AND state IS NOT NULL)
        ) THEN
            RETURN false;
        END IF;
    END IF;

    IF key IS NOT NULL THEN
        INSERT INTO hos_receipt (scope, expires_at, key, fingerprint, receipt)
        VALUES (own, expires_at, key, fingerprint, receipt) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
    END IF;

    IF own_subject IS NULL AND state IS NOT NULL THEN
        own_subject := nextval('hos_subject_number_seq');
    END IF;
    IF entry IS NOT NULL THEN
        INSERT INTO hos_entry (
            id, scope, subject, revision, recorded_at, moves, type, leaf_hash, leaf
        ) VALUES (entry, own, own_subject, revision, recorded_at, moves, type, leaf_hash, leaf);
        INSERT INTO hos_pending (scope, entry) VALUES (own, entry);
    END IF;
    IF timed AND state IS NOT NULL THEN
        DELETE FROM hos_timer AS ended WHERE ended.subject = own_subject;
    END IF;
    IF parts IS NOT NULL OR outbox IS NOT NULL OR timers IS NOT NULL THEN
        PERFORM hos_write_sequels(
            ARRAY[own], ARRAY[above], ARRAY[own_subject], ARRAY[revision], ARRAY[entry],
            ARRAY[parts], ARRAY[outbox], ARRAY[timers]
        );
    END IF;
    IF state IS NULL THEN
        RETURN true;
    END IF;
    IF from_proof IS NOT NULL THEN
        UPDATE hos_subject AS moved SET
            state = hos_commit_one.state, revision = hos_commit_one.revision,
            terminal = hos_commit_one.terminal, timed = timers IS NOT NULL,
            contract = hos_commit_one.contract, proof_id = entry,
            attributes = hos_commit_one.attributes
        WHERE moved.number = own_subject;
    ELSE
        INSERT INTO hos_subject (
            number, world, scope, revision, proof_id, terminal, timed, kind, id, state, contract,
            attributes
        ) VALUES (
            own_subject, above, own, revision, entry, terminal, timers IS NOT NULL, kind, id, state,
            contract, attributes
        );
    END IF;
    RETURN true;
END $$;
