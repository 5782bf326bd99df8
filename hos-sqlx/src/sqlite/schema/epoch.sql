-- Epochs of logs: each begins with an entry, of the log itself or, for the deployment's, of the
-- log of a world.
CREATE TABLE hos_log_epoch (
    scope INTEGER NOT NULL,
    number INTEGER NOT NULL CHECK (number > 1),
    recorded_in INTEGER NOT NULL,
    entry BLOB NOT NULL CHECK (length(entry) = 16),
    PRIMARY KEY (scope, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER hos_log_epoch_insert BEFORE INSERT ON hos_log_epoch BEGIN
    SELECT RAISE(ABORT, 'hos:epoch stands elsewhere')
    WHERE EXISTS (
        SELECT 1 FROM hos_log_epoch WHERE scope = NEW.scope AND number >= NEW.number
    );
    SELECT RAISE(ABORT, 'hos:epoch without proof')
    WHERE NEW.scope NOT IN (0, NEW.recorded_in) OR NOT EXISTS (
        SELECT 1 FROM hos_entry
        WHERE id = NEW.entry AND position >> 40 = NEW.recorded_in AND type = 'epoch/1'
    );
END;

CREATE TRIGGER hos_log_epoch_update BEFORE UPDATE ON hos_log_epoch BEGIN
    SELECT RAISE(ABORT, 'hos:epoch is immutable');
END;

CREATE TRIGGER hos_log_epoch_delete BEFORE DELETE ON hos_log_epoch BEGIN
    SELECT RAISE(ABORT, 'hos:epoch is immutable');
END;
