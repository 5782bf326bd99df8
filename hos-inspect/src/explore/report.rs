//! What was found, for people and for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use hos_core::actor::Actor;
use hos_core::contract::{Action, Contract, Guard};
use hos_core::id::{Name, State};
use hos_core::time::Timestamp;
use hos_core::value::{Attributes, Value};

use super::search::Found;

/// What was seen of a contract.
#[derive(Debug, Clone)]
pub struct Exploration {
    states: Vec<State>,
    configurations: usize,
    judgements: u64,
    outcomes: usize,
    cuts: BTreeSet<String>,
    findings: Vec<Finding>,
}

/// One thing that is hardly meant.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The stable code.
    pub code: FindingCode,
    /// What it is about: ``action `ship` in `paid` ``, ``guard `too_late` of `deliver` ``.
    pub about: String,
    /// A shortest way there; none where there is no way.
    pub trace: Option<Trace>,
}

/// The stable codes of findings.
///
/// What never happens is proven only where the exploration is exhaustive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FindingCode {
    /// An invariant does not hold somewhere.
    InvariantBroken,
    /// Nothing can be done any more, in a state that is not terminal: at once, or once enough time
    /// has passed.
    DeadEnd,
    /// A state is never reached.
    StateUnreached,
    /// An action never moves a subject out of a state that it starts in.
    ActionIdle,
    /// A timer's action never moves a subject when a job does it.
    TimerIdle,
    /// A guard never holds.
    GuardNeverHolds,
    /// A guard never fails.
    GuardNeverFails,
}

impl FindingCode {
    /// The code as text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvariantBroken => "invariant_broken",
            Self::DeadEnd => "dead_end",
            Self::StateUnreached => "state_unreached",
            Self::ActionIdle => "action_idle",
            Self::TimerIdle => "timer_idle",
            Self::GuardNeverHolds => "guard_never_holds",
            Self::GuardNeverFails => "guard_never_fails",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code.as_str(), self.about)?;
        match &self.trace {
            Some(trace) => write!(f, ": {trace}"),
            None => Ok(()),
        }
    }
}

/// What was done, from the opening on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    pub(super) steps: Vec<Step>,
}

impl Trace {
    /// The steps; the first is the opening.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<String> = self.steps.iter().map(ToString::to_string).collect();
        f.write_str(&steps.join("; "))
    }
}

/// One step of a [`Trace`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    action: String,
    actor: Actor,
    now: Timestamp,
    given: Vec<(String, Value)>,
    to: Option<State>,
    attributes: Attributes,
}

impl Step {
    pub(super) fn new<const N: usize>(
        action: &str,
        actor: &Actor,
        now: Timestamp,
        given: [(&str, &Attributes); N],
    ) -> Self {
        let named = |(bag, values): (&str, &Attributes)| {
            let named = values.iter().map(|(name, value)| (format!("{bag}.{name}"), value.clone()));
            named.collect::<Vec<_>>()
        };
        let given = given.into_iter().flat_map(named).collect();
        let (action, attributes) = (action.to_owned(), Attributes::new());
        Self { action, actor: actor.clone(), now, given, to: None, attributes }
    }

    pub(super) fn to(mut self, state: &State, attributes: &Attributes) -> Self {
        (self.to, self.attributes) = (Some(state.clone()), attributes.clone());
        self
    }

    /// The action; `open` for the first.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The state after it.
    #[must_use]
    pub fn state(&self) -> &str {
        self.to.as_ref().map_or("", |state| state.as_str())
    }

    /// The attributes after it, as far as anything reads them later.
    #[must_use]
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, actor, now, given, .. } = self;
        write!(f, "{action} by {} {} at {now}", actor.kind().as_str(), actor.id())?;
        for (name, value) in given {
            let value = hos_core::condition::Expression::Literal(value.clone());
            write!(f, ", {name} = {value}")?;
        }
        write!(f, " -> {}", self.state())
    }
}

impl Exploration {
    pub(super) fn of(contract: &Contract, found: &Found) -> Self {
        let mut states: Vec<State> = contract.states().to_vec();
        let reached = |state: &State| found.configurations.iter().any(|node| node.is_in(state));
        states.retain(reached);
        let mut findings = Vec::new();
        findings.extend(dead_ends(found));
        let never = |code, about| Finding { code, about, trace: None };
        let unreached = contract.states().iter().filter(|state| !states.contains(state));
        findings.extend(
            unreached.map(|state| never(FindingCode::StateUnreached, format!("state `{state}`"))),
        );
        let idle = idle(contract, found, &states).into_iter();
        findings.extend(idle.map(|(code, about)| never(code, about)));
        let one_sided = guards(contract, found).into_iter();
        findings.extend(one_sided.map(|(code, about)| never(code, about)));
        findings.sort_by_key(|finding| finding.code);
        Self {
            states,
            configurations: found.configurations.len(),
            judgements: found.judgements,
            outcomes: found.outcomes.len() + found.openings.len(),
            cuts: found.cuts.clone(),
            findings,
        }
    }

