//! The statements of a move, all static.

use crate::moving::Table;

/// The plans of a page stay those of a page, whatever the tables hold.
pub(super) const SESSION: &str = "
    SET statement_timeout = 0;
    SET idle_in_transaction_session_timeout = 0;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off";

/// How far a move has come; made by the first move, for most databases never see one.
pub(super) const MOVE: &str = "
    CREATE TABLE IF NOT EXISTS hos_move (
        number smallint PRIMARY KEY DEFAULT 1 CHECK (number = 1),
        deployment text NOT NULL,
        state text NOT NULL,
        mark text,
        finished boolean NOT NULL DEFAULT false
    )";

pub(super) const BEGIN: &str = "BEGIN; SELECT hos_bind_all()";

/// What the plans of the comparison are made from.
pub(super) const ANALYZE: &str = "
    ANALYZE hos_scope, hos_entry, hos_leaf, hos_part, hos_log, hos_dedup, hos_subject,
        hos_receipt, hos_outbox, hos_timer, hos_member, hos_ban, hos_grant, hos_mode, hos_law,
        hos_contract, hos_log_epoch, hos_tile, hos_checkpoint, hos_deployment, hos_attestation";

pub(super) const BEGIN_PICTURE: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT hos_bind_all()";

/// Nothing of the law is written without a scope, and nothing waits without an entry.
pub(super) const IS_USED: &str = "
    SELECT (
        EXISTS (SELECT FROM hos_scope) OR EXISTS (SELECT FROM hos_entry)
        OR EXISTS (SELECT FROM hos_subject) OR EXISTS (SELECT FROM hos_receipt)
        OR EXISTS (SELECT FROM hos_leaf) OR EXISTS (SELECT FROM hos_outbox)
    )::integer::bigint";

/// The sequence of a table's numbers.
pub(super) struct Sequence {
    pub(super) raise: &'static str,
    pub(super) last: &'static str,
}

pub(super) fn sequence(table: Table) -> Option<Sequence> {
    let (raise, last) = match table {
        Table::Scope => (
            "SELECT setval('hos_scope_number_seq', greatest(last_value, $1))
            FROM hos_scope_number_seq",
            "SELECT last_value FROM hos_scope_number_seq",
        ),
        Table::Law => (
            "SELECT setval('hos_law_number_seq', greatest(last_value, $1)) FROM hos_law_number_seq",
            "SELECT last_value FROM hos_law_number_seq",
        ),
        Table::Contract => (
            "SELECT setval('hos_contract_number_seq', greatest(last_value, $1))
            FROM hos_contract_number_seq",
            "SELECT last_value FROM hos_contract_number_seq",
        ),
        Table::Subject => (
            "SELECT setval('hos_subject_number_seq', greatest(last_value, $1))
            FROM hos_subject_number_seq",
            "SELECT last_value FROM hos_subject_number_seq",
        ),
        Table::Grant => (
            "SELECT setval('hos_grant_number_seq', greatest(last_value, $1))
            FROM hos_grant_number_seq",
            "SELECT last_value FROM hos_grant_number_seq",
        ),
        Table::Outbox => (
            "SELECT setval('hos_outbox_id', greatest(last_value, $1)) FROM hos_outbox_id",
            "SELECT last_value FROM hos_outbox_id",
        ),
        _ => return None,
    };
    Some(Sequence { raise, last })
}

