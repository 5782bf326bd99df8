-- Commits many, each on its own, and answers the places of those that were written.
--
-- Commits that touch the same subjects are of one `bundle`, written whole or not at all. A commit
-- has one step at least; a step is one change of a subject, one entry, or both. A step that
-- `compares` is its bundle's first of that subject: the proof of the state that it comes from must
-- still be the subject's. A step that `concludes` is the last: it leaves the subject as it will be.
CREATE FUNCTION hos_commit_all(
    worlds text[], tenants text[],
    -- of each commit
    own integer[], generations bigint[], above integer[], world_generations bigint[],
    keys bytea[], fingerprints bytea[], receipts text[], expiries bigint[],
    -- of each step
    kinds text[], ids text[], from_proofs uuid[],
    states text[], terminals boolean[], contracts text[], bags text[],
    entries uuid[], types text[], moves boolean[], revisions bigint[], times bigint[],
    hashes bytea[], leaves text[], parts text[], outboxes text[], timers text[],
    -- how steps make up commits, and commits bundles
    bundles integer[], commits integer[], compares boolean[], concludes boolean[]
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
    subjects bigint[];
    timed bigint[];
    broken integer[];
    won_scopes bigint[];
    won_keys bytea[];
    written integer[];
BEGIN
    -- What was read of standing still holds, and goes on to hold until the end.
    SELECT * INTO numbers, current FROM hos_bind(worlds, tenants, true);
    SELECT coalesce(array_agg(line.bundle), '{}') INTO broken
    FROM unnest(own, generations, above, world_generations, bundles)
        AS line (own, generation, above, world_generation, bundle)
    WHERE current[line.own] IS DISTINCT FROM line.generation
        OR current[line.above] IS DISTINCT FROM line.world_generation;

    -- Whoever opens a subject is alone in doing so.
    IF array_position(from_proofs, NULL) IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(name) FROM (
            SELECT hashtextextended(step.kind || ':' || step.id, numbers[own[step.commit]]) AS name
            FROM unnest(commits, kinds, ids, from_proofs, compares)
                AS step (commit, kind, id, from_proof, compares)
            WHERE step.compares AND step.from_proof IS NULL
            ORDER BY name
        ) AS opened;
    END IF;

    -- Every subject is where it was, and stays there until the end.
    SELECT
        array_agg(coalesce(held.number, CASE WHEN step.from_proof IS NULL
            AND step.state IS NOT NULL THEN nextval('hos_subject_number_seq') END)
            ORDER BY step.place),
        array_agg(held.number ORDER BY step.place) FILTER (WHERE held.timed AND step.concludes),
        broken || coalesce(array_agg(bundles[step.commit]) FILTER (
            WHERE step.compares AND (
                held.proof_id IS DISTINCT FROM step.from_proof
                OR (held.terminal AND step.state IS NOT NULL)
            )
        ), '{}')
    INTO subjects, timed, broken
    FROM (
        SELECT
            own[line.commit] AS own, line.commit, line.kind, line.id, line.compares,
            line.from_proof, line.concludes, line.state, line.place
        FROM unnest(commits, kinds, ids, compares, from_proofs, concludes, states)
            WITH ORDINALITY AS line (
                commit, kind, id, compares, from_proof, concludes, state, place
            )
        ORDER BY own[line.commit], line.kind COLLATE "C", line.id COLLATE "C"
    ) AS step
    LEFT JOIN LATERAL (
        SELECT
            hos_subject.number, hos_subject.proof_id, hos_subject.terminal, hos_subject.timed
        FROM hos_subject
        WHERE hos_subject.scope = numbers[step.own]
            AND hos_subject.kind = step.kind AND hos_subject.id = step.id
        FOR NO KEY UPDATE
    ) AS held ON true;

    -- Every key is new; a bundle that lost one gives back those that it won.
    WITH won AS (
        INSERT INTO hos_receipt (scope, expires_at, key, fingerprint, receipt)
        SELECT numbers[line.own], line.expires_at, line.key, line.fingerprint, line.receipt
        FROM unnest(own, bundles, keys, fingerprints, receipts, expiries)
            AS line (own, bundle, key, fingerprint, receipt, expires_at)
        WHERE line.key IS NOT NULL AND line.bundle <> ALL (broken)
        ORDER BY numbers[line.own], line.key
        ON CONFLICT (scope, key) DO NOTHING
        RETURNING scope, key
    )
    SELECT array_agg(won.scope), array_agg(won.key) INTO won_scopes, won_keys FROM won;
    IF coalesce(cardinality(won_keys), 0) < cardinality(array_remove(keys, NULL)) THEN
        SELECT broken || coalesce(array_agg(line.bundle), '{}') INTO broken
        FROM unnest(own, bundles, keys) AS line (own, bundle, key)
        WHERE line.key IS NOT NULL AND NOT EXISTS (
            SELECT FROM unnest(won_scopes, won_keys) AS won (scope, key)
            WHERE won.scope = numbers[line.own] AND won.key = line.key
        );
        DELETE FROM hos_receipt
        USING unnest(won_scopes, won_keys) AS won (scope, key)
        WHERE hos_receipt.scope = won.scope AND hos_receipt.key = won.key AND EXISTS (
            SELECT FROM unnest(own, bundles, keys) AS line (own, bundle, key)
            WHERE numbers[line.own] = won.scope AND line.key = won.key
                AND line.bundle = ANY (broken)
        );
    END IF;

    SELECT array_agg(line.place ORDER BY line.place) INTO written
    FROM unnest(bundles) WITH ORDINALITY AS line (bundle, place)
    WHERE line.bundle <> ALL (broken);
    IF written IS NULL THEN
        RETURN '{}';
    END IF;

    -- The entries first, so that every state finds its proof.
    WITH recorded AS (
        INSERT INTO hos_entry (
            id, scope, subject, revision, recorded_at, moves, type, leaf_hash, leaf
        )
        SELECT
            step.entry, numbers[own[step.commit]], step.subject, step.revision,
            step.recorded_at, step.moves, step.type, step.leaf_hash, step.leaf
        FROM unnest(commits, subjects, entries, types, moves, revisions, times, hashes, leaves)
            AS step (commit, subject, entry, type, moves, revision, recorded_at, leaf_hash, leaf)
        WHERE step.entry IS NOT NULL AND step.commit = ANY (written)
    ), pending AS (
        INSERT INTO hos_pending (scope, entry)
        SELECT numbers[own[step.commit]], step.entry
        FROM unnest(commits, entries) WITH ORDINALITY AS step (commit, entry, place)
        WHERE step.entry IS NOT NULL AND step.commit = ANY (written)
        ORDER BY step.place
    )
    UPDATE hos_subject SET
        state = step.state, revision = step.revision, terminal = step.terminal,
        timed = step.timers IS NOT NULL, contract = step.contract, proof_id = step.entry,
        attributes = step.attributes
    FROM unnest(
        commits, subjects, from_proofs, concludes, states, revisions, terminals, contracts, entries,
        bags, timers
    ) AS step (
        commit, subject, from_proof, concludes, state, revision, terminal, contract, entry,
        attributes, timers
    )
    WHERE step.concludes AND step.from_proof IS NOT NULL AND step.commit = ANY (written)
        AND hos_subject.number = step.subject;
    IF array_position(from_proofs, NULL) IS NOT NULL THEN
        INSERT INTO hos_subject (
            number, world, scope, revision, proof_id, terminal, timed, kind, id, state, contract,
            attributes
        )
        SELECT
            step.subject, numbers[above[step.commit]], numbers[own[step.commit]], step.revision,
            step.entry, step.terminal, step.timers IS NOT NULL, step.kind, step.id, step.state,
            step.contract, step.attributes
        FROM unnest(
            commits, subjects, kinds, ids, from_proofs, states, revisions, terminals, contracts,
            entries, bags, timers
        ) AS step (
            commit, subject, kind, id, from_proof, state, revision, terminal, contract, entry,
            attributes, timers
        )
        WHERE step.from_proof IS NULL AND step.state IS NOT NULL AND step.commit = ANY (written);
    END IF;

    IF timed IS NOT NULL THEN
        DELETE FROM hos_timer
        USING unnest(commits, subjects, concludes) AS step (commit, subject, concludes)
        WHERE step.concludes AND step.commit = ANY (written)
            AND hos_timer.subject = step.subject;
    END IF;
    IF array_remove(parts || outboxes || timers, NULL) <> '{}' THEN
        PERFORM hos_write_sequels(
            array_agg(numbers[own[step.commit]] ORDER BY step.place),
            array_agg(numbers[above[step.commit]] ORDER BY step.place),
            array_agg(step.subject ORDER BY step.place),
            array_agg(step.revision ORDER BY step.place),
            array_agg(step.entry ORDER BY step.place),
            array_agg(step.parts ORDER BY step.place),
            array_agg(step.outbox ORDER BY step.place),
            array_agg(CASE WHEN step.concludes THEN step.timers END ORDER BY step.place)
        )
        FROM unnest(
            commits, subjects, revisions, entries, parts, outboxes, timers, concludes
        ) WITH ORDINALITY AS step (
            commit, subject, revision, entry, parts, outbox, timers, concludes, place
        )
        WHERE step.commit = ANY (written);
    END IF;
    RETURN written;
END $$;
