//! Compares every row of both sides, and computes every root anew.

use hos_core::error::Fault;
use hos_core::merkle::{Frontier, Hash, leaf_hash};
use std::collections::BTreeMap;

use super::cell::{Cell, Row, show};
use super::report::{Moved, Progress, Stage};
use super::table::Table;
use super::{Target, differs};
use crate::frontier::appended;
use crate::sqlite::moving::Source;

/// Answers what both sides have, once they have the same.
pub(super) async fn check(
    source: &mut Source,
    target: &mut impl Target,
    highest: &[(Table, i64)],
    progress: &(impl Fn(Progress) + Send + Sync),
) -> Result<Vec<Moved>, Fault> {
    let mut logs = Logs::default();
    let mut moved = Vec::with_capacity(Table::ALL.len());
    for table in Table::ALL {
        moved.push(compare(source, target, table, &mut logs, progress).await?);
    }
    logs.check(source)?;
    for (table, highest) in highest {
        if target.last_number(*table).await? < *highest {
            let table = table.name();
            return Err(differs(format!("new numbers of {table} would meet those that moved")));
        }
    }
    Ok(moved)
}

async fn compare(
    source: &mut Source,
    target: &mut impl Target,
    table: Table,
    logs: &mut Logs,
    progress: &(impl Fn(Progress) + Send + Sync),
) -> Result<Moved, Fault> {
    let (total, held) = (source.count(table).await?, target.count(table).await?);
    if total != held {
        let table = table.name();
        return Err(differs(format!("{table} has {total} rows here and {held} there")));
    }
    let told = |rows| Progress { stage: Stage::Comparing, table: table.name(), rows, total };
    progress(told(0));
    let (mut after, mut rows) = (table.start(), 0);
    loop {
        let (here, there) = tokio::join!(source.read(table, &after), target.read(table, &after));
        let (here, there) = (here?, there?);
        if let Some(difference) = first_difference(table, &here, &there) {
            return Err(differs(difference));
        }
        let Some(last) = there.last() else { break };
        after = table.key_of(last);
        for row in &there {
            logs.add(source, table, row)?;
        }
        rows += u64::try_from(there.len()).unwrap_or_default();
        progress(told(rows));
    }
    if rows != total {
        let table = table.name();
        return Err(differs(format!("{rows} rows of {table} belong to something, of {total}")));
    }
    Ok(Moved { table: table.name(), rows })
}

fn first_difference(table: Table, here: &[Row], there: &[Row]) -> Option<String> {
    let at = |row: &Row| format!("{}: {}", table.name(), show(table.key(), row));
    for (one, other) in here.iter().zip(there) {
        if table.key_of(one) != table.key_of(other) {
            return Some(format!("{} here, where there is {}", at(one), at(other)));
        }
        let mut cells = table.columns().iter().zip(one.iter().zip(other));
        if let Some((column, _)) = cells.find(|(_, (one, other))| one != other) {
            return Some(format!("{} has another {} there", at(one), column.name));
        }
    }
    if let Some(row) = here.get(there.len()) {
        return Some(format!("{} is missing there", at(row)));
    }
    there.get(here.len()).map(|row| format!("{} is there and not here", at(row)))
}

/// The roots of the leaves that were read, and the heads that are kept.
#[derive(Debug, Default)]
struct Logs {
    computed: BTreeMap<i64, Frontier>,
    kept: BTreeMap<i64, (i64, Vec<u8>)>,
}

impl Logs {
    fn add(&mut self, source: &Source, table: Table, row: &Row) -> Result<(), Fault> {
        match (table, row.as_slice()) {
            (Table::Entry, [Cell::Integer(scope), Cell::Integer(index), ..]) => {
                let hash = leaf(source, row)?;
                let log = self.computed.entry(*scope).or_default();
                if u64::try_from(*index) != Ok(log.size()) {
                    let at = source.place(row);
                    return Err(differs(format!("before {at} the log has a gap")));
                }
                appended(log, hash)?;
            }
            (Table::Log, [Cell::Integer(scope), Cell::Integer(size), Cell::Bytes(frontier)]) => {
                self.kept.insert(*scope, (*size, frontier.clone()));
            }
            _ => {}
        }
        Ok(())
    }

    fn check(&self, source: &Source) -> Result<(), Fault> {
        let computed = self.computed.iter().map(|(scope, log)| {
            (*scope, (i64::try_from(log.size()).unwrap_or(i64::MAX), log.to_bytes()))
        });
        let computed: BTreeMap<i64, (i64, Vec<u8>)> = computed.collect();
        let scopes = computed.keys().chain(self.kept.keys());
        for scope in scopes {
            if computed.get(scope) != self.kept.get(scope) {
                let name = source.name(*scope);
                let what = format!("the leaves of {name} have another root than its log's head");
                return Err(differs(what));
            }
        }
        Ok(())
    }
}

/// The hash of an entry's leaf, which is the one that was recorded.
pub(super) fn leaf(source: &Source, row: &Row) -> Result<Hash, Fault> {
    let recorded = row.get(8).and_then(Cell::bytes);
    let computed = row.get(9).and_then(Cell::text).map(|leaf| leaf_hash(leaf.as_bytes()));
    match computed {
        Some(hash) if recorded == Some(hash.as_slice()) => Ok(hash),
        _ => Err(differs(format!("{} is not as it was recorded", source.place(row)))),
    }
}
