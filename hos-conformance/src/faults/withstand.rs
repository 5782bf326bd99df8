//! Many injected failures: no state without proof, no proof without state, one receipt per key.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use hos_core::command::{Command, Record};
use hos_core::error::{Error, Fault, Refusal};
use hos_core::hos::Hos;
use hos_core::laws::{Contracts as _, Proofs as _};
use hos_core::proof::PAGE_MAX;
use hos_core::receipt::{Effect, Receipt};
use hos_core::subject::Subject;

use super::{Call, FaultyStore, Injection};
use crate::forward::Shared;
use crate::ground::Factory;
use crate::random::Random;
use crate::stage::{Stage, act, firm, leaf, owner, world};

/// How often a command is sent before it must have settled.
const SENDINGS_MAX: u32 = 1_000;
const LAMPS: usize = 6;

/// Sends commands over a store that fails on purpose, until so many failures were injected; each
/// command is sent again with its key until it is answered.
///
/// # Panics
///
/// Where a state stands without proof, a proof without state, or a key led to two things.
pub async fn withstand(factory: &dyn Factory, seed: u64, injections: u64) {
    let stage = Stage::new(factory).await;
    let mut lamps = Vec::new();
    for at in 0..LAMPS {
        lamps.push(stage.subject("lamp", &format!("l{at}")).await);
    }
    let injected = Arc::new(AtomicU64::new(0));
    let hos = failing(&stage, seed, &injected).await;
    let mut player = Player { random: Random::new(seed ^ 0x5eed), lamps, settled: Vec::new() };
    let mut records = 0;
    while injected.load(Ordering::SeqCst) < injections {
        match player.random.below(8) {
            0 => records += player.record(&hos, records).await,
            1 => player.batch(&hos).await,
            _ => player.single(&hos).await,
        }
    }
    player.check(&stage, records).await;
}

async fn failing(stage: &Stage, seed: u64, injected: &Arc<AtomicU64>) -> Hos {
    let armed = Arc::new(AtomicBool::new(false));
    let (counted, awake) = (Arc::clone(injected), Arc::clone(&armed));
    let random = Mutex::new(Random::new(seed));
    let script = move |call: Call, _: u64| {
        if !awake.load(Ordering::SeqCst) {
            return Injection::Pass;
        }
        let injection = match random.lock().expect("nobody panicked").below(12) {
            0 => Injection::Before,
            1 | 2 => Injection::After,
            3 if call == Call::Commit => Injection::Conflict,
            4 => return Injection::Delay(2),
            _ => return Injection::Pass,
        };
        counted.fetch_add(1, Ordering::SeqCst);
        injection
    };
    let hos = stage.over(FaultyStore::new(Shared(stage.backend()), script)).await;
    armed.store(true, Ordering::SeqCst);
    hos
}

struct Player {
    random: Random,
    lamps: Vec<Subject>,
    settled: Vec<(Command, Receipt)>,
}

impl Player {
    fn command(&mut self, at: usize) -> Command {
        let lamp = self.random.one_of(&self.lamps).clone();
        let action = *self.random.one_of(&["light", "dim"]);
        let command = act(&owner(), &lamp, action, &format!("f{at}"));
        let other = self.random.one_of(&self.lamps).clone();
        if other == lamp || self.random.below(4) > 0 {
            return command;
        }
        command.and(&other, "light")
    }

    async fn single(&mut self, hos: &Hos) {
        let command = self.command(self.settled.len());
        let receipt = until_settled(async || hos.transition(&command).await).await;
        self.settled.push((command, receipt));
    }

    async fn batch(&mut self, hos: &Hos) {
        let first = self.settled.len();
        let commands: Vec<Command> = (first..first + 5).map(|at| self.command(at)).collect();
        let answers = hos.transition_all(&commands).await;
        for (command, answer) in commands.into_iter().zip(answers) {
            let receipt = match settled(answer) {
                Some(receipt) => receipt,
                None => until_settled(async || hos.transition(&command).await).await,
            };
            self.settled.push((command, receipt));
        }
    }

    async fn record(&self, hos: &Hos, at: u64) -> u64 {
        let record = Record::new(&owner(), &world(), &firm(), "call").key(format!("r{at}"));
        until_settled(async || hos.record(&record).await).await;
        1
    }

    async fn check(self, stage: &Stage, records: u64) {
        let mut raised = 0;
        for lamp in &self.lamps {
            let (state, revision) = stage.at(lamp).await;
            let mut told = 0;
            loop {
                let history = stage.hos.history(lamp, told, PAGE_MAX).await.expect("a history");
                let Some(last) = history.last() else { break };
                let last = leaf(last);
                told += u64::try_from(history.len()).unwrap();
                assert_eq!(last["revision"], told, "{lamp}: one proof per revision");
                if told == revision {
                    assert_eq!(last["to"], state.as_str(), "{lamp}: the proof of its state");
                }
            }
            assert_eq!(told, revision, "{lamp}: no state without proof, no proof without state");
            raised += revision - 1;
        }
        let mut moved = 0;
        for (command, receipt) in &self.settled {
            for step in std::iter::once(&receipt.step).chain(&receipt.also) {
                moved += u64::from(step.effect == Effect::Moved);
                let found = stage.hos.find(&world(), &firm(), step.proof_id).await;
                assert!(found.expect("an answer").is_some(), "{receipt:?}");
            }
            let replay = stage.send(command).await.expect("a replay");
            assert_eq!(replay, Receipt { replayed: true, ..receipt.clone() }, "one true receipt");
        }
        assert_eq!(moved, raised, "every move was answered once");
        let log = stage.log().await;
        let kept = log.iter().filter(|entry| leaf(entry)["typ"] == "record/1").count();
        assert_eq!(u64::try_from(kept).unwrap(), records, "every record once");
        let head = stage.hos.head(&world(), &firm()).await.expect("a head");
        let root = hos_core::merkle::root_of(log.iter().map(|entry| entry.leaf_hash));
        assert_eq!((head.size, head.root), (u64::try_from(log.len()).unwrap(), root));
    }
}

async fn until_settled(mut send: impl AsyncFnMut() -> Result<Receipt, Error>) -> Receipt {
    for _ in 0..SENDINGS_MAX {
        if let Some(receipt) = settled(send().await) {
            return receipt;
        }
    }
    panic!("a command did not settle in {SENDINGS_MAX} sendings");
}

/// None for what is to be sent again with the same key.
fn settled(answer: Result<Receipt, Error>) -> Option<Receipt> {
    match answer {
        Ok(receipt) => Some(receipt),
        Err(Error::Refused(Refusal::Conflict)) => None,
        Err(Error::Fault(fault)) if Fault::is_retryable(&fault) => None,
        Err(other) => panic!("a failure that was not injected: {other:?}"),
    }
}