/// Writes rows that come as one array for each column.
pub(super) fn write(table: Table) -> &'static str {
    match table {
        Table::Scope => {
            "INSERT INTO hos_scope (
                number, world, tenant, status, members, bans, grants, modes, status_generation
            )
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        }
        Table::Law => {
            "INSERT INTO hos_law (number, scope, version, digest, deployment)
            SELECT * FROM unnest($1, $2, $3, $4, $5)"
        }
        Table::Contract => {
            "INSERT INTO hos_contract (number, scope, kind, version, digest)
            SELECT * FROM unnest($1, $2, $3, $4, $5)"
        }
        Table::Entry => WRITE_ENTRY,
        Table::Dedup => "INSERT INTO hos_dedup (scope, dedup) SELECT * FROM unnest($1, $2)",
        Table::Part => {
            "INSERT INTO hos_part (entry, name, scope, salt, body)
            SELECT * FROM unnest($1, $2, $3, $4, $5)"
        }
        Table::Log => {
            "INSERT INTO hos_log (scope, size, frontier) SELECT * FROM unnest($1, $2, $3)"
        }
        Table::Epoch => {
            "INSERT INTO hos_log_epoch (scope, number, recorded_in, entry)
            SELECT * FROM unnest($1, $2, $3, $4)"
        }
        Table::Tile => {
            "INSERT INTO hos_tile (scope, level, place, root, hashes)
            SELECT * FROM unnest($1, $2, $3, $4, $5)"
        }
        Table::Checkpoint => {
            "INSERT INTO hos_checkpoint (scope, size, sealed_at, note)
            SELECT * FROM unnest($1, $2, $3, $4)"
        }
        Table::Deployment => {
            "INSERT INTO hos_deployment (leaf_index, scope, size, leaf_hash, note)
            SELECT * FROM unnest($1, $2, $3, $4, $5)"
        }
        Table::Attestation => {
            "INSERT INTO hos_attestation (size, kind, attester, body)
            SELECT * FROM unnest($1, $2, $3, $4)"
        }
        Table::Subject => WRITE_SUBJECT,
        Table::Receipt => {
            "INSERT INTO hos_receipt (scope, key, expires_at, fingerprint, receipt)
            SELECT * FROM unnest($1, $2, $3, $4, $5)"
        }
        Table::Outbox => WRITE_OUTBOX,
        Table::Timer => {
            "INSERT INTO hos_timer (subject, action, world, scope, revision, due_at)
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6)"
        }
        Table::Member => {
            "INSERT INTO hos_member (scope, actor, roles) SELECT * FROM unnest($1, $2, $3)"
        }
        Table::Ban => "INSERT INTO hos_ban (scope, actor) SELECT * FROM unnest($1, $2)",
        Table::Grant => {
            "INSERT INTO hos_grant (number, scope, actor, id, pattern, until, break_glass)
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)"
        }
        Table::Mode => {
            "INSERT INTO hos_mode (scope, ability, mode) SELECT * FROM unnest($1, $2, $3)"
        }
    }
}

/// A page of a table: first the values of the key that it comes after, last the most rows.
pub(super) fn page(table: Table) -> &'static str {
    match table {
        Table::Scope => {
            "SELECT
                number, world, tenant, status, members, bans, grants, modes, status_generation
            FROM hos_scope WHERE number > $1 ORDER BY number LIMIT $2"
        }
        Table::Law => {
            "SELECT number, scope, version, digest, deployment
            FROM hos_law WHERE number > $1 ORDER BY number LIMIT $2"
        }
        Table::Contract => {
            "SELECT number, scope, kind, version, digest
            FROM hos_contract WHERE number > $1 ORDER BY number LIMIT $2"
        }
        Table::Entry => PAGE_OF_ENTRY,
        Table::Dedup => {
            "SELECT scope, dedup FROM hos_dedup
            WHERE (scope, dedup) > ($1, $2) ORDER BY scope, dedup LIMIT $3"
        }
        Table::Part => {
            "SELECT entry, name, scope, salt, body FROM hos_part
            WHERE (entry, name) > ($1, $2) ORDER BY entry, name LIMIT $3"
        }
        Table::Log => {
            "SELECT scope, size, frontier FROM hos_log WHERE scope > $1 ORDER BY scope LIMIT $2"
        }
        Table::Epoch => PAGE_OF_EPOCH,
        Table::Tile => PAGE_OF_TILE,
        Table::Checkpoint => PAGE_OF_CHECKPOINT,
        Table::Deployment => PAGE_OF_DEPLOYMENT,
        Table::Attestation => PAGE_OF_ATTESTATION,
        Table::Subject => PAGE_OF_SUBJECT,
        Table::Receipt => {
            "SELECT scope, key, expires_at, fingerprint, receipt FROM hos_receipt
            WHERE (scope, key) > ($1, $2) ORDER BY scope, key LIMIT $3"
        }
        Table::Outbox => {
            "SELECT id, scope, subject, revision, entry, topic, payload, traceparent
            FROM hos_outbox WHERE id > $1 ORDER BY id LIMIT $2"
        }
        Table::Timer => {
            "SELECT subject, action, world, scope, revision, due_at FROM hos_timer
            WHERE (subject, action) > ($1, $2) ORDER BY subject, action LIMIT $3"
        }
        Table::Member => {
            "SELECT scope, actor, roles FROM hos_member
            WHERE (scope, actor) > ($1, $2) ORDER BY scope, actor LIMIT $3"
        }
        Table::Ban => {
            "SELECT scope, actor FROM hos_ban
            WHERE (scope, actor) > ($1, $2) ORDER BY scope, actor LIMIT $3"
        }
        Table::Grant => {
            "SELECT number, scope, actor, id, pattern, until, break_glass
            FROM hos_grant WHERE number > $1 ORDER BY number LIMIT $2"
        }
        Table::Mode => {
            "SELECT scope, ability, mode FROM hos_mode
            WHERE (scope, ability) > ($1, $2) ORDER BY scope, ability LIMIT $3"
        }
    }
}

