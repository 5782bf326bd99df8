//! Transitions in MariaDB, against the bare commit of one updated row through the same pool, and
//! against the same rows written by hand.

#![expect(clippy::unwrap_used, reason = "a bench")]

mod floor;

use hos_benches::desk::{Desk, Whose};
use hos_benches::{Row, Target, is_smoke, numbers, table};
use hos_services::MariaDb;
use hos_sqlx::{MysqlOptions, MysqlStore};
use hos_work::LaneOptions;
use tokio::runtime::Runtime;

use floor::Floor;

/// As an operator would set them: a share of the machine's memory, and a log that is not full in
/// the middle of a round. Each commit is flushed.
const MEMORY: [(&str, &str); 2] =
    [("innodb-buffer-pool-size", "2G"), ("innodb-log-file-size", "2G")];

fn main() {
    let server = match MariaDb::start_with(&MEMORY) {
        Ok(server) => server,
        Err(error) => return hos_services::skip_or_fail(&error),
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let options = MysqlOptions::new(server.create_database().unwrap()).connections(64);
    let store = runtime.block_on(MysqlStore::open_with(options)).unwrap();
    let floor = runtime.block_on(Floor::open(store.pool()));
    let lanes = LaneOptions::default().lanes(2).batch_max(128);
    let desk = runtime.block_on(Desk::open(store.clone(), lanes, 20_000));
    runtime.block_on(desk.sequence());
    for callers in crowds() {
        compare(&runtime, &floor, &desk, callers);
    }
    desk.print_sequencing(&runtime);
    runtime.block_on(store.close());
}

/// How many call at once: the numbers among the arguments, else the usual ones.
fn crowds() -> Vec<u32> {
    let named = numbers();
    match named.is_empty() {
        false => named,
        true if is_smoke() => vec![1, 8],
        true => vec![1, 8, 64],
    }
}

fn compare(runtime: &Runtime, floor: &Floor, desk: &Desk, callers: u32) {
    let (floors, hands, laws) = match callers {
        1 => (1_600, 480, 480),
        8 => (6_000, 1_600, 4_000),
        _ => (12_800, 3_840, 12_800),
    };
    let (own, hand, hot) = match callers {
        1..64 => (None, None, None),
        _ => (
            Some(Target::TimesAsMany(0.6)),
            Some(Target::TimesAsManyAs("by hand", 3.0)),
            Some(Target::TimesAsManyAs("law, 1,000 tenants", 0.75)),
        ),
    };
    let rows = &mut [
        Row {
            name: "UPDATE of one row each",
            target: None,
            times: floors,
            run: Box::new(|times| floor.updates(runtime, times, callers, false)),
        },
        Row {
            name: "by hand",
            target: None,
            times: hands,
            run: Box::new(|times| floor.hands(runtime, times, callers)),
        },
        Row {
            name: "law without the lane, 1,000 tenants",
            target: None,
            times: hands,
            run: Box::new(|times| desk.crowd(runtime, times, callers, Whose::Everybodys, false)),
        },
        Row {
            name: "law, 1,000 tenants",
            target: own,
            times: laws,
            run: Box::new(|times| desk.crowd(runtime, times, callers, Whose::Everybodys, true)),
        },
        Row {
            name: "law, 1,000 tenants (against by hand)",
            target: hand,
            times: laws,
            run: Box::new(|times| desk.crowd(runtime, times, callers, Whose::Everybodys, true)),
        },
        Row {
            name: "law, ONE tenant",
            target: hot,
            times: laws,
            run: Box::new(|times| desk.crowd(runtime, times, callers, Whose::OneFirms, true)),
        },
        Row {
            name: "UPDATE of the same row",
            target: None,
            times: floors / 4,
            run: Box::new(|times| floor.updates(runtime, times, callers, true)),
        },
        Row {
            name: "law, ONE subject",
            target: None,
            times: laws / 2,
            run: Box::new(|times| desk.crowd(runtime, times, callers, Whose::One, true)),
        },
    ];
    table(&format!("MariaDB, {callers} caller(s)"), 5, rows);
}