    /// What the search for an invariant found beside.
    pub(super) fn add(&mut self, invariant: &str, found: &Found) {
        self.judgements += found.judgements;
        self.cuts.extend(found.cuts.iter().cloned());
        if let Some(at) = found.broken {
            let finding = Finding {
                code: FindingCode::InvariantBroken,
                about: format!("invariant `{invariant}`"),
                trace: Some(found.trace(at)),
            };
            self.findings.push(finding);
            self.findings.sort_by_key(|finding| finding.code);
        }
    }

    /// Whether everything was tried that the module promises.
    #[must_use]
    pub fn is_exhaustive(&self) -> bool {
        self.cuts.is_empty()
    }

    /// What was left out, and why.
    pub fn cuts(&self) -> impl Iterator<Item = &str> {
        self.cuts.iter().map(String::as_str)
    }

    /// What is hardly meant, by code, and then as the contract has it.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The states that were reached, as declared.
    #[must_use]
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// How many configurations were reached: a state, and all that is read of a subject later.
    #[must_use]
    pub fn configurations(&self) -> usize {
        self.configurations
    }

    /// How many openings and transitions were judged.
    #[must_use]
    pub fn judgements(&self) -> u64 {
        self.judgements
    }

    /// How many pairs of a state with an outcome of an action's guards were seen, and of openings.
    #[must_use]
    pub fn outcomes(&self) -> usize {
        self.outcomes
    }
}

impl fmt::Display for Exploration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { configurations, outcomes, judgements, .. } = self;
        let states = self.states.len();
        write!(
            f,
            "{states} states, {configurations} configurations, {outcomes} outcomes of guards, \
             {judgements} judgements"
        )?;
        self.cuts.iter().try_for_each(|cut| write!(f, "\nnot exhaustive: {cut}"))?;
        self.findings.iter().try_for_each(|finding| write!(f, "\n{finding}"))
    }
}

/// One for each state, with a shortest way.
fn dead_ends(found: &Found) -> Vec<Finding> {
    let mut by_state: BTreeMap<&State, usize> = BTreeMap::new();
    for at in &found.dead {
        if let Some(node) = found.configurations.get(*at) {
            by_state.entry(node.state()).or_insert(*at);
        }
    }
    let finding = |(state, at): (&State, usize)| Finding {
        code: FindingCode::DeadEnd,
        about: format!("state `{state}`"),
        trace: Some(found.trace(at)),
    };
    by_state.into_iter().map(finding).collect()
}

/// Actions and timers that never do anything where they start.
fn idle(contract: &Contract, found: &Found, reached: &[State]) -> Vec<(FindingCode, String)> {
    let mut idle = Vec::new();
    for (number, action) in contract.actions().iter().enumerate() {
        for state in action.from().iter().filter(|state| reached.contains(state)) {
            if !found.outcomes.contains(&(state.clone(), number, Vec::new())) {
                let about = format!("action `{}` in `{state}`", action.name());
                idle.push((FindingCode::ActionIdle, about));
            }
        }
    }
    for timer in contract.timers().iter().filter(|timer| reached.contains(timer.state())) {
        let does = |(state, number): &(State, usize)| {
            let action = contract.actions().get(*number);
            state == timer.state() && action.is_some_and(|action| action.name() == timer.action())
        };
        if !found.by_job.iter().any(does) {
            let about = format!("timer `{}` in `{}`", timer.action(), timer.state());
            idle.push((FindingCode::TimerIdle, about));
        }
    }
    idle
}

/// Guards that were seen one way only.
fn guards(contract: &Contract, found: &Found) -> Vec<(FindingCode, String)> {
    let openings: Vec<&Vec<Name>> = found.openings.iter().collect();
    let mut one_sided = one_way(contract.open().guards(), "open", &openings);
    for (number, action) in contract.actions().iter().enumerate() {
        let own = found.outcomes.iter().filter(|(_, at, _)| *at == number);
        let outcomes: Vec<&Vec<Name>> = own.map(|(_, _, failed)| failed).collect();
        // One that is never tried is told as a state that is never reached.
        if !outcomes.is_empty() {
            one_sided.extend(one_way(action.guards(), &named(action), &outcomes));
        }
    }
    one_sided
}

fn named(action: &Action) -> String {
    let from: Vec<&str> = action.from().iter().map(|state| state.as_str()).collect();
    format!("{}` in `{}", action.name(), from.join(" "))
}

fn one_way(guards: &[Guard], of: &str, outcomes: &[&Vec<Name>]) -> Vec<(FindingCode, String)> {
    let mut found = Vec::new();
    for guard in guards {
        let code = guard.code();
        let fails = |failed: &&&Vec<Name>| failed.contains(code);
        let failed = outcomes.iter().filter(fails).count();
        let about = format!("guard `{code}` of `{of}`");
        if failed == outcomes.len() {
            found.push((FindingCode::GuardNeverHolds, about));
        } else if failed == 0 {
            found.push((FindingCode::GuardNeverFails, about));
        }
    }
    found
}
