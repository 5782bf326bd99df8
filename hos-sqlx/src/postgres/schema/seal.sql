-- Tiles, checkpoints, and the deployment's log over the checkpoints of all tenants. That log is
-- the one of scope 0, which no tenant has.

CREATE TABLE hos_tile (
    scope bigint NOT NULL,
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    place bigint NOT NULL CHECK (place >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    hashes bytea NOT NULL CHECK (octet_length(hashes) = 8192),
    PRIMARY KEY (scope, level, place)
);
-- Hashes cannot be compressed; beside the row they leave the roots side by side.
ALTER TABLE hos_tile ALTER hashes SET STORAGE EXTERNAL;

CREATE TABLE hos_checkpoint (
    scope bigint NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    sealed_at bigint NOT NULL,
    note text COLLATE "C" NOT NULL,
    PRIMARY KEY (scope, size)
);

-- Logs that no checkpoint wholly covers, so that nobody looks for them among those that lie idle.
CREATE TABLE hos_unsealed (scope bigint PRIMARY KEY) WITH (
    autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000
);

-- Logs whose last checkpoint, which is of this size, is not in the deployment's log.
CREATE TABLE hos_unanchored (scope bigint PRIMARY KEY, size bigint NOT NULL) WITH (
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000
);

-- The deployment's log: `scope` and `size` tell whose checkpoint a leaf is.
CREATE TABLE hos_deployment (
    leaf_index bigint PRIMARY KEY CHECK (leaf_index >= 0),
    scope bigint NOT NULL CHECK (scope > 0),
    size bigint NOT NULL,
    leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
    note text COLLATE "C" NOT NULL,
    UNIQUE (scope, size)
);

-- What outsiders said about checkpoints of the deployment's log.
CREATE TABLE hos_attestation (
    scope bigint NOT NULL DEFAULT 0 CHECK (scope = 0),
    size bigint NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('cosignature', 'rfc3161')),
    attester text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (size, kind, attester)
);

-- Entries that were set aside instead of being numbered.
CREATE TABLE hos_quarantine (
    entry uuid PRIMARY KEY,
    scope bigint NOT NULL,
    number bigint NOT NULL
);
CREATE INDEX hos_quarantine_scope ON hos_quarantine (scope, entry);

SELECT hos_wall(walled) FROM unnest(ARRAY[
    'hos_tile', 'hos_checkpoint', 'hos_unsealed', 'hos_unanchored', 'hos_deployment',
    'hos_attestation', 'hos_quarantine'
]) AS walled;

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY[
        'hos_tile', 'hos_checkpoint', 'hos_deployment', 'hos_attestation', 'hos_quarantine'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I '
            'FOR EACH ROW EXECUTE FUNCTION hos_refuse(%L)',
            kept || '_kept', kept, replace(kept, 'hos_', 'hos:') || ' is immutable'
        );
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION hos_refuse(''hos:nothing is truncated'')',
            kept || '_whole', kept
        );
    END LOOP;
END $$;

-- A log's checkpoints grow, within the log; the deployment's log has no gap.
CREATE FUNCTION hos_require_growth() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'hos_deployment' THEN
        IF NEW.leaf_index <> coalesce((SELECT max(leaf_index) + 1 FROM hos_deployment), 0) THEN
            RAISE EXCEPTION 'hos:deployment is immutable' USING ERRCODE = 'HO001';
        END IF;
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM hos_checkpoint WHERE scope = NEW.scope AND size >= NEW.size) THEN
        RAISE EXCEPTION 'hos:checkpoint is immutable' USING ERRCODE = 'HO001';
    END IF;
    IF (NEW.size > CASE
        WHEN NEW.scope = 0 THEN (SELECT max(leaf_index) + 1 FROM hos_deployment)
        ELSE (SELECT hos_log.size FROM hos_log WHERE hos_log.scope = NEW.scope)
    END) IS NOT FALSE THEN
        RAISE EXCEPTION 'hos:checkpoint is beyond its log' USING ERRCODE = 'HO001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hos_checkpoint_grows BEFORE INSERT ON hos_checkpoint
