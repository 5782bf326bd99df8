//! A world of tickets of a thousand firms, kept by any store.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hos_core::actor::{Actor, ActorKind};
use hos_core::command::{Command, StandingChange, StandingCommand};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::hos::Hos;
use hos_core::id::{ActorId, Role, Tenant, World};
use hos_core::law::Law;
use hos_core::laws::{Contracts, Registry as _};
use hos_core::policy::RoleDefinition;
use hos_core::store::Backend;
use hos_core::subject::Subject;
use hos_core::value::{Attributes, Type};
use hos_work::{Lane, LaneOptions};
use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep_until};

use crate::{is_smoke, now, timed};

const FIRMS: usize = 1_000;

/// Whose tickets are turned.
#[derive(Debug, Clone, Copy)]
pub enum Whose {
    /// Those of all firms.
    Everybodys,
    /// Those of one firm.
    OneFirms,
    /// One ticket.
    One,
}

/// The desk that turns them.
#[derive(Debug, Clone)]
pub struct Desk {
    hos: Hos,
    lane: Lane,
    actor: Actor,
    spread: Arc<[Subject]>,
    hot: Arc<[Subject]>,
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
    /// Activates the law in an empty store, registers the firms and opens tickets: so many of
    /// everybody's and as many of one firm's.
    pub async fn open(store: impl Backend + 'static, options: LaneOptions, tickets: usize) -> Self {
        let hos = Hos::open([law()], store).await.unwrap();
        let (world, actor) = (World::new("desk").unwrap(), Actor::user("u-1").unwrap());
        let (root, role) = (ActorId::new("root").unwrap(), Role::new("super_admin").unwrap());
        hos.bootstrap(&world, &root, &role, b"boot").await.unwrap();
        let (firms, tickets) = if is_smoke() { (4, 64) } else { (FIRMS, tickets) };
        let root = Actor::user("root").unwrap();
        for firm in 0..firms {
            let tenant = Tenant::new(format!("firm-{firm}")).unwrap();
            let add = StandingCommand::new(&root, &world, &tenant, StandingChange::AddTenant);
            hos.change_standing(&add.key(format!("firm {firm}"))).await.unwrap();
        }
        let spread = open_all(&hos, &actor, tickets, |number| format!("firm-{}", number % firms));
        let spread = spread.await;
        let hot = open_all(&hos, &actor, tickets, |_| "firm-0".to_owned()).await;
        let lane = Lane::with_options(hos.clone(), options);
        Self { hos, lane, actor, spread: spread.into(), hot: hot.into(), turn: Arc::default() }
    }

    /// The law.
    pub fn hos(&self) -> &Hos {
        &self.hos
    }

    /// How long many callers at once take, each one call after the other; `gathered` by the lane,
    /// or directly.
    pub fn crowd(
        &self,
        runtime: &Runtime,
        times: u32,
        callers: u32,
        whose: Whose,
        gathered: bool,
    ) -> Duration {
        let tasks = self.callers(times, callers, whose, gathered);
        timed(|| drop(runtime.block_on(all(tasks))))
    }

    /// How long each call took, of many callers at once.
    pub fn latencies(
        &self,
        runtime: &Runtime,
        times: u32,
        callers: u32,
        whose: Whose,
        gathered: bool,
    ) -> Vec<Duration> {
        runtime.block_on(all(self.callers(times, callers, whose, gathered))).concat()
    }

