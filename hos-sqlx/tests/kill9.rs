//! SIGKILL at any moment: what was acknowledged is there, with its proof, exactly once.
//!
//! This binary starts itself as a child that moves subjects, half of them in transactions of its
//! own in which it writes domain rows too, and says each key when it is acknowledged. The parent
//! kills it after a random number of acknowledgements, opens the file, and compares.
//! `HOS_CAMPAIGN_SIZE` is the number of rounds, `HOS_CAMPAIGN_SEED` the seed.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test binary")]
#![expect(clippy::print_stdout, reason = "the child acknowledges on its standard output")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command as Process, Stdio};

use hos_core::merkle::{Frontier, leaf_hash};
use hos_core::prelude::*;
use hos_sqlx::{SqliteStore, WithinExt as _};
use libtest_mimic::{Arguments, Trial};

const CHILD: &str = "HOS_KILL9_CHILD";
const ROUNDS: u64 = 10;
const TASKS: u64 = 8;
const ACKNOWLEDGED_MAX: u64 = 60;

fn main() -> std::process::ExitCode {
    if let Ok(child) = std::env::var(CHILD) {
        let (path, round) = child.rsplit_once('#').expect("path#round");
        runtime().block_on(work(Path::new(path), round.parse().expect("a number")));
        return std::process::ExitCode::SUCCESS;
    }
    let trial = Trial::test("sigkill_loses_nothing_acknowledged_and_repeats_nothing", || {
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

fn law() -> Law {
    let job = Contract::builder("job", "1")
        .states(["live", "done"])
        .initial("live")
        .terminal(["done"])
        .open("job.open", Vec::<String>::new())
        .action(ActionDefinition::new("touch", ["live"], "live", "job.touch").topic("job.touched"))
        .action(ActionDefinition::new("finish", ["live"], "done", "job.finish"))
        .build()
        .unwrap();
    Law::builder("kill", "1")
        .roles([
            RoleDefinition::superuser("root"),
            RoleDefinition::implicit("worker", ActorKind::User),
        ])
        .allow("job.*", ["worker"])
        .contract(job)
        .build()
        .unwrap()
}

fn subject(round: u64, task: u64) -> Subject {
    Subject::new("kill", "firm", "job", &format!("j-{round}-{task}")).unwrap()
}

fn command(actor: &Actor, round: u64, task: u64, number: u64) -> (String, Command) {
    let side = if number.is_multiple_of(2) { "own" } else { "within" };
    let key = format!("{side}-{round}-{task}-{number}");
    (key.clone(), Command::new(actor, &subject(round, task), "touch").key(&key))
}

/// The child: works until it is killed.
async fn work(path: &Path, round: u64) {
    let store = SqliteStore::open(path).await.unwrap();
    let hos = Hos::open([law()], store.clone()).await.unwrap();
    let mut tasks = Vec::new();
    for task in 0..TASKS {
        tasks.push(tokio::spawn(work_one(hos.clone(), store.clone(), round, task)));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

async fn work_one(hos: Hos, store: SqliteStore, round: u64, task: u64) {
    let actor = Actor::user("worker-1").unwrap();
    let subject = subject(round, task);
    let key = format!("open-{round}-{task}");
    hos.open_subject(&actor, &subject, Attributes::new(), &key).await.unwrap();
    for number in 0.. {
        let (key, command) = command(&actor, round, task, number);
        if number.is_multiple_of(2) {
            hos.transition(&command).await.unwrap();
        } else {
            let mut transaction = store.begin().await.unwrap();
            let receipt = hos.within(&mut transaction).transition(&command).await.unwrap();
            sqlx::query("INSERT INTO domain_move (key, subject, revision) VALUES (?, ?, ?)")
                .bind(&key)
                .bind(subject.id.as_str())
                .bind(i64::try_from(receipt.revision).unwrap())
                .execute(&mut *transaction)
                .await
                .unwrap();
            transaction.commit().await.unwrap();
        }
        acknowledge(&key);
    }
}

fn acknowledge(key: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{key}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// A small generator, so that a seed repeats a campaign.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn campaign(rounds: u64, seed: u64) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kill.db");
    let runtime = runtime();
    runtime.block_on(prepare(&path));
    let mut dice = Dice(seed);
    let mut verified = Frontier::new();
    let mut total = 0;
    for round in 0..rounds {
        let acknowledged = kill_one(&path, round, dice.roll(ACKNOWLEDGED_MAX));
        total += acknowledged.len();
        runtime.block_on(compare(&path, round, &acknowledged, &mut verified));
    }
    println!("{rounds} rounds, seed {seed}: {total} acknowledged, {} proofs", verified.size());
}

async fn prepare(path: &Path) {
    let store = SqliteStore::open(path).await.unwrap();
    let hos = Hos::open([law()], store.clone()).await.unwrap();
    let (world, tenant) = (World::new("kill").unwrap(), Tenant::new("firm").unwrap());
    let root = ActorId::new("root-1").unwrap();
    hos.bootstrap(&world, &root, &Role::new("root").unwrap(), b"boot").await.unwrap();
    let add = StandingChange::AddTenant;
    let actor = Actor::user("root-1").unwrap();
    hos.change_standing(&StandingCommand::new(&actor, &world, &tenant, add).key("firm"))
        .await
        .unwrap();
    let mut transaction = store.begin().await.unwrap();
    sqlx::query(
        "CREATE TABLE domain_move (
             key TEXT PRIMARY KEY, subject TEXT NOT NULL, revision INTEGER NOT NULL
         ) STRICT",
    )
    .execute(&mut *transaction)
    .await
    .unwrap();
    transaction.commit().await.unwrap();
    store.close().await.unwrap();
}

/// Starts a child, kills it after so many acknowledgements, and returns all that it gave.
fn kill_one(path: &Path, round: u64, after: u64) -> BTreeSet<String> {
    let mut child = Process::new(std::env::current_exe().unwrap())
        .env(CHILD, format!("{}#{round}", path.display()))
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
        if let Some(key) = line.strip_suffix('\n') {
            acknowledged.insert(key.to_owned());
        }
    }
    child.wait().unwrap();
    assert!(killed, "the child ended by itself");
    acknowledged
}

async fn compare(path: &Path, round: u64, acknowledged: &BTreeSet<String>, log: &mut Frontier) {
    let store = SqliteStore::open(path).await.unwrap();
    let hos = Hos::open([law()], store.clone()).await.unwrap();
    verify_log(&hos, log).await;
    let kept = keys(&store, "SELECT CAST(key AS TEXT) FROM hos_receipt", round).await;
    let domain = keys(&store, "SELECT key FROM domain_move", round).await;
    for key in acknowledged {
        assert!(kept.contains(key), "round {round}: `{key}` was acknowledged and is lost");
    }
    let within: BTreeSet<_> =
        kept.iter().filter(|key| key.starts_with("within-")).cloned().collect();
    assert_eq!(within, domain, "round {round}: domain rows and law rows agree");
    let actor = Actor::user("worker-1").unwrap();
    for task in 0..TASKS {
        let subject = subject(round, task);
        let moved = kept.iter().filter(|key| key.contains(&format!("-{round}-{task}-"))).count();
        let Some(situation) = hos.situation(&subject).await.unwrap() else {
            assert_eq!(moved, 0, "round {round}: receipts of a subject that is not there");
            continue;
        };
        let revision = situation.snapshot.revision;
        assert_eq!(revision, moved as u64 + 1, "round {round}: one revision per receipt");
        let history = hos.history(&subject, 0, 1_000).await.unwrap();
        assert_eq!(history.len() as u64, revision, "round {round}: one proof per revision");
        for number in 0..moved as u64 {
            let (key, command) = command(&actor, round, task, number);
            let replay = hos.transition(&command).await.unwrap();
            assert!(replay.replayed, "round {round}: `{key}` happened and is not repeated");
            let proof = replay.proof_id;
            let entry = hos.find(&subject.world, &subject.tenant, proof).await.unwrap();
            assert!(entry.is_some(), "round {round}: `{key}` has its proof");
        }
    }
    store.close().await.unwrap();
}

async fn keys(store: &SqliteStore, sql: &'static str, round: u64) -> BTreeSet<String> {
    let keys: Vec<String> = sqlx::query_scalar(sql).fetch_all(store.reader()).await.unwrap();
    let ours = |key: &String| {
        let mut parts = key.split('-');
        let side = parts.next();
        matches!(side, Some("own" | "within")) && parts.next() == Some(&round.to_string())
    };
    keys.into_iter().filter(ours).collect()
}

/// Hashes every entry that is new since the last round and compares the root.
async fn verify_log(hos: &Hos, log: &mut Frontier) {
    let (world, tenant) = (World::new("kill").unwrap(), Tenant::new("firm").unwrap());
    loop {
        let page = hos.page(&world, &tenant, log.size(), 1_000).await.unwrap();
        if page.is_empty() {
            break;
        }
        for entry in page {
            assert_eq!(entry.index, Some(log.size()), "the log has no gap");
            assert_eq!(entry.leaf_hash, leaf_hash(entry.leaf.as_bytes()), "the leaf is untouched");
            log.push(entry.leaf_hash).unwrap();
        }
    }
    let head = hos.head(&world, &tenant).await.unwrap();
    assert_eq!((head.size, head.root), (log.size(), log.root()), "the log verifies");
}
