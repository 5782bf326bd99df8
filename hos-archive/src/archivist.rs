//! Takes old entries out of the store, segment by segment, and brings them back.
//!
//! Each step may be the last one: files that were written and never recorded are written again,
//! rows that were recorded and not let go go with the next call.

mod releasing;
mod restoring;

use std::time::Duration;

use hos_core::actor::Actor;
use hos_core::command::{Archival, ArchivalChange};
use hos_core::digest::Digest;
use hos_core::error::{Error, Fault, FaultKind, Refusal};
use hos_core::hos::Hos;
use hos_core::id::{Tenant, World};
use hos_core::proof::{
    PAGE_MAX, SEGMENT_AGE, SEGMENT_ENTRIES_MAX, SEGMENT_TILE, SegmentFiles, SegmentRecord,
};
use hos_core::receipt::Receipt;
use hos_core::seal::{Checkpoint, LogName};
use hos_core::time::{ProofId, Timestamp};

use crate::reader::Shelf;
use crate::target::ArchiveTarget;
use crate::writer::{Holds, Job};

/// What of a log is due to be archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Due {
    /// Everything before this index was archived, or archived and restored.
    pub from: u64,
    /// How many entries are old enough, in whole tiles.
    pub entries: u64,
    /// In how many segments they go.
    pub segments: u64,
}

/// A segment that was archived.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// Its files.
    pub files: SegmentFiles,
    /// The entry that says so.
    pub entry: ProofId,
    /// How many rows of entries were let go by this call.
    pub released: u64,
}

/// Files that were written and verified, and are not recorded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    files: SegmentFiles,
    turn: u32,
    /// The generation of the tenant's parts before they were written.
    seen: u64,
}

impl Draft {
    /// The files.
    #[must_use]
    pub fn files(&self) -> &SegmentFiles {
        &self.files
    }
}

/// Archives and restores, as one actor, in one target.
///
/// Nothing runs by itself: somebody calls [`Archivist::archive`] until it answers none, once a
/// month or on demand. Several may do so at once.
///
/// While somebody of a tenant is held, nothing of its log is archived, and no row of it is let go.
/// The law's vault says who is: opened without it, whoever archives is refused what is sealed.
#[derive(Clone)]
#[must_use]
pub struct Archivist {
    hos: Hos,
    shelf: Shelf,
    actor: Actor,
    age: Duration,
    entries_max: u64,
}

impl std::fmt::Debug for Archivist {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archivist").field("age", &self.age).finish_non_exhaustive()
    }
}

impl Archivist {
    /// Archives as an actor that has the ability `hos.archive` in the whole world. The law does
    /// not have to be opened with the archive.
    pub fn new(hos: &Hos, target: impl ArchiveTarget + 'static, actor: &Actor) -> Self {
        Self {
            hos: hos.clone(),
            shelf: Shelf::new(target),
            actor: actor.clone(),
            age: SEGMENT_AGE,
            entries_max: SEGMENT_ENTRIES_MAX,
        }
    }

    /// How old entries are before they go; 90 days unless said otherwise.
    pub fn older_than(mut self, age: Duration) -> Self {
        self.age = age;
        self
    }

    /// The most entries of a segment; held to whole tiles, at least one and at most
    /// [`SEGMENT_ENTRIES_MAX`].
    pub fn at_most(mut self, entries: u64) -> Self {
        let entries = entries.clamp(SEGMENT_TILE, SEGMENT_ENTRIES_MAX);
        self.entries_max = entries - entries % SEGMENT_TILE;
        self
    }

