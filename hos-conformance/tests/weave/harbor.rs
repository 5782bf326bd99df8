//! Three laws of one world, each of which lets through what the others refuse.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hos_conformance::watched::watched;
use hos_core::command::Activation;
use hos_core::prelude::*;
use hos_core::store::Backend;
use hos_core::time::SeededIds;
use shuttle::future::block_on;
use shuttle::thread::{JoinHandle, spawn};

/// The law of the number permits the action at its place.
pub(crate) const ACTIONS: [&str; 3] = ["left", "right", "up"];

pub(crate) fn permits(version: &str, action: &str) -> bool {
    let number: usize = version.parse().unwrap();
    ACTIONS.get(number - 1) == Some(&action)
}

pub(crate) fn law(number: usize) -> Law {
    let ability = |action: &str| format!("job.{action}");
    let job = Contract::builder("job", "1")
        .states(["live", "done"])
        .initial("live")
        .terminal(["done"])
        .open("job.open", Vec::<String>::new())
        .action(ActionDefinition::new("finish", ["live"], "done", "job.finish"));
    let job = ACTIONS.iter().fold(job, |job, action| {
        job.action(ActionDefinition::new(action, ["live"], "live", &ability(action)))
    });
    let permitted = ACTIONS.get(number - 1).unwrap();
    Law::builder("harbor", &number.to_string())
        .roles([RoleDefinition::superuser("root"), RoleDefinition::new("crew")])
        .allow(&ability(permitted), ["crew"])
        .contract(job.build().unwrap())
        .build()
        .unwrap()
}

pub(crate) fn world() -> World {
    World::new("harbor").unwrap()
}

fn firm() -> Tenant {
    Tenant::new("pier-1").unwrap()
}

fn job() -> Subject {
    Subject::new("harbor", "pier-1", "job", "j-1").unwrap()
}

fn root() -> Actor {
    Actor::user("root-1").unwrap()
}

fn crew() -> Actor {
    Actor::user("crew-1").unwrap()
}

/// One job under law 1.
pub(crate) struct Harbor {
    pub(crate) hos: Hos,
}

impl Harbor {
    pub(crate) fn open(store: Arc<dyn Backend>) -> Self {
        Self::over(watched(store).0)
    }

    pub(crate) fn over(store: impl Backend + 'static) -> Self {
        let options = HosOptions::default().ids(SeededIds::new(1));
        let hos = block_on(Hos::open_with([law(1)], store, options)).unwrap();
        let root_id = ActorId::new("root-1").unwrap();
        block_on(hos.bootstrap(&world(), &root_id, &Role::new("root").unwrap(), b"boot")).unwrap();
        let roles = vec![Role::new("crew").unwrap()];
        let member = StandingChange::SetMember { member: crew().id().clone(), roles };
        for (key, change) in [("tenant", StandingChange::AddTenant), ("crew", member)] {
            let command = StandingCommand::new(&root(), &world(), &firm(), change).key(key);
            block_on(hos.change_standing(&command)).unwrap();
        }
        block_on(hos.open_subject(&root(), &job(), Attributes::new(), "open")).unwrap();
        Self { hos }
    }

    /// Action and law of each move, as its proof says.
    pub(crate) fn leaves(&self) -> Vec<(String, String)> {
        let page = block_on(self.hos.page(&world(), &firm(), 0, 1_000)).unwrap();
        let leaves = page.iter().map(|entry| {
            let leaf: serde_json::Value = serde_json::from_str(&entry.leaf).unwrap();
            let text = |name: &str| leaf[name].as_str().unwrap_or_default().to_owned();
            (text("typ"), text("action"), text("law"))
        });
        let moves = leaves.filter(|(type_, ..)| type_ == "transition/1");
        moves.map(|(_, action, law)| (action, law)).collect()
    }
}

pub(crate) fn activation(hos: &Hos, number: usize) -> Result<Receipt, Error> {
    let activation = Activation::new(&root(), law(number)).key(format!("law-{number}"));
    block_on(hos.activate(&activation))
}

/// What was asked for, whether it was allowed, and by which law.
pub(crate) fn can_all(hos: &Hos) -> Vec<(&'static str, bool, String)> {
    let query = |action: &&str| Query::new(&crew(), &format!("job.{action}"), &job());
    let queries: Vec<Query> = ACTIONS.iter().map(query).collect();
    let mut decisions = block_on(hos.can_all(&queries));
    decisions.extend(queries.iter().map(|query| block_on(hos.can(query))));
    let decided = ACTIONS.iter().cycle().zip(decisions).map(|(action, decision)| {
        let decision = decision.unwrap();
        (*action, decision.permits(), decision.policy_version.to_string())
    });
    decided.collect()
}

pub(crate) fn go(hos: &Hos, action: &str) -> Result<Receipt, Error> {
    static KEYS: AtomicU64 = AtomicU64::new(0);
    let key = KEYS.fetch_add(1, Ordering::Relaxed);
    let command = Command::new(&crew(), &job(), action).key(format!("go-{key}"));
    block_on(hos.transition(&command))
}

/// Tries each action twice; answers those that moved, and by which law.
pub(crate) fn mover(hos: &Hos) -> JoinHandle<Vec<(&'static str, String)>> {
    let hos = hos.clone();
    spawn(move || {
        let tried = ACTIONS.iter().chain(&ACTIONS).filter_map(|action| {
            let receipt = go(&hos, action).ok()?;
            Some((*action, receipt.policy_version.to_string()))
        });
        tried.collect()
    })
}
