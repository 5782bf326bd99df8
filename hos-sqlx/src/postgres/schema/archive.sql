-- How segments of logs stand: each went out in turn 0, and each later turn says that it came back
-- or went out again.
CREATE TABLE hos_archive (
    scope bigint NOT NULL,
    first_index bigint NOT NULL,
    turn bigint NOT NULL CHECK (turn >= 0),
    end_index bigint NOT NULL,
    entry uuid NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    least_id uuid NOT NULL,
    greatest_id uuid NOT NULL,
    PRIMARY KEY (scope, first_index, turn)
);
SELECT hos_wall('hos_archive');

-- Its entry is of the same transaction, so that none of an earlier day opens the door. Whoever lets
-- rows go holds the row before this one, and is waited for before the rows are counted.
CREATE FUNCTION hos_require_segment() RETURNS trigger
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $$
BEGIN
    IF NEW.turn = 0 THEN
        IF NEW.first_index <> coalesce((
            SELECT end_index FROM hos_archive WHERE scope = NEW.scope
            ORDER BY first_index DESC LIMIT 1
        ), 0) OR NEW.end_index > coalesce((
            SELECT size FROM hos_log WHERE scope = NEW.scope
        ), 0) THEN
            RAISE EXCEPTION 'hos:segment stands elsewhere' USING ERRCODE = 'HO001';
        END IF;
    ELSE
        PERFORM FROM hos_archive
        WHERE scope = NEW.scope AND first_index = NEW.first_index AND turn = NEW.turn - 1
            AND end_index = NEW.end_index
        FOR UPDATE;
        IF NOT FOUND OR EXISTS (
            SELECT FROM hos_archive
            WHERE scope = NEW.scope AND first_index = NEW.first_index AND turn >= NEW.turn
        ) OR NEW.end_index - NEW.first_index <> (
            SELECT count(*) FROM hos_leaf JOIN hos_entry ON hos_entry.id = hos_leaf.entry
            WHERE hos_leaf.scope = NEW.scope
                AND leaf_index >= NEW.first_index AND leaf_index < NEW.end_index
        ) THEN
            RAISE EXCEPTION 'hos:segment stands elsewhere' USING ERRCODE = 'HO001';
        END IF;
    END IF;
    IF NEW.end_index - NEW.first_index NOT BETWEEN 1 AND 65536
        OR NEW.first_index % 256 <> 0 OR NEW.end_index % 256 <> 0
    THEN
        RAISE EXCEPTION 'hos:segment is cut wrong' USING ERRCODE = 'HO001';
    END IF;
    IF NOT EXISTS (
        SELECT FROM hos_entry
        WHERE id = NEW.entry AND scope = NEW.scope
            AND type = CASE NEW.turn % 2 WHEN 0 THEN 'archive/1' ELSE 'restore/1' END
            AND xmin = pg_current_xact_id()::xid
    ) THEN
        RAISE EXCEPTION 'hos:segment without proof' USING ERRCODE = 'HO001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hos_archive_proved BEFORE INSERT ON hos_archive
FOR EACH ROW EXECUTE FUNCTION hos_require_segment();
CREATE TRIGGER hos_archive_kept BEFORE UPDATE OR DELETE ON hos_archive
FOR EACH ROW EXECUTE FUNCTION hos_refuse('hos:segment is immutable');
CREATE TRIGGER hos_archive_whole BEFORE TRUNCATE ON hos_archive
FOR EACH STATEMENT EXECUTE FUNCTION hos_refuse('hos:nothing is truncated');