    /// Turns everybody's tickets so often a second, or as often as so many callers at once can, and
    /// tells the firm of each that was recorded.
    pub fn turn_at<F: Fn(&Tenant) + Clone + Send + 'static>(
        &self,
        rate: u32,
        callers: u32,
        lasts: Duration,
        recorded: F,
    ) -> impl Future<Output = ()> + Send + use<F> {
        let (start, desk) = (Instant::now(), self.clone());
        let places = Arc::new(AtomicUsize::new(0));
        let caller = move |_| {
            let (desk, places, recorded) = (desk.clone(), Arc::clone(&places), recorded.clone());
            async move {
                loop {
                    let place = places.fetch_add(1, Ordering::Relaxed) as f64;
                    let due = Duration::from_secs_f64(place / f64::from(rate));
                    if due.max(start.elapsed()) >= lasts {
                        return;
                    }
                    sleep_until(start + due).await;
                    let command = desk.next(Whose::Everybodys);
                    desk.lane.transition(&command).await.unwrap();
                    recorded(&command.subject().tenant);
                }
            }
        };
        let tasks = (0..callers).map(caller).collect();
        async move { drop(all(tasks).await) }
    }

    /// Turns these tickets from now on as everybody's.
    pub fn spread_over(&mut self, tickets: Vec<Subject>) {
        self.spread = tickets.into();
    }

    /// Gives every entry its place; answers how many there were.
    pub async fn sequence(&self) -> u64 {
        let mut sequenced = 0;
        loop {
            let more = self.hos.sequence_pending(1_000).await.unwrap();
            sequenced += u64::from(more);
            if more == 0 {
                return sequenced;
            }
        }
    }

    /// Gives every entry its place, and prints how fast.
    pub fn print_sequencing(&self, runtime: &Runtime) {
        let mut sequenced = 0;
        let took = timed(|| sequenced = runtime.block_on(self.sequence()));
        let rate = sequenced as f64 / took.as_secs_f64();
        println!("\nsequenced {sequenced} entries, {rate:.0} per second");
    }

    fn callers(
        &self,
        times: u32,
        callers: u32,
        whose: Whose,
        gathered: bool,
    ) -> Vec<impl Future<Output = Vec<Duration>> + Send + use<>> {
        // Who calls at the same time turns different tickets.
        let mut each = vec![Vec::new(); callers as usize];
        for turn in 0..times.div_ceil(callers) * callers {
            each[(turn % callers) as usize].push(self.next(whose));
        }
        let caller = |commands: Vec<Command>| {
            let (lane, hos) = (self.lane.clone(), self.hos.clone());
            async move {
                let mut latencies = Vec::with_capacity(commands.len());
                for command in &commands {
                    let start = now();
                    let moved = if gathered {
                        lane.transition(command).await
                    } else {
                        hos.transition(command).await
                    };
                    moved.unwrap();
                    latencies.push(start.elapsed());
                }
                latencies
            }
        };
        each.into_iter().map(caller).collect()
    }

    fn next(&self, whose: Whose) -> Command {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let among = |tickets: &Arc<[Subject]>| tickets[turn * 7_919 % tickets.len()].clone();
        let ticket = match whose {
            Whose::Everybodys => among(&self.spread),
            Whose::OneFirms => among(&self.hot),
            Whose::One => self.hot[0].clone(),
        };
        Command::new(&self.actor, &ticket, "turn").key(format!("turn-{turn:0>20}"))
    }
}

/// Runs tasks beside each other until all have ended; answers what each answered.
pub async fn all<T: Send + 'static>(
    tasks: Vec<impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    let mut answers = Vec::with_capacity(tasks.len());
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

async fn open_all(
    hos: &Hos,
    actor: &Actor,
    tickets: usize,
    firm: impl Fn(usize) -> String,
) -> Vec<Subject> {
    let subject =
        |number| Subject::new("desk", &firm(number), "ticket", &format!("t-{number}-{}", firm(1)));
    let subjects: Vec<Subject> = (0..tickets).map(|number| subject(number).unwrap()).collect();
    let mut tasks = Vec::new();
    for share in subjects.chunks(tickets.div_ceil(16)) {
        let (hos, actor, share) = (hos.clone(), actor.clone(), share.to_vec());
        tasks.push(async move {
            for ticket in share {
                let mut attributes = Attributes::new();
                attributes.set("owner".parse().unwrap(), actor.id().as_str());
                let key = format!("open {} {}", ticket.tenant, ticket.id);
                hos.open_subject(&actor, &ticket, attributes, key).await.unwrap();
            }
        });
    }
    all(tasks).await;
    subjects
}
