//! Pages of everything, all static.

use hos_core::store::StandingGroup;

pub(super) const BEGIN: &str = "
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
    START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

// A comparison of pairs reads the whole index here, so that it is spelled out.
pub(super) const SCOPES: &str = "
    SELECT world, tenant, status, coalesce(size, 0), coalesce(frontier, '')
    FROM hos_scope LEFT JOIN hos_log ON hos_log.scope = hos_scope.number
    WHERE world >= ? AND (world > ? OR tenant > ?)
    ORDER BY world, tenant LIMIT ?";

pub(super) const ENTRIES: &str = "
    SELECT
        hos_leaf.leaf_index, hos_entry.id, hos_entry.leaf, hos_leaf.leaf_hash,
        hos_entry.leaf_hash, hos_entry.recorded_at
    FROM hos_scope AS own
    STRAIGHT_JOIN hos_leaf ON hos_leaf.scope = own.number
    STRAIGHT_JOIN hos_entry ON hos_entry.id = hos_leaf.entry AND hos_entry.scope = own.number
    WHERE own.world = ? AND own.tenant = ? AND hos_leaf.leaf_index >= ?
    ORDER BY hos_leaf.leaf_index LIMIT ?";

/// The parts of a page, by the indexes of their entries.
pub(super) const PARTS: &str = "
    SELECT hos_leaf.leaf_index, hos_part.name, hos_part.salt, hos_part.body
    FROM hos_scope AS own
    STRAIGHT_JOIN hos_leaf ON hos_leaf.scope = own.number
    STRAIGHT_JOIN hos_part ON hos_part.entry = hos_leaf.entry
    WHERE own.world = ? AND own.tenant = ?
        AND hos_leaf.leaf_index >= ? AND hos_leaf.leaf_index <= ?
    ORDER BY hos_leaf.leaf_index, hos_part.name";

pub(super) const WAITING: &str = "
    SELECT
        hos_pending.number, hos_entry.id, hos_entry.leaf, hos_entry.leaf_hash,
        hos_entry.leaf_hash, hos_entry.recorded_at
    FROM hos_scope AS own
    STRAIGHT_JOIN hos_pending ON hos_pending.scope = own.number
    STRAIGHT_JOIN hos_entry ON hos_entry.id = hos_pending.entry AND hos_entry.scope = own.number
    WHERE own.world = ? AND own.tenant = ? AND hos_pending.number >= ?
    ORDER BY hos_pending.number LIMIT ?";

pub(super) const WAITING_PARTS: &str = "
    SELECT hos_pending.number, hos_part.name, hos_part.salt, hos_part.body
    FROM hos_scope AS own
    STRAIGHT_JOIN hos_pending ON hos_pending.scope = own.number
    STRAIGHT_JOIN hos_part ON hos_part.entry = hos_pending.entry
    WHERE own.world = ? AND own.tenant = ?
        AND hos_pending.number >= ? AND hos_pending.number <= ?
    ORDER BY hos_pending.number, hos_part.name";

pub(super) const TILES: &str = "
    SELECT level, place, root, hashes FROM hos_tile
    WHERE scope = IF(? = '', 0, (SELECT number FROM hos_scope WHERE world = ? AND tenant = ?))
        AND level >= ? AND (level > ? OR place >= ?)
    ORDER BY level, place LIMIT ?";

pub(super) const CHECKPOINTS: &str = "
    SELECT size, note FROM hos_checkpoint
    WHERE scope = IF(? = '', 0, (SELECT number FROM hos_scope WHERE world = ? AND tenant = ?))
        AND size >= ?
    ORDER BY size LIMIT ?";

pub(super) const ANCHORS: &str = "
    SELECT anchor.leaf_index, coalesce(hos_scope.world, ''), coalesce(hos_scope.tenant, ''),
        anchor.size, anchor.note, anchor.leaf_hash, hos_checkpoint.note
    FROM hos_deployment AS anchor
    LEFT JOIN hos_scope ON hos_scope.number = anchor.scope
    LEFT JOIN hos_checkpoint
        ON hos_checkpoint.scope = anchor.scope AND hos_checkpoint.size = anchor.size
    WHERE anchor.leaf_index >= ?
    ORDER BY anchor.leaf_index LIMIT ?";

pub(super) const ATTESTATIONS: &str = "
    SELECT said.size, said.kind, said.attester, said.body, hos_checkpoint.note
    FROM hos_attestation AS said
    LEFT JOIN hos_checkpoint
        ON hos_checkpoint.scope = 0 AND hos_checkpoint.size = said.size
    WHERE said.size >= ? AND (said.size, said.kind, said.attester) > (?, ?, ?)
    ORDER BY said.size, said.kind, said.attester LIMIT ?";

