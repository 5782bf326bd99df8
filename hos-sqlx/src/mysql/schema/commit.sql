-- Commits one: compares everything that was read and writes everything, or nothing. Answers
-- `written`; `kept` with what the key led to before; `conflict`; `duplicate` when what is recorded
-- once is there; `terminal`.
--
-- With `owns` it begins and ends a transaction; without, it is one statement of the caller's.
-- `subjects` are what was read: kind, id, proof, whether it is written. `steps` are what is
-- written: a change of a subject, an entry, or both.
CREATE OR REPLACE PROCEDURE hos_commit(
    IN owns BOOLEAN,
    IN of_world VARBINARY(32), IN of_tenant VARBINARY(128),
    IN read_generation BIGINT, IN read_world_generation BIGINT,
    IN new_key VARBINARY(255), IN new_fingerprint VARBINARY(32), IN new_expiry BIGINT,
    IN new_receipt LONGTEXT CHARACTER SET utf8mb4,
    IN new_standing LONGTEXT CHARACTER SET utf8mb4,
    IN new_dedups LONGTEXT CHARACTER SET utf8mb4,
    IN subjects LONGTEXT CHARACTER SET utf8mb4,
    IN steps LONGTEXT CHARACTER SET utf8mb4
)
MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
    DECLARE answer VARBINARY(16) DEFAULT 'conflict';
    DECLARE kept_fingerprint VARBINARY(32);
    DECLARE kept_receipt LONGTEXT CHARACTER SET utf8mb4;
    DECLARE own, above, now_generation, world_generation BIGINT;
    DECLARE moved, ended, place BIGINT DEFAULT 0;
    DECLARE is_ending BOOLEAN DEFAULT FALSE;
    DECLARE fault SMALLINT UNSIGNED;
    -- Somebody was quicker with a key or a subject that was not there yet.
    DECLARE EXIT HANDLER FOR 1062
    BEGIN
        IF owns THEN
            ROLLBACK;
        ELSE
            ROLLBACK TO SAVEPOINT hos_commit;
        END IF;
        SELECT 'raced', NULL, NULL;
    END;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        GET DIAGNOSTICS CONDITION 1 fault = MYSQL_ERRNO;
        IF owns THEN
            ROLLBACK;
        ELSEIF @@in_transaction THEN
            ROLLBACK TO SAVEPOINT hos_commit;
        END IF;
        -- Interrupted, or out of time, while it waited: it is known to be undone. Where it did not
        -- wait the server runs no handler, and leaves everything as it was.
        IF fault IN (1317, 1969) AND NOT is_ending THEN
            SIGNAL SQLSTATE '70100'
                SET MYSQL_ERRNO = 30002, MESSAGE_TEXT = 'hos:broken off and undone';
        END IF;
        RESIGNAL;
    END;

    IF owns THEN
        START TRANSACTION;
    ELSEIF @@in_transaction THEN
        SAVEPOINT hos_commit;
    ELSE
        -- The server has ended the caller's, and every statement from here on would commit.
        SIGNAL SQLSTATE '25000'
            SET MYSQL_ERRNO = 30001, MESSAGE_TEXT = 'hos:the transaction has ended';
    END IF;

    work: BEGIN
        CALL hos_hold_scopes(
            of_world, of_tenant, new_standing IS NOT NULL,
            own, above, now_generation, world_generation
        );
        IF new_key IS NOT NULL THEN
            SELECT fingerprint, receipt INTO kept_fingerprint, kept_receipt
            FROM hos_receipt WHERE scope = own AND `key` = new_key LOCK IN SHARE MODE;
            IF kept_fingerprint IS NOT NULL THEN
                SET answer = 'kept';
                LEAVE work;
            END IF;
        END IF;
        IF now_generation <> read_generation OR world_generation <> read_world_generation THEN
            LEAVE work;
        END IF;
        IF subjects IS NOT NULL THEN
            SELECT
                coalesce(sum(NOT (held.proof_id <=> unhex(line.from_proof))), 0),
                coalesce(sum(line.writes AND coalesce(held.terminal, 0)), 0)
            INTO moved, ended
            FROM json_table(subjects, '$[*]' COLUMNS (
                kind VARCHAR(32) PATH '$[0]', id VARCHAR(128) PATH '$[1]',
                from_proof CHAR(32) PATH '$[2]', writes BOOLEAN PATH '$[3]'
            )) AS line
            LEFT JOIN hos_subject AS held
                ON held.scope = own AND held.kind = CAST(line.kind AS BINARY)
                AND held.id = CAST(line.id AS BINARY)
            FOR UPDATE;
            IF moved > 0 THEN
                LEAVE work;
            END IF;
        END IF;
        IF new_dedups IS NOT NULL THEN
            IF EXISTS (
                SELECT 1 FROM json_table(new_dedups, '$[*]' COLUMNS (
                    dedup CHAR(64) PATH '$'
                )) AS line
                JOIN hos_dedup ON hos_dedup.scope = own AND hos_dedup.dedup = unhex(line.dedup)
                LOCK IN SHARE MODE
            ) THEN
                SET answer = 'duplicate';
                LEAVE work;
            END IF;
            INSERT INTO hos_dedup (scope, dedup)
            SELECT own, unhex(line.dedup) FROM json_table(new_dedups, '$[*]' COLUMNS (
                dedup CHAR(64) PATH '$'
            )) AS line;
        END IF;
        IF ended > 0 THEN
            SET answer = 'terminal';
            LEAVE work;
        END IF;

        IF new_key IS NOT NULL THEN
            INSERT INTO hos_receipt (scope, expires_at, `key`, fingerprint, receipt)
            VALUES (own, new_expiry, new_key, new_fingerprint, new_receipt);
        END IF;
        WHILE place < coalesce(json_length(steps), 0) DO
            CALL hos_write_step(own, above, json_extract(steps, concat('$[', place, ']')));
            SET place = place + 1;
        END WHILE;
        IF new_standing IS NOT NULL THEN
            CALL hos_write_standing(own, new_standing);
        END IF;
        SET answer = 'written';
    END work;

    IF owns THEN
        SET is_ending = TRUE;
        IF answer = 'written' THEN
            COMMIT;
        ELSE
            ROLLBACK;
        END IF;
    ELSEIF answer = 'written' THEN
        RELEASE SAVEPOINT hos_commit;
    ELSE
        ROLLBACK TO SAVEPOINT hos_commit;
    END IF;
    SELECT answer, kept_fingerprint, kept_receipt;
