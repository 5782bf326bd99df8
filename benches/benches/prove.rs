//! One entry of a long log proved under its checkpoint, from a SQLite file.
//!
//! `cargo bench -p hos-benches --bench prove -- 10000000` for so many entries. They are written
//! by plain SQL: what is measured reads them.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use hos_benches::{is_smoke, judge, numbers, verdict};
use hos_core::hos::{Hos, Sealing};
use hos_core::merkle::{Frontier, leaf_hash, verify_inclusion};
use hos_core::note::SigningKey;
use hos_core::prelude::*;
use hos_core::seal::{Keys, LogName, MemoryKeeper};
use hos_core::time::ProofId;
use hos_sqlx::SqliteStore;
use sqlx::{Connection as _, SqliteConnection};

/// How many entries are proved.
const PROVED: u64 = 2_000;
/// How many are proved at once, as a page of evidence does.
const AT_ONCE: u64 = 25;
/// How many entries one statement writes.
const WRITTEN_AT_ONCE: u64 = 4_000;
const LEAF_BYTES: usize = 200;
/// What a proof may take.
const TARGET: Duration = Duration::from_millis(2);

#[tokio::main]
async fn main() -> ExitCode {
    let size = if is_smoke() { 600 } else { numbers().first().copied().unwrap_or(100_000) };
    let size = u64::from(size);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("law.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let hos = Hos::open([law()], store).await.unwrap();
    let (world, firm) = (World::new("shop").unwrap(), Tenant::new("firm-1").unwrap());
    let root = Actor::user("root").unwrap();
    hos.bootstrap(&world, root.id(), &"root".parse().unwrap(), b"boot").await.unwrap();
    let add = StandingCommand::new(&root, &world, &firm, StandingChange::AddTenant);
    hos.change_standing(&add.key("add")).await.unwrap();
    let begun = Instant::now();
    write(&path, size).await;
    println!("{size} entries written in {:.1} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let key = SigningKey::from_seed("hos.local", &[7; 32]).unwrap();
    let sealer = hos.sealer(Keys::new(key), MemoryKeeper::default()).unwrap();
    while sealer.seal(&world, &firm).await.unwrap() == Sealing::Growing {}
    println!("sealed in {:.1} s", begun.elapsed().as_secs_f64());
    let root = hos.head(&world, &firm).await.unwrap().root;

    let mut took = Vec::new();
    for turn in 0..PROVED {
        let index = scattered(turn, size);
        let begun = Instant::now();
        let proven = hos.prove(&world, &firm, number(index)).await.unwrap().unwrap();
        took.push(begun.elapsed());
        assert_eq!(proven.index, index);
        let hash = leaf_hash(proven.entry.leaf.as_bytes());
        verify_inclusion(&root, proven.checkpoint.size, index, &hash, &proven.proof).unwrap();
    }
    tell(&format!("one of {size} entries proved"), took, Some(TARGET));

    let log = LogName::of(&world, &firm);
    let checkpoint = hos.checkpoints(&log, 0, 1).await.unwrap().remove(0);
    let mut took = Vec::new();
    for turn in 0..PROVED / AT_ONCE {
        let indexes: Vec<u64> =
            (0..AT_ONCE).map(|at| scattered(turn * AT_ONCE + at, size)).collect();
        let begun = Instant::now();
        let paths = hos.prove_inclusions(&log, &checkpoint, &indexes).await.unwrap();
        took.push(begun.elapsed());
        assert_eq!(paths.len(), indexes.len());
    }
    tell(&format!("the paths of {AT_ONCE} of them, scattered"), took, None);
    verdict()
}

fn tell(what: &str, mut took: Vec<Duration>, target: Option<Duration>) {
    took.sort();
    let at = |share: usize| *took.get((took.len() * share / 100).min(took.len() - 1)).unwrap();
    let is_met = judge(target.is_none_or(|target| at(99) <= target));
    let target = target.map(|target| format!(", target {target:?}")).unwrap_or_default();
    println!(
        "{what}: median {:?}, p99 {:?}, worst {:?}{target}{}",
        at(50),
        at(99),
        at(100),
        if is_met { "" } else { " MISSED" }
    );
}

/// The entry that added the tenant.
const BEGUN: u64 = 1;

/// Another index on each turn, far from the one before, of those that were written here.
fn scattered(turn: u64, size: u64) -> u64 {
    BEGUN + turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (size - BEGUN)
}

fn number(index: u64) -> ProofId {
    ProofId::from_bytes((u128::from(index) | 0x0199_0000_0000_7000_8000 << 48).to_be_bytes())
}

fn leaf(index: u64) -> Vec<u8> {
    let mut leaf = format!("{{\"n\":{index},\"text\":\"").into_bytes();
    leaf.resize(LEAF_BYTES - 2, b'x');
    leaf.extend(b"\"}");
    leaf
}

/// Writes a log whole.
async fn write(path: &Path, size: u64) {
    const ENTRIES: &str = "
        WITH RECURSIVE at (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM at WHERE i + 1 < ?2)
        INSERT INTO hos_entry (position, id, type, moves, recorded_at, leaf, leaf_hash)
        SELECT (number << 40) + ?1 + i, substr(?3, 1 + 16 * i, 16), 'record/1', 0, 0,
            CAST(substr(?4, 1 + ?6 * i, ?6) AS TEXT), substr(?5, 1 + 32 * i, 32)
        FROM at CROSS JOIN hos_scope WHERE tenant = 'firm-1'";
    let mut connection = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    let off = "PRAGMA synchronous = OFF; PRAGMA cache_size = -262144";
    sqlx::raw_sql(off).execute(&mut connection).await.unwrap();
    let head = "SELECT log_size, log_frontier FROM hos_scope WHERE tenant = 'firm-1'";
    let (begun, head): (i64, Vec<u8>) =
        sqlx::query_as(head).fetch_one(&mut connection).await.unwrap();
    assert_eq!(u64::try_from(begun), Ok(BEGUN));
    let mut frontier = Frontier::from_bytes(BEGUN, &head).unwrap();
    for first in (BEGUN..size).step_by(usize::try_from(WRITTEN_AT_ONCE).unwrap()) {
        let count = WRITTEN_AT_ONCE.min(size - first);
        let (mut ids, mut leaves, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
        for index in first..first + count {
            let leaf = leaf(index);
            let hash = leaf_hash(&leaf);
            frontier.push(hash).unwrap();
            ids.extend(number(index).as_bytes());
            hashes.extend(hash);
            leaves.extend(leaf);
        }
        let query = sqlx::query(ENTRIES)
            .bind(i64::try_from(first).unwrap())
            .bind(i64::try_from(count).unwrap())
            .bind(ids)
            .bind(leaves)
            .bind(hashes)
            .bind(i64::try_from(LEAF_BYTES).unwrap());
        query.execute(&mut connection).await.unwrap();
    }
    let head = "UPDATE hos_scope SET log_size = ?1, log_frontier = ?2 WHERE tenant = 'firm-1'";
    let head = sqlx::query(head).bind(i64::try_from(size).unwrap()).bind(frontier.to_bytes());
    head.execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn law() -> Law {
    Law::builder("shop", "1").roles([RoleDefinition::superuser("root")]).build().unwrap()
}
