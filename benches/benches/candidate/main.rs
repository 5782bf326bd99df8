//! What a candidate law costs the caller, beside the same calls without one.

#![expect(clippy::unwrap_used, reason = "a bench")]

use std::cell::Cell;
use std::time::Duration;

use hos_benches::{Row, Target, is_smoke, table, timed};
use hos_core::actor::{Actor, ActorKind};
use hos_core::candidate::Candidate;
use hos_core::command::{Command, Opening, StandingChange, StandingCommand};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::hos::Hos;
use hos_core::id::{Tenant, World};
use hos_core::law::Law;
use hos_core::laws::{Contracts as _, Policy as _, Query, Registry as _};
use hos_core::policy::RoleDefinition;
use hos_core::subject::Subject;
use hos_core::value::Type;
use hos_sqlx::SqliteStore;
use tokio::runtime::Runtime;

const TICKETS: usize = 500;

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let desk = runtime.block_on(Desk::open(&directory.path().join("law.db")));
    let (runtime, desk) = (&runtime, &desk);
    let row = |name, candidate: fn() -> Option<Law>, target, moves: bool| Row {
        name,
        target,
        times: if moves { 1_000 } else { 4_000 },
        run: Box::new(move |times| {
            desk.hos.remove_candidate(&desk.world);
            if let Some(law) = candidate() {
                desk.hos.set_candidate(&Candidate::new(law)).unwrap();
            }
            desk.calls(runtime, times, moves)
        }),
    };
    let most = Some(Target::TimesAsLong(1.05));
    for (title, moves) in [("can, over SQLite", false), ("transition, over SQLite", true)] {
        let rows = &mut [
            row("without a candidate", || None, None, moves),
            row("with one that says the same", || Some(law("2", SAME)), most, moves),
            row("with one that says it otherwise", || Some(law("3", ALIKE)), most, moves),
            row("with one that always parts", || Some(law("4", NEVER)), most, moves),
        ];
        table(title, 15, rows);
    }
}

const SAME: &str = "subject.owner == actor.id";
const ALIKE: &str = "actor.id == subject.owner && size(subject.owner) > 0";
const NEVER: &str = "subject.owner == 'nobody'";

fn law(version: &str, condition: &str) -> Law {
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
    Law::builder("desk", version)
        .roles([
            RoleDefinition::superuser("super_admin"),
            RoleDefinition::implicit("visitor", ActorKind::User),
        ])
        .allow("ticket.open", ["visitor"])
        .allow_if("ticket.turn", ["visitor"], condition)
        .contract(ticket)
        .build()
        .unwrap()
}

struct Desk {
    hos: Hos,
    world: World,
    actor: Actor,
    tickets: Vec<Subject>,
    turn: Cell<usize>,
}

impl Desk {
    async fn open(path: &std::path::Path) -> Self {
        let store = SqliteStore::open(path).await.unwrap();
        let hos = Hos::open([law("1", SAME)], store).await.unwrap();
        let (world, actor) = (World::new("desk").unwrap(), Actor::user("u-1").unwrap());
        let role = "super_admin".parse().unwrap();
        hos.bootstrap(&world, &"root".parse().unwrap(), &role, b"boot").await.unwrap();
        let firm = Tenant::new("firm-1").unwrap();
        let root = Actor::user("root").unwrap();
        let add = StandingCommand::new(&root, &world, &firm, StandingChange::AddTenant);
        hos.change_standing(&add.key("firm")).await.unwrap();
        let mut tickets = Vec::new();
        for number in 0..if is_smoke() { 2 } else { TICKETS } {
            let ticket = Subject::new("desk", "firm-1", "ticket", &format!("t-{number}")).unwrap();
            let opening = Opening::new(&actor, &ticket).attribute("owner", "u-1");
            hos.open(&opening.key(ticket.to_string())).await.unwrap();
            tickets.push(ticket);
        }
        Self { hos, world, actor, tickets, turn: Cell::new(0) }
    }

    fn calls(&self, runtime: &Runtime, times: u32, moves: bool) -> Duration {
        timed(|| {
            runtime.block_on(async {
                for _ in 0..times {
                    let turn = self.turn.replace(self.turn.get() + 1);
                    let ticket = self.tickets.get(turn % self.tickets.len()).unwrap();
                    if moves {
                        let command = Command::new(&self.actor, ticket, "turn");
                        self.hos.transition(&command.key(turn.to_string())).await.unwrap();
                    } else {
                        let query = Query::new(&self.actor, "ticket.turn", ticket);
                        assert!(self.hos.can(&query).await.unwrap().permits());
                    }
                }
            });
        })
    }
}
