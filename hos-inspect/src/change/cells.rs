//! The cells of two tables, side by side.

use std::collections::{BTreeMap, BTreeSet};

use hos_core::law::Law;

use super::{CellChange, Place, Turn};
use crate::table::{Cell, ContractTable, Row, Sign, Table};

pub(super) fn changes(old: (&Law, &Table), new: (&Law, &Table)) -> Vec<CellChange> {
    let mut all = Vec::new();
    let sides = (old.1, new.1);
    rows(sides, None, (&old.1.abilities, &new.1.abilities), &mut all);
    for (label, before, after) in pairs(old, new) {
        let states = [before, after].map(|table| {
            table.states.iter().map(|state| (state.state.as_str(), &state.rows)).collect()
        });
        let [before, after]: [BTreeMap<&str, &Vec<Row>>; 2] = states;
        for state in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let place = Place { contract: label.clone(), state: (*state).to_owned() };
            let [before, after] = [&before, &after]
                .map(|states| states.get(state).map_or(&[][..], |rows| rows.as_slice()));
            rows(sides, Some(&place), (before, after), &mut all);
        }
    }
    let order = |change: &CellChange| (change.turn, change.was_more_than_denied());
    all.sort_by(|a, b| {
        let named = |change: &CellChange| (change.role.clone(), change.place.clone());
        order(a).cmp(&order(b)).then_with(|| named(a).cmp(&named(b))).then(a.what.cmp(&b.what))
    });
    all
}

/// Each version that both have, and what fresh subjects pinned with what they pin now.
fn pairs<'a>(
    (old_law, old): (&Law, &'a Table),
    (new_law, new): (&Law, &'a Table),
) -> Vec<(String, &'a ContractTable, &'a ContractTable)> {
    let mut pairs = Vec::new();
    for before in &old.contracts {
        for after in new.contracts.iter().filter(|after| after.kind == before.kind) {
            let kind = before.kind.as_str();
            let is_current = |law: &Law, table: &ContractTable| {
                law.contract(kind).is_some_and(|contract| *contract.version() == table.version)
            };
            if before.version == after.version {
                pairs.push((format!("{kind}/{}", before.version), before, after));
            } else if is_current(old_law, before) && is_current(new_law, after) {
                pairs.push((
                    format!("{kind}/{} to {}", before.version, after.version),
                    before,
                    after,
                ));
            }
        }
    }
    pairs
}

fn rows(
    tables: (&Table, &Table),
    place: Option<&Place>,
    (old, new): (&[Row], &[Row]),
    all: &mut Vec<CellChange>,
) {
    let (old, new) = (cells(tables.0, old), cells(tables.1, new));
    for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let [old, new] =
            [&old, &new].map(|cells| (*cells.get(key).unwrap_or(&&Cell::DENIED)).clone());
        if old != new {
            let (role, what) = ((*key.0).to_owned(), (*key.1).to_owned());
            let turn = turn(&old, &new);
            all.push(CellChange { turn, role, what, place: place.cloned(), old, new });
        }
    }
}

/// By role and row.
fn cells<'a>(table: &'a Table, rows: &'a [Row]) -> BTreeMap<(&'a str, &'a str), &'a Cell> {
    let row = |row: &'a Row| {
        let holders = table.holders.iter().zip(&row.cells);
        holders.map(|(holder, cell)| ((holder.as_str(), row.name.as_str()), cell))
    };
    rows.iter().flat_map(row).collect()
}

/// To be there already is neither more nor less than to be where the action does not start.
fn turn(old: &Cell, new: &Cell) -> Turn {
    let strength = |cell: &Cell| {
        let sign = match cell.sign {
            Sign::Denied => 0_u8,
            Sign::Unknown => 1,
            Sign::Impossible | Sign::Already => 2,
            Sign::Allowed => 3,
        };
        (sign, cell.when.is_none())
    };
    match strength(old).cmp(&strength(new)) {
        std::cmp::Ordering::Less => Turn::Gains,
        std::cmp::Ordering::Greater => Turn::Loses,
        std::cmp::Ordering::Equal => Turn::Differs,
    }
}

impl CellChange {
    fn was_more_than_denied(&self) -> bool {
        self.old.sign != Sign::Denied
    }
}
