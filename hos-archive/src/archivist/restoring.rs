//! Brings segments back into the store, and away again.

use hos_core::command::ArchivalChange;
use hos_core::error::{Error, Fault, FaultKind, Refusal};
use hos_core::id::{Tenant, World};
use hos_core::proof::{LogEntry, SEGMENT_TILE, SegmentRecord};
use hos_core::store::ArchiveReader as _;

use super::{Archivist, Written};

/// How often rows are put back anew because somebody let them go meanwhile.
const ATTEMPTS_MAX: u32 = 4;

impl Archivist {
    /// Puts the segment that an index belongs to back into the store and records that: from then on
    /// the store answers for it. Its files stay. Answers how it stands; nothing happens to one that
    /// is restored already.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: `denied` without the ability, `not_found` when the entry was never archived.
    /// A [`Fault`] of the kind `Corrupt` when the files are not what was archived. Else what store
    /// and target say; call again.
    pub async fn restore(
        &self,
        world: &World,
        tenant: &Tenant,
        index: u64,
    ) -> Result<SegmentRecord, Error> {
        for _ in 0..ATTEMPTS_MAX {
            let segment = self.standing_at(world, tenant, index).await?;
            let segment = segment.ok_or(Refusal::NotFound)?;
            if !segment.is_archived() {
                return Ok(segment);
            }
            self.refill(world, tenant, &segment).await?;
            let change = ArchivalChange::Restore { record: segment.clone() };
            let turn = segment.turn.saturating_add(1);
            match self.send(world, tenant, change, (segment.first, turn), None).await {
                Ok(_) | Err(Error::Refused(Refusal::Conflict | Refusal::KeyReused)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Refusal::Conflict.into())
    }

    async fn refill(
        &self,
        world: &World,
        tenant: &Tenant,
        segment: &SegmentRecord,
    ) -> Result<(), Error> {
        let log = self.origin(world, tenant);
        let count = u32::try_from(SEGMENT_TILE).unwrap_or(1);
        let mut at = segment.first;
        while at < segment.end {
            let entries = self.shelf.entries(&log, segment, at, count).await?;
            let store = self.hos.store();
            if !store.refill(world, tenant, segment.first, &entries).await? {
                return Ok(());
            }
            let held = store.page(world, tenant, at, count).await?;
            require_same(&entries, &held)?;
            at += SEGMENT_TILE;
        }
        Ok(())
    }

    /// Archives a segment again that was restored: its files are written anew, for parts may have
    /// been erased meanwhile. None when it is archived.
    ///
    /// # Errors
    ///
    /// As [`Archivist::archive`]; `not_found` when the entry was never archived.
    pub async fn archive_again(
        &self,
        world: &World,
        tenant: &Tenant,
        index: u64,
    ) -> Result<Option<Written>, Error> {
        let segment = self.standing_at(world, tenant, index).await?.ok_or(Refusal::NotFound)?;
        if segment.is_archived() {
            self.release(world, tenant, &segment).await?;
            return Ok(None);
        }
        let range = (segment.first, segment.end);
        let young = || {
            let message = "entries of the segment are younger than what is archived";
            Fault::new(FaultKind::Limit, message)
        };
        let checkpoint = self.checkpoint(world, tenant).await?.ok_or_else(young)?;
        let turn = segment.turn.saturating_add(1);
        let draft = self.write_range(world, tenant, range, turn, &checkpoint).await?;
        let draft = draft.map_err(|_| young())?;
        let record = self.record(world, tenant, &draft).await?;
        let released = self.let_go(world, tenant, &record).await?;
        Ok(Some(Written { files: draft.files, entry: record.entry, released }))
    }
}

/// What was put back is what is there: somebody may have put other rows there before.
fn require_same(archived: &[LogEntry], held: &[LogEntry]) -> Result<(), Fault> {
    let differs = archived.iter().zip(held).find(|(ours, theirs)| {
        let named = |entry: &LogEntry| (entry.index, entry.id, entry.leaf_hash);
        named(ours) != named(theirs) || ours.leaf != theirs.leaf || ours.rows() != theirs.rows()
    });
    if let Some((entry, _)) = differs {
        let message = format!("the store holds another entry in the place of {}", entry.id);
        return Err(Fault::new(FaultKind::Corrupt, message));
    }
    // Fewer rows than there should be were let go meanwhile: restoring them is a conflict then.
    Ok(())
}