    /// What of a log is due: sealed, and old enough.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn due(&self, world: &World, tenant: &Tenant) -> Result<Due, Error> {
        let checkpoint = self.checkpoint(world, tenant).await?;
        Ok(self.due_under(world, tenant, checkpoint.as_ref()).await?)
    }

    async fn due_under(
        &self,
        world: &World,
        tenant: &Tenant,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Due, Fault> {
        let from = self.last(world, tenant).await?.map_or(0, |last| last.end);
        let size = checkpoint.map_or(0, |checkpoint| checkpoint.size);
        // Entries of several processes may stand a little out of order: what is younger than it
        // may be ends a segment when it is written.
        let (mut old, mut young) = (from, size.max(from));
        while old < young {
            let middle = old + (young - old) / 2;
            let page = self.hos.store().page(world, tenant, middle, 1).await?;
            if page.first().is_some_and(|entry| entry.recorded_at <= self.before()) {
                old = middle + 1;
            } else {
                young = middle;
            }
        }
        let entries = (old - from) - (old - from) % SEGMENT_TILE;
        Ok(Due { from, entries, segments: entries.div_ceil(self.entries_max) })
    }

    /// Archives the next segment of a log: writes its files, reads them back, records the segment
    /// and lets its rows go. None when nothing is due.
    ///
    /// Only what is sealed goes. The files hold the checkpoint that they stand under: the smallest
    /// over them that is anchored, with its proof in the deployment's log and what witnesses signed
    /// there, or the last of the log. Whoever asks for witnesses anchors before.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: `denied` without the ability, `held` while somebody of the tenant is,
    /// `conflict` when somebody else archives the same entries in another way. A [`Fault`] of the
    /// kind `Unsupported` for sealed parts where the law was opened without its vault, `Corrupt`
    /// when the store's entries or the files are not what they should be: nothing was archived
    /// then. Else what store and target say; call again.
    pub async fn archive(&self, world: &World, tenant: &Tenant) -> Result<Option<Written>, Error> {
        if let Some(last) = self.last(world, tenant).await? {
            self.release(world, tenant, &last).await?;
        }
        loop {
            let Some(draft) = self.write(world, tenant).await? else { return Ok(None) };
            let record = self.record(world, tenant, &draft).await?;
            if record.manifest == draft.files.manifest {
                let released = self.let_go(world, tenant, &record).await?;
                return Ok(Some(Written { files: draft.files, entry: record.entry, released }));
            }
            // Somebody else was quicker with it, and what comes next is due now.
            self.release(world, tenant, &record).await?;
        }
    }

    /// The first step of [`Archivist::archive`]: writes and verifies the files of the next
    /// segment.
    ///
    /// # Errors
    ///
    /// As [`Archivist::archive`].
    pub async fn write(&self, world: &World, tenant: &Tenant) -> Result<Option<Draft>, Error> {
        let Some(checkpoint) = self.checkpoint(world, tenant).await? else { return Ok(None) };
        let due = self.due_under(world, tenant, Some(&checkpoint)).await?;
        let mut end = due.from + due.entries.min(self.entries_max);
        while end > due.from {
            let range = (due.from, end);
            match self.write_range(world, tenant, range, 0, &checkpoint).await? {
                Ok(draft) => return Ok(Some(draft)),
                // Something in this tile is too young.
                Err(at) => end = at,
            }
        }
        Ok(None)
    }

    async fn write_range(
        &self,
        world: &World,
        tenant: &Tenant,
        range: (u64, u64),
        turn: u32,
        checkpoint: &Checkpoint,
    ) -> Result<Result<Draft, u64>, Error> {
        let seen = self.hos.part_generation(world, tenant).await?;
        let holds = self.require_not_held(world, tenant).await?;
        let origin = self.origin(world, tenant);
        let target = self.shelf.target();
        let job = Job { hos: &self.hos, target, world, tenant, origin: &origin, holds };
        let anchored = self.hos.anchored(world, tenant, range.1.saturating_sub(1)).await?;
        let (checkpoint, anchor) = match &anchored {
            Some(anchored) => (&anchored.checkpoint, Some(anchored.proof.to_string())),
            None => (checkpoint, None),
        };
        let files = match job.write(range, self.before(), checkpoint, anchor).await? {
            Ok(files) => files,
            Err(at) => return Ok(Err(at)),
        };
        job.verify(&files, self.hos.now()).await?;
        Ok(Ok(Draft { files, turn, seen }))
    }

    /// The second step of [`Archivist::archive`]: says that a segment whose files were written and
    /// verified is archived. Whoever does it twice is told the same.
    ///
    /// # Errors
    ///
    /// As [`Archivist::archive`].
    pub async fn record(
        &self,
        world: &World,
        tenant: &Tenant,
        draft: &Draft,
    ) -> Result<SegmentRecord, Error> {
        self.require_not_held(world, tenant).await?;
        let Draft { files, turn, seen } = draft.clone();
        let (first, end) = (files.first, files.end);
        let change = ArchivalChange::Archive { files, turn };
        match self.send(world, tenant, change, (first, turn), Some(seen)).await {
            Ok(_) => {}
            // Somebody else was quicker, or parts were erased meanwhile.
            Err(Error::Refused(Refusal::Conflict | Refusal::KeyReused)) => {}
            Err(error) => return Err(error),
        }
        let record = self.standing_at(world, tenant, first).await?;
        let done = record.filter(|record| {
            (record.first, record.end) == (first, end)
                && record.is_archived()
                && record.turn >= turn
        });
        done.ok_or_else(|| Refusal::Conflict.into())
    }

    fn before(&self) -> Timestamp {
        self.hos.now().before(self.age)
    }

    /// A hold that is placed after this, and before the segment is recorded, is a conflict then:
    /// its entry raises what the draft has seen.
    async fn require_not_held(&self, world: &World, tenant: &Tenant) -> Result<Holds, Error> {
        match self.hos.held(world, tenant).await {
            Ok(None) => Ok(Holds::Known),
            Ok(Some(matter)) => Err(Refusal::Held(matter).into()),
            Err(fault) if fault.kind() == FaultKind::Unsupported => Ok(Holds::Unknown),
            Err(fault) => Err(fault.into()),
        }
    }

    /// The last checkpoint of the log.
    async fn checkpoint(
        &self,
        world: &World,
        tenant: &Tenant,
    ) -> Result<Option<Checkpoint>, Fault> {
        let seals = self.hos.store().seals();
        Ok(seals.state(&LogName::of(world, tenant)).await?.sealed)
    }

    fn origin(&self, world: &World, tenant: &Tenant) -> String {
        self.hos.origin(&LogName::of(world, tenant))
    }

    /// How the segment stands that an index belongs to.
    async fn standing_at(
        &self,
        world: &World,
        tenant: &Tenant,
        index: u64,
    ) -> Result<Option<SegmentRecord>, Fault> {
        let segments = self.hos.segments(world, tenant, index, 1).await?;
        Ok(segments.into_iter().next().filter(|segment| segment.covers(index)))
    }

    /// The last segment.
    async fn last(&self, world: &World, tenant: &Tenant) -> Result<Option<SegmentRecord>, Fault> {
        let mut last: Option<SegmentRecord> = None;
        loop {
            let after = last.as_ref().map_or(0, |last| last.end);
            let segments = self.hos.segments(world, tenant, after, PAGE_MAX).await?;
            match segments.into_iter().next_back() {
                Some(later) => last = Some(later),
                None => return Ok(last),
            }
        }
    }

    /// Under a key that is made of what is said: whoever says it again is answered as before.
    async fn send(
        &self,
        world: &World,
        tenant: &Tenant,
        change: ArchivalChange,
        (first, turn): (u64, u32),
        seen: Option<u64>,
    ) -> Result<Receipt, Error> {
        let of = format!("{} {first} {turn}", self.origin(world, tenant));
        let key = format!("hos.archive:{}", Digest::of(of.as_bytes()));
        let mut archival = Archival::new(&self.actor, world, tenant, change).key(key);
        if let Some(seen) = seen {
            archival = archival.seen(seen);
        }
        self.hos.archive(&archival).await
    }
}
