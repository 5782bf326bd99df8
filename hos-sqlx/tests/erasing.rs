//! SIGKILL while persons are erased: exactly what was recorded before an erasure is erased.
//!
//! This binary starts itself as a child that records what persons say and erases them, and says
//! each key when it is acknowledged. The parent kills it after a random number of
//! acknowledgements, opens law and vault again, and looks. `HOS_CAMPAIGN_SIZE` is the number of
//! rounds, `HOS_CAMPAIGN_SEED` the seed.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test binary")]
#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test binary")]
#![expect(clippy::print_stdout, reason = "the child acknowledges on its standard output")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hos_core::command::Erasure;
use hos_core::digest::commitment;
use hos_core::hos::ErasureWalk;
use hos_core::merkle::{leaf_hash, root_of};
use hos_core::prelude::*;
use hos_core::proof::{LogEntry, Withholding};
use hos_core::vault::MasterKeys;
use hos_sqlx::{SqliteStore, SqliteVault};
use libtest_mimic::{Arguments, Trial};

const CHILD: &str = "HOS_ERASING_CHILD";
const MASTER: &str = "2026 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
const ROUNDS: u64 = 8;
const TASKS: u64 = 4;
/// Each task erases its person at every fifth turn.
const ERASED_EACH: u64 = 5;
const ACKNOWLEDGED_MAX: u64 = 40;

