//! Pages of everything, all static.

use hos_core::store::StandingGroup;

/// The plans of a page stay those of a page, whatever the tables hold.
pub(super) const BEGIN: &str = "
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SET LOCAL enable_hashjoin = off;
    SET LOCAL enable_mergejoin = off;
    SET LOCAL jit = off;
    SELECT hos_bind_all()";

pub(super) const SCOPES: &str = r#"
    SELECT world, tenant, status, coalesce(size, 0), coalesce(frontier, '')
    FROM hos_scope LEFT JOIN hos_log ON hos_log.scope = hos_scope.number
    WHERE (world, tenant) > ($1 COLLATE "C", $2 COLLATE "C")
    ORDER BY world, tenant LIMIT $3"#;

pub(super) const ENTRIES: &str = "
    SELECT
        hos_leaf.leaf_index, hos_entry.id, hos_entry.leaf, hos_leaf.leaf_hash,
        hos_entry.leaf_hash, hos_entry.recorded_at
    FROM hos_scope AS own
    JOIN hos_leaf ON hos_leaf.scope = own.number
    JOIN hos_entry ON hos_entry.id = hos_leaf.entry AND hos_entry.scope = own.number
    WHERE own.world = $1 AND own.tenant = $2 AND hos_leaf.leaf_index >= $3
    ORDER BY hos_leaf.leaf_index LIMIT $4";

/// The parts of a page, by the indexes of their entries.
pub(super) const PARTS: &str = "
    SELECT hos_leaf.leaf_index, hos_part.name, hos_part.salt, hos_part.body
    FROM hos_scope AS own
    JOIN hos_leaf ON hos_leaf.scope = own.number
    JOIN hos_part ON hos_part.entry = hos_leaf.entry
    WHERE own.world = $1 AND own.tenant = $2
        AND hos_leaf.leaf_index >= $3 AND hos_leaf.leaf_index <= $4
    ORDER BY hos_leaf.leaf_index, hos_part.name";

pub(super) const WAITING: &str = "
    SELECT
        hos_pending.number, hos_entry.id, hos_entry.leaf, hos_entry.leaf_hash,
        hos_entry.leaf_hash, hos_entry.recorded_at
    FROM hos_scope AS own
    JOIN hos_pending ON hos_pending.scope = own.number
    JOIN hos_entry ON hos_entry.id = hos_pending.entry AND hos_entry.scope = own.number
    WHERE own.world = $1 AND own.tenant = $2 AND hos_pending.number >= $3
    ORDER BY hos_pending.number LIMIT $4";

pub(super) const WAITING_PARTS: &str = "
    SELECT hos_pending.number, hos_part.name, hos_part.salt, hos_part.body
    FROM hos_scope AS own
    JOIN hos_pending ON hos_pending.scope = own.number
    JOIN hos_part ON hos_part.entry = hos_pending.entry
    WHERE own.world = $1 AND own.tenant = $2
        AND hos_pending.number >= $3 AND hos_pending.number <= $4
    ORDER BY hos_pending.number, hos_part.name";

pub(super) const TILES: &str = "
    SELECT level, place, root, hashes FROM hos_tile
    WHERE scope = CASE $1 WHEN '' THEN 0 ELSE (
            SELECT number FROM hos_scope WHERE world = $1 AND tenant = $2
        ) END
        AND (level, place) >= ($3, $4)
    ORDER BY level, place LIMIT $5";

pub(super) const CHECKPOINTS: &str = "
    SELECT size, note FROM hos_checkpoint
    WHERE scope = CASE $1 WHEN '' THEN 0 ELSE (
            SELECT number FROM hos_scope WHERE world = $1 AND tenant = $2
        ) END
        AND size >= $3
    ORDER BY size LIMIT $4";

pub(super) const ANCHORS: &str = "
    SELECT anchor.leaf_index, coalesce(hos_scope.world, ''), coalesce(hos_scope.tenant, ''),
        anchor.size, anchor.note, anchor.leaf_hash, hos_checkpoint.note
    FROM hos_deployment AS anchor
    LEFT JOIN hos_scope ON hos_scope.number = anchor.scope
    LEFT JOIN hos_checkpoint
        ON hos_checkpoint.scope = anchor.scope AND hos_checkpoint.size = anchor.size
    WHERE anchor.leaf_index >= $1
    ORDER BY anchor.leaf_index LIMIT $2";

pub(super) const ATTESTATIONS: &str = r#"
    SELECT said.size, said.kind, said.attester, said.body, hos_checkpoint.note
    FROM hos_attestation AS said
    LEFT JOIN hos_checkpoint
        ON hos_checkpoint.scope = 0 AND hos_checkpoint.size = said.size
    WHERE (said.size, said.kind, said.attester) > ($1, $2 COLLATE "C", $3 COLLATE "C")
    ORDER BY said.size, said.kind, said.attester LIMIT $4"#;

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
    LIMIT $1";

