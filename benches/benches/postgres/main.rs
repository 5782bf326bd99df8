//! Transitions in PostgreSQL, against the bare commit of one updated row through the same pool, and
//! against the same rows written by hand.

#![expect(clippy::unwrap_used, reason = "a bench")]

mod floor;

use hos_benches::desk::{Desk, Whose};
use hos_benches::{Row, Target, is_smoke, numbers, table};
use hos_services::Postgres;
use hos_sqlx::{PostgresOptions, PostgresStore};
use hos_work::LaneOptions;
use tokio::runtime::Runtime;

use floor::Floor;

/// As an operator would set them: a share of the machine's memory, and a log that is not
/// checkpointed in the middle of a round.
const MEMORY: [(&str, &str); 2] = [("shared_buffers", "2GB"), ("max_wal_size", "8GB")];

/// Commits wait for 10 ms, as they do for a disk or a standby that is far away.
const SLOW: [(&str, &str); 2] = [("commit_delay", "10000"), ("commit_siblings", "0")];

/// With a connection for each caller, those who write by hand wait for the disk together, and what
/// is measured is the processor. Slow commits are measured with as many as sqlx opens by itself.
const CONNECTIONS: u32 = 128;
const CONNECTIONS_SLOW: u32 = 10;

fn main() {
    let settings = if is_slow() { [&MEMORY[..], &SLOW].concat() } else { MEMORY.to_vec() };
    let server = match Postgres::start_with(&settings) {
        Ok(server) => server,
        Err(error) => return hos_services::skip_or_fail(&error),
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let connections = if is_slow() { CONNECTIONS_SLOW } else { CONNECTIONS };
    let options = PostgresOptions::new(server.create_database().unwrap()).connections(connections);
    let store = runtime.block_on(PostgresStore::open_with(options)).unwrap();
    let floor = runtime.block_on(Floor::open(store.pool()));
    let lanes = LaneOptions::default().lanes(2).batch_max(128);
    let desk = runtime.block_on(Desk::open(store.clone(), lanes, 20_000));
    runtime.block_on(async {
        desk.sequence().await;
        sqlx::raw_sql("VACUUM ANALYZE").execute(store.pool()).await.unwrap();
    });
    for callers in crowds() {
        compare(&runtime, &floor, &desk, callers);
    }
    desk.print_sequencing(&runtime);
    runtime.block_on(store.close());
}

fn is_slow() -> bool {
    std::env::args().any(|argument| argument == "slow")
}

/// How many call at once: the numbers among the arguments, else the usual ones.
fn crowds() -> Vec<u32> {
    let named = numbers();
    match named.is_empty() {
        false => named,
        true if is_smoke() => vec![1, 8],
        true if is_slow() => vec![128],
        true => vec![1, 8, 32, 128],
    }
}

fn compare(runtime: &Runtime, floor: &Floor, desk: &Desk, callers: u32) {
    let (floors, hands, laws) = match callers {
        1 => (3_000, 800, 1_500),
        8 => (8_000, 2_400, 6_000),
        _ => (12_800, 3_840, 25_600),
    };
    // One after the other, whoever calls.
    let same = if is_slow() { 320 } else { floors / 4 };
    let at_least = |target| Some(Target::TimesAsMany(target));
    let (own, hand, hot, one) = match callers {
        _ if is_slow() => (None, None, Some(Target::TimesAsManyAs("by hand", 8.0)), None),
        1 => (at_least(0.5), None, None, None),
        8 => (None, None, None, None),
        32 => (None, None, None, None),
        _ => (
            at_least(1.5),
            Some(Target::TimesAsManyAs("by hand", 6.0)),
            Some(Target::TimesAsManyAs("law, 1,000 tenants", 0.75)),
            Some(Target::TimesAsManyAs("UPDATE of the same row", 3.0)),
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
            run: Box::new(|times| floor.hands(runtime, times, callers, false)),
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
            times: same,
            run: Box::new(|times| floor.updates(runtime, times, callers, true)),
        },
        Row {
            name: "law, ONE subject",
            target: one,
            times: laws / 2,
            run: Box::new(|times| desk.crowd(runtime, times, callers, Whose::One, true)),
        },
    ];
    table(&format!("PostgreSQL, {callers} caller(s)"), 5, rows);
}
