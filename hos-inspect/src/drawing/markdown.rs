//! A machine as a section of a page: its states, then a table of its moves.

use std::fmt::Write as _;
use std::time::Duration;

use hos_core::contract::Guard;
use hos_core::id::Ability;

use super::{Machine, span};
use crate::holders::Holder;

pub(super) fn section(machine: &Machine<'_>) -> String {
    let contract = machine.contract();
    let states = contract.states().iter().map(|state| match state {
        state if state == contract.initial() => format!("`{state}` (initial)"),
        state if contract.is_terminal(state.as_str()) => format!("`{state}` (terminal)"),
        state => format!("`{state}`"),
    });
    let mut text = format!("States: {}.\n\n", states.collect::<Vec<_>>().join(", "));
    text.push_str("| move | needs | who may | refused as |\n|---|---|---|---|\n");
    let open = contract.open();
    let opening = format!("open → `{}`", contract.initial());
    row(&mut text, &opening, open.ability(), machine.openers(), open.guards());
    for action in contract.actions() {
        let edges = machine.edges().iter().filter(|edge| std::ptr::eq(edge.action, action));
        let starts = edges.clone().map(|edge| format!("`{}`{}", edge.from, after(edge.after)));
        let starts = starts.collect::<Vec<_>>().join(", ");
        let what = format!("**{}**: {starts} → `{}`", action.name(), action.to());
        let holders = edges.clone().next().map_or(&[] as &[Holder<'_>], |edge| &edge.holders);
        row(&mut text, &what, action.ability(), holders, action.guards());
    }
    text
}

fn after(after: Option<Duration>) -> String {
    after.map(|after| format!(" (by itself after {})", span(after))).unwrap_or_default()
}

fn row(text: &mut String, what: &str, ability: &Ability, who: &[Holder<'_>], guards: &[Guard]) {
    let holder = |holder: &Holder<'_>| match holder.holding.condition() {
        Some(condition) => format!("{} where {}", holder.role, code(&condition)),
        None => holder.role.to_owned(),
    };
    let who = match who {
        [] => "no role".to_owned(),
        who => who.iter().map(holder).collect::<Vec<_>>().join("<br>"),
    };
    let guard = |guard: &Guard| {
        format!("{} unless {}", guard.code(), code(&guard.condition().expression().to_string()))
    };
    let guards = guards.iter().map(guard).collect::<Vec<_>>().join("<br>");
    // OK because writing to a string cannot fail.
    let _infallible = writeln!(text, "| {what} | `{ability}` | {who} | {guards} |");
}

/// Code within a cell: the fence is longer than any in the text, and bars do not end the cell.
fn code(text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max();
    let fence = "`".repeat(longest.unwrap_or_default() + 1);
    let room = if longest == Some(0) { "" } else { " " };
    format!("{fence}{room}{}{room}{fence}", text.replace('|', "\\|").replace('\n', " "))
}
