//! The questions behind the cells, put to policy and to the judge.

use std::collections::BTreeSet;
use std::sync::Arc;

use hos_core::actor::ActorKind;
use hos_core::command::Command;
use hos_core::condition::{Lookup, Nothing};
use hos_core::contract::{Action, Contract};
use hos_core::error::Refusal;
use hos_core::id::{Ability, State};
use hos_core::judge::Judge;
use hos_core::law::Law;
use hos_core::policy::{DecisionEffect, Question, RoleDefinition};
use hos_core::receipt::Effect;
use hos_core::standing::{ActorStanding, Modes, Standing, Versions, WorldStatus};
use hos_core::subject::{Snapshot, SubjectView};
use hos_core::time::{ProofId, SeededIds};

use super::Sign;
use super::settings::Setting;

/// One column: a role by itself, or nobody's.
pub(super) struct Holder {
    pub(super) name: String,
    /// The kinds of actor that bring it no other role.
    pub(super) kinds: Vec<ActorKind>,
    /// Its roles, and what they inherit.
    pub(super) roles: BTreeSet<String>,
    pub(super) is_superuser: bool,
    standing: ActorStanding,
}

pub(super) fn holders(law: &Law) -> Vec<Holder> {
    let plain = ActorKind::ALL.into_iter().rev().find(|kind| brought(law, *kind).is_empty());
    let plain = plain.unwrap_or(ActorKind::Service);
    let holder = |role: &RoleDefinition| {
        let mut standing = ActorStanding::default();
        let held = role.name.parse().ok().filter(|_| role.implicit.is_none());
        let roles = if role.world { &mut standing.world_roles } else { &mut standing.roles };
        roles.extend(held);
        Holder::new(law, Some(&role.name), role.implicit.unwrap_or(plain), standing)
    };
    let nobody = Holder::new(law, None, plain, ActorStanding::default());
    std::iter::once(nobody).chain(law.roles().iter().map(holder)).collect()
}

/// The roles that a kind of actor has by itself.
fn brought(law: &Law, kind: ActorKind) -> Vec<&str> {
    let roles = law.roles().iter().filter(|role| role.implicit == Some(kind));
    roles.map(|role| role.name.as_str()).collect()
}

impl Holder {
    fn new(law: &Law, role: Option<&str>, kind: ActorKind, standing: ActorStanding) -> Self {
        let implicit = brought(law, kind);
        let kinds = ActorKind::ALL.into_iter().filter(|other| brought(law, *other) == implicit);
        let held: Vec<&str> = implicit.iter().copied().chain(role).collect();
        let inherited = held.iter().flat_map(|role| law.inherited(role));
        Self {
            name: role.unwrap_or("outsider").to_owned(),
            kinds: kinds.collect(),
            roles: inherited.map(|role| role.name.clone()).collect(),
            is_superuser: held.iter().any(|role| law.rules().is_superuser(role)),
            standing,
        }
    }
}

/// The first entry of each action, in catalogue order.
pub(super) fn distinct(contract: &Contract) -> Vec<&Action> {
    let mut named = BTreeSet::new();
    contract.actions().iter().filter(|action| named.insert(action.name())).collect()
}

/// The abilities of a kind that neither open nor move one, such as `order.read`.
pub(super) fn unmoving(law: &Law, contract: &Contract) -> Vec<Ability> {
    let asked: BTreeSet<&Ability> = contract.abilities().collect();
    let of_kind = |ability: &Ability| ability.resource() == contract.kind().as_str();
    law.rules().abilities().into_iter().filter(|a| of_kind(a) && !asked.contains(a)).collect()
}

/// Whether a holder has an ability, about a subject in a state if there is one. Asks policy alone.
pub(super) fn may(
    law: &Law,
    holder: &Holder,
    setting: &Setting,
    ability: &str,
    state: Option<&State>,
) -> Option<Sign> {
    let view = setting.subject.as_ref().zip(state).map(|(subject, state)| SubjectView {
        subject,
        state,
        revision: setting.revision,
        attributes: &setting.attributes,
    });
    let looked: &dyn Lookup = view.as_ref().map_or(&Nothing, |view| view);
    let answer = law.rules().answer(&Question {
        actor: &setting.actor,
        ability,
        subject: looked,
        context: &setting.context,
        standing: &holder.standing,
        modes: &Modes::default(),
        now: setting.now,
    });
    let is_allowed = answer.is_some_and(|answer| answer.effect == DecisionEffect::Allow);
    is_allowed.then_some(Sign::Allowed)
}

/// Asks the judge what a command would come to.
pub(super) fn planned(
    law: &Law,
    contract: &Contract,
    state: &State,
    holder: &Holder,
    action: &Action,
    setting: &Setting,
) -> Option<Sign> {
    let subject = setting.subject.as_ref()?;
    let standing = Standing {
        world: Some(WorldStatus::Open),
        tenant_exists: true,
        versions: Versions::default(),
        actor: Arc::new(holder.standing.clone()),
        modes: Arc::default(),
        subjects: vec![Some(Snapshot {
            state: state.clone(),
            revision: setting.revision,
            attributes: Arc::new(setting.attributes.clone()),
            contract: contract.version().clone(),
            proof_id: ProofId::from_bytes([0; 16]),
        })],
        receipt: None,
    };
    let mut command = Command::new(&setting.actor, subject, action.name().as_str());
    for (name, value) in setting.context.iter() {
        command = command.context(name.as_str(), value.clone());
    }
    let ids = SeededIds::new(0);
    let judge = Judge::new(law, "table", setting.now, &ids);
    match judge.plan(&command, &standing) {
        Ok(plan) => Some(match plan.steps().first()?.effect() {
            Effect::Moved => Sign::Allowed,
            Effect::Unchanged => Sign::Already,
        }),
        Err(refused) => match refused.refusal {
            Refusal::Denied | Refusal::NotFound | Refusal::Banned => None,
            Refusal::InvalidTransition { .. } | Refusal::TerminalState(_) => Some(Sign::Impossible),
            // Policy and machine are passed: only input, facts or guards are left.
            _ => Some(Sign::Allowed),
        },
    }
}
