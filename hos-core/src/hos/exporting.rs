//! Exports bundles: one file with all that an outsider needs to check some entries offline.

mod anchored;
mod shown;

use std::collections::BTreeSet;

use hos_verify::bundle::make::{Draft, DraftEntry, MakeError, OpenedPart, make};
use hos_verify::bundle::{Claim, ENTRIES_MAX};
use hos_verify::leaf::EntryId;
use hos_verify::tile::Plan;
use hos_verify::time::Time;

use super::Hos;
pub use anchored::Anchored;
use shown::{SHOWN_PAGE, Shown};

use super::proving::{Missing, Read, WIDTH};
use crate::error::{Fault, FaultKind};
use crate::id::{Tenant, World};
use crate::proof::{LogEntry, Withholding};
use crate::seal::{Checkpoint, LogName, inconsistent};
use crate::subject::Subject;
use crate::time::ProofId;

/// The most entries of a bundle over single entries or a subject's life. A range may have
/// [`ENTRIES_MAX`] of them, for they lie side by side.
pub const EXPORTED_MAX: usize = 1_000;

/// What a bundle is to hold and to show.
///
/// ```
/// # use hos_core::{hos::Export, time::ProofId};
/// # fn dispute(payment: ProofId, refund: ProofId) -> Export {
/// Export::entries([payment, refund]).disclose(payment, "input").pages()
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Export {
    wanted: Wanted,
    disclosed: Disclosed,
    earlier: BTreeSet<u64>,
    has_pages: bool,
}

#[derive(Debug, Clone)]
enum Wanted {
    Entries(BTreeSet<ProofId>),
    Range(u64, u64),
    Subject(Subject),
}

#[derive(Debug, Clone)]
enum Disclosed {
    All,
    These(BTreeSet<(ProofId, String)>),
}

impl Export {
    /// Single entries: nothing is said of what is left out.
    pub fn entries(ids: impl IntoIterator<Item = ProofId>) -> Self {
        Self::new(Wanted::Entries(ids.into_iter().collect()))
    }

    /// Every entry from one index to before another.
    pub fn range(from: u64, to: u64) -> Self {
        Self::new(Wanted::Range(from, to))
    }

    /// A subject's whole life: every revision that is sealed.
    pub fn subject(subject: &Subject) -> Self {
        Self::new(Wanted::Subject(subject.clone()))
    }

    fn new(wanted: Wanted) -> Self {
        let disclosed = Disclosed::These(BTreeSet::new());
        Self { wanted, disclosed, earlier: BTreeSet::new(), has_pages: false }
    }

    /// Shows a part. What is not disclosed is withheld, and the bundle says so.
    pub fn disclose(mut self, entry: ProofId, part: &str) -> Self {
        if let Disclosed::These(parts) = &mut self.disclosed {
            parts.insert((entry, part.to_owned()));
        }
        self
    }

    /// Shows every part that is there.
    pub fn disclose_all(mut self) -> Self {
        self.disclosed = Disclosed::All;
        self
    }

    /// Proves that the log goes on from a checkpoint over so many entries, which the receiver
    /// holds from before.
    pub fn since(mut self, size: u64) -> Self {
        self.earlier.insert(size);
        self
    }

    /// Puts in a page and a text for people, in Turkish and English.
    pub fn pages(mut self) -> Self {
        self.has_pages = true;
        self
    }

    fn opens(&self, entry: ProofId, part: &str) -> bool {
        match &self.disclosed {
            Disclosed::All => true,
            Disclosed::These(parts) => parts.contains(&(entry, part.to_owned())),
        }
    }
}

