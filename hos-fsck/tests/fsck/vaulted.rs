//! What is inside sealed parts, and which erasures took their keys: with the vault, each is told.

use std::sync::Arc;
use std::time::Duration;

use hos_core::command::Erasure;
use hos_core::hos::HosOptions;
use hos_core::prelude::*;
use hos_core::time::{Clock, ManualClock, ProofId, SystemClock, Timestamp};
use hos_core::vault::{MasterKeys, MemoryVault, Person, Vault as _};
use hos_fsck::{FindingCode, Options, Report};
use hos_sqlx::SqliteStore;

use crate::house::House;

const MASTER: &str = "2026 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";

fn scope() -> (World, Tenant) {
    (World::new("clinic").unwrap(), Tenant::world())
}

fn root() -> Actor {
    Actor::user("root").unwrap()
}

fn patient(name: &str) -> ActorId {
    ActorId::new(name).unwrap()
}

/// Two persons with two notes each, and one of whoever wrote them, sealed in a vault.
struct Clinic {
    house: House,
    vault: MemoryVault,
    notes: Vec<ProofId>,
    clock: Arc<ManualClock>,
}

#[derive(Clone)]
struct Hands(Arc<ManualClock>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

impl Clinic {
    async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = directory.path().join("law.db").to_str().unwrap().to_owned();
        let store = SqliteStore::open(&url).await.unwrap();
        let vault = MemoryVault::new();
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let options = HosOptions::default().vault(Arc::new(vault.clone()), master());
        let options = options.clock(Hands(Arc::clone(&clock)));
        let law = Law::builder("clinic", "1").roles([RoleDefinition::superuser("root")]);
        let law = law.build().unwrap();
        let hos = Hos::open_with([law], store.clone(), options).await.unwrap();
        let (world, tenant) = scope();
        hos.bootstrap(&world, root().id(), &"root".parse().unwrap(), b"boot").await.unwrap();
        let mut notes = Vec::new();
        for (number, person) in ["p-1", "p-1", "p-2", "p-2"].into_iter().enumerate() {
            let note = Record::new(&root(), &world, &tenant, "note").person(&patient(person));
            let note = note.payload("said", format!("{number} of them")).key(format!("{number}"));
            notes.push(hos.record(&note).await.unwrap().proof_id);
        }
        let own = Record::new(&root(), &world, &tenant, "note").payload("said", "hello");
        notes.push(hos.record(&own.key("own")).await.unwrap().proof_id);
        Self { house: House::around(directory, url, store, hos), vault, notes, clock }
    }

    /// What a check finds with a vault.
    async fn check(&self, vault: &MemoryVault) -> Report {
        let options = Options::default().vault(Arc::new(vault.clone()), master(), &self.house.hos);
        self.house.check_with(&options).await
    }

    async fn erase(
        &self,
        key: &str,
        erase: impl Fn(&Actor, &World, &Tenant) -> Erasure,
    ) -> ProofId {
        let (world, tenant) = scope();
        let erasure = erase(&root(), &world, &tenant).key(key);
        self.house.hos.erase(&erasure).await.unwrap().proof_id
    }

    async fn erase_person(&self, name: &str) -> ProofId {
        let erase = |actor: &Actor, world: &World, tenant: &Tenant| {
            Erasure::person(actor, world, tenant, &patient(name), "asked")
        };
        self.erase(name, erase).await
    }

    async fn erase_part(&self, note: usize) -> ProofId {
        let part = || vec![(self.notes[note], "payload".to_owned())];
        let erase = |actor: &Actor, world: &World, tenant: &Tenant| {
            Erasure::parts(actor, world, tenant, part(), "asked")
        };
        self.erase(&format!("part {note}"), erase).await
    }
}

fn master() -> Arc<MasterKeys> {
    Arc::new(MasterKeys::parse(MASTER).unwrap())
}

fn found(report: &Report) -> Vec<(FindingCode, Option<String>)> {
    report.findings.listed.iter().map(|finding| (finding.code, finding.entry.clone())).collect()
}

/// The place of an entry, as parts name it.
fn place(id: ProofId) -> String {
    let hex: String = id.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("(SELECT position FROM hos_entry WHERE id = x'{hex}')")
}

