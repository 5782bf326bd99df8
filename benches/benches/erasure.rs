//! What a vault costs a commit, in memory and in a SQLite file; one person of many parts is erased.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hos_benches::{Row, Target, is_smoke, judge, table, timed, verdict};
use hos_core::command::Erasure;
use hos_core::hos::HosOptions;
use hos_core::memory::MemoryStore;
use hos_core::prelude::*;
use hos_core::store::{BATCH_MAX, Backend};
use hos_core::vault::{MasterKeys, MemoryVault, Vault};
use hos_sqlx::{SqliteStore, SqliteVault};
use tokio::runtime::Runtime;

/// Parts of the one person who is erased.
const PARTS: u32 = 10_000;
const ERASED_WITHIN: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (plain, sealed) = runtime.block_on(async {
        let plain = Notes::open(MemoryStore::new(), None).await;
        (plain, Notes::open(MemoryStore::new(), Some(Arc::new(MemoryVault::new()))).await)
    });
    compare(&runtime, "In memory", &plain, &sealed, 4_000, None);
    let (plain, sealed) = runtime.block_on(async {
        let plain = Notes::open(store(directory.path(), "plain.db").await, None).await;
        let keys = SqliteVault::open(directory.path().join("keys.db")).await.unwrap();
        let store = store(directory.path(), "sealed.db").await;
        (plain, Notes::open(store, Some(Arc::new(keys))).await)
    });
    let most = Some(Target::TimesAsLong(1.3));
    compare(&runtime, "In a SQLite file, synchronous=FULL", &plain, &sealed, 1_000, most);
    runtime.block_on(sealed.erase_one());
    verdict()
}

async fn store(directory: &Path, name: &str) -> SqliteStore {
    SqliteStore::open(directory.join(name)).await.unwrap()
}

fn compare(
    runtime: &Runtime,
    title: &str,
    plain: &Notes,
    sealed: &Notes,
    times: u32,
    target: Option<Target>,
) {
    let run = |notes: &Notes, times: u32| -> Duration {
        timed(|| {
            runtime.block_on(async {
                for _ in 0..times {
                    notes.write().await;
                }
            });
        })
    };
    let rows = &mut [
        Row {
            name: "a move with two parts, without a vault",
            target: None,
            times,
            run: Box::new(|times| run(plain, times)),
        },
        Row {
            name: "the same with a vault",
            target,
            times,
            run: Box::new(|times| run(sealed, times)),
        },
    ];
    table(title, 7, rows);
}

/// A note that its owner rewrites.
struct Notes {
    hos: Hos,
    note: Subject,
    owner: Actor,
    officer: Actor,
    turn: AtomicU32,
}

impl Notes {
    async fn open(store: impl Backend + 'static, vault: Option<Arc<dyn Vault>>) -> Self {
        let options = match vault {
            None => HosOptions::default(),
            Some(vault) => {
                let master = "2026 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
                let master = Arc::new(MasterKeys::parse(master).unwrap());
                HosOptions::default().vault(vault, master)
            }
        };
        let hos = Hos::open_with([law()], store, options).await.unwrap();
        let (world, firm) = (World::new("notes").unwrap(), Tenant::new("firm-1").unwrap());
        let officer = Actor::user("officer-1").unwrap();
        let role = Role::new("super_admin").unwrap();
        hos.bootstrap(&world, officer.id(), &role, b"bootstrap").await.unwrap();
        let add = StandingCommand::new(&officer, &world, &firm, StandingChange::AddTenant);
        hos.change_standing(&add.key("firm")).await.unwrap();
        let note = Subject::new("notes", "firm-1", "note", "n-1").unwrap();
        let owner = Actor::user("owner-1").unwrap();
        hos.open_subject(&owner, &note, Attributes::new(), "open").await.unwrap();
        Self { hos, note, owner, officer, turn: AtomicU32::new(0) }
    }

    fn command(&self) -> Command {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        Command::new(&self.owner, &self.note, "write")
            .input("text", format!("Ayla Yılmaz, Moda Caddesi {turn}, Kadıköy, İstanbul"))
            .key(format!("write {turn}"))
    }

    async fn write(&self) {
        self.hos.transition(&self.command()).await.unwrap();
    }

    /// Until the person has so many parts; then erases them, and reads what is left.
    async fn erase_one(&self) {
        let wanted = if is_smoke() { 10 } else { PARTS };
        // Each move has two.
        while self.turn.load(Ordering::Relaxed) * 2 < wanted {
            let commands: Vec<Command> = (0..BATCH_MAX).map(|_| self.command()).collect();
            for answer in self.hos.transition_all(&commands).await {
                answer.unwrap();
            }
        }
        let Subject { world, tenant, .. } = &self.note;
        let erasure =
            Erasure::person(&self.officer, world, tenant, self.owner.id(), "consent_withdrawn");
        let erasure = erasure.key("erase");
        let parts = self.turn.load(Ordering::Relaxed) * 2;
        let began = tokio::time::Instant::now();
        self.hos.erase(&erasure).await.unwrap();
        let elapsed = began.elapsed();
        let page = self.hos.page(world, tenant, 0, 1_000).await.unwrap();
        let open: usize = page.iter().map(|entry| entry.parts.len()).sum();
        let gone: usize = page.iter().map(|entry| entry.withheld.len()).sum();
        let missed = if judge(elapsed <= ERASED_WITHIN) { "" } else { " MISSED" };
        println!("\none person with {parts} parts erased in {elapsed:?}{missed}");
        println!("of the first {} entries: {open} parts open, {gone} erased", page.len());
    }
}

fn law() -> Law {
    let note = Contract::builder("note", "1")
        .states(["kept", "gone"])
        .initial("kept")
        .terminal(["gone"])
        .attribute("text", Type::String)
        .open("note.open", Vec::<String>::new())
        .action(
            ActionDefinition::new("write", ["kept"], "kept", "note.write")
                .input("text", Type::String)
                .set("text", "input.text"),
        )
        .action(ActionDefinition::new("drop", ["kept"], "gone", "note.drop"))
        .build()
        .unwrap();
    Law::builder("notes", "1")
        .roles([
            RoleDefinition::superuser("super_admin"),
            RoleDefinition::implicit("visitor", ActorKind::User),
        ])
        .allow("note.*", ["visitor"])
        .contract(note)
        .build()
        .unwrap()
}