/// The page of places first, so that no plan looks at more entries than it has.
const PAGE_OF_ENTRY: &str = "
    SELECT
        placed.scope, leaf_index, id, subject, revision, recorded_at, moves, type,
        hos_entry.leaf_hash, leaf
    FROM (
        SELECT scope, leaf_index, entry, leaf_hash FROM hos_leaf
        WHERE (scope, leaf_index) > ($1, $2) ORDER BY scope, leaf_index LIMIT $3
    ) AS placed
    LEFT JOIN hos_entry ON hos_entry.id = placed.entry
        AND hos_entry.scope = placed.scope AND hos_entry.leaf_hash = placed.leaf_hash
    ORDER BY placed.scope, leaf_index";

const PAGE_OF_SUBJECT: &str = "
    SELECT
        number, world, scope, revision, proof_id, terminal, timed, kind, id, state,
        contract, attributes
    FROM hos_subject WHERE number > $1 ORDER BY number LIMIT $2";

const WRITE_ENTRY: &str = "
    WITH line AS (
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS line (
            scope, leaf_index, id, subject, revision, recorded_at, moves, type, leaf_hash,
            leaf
        )
    ), placed AS (
        INSERT INTO hos_leaf (scope, leaf_index, entry, leaf_hash)
        SELECT scope, leaf_index, id, leaf_hash FROM line
    )
    INSERT INTO hos_entry (
        id, scope, subject, revision, recorded_at, moves, type, leaf_hash, leaf
    )
    SELECT id, scope, subject, revision, recorded_at, moves, type, leaf_hash, leaf
    FROM line";

const WRITE_SUBJECT: &str = "
    INSERT INTO hos_subject (
        number, world, scope, revision, proof_id, terminal, timed, kind, id, state,
        contract, attributes
    )
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

const WRITE_OUTBOX: &str = "
    INSERT INTO hos_outbox (
        id, slot, scope, subject, revision, entry, topic, payload, traceparent
    )
    SELECT id, slot, scope, subject, revision, entry, topic, payload, traceparent
    FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS line (
        id, scope, subject, revision, entry, topic, payload, traceparent
    )
    CROSS JOIN hos_outbox_slot";

const PAGE_OF_EPOCH: &str = "
    SELECT scope, number, recorded_in, entry FROM hos_log_epoch
    WHERE (scope, number) > ($1, $2) ORDER BY scope, number LIMIT $3";

const PAGE_OF_TILE: &str = "
    SELECT scope, level::bigint, place, root, hashes FROM hos_tile
    WHERE (scope, level, place) > ($1, $2, $3) ORDER BY scope, level, place LIMIT $4";

const PAGE_OF_CHECKPOINT: &str = "
    SELECT scope, size, sealed_at, note FROM hos_checkpoint
    WHERE (scope, size) > ($1, $2) ORDER BY scope, size LIMIT $3";

const PAGE_OF_DEPLOYMENT: &str = "
    SELECT leaf_index, scope, size, leaf_hash, note FROM hos_deployment
    WHERE leaf_index > $1 ORDER BY leaf_index LIMIT $2";

const PAGE_OF_ATTESTATION: &str = "
    SELECT size, kind, attester, body FROM hos_attestation
    WHERE (size, kind, attester) > ($1, $2, $3)
    ORDER BY size, kind, attester LIMIT $4";
