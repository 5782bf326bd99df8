//! Transitions in PostgreSQL, against the bare commit of one updated row through the same pool, and
//! against the same rows written by hand.

#![expect(clippy::unwrap_used, reason = "a bench")]

mod floor;

use std::process::ExitCode;

use hos_benches::comparison::{Asked, Times, compare};
use hos_benches::desk::Desk;
use hos_benches::{Target, is_smoke, numbers, verdict};
use hos_services::Postgres;
use hos_sqlx::{PostgresOptions, PostgresStore};
use hos_work::LaneOptions;

use floor::Floor;

/// As an operator would set them: a share of the machine's memory, and a log that is not
/// checkpointed in the middle of a round, whose old files are kept for what comes.
const MEMORY: [(&str, &str); 3] =
    [("shared_buffers", "2GB"), ("max_wal_size", "8GB"), ("min_wal_size", "4GB")];

/// Fills log files and lets them go, so that they are written over, as on a server that has run for
/// a while. A new server makes each of them first, which takes the disk as long as what goes in.
const RUN_IN: &str = "
DO $$ BEGIN
    FOR file IN 1..200 LOOP
        PERFORM pg_logical_emit_message(false, 'bench', 'a file of the log');
        PERFORM pg_switch_wal();
    END LOOP;
END $$;
CHECKPOINT";

/// Commits wait for 10 ms, as they do for a disk or a standby that is far away.
const SLOW: [(&str, &str); 2] = [("commit_delay", "10000"), ("commit_siblings", "0")];

/// With a connection for each caller, those who write by hand wait for the disk together, and what
/// is measured is the processor. Slow commits are measured with as many as sqlx opens by itself.
const CONNECTIONS: u32 = 128;
const CONNECTIONS_SLOW: u32 = 10;

fn main() -> ExitCode {
    let settings = if is_slow() { [&MEMORY[..], &SLOW].concat() } else { MEMORY.to_vec() };
    let server = match Postgres::start_with(&settings) {
        Ok(server) => server,
        Err(error) => {
            hos_services::skip_or_fail(&error);
            return ExitCode::SUCCESS;
        }
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let connections = if is_slow() { CONNECTIONS_SLOW } else { CONNECTIONS };
    let options = PostgresOptions::new(server.create_database().unwrap()).connections(connections);
    let store = runtime.block_on(PostgresStore::open_with(options)).unwrap();
    let floor = runtime.block_on(Floor::open(store.pool()));
    let lanes = LaneOptions::default().lanes(4).batch_max(128);
    let desk = runtime.block_on(Desk::open(store.clone(), lanes, 20_000));
    runtime.block_on(async {
        desk.sequence().await;
        sqlx::raw_sql("VACUUM ANALYZE").execute(store.pool()).await.unwrap();
    });
    for callers in crowds() {
        if !is_smoke() {
            server.query("postgres", RUN_IN, &[]).unwrap();
        }
        let (times, asked) = (times(callers), asked(callers));
        compare("PostgreSQL", &runtime, (&floor, &desk), callers, times, asked);
    }
    desk.print_sequencing(&runtime);
    runtime.block_on(store.close());
    verdict()
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

fn times(callers: u32) -> Times {
    let (updates, by_hand, transitions) = match callers {
        _ if is_slow() => (3_200, 1_920, 12_800),
        1 => (3_000, 800, 1_500),
        8 => (8_000, 2_400, 6_000),
        _ => (12_800, 3_840, 25_600),
    };
    // Each waits for the one before, whoever calls.
    let same = if is_slow() { 320 } else { updates / 4 };
    Times { updates, same, by_hand, transitions }
}

fn asked(callers: u32) -> Asked {
    let by_hand = |times| Some(Target::TimesAsManyAs("by hand", times));
    match callers {
        _ if is_slow() => Asked { one_tenant: by_hand(8.0), ..Asked::default() },
        1 => Asked { update: Some(Target::TimesAsMany(0.5)), ..Asked::default() },
        8 => {
            let alone = Target::TimesAsManyAs("law without the lane, 1,000 tenants", 1.0);
            Asked { update: Some(alone), ..Asked::default() }
        }
        128 => Asked {
            update: Some(Target::TimesAsMany(1.5)),
            by_hand: by_hand(6.0),
            one_tenant: Some(Target::TimesAsManyAs("law, 1,000 tenants", 0.75)),
            one_subject: Some(Target::TimesAsManyAs("UPDATE of the same row", 3.0)),
        },
        _ => Asked::default(),
    }
}
