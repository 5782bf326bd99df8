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
        hos_entry.recorded_at, hos_parts(hos_entry.id)
    FROM hos_scope AS own
    JOIN hos_leaf ON hos_leaf.scope = own.number
    JOIN hos_entry ON hos_entry.id = hos_leaf.entry AND hos_entry.scope = own.number
    WHERE own.world = $1 AND own.tenant = $2 AND hos_leaf.leaf_index >= $3
    ORDER BY hos_leaf.leaf_index LIMIT $4";

pub(super) const WAITING: &str = "
    SELECT
        hos_pending.number, NULL::bigint, hos_entry.id, hos_entry.leaf, hos_entry.leaf_hash,
        hos_entry.recorded_at, hos_parts(hos_entry.id)
    FROM hos_scope AS own
    JOIN hos_pending ON hos_pending.scope = own.number
    JOIN hos_entry ON hos_entry.id = hos_pending.entry AND hos_entry.scope = own.number
    WHERE own.world = $1 AND own.tenant = $2 AND hos_pending.number > $3
    ORDER BY hos_pending.number LIMIT $4";

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
