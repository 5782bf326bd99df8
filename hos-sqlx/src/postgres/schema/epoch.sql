-- Epochs of logs: each begins with an entry, of the log itself or, for the deployment's, of the
-- log of a world.
CREATE TABLE hos_log_epoch (
    scope bigint NOT NULL,
    number bigint NOT NULL CHECK (number > 1),
    recorded_in bigint NOT NULL,
    entry uuid NOT NULL,
    PRIMARY KEY (scope, number)
);
SELECT hos_wall('hos_log_epoch');

CREATE FUNCTION hos_require_epoch() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM hos_log_epoch WHERE scope = NEW.scope AND number >= NEW.number
    ) THEN
        RAISE EXCEPTION 'hos:epoch stands elsewhere' USING ERRCODE = 'HO001';
    END IF;
    IF NEW.scope NOT IN (0, NEW.recorded_in) OR NOT EXISTS (
        SELECT FROM hos_entry
        WHERE id = NEW.entry AND scope = NEW.recorded_in AND type = 'epoch/1'
    ) THEN
        RAISE EXCEPTION 'hos:epoch without proof' USING ERRCODE = 'HO001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hos_log_epoch_proved BEFORE INSERT ON hos_log_epoch
FOR EACH ROW EXECUTE FUNCTION hos_require_epoch();
CREATE TRIGGER hos_log_epoch_kept BEFORE UPDATE OR DELETE ON hos_log_epoch
FOR EACH ROW EXECUTE FUNCTION hos_refuse('hos:epoch is immutable');
CREATE TRIGGER hos_log_epoch_whole BEFORE TRUNCATE ON hos_log_epoch
FOR EACH STATEMENT EXECUTE FUNCTION hos_refuse('hos:nothing is truncated');

-- The epochs of a log that entries opened, and where these are.
CREATE FUNCTION hos_log_epochs(world text, tenant text)
RETURNS TABLE (number bigint, entry uuid, in_world text, in_tenant text)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    own bigint := hos_bind_log(world, tenant);
BEGIN
    RETURN QUERY
    SELECT epoch.number, epoch.entry, hos_scope.world, hos_scope.tenant
    FROM hos_log_epoch AS epoch
    JOIN hos_scope ON hos_scope.number = epoch.recorded_in
    WHERE epoch.scope = own
    ORDER BY epoch.number;
END $$;
