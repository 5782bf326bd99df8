//! What a log and a vault have of a person.

use std::collections::{BTreeMap, BTreeSet};

use hos_core::cipher::KeyId;
use hos_core::id::ActorId;
use hos_core::proof::{LogEntry, PAGE_MAX, Withholding};
use hos_core::vault::KeyState;
use serde_json::Value;

use super::request::Sitting;
use crate::exit::{Exit, Trouble};
use crate::verify::bar;
use crate::voice::Voice;

/// The most keys whose owners are remembered at once.
const KEYS_REMEMBERED_MAX: usize = 100_000;

/// What there is of a person.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) person: String,
    /// Entries whose leaf names the id.
    pub(super) entries: u64,
    /// Parts under keys that are there.
    pub(super) sealed: u64,
    /// Parts under keys that were destroyed before.
    pub(super) gone: u64,
    /// Parts of the person's own acts that are under no key: they stay.
    pub(super) plain: u64,
    /// Sealed parts of anybody whose key the vault does not know.
    pub(super) unknown: u64,
    /// The keys that are there.
    pub(super) keys: BTreeSet<KeyId>,
    /// Sealed parts of anybody.
    all: u64,
}

/// Whose a key is, and whether it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Theirs,
    Destroyed,
    Others,
    Nobodys,
}

/// Reads the whole log of the tenant, for nothing says which parts are about whom but the vault.
pub(super) async fn find(
    voice: &Voice,
    sitting: &Sitting,
    person: &ActorId,
) -> Result<Found, Trouble> {
    sitting.number().await?;
    let (world, tenant) = (&sitting.scope.world, &sitting.scope.tenant);
    let bar = bar();
    bar.set_length(sitting.opened.backend.head(world, tenant).await?.size);
    let mut found = Found { person: person.to_string(), ..Found::default() };
    let mut known = BTreeMap::new();
    let mut next = 0;
    loop {
        let page = sitting.opened.backend.page(world, tenant, next, PAGE_MAX).await?;
        let Some(last) = page.last().and_then(|entry| entry.index) else { break };
        learn(sitting, person, &page, &mut known).await?;
        for entry in &page {
            found.add(entry, person, &known);
        }
        next = last.saturating_add(1);
        bar.set_position(next);
    }
    bar.finish_and_clear();
    if found.unknown > 0 && found.unknown == found.all {
        let message = format!(
            "the vault knows none of the keys of {} sealed parts of this tenant: it is another's",
            found.all
        );
        return Err(Trouble::new(Exit::Address, message, "check `--vault`; nothing was done"));
    }
    if found.unknown > 0 {
        voice.warn(format_args!(
            "{} parts are under keys that the vault does not know, as after it was restored",
            found.unknown
        ));
    }
    Ok(found)
}

/// Asks the vault whose keys these are, once for each.
async fn learn(
    sitting: &Sitting,
    person: &ActorId,
    page: &[LogEntry],
    known: &mut BTreeMap<KeyId, Known>,
) -> Result<(), Trouble> {
    let Some(vault) = &sitting.vault else { return Ok(()) };
    if known.len() > KEYS_REMEMBERED_MAX {
        known.clear();
    }
    let keys = page.iter().flat_map(keys_of).filter(|key| !known.contains_key(key));
    let keys: Vec<KeyId> = keys.collect::<BTreeSet<_>>().into_iter().collect();
    let (world, tenant) = (&sitting.scope.world, &sitting.scope.tenant);
    for some in keys.chunks(usize::try_from(hos_core::vault::KEYS_MAX).unwrap_or(usize::MAX)) {
        known.extend(some.iter().map(|key| (*key, Known::Nobodys)));
        for stored in vault.vault.find(world, tenant, some).await? {
            let whose = match stored.state {
                _ if stored.person.id != *person => Known::Others,
                KeyState::Live(_) => Known::Theirs,
                KeyState::Destroyed { .. } => Known::Destroyed,
            };
            known.insert(stored.id, whose);
        }
    }
    Ok(())
}

fn keys_of(entry: &LogEntry) -> impl Iterator<Item = KeyId> {
    entry.withheld.iter().filter_map(|withheld| match &withheld.why {
        Withholding::Sealed(sealed) => Some(sealed.key()),
        _ => None,
    })
}

impl Found {
    fn add(&mut self, entry: &LogEntry, person: &ActorId, known: &BTreeMap<KeyId, Known>) {
        for key in keys_of(entry) {
            self.all += 1;
            match known.get(&key) {
                Some(Known::Theirs) => {
                    self.sealed += 1;
                    self.keys.insert(key);
                }
                Some(Known::Destroyed) => self.gone += 1,
                Some(Known::Others) => {}
                Some(Known::Nobodys) | None => self.unknown += 1,
            }
        }
        // Most entries name somebody else, and need not be read further.
        if !entry.leaf.contains(person.as_str()) {
            return;
        }
        let leaf: Value = serde_json::from_str(&entry.leaf).unwrap_or(Value::Null);
        let names = |value: Option<&Value>| value.and_then(Value::as_str) == Some(person.as_str());
        let acts = names(leaf.pointer("/actor/p"));
        if acts || names(leaf.get("target")) {
            self.entries += 1;
        }
        if acts {
            let plain = u64::try_from(entry.parts.len()).unwrap_or(u64::MAX);
            self.plain = self.plain.saturating_add(plain);
        }
    }

    /// How many of the keys are there still.
    pub(super) async fn left(&self, sitting: &Sitting) -> Result<u64, Trouble> {
        let Some(vault) = &sitting.vault else { return Ok(0) };
        let keys: Vec<KeyId> = self.keys.iter().copied().collect();
        let (world, tenant) = (&sitting.scope.world, &sitting.scope.tenant);
        let mut left = 0;
        for some in keys.chunks(usize::try_from(hos_core::vault::KEYS_MAX).unwrap_or(usize::MAX)) {
            let found = vault.vault.find(world, tenant, some).await?;
            let live = found.iter().filter(|key| matches!(key.state, KeyState::Live(_)));
            left += u64::try_from(live.count()).unwrap_or(u64::MAX);
        }
        Ok(left)
    }
}