/// Entries that wait, or were set aside, and are not there.
pub(super) const GONE: &str = "
    SELECT entry, coalesce(world, ''), coalesce(tenant, '')
    FROM (
        SELECT entry, scope FROM hos_pending
        WHERE NOT EXISTS (
            SELECT 1 FROM hos_entry
            WHERE hos_entry.id = hos_pending.entry AND hos_entry.scope = hos_pending.scope
        )
        UNION ALL
        SELECT entry, scope FROM hos_quarantine
        WHERE NOT EXISTS (SELECT 1 FROM hos_entry WHERE hos_entry.id = hos_quarantine.entry)
            AND NOT EXISTS (SELECT 1 FROM hos_leaf WHERE hos_leaf.entry = hos_quarantine.entry)
    ) AS gone
    LEFT JOIN hos_scope ON hos_scope.number = gone.scope
    LIMIT ?";

/// The last entry that was looked at, and before it each that has no place.
pub(super) const UNPLACED: &str = "
    WITH looked_at AS (
        SELECT id, scope FROM hos_entry WHERE id > ? ORDER BY id LIMIT ?
    ), judged AS (
        SELECT id, scope,
            EXISTS (
                SELECT 1 FROM hos_leaf
                WHERE hos_leaf.entry = looked_at.id AND hos_leaf.scope = looked_at.scope
                    AND hos_leaf.leaf_index >= 0
            ) OR (id, scope) IN (SELECT entry, scope FROM hos_pending) AS is_placed
        FROM looked_at
    )
    SELECT judged.id, judged.is_placed, coalesce(world, ''), coalesce(tenant, ''),
        EXISTS (SELECT 1 FROM hos_quarantine WHERE hos_quarantine.entry = judged.id)
    FROM judged LEFT JOIN hos_scope ON hos_scope.number = judged.scope
    WHERE NOT is_placed OR judged.id = (SELECT max(id) FROM looked_at)
    ORDER BY judged.id";

pub(super) const SUBJECTS: &str = "
    SELECT
        subject.kind, subject.id, subject.state, subject.revision, subject.terminal,
        subject.contract, subject.attributes, subject.proof_id,
        (
            SELECT leaf FROM hos_entry
            WHERE hos_entry.id = subject.proof_id AND hos_entry.scope = own.number
        )
    FROM hos_scope AS own
    STRAIGHT_JOIN hos_subject AS subject ON subject.scope = own.number
    WHERE own.world = ? AND own.tenant = ?
        AND subject.kind >= ? AND (subject.kind > ? OR subject.id > ?)
    ORDER BY subject.kind, subject.id LIMIT ?";

/// A page of a group: world, tenant, the key that it comes after, and the most rows.
pub(super) fn standing(group: StandingGroup) -> &'static str {
    match group {
        StandingGroup::Ban => {
            "SELECT actor, '' FROM hos_scope AS own
            STRAIGHT_JOIN hos_ban ON hos_ban.scope = own.number
            WHERE own.world = ? AND own.tenant = ? AND actor > ? ORDER BY actor LIMIT ?"
        }
        StandingGroup::Contract => {
            "SELECT name, '' FROM (
                SELECT CAST(concat(kind, ' ', version, ' ', lower(hex(digest))) AS BINARY) AS name
                FROM hos_scope AS own
                STRAIGHT_JOIN hos_contract ON hos_contract.scope = own.number
                WHERE own.world = ? AND own.tenant = ?
            ) AS contract
            WHERE name > ? ORDER BY name LIMIT ?"
        }
        StandingGroup::Grant => {
            "SELECT id, json_array(
                CONVERT(actor USING utf8mb4), CONVERT(pattern USING utf8mb4), until, break_glass
            )
            FROM hos_scope AS own
            STRAIGHT_JOIN hos_grant ON hos_grant.scope = own.number
            WHERE own.world = ? AND own.tenant = ? AND id > ? ORDER BY id LIMIT ?"
        }
        StandingGroup::Law => {
            "SELECT place, concat(version, ' ', lower(hex(digest))) FROM (
                SELECT
                    CAST(
                        lpad(row_number() OVER (ORDER BY hos_law.number), 10, '0') AS BINARY
                    ) AS place,
                    version, digest
                FROM hos_scope AS own STRAIGHT_JOIN hos_law ON hos_law.scope = own.number
                WHERE own.world = ? AND own.tenant = ?
            ) AS law
            WHERE place > ? ORDER BY place LIMIT ?"
        }
        StandingGroup::Member => {
            "SELECT actor, roles FROM hos_scope AS own
            STRAIGHT_JOIN hos_member ON hos_member.scope = own.number
            WHERE own.world = ? AND own.tenant = ? AND actor > ? ORDER BY actor LIMIT ?"
        }
        StandingGroup::Mode => {
            "SELECT name, mode FROM (
                SELECT CASE ability WHEN '' THEN '*' ELSE ability END AS name, mode
                FROM hos_scope AS own STRAIGHT_JOIN hos_mode ON hos_mode.scope = own.number
                WHERE own.world = ? AND own.tenant = ?
            ) AS moded
            WHERE name > ? ORDER BY name LIMIT ?"
        }
    }
}
