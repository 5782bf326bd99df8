//! Seals what is written and opens what is read, with the keys that a vault keeps.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::cipher::{KeyId, SealedPart, SecretKey};
use crate::commit::Commit;
use crate::error::{Fault, FaultKind};
use crate::id::{Tenant, World};
use crate::proof::{LogEntry, Withheld, Withholding};
use crate::standing::{Generations, Standing, Versions};
use crate::time::{IdSource, ProofId};
use crate::vault::{KEYS_MAX, KeyState, KeyWrapper, Person, PersonKeys, StoredKey, Vault, bound};

/// The most persons whose keys are remembered at once.
pub const PERSONS_CACHED_MAX: usize = 10_000;
/// How often a key that another process made at the same time is looked for.
const LOOKS_MAX: u32 = 4;

/// A vault, the master key that its keys are under, and the keys that were used last.
pub(super) struct Keyring {
    pub(super) vault: Arc<dyn Vault>,
    master: Arc<dyn KeyWrapper>,
    known: Mutex<Known>,
}

/// The keys of a tenant's persons.
type Keys = BTreeMap<Person, (KeyId, SecretKey)>;

/// Keys under the generations that they hold for: whatever raises one of a tenant empties what is
/// known of it, so that no key is used once it may be destroyed.
#[derive(Default)]
struct Known {
    tenants: BTreeMap<(World, Tenant), (Generations, Keys)>,
    persons: usize,
}

impl Keyring {
    pub(super) fn new(vault: Arc<dyn Vault>, master: Arc<dyn KeyWrapper>) -> Self {
        Self { vault, master, known: Mutex::default() }
    }

    /// Seals every part that is about a person, in place.
    pub(super) async fn seal(&self, ids: &dyn IdSource, commit: &mut Commit) -> Result<(), Fault> {
        let Some(id) = commit.person.take() else { return Ok(()) };
        if commit.entries.iter().all(|entry| entry.parts.is_empty()) {
            return Ok(());
        }
        let person = Person { world: commit.world.clone(), tenant: commit.tenant.clone(), id };
        let (key, secret) = self.key(ids, &person, &commit.versions).await?;
        for entry in &mut commit.entries {
            for part in &mut entry.parts {
                *part = SealedPart::seal(part, entry.id, key, &secret, ids)?.row(&part.name);
            }
        }
        Ok(())
    }

    /// Opens every wanted part whose key is there; says of all others which erasure took them.
    pub(super) async fn open(
        &self,
        world: &World,
        tenant: &Tenant,
        entries: &mut [LogEntry],
        is_wanted: impl Fn(ProofId, &str) -> bool,
    ) -> Result<(), Fault> {
        let mut numbers: BTreeMap<KeyId, bool> = BTreeMap::new();
        for entry in &*entries {
            for withheld in &entry.withheld {
                let Some(key) = key_of(withheld) else { continue };
                *numbers.entry(key).or_default() |= is_wanted(entry.id, &withheld.name);
            }
        }
        let asked: Vec<KeyId> = numbers.keys().copied().collect();
        let mut keys = BTreeMap::new();
        for some in asked.chunks(usize::try_from(KEYS_MAX).unwrap_or(usize::MAX)) {
            // Asked for each time: a key that is remembered would open what was erased meanwhile.
            for stored in self.vault.find(world, tenant, some).await? {
                let is_used = numbers.get(&stored.id).is_some_and(|used| *used);
                keys.extend(self.opened(&stored, is_used).await?.map(|key| (stored.id, key)));
            }
        }
        for entry in entries {
            for withheld in std::mem::take(&mut entry.withheld) {
                let known = key_of(&withheld).and_then(|key| keys.get(&key));
                let Withheld { name, why } = withheld;
                let is_wanted = is_wanted(entry.id, &name);
                let why = match (why, known) {
                    (Withholding::Sealed(sealed), Some(Ok(secret))) if is_wanted => {
                        match sealed.open(entry.id, &name, secret) {
                            Ok(part) => {
                                entry.parts.push(part);
                                continue;
                            }
                            Err(_) => Withholding::Damaged(sealed.row(&name)),
                        }
                    }
                    (_, Some(Err(erased))) => erased.clone(),
                    (why, _) => why,
                };
                entry.withheld.push(Withheld { name, why });
            }
            entry.parts.sort_by(|one, other| one.name.cmp(&other.name));
        }
        Ok(())
    }

    /// Puts live keys that are under another master key under the one that wraps now, after a
    /// number; answers how many, and where to go on.
    pub(super) async fn rewrap(
        &self,
        after: Option<KeyId>,
        limit: u32,
    ) -> Result<(u32, Option<KeyId>), Fault> {
        let page = self.vault.page(after, limit.clamp(1, KEYS_MAX)).await?;
        let mut count = 0;
        for key in &page {
            if let KeyState::Live(wrapped) = &key.state
                && wrapped.master != self.master.master()
            {
                let secret = key.unwrap(wrapped, &*self.master).await?;
                let fresh = self.master.wrap(&secret, &bound(key.id, &key.person)).await?;
                count += u32::from(self.vault.rewrap(key.id, wrapped, &fresh).await?);
            }
        }
        Ok((count, page.last().map(|key| key.id)))
    }

