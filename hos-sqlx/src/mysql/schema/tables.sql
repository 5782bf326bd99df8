-- Names and ids are bytes, so that those that differ in case or in trailing space differ here too.

-- One row per tenant, and one, `@world`, per world. It is registered once it has a status.
-- `generation` rises with every change of standing, so that one number tells of all groups.
CREATE TABLE IF NOT EXISTS hos_scope (
    number BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    world VARBINARY(32) NOT NULL,
    tenant VARBINARY(128) NOT NULL,
    status VARBINARY(8) CHECK (status IN ('open', 'closed')),
    members BIGINT NOT NULL DEFAULT 0,
    bans BIGINT NOT NULL DEFAULT 0,
    grants BIGINT NOT NULL DEFAULT 0,
    modes BIGINT NOT NULL DEFAULT 0,
    status_generation BIGINT NOT NULL DEFAULT 0,
    generation BIGINT
        GENERATED ALWAYS AS (members + bans + grants + modes + status_generation) STORED,
    UNIQUE KEY hos_scope_name (world, tenant)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Recorded entries, by ranges of their time-ordered id (RFC 9562, section 5.7).
CREATE TABLE IF NOT EXISTS hos_entry (
    id BINARY(16) NOT NULL PRIMARY KEY,
    scope BIGINT NOT NULL,
    subject BIGINT,
    revision BIGINT,
    recorded_at BIGINT NOT NULL,
    moves BOOLEAN NOT NULL,
    type VARBINARY(32) NOT NULL,
    leaf_hash BINARY(32) NOT NULL,
    leaf LONGTEXT NOT NULL,
    KEY hos_entry_history (subject, revision)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
PARTITION BY RANGE COLUMNS (id) (PARTITION hos_other VALUES LESS THAN (MAXVALUE));

CREATE TABLE IF NOT EXISTS hos_part (
    entry BINARY(16) NOT NULL,
    scope BIGINT NOT NULL,
    name VARBINARY(64) NOT NULL,
    salt BINARY(32) NOT NULL,
    body LONGTEXT NOT NULL,
    PRIMARY KEY (entry, name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
PARTITION BY RANGE COLUMNS (entry) (PARTITION hos_other VALUES LESS THAN (MAXVALUE));

-- Entries that have no place in their log yet, in the order in which they came.
CREATE TABLE IF NOT EXISTS hos_pending (
    number BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    scope BIGINT NOT NULL,
    entry BINARY(16) NOT NULL
) ENGINE = InnoDB;

-- Entries that were set aside instead of being numbered.
CREATE TABLE IF NOT EXISTS hos_quarantine (
    entry BINARY(16) NOT NULL PRIMARY KEY,
    scope BIGINT NOT NULL,
    number BIGINT NOT NULL,
    KEY hos_quarantine_scope (scope, entry)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS hos_leaf (
    scope BIGINT NOT NULL,
    leaf_index BIGINT NOT NULL,
    entry BINARY(16) NOT NULL,
    leaf_hash BINARY(32) NOT NULL,
    PRIMARY KEY (scope, leaf_index),
    UNIQUE KEY hos_leaf_entry (entry)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS hos_log (
    scope BIGINT NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL CHECK (size >= 0),
    frontier VARBINARY(2048) NOT NULL
) ENGINE = InnoDB;

-- What is recorded once and never again.
CREATE TABLE IF NOT EXISTS hos_dedup (
    scope BIGINT NOT NULL,
    dedup BINARY(32) NOT NULL,
    PRIMARY KEY (scope, dedup)
) ENGINE = InnoDB;

-- `world` is the number of the world's own scope.
CREATE TABLE IF NOT EXISTS hos_subject (
    number BIGINT NOT NULL PRIMARY KEY,
    world BIGINT NOT NULL,
    scope BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    proof_id BINARY(16) NOT NULL,
    terminal BOOLEAN NOT NULL,
    timed BOOLEAN NOT NULL,
    kind VARBINARY(32) NOT NULL,
    id VARBINARY(128) NOT NULL,
    state VARBINARY(32) NOT NULL,
    contract VARBINARY(32) NOT NULL,
    attributes LONGTEXT NOT NULL,
    UNIQUE KEY hos_subject_name (scope, kind, id),
    KEY hos_subject_pin (world, terminal, kind, contract, scope, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE SEQUENCE IF NOT EXISTS hos_subject_number CACHE 1000 ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS hos_receipt (
    scope BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    `key` VARBINARY(255) NOT NULL,
    fingerprint BINARY(32) NOT NULL,
    receipt LONGTEXT NOT NULL,
    PRIMARY KEY (scope, `key`),
    KEY hos_receipt_expiry (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Messages go into the slot that `hos_outbox_slot` names; a slot whose messages are all done is
-- truncated, so that the hot part stays small. The numbers come from a sequence, so that one that
-- is ticked off late never means another message.
CREATE SEQUENCE IF NOT EXISTS hos_outbox_id CACHE 1000 ENGINE = InnoDB;
CREATE TABLE IF NOT EXISTS hos_outbox (
    id BIGINT NOT NULL,
    slot TINYINT NOT NULL,
    scope BIGINT NOT NULL,
    subject BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    entry BINARY(16) NOT NULL,
    topic VARBINARY(64) NOT NULL,
    payload LONGTEXT NOT NULL,
    traceparent VARBINARY(255),
    PRIMARY KEY (id, slot)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
PARTITION BY LIST (slot) (
    PARTITION hos_outbox_0 VALUES IN (0),
    PARTITION hos_outbox_1 VALUES IN (1)
);
CREATE TABLE IF NOT EXISTS hos_outbox_slot (
    one TINYINT NOT NULL PRIMARY KEY CHECK (one = 1),
    slot TINYINT NOT NULL CHECK (slot IN (0, 1))
) ENGINE = InnoDB;
INSERT IGNORE INTO hos_outbox_slot (one, slot) VALUES (1, 0);

-- `world` is the number of the world's own scope.
CREATE TABLE IF NOT EXISTS hos_timer (
    subject BIGINT NOT NULL,
    action VARBINARY(32) NOT NULL,
    world BIGINT NOT NULL,
    scope BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (subject, action),
    KEY hos_timer_due (world, due_at, subject, action)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS hos_member (
    scope BIGINT NOT NULL,
    actor VARBINARY(128) NOT NULL,
    roles LONGTEXT NOT NULL,
    PRIMARY KEY (scope, actor)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS hos_ban (
    scope BIGINT NOT NULL,
    actor VARBINARY(128) NOT NULL,
    PRIMARY KEY (scope, actor)
) ENGINE = InnoDB;

-- The order of the numbers is the order in which grants were given.
CREATE TABLE IF NOT EXISTS hos_grant (
    number BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    scope BIGINT NOT NULL,
    actor VARBINARY(128) NOT NULL,
    id VARBINARY(36) NOT NULL,
    pattern VARBINARY(128) NOT NULL,
    until BIGINT NOT NULL,
    break_glass BOOLEAN NOT NULL,
    UNIQUE KEY hos_grant_name (scope, actor, id)
) ENGINE = InnoDB;

-- The empty ability stands for every ability without a mode of its own.
CREATE TABLE IF NOT EXISTS hos_mode (
    scope BIGINT NOT NULL,
    ability VARBINARY(128) NOT NULL,
    mode VARBINARY(8) NOT NULL CHECK (mode IN ('enforce', 'shadow', 'off')),
    PRIMARY KEY (scope, ability)
) ENGINE = InnoDB;

-- The laws that came into force; the last one is.
CREATE TABLE IF NOT EXISTS hos_law (
    number BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    scope BIGINT NOT NULL,
    version VARBINARY(32) NOT NULL,
    digest BINARY(32) NOT NULL,
    deployment LONGTEXT NOT NULL,
    KEY hos_law_scope (scope)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS hos_contract (
    number BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    scope BIGINT NOT NULL,
    kind VARBINARY(32) NOT NULL,
    version VARBINARY(32) NOT NULL,
    digest BINARY(32) NOT NULL,
    UNIQUE KEY hos_contract_name (scope, kind, version, digest)
) ENGINE = InnoDB;
