//! A candidate law beside the one in force: what would change if it were enforced?
//!
//! Every decision, transition, opening, adoption and record is weighed a second time under the
//! candidate, with the same standing, after the answer is found. The answer, the stores and what
//! they remember never see it. Where the two differ, it is counted, and the first of each sort are
//! kept with their causes. Abilities about which both laws say the same cost one look-up.
//!
//! The candidate is weighed as enforced, whatever modes are set. So the law in force, as its own
//! candidate, tells what enforcing the abilities in `shadow` would refuse.
//!
//! ```
//! use hos_core::candidate::{Candidate, Operations};
//! use hos_core::error::Error;
//! use hos_core::hos::Hos;
//! use hos_core::law::Law;
//!
//! fn begin(hos: &Hos, next: Law) -> Result<(), Error> {
//!     hos.set_candidate(&Candidate::new(next).expect("order.refund"))
//! }
//!
//! fn look(hos: &Hos, law: &Law, measured: &Operations) {
//!     let Some(report) = hos.divergences(law.world()) else { return };
//!     for example in &report.examples {
//!         println!("{:?} {} {}", example.direction, example.ability, example.subject);
//!     }
//!     for blocker in report.readiness(measured).blockers() {
//!         println!("not yet: {blocker}");
//!     }
//! }
//! ```

mod commands;
mod compare;
mod covered;
mod readiness;
mod report;
mod suppose;
mod tally;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use foldhash::fast::RandomState;

pub(crate) use compare::Asked;
pub use covered::{Covered, SPANS_MAX};
pub use readiness::{
    Blocker, JUDGED_BEFORE_READY, OUTBOX_AGE_BEFORE_READY, OUTBOX_BACKLOG_BEFORE_READY, Operations,
    P95_BEFORE_READY, P99_BEFORE_READY, QUIET_BEFORE_READY, Readiness, WEIGHED_BEFORE_READY,
    WEIGHED_PER_ERROR,
};
pub use report::{Cause, Direction, DivergenceCount, DivergenceReport, Example, LawLabel, Side};
pub(crate) use suppose::Laws;

use tally::{AbilityTally, Tally};

use crate::error::InputFault;
use crate::id::{Ability, Kind};
use crate::law::Law;
use crate::policy::{RoleDefinition, RuleDefinition, RuleEffect};
use crate::time::Timestamp;
use crate::value::Schema;

/// The most tenants, roles and causes, each, that one report tells apart.
pub const LINES_MAX: usize = 1_024;
/// The most examples of one report. Where there are more, the first of each ability and direction
/// stays before the others, and gains before losses.
pub const EXAMPLES_MAX: usize = 512;
/// The most examples of one ability and direction.
pub const EXAMPLES_OF_ABILITY_MAX: u64 = 3;
/// The most causes that one divergence tells.
pub const CAUSES_MAX: usize = 16;
/// The most divergences of one sort, of the same roles, ability and answers, each of which is
/// looked into for its causes: that costs more than to judge.
pub const CAUSES_EACH_MAX: u64 = 256;
/// Of the divergences of one sort after these, one in so many is looked into, and counts for all.
pub const CAUSES_SAMPLED_EVERY: u64 = 64;

/// A law that may come into force, and what it is meant to change.
#[derive(Debug, Clone)]
#[must_use]
pub struct Candidate {
    pub(crate) law: Arc<Law>,
    expected: BTreeSet<String>,
}

impl Candidate {
    /// A law to be weighed beside the one in force.
    pub fn new(law: impl Into<Arc<Law>>) -> Self {
        Self { law: law.into(), expected: BTreeSet::new() }
    }

    /// An ability about which the laws are meant to differ: its divergences are counted and
    /// shown, and neither they nor too few of them stand in the way of enforcing the candidate.
    /// One that neither law knows is refused when the trial begins.
    pub fn expect(mut self, ability: &str) -> Self {
        self.expected.insert(ability.to_owned());
        self
    }
}

impl Candidate {
    /// What is expected of abilities that neither law knows.
    pub(crate) fn faults(&self, live: &Law) -> Vec<InputFault> {
        let knows = |name: &&String| live.rules().knows(name) || self.law.rules().knows(name);
        let unknown = self.expected.iter().filter(|name| !knows(name));
        unknown.map(|name| InputFault::new("expect", format!("`{name}` is not known"))).collect()
    }
}

/// A candidate at work beside one law.
#[derive(Debug)]
pub(crate) struct Trial {
    live: Arc<Law>,
    candidate: Arc<Law>,
    abilities: HashMap<Ability, AbilityTally, RandomState>,
    /// The kinds whose transitions may come out otherwise.
    kinds: BTreeSet<Kind>,
    tally: Tally,
    /// When another law came into force in the place of the one beside it.
    ended: OnceLock<Timestamp>,
}

