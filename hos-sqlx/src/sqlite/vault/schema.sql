CREATE TABLE hos_vault_schema (version INTEGER NOT NULL) STRICT;

-- Commits that were judged under the generation `since`, or a later one, are of the newest epoch.
CREATE TABLE hos_vault_person (
    world TEXT NOT NULL,
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    since INTEGER NOT NULL,
    matter TEXT,
    held_at INTEGER,
    PRIMARY KEY (world, tenant, person)
) STRICT, WITHOUT ROWID;

-- A live key is wrapped under a master key; what is left of a destroyed one tells by which entry.
CREATE TABLE hos_vault_key (
    id BLOB NOT NULL PRIMARY KEY,
    world TEXT NOT NULL,
    tenant TEXT NOT NULL,
    person TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    master TEXT,
    wrapped BLOB,
    entry BLOB,
    destroyed_at INTEGER,
    UNIQUE (world, tenant, person, epoch),
    CHECK ((wrapped IS NULL) = (entry IS NOT NULL)),
    CHECK ((wrapped IS NULL) = (master IS NULL)),
    CHECK ((entry IS NULL) = (destroyed_at IS NULL))
) STRICT, WITHOUT ROWID;

-- How much of each log was walked for erasures and holds that this vault was to learn of. It goes back
-- with the vault, where that is restored from a backup.
CREATE TABLE hos_vault_walk (
    world TEXT NOT NULL,
    tenant TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (world, tenant)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER hos_vault_key_insert BEFORE INSERT ON hos_vault_key BEGIN
    SELECT RAISE(ABORT, 'hos:key is kept')
    WHERE EXISTS (SELECT 1 FROM hos_vault_key WHERE id = NEW.id AND wrapped IS NULL);
END;

CREATE TRIGGER hos_vault_key_update BEFORE UPDATE ON hos_vault_key BEGIN
    SELECT RAISE(ABORT, 'hos:key is destroyed') WHERE OLD.wrapped IS NULL;
    SELECT RAISE(ABORT, 'hos:key identity')
    WHERE NEW.id <> OLD.id OR NEW.world <> OLD.world OR NEW.tenant <> OLD.tenant
        OR NEW.person <> OLD.person OR NEW.epoch <> OLD.epoch;
END;

CREATE TRIGGER hos_vault_key_delete BEFORE DELETE ON hos_vault_key BEGIN
    SELECT RAISE(ABORT, 'hos:key is kept');
END;

INSERT INTO hos_vault_schema (version) VALUES (1);