FOR EACH ROW EXECUTE FUNCTION hos_require_growth();
CREATE TRIGGER hos_deployment_grows BEFORE INSERT ON hos_deployment
FOR EACH ROW EXECUTE FUNCTION hos_require_growth();

CREATE FUNCTION hos_mark_unsealed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hos_unsealed (scope) VALUES (NEW.scope) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER hos_log_opened AFTER INSERT ON hos_log
FOR EACH ROW WHEN (NEW.size > 0) EXECUTE FUNCTION hos_mark_unsealed();
CREATE TRIGGER hos_log_grew AFTER UPDATE ON hos_log
FOR EACH ROW WHEN (NEW.size > OLD.size) EXECUTE FUNCTION hos_mark_unsealed();

-- The mark names the checkpoint, so that who anchors the one before leaves it.
CREATE FUNCTION hos_mark_unanchored() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    -- One that moves in with its anchor has it already.
    INSERT INTO hos_unanchored (scope, size)
    SELECT NEW.scope, NEW.size
    WHERE NOT EXISTS (
        SELECT FROM hos_deployment
        WHERE hos_deployment.scope = NEW.scope AND hos_deployment.size >= NEW.size
    )
    ON CONFLICT (scope) DO UPDATE SET size = greatest(hos_unanchored.size, excluded.size);
    RETURN NULL;
END $$;
CREATE TRIGGER hos_checkpoint_published AFTER INSERT ON hos_checkpoint
FOR EACH ROW WHEN (NEW.scope <> 0) EXECUTE FUNCTION hos_mark_unanchored();

CREATE FUNCTION hos_mark_anchored() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM hos_unanchored WHERE scope = NEW.scope AND size <= NEW.size;
    INSERT INTO hos_unsealed (scope) VALUES (0) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER hos_deployment_grew AFTER INSERT ON hos_deployment
FOR EACH ROW EXECUTE FUNCTION hos_mark_anchored();

-- Binds to a log and answers the number of its scope. The deployment's, which has no name, is over
-- every tenant's.
CREATE FUNCTION hos_bind_log(world text, tenant text) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF world = '' THEN
        PERFORM hos_bind_all();
        RETURN 0;
    END IF;
    RETURN hos_bind_one(world, tenant);
END $$;

CREATE FUNCTION hos_unsealed_logs(after bigint, most integer)
RETURNS TABLE (number bigint, world text, tenant text)
LANGUAGE plpgsql VOLATILE
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
BEGIN
    PERFORM hos_bind_all();
    RETURN QUERY
    SELECT hos_unsealed.scope, coalesce(hos_scope.world, ''), coalesce(hos_scope.tenant, '')
    FROM hos_unsealed LEFT JOIN hos_scope ON hos_scope.number = hos_unsealed.scope
    WHERE hos_unsealed.scope > after
    ORDER BY hos_unsealed.scope
    LIMIT most;
END $$;

-- Binds to logs and answers the numbers of their scopes in order, null for one that is not there. To
-- seal several is upkeep: a list of them would be searched for each row.
CREATE FUNCTION hos_bind_logs(worlds text[], tenants text[]) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    IF cardinality(worlds) = 1 THEN
        RETURN ARRAY[hos_bind_log(worlds[1], tenants[1])];
    END IF;
    PERFORM hos_bind_all();
    RETURN ARRAY(
        SELECT CASE WHEN named.world = '' THEN 0 ELSE hos_scope.number END
        FROM unnest(worlds, tenants) WITH ORDINALITY AS named (world, tenant, place)
        LEFT JOIN hos_scope
            ON hos_scope.world = named.world AND hos_scope.tenant = named.tenant
        ORDER BY named.place
    );
END $$;

CREATE FUNCTION hos_log_states(worlds text[], tenants text[]) RETURNS TABLE (
    size bigint, frontier bytea, tiles bigint, sealed bigint, note text, sealed_at bigint,
    epoch bigint
)
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan
SET jit = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
DECLARE
    own bigint[] := hos_bind_logs(worlds, tenants);
