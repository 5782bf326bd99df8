//! The law of the job that the model moves, and its standing.

use std::time::Duration;

use hos_core::actor::{Actor, ActorKind};
use hos_core::command::{Command, StandingChange};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::id::{ActorId, Role};
use hos_core::law::Law;
use hos_core::policy::RoleDefinition;
use hos_core::standing::{AbilityPattern, Mode, WorldStatus};
use hos_core::subject::Subject;
use hos_core::time::ProofId;

use crate::model::state::{Group, Intent, Kept, State};

pub(super) const WORLD: &str = "model";
pub(super) const WORKER: &str = "worker";

pub(crate) fn law() -> Law {
    let touch = |state: &str| ActionDefinition::new("touch", [state], state, "job.touch");
    let job = Contract::builder("job", "1")
        .states(["waiting", "running", "done"])
        .initial("waiting")
        .terminal(["done"])
        .open("job.open", [""; 0])
        .action(
            ActionDefinition::new("start", ["waiting"], "running", "job.start").topic("job.moved"),
        )
        .action(touch("waiting").topic("job.moved"))
        .action(touch("running").topic("job.moved"))
        .action(
            ActionDefinition::new("finish", ["running"], "done", "job.finish")
                .topic("job.moved")
                .critical(),
        )
        .build()
        .expect("the job's contract is valid");
    Law::builder(WORLD, "1")
        .roles([
            RoleDefinition::superuser("super_admin"),
            RoleDefinition::new("crew"),
            RoleDefinition::implicit("anybody", ActorKind::User),
        ])
        .allow("job.*", ["crew"])
        // Who may know of it is told why it is denied.
        .allow("job.read", ["anybody"])
        .contract(job)
        .build()
        .expect("the model's law is valid")
}

pub(super) fn command(job: &Subject, intent: &Intent) -> Command {
    let worker = Actor::user(WORKER).unwrap();
    let command = Command::new(&worker, job, intent.wish.as_str()).key(key(intent.key));
    match intent.seen {
        Some(seen) => command.seen(seen),
        None => command,
    }
}

pub(super) fn key(number: usize) -> String {
    format!("k-{number}")
}

/// How a group of standing is turned over, when so many changes were made before.
pub(super) fn turn(group: Group, kept: &Kept, granted: Option<ProofId>) -> StandingChange {
    let is_turned = turned(kept, group);
    let target: ActorId = WORKER.parse().unwrap();
    match group {
        Group::Members => member(if is_turned { &["crew"] } else { &[] }),
        Group::Bans if is_turned => StandingChange::Unban { target },
        Group::Bans => StandingChange::Ban { target, reason: "the model says so".into() },
        Group::Grants => match granted.filter(|_| is_turned) {
            Some(grant) => StandingChange::RevokeGrant { target, grant },
            None => StandingChange::Grant {
                target,
                pattern: AbilityPattern::parse("job.*").unwrap(),
                duration: Duration::from_secs(86_400),
                reason: "the model says so".into(),
            },
        },
        Group::Modes => {
            let mode = (!is_turned).then_some(Mode::Off);
            StandingChange::SetMode { ability: None, mode }
        }
        Group::Status if is_turned => set_world(WorldStatus::Open),
        Group::Status => set_world(WorldStatus::Closed),
    }
}

pub(super) fn member(roles: &[&str]) -> StandingChange {
    let roles = roles.iter().map(|role| Role::new(role).unwrap()).collect();
    StandingChange::SetMember { member: WORKER.parse().unwrap(), roles }
}

pub(super) fn set_world(status: WorldStatus) -> StandingChange {
    StandingChange::SetWorld { status }
}

pub(super) fn turned(kept: &Kept, group: Group) -> bool {
    kept.changes.iter().filter(|change| **change == group).count() % 2 == 1
}

pub(super) fn is_closed(state: &State) -> bool {
    turned(&state.kept, Group::Status)
}
