//! What it takes to archive a SQLite log, to find an entry in the archive, and to verify it.
//!
//! `cargo bench -p hos-benches --bench archive -- 1000000` for so many entries. To tell whether
//! memory grows, two more archives are verified: as many segments, and ten times as many, all
//! copies of its first one, each under a checkpoint of its own.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a bench")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

#[path = "../fsck/fill.rs"]
mod fill;
mod longer;

use std::path::Path;
use std::time::{Duration, Instant};

use hos_archive::{Archivist, DirectoryTarget, Expectation, Shelf, verify_archive};
use hos_core::hos::{Hos, HosOptions, Sealing};
use hos_core::laws::Proofs as _;
use hos_core::note::SigningKey;
use hos_core::prelude::Actor;
use hos_core::proof::LogEntry;
use hos_core::seal::{Keys, LogName, MemoryKeeper};
use hos_core::time::Timestamp;
use hos_sqlx::SqliteStore;
use hos_verify::policy::Policy;
use hos_verify::verdict::Exit;

/// How many entries are found.
const FOUND: u64 = 500;

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().collect();
    if let [_, word, place, origin] = &*words
        && word == VERIFY
    {
        return verify(place, origin);
    }
    let smoke = words.iter().any(|word| word == "--test");
    let given = words.iter().find_map(|word| word.parse().ok());
    let entries: u64 = given.unwrap_or(if smoke { 600 } else { 100_000 });
    let directory = tempfile::tempdir().unwrap();
    let (database, archive) = (directory.path().join("law.db"), directory.path().join("archive"));
    let store = SqliteStore::open(&database).await.unwrap();
    let filled = Instant::now();
    fill::fill(&store, entries).await;
    println!("filled with {entries} entries in {:.1} s", filled.elapsed().as_secs_f64());

    let target = DirectoryTarget::new(&archive);
    let options = HosOptions::default().archive(Shelf::new(target.clone()));
    let hos = Hos::open_with([fill::law()], store.clone(), options).await.unwrap();
    let begun = Instant::now();
    seal(&hos).await;
    println!("sealed in {:.1} s", begun.elapsed().as_secs_f64());
    let sought = sample(&hos, entries).await;
    let in_store = find(&hos, &sought).await;

    let begun = Instant::now();
    let root = Actor::user("root").unwrap();
    let archivist = Archivist::new(&hos, target.clone(), &root).older_than(Duration::ZERO);
    let (mut segments, mut gone) = (0_u32, 0);
    while let Some(written) = archivist.archive(&fill::world(), &fill::firm()).await.unwrap() {
        (segments, gone) = (segments + 1, gone + written.released);
    }
    let took = begun.elapsed().as_secs_f64();
    let rate = gone as f64 / took;
    println!("archived {gone} entries, {segments} segments, in {took:.1} s: {rate:.0} a second");
    println!("files: {} bytes", size(&archive));

    let in_archive = find(&hos, &sought).await;
    for (where_, time) in [("store", in_store), ("archive", in_archive)] {
        println!("find in the {where_:<8} {:>8.0} us", time.as_secs_f64() * 1e6);
    }

    // In a process of its own, whose memory is its own.
    let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
    let origin = hos.origin(&LogName::of(&fill::world(), &fill::firm()));
    alone.arg(VERIFY).arg(&archive).arg(&origin);
    assert!(alone.status().unwrap().success());
    for segments in [segments, segments * 10] {
        let place = directory.path().join(format!("longer-{segments}"));
        longer::write(&archive, &place, &origin, &key(), u64::from(segments));
        let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
        assert!(alone.arg(VERIFY).arg(&place).arg(&origin).status().unwrap().success());
    }
}

/// Says that the other arguments are a directory and an origin, to be verified.
const VERIFY: &str = "verify-archive";

fn verify(place: &str, origin: &str) {
    let policy = format!("log {}\nquorum none\n", key().verifier_key());
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let expectation = Expectation {
        origin: origin.to_owned(),
        now: Timestamp::from_micros(i64::MAX),
        policy: Some(policy),
        known: None,
        known_epoch: 1,
        segments: Vec::new(),
    };
    let begun = Instant::now();
    let report = verify_archive(&DirectoryTarget::new(place).source(origin), &expectation);
    let took = begun.elapsed().as_secs_f64();
    assert_eq!(report.verdict().exit(), Exit::Verified, "{report:?}");
    let rate = report.entries as f64 / took;
    println!("verified {} entries in {took:.1} s: {rate:.0} a second", report.entries);
    println!("peak of that process: {} KiB", peak());
}

fn key() -> SigningKey {
    SigningKey::from_seed("hos.local", &[7; 32]).unwrap()
}

async fn seal(hos: &Hos) {
    let sealer = hos.sealer(Keys::new(key()), MemoryKeeper::default()).unwrap();
    while sealer.seal(&fill::world(), &fill::firm()).await.unwrap() == Sealing::Growing {}
}

async fn sample(hos: &Hos, entries: u64) -> Vec<LogEntry> {
    let mut sought = Vec::new();
    let step = (entries / FOUND).max(1);
    let last = entries - entries % 256;
    for at in (0..last).step_by(usize::try_from(step).unwrap()) {
        sought.extend(hos.page(&fill::world(), &fill::firm(), at, 1).await.unwrap());
    }
    sought
}

/// How long it takes to find one.
async fn find(hos: &Hos, sought: &[LogEntry]) -> Duration {
    let begun = Instant::now();
    for entry in sought {
        let found = hos.find(&fill::world(), &fill::firm(), entry.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(entry));
    }
    begun.elapsed() / u32::try_from(sought.len()).unwrap().max(1)
}

fn size(path: &Path) -> u64 {
    let items = std::fs::read_dir(path).unwrap().map(Result::unwrap);
    let of = |item: std::fs::DirEntry| {
        let path = item.path();
        if path.is_dir() { size(&path) } else { item.metadata().unwrap().len() }
    };
    items.map(of).sum()
}

/// The most memory that the process ever held, in KiB; 0 where nobody tells.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}
