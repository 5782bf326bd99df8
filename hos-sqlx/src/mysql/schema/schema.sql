CREATE TABLE IF NOT EXISTS hos_schema (
    version BIGINT NOT NULL PRIMARY KEY CHECK (version >= 1),
    name VARBINARY(64) NOT NULL
) ENGINE = InnoDB;
CREATE TABLE IF NOT EXISTS hos_schema_lock (
    one TINYINT NOT NULL PRIMARY KEY CHECK (one = 1),
    owner VARBINARY(36),
    expires_at DATETIME(6)
) ENGINE = InnoDB;
INSERT IGNORE INTO hos_schema_lock (one) VALUES (1);