    /// Forgets the keys of a tenant.
    pub(super) fn forget(&self, person: &Person) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.forget(&(person.world.clone(), person.tenant.clone()));
    }

    /// The key, or what took it; none for a live key that nothing is to be opened with.
    async fn opened(
        &self,
        stored: &StoredKey,
        is_used: bool,
    ) -> Result<Option<Result<SecretKey, Withholding>>, Fault> {
        Ok(match &stored.state {
            KeyState::Live(wrapped) if is_used => {
                Some(Ok(stored.unwrap(wrapped, &*self.master).await?))
            }
            KeyState::Live(_) => None,
            KeyState::Destroyed { entry, at } => {
                Some(Err(Withholding::Erased { entry: *entry, at: *at }))
            }
        })
    }

    /// The key for commits under some generations: remembered, kept, or made now.
    async fn key(
        &self,
        ids: &dyn IdSource,
        person: &Person,
        versions: &Versions,
    ) -> Result<(KeyId, SecretKey), Fault> {
        let generations = generations_of(&person.tenant, versions);
        if let Some(known) = self.with_known(|known| known.key(person, generations)) {
            return Ok(known);
        }
        for _ in 0..LOOKS_MAX {
            let kept = self.vault.keys(person).await?;
            let (epoch, key) = choose(kept, generation(&generations));
            match key {
                Some(stored) => {
                    let KeyState::Live(wrapped) = &stored.state else { break };
                    let secret = stored.unwrap(wrapped, &*self.master).await?;
                    let key = (stored.id, secret);
                    self.with_known(|known| known.insert(person, generations, key.clone()));
                    return Ok(key);
                }
                None => {
                    let id = KeyId::random(ids);
                    let secret = SecretKey::random(ids);
                    let wrapped = self.master.wrap(&secret, &bound(id, person)).await?;
                    let state = KeyState::Live(wrapped);
                    self.vault.add(&StoredKey { id, person: person.clone(), epoch, state }).await?;
                }
            }
        }
        Err(Fault::new(FaultKind::Busy, "the person's epochs kept changing; try again"))
    }

    fn with_known<T>(&self, act: impl FnOnce(&mut Known) -> T) -> T {
        act(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn key_of(withheld: &Withheld) -> Option<KeyId> {
    match &withheld.why {
        Withholding::Sealed(sealed) => Some(sealed.key()),
        _ => None,
    }
}

/// Which epoch holds under a generation, and its key. One whose key is destroyed never does.
fn choose(kept: PersonKeys, generation: u64) -> (u32, Option<StoredKey>) {
    let PersonKeys { epoch, since, newest, before, .. } = kept;
    let is_destroyed =
        before.as_ref().is_some_and(|key| matches!(key.state, KeyState::Destroyed { .. }));
    if generation < since && epoch > 1 && !is_destroyed {
        (epoch - 1, before)
    } else {
        (epoch, newest)
    }
}

/// The generations that an erasure in a tenant raises.
fn generations_of(tenant: &Tenant, versions: &Versions) -> Generations {
    if tenant.is_world() { versions.world } else { versions.tenant }
}

/// One number that rises with each of them.
fn generation(generations: &Generations) -> u64 {
    let Generations { members, bans, grants, modes, status } = *generations;
    [members, bans, grants, modes, status].into_iter().fold(0, u64::saturating_add)
}

/// The generation that the commit of an erasure under some standing leads to.
pub(super) fn next_generation(tenant: &Tenant, standing: &Standing) -> u64 {
    generation(&generations_of(tenant, &standing.versions)).saturating_add(1)
}

impl Known {
    fn key(&mut self, person: &Person, generations: Generations) -> Option<(KeyId, SecretKey)> {
        let (known, keys) = self.tenants.get(&(person.world.clone(), person.tenant.clone()))?;
        if *known == generations { keys.get(person).cloned() } else { None }
    }

    fn insert(&mut self, person: &Person, generations: Generations, key: (KeyId, SecretKey)) {
        let scope = (person.world.clone(), person.tenant.clone());
        if self.tenants.get(&scope).is_some_and(|(known, _)| *known != generations) {
            self.forget(&scope);
        }
        if self.persons >= PERSONS_CACHED_MAX {
            *self = Self::default();
        }
        let (_, keys) = self.tenants.entry(scope).or_insert_with(|| (generations, BTreeMap::new()));
        self.persons += usize::from(keys.insert(person.clone(), key).is_none());
    }

    fn forget(&mut self, scope: &(World, Tenant)) {
        let gone = self.tenants.remove(scope).map_or(0, |(_, keys)| keys.len());
        self.persons = self.persons.saturating_sub(gone);
    }
}
