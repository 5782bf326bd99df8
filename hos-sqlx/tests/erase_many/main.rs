//! One person with very many parts is erased: at once, and bundles from before and after verify.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of parts. What erasing took is printed; both verifiers judge
//! both bundles.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test binary")]
#![expect(clippy::print_stdout, reason = "what it took is told")]

#[path = "../support/house.rs"]
mod house;

use std::path::Path;
use std::process::{Command as Process, ExitCode};
use std::sync::Arc;

use hos_conformance::campaign::Campaign;
use hos_core::command::Erasure;
use hos_core::hos::Export;
use hos_core::note::SigningKey;
use hos_core::prelude::*;
use hos_core::seal::{Keys, MemoryKeeper};
use hos_core::vault::{MasterKeys, Vault};
use hos_sqlx::{MysqlOptions, MysqlVault, PostgresOptions, PostgresVault, SqliteVault};
use hos_verify::policy::Policy;
use hos_verify::verdict::Exit;
use hos_verify::verify::{Trust, verify};
use libtest_mimic::{Arguments, Trial};

use house::{House, Kind};

const PARTS: u64 = 300;
/// How many are recorded at once.
const AT_ONCE: u64 = 32;
const MASTER: &str = "2026 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../hos-verify/python/hos_verify.py");

fn main() -> ExitCode {
    let trial = |kind: Kind| {
        let name = format!("{}::one_key_erases_every_part_of_a_person", kind.name());
        Trial::test(name, move || {
            erase(kind, Campaign::from_environment(PARTS).size);
            Ok(())
        })
    };
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, [Kind::Sqlite, Kind::Postgres, Kind::MariaDb].map(trial).into())
        .exit_code()
}

fn erase(kind: Kind, parts: u64) {
    let directory = tempfile::tempdir().unwrap();
    let Some(url) = kind.database(directory.path()) else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(erase_in(kind, &url, directory.path(), parts));
}

fn scope() -> (World, Tenant) {
    (World::new("archive").unwrap(), Tenant::world())
}

fn root() -> Actor {
    Actor::user("root-1").unwrap()
}

async fn vault(kind: Kind, url: &str, directory: &Path) -> Arc<dyn Vault> {
    match kind {
        Kind::Sqlite => Arc::new(SqliteVault::open(directory.join("keys.db")).await.unwrap()),
        Kind::Postgres => Arc::new(PostgresVault::open(PostgresOptions::new(url)).await.unwrap()),
        Kind::MariaDb => Arc::new(MysqlVault::open(MysqlOptions::new(url)).await.unwrap()),
    }
}

async fn erase_in(kind: Kind, url: &str, directory: &Path, parts: u64) {
    let law = Law::builder("archive", "1").roles([RoleDefinition::superuser("root")]);
    let master = Arc::new(MasterKeys::parse(MASTER).unwrap());
    let options = HosOptions::default().vault(vault(kind, url, directory).await, master);
    let house = House::open(url).await;
    let hos = house.hos(law.build().unwrap(), options).await;
    let (world, tenant) = scope();
    hos.bootstrap(&world, root().id(), &Role::new("root").unwrap(), b"boot").await.unwrap();
    let person = ActorId::new("u-17").unwrap();
    fill(&hos, &person, parts).await;
    let key = SigningKey::from_seed("hos.local", &[7; 32]).unwrap();
    let policy = format!("log {}\nquorum none\n", key.verifier_key());
    let sealer = hos.sealer(Keys::new(key), Arc::new(MemoryKeeper::default())).unwrap();
    let seal = async || {
        while hos.sequence_pending(1_000).await.unwrap() > 0 {}
        sealer.seal(&world, &tenant).await.unwrap();
        hos.head(&world, &tenant).await.unwrap().size
    };
    let size = seal().await;
    let whole = Export::range(0, size).disclose_all();
    let before = hos.export(&world, &tenant, &whole).await.unwrap().unwrap();

    let erasure = Erasure::person(&root(), &world, &tenant, &person, "asked").key("erase");
    let began = tokio::time::Instant::now();
    let erased = hos.erase(&erasure).await.unwrap().proof_id;
    let took = began.elapsed();

    seal().await;
    let began = tokio::time::Instant::now();
    let after = hos.export(&world, &tenant, &whole).await.unwrap().unwrap();
    let exported = began.elapsed();
    let holds = |bundle: &[u8], text: &[u8]| bundle.windows(text.len()).any(|some| some == text);
    assert!(holds(&before, b"what was said") && !holds(&after, b"what was said"));
    judge(directory, &before, &policy, Exit::Verified, "");
    let index = hos.find(&world, &tenant, erased).await.unwrap().and_then(|entry| entry.index);
    let by = format!("erased lawfully by entry {}", index.expect("it is sealed"));
    judge(directory, &after, &policy, Exit::Incomplete, &by);
    println!(
        "{}: {parts} parts of one person erased in {:.3} s; a bundle of all of them made in \
         {:.1} s, {} bytes before and {} after",
        kind.name(),
        took.as_secs_f64(),
        exported.as_secs_f64(),
        before.len(),
        after.len(),
    );
    house.close().await;
}

/// So many parts about one person.
async fn fill(hos: &Hos, person: &ActorId, parts: u64) {
    for first in (0..parts).step_by(usize::try_from(AT_ONCE).unwrap()) {
        let mut tasks = tokio::task::JoinSet::new();
        for number in first..parts.min(first + AT_ONCE) {
            let (hos, person) = (hos.clone(), person.clone());
            tasks.spawn(async move {
                let (world, tenant) = scope();
                let record = Record::new(&root(), &world, &tenant, "note").person(&person);
                let record = record.payload("said", format!("what was said {number}"));
                hos.record(&record.key(format!("say {number}"))).await.unwrap();
            });
        }
        tasks.join_all().await;
    }
}

/// Both verifiers say the same of a bundle, and that what is gone was erased so.
fn judge(directory: &Path, bundle: &[u8], policy: &str, exit: Exit, by: &str) {
    let trusted = Policy::parse(policy.as_bytes()).unwrap();
    let verdict = verify(bundle, &Trust { policy: Some(&trusted), ..Trust::default() });
    assert_eq!(verdict.exit(), exit, "{}", verdict.to_json());
    let words = verdict.disclosure.words.join(" ");
    assert!(words.contains(by), "{by}: {} bytes of words", words.len());
    let (file, trust) = (directory.join("bundle.zip"), directory.join("trust.policy"));
    std::fs::write(&file, bundle).unwrap();
    std::fs::write(&trust, policy).unwrap();
    let mut python = Process::new("python3");
    let told = python.args(["-B", SCRIPT, "--json", "--policy"]).args([&trust, &file]).output();
    let Ok(told) = told else {
        assert!(std::env::var_os("CI").is_none(), "CI has no python3");
        println!("SKIPPED: python3 is not here, so the other verifier did not judge");
        return;
    };
    assert_eq!(String::from_utf8(told.stdout).unwrap().trim(), verdict.to_json().trim());
}
