//! Does again what a log says of erasures and holds.

use std::collections::BTreeSet;

use super::said::Said;
use super::{Hos, person};
use crate::error::{Fault, FaultKind};
use crate::id::{ActorId, Name, Tenant, World};
use crate::proof::{LogEntry, PAGE_MAX};

/// The most holds, of a person for a matter each, that one walk tells apart.
pub const HOLDS_WALKED_MAX: usize = 1_000_000;

/// How far a walk over a tenant's log has come, from its end to its beginning.
///
/// The latest entry about a hold is met first, and it alone says whether the hold is in force: so a
/// hold that was lifted later is at no moment placed again, and one in force is never lifted.
///
/// ```no_run
/// # use hos_core::{error::Fault, hos::{ErasureWalk, Hos}, id::{Tenant, World}};
/// # async fn walk(hos: &Hos, world: &World, tenant: &Tenant) -> Result<(), Fault> {
/// let mut walk = ErasureWalk::new(world, tenant);
/// while !walk.is_over() {
///     hos.repeat_erasures(&mut walk).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ErasureWalk {
    world: World,
    tenant: Tenant,
    /// How long the log was when the walk began.
    size: Option<u64>,
    /// Entries before this index are not to be seen.
    since: u64,
    /// Only entries before this index are still to be seen.
    before: u64,
    /// The holds of which the latest entry was seen.
    decided: BTreeSet<(ActorId, Name)>,
}

impl ErasureWalk {
    /// A walk that has not begun.
    #[must_use]
    pub fn new(world: &World, tenant: &Tenant) -> Self {
        let (world, tenant) = (world.clone(), tenant.clone());
        Self { world, tenant, size: None, since: 0, before: 0, decided: BTreeSet::new() }
    }

    /// The same, down to an index only.
    fn since(self, since: u64) -> Self {
        Self { since, ..self }
    }

    /// Whether all of the log was seen.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.size.is_some() && self.before <= self.since
    }
}

/// What a page of a walk over a log did again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RepeatedErasures {
    /// How many keys that should have been destroyed were there, and are not any more.
    pub keys: u32,
    /// How many parts that should have been deleted were there, and are not any more.
    pub parts: u32,
    /// How many holds that should have been in the vault were not there, and are now.
    pub holds: u32,
    /// How many entries went into an archive that is not at hand: what they say was not done.
    pub unseen: u64,
}

impl Hos {
    /// Does again what the erasures and holds in a page of a tenant's log say, and moves the walk
    /// on by that page: destroys keys that are there although they were destroyed, as after a
    /// backup of the vault was restored, ends erasures that were broken off, and makes the vault's
    /// holds those that the log tells. To be called page by page, until the walk is over, when a
    /// process starts or a log is checked; entries without a place in the log are not seen, and
    /// those that went into an archive only where the law was opened with it. Broken off, it goes
    /// on with the same walk, or with a new one: what was done holds.
    ///
    /// # Errors
    ///
    /// What store and vault say; `Unsupported` without a vault where a person was erased or held;
    /// `Limit` beyond [`HOLDS_WALKED_MAX`].
    pub async fn repeat_erasures(&self, walk: &mut ErasureWalk) -> Result<RepeatedErasures, Fault> {
        let size = match walk.size {
            Some(size) => size,
            None => {
                let head = self.store.head(&walk.world, &walk.tenant).await?;
                (walk.size, walk.before) = (Some(head.size), head.size);
                head.size
            }
        };
        let from = walk.before.saturating_sub(u64::from(PAGE_MAX)).max(walk.since);
        let mut page = match self.paged(&walk.world, &walk.tenant, from, PAGE_MAX).await {
            Err(fault) if fault.kind() == FaultKind::Archived => {
                self.store.page(&walk.world, &walk.tenant, from, PAGE_MAX).await?
            }
            page => page?,
        };
        page.retain(|entry| entry.index.is_some_and(|index| index < walk.before));
        let seen = u64::try_from(page.len()).unwrap_or(u64::MAX);
        let unseen = walk.before.saturating_sub(from).saturating_sub(seen);
        let mut repeated = RepeatedErasures { unseen, ..RepeatedErasures::default() };
        for entry in page.iter().rev() {
            self.repeat(walk, entry, size, &mut repeated).await?;
        }
        walk.before = from;
        Ok(repeated)
    }

