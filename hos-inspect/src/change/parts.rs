//! What two laws are made of, side by side.

mod order;

use std::collections::{BTreeMap, BTreeSet};

use hos_core::contract::{Action, Contract, Guard};
use hos_core::law::Law;
use hos_core::policy::{RuleDefinition, RuleEffect};
use hos_core::value::Type;

use super::{PartChange, PartKind};

type Parts = BTreeMap<(PartKind, String), String>;

/// Whatever the digest of a law is made of shows, but for the version label.
pub(super) fn changes(old: &Law, new: &Law) -> Vec<PartChange> {
    let (before, after) = (parts(old), parts(new));
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let change = |key: &(PartKind, String)| PartChange {
        kind: key.0,
        name: key.1.clone(),
        old: before.get(key).cloned(),
        new: after.get(key).cloned(),
    };
    let changes = keys.into_iter().map(change).filter(|change| change.old != change.new);
    changes.chain(order::changes(old, new)).collect()
}

/// Each part, and what it is in words.
fn parts(law: &Law) -> Parts {
    let definition = law.definition();
    let mut parts = Parts::new();
    let retention = format!("{} s", definition.key_retention_seconds);
    parts.insert((PartKind::Setting, "world".to_owned()), law.world().to_string());
    parts.insert((PartKind::Setting, "key retention".to_owned()), retention);
    for role in law.roles() {
        let mut words = vec![if role.world { "of the world" } else { "of a tenant" }.to_owned()];
        words.extend(role.superuser.then(|| "superuser".to_owned()));
        words.extend(role.implicit.map(|kind| format!("every {}", kind.as_str())));
        words.extend(role.inherits.iter().map(|name| format!("inherits {name}")));
        parts.insert((PartKind::Role, role.name.clone()), words.join(", "));
    }
    let declared = [(PartKind::Claim, &definition.actor), (PartKind::Context, &definition.context)];
    for (kind, types) in declared {
        let part = |(name, type_): (&String, &Type)| ((kind, name.clone()), type_.to_string());
        parts.extend(types.iter().map(part));
    }
    let (declared, critical) = (tally(&definition.abilities), tally(&definition.critical));
    for ability in law.rules().abilities() {
        let words = match critical.get(ability.as_str()) {
            None => "leaves no evidence".to_owned(),
            Some(times) => format!("leaves evidence when denied{}", repeated(*times)),
        };
        let declared = declared.get(ability.as_str());
        let declared = declared.map(|times| format!(", declared{}", repeated(*times)));
        let words = format!("{words}{}", declared.unwrap_or_default());
        parts.insert((PartKind::Ability, ability.to_string()), words);
    }
    for (id, rule) in law.rules().ids().zip(&definition.rules) {
        parts.insert((PartKind::Rule, id.to_owned()), said(rule));
    }
    for contract in law.contracts() {
        let (kind, version) = (contract.kind(), contract.version());
        let digest = format!("digest {}", contract.digest());
        parts.insert((PartKind::Contract, format!("{kind}/{version}")), digest);
        if law.contract(kind.as_str()).is_some_and(|current| current.version() == version) {
            inner(contract, &mut parts);
        }
    }
    parts
}

/// How often each stands in a list.
fn tally(names: &[String]) -> BTreeMap<&str, usize> {
    let mut tally = BTreeMap::new();
    for name in names {
        let times: &mut usize = tally.entry(name.as_str()).or_default();
        *times = times.saturating_add(1);
    }
    tally
}

fn repeated(times: usize) -> String {
    if times == 1 { String::new() } else { format!(" {times} times") }
}

/// What a rule says, in one way only: no name has a space in it.
fn said(rule: &RuleDefinition) -> String {
    let effect = if rule.effect == RuleEffect::Permit { "permits" } else { "forbids" };
    let mut words = format!("{effect} {} to ", rule.abilities.join(", "));
    match rule.roles.as_slice() {
        [] => words.push_str("every actor"),
        roles => words.push_str(&roles.join(", ")),
    }
    if rule.id.is_none() {
        words.push_str(", without an id");
    }
    if let Some(condition) = rule.condition() {
        words.push_str(&format!(" where {condition}"));
    }
    words
}

/// The parts of one contract.
fn inner(contract: &Contract, parts: &mut Parts) {
    let kind = contract.kind();
    for state in contract.states() {
        let words = match (state == contract.initial(), contract.is_terminal(state.as_str())) {
            (true, true) => "initial and terminal",
            (true, false) => "initial",
            (false, true) => "terminal",
            (false, false) => "in between",
        };
        parts.insert((PartKind::State, format!("{kind}: {state}")), words.to_owned());
    }
    let open = contract.open();
    let words = format!("to {}, needs {}", contract.initial(), open.ability());
    parts.insert((PartKind::Action, format!("{kind}: open")), words);
    guards(&format!("{kind}: open"), open.guards(), parts);
    for action in contract.actions() {
        let name = action_name(contract, action);
        let from: Vec<&str> = action.from().iter().map(|state| state.as_str()).collect();
        let critical = if action.is_critical() { ", leaves evidence when denied" } else { "" };
        let (to, ability) = (action.to(), action.ability());
        let words = format!("from {} to {to}, needs {ability}{critical}", from.join(" "));
        guards(&name, action.guards(), parts);
        parts.insert((PartKind::Action, name), words);
    }
    for timer in contract.timers() {
        let name = format!("{kind}: {} in {}", timer.action(), timer.state());
        let words = format!("after {} s", timer.after().as_secs());
        parts.insert((PartKind::Timer, name), words);
    }
}

/// The entries of one action are told apart by where they lead, and where they start.
fn action_name(contract: &Contract, action: &Action) -> String {
    let (kind, name) = (contract.kind(), action.name());
    let same = |other: &&Action| other.name() == name;
    if contract.actions().iter().filter(same).count() == 1 {
        return format!("{kind}: {name}");
    }
    let from: Vec<&str> = action.from().iter().map(|state| state.as_str()).collect();
    format!("{kind}: {name} from {}", from.join(" "))
}

fn guards(action: &str, guards: &[Guard], parts: &mut Parts) {
    for guard in guards {
        let name = format!("{action}, guard {}", guard.code());
        let condition = guard.condition().expression().to_string();
        parts
            .entry((PartKind::Guard, name))
            .and_modify(|all| all.push_str(&format!("; {condition}")))
            .or_insert(condition);
    }
}
