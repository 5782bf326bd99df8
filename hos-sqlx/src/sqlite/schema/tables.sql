CREATE TABLE hos_schema (
    version INTEGER PRIMARY KEY CHECK (version >= 1),
    name TEXT NOT NULL
) STRICT;

-- One row per tenant, and one, `@world`, per world. It is registered once it has a status.
-- `generation` rises with every change of standing, so that one number tells of all groups.
CREATE TABLE hos_scope (
    number INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 8388607),
    world TEXT NOT NULL,
    tenant TEXT NOT NULL,
    status TEXT CHECK (status IN ('open', 'closed')),
    members INTEGER NOT NULL DEFAULT 0,
    bans INTEGER NOT NULL DEFAULT 0,
    grants INTEGER NOT NULL DEFAULT 0,
    modes INTEGER NOT NULL DEFAULT 0,
    status_generation INTEGER NOT NULL DEFAULT 0,
    generation INTEGER NOT NULL AS (members + bans + grants + modes + status_generation),
    log_size INTEGER NOT NULL DEFAULT 0 CHECK (log_size BETWEEN 0 AND 1099511627775),
    log_frontier BLOB NOT NULL DEFAULT x'',
    UNIQUE (world, tenant)
) STRICT;

-- `position` is the scope's number times 2^40 plus the leaf index: the log is the table's own
-- order, and appending to it touches its right edge alone.
CREATE TABLE hos_entry (
    position INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    type TEXT NOT NULL,
    subject INTEGER,
    revision INTEGER,
    moves INTEGER NOT NULL CHECK (moves IN (0, 1)),
    recorded_at INTEGER NOT NULL,
    leaf TEXT NOT NULL,
    leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32),
    dedup BLOB,
    leaf_index INTEGER AS (position & 1099511627775),
    scope INTEGER AS (position >> 40)
) STRICT;

CREATE UNIQUE INDEX hos_entry_history ON hos_entry (subject, revision) WHERE moves = 1;
CREATE UNIQUE INDEX hos_entry_dedup ON hos_entry (scope, dedup) WHERE dedup IS NOT NULL;

CREATE TABLE hos_part (
    entry INTEGER NOT NULL,
    name TEXT NOT NULL,
    salt BLOB NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (entry, name)
) STRICT, WITHOUT ROWID;

-- `number` is the position of the entry that opened the subject; `position` that of the entry
-- that proves its present state.
CREATE TABLE hos_subject (
    number INTEGER PRIMARY KEY,
    scope INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    terminal INTEGER NOT NULL CHECK (terminal IN (0, 1)),
    contract TEXT NOT NULL,
    proof_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    attributes TEXT NOT NULL,
    UNIQUE (scope, kind, id)
) STRICT;

-- How many live subjects pin a contract version.
CREATE TABLE hos_pin (
    scope INTEGER NOT NULL,
    kind TEXT NOT NULL,
    contract TEXT NOT NULL,
    live INTEGER NOT NULL,
    PRIMARY KEY (scope, kind, contract)
) STRICT, WITHOUT ROWID;

-- Live subjects by the contract version that they pin: a migration lists them.
CREATE TABLE hos_live (
    scope INTEGER NOT NULL,
    kind TEXT NOT NULL,
    contract TEXT NOT NULL,
    id TEXT NOT NULL,
    subject INTEGER NOT NULL,
    PRIMARY KEY (scope, kind, contract, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE hos_receipt (
    number INTEGER PRIMARY KEY,
    scope INTEGER NOT NULL,
    key BLOB NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    expires_at INTEGER NOT NULL,
    receipt TEXT NOT NULL,
    UNIQUE (scope, key)
) STRICT;

CREATE INDEX hos_receipt_expiry ON hos_receipt (expires_at);

-- AUTOINCREMENT, so that a number ticked off late never means another message.
CREATE TABLE hos_outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subject INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    entry BLOB NOT NULL,
    topic TEXT NOT NULL,
    payload TEXT NOT NULL,
    traceparent TEXT
) STRICT;

-- `world` is the number of the world's own scope.
CREATE TABLE hos_timer (
    subject INTEGER NOT NULL,
    action TEXT NOT NULL,
    world INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    PRIMARY KEY (subject, action)
) STRICT, WITHOUT ROWID;

CREATE INDEX hos_timer_due ON hos_timer (world, due_at, subject, action);

CREATE TABLE hos_member (
    scope INTEGER NOT NULL,
    actor TEXT NOT NULL,
    roles TEXT NOT NULL,
    PRIMARY KEY (scope, actor)
) STRICT, WITHOUT ROWID;

CREATE TABLE hos_ban (
    scope INTEGER NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (scope, actor)
) STRICT, WITHOUT ROWID;

-- The order of the rows is the order in which grants were given.
CREATE TABLE hos_grant (
    number INTEGER PRIMARY KEY,
    scope INTEGER NOT NULL,
    actor TEXT NOT NULL,
    id TEXT NOT NULL,
    pattern TEXT NOT NULL,
    until INTEGER NOT NULL,
    break_glass INTEGER NOT NULL CHECK (break_glass IN (0, 1)),
    UNIQUE (scope, actor, id)
) STRICT;

-- The empty ability stands for every ability without a mode of its own.
CREATE TABLE hos_mode (
    scope INTEGER NOT NULL,
    ability TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('enforce', 'shadow', 'off')),
    PRIMARY KEY (scope, ability)
) STRICT, WITHOUT ROWID;

-- The laws that came into force; the last one is.
CREATE TABLE hos_law (
    number INTEGER PRIMARY KEY,
    world TEXT NOT NULL,
    version TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    deployment TEXT NOT NULL
) STRICT;

CREATE TABLE hos_contract (
    number INTEGER PRIMARY KEY,
    world TEXT NOT NULL,
    kind TEXT NOT NULL,
    version TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    UNIQUE (world, kind, version, digest)
) STRICT;
