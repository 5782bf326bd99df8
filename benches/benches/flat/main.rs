//! Transitions in PostgreSQL over a short history and over a long one, each with a database of its
//! own on one server. The law writes the first entries; SQL writes them again until there are as
//! many as are asked for. A number among the arguments is how many the long one has.

#![expect(clippy::unwrap_used, reason = "a bench")]

use std::process::ExitCode;
use std::time::Duration;

use hos_benches::desk::{Desk, Whose};
use hos_benches::{Row, Target, is_smoke, numbers, table, verdict};
use hos_core::subject::Subject;
use hos_services::Postgres;
use hos_sqlx::{PostgresOptions, PostgresStore};
use hos_work::LaneOptions;
use tokio::runtime::Runtime;

/// As an operator would set them: a share of the machine's memory, and a log that is not
/// checkpointed in the middle of a round.
const MEMORY: [(&str, &str); 2] = [("shared_buffers", "2GB"), ("max_wal_size", "8GB")];

const GROW: &str = include_str!("grow.sql");
const NAME: &str = "SELECT count(*) || ' entries, ' || pg_size_pretty(pg_database_size( \
                    current_database())) FROM hos_entry";
const TICKETS: &str = "SELECT tenant, id FROM hos_subject \
                       JOIN hos_scope ON hos_scope.number = scope ORDER BY random() LIMIT 20000";

fn main() -> ExitCode {
    let server = match Postgres::start_with(&MEMORY) {
        Ok(server) => server,
        Err(error) => {
            hos_services::skip_or_fail(&error);
            return ExitCode::SUCCESS;
        }
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (first, short, long) =
        if is_smoke() { (200, 400, 1_200) } else { (10_000, 100_000, 3_000_000) };
    let long = numbers().first().copied().unwrap_or(long);
    let short = History::of(&server, &runtime, first, short);
    let long = History::of(&server, &runtime, first, long);
    compare(&runtime, &short, &long, 1);
    compare(&runtime, &short, &long, 8);
    runtime.block_on(short.store.close());
    runtime.block_on(long.store.close());
    verdict()
}

struct History {
    name: String,
    store: PostgresStore,
    desk: Desk,
}

impl History {
    /// The law writes the `first` entries of all.
    fn of(server: &Postgres, runtime: &Runtime, first: u32, all: u32) -> Self {
        let copies = (all / first - 1).to_string();
        let url = server.create_database().unwrap();
        let query = |sql, variables: &[_]| {
            server.query(url.rsplit('/').next().unwrap(), sql, variables).unwrap()
        };
        // Every transition asks the database, as the first one of its subject does.
        let options = PostgresOptions::new(&url).subject_bytes_cached(0);
        let store = runtime.block_on(PostgresStore::open_with(options)).unwrap();
        let lanes = LaneOptions::default().lanes(2).batch_max(128);
        let mut desk = runtime.block_on(Desk::open(store.clone(), lanes, 4_000));
        let opened: u32 = query("SELECT count(*) FROM hos_entry", &[]).parse().unwrap();
        desk.crowd(runtime, first - opened, 8, Whose::Everybodys, true);
        runtime.block_on(desk.sequence());
        query(GROW, &[("copies", copies.as_str())]);
        let ticket = |line: &str| {
            let (tenant, id) = line.split_once('|').unwrap();
            Subject::new("desk", tenant, "ticket", id).unwrap()
        };
        // From anywhere in the history.
        desk.spread_over(query(TICKETS, &[]).lines().map(ticket).collect());
        Self { name: query(NAME, &[]), store, desk }
    }

    /// The median of what one call takes, as often as there were calls.
    fn latency(&self, runtime: &Runtime, times: u32, callers: u32) -> Duration {
        let gathered = callers > 1;
        let mut each = self.desk.latencies(runtime, times, callers, Whose::Everybodys, gathered);
        each.sort();
        each.get(each.len() / 2).copied().unwrap() * times
    }
}

/// Short rounds, so that what else the machine does falls upon both alike.
fn compare(runtime: &Runtime, short: &History, long: &History, callers: u32) {
    let (title, times) = match callers {
        1 => ("one caller".to_owned(), 100),
        _ => (format!("{callers} callers through the lane"), 400),
    };
    let rows = &mut [
        Row {
            name: &short.name,
            target: None,
            times,
            run: Box::new(|times| short.latency(runtime, times, callers)),
        },
        Row {
            name: &long.name,
            target: Some(Target::TimesAsLong(1.25)),
            times,
            run: Box::new(|times| long.latency(runtime, times, callers)),
        },
    ];
    table(&format!("PostgreSQL, median latency of a transition, {title}"), 51, rows);
}
