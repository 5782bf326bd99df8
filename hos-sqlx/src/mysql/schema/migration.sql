-- Writes a batch of a migration, in a transaction of its own. Answers `written`, or why not:
-- `conflict`, or `moved` and which.
CREATE OR REPLACE PROCEDURE hos_migrate(
    IN of_world VARBINARY(32), IN of_tenant VARBINARY(128),
    IN read_generation BIGINT, IN read_world_generation BIGINT,
    IN of_kind VARBINARY(32), IN to_contract VARBINARY(32),
    IN new_entry VARBINARY(16), IN new_type VARBINARY(32), IN new_time BIGINT,
    IN new_hash VARBINARY(32),
    IN new_leaf LONGTEXT CHARACTER SET utf8mb4,
    IN new_parts LONGTEXT CHARACTER SET utf8mb4,
    IN subjects LONGTEXT CHARACTER SET utf8mb4,
    IN timers LONGTEXT CHARACTER SET utf8mb4,
    IN new_key VARBINARY(255), IN new_fingerprint VARBINARY(32),
    IN new_receipt LONGTEXT CHARACTER SET utf8mb4, IN new_expiry BIGINT
)
MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
    DECLARE answer VARBINARY(16) DEFAULT 'conflict';
    DECLARE moved LONGTEXT CHARACTER SET utf8mb4;
    DECLARE own, above, now_generation, world_generation BIGINT;
    DECLARE timed_now BOOLEAN;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    work: BEGIN
        CALL hos_hold_scopes(
            of_world, of_tenant, FALSE, own, above, now_generation, world_generation
        );
        IF now_generation <> read_generation OR world_generation <> read_world_generation THEN
            LEAVE work;
        END IF;
        IF EXISTS (
            SELECT 1 FROM hos_receipt WHERE scope = own AND `key` = new_key LOCK IN SHARE MODE
        ) THEN
            LEAVE work;
        END IF;
        -- Not by WHERE: a row that is passed over is not held.
        SELECT
            group_concat(if(held.proof_id <=> unhex(line.from_proof), NULL, json_quote(line.id))),
            max(held.timed)
        INTO moved, timed_now
        FROM json_table(subjects, '$[*]' COLUMNS (
            id VARCHAR(128) PATH '$[0]', from_proof CHAR(32) PATH '$[1]'
        )) AS line
        LEFT JOIN hos_subject AS held
            ON held.scope = own AND held.kind = of_kind AND held.id = CAST(line.id AS BINARY)
        FOR UPDATE;
        IF moved IS NOT NULL THEN
            SET answer = 'moved';
            LEAVE work;
        END IF;

        INSERT INTO hos_entry (id, scope, recorded_at, moves, type, leaf_hash, leaf)
        VALUES (new_entry, own, new_time, FALSE, new_type, new_hash, new_leaf);
        INSERT INTO hos_pending (scope, entry) VALUES (own, new_entry);
        INSERT INTO hos_part (entry, scope, name, salt, body)
        SELECT new_entry, own, line.name, unhex(line.salt), line.body
        FROM json_table(new_parts, '$[*]' COLUMNS (
            name VARCHAR(64) PATH '$[0]', salt CHAR(64) PATH '$[1]', body LONGTEXT PATH '$[2]'
        )) AS line;
        UPDATE json_table(subjects, '$[*]' COLUMNS (
            id VARCHAR(128) PATH '$[0]', state VARCHAR(32) PATH '$[2]',
            bag LONGTEXT PATH '$[3]', timed BOOLEAN PATH '$[4]'
        )) AS line
        STRAIGHT_JOIN hos_subject
            ON hos_subject.scope = own AND hos_subject.kind = of_kind
            AND hos_subject.id = CAST(line.id AS BINARY)
        SET
            hos_subject.state = line.state, hos_subject.contract = to_contract,
            hos_subject.attributes = line.bag, hos_subject.proof_id = new_entry,
            hos_subject.timed = line.timed;
        IF timed_now THEN
            DELETE hos_timer
            FROM json_table(subjects, '$[*]' COLUMNS (id VARCHAR(128) PATH '$[0]')) AS line
            STRAIGHT_JOIN hos_subject
                ON hos_subject.scope = own AND hos_subject.kind = of_kind
                AND hos_subject.id = CAST(line.id AS BINARY)
            STRAIGHT_JOIN hos_timer ON hos_timer.subject = hos_subject.number;
        END IF;
        IF timers IS NOT NULL THEN
            INSERT INTO hos_timer (subject, action, world, scope, revision, due_at)
            SELECT
                hos_subject.number, line.action, above, own, hos_subject.revision, line.due_at
            FROM json_table(timers, '$[*]' COLUMNS (
                id VARCHAR(128) PATH '$[0]', action VARCHAR(32) PATH '$[1]',
                due_at BIGINT PATH '$[2]'
            )) AS line
            STRAIGHT_JOIN hos_subject
                ON hos_subject.scope = own AND hos_subject.kind = of_kind
                AND hos_subject.id = CAST(line.id AS BINARY);
        END IF;
        INSERT INTO hos_receipt (scope, expires_at, `key`, fingerprint, receipt)
        VALUES (own, new_expiry, new_key, new_fingerprint, new_receipt);
        SET answer = 'written';
    END work;

    IF answer = 'written' THEN
        COMMIT;
    ELSE
        ROLLBACK;
    END IF;
    SELECT answer, concat('[', moved, ']');
END;
