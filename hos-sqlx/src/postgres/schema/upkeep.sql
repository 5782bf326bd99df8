-- What concerns every tenant: each of these binds itself to all of them.

CREATE FUNCTION hos_tenants(of_world text, after text, most integer) RETURNS SETOF text
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM hos_bind_all();
    RETURN QUERY
    SELECT hos_scope.tenant FROM hos_scope
    WHERE hos_scope.world = of_world AND hos_scope.tenant > after COLLATE "C"
        AND hos_scope.tenant <> '@world' AND hos_scope.status IS NOT NULL
    ORDER BY hos_scope.tenant
    LIMIT most;
END $$;

-- Steps from one kind and version to the next in the index, so that it costs what they are many.
CREATE FUNCTION hos_pins(of_world text) RETURNS TABLE (kind text, contract text)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    own bigint;
BEGIN
    PERFORM hos_bind_all();
    SELECT number INTO own FROM hos_scope WHERE world = of_world AND tenant = '@world';
    kind := '';
    contract := '';
    LOOP
        SELECT live.kind, live.contract INTO kind, contract FROM hos_subject AS live
        WHERE live.world = own AND NOT live.terminal
            AND (live.kind, live.contract) > (hos_pins.kind, hos_pins.contract)
        ORDER BY live.kind, live.contract
        LIMIT 1;
        EXIT WHEN NOT FOUND;
        RETURN NEXT;
    END LOOP;
END $$;

-- The timers that are due are cut off before anything is joined to them: however many wait, and
-- however many of them are due, only as many are read as are asked for.
CREATE FUNCTION hos_due_timers(of_world text, now bigint, most integer) RETURNS TABLE (
    world text, tenant text, kind text, id text, revision bigint, action text, due_at bigint
)
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan
SET jit = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
DECLARE
    above bigint;
BEGIN
    PERFORM hos_bind_all();
    SELECT ruler.number INTO above FROM hos_scope AS ruler
    WHERE ruler.world = of_world AND ruler.tenant = '@world';
    RETURN QUERY
    SELECT
        hos_scope.world, hos_scope.tenant, hos_subject.kind, hos_subject.id,
        due.revision, due.action, due.due_at
    FROM (
        SELECT
            hos_timer.subject, hos_timer.scope, hos_timer.revision, hos_timer.action,
            hos_timer.due_at
        FROM hos_timer
        WHERE hos_timer.world = above AND hos_timer.due_at <= now
        ORDER BY hos_timer.due_at, hos_timer.subject, hos_timer.action
        LIMIT most
    ) AS due
    JOIN hos_subject ON hos_subject.number = due.subject
    JOIN hos_scope ON hos_scope.number = due.scope
    ORDER BY due.due_at, due.subject, due.action;
END $$;

-- Timers that somebody fires or postpones at this moment are left to them.
CREATE FUNCTION hos_postpone_timers(
    worlds text[], tenants text[], own integer[], kinds text[], ids text[], actions text[],
    revisions bigint[], dues bigint[], later bigint
) RETURNS void
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan
SET jit = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
DECLARE
    numbers bigint[];
    held record;
BEGIN
    SELECT bound.numbers INTO numbers FROM hos_bind(worlds, tenants, false) AS bound;
    FOR held IN
        SELECT hos_timer.subject, hos_timer.action
        FROM unnest(own, kinds, ids, actions, revisions, dues)
            AS line (own, kind, id, action, revision, due_at)
        JOIN hos_subject ON hos_subject.scope = numbers[line.own]
            AND hos_subject.kind = line.kind AND hos_subject.id = line.id
        JOIN hos_timer ON hos_timer.subject = hos_subject.number
            AND hos_timer.action = line.action
            AND hos_timer.revision = line.revision AND hos_timer.due_at = line.due_at
        FOR UPDATE OF hos_timer SKIP LOCKED
    LOOP
        UPDATE hos_timer SET due_at = later
        WHERE hos_timer.subject = held.subject AND hos_timer.action = held.action;
    END LOOP;
END $$;

-- Receipts that somebody is reading are left for the next time.
CREATE FUNCTION hos_sweep_receipts(now bigint, most integer) RETURNS integer
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    swept integer;
BEGIN
    PERFORM hos_bind_all();
    DELETE FROM hos_receipt
    USING (
        SELECT scope, key FROM hos_receipt WHERE expires_at <= now
        ORDER BY expires_at LIMIT most FOR UPDATE SKIP LOCKED
    ) AS expired
    WHERE hos_receipt.scope = expired.scope AND hos_receipt.key = expired.key;
    GET DIAGNOSTICS swept = ROW_COUNT;
    RETURN swept;
END $$;

