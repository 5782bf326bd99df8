//! The same commands on two backends: the same decisions, the same leaf bytes.

mod compare;
mod generate;

use std::sync::Arc;
use std::time::Duration;

use hos_core::hos::Hos;
use hos_core::id::World;
use hos_core::laws::{Contracts as _, Policy as _, Proofs as _, Registry as _};
use hos_core::time::{Clock as _, ManualClock, SeededIds, Timestamp};

use crate::forward::Shared;
use crate::ground::{Factory, Ground, MemoryFactory};
use crate::law::{OTHER_WORLD, WORLD, law, law_of};
use crate::random::Random;
use crate::stage::{START, options};

use compare::{outcome, picture};
use generate::{Generator, Step};

/// Plays a seed's commands on the store in memory and on the backend under test, with the same
/// clock and ids. After each step the answers are compared, and at the end everything that both
/// keep: leaf bytes, roots, parts, messages, timers, standing.
///
/// # Panics
///
/// Where the two differ; the message names seed and step, so that the run can be repeated.
pub async fn differential(factory: &dyn Factory, seed: u64, steps: u64) {
    let mut ours = Side::new(&MemoryFactory, seed).await;
    let mut theirs = Side::new(factory, seed).await;
    let mut generator = Generator::new(Random::new(seed));
    for at in 0..steps {
        let step = generator.step();
        let expected = ours.play(&step).await;
        let found = theirs.play(&step).await;
        assert_eq!(expected, found, "seed {seed}, step {at}: {step:?}");
    }
    let (expected, found) = (picture(&ours.hos).await, picture(&theirs.hos).await);
    for (expected, found) in expected.iter().zip(&found) {
        assert_eq!(expected, found, "seed {seed}, after {steps} steps");
    }
    assert_eq!(expected.len(), found.len(), "seed {seed}, after {steps} steps");
}

/// One backend, its law, its clock.
struct Side {
    ground: Box<dyn Ground>,
    clock: Arc<ManualClock>,
    ids: Arc<SeededIds>,
    hos: Hos,
}

impl Side {
    async fn new(factory: &dyn Factory, seed: u64) -> Self {
        let ground = factory.fresh().await;
        let clock = Arc::new(ManualClock::at(Timestamp::from_micros(START)));
        let ids = Arc::new(SeededIds::new(seed));
        let hos = open(&*ground, &clock, &ids).await;
        Self { ground, clock, ids, hos }
    }

    async fn play(&mut self, step: &Step) -> Vec<String> {
        // No two timers are ever due at the same microsecond.
        self.clock.advance(Duration::from_micros(1_001));
        match step {
            Step::Bootstrap(world) => {
                let world = World::new(world).unwrap();
                let (id, role) = ("root".parse().unwrap(), "super_admin".parse().unwrap());
                vec![outcome(self.hos.bootstrap(&world, &id, &role, b"bootstrap").await)]
            }
            Step::Open(opening) => vec![outcome(self.hos.open(opening).await)],
            Step::Adopt(adoption) => vec![outcome(self.hos.adopt(adoption).await)],
            Step::Transition(command) => vec![outcome(self.hos.transition(command).await)],
            Step::Batch(commands) => {
                self.hos.transition_all(commands).await.into_iter().map(outcome).collect()
            }
            Step::Record(record) => vec![outcome(self.hos.record(record).await)],
            Step::Standing(command) => vec![outcome(self.hos.change_standing(command).await)],
            Step::Ask(query, subject) => {
                let allowed = self.hos.allowed_actions(&query.0, subject).await;
                let actions = allowed.map_err(|error| error.to_string());
                vec![outcome(self.hos.can(&query.1).await), format!("{actions:?}")]
            }
            Step::Fire => {
                let fired = self.hos.fire_due(self.clock.now(), 1_000).await.expect("due timers");
                let tell = |fired: hos_core::laws::Fired| {
                    let what = outcome(fired.outcome);
                    format!("{} {} {} {what}", fired.subject, fired.action, fired.due_at)
                };
                let mut told: Vec<String> = fired.into_iter().map(tell).collect();
                told.sort();
                told
            }
            Step::Sweep => vec![format!("{:?}", self.hos.sweep_receipts(1_000).await.unwrap())],
            Step::Advance(seconds) => {
                self.clock.advance(Duration::from_secs(*seconds));
                Vec::new()
            }
            Step::Reopen => {
                let _reopened = self.ground.reopen().await;
                self.hos = open(&*self.ground, &self.clock, &self.ids).await;
                Vec::new()
            }
        }
    }
}

async fn open(ground: &dyn Ground, clock: &Arc<ManualClock>, ids: &Arc<SeededIds>) -> Hos {
    let laws = [law(), law_of(OTHER_WORLD)];
    let hos = Hos::open_with(laws, Shared(ground.backend()), options(clock, ids)).await;
    let hos = hos.expect("the laws open");
    assert!(hos.law(&World::new(WORLD).unwrap()).is_some());
    hos
}
