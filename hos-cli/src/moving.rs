//! `hos move`.

use std::sync::{Mutex, PoisonError};

use hos_core::error::{Fault, FaultKind};
use hos_sqlx::moving::{Destination, Progress, Report, Stage, move_house};
use indicatif::{ProgressBar, ProgressStyle};

use crate::arguments::Move;
use crate::database::Database;

const BAR: &str = "{msg:<24} {bar:30} {human_pos:>11} of {human_len:<11} {elapsed}";

/// Moves a deployment and shows what was moved.
pub(crate) async fn obey(order: &Move) -> Result<(), Fault> {
    let to: Destination = match Database::parse(&order.to, order.direct.as_deref())? {
        Database::Postgres(options) => options.into(),
        Database::Mysql(options) => options.into(),
        Database::Sqlite(_) => {
            let message =
                "a deployment moves into a server; give `--to` a postgres:// or mysql:// URL";
            return Err(Fault::new(FaultKind::Unsupported, message));
        }
    };
    let bars = Bars::default();
    let moved = move_house(&order.from, to, |progress| bars.show(progress)).await;
    bars.leave(moved.is_ok());
    show(&moved?);
    Ok(())
}

/// One bar at a time: that of the table that is being copied or compared.
#[derive(Default)]
struct Bars(Mutex<Option<(Stage, &'static str, ProgressBar)>>);

impl Bars {
    fn show(&self, progress: Progress) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = current
            .take()
            .filter(|(stage, table, _)| (*stage, *table) == (progress.stage, progress.table));
        let (stage, table, bar) =
            same.unwrap_or_else(|| (progress.stage, progress.table, bar(&progress)));
        bar.set_position(progress.rows);
        if progress.rows >= progress.total {
            bar.finish();
        }
        *current = Some((stage, table, bar));
    }

    /// A bar that was not filled stays as it was, so that one sees where it stopped.
    fn leave(&self, done: bool) {
        let current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, bar)) = current.as_ref().filter(|_| !done) {
            bar.abandon();
        }
    }
}

fn bar(progress: &Progress) -> ProgressBar {
    let doing = match progress.stage {
        Stage::Copying => "copying",
        Stage::Comparing => "comparing",
    };
    // OK because without its style a bar still shows how far it is.
    let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(progress.total).with_style(style);
    bar.with_message(format!("{doing} {}", progress.table))
}

fn show(report: &Report) {
    if report.finished_before {
        println!("this move is finished already; nothing was copied or compared");
        return;
    }
    println!("{:<14} {:>12}", "table", "rows");
    for moved in &report.tables {
        println!("{:<14} {:>12}", moved.table, moved.rows);
    }
    let rows: u64 = report.tables.iter().map(|moved| moved.rows).sum();
    println!("{:<14} {rows:>12}", "all");
    let resumed = if report.resumed { ", going on with an earlier run" } else { "" };
    println!(
        "moved and compared in {:.1} s{resumed}; both sides are equal",
        report.elapsed.as_secs_f64()
    );
}
