//! A world of tickets in a SQLite file.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hos_benches::{is_smoke, timed};
use hos_core::actor::{Actor, ActorKind};
use hos_core::command::{Command, StandingChange, StandingCommand};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::hos::Hos;
use hos_core::id::{ActorId, Role, Tenant, World};
use hos_core::law::Law;
use hos_core::laws::{Contracts, Registry as _};
use hos_core::policy::RoleDefinition;
use hos_core::subject::Subject;
use hos_core::value::{Attributes, Type};
use hos_sqlx::SqliteStore;
use hos_work::Lane;
use tokio::runtime::Runtime;

use crate::CALLERS;

const FIRMS: usize = 10;

pub(crate) struct Desk {
    hos: Hos,
    lane: Lane,
    store: SqliteStore,
    actor: Actor,
    tickets: Arc<[Subject]>,
    turn: Arc<AtomicUsize>,
}

fn law() -> Law {
    let ticket = Contract::builder("ticket", "1")
        .states(["open", "busy", "done"])
        .initial("open")
        .terminal(["done"])
        .attribute("owner", Type::String)
        .open("ticket.open", ["owner"])
        .action(ActionDefinition::new("turn", ["open"], "busy", "ticket.turn"))
        .action(ActionDefinition::new("turn", ["busy"], "open", "ticket.turn"))
        .action(ActionDefinition::new("finish", ["open", "busy"], "done", "ticket.finish"))
        .build()
        .unwrap();
    Law::builder("desk", "1")
        .roles([
            RoleDefinition::superuser("super_admin"),
            RoleDefinition::implicit("visitor", ActorKind::User),
        ])
        .allow("ticket.open", ["visitor"])
        .allow_if("ticket.turn", ["visitor"], "subject.owner == actor.id")
        .contract(ticket)
        .build()
        .unwrap()
}

impl Desk {
    pub(crate) async fn open(path: &Path) -> Self {
        let store = SqliteStore::open(path).await.unwrap();
        let hos = Hos::open([law()], store.clone()).await.unwrap();
        let (world, actor) = (World::new("desk").unwrap(), Actor::user("u-1").unwrap());
        let (root, role) = (ActorId::new("root").unwrap(), Role::new("super_admin").unwrap());
        hos.bootstrap(&world, &root, &role, b"boot").await.unwrap();
        let root = Actor::user("root").unwrap();
        for firm in 0..FIRMS {
            let tenant = Tenant::new(format!("firm-{firm}")).unwrap();
            let add = StandingCommand::new(&root, &world, &tenant, StandingChange::AddTenant);
            hos.change_standing(&add.key(format!("firm {firm}"))).await.unwrap();
        }
        let mut tickets = Vec::new();
        for number in 0..if is_smoke() { 64 } else { 4_000 } {
            let (firm, id) = (format!("firm-{}", number % FIRMS), format!("t-{number}"));
            let ticket = Subject::new("desk", &firm, "ticket", &id).unwrap();
            let mut attributes = Attributes::new();
            attributes.set("owner".parse().unwrap(), actor.id().as_str());
            hos.open_subject(&actor, &ticket, attributes, format!("open {id}")).await.unwrap();
            tickets.push(ticket);
        }
        let lane = Lane::new(hos.clone());
        Self { hos, lane, store, actor, tickets: tickets.into(), turn: Arc::default() }
    }

    pub(crate) async fn direct(&self) {
        self.hos.transition(&self.next(None)).await.unwrap();
    }

    pub(crate) async fn gathered(&self) {
        self.lane.transition(&self.next(None)).await.unwrap();
    }

    /// Many callers at once, each one call after the other; all on one ticket, if it is named.
    pub(crate) fn crowd(&self, runtime: &Runtime, times: u32, one: Option<usize>) -> Duration {
        let each = times.div_ceil(CALLERS);
        let mut callers = Vec::new();
        for _ in 0..CALLERS {
            let commands: Vec<Command> = (0..each).map(|_| self.next(one)).collect();
            let lane = self.lane.clone();
            callers.push(async move {
                for command in &commands {
                    lane.transition(command).await.unwrap();
                }
            });
        }
        timed(|| {
            runtime.block_on(async {
                let callers: Vec<_> = callers.into_iter().map(tokio::spawn).collect();
                for caller in callers {
                    caller.await.unwrap();
                }
            });
        })
    }

    pub(crate) async fn close(&self) {
        self.lane.close().await;
        self.store.close().await.unwrap();
    }

    fn next(&self, one: Option<usize>) -> Command {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let ticket = one.unwrap_or(turn * 7_919 % self.tickets.len());
        Command::new(&self.actor, self.tickets.get(ticket).unwrap(), "turn")
            .key(format!("turn-{turn:0>20}"))
    }
}
