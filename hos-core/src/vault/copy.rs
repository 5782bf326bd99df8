//! Moves keys, epochs and holds from one vault to another.

use std::collections::{BTreeMap, BTreeSet};

use super::{KEYS_MAX, KeyState, Person, StoredKey, StoredPerson, Vault};
use crate::cipher::KeyId;
use crate::error::{Fault, FaultKind};

/// How far the copy of a vault has come: persons first, then keys, each in the order of the vault
/// that is copied.
///
/// ```no_run
/// # use hos_core::{error::Fault, vault::{Vault, VaultCopy}};
/// # async fn copy(old: &dyn Vault, new: &dyn Vault) -> Result<(), Fault> {
/// let mut copy = VaultCopy::default();
/// while !copy.is_over() {
///     copy.step(old, new).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct VaultCopy {
    person: Option<Person>,
    has_persons: bool,
    key: Option<KeyId>,
    has_keys: bool,
}

/// What a step of a copy found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CopiedKeys {
    /// How many persons were compared.
    pub persons: u32,
    /// How many live keys both vaults have.
    pub live: u32,
    /// How many tombstones both vaults have.
    pub destroyed: u32,
    /// How many keys are live in the old vault, and stay destroyed, or away, in the new one.
    pub refused: u32,
}

impl VaultCopy {
    /// Whether everything was copied and compared.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.has_persons && self.has_keys
    }

    /// Copies and compares the next [`KEYS_MAX`] persons or keys. Broken off, it goes on with the
    /// same copy, or with a new one: what is there already is compared only.
    ///
    /// Nothing is erased or revived by it: a key that is destroyed in either vault is destroyed in
    /// the new one, the later epoch counts, and a hold of either one holds there. Keys stay under
    /// their master key. Nobody may use either vault meanwhile; afterwards, before anybody
    /// does, walk the logs ([`Hos::repeat_erasures`](crate::hos::Hos::repeat_erasures)), for an
    /// old vault that came from a backup has keys that were destroyed since.
    ///
    /// # Errors
    ///
    /// `Foreign` where the new vault has another key for the same person and epoch, or holds a
    /// person for another matter: it is not a copy of the old one; `Corrupt` where the new vault
    /// does not give back what it took, or the old one answers twice differently; else what the
    /// vaults say.
    pub async fn step(&mut self, old: &dyn Vault, new: &dyn Vault) -> Result<CopiedKeys, Fault> {
        let mut copied = CopiedKeys::default();
        if !self.has_persons {
            let page = old.persons(self.person.as_ref(), KEYS_MAX).await?;
            for person in &page {
                copy_person(person, old, new).await?;
            }
            copied.persons = u32::try_from(page.len()).unwrap_or(KEYS_MAX);
            match page.into_iter().next_back() {
                Some(last) => self.person = Some(last.person),
                None => self.has_persons = true,
            }
            return Ok(copied);
        }
        let page = old.page(self.key, KEYS_MAX).await?;
        let mut refused = BTreeSet::new();
        for key in &page {
            if is_erased(key, old, new).await? {
                refused.insert(key.id);
            } else {
                new.add(key).await?;
            }
        }
        compare(&page, &refused, old, new, &mut copied).await?;
        match page.last() {
            Some(last) => self.key = Some(last.id),
            None => self.has_keys = true,
        }
        Ok(copied)
    }
}

async fn copy_person(person: &StoredPerson, old: &dyn Vault, new: &dyn Vault) -> Result<(), Fault> {
    new.adopt(person).await?;
    let (theirs, ours) = (old.keys(&person.person).await?, new.keys(&person.person).await?);
    let is_same =
        (theirs.epoch, theirs.since) == (person.epoch, person.since) && theirs.held == person.held;
    // The new one may be ahead, if it was used.
    let is_taken = ours.epoch > person.epoch
        || (ours.epoch == person.epoch && (ours.since == person.since || ours.since == 0));
    let matter = |held: &Option<super::Held>| held.as_ref().map(|held| held.matter.clone());
    if !is_same || !is_taken {
        return Err(changed(&person.person));
    }
    match (matter(&person.held), matter(&ours.held)) {
        (None, _) => Ok(()),
        (Some(theirs), Some(ours)) if theirs == ours => Ok(()),
        (Some(_), Some(_)) => {
            let id = &person.person.id;
            let message = format!("the new vault holds {id} for another matter");
            Err(Fault::new(FaultKind::Foreign, message))
        }
        (Some(_), None) => Err(changed(&person.person)),
    }
}

/// Whether a live key would come back that the new vault has no more, or never had: it ended an
/// epoch that the old one did not, which is what an erasure does.
async fn is_erased(key: &StoredKey, old: &dyn Vault, new: &dyn Vault) -> Result<bool, Fault> {
    if !matches!(key.state, KeyState::Live(_)) {
        return Ok(false);
    }
    let ours = new.keys(&key.person).await?.epoch;
    if key.epoch >= ours || old.keys(&key.person).await?.epoch >= ours {
        return Ok(false);
    }
    let kept = new.find(&key.person.world, &key.person.tenant, &[key.id]).await?;
    Ok(kept.is_empty())
}

/// Reads what was copied again, on both sides.
async fn compare(
    page: &[StoredKey],
    refused: &BTreeSet<KeyId>,
    old: &dyn Vault,
    new: &dyn Vault,
    copied: &mut CopiedKeys,
) -> Result<(), Fault> {
    let mut scopes: BTreeMap<_, Vec<&StoredKey>> = BTreeMap::new();
    for key in page {
        scopes.entry((&key.person.world, &key.person.tenant)).or_default().push(key);
    }
    for ((world, tenant), keys) in scopes {
        let ids: Vec<KeyId> = keys.iter().map(|key| key.id).collect();
        let by_id = |found: Vec<StoredKey>| -> BTreeMap<KeyId, StoredKey> {
            found.into_iter().map(|key| (key.id, key)).collect()
        };
        let theirs = by_id(old.find(world, tenant, &ids).await?);
        let ours = by_id(new.find(world, tenant, &ids).await?);
        for key in keys {
            if theirs.get(&key.id) != Some(key) {
                return Err(changed(&key.person));
            }
            let Some(own) = ours.get(&key.id) else {
                if refused.contains(&key.id) {
                    copied.refused = copied.refused.saturating_add(1);
                    continue;
                }
                let message = format!("the new vault has another key for {}", key.person.id);
                return Err(Fault::new(FaultKind::Foreign, message));
            };
            if (&own.person, own.epoch) != (&key.person, key.epoch) {
                return Err(changed(&key.person));
            }
            let count = match (&key.state, &own.state) {
                (KeyState::Live(theirs), KeyState::Live(ours)) if theirs == ours => {
                    &mut copied.live
                }
                (KeyState::Live(_), KeyState::Destroyed { .. }) => &mut copied.refused,
                (KeyState::Destroyed { .. }, KeyState::Destroyed { .. }) => &mut copied.destroyed,
                _ => return Err(changed(&key.person)),
            };
            *count = count.saturating_add(1);
        }
    }
    Ok(())
}

fn changed(person: &Person) -> Fault {
    let message = format!("what the two vaults have of {} is not the same", person.id);
    Fault::new(FaultKind::Corrupt, message)
}
