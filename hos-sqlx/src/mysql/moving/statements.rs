//! The statements of a move, all static, but those that write rows.

use crate::moving::Table;

/// One move into a database at a time, as long as its connection lives. A lock's name is for the
/// whole server, and no longer than 64 characters.
pub(super) const LOCK: &str =
    "SELECT coalesce(GET_LOCK(concat('hos_move.', md5(database())), ?), 0)";

/// Nobody hurries a statement that counts or compares, nor ends the session between two. Receipts
/// are not swept.
pub(super) const SESSION: &str = "
    SET SESSION max_statement_time = 0, SESSION idle_transaction_timeout = 0,
        SESSION idle_readonly_transaction_timeout = 0,
        SESSION idle_write_transaction_timeout = 0,
        @hos_sweeps = NULL";

/// What the plans of the comparison, and those of the store after it, are made from.
pub(super) const ANALYZE: &str = "
    ANALYZE LOCAL TABLE hos_scope, hos_entry, hos_leaf, hos_part, hos_log, hos_dedup,
        hos_subject, hos_receipt, hos_outbox, hos_timer, hos_member, hos_ban, hos_grant,
        hos_mode, hos_law, hos_contract, hos_tile, hos_checkpoint, hos_deployment,
        hos_attestation, hos_log_epoch";

pub(super) const BEGIN_PICTURE: &str = "
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
    START TRANSACTION WITH CONSISTENT SNAPSHOT";

/// Nothing of the law is written without a scope, and nothing waits without an entry.
pub(super) const IS_USED: &str = "
    SELECT
        EXISTS (SELECT 1 FROM hos_scope) OR EXISTS (SELECT 1 FROM hos_entry)
        OR EXISTS (SELECT 1 FROM hos_subject) OR EXISTS (SELECT 1 FROM hos_receipt)
        OR EXISTS (SELECT 1 FROM hos_leaf) OR EXISTS (SELECT 1 FROM hos_outbox)";

/// The sequence of a table's numbers, where they do not come from a counter of the table's own.
pub(super) fn sequence(table: Table) -> Option<&'static str> {
    match table {
        Table::Subject => Some("hos_subject_number"),
        Table::Outbox => Some("hos_outbox_id"),
        _ => None,
    }
}

/// The last number that was given. A sequence is asked for one, which is lost and harms nobody:
/// what it holds in reserve cannot be read.
pub(super) fn last_number(table: Table) -> Option<&'static str> {
    Some(match table {
        Table::Subject => "SELECT NEXTVAL(hos_subject_number)",
        Table::Outbox => "SELECT NEXTVAL(hos_outbox_id)",
        Table::Scope => {
            "SELECT CAST(auto_increment AS SIGNED) - 1 FROM information_schema.tables
            WHERE table_schema = database() AND table_name = 'hos_scope'"
        }
        Table::Law => {
            "SELECT CAST(auto_increment AS SIGNED) - 1 FROM information_schema.tables
            WHERE table_schema = database() AND table_name = 'hos_law'"
        }
        Table::Contract => {
            "SELECT CAST(auto_increment AS SIGNED) - 1 FROM information_schema.tables
            WHERE table_schema = database() AND table_name = 'hos_contract'"
        }
        Table::Grant => {
            "SELECT CAST(auto_increment AS SIGNED) - 1 FROM information_schema.tables
            WHERE table_schema = database() AND table_name = 'hos_grant'"
        }
        _ => return None,
    })
}

