//! What a vault has of a person, and whether it is the vault of this tenant.

use std::collections::BTreeSet;

use hos_core::cipher::KeyId;
use hos_core::id::ActorId;
use hos_core::proof::{LogEntry, PAGE_MAX, Withholding};
use hos_core::time::ProofId;
use hos_core::vault::{KEYS_MAX, KeyState, Person, StoredKey};

use super::request::Sitting;
use crate::exit::{Exit, Trouble};
use crate::vaults::Opened;
use crate::voice::Voice;

/// How many pages of the log are looked through, from its end, for a part that is sealed.
const PAGES_LOOKED_AT_MAX: u32 = 16;

/// What there is of a person: the vault knows it, and no log needs to be read for it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) person: String,
    /// The keys that are there.
    pub(super) keys: BTreeSet<KeyId>,
    /// The entry that erased the person last, where a key was destroyed.
    pub(super) before: Option<ProofId>,
}

/// Asks the vault, once it is known to be the one of this tenant.
pub(super) async fn find(
    voice: &Voice,
    sitting: &Sitting,
    vault: &Opened,
    id: &ActorId,
) -> Result<Found, Trouble> {
    sitting.number().await?;
    require_own(voice, sitting, vault).await?;
    let (world, tenant) = (sitting.scope.world.clone(), sitting.scope.tenant.clone());
    let known = vault.vault.keys(&Person { world, tenant, id: id.clone() }).await?;
    let mut found = Found { person: id.to_string(), keys: BTreeSet::new(), before: None };
    for StoredKey { id, state, .. } in known.before.into_iter().chain(known.newest) {
        match state {
            KeyState::Live(_) => found.keys.extend([id]),
            KeyState::Destroyed { entry, .. } => found.before = Some(entry),
        }
    }
    Ok(found)
}

/// Another's vault may have a person of the same names: whose it is tell the parts that were sealed
/// last.
async fn require_own(voice: &Voice, sitting: &Sitting, vault: &Opened) -> Result<(), Trouble> {
    let sealed = sealed_last(sitting).await?;
    let ids: Vec<KeyId> = sealed.into_iter().collect();
    let (world, tenant) = (&sitting.scope.world, &sitting.scope.tenant);
    let mut known = 0;
    for some in ids.chunks(usize::try_from(KEYS_MAX).unwrap_or(usize::MAX)) {
        known += vault.vault.find(world, tenant, some).await?.len();
    }
    if known == 0 && !ids.is_empty() {
        let message = format!(
            "the vault knows none of the keys of what was sealed last in this tenant ({} of \
             them): it is another's",
            ids.len()
        );
        return Err(Trouble::new(Exit::Address, message, "check `--vault`; nothing was done"));
    }
    let unknown = ids.len().saturating_sub(known);
    if unknown > 0 {
        voice.warn(format_args!(
            "{unknown} keys are unknown to the vault, as after it was restored"
        ));
    }
    if ids.is_empty() {
        voice.warn("no part was sealed lately: that the vault is this tenant's cannot be told");
    }
    Ok(())
}

/// The keys of the last page of the log that has sealed parts.
async fn sealed_last(sitting: &Sitting) -> Result<BTreeSet<KeyId>, Trouble> {
    let (world, tenant) = (&sitting.scope.world, &sitting.scope.tenant);
    let mut end = sitting.opened.backend.head(world, tenant).await?.size;
    for _ in 0..PAGES_LOOKED_AT_MAX {
        let first = end.saturating_sub(u64::from(PAGE_MAX));
        let page = sitting.opened.backend.page(world, tenant, first, PAGE_MAX).await?;
        let page = page.iter().filter(|entry| entry.index.is_some_and(|index| index < end));
        let keys: BTreeSet<KeyId> = page.flat_map(keys_of).collect();
        if !keys.is_empty() || first == 0 {
            return Ok(keys);
        }
        end = first;
    }
    Ok(BTreeSet::new())
}

fn keys_of(entry: &LogEntry) -> impl Iterator<Item = KeyId> {
    entry.withheld.iter().filter_map(|withheld| match &withheld.why {
        Withholding::Sealed(sealed) => Some(sealed.key()),
        _ => None,
    })
}

impl Found {
    /// How many of the keys are there still.
    pub(super) async fn left(&self, sitting: &Sitting) -> Result<u64, Trouble> {
        let Some(vault) = &sitting.vault else { return Ok(0) };
        let keys: Vec<KeyId> = self.keys.iter().copied().collect();
        let (world, tenant) = (&sitting.scope.world, &sitting.scope.tenant);
        let found = vault.vault.find(world, tenant, &keys).await?;
        let live = found.iter().filter(|key| matches!(key.state, KeyState::Live(_)));
        Ok(u64::try_from(live.count()).unwrap_or(u64::MAX))
    }
}
