//! Pages of everything, all static.

use hos_core::store::StandingGroup;

pub(super) const SCOPES: &str = "
    SELECT world, tenant, status, log_size, log_frontier FROM hos_scope
    WHERE (world, tenant) > (?1, ?2) ORDER BY world, tenant LIMIT ?3";

pub(super) const ENTRIES: &str = "
    SELECT leaf_index, id, leaf, leaf_hash, recorded_at
    FROM hos_scope
    CROSS JOIN hos_entry
        ON position >= (number << 40) + ?3 AND position < (number + 1) << 40
    WHERE world = ?1 AND tenant = ?2
    ORDER BY position LIMIT ?4";

/// The parts of a page, by the indexes of their entries.
pub(super) const PARTS: &str = "
    SELECT entry & 1099511627775, name, salt, body
    FROM hos_scope
    CROSS JOIN hos_part ON entry >= (number << 40) + ?3 AND entry <= (number << 40) + ?4
    WHERE world = ?1 AND tenant = ?2
    ORDER BY entry, name";

pub(super) const TILES: &str = "
    SELECT level, place, root, hashes
    FROM (
        SELECT CASE ?1 WHEN '' THEN 0 ELSE (
            SELECT number FROM hos_scope WHERE world = ?1 AND tenant = ?2
        ) END AS number
    )
    CROSS JOIN hos_tile
        ON position >= (number << 40) + (?3 << 37) + ?4 AND position < (number + 1) << 40
    ORDER BY position LIMIT ?5";

pub(super) const CHECKPOINTS: &str = "
    SELECT size, note
    FROM (
        SELECT CASE ?1 WHEN '' THEN 0 ELSE (
            SELECT number FROM hos_scope WHERE world = ?1 AND tenant = ?2
        ) END AS number
    )
    CROSS JOIN hos_checkpoint ON scope = number AND size >= ?3
    ORDER BY size LIMIT ?4";

pub(super) const ANCHORS: &str = "
    SELECT anchor.leaf_index, hos_scope.world, hos_scope.tenant, anchor.size, anchor.note,
        anchor.leaf_hash, hos_checkpoint.note
    FROM hos_deployment AS anchor
    LEFT JOIN hos_scope ON hos_scope.number = anchor.scope
    LEFT JOIN hos_checkpoint
        ON hos_checkpoint.scope = anchor.scope AND hos_checkpoint.size = anchor.size
    WHERE anchor.leaf_index >= ?1
    ORDER BY anchor.leaf_index LIMIT ?2";

pub(super) const ATTESTATIONS: &str = "
    SELECT said.size, said.kind, said.attester, said.body, hos_checkpoint.note
    FROM hos_attestation AS said
    LEFT JOIN hos_checkpoint
        ON hos_checkpoint.scope = 0 AND hos_checkpoint.size = said.size
    WHERE (said.size, said.kind, said.attester) > (?1, ?2, ?3)
    ORDER BY said.size, said.kind, said.attester LIMIT ?4";

/// The first entry of each number that no scope has: of any other the position is the place.
pub(super) const UNPLACED: &str = "
    WITH RECURSIVE own (number) AS (
        SELECT min(position) >> 40 FROM hos_entry
        UNION ALL
        SELECT (SELECT min(position) >> 40 FROM hos_entry WHERE position >= (number + 1) << 40)
        FROM own WHERE number IS NOT NULL
    )
    SELECT (SELECT id FROM hos_entry WHERE position >= number << 40 ORDER BY position LIMIT 1)
    FROM own
    WHERE number IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM hos_scope WHERE hos_scope.number = own.number
    )
    LIMIT ?1";

pub(super) const SUBJECTS: &str = "
    SELECT
        subject.kind, subject.id, subject.state, subject.revision, subject.terminal,
        subject.contract, subject.attributes, subject.proof_id,
        (
            SELECT leaf FROM hos_entry
            WHERE hos_entry.id = subject.proof_id AND hos_entry.scope = own.number
        )
    FROM hos_scope AS own
    CROSS JOIN hos_subject AS subject ON subject.scope = own.number
    WHERE own.world = ?1 AND own.tenant = ?2 AND (subject.kind, subject.id) > (?3, ?4)
    ORDER BY subject.kind, subject.id LIMIT ?5";

/// A page of a group: world, tenant, the key that it comes after, and the most rows.
pub(super) fn standing(group: StandingGroup) -> &'static str {
    match group {
        StandingGroup::Ban => {
            "SELECT actor, '' FROM hos_scope AS own
            CROSS JOIN hos_ban ON hos_ban.scope = own.number
            WHERE own.world = ?1 AND own.tenant = ?2 AND actor > ?3 ORDER BY actor LIMIT ?4"
        }
        StandingGroup::Contract => {
            "SELECT name, '' FROM (
                SELECT kind || ' ' || version || ' ' || lower(hex(digest)) AS name
                FROM hos_contract WHERE world = ?1 AND ?2 = '@world'
            )
            WHERE name > ?3 ORDER BY name LIMIT ?4"
        }
        StandingGroup::Grant => {
            "SELECT id, json_array(actor, pattern, until, break_glass) FROM hos_scope AS own
            CROSS JOIN hos_grant ON hos_grant.scope = own.number
            WHERE own.world = ?1 AND own.tenant = ?2 AND id > ?3 ORDER BY id LIMIT ?4"
        }
        StandingGroup::Law => {
            "SELECT place, version || ' ' || lower(hex(digest)) FROM (
                SELECT
                    printf('%010d', row_number() OVER (ORDER BY number)) AS place, version, digest
                FROM hos_law WHERE world = ?1 AND ?2 = '@world'
            )
            WHERE place > ?3 ORDER BY place LIMIT ?4"
        }
        StandingGroup::Member => {
            "SELECT actor, roles FROM hos_scope AS own
            CROSS JOIN hos_member ON hos_member.scope = own.number
            WHERE own.world = ?1 AND own.tenant = ?2 AND actor > ?3 ORDER BY actor LIMIT ?4"
        }
        StandingGroup::Mode => {
            "SELECT name, mode FROM (
                SELECT CASE ability WHEN '' THEN '*' ELSE ability END AS name, mode
                FROM hos_scope AS own CROSS JOIN hos_mode ON hos_mode.scope = own.number
                WHERE own.world = ?1 AND own.tenant = ?2
            )
            WHERE name > ?3 ORDER BY name LIMIT ?4"
        }
    }
}
