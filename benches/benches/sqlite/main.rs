//! Transitions in a SQLite file, against the bare commit of one updated row through the same driver
//! and with the same settings.

#![expect(clippy::unwrap_used, reason = "a bench")]

mod desk;
mod floor;

use std::process::ExitCode;
use std::time::Duration;

use criterion::Criterion;
use hos_benches::{Row, Target, is_smoke, table, timed, verdict};
use tokio::runtime::Runtime;

use desk::Desk;
use floor::Floor;

/// How many call at once.
const CALLERS: u32 = 64;

fn main() -> ExitCode {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let floor = runtime.block_on(Floor::open(&directory.path().join("floor.db")));
    let desk = runtime.block_on(Desk::open(&directory.path().join("law.db")));
    grow(&runtime, &floor, &desk);
    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("update of one row", |b| b.iter(|| runtime.block_on(floor.update())));
    criterion
        .bench_function("transition, one caller", |b| b.iter(|| runtime.block_on(desk.direct())));
    criterion.final_summary();
    compare(&runtime, &floor, &desk);
    runtime.block_on(desk.close());
    verdict()
}

/// Until both write-ahead logs have their full length.
fn grow(runtime: &Runtime, floor: &Floor, desk: &Desk) {
    let commits = if is_smoke() { 10 } else { 6_000 };
    runtime.block_on(async {
        for _ in 0..commits {
            floor.update().await;
        }
    });
    alone(runtime, commits / 4, || desk.direct());
}

fn alone<F: Future<Output = ()>>(runtime: &Runtime, times: u32, call: impl Fn() -> F) -> Duration {
    timed(|| {
        runtime.block_on(async {
            for _ in 0..times {
                call().await;
            }
        });
    })
}

fn compare(runtime: &Runtime, floor: &Floor, desk: &Desk) {
    let at_least = |target| Some(Target::TimesAsMany(target));
    let rows = &mut [
        Row {
            name: "bare UPDATE of one row, committed",
            target: None,
            times: 4_000,
            run: Box::new(|times| alone(runtime, times, || floor.update())),
        },
        Row {
            name: "one caller",
            target: at_least(0.35),
            times: 2_000,
            run: Box::new(|times| alone(runtime, times, || desk.direct())),
        },
        Row {
            name: "one caller through the lane",
            target: None,
            times: 2_000,
            run: Box::new(|times| alone(runtime, times, || desk.gathered())),
        },
        Row {
            name: "64 callers through the lane",
            target: at_least(1.5),
            times: 12_800,
            run: Box::new(|times| desk.crowd(runtime, times, None)),
        },
        Row {
            name: "64 callers on one subject through the lane",
            target: at_least(1.5),
            times: 12_800,
            run: Box::new(|times| desk.crowd(runtime, times, Some(0))),
        },
    ];
    table("SQLite, synchronous=FULL, write-ahead log grown", 5, rows);
}
