//! Copies what is left: while one batch is written the next is read.

use hos_core::error::Fault;

use super::cell::Row;
use super::check::leaf;
use super::report::{Progress, Stage};
use super::table::Table;
use super::{Mark, Target};
use crate::fault::corrupt;
use crate::sqlite::moving::Source;

pub(super) async fn copy(
    source: &mut Source,
    target: &mut impl Target,
    mark: Option<Mark>,
    progress: &(impl Fn(Progress) + Send + Sync),
) -> Result<(), Fault> {
    for table in Table::ALL {
        let (after, rows) = match &mark {
            Some(mark) if table < mark.table => continue,
            Some(mark) if table == mark.table => (mark.after.clone(), mark.rows),
            _ => (table.start(), 0),
        };
        copy_table(source, target, Mark { table, after, rows }, progress).await?;
    }
    Ok(())
}

async fn copy_table(
    source: &mut Source,
    target: &mut impl Target,
    mut mark: Mark,
    progress: &(impl Fn(Progress) + Send + Sync),
) -> Result<(), Fault> {
    let table = mark.table;
    let total = source.count(table).await?;
    let told = |rows| Progress { stage: Stage::Copying, table: table.name(), rows, total };
    progress(told(mark.rows));
    let mut batch = source.read(table, &mark.after).await?;
    while let Some(last) = batch.last() {
        mark.after = table.key_of(last);
        mark.rows += u64::try_from(batch.len()).unwrap_or_default();
        check_leaves(source, table, &batch)?;
        let next = source.read(table, &mark.after);
        let encoded = serde_json::to_string(&mark)
            .map_err(|error| corrupt("a key of a row").caused_by(error))?;
        let (written, next) = tokio::join!(target.write(table, &batch, &encoded), next);
        written?;
        progress(told(mark.rows));
        batch = next?;
    }
    Ok(())
}

/// No leaf is written that is not the one that was recorded.
fn check_leaves(source: &Source, table: Table, batch: &[Row]) -> Result<(), Fault> {
    if table == Table::Entry {
        for row in batch {
            leaf(source, row)?;
        }
    }
    Ok(())
}
