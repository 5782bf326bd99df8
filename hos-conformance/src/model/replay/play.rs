//! One way through the model, done to real stores.

mod look;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use hos_core::command::Opening;
use hos_core::commit::Outcome;
use hos_core::error::{Error, FaultKind};
use hos_core::id::Tenant;
use hos_core::laws::Contracts as _;
use hos_core::receipt::{Effect, Receipt};
use hos_core::standing::Standing;
use hos_core::subject::{Snapshot, Subject};
use hos_core::time::ProofId;

use super::job::{WORLD, command, member, turn};
use super::{Replay, STEPS_MAX};
use crate::model::Protocol;
use crate::model::gate::Call;
use crate::model::state::{Action, Fate, Group, PROCESSES, Picture, Process, Sight, State, Told};
use crate::model::walk::Tally;

type Task = Pin<Box<dyn Future<Output = Result<Receipt, Error>> + Send>>;

pub(super) struct Play<'r> {
    replay: &'r Replay,
    protocol: &'r Protocol,
    state: State,
    job: Subject,
    /// What each process is doing.
    tasks: [Option<Task>; PROCESSES],
    /// The job as each of its proofs told it, by the place in the model's log.
    snapshots: BTreeMap<usize, Snapshot>,
    /// The standing under each number of changes.
    standings: Vec<Standing>,
    /// By key, the receipt as it was told first.
    receipts: Vec<Option<Receipt>>,
    granted: Option<ProofId>,
    trace: Vec<Action>,
}

