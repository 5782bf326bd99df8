-- Commits that were judged under the generation `since`, or a later one, are of the newest epoch.
CREATE TABLE hos_vault_person (
    world text COLLATE "C" NOT NULL,
    tenant text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    epoch bigint NOT NULL,
    since bigint NOT NULL,
    matter text COLLATE "C",
    held_at bigint,
    PRIMARY KEY (world, tenant, person)
);

-- A live key is wrapped under a master key; what is left of a destroyed one tells by which entry.
CREATE TABLE hos_vault_key (
    id bytea PRIMARY KEY CHECK (octet_length(id) = 16),
    world text COLLATE "C" NOT NULL,
    tenant text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    epoch bigint NOT NULL,
    master text COLLATE "C",
    wrapped bytea,
    entry bytea,
    destroyed_at bigint,
    UNIQUE (world, tenant, person, epoch),
    CHECK ((wrapped IS NULL) = (entry IS NOT NULL)),
    CHECK ((wrapped IS NULL) = (master IS NULL)),
    CHECK ((entry IS NULL) = (destroyed_at IS NULL))
);

-- How much of each log was walked for erasures and holds that this vault was to learn of. It goes back
-- with the vault, where that is restored from a backup.
CREATE TABLE hos_vault_walk (
    world text COLLATE "C" NOT NULL,
    tenant text COLLATE "C" NOT NULL,
    size bigint NOT NULL,
    PRIMARY KEY (world, tenant)
);

CREATE FUNCTION hos_vault_keep() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'hos:key is kept';
    END IF;
    IF OLD.wrapped IS NULL THEN
        RAISE EXCEPTION 'hos:key is destroyed';
    END IF;
    IF (NEW.id, NEW.world, NEW.tenant, NEW.person, NEW.epoch)
        IS DISTINCT FROM (OLD.id, OLD.world, OLD.tenant, OLD.person, OLD.epoch)
    THEN
        RAISE EXCEPTION 'hos:key identity';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hos_vault_key_kept BEFORE UPDATE OR DELETE ON hos_vault_key
FOR EACH ROW EXECUTE FUNCTION hos_vault_keep();
CREATE TRIGGER hos_vault_key_whole BEFORE TRUNCATE ON hos_vault_key
FOR EACH STATEMENT EXECUTE FUNCTION hos_vault_keep();

-- A statement sees and writes only the scope that its function was bound to.
CREATE FUNCTION hos_vault_bind(world text, tenant text) RETURNS text
LANGUAGE sql VOLATILE
RETURN set_config('hos.vault', world || '/' || tenant, true);

ALTER TABLE hos_vault_person ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY hos_wall ON hos_vault_person USING (
    world || '/' || tenant = (SELECT current_setting('hos.vault', true))
    OR (SELECT current_setting('hos.vault', true)) = 'every'
);
ALTER TABLE hos_vault_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY hos_wall ON hos_vault_key USING (
    world || '/' || tenant = (SELECT current_setting('hos.vault', true))
    OR (SELECT current_setting('hos.vault', true)) = 'every'
);

ALTER TABLE hos_vault_walk ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY hos_wall ON hos_vault_walk USING (
    world || '/' || tenant = (SELECT current_setting('hos.vault', true))
    OR (SELECT current_setting('hos.vault', true)) = 'every'
);

CREATE FUNCTION hos_vault_person(of_world text, of_tenant text, of_person text)
RETURNS TABLE (epoch bigint, since bigint, matter bytea, held_at bigint)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    PERFORM hos_vault_bind(of_world, of_tenant);
    RETURN QUERY
    SELECT epoch, since, convert_to(matter, 'UTF8'), held_at FROM hos_vault_person
    WHERE world = of_world AND tenant = of_tenant AND person = of_person;
END $$;

CREATE FUNCTION hos_vault_keys(of_world text, of_tenant text, of_person text, newest bigint)
RETURNS SETOF hos_vault_key
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM hos_vault_bind(of_world, of_tenant);
    RETURN QUERY
    SELECT * FROM hos_vault_key
    WHERE world = of_world AND tenant = of_tenant AND person = of_person
        AND epoch IN (newest, newest - 1);