    /// Does again what the entries say that came since the last call, and remembers in the vault
    /// how far it came: what a process does when it starts. A vault that was restored from a backup
    /// remembers less, so that everything since is done again; a log that is shorter than it was is
    /// walked whole. Broken off, or where [`RepeatedErasures::unseen`] entries are in an archive
    /// that is not at hand, nothing is remembered: the next call walks them again.
    ///
    /// # Errors
    ///
    /// As [`Hos::repeat_erasures`]; `Unsupported` without a vault.
    pub async fn repeat_new_erasures(
        &self,
        world: &World,
        tenant: &Tenant,
    ) -> Result<RepeatedErasures, Fault> {
        let vault = &self.keyring()?.vault;
        let walked = vault.walked(world, tenant).await?;
        // Before the walk: what comes meanwhile is walked the next time.
        let size = self.store.head(world, tenant).await?.size;
        let since = if walked > size { 0 } else { walked };
        let mut walk = ErasureWalk::new(world, tenant).since(since);
        let mut repeated = RepeatedErasures::default();
        while since < size && !walk.is_over() {
            let page = self.repeat_erasures(&mut walk).await?;
            repeated.keys = repeated.keys.saturating_add(page.keys);
            repeated.parts = repeated.parts.saturating_add(page.parts);
            repeated.holds = repeated.holds.saturating_add(page.holds);
            repeated.unseen = repeated.unseen.saturating_add(page.unseen);
        }
        if size != walked && repeated.unseen == 0 {
            vault.walk_to(world, tenant, size).await?;
        }
        Ok(repeated)
    }

    async fn repeat(
        &self,
        walk: &mut ErasureWalk,
        entry: &LogEntry,
        size: u64,
        repeated: &mut RepeatedErasures,
    ) -> Result<(), Fault> {
        let Some(said) = Said::read(&entry.leaf)? else { return Ok(()) };
        let (Some(target), Some(matter)) = (&said.target, &said.matter) else {
            let (keys, parts) = self.take(&walk.world, &walk.tenant, said).await?;
            repeated.keys = repeated.keys.saturating_add(keys);
            repeated.parts = repeated.parts.saturating_add(parts);
            return Ok(());
        };
        let hold = (target.clone(), matter.clone());
        if walk.decided.contains(&hold) {
            return Ok(());
        }
        if walk.decided.len() >= HOLDS_WALKED_MAX {
            let message = format!("a walk tells at most {HOLDS_WALKED_MAX} holds apart");
            return Err(Fault::new(FaultKind::Limit, message));
        }
        if said.places() {
            repeated.holds += u32::from(self.place_again(walk, &said, &hold, size).await?);
        } else {
            self.lift_again(walk, &said, &hold).await?;
        }
        walk.decided.insert(hold);
        Ok(())
    }

    /// Places a hold that is in force; says whether the vault had lost it.
    async fn place_again(
        &self,
        walk: &ErasureWalk,
        said: &Said,
        (target, matter): &(ActorId, Name),
        size: u64,
    ) -> Result<bool, Fault> {
        let vault = &self.keyring()?.vault;
        let person = person(&walk.world, &walk.tenant, target);
        // One that is there is not renewed: whoever lifts it just now has seen it.
        if vault.keys(&person).await?.held.is_some() {
            return Ok(false);
        }
        vault.hold(&person, matter, said.at).await?;
        // Whoever lifted it since the walk began may have done so before it was placed here;
        // whoever lifts it from now on sees it.
        let end = self.store.head(&walk.world, &walk.tenant).await?.size;
        let mut next = size;
        while next < end {
            let page = self.store.page(&walk.world, &walk.tenant, next, PAGE_MAX).await?;
            let Some(last) = page.last().and_then(|last| last.index) else { break };
            for entry in &page {
                let later = Said::read(&entry.leaf)?;
                let own = later.filter(|later| {
                    (later.target.as_ref(), later.matter.as_ref()) == (Some(target), Some(matter))
                });
                if let Some(later) = own.filter(|later| !later.places()) {
                    self.lift_again(walk, &later, &(target.clone(), matter.clone())).await?;
                }
            }
            next = last.saturating_add(1);
        }
        Ok(true)
    }

    /// Ends a hold that was lifted, unless it was placed since.
    async fn lift_again(
        &self,
        walk: &ErasureWalk,
        said: &Said,
        (target, matter): &(ActorId, Name),
    ) -> Result<(), Fault> {
        let person = person(&walk.world, &walk.tenant, target);
        let until = said.until.map_or(said.at, |until| until.max(said.at));
        self.keyring()?.vault.release(&person, matter, until).await
    }
}
