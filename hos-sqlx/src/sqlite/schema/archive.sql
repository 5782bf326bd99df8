-- How segments of logs stand: each went out in turn 0, and each later turn says that it came back
-- or went out again.
CREATE TABLE hos_archive (
    scope INTEGER NOT NULL,
    first_index INTEGER NOT NULL,
    turn INTEGER NOT NULL CHECK (turn >= 0),
    end_index INTEGER NOT NULL,
    entry BLOB NOT NULL CHECK (length(entry) = 16),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    least_id BLOB NOT NULL CHECK (length(least_id) = 16),
    greatest_id BLOB NOT NULL CHECK (length(greatest_id) = 16),
    PRIMARY KEY (scope, first_index, turn)
) STRICT, WITHOUT ROWID;

-- What was recorded once, of entries that are archived.
CREATE TABLE hos_dedup (
    scope INTEGER NOT NULL,
    dedup BLOB NOT NULL,
    PRIMARY KEY (scope, dedup)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER hos_archive_insert BEFORE INSERT ON hos_archive BEGIN
    SELECT RAISE(ABORT, 'hos:segment stands elsewhere')
    WHERE NEW.turn = 0 AND (
        NEW.first_index <> coalesce((
            SELECT end_index FROM hos_archive WHERE scope = NEW.scope
            ORDER BY first_index DESC LIMIT 1
        ), 0)
        OR NEW.end_index > (SELECT log_size FROM hos_scope WHERE number = NEW.scope)
    );
    SELECT RAISE(ABORT, 'hos:segment stands elsewhere')
    WHERE NEW.turn > 0 AND (
        NEW.turn - 1 IS NOT (
            SELECT max(turn) FROM hos_archive
            WHERE scope = NEW.scope AND first_index = NEW.first_index
                AND end_index = NEW.end_index
        )
        OR NEW.end_index - NEW.first_index <> (
            SELECT count(*) FROM hos_entry
            WHERE position >= (NEW.scope << 40) + NEW.first_index
                AND position < (NEW.scope << 40) + NEW.end_index
        )
    );
    SELECT RAISE(ABORT, 'hos:segment is cut wrong')
    WHERE NEW.end_index - NEW.first_index NOT BETWEEN 1 AND 65536
        OR NEW.first_index % 256 <> 0 OR NEW.end_index % 256 <> 0;
    -- The log does not reach the entry yet, so that none of an earlier day opens the door.
    SELECT RAISE(ABORT, 'hos:segment without proof')
    WHERE NOT EXISTS (
        SELECT 1 FROM hos_entry
        WHERE id = NEW.entry AND position >> 40 = NEW.scope
            AND type = CASE NEW.turn & 1 WHEN 0 THEN 'archive/1' ELSE 'restore/1' END
            AND position & 1099511627775
                >= (SELECT log_size FROM hos_scope WHERE number = NEW.scope)
    );
END;

CREATE TRIGGER hos_archive_update BEFORE UPDATE ON hos_archive BEGIN
    SELECT RAISE(ABORT, 'hos:segment is immutable');
END;

CREATE TRIGGER hos_archive_delete BEFORE DELETE ON hos_archive BEGIN
    SELECT RAISE(ABORT, 'hos:segment is immutable');
END;

-- An entry goes only while its segment is archived.
CREATE TRIGGER hos_entry_delete BEFORE DELETE ON hos_entry BEGIN
    SELECT RAISE(ABORT, 'hos:entry is immutable')
    WHERE (
        SELECT turn & 1 = 0 AND end_index > OLD.position & 1099511627775 FROM hos_archive
        WHERE scope = OLD.position >> 40 AND first_index <= OLD.position & 1099511627775
        ORDER BY first_index DESC, turn DESC LIMIT 1
    ) IS NOT 1;
    INSERT INTO hos_dedup (scope, dedup)
    SELECT OLD.position >> 40, OLD.dedup WHERE OLD.dedup IS NOT NULL
    ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER hos_dedup_update BEFORE UPDATE ON hos_dedup BEGIN
    SELECT RAISE(ABORT, 'hos:entry is immutable');
END;

CREATE TRIGGER hos_dedup_delete BEFORE DELETE ON hos_dedup BEGIN
    SELECT RAISE(ABORT, 'hos:entry is immutable');
END;
