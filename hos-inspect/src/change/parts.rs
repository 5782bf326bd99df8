//! What two laws are made of, side by side.

use std::collections::{BTreeMap, BTreeSet};

use hos_core::contract::{Action, Contract, Guard};
use hos_core::law::Law;

use super::{PartChange, PartKind};

type Parts = BTreeMap<(PartKind, String), String>;

pub(super) fn changes(old: &Law, new: &Law) -> Vec<PartChange> {
    let (old, new) = (parts(old), parts(new));
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let change = |key: &(PartKind, String)| PartChange {
        kind: key.0,
        name: key.1.clone(),
        old: old.get(key).cloned(),
        new: new.get(key).cloned(),
    };
    keys.into_iter().map(change).filter(|change| change.old != change.new).collect()
}

/// Each part, and what it is in words.
fn parts(law: &Law) -> Parts {
    let mut parts = Parts::new();
    for role in law.roles() {
        let mut words = vec![if role.world { "of the world" } else { "of a tenant" }.to_owned()];
        words.extend(role.superuser.then(|| "superuser".to_owned()));
        words.extend(role.implicit.map(|kind| format!("every {}", kind.as_str())));
        words.extend(role.inherits.iter().map(|name| format!("inherits {name}")));
        parts.insert((PartKind::Role, role.name.clone()), words.join(", "));
    }
    for ability in law.rules().abilities() {
        let critical = law.rules().is_critical(ability.as_str());
        let words = if critical { "leaves evidence when denied" } else { "leaves no evidence" };
        parts.insert((PartKind::Ability, ability.to_string()), words.to_owned());
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
