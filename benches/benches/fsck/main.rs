//! How long a check of everything takes on SQLite, beside the bare hashing of the same bytes.
//!
//! `cargo bench -p hos-benches --bench fsck -- 1000000` for so many entries.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

mod fill;

use std::time::{Duration, Instant};

use hos_core::merkle::leaf_hash;
use hos_core::proof::PAGE_MAX;
use hos_core::store::{Ledger as _, Survey};
use hos_fsck::{Depth, Options, Report, fsck};
use hos_sqlx::SqliteStore;

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().collect();
    let smoke = words.iter().any(|word| word == "--test");
    let given = words.iter().find_map(|word| word.parse().ok());
    let entries: u64 = given.unwrap_or(if smoke { 500 } else { 100_000 });
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("law.db")).await.unwrap();
    let filled = Instant::now();
    fill::fill(&store, entries).await;
    println!("filled with {entries} entries in {:.1} s", filled.elapsed().as_secs_f64());
    let (verified, logs) = check(&store, Depth::Logs).await;
    let (covered, coverage) = check(&store, Depth::Coverage).await;
    assert!(logs.is_sound() && coverage.is_sound(), "{:?}", coverage.findings);
    let cores = std::thread::available_parallelism().unwrap().get();
    let hashed = bare(&store, cores).await;
    let rate = |time: Duration| logs.bytes as f64 / time.as_secs_f64() / 1e6;
    println!("{} entries, {} bytes of leaves, {cores} cores", logs.entries, logs.bytes);
    println!("bare SHA-256   {:>8.0} MB/s", rate(hashed));
    for (name, time) in [("verify", verified), ("fsck", covered)] {
        let (seconds, rate) = (time.as_secs_f64(), rate(time));
        let share = hashed.as_secs_f64() / seconds * 100.0;
        println!("{name:<14} {rate:>8.0} MB/s  {seconds:.2} s  {share:.1} % of the bare rate");
    }
}

async fn check(store: &dyn Survey, depth: Depth) -> (Duration, Report) {
    let begun = Instant::now();
    let report = fsck(store, &Options::default().depth(depth), &|_| {}).await.unwrap();
    (begun.elapsed(), report)
}

/// How long all cores take to hash every leaf, already in memory.
async fn bare(store: &SqliteStore, cores: usize) -> Duration {
    let mut leaves: Vec<String> = Vec::new();
    loop {
        let from = u64::try_from(leaves.len()).unwrap();
        let page = store.page(&fill::world(), &fill::firm(), from, PAGE_MAX).await.unwrap();
        if page.is_empty() {
            break;
        }
        leaves.extend(page.into_iter().map(|entry| entry.leaf));
    }
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for part in leaves.chunks(leaves.len().div_ceil(cores)) {
            scope.spawn(move || {
                part.iter().fold(0_u8, |sum, leaf| sum ^ leaf_hash(leaf.as_bytes())[0])
            });
        }
    });
    begun.elapsed()
}
