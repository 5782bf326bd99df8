CREATE TABLE item (
    id BIGINT NOT NULL PRIMARY KEY, revision BIGINT NOT NULL, state VARBINARY(32) NOT NULL
) ENGINE = InnoDB;
CREATE TABLE hand_subject (
    number BIGINT NOT NULL PRIMARY KEY, scope BIGINT NOT NULL, kind VARBINARY(32) NOT NULL,
    id VARBINARY(128) NOT NULL, state VARBINARY(32) NOT NULL, revision BIGINT NOT NULL,
    proof_id BINARY(16) NOT NULL, attributes LONGTEXT NOT NULL, UNIQUE KEY (scope, kind, id)
) ENGINE = InnoDB;
CREATE TABLE hand_receipt (
    scope BIGINT NOT NULL, `key` VARBINARY(255) NOT NULL, fingerprint BINARY(32) NOT NULL,
    receipt LONGTEXT NOT NULL, expires_at BIGINT NOT NULL, PRIMARY KEY (scope, `key`),
    KEY hand_receipt_expiry (expires_at)
) ENGINE = InnoDB;
CREATE TABLE hand_entry (
    id BINARY(16) NOT NULL PRIMARY KEY, scope BIGINT NOT NULL, subject BIGINT NOT NULL,
    revision BIGINT NOT NULL, type VARBINARY(32) NOT NULL, recorded_at BIGINT NOT NULL,
    leaf LONGTEXT NOT NULL, leaf_hash BINARY(32) NOT NULL,
    KEY hand_entry_history (subject, revision)
) ENGINE = InnoDB;
CREATE TABLE hand_pending (
    number BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, scope BIGINT NOT NULL,
    entry BINARY(16) NOT NULL
) ENGINE = InnoDB;
INSERT INTO item SELECT seq, 1, 'pending' FROM seq_0_to_19999;
INSERT INTO hand_subject
SELECT seq, seq % 1000, 'ticket', concat('t-', seq), 'open', 1, unhex(md5(seq)), '{"owner":"u-1"}'
FROM seq_0_to_19999;
