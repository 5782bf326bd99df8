//! The search itself: every representative of every input, judged by the judge.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use hos_core::actor::{Actor, ActorKind};
use hos_core::command::{Command, Opening};
use hos_core::condition::{Condition, Environment, Path, Root};
use hos_core::contract::{Action, ActionDefinition, Contract};
use hos_core::error::Refusal;
use hos_core::id::{Name, State};
use hos_core::judge::{Judge, Verdict};
use hos_core::law::Law;
use hos_core::standing::{Mode, ModeScope, Modes, Standing, Versions, WorldStatus};
use hos_core::subject::{Snapshot, Subject, SubjectView};
use hos_core::time::{ProofId, SeededIds, Timestamp};
use hos_core::value::{Attributes, Value};

use super::attempt::{Attempt, Product, bag};
use super::domain::Domains;
use super::reads::{Live, Reads};
use super::{CONFIGURATIONS_MAX, REVISION_MAX, Step, Trace};

/// What is searched.
pub(super) struct Search<'c> {
    pub(super) contract: &'c Contract,
    pub(super) law: &'c Law,
    pub(super) subject: &'c Subject,
    pub(super) domains: &'c Domains,
    pub(super) live: &'c Live,
    pub(super) invariant: Option<&'c Condition>,
    pub(super) ids: &'c SeededIds,
    pub(super) judgements_max: u64,
}

/// A subject as far as anything reads it from here on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Configuration {
    state: State,
    /// 0 where nobody reads it.
    revision: u64,
    /// The first time where nobody reads it.
    now: Timestamp,
    attributes: BTreeMap<Name, Value>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) configurations: Vec<Node>,
    pub(super) judgements: u64,
    /// By state and the number of the action: the sets of guards that failed together.
    pub(super) outcomes: BTreeSet<(State, usize, Vec<Name>)>,
    /// The same of openings.
    pub(super) openings: BTreeSet<Vec<Name>>,
    /// By state and the number of the action, where a job moved the subject.
    pub(super) by_job: BTreeSet<(State, usize)>,
    /// Where the invariant breaks first.
    pub(super) broken: Option<usize>,
    /// Where nothing can ever be done, although the state is not terminal.
    pub(super) dead: Vec<usize>,
    pub(super) cuts: BTreeSet<String>,
    known: BTreeSet<Configuration>,
    /// Reached and not gone on from.
    open: VecDeque<usize>,
    /// Whether no more may be judged.
    stopped: bool,
}

#[derive(Debug)]
pub(super) struct Node {
    configuration: Configuration,
    before: Option<usize>,
    step: Step,
}

impl Node {
    pub(super) fn state(&self) -> &State {
        &self.configuration.state
    }

    pub(super) fn is_in(&self, state: &State) -> bool {
        self.state() == state
    }
}

impl Found {
    /// The way to a configuration; the search goes in breadth, so that it is a shortest one.
    pub(super) fn trace(&self, to: usize) -> Trace {
        let mut steps = Vec::new();
        let mut at = self.configurations.get(to);
        while let Some(node) = at {
            steps.push(node.step.clone());
            at = node.before.and_then(|before| self.configurations.get(before));
        }
        steps.reverse();
        Trace { steps }
    }
}

