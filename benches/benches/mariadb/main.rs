//! Transitions in MariaDB, against the bare commit of one updated row through the same pool, and
//! against the same rows written by hand.

#![expect(clippy::unwrap_used, reason = "a bench")]

mod floor;

use std::process::ExitCode;

use hos_benches::comparison::{Asked, Times, compare};
use hos_benches::desk::Desk;
use hos_benches::{Target, is_smoke, numbers, verdict};
use hos_services::MariaDb;
use hos_sqlx::{MysqlOptions, MysqlStore};
use hos_work::LaneOptions;

use floor::Floor;

/// As an operator would set them: a share of the machine's memory, and a log that is not full in
/// the middle of a round. Each commit is flushed.
const MEMORY: [(&str, &str); 2] =
    [("innodb-buffer-pool-size", "2G"), ("innodb-log-file-size", "2G")];

fn main() -> ExitCode {
    let server = match MariaDb::start_with(&MEMORY) {
        Ok(server) => server,
        Err(error) => {
            hos_services::skip_or_fail(&error);
            return ExitCode::SUCCESS;
        }
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
        let (times, asked) = (times(callers), asked(callers));
        compare("MariaDB", &runtime, (&floor, &desk), callers, times, asked);
    }
    desk.print_sequencing(&runtime);
    runtime.block_on(store.close());
    verdict()
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

fn times(callers: u32) -> Times {
    let (updates, by_hand, transitions) = match callers {
        1 => (1_600, 480, 480),
        8 => (6_000, 1_600, 4_000),
        _ => (12_800, 3_840, 12_800),
    };
    Times { updates, same: updates / 4, by_hand, transitions }
}

fn asked(callers: u32) -> Asked {
    match callers {
        64 => Asked {
            update: Some(Target::TimesAsMany(0.6)),
            by_hand: Some(Target::TimesAsManyAs("by hand", 3.0)),
            one_tenant: Some(Target::TimesAsManyAs("law, 1,000 tenants", 0.75)),
            one_subject: None,
        },
        _ => Asked::default(),
    }
}