impl Hos {
    /// Makes a bundle `hosproof/1` out of a tenant's log; none where this tenant has not all of
    /// it, or not all of it is sealed yet. It leads to a checkpoint that outsiders attested, if
    /// one is over all of it.
    ///
    /// # Errors
    ///
    /// `Limit` beyond [`EXPORTED_MAX`], or where the bundle would be too large; `Corrupt` where
    /// the stored entries and hashes do not lead to the checkpoint; else what the store says. A
    /// part that is not what its leaf committed to is withheld, and a warning names it.
    pub async fn export(
        &self,
        world: &World,
        tenant: &Tenant,
        export: &Export,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let log = LogName::of(world, tenant);
        let Some(sealed) = self.store.seals().state(&log).await?.sealed else { return Ok(None) };
        let entries = self.wanted(world, tenant, export, sealed.size).await?;
        let Some(mut entries) = entries.filter(|entries| !entries.is_empty()) else {
            return Ok(None);
        };
        let revisions = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        self.add_erasures(world, tenant, &mut entries, sealed.size).await?;
        self.add_openings(world, tenant, export, &mut entries, sealed.size).await?;
        let last = entries.last().and_then(|entry| entry.index).unwrap_or_default();
        let ids: BTreeSet<ProofId> = entries.iter().map(|entry| entry.id).collect();
        let entries = entries.iter();
        // One that is behind what the receiver holds would prove nothing of that.
        let held = export.earlier.last().copied().unwrap_or_default();
        let anchored = self.anchored(world, tenant, last).await?;
        let anchored = anchored.filter(|anchored| anchored.checkpoint.size >= held);
        let (checkpoint, anchor, tokens) = match anchored {
            Some(Anchored { checkpoint, proof, tokens }) => (checkpoint, Some(proof), tokens),
            None => (sealed, None, Vec::new()),
        };
        let claims = vec![match &export.wanted {
            Wanted::Entries(_) => Claim::Entries,
            Wanted::Range(from, to) => Claim::Range { from: *from, to: *to },
            Wanted::Subject(subject) => Claim::Subject { subject: subject.to_string(), revisions },
        }];
        let earlier = self.earlier(&log, export, checkpoint.size).await?;
        let plan = plan(&export.wanted, entries.clone(), &earlier, checkpoint.size)?;
        let read = Read::of(self, &log, &plan).await?;
        let draft = Draft {
            created: Time::parse(&self.bench.clock.now().to_string()).ok_or_else(|| {
                Fault::new(FaultKind::Internal, "the clock is beyond the year 9999")
            })?,
            checkpoint: checkpoint.note,
            claims,
            entries: entries.map(|entry| drafted(entry, &ids)).collect(),
            others: earlier.into_iter().map(|earlier| earlier.note).collect(),
            anchor,
            tokens,
            keys: None,
            has_pages: export.has_pages,
        };
        let bundle = make(&draft, |level, at| read.hash(level, at));
        bundle.map(Some).map_err(|error| unmade(&log, &error))
    }

    /// The entries in order of index with what is shown of them, if all are there and sealed.
    async fn wanted(
        &self,
        world: &World,
        tenant: &Tenant,
        export: &Export,
        sealed: u64,
    ) -> Result<Option<Vec<LogEntry>>, Fault> {
        let mut shown = Shown::default();
        match &export.wanted {
            Wanted::Entries(ids) => {
                require(ids.len() <= EXPORTED_MAX)?;
                for id in ids {
                    let Some(entry) = self.found(world, tenant, *id).await? else {
                        return Ok(None);
                    };
                    self.show(world, tenant, export, vec![entry], &mut shown).await?;
                }
            }
            Wanted::Range(from, to) => {
                let most = u64::try_from(ENTRIES_MAX).unwrap_or(u64::MAX);
                require(to.saturating_sub(*from) <= most)?;
                if *to > sealed {
                    return Ok(None);
                }
                let mut next = *from;
                while next < *to {
                    let limit = u32::try_from(to - next).unwrap_or(SHOWN_PAGE).min(SHOWN_PAGE);
                    let page = self.paged(world, tenant, next, limit).await?;
                    next = next.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX));
                    if page.is_empty() {
                        let log = LogName::of(world, tenant);
                        return Err(inconsistent(&log, format!("entry {next} is missing")));
                    }
                    self.show(world, tenant, export, page, &mut shown).await?;
                }
            }
            Wanted::Subject(subject) => {
                let is_theirs = (&subject.world, &subject.tenant) == (world, tenant);
                let mut after = 0;
                while is_theirs && shown.entries.len() <= EXPORTED_MAX {
                    let mut page = self.lived(subject, after, SHOWN_PAGE).await?;
                    if page.is_empty() {
                        break;
                    }
                    after = after.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX));
                    page.retain(|entry| entry.index.is_some_and(|index| index < sealed));
                    self.show(world, tenant, export, page, &mut shown).await?;
                }
                require(shown.entries.len() <= EXPORTED_MAX)?;
            }
        }
        let mut entries = shown.entries;
        entries.sort_by_key(|entry| entry.index);
        let is_sealed = |entry: &LogEntry| entry.index.is_some_and(|index| index < sealed);
        Ok(entries.iter().all(is_sealed).then_some(entries))
    }

    /// Adds the entries that record why parts are gone, as far as they are sealed.
    async fn add_erasures(
        &self,
        world: &World,
        tenant: &Tenant,
        entries: &mut Vec<LogEntry>,
        sealed: u64,
    ) -> Result<(), Fault> {
        let there: BTreeSet<ProofId> = entries.iter().map(|entry| entry.id).collect();
        let by: BTreeSet<ProofId> = entries.iter().flat_map(erased).map(|(_, by)| by).collect();
        for by in by.difference(&there) {
            let found = self.found(world, tenant, *by).await?;
            entries.extend(found.filter(|found| found.index.is_some_and(|index| index < sealed)));
        }
        entries.sort_by_key(|entry| entry.index);
        Ok(())
    }

    /// Adds the entries that open epochs: no checkpoint of one is believed without them.
    async fn add_openings(
        &self,
        world: &World,
        tenant: &Tenant,
        export: &Export,
        entries: &mut Vec<LogEntry>,
        sealed: u64,
    ) -> Result<(), Fault> {
        let there: BTreeSet<ProofId> = entries.iter().map(|entry| entry.id).collect();
        let mut openings = self.openings(world, tenant, sealed).await?;
        openings.retain(|opening| !there.contains(&opening.id));
        if openings.is_empty() {
            return Ok(());
        }
        let mut shown = Shown::default();
        self.show(world, tenant, export, openings, &mut shown).await?;
        entries.extend(shown.entries);
        entries.sort_by_key(|entry| entry.index);
        Ok(())
    }

    /// The checkpoints that the receiver holds.
    async fn earlier(
        &self,
        log: &LogName,
        export: &Export,
        size: u64,
    ) -> Result<Vec<Checkpoint>, Fault> {
        let mut earlier = Vec::new();
        for wanted in export.earlier.iter().filter(|wanted| **wanted != size) {
            let found = self.checkpoints(log, *wanted, 1).await?;
            let found = found.into_iter().find(|found| found.size == *wanted && *wanted < size);
            let missing = || {
                let message = format!("the log of {log} has no checkpoint over {wanted} entries");
                Fault::new(FaultKind::Limit, message)
            };
            earlier.push(found.ok_or_else(missing)?);
        }
        Ok(earlier)
    }
}

