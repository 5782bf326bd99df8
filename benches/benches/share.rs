//! What proof costs a transaction on PostgreSQL: lone commits with it, beside the same commits
//! without.
//!
//! The second database has the same schema, but that its function writes no entry, no turn to be
//! numbered and no part, and that nothing asks for them. With `processor` among the arguments it
//! also tells how long each was on a processor. The leaf is made in both: the bench `judge` tells
//! what that costs.

#![expect(clippy::unwrap_used, reason = "a bench")]

use std::process::ExitCode;

use hos_benches::desk::{Desk, Whose};
use hos_benches::{Row, Target, is_smoke, numbers, table, verdict};
use hos_services::Postgres;
use hos_sqlx::{PostgresOptions, PostgresStore};
use hos_work::LaneOptions;
use tokio::runtime::Runtime;

const TICKETS: usize = 4_000;
const ROUNDS: usize = 21;
/// How many commit at once, unless they are among the arguments.
const CALLERS: [u32; 2] = [1, 8];
const CONNECTIONS: u32 = 8;

/// Takes away what proves, and what asks for it.
const WITHOUT: &str = "
    DO $$
    DECLARE
        text text := pg_get_functiondef('hos_commit_one'::regproc);
        bare text := replace(text, 'IF entry IS NOT NULL THEN', 'parts := NULL; IF false THEN');
    BEGIN
        ASSERT text <> bare, 'hos_commit_one is written in other words';
        EXECUTE bare;
    END $$;
    DROP TRIGGER hos_subject_moved ON hos_subject;";

fn main() -> ExitCode {
    let server = match Postgres::start_with(&[("shared_buffers", "1GB"), ("max_wal_size", "8GB")]) {
        Ok(server) => server,
        Err(error) => {
            hos_services::skip_or_fail(&error);
            return ExitCode::SUCCESS;
        }
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (with, kept) = desk(&runtime, &server, None);
    let (without, bare) = desk(&runtime, &server, Some(WITHOUT));
    let named = numbers();
    let crowds = if named.is_empty() { CALLERS.to_vec() } else { named };
    for callers in crowds {
        let times = if is_smoke() { callers } else { 400 * callers };
        let rows = &mut [
            Row {
                name: "a transition, its entry left out",
                target: None,
                times,
                run: Box::new(|times| {
                    without.crowd(&runtime, times, callers, Whose::Everybodys, false)
                }),
            },
            Row {
                name: "a transition with its entry",
                target: Some(Target::TimesAsLong(1.3)),
                times,
                run: Box::new(|times| {
                    with.crowd(&runtime, times, callers, Whose::Everybodys, false)
                }),
            },
        ];
        table(&format!("{callers} at once on PostgreSQL"), ROUNDS, rows);
    }
    runtime.block_on(async {
        kept.close().await;
        bare.close().await;
    });
    verdict()
}

/// A desk in a database of its own, where the superuser said something before it was used.
fn desk(runtime: &Runtime, server: &Postgres, said: Option<&str>) -> (Desk, PostgresStore) {
    let url = server.create_database().unwrap();
    let options = PostgresOptions::new(&url).connections(CONNECTIONS);
    let store = runtime.block_on(PostgresStore::open_with(options)).unwrap();
    let lanes = LaneOptions::default().lanes(1).batch_max(1);
    let desk = runtime.block_on(Desk::open(store.clone(), lanes, TICKETS));
    if let Some(said) = said {
        server.query(url.rsplit('/').next().unwrap(), said, &[]).unwrap();
    }
    runtime.block_on(async {
        desk.sequence().await;
        sqlx::raw_sql("VACUUM ANALYZE").execute(store.pool()).await.unwrap();
    });
    (desk, store)
}
