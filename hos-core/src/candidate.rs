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
//! use hos_core::candidate::Candidate;
//! use hos_core::error::Error;
//! use hos_core::hos::Hos;
//! use hos_core::law::Law;
//!
//! fn begin(hos: &Hos, next: Law) -> Result<(), Error> {
//!     hos.set_candidate(&Candidate::new(next).expect("order.refund"))
//! }
//!
//! fn look(hos: &Hos, law: &Law) {
//!     let Some(report) = hos.divergences(law.world()) else { return };
//!     for example in &report.examples {
//!         println!("{:?} {} {}", example.direction, example.ability, example.subject);
//!     }
//!     for blocker in report.readiness().blockers() {
//!         println!("not yet: {blocker}");
//!     }
//! }
//! ```

mod commands;
mod compare;
mod report;
mod suppose;
mod tally;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;

pub(crate) use compare::Asked;
pub use report::{
    Blocker, Cause, Direction, DivergenceCount, DivergenceReport, Example, JUDGED_BEFORE_READY,
    JUDGED_PER_ERROR, LawLabel, QUIET_BEFORE_READY, Readiness, Side,
};
pub(crate) use suppose::Laws;

use tally::{AbilityTally, Tally};

use crate::id::{Ability, Kind};
use crate::law::Law;
use crate::policy::{RuleDefinition, RuleEffect};
use crate::time::Timestamp;

/// The most tenants, roles and causes, each, that one report tells apart.
pub const LINES_MAX: usize = 1_024;
/// The most examples of one report.
pub const EXAMPLES_MAX: usize = 512;
/// The most examples of one ability and direction.
pub const EXAMPLES_OF_ABILITY_MAX: u64 = 3;
/// The most causes that one divergence tells.
pub const CAUSES_MAX: usize = 16;
/// How many divergences of one ability and direction are told by tenant, role and cause; those
/// after them are counted by ability alone, which costs the caller next to nothing.
pub const ATTRIBUTED_MAX: u64 = 1_024;

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
    /// shown, and do not stand in the way of enforcing the candidate.
    pub fn expect(mut self, ability: &str) -> Self {
        self.expected.insert(ability.to_owned());
        self
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
}

impl Trial {
    pub(crate) fn new(live: Arc<Law>, candidate: &Candidate, now: Timestamp) -> Self {
        let Candidate { law, expected } = candidate;
        let basis = is_same_basis(&live, law);
        let both = live.rules().abilities().into_iter().chain(law.rules().abilities());
        let all: BTreeSet<Ability> = both.collect();
        let said = [Said::by(&live), Said::by(law)];
        let tallied = all.into_iter().map(|ability| {
            let is_changed = !basis || !says_the_same([&live, law], &said, &ability);
            let is_expected = expected.contains(ability.as_str());
            (ability, AbilityTally::new(is_changed, is_expected))
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
        Self { live, candidate: Arc::clone(law), abilities, kinds, tally }
    }

    /// Whether it was begun beside this very law.
    pub(crate) fn is_beside(&self, law: &Arc<Law>) -> bool {
        Arc::ptr_eq(&self.live, law)
    }

    pub(crate) fn report(&self, now: Timestamp) -> DivergenceReport {
        self.tally.report(&self.live, &self.candidate, &self.abilities, now)
    }
}

/// Whether roles and declared names are the same, so that the rules decide alone.
fn is_same_basis(live: &Law, candidate: &Law) -> bool {
    live.roles() == candidate.roles()
        && live.actor() == candidate.actor()
        && live.context() == candidate.context()
}

/// The rules of a law, each with what it says; its condition in the printed form.
struct Said<'l>(Vec<(&'l RuleDefinition, RuleEffect, BTreeSet<&'l str>, Option<String>)>);

impl<'l> Said<'l> {
    fn by(law: &'l Law) -> Self {
        let said = law.definition().rules.iter().map(|rule| {
            let roles = rule.roles.iter().map(String::as_str).collect();
            (rule, rule.effect, roles, rule.condition().map(|when| when.to_string()))
        });
        Self(said.collect())
    }

    fn about(&self, ability: &Ability) -> Vec<(RuleEffect, &BTreeSet<&'l str>, &Option<String>)> {
        let named = self.0.iter().filter(|(rule, ..)| rule.names(ability.as_str()));
        let mut said: Vec<_> =
            named.map(|(_, effect, roles, when)| (*effect, roles, when)).collect();
        said.sort();
        said
    }
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
        && said.about(ability) == otherwise.about(ability)
        && about(live) == about(candidate)
}

/// The contracts of a kind, and which of them is current.
fn versions(law: &Law, kind: &Kind) -> Vec<crate::digest::Digest> {
    let own = law.contracts().filter(|contract| contract.kind() == kind);
    own.map(|contract| contract.digest()).collect()
}
