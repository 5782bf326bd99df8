//! What the states and actions of a contract form: everything is reached, everything can end.

use std::collections::BTreeSet;

use super::Action;
use crate::error::{LawFaults, Place};
use crate::id::State;

pub(super) fn check(
    faults: &mut LawFaults,
    at: &Place,
    states: &[State],
    initial: Option<&State>,
    terminal: &[State],
    actions: &[Action],
) {
    let edges: Vec<(&State, &State)> =
        actions.iter().flat_map(|a| a.from.iter().map(move |from| (from, &a.to))).collect();
    for (from, to) in &edges {
        if terminal.contains(from) {
            let message = format!("terminal state `{from}` has an exit to `{to}`");
            faults.add("terminal_exit", &at.field("actions"), message);
        }
    }
    let reached = closure(initial.into_iter().collect(), |state| {
        edges.iter().filter(|(from, _)| *from == state).map(|(_, to)| *to).collect()
    });
    let ending = closure(terminal.iter().collect(), |state| {
        edges.iter().filter(|(_, to)| *to == state).map(|(from, _)| *from).collect()
    });
    for state in states {
        if initial.is_some() && !reached.contains(state) {
            let message = format!("state `{state}` cannot be reached");
            faults.add("unreachable_state", &at.field("states"), message);
        }
        if !ending.contains(state) {
            let message = format!("from state `{state}` no terminal state can be reached");
            faults.add("endless_state", &at.field("states"), message);
        }
    }
}

fn closure<'a>(
    start: Vec<&'a State>,
    next: impl Fn(&State) -> Vec<&'a State>,
) -> BTreeSet<&'a State> {
    let mut reached = BTreeSet::new();
    let mut open = start;
    while let Some(state) = open.pop() {
        if reached.insert(state) {
            open.extend(next(state));
        }
    }
    reached
}
