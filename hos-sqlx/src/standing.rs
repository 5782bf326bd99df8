//! Standing between its rows, as JSON, and the words of the law.

use std::sync::Arc;

use hos_core::commit::StandingRow;
use hos_core::error::Fault;
use hos_core::id::{Ability, Role, Tenant};
use hos_core::proof::Part;
use hos_core::standing::{
    AbilityPattern, ActorStanding, Generations, Grant, Mode, ModeScope, Modes, Standing, Versions,
    WorldStatus,
};
use hos_core::time::{ProofId, Timestamp};
use serde::Deserialize;
use serde_json::json;

use crate::encoding::{hex, part_lines};
use crate::fault::corrupt;
use crate::segments;

/// What `load.sql` gathers of an actor in a tenant and its world.
#[derive(Deserialize)]
pub(crate) struct StandingRows {
    world: Option<WorldStatus>,
    tenant: Option<WorldStatus>,
    tenant_generations: [Option<u64>; 5],
    world_generations: [Option<u64>; 5],
    roles: Option<Vec<Role>>,
    world_roles: Option<Vec<Role>>,
    banned: u8,
    grants: Vec<GrantRow>,
    world_grants: Vec<GrantRow>,
    modes: Vec<(String, Mode)>,
    world_modes: Vec<(String, Mode)>,
}

type GrantRow = (String, String, i64, u8);

impl StandingRows {
    /// A standing without subjects and receipt.
    pub(crate) fn standing(self, tenant: &Tenant) -> Result<Standing, Fault> {
        // The scope of the reserved tenant is the world: it is read once, as the world.
        let in_tenant = !tenant.is_world();
        let own = if in_tenant { self.grants } else { Vec::new() };
        let roles = self.roles.filter(|_| in_tenant);
        let tenant_modes = if in_tenant { self.modes } else { Vec::new() };
        let actor = ActorStanding {
            roles: roles.unwrap_or_default(),
            world_roles: self.world_roles.unwrap_or_default(),
            banned: self.banned != 0,
            grants: own
                .into_iter()
                .chain(self.world_grants)
                .map(grant)
                .collect::<Result<_, _>>()?,
        };
        Ok(Standing {
            world: self.world,
            tenant_exists: in_tenant && self.tenant.is_some(),
            versions: Versions {
                tenant: generations(self.tenant_generations),
                world: generations(self.world_generations),
            },
            actor: Arc::new(actor),
            modes: Arc::new(Modes {
                tenant: mode_scope(tenant_modes)?,
                world: mode_scope(self.world_modes)?,
            }),
            subjects: Vec::new(),
            receipt: None,
        })
    }
}

fn generations(columns: [Option<u64>; 5]) -> Generations {
    let [members, bans, grants, modes, status] = columns.map(Option::unwrap_or_default);
    Generations { members, bans, grants, modes, status }
}

/// One number that tells of every group: each of them only ever rises.
pub(crate) fn generation(generations: &Generations) -> u64 {
    let Generations { members, bans, grants, modes, status } = *generations;
    [members, bans, grants, modes, status].into_iter().fold(0, u64::saturating_add)
}

fn grant((id, pattern, until, break_glass): GrantRow) -> Result<Grant, Fault> {
    Ok(Grant {
        id: ProofId::parse(&id).ok_or_else(|| corrupt("a grant's number"))?,
        pattern: AbilityPattern::parse(&pattern)
            .map_err(|error| corrupt("a grant's pattern").caused_by(error))?,
        until: Timestamp::from_micros(until),
        break_glass: break_glass != 0,
    })
}

fn mode_scope(rows: Vec<(String, Mode)>) -> Result<ModeScope, Fault> {
    let mut scope = ModeScope::default();
    for (ability, mode) in rows {
        if ability.is_empty() {
            scope.all = Some(mode);
        } else {
            let ability = Ability::new(ability)
                .map_err(|error| corrupt("a mode's ability").caused_by(error))?;
            scope.abilities.insert(ability, mode);
        }
    }
    Ok(scope)
}

/// Whether writing a row raises a generation of its scope.
#[cfg(any(feature = "mysql", feature = "sqlite"))]
pub(crate) fn raises(row: &StandingRow) -> bool {
    !matches!(row, StandingRow::Contract(_) | StandingRow::Segment(_))
}

/// A row as `hos_write` takes it.
pub(crate) fn encode(row: &StandingRow) -> String {
    let object = match row {
        StandingRow::Scope => json!({ "row": "scope" }),
        StandingRow::Member { member, roles } => {
            json!({ "row": "member", "actor": member.as_str(), "roles": roles })
        }
        StandingRow::Ban { target, banned } => {
            json!({ "row": "ban", "actor": target.as_str(), "banned": banned })
        }
        StandingRow::Grant { target, grant } => json!({
            "row": "grant",
            "actor": target.as_str(),
            "id": grant.id,
            "pattern": grant.pattern,
            "until": grant.until.as_micros(),
            "break_glass": u8::from(grant.break_glass),
        }),
        // The end of a grant that nobody has raises the generation and changes nothing.
        StandingRow::Generation => json!({
            "row": "grant",
            "actor": "",
            "id": ProofId::from_bytes([0; 16]),
            "until": 0,
        }),
        StandingRow::Parts { parts, by } => json!({
            "row": "parts",
            "parts": part_lines(parts),
            "body": Part::erased("", *by).body,
        }),
        StandingRow::Mode { ability, mode } => json!({
            "row": "mode",
            "ability": ability.as_ref().map_or("", Ability::as_str),
            "mode": mode,
        }),
        StandingRow::Status { status } => json!({ "row": "status", "status": status }),
        StandingRow::Law(record) => json!({
            "row": "law",
            "version": record.version.as_str(),
            "digest": hex(record.digest.as_bytes()),
            "deployment": record.deployment,
        }),
        StandingRow::Contract(record) => json!({
            "row": "contract",
            "kind": record.kind.as_str(),
            "version": record.version.as_str(),
            "digest": hex(record.digest.as_bytes()),
        }),
        StandingRow::Segment(record) => segments::encode(record),
        StandingRow::Epoch(record) => json!({
            "row": "epoch",
            "deployment": u8::from(record.of_deployment),
            "number": record.number,
            "entry": hex(record.entry.as_bytes()),
        }),
    };
    object.to_string()
}
