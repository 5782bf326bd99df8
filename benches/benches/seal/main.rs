//! `logs`: appending to a log beside its bare hashes and another implementation, and on PostgreSQL
//! numbering, sealing and proving; a number among the arguments is how many entries the log has.
//! `postgres`, `mariadb`, `sqlite`: how long entries of a thousand firms wait for their seal.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

mod pace;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use hos_benches::desk::{Desk, Whose};
use hos_benches::{Row, Target, is_smoke, numbers, table, timed, verdict};
use hos_core::hos::Sealer;
use hos_core::id::{Tenant, World};
use hos_core::laws::Proofs as _;
use hos_core::merkle::{Frontier, leaf_hash, node_hash};
use hos_core::note::SigningKey;
use hos_core::proof::PAGE_MAX;
use hos_core::seal::Keys;
use hos_services::{MariaDb, Postgres};
use hos_sqlx::{MysqlOptions, MysqlStore, PostgresOptions, PostgresStore, SqliteStore};
use hos_work::{DirectoryKeeper, LaneOptions};
use sha2::Sha256;
use tokio::runtime::Runtime;

use pace::pace;

fn main() -> ExitCode {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if is_asked("logs") {
        append();
        log_of_one_firm(&runtime);
    }
    if is_asked("postgres") {
        pace_on_postgres(&runtime);
    }
    if is_asked("mariadb") {
        pace_on_mariadb(&runtime);
    }
    if is_asked("sqlite") {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path().join("law.db"));
        let store = runtime.block_on(store).unwrap();
        pace("SQLite", &runtime, store.clone());
        runtime.block_on(store.close()).unwrap();
    }
    verdict()
}

/// Whether a part was named among the arguments, or none was.
fn is_asked(part: &str) -> bool {
    let parts = ["logs", "postgres", "mariadb", "sqlite"];
    let named: Vec<String> = std::env::args().filter(|name| parts.contains(&&**name)).collect();
    named.is_empty() || named.iter().any(|name| name == part)
}

fn log_of_one_firm(runtime: &Runtime) {
    let server = match Postgres::start() {
        Ok(server) => server,
        Err(error) => return hos_services::skip_or_fail(&error),
    };
    let options = PostgresOptions::new(server.create_database().unwrap());
    let store = runtime.block_on(PostgresStore::open_with(options)).unwrap();
    let lanes = LaneOptions::default().lanes(2).batch_max(128);
    let desk = runtime.block_on(Desk::open(store.clone(), lanes, 4_000));
    let directory = tempfile::tempdir().unwrap();
    let key = SigningKey::from_seed("hos.local", &[7; 32]).unwrap();
    let keeper = DirectoryKeeper::open(directory.path()).unwrap();
    let sealer = desk.hos().sealer(Keys::new(key), keeper).unwrap();
    let entries = if is_smoke() { 64 } else { numbers().first().copied().unwrap_or(50_000) };
    desk.crowd(runtime, entries, 64, Whose::OneFirms, true);
    desk.print_sequencing(runtime);
    runtime.block_on(seal_all(&sealer));
    prove(runtime, &desk);
    runtime.block_on(store.close());
}

fn pace_on_postgres(runtime: &Runtime) {
    let server = match Postgres::start() {
        Ok(server) => server,
        Err(error) => return hos_services::skip_or_fail(&error),
    };
    let options = PostgresOptions::new(server.create_database().unwrap());
    let store = runtime.block_on(PostgresStore::open_with(options)).unwrap();
    pace("PostgreSQL", runtime, store.clone());
    runtime.block_on(store.close());
}

fn pace_on_mariadb(runtime: &Runtime) {
    let memory = [("innodb-buffer-pool-size", "1G"), ("innodb-log-file-size", "1G")];
    let server = match MariaDb::start_with(&memory) {
        Ok(server) => server,
        Err(error) => return hos_services::skip_or_fail(&error),
    };
    let options = MysqlOptions::new(server.create_database().unwrap());
    let store = runtime.block_on(MysqlStore::open_with(options)).unwrap();
    pace("MariaDB", runtime, store.clone());
    runtime.block_on(store.close());
}

/// Of each entry the hash of its leaf and, over all, one of an inner node.
fn append() {
    const LEAF: [u8; 600] = [b'x'; 600];
    let bare = |times: u32| {
        timed(|| {
            let mut node = leaf_hash(&LEAF);
            for _ in 0..times {
                node = node_hash(&node, &leaf_hash(&LEAF));
            }
            black_box(node);
        })
    };
    let ours = |times: u32| {
        let mut log = Frontier::new();
        timed(|| (0..times).for_each(|_| log.push(leaf_hash(&LEAF)).unwrap()))
    };
    let theirs = |times: u32| {
        let mut log = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        timed(|| (0..times).for_each(|_| log.push(LEAF.to_vec())))
    };
    let row = |name, target, run: hos_benches::Measured<'static>| Row {
        name,
        target,
        times: 20_000,
        run,
    };
    let rows = &mut [
        row("the bare hashes", None, Box::new(bare)),
        row("appended to the frontier", Some(Target::TimesAsLong(1.5)), Box::new(ours)),
        row("appended to a tree of ct-merkle", None, Box::new(theirs)),
    ];
    table("An entry of 600 bytes", 51, rows);
}

async fn seal_all(sealer: &Sealer) {
    while sealer.seal_pending(PAGE_MAX).await.unwrap().tried() > 0 {}
}

fn prove(runtime: &Runtime, desk: &Desk) {
    let (world, firm) = (World::new("desk").unwrap(), Tenant::new("firm-0").unwrap());
    let hos = desk.hos();
    let head = runtime.block_on(hos.head(&world, &firm)).unwrap();
    let mut took: Vec<Duration> = Vec::new();
    for part in 0..100 {
        let page = hos.page(&world, &firm, head.size / 101 * part, 1);
        let entry = runtime.block_on(page).unwrap().remove(0);
        took.push(timed(|| {
            runtime.block_on(hos.prove(&world, &firm, entry.id)).unwrap().unwrap();
        }));
    }
    took.sort();
    let (median, worst) = (took.get(50).unwrap(), took.last().unwrap());
    println!("\none of {} entries proved: {median:?}, at worst {worst:?}", head.size);
}
