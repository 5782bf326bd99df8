SELECT pg_advisory_xact_lock(x'484f5331'::bigint);
CREATE TABLE IF NOT EXISTS hos_schema (
    version integer PRIMARY KEY CHECK (version >= 1),
    name text COLLATE "C" NOT NULL
);
