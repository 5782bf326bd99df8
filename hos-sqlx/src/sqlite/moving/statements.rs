//! The rows of each table as they are kept elsewhere.

use crate::moving::Table;

/// The worlds and the first law of each.
pub(super) const DEPLOYMENT: &str = "
    SELECT json_group_array(json_array(world, version, hex(digest), deployment) ORDER BY world)
    FROM hos_law AS first
    WHERE number = (SELECT min(number) FROM hos_law WHERE hos_law.world = first.world)";

/// Heads, generations, and what can change without any of them; counts come beside it.
pub(super) const STATE: &str = "
    SELECT json_array(
        (
            SELECT json_group_array(
                json_array(
                    number, status, members, bans, grants, modes, status_generation, log_size,
                    hex(log_frontier)
                ) ORDER BY number
            )
            FROM hos_scope
        ),
        (SELECT total(due_at) FROM hos_timer),
        (SELECT total(id) FROM hos_outbox),
        (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'hos_outbox')
    )";

/// How many segments the archive answers for.
pub(super) const ARCHIVED: &str = "
    SELECT count(*) FROM hos_archive AS segment
    WHERE turn & 1 = 0 AND NOT EXISTS (
        SELECT 1 FROM hos_archive AS later
        WHERE later.scope = segment.scope AND later.first_index = segment.first_index
            AND later.turn > segment.turn
    )";

/// The first entry from a number on.
pub(super) const NEXT_ENTRY: &str = "SELECT id FROM hos_entry WHERE id >= ?1 ORDER BY id LIMIT 1";

/// The highest number of each table whose numbers go on elsewhere.
pub(super) const HIGHEST: [(Table, &str); 6] = [
    (Table::Scope, "SELECT coalesce(max(number), 0) FROM hos_scope"),
    (Table::Law, "SELECT coalesce(max(number), 0) FROM hos_law"),
    (Table::Contract, "SELECT coalesce(max(number), 0) FROM hos_contract"),
    (Table::Subject, "SELECT coalesce(max(number), 0) FROM hos_subject"),
    (Table::Grant, "SELECT coalesce(max(number), 0) FROM hos_grant"),
    // A number that was ticked off never means another message.
    (Table::Outbox, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'hos_outbox'"),
];

/// How many rows, as they will be.
pub(super) fn count(table: Table) -> &'static str {
    match table {
        Table::Dedup => {
            "SELECT (SELECT count(*) FROM hos_entry WHERE dedup IS NOT NULL)
                + (SELECT count(*) FROM hos_dedup)"
        }
        Table::Log => "SELECT count(*) FROM hos_scope WHERE log_size > 0",
        other => other.count(),
    }
}

/// A page of a table: first the values of the key that it comes after, last the most rows.
pub(super) fn page(table: Table) -> &'static str {
    match table {
        Table::Scope => {
            "SELECT
                number, world, tenant, status, members, bans, grants, modes, status_generation
            FROM hos_scope WHERE number > ?1 ORDER BY number LIMIT ?2"
        }
        Table::Law => {
            "SELECT hos_law.number, hos_scope.number, version, digest, deployment
            FROM hos_law CROSS JOIN hos_scope
                ON hos_scope.world = hos_law.world AND tenant = '@world'
            WHERE hos_law.number > ?1 ORDER BY hos_law.number LIMIT ?2"
        }
        Table::Contract => {
            "SELECT hos_contract.number, hos_scope.number, kind, version, digest
            FROM hos_contract CROSS JOIN hos_scope
                ON hos_scope.world = hos_contract.world AND tenant = '@world'
            WHERE hos_contract.number > ?1 ORDER BY hos_contract.number LIMIT ?2"
        }
        Table::Entry => PAGE_OF_ENTRY,
        Table::Epoch => PAGE_OF_EPOCH,
        Table::Tile => PAGE_OF_TILE,
        Table::Checkpoint => PAGE_OF_CHECKPOINT,
        Table::Deployment => PAGE_OF_DEPLOYMENT,
        Table::Attestation => PAGE_OF_ATTESTATION,
        Table::Dedup => {
            "SELECT * FROM (
                SELECT scope, dedup FROM hos_entry INDEXED BY hos_entry_dedup
                WHERE dedup IS NOT NULL AND (scope, dedup) > (?1, ?2)
                ORDER BY scope, dedup LIMIT ?3
            )
            UNION ALL SELECT * FROM (
                SELECT scope, dedup FROM hos_dedup WHERE (scope, dedup) > (?1, ?2)
                ORDER BY scope, dedup LIMIT ?3
            )
            ORDER BY scope, dedup LIMIT ?3"
        }
        Table::Part => PAGE_OF_PART,
        Table::Log => {
            "SELECT number, log_size, log_frontier FROM hos_scope
            WHERE number > ?1 AND log_size > 0 ORDER BY number LIMIT ?2"
        }
        Table::Subject => PAGE_OF_SUBJECT,
        Table::Receipt => {
            "SELECT scope, key, expires_at, fingerprint, receipt FROM hos_receipt
            WHERE (scope, key) > (?1, ?2) ORDER BY scope, key LIMIT ?3"
        }
        Table::Outbox => PAGE_OF_OUTBOX,
        Table::Timer => {
            "SELECT subject, action, world, scope, hos_timer.revision, due_at
            FROM hos_timer CROSS JOIN hos_subject ON number = subject
            WHERE (subject, action) > (?1, ?2) ORDER BY subject, action LIMIT ?3"
        }
        Table::Member => {
            "SELECT scope, actor, roles FROM hos_member
            WHERE (scope, actor) > (?1, ?2) ORDER BY scope, actor LIMIT ?3"
        }
        Table::Ban => PAGE_OF_BAN,
        Table::Grant => {
            "SELECT number, scope, actor, unhex(id, '-'), pattern, until, break_glass
            FROM hos_grant WHERE number > ?1 ORDER BY number LIMIT ?2"
        }
        Table::Mode => {
            "SELECT scope, ability, mode FROM hos_mode
            WHERE (scope, ability) > (?1, ?2) ORDER BY scope, ability LIMIT ?3"
        }
    }
}

