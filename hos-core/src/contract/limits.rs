//! How much a contract may hold.

use super::definition::{ActionDefinition, ContractDefinition, OpenDefinition};
use super::{ACTION_PARTS_MAX, ACTIONS_MAX, STATES_MAX, TIMERS_MAX};
use crate::error::{LawFaults, Place};
use crate::value::ATTRIBUTES_MAX;

pub(super) fn check(faults: &mut LawFaults, at: &Place, definition: &ContractDefinition) {
    let open = at.field("open");
    for (name, count, max) in [
        ("states", definition.states.len(), STATES_MAX),
        ("actions", definition.actions.len(), ACTIONS_MAX),
        ("timers", definition.timers.len(), TIMERS_MAX),
        ("aliases", definition.aliases.len(), STATES_MAX),
        ("attributes", definition.attributes.len(), ATTRIBUTES_MAX),
    ] {
        faults.limit(&at.field(name), name, count, max);
    }
    let OpenDefinition { guards, topics, .. } = &definition.open;
    faults.limit(&open.field("guards"), "opening guards", guards.len(), ACTION_PARTS_MAX);
    faults.limit(&open.field("topics"), "opening topics", topics.len(), ACTION_PARTS_MAX);
    for (index, action) in definition.actions.iter().enumerate() {
        let at = action_place(at, index, action);
        for (name, what, count, max) in [
            ("guards", "guards", action.guards.len(), ACTION_PARTS_MAX),
            ("topics", "topics", action.topics.len(), ACTION_PARTS_MAX),
            ("set", "assignments", action.set.len(), ACTION_PARTS_MAX),
            ("input", "inputs", action.input.len(), ATTRIBUTES_MAX),
            ("facts", "facts", action.facts.len(), ATTRIBUTES_MAX),
            ("from", "states", action.from.len(), STATES_MAX),
        ] {
            faults.limit(&at.field(name), what, count, max);
        }
    }
}

/// Where an action stands in its contract.
pub(super) fn action_place(contract: &Place, index: usize, action: &ActionDefinition) -> Place {
    contract.field("actions").item(index).named(format_args!("action {}", action.name))
}
