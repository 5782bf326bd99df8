-- Tiles, checkpoints, and the deployment's log over the checkpoints of all tenants. That log is
-- the one of scope 0, which no tenant has.

CREATE TABLE IF NOT EXISTS hos_tile (
    scope BIGINT NOT NULL,
    level TINYINT NOT NULL CHECK (level BETWEEN 0 AND 7),
    place BIGINT NOT NULL CHECK (place >= 0),
    root BINARY(32) NOT NULL,
    hashes BLOB NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (scope, level, place)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

CREATE TABLE IF NOT EXISTS hos_checkpoint (
    scope BIGINT NOT NULL,
    size BIGINT NOT NULL CHECK (size > 0),
    sealed_at BIGINT NOT NULL,
    note LONGTEXT NOT NULL,
    PRIMARY KEY (scope, size)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Logs that no checkpoint wholly covers, so that nobody looks for them among those that lie idle.
CREATE TABLE IF NOT EXISTS hos_unsealed (scope BIGINT NOT NULL PRIMARY KEY) ENGINE = InnoDB;

-- Logs whose last checkpoint, which is of this size, is not in the deployment's log.
CREATE TABLE IF NOT EXISTS hos_unanchored (
    scope BIGINT NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL
) ENGINE = InnoDB;

-- The deployment's log: `scope` and `size` tell whose checkpoint a leaf is.
CREATE TABLE IF NOT EXISTS hos_deployment (
    leaf_index BIGINT NOT NULL PRIMARY KEY CHECK (leaf_index >= 0),
    scope BIGINT NOT NULL CHECK (scope > 0),
    size BIGINT NOT NULL,
    leaf_hash BINARY(32) NOT NULL,
    note LONGTEXT NOT NULL,
    UNIQUE KEY hos_deployment_checkpoint (scope, size)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What outsiders said about checkpoints of the deployment's log.
CREATE TABLE IF NOT EXISTS hos_attestation (
    size BIGINT NOT NULL,
    kind VARBINARY(16) NOT NULL CHECK (kind IN ('cosignature', 'rfc3161')),
    attester VARBINARY(255) NOT NULL,
    body MEDIUMBLOB NOT NULL,
    PRIMARY KEY (size, kind, attester)
) ENGINE = InnoDB;

-- Whoever moves a log holds its row, so that a mark is not taken off while the log grows.
CREATE OR REPLACE TRIGGER hos_log_opened AFTER INSERT ON hos_log FOR EACH ROW
    FOLLOWS hos_log_insert
BEGIN
    IF NEW.size > 0 THEN
        INSERT IGNORE INTO hos_unsealed (scope) VALUES (NEW.scope);
    END IF;
END;

CREATE OR REPLACE TRIGGER hos_log_grew AFTER UPDATE ON hos_log FOR EACH ROW
BEGIN
    IF NEW.size > OLD.size THEN
        INSERT IGNORE INTO hos_unsealed (scope) VALUES (NEW.scope);
    END IF;
END;

-- A log's checkpoints grow, within the log.
CREATE OR REPLACE TRIGGER hos_checkpoint_insert BEFORE INSERT ON hos_checkpoint FOR EACH ROW
BEGIN
    IF EXISTS (SELECT 1 FROM hos_checkpoint WHERE scope = NEW.scope AND size >= NEW.size) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:checkpoint is immutable';
    END IF;
    IF NEW.size > coalesce(
        IF(
            NEW.scope = 0,
            (SELECT max(leaf_index) + 1 FROM hos_deployment),
            (SELECT size FROM hos_log WHERE scope = NEW.scope)
        ), 0
    ) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:checkpoint is beyond its log';
    END IF;
END;

-- The mark names the checkpoint, so that who anchors the one before leaves it.
CREATE OR REPLACE TRIGGER hos_checkpoint_published AFTER INSERT ON hos_checkpoint FOR EACH ROW
BEGIN
    -- One that moves in with its anchor has it already.
    IF NEW.scope <> 0 AND NOT EXISTS (
        SELECT 1 FROM hos_deployment WHERE scope = NEW.scope AND size >= NEW.size
    ) THEN
        INSERT INTO hos_unanchored (scope, size) VALUES (NEW.scope, NEW.size)
        ON DUPLICATE KEY UPDATE size = greatest(size, VALUE(size));
    END IF;
END;

-- The deployment's log only grows, without a gap. A place that is taken is the key's to refuse:
-- whoever comes second to an empty log, where there is no row to hold, tries again.
CREATE OR REPLACE TRIGGER hos_deployment_insert BEFORE INSERT ON hos_deployment FOR EACH ROW
BEGIN
    IF NEW.leaf_index > coalesce((SELECT max(leaf_index) + 1 FROM hos_deployment), 0) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:deployment is immutable';
    END IF;
END;

CREATE OR REPLACE TRIGGER hos_deployment_grew AFTER INSERT ON hos_deployment FOR EACH ROW
BEGIN
    DELETE FROM hos_unanchored WHERE scope = NEW.scope AND size <= NEW.size;
    INSERT IGNORE INTO hos_unsealed (scope) VALUES (0);
END;

CREATE OR REPLACE TRIGGER hos_tile_update BEFORE UPDATE ON hos_tile FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:tile is immutable';

CREATE OR REPLACE TRIGGER hos_tile_delete BEFORE DELETE ON hos_tile FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:tile is immutable';

CREATE OR REPLACE TRIGGER hos_checkpoint_update BEFORE UPDATE ON hos_checkpoint FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:checkpoint is immutable';

CREATE OR REPLACE TRIGGER hos_checkpoint_delete BEFORE DELETE ON hos_checkpoint FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:checkpoint is immutable';

CREATE OR REPLACE TRIGGER hos_deployment_update BEFORE UPDATE ON hos_deployment FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:deployment is immutable';

CREATE OR REPLACE TRIGGER hos_deployment_delete BEFORE DELETE ON hos_deployment FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:deployment is immutable';

CREATE OR REPLACE TRIGGER hos_attestation_update BEFORE UPDATE ON hos_attestation FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:attestation is immutable';

CREATE OR REPLACE TRIGGER hos_attestation_delete BEFORE DELETE ON hos_attestation FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:attestation is immutable';

CREATE OR REPLACE TRIGGER hos_quarantine_update BEFORE UPDATE ON hos_quarantine FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:quarantine is immutable';

CREATE OR REPLACE TRIGGER hos_quarantine_delete BEFORE DELETE ON hos_quarantine FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:quarantine is immutable';

-- The hashes of a span side by side: of a whole tile where there is no count, else from the first
-- one on. To a function the span is known when its statement is planned, and so the index is
-- searched for both ends; within a join, a log would be read from its beginning.
CREATE OR REPLACE FUNCTION hos_hashes(of_scope BIGINT, of_level INT, first BIGINT, many INT)
    RETURNS BLOB
    READS SQL DATA SQL SECURITY INVOKER
BEGIN
    IF many = 0 THEN
        RETURN (
            SELECT hashes FROM hos_tile
            WHERE scope = of_scope AND level = of_level AND place = first
        );
    END IF;
    IF of_level > 0 THEN
        RETURN (
            SELECT group_concat(root ORDER BY place SEPARATOR '') FROM hos_tile
            WHERE scope = of_scope AND level = of_level - 1
                AND place >= first AND place < first + many
        );
    END IF;
    IF of_scope = 0 THEN
        RETURN (
            SELECT group_concat(leaf_hash ORDER BY leaf_index SEPARATOR '') FROM hos_deployment
            WHERE leaf_index >= first AND leaf_index < first + many
        );
    END IF;
    RETURN (
        SELECT group_concat(leaf_hash ORDER BY leaf_index SEPARATOR '') FROM hos_leaf
        WHERE scope = of_scope AND leaf_index >= first AND leaf_index < first + many
    );
END;