BEGIN
    RETURN QUERY
    SELECT
        CASE
            WHEN line.scope = 0
            THEN coalesce((SELECT max(leaf_index) + 1 FROM hos_deployment), 0)
            ELSE coalesce(hos_log.size, 0)
        END,
        hos_log.frontier,
        coalesce((
            SELECT max(place) + 1 FROM hos_tile WHERE hos_tile.scope = line.scope AND level = 0
        ), 0),
        last.size, last.note, last.sealed_at,
        coalesce((
            SELECT max(number) FROM hos_log_epoch WHERE hos_log_epoch.scope = line.scope
        ), 1)
    FROM unnest(own) WITH ORDINALITY AS line (scope, ordinal)
    LEFT JOIN hos_log ON hos_log.scope = line.scope
    LEFT JOIN LATERAL (
        SELECT hos_checkpoint.size, hos_checkpoint.note, hos_checkpoint.sealed_at
        FROM hos_checkpoint WHERE hos_checkpoint.scope = line.scope
        ORDER BY hos_checkpoint.size DESC LIMIT 1
    ) AS last ON true
    ORDER BY line.ordinal;
END $$;

-- The hashes of spans in their order, those of one span in one value: of a whole tile where there
-- is no count, else from the first one on. `ofs` tells which log a span is of, from 1 on.
CREATE FUNCTION hos_hashes(
    worlds text[], tenants text[],
    ofs integer[], levels integer[], firsts bigint[], counts integer[]
) RETURNS SETOF bytea
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan
SET jit = off
SET enable_seqscan = off
AS $$
DECLARE
    logs bigint[] := hos_bind_logs(worlds, tenants);
    own bigint;
    span record;
    joined bytea;
BEGIN
    FOR span IN
        SELECT * FROM unnest(ofs, levels, firsts, counts) AS line (log, of_level, first, many)
    LOOP
        own := logs[span.log];
        IF span.many = 0 THEN
            SELECT hashes INTO joined FROM hos_tile
            WHERE scope = own AND level = span.of_level AND place = span.first;
        ELSIF span.of_level > 0 THEN
            SELECT string_agg(root, ''::bytea ORDER BY place) INTO joined FROM hos_tile
            WHERE scope = own AND level = span.of_level - 1
                AND place >= span.first AND place < span.first + span.many;
        ELSIF own > 0 THEN
            SELECT string_agg(leaf_hash, ''::bytea ORDER BY leaf_index) INTO joined FROM hos_leaf
            WHERE scope = own
                AND leaf_index >= span.first AND leaf_index < span.first + span.many;
        ELSIF own = 0 THEN
            SELECT string_agg(leaf_hash, ''::bytea ORDER BY leaf_index) INTO joined
            FROM hos_deployment
            WHERE leaf_index >= span.first AND leaf_index < span.first + span.many;
        ELSE
            joined := NULL;
        END IF;
        RETURN NEXT coalesce(joined, ''::bytea);
    END LOOP;
END $$;

-- What is there already is left alone, and must be the same.
CREATE FUNCTION hos_write_tiles(
    world text, tenant text, levels integer[], places bigint[], roots bytea[], of_hashes bytea[]
) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    own bigint := hos_bind_log(world, tenant);
BEGIN
    INSERT INTO hos_tile (scope, level, place, root, hashes)
    SELECT own, line.level, line.place, line.root, line.hashes
    FROM unnest(levels, places, roots, of_hashes) AS line (level, place, root, hashes)
    ON CONFLICT DO NOTHING;
    IF EXISTS (
        SELECT FROM unnest(levels, places, roots, of_hashes) AS line (level, place, root, hashes)
        LEFT JOIN hos_tile
            ON hos_tile.scope = own AND hos_tile.level = line.level AND hos_tile.place = line.place
        WHERE (hos_tile.root = line.root AND hos_tile.hashes = line.hashes) IS NOT TRUE
    ) THEN
        RAISE EXCEPTION 'hos:a tile is another' USING ERRCODE = 'HO003';
    END IF;
