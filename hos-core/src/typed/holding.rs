//! Holds a law to the names of a program.

use std::collections::{BTreeMap, BTreeSet};

use super::{Machine, Names};
use crate::contract::Contract;
use crate::error::{LawError, LawFaults, Place};
use crate::law::Law;

/// Every ability that the law does not know.
pub(crate) fn check_abilities<N: Names>(law: &Law) -> Result<(), LawError> {
    let mut faults = LawFaults::default();
    for name in N::names().filter(|name| !law.rules().knows(name)) {
        let at = Place::whole("abilities").field("abilities");
        faults.add("unknown_ability", &at, format!("no ability is `{name}`"));
    }
    faults.finish(Some(()))
}

/// Every role that the law does not declare.
pub(crate) fn check_roles<N: Names>(law: &Law) -> Result<(), LawError> {
    let mut faults = LawFaults::default();
    for name in N::names().filter(|name| law.rules().role_scope(name).is_none()) {
        let at = Place::whole("roles").field("roles");
        faults.add("unknown_role", &at, format!("role `{name}` is not declared"));
    }
    faults.finish(Some(()))
}

/// Everything that a machine and the contracts of its kind lack of each other.
pub(super) fn check_machine<M: Machine>(law: &Law) -> Result<(), LawError> {
    let mut faults = LawFaults::default();
    let own: Vec<&Contract> = law
        .contracts()
        .map(AsRef::as_ref)
        .filter(|contract| *law.world() == M::WORLD && contract.kind() == M::KIND)
        .collect();
    let at = Place::whole(format!("kind {}", M::KIND));
    if own.is_empty() {
        let message = format!("no contract of it in world `{}`", M::WORLD);
        faults.add("unknown_kind", &at, message);
    }
    let states = versions(&own, |contract| contract.states().iter().map(AsRef::as_ref).collect());
    known::<M::State>("unknown_state", &states, &at, &mut faults);
    named::<M::State>("unnamed_state", &states, M::KIND, &mut faults);
    let actions = versions(&own, |contract| {
        contract.actions().iter().map(|action| action.name().as_str()).collect()
    });
    known::<M::Action>("unknown_action", &actions, &at, &mut faults);
    named::<M::Action>("unnamed_action", &actions, M::KIND, &mut faults);
    let attributes =
        versions(&own, |contract| contract.attributes().keys().map(AsRef::as_ref).collect());
    known::<M::Attribute>("unknown_attribute", &attributes, &at, &mut faults);
    let input = versions(&own, |contract| {
        let fields = contract.actions().iter().flat_map(|action| action.input().schema().keys());
        fields.map(AsRef::as_ref).collect()
    });
    known::<M::Input>("unknown_input", &input, &at, &mut faults);
    let facts = versions(&own, |contract| {
        let fields = contract.actions().iter().flat_map(|action| action.facts().schema().keys());
        fields.map(AsRef::as_ref).collect()
    });
    known::<M::Fact>("unknown_fact", &facts, &at, &mut faults);
    faults.finish(Some(()))
}

/// The names of one sort, by version of the contract.
type Versions<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

fn versions<'a>(
    contracts: &[&'a Contract],
    names: impl Fn(&'a Contract) -> BTreeSet<&'a str>,
) -> Versions<'a> {
    contracts.iter().map(|contract| (contract.version().as_str(), names(contract))).collect()
}

/// Adds what the program names and no version has.
fn known<N: Names>(
    code: &'static str,
    versions: &Versions<'_>,
    at: &Place,
    faults: &mut LawFaults,
) {
    let is_known = |name: &&str| versions.values().any(|names| names.contains(name));
    for name in N::names().filter(|name| !is_known(name)) {
        faults.add(code, at, format!("the law has no `{name}`"));
    }
}

/// Adds what a version has and the program does not name.
fn named<N: Names>(
    code: &'static str,
    versions: &Versions<'_>,
    kind: &str,
    faults: &mut LawFaults,
) {
    for (version, names) in versions {
        let at = Place::whole(format!("contract {kind}/{version}"));
        for name in names.iter().filter(|name| N::parse(name).is_none()) {
            faults.add(code, &at, format!("the program has no name for `{name}`"));
        }
    }
}
