//! `hos move`.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use clap::Args;
use hos_core::error::{Fault, FaultKind};
use hos_sqlx::moving::{Destination, Progress, Report, Stage, move_house};
use indicatif::{ProgressBar, ProgressStyle};

use serde_json::json;

use crate::database::Database;
use crate::exit::{Exit, Trouble};
use crate::voice::Voice;

const BAR: &str = "{msg:<24} {bar:30} {human_pos:>11} of {human_len:<11} {elapsed}";

/// Moves a deployment from a SQLite file into another database, and compares every row.
///
/// Stop whoever writes to the file first; nothing is written to it. A move that was interrupted
/// goes on where it stopped when it is run again; one that is finished says so.
#[derive(Debug, Args)]
pub(crate) struct Move {
    /// The SQLite file that holds the deployment.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The database to move into: empty, or holding a move of the same file.
    #[arg(long, value_name = "postgres://..|mysql://..")]
    to: String,
    /// The URL past a pooler, or of a role that may create tables.
    #[arg(long, value_name = "URL")]
    direct: Option<String>,
}

/// Moves a deployment and shows what was moved.
pub(crate) async fn obey(voice: &Voice, order: &Move) -> Result<Exit, Trouble> {
    let to: Destination = match Database::parse(&order.to, order.direct.as_deref())? {
        Database::Postgres(options) => options.into(),
        Database::Mysql(options) => options.into(),
        Database::Sqlite(_) => {
            let message =
                "a deployment moves into a server; give `--to` a postgres:// or mysql:// URL";
            return Err(Fault::new(FaultKind::Unsupported, message).into());
        }
    };
    let bars = Bars::default();
    let moved = move_house(&order.from, to, |progress| bars.show(progress)).await;
    bars.leave(moved.is_ok());
    show(voice, &moved?);
    Ok(Exit::Done)
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

fn show(voice: &Voice, report: &Report) {
    let moved = report.tables.iter().map(|moved| json!({"table": moved.table, "rows": moved.rows}));
    let tables: Vec<_> = moved.collect();
    let document = json!({
        "finished_before": report.finished_before, "resumed": report.resumed, "tables": tables,
        "seconds": report.elapsed.as_secs_f64(),
    });
    voice.document("move", document);
    if report.finished_before {
        voice.line("this move is finished already; nothing was copied or compared");
        return;
    }
    voice.line(format_args!("{:<14} {:>12}", "table", "rows"));
    for moved in &report.tables {
        voice.line(format_args!("{:<14} {:>12}", moved.table, moved.rows));
    }
    let rows: u64 = report.tables.iter().map(|moved| moved.rows).sum();
    voice.line(format_args!("{:<14} {rows:>12}", "all"));
    let resumed = if report.resumed { ", going on with an earlier run" } else { "" };
    voice.line(format_args!(
        "moved and compared in {:.1} s{resumed}; both sides are equal",
        report.elapsed.as_secs_f64()
    ));
}
