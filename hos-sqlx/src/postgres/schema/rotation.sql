-- Partitions by month, and the slots of the outbox.

-- The first id of a moment (RFC 9562, section 5.7), which knows none before 1970.
CREATE FUNCTION hos_first_id(at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
    SELECT (
        lpad(to_hex(greatest(extract(epoch FROM at) * 1000, 0)::bigint), 12, '0') || repeat('0', 20)
    )::uuid
$$;

-- Makes the partitions of this month and the next ones. A month whose entries came before its
-- partition stays with the others. Answers how many were made. Whole seconds, because a moment
-- far away loses its microseconds in `to_timestamp`.
CREATE FUNCTION hos_partition_ahead(now bigint, months integer) RETURNS integer
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    month timestamptz;
    parent text;
    child text;
    made integer := 0;
BEGIN
    PERFORM hos_bind_all();
    FOR month IN
        SELECT (first + make_interval(months => ahead)) AT TIME ZONE 'UTC'
        FROM date_trunc('month', to_timestamp(greatest(now, 0) / 1000000) AT TIME ZONE 'UTC')
                AS first,
            generate_series(0, months - 1) AS ahead
    LOOP
        FOREACH parent IN ARRAY ARRAY['hos_entry', 'hos_part'] LOOP
            child := parent || '_' || to_char(month AT TIME ZONE 'UTC', 'YYYYMM');
            CONTINUE WHEN to_regclass(child) IS NOT NULL;
            BEGIN
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', child, parent,
                    hos_first_id(month), hos_first_id(
                        (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'
                    )
                );
                PERFORM hos_wall(child);
                EXECUTE format(
                    'CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT '
                    'EXECUTE FUNCTION hos_refuse(''hos:nothing is truncated'')',
                    child || '_whole', child
                );
                made := made + 1;
            EXCEPTION WHEN check_violation OR duplicate_table THEN
                NULL;
            END;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

-- Detaches the partitions that end before a moment and whose entries all have their place, and
-- answers their names. They stay as tables of their own until somebody has archived them. Whoever
-- writes is waited for before the look at what is pending, else a partition could go with an entry
-- that was committed after the look. Its owner reads all of it: a wall would make the archive empty
-- without a word. It goes on to be kept, though not from being dropped.
CREATE FUNCTION hos_detach_before(moment bigint) RETURNS SETOF text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    limit_id uuid := hos_first_id(to_timestamp(moment / 1000000));
    child record;
BEGIN
    IF moment <= 0 THEN
        RETURN;
    END IF;
    LOCK TABLE ONLY hos_entry, ONLY hos_part IN ACCESS EXCLUSIVE MODE;
    PERFORM hos_bind_all();
    FOR child IN
        SELECT inhparent::regclass::text AS parent, inhrelid::regclass::text AS name, relname,
            (regexp_match(pg_get_expr(relpartbound, oid), 'FROM \(''([0-9a-f-]+)''\)'))[1]::uuid
                AS begins,
            (regexp_match(pg_get_expr(relpartbound, oid), 'TO \(''([0-9a-f-]+)''\)'))[1]::uuid
                AS ends
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent IN ('hos_entry'::regclass, 'hos_part'::regclass)
        ORDER BY 2
    LOOP
        CONTINUE WHEN child.ends IS NULL OR child.ends > limit_id;
        CONTINUE WHEN EXISTS (
            SELECT FROM hos_pending WHERE entry >= child.begins AND entry < child.ends
        );
        EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', child.parent, child.name);
        EXECUTE format(
            'ALTER TABLE %s DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY', child.name
        );
        -- Its parent's, which it left with its parent.
        EXECUTE format(
            CASE child.parent
                WHEN 'hos_entry' THEN
                    'CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %s FOR EACH ROW '
                    'EXECUTE FUNCTION hos_refuse(''hos:entry is immutable'')'
                ELSE
                    'CREATE TRIGGER %I BEFORE UPDATE ON %s FOR EACH ROW '
                    'EXECUTE FUNCTION hos_refuse(''hos:part is immutable'')'
            END,
            child.relname || '_kept', child.name
        );
        RETURN NEXT child.name;
    END LOOP;
END $$;

-- Turns to the other slot, once it is empty, and gives its space back. Answers whether it turned.
CREATE FUNCTION hos_rotate_outbox() RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    other smallint;
    held boolean;
BEGIN
    PERFORM hos_bind_all();
    SELECT 1 - slot INTO other FROM hos_outbox_slot FOR UPDATE;
    EXECUTE format('LOCK TABLE hos_outbox_%s IN ACCESS EXCLUSIVE MODE', other);
    EXECUTE format('SELECT EXISTS (SELECT FROM hos_outbox WHERE slot = %s)', other) INTO held;
    IF held THEN
        RETURN false;
    END IF;
    EXECUTE format('TRUNCATE hos_outbox_%s', other);
    UPDATE hos_outbox_slot SET slot = other;
    RETURN true;
END $$;

-- A month whose entries came before its partition would have none.
SELECT hos_partition_ahead((extract(epoch FROM now()) * 1000000)::bigint, 3);
