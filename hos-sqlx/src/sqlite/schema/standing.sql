-- A change of standing as a JSON object that names its row. Every one but a contract and a segment
-- raises the generation of its group.
CREATE VIEW hos_write_standing (scope, standing) AS SELECT NULL, NULL WHERE 0;

CREATE TRIGGER hos_write_standing_insert INSTEAD OF INSERT ON hos_write_standing BEGIN
    UPDATE hos_scope SET
        status = coalesce(
            NEW.standing ->> '$.status', status,
            CASE NEW.standing ->> '$.row' WHEN 'scope' THEN 'open' END
        ),
        members = members + (NEW.standing ->> '$.row' = 'member'),
        bans = bans + (NEW.standing ->> '$.row' = 'ban'),
        grants = grants + (NEW.standing ->> '$.row' IN ('grant', 'epoch', 'parts')),
        modes = modes + (NEW.standing ->> '$.row' = 'mode'),
        status_generation = status_generation
            + (NEW.standing ->> '$.row' IN ('scope', 'status', 'law'))
    WHERE number = NEW.scope;

    DELETE FROM hos_member
    WHERE NEW.standing ->> '$.row' = 'member'
        AND scope = NEW.scope AND actor = NEW.standing ->> '$.actor';
    INSERT INTO hos_member (scope, actor, roles)
    SELECT NEW.scope, NEW.standing ->> '$.actor', NEW.standing ->> '$.roles'
    WHERE NEW.standing ->> '$.row' = 'member'
        AND json_array_length(NEW.standing, '$.roles') > 0;

    DELETE FROM hos_ban
    WHERE NEW.standing ->> '$.row' = 'ban'
        AND scope = NEW.scope AND actor = NEW.standing ->> '$.actor';
    INSERT INTO hos_ban (scope, actor)
    SELECT NEW.scope, NEW.standing ->> '$.actor'
    WHERE NEW.standing ->> '$.row' = 'ban' AND NEW.standing ->> '$.banned';

    DELETE FROM hos_grant
    WHERE NEW.standing ->> '$.row' = 'grant'
        AND scope = NEW.scope AND actor = NEW.standing ->> '$.actor'
        AND id = NEW.standing ->> '$.id';
    INSERT INTO hos_grant (scope, actor, id, pattern, until, break_glass)
    SELECT
        NEW.scope, NEW.standing ->> '$.actor', NEW.standing ->> '$.id',
        NEW.standing ->> '$.pattern', NEW.standing ->> '$.until',
        NEW.standing ->> '$.break_glass'
    WHERE NEW.standing ->> '$.row' = 'grant' AND NEW.standing ->> '$.until' > 0;

    DELETE FROM hos_mode
    WHERE NEW.standing ->> '$.row' = 'mode'
        AND scope = NEW.scope AND ability = NEW.standing ->> '$.ability';
    INSERT INTO hos_mode (scope, ability, mode)
    SELECT NEW.scope, NEW.standing ->> '$.ability', NEW.standing ->> '$.mode'
    WHERE NEW.standing ->> '$.row' = 'mode' AND NEW.standing ->> '$.mode' IS NOT NULL;

    INSERT INTO hos_law (world, version, digest, deployment)
    SELECT
        world, NEW.standing ->> '$.version', unhex(NEW.standing ->> '$.digest'),
        NEW.standing ->> '$.deployment'
    FROM hos_scope
    WHERE NEW.standing ->> '$.row' = 'law' AND number = NEW.scope;
    INSERT INTO hos_contract (world, kind, version, digest)
    SELECT
        world, NEW.standing ->> '$.kind', NEW.standing ->> '$.version',
        unhex(NEW.standing ->> '$.digest')
    FROM hos_scope
    WHERE NEW.standing ->> '$.row' = 'contract' AND number = NEW.scope;
    INSERT INTO hos_archive (
        scope, first_index, turn, end_index, entry, digest, least_id, greatest_id
    )
    SELECT
        NEW.scope, NEW.standing ->> '$.first', NEW.standing ->> '$.turn',
        NEW.standing ->> '$.end', unhex(NEW.standing ->> '$.entry'),
        unhex(NEW.standing ->> '$.digest'), unhex(NEW.standing ->> '$.least'),
        unhex(NEW.standing ->> '$.greatest')
    WHERE NEW.standing ->> '$.row' = 'segment';

    INSERT INTO hos_log_epoch (scope, number, recorded_in, entry)
    SELECT
        iif(NEW.standing ->> '$.deployment', 0, NEW.scope), NEW.standing ->> '$.number',
        NEW.scope, unhex(NEW.standing ->> '$.entry')
    WHERE NEW.standing ->> '$.row' = 'epoch';

    UPDATE hos_part SET salt = zeroblob(32), body = NEW.standing ->> '$.body'
    WHERE NEW.standing ->> '$.row' = 'parts' AND body NOT LIKE '-%' AND (entry, name) IN (
        SELECT hos_entry.position, gone.value ->> 1
        FROM json_each(NEW.standing, '$.parts') AS gone
        CROSS JOIN hos_entry
            ON hos_entry.id = unhex(gone.value ->> 0) AND hos_entry.scope = NEW.scope
    );
END;
