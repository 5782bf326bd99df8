-- What was committed cannot be changed or revived, by any statement on any connection. TRUNCATE,
-- DROP and ALTER fire no trigger: the right to them is to be withheld from those who need none.

CREATE OR REPLACE TRIGGER hos_entry_update BEFORE UPDATE ON hos_entry FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:entry is immutable';

-- An entry goes only while its segment is archived.
CREATE OR REPLACE TRIGGER hos_entry_delete BEFORE DELETE ON hos_entry FOR EACH ROW
BEGIN
    IF (
        SELECT segment.turn % 2 = 0 AND segment.end_index > leaf.leaf_index
        FROM hos_leaf AS leaf
        STRAIGHT_JOIN hos_archive AS segment
            ON segment.scope = leaf.scope AND segment.first_index <= leaf.leaf_index
        WHERE leaf.entry = OLD.id
        ORDER BY segment.first_index DESC, segment.turn DESC LIMIT 1
    ) IS NOT TRUE THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:entry is immutable';
    END IF;
END;

-- A part may be erased, which its commitment survives: what is left says by which entry. It is never
-- changed otherwise.
CREATE OR REPLACE TRIGGER hos_part_insert BEFORE INSERT ON hos_part FOR EACH ROW
BEGIN
    IF EXISTS (SELECT 1 FROM hos_part WHERE entry = NEW.entry AND name = NEW.name) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:part is immutable';
    END IF;
END;

CREATE OR REPLACE TRIGGER hos_part_update BEFORE UPDATE ON hos_part FOR EACH ROW
BEGIN
    IF (NEW.entry, NEW.scope, NEW.name) <> (OLD.entry, OLD.scope, OLD.name) OR OLD.body LIKE '-%'
        OR NEW.body NOT LIKE '-%' OR length(NEW.body) <> 37
        OR NEW.salt <> repeat(char(0), 32)
    THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:part is immutable';
    END IF;
END;

-- After, so that a statement that updates on a duplicate key is judged as the update that it is. A
-- subject begins with its first revision, unless a deployment is moving in.
CREATE OR REPLACE TRIGGER hos_subject_insert AFTER INSERT ON hos_subject FOR EACH ROW
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM hos_entry
        WHERE id = NEW.proof_id AND subject = NEW.number AND revision = NEW.revision AND moves
            AND scope = NEW.scope AND NEW.revision = 1
    ) AND NOT (
        EXISTS (SELECT 1 FROM hos_move WHERE NOT finished)
        AND EXISTS (
            SELECT 1 FROM hos_entry
            WHERE id = NEW.proof_id AND scope = NEW.scope
                AND (
                    type = 'migration/1'
                    OR subject = NEW.number AND revision = NEW.revision AND moves
                )
        )
        AND EXISTS (
            SELECT 1 FROM hos_entry
            WHERE subject = NEW.number AND revision = NEW.revision AND moves
        )
    ) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:state without proof';
    END IF;
END;

CREATE OR REPLACE TRIGGER hos_subject_update BEFORE UPDATE ON hos_subject FOR EACH ROW
BEGIN
    IF OLD.terminal THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:terminal state';
    END IF;
    IF NEW.number <> OLD.number OR NEW.world <> OLD.world OR NEW.scope <> OLD.scope
        OR NEW.kind <> OLD.kind OR NEW.id <> OLD.id
    THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:subject identity';
    END IF;
    -- By the key alone, which costs less than EXISTS does.
    IF NEW.revision = OLD.revision THEN
        -- A migration. Its entry has no place in its log yet, so that none of an earlier day proves
        -- another state.
        IF NEW.contract = OLD.contract OR NEW.terminal
            OR EXISTS (SELECT 1 FROM hos_leaf WHERE entry = NEW.proof_id)
            OR (
                SELECT scope = NEW.scope AND type = 'migration/1' FROM hos_entry
                WHERE id = NEW.proof_id
            ) IS NOT TRUE
        THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:state without proof';
        END IF;
    ELSEIF NEW.revision < OLD.revision OR (
        SELECT subject = NEW.number AND revision = NEW.revision AND moves FROM hos_entry
        WHERE id = NEW.proof_id
    ) IS NOT TRUE THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:state without proof';
    END IF;
