//! A process that notes what persons say, erases them and single parts until it is killed, and what
//! the logs and the vault tell of it afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use hos_conformance::random::Random;
use hos_core::cipher::KeyId;
use hos_core::command::Erasure;
use hos_core::error::Fault;
use hos_core::hos::{ErasureWalk, Hos};
use hos_core::id::Name;
use hos_core::prelude::*;
use hos_core::proof::{LogEntry, Withholding};
use hos_core::time::{ProofId, Timestamp};
use hos_core::vault::{
    Closed, MasterKeys, Person, PersonKeys, StoredKey, StoredPerson, Vault, Wrapped,
};
use hos_sqlx::{MysqlOptions, MysqlVault, PostgresOptions, PostgresVault, SqliteVault};
use serde_json::Value;

use crate::fuse::{Fuse, Point};
use crate::house::Kind;
use crate::worker::say;
use crate::{job, tenant};

/// How many persons a tenant has.
const PERSONS: u64 = 4;
/// One of so many acts erases a person, and one a part.
const ACTS: u64 = 8;

pub(crate) fn master() -> Arc<MasterKeys> {
    let text = "2026 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
    Arc::new(MasterKeys::parse(text).unwrap())
}

/// The vault beside a database, with a fuse.
pub(crate) async fn vault(url: &str, keeper: &Path, fuse: &Fuse) -> Arc<dyn Vault> {
    let inner: Arc<dyn Vault> = match Kind::of(url) {
        Kind::Sqlite => {
            Arc::new(SqliteVault::open(keeper.with_file_name("keys.db")).await.unwrap())
        }
        Kind::Postgres => {
            let options = PostgresOptions::new(url).connections(4);
            Arc::new(PostgresVault::open(options).await.unwrap())
        }
        Kind::MariaDb => {
            let options = MysqlOptions::new(url).connections(4);
            Arc::new(MysqlVault::open(options).await.unwrap())
        }
    };
    Arc::new(FusedVault { inner, fuse: fuse.clone() })
}

