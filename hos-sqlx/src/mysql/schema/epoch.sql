-- Epochs of logs: each begins with an entry, of the log itself or, for the deployment's, of the
-- log of a world.
CREATE TABLE IF NOT EXISTS hos_log_epoch (
    scope BIGINT NOT NULL,
    number BIGINT NOT NULL CHECK (number > 1),
    recorded_in BIGINT NOT NULL,
    entry BINARY(16) NOT NULL,
    PRIMARY KEY (scope, number)
) ENGINE = InnoDB;

CREATE OR REPLACE TRIGGER hos_log_epoch_insert BEFORE INSERT ON hos_log_epoch FOR EACH ROW
BEGIN
    IF EXISTS (SELECT 1 FROM hos_log_epoch WHERE scope = NEW.scope AND number >= NEW.number) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:epoch stands elsewhere';
    END IF;
    IF NEW.scope NOT IN (0, NEW.recorded_in) OR (
        SELECT scope = NEW.recorded_in AND type = 'epoch/1' FROM hos_entry WHERE id = NEW.entry
    ) IS NOT TRUE THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:epoch without proof';
    END IF;
END;

CREATE OR REPLACE TRIGGER hos_log_epoch_update BEFORE UPDATE ON hos_log_epoch FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:epoch is immutable';

CREATE OR REPLACE TRIGGER hos_log_epoch_delete BEFORE DELETE ON hos_log_epoch FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:epoch is immutable';
