-- How segments of logs stand: each went out in turn 0, and each later turn says that it came back
-- or went out again.
CREATE TABLE IF NOT EXISTS hos_archive (
    scope BIGINT NOT NULL,
    first_index BIGINT NOT NULL,
    turn BIGINT NOT NULL CHECK (turn >= 0),
    end_index BIGINT NOT NULL,
    entry BINARY(16) NOT NULL,
    digest BINARY(32) NOT NULL,
    least_id BINARY(16) NOT NULL,
    greatest_id BINARY(16) NOT NULL,
    PRIMARY KEY (scope, first_index, turn)
) ENGINE = InnoDB;

-- Its entry has no place in its log yet, so that none of an earlier day opens the door.
CREATE OR REPLACE TRIGGER hos_archive_insert BEFORE INSERT ON hos_archive FOR EACH ROW
BEGIN
    DECLARE before_end BIGINT;
    IF NEW.turn = 0 THEN
        IF NEW.first_index <> coalesce((
            SELECT end_index FROM hos_archive WHERE scope = NEW.scope
            ORDER BY first_index DESC LIMIT 1
        ), 0) OR NEW.end_index > coalesce((
            SELECT size FROM hos_log WHERE scope = NEW.scope
        ), 0) THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:segment stands elsewhere';
        END IF;
    ELSE
        SET before_end = (
            SELECT end_index FROM hos_archive
            WHERE scope = NEW.scope AND first_index = NEW.first_index AND turn = NEW.turn - 1
        );
        IF NOT (before_end <=> NEW.end_index) OR EXISTS (
            SELECT 1 FROM hos_archive
            WHERE scope = NEW.scope AND first_index = NEW.first_index AND turn >= NEW.turn
        ) OR NEW.end_index - NEW.first_index <> (
            SELECT count(*)
            FROM hos_leaf STRAIGHT_JOIN hos_entry ON hos_entry.id = hos_leaf.entry
            WHERE hos_leaf.scope = NEW.scope
                AND leaf_index >= NEW.first_index AND leaf_index < NEW.end_index
        ) THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:segment stands elsewhere';
        END IF;
    END IF;
    IF NEW.end_index - NEW.first_index NOT BETWEEN 1 AND 65536
        OR NEW.first_index % 256 <> 0 OR NEW.end_index % 256 <> 0
    THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:segment is cut wrong';
    END IF;
    IF EXISTS (SELECT 1 FROM hos_leaf WHERE entry = NEW.entry) OR (
        SELECT scope = NEW.scope AND type = if(NEW.turn % 2 = 0, 'archive/1', 'restore/1')
        FROM hos_entry WHERE id = NEW.entry
    ) IS NOT TRUE THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:segment without proof';
    END IF;
END;

CREATE OR REPLACE TRIGGER hos_archive_update BEFORE UPDATE ON hos_archive FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:segment is immutable';

CREATE OR REPLACE TRIGGER hos_archive_delete BEFORE DELETE ON hos_archive FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:segment is immutable';

-- Holds an archived segment until the transaction ends; where it ends, or null when it is not
-- archived.
CREATE OR REPLACE PROCEDURE hos_hold_segment(
    IN of_world VARBINARY(32), IN of_tenant VARBINARY(128), IN first BIGINT,
    OUT own BIGINT, OUT ends BIGINT
)
MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
    SELECT number INTO own FROM hos_scope WHERE world = of_world AND tenant = of_tenant;
    -- What locks sees what is: no snapshot of before.
    SELECT if(turn % 2 = 0, end_index, NULL) INTO ends FROM hos_archive
    WHERE scope = own AND first_index = first
    ORDER BY turn DESC LIMIT 1 FOR UPDATE;
END;

-- Lets rows of an archived segment go, in the order of the log; answers how many entries went.
CREATE OR REPLACE PROCEDURE hos_release(
    IN of_world VARBINARY(32), IN of_tenant VARBINARY(128), IN first BIGINT, IN most INT
)
MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
    DECLARE own, ends, last BIGINT;
    DECLARE released INT DEFAULT 0;
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    CALL hos_hold_segment(of_world, of_tenant, first, own, ends);
    SELECT max(going.leaf_index) INTO last FROM (
        SELECT leaf_index FROM hos_leaf
        WHERE scope = own AND leaf_index >= first AND leaf_index < ends
        ORDER BY leaf_index LIMIT most
    ) AS going;
    IF last IS NOT NULL THEN
        DELETE hos_part FROM hos_leaf STRAIGHT_JOIN hos_part ON hos_part.entry = hos_leaf.entry
        WHERE hos_leaf.scope = own AND leaf_index >= first AND leaf_index <= last;
        DELETE hos_entry FROM hos_leaf STRAIGHT_JOIN hos_entry ON hos_entry.id = hos_leaf.entry
        WHERE hos_leaf.scope = own AND leaf_index >= first AND leaf_index <= last;
        DELETE FROM hos_leaf WHERE scope = own AND leaf_index >= first AND leaf_index <= last;
        SET released = row_count();
    END IF;
    COMMIT;
    SELECT CAST(released AS SIGNED);
END;

-- Puts rows of an archived segment back, those that are not there; answers 0 when it is not
-- archived. A line is as `Returning::line` makes it.
CREATE OR REPLACE PROCEDURE hos_refill(
    IN of_world VARBINARY(32), IN of_tenant VARBINARY(128), IN first BIGINT,
    IN entries LONGTEXT CHARACTER SET utf8mb4
)
MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
    DECLARE own, ends, at, place BIGINT DEFAULT 0;
    DECLARE line LONGTEXT CHARACTER SET utf8mb4;
    DECLARE number BINARY(16);
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
        ROLLBACK;
        RESIGNAL;
    END;

    START TRANSACTION;
    CALL hos_hold_segment(of_world, of_tenant, first, own, ends);
    WHILE ends IS NOT NULL AND place < json_length(entries) DO
        SET line = json_extract(entries, concat('$[', place, ']'));
        SET at = json_value(line, '$[0]');
        IF at >= first AND at < ends
            AND NOT EXISTS (SELECT 1 FROM hos_leaf WHERE scope = own AND leaf_index = at)
        THEN
            SET number = unhex(json_value(line, '$[1]'));
            INSERT INTO hos_entry (
                id, scope, subject, revision, recorded_at, moves, type, leaf_hash, leaf
            ) VALUES (
                number, own,
                (
                    SELECT subject.number FROM hos_subject AS subject
                    WHERE subject.scope = own
                        AND subject.kind = CAST(json_value(line, '$[3]') AS BINARY)
                        AND subject.id = CAST(json_value(line, '$[4]') AS BINARY)
                ),
                json_value(line, '$[5]'), json_value(line, '$[7]'), json_value(line, '$[6]'),
                json_value(line, '$[2]'), unhex(json_value(line, '$[9]')),
                json_value(line, '$[8]')
            );
            INSERT INTO hos_part (entry, scope, name, salt, body)
            SELECT number, own, part.name, unhex(part.salt), part.body
            FROM json_table(json_extract(line, '$[10]'), '$[*]' COLUMNS (
                name VARCHAR(64) PATH '$[0]', salt CHAR(64) PATH '$[1]', body LONGTEXT PATH '$[2]'
            )) AS part;
            INSERT INTO hos_leaf (scope, leaf_index, entry, leaf_hash)
            VALUES (own, at, number, unhex(json_value(line, '$[9]')));
        END IF;
        SET place = place + 1;
    END WHILE;
    COMMIT;
    SELECT CAST(ends IS NOT NULL AS SIGNED);
END;