END;

-- Finds the scopes of a tenant and of its world, gives them their rows if they have none, and holds
-- their generations until the transaction ends: shared, or for the change of the tenant's own.
CREATE OR REPLACE PROCEDURE hos_hold_scopes(
    IN of_world VARBINARY(32), IN of_tenant VARBINARY(128), IN changes BOOLEAN,
    OUT own BIGINT, OUT above BIGINT, OUT own_generation BIGINT, OUT world_generation BIGINT
)
MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
    IF changes AND of_tenant = '@world' THEN
        SELECT number, generation INTO above, world_generation FROM hos_scope
        WHERE world = of_world AND tenant = '@world' FOR UPDATE;
    ELSE
        SELECT number, generation INTO above, world_generation FROM hos_scope
        WHERE world = of_world AND tenant = '@world' LOCK IN SHARE MODE;
    END IF;
    IF above IS NULL THEN
        INSERT IGNORE INTO hos_scope (world, tenant) VALUES (of_world, '@world');
        SELECT number, generation INTO above, world_generation FROM hos_scope
        WHERE world = of_world AND tenant = '@world' FOR UPDATE;
    END IF;
    IF of_tenant = '@world' THEN
        SET own = above, own_generation = world_generation;
    ELSEIF changes THEN
        SELECT number, generation INTO own, own_generation FROM hos_scope
        WHERE world = of_world AND tenant = of_tenant FOR UPDATE;
    ELSE
        SELECT number, generation INTO own, own_generation FROM hos_scope
        WHERE world = of_world AND tenant = of_tenant LOCK IN SHARE MODE;
    END IF;
    IF own IS NULL THEN
        INSERT IGNORE INTO hos_scope (world, tenant) VALUES (of_world, of_tenant);
        SELECT number, generation INTO own, own_generation FROM hos_scope
        WHERE world = of_world AND tenant = of_tenant FOR UPDATE;
    END IF;
END;

