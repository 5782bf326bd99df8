SELECT pg_advisory_xact_lock(x'484f5356'::bigint);
CREATE TABLE IF NOT EXISTS hos_vault_schema (version bigint PRIMARY KEY)