/// The last entry that was looked at, and before it each that has no place.
pub(super) const UNPLACED: &str = "
    WITH looked_at AS MATERIALIZED (
        SELECT id, scope FROM hos_entry WHERE id > $1 ORDER BY id LIMIT $2
    ), judged AS (
        SELECT id, scope,
            EXISTS (
                SELECT FROM hos_leaf
                WHERE hos_leaf.entry = looked_at.id AND hos_leaf.scope = looked_at.scope
                    AND hos_leaf.leaf_index >= 0
            ) OR (id, scope) IN (SELECT entry, scope FROM hos_pending) AS is_placed
        FROM looked_at
    )
    SELECT judged.id, judged.is_placed, coalesce(world, ''), coalesce(tenant, ''),
        EXISTS (SELECT FROM hos_quarantine WHERE hos_quarantine.entry = judged.id)
    FROM judged LEFT JOIN hos_scope ON hos_scope.number = judged.scope
    WHERE NOT is_placed OR judged.id = (SELECT id FROM looked_at ORDER BY id DESC LIMIT 1)
    ORDER BY judged.id";

pub(super) const SUBJECTS: &str = r#"
    SELECT
        subject.kind, subject.id, subject.state, subject.revision, subject.terminal,
        subject.contract, subject.attributes, subject.proof_id,
        (
            SELECT leaf FROM hos_entry
            WHERE hos_entry.id = subject.proof_id AND hos_entry.scope = own.number
        )
    FROM hos_scope AS own
    JOIN hos_subject AS subject ON subject.scope = own.number
    WHERE own.world = $1 AND own.tenant = $2
        AND (subject.kind, subject.id) > ($3 COLLATE "C", $4 COLLATE "C")
    ORDER BY subject.kind, subject.id LIMIT $5"#;

/// A page of a group: world, tenant, the key that it comes after, and the most rows.
pub(super) fn standing(group: StandingGroup) -> &'static str {
    match group {
        StandingGroup::Ban => {
            r#"SELECT actor, '' FROM hos_scope AS own
            JOIN hos_ban ON hos_ban.scope = own.number
            WHERE own.world = $1 AND own.tenant = $2 AND actor > $3 COLLATE "C"
            ORDER BY actor LIMIT $4"#
        }
        StandingGroup::Contract => {
            r#"SELECT name, '' FROM (
                SELECT kind || ' ' || version || ' ' || encode(digest, 'hex') COLLATE "C" AS name
                FROM hos_scope AS own JOIN hos_contract ON hos_contract.scope = own.number
                WHERE own.world = $1 AND own.tenant = $2
            ) AS contract
            WHERE name > $3 COLLATE "C" ORDER BY name LIMIT $4"#
        }
        StandingGroup::Grant => {
            r#"SELECT name, line FROM (
                SELECT
                    id::text COLLATE "C" AS name,
                    json_build_array(actor, pattern, until, break_glass::integer)::text AS line
                FROM hos_scope AS own JOIN hos_grant ON hos_grant.scope = own.number
                WHERE own.world = $1 AND own.tenant = $2
            ) AS granted
            WHERE name > $3 COLLATE "C" ORDER BY name LIMIT $4"#
        }
        StandingGroup::Law => {
            r#"SELECT place, version || ' ' || encode(digest, 'hex') FROM (
                SELECT
                    lpad((row_number() OVER (ORDER BY hos_law.number))::text, 10, '0')
                        COLLATE "C" AS place,
                    version, digest
                FROM hos_scope AS own JOIN hos_law ON hos_law.scope = own.number
                WHERE own.world = $1 AND own.tenant = $2
            ) AS law
            WHERE place > $3 COLLATE "C" ORDER BY place LIMIT $4"#
        }
        StandingGroup::Member => {
            r#"SELECT actor, roles FROM hos_scope AS own
            JOIN hos_member ON hos_member.scope = own.number
            WHERE own.world = $1 AND own.tenant = $2 AND actor > $3 COLLATE "C"
            ORDER BY actor LIMIT $4"#
        }
        StandingGroup::Mode => {
            r#"SELECT name, mode FROM (
                SELECT CASE ability WHEN '' THEN '*' ELSE ability END COLLATE "C" AS name, mode
                FROM hos_scope AS own JOIN hos_mode ON hos_mode.scope = own.number
                WHERE own.world = $1 AND own.tenant = $2
            ) AS moded
            WHERE name > $3 COLLATE "C" ORDER BY name LIMIT $4"#
        }
    }
}
