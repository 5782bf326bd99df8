//! The vault in memory: the executable specification of what a vault does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{
    Closed, Held, KEYS_MAX, KeyState, Person, PersonKeys, StoredKey, StoredPerson, Vault, Wrapped,
};
use crate::cipher::KeyId;
use crate::error::Fault;
use crate::id::{Name, Tenant, World};
use crate::time::{ProofId, Timestamp};

/// A vault in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryVault {
    rows: Arc<Mutex<Rows>>,
}

#[derive(Debug, Clone, Default)]
struct Rows {
    persons: BTreeMap<Person, PersonRow>,
    keys: BTreeMap<KeyId, StoredKey>,
    walked: BTreeMap<(World, Tenant), u64>,
}

#[derive(Debug, Clone)]
struct PersonRow {
    epoch: u32,
    since: u64,
    held: Option<Held>,
}

impl Default for PersonRow {
    fn default() -> Self {
        Self { epoch: 1, since: 0, held: None }
    }
}

impl MemoryVault {
    /// An empty vault.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy that shares nothing with this one, as a backup would be.
    #[must_use]
    pub fn backup(&self) -> Self {
        let rows = self.with(|rows| rows.clone());
        Self { rows: Arc::new(Mutex::new(rows)) }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Rows) -> T) -> T {
        act(&mut self.rows.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Rows {
    fn of(&self, person: &Person, epoch: u32) -> Option<StoredKey> {
        let is = |key: &&StoredKey| key.person == *person && key.epoch == epoch;
        self.keys.values().find(is).cloned()
    }

    fn person(&mut self, person: &Person) -> &mut PersonRow {
        self.persons.entry(person.clone()).or_default()
    }
}

#[async_trait]
impl Vault for MemoryVault {
    async fn keys(&self, person: &Person) -> Result<PersonKeys, Fault> {
        Ok(self.with(|rows| {
            let PersonRow { epoch, since, held } =
                rows.persons.get(person).cloned().unwrap_or_default();
            PersonKeys {
                epoch,
                since,
                newest: rows.of(person, epoch),
                before: rows.of(person, epoch.saturating_sub(1)),
                held,
            }
        }))
    }

    async fn add(&self, key: &StoredKey) -> Result<(), Fault> {
        self.with(|rows| {
            let has_other = rows.of(&key.person, key.epoch).is_some();
            match rows.keys.get_mut(&key.id) {
                // What is destroyed stays so, here or there.
                Some(kept) => {
                    if let (KeyState::Live(_), KeyState::Destroyed { .. }) =
                        (&kept.state, &key.state)
                    {
                        kept.state = key.state.clone();
                    }
                }
                None if has_other => {}
                None => {
                    rows.keys.insert(key.id, key.clone());
                }
            }
        });
        Ok(())
    }

    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        ids: &[KeyId],
    ) -> Result<Vec<StoredKey>, Fault> {
        let is_own = |key: &&StoredKey| key.person.world == *world && key.person.tenant == *tenant;
        Ok(self.with(|rows| {
            ids.iter().filter_map(|id| rows.keys.get(id)).filter(is_own).cloned().collect()
        }))
    }

    async fn close(&self, person: &Person, since: u64) -> Result<Closed, Fault> {
        Ok(self.with(|rows| {
            let PersonRow { epoch, since: last, held } = rows.person(person).clone();
            if let Some(held) = held {
                return Closed::Held(held.matter);
            }
            let is_destroyed = |key: StoredKey| matches!(key.state, KeyState::Destroyed { .. });
            let is_used = rows.of(person, epoch).is_some()
                || rows.of(person, epoch.saturating_sub(1)).is_some_and(is_destroyed);
            let row = rows.person(person);
            if last != since || is_used {
                (row.epoch, row.since) = (epoch.saturating_add(1), since);
            }
            Closed::Through(row.epoch - 1)
        }))
    }

    async fn destroy(
        &self,
        person: &Person,
        through: u32,
        entry: ProofId,
        at: Timestamp,
    ) -> Result<u32, Fault> {
        Ok(self.with(|rows| {
            let row = rows.person(person);
            row.epoch = row.epoch.max(through.saturating_add(1));
            let is_over = |key: &&mut StoredKey| {
                key.person == *person
                    && key.epoch <= through
                    && matches!(key.state, KeyState::Live(_))
            };
            let mut count = 0;
            for key in rows.keys.values_mut().filter(is_over) {
                key.state = KeyState::Destroyed { entry, at };
                count += 1;
            }
            count
        }))
    }

    async fn hold(&self, person: &Person, matter: &Name, at: Timestamp) -> Result<Name, Fault> {
        Ok(self.with(|rows| {
            let row = rows.person(person);
            let held = match row.held.take() {
                None => Held { matter: matter.clone(), at },
                Some(held) if held.matter == *matter => {
                    Held { at: at.max(Timestamp::from_micros(held.at.as_micros() + 1)), ..held }
                }
                Some(held) => held,
            };
            row.held.insert(held).matter.clone()
        }))
    }

    async fn release(&self, person: &Person, matter: &Name, until: Timestamp) -> Result<(), Fault> {
        self.with(|rows| {
            let held = &mut rows.person(person).held;
            if held.as_ref().is_some_and(|held| held.matter == *matter && held.at <= until) {
                *held = None;
            }
        });
        Ok(())
    }

    async fn held(&self, world: &World, tenant: &Tenant) -> Result<Option<Name>, Fault> {
        let is_own = |person: &Person| person.world == *world && person.tenant == *tenant;
        Ok(self.with(|rows| {
            let mut own = rows.persons.iter().filter(|(person, _)| is_own(person));
            own.find_map(|(_, row)| row.held.as_ref().map(|held| held.matter.clone()))
        }))
    }

    async fn walked(&self, world: &World, tenant: &Tenant) -> Result<u64, Fault> {
        let own = (world.clone(), tenant.clone());
        Ok(self.with(|rows| rows.walked.get(&own).copied().unwrap_or(0)))
    }

    async fn walk_to(&self, world: &World, tenant: &Tenant, size: u64) -> Result<(), Fault> {
        let own = (world.clone(), tenant.clone());
        self.with(|rows| rows.walked.insert(own, size));
        Ok(())
    }

    async fn page(&self, after: Option<KeyId>, limit: u32) -> Result<Vec<StoredKey>, Fault> {
        let limit = usize::try_from(limit.min(KEYS_MAX)).unwrap_or(usize::MAX);
        let later = |key: &&StoredKey| Some(key.id) > after;
        Ok(self.with(|rows| rows.keys.values().filter(later).take(limit).cloned().collect()))
    }

    async fn persons(
        &self,
        after: Option<&Person>,
        limit: u32,
    ) -> Result<Vec<StoredPerson>, Fault> {
        let limit = usize::try_from(limit.min(KEYS_MAX)).unwrap_or(usize::MAX);
        let later = |(person, _): &(&Person, &PersonRow)| after.is_none_or(|after| *person > after);
        let stored = |(person, row): (&Person, &PersonRow)| {
            let PersonRow { epoch, since, held } = row.clone();
            StoredPerson { person: person.clone(), epoch, since, held }
        };
        Ok(self.with(|rows| rows.persons.iter().filter(later).take(limit).map(stored).collect()))
    }

    async fn adopt(&self, person: &StoredPerson) -> Result<(), Fault> {
        self.with(|rows| {
            let row = rows.person(&person.person);
            if row.epoch < person.epoch {
                (row.epoch, row.since) = (person.epoch, person.since);
            }
            row.held = row.held.take().or_else(|| person.held.clone());
        });
        Ok(())
    }

    async fn rewrap(&self, id: KeyId, from: &Wrapped, to: &Wrapped) -> Result<bool, Fault> {
        Ok(self.with(|rows| match rows.keys.get_mut(&id) {
            Some(StoredKey { state: KeyState::Live(wrapped), .. }) if wrapped == from => {
                wrapped.clone_from(to);
                true
            }
            _ => false,
        }))
    }
}