const PAGE_OF_ENTRY: &str = "
    SELECT
        position >> 40, position & 1099511627775, id, subject, revision, recorded_at, moves,
        type, leaf_hash, leaf
    FROM hos_entry WHERE position > (?1 << 40) + ?2 ORDER BY position LIMIT ?3";

const PAGE_OF_SUBJECT: &str = "
    SELECT
        subject.number, above.number, subject.scope, revision, proof_id, terminal,
        EXISTS (SELECT 1 FROM hos_timer WHERE hos_timer.subject = subject.number),
        kind, id, state, contract, attributes
    FROM hos_subject AS subject
    CROSS JOIN hos_scope AS own ON own.number = subject.scope
    CROSS JOIN hos_scope AS above ON above.world = own.world AND above.tenant = '@world'
    WHERE subject.number > ?1 ORDER BY subject.number LIMIT ?2";

const PAGE_OF_OUTBOX: &str = "
    SELECT
        hos_outbox.id, scope, subject, hos_outbox.revision, entry, topic, payload,
        traceparent
    FROM hos_outbox CROSS JOIN hos_subject ON hos_subject.number = subject
    WHERE hos_outbox.id > ?1 ORDER BY hos_outbox.id LIMIT ?2";

const PAGE_OF_PART: &str = "
    SELECT hos_entry.id, name, hos_entry.scope, salt, body
    FROM hos_entry CROSS JOIN hos_part ON hos_part.entry = hos_entry.position
    WHERE hos_entry.id >= ?1 AND (hos_entry.id > ?1 OR name > ?2)
    ORDER BY hos_entry.id, name LIMIT ?3";

const PAGE_OF_BAN: &str = "
    SELECT scope, actor FROM hos_ban
    WHERE (scope, actor) > (?1, ?2) ORDER BY scope, actor LIMIT ?3";

const PAGE_OF_EPOCH: &str = "
    SELECT scope, number, recorded_in, entry FROM hos_log_epoch
    WHERE (scope, number) > (?1, ?2) ORDER BY scope, number LIMIT ?3";

const PAGE_OF_TILE: &str = "
    SELECT scope, level, place, root, hashes FROM hos_tile
    WHERE position > (?1 << 40) + (?2 << 37) + ?3 ORDER BY position LIMIT ?4";

const PAGE_OF_CHECKPOINT: &str = "
    SELECT scope, size, sealed_at, note FROM hos_checkpoint
    WHERE (scope, size) > (?1, ?2) ORDER BY scope, size LIMIT ?3";

const PAGE_OF_DEPLOYMENT: &str = "
    SELECT leaf_index, scope, size, leaf_hash, note FROM hos_deployment
    WHERE leaf_index > ?1 ORDER BY leaf_index LIMIT ?2";

const PAGE_OF_ATTESTATION: &str = "
    SELECT size, kind, attester, body FROM hos_attestation
    WHERE (size, kind, attester) > (?1, ?2, ?3)
    ORDER BY size, kind, attester LIMIT ?4";
