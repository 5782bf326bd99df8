//! A situation in a file.

use std::path::Path;

use hos_core::actor::{Actor, ActorKind};
use hos_core::id::{ActorId, Kind, Role, State, SubjectId, Tenant};
use hos_core::law::Law;
use hos_core::standing::{AbilityPattern, ActorStanding, Grant, Modes};
use hos_core::subject::Subject;
use hos_core::time::{ProofId, Timestamp};
use hos_core::value::Attributes;
use serde::Deserialize;

use super::{Case, CaseSubject, now};
use crate::exit::{Exit, Trouble};
use crate::law::text;
use crate::scope::with_claims;

/// The largest file.
const BYTES_MAX: usize = 1 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Situation {
    ability: String,
    actor: SituationActor,
    #[serde(default)]
    roles: Vec<Role>,
    #[serde(default)]
    world_roles: Vec<Role>,
    #[serde(default)]
    grants: Vec<SituationGrant>,
    #[serde(default)]
    banned: bool,
    #[serde(default)]
    subject: Option<SituationSubject>,
    #[serde(default)]
    context: Attributes,
    #[serde(default)]
    tenant: Option<Tenant>,
    #[serde(default)]
    at: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SituationActor {
    id: ActorId,
    #[serde(default = "user")]
    kind: ActorKind,
    #[serde(default)]
    claims: Attributes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SituationGrant {
    pattern: AbilityPattern,
    until: Timestamp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SituationSubject {
    kind: Kind,
    #[serde(default)]
    id: Option<SubjectId>,
    state: State,
    #[serde(default = "first")]
    revision: u64,
    #[serde(default)]
    attributes: Attributes,
    #[serde(default)]
    contract: Option<String>,
}

fn user() -> ActorKind {
    ActorKind::User
}

fn first() -> u64 {
    1
}

/// Reads a file.
pub(super) fn read(path: &Path, law: &Law) -> Result<Case, Trouble> {
    let text = text(path, BYTES_MAX)?;
    let situation: Situation = serde_json::from_str(&text).map_err(|error| {
        let message = format!("{} holds no situation: {error}", path.display());
        Trouble::new(Exit::Wrong, message, "see `hos explain --help` for its fields")
    })?;
    let wrong = |error: hos_core::id::IdError| {
        Trouble::new(Exit::Wrong, error.to_string(), "mend the situation")
    };
    let tenant = situation.tenant.map_or_else(|| Tenant::new("tenant"), Ok).map_err(wrong)?;
    let subject = situation.subject.map(|subject| {
        let id = subject.id.map_or_else(|| SubjectId::new("subject"), Ok)?;
        let world = law.world().clone();
        Ok(CaseSubject {
            subject: Subject { world, tenant, kind: subject.kind, id },
            state: subject.state,
            revision: subject.revision,
            attributes: subject.attributes,
            contract: subject.contract,
        })
    });
    let grant = |grant: SituationGrant| Grant {
        id: ProofId::from_bytes([0; 16]),
        pattern: grant.pattern,
        until: grant.until,
        break_glass: false,
    };
    let actor = Actor::new(situation.actor.kind, situation.actor.id);
    Ok(Case {
        actor: with_claims(actor, &situation.actor.claims).map_err(wrong)?,
        ability: situation.ability,
        subject: subject.transpose().map_err(wrong)?,
        context: situation.context,
        standing: ActorStanding {
            roles: situation.roles,
            world_roles: situation.world_roles,
            banned: situation.banned,
            grants: situation.grants.into_iter().map(grant).collect(),
        },
        modes: Modes::default(),
        remarks: Vec::new(),
        at: situation.at.unwrap_or_else(now),
    })
}