END $$;

-- Publishes checkpoints, each if the last one of its log is the one it was made upon and the log
-- has its entries; answers in order which ones. The logs are held meanwhile, in the order in which
-- they are numbered, so that no mark is taken off while a log grows.
CREATE FUNCTION hos_publish(
    worlds text[], tenants text[], bases bigint[], sizes bigint[], notes text[], ats bigint[]
) RETURNS boolean[]
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan
SET jit = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
DECLARE
    own bigint[] := hos_bind_logs(worlds, tenants);
    -- How many entries each log has, and how many its last checkpoint is over.
    reached bigint[];
    lasts bigint[];
    done boolean[];
BEGIN
    PERFORM FROM (SELECT unnest(own) AS scope ORDER BY 1) AS line
    CROSS JOIN LATERAL (
        SELECT FROM hos_log WHERE hos_log.scope = line.scope FOR UPDATE
    ) AS held;
    IF 0 = ANY (own) THEN
        PERFORM FROM hos_deployment WHERE leaf_index = 0 FOR UPDATE;
    END IF;
    SELECT array_agg(line.entries ORDER BY place), array_agg(line.last ORDER BY place)
    INTO reached, lasts
    FROM (
        SELECT
            place,
            coalesce(CASE
                WHEN scope = 0 THEN (SELECT max(leaf_index) + 1 FROM hos_deployment)
                ELSE (SELECT size FROM hos_log WHERE hos_log.scope = asked.scope)
            END, 0) AS entries,
            coalesce((
                SELECT max(size) FROM hos_checkpoint WHERE hos_checkpoint.scope = asked.scope
            ), 0) AS last
        FROM unnest(own) WITH ORDINALITY AS asked (scope, place)
    ) AS line;
    done := ARRAY(
        SELECT line.last = line.base AND line.size > line.base AND line.size <= line.entries
        FROM unnest(bases, sizes, reached, lasts) WITH ORDINALITY
            AS line (base, size, entries, last, place)
        ORDER BY line.place
    );
    INSERT INTO hos_checkpoint (scope, size, note, sealed_at)
    SELECT line.scope, line.size, line.note, line.at
    FROM unnest(own, sizes, notes, ats, done) AS line (scope, size, note, at, is_done)
    WHERE line.is_done
    ORDER BY line.scope;
    DELETE FROM hos_unsealed WHERE scope = ANY (ARRAY(
        SELECT line.scope
        FROM unnest(own, sizes, reached, lasts, done)
            AS line (scope, size, entries, last, is_done)
        WHERE line.entries = CASE WHEN line.is_done THEN line.size ELSE line.last END
    ));
    RETURN done;
END $$;

CREATE FUNCTION hos_checkpoints(world text, tenant text, first bigint, most integer)
RETURNS TABLE (size bigint, note text, sealed_at bigint)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    own bigint := hos_bind_log(world, tenant);
BEGIN
    RETURN QUERY
    SELECT hos_checkpoint.size, hos_checkpoint.note, hos_checkpoint.sealed_at
    FROM hos_checkpoint
    WHERE hos_checkpoint.scope = own AND hos_checkpoint.size >= first
    ORDER BY hos_checkpoint.size
    LIMIT most;
END $$;

CREATE FUNCTION hos_unanchored_logs(most integer) RETURNS TABLE (
    world text, tenant text, size bigint, note text, sealed_at bigint
)
LANGUAGE plpgsql VOLATILE
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
BEGIN
    PERFORM hos_bind_all();
    RETURN QUERY
    SELECT hos_scope.world, hos_scope.tenant, sealed.size, sealed.note, sealed.sealed_at
    FROM hos_unanchored
    JOIN hos_scope ON hos_scope.number = hos_unanchored.scope
    JOIN hos_checkpoint AS sealed
        ON sealed.scope = hos_unanchored.scope AND sealed.size = hos_unanchored.size
    ORDER BY hos_unanchored.scope
    LIMIT most;
