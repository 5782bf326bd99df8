-- Writes what the law wrote again and again, each copy further back in time, as if there had been
-- as many more subjects, each with its history. The leaves are not those of their entries, only as
-- long. A log has one row, however long it is.
SET session_replication_role = replica;
SET synchronous_commit = off;

-- The id of an entry that is recorded so many milliseconds before (RFC 9562, section 5.7).
CREATE FUNCTION pg_temp.before(id uuid, millis bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE
RETURN (
    lpad(to_hex(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint - millis), 12, '0')
    || right(replace(id::text, '-', ''), 20)
)::uuid;

CREATE TEMP TABLE first_subject AS SELECT * FROM hos_subject;
CREATE TEMP TABLE first_entry AS SELECT * FROM hos_entry ORDER BY id;
CREATE TEMP TABLE first_part AS SELECT * FROM hos_part ORDER BY entry;
CREATE TEMP TABLE first_leaf AS SELECT * FROM hos_leaf;
CREATE TEMP TABLE first_receipt AS SELECT * FROM hos_receipt;

CREATE PROCEDURE pg_temp.grow(copies bigint)
LANGUAGE plpgsql AS $$
DECLARE
    subjects bigint := (SELECT max(number) FROM first_subject);
    span bigint := (SELECT (max(recorded_at) - min(recorded_at)) / 1000 + 1000 FROM first_entry);
BEGIN
    FOR copy IN REVERSE copies .. 1 LOOP
        INSERT INTO hos_subject (
            number, world, scope, revision, proof_id, terminal, timed, kind, id, state, contract,
            attributes
        )
        SELECT
            number + copy * subjects, world, scope, revision,
            pg_temp.before(proof_id, copy * span), terminal, timed, kind, id || '-' || copy,
            state, contract, attributes
        FROM first_subject;
        INSERT INTO hos_entry (
            id, scope, subject, revision, recorded_at, moves, type, leaf_hash, leaf
        )
        SELECT
            pg_temp.before(id, copy * span), scope, subject + copy * subjects, revision,
            recorded_at - copy * span * 1000, moves, type, leaf_hash, leaf
        FROM first_entry;
        INSERT INTO hos_part (entry, scope, name, salt, body)
        SELECT pg_temp.before(entry, copy * span), scope, name, salt, body FROM first_part;
        INSERT INTO hos_leaf (scope, leaf_index, entry, leaf_hash)
        SELECT
            scope, leaf_index + copy * hos_log.size, pg_temp.before(entry, copy * span), leaf_hash
        FROM first_leaf JOIN hos_log USING (scope);
        INSERT INTO hos_receipt (scope, expires_at, key, fingerprint, receipt)
        SELECT
            scope, expires_at - copy * span * 1000, key || convert_to('-' || copy, 'UTF8'),
            fingerprint, receipt
        FROM first_receipt;
        COMMIT;
    END LOOP;
END $$;

CALL pg_temp.grow(:copies);
SELECT setval('hos_subject_number_seq', max(number)) FROM hos_subject;
VACUUM ANALYZE;
CHECKPOINT;