-- Writes one step. The entry goes first, for no state is written without its proof.
CREATE OR REPLACE PROCEDURE hos_write_step(
    IN own BIGINT, IN above BIGINT, IN step LONGTEXT CHARACTER SET utf8mb4
)
MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
    -- Not by `json_table`, whose table of texts this long would be a file.
    DECLARE of_kind VARBINARY(32) DEFAULT json_value(step, '$[0]');
    DECLARE of_id VARBINARY(128) DEFAULT json_value(step, '$[1]');
    DECLARE from_revision BIGINT DEFAULT json_value(step, '$[2]');
    DECLARE new_state VARBINARY(32) DEFAULT json_value(step, '$[3]');
    DECLARE new_terminal BOOLEAN DEFAULT json_value(step, '$[4]');
    DECLARE new_contract VARBINARY(32) DEFAULT json_value(step, '$[5]');
    DECLARE new_revision BIGINT DEFAULT json_value(step, '$[6]');
    DECLARE new_entry VARBINARY(16) DEFAULT unhex(json_value(step, '$[7]'));
    DECLARE new_type VARBINARY(32) DEFAULT json_value(step, '$[8]');
    DECLARE new_moves BOOLEAN DEFAULT json_value(step, '$[9]');
    DECLARE new_time BIGINT DEFAULT json_value(step, '$[10]');
    DECLARE new_hash VARBINARY(32) DEFAULT unhex(json_value(step, '$[11]'));
    DECLARE new_timers LONGTEXT CHARACTER SET utf8mb4 DEFAULT json_value(step, '$[12]');
    DECLARE new_outbox LONGTEXT CHARACTER SET utf8mb4 DEFAULT json_value(step, '$[13]');
    DECLARE new_parts LONGTEXT CHARACTER SET utf8mb4 DEFAULT json_value(step, '$[14]');
    DECLARE new_bag LONGTEXT CHARACTER SET utf8mb4 DEFAULT json_value(step, '$[15]');
    DECLARE new_leaf LONGTEXT CHARACTER SET utf8mb4 DEFAULT json_value(step, '$[16]');
    DECLARE number_now BIGINT;
    DECLARE timed_now BOOLEAN;

    IF of_kind IS NOT NULL THEN
        SELECT number, timed INTO number_now, timed_now FROM hos_subject
        WHERE scope = own AND kind = of_kind AND id = of_id LOCK IN SHARE MODE;
        IF number_now IS NULL AND new_state IS NOT NULL THEN
            SET number_now = NEXTVAL(hos_subject_number);
        END IF;
    END IF;
    IF new_entry IS NOT NULL THEN
        INSERT INTO hos_entry (
            id, scope, subject, revision, recorded_at, moves, type, leaf_hash, leaf
        ) VALUES (
            new_entry, own, number_now, new_revision, new_time, new_moves, new_type, new_hash,
            new_leaf
        );
        INSERT INTO hos_pending (scope, entry) VALUES (own, new_entry);
    END IF;
    IF new_parts IS NOT NULL THEN
        INSERT INTO hos_part (entry, scope, name, salt, body)
        SELECT new_entry, own, line.name, unhex(line.salt), line.body
        FROM json_table(new_parts, '$[*]' COLUMNS (
            name VARCHAR(64) PATH '$[0]', salt CHAR(64) PATH '$[1]', body LONGTEXT PATH '$[2]'
        )) AS line;
    END IF;
    IF new_state IS NOT NULL THEN
        IF from_revision > 0 THEN
            UPDATE hos_subject SET
                state = new_state, revision = new_revision, terminal = new_terminal,
                timed = new_timers IS NOT NULL, contract = new_contract, proof_id = new_entry,
                attributes = new_bag
            WHERE number = number_now;
        ELSE
            INSERT INTO hos_subject (
                number, world, scope, revision, proof_id, terminal, timed, kind, id, state,
                contract, attributes
            ) VALUES (
                number_now, above, own, new_revision, new_entry, new_terminal,
                new_timers IS NOT NULL, of_kind, of_id, new_state, new_contract, new_bag
            );
        END IF;
        IF timed_now THEN
            DELETE FROM hos_timer WHERE subject = number_now;
        END IF;
        IF new_timers IS NOT NULL THEN
            INSERT INTO hos_timer (subject, action, world, scope, revision, due_at)
            SELECT number_now, line.action, above, own, new_revision, line.due_at
            FROM json_table(new_timers, '$[*]' COLUMNS (
                action VARCHAR(32) PATH '$[0]', due_at BIGINT PATH '$[1]'
            )) AS line;
        END IF;
        IF new_outbox IS NOT NULL THEN
            INSERT INTO hos_outbox (
                id, slot, scope, subject, revision, entry, topic, payload, traceparent
            )
            SELECT
                NEXTVAL(hos_outbox_id), hos_outbox_slot.slot, own, number_now, new_revision,
                unhex(line.entry), line.topic, line.payload, line.traceparent
            FROM json_table(new_outbox, '$[*]' COLUMNS (
                entry CHAR(32) PATH '$[0]', topic VARCHAR(64) PATH '$[1]',
                payload LONGTEXT PATH '$[2]', traceparent VARCHAR(255) PATH '$[3]'
            )) AS line
            STRAIGHT_JOIN hos_outbox_slot;
        END IF;
    END IF;
END;