impl Trial {
    pub(crate) fn new(live: Arc<Law>, candidate: &Candidate, now: Timestamp) -> Self {
        let Candidate { law, expected } = candidate;
        let is_taken_in = takes_in(&live, law);
        let both = live.rules().abilities().into_iter().chain(law.rules().abilities());
        let all: BTreeSet<Ability> = both.collect();
        let differing = differing(&live, law);
        let tallied = all.into_iter().map(|ability| {
            let differs = differing.contains(&ability);
            let needs_evidence = differs && live.rules().knows(ability.as_str());
            let is_expected = expected.contains(ability.as_str());
            let tally = AbilityTally::new(differs || !is_taken_in, needs_evidence, is_expected);
            (ability, tally)
        });
        let abilities: HashMap<Ability, AbilityTally, RandomState> = tallied.collect();
        let is_changed = |ability: &Ability| abilities.get(ability).is_some_and(|a| a.is_changed);
        let contracts = live.contracts().chain(law.contracts());
        let kinds = contracts.filter(|contract| {
            versions(&live, contract.kind()) != versions(law, contract.kind())
                || contract.abilities().any(is_changed)
        });
        let kinds = kinds.map(|contract| contract.kind().clone()).collect();
        let tally = Tally::new(now);
        let (candidate, ended) = (Arc::clone(law), OnceLock::new());
        Self { live, candidate, abilities, kinds, tally, ended }
    }

    /// Whether it was begun beside this very law.
    pub(crate) fn is_beside(&self, law: &Arc<Law>) -> bool {
        Arc::ptr_eq(&self.live, law)
    }

    /// Another law is in force: from now on nothing is weighed.
    pub(crate) fn end(&self, now: Timestamp) {
        self.ended.get_or_init(|| now);
    }

    pub(crate) fn report(&self, now: Timestamp) -> DivergenceReport {
        let until = self.ended.get().copied().unwrap_or(now);
        self.tally.report(&self.live, &self.candidate, &self.abilities, until)
    }
}

/// Whether the candidate takes in every claim and all context that the law in force does.
fn takes_in(live: &Law, candidate: &Law) -> bool {
    let within = |ours: &Schema, theirs: &Schema| {
        ours.iter().all(|(name, type_)| theirs.get(name) == Some(type_))
    };
    within(live.actor(), candidate.actor()) && within(live.context(), candidate.context())
}

/// Who holds a role: by its name, in which scope, and by being what.
type Holder<'l> = (&'l str, bool, Option<&'static str>);

/// What one rule says: whom it concerns, if not everyone, and its condition in the printed form.
type Saying<'l> = (RuleEffect, BTreeSet<Holder<'l>>, Option<String>);

/// What a law says by rules and by roles that hold every grant.
struct Said<'l> {
    rules: Vec<(&'l RuleDefinition, Saying<'l>)>,
    superusers: BTreeSet<Holder<'l>>,
}

impl<'l> Said<'l> {
    fn by(law: &'l Law) -> Self {
        let who = |role: &'l RoleDefinition| {
            (role.name.as_str(), role.world, role.implicit.map(|kind| kind.as_str()))
        };
        let holding = |named: &'l str| {
            let has = move |role: &&RoleDefinition| law.rules().has(&role.name, named);
            law.roles().iter().filter(has).map(who)
        };
        let rules = law.definition().rules.iter().map(|rule| {
            let holders = rule.roles.iter().flat_map(|role| holding(role)).collect();
            let when = rule.condition().map(|when| when.to_string());
            (rule, (rule.effect, holders, when))
        });
        let superusers = law.roles().iter().filter(|role| law.rules().is_superuser(&role.name));
        Self { rules: rules.collect(), superusers: superusers.map(who).collect() }
    }

    fn about(&self, ability: &Ability) -> Vec<&Saying<'l>> {
        let named = self.rules.iter().filter(|(rule, _)| rule.names(ability.as_str()));
        let mut said: Vec<_> = named.map(|(_, saying)| saying).collect();
        said.sort();
        said
    }
}

/// The abilities about which two laws may answer differently.
pub(crate) fn differing(live: &Law, candidate: &Law) -> BTreeSet<Ability> {
    let said = [Said::by(live), Said::by(candidate)];
    let both = live.rules().abilities().into_iter().chain(candidate.rules().abilities());
    both.filter(|ability| !says_the_same([live, candidate], &said, ability)).collect()
}

fn says_the_same(laws: [&Law; 2], said: &[Said<'_>; 2], ability: &Ability) -> bool {
    let [live, candidate] = laws;
    let [said, otherwise] = said;
    let about = |law: &Law| {
        let about = law.contracts().filter(|contract| contract.is_about(ability));
        about.map(|contract| contract.digest()).collect::<BTreeSet<_>>()
    };
    let knows = |law: &Law| law.rules().knows(ability.as_str());
    knows(live) == knows(candidate)
        && said.superusers == otherwise.superusers
        && said.about(ability) == otherwise.about(ability)
        && about(live) == about(candidate)
}

/// The contracts of a kind, and which of them is current.
fn versions(law: &Law, kind: &Kind) -> Vec<crate::digest::Digest> {
    let own = law.contracts().filter(|contract| contract.kind() == kind);
    own.map(|contract| contract.digest()).collect()
}
