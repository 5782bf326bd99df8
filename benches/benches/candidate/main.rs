//! What a candidate law costs the caller, beside the same calls without one: at most a twentieth
//! over a database, and the run fails where it is more.
//!
//! In memory a `can` takes less than a microsecond, of which judging is a good part; a second
//! judgement cannot be a twentieth of that. There it is held to a half, and one that always parts
//! to little more than one that never does, for it must not explain itself each time.

#![expect(clippy::unwrap_used, reason = "a bench")]

mod law;

use std::cell::Cell;
use std::process::ExitCode;
use std::time::Duration;

use hos_benches::{Row, Target, is_smoke, table, timed, verdict};
use hos_core::actor::Actor;
use hos_core::candidate::Candidate;
use hos_core::command::{Command, Opening, StandingChange, StandingCommand};
use hos_core::hos::Hos;
use hos_core::id::{Tenant, World};
use hos_core::laws::{Contracts as _, Policy as _, Query, Registry as _};
use hos_core::memory::MemoryStore;
use hos_core::store::Backend;
use hos_core::subject::Subject;
use hos_sqlx::SqliteStore;
use tokio::runtime::Runtime;

use law::{ALIKE, NEVER, SAME, Size, law};

const TICKETS: usize = 500;
const MOST: Target = Target::TimesAsLong(1.05);
const MOST_IN_MEMORY: Target = Target::TimesAsLong(1.5);
/// Many short rounds: on a busy machine most of them are left in peace.
const ROUNDS: usize = 31;

fn main() -> ExitCode {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    for (size, words) in [(Size::OneRule, "one rule"), (Size::Whole, "a whole law")] {
        let path = directory.path().join(words);
        let sqlite = runtime.block_on(async {
            let store = SqliteStore::open(&path).await.unwrap();
            Desk::open(size, store).await
        });
        let place = format!("over SQLite, {words}");
        compare(&runtime, &sqlite, &place, MOST, [4_000, 1_000]);
        let memory = runtime.block_on(Desk::open(size, MemoryStore::new()));
        let place = format!("in memory, {words}");
        compare(&runtime, &memory, &place, MOST_IN_MEMORY, [20_000, 4_000]);
    }
    verdict()
}

fn compare(runtime: &Runtime, desk: &Desk, place: &str, most: Target, [asked, moved]: [u32; 2]) {
    for (title, times, moves) in [("can", asked, false), ("transition", moved, true)] {
        let row = |name, candidate: Option<(&'static str, &'static str)>| Row {
            name,
            target: candidate.map(|_| most),
            times,
            run: Box::new(move |times| {
                desk.hos.remove_candidate(&desk.world);
                if let Some((version, condition)) = candidate {
                    let law = law(desk.size, version, condition);
                    desk.hos.set_candidate(&Candidate::new(law)).unwrap();
                }
                desk.calls(runtime, times, moves)
            }),
        };
        let rows = &mut [
            row("without a candidate", None),
            row("with one that says the same", Some(("2", SAME))),
            row("with one that says it otherwise", Some(("3", ALIKE))),
            row("with one that always parts", Some(("4", NEVER))),
        ];
        table(&format!("{title}, {place}"), ROUNDS, rows);
    }
}

struct Desk {
    hos: Hos,
    size: Size,
    world: World,
    actor: Actor,
    tickets: Vec<Subject>,
    turn: Cell<usize>,
}

impl Desk {
    async fn open(size: Size, store: impl Backend + 'static) -> Self {
        let hos = Hos::open([law(size, "1", SAME)], store).await.unwrap();
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
        Self { hos, size, world, actor, tickets, turn: Cell::new(0) }
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
