-- One row inserted here is one step of a commit, and one statement is a whole commit: every
-- comparison and every write of it, all or nothing. What it has none of is null.
CREATE VIEW hos_write (
    scope, generation, world_scope, world_generation,
    kind, id, from_revision, from_proof, state, terminal, attributes, contract,
    entry_id, leaf_index, type, moves, revision, recorded_at, leaf, leaf_hash, dedup, parts,
    key, fingerprint, receipt, expires_at,
    outbox, timers, standing,
    log_base, log_size, log_frontier
) AS SELECT
    NULL, NULL, NULL, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, NULL, NULL, NULL,
    NULL, NULL, NULL,
    NULL, NULL, NULL
WHERE 0;

CREATE TRIGGER hos_write_insert INSTEAD OF INSERT ON hos_write WHEN NEW.scope IS NOT NULL BEGIN
    -- Compares what was read.
    SELECT RAISE(ABORT, 'hos:conflict')
    WHERE NEW.generation IS NOT NULL AND (
        (SELECT generation FROM hos_scope WHERE number = NEW.scope) IS NOT NEW.generation
        OR (SELECT generation FROM hos_scope WHERE number = NEW.world_scope)
            IS NOT NEW.world_generation
    );
    SELECT RAISE(ABORT, 'hos:conflict')
    WHERE NEW.from_revision IS NOT NULL AND NEW.state IS NULL AND NEW.from_proof IS NOT (
        SELECT proof_id FROM hos_subject
        WHERE scope = NEW.scope AND kind = NEW.kind AND id = NEW.id
    );

    -- The entry of a subject that moves, if it still is where it was.
    INSERT INTO hos_entry (
        position, id, type, subject, revision, moves, recorded_at, leaf, leaf_hash, dedup
    )
    SELECT
        (NEW.scope << 40) + NEW.leaf_index, NEW.entry_id, NEW.type, number, NEW.revision,
        NEW.moves, NEW.recorded_at, NEW.leaf, NEW.leaf_hash, NEW.dedup
    FROM hos_subject
    WHERE NEW.from_revision > 0 AND NEW.state IS NOT NULL
        AND scope = NEW.scope AND kind = NEW.kind AND id = NEW.id
        AND hos_subject.proof_id = NEW.from_proof;
    SELECT RAISE(ABORT, 'hos:conflict')
    WHERE NEW.from_revision > 0 AND NEW.state IS NOT NULL AND changes() = 0;

    -- Any other entry.
    INSERT INTO hos_entry (
        position, id, type, subject, revision, moves, recorded_at, leaf, leaf_hash, dedup
    )
    SELECT
        (NEW.scope << 40) + NEW.leaf_index, NEW.entry_id, NEW.type,
        CASE WHEN NEW.state IS NOT NULL THEN (NEW.scope << 40) + NEW.leaf_index ELSE (
            SELECT number FROM hos_subject
            WHERE scope = NEW.scope AND kind = NEW.kind AND id = NEW.id
        ) END,
        NEW.revision, NEW.moves, NEW.recorded_at, NEW.leaf, NEW.leaf_hash, NEW.dedup
    WHERE NEW.entry_id IS NOT NULL AND (NEW.state IS NULL OR NEW.from_revision = 0);
    INSERT INTO hos_part (entry, name, salt, body)
    SELECT
        (NEW.scope << 40) + NEW.leaf_index,
        value ->> 0, unhex(value ->> 1), value ->> 2
    FROM json_each(NEW.parts)
    WHERE NEW.parts IS NOT NULL;

    -- The subject.
    UPDATE hos_subject SET
        state = NEW.state, revision = NEW.revision, terminal = NEW.terminal,
        contract = NEW.contract, proof_id = NEW.entry_id,
        position = (NEW.scope << 40) + NEW.leaf_index, attributes = NEW.attributes
    WHERE NEW.from_revision > 0 AND NEW.state IS NOT NULL
        AND scope = NEW.scope AND kind = NEW.kind AND id = NEW.id;
    INSERT INTO hos_subject (
        number, scope, kind, id, state, revision, terminal, contract, proof_id, position,
        attributes
    )
    SELECT
        (NEW.scope << 40) + NEW.leaf_index, NEW.scope, NEW.kind, NEW.id, NEW.state, NEW.revision,
        NEW.terminal, NEW.contract, NEW.entry_id, (NEW.scope << 40) + NEW.leaf_index,
        NEW.attributes
    WHERE NEW.from_revision = 0 AND NEW.state IS NOT NULL;

    INSERT INTO hos_outbox (subject, revision, entry, topic, payload, traceparent)
    SELECT
        (SELECT number FROM hos_subject
         WHERE scope = NEW.scope AND kind = NEW.kind AND id = NEW.id),
        NEW.revision, unhex(value ->> 0), value ->> 1, value ->> 2, value ->> 3
    FROM json_each(NEW.outbox)
    WHERE NEW.outbox IS NOT NULL
    ORDER BY key;
    INSERT INTO hos_timer (subject, action, world, revision, due_at)
    SELECT
        (SELECT number FROM hos_subject
         WHERE scope = NEW.scope AND kind = NEW.kind AND id = NEW.id),
        value ->> 0,
        (SELECT above.number
         FROM hos_scope AS own
         CROSS JOIN hos_scope AS above ON above.world = own.world AND above.tenant = '@world'
         WHERE own.number = NEW.scope),
        NEW.revision, value ->> 1
    FROM json_each(NEW.timers)
    WHERE NEW.timers IS NOT NULL;

    INSERT INTO hos_receipt (scope, key, fingerprint, receipt, expires_at)
    SELECT NEW.scope, NEW.key, NEW.fingerprint, NEW.receipt, NEW.expires_at
    WHERE NEW.key IS NOT NULL;
    INSERT INTO hos_write_standing (scope, standing)
    SELECT NEW.scope, NEW.standing
    WHERE NEW.standing IS NOT NULL;

    -- The head of the log, with the last step that appends to it.
    UPDATE hos_scope SET log_size = NEW.log_size, log_frontier = NEW.log_frontier
    WHERE NEW.log_size IS NOT NULL AND number = NEW.scope AND log_size = NEW.log_base;
    SELECT RAISE(ABORT, 'hos:conflict')
    WHERE NEW.log_size IS NOT NULL AND changes() = 0;
END;
