-- What was committed cannot be changed or revived, by any statement on any connection.

CREATE FUNCTION hos_refuse() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'HO001';
END $$;

CREATE TRIGGER hos_entry_kept BEFORE UPDATE ON hos_entry
FOR EACH ROW EXECUTE FUNCTION hos_refuse('hos:entry is immutable');
CREATE TRIGGER hos_leaf_kept BEFORE UPDATE ON hos_leaf
FOR EACH ROW EXECUTE FUNCTION hos_refuse('hos:entry is immutable');
-- A part may be erased, which its commitment survives: what is left says by which entry. It is never
-- changed otherwise.
CREATE TRIGGER hos_part_kept BEFORE UPDATE ON hos_part
FOR EACH ROW WHEN (
    NEW.entry <> OLD.entry OR NEW.scope <> OLD.scope OR NEW.name <> OLD.name
    OR OLD.body LIKE '-%' OR NEW.body NOT LIKE '-%' OR length(NEW.body) <> 37
    OR NEW.salt <> decode(repeat('00', 32), 'hex')
) EXECUTE FUNCTION hos_refuse('hos:part is immutable');
CREATE TRIGGER hos_receipt_kept BEFORE UPDATE ON hos_receipt
FOR EACH ROW EXECUTE FUNCTION hos_refuse('hos:receipt is immutable');
CREATE TRIGGER hos_law_kept BEFORE UPDATE OR DELETE ON hos_law
FOR EACH ROW EXECUTE FUNCTION hos_refuse('hos:law is immutable');
CREATE TRIGGER hos_contract_kept BEFORE UPDATE OR DELETE ON hos_contract
FOR EACH ROW EXECUTE FUNCTION hos_refuse('hos:contract is immutable');

CREATE TRIGGER hos_subject_terminal BEFORE UPDATE ON hos_subject
FOR EACH ROW WHEN (OLD.terminal) EXECUTE FUNCTION hos_refuse('hos:terminal state');
CREATE TRIGGER hos_subject_identity BEFORE UPDATE ON hos_subject
FOR EACH ROW WHEN (
    NEW.number <> OLD.number OR NEW.world <> OLD.world OR NEW.scope <> OLD.scope
    OR NEW.kind <> OLD.kind OR NEW.id <> OLD.id
) EXECUTE FUNCTION hos_refuse('hos:subject identity');
CREATE TRIGGER hos_subject_forward BEFORE UPDATE ON hos_subject
FOR EACH ROW WHEN (NEW.revision < OLD.revision)
EXECUTE FUNCTION hos_refuse('hos:state without proof');

-- A migration keeps the revision. Its entry is of the same transaction, so that none of an earlier
-- day proves another state.
CREATE FUNCTION hos_require_migration() RETURNS trigger
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $$
BEGIN
    IF NEW.contract = OLD.contract OR NEW.terminal OR NOT EXISTS (
        SELECT FROM hos_entry
        WHERE hos_entry.id = NEW.proof_id AND hos_entry.scope = NEW.scope
            AND hos_entry.type = 'migration/1' AND hos_entry.xmin = pg_current_xact_id()::xid
    ) THEN
        RAISE EXCEPTION 'hos:state without proof' USING ERRCODE = 'HO001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hos_subject_migrated BEFORE UPDATE ON hos_subject
FOR EACH ROW WHEN (NEW.revision = OLD.revision) EXECUTE FUNCTION hos_require_migration();
CREATE TRIGGER hos_subject_kept BEFORE DELETE ON hos_subject
FOR EACH ROW EXECUTE FUNCTION hos_refuse('hos:subject is kept');

-- By an array, within the partitions of its range, and a hashed look-up: what the rows are many is
-- what it costs. `moves` is compared within, so that no partial index is read whole for it.
CREATE FUNCTION hos_require_proof() RETURNS trigger
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET jit = off
SET enable_seqscan = off
AS $$
DECLARE
    proofs uuid[] := ARRAY(SELECT proof_id FROM changed ORDER BY proof_id);
BEGIN
    -- Alone, for to begin a question costs as much as a row of its answer, asked or not.
    IF cardinality(proofs) = (
        SELECT count(*) FROM hos_entry
        WHERE hos_entry.id = ANY (proofs)
            AND hos_entry.id >= proofs[1] AND hos_entry.id <= proofs[cardinality(proofs)]
            AND ((hos_entry.id, hos_entry.subject, hos_entry.revision, hos_entry.moves) IN (
                SELECT proof_id, number, revision, true FROM changed
            )) IS TRUE
    ) THEN
        RETURN NULL;
    END IF;
    IF EXISTS (
        -- Or by a migration: one of this transaction, or one that came in with its subject.
        SELECT FROM changed
        LEFT JOIN hos_entry AS proof ON proof.id = changed.proof_id AND proof.scope = changed.scope
        WHERE (
            proof.moves AND proof.subject = changed.number AND proof.revision = changed.revision
            OR proof.type = 'migration/1' AND CASE TG_OP
                WHEN 'UPDATE' THEN proof.xmin = pg_current_xact_id()::xid
                ELSE EXISTS (
                    SELECT FROM hos_entry
                    WHERE hos_entry.subject = changed.number
                        AND hos_entry.revision = changed.revision AND hos_entry.moves
                )
            END
        ) IS NOT TRUE
    ) THEN
        RAISE EXCEPTION 'hos:state without proof' USING ERRCODE = 'HO001';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER hos_subject_opened AFTER INSERT ON hos_subject
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION hos_require_proof();
CREATE TRIGGER hos_subject_moved AFTER UPDATE ON hos_subject
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION hos_require_proof();

CREATE TRIGGER hos_scope_identity BEFORE UPDATE ON hos_scope
FOR EACH ROW WHEN (
    NEW.number <> OLD.number OR NEW.world <> OLD.world OR NEW.tenant <> OLD.tenant
    OR (NEW.status IS NULL AND OLD.status IS NOT NULL)
) EXECUTE FUNCTION hos_refuse('hos:scope identity');
CREATE TRIGGER hos_scope_rises BEFORE UPDATE ON hos_scope
FOR EACH ROW WHEN (
    NEW.members < OLD.members OR NEW.bans < OLD.bans OR NEW.grants < OLD.grants
    OR NEW.modes < OLD.modes OR NEW.status_generation < OLD.status_generation
) EXECUTE FUNCTION hos_refuse('hos:generations only rise');
CREATE TRIGGER hos_scope_kept BEFORE DELETE ON hos_scope
FOR EACH ROW EXECUTE FUNCTION hos_refuse('hos:scope is kept');
CREATE TRIGGER hos_log_grows BEFORE UPDATE ON hos_log
FOR EACH ROW WHEN (NEW.scope <> OLD.scope OR NEW.size < OLD.size)
EXECUTE FUNCTION hos_refuse('hos:log only grows');
CREATE TRIGGER hos_log_kept BEFORE DELETE ON hos_log
FOR EACH ROW EXECUTE FUNCTION hos_refuse('hos:log only grows');

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY[
        'hos_entry', 'hos_entry_other', 'hos_part', 'hos_part_other', 'hos_leaf', 'hos_log',
        'hos_subject', 'hos_scope', 'hos_law', 'hos_contract', 'hos_pending'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION hos_refuse(''hos:nothing is truncated'')',
            kept || '_whole', kept
        );
    END LOOP;
END $$;
