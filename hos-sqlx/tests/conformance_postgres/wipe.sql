-- Triggers rest in this session alone: what they keep is to go.
SET session_replication_role = replica;
DO $$
BEGIN
    EXECUTE (
        SELECT 'TRUNCATE ' || string_agg(relname, ', ') || ' RESTART IDENTITY'
        FROM pg_class
        WHERE relname LIKE 'hos\_%' AND relkind IN ('r', 'p') AND NOT relispartition
            AND relname NOT IN ('hos_schema', 'hos_vault_schema', 'hos_outbox_slot')
    );
    ALTER SEQUENCE hos_outbox_id RESTART;
END $$;