/// A page of a table: first the values of the key that it comes after, each but the last twice;
/// then the most rows.
pub(super) fn page(table: Table) -> &'static str {
    match table {
        Table::Scope => {
            "SELECT
                number, world, tenant, status, members, bans, grants, modes, status_generation
            FROM hos_scope WHERE number > ? ORDER BY number LIMIT ?"
        }
        Table::Law => {
            "SELECT number, scope, version, digest, deployment
            FROM hos_law WHERE number > ? ORDER BY number LIMIT ?"
        }
        Table::Contract => {
            "SELECT number, scope, kind, version, digest
            FROM hos_contract WHERE number > ? ORDER BY number LIMIT ?"
        }
        Table::Entry => PAGE_OF_ENTRY,
        Table::Dedup => {
            "SELECT scope, dedup FROM hos_dedup
            WHERE scope > ? OR (scope = ? AND dedup > ?) ORDER BY scope, dedup LIMIT ?"
        }
        Table::Part => {
            "SELECT entry, name, scope, salt, body FROM hos_part
            WHERE entry > ? OR (entry = ? AND name > ?) ORDER BY entry, name LIMIT ?"
        }
        Table::Log => {
            "SELECT scope, size, frontier FROM hos_log WHERE scope > ? ORDER BY scope LIMIT ?"
        }
        Table::Epoch => PAGE_OF_EPOCH,
        Table::Tile => PAGE_OF_TILE,
        Table::Checkpoint => PAGE_OF_CHECKPOINT,
        Table::Deployment => PAGE_OF_DEPLOYMENT,
        Table::Attestation => PAGE_OF_ATTESTATION,
        Table::Subject => {
            "SELECT
                number, world, scope, revision, proof_id, terminal, timed, kind, id, state,
                contract, attributes
            FROM hos_subject WHERE number > ? ORDER BY number LIMIT ?"
        }
        Table::Receipt => {
            "SELECT scope, `key`, expires_at, fingerprint, receipt FROM hos_receipt
            WHERE scope > ? OR (scope = ? AND `key` > ?) ORDER BY scope, `key` LIMIT ?"
        }
        Table::Outbox => {
            "SELECT id, scope, subject, revision, entry, topic, payload, traceparent
            FROM hos_outbox WHERE id > ? ORDER BY id LIMIT ?"
        }
        Table::Timer => {
            "SELECT subject, action, world, scope, revision, due_at FROM hos_timer
            WHERE subject > ? OR (subject = ? AND action > ?) ORDER BY subject, action LIMIT ?"
        }
        Table::Member => {
            "SELECT scope, actor, roles FROM hos_member
            WHERE scope > ? OR (scope = ? AND actor > ?) ORDER BY scope, actor LIMIT ?"
        }
        Table::Ban => {
            "SELECT scope, actor FROM hos_ban
            WHERE scope > ? OR (scope = ? AND actor > ?) ORDER BY scope, actor LIMIT ?"
        }
        Table::Grant => {
            "SELECT number, scope, actor, unhex(replace(id, '-', '')), pattern, until, break_glass
            FROM hos_grant WHERE number > ? ORDER BY number LIMIT ?"
        }
        Table::Mode => {
            "SELECT scope, ability, mode FROM hos_mode
            WHERE scope > ? OR (scope = ? AND ability > ?) ORDER BY scope, ability LIMIT ?"
        }
    }
}

/// By the places, so that no plan looks at more entries than a page has.
const PAGE_OF_ENTRY: &str = "
    SELECT
        placed.scope, placed.leaf_index, hos_entry.id, subject, revision, recorded_at, moves, type,
        hos_entry.leaf_hash, leaf
    FROM hos_leaf AS placed
    LEFT JOIN hos_entry ON hos_entry.id = placed.entry
        AND hos_entry.scope = placed.scope AND hos_entry.leaf_hash = placed.leaf_hash
    WHERE placed.scope > ? OR (placed.scope = ? AND placed.leaf_index > ?)
    ORDER BY placed.scope, placed.leaf_index LIMIT ?";

const PAGE_OF_EPOCH: &str = "
    SELECT scope, number, recorded_in, entry FROM hos_log_epoch
    WHERE scope > ? OR (scope = ? AND number > ?) ORDER BY scope, number LIMIT ?";

const PAGE_OF_TILE: &str = "
    SELECT scope, level, place, root, hashes FROM hos_tile
    WHERE scope > ? OR (scope = ? AND (level > ? OR (level = ? AND place > ?)))
    ORDER BY scope, level, place LIMIT ?";

const PAGE_OF_CHECKPOINT: &str = "
    SELECT scope, size, sealed_at, note FROM hos_checkpoint
    WHERE scope > ? OR (scope = ? AND size > ?) ORDER BY scope, size LIMIT ?";

const PAGE_OF_DEPLOYMENT: &str = "
    SELECT leaf_index, scope, size, leaf_hash, note FROM hos_deployment
    WHERE leaf_index > ? ORDER BY leaf_index LIMIT ?";

const PAGE_OF_ATTESTATION: &str = "
    SELECT size, kind, attester, body FROM hos_attestation
    WHERE size > ? OR (size = ? AND (kind > ? OR (kind = ? AND attester > ?)))
    ORDER BY size, kind, attester LIMIT ?";
