-- The second wall: a statement sees and writes only the tenants that its function was bound to,
-- whatever its own predicates say; a statement that was bound to none sees nothing. The array is
-- read once for a statement; `IS TRUE` keeps an index from being searched for each of its items.

-- Binds the rest of the transaction to scopes called so: `<world>/<tenant>`.
CREATE FUNCTION hos_bind_names(names text[]) RETURNS text
LANGUAGE sql VOLATILE
RETURN set_config('hos.tenants', names::text, true);

-- Binds the rest of the transaction to the rows of scopes with these numbers.
CREATE FUNCTION hos_bind_numbers(numbers bigint[]) RETURNS text
LANGUAGE sql VOLATILE
RETURN set_config('hos.scopes', numbers::text, true);

-- Binds the rest of the transaction to these scopes. Answers their numbers and the generations of
-- their standing, in order; null for what is not there. With `holds` the generations cannot change
-- until the transaction ends.
CREATE FUNCTION hos_bind(
    worlds text[], tenants text[], holds boolean,
    OUT numbers bigint[], OUT generations bigint[]
)
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    names text[] := ARRAY(
        SELECT named.world || '/' || named.tenant
        FROM unnest(worlds, tenants) AS named (world, tenant)
    );
    bound text := hos_bind_names(names);
BEGIN
    IF holds THEN
        SELECT array_agg(held.number ORDER BY place), array_agg(held.generation ORDER BY place)
        INTO numbers, generations
        FROM unnest(worlds, tenants) WITH ORDINALITY AS named (world, tenant, place)
        LEFT JOIN LATERAL (
            SELECT hos_scope.number, hos_scope.generation FROM hos_scope
            WHERE hos_scope.world = named.world AND hos_scope.tenant = named.tenant
            FOR SHARE
        ) AS held ON true;
    ELSE
        SELECT
            array_agg(hos_scope.number ORDER BY place),
            array_agg(hos_scope.generation ORDER BY place)
        INTO numbers, generations
        FROM unnest(worlds, tenants) WITH ORDINALITY AS named (world, tenant, place)
        LEFT JOIN hos_scope
            ON hos_scope.world = named.world AND hos_scope.tenant = named.tenant;
    END IF;
    bound := hos_bind_numbers(numbers);
END $$;

-- Binds the rest of the transaction to every tenant: for upkeep alone.
CREATE FUNCTION hos_bind_all() RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM set_config('hos.tenants', 'every', true), set_config('hos.scopes', 'every', true);
END
$$;

ALTER TABLE hos_scope ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY hos_wall ON hos_scope USING (
    (world || '/' || tenant = ANY ((
        SELECT nullif(nullif(current_setting('hos.tenants', true), ''), 'every')::text[]
    )::text[])) IS TRUE
    OR current_setting('hos.tenants', true) = 'every'
);

-- Raises the wall around a table or a partition; a partition has one of its own, for whoever names
-- it instead of its parent.
CREATE FUNCTION hos_wall(walled text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', walled);
    EXECUTE format(
        'CREATE POLICY hos_wall ON %I USING ('
        '(scope = ANY (('
        'SELECT nullif(nullif(current_setting(''hos.scopes'', true), ''''), ''every'')::bigint[]'
        ')::bigint[])) IS TRUE OR current_setting(''hos.scopes'', true) = ''every'')',
        walled
    );
END $$;

SELECT hos_wall(walled) FROM unnest(ARRAY[
    'hos_entry', 'hos_entry_other', 'hos_part', 'hos_part_other', 'hos_pending', 'hos_leaf',
    'hos_log', 'hos_dedup', 'hos_subject', 'hos_receipt', 'hos_outbox', 'hos_outbox_0',
    'hos_outbox_1', 'hos_timer', 'hos_member', 'hos_ban', 'hos_grant', 'hos_mode', 'hos_law',
    'hos_contract'
]) AS walled;