END $$;

CREATE FUNCTION hos_vault_find(of_world text, of_tenant text, ids bytea[])
RETURNS SETOF hos_vault_key
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM hos_vault_bind(of_world, of_tenant);
    RETURN QUERY
    SELECT * FROM hos_vault_key
    WHERE world = of_world AND tenant = of_tenant AND id = ANY (ids);
END $$;

CREATE FUNCTION hos_vault_page(after bytea, most integer) RETURNS SETOF hos_vault_key
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM set_config('hos.vault', 'every', true);
    RETURN QUERY SELECT * FROM hos_vault_key WHERE id > after ORDER BY id LIMIT most;
END $$;

CREATE FUNCTION hos_vault_add(
    of_id bytea, of_world text, of_tenant text, of_person text, of_epoch bigint, of_master text,
    of_wrapped bytea
) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM hos_vault_bind(of_world, of_tenant);
    INSERT INTO hos_vault_key (id, world, tenant, person, epoch, master, wrapped)
    VALUES (of_id, of_world, of_tenant, of_person, of_epoch, of_master, of_wrapped)
    ON CONFLICT DO NOTHING;
END $$;

-- The newest epoch; null for a person who is held.
CREATE FUNCTION hos_vault_close(of_world text, of_tenant text, of_person text, of_since bigint)
RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    newest bigint;
BEGIN
    PERFORM hos_vault_bind(of_world, of_tenant);
    INSERT INTO hos_vault_person AS known (world, tenant, person, epoch, since)
    VALUES (of_world, of_tenant, of_person, 2, of_since)
    ON CONFLICT (world, tenant, person) DO UPDATE SET
        epoch = known.epoch + (
            known.since <> excluded.since OR EXISTS (
                SELECT 1 FROM hos_vault_key AS used
                WHERE used.world = of_world AND used.tenant = of_tenant
                    AND used.person = of_person AND (
                        used.epoch = known.epoch
                        OR (used.epoch = known.epoch - 1 AND used.wrapped IS NULL)
                    )
            )
        )::integer,
        since = excluded.since
    WHERE known.matter IS NULL
    RETURNING known.epoch INTO newest;
    RETURN newest;
END $$;

CREATE FUNCTION hos_vault_destroy(
    of_world text, of_tenant text, of_person text, through bigint, of_entry bytea, of_time bigint
) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    destroyed bigint;
BEGIN
    PERFORM hos_vault_bind(of_world, of_tenant);
    INSERT INTO hos_vault_person AS known (world, tenant, person, epoch, since)
    VALUES (of_world, of_tenant, of_person, through + 1, 0)
    ON CONFLICT (world, tenant, person) DO UPDATE SET
        epoch = greatest(known.epoch, excluded.epoch);
    UPDATE hos_vault_key
    SET master = NULL, wrapped = NULL, entry = of_entry, destroyed_at = of_time
    WHERE world = of_world AND tenant = of_tenant AND person = of_person AND epoch <= through
        AND wrapped IS NOT NULL;
    GET DIAGNOSTICS destroyed = ROW_COUNT;
    RETURN destroyed;
END $$;

CREATE FUNCTION hos_vault_hold(
    of_world text, of_tenant text, of_person text, of_matter text, of_time bigint
) RETURNS bytea
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    holding text;
BEGIN
    PERFORM hos_vault_bind(of_world, of_tenant);
    INSERT INTO hos_vault_person AS known (world, tenant, person, epoch, since, matter, held_at)
    VALUES (of_world, of_tenant, of_person, 1, 0, of_matter, of_time)
    ON CONFLICT (world, tenant, person) DO UPDATE SET
        matter = coalesce(known.matter, excluded.matter),
        held_at = CASE
            WHEN known.matter IS NULL THEN excluded.held_at
            WHEN known.matter = excluded.matter THEN greatest(known.held_at + 1, excluded.held_at)
            ELSE known.held_at
        END
    RETURNING known.matter INTO holding;
    RETURN convert_to(holding, 'UTF8');
END $$;

