-- The state of a subject, for the triggers that guard a world's own column; of any tenant where a
-- world has only one. It stays what it is until the transaction ends: the law waits to move the
-- subject, or to open it where there is none yet, and then finds the row that was written meanwhile.
-- What the transaction was bound to, it is bound to again.
CREATE FUNCTION hos_state(of_world text, of_tenant text, of_kind text, of_id text) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    found_state text;
    tenants text := coalesce(current_setting('hos.tenants', true), '');
    scopes text := coalesce(current_setting('hos.scopes', true), '');
BEGIN
    PERFORM hos_bind_all();
    FOR look IN 1..2 LOOP
        SELECT hos_subject.state INTO found_state
        FROM hos_scope
        JOIN hos_subject
            ON hos_subject.scope = hos_scope.number AND hos_subject.kind = of_kind
            AND hos_subject.id = of_id
        WHERE hos_scope.world = of_world AND (of_tenant IS NULL OR hos_scope.tenant = of_tenant)
            AND hos_scope.tenant <> '@world'
        FOR SHARE OF hos_subject;
        EXIT WHEN FOUND OR look = 2;
        -- The lock of whoever opens, in `hos_commit_one` and `hos_commit_all`.
        PERFORM pg_advisory_xact_lock_shared(
            hashtextextended(of_kind || ':' || of_id, hos_scope.number)
        )
        FROM hos_scope
        WHERE hos_scope.world = of_world AND (of_tenant IS NULL OR hos_scope.tenant = of_tenant)
            AND hos_scope.tenant <> '@world';
    END LOOP;
    PERFORM set_config('hos.tenants', tenants, true), set_config('hos.scopes', scopes, true);
    RETURN found_state;
END $$;
