-- The move of a whole deployment into this database, and how far it has come; a store does not open
-- before it is finished.
CREATE TABLE IF NOT EXISTS hos_move (
    one TINYINT NOT NULL PRIMARY KEY CHECK (one = 1),
    deployment VARBINARY(128) NOT NULL,
    state VARBINARY(128) NOT NULL,
    mark LONGTEXT,
    finished BOOLEAN NOT NULL DEFAULT FALSE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Nobody moves into a database that is used, and a move that is finished stays so: while one is
-- not, subjects come in with the revisions that they had.
CREATE OR REPLACE TRIGGER hos_move_insert BEFORE INSERT ON hos_move FOR EACH ROW
BEGIN
    IF EXISTS (SELECT 1 FROM hos_scope) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:the database is used';
    END IF;
END;

CREATE OR REPLACE TRIGGER hos_move_update BEFORE UPDATE ON hos_move FOR EACH ROW
BEGIN
    IF OLD.finished THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:the move is finished';
    END IF;
END;

CREATE OR REPLACE TRIGGER hos_move_delete BEFORE DELETE ON hos_move FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:a move is kept';

-- Raises a sequence to at least this number; `SETVAL` takes no parameter and never lowers.
CREATE OR REPLACE PROCEDURE hos_raise(IN of_sequence VARCHAR(64), IN highest BIGINT)
MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
    IF highest > 0 THEN
        EXECUTE IMMEDIATE concat('DO SETVAL(', of_sequence, ', ', highest, ')');
    END IF;
END;
