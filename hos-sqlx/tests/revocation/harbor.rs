//! The process that gives and takes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hos_core::command::Activation;
use hos_core::id::Ability;
use hos_core::law::LawBuilder;
use hos_core::prelude::*;
use hos_core::standing::{AbilityPattern, Mode, WorldStatus};

use crate::house::House;

const WORLD: &str = "harbor";
const FIRM: &str = "pier-1";

/// How the reader comes to be permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// By a role in the tenant.
    Role,
    /// By a role in the whole world.
    WorldRole,
    /// By a role, until it is banned.
    NoBan,
    /// By a time-boxed grant.
    Grant,
    /// By nothing: the ability is not enforced.
    Mode,
    /// By a role in a world that is open.
    World,
    /// By a law that this process puts in force, and the reader knows.
    Law,
}

impl Way {
    pub(crate) const ALL: [Self; 7] =
        [Self::Role, Self::WorldRole, Self::NoBan, Self::Grant, Self::Mode, Self::World, Self::Law];
}

/// Nobody may touch a job but its crew and wardens.
pub(crate) fn law() -> Law {
    strict("1").build().unwrap()
}

/// Whoever comes may.
pub(crate) fn lenient() -> Law {
    strict("2").allow("job.touch", ["visitor"]).build().unwrap()
}

fn strict(version: &str) -> LawBuilder {
    let job = Contract::builder("job", "1")
        .states(["live", "done"])
        .initial("live")
        .terminal(["done"])
        .open("job.open", Vec::<String>::new())
        .action(ActionDefinition::new("touch", ["live"], "live", "job.touch"))
        .action(ActionDefinition::new("finish", ["live"], "done", "job.finish"))
        .build()
        .unwrap();
    Law::builder(WORLD, version)
        .roles([
            RoleDefinition::superuser("root"),
            RoleDefinition::new("crew"),
            RoleDefinition::world("warden"),
            RoleDefinition::implicit("visitor", ActorKind::User),
        ])
        .allow("job.touch", ["crew", "warden"])
        .contract(job)
}

pub(crate) fn reader() -> Actor {
    Actor::user("crew-1").unwrap()
}

pub(crate) fn job() -> Subject {
    Subject::new(WORLD, FIRM, "job", "j-1").unwrap()
}

/// A database with one job, and the law over it in this process.
pub(crate) struct Harbor {
    url: String,
    house: House,
    hos: Hos,
    keys: AtomicU64,
}

impl Harbor {
    pub(crate) async fn open(url: &str) -> Self {
        let house = House::open(url).await;
        let hos = house.hos(law(), HosOptions::default()).await;
        let harbor = Self { url: url.to_owned(), house, hos, keys: AtomicU64::new(0) };
        let (world, root) = (World::new(WORLD).unwrap(), ActorId::new("root-1").unwrap());
        harbor.hos.bootstrap(&world, &root, &Role::new("root").unwrap(), b"boot").await.unwrap();
        harbor.change(&Tenant::new(FIRM).unwrap(), StandingChange::AddTenant).await;
        let root = Actor::user("root-1").unwrap();
        harbor.hos.open_subject(&root, &job(), Attributes::new(), "open").await.unwrap();
        harbor
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn close(&self) {
        self.house.close().await;
    }

    /// How often the job moved, as this process reads it.
    pub(crate) async fn revision(&self) -> u64 {
        self.hos.situation(&job()).await.unwrap().unwrap().snapshot.revision
    }

    pub(crate) async fn give(&self, way: Way) -> Receipt {
        let change = match way {
            Way::Role | Way::NoBan | Way::World => member(&["crew"]),
            Way::WorldRole => member(&["warden"]),
            Way::Grant => StandingChange::Grant {
                target: reader().id().clone(),
                pattern: AbilityPattern::parse("job.touch").unwrap(),
                duration: Duration::from_secs(3_600),
                reason: "the crew is ill".to_owned(),
            },
            Way::Mode => mode(Some(Mode::Off)),
            Way::Law => return self.activate(lenient()).await,
        };
        self.change(&scope(way), change).await
    }

    /// Answers when it is acknowledged.
    pub(crate) async fn take(&self, way: Way, given: &Receipt) {
        let target = reader().id().clone();
        let change = match way {
            Way::Role | Way::WorldRole => member(&[]),
            Way::NoBan => StandingChange::Ban { target, reason: "smuggling".to_owned() },
            Way::Grant => StandingChange::RevokeGrant { target, grant: given.proof_id },
            Way::Mode => mode(None),
            Way::World => StandingChange::SetWorld { status: WorldStatus::Closed },
            Way::Law => return drop(self.activate(law()).await),
        };
        let scope = if way == Way::World { Tenant::world() } else { scope(way) };
        self.change(&scope, change).await;
    }

    /// As it was before it was given.
    pub(crate) async fn restore(&self, way: Way) {
        match way {
            Way::NoBan => {
                let unban = StandingChange::Unban { target: reader().id().clone() };
                self.change(&scope(way), unban).await;
            }
            Way::World => {
                let open = StandingChange::SetWorld { status: WorldStatus::Open };
                self.change(&Tenant::world(), open).await;
            }
            Way::Role | Way::WorldRole | Way::Grant | Way::Mode | Way::Law => return,
        }
        self.change(&scope(way), member(&[])).await;
    }

    async fn activate(&self, law: Law) -> Receipt {
        let key = self.keys.fetch_add(1, Ordering::Relaxed);
        let activation = Activation::new(&Actor::user("root-1").unwrap(), law);
        self.hos.activate(&activation.key(format!("law-{key}"))).await.unwrap()
    }

    async fn change(&self, scope: &Tenant, change: StandingChange) -> Receipt {
        let root = Actor::user("root-1").unwrap();
        let command = StandingCommand::new(&root, &World::new(WORLD).unwrap(), scope, change);
        let key = self.keys.fetch_add(1, Ordering::Relaxed);
        self.hos.change_standing(&command.key(format!("change-{key}"))).await.unwrap()
    }
}

fn scope(way: Way) -> Tenant {
    match way {
        Way::WorldRole => Tenant::world(),
        _ => Tenant::new(FIRM).unwrap(),
    }
}

fn member(roles: &[&str]) -> StandingChange {
    let roles = roles.iter().map(|role| Role::new(*role).unwrap()).collect();
    StandingChange::SetMember { member: reader().id().clone(), roles }
}

fn mode(mode: Option<Mode>) -> StandingChange {
    StandingChange::SetMode { ability: Some(Ability::new("job.touch").unwrap()), mode }
}
