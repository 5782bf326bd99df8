//! A small clinic whose patients' words are sealed in a vault, on each database.

use std::process::Stdio;
use std::sync::Arc;

use hos_core::hos::HosOptions;
use hos_core::prelude::*;
use hos_core::store::Backend;
use hos_core::vault::MasterKeys;
use hos_services::ServiceError;
use hos_sqlx::{MysqlStore, PostgresStore, SqliteStore, SqliteVault};

use crate::program::{Desk, document, ends, hos};

const LAW: &str = r#"{
  "world": "clinic",
  "version": "1",
  "roles": [
    {"name": "root", "superuser": true, "world": true}, {"name": "nurse"}, {"name": "officer"}
  ],
  "rules": [
    {"effect": "permit", "abilities": ["visit.open", "visit.close"], "roles": ["nurse"]},
    {"effect": "permit", "abilities": ["hos.record"], "roles": ["nurse"]},
    {"effect": "permit", "abilities": ["hos.erase", "hos.hold"], "roles": ["officer"]}
  ],
  "contracts": [{
    "kind": "visit", "version": "1",
    "states": ["waiting", "seen"], "initial": "waiting", "terminal": ["seen"],
    "open": {"ability": "visit.open"},
    "actions": [{"name": "close", "from": ["waiting"], "to": "seen", "ability": "visit.close"}]
  }]
}
"#;

const MASTER: &str = "2026 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\n";

/// A clinic, with all that its operator has in files.
pub(crate) struct Clinic {
    pub(crate) desk: Desk,
    pub(crate) url: String,
    pub(crate) law: String,
    pub(crate) vault: String,
    pub(crate) master: String,
    pub(crate) key: String,
    pub(crate) policy: String,
    pub(crate) keeper: String,
    /// What the patient said.
    pub(crate) said: String,
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

impl Clinic {
    pub(crate) fn sqlite() -> Self {
        let desk = Desk::new();
        let url = desk.path("clinic.db");
        run(async {
            let store = SqliteStore::open(&url).await.unwrap();
            let clinic = Self::filled(desk, url.clone(), store.clone()).await;
            store.close().await.unwrap();
            clinic
        })
    }

    /// None where no server can be had.
    pub(crate) fn postgres() -> Option<Self> {
        let url = given(hos_services::shared::postgres().and_then(|s| s.create_database()))?;
        Some(run(async {
            let store = PostgresStore::open(&url).await.unwrap();
            Self::filled(Desk::new(), url.clone(), store).await
        }))
    }

    /// None where no server can be had.
    pub(crate) fn mariadb() -> Option<Self> {
        let url = given(hos_services::shared::mariadb().and_then(|s| s.create_database()))?;
        Some(run(async {
            let store = MysqlStore::open(&url).await.unwrap();
            Self::filled(Desk::new(), url.clone(), store).await
        }))
    }

    async fn filled(desk: Desk, url: String, store: impl Backend + Clone + 'static) -> Self {
        let (law, master) = (desk.put("law.json", LAW), desk.put_secret("master.keys", MASTER));
        let vault = desk.path("vault.db");
        let said = live(store, &vault).await;
        let keeper = desk.path("keeper");
        std::fs::create_dir(&keeper).unwrap();
        let (key, policy) = (desk.path("seal.key"), desk.path("trust.policy"));
        Self { desk, url, law, vault, master, key, policy, keeper, said }
    }

    /// Makes the key and its policy.
    pub(crate) fn with_key(self) -> Self {
        let told = hos(&["seal", "new-key", "--db", &self.url, "--out", &self.key]);
        ends(&told, 0, &["verifier key: hos.local+", "quorum none"]);
        let words = ["seal", "policy", "--key", &self.key, "--out", &self.policy];
        ends(&hos(&words), 0, &["trust.policy"]);
        self
    }

    /// Opens so many visits.
    pub(crate) fn visited(&self, visits: u32) {
        run(async {
            let store = SqliteStore::open(&self.url).await.unwrap();
            let law = Law::from_json(LAW).unwrap();
            let hos = Hos::open([law], store.clone()).await.unwrap();
            let nurse = Actor::user("n-1").unwrap();
            for number in 0..visits {
                let id = format!("w-{number}");
                let visit = Subject::new("clinic", "firm-1", "visit", &id).unwrap();
                hos.open(&Opening::new(&nurse, &visit).key(id)).await.unwrap();
            }
            store.close().await.unwrap();
        });
    }

