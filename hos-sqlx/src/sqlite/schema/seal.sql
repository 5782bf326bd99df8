-- Tiles, checkpoints, and the deployment's log over the checkpoints of all tenants. That log is
-- the one of scope 0, which no tenant has.

-- `position` is the scope's number times 2^40 plus the level times 2^37 plus the place: the tiles
-- of a level stand side by side. The root comes first, so that it is read without the hashes.
CREATE TABLE hos_tile (
    position INTEGER PRIMARY KEY,
    root BLOB NOT NULL CHECK (length(root) = 32),
    hashes BLOB NOT NULL CHECK (length(hashes) = 8192),
    scope INTEGER AS (position >> 40),
    level INTEGER AS ((position >> 37) & 7),
    place INTEGER AS (position & 137438953471)
) STRICT;

CREATE TABLE hos_checkpoint (
    scope INTEGER NOT NULL,
    size INTEGER NOT NULL CHECK (size > 0),
    sealed_at INTEGER NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (scope, size)
) STRICT, WITHOUT ROWID;

-- Logs that no checkpoint wholly covers, so that nobody looks for them among those that lie idle.
CREATE TABLE hos_unsealed (scope INTEGER PRIMARY KEY) STRICT;

-- Logs whose last checkpoint, which is of this size, is not in the deployment's log.
CREATE TABLE hos_unanchored (scope INTEGER PRIMARY KEY, size INTEGER NOT NULL) STRICT;

-- The deployment's log: `scope` and `size` tell whose checkpoint a leaf is.
CREATE TABLE hos_deployment (
    leaf_index INTEGER PRIMARY KEY CHECK (leaf_index >= 0),
    scope INTEGER NOT NULL CHECK (scope > 0),
    size INTEGER NOT NULL,
    leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32),
    note TEXT NOT NULL,
    UNIQUE (scope, size)
) STRICT;

-- What outsiders said about checkpoints of the deployment's log.
CREATE TABLE hos_attestation (
    size INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('cosignature', 'rfc3161')),
    attester TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (size, kind, attester)
) STRICT, WITHOUT ROWID;

-- How many entries a log has.
CREATE VIEW hos_log_size (scope, size) AS
SELECT number, log_size FROM hos_scope
UNION ALL
SELECT 0, coalesce(max(leaf_index) + 1, 0) FROM hos_deployment;

CREATE TRIGGER hos_scope_grew AFTER UPDATE OF log_size ON hos_scope
WHEN NEW.log_size > OLD.log_size BEGIN
    INSERT INTO hos_unsealed (scope)
    SELECT NEW.number WHERE NOT EXISTS (SELECT 1 FROM hos_unsealed WHERE scope = NEW.number);
END;

-- What was written is never changed. REPLACE deletes rows without their delete triggers, so every
-- insert looks for the row that it would replace.

CREATE TRIGGER hos_tile_insert BEFORE INSERT ON hos_tile BEGIN
    SELECT RAISE(ABORT, 'hos:tile is immutable')
    WHERE EXISTS (
        SELECT 1 FROM hos_tile
        WHERE position = NEW.position AND (root <> NEW.root OR hashes <> NEW.hashes)
    );
END;

CREATE TRIGGER hos_tile_update BEFORE UPDATE ON hos_tile BEGIN
    SELECT RAISE(ABORT, 'hos:tile is immutable');
END;

CREATE TRIGGER hos_tile_delete BEFORE DELETE ON hos_tile BEGIN
    SELECT RAISE(ABORT, 'hos:tile is immutable');
END;

-- A log's checkpoints grow, within the log.
CREATE TRIGGER hos_checkpoint_insert BEFORE INSERT ON hos_checkpoint BEGIN
    SELECT RAISE(ABORT, 'hos:checkpoint is immutable')
    WHERE EXISTS (
        SELECT 1 FROM hos_checkpoint WHERE scope = NEW.scope AND size >= NEW.size
    );
    SELECT RAISE(ABORT, 'hos:checkpoint is beyond its log')
    WHERE NEW.size > coalesce((SELECT size FROM hos_log_size WHERE scope = NEW.scope), 0);
END;

CREATE TRIGGER hos_checkpoint_published AFTER INSERT ON hos_checkpoint BEGIN
    DELETE FROM hos_unsealed
    WHERE scope = NEW.scope
        AND NEW.size = (SELECT size FROM hos_log_size WHERE scope = NEW.scope);
    INSERT INTO hos_unanchored (scope, size)
    SELECT NEW.scope, NEW.size WHERE NEW.scope <> 0
    ON CONFLICT (scope) DO UPDATE SET size = excluded.size;
END;

CREATE TRIGGER hos_checkpoint_update BEFORE UPDATE ON hos_checkpoint BEGIN
    SELECT RAISE(ABORT, 'hos:checkpoint is immutable');
END;

CREATE TRIGGER hos_checkpoint_delete BEFORE DELETE ON hos_checkpoint BEGIN
    SELECT RAISE(ABORT, 'hos:checkpoint is immutable');
END;

-- The deployment's log only grows, without a gap.
CREATE TRIGGER hos_deployment_insert BEFORE INSERT ON hos_deployment BEGIN
    SELECT RAISE(ABORT, 'hos:deployment is immutable')
    WHERE NEW.leaf_index <> (SELECT size FROM hos_log_size WHERE scope = 0)
        OR EXISTS (SELECT 1 FROM hos_deployment WHERE scope = NEW.scope AND size = NEW.size);
END;

CREATE TRIGGER hos_deployment_grew AFTER INSERT ON hos_deployment BEGIN
    DELETE FROM hos_unanchored WHERE scope = NEW.scope AND size <= NEW.size;
    INSERT INTO hos_unsealed (scope)
    SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM hos_unsealed WHERE scope = 0);
END;

CREATE TRIGGER hos_deployment_update BEFORE UPDATE ON hos_deployment BEGIN
    SELECT RAISE(ABORT, 'hos:deployment is immutable');
END;

CREATE TRIGGER hos_deployment_delete BEFORE DELETE ON hos_deployment BEGIN
    SELECT RAISE(ABORT, 'hos:deployment is immutable');
END;

CREATE TRIGGER hos_attestation_insert BEFORE INSERT ON hos_attestation BEGIN
    SELECT RAISE(ABORT, 'hos:attestation is immutable')
    WHERE EXISTS (
        SELECT 1 FROM hos_attestation
        WHERE size = NEW.size AND kind = NEW.kind AND attester = NEW.attester
    );
END;

CREATE TRIGGER hos_attestation_update BEFORE UPDATE ON hos_attestation BEGIN
    SELECT RAISE(ABORT, 'hos:attestation is immutable');
END;

CREATE TRIGGER hos_attestation_delete BEFORE DELETE ON hos_attestation BEGIN
    SELECT RAISE(ABORT, 'hos:attestation is immutable');
END;