END;

CREATE OR REPLACE TRIGGER hos_subject_delete BEFORE DELETE ON hos_subject FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:subject is kept';

-- A scope's generations only rise, and it never goes.
CREATE OR REPLACE TRIGGER hos_scope_update BEFORE UPDATE ON hos_scope FOR EACH ROW
BEGIN
    IF NEW.number <> OLD.number OR NEW.world <> OLD.world OR NEW.tenant <> OLD.tenant
        OR (NEW.status IS NULL AND OLD.status IS NOT NULL)
    THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:scope identity';
    END IF;
    IF NEW.members < OLD.members OR NEW.bans < OLD.bans OR NEW.grants < OLD.grants
        OR NEW.modes < OLD.modes OR NEW.status_generation < OLD.status_generation
    THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:generations only rise';
    END IF;
END;

CREATE OR REPLACE TRIGGER hos_scope_delete BEFORE DELETE ON hos_scope FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:scope is kept';

-- A log only grows, by the leaves that it tells of.
CREATE OR REPLACE TRIGGER hos_log_insert AFTER INSERT ON hos_log FOR EACH ROW
BEGIN
    IF NEW.size <> 0 THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:log only grows';
    END IF;
END;

CREATE OR REPLACE TRIGGER hos_log_update BEFORE UPDATE ON hos_log FOR EACH ROW
BEGIN
    IF NEW.scope <> OLD.scope OR NEW.size < OLD.size
        OR (NEW.size = OLD.size AND NEW.frontier <> OLD.frontier)
        OR (NEW.size > OLD.size AND NOT EXISTS (
            SELECT 1 FROM hos_leaf WHERE scope = NEW.scope AND leaf_index = NEW.size - 1
        ))
    THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:log only grows';
    END IF;
END;

CREATE OR REPLACE TRIGGER hos_log_delete BEFORE DELETE ON hos_log FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:log only grows';

CREATE OR REPLACE TRIGGER hos_leaf_update BEFORE UPDATE ON hos_leaf FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:leaf is immutable';

CREATE OR REPLACE TRIGGER hos_leaf_delete BEFORE DELETE ON hos_leaf FOR EACH ROW
BEGIN
    IF (
        SELECT turn % 2 = 0 AND end_index > OLD.leaf_index FROM hos_archive
        WHERE scope = OLD.scope AND first_index <= OLD.leaf_index
        ORDER BY first_index DESC, turn DESC LIMIT 1
    ) IS NOT TRUE THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:leaf is immutable';
    END IF;
END;

-- No entry escapes its log.
CREATE OR REPLACE TRIGGER hos_pending_update BEFORE UPDATE ON hos_pending FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:entry is immutable';

CREATE OR REPLACE TRIGGER hos_pending_delete BEFORE DELETE ON hos_pending FOR EACH ROW
BEGIN
    IF NOT EXISTS (SELECT 1 FROM hos_leaf WHERE entry = OLD.entry)
        AND NOT EXISTS (SELECT 1 FROM hos_quarantine WHERE entry = OLD.entry)
    THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:entry has no place in its log';
    END IF;
END;

CREATE OR REPLACE TRIGGER hos_receipt_update BEFORE UPDATE ON hos_receipt FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:receipt is immutable';

-- REPLACE deletes: only a connection that says so sweeps.
CREATE OR REPLACE TRIGGER hos_receipt_delete BEFORE DELETE ON hos_receipt FOR EACH ROW
BEGIN
    IF @hos_sweeps IS NULL THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:receipt is immutable';
    END IF;
END;

CREATE OR REPLACE TRIGGER hos_law_update BEFORE UPDATE ON hos_law FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:law is immutable';

CREATE OR REPLACE TRIGGER hos_law_delete BEFORE DELETE ON hos_law FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:law is immutable';

CREATE OR REPLACE TRIGGER hos_contract_update BEFORE UPDATE ON hos_contract FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:contract is immutable';

CREATE OR REPLACE TRIGGER hos_contract_delete BEFORE DELETE ON hos_contract FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'hos:contract is immutable';
