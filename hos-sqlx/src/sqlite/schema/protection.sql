-- What was committed cannot be changed or revived, by any statement on any connection.
-- REPLACE deletes rows without their delete triggers, so every insert looks for the rows that
-- it would replace.

CREATE TRIGGER hos_entry_insert BEFORE INSERT ON hos_entry BEGIN
    -- Within the log only to where its segment is archived: it comes back.
    SELECT RAISE(ABORT, 'hos:entry is immutable')
    WHERE NEW.position & 1099511627775
            < (SELECT log_size FROM hos_scope WHERE number = NEW.position >> 40)
            AND (
                SELECT turn & 1 = 0 AND end_index > NEW.position & 1099511627775
                FROM hos_archive
                WHERE scope = NEW.position >> 40
                    AND first_index <= NEW.position & 1099511627775
                ORDER BY first_index DESC, turn DESC LIMIT 1
            ) IS NOT 1
        OR EXISTS (SELECT 1 FROM hos_entry WHERE position = NEW.position)
        OR EXISTS (SELECT 1 FROM hos_entry WHERE id = NEW.id);
    SELECT RAISE(ABORT, 'hos:entry belongs to no log')
    WHERE NOT EXISTS (SELECT 1 FROM hos_scope WHERE number = NEW.position >> 40);
    SELECT RAISE(ABORT, 'hos:entry is immutable')
    WHERE NEW.moves = 1 AND EXISTS (
        SELECT 1 FROM hos_entry
        WHERE subject = NEW.subject AND revision = NEW.revision AND moves = 1
    );
    SELECT RAISE(ABORT, 'hos:entry is immutable')
    WHERE NEW.dedup IS NOT NULL AND (
        EXISTS (
            SELECT 1 FROM hos_entry
            WHERE scope = NEW.position >> 40 AND dedup = NEW.dedup AND dedup IS NOT NULL
        )
        OR EXISTS (
            SELECT 1 FROM hos_dedup WHERE scope = NEW.position >> 40 AND dedup = NEW.dedup
        )
    );
END;

CREATE TRIGGER hos_entry_update BEFORE UPDATE ON hos_entry BEGIN
    SELECT RAISE(ABORT, 'hos:entry is immutable');
END;

-- A part may be erased, which its commitment survives: what is left says by which entry. It is never
-- changed otherwise.
CREATE TRIGGER hos_part_insert BEFORE INSERT ON hos_part BEGIN
    SELECT RAISE(ABORT, 'hos:part is immutable')
    WHERE EXISTS (SELECT 1 FROM hos_part WHERE entry = NEW.entry AND name = NEW.name);
END;

CREATE TRIGGER hos_part_update BEFORE UPDATE ON hos_part
WHEN NEW.entry <> OLD.entry OR NEW.name <> OLD.name OR OLD.body LIKE '-%'
    OR NEW.body NOT LIKE '-%' OR length(NEW.body) <> 37 OR NEW.salt <> zeroblob(32)
BEGIN
    SELECT RAISE(ABORT, 'hos:part is immutable');
END;

CREATE TRIGGER hos_subject_insert BEFORE INSERT ON hos_subject BEGIN
    SELECT RAISE(ABORT, 'hos:subject exists')
    WHERE EXISTS (SELECT 1 FROM hos_subject WHERE number = NEW.number)
        OR EXISTS (
            SELECT 1 FROM hos_subject
            WHERE scope = NEW.scope AND kind = NEW.kind AND id = NEW.id
        );
    SELECT RAISE(ABORT, 'hos:state without proof')
    WHERE NEW.revision <> 1 OR NEW.number <> NEW.position OR NEW.scope <> NEW.position >> 40
        OR NOT EXISTS (
            SELECT 1 FROM hos_entry
            WHERE position = NEW.position AND id = NEW.proof_id
                AND subject = NEW.number AND revision = 1 AND moves = 1
        );
END;

CREATE TRIGGER hos_subject_update BEFORE UPDATE ON hos_subject BEGIN
    SELECT RAISE(ABORT, 'hos:terminal state') WHERE OLD.terminal = 1;
    SELECT RAISE(ABORT, 'hos:subject identity')
    WHERE NEW.number <> OLD.number OR NEW.scope <> OLD.scope
        OR NEW.kind <> OLD.kind OR NEW.id <> OLD.id;
    SELECT RAISE(ABORT, 'hos:state without proof')
    WHERE NEW.revision <> OLD.revision AND (NEW.revision <> OLD.revision + 1 OR NOT EXISTS (
        SELECT 1 FROM hos_entry
        WHERE position = NEW.position AND id = NEW.proof_id
            AND subject = NEW.number AND revision = NEW.revision AND moves = 1
    ));
    -- A migration keeps the revision. Its entry is one that the log does not reach yet, so that
    -- none of an earlier day proves another state.
    SELECT RAISE(ABORT, 'hos:state without proof')
    WHERE NEW.revision = OLD.revision AND (
        NEW.contract = OLD.contract OR NEW.terminal <> 0
        OR NEW.position & 1099511627775
            < (SELECT log_size FROM hos_scope WHERE number = NEW.scope)
        OR NOT EXISTS (
            SELECT 1 FROM hos_entry
            WHERE position = NEW.position AND id = NEW.proof_id AND type = 'migration/1'
                AND position >> 40 = NEW.scope
        )
    );
