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
use hos_core::subject::{Snapshot, Subject, SubjectView};
use hos_core::time::{ProofId, SeededIds, Timestamp};

use super::relations::{Setting, Settings};
use super::{Cell, Sign};

/// The id of whoever asks.
pub(super) const ME: &str = "me";
/// When it is asked.
pub(super) const NOON: Timestamp = Timestamp::EPOCH;

/// One column: a role by itself, or nobody's.
pub(super) struct Holder {
    pub(super) name: String,
    pub(super) kind: ActorKind,
    standing: ActorStanding,
}

pub(super) fn holders(law: &Law) -> Vec<Holder> {
    let implicit = |kind: &ActorKind| law.roles().iter().any(|role| role.implicit == Some(*kind));
    let kinds = [ActorKind::Service, ActorKind::Webhook, ActorKind::Job, ActorKind::User];
    let plain = kinds.into_iter().find(|kind| !implicit(kind)).unwrap_or(ActorKind::Service);
    let nobody =
        Holder { name: "outsider".to_owned(), kind: plain, standing: ActorStanding::default() };
    let holder = |role: &RoleDefinition| {
        let mut standing = ActorStanding::default();
        let held = role.name.parse().ok().filter(|_| role.implicit.is_none());
        let roles = if role.world { &mut standing.world_roles } else { &mut standing.roles };
        roles.extend(held);
        Holder { name: role.name.clone(), kind: role.implicit.unwrap_or(plain), standing }
    };
    std::iter::once(nobody).chain(law.roles().iter().map(holder)).collect()
}

/// Whether a holder has an ability, about a subject in a state if there is one.
pub(super) fn ability(
    settings: &Settings<'_>,
    holder: &Holder,
    ability: &Ability,
    about: Option<(&State, &Contract)>,
) -> Cell {
    let may = |setting: &Setting| may(settings.law, holder, setting, ability.as_str(), about);
    settings.cell(holder.kind, &[ability.as_str()], may, |setting| {
        may(setting).then_some(Sign::Allowed)
    })
}

/// What an action comes to that a holder tries from a state.
pub(super) fn action(
    settings: &Settings<'_>,
    holder: &Holder,
    contract: &Contract,
    state: &State,
    action: &Action,
) -> Cell {
    let same = contract.actions().iter().filter(|entry| entry.name() == action.name());
    let asked: BTreeSet<&str> = same.map(|entry| entry.ability().as_str()).collect();
    let asked: Vec<&str> = asked.into_iter().collect();
    let law = settings.law;
    let may = |setting: &Setting| {
        asked.iter().any(|ability| may(law, holder, setting, ability, Some((state, contract))))
    };
    let planned = |setting: &Setting| planned(law, contract, state, holder, action, setting);
    settings.cell(holder.kind, &asked, may, planned)
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

/// Asks policy alone.
fn may(
    law: &Law,
    holder: &Holder,
    setting: &Setting,
    ability: &str,
    about: Option<(&State, &Contract)>,
) -> bool {
    let subject = about.and_then(|(_, contract)| subject(law, contract));
    let view = subject.as_ref().zip(about).map(|(subject, (state, _))| SubjectView {
        subject,
        state,
        revision: 1,
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
        now: NOON,
    });
    answer.is_some_and(|answer| answer.effect == DecisionEffect::Allow)
}

/// Asks the judge what a command would come to.
fn planned(
    law: &Law,
    contract: &Contract,
    state: &State,
    holder: &Holder,
    action: &Action,
    setting: &Setting,
) -> Option<Sign> {
    let subject = subject(law, contract)?;
    let standing = Standing {
        world: Some(WorldStatus::Open),
        tenant_exists: true,
        versions: Versions::default(),
        actor: Arc::new(holder.standing.clone()),
        modes: Arc::default(),
        subjects: vec![Some(Snapshot {
            state: state.clone(),
            revision: 1,
            attributes: Arc::new(setting.attributes.clone()),
            contract: contract.version().clone(),
            proof_id: ProofId::from_bytes([0; 16]),
        })],
        receipt: None,
    };
    let mut command = Command::new(&setting.actor, &subject, action.name().as_str());
    for (name, value) in setting.context.iter() {
        command = command.context(name.as_str(), value.clone());
    }
    let ids = SeededIds::new(0);
    let judge = Judge::new(law, "table", NOON, &ids);
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

fn subject(law: &Law, contract: &Contract) -> Option<Subject> {
    Subject::new(law.world().as_str(), "tenant", contract.kind().as_str(), "subject").ok()
}