impl Search<'_> {
    pub(super) fn run(&self) -> Found {
        let cuts = self.domains.cuts().into_iter().collect();
        let mut found = Found { cuts, ..Found::default() };
        self.open(&mut found);
        while let Some(at) = found.open.pop_front() {
            let Some(node) = found.configurations.get(at) else { break };
            let configuration = node.configuration.clone();
            let mut goes_on = self.contract.is_terminal(configuration.state.as_str());
            let definitions = &self.contract.definition().actions;
            let actions = self.contract.actions().iter().zip(definitions).enumerate();
            for (number, (action, definition)) in actions {
                if action.starts_in(configuration.state.as_str()) {
                    let tried = Tried { at, number, action, definition };
                    goes_on |= self.act(&tried, &configuration, &mut found);
                }
            }
            if found.stopped {
                break;
            }
            if !goes_on {
                found.dead.push(at);
            }
        }
        found
    }

    /// Whether one more may be judged.
    fn count(&self, found: &mut Found) -> bool {
        if found.judgements < self.judgements_max {
            found.judgements += 1;
        } else {
            found.cuts.insert(format!("{} judgements were made", self.judgements_max));
            found.stopped = true;
        }
        !found.stopped
    }

    fn open(&self, found: &mut Found) {
        let guards = self.contract.open().guards().iter();
        let guards = guards.map(|guard| guard.condition().expression().clone());
        let reads = Reads::of(guards);
        let later = self.live.at(self.contract.initial().as_str());
        let read: BTreeSet<&Name> =
            reads.attributes(self.contract).chain(later.attributes(self.contract)).collect();
        let required = self.contract.open().required();
        let choices = self.contract.attributes().iter().map(|(name, type_)| {
            let path = Path { root: Root::Subject, name: name.clone() };
            self.choices(&path, *type_, read.contains(name), required.contains(name))
        });
        let names: Vec<&Name> = self.contract.attributes().keys().collect();
        for now in self.times(&reads, None) {
            for actor in self.actors(&reads, false) {
                for values in Product::new(choices.clone().collect()) {
                    if !self.count(found) {
                        return;
                    }
                    let attributes = bag(&names, values);
                    self.open_one(&actor, now, &attributes, found);
                }
            }
        }
    }

    fn open_one(&self, actor: &Actor, now: Timestamp, attributes: &Attributes, found: &mut Found) {
        let opening = Opening::new(actor, self.subject).attributes(attributes).key("key");
        let verdict = self.judge(now).open(&opening, &standing(None));
        let step = || Step::new("open", actor, now, [("subject", attributes)]);
        match self.settle(verdict, now, found) {
            Settled::Moved(snapshot) => {
                found.openings.insert(Vec::new());
                self.reach(&snapshot, now, (None, step()), found);
            }
            Settled::Failed(codes) => {
                found.openings.insert(codes);
            }
            Settled::Neither => {}
        }
    }

    /// Tries an action in every way; answers whether one of them moves the subject however much
    /// time passes before.
    fn act(&self, tried: &Tried<'_>, configuration: &Configuration, found: &mut Found) -> bool {
        let Tried { at, number, action, definition } = *tried;
        let state = &configuration.state;
        let timed = self.contract.timers().iter();
        let is_timed =
            timed.clone().any(|timer| timer.state() == state && timer.action() == action.name());
        let standing = standing(Some(self.snapshot(configuration)));
        let mut goes_on = false;
        for attempt in self.attempts(action, definition, configuration.now, is_timed) {
            if !self.count(found) {
                break;
            }
            let Attempt { actor, now, input, facts, lasts } = &attempt;
            let mut command = Command::new(actor, self.subject, action.name().as_str()).key("key");
            for (name, value) in input.iter() {
                command = command.input(name.as_str(), value.clone());
            }
            for (name, value) in facts.iter() {
                command = command.fact(name.as_str(), value.clone());
            }
            let verdict = self.judge(*now).transition(&command, &standing);
            match self.settle(verdict, *now, found) {
                Settled::Moved(snapshot) => {
                    goes_on |= *lasts;
                    found.outcomes.insert((state.clone(), number, Vec::new()));
                    if actor.kind() == ActorKind::Job {
                        found.by_job.insert((state.clone(), number));
                    }
                    let given = [("input", input), ("facts", facts)];
                    let step = Step::new(action.name().as_str(), actor, *now, given);
                    self.reach(&snapshot, *now, (Some(at), step), found);
                }
                Settled::Failed(codes) => {
                    found.outcomes.insert((state.clone(), number, codes));
                }
                Settled::Neither => {}
            }
        }
        goes_on
    }

    fn judge(&self, now: Timestamp) -> Judge<'_> {
        Judge::new(self.law, "explored", now, self.ids)
    }

    fn settle(&self, verdict: Verdict, now: Timestamp, found: &mut Found) -> Settled {
        match verdict {
            Verdict::Commit(commit) => {
                let after = commit.changes().first().and_then(|change| change.after());
                match after {
                    Some(after) => Settled::Moved(after.snapshot().clone()),
                    None => Settled::Neither,
                }
            }
            Verdict::Refused(refused) => match refused.refusal {
                Refusal::GuardFailed(codes) => Settled::Failed(codes),
                other => {
                    found.cuts.insert(format!("the judge refused an attempt at {now}: {other}"));
                    Settled::Neither
                }
            },
            Verdict::Replayed(_) => Settled::Neither,
        }
    }

    /// Notes a configuration that was not known, with the way to it.
    fn reach(
        &self,
        snapshot: &Snapshot,
        now: Timestamp,
        (before, step): (Option<usize>, Step),
        found: &mut Found,
    ) {
        let configuration = self.configuration(snapshot, now);
        if configuration.revision > REVISION_MAX {
            found.cuts.insert(format!("revisions over {REVISION_MAX} are not looked at"));
            return;
        }
        if found.known.contains(&configuration) {
            return;
        }
        if found.configurations.len() == CONFIGURATIONS_MAX {
            found.cuts.insert(format!("{CONFIGURATIONS_MAX} configurations were reached"));
            return;
        }
        let at = found.configurations.len();
        let step = step.to(&configuration.state, &snapshot.attributes);
        self.check(&configuration, snapshot, now, at, found);
        found.known.insert(configuration.clone());
        found.configurations.push(Node { configuration, before, step });
        found.open.push_back(at);
    }

    fn check(
        &self,
        configuration: &Configuration,
        snapshot: &Snapshot,
        now: Timestamp,
        at: usize,
        found: &mut Found,
    ) {
        let Snapshot { attributes, revision, .. } = snapshot;
        let view = SubjectView {
            subject: self.subject,
            state: &configuration.state,
            revision: *revision,
            attributes,
        };
        let Some(invariant) = self.invariant.filter(|_| found.broken.is_none()) else { return };
        // What is not so once time has passed is not so.
        let holds = |now: &Timestamp| {
            let environment = Environment { subject: &view, ..Environment::at(*now) };
            matches!(invariant.holds(&environment), Ok(true))
        };
        if !self.times(&Reads::default(), Some(now)).iter().all(holds) {
            found.broken = Some(at);
        }
    }

    fn configuration(&self, snapshot: &Snapshot, now: Timestamp) -> Configuration {
        let live = self.live.at(snapshot.state.as_str());
        let attributes = live.attributes(self.contract).filter_map(|name| {
            let value = snapshot.attributes.get(name.as_str())?;
            Some((name.clone(), value.clone()))
        });
        let reads_revision = live.paths.iter().any(|path| path.name.as_str() == "revision");
        Configuration {
            state: snapshot.state.clone(),
            revision: if reads_revision { snapshot.revision } else { 0 },
            now: if live.now { now } else { Timestamp::EPOCH },
            attributes: attributes.collect(),
        }
    }

    fn snapshot(&self, configuration: &Configuration) -> Snapshot {
        let mut attributes = Attributes::new();
        for (name, value) in &configuration.attributes {
            attributes.set(name.clone(), value.clone());
        }
        Snapshot {
            state: configuration.state.clone(),
            revision: configuration.revision.max(1),
            attributes: Arc::new(attributes),
            contract: self.contract.version().clone(),
            proof_id: ProofId::from_bytes([0; 16]),
        }
    }
}

/// An action that is tried in a configuration.
#[derive(Clone, Copy)]
struct Tried<'a> {
    at: usize,
    number: usize,
    action: &'a Action,
    definition: &'a ActionDefinition,
}

enum Settled {
    Moved(Snapshot),
    Failed(Vec<Name>),
    Neither,
}

/// Nothing but the contract stands in the way: the world is open, and policy does not decide.
fn standing(snapshot: Option<Snapshot>) -> Standing {
    let off = ModeScope { all: Some(Mode::Off), ..ModeScope::default() };
    Standing {
        world: Some(WorldStatus::Open),
        tenant_exists: true,
        versions: Versions::default(),
        actor: Arc::default(),
        modes: Arc::new(Modes { world: off, ..Modes::default() }),
        subjects: vec![snapshot],
        receipt: None,
    }
}