fn main() -> std::process::ExitCode {
    if let Ok(child) = std::env::var(CHILD) {
        let (path, round) = child.rsplit_once('#').expect("path#round");
        runtime().block_on(work(Path::new(path), round.parse().expect("a number")));
        return std::process::ExitCode::SUCCESS;
    }
    let trial = Trial::test("sigkill_erases_exactly_what_was_recorded_before", || {
        campaign(setting("HOS_CAMPAIGN_SIZE", ROUNDS), setting("HOS_CAMPAIGN_SEED", 1));
        Ok(())
    });
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn scope() -> (World, Tenant) {
    (World::new("kill").unwrap(), Tenant::new("firm").unwrap())
}

fn root() -> Actor {
    Actor::user("root-1").unwrap()
}

async fn open(directory: &Path) -> (Hos, SqliteStore) {
    let law = Law::builder("kill", "1").roles([RoleDefinition::superuser("root")]).build().unwrap();
    let store = SqliteStore::open(directory.join("law.db")).await.unwrap();
    let vault = SqliteVault::open(directory.join("keys.db")).await.unwrap();
    let master = MasterKeys::parse(MASTER).unwrap();
    let options = HosOptions::default().vault(Arc::new(vault), Arc::new(master));
    (Hos::open_with([law], store.clone(), options).await.unwrap(), store)
}

/// The child: works until it is killed. Two tasks share a person.
async fn work(directory: &Path, round: u64) {
    let (hos, _) = open(directory).await;
    let mut tasks = Vec::new();
    for task in 0..TASKS {
        tasks.push(tokio::spawn(work_one(hos.clone(), round, task)));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

async fn work_one(hos: Hos, round: u64, task: u64) {
    let (world, tenant) = scope();
    let name = format!("p_{}", task / 2);
    let person = ActorId::new(&name).unwrap();
    for number in 0.. {
        let turn = format!("{round}-{task}-{number}");
        if (number + task).is_multiple_of(ERASED_EACH) {
            let key = format!("erase-{turn}");
            let erasure = Erasure::person(&root(), &world, &tenant, &person, "asked").key(&key);
            let receipt = hos.erase(&erasure).await.unwrap();
            acknowledge(&format!("{key} {}", receipt.proof_id));
        } else {
            let record = Record::new(&root(), &world, &tenant, &name).person(&person);
            let record = record.payload("said", &*turn).key(format!("say-{turn}"));
            let receipt = hos.record(&record).await.unwrap();
            acknowledge(&format!("say-{turn} {}", receipt.proof_id));
        }
    }
}

fn acknowledge(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn campaign(rounds: u64, seed: u64) {
    let directory = tempfile::tempdir().unwrap();
    let runtime = runtime();
    runtime.block_on(prepare(directory.path()));
    let mut dice = seed;
    let (mut total, mut left) = (0, 0);
    for round in 0..rounds {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let acknowledged = kill_one(directory.path(), round, (dice >> 33) % ACKNOWLEDGED_MAX);
        total += acknowledged.len();
        left += runtime.block_on(compare(directory.path(), &acknowledged));
    }
    println!("{rounds} rounds, seed {seed}: {total} acknowledged, {left} keys left to destroy");
}

async fn prepare(directory: &Path) {
    let (hos, store) = open(directory).await;
    let (world, tenant) = scope();
    let role = Role::new("root").unwrap();
    hos.bootstrap(&world, root().id(), &role, b"boot").await.unwrap();
    let add = StandingCommand::new(&root(), &world, &tenant, StandingChange::AddTenant);
    hos.change_standing(&add.key("firm")).await.unwrap();
    store.close().await.unwrap();
}

/// Starts a child, kills it after so many acknowledgements, and returns all that it gave.
fn kill_one(directory: &Path, round: u64, after: u64) -> BTreeSet<String> {
    let mut child = Process::new(std::env::current_exe().unwrap())
        .env(CHILD, format!("{}#{round}", directory.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut acknowledged = BTreeSet::new();
    let mut killed = false;
    loop {
        if !killed && acknowledged.len() as u64 >= after {
            child.kill().unwrap();
            killed = true;
        }
        let mut line = String::new();
        if lines.read_line(&mut line).unwrap() == 0 {
            break;
        }
        // A line cut short by the kill was not acknowledged to anybody.
        if let Some(line) = line.strip_suffix('\n') {
            acknowledged.insert(line.to_owned());
        }
    }
    child.wait().unwrap();
    assert!(killed, "the child ended by itself");
    acknowledged
}

/// Looks before and after the walk that ends what was broken off; answers how much it ended.
async fn compare(directory: &Path, acknowledged: &BTreeSet<String>) -> u32 {
    let (hos, store) = open(directory).await;
    let (world, tenant) = scope();
    let said = Said::of(&log(&hos).await);
    said.check(|erased, taken| !taken || erased, "nothing is erased that nobody erased");
    let mut ended = BTreeSet::new();
    for line in acknowledged {
        let (key, id) = line.split_once(' ').unwrap();
        assert!(said.entries.contains(id), "`{key}` was acknowledged and is lost");
        if key.starts_with("erase-") {
            ended.insert(id.to_owned());
        }
    }
    said.only_by(&ended)
        .check(|erased, taken| !erased || taken, "an acknowledged erasure has its end");
    let (mut walk, mut left) = (ErasureWalk::new(&world, &tenant), 0);
    while !walk.is_over() {
        left += hos.repeat_erasures(&mut walk).await.unwrap().keys;
    }
    Said::of(&log(&hos).await).check(|erased, taken| erased == taken, "exactly what was before");
    store.close().await.unwrap();
    left
}

/// The whole log, verified.
async fn log(hos: &Hos) -> Vec<LogEntry> {
    let (world, tenant) = scope();
    let mut entries = Vec::new();
    loop {
        let from = entries.len() as u64;
        let page = hos.page(&world, &tenant, from, 1_000).await.unwrap();
        if page.is_empty() {
            break;
        }
        entries.extend(page);
    }
    for entry in &entries {
        assert_eq!(entry.leaf_hash, leaf_hash(entry.leaf.as_bytes()), "the leaf is untouched");
        for part in &entry.parts {
            let bound = commitment(&part.salt, entry.id, &part.name, part.body.as_bytes());
            let bound = URL_SAFE_NO_PAD.encode(bound.as_bytes());
            assert!(entry.leaf.contains(&bound), "it is the part that was committed to");
        }
    }
    let head = hos.head(&world, &tenant).await.unwrap();
    let root = root_of(entries.iter().map(|entry| entry.leaf_hash));
    assert_eq!((head.size, head.root), (entries.len() as u64, root), "the log verifies");
    entries
}

/// What the log tells: of each part its person, whether it was taken, and the erasures after it.
struct Said {
    entries: BTreeSet<String>,
    parts: Vec<(String, bool, BTreeSet<String>)>,
}

impl Said {
    fn of(log: &[LogEntry]) -> Self {
        let mut later: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut parts = Vec::new();
        for entry in log.iter().rev() {
            let leaf: serde_json::Value = serde_json::from_str(&entry.leaf).unwrap();
            if leaf["typ"] == "erasure/1" {
                let person = leaf["target"].as_str().unwrap().to_owned();
                later.entry(person).or_default().insert(entry.id.to_string());
            }
            if leaf["typ"] == "record/1" {
                let erasures =
                    later.get(leaf["code"].as_str().unwrap()).cloned().unwrap_or_default();
                let taken = match entry.withheld.first().map(|withheld| &withheld.why) {
                    None => entry.parts.is_empty(),
                    Some(Withholding::Erased { entry: by, .. }) => {
                        assert!(erasures.contains(&by.to_string()), "an erasure before {entry:?}");
                        true
                    }
                    other => panic!("a part is sealed under a key that is lost: {other:?}"),
                };
                parts.push((entry.id.to_string(), taken, erasures));
            }
        }
        let entries = log.iter().map(|entry| entry.id.to_string()).collect();
        Self { entries, parts }
    }

    /// As if there were only these erasures.
    fn only_by(mut self, ended: &BTreeSet<String>) -> Self {
        for (_, _, erasures) in &mut self.parts {
            erasures.retain(|erasure| ended.contains(erasure));
        }
        self
    }

    fn check(&self, holds: impl Fn(bool, bool) -> bool, what: &str) {
        for (entry, taken, erasures) in &self.parts {
            assert!(holds(!erasures.is_empty(), *taken), "{what}: {entry}");
        }
    }
}
