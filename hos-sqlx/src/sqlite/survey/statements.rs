//! Pages of everything, all static.

use hos_core::store::StandingGroup;

pub(super) const SCOPES: &str = "
    SELECT world, tenant, status, log_size, log_frontier FROM hos_scope
    WHERE (world, tenant) > (?1, ?2) ORDER BY world, tenant LIMIT ?3";

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
