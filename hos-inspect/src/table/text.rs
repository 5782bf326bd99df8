//! The tables as text that a review can read.

use std::fmt;

use super::{ContractTable, Edge, Row, Table};
use crate::columns::section;

/// How the cells are read; the head of every table.
const LEGEND: &str = "\
A  policy allows, and the action starts here      .  policy does not allow
=  allowed, and the subject is there already      -  allowed, but not possible from here
A:x  only where x holds: own.a subject.a is the actor; in.a subject.a has the actor;
     is.a subject.a is true; claim.c the credential says so; others as the rules compare
A:.. only somewhere, and the cell is too small to say where
A:?  allowed wherever it was tried;  ?  denied wherever it was tried: not all could be tried
";

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { world, version, digest, .. } = self;
        write!(f, "law {world}/{version}\ndigest {digest}\n\n{LEGEND}")?;
        let roles = self.roles.iter().map(|role| vec![role.name.clone(), role.traits.join(", ")]);
        section(f, "roles", &roles.collect::<Vec<_>>())?;
        let rows = grid("ability", &self.holders, &self.abilities);
        section(f, "abilities (of a fresh subject; ! leaves evidence when denied)", &rows)?;
        self.contracts.iter().try_for_each(|table| contract(f, table, &self.holders))
    }
}

fn contract(f: &mut fmt::Formatter<'_>, table: &ContractTable, holders: &[String]) -> fmt::Result {
    let kind = &table.kind;
    writeln!(f, "\ncontract {kind}/{}\ndigest {}", table.version, table.digest)?;
    let edges: Vec<_> = table.edges.iter().map(|edge| edge.columns().to_vec()).collect();
    section(f, &format!("{kind}: edges (from, action, to, ability, guards)"), &edges)?;
    let timers = table.timers.iter().map(|timer| {
        let after = format!("after {} s", timer.after.as_secs());
        vec![timer.state.to_string(), after, timer.action.to_string()]
    });
    section(f, &format!("{kind}: timers"), &timers.collect::<Vec<_>>())?;
    let aliases = table.aliases.iter().map(|(old, state)| vec![old.clone(), format!("= {state}")]);
    section(f, &format!("{kind}: old names of states"), &aliases.collect::<Vec<_>>())?;
    for state in &table.states {
        let mut title = format!("{kind} in {}", state.state);
        title.push_str(if state.initial { ", initial" } else { "" });
        title.push_str(if state.terminal { ", terminal" } else { "" });
        section(f, &title, &grid("action", holders, &state.rows))?;
    }
    Ok(())
}

impl Edge {
    /// From, action, to, ability, guards.
    pub(super) fn columns(&self) -> [String; 5] {
        let from = self.from.as_ref().map_or_else(|| "(new)".to_owned(), ToString::to_string);
        let name = self.action.as_ref().map_or("open", |action| action.as_str());
        let action = format!("{name}{}", if self.critical { " !" } else { "" });
        [from, action, self.to.to_string(), self.ability.to_string(), self.guards.join(" ")]
    }
}

fn grid(first: &str, holders: &[String], rows: &[Row]) -> Vec<Vec<String>> {
    let head = std::iter::once(first.to_owned()).chain(holders.iter().cloned()).collect();
    let row = |row: &Row| {
        let name = format!("{}{}", row.name, if row.critical { " !" } else { "" });
        std::iter::once(name).chain(row.cells.iter().map(ToString::to_string)).collect()
    };
    std::iter::once(head).chain(rows.iter().map(row)).collect()
}
