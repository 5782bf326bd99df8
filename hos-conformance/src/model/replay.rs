//! Replays the model on real stores, step by step, through the law itself.

mod job;
mod play;

use std::sync::Arc;

use hos_core::actor::Actor;
use hos_core::command::{StandingChange, StandingCommand};
use hos_core::hos::Hos;
use hos_core::id::{ActorId, Role, Tenant, World};
use hos_core::laws::Registry as _;
use hos_core::store::Backend;
use hos_core::time::{ManualClock, SeededIds, Timestamp};

use super::gate::Gate;
use super::state::{Action, PROCESSES};
use super::walk::Tally;
use super::{Protocol, State};
use crate::forward::Shared;
use crate::stage::{START, options};

pub(crate) use job::law;

use job::WORLD;
use play::Play;

/// The most steps of one trace; the bounds of a protocol end it long before.
const STEPS_MAX: usize = 1_000;

/// Real stores that do what the model does.
pub struct Replay {
    processes: [Seat; PROCESSES],
    /// Who changes standing and looks what is there.
    observer: Hos,
    world: World,
    root: Actor,
    traces: u64,
}

/// A process: the law over its own store, behind a gate.
struct Seat {
    gate: Gate,
    hos: Hos,
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replay").field("traces", &self.traces).finish_non_exhaustive()
    }
}

impl Replay {
    /// Opens the law over three stores of one, empty database, as three processes would.
    ///
    /// # Panics
    ///
    /// When it does not open.
    pub async fn new([first, second, observer]: [Arc<dyn Backend>; 3]) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_micros(START)));
        let ids = Arc::new(SeededIds::new(7));
        let opened = Hos::open_with([law()], Shared(observer), options(&clock, &ids)).await;
        let observer = opened.expect("the law opens");
        let world: World = WORLD.parse().unwrap();
        let root: ActorId = "root".parse().unwrap();
        let role: Role = "super_admin".parse().unwrap();
        observer.bootstrap(&world, &root, &role, b"boot").await.expect("the first superuser");
        let mut seats = Vec::new();
        for inner in [first, second] {
            let gate = Gate::default();
            let behind = gate.before(inner);
            let hos = Hos::open_with([law()], behind, options(&clock, &ids)).await;
            seats.push(Seat { gate, hos: hos.expect("the law opens again") });
        }
        let processes = seats.try_into().ok().expect("two processes");
        Self { processes, observer, world, root: Actor::user("root").unwrap(), traces: 0 }
    }

    /// Walks one way through the model, doing each step to the stores and comparing: where each
    /// process stands, what was answered, and what is kept. Answers the way.
    ///
    /// # Panics
    ///
    /// Where a store and the model differ; the message tells the way there.
    pub async fn walk(&mut self, protocol: &Protocol, tally: &mut Tally) -> Vec<Action> {
        let (trace, end) = {
            let mut play = self.play(protocol).await;
            while let Some(action) = tally.choose(protocol, play.state()) {
                play.perform(action, tally).await;
            }
            play.end().await
        };
        tally.trace();
        self.clear(&end).await;
        trace
    }

    /// A tenant, a job and a member of their own.
    async fn play<'r>(&'r mut self, protocol: &'r Protocol) -> Play<'r> {
        self.traces += 1;
        let tenant = Tenant::new(format!("firm-{}", self.traces)).unwrap();
        Play::new(self, protocol, tenant).await
    }

    /// Opens the world again, and forgets what was published.
    async fn clear(&self, end: &State) {
        if job::is_closed(end) {
            let open = job::set_world(hos_core::standing::WorldStatus::Open);
            self.change(&Tenant::world(), open, &format!("open {}", self.traces)).await;
        }
        let store = self.observer.store();
        let waiting = store.waiting(hos_core::proof::PAGE_MAX).await.expect("an outbox");
        let ids: Vec<u64> = waiting.iter().map(|row| row.id).collect();
        store.done(&ids).await.expect("an outbox");
    }

    async fn change(
        &self,
        tenant: &Tenant,
        change: StandingChange,
        key: &str,
    ) -> hos_core::receipt::Receipt {
        let command = StandingCommand::new(&self.root, &self.world, tenant, change).key(key);
        self.observer.change_standing(&command).await.expect("a change of standing")
    }
}