END;

CREATE TRIGGER hos_subject_delete BEFORE DELETE ON hos_subject BEGIN
    SELECT RAISE(ABORT, 'hos:subject is kept');
END;

-- A scope's log only grows, its generations only rise, and it never goes.
CREATE TRIGGER hos_scope_insert BEFORE INSERT ON hos_scope BEGIN
    SELECT RAISE(ABORT, 'hos:scope exists')
    WHERE EXISTS (SELECT 1 FROM hos_scope WHERE number = NEW.number)
        OR EXISTS (SELECT 1 FROM hos_scope WHERE world = NEW.world AND tenant = NEW.tenant)
        OR NEW.log_size <> 0;
END;

CREATE TRIGGER hos_scope_update BEFORE UPDATE ON hos_scope BEGIN
    SELECT RAISE(ABORT, 'hos:scope identity')
    WHERE NEW.number <> OLD.number OR NEW.world <> OLD.world OR NEW.tenant <> OLD.tenant
        OR (NEW.status IS NULL AND OLD.status IS NOT NULL);
    -- NULL is no number here: UPDATE OR REPLACE would put the default, zero, in its place.
    SELECT RAISE(ABORT, 'hos:generations only rise')
    WHERE (
        NEW.members >= OLD.members AND NEW.bans >= OLD.bans AND NEW.grants >= OLD.grants
        AND NEW.modes >= OLD.modes AND NEW.status_generation >= OLD.status_generation
    ) IS NOT 1;
    SELECT RAISE(ABORT, 'hos:log only grows')
    WHERE NEW.log_size IS NULL OR NEW.log_frontier IS NULL OR NEW.log_size < OLD.log_size
        OR (NEW.log_size = OLD.log_size AND NEW.log_frontier <> OLD.log_frontier)
        OR (NEW.log_size > OLD.log_size AND NOT EXISTS (
            SELECT 1 FROM hos_entry WHERE position = (NEW.number << 40) + NEW.log_size - 1
        ));
END;

CREATE TRIGGER hos_scope_delete BEFORE DELETE ON hos_scope BEGIN
    SELECT RAISE(ABORT, 'hos:scope is kept');
END;

CREATE TRIGGER hos_receipt_update BEFORE UPDATE ON hos_receipt BEGIN
    SELECT RAISE(ABORT, 'hos:receipt is immutable');
END;

CREATE TRIGGER hos_receipt_insert BEFORE INSERT ON hos_receipt BEGIN
    SELECT RAISE(ABORT, 'hos:receipt is immutable')
    WHERE EXISTS (SELECT 1 FROM hos_receipt WHERE scope = NEW.scope AND key = NEW.key)
        OR EXISTS (SELECT 1 FROM hos_receipt WHERE number = NEW.number);
END;

CREATE TRIGGER hos_law_update BEFORE UPDATE ON hos_law BEGIN
    SELECT RAISE(ABORT, 'hos:law is immutable');
END;

CREATE TRIGGER hos_contract_update BEFORE UPDATE ON hos_contract BEGIN
    SELECT RAISE(ABORT, 'hos:contract is immutable');
END;

CREATE TRIGGER hos_law_insert BEFORE INSERT ON hos_law BEGIN
    SELECT RAISE(ABORT, 'hos:law is immutable')
    WHERE EXISTS (SELECT 1 FROM hos_law WHERE number = NEW.number);
END;

CREATE TRIGGER hos_law_delete BEFORE DELETE ON hos_law BEGIN
    SELECT RAISE(ABORT, 'hos:law is immutable');
END;

CREATE TRIGGER hos_contract_insert BEFORE INSERT ON hos_contract BEGIN
    SELECT RAISE(ABORT, 'hos:contract is immutable')
    WHERE EXISTS (SELECT 1 FROM hos_contract WHERE number = NEW.number)
        OR EXISTS (
            SELECT 1 FROM hos_contract
            WHERE world = NEW.world AND kind = NEW.kind AND version = NEW.version
                AND digest = NEW.digest
        );
END;

CREATE TRIGGER hos_contract_delete BEFORE DELETE ON hos_contract BEGIN
    SELECT RAISE(ABORT, 'hos:contract is immutable');
END;