CREATE FUNCTION hos_vault_release(
    of_world text, of_tenant text, of_person text, of_matter text, until bigint
) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM hos_vault_bind(of_world, of_tenant);
    UPDATE hos_vault_person SET matter = NULL, held_at = NULL
    WHERE world = of_world AND tenant = of_tenant AND person = of_person
        AND matter = of_matter AND held_at <= until;
END $$;

-- For which matter somebody is held; null when nobody is.
CREATE FUNCTION hos_vault_held(of_world text, of_tenant text) RETURNS bytea
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM hos_vault_bind(of_world, of_tenant);
    RETURN (
        SELECT convert_to(matter, 'UTF8') FROM hos_vault_person
        WHERE world = of_world AND tenant = of_tenant AND matter IS NOT NULL
        ORDER BY person LIMIT 1
    );
END $$;

CREATE FUNCTION hos_vault_persons(
    after_world text, after_tenant text, after_person text, most integer
) RETURNS TABLE (
    world bytea, tenant bytea, person bytea, epoch bigint, since bigint, matter bytea,
    held_at bigint
)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('hos.vault', 'every', true);
    RETURN QUERY
    SELECT
        convert_to(known.world, 'UTF8'), convert_to(known.tenant, 'UTF8'),
        convert_to(known.person, 'UTF8'), known.epoch, known.since,
        convert_to(known.matter, 'UTF8'), known.held_at
    FROM hos_vault_person AS known
    WHERE (known.world, known.tenant, known.person) > (after_world, after_tenant, after_person)
    ORDER BY known.world, known.tenant, known.person LIMIT most;
END $$;

CREATE FUNCTION hos_vault_adopt(
    of_world text, of_tenant text, of_person text, of_epoch bigint, of_since bigint,
    of_matter text, of_time bigint
) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM hos_vault_bind(of_world, of_tenant);
    INSERT INTO hos_vault_person AS known (world, tenant, person, epoch, since, matter, held_at)
    VALUES (of_world, of_tenant, of_person, of_epoch, of_since, of_matter, of_time)
    ON CONFLICT (world, tenant, person) DO UPDATE SET
        epoch = greatest(known.epoch, excluded.epoch),
        since = CASE WHEN known.epoch < excluded.epoch THEN excluded.since ELSE known.since END,
        matter = coalesce(known.matter, excluded.matter),
        held_at = CASE WHEN known.matter IS NULL THEN excluded.held_at ELSE known.held_at END;
END $$;

-- A tombstone of another vault.
CREATE FUNCTION hos_vault_bury(
    of_id bytea, of_world text, of_tenant text, of_person text, of_epoch bigint, of_entry bytea,
    of_time bigint
) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM hos_vault_bind(of_world, of_tenant);
    UPDATE hos_vault_key
    SET master = NULL, wrapped = NULL, entry = of_entry, destroyed_at = of_time
    WHERE id = of_id AND wrapped IS NOT NULL;
    INSERT INTO hos_vault_key (id, world, tenant, person, epoch, entry, destroyed_at)
    VALUES (of_id, of_world, of_tenant, of_person, of_epoch, of_entry, of_time)
    ON CONFLICT DO NOTHING;
END $$;

CREATE FUNCTION hos_vault_rewrap(
    of_id bytea, old_master text, old_wrapped bytea, new_master text, new_wrapped bytea
) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM set_config('hos.vault', 'every', true);
    UPDATE hos_vault_key SET master = new_master, wrapped = new_wrapped
    WHERE id = of_id AND master = old_master AND wrapped = old_wrapped;
    RETURN found;
END $$;

CREATE FUNCTION hos_vault_walked(of_world text, of_tenant text) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM hos_vault_bind(of_world, of_tenant);
    RETURN (SELECT size FROM hos_vault_walk WHERE world = of_world AND tenant = of_tenant);
END $$;

CREATE FUNCTION hos_vault_walk_to(of_world text, of_tenant text, to_size bigint) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM hos_vault_bind(of_world, of_tenant);
    INSERT INTO hos_vault_walk (world, tenant, size) VALUES (of_world, of_tenant, to_size)
    ON CONFLICT (world, tenant) DO UPDATE SET size = excluded.size;
END $$;

INSERT INTO hos_vault_schema (version) VALUES (1);