END $$;

-- Appends to the deployment's log. False, and nothing is written, when somebody was quicker. Its
-- first leaf is held, by which those who publish its checkpoints wait.
CREATE FUNCTION hos_anchor(
    base bigint, worlds text[], tenants text[], sizes bigint[], notes text[], hashes bytea[]
) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM hos_bind_all();
    PERFORM FROM hos_deployment WHERE leaf_index = 0 FOR UPDATE;
    IF base <> coalesce((SELECT max(leaf_index) + 1 FROM hos_deployment), 0) THEN
        RETURN false;
    END IF;
    INSERT INTO hos_deployment (leaf_index, scope, size, note, leaf_hash)
    SELECT base + line.place - 1, hos_scope.number, line.size, line.note, line.hash
    FROM unnest(worlds, tenants, sizes, notes, hashes) WITH ORDINALITY
        AS line (world, tenant, size, note, hash, place)
    JOIN hos_scope ON hos_scope.world = line.world AND hos_scope.tenant = line.tenant
    ORDER BY line.place;
    RETURN true;
EXCEPTION
    -- Somebody else appended since the base was compared: before, or while, this is written.
    WHEN unique_violation OR SQLSTATE 'HO001' THEN
        RETURN false;
END $$;

CREATE FUNCTION hos_anchors(first bigint, most integer) RETURNS TABLE (
    leaf_index bigint, world text, tenant text, size bigint, note text, leaf_hash bytea
)
LANGUAGE plpgsql VOLATILE
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
BEGIN
    PERFORM hos_bind_all();
    RETURN QUERY
    SELECT anchor.leaf_index, hos_scope.world, hos_scope.tenant, anchor.size, anchor.note,
        anchor.leaf_hash
    FROM hos_deployment AS anchor JOIN hos_scope ON hos_scope.number = anchor.scope
    WHERE anchor.leaf_index >= first
    ORDER BY anchor.leaf_index
    LIMIT most;
END $$;

CREATE FUNCTION hos_anchor_over(world text, tenant text, entries bigint) RETURNS TABLE (
    leaf_index bigint, size bigint, note text, leaf_hash bytea
)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    own bigint := hos_bind_one(world, tenant);
BEGIN
    RETURN QUERY
    SELECT anchor.leaf_index, anchor.size, anchor.note, anchor.leaf_hash
    FROM hos_deployment AS anchor
    WHERE anchor.scope = own AND anchor.size > entries
    ORDER BY anchor.size
    LIMIT 1;
END $$;

-- False when the deployment's log has no such checkpoint.
CREATE FUNCTION hos_attest(of_size bigint, of_kind text, who text, of_body bytea) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM hos_bind_all();
    IF NOT EXISTS (SELECT FROM hos_checkpoint WHERE scope = 0 AND size = of_size) THEN
        RETURN false;
    END IF;
    INSERT INTO hos_attestation (size, kind, attester, body)
    VALUES (of_size, of_kind, who, of_body) ON CONFLICT DO NOTHING;
    RETURN true;
END $$;

CREATE FUNCTION hos_attestations(first bigint, most integer) RETURNS TABLE (
    size bigint, kind text, attester text, body bytea
)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM hos_bind_all();
    RETURN QUERY
    SELECT said.size, said.kind, said.attester, said.body FROM hos_attestation AS said
    WHERE said.size >= first
    ORDER BY said.size, said.kind, said.attester
    LIMIT most;
END $$;

CREATE FUNCTION hos_quarantined(world text, tenant text, first uuid, most integer)
RETURNS SETOF uuid
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    own bigint := hos_bind_one(world, tenant);
BEGIN
    RETURN QUERY
    SELECT aside.entry FROM hos_quarantine AS aside
    WHERE aside.scope = own AND aside.entry >= first
        AND NOT EXISTS (SELECT FROM hos_leaf WHERE hos_leaf.entry = aside.entry)
    ORDER BY aside.entry
    LIMIT most;
END $$;