/// Whoever meets another tries something else.
pub(crate) async fn work(hos: Hos, fuse: Fuse, mut random: Random, tenants: u64, name: String) {
    let (world, root) = (World::new(job::WORLD).unwrap(), Actor::user("root-1").unwrap());
    let mut notes: Vec<(u64, ProofId)> = Vec::new();
    for number in 0_u64.. {
        let (firm, person) = (random.below(tenants), random.below(PERSONS));
        let (own, key) = (tenant(firm), format!("{name} {number}"));
        let person = ActorId::new(format!("p_{person}")).unwrap();
        let erasure = match random.below(ACTS) {
            0 => Some((firm, Erasure::person(&root, &world, &own, &person, "asked"))),
            1 => notes.pop().map(|(firm, note)| {
                let part = vec![(note, "payload".to_owned())];
                (firm, Erasure::parts(&root, &world, &tenant(firm), part, "asked"))
            }),
            _ => None,
        };
        if let Some((firm, erasure)) = erasure {
            // Refused for a part that was archived, or erased with its person.
            if let Ok(receipt) = hos.erase(&erasure.key(&key)).await {
                say(&fuse, "committed", firm, receipt.proof_id);
            }
        } else {
            let note = Record::new(&root, &world, &own, person.as_str()).person(&person);
            if let Ok(receipt) = hos.record(&note.payload("said", &*key).key(&key)).await {
                notes.push((firm, receipt.proof_id));
                say(&fuse, "committed", firm, receipt.proof_id);
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Ends what was broken off; answers how many keys were left to be destroyed.
pub(crate) async fn repeat(hos: &Hos, tenants: u64) -> u64 {
    let (world, mut left) = (World::new(job::WORLD).unwrap(), 0);
    for number in 0..tenants {
        let mut walk = ErasureWalk::new(&world, &tenant(number));
        while !walk.is_over() {
            left += u64::from(hos.repeat_erasures(&mut walk).await.unwrap().keys);
        }
    }
    left
}

/// What a log tells of persons, entry by entry.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Each with its person, and whether its part is gone.
    notes: Vec<(ProofId, String, bool)>,
    /// How many notes came before a person's last erasure.
    persons: BTreeMap<String, usize>,
    /// Notes whose part was erased by itself.
    parts: BTreeSet<String>,
}

impl Notes {
    pub(crate) fn add(&mut self, entry: &LogEntry, leaf: &Value) {
        let text = |name: &str| leaf[name].as_str().map(str::to_owned);
        match leaf["typ"].as_str() {
            Some("record/1") => {
                let is_erased = |why: &Withholding| matches!(why, Withholding::Erased { .. });
                let strange = entry.withheld.iter().find(|withheld| !is_erased(&withheld.why));
                assert!(strange.is_none(), "{}: {strange:?}", entry.id);
                self.notes.push((entry.id, text("code").unwrap(), entry.parts.is_empty()));
            }
            Some("erasure/1") => {
                self.persons.extend(text("target").map(|person| (person, self.notes.len())));
                let erased = leaf["erased"].as_array().into_iter().flatten();
                self.parts.extend(erased.filter_map(|part| part["id"].as_str().map(str::to_owned)));
            }
            _ => {}
        }
    }

    /// Exactly what was erased is gone; answers how many notes there are, and how many of them are.
    pub(crate) fn check(&self) -> (u64, u64) {
        let mut gone = 0;
        for (at, (id, person, is_gone)) in self.notes.iter().enumerate() {
            let with_person = self.persons.get(person).is_some_and(|until| at < *until);
            let by_itself = self.parts.contains(&id.to_string());
            assert_eq!(*is_gone, with_person || by_itself, "{id} of {person}");
            gone += u64::from(*is_gone);
        }
        (u64::try_from(self.notes.len()).unwrap(), gone)
    }
}

struct FusedVault {
    inner: Arc<dyn Vault>,
    fuse: Fuse,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Vault for FusedVault {
    async fn keys(&self, person: &Person) -> Result<PersonKeys, Fault> {
        self.inner.keys(person).await
    }

    async fn add(&self, key: &StoredKey) -> Result<(), Fault> {
        self.inner.add(key).await
    }

    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        ids: &[KeyId],
    ) -> Result<Vec<StoredKey>, Fault> {
        self.inner.find(world, tenant, ids).await
    }

    async fn close(&self, person: &Person, since: u64) -> Result<Closed, Fault> {
        let closed = self.inner.close(person, since).await?;
        self.fuse.at(Point::Closed);
        Ok(closed)
    }

    async fn destroy(
        &self,
        person: &Person,
        through: u32,
        entry: ProofId,
        at: Timestamp,
    ) -> Result<u32, Fault> {
        self.fuse.at(Point::Erasing);
        let destroyed = self.inner.destroy(person, through, entry, at).await?;
        self.fuse.at(Point::Erased);
        Ok(destroyed)
    }

    async fn hold(&self, person: &Person, matter: &Name, at: Timestamp) -> Result<Name, Fault> {
        self.inner.hold(person, matter, at).await
    }

    async fn release(&self, person: &Person, matter: &Name, until: Timestamp) -> Result<(), Fault> {
        self.inner.release(person, matter, until).await
    }

    async fn held(&self, world: &World, tenant: &Tenant) -> Result<Option<Name>, Fault> {
        self.inner.held(world, tenant).await
    }

    async fn walked(&self, world: &World, tenant: &Tenant) -> Result<u64, Fault> {
        self.inner.walked(world, tenant).await
    }

    async fn walk_to(&self, world: &World, tenant: &Tenant, size: u64) -> Result<(), Fault> {
        self.inner.walk_to(world, tenant, size).await
    }

    async fn page(&self, after: Option<KeyId>, limit: u32) -> Result<Vec<StoredKey>, Fault> {
        self.inner.page(after, limit).await
    }

    async fn persons(
        &self,
        after: Option<&Person>,
        limit: u32,
    ) -> Result<Vec<StoredPerson>, Fault> {
        self.inner.persons(after, limit).await
    }

    async fn adopt(&self, person: &StoredPerson) -> Result<(), Fault> {
        self.inner.adopt(person).await
    }

    async fn rewrap(&self, id: KeyId, from: &Wrapped, to: &Wrapped) -> Result<bool, Fault> {
        self.inner.rewrap(id, from, to).await
    }
}