impl<'r> Play<'r> {
    pub(super) async fn new(replay: &'r Replay, protocol: &'r Protocol, tenant: Tenant) -> Self {
        let job = Subject::new(WORLD, tenant.as_str(), "job", "j-1").unwrap();
        let add = hos_core::command::StandingChange::AddTenant;
        replay.change(&tenant, add, "tenant").await;
        replay.change(&tenant, member(&["crew"]), "member").await;
        let opening = Opening::new(&replay.root, &job).key("open");
        replay.observer.open(&opening).await.expect("the job opens");
        let state = protocol.start();
        let mut play = Self {
            replay,
            protocol,
            job,
            tasks: [const { None }; PROCESSES],
            snapshots: BTreeMap::new(),
            standings: Vec::new(),
            receipts: vec![None; state.kept.receipts.len()],
            state,
            granted: None,
            trace: Vec::new(),
        };
        play.look().await;
        replay.processes.iter().for_each(|seat| seat.gate.close());
        play
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Does a step to both, and compares.
    pub(super) async fn perform(&mut self, action: Action, tally: &mut Tally) {
        assert!(self.trace.len() < STEPS_MAX, "a trace ends:{}", self.way());
        let before = self.state.clone();
        let (action, answer) = self.act(action, tally).await;
        self.trace.push(action);
        self.state = self.protocol.next(&before, action);
        tally.step(&before, action, self.state.sight);
        if matches!(action, Action::Commit { .. } | Action::Change(_)) {
            self.look().await;
        }
        self.compare(&before, action, answer);
    }

    async fn act(
        &mut self,
        action: Action,
        tally: &mut Tally,
    ) -> (Action, Option<Result<Receipt, Error>>) {
        match action {
            Action::Send { process, intent, recalled } => {
                let seat = &self.replay.processes[process];
                seat.gate.remember(recalled.map(|picture| self.standing(picture)));
                let command = command(&self.job, &self.protocol.intents[intent]);
                let hos = seat.hos.clone();
                self.tasks[process] = Some(Box::pin(async move { hos.transition(&command).await }));
                let answer = self.go_on(process).await;
                let found = self.replay.processes[process].gate.recalled();
                let planned = recalled.map(|_| {
                    let found = found.unwrap_or_else(|| panic!("a recall:{}", self.way()));
                    tally.remembered += u64::from(found.is_own);
                    self.picture(&found.standing)
                });
                (Action::Send { process, intent, recalled: planned }, answer)
            }
            Action::Load { process } => {
                self.replay.processes[process].gate.pass(Fate::Answered);
                (action, self.go_on(process).await)
            }
            Action::Commit { process, fate } => {
                self.replay.processes[process].gate.pass(fate);
                (action, self.go_on(process).await)
            }
            Action::Crash { process } => {
                self.tasks[process] = None;
                self.replay.processes[process].gate.leave();
                (action, None)
            }
            Action::Change(group) => {
                let world = group == Group::Status;
                let tenant = if world { Tenant::world() } else { self.job.tenant.clone() };
                let change = turn(group, &self.state.kept, self.granted);
                let key = format!("{} {}", self.job.tenant, self.state.kept.changes.len());
                let receipt = self.replay.change(&tenant, change, &key).await;
                if group == Group::Grants {
                    self.granted = Some(receipt.proof_id);
                }
                (action, None)
            }
        }
    }

    /// Lets a process run until it stops again; answers what it answered, when it ended.
    async fn go_on(&mut self, process: usize) -> Option<Result<Receipt, Error>> {
        let gate = &self.replay.processes[process].gate;
        let task = self.tasks[process].as_mut().expect("a process that is under way");
        let answer = poll_fn(|context| match task.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if gate.waiting().is_some() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await;
        if answer.is_some() {
            self.tasks[process] = None;
        }
        answer
    }

    /// Compares where a process stands, what its store said, and what its client is told.
    fn compare(&mut self, before: &State, action: Action, answer: Option<Result<Receipt, Error>>) {
        let process = match action {
            Action::Send { process, .. }
            | Action::Load { process }
            | Action::Commit { process, .. }
            | Action::Crash { process } => process,
            Action::Change(_) => return,
        };
        let gate = &self.replay.processes[process].gate;
        let expected = match self.state.processes[process] {
            Process::Idle => None,
            Process::Loading { .. } => Some(Call::Load),
            Process::Committing { .. } => Some(Call::Commit),
        };
        assert_eq!(expected, gate.waiting(), "where process {process} stops:{}", self.way());
        if let Action::Commit { fate, .. } = action {
            self.compare_outcome(fate, gate.outcome().as_ref());
        }
        let intent = match (action, before.processes[process]) {
            (Action::Send { intent, .. }, _)
            | (_, Process::Loading { intent } | Process::Committing { intent, .. }) => intent,
            (_, Process::Idle) => panic!("who is idle does nothing:{}", self.way()),
        };
        self.compare_answer(intent, answer);
    }

    fn compare_outcome(&self, fate: Fate, said: Option<&Result<Outcome, String>>) {
        let arrived = matches!(said, Some(Ok(_)));
        assert_eq!(fate != Fate::CallLost, arrived, "{said:?}:{}", self.way());
        if fate == Fate::Answered {
            let conflict = matches!(said, Some(Ok(Outcome::Conflict)));
            assert_eq!(conflict, self.state.sight == Sight::Conflict, "{said:?}:{}", self.way());
        }
    }

    fn compare_answer(&mut self, intent: usize, answer: Option<Result<Receipt, Error>>) {
        let sight = self.state.sight;
        match (sight, answer) {
            (Sight::Nothing | Sight::Conflict, None) => {}
            (Sight::Refused(code), Some(Err(Error::Refused(refusal)))) => {
                assert_eq!(code.as_str(), refusal.code(), "{}", self.way());
            }
            (Sight::Ambiguous, Some(Err(Error::Fault(fault)))) => {
                assert_eq!(fault.kind(), FaultKind::Ambiguous, "{fault:?}:{}", self.way());
            }
            (
                Sight::First | Sight::Unchanged | Sight::Replayed | Sight::FoundAgain,
                Some(Ok(receipt)),
            ) => {
                let again = matches!(sight, Sight::Replayed | Sight::FoundAgain);
                assert_eq!(again, receipt.replayed, "{receipt:?}:{}", self.way());
                self.compare_receipt(intent, receipt);
            }
            (sight, answer) => panic!("expected {sight:?}, found {answer:?}:{}", self.way()),
        }
    }

    fn compare_receipt(&mut self, intent: usize, receipt: Receipt) {
        let told = self.state.told[intent].expect("what was answered is noted");
        self.compare_told(told, &receipt);
        let receipt = Receipt { replayed: false, ..receipt };
        let key = self.protocol.intents[intent].key;
        let way = self.way();
        match &self.receipts[key] {
            None => self.receipts[key] = Some(receipt),
            Some(first) => assert_eq!(*first, receipt, "a key has one receipt:{way}"),
        }
    }

    fn compare_told(&self, told: Told, receipt: &Receipt) {
        let Told { intent, moved, row } = told;
        let effect = if moved { Effect::Moved } else { Effect::Unchanged };
        let expected =
            (effect, row.revision, row.stage.as_str(), self.snapshots[&row.proof].proof_id);
        let to = receipt.to.as_ref().map_or("", |to| to.as_str());
        let found = (receipt.effect, receipt.revision, to, receipt.proof_id);
        assert_eq!(expected, found, "{receipt:?}:{}", self.way());
        let wish = self.protocol.intents[intent].wish;
        assert_eq!(receipt.action.as_str(), wish.as_str(), "{}", self.way());
    }

    /// The standing that somebody remembers who read its parts at these times.
    fn standing(&self, picture: Picture) -> Standing {
        let subjects = vec![Some(self.snapshots[&picture.proof].clone())];
        Standing { subjects, receipt: None, ..self.standings[picture.changes].clone() }
    }

    /// When the parts of a standing were so: what a store remembers has been.
    fn picture(&self, standing: &Standing) -> Picture {
        let snapshot = standing.subjects.first().and_then(Option::as_ref);
        let snapshot = snapshot.unwrap_or_else(|| panic!("a subject:{}", self.way()));
        let proof = self.snapshots.iter().find(|(_, known)| *known == snapshot);
        let same = |known: &&Standing| known.versions == standing.versions;
        let changes = self.standings.iter().position(|known| same(&known));
        let (Some((proof, _)), Some(changes)) = (proof, changes) else {
            panic!("remembered what never was: {standing:?}:{}", self.way());
        };
        let known = &self.standings[changes];
        assert_eq!(known.actor, standing.actor, "remembered roles:{}", self.way());
        assert_eq!(known.modes, standing.modes, "remembered modes:{}", self.way());
        assert_eq!(known.world, standing.world, "remembered status:{}", self.way());
        assert!(standing.receipt.is_none() && standing.tenant_exists, "{}", self.way());
        Picture { proof: *proof, changes }
    }

    /// The way here, for whoever must go it again.
    fn way(&self) -> String {
        let mut way = format!("\n{} on {}", self.protocol.name, self.job.tenant);
        for action in &self.trace {
            let _infallible = write!(way, "\n- {action}");
        }
        way
    }
}