    pub(crate) fn seal(&self) {
        let words = ["seal", "--db", &self.url, "--key", &self.key, "--keeper", &self.keeper];
        ends(&hos(&[&words[..], &["--once"]].concat()), 0, &["sealed"]);
    }

    /// The words of a bundle of the firm.
    pub(crate) fn bundle<'a>(&'a self, more: &[&'a str], out: &'a str) -> Vec<&'a str> {
        let base = ["bundle", "--db", &self.url, "--world", "clinic", "--tenant", "firm-1"];
        [&base[..], more, &["--out", out]].concat()
    }

    /// The words that open the vault.
    pub(crate) fn keys(&self) -> [&str; 4] {
        ["--vault", &self.vault, "--master", &self.master]
    }

    /// The words of a request about the patient.
    pub(crate) fn request<'a>(&'a self, more: &[&'a str], actor: &'a str) -> Vec<&'a str> {
        let base = ["--db", &self.url, "--world", "clinic", "--tenant", "firm-1"];
        let who = ["--law", &self.law, "--actor", actor, "--person", "p-1"];
        [&["erase"], more, &base, &self.keys(), &who].concat()
    }

    /// Both verifiers judge a bundle under the policy.
    #[track_caller]
    pub(crate) fn is_judged(&self, bundle: &str, exit: i32, words: &[&str]) {
        ends(&hos(&["verify", bundle, "--policy", &self.policy]), exit, words);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../hos-verify/python/hos_verify.py");
        let mut python = std::process::Command::new("python3");
        python.args(["-B", script, bundle, "--policy", &self.policy]).stdin(Stdio::null());
        match python.output() {
            Ok(output) => ends(&output, exit, words),
            Err(_) => assert!(std::env::var_os("CI").is_none(), "CI has no python3"),
        }
    }

    /// A field of what a bundle tells of itself.
    #[track_caller]
    pub(crate) fn written(&self, more: &[&str], out: &str) -> serde_json::Value {
        document(&self.bundle(more, out), 0)
    }
}

fn given(url: Result<String, ServiceError>) -> Option<String> {
    url.inspect_err(|error| hos_services::skip_or_fail(error)).ok()
}

/// A nurse notes three things about a patient and one about another; a visit is opened and closed.
/// Answers the number of the first note.
async fn live(store: impl Backend + Clone + 'static, vault: &str) -> String {
    let law = Law::from_json(LAW).unwrap();
    let vault = SqliteVault::open(vault).await.unwrap();
    let master = Arc::new(MasterKeys::parse(MASTER).unwrap());
    let options = HosOptions::default().vault(Arc::new(vault.clone()), master);
    let hos = Hos::open_with([law], store, options).await.unwrap();
    let (world, firm) = (World::new("clinic").unwrap(), Tenant::new("firm-1").unwrap());
    let root = Actor::user("root").unwrap();
    hos.bootstrap(&world, root.id(), &"root".parse().unwrap(), b"boot").await.unwrap();
    let mut changes = vec![("tenant", StandingChange::AddTenant)];
    for (member, role) in [("n-1", "nurse"), ("dpo-1", "officer")] {
        let member = ActorId::new(member).unwrap();
        let roles = vec![role.parse().unwrap()];
        changes.push((role, StandingChange::SetMember { member, roles }));
    }
    for (key, change) in changes {
        let command = StandingCommand::new(&root, &world, &firm, change).key(key);
        hos.change_standing(&command).await.unwrap();
    }
    let nurse = Actor::user("n-1").unwrap();
    let mut first = None;
    for (number, patient) in ["p-1", "p-1", "p-1", "p-2"].into_iter().enumerate() {
        let person = ActorId::new(patient).unwrap();
        let note = Record::new(&nurse, &world, &firm, "note").person(&person);
        let note = note.payload("said", format!("sore throat {number}"));
        let receipt = hos.record(&note.key(format!("note {number}"))).await.unwrap();
        first.get_or_insert(receipt.proof_id);
    }
    let visit = Subject::new("clinic", "firm-1", "visit", "v-1").unwrap();
    hos.open(&Opening::new(&nurse, &visit).key("open")).await.unwrap();
    hos.transition(&Command::new(&nurse, &visit, "close").key("close")).await.unwrap();
    vault.close_file().await.unwrap();
    first.unwrap().to_string()
}
