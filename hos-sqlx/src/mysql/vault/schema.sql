-- Names and ids are bytes, so that those that differ in case or in trailing space differ here too.
CREATE TABLE IF NOT EXISTS hos_vault_schema (version BIGINT NOT NULL PRIMARY KEY) ENGINE = InnoDB;

-- Commits that were judged under the generation `since`, or a later one, are of the newest epoch.
CREATE TABLE IF NOT EXISTS hos_vault_person (
    world VARBINARY(32) NOT NULL,
    tenant VARBINARY(128) NOT NULL,
    person VARBINARY(128) NOT NULL,
    epoch BIGINT NOT NULL,
    since BIGINT NOT NULL,
    matter VARBINARY(32),
    held_at BIGINT,
    PRIMARY KEY (world, tenant, person)
) ENGINE = InnoDB;

-- `INSERT IGNORE` would cut what is too long, so that the wrapped key has any room.
-- A live key is wrapped under a master key; what is left of a destroyed one tells by which entry.
CREATE TABLE IF NOT EXISTS hos_vault_key (
    id BINARY(16) NOT NULL PRIMARY KEY,
    world VARBINARY(32) NOT NULL,
    tenant VARBINARY(128) NOT NULL,
    person VARBINARY(128) NOT NULL,
    epoch BIGINT NOT NULL,
    master LONGBLOB,
    wrapped LONGBLOB,
    entry BINARY(16),
    destroyed_at BIGINT,
    UNIQUE KEY hos_vault_key_epoch (world, tenant, person, epoch),
    CHECK ((wrapped IS NULL) = (entry IS NOT NULL)),
    CHECK ((wrapped IS NULL) = (master IS NULL)),
    CHECK ((entry IS NULL) = (destroyed_at IS NULL))
) ENGINE = InnoDB;

-- How much of each log was walked for erasures and holds that this vault was to learn of. It goes back
-- with the vault, where that is restored from a backup.
CREATE TABLE IF NOT EXISTS hos_vault_walk (
    world VARBINARY(32) NOT NULL,
    tenant VARBINARY(128) NOT NULL,
    size BIGINT NOT NULL,
    PRIMARY KEY (world, tenant)
) ENGINE = InnoDB;

CREATE OR REPLACE TRIGGER hos_vault_key_update BEFORE UPDATE ON hos_vault_key FOR EACH ROW
BEGIN
    IF OLD.wrapped IS NULL THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:key is destroyed';
    END IF;
    IF (NEW.id, NEW.world, NEW.tenant, NEW.person, NEW.epoch)
        <> (OLD.id, OLD.world, OLD.tenant, OLD.person, OLD.epoch)
    THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:key identity';
    END IF;
END;

CREATE OR REPLACE TRIGGER hos_vault_key_delete BEFORE DELETE ON hos_vault_key FOR EACH ROW
BEGIN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:key is kept';
END;

INSERT IGNORE INTO hos_vault_schema (version) VALUES (1);