#[tokio::test]
async fn sealed_parts_are_opened_and_compared() {
    let clinic = Clinic::open().await;
    let report = clinic.check(&clinic.vault).await;
    assert!(report.is_sound(), "{:#?}", report.findings);
    assert_eq!(report.opened, 5);
    assert_eq!(clinic.house.check().await.opened, 0, "the form alone");
    clinic.erase_person("p-1").await;
    clinic.erase_part(2).await;
    let report = clinic.check(&clinic.vault).await;
    assert!(report.is_sound(), "{:#?}", report.findings);
    assert_eq!(report.opened, 2);
}

#[tokio::test]
async fn what_is_sealed_and_not_what_was_recorded_is_found_with_the_vault_only() {
    let clinic = Clinic::open().await;
    let (one, other) = (place(clinic.notes[0]), place(clinic.notes[1]));
    // The body of the person's other note, whole and under the right key.
    clinic
        .house
        .tamper(&format!(
            "UPDATE hos_part SET body = (SELECT body FROM hos_part WHERE entry = {other})
             WHERE entry = {one}"
        ))
        .await;
    let blind = clinic.house.check().await;
    assert!(blind.is_sound(), "{:#?}", blind.findings);
    let report = clinic.check(&clinic.vault).await;
    let entry = Some(clinic.notes[0].to_string());
    assert_eq!(found(&report), [(FindingCode::PartChanged, entry)]);
}

#[tokio::test]
async fn a_key_that_the_vault_lost_is_found_once() {
    let clinic = Clinic::open().await;
    let report = clinic.check(&MemoryVault::new()).await;
    let expected: Vec<_> = [0, 2, 4]
        .map(|note| (FindingCode::KeyUnknown, Some(clinic.notes[note].to_string())))
        .into();
    assert_eq!(found(&report), expected);
}

#[tokio::test]
async fn a_key_that_no_erasure_took_is_found() {
    let clinic = Clinic::open().await;
    let (world, tenant) = scope();
    let erasure = clinic.erase_person("p-2").await;
    let at = clinic.house.hos.now();
    // By an entry that is not there, by one of another sort, and by the erasure of another person.
    let strange = ProofId::from_bytes([7; 16]);
    for by in [strange, clinic.notes[4], erasure] {
        let vault = clinic.vault.backup();
        let id = patient("p-1");
        let person = Person { world: world.clone(), tenant: tenant.clone(), id };
        vault.destroy(&person, 1, by, at).await.unwrap();
        let report = clinic.check(&vault).await;
        let entry = Some(clinic.notes[0].to_string());
        assert_eq!(found(&report), [(FindingCode::ErasureDiffers, entry)], "{by}");
    }
}

#[tokio::test]
async fn a_key_that_was_erased_before_buries_nothing_that_was_recorded_later() {
    let clinic = Clinic::open().await;
    let erasure = clinic.erase_person("p-1").await;
    clinic.clock.advance(Duration::from_secs(600));
    let (world, tenant) = scope();
    let later = Record::new(&root(), &world, &tenant, "note").payload("said", "later");
    let later = clinic.house.hos.record(&later.key("later")).await.unwrap().proof_id;
    assert!(clinic.check(&clinic.vault).await.is_sound());
    let (own, erased) = (place(later), place(clinic.notes[0]));
    let bury = format!(
        "UPDATE hos_part SET body = (SELECT body FROM hos_part WHERE entry = {erased}) \
         WHERE entry = {own}"
    );
    clinic.house.tamper(&bury).await;
    let report = clinic.check(&clinic.vault).await;
    assert_eq!(found(&report), [(FindingCode::ErasureDiffers, Some(later.to_string()))]);
    assert!(report.findings.listed[0].message.contains(&erasure.to_string()));
}

#[tokio::test]
async fn a_part_that_names_another_erasure_than_its_own_is_found() {
    let clinic = Clinic::open().await;
    clinic.erase_part(0).await;
    let other = clinic.erase_part(4).await;
    let strange = ProofId::from_bytes([7; 16]);
    assert!(clinic.house.check().await.is_sound());
    for by in [strange, other, clinic.notes[1]] {
        let note = place(clinic.notes[0]);
        let edit = format!("UPDATE hos_part SET body = '-{by}' WHERE entry = {note}");
        clinic.house.tamper(&edit).await;
        let report = clinic.house.check().await;
        let entry = Some(clinic.notes[0].to_string());
        assert_eq!(found(&report), [(FindingCode::ErasureDiffers, entry)], "{by}");
    }
}
