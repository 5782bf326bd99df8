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
        hos_entry.recorded_at,
        (
            SELECT json_arrayagg(json_array(CONVERT(name USING utf8mb4), hex(salt), body))
            FROM hos_part WHERE entry = hos_entry.id
        )
    FROM hos_scope AS own
    STRAIGHT_JOIN hos_leaf ON hos_leaf.scope = own.number
    STRAIGHT_JOIN hos_entry ON hos_entry.id = hos_leaf.entry AND hos_entry.scope = own.number
    WHERE own.world = ? AND own.tenant = ? AND hos_leaf.leaf_index >= ?
    ORDER BY hos_leaf.leaf_index LIMIT ?";

pub(super) const WAITING: &str = "
    SELECT
        hos_pending.number, NULL, hos_entry.id, hos_entry.leaf, hos_entry.leaf_hash,
        hos_entry.recorded_at,
        (
            SELECT json_arrayagg(json_array(CONVERT(name USING utf8mb4), hex(salt), body))
            FROM hos_part WHERE entry = hos_entry.id
        )
    FROM hos_scope AS own
    STRAIGHT_JOIN hos_pending ON hos_pending.scope = own.number
    STRAIGHT_JOIN hos_entry ON hos_entry.id = hos_pending.entry AND hos_entry.scope = own.number
    WHERE own.world = ? AND own.tenant = ? AND hos_pending.number > ?
    ORDER BY hos_pending.number LIMIT ?";

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