-- Whether the entry at an index is archived.
CREATE FUNCTION hos_is_archived(own bigint, at bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT turn % 2 = 0 AND end_index > at FROM hos_archive
    WHERE scope = own AND first_index <= at
    ORDER BY first_index DESC, turn DESC LIMIT 1
$$;

-- An entry goes only while its segment is archived, before its place.
CREATE FUNCTION hos_require_archived() RETURNS trigger
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $$
DECLARE
    archived boolean;
BEGIN
    IF TG_ARGV[0] = 'leaf' THEN
        archived := hos_is_archived(OLD.scope, OLD.leaf_index);
    ELSE
        SELECT hos_is_archived(hos_leaf.scope, hos_leaf.leaf_index) INTO archived
        FROM hos_leaf WHERE hos_leaf.entry = OLD.id;
    END IF;
    IF archived IS NOT TRUE THEN
        RAISE EXCEPTION 'hos:entry is immutable' USING ERRCODE = 'HO001';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER hos_entry_gone BEFORE DELETE ON hos_entry
FOR EACH ROW EXECUTE FUNCTION hos_require_archived('entry');
CREATE TRIGGER hos_leaf_gone BEFORE DELETE ON hos_leaf
FOR EACH ROW EXECUTE FUNCTION hos_require_archived('leaf');

-- The segments of a log that end after an index, each as it stands now.
CREATE FUNCTION hos_segments(world text, tenant text, after bigint, most integer)
RETURNS TABLE (
    first_index bigint, end_index bigint, turn bigint, entry uuid, digest bytea, least_id uuid,
    greatest_id uuid
)
LANGUAGE plpgsql VOLATILE
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    own bigint := hos_bind_one(world, tenant);
BEGIN
    RETURN QUERY
    SELECT DISTINCT ON (segment.first_index)
        segment.first_index, segment.end_index, segment.turn, segment.entry, segment.digest,
        segment.least_id, segment.greatest_id
    FROM hos_archive AS segment
    WHERE segment.scope = own AND segment.first_index > after - 65536
        AND segment.end_index > after
    ORDER BY segment.first_index, segment.turn DESC
    LIMIT most;
END $$;

-- Holds an archived segment until the transaction ends; answers where it ends, or null when it is
-- not archived. Looks again once it holds it, for the turn may have been another's meanwhile.
CREATE FUNCTION hos_hold_segment(own bigint, first bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    held bigint;
    ends bigint;
BEGIN
    SELECT turn, end_index INTO held, ends FROM hos_archive
    WHERE scope = own AND first_index = first
    ORDER BY turn DESC LIMIT 1
    FOR UPDATE;
    RETURN CASE WHEN held % 2 = 0 AND NOT EXISTS (
        SELECT FROM hos_archive WHERE scope = own AND first_index = first AND turn > held
    ) THEN ends END;
END $$;

-- Lets rows of an archived segment go, in the order of the log; answers how many entries went.
CREATE FUNCTION hos_release(world text, tenant text, first bigint, most integer) RETURNS integer
LANGUAGE plpgsql VOLATILE
SET jit = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    own bigint := hos_bind_one(world, tenant);
    ends bigint := hos_hold_segment(own, first);
    last bigint;
    entries uuid[];
    released integer;
BEGIN
    SELECT max(going.leaf_index), array_agg(going.entry) INTO last, entries
    FROM (
        SELECT leaf_index, entry FROM hos_leaf
        WHERE scope = own AND leaf_index >= first AND leaf_index < ends
        ORDER BY leaf_index LIMIT most
    ) AS going;
    DELETE FROM hos_part WHERE hos_part.scope = own AND hos_part.entry = ANY (entries);
    DELETE FROM hos_entry WHERE hos_entry.scope = own AND hos_entry.id = ANY (entries);
    DELETE FROM hos_leaf WHERE scope = own AND leaf_index >= first AND leaf_index <= last;
    GET DIAGNOSTICS released = ROW_COUNT;
    RETURN released;
END $$;

-- Puts rows of an archived segment back, those that are not there; false when it is not archived.
CREATE FUNCTION hos_refill(
    world text, tenant text, first bigint,
    indexes bigint[], numbers uuid[], types text[], kinds text[], ids text[], revisions bigint[],
    moving boolean[], times bigint[], hashes bytea[], leaves text[], parts text[]
) RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET jit = off
AS $$
DECLARE
    own bigint := hos_bind_one(world, tenant);
    ends bigint := hos_hold_segment(own, first);
    missing bigint[];
BEGIN
    IF ends IS NULL THEN
        RETURN false;
    END IF;
    missing := ARRAY(
        SELECT at FROM unnest(indexes) AS at
        WHERE at >= first AND at < ends AND NOT EXISTS (
            SELECT FROM hos_leaf WHERE scope = own AND leaf_index = at
        )
    );
    INSERT INTO hos_entry (
        id, scope, subject, revision, recorded_at, moves, type, leaf_hash, leaf
    )
    SELECT
        line.number, own, hos_subject.number, line.revision, line.at, line.moves, line.type,
        line.hash, line.leaf
    FROM unnest(indexes, numbers, types, kinds, ids, revisions, moving, times, hashes, leaves)
        AS line (index, number, type, kind, id, revision, moves, at, hash, leaf)
    LEFT JOIN hos_subject ON hos_subject.scope = own
        AND hos_subject.kind = line.kind AND hos_subject.id = line.id
    WHERE line.index = ANY (missing);
    INSERT INTO hos_part (entry, scope, name, salt, body)
    SELECT line.number, own, part ->> 0, decode(part ->> 1, 'hex'), part ->> 2
    FROM unnest(indexes, numbers, parts) AS line (index, number, parts)
    CROSS JOIN LATERAL json_array_elements(line.parts::json) AS part
    WHERE line.index = ANY (missing);
    INSERT INTO hos_leaf (scope, leaf_index, entry, leaf_hash)
    SELECT own, line.index, line.number, line.hash
    FROM unnest(indexes, numbers, hashes) AS line (index, number, hash)
    WHERE line.index = ANY (missing);
    RETURN true;
END $$;
