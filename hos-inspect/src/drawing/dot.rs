//! Graphviz's DOT. Every id and text is a quoted string.

use std::fmt::{Display, Formatter, Result, Write as _};

use hos_core::contract::Guard;

use super::{Edge, Machine};
use crate::holders::Holder;

/// Where openings come from; no state's name has brackets.
const START: &str = "(open)";

pub(super) fn graph(machine: &Machine<'_>) -> String {
    let contract = machine.contract();
    let mut text = format!("digraph {} {{\n", Quoted(&machine.title()));
    text.push_str("    node [shape=box, style=rounded];\n");
    // OK because writing to a string cannot fail.
    let _infallible = writeln!(text, "    {} [shape=point];", Quoted(START));
    for state in contract.states() {
        let terminal = contract.is_terminal(state.as_str());
        let attributes = if terminal { " [peripheries=2]" } else { "" };
        let _infallible = writeln!(text, "    {}{attributes};", Quoted(state.as_str()));
    }
    let opening = machine.opening_lines().join("\n");
    let tips = conditions("open", machine.openers(), contract.open().guards());
    edge(&mut text, (START, contract.initial().as_str()), &opening, &tips);
    for arrow in machine.arrows() {
        let Some(first) = arrow.first() else { continue };
        let labels = arrow.iter().map(|edge| edge.lines().join("\n"));
        let label = labels.collect::<Vec<_>>().join("\n\n");
        let tips: Vec<String> = arrow.iter().flat_map(|edge| conditions_of(edge)).collect();
        edge(&mut text, (first.from.as_str(), first.action.to().as_str()), &label, &tips);
    }
    text.push_str("}\n");
    text
}

fn conditions_of(edge: &Edge<'_>) -> Vec<String> {
    conditions(edge.action.name().as_str(), &edge.holders, edge.action.guards())
}

fn edge(text: &mut String, (from, to): (&str, &str), label: &str, tips: &[String]) {
    let (from, to, label) = (Quoted(from), Quoted(to), Quoted(label));
    let _infallible = write!(text, "    {from} -> {to} [label={label}");
    if !tips.is_empty() {
        let _infallible = write!(text, ", tooltip={}", Quoted(&tips.join("\n")));
    }
    text.push_str("];\n");
}

/// What stars and guard codes stand for.
fn conditions(name: &str, holders: &[Holder<'_>], guards: &[Guard]) -> Vec<String> {
    let holders = holders.iter().filter_map(|holder| {
        let condition = holder.holding.condition()?;
        Some(format!("{name}: {} where {condition}", holder.mark()))
    });
    let guard = |guard: &Guard| {
        format!("{name}: {} unless {}", guard.code(), guard.condition().expression())
    };
    holders.chain(guards.iter().map(guard)).collect()
}

/// A text between quotes. Backslashes would be escapes, and `&` the start of an HTML entity.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '&' => f.write_str("&amp;")?,
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}