CREATE FUNCTION hos_waiting(most integer) RETURNS TABLE (
    message bigint, world text, tenant text, kind text, id text, revision bigint, entry uuid,
    topic text, payload text, traceparent text
)
LANGUAGE plpgsql VOLATILE
SET jit = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
BEGIN
    PERFORM hos_bind_all();
    RETURN QUERY
    SELECT
        hos_outbox.id, hos_scope.world, hos_scope.tenant, hos_subject.kind, hos_subject.id,
        hos_outbox.revision, hos_outbox.entry, hos_outbox.topic, hos_outbox.payload,
        hos_outbox.traceparent
    FROM hos_outbox
    JOIN hos_subject ON hos_subject.number = hos_outbox.subject
    JOIN hos_scope ON hos_scope.number = hos_outbox.scope
    ORDER BY hos_outbox.id
    LIMIT most;
END $$;

CREATE FUNCTION hos_done(messages bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM hos_bind_all();
    DELETE FROM hos_outbox WHERE id = ANY (messages);
END $$;

-- Entries that wait for their place, in the order in which they came, with the heads of their logs;
-- those of some logs excepted.
CREATE FUNCTION hos_pending_page(most integer, except_scopes bigint[]) RETURNS TABLE (
    number bigint, scope bigint, entry uuid, leaf text, leaf_hash bytea,
    size bigint, frontier bytea
)
LANGUAGE plpgsql VOLATILE
SET jit = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
BEGIN
    PERFORM hos_bind_all();
    RETURN QUERY
    SELECT
        waiting.number, waiting.scope, waiting.entry, hos_entry.leaf, hos_entry.leaf_hash,
        coalesce(hos_log.size, 0), coalesce(hos_log.frontier, '')
    FROM (
        SELECT * FROM hos_pending WHERE hos_pending.scope <> ALL (except_scopes)
        ORDER BY hos_pending.number LIMIT most
    ) AS waiting
    LEFT JOIN hos_entry ON hos_entry.id = waiting.entry
    LEFT JOIN hos_log ON hos_log.scope = waiting.scope
    ORDER BY waiting.number;
END $$;

-- Of these logs, those that cannot grow: a leaf is beyond the head, or an entry that waits has its
-- place already.
CREATE FUNCTION hos_blocked_logs(scopes bigint[]) RETURNS SETOF bigint
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    PERFORM hos_bind_all();
    RETURN QUERY
    SELECT line.scope
    FROM unnest(scopes) AS line (scope)
    LEFT JOIN hos_log ON hos_log.scope = line.scope
    WHERE
        EXISTS (
            SELECT FROM hos_leaf
            WHERE hos_leaf.scope = line.scope AND hos_leaf.leaf_index >= coalesce(hos_log.size, 0)
        )
        OR EXISTS (
            SELECT FROM hos_pending
            JOIN hos_leaf ON hos_leaf.entry = hos_pending.entry
            WHERE hos_pending.scope = line.scope
        );
END $$;

-- Gives entries their place, and sets those aside that are not what was recorded. False, and
-- nothing is written, when somebody else was quicker.
CREATE FUNCTION hos_sequence(
    scopes bigint[], bases bigint[], sizes bigint[], frontiers bytea[],
    pending bigint[], of_scopes bigint[], indexes bigint[], entries uuid[], hashes bytea[],
    aside bigint[]
) RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET jit = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    changed bigint;
BEGIN
    PERFORM hos_bind_all();
    INSERT INTO hos_log (scope, size, frontier)
    SELECT unnest(scopes), 0, ''
    ON CONFLICT DO NOTHING;
    SELECT count(*) INTO changed
    FROM unnest(scopes, bases) AS line (scope, base)
    CROSS JOIN LATERAL (
        SELECT hos_log.size FROM hos_log WHERE hos_log.scope = line.scope FOR UPDATE
    ) AS held
    WHERE held.size <> line.base;
    IF changed > 0 THEN
        RETURN false;
    END IF;
    -- Where nothing but what is set aside was read no log was held.
    IF cardinality(aside) > 0 AND cardinality(aside) <> (
        SELECT count(*) FROM (
            SELECT FROM hos_pending WHERE hos_pending.number = ANY (aside)
            ORDER BY hos_pending.number FOR UPDATE
        ) AS held
    ) THEN
        RETURN false;
    END IF;
    INSERT INTO hos_quarantine (entry, scope, number)
    SELECT hos_pending.entry, hos_pending.scope, hos_pending.number
    FROM hos_pending WHERE hos_pending.number = ANY (aside)
    ON CONFLICT DO NOTHING;
    DELETE FROM hos_pending WHERE number = ANY (pending);
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed <> cardinality(pending) THEN
        RAISE EXCEPTION 'hos:conflict';
    END IF;
    INSERT INTO hos_leaf (scope, leaf_index, entry, leaf_hash)
    SELECT * FROM unnest(of_scopes, indexes, entries, hashes);
    UPDATE hos_log SET size = line.size, frontier = line.frontier
    FROM unnest(scopes, sizes, frontiers) AS line (scope, size, frontier)
    WHERE hos_log.scope = line.scope;
    RETURN true;
END $$;