fn require(is_within: bool) -> Result<(), Fault> {
    let beyond = || Fault::new(FaultKind::Limit, "more entries than a bundle takes; export ranges");
    is_within.then_some(()).ok_or_else(beyond)
}

/// What the proofs of all of it read.
fn plan<'e>(
    wanted: &Wanted,
    entries: impl Iterator<Item = &'e LogEntry>,
    earlier: &[Checkpoint],
    size: u64,
) -> Result<Plan, Fault> {
    let mut plan = Ok(Plan::new(size));
    if let Wanted::Range(from, to) = wanted {
        plan = plan.and_then(|plan| plan.range(*from, *to));
    }
    // Of a range, one entry of each tile.
    let mut place = None;
    for index in entries.filter_map(|entry| entry.index) {
        if place.replace(index / WIDTH) != Some(index / WIDTH)
            || !matches!(wanted, Wanted::Range(..))
        {
            plan = plan.and_then(|plan| plan.inclusion(index));
        }
    }
    for earlier in earlier {
        plan = plan.and_then(|plan| plan.consistency(earlier.size));
    }
    plan.map_err(|error| Fault::new(FaultKind::Limit, error.to_string()))
}

/// The parts of an entry that are gone, each with the entry that records why.
fn erased(entry: &LogEntry) -> impl Iterator<Item = (&str, ProofId)> {
    entry.withheld.iter().filter_map(|withheld| match withheld.why {
        Withholding::Erased { entry, .. } => Some((&*withheld.name, entry)),
        _ => None,
    })
}

fn drafted(entry: &LogEntry, ids: &BTreeSet<ProofId>) -> DraftEntry {
    let told = erased(entry).filter(|(_, by)| ids.contains(by));
    let erased =
        told.filter_map(|(name, by)| Some((name.to_owned(), EntryId::parse(&by.to_string())?)));
    let opened = entry.parts.iter().map(|part| OpenedPart {
        name: part.name.clone(),
        salt: part.salt,
        body: part.body.clone().into_bytes(),
    });
    DraftEntry {
        index: entry.index.unwrap_or_default(),
        leaf: entry.leaf.clone(),
        opened: opened.collect(),
        erased: erased.collect(),
    }
}

fn unmade(log: &LogName, error: &MakeError<Missing>) -> Fault {
    match error {
        MakeError::Draft(faults) => inconsistent(log, faults.join("; ")),
        MakeError::Tree(error) => Fault::new(FaultKind::Limit, error.to_string()),
        MakeError::Read(Missing) => inconsistent(log, "a hash of it is missing"),
    }
}
