//! Holds a law to the names of a program.

use std::collections::{BTreeMap, BTreeSet};

use super::{ActField, Acts as _, FieldOrigin, Machine, Names};
use crate::contract::{Action, Contract, Fields};
use crate::error::{LawError, LawFaults, Place};
use crate::id::Name;
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
    check_acts::<M>(&own, &mut faults);
    faults.finish(Some(()))
}

/// What the acts of a machine and the actions of each version do not agree in.
fn check_acts<M: Machine>(contracts: &[&Contract], faults: &mut LawFaults) {
    let fields = M::Act::fields();
    for act in M::Act::ACTIONS.iter().map(|act| act.name()) {
        let all = contracts.iter().flat_map(|contract| {
            let at = format!("contract {}/{}, action {act}", M::KIND, contract.version());
            let at = Place::whole(at);
            let own = contract.actions().iter().filter(move |one| one.name().as_str() == act);
            own.map(move |action| (at.clone(), action))
        });
        let all: Vec<(Place, &Action)> = all.collect();
        for field in fields.iter().filter(|field| field.action == act) {
            check_field(field, &all, faults);
        }
        for (at, action) in &all {
            let given: Vec<_> = fields.iter().filter(|field| field.action == act).collect();
            for origin in [FieldOrigin::Input, FieldOrigin::Fact] {
                let is_given = |name: &&Name| {
                    given.iter().any(|field| field.origin == origin && name.as_str() == field.name)
                };
                for name in
                    declared(action, origin).required().iter().filter(|name| !is_given(name))
                {
                    let message = format!("the program does not give `{name}`");
                    faults.add(code(origin, "unnamed_input", "unnamed_fact"), at, message);
                }
            }
        }
    }
}

/// What a version lacks or has otherwise. One that may be left out need not be in each, and where
/// it has to be given in one, another must not ask for it.
fn check_field(field: &ActField, all: &[(Place, &Action)], faults: &mut LawFaults) {
    let name = field.name;
    let of = |action: &Action| declared(action, field.origin).schema().get(name).copied();
    let requires = |action: &Action| {
        declared(action, field.origin).required().iter().any(|one| one.as_str() == name)
    };
    let is_in_some = all.iter().any(|(_, action)| of(action).is_some());
    let is_required = all.iter().all(|(_, action)| requires(action));
    for (at, action) in all {
        match of(action) {
            None if field.optional && is_in_some => {}
            None => {
                let message = format!("the law has no `{name}`");
                faults.add(code(field.origin, "unknown_input", "unknown_fact"), at, message);
            }
            Some(type_) if type_ != field.type_ => {
                let message = format!("`{name}` is {type_}, the program gives {}", field.type_);
                faults.add(code(field.origin, "input_type", "fact_type"), at, message);
            }
            Some(_) if field.optional && is_required => {
                let message = format!("`{name}` must be given, the program may leave it out");
                faults.add(code(field.origin, "required_input", "required_fact"), at, message);
            }
            Some(_) => {}
        }
    }
}

fn declared(action: &Action, origin: FieldOrigin) -> &Fields {
    match origin {
        FieldOrigin::Input => action.input(),
        FieldOrigin::Fact => action.facts(),
    }
}

fn code(origin: FieldOrigin, of_input: &'static str, of_fact: &'static str) -> &'static str {
    match origin {
        FieldOrigin::Input => of_input,
        FieldOrigin::Fact => of_fact,
    }
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
